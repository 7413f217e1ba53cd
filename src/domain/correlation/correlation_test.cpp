#include "domain/correlation/correlation.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace anlan::correlation {
namespace {

const Instant t0 = *parse_rfc3339("2026-03-02T09:00:00+08:00");

Value labels(std::initializer_list<Map::value_type> l) { return Map(l); }

AlertReport firing(Value l, Instant from, Instant alive) {
  return {.source = "prometheus", .labels = std::move(l), .starts_at = from, .alive_until = alive};
}
AlertReport resolved(Value l, Instant from, Instant to) {
  return {.source = "prometheus", .labels = std::move(l), .starts_at = from, .ends_at = to};
}

RuleSet rules_of(const Value& document, std::vector<std::string>* complaints = nullptr) {
  std::vector<Problem> problems;
  RuleSet out = load_rules(std::vector<Value>{document}, problems);
  for (const Problem& p : problems) {
    if (complaints) {
      complaints->push_back(p.path + ": " + p.message);
    } else {
      ADD_FAILURE() << p.path << ": " << p.message;
    }
  }
  return out;
}

Value rule(const char* key, Map more) {
  more.insert({{"key", key}, {"title", Map{{"zh", "规则"}, {"en", key}}}});
  if (!more.contains("action")) more.emplace("action", "open");
  return Value(std::move(more));
}

TEST(Fingerprint, IsTheOneOfPrometheus) {
  // The second as Alertmanager 0.25 shows it for this label set; the first is the start of FNV-1a.
  EXPECT_EQ(fingerprint(Value(Map{})), "cbf29ce484222325");
  Value peer = labels({{"alertname", "Peer"}, {"job", "node"}, {"severity", "critical"}});
  EXPECT_EQ(fingerprint(peer), "4319678246b8a9eb");
  Value a = labels({{"alertname", "Down"}, {"job", "node"}});
  EXPECT_EQ(fingerprint(a).size(), 16u);
  EXPECT_NE(fingerprint(a), fingerprint(labels({{"alertname", "Downjob"}, {"node", ""}})));
  EXPECT_NE(fingerprint(labels({{"a", "bc"}})), fingerprint(labels({{"ab", "c"}})));
}

TEST(Glob, Matches) {
  EXPECT_TRUE(glob_matches("Core*", "CorePolicy"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("*a*b*", "xxaxxbxx"));
  EXPECT_TRUE(glob_matches("a*a", "aa"));
  EXPECT_FALSE(glob_matches("a*a", "a"));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_FALSE(glob_matches("core*", "CorePolicy"));
  // The pattern that ruins backtracking matchers.
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*a*b", std::string(20000, 'a')));
}

TEST(MatchText, RoundTrips) {
  for (const char* text : {"job=node", "alertname=Core*|Pay*,job=\"a,b\"", "a=,b=x", "a=\"q\\\"\\\\\"|y"}) {
    auto match = parse_match(text);
    ASSERT_TRUE(match) << text;
    EXPECT_EQ(match->text(), text);
    auto again = parse_match(match->text());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->labels, match->labels);
  }
  for (const char* bad : {"job", "=x", "a=1,a=2", "a=\"x", "a=\"x\"y", "a=1,b", "a=~1"}) EXPECT_FALSE(parse_match(bad)) << bad;
  EXPECT_TRUE(parse_match(" a = 1 , b = 2 ")->fits(labels({{"a", "1"}, {"b", "2"}})));
}

TEST(MatchFits, AbsentLabelsCountAsEmpty) {
  Match present = *parse_match("system=*"), absent = *parse_match("system="), either = *parse_match("system=|x");
  EXPECT_TRUE(present.fits(labels({{"system", "CORE"}})));
  EXPECT_FALSE(present.fits(labels({})));
  EXPECT_TRUE(absent.fits(labels({})));
  EXPECT_FALSE(absent.fits(labels({{"system", "CORE"}})));
  EXPECT_TRUE(either.fits(labels({})));
  EXPECT_TRUE(Match{}.fits(labels({})));
}

TEST(Rules, NameEveryMistakeWithItsPath) {
  std::vector<std::string> complaints;
  rules_of(Map{{"correlation", "x"},
               {"colour", "red"},
               {"alive_for", Map{{"prometheus", "soon"}}},
               {"rules",
                List{rule("a", {{"window", "-5m"}, {"action", "close"}}), Value(Map{{"key", "B"}, {"action", "open"}}),
                     rule("c", {{"match", Map{{"severity", Map{}}}}, {"group_by", List{"x", "x"}}}), rule("d", {}),
                     rule("d", {{"match", Map{{"a", "b"}}}}),
                     rule("e", {{"service_down", true}, {"action", "suppress"}}), Value("f")}},
               {"maintenance", List{Map{{"key", "m"},
                                        {"match", Map{{"a", "b"}}},
                                        {"from", "2026-03-02T10:00Z"},
                                        {"to", "2026-03-02T09:00Z"},
                                        {"reason", "r"}},
                                    Map{{"key", "n"}, {"from", "yesterday"}, {"to", "2026-03-02T09:00Z"}}}}},
           &complaints);
  for (const char* expected : {"colour: ", "alive_for.prometheus: ", "rules[0].window: ", "rules[0].action: ",
                               "rules[1].key: ", "rules[1].title: ", "rules[2].match.severity: ", "rules[2].group_by: ",
                               "rules[4].key: ", "rules[5].service_down: ", "rules[6]: ", "maintenance[0].to: ",
                               "maintenance[1].match: ", "maintenance[1].from: ", "maintenance[1].reason: "}) {
    EXPECT_TRUE(std::any_of(complaints.begin(), complaints.end(), [&](auto& c) { return c.starts_with(expected); }))
        << expected;
  }
}

TEST(Rules, ARuleThatFitsEverythingMustBeTheLast) {
  std::vector<std::string> complaints;
  rules_of(Map{{"correlation", "x"}, {"rules", List{rule("all", {}), rule("never", {{"match", Map{{"a", "b"}}}})}}},
           &complaints);
  ASSERT_EQ(complaints.size(), 1u);
}

TEST(Rules, VersionFollowsContent) {
  Value one = Map{{"correlation", "x"}, {"rules", List{rule("a", {})}}};
  Value two = Map{{"correlation", "x"}, {"rules", List{rule("a", {{"window", "5m"}})}}};
  EXPECT_EQ(rules_of(one).version, rules_of(one).version);
  EXPECT_NE(rules_of(one).version, rules_of(two).version);
}

TEST(MappingTable, TheMostSpecificRowDecides) {
  auto row = [](const char* id, const char* match, const char* system, int priority = 0) {
    return *mapping_row(id, Map{{"match", match},
                                {"system", system},
                                {"provinces", "浙江、江苏, 上海"},
                                {"board", "infra"},
                                {"priority", priority}});
  };
  Mapping mapping({row("1", "job=*", "ANY"), row("2", "job=node", "NODE"), row("3", "job=node,instance=db*", "DB"),
                   row("4", "team=night", "NIGHT", 9), row("5", "app=*", "{app}-{env}")});
  EXPECT_EQ(mapping.map(labels({{"job", "x"}})).system, "ANY");
  EXPECT_EQ(mapping.map(labels({{"job", "node"}})).system, "NODE");
  EXPECT_EQ(mapping.map(labels({{"job", "node"}, {"instance", "db1"}})).system, "DB");
  EXPECT_EQ(mapping.map(labels({{"job", "node"}, {"instance", "db1"}, {"team", "night"}})).system, "NIGHT");
  EXPECT_EQ(mapping.map(labels({{"app", "POLICY"}, {"env", "prod"}})).system, "POLICY-prod");
  EXPECT_EQ(mapping.map(labels({{"app", "POLICY"}})).system, "");
  EXPECT_EQ(mapping.map(labels({{"x", "y"}})).row, "");
  EXPECT_EQ(mapping.map(labels({{"job", "x"}})).provinces, (std::vector<std::string>{"浙江", "江苏", "上海"}));
  EXPECT_FALSE(mapping_row("6", Map{{"match", ""}}));
  auto single = mapping_row("7", Map{{"label", "job"}, {"value", "a,b"}, {"system", "S"}, {"service_down", true}});
  ASSERT_TRUE(single);
  EXPECT_TRUE(Mapping({*single}).map(labels({{"job", "a,b"}})).service_down);
}

TEST(GroupKey, TellsGroupsApart) {
  Rule rule{.key = "r", .group_by = {"alertname", "cluster"}};
  EXPECT_EQ(group_key(&rule, labels({{"alertname", "X"}, {"instance", "1\n"}})), "r/{alertname=\"X\",cluster=\"\"}");
  EXPECT_NE(group_key(&rule, labels({{"alertname", "X\n"}})), group_key(&rule, labels({{"alertname", "X "}})));
  std::string a(3000, 'a'), b = a;
  b.back() = 'b';
  std::string ka = group_key(&rule, labels({{"alertname", a}})), kb = group_key(&rule, labels({{"alertname", b}}));
  EXPECT_NE(ka, kb);
  EXPECT_LT(ka.size(), 250u);
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "险";
  EXPECT_TRUE(valid_utf8(group_key(&rule, labels({{"alertname", wide}}))));
  EXPECT_EQ(group_key(nullptr, labels({{"alertname", "X"}})), "-/{alertname=\"X\"}");
}

// ---- history -------------------------------------------------------------------------------------------------

const Value one_alert = Map{{"alertname", "X"}};

TEST(HistoryFold, ResolvedBeforeFiringGivesTheSame) {
  History a, b;
  auto fire = firing(one_alert, t0, t0 + minutes(4)), end = resolved(one_alert, t0, t0 + minutes(2));
  a.fold(fire, t0, minutes(5));
  a.fold(end, t0 + minutes(2), minutes(5));
  b.fold(end, t0 + minutes(2), minutes(5));
  EXPECT_FALSE(b.active(t0 + minutes(2)));
  auto change = b.fold(fire, t0 + minutes(3), minutes(5));
  EXPECT_TRUE(change.first_told);
  EXPECT_EQ(a, b);
  EXPECT_FALSE(a.active(t0 + minutes(1)));
  EXPECT_EQ(a.intervals(t0 + hours(1)), (std::vector<Interval>{{t0, t0 + minutes(2)}}));
}

TEST(HistoryFold, SilencePastTheMarkIsAnEnd) {
  History h;
  h.fold(firing(one_alert, t0, t0 + minutes(4)), t0, minutes(5));
  EXPECT_TRUE(h.active(t0 + minutes(4) - milliseconds(1)));
  EXPECT_FALSE(h.active(t0 + minutes(4)));
  EXPECT_EQ(*h.ended_at(t0 + minutes(10)), t0 + minutes(4));
  h.fold(firing(one_alert, t0, t0 + minutes(20)), t0 + minutes(12), minutes(5));  // heard of again
  EXPECT_TRUE(h.active(t0 + minutes(12)));
  EXPECT_EQ(h.intervals(t0 + minutes(12)), (std::vector<Interval>{{t0, std::nullopt}}));
}

TEST(HistoryFold, TwoReplicasOverlap) {
  History h;
  h.fold(firing(one_alert, t0, t0 + minutes(9)), t0, minutes(5));
  h.fold(firing(one_alert, t0 + seconds(7), t0 + minutes(9)), t0 + seconds(7), minutes(5));
  h.fold(resolved(one_alert, t0, t0 + minutes(3)), t0 + minutes(3), minutes(5));
  EXPECT_TRUE(h.active(t0 + minutes(3)));  // the other replica still sees it
  h.fold(resolved(one_alert, t0 + seconds(7), t0 + minutes(5)), t0 + minutes(5), minutes(5));
  EXPECT_EQ(h.intervals(t0 + minutes(6)), (std::vector<Interval>{{t0, t0 + minutes(5)}}));
}

TEST(HistoryFold, ASweepingEndEndsWhatBeganBefore) {
  // Alertmanager keeps one state: when replicas differ it moves the start of the alert back.
  History h;
  h.fold(firing(one_alert, t0 + seconds(7), t0 + hours(6)), t0, minutes(5));
  AlertReport end = resolved(one_alert, t0, t0 + minutes(3));
  end.sweeps = true;
  h.fold(end, t0 + minutes(3), minutes(5));
  EXPECT_FALSE(h.active(t0 + minutes(3)));
  h.fold(firing(one_alert, t0 + minutes(4), t0 + hours(6)), t0 + minutes(4), minutes(5));
  EXPECT_TRUE(h.active(t0 + minutes(4)));
}

TEST(HistoryFold, WithoutAStartTheActiveEpisodeIsMeant) {
  History h;
  AlertReport fire{.source = "generic", .labels = one_alert};
  h.fold(fire, t0, minutes(5));
  h.fold(fire, t0 + minutes(3), minutes(5));
  EXPECT_EQ(h.episodes().size(), 1u);
  EXPECT_TRUE(h.active(t0 + minutes(7)));
  AlertReport end = fire;
  end.ends_at = t0 + minutes(7);
  h.fold(end, t0 + minutes(7), minutes(5));
  EXPECT_EQ(h.intervals(t0 + minutes(8)), (std::vector<Interval>{{t0, t0 + minutes(7)}}));
  EXPECT_FALSE(h.fold(end, t0 + minutes(8), minutes(5)).changed);
}

struct Deliveries {
  std::vector<AlertReport> reports;
};

// Episodes with repeats and ends, of one alert; each may overlap the next, as with two replicas.
Deliveries any_episodes(int count) {
  Deliveries out;
  for (int i = 0; i < count; ++i) {
    Instant from = t0 + minutes(*rc::gen::inRange(0, 30));
    Instant alive = from + minutes(*rc::gen::inRange(1, 20));
    for (int k = *rc::gen::inRange(0, 4); k > 0; --k) {
      out.reports.push_back(firing(one_alert, from, alive));
      alive = alive + minutes(*rc::gen::inRange(1, 5));
    }
    if (*rc::gen::arbitrary<bool>()) {
      out.reports.push_back(resolved(one_alert, from, from + minutes(*rc::gen::inRange(0, 30))));
      out.reports.back().sweeps = *rc::gen::arbitrary<bool>();
    }
  }
  return out;
}

std::vector<AlertReport> shuffled_with_repeats(std::vector<AlertReport> reports) {
  std::size_t n = reports.size();
  for (std::size_t i = 0; i < n; ++i) {
    if (*rc::gen::arbitrary<bool>()) reports.push_back(reports[i]);
  }
  for (std::size_t i = reports.size(); i > 1; --i)
    std::swap(reports[i - 1], reports[*rc::gen::inRange<std::size_t>(0, i)]);
  return reports;
}

TEST(HistoryFold, AnyOrderAndAnyDuplicationGiveTheSameHistory) {
  EXPECT_TRUE(rc::check("folding is commutative and idempotent", [] {
    auto reports = any_episodes(*rc::gen::inRange(1, 7)).reports;
    History in_order, mixed;
    for (const auto& r : reports) in_order.fold(r, t0, minutes(5));
    for (const auto& r : shuffled_with_repeats(reports))
      mixed.fold(r, t0 + minutes(*rc::gen::inRange(0, 90)), minutes(5));
    RC_ASSERT(in_order == mixed);
    Instant when = t0 + minutes(*rc::gen::inRange(0, 120));
    RC_ASSERT(in_order.intervals(when) == mixed.intervals(when));
    RC_ASSERT(History::from_value(mixed.to_value()) == mixed);
  }));
}

TEST(HistoryFold, IntervalsAreApartAndActiveAgreesWithThem) {
  EXPECT_TRUE(rc::check("united intervals are disjoint, in order; only the last may be open", [] {
    History h;
    for (const auto& r : any_episodes(*rc::gen::inRange(1, 7)).reports) h.fold(r, t0, minutes(5));
    Instant when = t0 + minutes(*rc::gen::inRange(0, 120));
    auto intervals = h.intervals(when);
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      if (i + 1 < intervals.size()) {
        RC_ASSERT(intervals[i].to.has_value());
        RC_ASSERT(*intervals[i].to < intervals[i + 1].from);
      }
      if (intervals[i].to) RC_ASSERT(intervals[i].from <= *intervals[i].to);
    }
    bool open = !intervals.empty() && !intervals.back().to;
    RC_ASSERT(open == h.active(when));
  }));
}

