#include "app/alerts.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace anlan::app {
namespace {

using correlation::AlertReport;
using correlation::fingerprint;

const Instant t0 = *parse_rfc3339("2026-03-02T09:00:00+08:00");

// As much of a store as alerts need, in maps. What alerts never ask for says so.
class MemoryTxn final : public Txn {
 public:
  std::map<std::string, AlertRow> alerts_;
  std::map<std::pair<std::string, std::string>, Value> settings_;
  std::map<std::pair<std::string, std::string>, Instant> timers_;
  std::map<std::string, std::vector<RecordRow>> records_;
  std::vector<Event> events_;
  std::int64_t generation_ = 0;
  std::int64_t alert_writes_ = 0;

  void add_record(std::string reg, std::string id, Value fields) {
    records_[reg].push_back({.reg = reg, .id = std::move(id), .fields = std::move(fields)});
    ++generation_;
  }

  Result<std::optional<TicketRow>> ticket(const std::string&) override { return unasked(); }
  Result<Page<TicketRow>> tickets(const TicketQuery&, const Scope&) override { return unasked(); }
  Result<bool> visible(const std::string&, const Scope&) override { return unasked(); }
  Result<std::map<std::string, std::int64_t>> count_open(const std::string&, const TicketQuery&,
                                                         const Scope&) override {
    return unasked();
  }
  Result<std::vector<Event>> events_of(const std::string& subject) override {
    std::vector<Event> out;
    std::copy_if(events_.begin(), events_.end(), std::back_inserter(out),
                 [&](auto& e) { return e.subject == subject; });
    return out;
  }
  Result<std::vector<Event>> events_after(Position, int) override { return unasked(); }
  Result<Position> last_position() override { return static_cast<Position>(events_.size()); }
  Result<std::vector<LoggedEvent>> logged_after(Position, int) override { return std::vector<LoggedEvent>{}; }
  Result<std::optional<RecordRow>> record(const std::string& reg, const std::string& id) override {
    for (const RecordRow& r : records_[reg]) {
      if (r.id == id) return std::optional(r);
    }
    return std::optional<RecordRow>();
  }
  Result<std::optional<RecordRow>> record_by_key(const std::string&, const std::string&, const std::string&) override {
    return unasked();
  }
  Result<std::vector<RecordRow>> record_versions(const std::string&, const std::string&) override { return unasked(); }
  Result<std::vector<RecordRow>> records(const std::string& reg, int) override { return records_[reg]; }
  Result<std::int64_t> records_generation() override { return generation_; }
  Result<std::vector<LinkRow>> links_of(const std::string&) override { return unasked(); }
  Result<std::vector<TimerRow>> timers_of(const std::string&) override { return unasked(); }
  Result<std::vector<TimerRow>> due_timers(Instant now, int limit) override {
    std::vector<TimerRow> out;
    for (const auto& [key, due] : timers_) {
      if (due <= now && static_cast<int>(out.size()) < limit) out.push_back({key.first, key.second, due});
    }
    return out;
  }
  Result<std::optional<Instant>> next_timer() override {
    std::optional<Instant> out;
    for (const auto& [key, due] : timers_) {
      if (!out || due < *out) out = due;
    }
    return out;
  }
  Result<std::vector<OutboxRow>> outbox_due(Instant, int) override { return unasked(); }
  Result<std::vector<OutboxRow>> outbox_of(const std::string&, int) override { return unasked(); }
  Result<std::optional<AlertRow>> alert(const std::string& fingerprint) override {
    auto it = alerts_.find(fingerprint);
    return it == alerts_.end() ? std::optional<AlertRow>() : std::optional(it->second);
  }
  Result<std::vector<AlertRow>> alerts_of_group(const std::string& group) override {
    std::vector<AlertRow> out;
    for (const auto& [fp, row] : alerts_) {
      if (row.group == group) out.push_back(row);
    }
    return out;
  }
  Result<Page<AlertRow>> alerts(bool active_only, const std::string& outcome, int limit,
                                const std::string& cursor) override {
    Page<AlertRow> out;
    for (auto it = alerts_.upper_bound(cursor); it != alerts_.end(); ++it) {
      if (active_only && it->second.ends_at) continue;
      if (!outcome.empty() && it->second.outcome != outcome) continue;
      if (static_cast<int>(out.items.size()) == limit) {
        out.next_cursor = out.items.back().fingerprint;
        return out;
      }
      out.items.push_back(it->second);
    }
    return out;
  }
  Result<std::vector<MeasureCell>> measure_cells(const std::string&, const std::string&, const std::string&,
                                                 const std::string&, bool) override {
    return unasked();
  }
  Result<std::optional<MeasureCell>> measure_cell(const std::string&, const std::string&,
                                                  const std::string&) override {
    return unasked();
  }
  Result<Page<MeasureSource>> measure_sources(const std::string&, const std::string&, const std::string&, int,
                                              const std::string&) override {
    return unasked();
  }
  Result<std::vector<MeasureSource>> measure_sources_of(const std::string&, const std::string&) override {
    return unasked();
  }
  Status put_measure_cell(const MeasureCell&) override { return unasked(); }
  Status put_measure_source(const MeasureSource&) override { return unasked(); }
  Status drop_measure_source(const std::string&, const std::string&, Position) override { return unasked(); }
  Status forget_measure(const std::string&) override { return unasked(); }
  Result<std::optional<Value>> setting(const std::string& table, const std::string& key) override {
    auto it = settings_.find({table, key});
    return it == settings_.end() ? std::optional<Value>() : std::optional(it->second);
  }
  Result<std::vector<std::pair<std::string, Value>>> settings(const std::string& table) override {
    std::vector<std::pair<std::string, Value>> out;
    for (const auto& [key, value] : settings_) {
      if (key.first == table) out.emplace_back(key.second, value);
    }
    return out;
  }

