#include "app/rehearse.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/incoming.h"
#include "app/measures.h"
#include "app/plans.h"
#include "app/records.h"
#include "app/reports.h"
#include "app/tickets.h"
#include "base/text.h"

namespace anlan::app {
namespace {

// Sees figures like an insider.
const Principal the_scenario{{}, "scenario", {"records.read"}};

const calendar::Zone& zone() {
  static const calendar::Zone home = calendar::Zone::shanghai();
  return home;
}

// Whether what stands agrees with what the scenario says. Scenario scalars are YAML scalars: times and durations are
// strings there. A map agrees when each member it names agrees.
bool agrees(const Value& expected, const Value& actual) {
  using K = Value::Kind;
  if (expected.is(K::string) && actual.is(K::instant)) {
    auto t = parse_rfc3339(expected.as_string());
    return t && *t == actual.as_instant();
  }
  if (expected.is(K::string) && actual.is(K::duration)) {
    auto d = parse_duration(expected.as_string());
    return d && *d == actual.as_duration();
  }
  if (expected.is(K::map)) {
    if (!actual.is(K::map) && !expected.as_map().empty()) return false;
    for (const auto& [key, v] : expected.as_map())
      if (!agrees(v, actual[key])) return false;
    return true;
  }
  if (expected.is(K::list)) {
    if (!actual.is(K::list) || actual.as_list().size() != expected.as_list().size()) return expected.as_list().empty() && actual.is_null();
    for (std::size_t i = 0; i < expected.as_list().size(); ++i)
      if (!agrees(expected.as_list()[i], actual.as_list()[i])) return false;
    return true;
  }
  if (expected.is(K::boolean) && actual.is_null()) return !expected.as_bool();
  return expected == actual;
}

class Player {
 public:
  // `watching`: what a step brings about is kept for the expectations behind it.
  Player(std::shared_ptr<const engine::Definitions> definitions, Store& store, SimulatedClock& clock, Rehearsal& out, bool watching)
      : definitions_(std::move(definitions)), platform_(store, definitions_, clock), clock_(clock), out_(out), watching_(watching),
        alerts_(rules(*definitions_)) {}

  static correlation::RuleSet rules(const engine::Definitions& definitions) {
    std::vector<correlation::Problem> problems;  // the loader has shown them already
    return load_correlation(definitions, problems);
  }

  Platform& platform() { return platform_; }

  void play(const Value& document) {
    label_ = "plans";
    auto reviewed = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
      ANLAN_CHECK(review_plans(platform_, txn));
      return Value();
    });
    if (!reviewed) fail_step(describe_error(reviewed.error()));
    const List& steps = document["steps"].as_list();
    for (std::size_t i = 0; i < steps.size() && out_.failures.size() < 20; ++i) {
      index_ = i + 1;
      step(steps[i]);
    }
    touch_log();
  }
  void play(const TimedStep& timed) {
    label_ = timed.where;
    run_until(timed.at);
    if (out_.passed) step(timed.step);
  }
  void finish(Instant end) {
    label_ = "until the end";
    run_until(end);
  }

 private:
  void fail_step(const std::string& what) {
    out_.passed = false;
    out_.failures.push_back(fmt::format("step {} ({}): {}", index_, label_, what));
  }

  // "now", "now-30m", "now+1h", an RFC 3339 time, "T 09:30" is not known.
  std::optional<Instant> instant(const Value& v) const {
    if (!v.is(Value::Kind::string)) return {};
    const std::string& s = v.as_string();
    if (s == "now") return clock_.wall();
    if (s.starts_with("now") && s.size() > 4 && (s[3] == '-' || s[3] == '+'))
      if (auto d = parse_duration(std::string_view(s).substr(4))) return s[3] == '-' ? clock_.wall() - *d : clock_.wall() + *d;
    return parse_rfc3339(s);
  }

  // Replaces "now...", and "$name" by the number of a named ticket, anywhere in given fields.
  Value given(const Value& v) const {
    if (v.is(Value::Kind::string)) {
      const std::string& s = v.as_string();
      if (s == "now" || s.starts_with("now-") || s.starts_with("now+"))
        if (auto t = instant(v)) return Value(*t);
      if (s.starts_with("$"))
        if (auto it = names_.find(s.substr(1)); it != names_.end()) return Value(it->second);
      return v;
    }
    if (v.is(Value::Kind::list)) {
      List out;
      for (const Value& one : v.as_list()) out.push_back(given(one));
      return Value(std::move(out));
    }
    if (v.is(Value::Kind::map)) {
      Map out;
      for (const auto& [key, one] : v.as_map()) out.emplace(key, given(one));
      return Value(std::move(out));
    }
    return v;
  }

  Principal principal(const Value& as) const {
    Principal p;
    if (as.as_string().starts_with("machine:")) {
      p.machine = as.as_string().substr(8);
      p.scopes = {"tickets.read", "tickets.write"};
    } else {
      p.person = as.as_string();
    }
    return p;
  }

