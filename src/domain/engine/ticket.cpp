// A ticket as a value and back, and the merge patches that the log keeps.
#include "domain/engine/engine.h"

namespace anlan::engine {
namespace {

Value optional_instant(const std::optional<Instant>& t) { return t ? Value(*t) : Value(); }
std::optional<Instant> instant_of(const Value& v) {
  return v.is(Value::Kind::instant) ? std::optional(v.as_instant()) : std::nullopt;
}
Value text_value(const Text& t) { return Value(Map{{"zh", t.zh}, {"en", t.en}}); }
Value strings(const std::vector<std::string>& in) {
  List out;
  for (const auto& s : in) out.emplace_back(s);
  return Value(std::move(out));
}
std::vector<std::string> strings_of(const Value& v) {
  std::vector<std::string> out;
  for (const auto& s : v.as_list()) out.push_back(s.as_string());
  return out;
}

// Members that are unset, empty or false are left out: a missing member reads as its neutral element.
class Builder {
 public:
  Builder& put(const char* key, Value v) {
    bool neutral = v.is_null() || (v.is(Value::Kind::string) && v.as_string().empty()) ||
                   (v.is(Value::Kind::boolean) && !v.as_bool()) || (v.is(Value::Kind::list) && v.as_list().empty()) ||
                   (v.is(Value::Kind::map) && v.as_map().empty());
    if (!neutral) map_.emplace(key, std::move(v));
    return *this;
  }
  // Of data whose kind is not known here: false, 0 and "" are answers, only null is none.
  Builder& keep(const char* key, const Value& v) {
    if (!v.is_null()) map_.emplace(key, v);
    return *this;
  }
  Value done() { return Value(std::move(map_)); }