  Status attempt(const std::function<Status()>& part) override { return part(); }
  Result<TicketId> insert_ticket(const TicketRow&) override { return unasked(); }
  Status update_ticket(const TicketRow&) override { return unasked(); }
  Result<Position> append(const Event& e) override {
    events_.push_back(e);
    return static_cast<Position>(events_.size());
  }
  Result<std::int64_t> next_number(const std::string&) override { return unasked(); }
  Status put_record(const RecordRow&) override { return unasked(); }
  Status put_link(const LinkRow&) override { return unasked(); }
  Status set_timer(const TimerRow& t) override {
    timers_[{t.subject, t.name}] = t.due;
    return {};
  }
  Status drop_timer(const std::string& subject, const std::string& name) override {
    timers_.erase({subject, name});
    return {};
  }
  Result<bool> enqueue(const OutboxRow&) override { return unasked(); }
  Status update_outbox(const OutboxRow&) override { return unasked(); }
  Status put_alert(const AlertRow& row) override {
    alerts_[row.fingerprint] = row;
    ++alert_writes_;
    return {};
  }
  Status put_setting(const std::string& table, const std::string& key, const Value& value) override {
    if (value.is_null()) {
      settings_.erase({table, key});
    } else {
      settings_[{table, key}] = value;
    }
    return {};
  }
  Result<std::optional<Value>> idempotent(const std::string&, const std::string&) override { return unasked(); }
  Status remember(const std::string&, const std::string&, const Value&, Instant) override { return unasked(); }
  Status forget_idempotent_before(Instant) override { return unasked(); }

 private:
  static std::unexpected<Error> unasked() { return fail(Code::internal, "alerts are not expected to ask for this"); }
};

Value rule(const char* key, Map more) {
  more.insert({{"key", key}, {"title", Map{{"zh", "规则"}, {"en", key}}}});
  if (!more.contains("action")) more.emplace("action", "open");
  return Value(std::move(more));
}

correlation::RuleSet some_rules() {
  std::vector<correlation::Problem> problems;
  auto rules = correlation::load_rules(
      std::vector<Value>{Map{
          {"correlation", "test"},
          {"alive_for", Map{{"otherwise", "5m"}, {"alertmanager", "6h"}}},
          {"rules", List{rule("info", {{"match", Map{{"severity", "info"}}}, {"action", "suppress"}}),
                         rule("slow", {{"match", Map{{"alertname", "Slow"}}}, {"min_for", "10m"}, {"window", "30m"}}),
                         rule("rest", {{"group_by", List{"alertname", "cluster"}}, {"window", "30m"}})}}}},
      problems);
  for (auto& p : problems) ADD_FAILURE() << p.path << " " << p.message;
  return rules;
}

struct Scene {
  MemoryTxn txn;
  Alerts alerts{some_rules()};
  struct Ticket {
    IncidentSeed seed;
    bool open = true;
    std::vector<std::string> told;
    std::vector<Value> values;
  };
  std::map<std::string, Ticket> tickets;
  std::optional<Error> refuse_to_open;
  AlertHooks hooks;
  Instant now = t0;