  std::string number_for(const Value& step) const {
    const auto& on = step["on"].as_string();
    if (on.empty()) return last_;
    auto it = names_.find(on);
    return it == names_.end() ? on : it->second;
  }

  void judge(const Result<Value>& result, const Value& refused) {
    if (refused.is_null() || (refused.is(Value::Kind::boolean) && !refused.as_bool())) {
      if (!result) fail_step("refused: " + describe_error(result.error()));
      return;
    }
    if (result) {
      fail_step("was accepted, though a refusal was expected: " + describe(refused));
      return;
    }
    const Error& error = result.error();
    if (error.code == Code::internal) {
      fail_step("failed: " + error.message);
      return;
    }
    for (const Value& want : refused.as_list()) {
      bool met = false;
      for (const Refusal& refusal : error.refusals)
        met |= (want["code"].is_null() || want["code"].as_string() == refusal.code) &&
               (want["clause"].is_null() || describe(want["clause"]) == refusal.clause) &&
               (want["field"].is_null() || want["field"].as_string() == refusal.field) &&
               (want["requirement"].is_null() || want["requirement"].as_string() == refusal.requirement);
      if (error.refusals.empty())
        met = (want["code"].is_null() || want["code"].as_string() == name(error.code)) &&
              (want["field"].is_null() || want["field"].as_string() == error.field);
      if (want["absent"].as_bool()) {
        if (met) fail_step("refused by what should not stand against it: " + describe(want) + ", got " + describe_error(error));
        continue;
      }
      if (!met) fail_step("expected refusal " + describe(want) + ", got " + describe_error(error));
    }
  }

  static std::string describe_error(const Error& error) {
    if (error.refusals.empty()) return fmt::format("{}: {} {}", name(error.code), error.message, error.field);
    std::string out;
    for (const Refusal& r : error.refusals)
      out += fmt::format("{}[{}{}{}] {}", out.empty() ? "" : "; ", r.code, r.clause.empty() ? "" : " ", r.clause, r.text.zh);
    return out;
  }

  void begin_step() {
    if (!watching_) return;
    auto status = platform_.store().read([&](Reader& reader) -> Status {
      ANLAN_TRY(mark_, reader.last_position());
      return {};
    });
    if (!status) fail_step(status.error().message);
    step_start_ = clock_.wall();
    notices_before_ = notice_counts();
  }

  std::map<std::string, std::size_t> notice_counts() {
    std::map<std::string, std::size_t> counts;
    (void)platform_.read([&](Reader& reader, const World& world) -> Status {
      for (const auto& person : world.directory().parts().people) {
        ANLAN_TRY(std::vector<OutboxRow> rows, reader.outbox_of(person.id, 1000));
        counts[person.id] = rows.size();
      }
      return {};
    });
    return counts;
  }

