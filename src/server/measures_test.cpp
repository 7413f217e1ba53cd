// Measures in the whole program: figures follow the log, are frozen with their period and rest on named tickets.
#include "app/measures.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <random>

#include "server/program_for_test.h"

namespace anlan::server {
namespace {

const definitions::Files repairs{{"processes/repair.yaml", R"(
process: repair
title: {zh: 维修, en: Repair}
clause: "1"
number: REP-{seq:4}
fields:
  title: {type: string, label: {zh: 标题, en: Title}, required: true}
  room:  {type: ref(room), label: {zh: 机房, en: Room}}
  quick: {type: bool, label: {zh: 快, en: Quick}}
  cost:  {type: int, label: {zh: 费用, en: Cost}}
roles:
  warden: {title: {zh: 看守, en: Warden}, who: {post: warden}}
states:
  going: {title: {zh: 进行, en: Going}, accountable: warden}
  done:  {title: {zh: 完成, en: Done}, final: done}
actions:
  begin: {title: {zh: 开始, en: Begin}, to: going, by: warden, fields: {title: required, room: optional}}
  call:  {title: {zh: 催, en: Call}, from: going, by: warden}
  end:   {title: {zh: 结束, en: End}, from: going, to: done, by: warden, fields: {quick: required, cost: optional}}
  again: {title: {zh: 重开, en: Again}, from: done, to: going, by: warden}
)"},
                                 {"parameters/house.yaml", R"(
parameters:
  measure_grace: {title: {zh: 宽限, en: Grace}, type: duration, initial: 2d, own_choice: true}
)"},
                                 {"measures/repair.yaml", R"(
measure: quick_share
title: {zh: 快修占比, en: Quick share}
process: repair
on: closed
subject: ticket.room
period: month
value: ticket.quick == true
fold: share
target: {at_least: 60}
unit: "%"
---
measure: time
title: {zh: 时长, en: Time}
process: repair
on: closed
period: quarter
value: ticket.closed_at - ticket.opened_at
fold: mean
target: {at_most: 90}
unit: min
---
measure: cost
title: {zh: 费用, en: Cost}
process: repair
on: closed
period: year
value: ticket.cost
fold: sum
---
measure: calls
title: {zh: 催办, en: Calls}
process: repair
on: call
period: month
counts: ticket.room != null
fold: count
)"}};

class MeasuresTest : public ProgramTest {
 protected:
  void SetUp() override {
    start(repairs);
    set_up();
  }
  void set_up() {
    people();
    record("room", "A", Value(Map{{"name", "甲"}}));
    record("room", "B", Value(Map{{"name", "乙"}}));
  }
  std::string repair(const char* room, bool quick, Duration took, Value cost = {}, bool drill = false) {
    const std::string number = open("repair", Value(Map{{"title", "修"}, {"room", room}}), drill);
    clock.advance(took);
    Map fields{{"quick", quick}};
    if (!cost.is_null()) fields.emplace("cost", cost);
    auto done = act(number, "end", Value(fields));
    EXPECT_TRUE(done) << done.error().message << describe_refusals(done.error());
    return number;
  }
  // The figure, after everything is folded; a null value when there is none.
  Value figure(const std::string& key, const std::string& period, const std::string& subject = "all") {
    for (int turn = 0; turn < 100; ++turn) {
      auto looked = app::fold_measures(platform(), 7);  // small steps, so that resuming is part of every test
      EXPECT_TRUE(looked) << looked.error().message;
      if (!looked || *looked == 0) break;
    }
    Value out;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World& world) -> Status {
      ANLAN_TRY(Value view,
                app::measure_view(platform(), reader, world, who("ann"), key, subject, period, period, 10, {}));
      const List& items = view["items"].as_list();
      EXPECT_LE(items.size(), 1u);
      if (!items.empty()) out = items[0];
      return {};
    }));
    return out;
  }
};

TEST_F(MeasuresTest, FoldsPerSubjectAndPeriodAndJudgesTheTarget) {
  repair("A", true, minutes(30), Value(100));
  repair("A", false, minutes(60), Value(250));
  repair("B", true, minutes(120));
  const Value a = figure("quick_share", "2026-03", "A");
  EXPECT_EQ(a["value"], Value(50.0));
  EXPECT_EQ(a["count"], Value(2));
  EXPECT_EQ(a["met"], Value(false));
  EXPECT_EQ(figure("quick_share", "2026-03", "B")["met"], Value(true));
  EXPECT_EQ(figure("time", "2026-Q1")["value"], Value(70.0));
  EXPECT_EQ(figure("time", "2026-Q1")["met"], Value(true));
  EXPECT_EQ(figure("cost", "2026")["value"], Value(350.0)) << "a ticket without the value does not count";
  EXPECT_EQ(figure("cost", "2026")["count"], Value(2));
}