TEST(HistoryFold, KeepsTheLatestEpisodesInAnyOrder) {
  std::vector<AlertReport> reports;
  for (int i = 0; i < 80; ++i) reports.push_back(firing(one_alert, t0 + minutes(i), t0 + minutes(i + 1)));
  History forward, backward;
  for (const auto& r : reports) forward.fold(r, t0, minutes(5));
  for (auto it = reports.rbegin(); it != reports.rend(); ++it) backward.fold(*it, t0, minutes(5));
  EXPECT_EQ(forward, backward);
  EXPECT_EQ(forward.episodes().size(), History::kept_max);
  EXPECT_TRUE(forward.fold(reports[0], t0, minutes(5)).stale);
}

TEST(HistoryValue, OddValuesAreLeftOut) {
  EXPECT_TRUE(History::from_value(Value(List{1, "x", List{t0}, Value(List{1, 2, 3, 4})})).episodes().empty());
}

// ---- decisions -----------------------------------------------------------------------------------------------

struct World {
  Policy policy;
  GroupFacts group;
  Facts facts;
  World() {
    policy.rules = rules_of(
        Map{{"correlation", "test"},
            {"urgent", Map{{"severity", List{"critical", "disaster"}}}},
            {"rules", List{rule("watchdog", {{"match", Map{{"alertname", "Watchdog"}}}, {"action", "suppress"}}),
                           rule("held", {{"match", Map{{"alertname", "Slow*"}}}, {"min_for", "10m"}}),
                           rule("down", {{"match", Map{{"alertname", "SystemDown"}}}, {"service_down", true}}),
                           rule("always", {{"match", Map{{"alertname", "Odd"}}}, {"unmapped", "open"}}),
                           rule("never", {{"match", Map{{"alertname", "Chatty"}}}, {"unmapped", "bucket"}}),
                           rule("rest", {{"match", Map{{"severity", List{"warning", "critical"}}}},
                                         {"group_by", List{"alertname"}}})}},
            {"maintenance", List{Map{{"key", "night"},
                                     {"match", Map{{"job", "batch"}}},
                                     {"from", t0},
                                     {"to", t0 + hours(2)},
                                     {"reason", "release"}}}}});
    policy.mapping = Mapping(
        {*mapping_row("m1",
                      Map{{"match", "job=core"}, {"system", "CORE"}, {"provinces", List{"浙江"}}, {"board", "apps"}}),
         *mapping_row("m2", Map{{"match", "job=old"}, {"system", "GONE"}})});
    facts.group = [this](const std::string&) { return group; };
    facts.knows_system = [](const std::string& s) { return s == "CORE"; };
  }
  Decision fire(Map l, Instant now = t0, Known known = {}) const {
    return decide(firing(Value(std::move(l)), t0, now + minutes(4)), policy, known, facts, now);
  }
};