  void step(const Value& s) {
    if (!s["open"].is_null()) {
      const Value& open = s["open"];
      label_ = "open " + open["process"].as_string();
      out_.touched.insert(open["process"].as_string());
      if (const auto* process = definitions_->process(open["process"].as_string()); process && process->opening())
        out_.touched.insert(process->key + "/" + process->opening()->key);
      begin_step();
      auto result = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
        OpenRequest request{open["process"].as_string(), given(open["fields"]), open["comment"].as_string(), open["drill"].as_bool()};
        if (open["as"].as_string() == "platform") {
          return open_as_platform(platform_, txn, {"platform", true, false}, request);
        }
        return open_ticket(platform_, txn, principal(open["as"]), request);
      });
      judge(result, pick(s, open, "refused"));
      if (result) {
        last_ = (*result)["number"].as_string();
        const Value& called = pick(s, open, "ticket");
        if (called.is(Value::Kind::string)) names_[called.as_string()] = last_;
      }
    } else if (!s["act"].is_null()) {
      const Value& a = s["act"];
      label_ = "act " + a["action"].as_string();
      begin_step();
      std::string number = number_for(a.is_null() || a["on"].is_null() ? s : a);
      touch(number, a["action"].as_string());
      auto result = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
        ActRequest request;
        request.number = number;
        request.action = a["action"].as_string();
        request.fields = given(a["fields"]);
        request.comment = a["comment"].as_string();
        request.as_role = a["role"].as_string();
        return act(platform_, txn, principal(a["as"]), request);
      });
      judge(result, pick(s, a, "refused"));
    } else if (!s["answer"].is_null()) {
      const Value& a = s["answer"];
      label_ = "answer " + a["task"].as_string();
      begin_step();
      std::string number = number_for(a["on"].is_null() ? s : a);
      auto result = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
        ANLAN_TRY(std::optional<TicketRow> row, txn.ticket(number));
        if (!row) return fail(Code::not_found, "no such ticket");
        ANLAN_TRY(engine::Ticket ticket, engine::ticket_from(row->body));
        out_.touched.insert(ticket.process);
        // The first open task of that key that this person is named for, else the first open one.
        std::string id;
        for (const auto& task : ticket.tasks)
          if ((task.key == a["task"].as_string() || task.id == a["task"].as_string()) && (task.state == "open" || task.state == "waiting")) {
            if (!a["item"].is_null() && !agrees(a["item"], task.item)) continue;
            bool mine = std::find(task.assignees.begin(), task.assignees.end(), a["as"].as_string()) != task.assignees.end();
            if (id.empty() || mine) id = task.id;
            if (mine) break;
          }
        if (id.empty()) return fail(Code::not_found, fmt::format("no open task '{}'", a["task"].as_string()));
        return answer_task(platform_, txn, principal(a["as"]), number, id, a["answer"].as_string(), given(a["fields"]), a["comment"].as_string());
      });
      judge(result, pick(s, a, "refused"));
    } else if (!s["record"].is_null()) {
      const Value& r = s["record"];
      label_ = "record " + r["register"].as_string() + "/" + describe(r["id"]);
      begin_step();
      out_.touched.insert("record:" + r["register"].as_string());
      if (r["register"].as_string() == "parameter") out_.touched.insert("parameter:" + describe(r["id"]));
      auto result = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
        RecordWrite write{r["register"].as_string(), describe(r["id"]), given(r["fields"]), r["state"].as_string(), {}, "scenario"};
        if (r["as"].is_null() || r["as"].as_string() == "platform") return write_record_as_platform(platform_, txn, {"platform", true, false}, write);
        return write_record(platform_, txn, principal(r["as"]), write);
      });
      judge(result, pick(s, r, "refused"));
    } else if (!s["parameter"].is_null()) {
      const Value& p = s["parameter"];
      label_ = "parameter " + p["key"].as_string();
      begin_step();
      out_.touched.insert("parameter:" + p["key"].as_string());
      auto result = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
        Map fields{{"value", given(p["value"])}};
        if (!p["approved_by"].is_null()) fields.emplace("approved_by", p["approved_by"]);
        if (!p["reason"].is_null()) fields.emplace("reason", p["reason"]);
        RecordWrite write{"parameter", p["key"].as_string(), Value(std::move(fields)), {}, {}, "scenario"};
        return write_record(platform_, txn, principal(p["as"]), write);
      });
      judge(result, pick(s, p, "refused"));
    } else if (!s["override"].is_null()) {
      const Value& o = s["override"];
      label_ = "override " + o["code"].as_string();
      begin_step();
      std::string number = number_for(o["on"].is_null() ? s : o);
      auto result = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
        if (!o["review"].is_null())
          return override_guard(platform_, txn, principal(o["as"]), number, "review", Value(Map{{"id", o["id"].is_null() ? Value("o1") : o["id"]}, {"review", o["review"]}}));
        ANLAN_TRY(Value proposed, override_guard(platform_, txn, principal(o["as"]), number, "propose",
                                                 Value(Map{{"action", o["action"]}, {"code", o["code"]}, {"reason", o["reason"]}, {"valid_for", o["valid_for"]}})));
        if (o["with"].is_null()) return proposed;
        return override_guard(platform_, txn, principal(o["with"]), number, "approve", Value(Map{{"id", proposed["overrides"].as_list().back()["id"]}}));
      });
      judge(result, pick(s, o, "refused"));
    } else if (!s["alert"].is_null()) {
      label_ = "alert";
      begin_step();
      auto result = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
        return alert(txn, given(s["alert"]));
      });
      if (result && !(*result)["ticket"].is_null()) last_ = (*result)["ticket"].as_string();
      const Value& called = pick(s, s["alert"], "ticket");
      if (result && called.is(Value::Kind::string)) names_[called.as_string()] = last_;
      judge(result, pick(s, s["alert"], "refused"));
    } else if (!s["advance"].is_null()) {
      label_ = "advance " + describe(s["advance"]);
      auto d = parse_duration(s["advance"].as_string());
      if (!d || d->ms < 0) return fail_step("not a duration");
      begin_step();
      run_until(clock_.wall() + *d);
    } else if (!s["at"].is_null()) {
      label_ = "at " + describe(s["at"]);
      auto t = instant(s["at"]);
      if (!t || *t < clock_.wall()) return fail_step("not a time, or in the past of the scenario");
      begin_step();
      run_until(*t);
    } else if (!s["expect"].is_null()) {
      label_ = "expect";
      expect(s["expect"], number_for(s["expect"]["on"].is_null() ? s : s["expect"]));
    } else {
      label_ = "?";
      fail_step("not a step: " + describe(s));
    }
  }

  static const Value& pick(const Value& outer, const Value& inner, const char* key) {
    return outer[key].is_null() ? inner[key] : outer[key];
  }

  void touch(const std::string& number, const std::string& action) {
    (void)platform_.store().read([&](Reader& reader) -> Status {
      ANLAN_TRY(std::optional<TicketRow> row, reader.ticket(number));
      if (row) {
        out_.touched.insert(row->process);
        out_.touched.insert(row->process + "/" + action);
      }
      return {};
    });
  }

  // What ran without being named by a step: actions of the platform by reactions, alerts and clocks, records that they
  // wrote.
  void touch_log() {
    auto status = platform_.store().read([&](Reader& reader) -> Status {
      for (Position after = 0;;) {
        ANLAN_TRY(std::vector<Event> events, reader.events_after(after, 1000));
        if (events.empty()) return {};
        for (const auto& event : events) {
          after = event.position;
          const std::string& action = event.body["action"].as_string();
          if (event.subject.starts_with("ticket:") && !action.empty()) {
            ANLAN_TRY(std::optional<TicketRow> row, reader.ticket(event.subject.substr(7)));
            if (row) out_.touched.insert({row->process, row->process + "/" + action});
          } else if (event.subject.starts_with("record:")) {
            out_.touched.insert(event.subject.substr(0, event.subject.find('/')));
            if (event.subject.starts_with("record:parameter/")) out_.touched.insert("parameter:" + event.subject.substr(17));
          }
        }
      }
    });
    if (!status) fail_step(status.error().message);
  }

  // Time passes: every timer fires at its own instant, in order.
  void run_until(Instant target) {
    for (int guard = 0; guard < 100'000; ++guard) {
      std::vector<TimerRow> due;
      auto status = platform_.store().read([&](Reader& reader) -> Status {
        ANLAN_TRY(std::optional<Instant> next, reader.next_timer());
        if (!next || *next > target) return {};
        if (*next > clock_.wall()) clock_.set(*next);
        ANLAN_TRY(due, reader.due_timers(clock_.wall(), 100));
        return {};
      });
      if (!status) return fail_step(status.error().message);
      if (due.empty()) break;
      std::set<std::string> subjects;
      for (const auto& timer : due) subjects.insert(timer.subject);
      for (const auto& subject : subjects) {
        auto result = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
          if (subject.starts_with("ticket:")) ANLAN_CHECK(fire_due(platform_, txn, subject.substr(7)));
          else if (subject.starts_with("group:")) ANLAN_CHECK(expire(txn));
          else if (subject.starts_with("plan:")) ANLAN_CHECK(review_plan(platform_, txn, subject.substr(5)));
          else ANLAN_CHECK(txn.drop_timer(subject, due.front().name));
          return Value();
        });
        if (!result) return fail_step("a timer failed: " + describe_error(result.error()));
      }
    }
    clock_.set(target);
  }

  // {labels, annotations?, status: firing|resolved, starts_at?, ends_at?}; times default to now.
  Result<Value> alert(Txn& txn, const Value& a) {
    correlation::AlertReport report;
    report.source = a["source"].is_null() ? "scenario" : a["source"].as_string();
    Map labels, annotations;
    for (const auto& [key, v] : a["labels"].as_map()) labels.emplace(key, describe(v));
    for (const auto& [key, v] : a["annotations"].as_map()) annotations.emplace(key, describe(v));
    report.labels = Value(std::move(labels));
    report.annotations = Value(std::move(annotations));
    auto time = [&](const Value& v) -> std::optional<Instant> {
      if (v.is(Value::Kind::instant)) return v.as_instant();
      return parse_rfc3339(v.as_string());
    };
    report.starts_at = time(a["starts_at"]);
    if (!report.starts_at) report.starts_at = clock_.wall();
    if (a["status"].as_string() == "resolved") report.ends_at = time(a["ends_at"]).value_or(clock_.wall());
    else report.alive_until = clock_.wall() + hours(24);
    report.sweeps = true;
    ANLAN_TRY(AlertOutcome outcome, alerts_.ingest(txn, {report}, clock_.wall(), ticket_hooks(platform_, txn, {"machine:scenario", false, true})));
    alerts_.publish(outcome);
    return Value(Map{{"ticket", outcome.tickets.empty() ? Value() : Value(outcome.tickets.front())}});
  }
  Status expire(Txn& txn) {
    ANLAN_TRY(AlertOutcome outcome, alerts_.expire_due(txn, clock_.wall(), ticket_hooks(platform_, txn, {"platform", true, true})));
    alerts_.publish(outcome);
    return {};
  }

  void compare(const std::string& what, const Value& expected, const Value& actual) {
    if (!agrees(expected, actual)) fail_step(fmt::format("{}: expected {}, got {}", what, describe(expected), describe(actual)));
  }

  void expect(const Value& e, const std::string& number) {
    if (!e["measure"].is_null()) {
      for (int turn = 0; turn < 1000; ++turn) {
        auto folded = fold_measures(platform_);
        if (!folded) return fail_step(describe_error(folded.error()));
        if (*folded == 0) break;
      }
    }
    auto status = platform_.read([&](Reader& reader, const World& world) -> Status {
      Principal all;
      Value shown;
      engine::Ticket ticket;
      if (!number.empty()) {
        ANLAN_TRY(std::optional<TicketRow> row, reader.ticket(number));
        if (!row) return fail(Code::not_found, "there is no ticket " + number);
        ANLAN_TRY(ticket, engine::ticket_from(row->body));
      }
      engine::Engine engine(*definitions_, world);
      const auto* process = definitions_->process(ticket.process, ticket.shape);
      Instant now = clock_.wall();
      for (const auto& [key, want] : e.as_map()) {
        if (key == "on") continue;
        if (key == "state") compare("state", want, Value(ticket.state));
        else if (key == "holder") compare("holder", want, Value(ticket.holder));
        else if (key == "closed_ticket") compare("closed", want, Value(!ticket.open));
        else if (key == "severity") {
          Value word = process ? ticket.fields[process->severity] : Value();
          const auto* field = process ? process->field(process->severity) : nullptr;
          bool label = field && field->type.labels.contains(word.as_string()) && field->type.labels.at(word.as_string()).zh == want.as_string();
          if (!label) compare("severity", want, word);
        } else if (key == "fields") {
          for (const auto& [field, v] : want.as_map()) compare("field " + field, given(v), ticket.fields[field]);
        } else if (key == "unset") {
          for (const auto& field : want.as_list())
            if (!ticket.fields[field.as_string()].is_null()) fail_step("field " + field.as_string() + " is set: " + describe(ticket.fields[field.as_string()]));
        } else if (key == "clocks") {
          for (const auto& [clock, parts] : want.as_map()) {
            auto it = ticket.clocks.find(clock);
            if (it == ticket.clocks.end()) {
              if (!(parts["armed"].is(Value::Kind::boolean) && !parts["armed"].as_bool())) fail_step("there is no clock " + clock);
              continue;
            }
            auto reading = engine.reading(ticket, clock, now);
            Map actual{{"armed", it->second.armed},     {"withdrawn", it->second.withdrawn}, {"running", reading.running},
                       {"paused", reading.paused},      {"breached", reading.breached},      {"stopped", reading.stopped},
                       {"remaining", reading.remaining}, {"used", reading.used},             {"provisional", reading.provisional}};
            actual.emplace("due", reading.due ? Value(*reading.due) : it->second.due ? Value(*it->second.due) : Value());
            if (it->second.facts.stopped) actual.emplace("stopped_at", *it->second.facts.stopped);
            if (it->second.facts.anchor) actual.emplace("anchor", *it->second.facts.anchor);
            if (reading.late) actual.emplace("late", *reading.late);
            for (const auto& [part, v] : parts.as_map()) compare("clock " + clock + "." + part, given(v), Value(actual)[part]);
          }
        } else if (key == "tasks") {
          for (const auto& [task, counts] : want.as_map()) {
            std::map<std::string, std::int64_t> actual;
            for (const auto& t : ticket.tasks)
              if (t.key == task) {
                ++actual[t.state];
                if (t.state != "void") ++actual["all"];
                if (!t.answer.empty() && t.state != "void") ++actual[t.answer];
              }
            for (const auto& [state, n] : counts.as_map()) compare("tasks " + task + "." + state, n, Value(actual[state]));
          }
        } else if (key == "decisions") {
          for (const auto& [decision, v] : want.as_map()) {
            auto it = ticket.decisions.find(decision);
            compare("decision " + decision, v, it == ticket.decisions.end() ? Value() : it->second.value);
          }
        } else if (key == "flips") {
          for (const auto& [decision, v] : want.as_map()) {
            auto it = ticket.decisions.find(decision);
            Map actual;
            if (it != ticket.decisions.end() && it->second.flips_at) {
              actual.emplace("at", *it->second.flips_at);
              actual.emplace("to", it->second.flips_to);
            }
            compare("flip of " + decision, given(v), actual.empty() ? Value() : Value(actual));
          }
        } else if (key == "stopwatches") {
          for (const auto& [watch, lanes] : want.as_map()) {
            Map actual;
            for (const auto& lane : engine.stopwatch(ticket, watch, now)) actual.emplace(lane.key, lane.counted);
            compare("stopwatch " + watch, lanes, Value(actual));
          }
        } else if (key == "notified" || key == "not_notified") {
          auto counts = notice_counts();
          for (const auto& person : want.as_list()) {
            bool told = counts[person.as_string()] > notices_before_[person.as_string()];
            if (told != (key == "notified")) fail_step(fmt::format("{} was {}notified in the last step", person.as_string(), told ? "" : "not "));
          }
        } else if (key == "links") {
          for (const auto& [link, n] : want.as_map()) {
            std::int64_t actual = 0;
            for (const auto& l : world.links(number)) actual += l.key == link ? 1 : 0;
            compare("links " + link, n, Value(actual));
          }
        } else if (key == "open" || key == "closed") {
          Principal who = principal(e["for"]);
          auto openings = engine.openings(ticket, who.actor(), now);
          for (const auto& action : want.as_list()) {
            auto it = std::find_if(openings.begin(), openings.end(), [&](const auto& o) { return o.action == action.as_string(); });
            if (it == openings.end()) fail_step("there is no action " + action.as_string());
            else if (it->open != (key == "open"))
              fail_step(fmt::format("action {} is {} for {}{}", it->action, it->open ? "open" : "closed", who.person,
                                    it->refusals.empty() ? "" : ": " + it->refusals.front().text.zh));
          }
        } else if (key == "for") {
          continue;
        } else if (key == "owes") {
          List actual;
          for (const auto& who : ticket.owes) actual.emplace_back(who);
          compare("owes", want, Value(actual));
        } else if (key == "event") {
          bool seen = false;
          ANLAN_TRY(std::vector<Event> events, reader.events_after(mark_, 10'000));
          for (const auto& event : events) seen |= event.kind == want.as_string();
          if (!seen) fail_step("no event " + want.as_string() + " in the last step");
        } else if (key == "record") {
          Value actual = world.record(want["register"].as_string(), describe(given(want["id"])));
          if (want["absent"].as_bool()) {
            if (!actual.is_null()) fail_step("the record exists");
          } else {
            if (actual.is_null()) fail_step("there is no record " + describe(given(want["id"])));
            if (!want["state"].is_null()) compare("record state", want["state"], actual["state"]);
            for (const auto& [field, v] : want["fields"].as_map()) compare("record field " + field, given(v), actual[field]);
          }
        } else if (key == "tickets") {
          for (const auto& [process_key, n] : want.as_map()) {
            TicketQuery query;
            query.process = {process_key};
            query.drill = std::nullopt;
            query.limit = 200;
            Scope scope;
            scope.all = true;
            ANLAN_TRY(Page<TicketRow> page, reader.tickets(query, scope));
            compare("tickets of " + process_key, n, Value(static_cast<std::int64_t>(page.items.size())));
          }
        } else if (key == "obligation") {
          ANLAN_CHECK(expect_obligation(reader, world, want));
        } else if (key == "measure") {
          ANLAN_CHECK(expect_measure(reader, world, want));
        } else if (key == "report") {
          ANLAN_CHECK(expect_report(reader, world, want, number));
        } else if (key == "obligations") {
          for (const auto& [plan, counts] : want.as_map()) {
            ANLAN_TRY(std::vector<PlanMember> members, plan_members(platform_, reader, world, plan));
            std::map<std::string, std::int64_t> actual{{"members", static_cast<std::int64_t>(members.size())}};
            for (const auto& member : members) ++actual[engine::name(member.standing.state)];
            for (const auto& [state, n] : counts.as_map())
              compare("members of " + plan + " " + state, n, Value(actual[state]));
          }
        } else {
          fail_step("expect does not know '" + key + "'");
        }
      }
      return {};
    });
    if (!status) fail_step(status.error().message);
  }

  // {key, subject?, period, value?, count?, met?, frozen?, absent?}
  Status expect_measure(Reader& reader, const World& world, const Value& want) {
    const std::string key = want["key"].as_string(), period = describe(want["period"]);
    out_.touched.insert({"measure:" + key, std::string("parameter:") + measure_grace});
    const std::string subject = want["subject"].is_null() ? "all" : describe(want["subject"]);
    ANLAN_TRY(Value shown, measure_view(platform_, reader, world, the_scenario, key, subject, period, period, 1, {}));
    const List& items = shown["items"].as_list();
    if (want["absent"].as_bool()) {
      if (!items.empty())
        fail_step(fmt::format("measure {} of {} in {} is {}", key, subject, period, describe(items[0]["value"])));
      return {};
    }
    if (items.empty()) {
      fail_step(fmt::format("measure {} has no figure of {} in {}", key, subject, period));
      return {};
    }
    Map actual = items[0].as_map();
    actual.insert_or_assign("frozen", !items[0]["frozen_at"].is_null());
    for (const auto& [part, v] : want.as_map())
      if (part != "key" && part != "period" && part != "subject")
        compare("measure " + key + "." + part, v, Value(actual)[part]);
    return {};
  }

  // {key, as, refused?, says?: [part of a section's text in either language], figures?: {<expression>: value}}, of the
  // ticket that the step is about.
  Status expect_report(Reader& reader, const World& world, const Value& want, const std::string& number) {
    const std::string& key = want["key"].as_string();
    out_.touched.insert("report:" + key);
    auto draft = draft_report(platform_, reader, world, principal(want["as"]), key, number);
    if (want["refused"].as_bool()) {
      if (draft) fail_step(fmt::format("report {} is drafted for {}", key, describe(want["as"])));
      else if (draft.error().code != Code::forbidden && draft.error().code != Code::not_found)
        return std::unexpected(draft.error());
      return {};
    }
    if (!draft) return std::unexpected(draft.error());
    std::string text;
    Map figures;
    for (const Value& section : (*draft)["sections"].as_list()) {
      for (const char* language : {"zh", "en"}) text += section["text"][language].as_string() + "\n";
      for (const Value& figure : section["figures"].as_list())
        figures.insert_or_assign(figure["expression"].as_string(), figure["value"]);
    }
    for (const Value& part : want["says"].as_list())
      if (text.find(part.as_string()) == std::string::npos)
        fail_step(fmt::format("report {} does not say \"{}\": {}", key, part.as_string(), text));
    for (const auto& [expression, v] : want["figures"].as_map()) {
      if (!figures.contains(expression)) fail_step(fmt::format("report {} has no figure {}", key, expression));
      else compare("report " + key + " " + expression, given(v), figures[expression]);
    }
    return {};
  }

  // {plan, member, met?, state?, last?, due?, ticket?, absent?}
  Status expect_obligation(Reader& reader, const World& world, const Value& want) {
    const std::string& plan = want["plan"].as_string();
    out_.touched.insert("plan:" + plan);
    ANLAN_TRY(std::vector<PlanMember> members, plan_members(platform_, reader, world, plan));
    const std::string id = describe(want["member"].is_null() ? Value("") : want["member"]);
    auto it = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.id == id; });
    if (want["absent"].as_bool()) {
      if (it != members.end()) fail_step(fmt::format("{} is under plan {}", id, plan));
      return {};
    }
    if (it == members.end()) {
      fail_step(fmt::format("{} is not under plan {}", id, plan));
      return {};
    }
    Map actual{{"met", it->standing.met}, {"state", engine::name(it->standing.state)}, {"due", it->standing.due}};
    if (it->done.last) actual.emplace("last", *it->done.last);
    if (!it->ticket.empty()) actual.emplace("ticket", it->ticket);
    for (const auto& [part, v] : want.as_map())
      if (part != "plan" && part != "member") compare("obligation " + plan + " " + id + "." + part, given(v), Value(actual)[part]);
    return {};
  }

  std::shared_ptr<const engine::Definitions> definitions_;
  Platform platform_;
  SimulatedClock& clock_;
  Rehearsal& out_;
  bool watching_;
  Alerts alerts_;
  std::map<std::string, std::string> names_;
  std::string last_, label_;
  std::size_t index_ = 0;
  Position mark_ = 0;
  Instant step_start_{};
  std::map<std::string, std::size_t> notices_before_;
};