TEST_F(MeasuresTest, CountsEachPerformanceOfAnAction) {
  const std::string number = open("repair", Value(Map{{"title", "修"}, {"room", "A"}}));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(act(number, "call"));
  ASSERT_TRUE(act(open("repair", Value(Map{{"title", "修"}})), "call"));
  EXPECT_EQ(figure("calls", "2026-03")["value"], Value(3));
}

TEST_F(MeasuresTest, DrillsAreOutside) {
  repair("A", true, minutes(30), Value(100), true);
  EXPECT_TRUE(figure("cost", "2026").is_null());
  EXPECT_TRUE(figure("quick_share", "2026-03", "A").is_null());
}

TEST_F(MeasuresTest, ATicketOpenedAgainCountsOnceMore) {
  const std::string number = repair("A", true, minutes(30), Value(100));
  EXPECT_EQ(figure("cost", "2026")["value"], Value(100.0));
  ASSERT_TRUE(act(number, "again"));
  EXPECT_TRUE(figure("cost", "2026").is_null());
  ASSERT_TRUE(act(number, "end", Value(Map{{"quick", false}, {"cost", 40}})));
  EXPECT_EQ(figure("cost", "2026")["value"], Value(40.0));
  EXPECT_EQ(figure("quick_share", "2026-03", "A")["value"], Value(0.0));
}

TEST_F(MeasuresTest, AFigureIsFrozenWhenItsPeriodAndTheGraceAreOver) {
  const std::string number = repair("A", true, minutes(30));
  clock.advance(*parse_rfc3339("2026-04-02T23:59:00+08:00") - clock.wall());
  EXPECT_TRUE(figure("quick_share", "2026-03", "A")["frozen_at"].is_null());
  clock.advance(minutes(2));
  EXPECT_FALSE(figure("quick_share", "2026-03", "A")["frozen_at"].is_null());
  EXPECT_EQ(events("measure.frozen").size(), 2u) << "the month of one measure and the quarter of the other";
  ASSERT_TRUE(act(number, "again"));
  ASSERT_TRUE(act(number, "end", Value(Map{{"quick", false}})));
  EXPECT_EQ(figure("quick_share", "2026-03", "A")["value"], Value(100.0)) << "what was frozen stands";
  EXPECT_EQ(figure("quick_share", "2026-04", "A")["value"], Value(0.0));
  EXPECT_EQ(events("measure.frozen").size(), 2u);
}

TEST_F(MeasuresTest, WithinTheGraceAFigureIsCorrected) {
  const std::string number = repair("A", true, minutes(30));
  clock.advance(*parse_rfc3339("2026-04-02T12:00:00+08:00") - clock.wall());
  EXPECT_EQ(figure("quick_share", "2026-03", "A")["count"], Value(1));
  ASSERT_TRUE(act(number, "again"));
  EXPECT_TRUE(figure("quick_share", "2026-03", "A").is_null());
}

TEST_F(MeasuresTest, NamesItsSources) {
  const std::string number = repair("A", true, minutes(30));
  repair("A", false, minutes(30));
  figure("quick_share", "2026-03", "A");
  auto read = [&](const std::string& who, const std::string& cursor) {
    Value out;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World& world) -> Status {
      ANLAN_TRY(out, app::measure_sources(platform(), reader, world, {.person = who}, "quick_share", "A", "2026-03", 1,
                                          cursor));
      return {};
    }));
    return out;
  };
  const Value first = read("ann", "");
  ASSERT_EQ(first["items"].as_list().size(), 1u);
  EXPECT_EQ(first["items"].as_list()[0]["ticket"].as_string(), number);
  const Value second = read("ann", first["next_cursor"].as_string());
  ASSERT_EQ(second["items"].as_list().size(), 1u);
  EXPECT_TRUE(second["next_cursor"].is_null());
  EXPECT_TRUE(read("cai", "")["items"].as_list()[0]["ticket"].is_null()) << "cai may not see the ticket";
}