TEST(Decide, OpensWithWhatTheMappingSays) {
  Decision d = World().fire({{"alertname", "X"}, {"severity", "warning"}, {"job", "core"}});
  EXPECT_EQ(d.outcome, Outcome::open);
  EXPECT_EQ(d.mapped.system, "CORE");
  EXPECT_EQ(d.mapped.board, "apps");
  EXPECT_EQ(d.mapped.provinces, std::vector<std::string>{"浙江"});
  EXPECT_FALSE(d.scope_to_confirm);
  EXPECT_FALSE(d.service_down);
  EXPECT_EQ(d.group_key, "rest/{alertname=\"X\"}");
  EXPECT_FALSE(d.reason.zh.empty() || d.reason.en.empty());
}

TEST(Decide, UnmappedWaitsUnlessUrgent) {
  World world;
  Decision warning = world.fire({{"alertname", "X"}, {"severity", "warning"}});
  EXPECT_EQ(warning.outcome, Outcome::unmapped);
  EXPECT_TRUE(warning.scope_to_confirm);
  Decision critical = world.fire({{"alertname", "X"}, {"severity", "critical"}});
  EXPECT_EQ(critical.outcome, Outcome::open);
  EXPECT_TRUE(critical.scope_to_confirm);
  EXPECT_EQ(world.fire({{"alertname", "Odd"}}).outcome, Outcome::open);
  EXPECT_EQ(world.fire({{"alertname", "Chatty"}, {"severity", "critical"}}).outcome, Outcome::unmapped);
  Decision unknown = world.fire({{"alertname", "X"}, {"severity", "warning"}, {"job", "old"}});
  EXPECT_EQ(unknown.outcome, Outcome::unmapped);
  EXPECT_EQ(unknown.mapped.system, "");
  Decision no_rule = world.fire({{"alertname", "X"}, {"severity", "page"}});
  EXPECT_EQ(no_rule.outcome, Outcome::unmapped);
  EXPECT_EQ(no_rule.rule, nullptr);
}