  Scene() {
    txn.add_record("system", "CORE", Map{{"name", "Core"}});
    txn.add_record("alert_mapping", "m1",
                   Map{{"match", "job=core"}, {"system", "CORE"}, {"provinces", "浙江"}, {"board", "apps"}});
    hooks.open_ticket = [this](const IncidentSeed& seed) -> Result<std::string> {
      if (refuse_to_open) return std::unexpected(*refuse_to_open);
      std::string number = "INC-" + std::to_string(tickets.size() + 1);
      tickets[number].seed = seed;
      return number;
    };
    hooks.tell_ticket = [this](const std::string& number, const std::string& what, const Value& alert) -> Status {
      tickets.at(number).told.push_back(what);
      tickets.at(number).values.push_back(alert);
      return {};
    };
    hooks.ticket_open = [this](const std::string& number) -> Result<bool> { return tickets.at(number).open; };
  }

  AlertOutcome send(std::vector<AlertReport> reports) {
    auto out = alerts.ingest(txn, reports, now, hooks);
    if (!out) {
      ADD_FAILURE() << out.error().message;
      return {};
    }
    alerts.publish(*out);
    return *out;
  }
  AlertOutcome expire() {
    auto out = alerts.expire_due(txn, now, hooks);
    if (!out) {
      ADD_FAILURE() << out.error().message;
      return {};
    }
    alerts.publish(*out);
    return *out;
  }
  // Lets time pass as the scheduler would: every timer fires when it is due.
  void pass(Duration d) {
    Instant until = now + d;
    for (int i = 0; i < 1000; ++i) {
      auto next = *txn.next_timer();
      if (!next || *next > until) break;
      now = std::max(now, *next);
      expire();
    }
    now = until;
  }
  std::vector<std::string> kinds(const Value& labels) {
    std::vector<std::string> out;
    auto events = txn.events_of("alert:" + fingerprint(labels));
    for (const Event& e : *events) out.push_back(e.kind);
    return out;
  }
  const AlertRow& row(const Value& labels) { return txn.alerts_.at(fingerprint(labels)); }
};

using Words = std::vector<std::string>;

Value core(std::string instance, std::string name = "Down") {
  return Map{
      {"alertname", std::move(name)}, {"instance", std::move(instance)}, {"job", "core"}, {"severity", "warning"}};
}
Value stray(std::string instance, std::string severity = "warning") {
  return Map{
      {"alertname", "Down"}, {"instance", std::move(instance)}, {"job", "odd"}, {"severity", std::move(severity)}};
}
AlertReport firing(Value l, Instant from, Instant alive) {
  return {.source = "prometheus",
          .labels = std::move(l),
          .annotations = Map{{"summary", "it is down"}},
          .starts_at = from,
          .alive_until = alive};
}
AlertReport resolved(Value l, Instant from, Instant to) {
  return {.source = "prometheus", .labels = std::move(l), .starts_at = from, .ends_at = to};
}

TEST(Alerts, OpensOneIncidentWithWhatTheMappingSays) {
  Scene s;
  s.now = t0 + seconds(5);
  EXPECT_EQ(s.send({firing(core("a"), t0, t0 + minutes(4))}).opened, 1);
  ASSERT_EQ(s.tickets.size(), 1u);
  Value f = s.tickets["INC-1"].seed.fields();
  EXPECT_EQ(f["title"].as_string(), "it is down");
  EXPECT_EQ(f["source"].as_string(), "monitor");
  EXPECT_EQ(f["system"].as_string(), "CORE");
  EXPECT_EQ(f["provinces"], Value(List{"浙江"}));
  EXPECT_EQ(f["board"].as_string(), "apps");
  EXPECT_FALSE(f["scope_to_confirm"].as_bool());
  EXPECT_FALSE(f["service_down"].as_bool());
  EXPECT_EQ(f["occurred_at"].as_instant(), t0);
  EXPECT_EQ(f["first_alert_at"].as_instant(), t0);
  EXPECT_EQ(s.row(core("a")).outcome, "open");
  EXPECT_EQ(s.row(core("a")).ticket, "INC-1");
  EXPECT_EQ(s.kinds(core("a")), Words{"alert.fired"});
}

TEST(Alerts, TwoHundredIdenticalAlarmsAreOneIncidentWithTheirCount) {
  Scene s;
  for (int i = 0; i < 200; ++i) {
    s.now = t0 + milliseconds(1500 * i);
    std::vector<AlertReport> reports{firing(core("a"), t0, s.now + minutes(4))};
    s.alerts.absorb(reports, s.now);
    if (!reports.empty()) s.send(reports);
  }
  EXPECT_EQ(s.tickets.size(), 1u);
  EXPECT_LT(s.txn.alert_writes_, 8);
  EXPECT_EQ(s.kinds(core("a")), Words{"alert.fired"});
  EXPECT_EQ(s.alerts.describe_alert(s.row(core("a")), s.now)["count"].as_int(), 200);
  auto flushed = s.alerts.flush(s.txn, s.now);
  ASSERT_TRUE(flushed);
  s.alerts.publish(*flushed);
  EXPECT_EQ(s.row(core("a")).count, 200);
  EXPECT_EQ(s.row(core("a")).alive_until, s.now + minutes(4));
  EXPECT_EQ(s.alerts.describe_alert(s.row(core("a")), s.now)["count"].as_int(), 200);
}

TEST(Alerts, RepeatsInOneDeliveryAreCounted) {
  Scene s;
  std::vector<AlertReport> storm(200, firing(core("a"), t0, t0 + minutes(4)));
  s.send(storm);
  EXPECT_EQ(s.tickets.size(), 1u);
  EXPECT_EQ(s.alerts.describe_alert(s.row(core("a")), s.now)["count"].as_int(), 200);
}

TEST(Alerts, OthersOfTheGroupJoinAndTheTicketIsToldOnceADelivery) {
  Scene s;
  s.send({firing(core("a"), t0, t0 + minutes(4))});
  std::vector<AlertReport> storm;
  for (int i = 0; i < 30; ++i) storm.push_back(firing(core("b" + std::to_string(i)), t0, t0 + minutes(4)));
  EXPECT_EQ(s.send(storm).joined, 30);
  EXPECT_EQ(s.tickets.size(), 1u);
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"joined"});
  const Value& told = s.tickets["INC-1"].values[0];
  EXPECT_EQ(told["alerts"].as_list().size(), 20u);
  EXPECT_EQ(told["more"].as_int(), 10);
  EXPECT_EQ(told["active"].as_int(), 31);
  EXPECT_EQ(s.kinds(core("b7")), Words{"alert.joined"});
}