TEST_F(MeasuresTest, TheApiAnswers) {
  repair("A", true, minutes(30));
  repair("B", true, minutes(30));
  figure("quick_share", "2026-03", "A");
  auto [status, list] = get("/api/v1/measures?process=repair");
  ASSERT_EQ(status, 200) << describe(list);
  EXPECT_EQ(list["items"].as_list().size(), 4u);
  auto [one, page] = get("/api/v1/measures/quick_share?from=2026-03&limit=1");
  ASSERT_EQ(one, 200) << describe(page);
  EXPECT_EQ(page["target"]["at_least"], Value(60));
  EXPECT_EQ(page["items"].as_list()[0]["subject"].as_string(), "A");
  auto rest = get("/api/v1/measures/quick_share?from=2026-03&limit=1&cursor=" + page["next_cursor"].as_string()).second;
  EXPECT_EQ(rest["items"].as_list()[0]["subject"].as_string(), "B");
  EXPECT_TRUE(rest["next_cursor"].is_null());
  EXPECT_TRUE(get("/api/v1/measures/quick_share?from=2026-04").second["items"].as_list().empty());
  EXPECT_EQ(get("/api/v1/measures/quick_share/sources?subject=A&period=2026-03").second["items"].as_list().size(), 1u);
  EXPECT_EQ(get("/api/v1/measures/none").first, 404);
  for (const char* wrong :
       {"/api/v1/measures?proces=repair", "/api/v1/measures/quick_share?since=2026-03",
        "/api/v1/measures/quick_share?from=2026-Q1", "/api/v1/measures/quick_share?to=March",
        "/api/v1/measures/time?from=2026-03", "/api/v1/measures/cost?from=2026-Q1",
        "/api/v1/measures/quick_share?from=2026-13", "/api/v1/measures/quick_share?cursor=elsewhere",
        "/api/v1/measures/quick_share?limit=0", "/api/v1/measures/quick_share/sources",
        "/api/v1/measures/quick_share/sources?period=2026-03", "/api/v1/measures/quick_share/sources?subject=A",
        "/api/v1/measures/quick_share/sources?subject=A&period=2026", "/api/v1/measures/time/sources?period=2026-01",
        "/api/v1/measures/quick_share/sources?subject=A&period=2026-03&page=2"})
    EXPECT_EQ(get(wrong).first, 422) << wrong;
}

TEST_F(MeasuresTest, FiguresAreForTheHouse) {
  record("person", "eve", Value(Map{{"login", "eve"}, {"name", "eve"}, {"internal", false}, {"enabled", true}}));
  auto asked = [&](const app::Principal& principal) {
    std::vector<bool> answers;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World& world) -> Status {
      answers.push_back(app::list_measures(platform(), reader, world, principal, "").has_value());
      answers.push_back(app::measure_view(platform(), reader, world, principal, "time", "", "", "", 1, "").has_value());
      answers.push_back(
          app::measure_sources(platform(), reader, world, principal, "time", "", "2026-Q1", 1, "").has_value());
      return {};
    }));
    return answers;
  };
  EXPECT_EQ(asked(who("cai")), std::vector<bool>(3, true));
  EXPECT_EQ(asked(who("eve")), std::vector<bool>(3, false));
  EXPECT_EQ(asked({.machine = "board", .scopes = {"records.read"}}), std::vector<bool>(3, true));
  EXPECT_EQ(asked({.machine = "board", .scopes = {"tickets.read"}}), std::vector<bool>(3, false));
}

// A measure whose declaration changed is folded anew, and the fold resumes over restarts.
TEST(MeasuresRebuild, AfterAChangeAndOverARestart) {
  class Program : public MeasuresTest {
   public:
    void TestBody() override {
      char name[] = "/tmp/anlan-measures-XXXXXX";
      const std::string folder = ::mkdtemp(name);
      start(repairs, folder);
      set_up();
      repair("A", true, minutes(30), Value(100));
      EXPECT_EQ(figure("cost", "2026")["value"], Value(100.0));
      application.reset();
      start(repairs, folder);
      EXPECT_EQ(figure("cost", "2026")["value"], Value(100.0)) << "nothing is folded twice";
      repair("A", true, minutes(30), Value(11));
      EXPECT_EQ(figure("cost", "2026")["value"], Value(111.0));
      application.reset();
      definitions::Files changed = repairs;
      auto& text = changed["measures/repair.yaml"];
      text.replace(text.find("value: ticket.cost"), 18, "value: ticket.cost * 2");
      start(changed, folder);
      EXPECT_EQ(figure("cost", "2026")["value"], Value(222.0));
      EXPECT_EQ(figure("quick_share", "2026-03", "A")["count"], Value(2)) << "the others stand";
      application.reset();
      std::filesystem::remove_all(folder);
    }
    void SetUp() override {}
  };
  Program program;
  program.TestBody();
}

