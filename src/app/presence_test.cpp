#include "app/presence.h"

#include <gtest/gtest.h>

namespace anlan::app {
namespace {

using Doing = Presence::Doing;
const Instant t0{1'772'413'200'000};

TEST(Presence, IsOneEntryForEachPersonWithTheStrongestOfTheirPages) {
  Presence p;
  EXPECT_TRUE(p.beat("A", "ann", "1", Doing::view, "", t0));
  EXPECT_FALSE(p.beat("A", "ann", "1", Doing::view, "", t0 + seconds(20))) << "a further beat is no news";
  EXPECT_TRUE(p.beat("A", "ann", "2", Doing::edit, "close", t0 + seconds(21)));
  EXPECT_FALSE(p.beat("A", "ann", "3", Doing::view, "", t0 + seconds(22))) << "she edits all the same";
  EXPECT_TRUE(p.beat("A", "bob", "1", Doing::view, "", t0 + seconds(23)));
  EXPECT_EQ(p.on("A", t0 + seconds(24)),
            (std::vector<Presence::One>{{"ann", Doing::edit, "close", t0 + seconds(21)},
                                        {"bob", Doing::view, "", t0 + seconds(23)}}));
  EXPECT_TRUE(p.on("B", t0).empty());
  EXPECT_TRUE(p.gone("A", "ann", "2", t0 + seconds(25))) << "what is left is a view";
  EXPECT_FALSE(p.gone("A", "ann", "9", t0 + seconds(25)));
  EXPECT_FALSE(p.gone("A", "ann", "1", t0 + seconds(25))) << "another page still shows it";
  EXPECT_TRUE(p.gone("A", "ann", "3", t0 + seconds(25)));
  EXPECT_EQ(p.on("A", t0 + seconds(25)).size(), 1u);
}

TEST(Presence, LapsesWithoutABeat) {
  Presence p;
  p.beat("A", "ann", "1", Doing::edit, "close", t0);
  p.beat("A", "bob", "1", Doing::view, "", t0 + seconds(30));
  EXPECT_EQ(p.on("A", t0 + seconds(44)).size(), 2u);
  EXPECT_EQ(p.on("A", t0 + seconds(45)).size(), 1u);
  EXPECT_TRUE(p.beat("A", "ann", "1", Doing::view, "", t0 + seconds(50)));
  EXPECT_TRUE(p.beat("A", "cai", "1", Doing::view, "", t0 + minutes(9))) << "and who lapsed meanwhile is news too";
  EXPECT_EQ(p.on("A", t0 + minutes(9)).size(), 1u);
}

TEST(Presence, IsBounded) {
  Presence p;
  for (int i = 0; i < 60; ++i) p.beat("A", "p" + std::to_string(i), "1", Doing::view, "", t0);
  EXPECT_EQ(p.on("A", t0).size(), Presence::people_most);
  for (std::size_t i = 0; i < Presence::tickets_most; ++i)
    p.beat("T" + std::to_string(i), "ann", "1", Doing::view, "", t0 + milliseconds(static_cast<std::int64_t>(i) + 1));
  EXPECT_TRUE(p.on("A", t0).empty()) << "the one longest without news made room";
  EXPECT_EQ(p.on("T0", t0).size(), 1u);
  for (int i = 0; i < 100; ++i) p.beat("T1", "ann", std::to_string(i), Doing::view, "", t0);
  p.gone("T1", "ann", "99", t0);
  EXPECT_EQ(p.on("T1", t0).size(), 1u);
}

}  // namespace
}  // namespace anlan::app