TEST(Alerts, RecoveryIsProposedOnceWhenAllHaveResolved) {
  Scene s;
  s.send({firing(core("a"), t0, t0 + minutes(9)), firing(core("b"), t0, t0 + minutes(9))});
  s.now = t0 + minutes(2);
  s.send({resolved(core("a"), t0, t0 + minutes(1))});
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"joined"});
  s.now = t0 + minutes(3);
  s.send({resolved(core("b"), t0, t0 + minutes(2)), resolved(core("a"), t0, t0 + minutes(1))});
  s.send({resolved(core("b"), t0, t0 + minutes(2))});
  EXPECT_EQ(s.tickets["INC-1"].told, (Words{"joined", "resolved"}));
  EXPECT_EQ(s.tickets["INC-1"].values[1]["resolved_at"].as_instant(), t0 + minutes(2));
  EXPECT_EQ(s.kinds(core("b")), (Words{"alert.joined", "alert.resolved"}));
  // It comes back within the window: the same ticket hears of it, and of its end again.
  s.now = t0 + minutes(10);
  s.send({firing(core("a"), t0 + minutes(9), t0 + minutes(14))});
  s.now = t0 + minutes(12);
  s.send({resolved(core("a"), t0 + minutes(9), t0 + minutes(11))});
  EXPECT_EQ(s.tickets["INC-1"].told, (Words{"joined", "resolved", "fired", "resolved"}));
  EXPECT_EQ(s.tickets.size(), 1u);
  EXPECT_EQ(s.alerts.describe_alert(s.row(core("a")), s.now)["intervals"].as_list().size(), 2u);
}

TEST(Alerts, SilencePastTheMarkCountsAsResolved) {
  Scene s;
  s.send({firing(core("a"), t0, t0 + minutes(4))});
  s.pass(minutes(4) - milliseconds(1));
  EXPECT_TRUE(s.tickets["INC-1"].told.empty());
  s.pass(milliseconds(1));
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"resolved"});
  EXPECT_EQ(*s.row(core("a")).ends_at, t0 + minutes(4));
  // The same episode is heard of again.
  s.now = t0 + minutes(6);
  s.send({firing(core("a"), t0, t0 + minutes(10))});
  EXPECT_EQ(s.tickets["INC-1"].told, (Words{"resolved", "fired"}));
  EXPECT_FALSE(s.row(core("a")).ends_at);
  EXPECT_EQ(s.tickets.size(), 1u);
}

TEST(Alerts, RepeatsKeepItAliveThroughTheTimer) {
  Scene s;
  for (int i = 0; i < 60; ++i) {
    std::vector<AlertReport> reports{firing(core("a"), t0, s.now + minutes(4))};
    s.alerts.absorb(reports, s.now);
    if (!reports.empty()) s.send(reports);
    s.pass(minutes(1));
  }
  EXPECT_TRUE(s.tickets["INC-1"].told.empty());
  EXPECT_EQ(s.kinds(core("a")), Words{"alert.fired"});
  s.pass(minutes(4));
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"resolved"});
  EXPECT_EQ(*s.row(core("a")).ends_at, t0 + minutes(59 + 4));
}