 private:
  Map map_;
};

Value spans_value(const std::vector<calendar::Span>& spans) {
  List out;
  for (const auto& s : spans) out.push_back(Builder().put("from", s.from).put("to", optional_instant(s.to)).done());
  return Value(std::move(out));
}

Value clock_value(const ClockState& c) {
  List targets;
  for (const auto& t : c.facts.targets)
    targets.push_back(Builder()
                          .put("since", t.since)
                          .put("amount", Value(t.amount))
                          .put("counting", Value(static_cast<std::int64_t>(t.counting)))
                          .put("calendar", t.calendar)
                          .done());
  return Builder()
      .put("anchor", optional_instant(c.facts.anchor))
      .put("targets", Value(std::move(targets)))
      .put("pauses", spans_value(c.facts.pauses))
      .put("stopped", optional_instant(c.facts.stopped))
      .put("armed", c.armed)
      .put("withdrawn", c.withdrawn)
      .put("due", optional_instant(c.due))
      .put("fired", strings(c.fired))
      .done();
}

ClockState clock_of(const Value& v) {
  ClockState c;
  c.facts.anchor = instant_of(v["anchor"]);
  for (const auto& t : v["targets"].as_list())
    c.facts.targets.push_back({t["since"].as_instant(), t["amount"].as_int(),
                               static_cast<clock::Counting>(t["counting"].as_int()), t["calendar"].as_string()});
  for (const auto& s : v["pauses"].as_list()) c.facts.pauses.push_back({s["from"].as_instant(), instant_of(s["to"])});
  c.facts.stopped = instant_of(v["stopped"]);
  c.armed = v["armed"].as_bool();
  c.withdrawn = v["withdrawn"].as_bool();
  c.due = instant_of(v["due"]);
  c.fired = strings_of(v["fired"]);
  return c;
}

Value task_value(const TaskState& t) {
  return Builder()
      .put("id", t.id)
      .put("key", t.key)
      .keep("item", t.item)
      .put("assignees", strings(t.assignees))
      .put("state", t.state)
      .put("answer", t.answer)
      .put("by", t.by)
      .put("at", optional_instant(t.at))
      .put("due", optional_instant(t.due))
      .put("comment", t.comment)
      .put("fields", t.fields)
      .put("digest", t.digest)
      .put("made", t.made)
      .done();
}

TaskState task_of(const Value& v) {
  TaskState t;
  t.id = v["id"].as_string();
  t.key = v["key"].as_string();
  t.item = v["item"];
  t.assignees = strings_of(v["assignees"]);
  t.state = v["state"].as_string();
  t.answer = v["answer"].as_string();
  t.by = v["by"].as_string();
  t.at = instant_of(v["at"]);
  t.due = instant_of(v["due"]);
  t.comment = v["comment"].as_string();
  t.fields = v["fields"];
  t.digest = v["digest"].as_string();
  t.made = v["made"].as_instant();
  return t;
}

Value decision_value(const DecisionState& d) {
  List rows;
  for (auto r : d.rows) rows.emplace_back(static_cast<std::int64_t>(r));
  return Builder()
      .keep("value", d.value)
      .keep("computed", d.computed)
      .put("rows", Value(std::move(rows)))
      .put("flips_at", optional_instant(d.flips_at))
      .keep("flips_to", d.flips_to)
      .put("since", d.since)
      .done();
}

DecisionState decision_of(const Value& v) {
  DecisionState d;
  d.value = v["value"];
  d.computed = v["computed"];
  for (const auto& r : v["rows"].as_list()) d.rows.push_back(static_cast<std::size_t>(r.as_int()));
  d.flips_at = instant_of(v["flips_at"]);
  d.flips_to = v["flips_to"];
  d.since = v["since"].as_instant();
  return d;
}

Value seat_value(const identity::Seat& s) {
  return Builder()
      .put("role", s.role)
      .put("person", s.person)
      .put("post", s.post)
      .put("board", s.board)
      .put("unit", s.unit)
      .put("since", s.since)
      .put("until", optional_instant(s.until))
      .done();
}

identity::Seat seat_of(const Value& v) {
  identity::Seat s;
  s.role = v["role"].as_string();
  s.person = v["person"].as_string();
  s.post = v["post"].as_string();
  s.board = v["board"].as_string();
  s.unit = v["unit"].as_string();
  s.since = v["since"].as_instant();
  s.until = instant_of(v["until"]);
  return s;
}

Value override_value(const Override& o) {
  return Builder()
      .put("id", o.id)
      .put("action", o.action)
      .put("code", o.code)
      .put("reason", o.reason)
      .put("proposer", o.proposer)
      .put("approver", o.approver)
      .put("reviewer", o.reviewer)
      .put("review", o.review)
      .put("made", o.made)
      .put("expires", optional_instant(o.expires))
      .put("used", optional_instant(o.used))
      .put("reviewed", optional_instant(o.reviewed))
      .done();
}

Override override_of(const Value& v) {
  Override o;
  o.id = v["id"].as_string();
  o.action = v["action"].as_string();
  o.code = v["code"].as_string();
  o.reason = v["reason"].as_string();
  o.proposer = v["proposer"].as_string();
  o.approver = v["approver"].as_string();
  o.reviewer = v["reviewer"].as_string();
  o.review = v["review"].as_string();
  o.made = v["made"].as_instant();
  o.expires = instant_of(v["expires"]);
  o.used = instant_of(v["used"]);
  o.reviewed = instant_of(v["reviewed"]);
  return o;
}

template <class T, class F>
Value list_of(const std::vector<T>& in, F f) {
  List out;
  for (const auto& one : in) out.push_back(f(one));
  return Value(std::move(out));
}
template <class T, class F>
Value map_of(const std::map<std::string, T>& in, F f) {
  Map out;
  for (const auto& [key, one] : in) out.emplace(key, f(one));
  return Value(std::move(out));
}

}  // namespace

bool ClockState::operator==(const ClockState& o) const { return clock_value(*this) == clock_value(o); }

const std::string& Ticket::occupant(std::string_view role) const {
  static const std::string nobody;
  for (auto it = seats.rbegin(); it != seats.rend(); ++it)
    if (it->role == role && !it->until) return it->person;
  return nobody;
}

Value to_value(const Ticket& t) {
  return Builder()
      .put("number", t.number)
      .put("process", t.process)
      .put("shape", Value(t.shape))
      .put("state", t.state)
      .put("open", t.open)
      .put("drill", t.drill)
      .put("opener", t.opener)
      .put("opened_at", t.opened_at)
      .put("updated_at", t.updated_at)
      .put("closed_at", optional_instant(t.closed_at))
      .put("state_since", t.state_since)
      .put("fields", t.fields)
      .put("seats", list_of(t.seats, seat_value))
      .put("clocks", map_of(t.clocks, clock_value))
      .put("decisions", map_of(t.decisions, decision_value))
      .put("tasks", list_of(t.tasks, task_value))
      .put("overrides", list_of(t.overrides, override_value))
      .put("holder", t.holder)
      .put("holder_why", t.holder_why.empty() ? Value() : text_value(t.holder_why))
      .put("owes", strings(t.owes))
      .put("version", Value(t.version))
      .done();
}

Result<Ticket> ticket_from(const Value& v) {
  if (!v.is(Value::Kind::map) || v["number"].as_string().empty() || v["process"].as_string().empty())
    return fail(Code::internal, "a stored ticket lacks its number or process");
  Ticket t;
  t.number = v["number"].as_string();
  t.process = v["process"].as_string();
  t.shape = v["shape"].as_int();
  t.state = v["state"].as_string();
  t.open = v["open"].as_bool();
  t.drill = v["drill"].as_bool();
  t.opener = v["opener"].as_string();
  t.opened_at = v["opened_at"].as_instant();
  t.updated_at = v["updated_at"].as_instant();
  t.closed_at = instant_of(v["closed_at"]);
  t.state_since = v["state_since"].as_instant();
  t.fields = v["fields"].is_null() ? Value(Map{}) : v["fields"];
  for (const auto& s : v["seats"].as_list()) t.seats.push_back(seat_of(s));
  for (const auto& [key, c] : v["clocks"].as_map()) t.clocks.emplace(key, clock_of(c));
  for (const auto& [key, d] : v["decisions"].as_map()) t.decisions.emplace(key, decision_of(d));
  for (const auto& one : v["tasks"].as_list()) t.tasks.push_back(task_of(one));
  for (const auto& one : v["overrides"].as_list()) t.overrides.push_back(override_of(one));
  t.holder = v["holder"].as_string();
  t.holder_why = {v["holder_why"]["zh"].as_string(), v["holder_why"]["en"].as_string()};
  t.owes = strings_of(v["owes"]);
  t.version = v["version"].as_int();
  return t;
}

Value merge_diff(const Value& before, const Value& after) {
  Map patch;
  for (const auto& [key, old] : before.as_map())
    if (after[key].is_null()) patch.emplace(key, Value());
  for (const auto& [key, now] : after.as_map()) {
    const Value& old = before[key];
    if (now.is(Value::Kind::map) && old.is(Value::Kind::map)) {
      Value inner = merge_diff(old, now);
      if (!inner.as_map().empty()) patch.emplace(key, std::move(inner));
    } else if (!(now == old)) {
      patch.emplace(key, now);
    }
  }
  return Value(std::move(patch));
}

Value merge_apply(const Value& before, const Value& patch) {
  if (!patch.is(Value::Kind::map)) return patch;
  Map out = before.as_map();
  for (const auto& [key, change] : patch.as_map()) {
    if (change.is_null()) {
      if (auto it = out.find(key); it != out.end()) out.erase(it);
    } else {
      auto it = out.find(key);
      Value merged = merge_apply(it == out.end() ? Value() : it->second, change);
      out.insert_or_assign(key, std::move(merged));
    }
  }
  return Value(std::move(out));
}

}  // namespace anlan::engine
