// Plans at work in the whole program: what is told, how often, and what the API says of it.
#include "app/plans.h"

#include <stdlib.h>

#include <filesystem>

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

const definitions::Files round_of_rooms{{"processes/check.yaml", check_of_rooms.at("processes/check.yaml")},
                                        {"plans/check.yaml", R"(
plan: round
title: {zh: 巡检, en: Round}
population: room
member_when: record.live == true
process: check
member_field: room
within: {rrule: "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=9", opens_with: {title: 'record.name + "巡检"'}}
)"}};

class RoundTest : public ProgramTest {
 protected:
  void begin(const std::string& folder = {}, const char* by = "by: warden, platform: true") {
    definitions::Files files = round_of_rooms;
    auto& text = files["processes/check.yaml"];
    const std::string from = "by: warden, fields: {title: required";
    text.replace(text.find(from), from.size(), std::string(by) + ", fields: {title: required");
    start(files, folder);
  }
  std::int64_t tickets() {
    std::int64_t n = 0;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World&) -> Status {
      app::TicketQuery query;
      query.process = {"check"};
      query.limit = 200;
      app::Scope all;
      all.all = true;
      ANLAN_TRY(auto page, reader.tickets(query, all));
      n = static_cast<std::int64_t>(page.items.size());
      return {};
    }));
    return n;
  }
  void to(const char* time) { advance(*parse_rfc3339(time) - clock.wall()); }
};

TEST_F(RoundTest, OpensOncePerMemberAndOccurrence) {
  begin();
  people();
  record("room", "A", Value(Map{{"name", "甲"}, {"live", true}}));
  record("room", "B", Value(Map{{"name", "乙"}, {"live", true}}));
  record("room", "C", Value(Map{{"name", "丙"}, {"live", false}}));
  step();
  EXPECT_EQ(tickets(), 0) << "nothing is opened for the time before the member came";
  to("2026-04-01T08:59:00+08:00");
  EXPECT_EQ(tickets(), 0);
  to("2026-04-01T09:00:00+08:00");
  EXPECT_EQ(tickets(), 2);
  step();
  EXPECT_EQ(tickets(), 2);
  to("2026-05-01T09:00:00+08:00");
  EXPECT_EQ(tickets(), 4);
  const auto opened = events("plan.opened");
  ASSERT_EQ(opened.size(), 4u);
  const std::string number = opened[0].body["ticket"].as_string();
  EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World&) -> Status {
    ANLAN_TRY(auto row, reader.ticket(number));
    EXPECT_EQ(row->body["fields"]["room"].as_string(), "A");
    EXPECT_EQ(row->title, "甲巡检");
    return {};
  }));
}

TEST_F(RoundTest, AMissedStretchOpensTheLatestAndRecordsTheOthers) {
  begin();
  people();
  record("room", "A", Value(Map{{"name", "甲"}, {"live", true}}));
  step();
  to("2026-07-15T09:00:00+08:00");
  EXPECT_EQ(tickets(), 1);
  ASSERT_EQ(events("plan.skipped").size(), 1u);
  const Value body = events("plan.skipped").front().body;
  EXPECT_EQ(body["count"], Value(3)) << describe(body);
  EXPECT_EQ(body["first"].as_instant(), *parse_rfc3339("2026-04-01T09:00:00+08:00"));
  EXPECT_EQ(events("plan.opened").front().body["occurrence"].as_instant(), *parse_rfc3339("2026-07-01T09:00:00+08:00"));
}

TEST_F(RoundTest, ARestartOpensNothingTwice) {
  char name[] = "/tmp/anlan-round-XXXXXX";
  const std::string folder = ::mkdtemp(name);
  begin(folder);
  people();
  record("room", "A", Value(Map{{"name", "甲"}, {"live", true}}));
  step();
  to("2026-04-01T09:00:00+08:00");
  EXPECT_EQ(tickets(), 1);
  application.reset();
  begin(folder);
  step();
  EXPECT_EQ(tickets(), 1);
  application.reset();
  clock.advance(days(61));  // the program was away: the latest of two is opened at the start
  begin(folder);
  step();
  EXPECT_EQ(tickets(), 2);
  EXPECT_EQ(events("plan.skipped").size(), 1u);
  application.reset();
  std::filesystem::remove_all(folder);
}

TEST_F(RoundTest, ARefusedOpeningLeavesAnEventAndNoNumber) {
  begin({}, "platform: true, guards: [{if: 'ticket.title != \"甲巡检\"', code: not_here, else: {zh: 不, en: No}}]");
  people();
  record("room", "A", Value(Map{{"name", "甲"}, {"live", true}}));
  record("room", "B", Value(Map{{"name", "乙"}, {"live", true}}));
  step();
  to("2026-04-01T09:00:00+08:00");
  EXPECT_EQ(tickets(), 1);
  ASSERT_EQ(events("plan.open_refused").size(), 1u);
  EXPECT_EQ(events("plan.open_refused").front().body["refusals"].as_list()[0]["code"].as_string(), "not_here");
  ASSERT_EQ(events("plan.opened").size(), 1u);
  EXPECT_EQ(events("plan.opened").front().body["ticket"].as_string(), "CHK-0001") << "the refusal took a number";
}

}  // namespace
}  // namespace anlan::server