TEST(Alerts, AfterTheWindowANewIncidentAndNothingIsLeftBehind) {
  Scene s;
  s.send({firing(core("a"), t0, t0 + minutes(4))});
  s.now = t0 + minutes(1);
  s.send({resolved(core("a"), t0, t0 + minutes(1))});
  s.pass(minutes(29));
  s.send({firing(core("b"), s.now, s.now + minutes(4))});
  EXPECT_EQ(s.tickets.size(), 1u);
  s.pass(minutes(4 + 31));
  EXPECT_TRUE(s.txn.timers_.empty());
  EXPECT_TRUE(s.txn.settings_.empty());
  s.send({firing(core("a"), s.now, s.now + minutes(4))});
  EXPECT_EQ(s.tickets.size(), 2u);
  EXPECT_NE(s.row(core("a")).group, s.row(core("b")).group);
}

TEST(Alerts, AClosedTicketTakesNoJoinsAndWhatStandsGoesAlong) {
  Scene s;
  s.send({firing(core("a"), t0, t0 + hours(1)), firing(core("b"), t0, t0 + hours(1))});
  s.tickets["INC-1"].open = false;
  s.now = t0 + minutes(1);
  s.send({firing(core("a"), t0, t0 + hours(1))});  // a repeat opens nothing
  EXPECT_EQ(s.tickets.size(), 1u);
  s.send({firing(core("c"), t0 + minutes(1), t0 + hours(1))});
  ASSERT_EQ(s.tickets.size(), 2u);
  EXPECT_EQ(s.row(core("a")).ticket, "INC-2");
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"joined"});
  EXPECT_EQ(s.tickets["INC-2"].values[0]["active"].as_int(), 3);
  s.now = t0 + minutes(2);
  s.send({resolved(core("a"), t0, s.now), resolved(core("b"), t0, s.now), resolved(core("c"), t0 + minutes(1), s.now)});
  EXPECT_EQ(s.tickets["INC-2"].told, (Words{"joined", "resolved"}));
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"joined"});
}

TEST(Alerts, UnmappedWaitsInTheBucketUntilItsGroupHasATicket) {
  Scene s;
  EXPECT_EQ(s.send({firing(stray("x"), t0, t0 + hours(1))}).unmapped, 1);
  EXPECT_TRUE(s.tickets.empty());
  EXPECT_EQ(s.kinds(stray("x")), Words{"alert.unmapped"});
  s.send({firing(core("a"), t0, t0 + hours(1))});
  EXPECT_EQ(s.row(stray("x")).ticket, "INC-1");
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"joined"});
  s.now = t0 + minutes(1);
  s.send({resolved(core("a"), t0, s.now)});
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"joined"});
  s.send({resolved(stray("x"), t0, s.now)});
  EXPECT_EQ(s.tickets["INC-1"].told, (Words{"joined", "resolved"}));
}

TEST(Alerts, AnUrgentUnmappedOneOpensWithItsScopeToBeConfirmed) {
  Scene s;
  s.send({firing(stray("x", "critical"), t0, t0 + hours(1))});
  ASSERT_EQ(s.tickets.size(), 1u);
  Value f = s.tickets["INC-1"].seed.fields();
  EXPECT_TRUE(f["scope_to_confirm"].as_bool());
  EXPECT_TRUE(f["system"].is_null());
  EXPECT_FALSE(f["service_down"].as_bool());
}