Result<std::vector<RecordRow>> decode_world(const engine::Definitions& definitions, const Value& world) {
  std::vector<RecordRow> rows;
  for (const auto& [reg, list] : world["records"].as_map()) {
    auto def = definitions.records.find(reg);
    if (def == definitions.records.end()) return fail(Code::invalid, fmt::format("the world speaks of register '{}', which is not declared", reg));
    for (const Value& one : list.as_list()) {
      RecordRow row;
      row.reg = reg;
      row.id = describe(one["id"]);
      auto fields = engine::decode_fields(one["fields"], def->second.fields, fmt::format("{}/{}", reg, row.id), zone());
      if (!fields) return std::unexpected(fields.error());
      row.fields = *fields;
      row.state = !one["state"].is_null() ? one["state"].as_string() : def->second.states.empty() ? "active" : def->second.states.front();
      rows.push_back(std::move(row));
    }
  }
  for (const auto& [key, v] : world["parameters"].as_map()) {
    auto def = definitions.parameters.find(key);
    if (def == definitions.parameters.end()) return fail(Code::invalid, fmt::format("the world sets parameter '{}', which is not declared", key));
    engine::FieldDef field;
    field.key = "value";
    field.type = def->second.type;
    auto value = engine::decode_fields(Value(Map{{"value", v}}), {field}, key, zone());
    if (!value) return std::unexpected(value.error());
    RecordRow row;
    row.reg = "parameter";
    row.id = key;
    row.fields = *value;
    row.state = "active";
    rows.push_back(std::move(row));
  }
  return rows;
}