TEST(Decide, JoinsTheOpenTicketOfItsGroup) {
  World world;
  world.group.takes_joins = true;
  EXPECT_EQ(world.fire({{"alertname", "X"}, {"severity", "critical"}, {"job", "core"}}).outcome, Outcome::join);
  EXPECT_EQ(world.fire({{"alertname", "X"}, {"severity", "warning"}}).outcome, Outcome::join);
  EXPECT_EQ(world.fire({{"alertname", "Watchdog"}}).outcome, Outcome::suppress);
}

TEST(Decide, ServiceDownIsARuleSayingSo) {
  EXPECT_TRUE(World().fire({{"alertname", "SystemDown"}, {"job", "core"}}).service_down);
}

TEST(Decide, QuietTimeSuppressesUntilItsEnd) {
  World world;
  Map l{{"alertname", "X"}, {"severity", "critical"}, {"job", "batch"}};
  Decision d = world.fire(l, t0 + minutes(1));
  EXPECT_EQ(d.outcome, Outcome::suppress);
  EXPECT_EQ(d.quiet, "night");
  EXPECT_EQ(*d.again_at, t0 + hours(2));
  Known known{d.history, true, "suppress", d.again_at};
  EXPECT_EQ(world.fire(l, t0 + minutes(2), known).outcome, Outcome::repeat);
  EXPECT_EQ(world.fire(l, t0 + hours(2), known).outcome, Outcome::open);
  // Heard of late, but it lay inside.
  Known ended;
  ended.history.fold(resolved(Value(l), t0, t0 + hours(1)), t0, minutes(5));
  EXPECT_EQ(world.fire(l, t0 + hours(3), ended).outcome, Outcome::suppress);
}

