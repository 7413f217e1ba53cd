#include "storage/index/posting.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <set>

#include "storage/index/ticket_index.h"

namespace anlan::storage {
namespace {

using Words = std::array<std::uint64_t, chunk_words>;

std::set<std::uint32_t> members(const Words& words, std::uint32_t chunk) {
  std::set<std::uint32_t> out;
  for (std::uint32_t low = 0; low < chunk_ids; ++low) {
    if (words[low >> 6] >> (low & 63) & 1) out.insert((chunk << chunk_bits) + low);
  }
  return out;
}

TEST(Posting, BehavesAsASetOfIds) {
  EXPECT_TRUE(rc::check("adding, removing and intersecting agree with std::set", [] {
    Posting posting;
    std::set<std::uint32_t> model;
    // A dense stretch crosses from array to bits and back; the rest is scattered over three chunks.
    auto dense = *rc::gen::element(0u, 1u, 3000u, 4096u, 4097u, 9000u);
    auto start = *rc::gen::inRange(1u, 3 * chunk_ids - 10'000);
    for (std::uint32_t id = start; id < start + dense; ++id) {
      posting.add(id);
      model.insert(id);
    }
    for (int i = 0; i < 200; ++i) {
      auto id = *rc::gen::noShrink(rc::gen::inRange(1u, 3 * chunk_ids));
      posting.add(id);
      model.insert(id);
      posting.add(id);
    }
    auto keep_every = *rc::gen::inRange(1u, 9u);
    for (auto it = model.begin(); it != model.end();) {
      if (*it % keep_every != 0) {
        posting.remove(*it);
        posting.remove(*it);
        it = model.erase(it);
      } else {
        ++it;
      }
    }
    RC_ASSERT(posting.count() == static_cast<std::int64_t>(model.size()));
    for (std::uint32_t chunk = 0; chunk < 4; ++chunk) {
      std::set<std::uint32_t> expected(model.lower_bound(chunk << chunk_bits),
                                       model.lower_bound((chunk + 1) << chunk_bits));
      Words words{};
      posting.or_into(chunk, words.data());
      RC_ASSERT(members(words, chunk) == expected);
      RC_ASSERT(posting.touches(chunk) == !expected.empty());
      Words some;
      for (std::uint32_t i = 0; i < chunk_words; ++i) some[i] = 0x9249249249249249u * (i + 1);
      std::set<std::uint32_t> both;
      for (auto id : members(some, chunk)) {
        if (expected.contains(id)) both.insert(id);
        if (id % 1000 == 0) RC_ASSERT(posting.contains(id) == expected.contains(id));
      }
      RC_ASSERT(posting.count_in(chunk, some.data()) == static_cast<std::int64_t>(both.size()));
      posting.and_into(chunk, some.data());
      RC_ASSERT(members(some, chunk) == both);
    }
  }));
}

TEST(Posting, ASingleIdNeedsNoMore) {
  Posting posting;
  EXPECT_FALSE(posting.contains(0));
  EXPECT_EQ(posting.count(), 0);
  posting.add(70'000);
  EXPECT_TRUE(posting.contains(70'000));
  EXPECT_TRUE(posting.touches(1));
  EXPECT_FALSE(posting.touches(0));
  Words words;
  words.fill(~std::uint64_t{0});
  EXPECT_EQ(posting.count_in(1, words.data()), 1);
  posting.and_into(1, words.data());
  EXPECT_EQ(members(words, 1), (std::set<std::uint32_t>{70'000}));
  words.fill(~std::uint64_t{0});
  posting.and_into(0, words.data());
  EXPECT_TRUE(members(words, 0).empty());
  posting.remove(70'000);
  EXPECT_EQ(posting.count(), 0);
}

TEST(FacetCodes, RoundTrip) {
  EXPECT_TRUE(rc::check("decode(encode(codes)) == codes", [](std::set<FacetCode> codes) {
    codes.insert(UINT32_MAX);
    std::vector<FacetCode> sorted(codes.begin(), codes.end());
    RC_ASSERT(decode_codes(encode_codes(sorted)) == sorted);
  }));
  EXPECT_TRUE(decode_codes("").empty());
  EXPECT_TRUE(decode_codes("\xff\xff\xff\xff\xff\xff\xff").empty());  // damage ends the list, no more
}

}  // namespace
}  // namespace anlan::storage