TEST(Alerts, ReplayShowsWhatANewMappingChangesAndAppliesItToTheBucket) {
  Scene s;
  s.send({firing(stray("x"), t0, t0 + hours(1)), firing(stray("y"), t0, t0 + hours(1)),
          firing(core("z", "Other"), t0, t0 + hours(1))});
  EXPECT_EQ(s.tickets.size(), 1u);
  s.now = t0 + minutes(1);
  auto before = s.alerts.replay(s.txn, {}, false, s.now, s.hooks);
  ASSERT_TRUE(before);
  EXPECT_TRUE(before->differences.empty());
  EXPECT_EQ(before->looked_at, 3);
  s.txn.add_record("alert_mapping", "m2", Map{{"match", "job=odd"}, {"system", "CORE"}});
  auto preview = s.alerts.replay(s.txn, {}, false, s.now, s.hooks);
  ASSERT_TRUE(preview);
  ASSERT_EQ(preview->differences.size(), 2u);
  EXPECT_EQ(preview->differences[0]["was"].as_string(), "unmapped");
  EXPECT_EQ(preview->differences[0]["would_be"].as_string(), "open");
  EXPECT_FALSE(preview->differences[0]["applied"].as_bool());
  EXPECT_EQ(s.tickets.size(), 1u);
  auto applied = s.alerts.replay(s.txn, {.outcome = "unmapped"}, true, s.now, s.hooks);
  ASSERT_TRUE(applied);
  EXPECT_EQ(s.tickets.size(), 2u);
  EXPECT_EQ(applied->outcome.opened, 1);
  EXPECT_EQ(s.row(stray("x")).ticket, "INC-2");
  EXPECT_EQ(s.row(stray("y")).ticket, "INC-2");
  for (const Value& d : applied->differences) EXPECT_TRUE(d["applied"].as_bool());
  auto after = s.alerts.replay(s.txn, {}, false, s.now, s.hooks);
  ASSERT_TRUE(after);
  for (const Value& d : after->differences) EXPECT_NE(d["was"].as_string(), "unmapped");
}

TEST(Alerts, SuppressedOnesAreSeenAndOpenNothing) {
  Scene s;
  Value l = core("a").with("severity", "info");
  EXPECT_EQ(s.send({firing(l, t0, t0 + minutes(4))}).suppressed, 1);
  EXPECT_TRUE(s.tickets.empty());
  EXPECT_EQ(s.kinds(l), Words{"alert.suppressed"});
  EXPECT_FALSE(s.row(l).reason["zh"].as_string().empty());
  s.pass(hours(2));
  EXPECT_EQ(s.kinds(l), (Words{"alert.suppressed", "alert.resolved"}));
  EXPECT_TRUE(s.txn.timers_.empty());
}

TEST(Alerts, AQuietTimeEndsAndWhatStillStandsOpens) {
  Scene s;
  s.txn.add_record("alert_quiet", "q",
                   Map{{"match", "job=core"}, {"from", t0 - hours(1)}, {"to", t0 + hours(1)}, {"reason", "换盘"}});
  s.send({firing(core("a"), t0, t0 + hours(3)), firing(core("b"), t0, t0 + minutes(10))});
  EXPECT_TRUE(s.tickets.empty());
  s.pass(minutes(59));
  EXPECT_TRUE(s.tickets.empty());
  s.pass(minutes(1));
  ASSERT_EQ(s.tickets.size(), 1u);
  EXPECT_EQ(s.row(core("a")).ticket, "INC-1");
  EXPECT_EQ(s.row(core("b")).ticket, "");
  EXPECT_EQ(s.tickets["INC-1"].seed.occurred_at, t0);
}

TEST(Alerts, MinForOpensByItsTimerWithoutARepeat) {
  Scene s;
  s.send({firing(core("a", "Slow"), t0, t0 + hours(1)),
          firing(core("b", "Slow").with("cluster", "z"), t0, t0 + minutes(5))});
  EXPECT_TRUE(s.tickets.empty());
  s.pass(minutes(10));
  ASSERT_EQ(s.tickets.size(), 1u);
  EXPECT_EQ(s.row(core("a", "Slow")).ticket, "INC-1");
}

TEST(Alerts, ARefusedTicketPutsTheAlertIntoTheBucketAndTheOthersGoOn) {
  Scene s;
  s.refuse_to_open = Error{Code::refused, "the process says no", {}, {}};
  auto out = s.send(
      {firing(core("a"), t0, t0 + hours(1)), firing(core("b", "Other").with("severity", "info"), t0, t0 + hours(1))});
  EXPECT_EQ(out.unmapped, 1);
  EXPECT_EQ(out.suppressed, 1);
  EXPECT_NE(s.row(core("a")).reason["en"].as_string().find("the process says no"), std::string::npos);
  s.refuse_to_open = Error{Code::no_space, "disk", {}, {}};
  auto failed = s.alerts.ingest(s.txn, {firing(core("c", "Third"), t0, t0 + hours(1))}, s.now, s.hooks);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::no_space);
}

TEST(Alerts, ALateBeginningOpensAndProposesRecoveryAtOnce) {
  Scene s;
  s.now = t0 + minutes(3);
  s.send({resolved(core("a"), t0, t0 + minutes(2))});
  EXPECT_TRUE(s.tickets.empty());
  s.send({firing(core("a"), t0, t0 + minutes(4))});
  EXPECT_EQ(s.tickets.size(), 1u);
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"resolved"});
  EXPECT_EQ(*s.row(core("a")).ends_at, t0 + minutes(2));
}