Status put_rows(Txn& txn, const engine::Definitions& definitions, const std::vector<RecordRow>& rows, Instant at) {
  Map stamps;
  for (RecordRow row : rows) {
    if (auto def = definitions.records.find(row.reg); def != definitions.records.end())
      row.keys = unique_keys(def->second, row.fields);
    ANLAN_TRY(std::optional<RecordRow> stored, txn.record(row.reg, row.id));
    row.version = stored ? stored->version + 1 : 1;
    row.valid_from = at;
    ANLAN_CHECK(txn.put_record(row));
    stamps[row.reg] = Value(stamps[row.reg].as_int() + 1);
  }
  ANLAN_TRY(std::optional<Value> before, txn.setting("platform", "register_generations"));
  Map merged = before ? before->as_map() : Map{};
  for (const auto& [reg, n] : stamps) merged[reg] = Value(merged[reg].as_int() + n.as_int());
  return txn.put_setting("platform", "register_generations", Value(std::move(merged)));
}

}  // namespace

Result<Scenario> scenario_from(const Value& document, const std::string& file) {
  Scenario scenario;
  scenario.file = file;
  scenario.document = document;
  scenario.name = document["scenario"].as_string();
  if (scenario.name.empty()) return fail(Code::invalid, file + ": a scenario needs its sentence under 'scenario'");
  for (const auto& [key, v] : document.as_map())
    if (key != "scenario" && key != "covers" && key != "given" && key != "steps")
      return fail(Code::invalid, fmt::format("{}: '{}' is not known in a scenario", file, key));
  for (const auto& id : document["covers"].as_list()) scenario.covers.push_back(describe(id));
  if (document["steps"].as_list().empty()) return fail(Code::invalid, fmt::format("{}: '{}' has no steps", file, scenario.name));
  if (!parse_rfc3339(document["given"]["at"].as_string()))
    return fail(Code::invalid, fmt::format("{}: '{}' needs given.at as RFC 3339", file, scenario.name));
  return scenario;
}

