// Plans at work in the whole program: what is told, how often, and what the API says of it.
#include "app/plans.h"

#include "server/program_for_test.h"

namespace anlan::server {
namespace {

const definitions::Files check_of_rooms{{"processes/check.yaml", R"(
process: check
title: {zh: 检查, en: Check}
clause: "1"
number: CHK-{seq:4}
fields:
  title: {type: string, label: {zh: 标题, en: Title}, required: true}
  room:  {type: ref(room), label: {zh: 机房, en: Room}}
  good:  {type: bool, label: {zh: 合格, en: Good}}
roles:
  warden: {title: {zh: 看守, en: Warden}, who: {post: warden}}
states:
  going: {title: {zh: 进行, en: Going}, accountable: warden}
  done: {title: {zh: 完成, en: Done}, final: done}
actions:
  begin: {title: {zh: 开始, en: Begin}, to: going, by: warden, fields: {title: required, room: optional}}
  end:   {title: {zh: 结束, en: End}, from: going, to: done, by: warden, fields: {good: required}}
  again: {title: {zh: 重开, en: Again}, from: done, to: going, by: warden}
)"},
                                        {"plans/check.yaml", R"(
plan: room_checked
title: {zh: 机房检查, en: Room check}
population: room
member_when: record.live == true
process: check
member_field: room
qualifies: ticket.good == true
within: {months: 6}
warn: [30d, 7d]
tell: {posts: [warden]}
)"}};

class PlansTest : public ProgramTest {
 protected:
  void SetUp() override {
    start(check_of_rooms);
    people();
    record("room", "A", Value(Map{{"name", "甲"}, {"live", true}}));
    record("room", "B", Value(Map{{"name", "乙"}, {"live", false}}));
    step();
  }
  app::PlanMember member(const std::string& id) {
    app::PlanMember out;
    bool found = false;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World& world) -> Status {
      ANLAN_TRY(auto members, app::plan_members(platform(), reader, world, "room_checked"));
      for (auto& one : members)
        if (one.id == id) {
          out = one;
          found = true;
        }
      return {};
    }));
    EXPECT_TRUE(found) << id << " is not under the plan";
    return out;
  }
  void check(bool good, bool drill = false) {
    const std::string number = open("check", Value(Map{{"title", "查"}, {"room", "A"}}), drill);
    ASSERT_TRUE(act(number, "end", Value(Map{{"good", good}})));
  }
};

using State = engine::Standing::State;

TEST_F(PlansTest, MonthsRunFromTheLastQualifyingTicket) {
  EXPECT_EQ(member("A").standing.state, State::pending);
  check(false);
  EXPECT_FALSE(member("A").standing.met) << "a ticket that does not qualify satisfies nothing";
  check(true, true);
  EXPECT_FALSE(member("A").standing.met) << "nor does one in drill mode";
  check(true);
  EXPECT_EQ(member("A").standing.state, State::met);
  const Instant due = member("A").standing.due;
  EXPECT_EQ(calendar::format(calendar::Zone::shanghai().day_of(due)), "2026-09-02");
  advance(due - clock.wall() - days(1));
  EXPECT_EQ(member("A").standing.state, State::due_soon);
  EXPECT_TRUE(member("A").standing.met);
  advance(days(2));
  EXPECT_EQ(member("A").standing.state, State::overdue);
  EXPECT_FALSE(member("A").standing.met) << "what was met once is not met for good";
}

TEST_F(PlansTest, TellsOncePerPeriodAndOffset) {
  check(true);
  const Instant due = member("A").standing.due;
  step();
  EXPECT_EQ(notices("ann"), 0u);
  advance(due - clock.wall() - days(30) + hours(1));
  EXPECT_EQ(notices("ann"), 1u);
  EXPECT_EQ(notices("bob"), 1u);
  EXPECT_EQ(notices("cai"), 0u);
  step();
  advance(days(3));
  EXPECT_EQ(notices("ann"), 1u);
  advance(days(20));
  EXPECT_EQ(notices("ann"), 2u);
  advance(days(30));
  EXPECT_EQ(events("plan.overdue").size(), 1u);
  EXPECT_EQ(notices("ann"), 3u);
  advance(days(300));
  EXPECT_EQ(notices("ann"), 3u) << "overdue is told once";
}

TEST_F(PlansTest, AfterALongSilenceOnlyTheLastWarningIsTold) {
  check(true);
  const Instant due = member("A").standing.due;
  clock.advance(due - clock.wall() - days(1));
  step();
  EXPECT_EQ(events("plan.warned").size(), 1u);
  EXPECT_EQ(events("plan.warned").front().body["before"].as_string(), "7d");
}

TEST_F(PlansTest, AReopenedTicketSatisfiesNothing) {
  check(true);
  const std::string first = member("A").ticket;
  advance(days(10));
  const std::string number = open("check", Value(Map{{"title", "再查"}, {"room", "A"}}));
  ASSERT_TRUE(act(number, "end", Value(Map{{"good", true}})));
  EXPECT_EQ(member("A").ticket, number);
  ASSERT_TRUE(act(number, "again"));
  EXPECT_EQ(member("A").ticket, first) << "what stood before stands again";
}

TEST_F(PlansTest, TheApiListsMembersByDueTime) {
  record("room", "B", Value(Map{{"live", true}}));
  check(true);
  auto [status, plans] = get("/api/v1/plans");
  ASSERT_EQ(status, 200) << describe(plans);
  ASSERT_EQ(plans["items"].as_list().size(), 1u);
  EXPECT_EQ(plans["items"].as_list()[0]["members"]["met"], Value(1));
  EXPECT_EQ(plans["items"].as_list()[0]["members"]["pending"], Value(1));
  EXPECT_TRUE(get("/api/v1/plans?process=other").second["items"].as_list().empty());
  auto [one, page] = get("/api/v1/plans/room_checked?limit=1");
  ASSERT_EQ(one, 200) << describe(page);
  ASSERT_EQ(page["items"].as_list().size(), 1u);
  EXPECT_EQ(page["items"].as_list()[0]["label"].as_string(), "甲");
  const std::string cursor = page["next_cursor"].as_string();
  ASSERT_FALSE(cursor.empty());
  auto [two, rest] = get("/api/v1/plans/room_checked?limit=1&cursor=" + cursor);
  ASSERT_EQ(two, 200);
  EXPECT_EQ(rest["items"].as_list()[0]["member"].as_string(), "B");
  EXPECT_TRUE(rest["next_cursor"].is_null());
  EXPECT_EQ(get("/api/v1/plans/room_checked?state=met").second["items"].as_list().size(), 1u);
  EXPECT_EQ(get("/api/v1/plans/room_checked?state=perhaps").first, 422);
  EXPECT_EQ(get("/api/v1/plans/nothing").first, 404);
}

}  // namespace
}  // namespace anlan::server