TEST(Alerts, MergedTicketsTakeTheirGroupsAlong) {
  Scene s;
  s.send({firing(core("a"), t0, t0 + hours(1)), firing(core("b", "Other"), t0, t0 + hours(1))});
  ASSERT_EQ(s.tickets.size(), 2u);
  ASSERT_TRUE(s.alerts.move_groups(s.txn, "INC-2", "INC-1"));
  s.tickets["INC-2"].open = false;
  s.now = t0 + minutes(1);
  s.send({resolved(core("b", "Other"), t0, s.now)});
  EXPECT_EQ(s.tickets["INC-1"].told, Words{"resolved"});
}

TEST(Alerts, TheConsoleListsGroupsAndTheirAlerts) {
  Scene s;
  s.send({firing(core("a"), t0, t0 + hours(1)), firing(core("b"), t0, t0 + hours(1)),
          firing(stray("x"), t0, t0 + hours(1))});
  auto groups = s.alerts.groups(s.txn);
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->as_list().size(), 1u);
  const Value& group = groups->as_list()[0];
  EXPECT_EQ(group["ticket"].as_string(), "INC-1");
  EXPECT_EQ(group["active"].as_int(), 3);
  EXPECT_EQ(group["total"].as_int(), 3);
  auto list = s.alerts.alerts_of_group(s.txn, group["group"].as_string(), s.now);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->as_list().size(), 3u);
  for (const Value& alert : list->as_list()) EXPECT_FALSE(alert["reason"]["en"].as_string().empty());
}

TEST(Liveness, OnlyPlainRepeatsAreAbsorbed) {
  Scene s;
  auto gone = [&](AlertReport r) {
    std::vector<AlertReport> one{std::move(r)};
    return s.alerts.absorb(one, s.now) == 1;
  };
  EXPECT_FALSE(gone(firing(core("a"), t0, t0 + minutes(4))));  // never heard of
  s.send({firing(core("a"), t0, t0 + minutes(4))});
  EXPECT_TRUE(gone(firing(core("a"), t0, t0 + minutes(5))));
  EXPECT_FALSE(gone(firing(core("a"), t0, t0 + minutes(9))));  // too much would rest on memory alone
  EXPECT_FALSE(gone(firing(core("a"), t0 + minutes(1), t0 + minutes(4))));
  EXPECT_FALSE(gone(resolved(core("a"), t0, t0 + minutes(1))));
  s.send({resolved(core("a"), t0, t0 + minutes(1))});
  EXPECT_FALSE(gone(firing(core("a"), t0, t0 + minutes(4))));
  EXPECT_EQ(s.alerts.liveness().size(), 0u);
}

// ---- any order, any duplication --------------------------------------------------------------------------------

// What must come out the same: of each alert its intervals and which alerts share its incident.
struct Fold {
  std::map<std::string, std::vector<std::pair<std::int64_t, std::int64_t>>> intervals;
  std::set<std::set<std::string>> incidents;
  std::map<std::string, bool> active;
  bool operator==(const Fold&) const = default;
};

// The reference: knows nothing of arrival. An alert belongs to its group's incident if a firing report of it exists and
// some alert of the group is mapped; intervals are the united episodes.
Fold reference(const std::vector<AlertReport>& reports, Instant at) {
  struct One {
    Value labels;
    std::map<Instant, std::pair<std::optional<Instant>, std::optional<Instant>>> episodes;  // from -> {to, alive}
    bool fired = false;
  };
  std::map<std::string, One> all;
  for (const AlertReport& r : reports) {
    One& one = all[fingerprint(r.labels)];
    one.labels = r.labels;
    auto& [to, alive] = one.episodes[*r.starts_at];
    if (r.firing()) {
      one.fired = true;
      if (!alive || *alive < *r.alive_until) alive = r.alive_until;
    } else if (!to || *to < *r.ends_at) {
      to = r.ends_at;
    }
  }
  Fold out;
  std::map<std::string, std::set<std::string>> groups;
  std::map<std::string, bool> mapped;
  for (const auto& [fp, one] : all) {
    auto& spans = out.intervals[fp];
    for (const auto& [from, ends] : one.episodes) {
      std::int64_t to = ends.first ? ends.first->ms : ends.second->ms <= at.ms ? ends.second->ms : INT64_MAX;
      if (!spans.empty() && spans.back().second >= from.ms) {
        spans.back().second = std::max(spans.back().second, to);
      } else {
        spans.push_back({from.ms, to});
      }
    }
    out.active[fp] = spans.back().second == INT64_MAX;
    if (!one.fired) continue;
    std::string key = one.labels["alertname"].as_string() + "/" + one.labels["cluster"].as_string();
    groups[key].insert(fp);
    mapped[key] =
        mapped[key] || one.labels["job"].as_string() == "core" || one.labels["severity"].as_string() == "critical";
  }
  for (const auto& [key, members] : groups) {
    if (mapped[key]) out.incidents.insert(members);
  }
  return out;
}