Result<Stage> Stage::make(std::shared_ptr<const engine::Definitions> definitions, const std::vector<Value>& worlds) {
  auto rows = std::make_shared<std::vector<RecordRow>>();
  // What ships as data stands in every rehearsal: seeds/provinces.yaml says {seed: <register>, records: [...]}.
  std::vector<Value> all;
  for (const auto& [path, document] : definitions->extra)
    if (path.starts_with("seeds/") && !document["seed"].is_null())
      all.push_back(Value(Map{{"records", Value(Map{{document["seed"].as_string(), document["records"]}})}}));
  all.insert(all.end(), worlds.begin(), worlds.end());
  for (const Value& world : all) {
    ANLAN_TRY(std::vector<RecordRow> decoded, decode_world(*definitions, world));
    rows->insert(rows->end(), decoded.begin(), decoded.end());
  }
  Stage stage;
  stage.definitions_ = std::move(definitions);
  stage.rows_ = std::move(rows);
  return stage;
}

Stage Stage::with(std::shared_ptr<const engine::Definitions> definitions) const {
  Stage stage = *this;
  stage.definitions_ = std::move(definitions);
  return stage;
}

Status Stage::set_up(Store& store, Instant at) const {
  auto done = store.write([&](Txn& txn) -> Result<Value> {
    ANLAN_CHECK(put_rows(txn, *definitions_, *rows_, at));
    return Value();
  });
  if (!done) return std::unexpected(done.error());
  return {};
}