// Random walks through months, with restarts in the middle of the fold. What was folded on the way equals a recount of
// the whole log that knows nothing of positions: what a ticket counted for falls when it is opened again, unless its
// period was closed by then.
class Recount : public MeasuresTest {
 public:
  // Returns how many figures there were, how many of them frozen, how often something was taken out again and how
  // often it no longer could be.
  struct Seen {
    int figures = 0, frozen = 0, withdrawn = 0, kept = 0;
  };
  void walk(unsigned seed, Seen& seen) {
    char name[] = "/tmp/anlan-recount-XXXXXX";
    folder_ = ::mkdtemp(name);
    start(repairs, folder_);
    set_up();
    std::mt19937 chance(seed);
    auto below = [&](int n) { return static_cast<int>(chance() % static_cast<unsigned>(n)); };
    std::vector<std::string> going, done;
    auto move = [&](std::vector<std::string>& from, std::vector<std::string>& to, int i) {
      to.push_back(from[static_cast<std::size_t>(i)]);
      from.erase(from.begin() + i);
    };
    for (int turn = 0; turn < 120; ++turn) {
      const int what = below(12);
      clock.advance(what == 0 ? hours(below(20 * 24)) : minutes(below(9 * 60)));
      if (what < 4 || (going.empty() && done.empty())) {
        Map fields{{"title", "修"}};
        if (below(4) > 0) fields.emplace("room", below(2) == 0 ? "A" : "B");
        going.push_back(open("repair", Value(std::move(fields)), below(6) == 0));
      } else if (what < 6 && !going.empty()) {
        ASSERT_TRUE(act(going[static_cast<std::size_t>(below(static_cast<int>(going.size())))], "call"));
      } else if (what < 9 && !going.empty()) {
        const int i = below(static_cast<int>(going.size()));
        Map fields{{"quick", below(2) == 0}};
        if (below(3) > 0) fields.emplace("cost", below(1000));
        ASSERT_TRUE(act(going[static_cast<std::size_t>(i)], "end", Value(std::move(fields))));
        move(going, done, i);
      } else if (!done.empty()) {
        const int i = below(static_cast<int>(done.size()));
        ASSERT_TRUE(act(done[static_cast<std::size_t>(i)], "again"));
        move(done, going, i);
      }
      if (below(3) == 0) ASSERT_TRUE(app::fold_measures(platform(), 1 + below(9)));
      if (below(20) == 0) {
        application.reset();
        start(repairs, folder_);
      }
    }
    figure("cost", "2026");  // until it has caught up
    compare(seed, seen);
    application.reset();
    std::filesystem::remove_all(folder_);
  }

 private:
  struct Counted {
    std::string period, subject;
    Instant closes;
    double value;
  };
  struct Figure {
    double sum = 0;
    std::int64_t count = 0;
    bool operator==(const Figure&) const = default;
  };
  using Figures = std::map<std::string, Figure>;  // "measure period subject"

  // Of "month", "quarter" or "year"; closed two days after its end, the grace of these definitions.
  static std::pair<std::string, Instant> period(const std::string& kind, Instant at) {
    const auto d = calendar::parts(calendar::Zone::shanghai().day_of(at));
    const int months = kind == "month" ? 1 : kind == "quarter" ? 3 : 12;
    const int next = (d.month - 1) / months * months + months + 1;
    std::string name = fmt::format("{}", d.year);
    if (months == 1) name += fmt::format("-{:02}", d.month);
    if (months == 3) name += fmt::format("-Q{}", (d.month + 2) / 3);
    const Instant end =
        *parse_rfc3339(fmt::format("{}-{:02}-01T00:00:00+08:00", d.year + next / 13, (next - 1) % 12 + 1));
    return {name, end + days(2)};
  }