Fold outcome_of(Scene& s, const std::vector<AlertReport>& reports, Instant at) {
  Fold out;
  std::map<std::string, std::set<std::string>> tickets;
  for (const auto& [fp, row] : s.txn.alerts_) {
    auto& spans = out.intervals[fp];
    Value described = s.alerts.describe_alert(row, at);
    for (const Value& i : described["intervals"].as_list())
      spans.push_back({i["from"].as_instant().ms, i["to"].is_null() ? INT64_MAX : i["to"].as_instant().ms});
    out.active[fp] = described["active"].as_bool();
    if (!row.ticket.empty()) tickets[row.ticket].insert(fp);
  }
  for (const auto& [number, members] : tickets) out.incidents.insert(members);
  (void)reports;
  return out;
}

std::vector<AlertReport> any_reports() {
  std::vector<AlertReport> out;
  int alerts = *rc::gen::inRange(1, 6);
  for (int a = 0; a < alerts; ++a) {
    Value l = *rc::gen::arbitrary<bool>()
                  ? core("i" + std::to_string(a))
                  : stray("i" + std::to_string(a), *rc::gen::element<std::string>("warning", "critical"));
    l = l.with("alertname", *rc::gen::element<std::string>("Down", "Slowish"))
            .with("cluster", *rc::gen::element<std::string>("", "east"));
    if (l["cluster"].as_string().empty()) l = l.with("cluster", {});
    for (int e = *rc::gen::inRange(1, 4); e > 0; --e) {
      // Starts lie before the first arrival and marks behind the last, so that every delivery is inside the window.
      Instant from = t0 - seconds(*rc::gen::inRange(1, 600));
      for (int k = *rc::gen::inRange(0, 3); k > 0; --k)
        out.push_back(firing(l, from, t0 + minutes(20 + *rc::gen::inRange(0, 9))));
      if (*rc::gen::inRange(0, 3) > 0) out.push_back(resolved(l, from, from + seconds(*rc::gen::inRange(0, 600))));
    }
  }
  return out;
}

TEST(AlertsProperty, AnyOrderAndDuplicationInsideTheWindowGiveTheSame) {
  EXPECT_TRUE(rc::check("fingerprints, intervals and membership do not depend on order, duplication or batching", [] {
    std::vector<AlertReport> reports = any_reports();
    if (reports.empty()) return;
    Instant at = t0 + minutes(15);
    Fold expected = reference(reports, at);

    std::size_t n = reports.size();
    for (std::size_t i = 0; i < n; ++i) {
      if (*rc::gen::arbitrary<bool>()) reports.push_back(reports[i]);
    }
    for (std::size_t i = reports.size(); i > 1; --i)
      std::swap(reports[i - 1], reports[*rc::gen::inRange<std::size_t>(0, i)]);
    Scene s;
    for (std::size_t i = 0; i < reports.size();) {
      std::size_t k = std::min(reports.size() - i, *rc::gen::inRange<std::size_t>(1, 5));
      std::vector<AlertReport> batch(reports.begin() + static_cast<std::ptrdiff_t>(i),
                                     reports.begin() + static_cast<std::ptrdiff_t>(i + k));
      i += k;
      if (*rc::gen::arbitrary<bool>()) s.alerts.absorb(batch, s.now);
      s.send(batch);
      if (*rc::gen::inRange(0, 4) == 0) s.expire();
      s.now = s.now + seconds(*rc::gen::inRange(0, 6));
    }
    Fold got = outcome_of(s, reports, at);
    RC_ASSERT(got.intervals == expected.intervals);
    RC_ASSERT(got.active == expected.active);
    RC_ASSERT(got.incidents == expected.incidents);
    // The last word on the state of its alerts is "resolved" exactly when nothing of the ticket stands.
    for (const auto& [number, ticket] : s.tickets) {
      bool standing = false;
      for (const auto& [fp, row] : s.txn.alerts_) standing = standing || (row.ticket == number && !row.ends_at);
      Words told = ticket.told;
      std::erase(told, "joined");  // who comes late and is over already changes nothing
      RC_ASSERT((!told.empty() && told.back() == "resolved") == !standing);
    }
    // And in the end nothing is left to do.
    s.pass(hours(3));
    RC_ASSERT(s.txn.timers_.empty());
    RC_ASSERT(s.txn.settings_.empty());
  }));
}

}  // namespace
}  // namespace anlan::app