Rehearsal Stage::play(const Scenario& scenario, const StoreFactory& factory) const {
  Rehearsal out;
  SimulatedClock clock(*parse_rfc3339(scenario.document["given"]["at"].as_string()));
  auto store = factory(clock);
  if (!store) {
    out.passed = false;
    out.failures.push_back("the store does not open: " + store.error().message);
    return out;
  }
  auto extra = decode_world(*definitions_, scenario.document["given"]);
  if (!extra) {
    out.passed = false;
    out.failures.push_back("given: " + extra.error().message);
    return out;
  }
  auto stage = set_up(**store, clock.wall());
  auto given = (*store)->write([&](Txn& txn) -> Result<Value> {
    ANLAN_CHECK(put_rows(txn, *definitions_, *extra, clock.wall()));
    return Value();
  });
  if (!stage || !given) {
    out.passed = false;
    out.failures.push_back("given: " + (stage ? given.error().message : stage.error().message));
    return out;
  }
  {
    Player player(definitions_, **store, clock, out, true);
    player.play(scenario.document);
  }
  (*store)->stop();
  return out;
}

Status play_steps(std::shared_ptr<const engine::Definitions> definitions, Store& store, const std::vector<TimedStep>& steps, Instant end) {
  if (steps.empty()) return {};
  SimulatedClock clock(steps.front().at);
  Rehearsal out;
  Player player(std::move(definitions), store, clock, out, false);
  for (const TimedStep& step : steps) {
    player.play(step);
    if (!out.passed) return fail(Code::invalid, fmt::format("{} at {}: {}", step.where, format_rfc3339(step.at, 480), out.failures.front()));
  }
  player.finish(end);
  if (!out.passed) return fail(Code::invalid, out.failures.front());
  return {};
}

}  // namespace anlan::app
