#include "app/presence.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace anlan::app {
namespace {

using Doing = Presence::Doing;
using Names = std::vector<std::string>;

const Instant start{1'000'000'000};

class PresenceTest : public testing::Test {
 protected:
  Names views(const std::string& person, const std::string& tab = "1", const std::string& ticket = "T-1") {
    return presence.beat({ticket, person, tab, Doing::view, {}}, now);
  }
  Names edits(const std::string& person, const std::string& action, const std::string& tab = "1") {
    return presence.beat({"T-1", person, tab, Doing::edit, action}, now);
  }
  Names leaves(const std::string& person, const std::string& tab = "1") {
    return presence.beat({"T-1", person, tab, std::nullopt, {}}, now);
  }
  Names people() {
    Names out;
    for (const auto& p : presence.on("T-1", now)) out.push_back(p.person);
    return out;
  }

  Presence presence;
  Instant now = start;
};

const Names told{"T-1"}, nothing{};

TEST_F(PresenceTest, TellsOfChangesAndNotOfEachBeat) {
  EXPECT_EQ(views("ann"), told);
  EXPECT_EQ(views("ann"), nothing);
  EXPECT_EQ(views("bob"), told);
  now = now + seconds(20);
  EXPECT_EQ(edits("ann", "close"), told);
  EXPECT_EQ(edits("ann", "close"), nothing);
  EXPECT_EQ(edits("ann", "accept"), told);
  EXPECT_EQ(presence.on("T-1", now),
            (std::vector<Presence::Person>{{"ann", Doing::edit, "accept", now}, {"bob", Doing::view, "", start}}));
  EXPECT_EQ(leaves("bob"), told);
  EXPECT_EQ(leaves("bob"), nothing);
  EXPECT_EQ(people(), Names{"ann"});
  EXPECT_EQ(presence.on("T-2", now), std::vector<Presence::Person>{});
}

TEST_F(PresenceTest, LapsesAfterTheLastBeat) {
  views("ann");
  now = now + seconds(44);
  EXPECT_EQ(presence.sweep(now), nothing);
  EXPECT_EQ(people(), Names{"ann"});
  views("bob");
  now = now + seconds(1);
  EXPECT_EQ(people(), Names{"bob"}) << "also before a sweep";
  EXPECT_EQ(presence.sweep(now), told);
  EXPECT_EQ(presence.sweep(now), nothing);
  now = now + seconds(44);
  EXPECT_EQ(views("cai"), told) << "bob lapsed and cai came";
  EXPECT_EQ(people(), Names{"cai"});
  EXPECT_EQ(presence.sweep(now), nothing);
}

TEST_F(PresenceTest, AClockSetBackKeepsNobodyForLong) {
  views("ann");
  now = start - hours(2);
  EXPECT_EQ(people(), nothing);
  EXPECT_EQ(presence.sweep(now), told);
}

TEST_F(PresenceTest, APersonInSeveralTabsCountsOnceWithTheStrongest) {
  views("ann", "1");
  now = now + seconds(1);
  EXPECT_EQ(edits("ann", "close", "2"), told);
  EXPECT_EQ(views("ann", "3"), nothing);
  now = now + seconds(1);
  EXPECT_EQ(edits("ann", "accept", "4"), nothing) << "the form that was opened first stands";
  EXPECT_EQ(presence.on("T-1", now),
            (std::vector<Presence::Person>{{"ann", Doing::edit, "close", start + seconds(1)}}));
  EXPECT_EQ(leaves("ann", "2"), told) << "now the other form";
  EXPECT_EQ(leaves("ann", "4"), told);
  EXPECT_EQ(presence.on("T-1", now), (std::vector<Presence::Person>{{"ann", Doing::view, "", start}}));
  EXPECT_EQ(leaves("ann", "1"), nothing);
  EXPECT_EQ(leaves("ann", "3"), told);
  EXPECT_EQ(people(), nothing);
}

TEST_F(PresenceTest, TheTabLongestSilentMakesRoom) {
  edits("ann", "close", "0");
  for (std::size_t tab = 1; tab < Presence::tabs_max; ++tab) {
    now = now + milliseconds(1);
    views("ann", std::to_string(tab));
  }
  EXPECT_EQ(presence.on("T-1", now).front().doing, Doing::edit);
  EXPECT_EQ(views("ann", "one more"), told);
  EXPECT_EQ(presence.on("T-1", now).front().doing, Doing::view);
}

TEST_F(PresenceTest, AFullTicketIsCalm) {
  for (std::size_t n = 0; n < Presence::people_max; ++n) {
    views("p" + std::to_string(n));
    now = now + milliseconds(1);
  }
  EXPECT_EQ(views("late"), nothing);
  EXPECT_EQ(views("p0"), nothing);
  EXPECT_EQ(people().size(), Presence::people_max);
  EXPECT_EQ(edits("editor", "close"), told) << "who edits is to be seen";
  auto names = people();
  EXPECT_EQ(names.size(), Presence::people_max);
  EXPECT_EQ(names.front(), "p0");
  EXPECT_EQ(std::count(names.begin(), names.end(), "p1"), 0) << "the viewer longest silent went";
  EXPECT_EQ(names.back(), "editor");
  now = now + seconds(30);
  views("p0");
  now = now + seconds(15);
  EXPECT_EQ(views("late"), told) << "there is room again";
  EXPECT_EQ(people(), (Names{"p0", "late"}));
}

TEST_F(PresenceTest, TheTicketLongestSilentMakesRoom) {
  for (std::size_t n = 0; n < Presence::tickets_max; ++n) views("ann", "1", "N-" + std::to_string(n));
  views("ann", "1", "N-0");
  EXPECT_EQ(views("ann", "1", "more"), (Names{"N-1", "more"}));
  EXPECT_EQ(presence.on("N-0", now).size(), 1u);
  EXPECT_EQ(presence.on("N-1", now).size(), 0u);
  now = now + Presence::lapse;
  EXPECT_EQ(presence.sweep(now).size(), Presence::tickets_max);
  EXPECT_EQ(presence.on("N-0", now).size(), 0u);
}

}  // namespace
}  // namespace anlan::app