  Figures recount(Seen& seen) {
    std::map<std::string, std::map<std::string, std::vector<Counted>>> counted;  // measure -> ticket
    std::map<std::string, Value> tickets;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World&) -> Status {
      ANLAN_TRY(auto all, reader.events_after(0, 1'000'000));
      for (const app::Event& event : all) {
        if (!event.subject.starts_with("ticket:") || event.body["patch"].is_null()) continue;
        const bool was_closed = tickets.contains(event.subject) && !tickets[event.subject]["open"].as_bool();
        Value& t = tickets[event.subject];
        t = engine::merge_apply(t.is_null() ? Value(Map{}) : t, event.body["patch"]);
        if (t["drill"].as_bool()) continue;
        const bool closed = !t["open"].as_bool() && !was_closed;
        const std::string room = t["fields"]["room"].is_null() ? "-" : t["fields"]["room"].as_string();
        auto count = [&](const char* measure, const char* kind, const std::string& subject, double value) {
          const auto [name, closes] = period(kind, event.at);
          counted[measure][event.subject].push_back({name, subject, closes, value});
        };
        if (event.body["action"].as_string() == "again")
          for (const char* measure : {"quick_share", "time", "cost"}) {
            const auto gone = std::erase_if(counted[measure][event.subject],
                                            [&](const Counted& c) { return event.at < c.closes; });
            seen.withdrawn += gone > 0;
            seen.kept += !counted[measure][event.subject].empty();
          }
        if (event.body["action"].as_string() == "call" && room != "-") count("calls", "month", "all", 1);
        if (!closed) continue;
        count("quick_share", "month", room, t["fields"]["quick"].as_bool() ? 100 : 0);
        const Duration took = t["closed_at"].as_instant() - t["opened_at"].as_instant();
        count("time", "quarter", "all", static_cast<double>(took.ms) / 60'000);
        if (!t["fields"]["cost"].is_null()) count("cost", "year", "all", t["fields"]["cost"].as_number());
      }
      return {};
    }));
    Figures out;
    for (const auto& [measure, of_tickets] : counted)
      for (const auto& [ticket, list] : of_tickets)
        for (const Counted& c : list) {
          Figure& figure = out[measure + " " + c.period + " " + c.subject];
          figure.sum += c.value;
          ++figure.count;
        }
    for (auto& [key, figure] : out)  // the folds: two means, a sum and a count, which is a sum of ones
      if (key.starts_with("quick_share") || key.starts_with("time")) figure.sum /= static_cast<double>(figure.count);
    return out;
  }

  void compare(unsigned seed, Seen& seen) {
    const Figures expected = recount(seen);
    Figures actual;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World& world) -> Status {
      for (const char* key : {"quick_share", "time", "cost", "calls"}) {
        ANLAN_TRY(Value view, app::measure_view(platform(), reader, world, who("ann"), key, "", "", "", 1000, ""));
        for (const Value& item : view["items"].as_list()) {
          const std::string place =
              std::string(key) + " " + item["period"].as_string() + " " + item["subject"].as_string();
          actual[place] = {item["value"].as_number(), item["count"].as_int()};
          ++seen.figures;
          seen.frozen += !item["frozen_at"].is_null();
          ANLAN_TRY(Value sources,
                    app::measure_sources(platform(), reader, world, who("ann"), key, item["subject"].as_string(),
                                         item["period"].as_string(), 1000, ""));
          EXPECT_EQ(static_cast<std::int64_t>(sources["items"].as_list().size()), item["count"].as_int())
              << "seed " << seed << ": " << place;
        }
      }
      return {};
    }));
    for (const auto& [place, figure] : expected) {
      EXPECT_EQ(actual[place].count, figure.count) << "seed " << seed << ": " << place;
      EXPECT_NEAR(actual[place].sum, figure.sum, 1e-6) << "seed " << seed << ": " << place;
    }
    EXPECT_EQ(actual.size(), expected.size()) << "seed " << seed;
  }

  void SetUp() override {}
  void TestBody() override {}
  std::string folder_;
};

TEST(MeasuresProperty, WhatWasFoldedEqualsARecountOfTheWholeLog) {
  Recount::Seen seen;
  for (unsigned seed = 1; seed <= 8; ++seed) {
    Recount one;
    one.walk(seed, seen);
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(seen.figures, 100);
  EXPECT_GT(seen.frozen, 50);
  EXPECT_GT(seen.withdrawn, 20);
  EXPECT_GT(seen.kept, 20) << "the walks never open a ticket again after its period";
}

}  // namespace
}  // namespace anlan::server
