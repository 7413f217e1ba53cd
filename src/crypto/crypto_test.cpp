#include "crypto/crypto.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace anlan::crypto {
namespace {

TEST(Crypto, StartsMoreThanOnce) {
  EXPECT_TRUE(initialise());
  EXPECT_TRUE(initialise());
}

TEST(Crypto, TokensAreHexAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string token = random_token();
    ASSERT_EQ(token.size(), 64u);
    ASSERT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
    ASSERT_TRUE(seen.insert(token).second);
  }
  EXPECT_EQ(random_token(0), "");
  EXPECT_EQ(random_bytes(5).size(), 5u);
}

TEST(Crypto, DigestsOfPublishedVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abc").size(), 32u);
  // RFC 4231, cases 2 and 6 (a key longer than a block).
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Crypto, TokenDigestDependsOnSecretAndToken) {
  EXPECT_EQ(token_digest("s", "t"), token_digest("s", "t"));
  EXPECT_NE(token_digest("s", "t"), token_digest("s2", "t"));
  EXPECT_NE(token_digest("s", "t"), token_digest("s", "t2"));
  EXPECT_NE(token_digest("s", "t"), hmac_sha256_hex("s", "t"));
}

TEST(Crypto, ComparisonAgreesWithEquality) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time("a", ""));
  EXPECT_TRUE(rc::check([](const std::string& a, const std::string& b) {
    RC_ASSERT(equal_in_constant_time(a, b) == (a == b));
    RC_ASSERT(equal_in_constant_time(a, std::string(a)));
  }));
}

TEST(Crypto, WipeEmpties) {
  std::string secret = "geheim";
  const char* data = secret.data();
  wipe(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(std::string(data, 6), std::string(6, '\0'));
}

}  // namespace
}  // namespace anlan::crypto
