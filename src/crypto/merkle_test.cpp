#include "crypto/merkle.h"

#include <gtest/gtest.h>

#include <functional>

#include "crypto/crypto.h"
#include "crypto/signature.h"

namespace anlan::crypto {
namespace {

// The definition of RFC 6962, 2.1, written down as it stands there.
std::string by_definition(const std::vector<std::string>& leaves, std::size_t from, std::size_t to) {
  if (from == to) return sha256({});
  if (to - from == 1) return sha256(std::string(1, '\0') + leaves[from]);
  std::size_t split = 1;
  while (split * 2 < to - from) split *= 2;
  return sha256('\1' + by_definition(leaves, from, from + split) + by_definition(leaves, from + split, to));
}

// Published test vectors of certificate transparency: roots over the first n of these leaves.
TEST(Merkle, MeetsThePublishedRoots) {
  const std::vector<std::string> leaves{"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                        "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                       "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                       "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                       "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                       "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                       "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                       "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleTree tree;
  EXPECT_EQ(to_hex(tree.root()), roots[0]);
  for (std::size_t n = 0; n < leaves.size(); ++n) {
    tree.add(*from_hex(leaves[n]));
    EXPECT_EQ(to_hex(tree.root()), roots[n + 1]) << n + 1 << " leaves";
  }
}

TEST(Merkle, GrowsAsTheDefinitionSays) {
  MerkleTree tree;
  std::vector<std::string> leaves;
  for (int n = 0; n < 200; ++n) {
    leaves.push_back("leaf " + std::to_string(n * 7919));
    tree.add(leaves.back());
    ASSERT_EQ(tree.root(), by_definition(leaves, 0, leaves.size())) << n + 1 << " leaves";
    ASSERT_EQ(tree.size(), leaves.size());
  }
}

TEST(Signature, HoldsForTheMessageAndTheKeyOnly) {
  auto key = make_signing_key(), other = make_signing_key();
  std::string signature = sign(key, "position 7");
  EXPECT_TRUE(signed_by(key.public_, "position 7", signature));
  EXPECT_FALSE(signed_by(key.public_, "position 8", signature));
  EXPECT_FALSE(signed_by(other.public_, "position 7", signature));
  EXPECT_FALSE(signed_by(key.public_, "position 7", signature.substr(1)));
  EXPECT_FALSE(signed_by("", "position 7", signature));
  EXPECT_EQ(signing_key(key.seed)->public_, key.public_);
  EXPECT_FALSE(signing_key("short"));
}

// RFC 8032, 7.1, test 2.
TEST(Signature, MeetsThePublishedVector) {
  auto key = signing_key(*from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(key->public_), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(to_hex(sign(*key, "\x72")),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
            "b00d291612bb0c00");
}

TEST(Signature, HexadecimalDigitsAreWholeBytes) {
  EXPECT_EQ(*from_hex("00fF"), std::string("\x00\xff", 2));
  for (const char* bad : {"0", "0g", "00 11", "xx"}) EXPECT_FALSE(from_hex(bad)) << bad;
}

}  // namespace
}  // namespace anlan::crypto