TEST(Decide, MinForHoldsBack) {
  World world;
  Map l{{"alertname", "SlowQuery"}, {"job", "core"}};
  Decision d = world.fire(l, t0 + minutes(1));
  EXPECT_EQ(d.outcome, Outcome::suppress);
  EXPECT_EQ(*d.again_at, t0 + minutes(10));
  Known known{d.history, true, "suppress", d.again_at};
  EXPECT_EQ(world.fire(l, t0 + minutes(10), known).outcome, Outcome::open);
}

TEST(Decide, RepeatsAndEnds) {
  World world;
  Value l = Map{{"alertname", "X"}, {"severity", "warning"}, {"job", "core"}};
  Decision opened = decide(firing(l, t0, t0 + minutes(4)), world.policy, {}, world.facts, t0);
  Known known{opened.history, true, "open", {}};
  Decision again = decide(firing(l, t0, t0 + minutes(5)), world.policy, known, world.facts, t0 + minutes(1));
  EXPECT_EQ(again.outcome, Outcome::repeat);
  EXPECT_FALSE(again.changed);
  Decision end = decide(resolved(l, t0, t0 + minutes(2)), world.policy, known, world.facts, t0 + minutes(2));
  EXPECT_EQ(end.outcome, Outcome::resolve);
  Known over{end.history, false, "open", {}};
  EXPECT_EQ(decide(resolved(l, t0, t0 + minutes(2)), world.policy, over, world.facts, t0 + minutes(3)).outcome,
            Outcome::repeat);
  EXPECT_EQ(decide(firing(l, t0, t0 + minutes(4)), world.policy, over, world.facts, t0 + minutes(3)).outcome,
            Outcome::repeat);
  // Fires again: a new episode.
  EXPECT_EQ(
      decide(firing(l, t0 + minutes(3), t0 + minutes(9)), world.policy, over, world.facts, t0 + minutes(3)).outcome,
      Outcome::open);
}

TEST(Decide, AnEndWithoutABeginningOpensNothingAndTheBeginningComeLateDoes) {
  World world;
  Value l = Map{{"alertname", "X"}, {"severity", "warning"}, {"job", "core"}};
  Decision end = decide(resolved(l, t0, t0 + minutes(2)), world.policy, {}, world.facts, t0 + minutes(2));
  EXPECT_EQ(end.outcome, Outcome::repeat);
  EXPECT_TRUE(end.changed);
  Decision late =
      decide(firing(l, t0, t0 + minutes(4)), world.policy, {end.history, false, "", {}}, world.facts, t0 + minutes(3));
  EXPECT_EQ(late.outcome, Outcome::open);
  EXPECT_FALSE(late.active);
}

}  // namespace
}  // namespace anlan::correlation
