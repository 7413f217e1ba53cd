// The names that definitions may use, and the one list of functions of the house.
#include <algorithm>

#include "domain/engine/facts.h"
#include "domain/engine/obligation.h"

namespace anlan::engine {
namespace {
using expr::Call;
using expr::Function;
using expr::Type;
using K = expr::Type::Kind;

const TicketFacts& facts(const Call& call) { return static_cast<const TicketFacts&>(call.facts); }
const Type any = Type::of(K::any), boolean = Type::of(K::boolean), integer = Type::of(K::integer),
           string = Type::of(K::string), timestamp = Type::of(K::timestamp), duration = Type::of(K::duration),
           stopwatch = Type::of(K::stopwatch);

// Working days are those of the calendar the installation names in the parameter `home_calendar`; without one, of the
// first calendar that knows holidays. Null when no calendar is loaded at all.
const calendar::WorkCalendar* home(const World& world) {
  const std::string& key = world.parameters()["home_calendar"].as_string();
  return world.calendar(key.empty() ? "cn" : key);
}
Value field_of(const World& world, const std::string& reg, const std::string& id, const std::string& field) {
  Value record = world.record(reg, id);
  return record.is_null() ? Value() : record[field];
}

// Functions that need only the world: usable over tickets and over records.
template <class Facts>
std::vector<Function> world_functions() {
  auto world = [](const Call& call) -> const World& { return static_cast<const Facts&>(call.facts).world(); };
  std::vector<Function> out;
  auto add = [&](std::string name, std::vector<Type> parameters, Type result, std::set<std::string> reads, auto apply) {
    out.push_back({std::move(name), std::move(parameters), 0, std::move(result), std::move(reads), false, std::move(apply)});
  };
  add("workdays_between", {timestamp, timestamp}, integer, {"calendar"}, [world](const Call& c) -> Value {
    const auto* cal = home(world(c));
    return cal ? Value(cal->workdays_between(c.args[0].as_instant(), c.args[1].as_instant())) : Value();
  });
  add("workdays_before", {timestamp, integer}, timestamp, {"calendar"}, [world](const Call& c) -> Value {
    const auto* cal = home(world(c));
    auto n = c.args[1].as_int();
    return cal && n >= 1 && n <= 2000 ? Value(cal->end_of_workday_before(c.args[0].as_instant(), static_cast<int>(n))) : Value();
  });
  add("workdays_after", {timestamp, integer}, timestamp, {"calendar"}, [world](const Call& c) -> Value {
    const auto* cal = home(world(c));
    auto n = c.args[1].as_int();
    return cal && n >= 1 && n <= 2000 ? Value(cal->end_of_workday_after(c.args[0].as_instant(), static_cast<int>(n))) : Value();
  });
  add("days_after", {timestamp, integer}, timestamp, {"calendar"}, [world](const Call& c) -> Value {
    const auto* cal = home(world(c));
    auto n = c.args[1].as_int();
    return cal && n >= 0 && n <= 40000 ? Value(cal->end_of_day_after(c.args[0].as_instant(), static_cast<int>(n))) : Value();
  });
  add("months_after", {timestamp, integer}, timestamp, {"calendar"}, [world](const Call& c) -> Value {
    const auto* cal = home(world(c));
    auto n = c.args[1].as_int();
    return cal && n >= -1200 && n <= 1200 ? Value(cal->add_months(c.args[0].as_instant(), static_cast<int>(n))) : Value();
  });
  add("business_time", {string, timestamp, timestamp}, duration, {"calendar"}, [world](const Call& c) -> Value {
    const auto* cal = world(c).calendar(c.args[0].as_string());
    return cal ? Value(cal->business_between(c.args[1].as_instant(), c.args[2].as_instant())) : Value();
  });
  add("in_hours", {string, timestamp}, boolean, {"calendar"}, [world](const Call& c) -> Value {
    const auto* cal = world(c).calendar(c.args[0].as_string());
    return cal ? Value(cal->is_open(c.args[1].as_instant())) : Value();
  });
  add("opens_after", {string, timestamp}, timestamp, {"calendar"}, [world](const Call& c) -> Value {
    const auto* cal = world(c).calendar(c.args[0].as_string());
    if (!cal) return {};
    Instant t = c.args[1].as_instant();
    return cal->is_open(t) ? Value(t) : Value(cal->next_boundary(t));
  });
  add("same_year", {timestamp, timestamp}, boolean, {"calendar"}, [world](const Call& c) -> Value {
    const auto& zone = home_zone(world(c));
    return calendar::parts(zone.day_of(c.args[0].as_instant())).year == calendar::parts(zone.day_of(c.args[1].as_instant())).year;
  });
  add("lookup", {string, string, string}, any, {"records"}, [world](const Call& c) -> Value {
    return field_of(world(c), c.args[0].as_string(), c.args[1].as_string(), c.args[2].as_string());
  });
  add("exists_record", {string, string}, boolean, {"records"}, [world](const Call& c) -> Value {
    return !world(c).record(c.args[0].as_string(), c.args[1].as_string()).is_null();
  });
  add("records_where", {string, string, any}, Type::list_of(string), {"records"}, [world](const Call& c) -> Value {
    List ids;
    for (const Value& r : world(c).records(c.args[0].as_string()))
      if (r[c.args[1].as_string()] == c.args[2]) ids.push_back(r["id"]);
    return Value(std::move(ids));
  });
  add("internal", {string}, boolean, {"directory"}, [world](const Call& c) -> Value {
    return world(c).directory().is_internal(c.args[0].as_string());
  });
  add("unit_of", {string}, string, {"directory"}, [world](const Call& c) -> Value {
    const auto* person = world(c).directory().person(c.args[0].as_string());
    return person && !person->unit.empty() ? Value(person->unit) : Value();
  });
  add("obligation_met", {string, string}, boolean, {"plans"}, [world](const Call& c) -> Value {
    const auto& f = static_cast<const Facts&>(c.facts);
    auto plan = f.definitions().plans.find(c.args[0].as_string());
    if (plan == f.definitions().plans.end()) return {};
    const Fulfilment done = fulfilment_from(world(c).obligation(c.args[0].as_string(), c.args[1].as_string()));
    const Standing now = standing(plan->second, done, f.now(), home_zone(world(c)));
    return now.met;
  });
  return out;
}

std::vector<const TaskState*> tasks_of(const Call& call) {
  std::vector<const TaskState*> out;
  if (const Ticket* ticket = facts(call).ticket())
    for (const TaskState& task : ticket->tasks)
      if (task.key == call.args[0].as_string() && task.state != "void") out.push_back(&task);
  return out;
}

template <class Predicate>
Value count_tasks(const Call& call, Predicate predicate) {
  auto tasks = tasks_of(call);
  return static_cast<std::int64_t>(std::count_if(tasks.begin(), tasks.end(), predicate));
}

std::vector<Function> ticket_functions() {
  std::vector<Function> out = world_functions<TicketFacts>();
  auto add = [&](std::string name, std::vector<Type> parameters, Type result, std::set<std::string> reads, auto apply) {
    out.push_back({std::move(name), std::move(parameters), 0, std::move(result), std::move(reads), false, std::move(apply)});
  };
  add("holds", {string, string}, boolean, {"directory"}, [](const Call& c) -> Value {
    const auto& f = facts(c);
    for (const auto& held : f.world().directory().posts_of(c.args[0].as_string(), f.now()))
      if (held.post == c.args[1].as_string()) return true;
    return false;
  });
  add("holders", {string}, Type::list_of(string), {"directory"}, [](const Call& c) -> Value {
    const auto& f = facts(c);
    List people;
    for (auto& person : f.world().directory().holders(c.args[0].as_string(), {}, f.now())) people.push_back(Value(std::move(person)));
    return Value(std::move(people));
  });
  auto count_links = [](const Call& c, bool only_open) -> Value {
    std::int64_t n = 0;
    for (const Linked& l : facts(c).links())
      if (l.outgoing && l.key == c.args[0].as_string() && (l.open || !only_open)) ++n;
    return n;
  };
  add("linked", {string}, integer, {"links"}, [count_links](const Call& c) -> Value { return count_links(c, false); });
  add("linked_open", {string}, integer, {"links"}, [count_links](const Call& c) -> Value { return count_links(c, true); });
  add("linked_all", {string, string}, boolean, {"links"}, [](const Call& c) -> Value {
    for (const Linked& l : facts(c).links())
      if (l.outgoing && l.key == c.args[0].as_string() && l.state != c.args[1].as_string()) return false;
    return true;
  });
  Type link_type = Type::object_of({{"number", string}, {"process", string}, {"state", string}, {"open", boolean},
                                    {"outcome", string}, {"fields", Type::map_of(any)}});
  add("links", {string}, Type::list_of(link_type), {"links"}, [](const Call& c) -> Value {
    List all;
    for (const Linked& l : facts(c).links())
      if (l.key == c.args[0].as_string())
        all.push_back(Value(Map{{"number", l.number}, {"process", l.process}, {"state", l.state}, {"open", l.open},
                                {"outcome", l.outcome.empty() ? Value() : Value(l.outcome)}, {"fields", l.fields}}));
    return Value(std::move(all));
  });
  add("tasks_open", {string}, integer, {"tasks"}, [](const Call& c) -> Value {
    return count_tasks(c, [](const TaskState* t) { return t->state != "done"; });
  });
  add("tasks_done", {string}, integer, {"tasks"}, [](const Call& c) -> Value {
    return count_tasks(c, [](const TaskState* t) { return t->state == "done"; });
  });
  add("tasks_agreed", {string}, integer, {"tasks"}, [](const Call& c) -> Value {
    return count_tasks(c, [](const TaskState* t) { return t->answer == "agree"; });
  });
  add("tasks_disagreed", {string}, integer, {"tasks"}, [](const Call& c) -> Value {
    return count_tasks(c, [](const TaskState* t) { return t->answer == "disagree"; });
  });
  add("seat", {string}, string, {"seats"}, [](const Call& c) -> Value {
    const Ticket* t = facts(c).ticket();
    const std::string& who = t ? t->occupant(c.args[0].as_string()) : std::string();
    return who.empty() ? Value() : Value(who);
  });
  add("sat", {string, string}, boolean, {"seats"}, [](const Call& c) -> Value {
    if (const Ticket* t = facts(c).ticket())
      for (const auto& s : t->seats)
        if (s.role == c.args[0].as_string() && s.person == c.args[1].as_string()) return true;
    return false;
  });
  auto clock = [](const Call& c) -> const ClockState* {
    const Ticket* t = facts(c).ticket();
    if (!t) return nullptr;
    auto it = t->clocks.find(c.args[0].as_string());
    return it == t->clocks.end() || !it->second.armed ? nullptr : &it->second;
  };
  add("clock_due", {string}, timestamp, {"clocks"}, [clock](const Call& c) -> Value {
    const ClockState* state = clock(c);
    return state && state->due ? Value(*state->due) : Value();
  });
  add("clock_breached", {string}, boolean, {"clocks"}, [clock](const Call& c) -> Value {
    const ClockState* state = clock(c);
    return state && state->due && *state->due < state->facts.stopped.value_or(facts(c).now());
  });
  add("clock_stopped", {string}, boolean, {"clocks"}, [clock](const Call& c) -> Value {
    const ClockState* state = clock(c);
    return state && state->facts.stopped.has_value();
  });
  add("open_tickets", {string, string, any}, integer, {"tickets"}, [](const Call& c) -> Value {
    const auto& f = facts(c);
    if (c.args[2].is_null()) return std::int64_t{0};
    std::int64_t n = f.world().open_tickets(c.args[0].as_string(), c.args[1].as_string(), describe(c.args[2]));
    // The ticket itself does not count as another one.
    if (const Ticket* t = f.ticket(); t && t->process == c.args[0].as_string() && t->open && t->version > 0 &&
                                      t->fields[c.args[1].as_string()] == c.args[2])
      --n;
    return std::max<std::int64_t>(n, 0);
  });

  // Running time. The next instant at which the answer changes is reported, so that flips can be foretold.
  add("keys_reaching", {stopwatch, duration}, integer, {"stopwatch"}, [](const Call& c) -> Value {
    const auto& f = facts(c);
    std::int64_t n = 0;
    for (const auto& lane : f.lanes(c.args[0].as_string())) {
      if (calendar::total(lane.spans, f.now(), lane.calendar) >= c.args[1].as_duration()) {
        ++n;
      } else if (auto at = calendar::reaches(lane.spans, f.now(), c.args[1].as_duration(), lane.calendar)) {
        f.changes_at(*at);
      }
    }
    return n;
  });
  add("reached", {stopwatch, duration}, boolean, {"stopwatch"}, [](const Call& c) -> Value {
    const auto& f = facts(c);
    bool yes = false;
    for (const auto& lane : f.lanes(c.args[0].as_string())) {
      if (calendar::total(lane.spans, f.now(), lane.calendar) >= c.args[1].as_duration()) {
        yes = true;
      } else if (auto at = calendar::reaches(lane.spans, f.now(), c.args[1].as_duration(), lane.calendar)) {
        f.changes_at(*at);
      }
    }
    return yes;
  });
  add("counted", {stopwatch}, duration, {"now"}, [](const Call& c) -> Value {
    const auto& f = facts(c);
    Duration most{};
    for (const auto& lane : f.lanes(c.args[0].as_string()))
      most = std::max(most, calendar::total(lane.spans, f.now(), lane.calendar));
    return most;
  });
  return out;
}

Type actor_type() {
  return Type::object_of({{"id", string}, {"unit", string}, {"internal", boolean}, {"machine", boolean}, {"posts", Type::list_of(string)}});
}

Type parameters_type(const Definitions& definitions) {
  std::map<std::string, Type, std::less<>> members;
  for (const auto& [key, parameter] : definitions.parameters) members.emplace(key, parameter.type.static_type());
  return Type::object_of(std::move(members));
}
}  // namespace

const calendar::Zone& home_zone(const World& world) {
  static const calendar::Zone fallback = calendar::Zone::shanghai();
  const auto* calendar = home(world);
  return calendar ? calendar->zone() : fallback;
}

expr::Scope process_scope(const ProcessDef& process, const Definitions& definitions) {
  static const std::vector<Function> functions = ticket_functions();
  std::map<std::string, Type, std::less<>> ticket{
      {"number", string}, {"process", string}, {"state", string}, {"open", boolean}, {"drill", boolean}, {"opener", string},
      {"opened_at", timestamp}, {"state_since", timestamp}, {"closed_at", timestamp}, {"holder", string}};
  if (!process.states.empty()) {
    std::vector<std::string> words;
    for (const StateDef& state : process.states) words.push_back(state.key);
    ticket["state"] = Type::one_of(std::move(words));
  }
  for (const FieldDef& field : process.fields) ticket[field.key] = field.type.static_type();
  std::map<std::string, Type, std::less<>> decisions, stopwatches;
  for (const DecisionDef& d : process.decisions)
    decisions.emplace(d.key, d.hit == DecisionDef::Hit::collect ? Type::list_of(d.output.static_type()) : d.output.static_type());
  for (const StopwatchDef& s : process.stopwatches) stopwatches.emplace(s.key, stopwatch);
  expr::Scope scope;
  scope.roots = {{"ticket", Type::object_of(std::move(ticket))},
                 {"actor", actor_type()},
                 {"now", timestamp},
                 {"comment", string},
                 {"params", parameters_type(definitions)},
                 {"decisions", Type::object_of(std::move(decisions))},
                 {"stopwatches", Type::object_of(std::move(stopwatches))},
                 {"row", any},
                 {"item", any},
                 {"value", any}};
  scope.functions = functions;
  return scope;
}

expr::Scope record_scope(const RecordDef& record, const Definitions& definitions) {
  static const std::vector<Function> functions = world_functions<RecordFacts>();
  std::map<std::string, Type, std::less<>> members{{"id", string}, {"state", string}};
  if (!record.states.empty()) members["state"] = Type::one_of(record.states);
  for (const FieldDef& field : record.fields) members[field.key] = field.type.static_type();
  Type type = Type::object_of(std::move(members));
  expr::Scope scope;
  scope.roots = {{"record", type}, {"before", type}, {"actor", actor_type()}, {"now", timestamp},
                 {"params", parameters_type(definitions)}, {"value", any}};
  scope.functions = functions;
  return scope;
}

Value posts_value(const identity::Directory& directory, const std::string& person, Instant now) {
  std::set<std::string> posts;
  for (const auto& held : directory.posts_of(person, now)) posts.insert(held.post);
  List out;
  for (const auto& post : posts) out.emplace_back(post);
  return Value(std::move(out));
}

namespace {
Value actor_value(const World& world, const Actor& actor, Instant now) {
  const auto* person = world.directory().person(actor.id);
  return Value(Map{{"id", actor.id},
                   {"unit", person && !person->unit.empty() ? Value(person->unit) : Value()},
                   {"internal", person ? Value(person->internal) : Value(false)},
                   {"machine", actor.machine || actor.platform},
                   {"posts", posts_value(world.directory(), actor.id, now)}});
}
}  // namespace

RecordFacts::RecordFacts(const Definitions& definitions, const World& world, Value record, Value before, const Actor& actor, Instant now)
    : definitions_(definitions), world_(world) {
  values_ = {std::move(record), std::move(before), actor_value(world, actor, now), Value(now), world.parameters(), Value()};
}

const Value& TicketFacts::root(std::size_t slot) const {
  if (slot >= values_.size()) return values_[0];
  if (known_[slot]) return values_[slot];
  Value& value = values_[slot];
  switch (static_cast<Root>(slot)) {
    case Root::ticket: {
      Map m = ticket_->fields.as_map();
      m.insert_or_assign("number", ticket_->number);
      m.insert_or_assign("process", ticket_->process);
      m.insert_or_assign("state", ticket_->state);
      m.insert_or_assign("open", ticket_->open);
      m.insert_or_assign("drill", ticket_->drill);
      m.insert_or_assign("opener", ticket_->opener);
      m.insert_or_assign("opened_at", ticket_->opened_at);
      m.insert_or_assign("state_since", ticket_->state_since);
      m.insert_or_assign("closed_at", ticket_->closed_at ? Value(*ticket_->closed_at) : Value());
      m.insert_or_assign("holder", ticket_->holder.empty() ? Value() : Value(ticket_->holder));
      value = Value(std::move(m));
      break;
    }
    case Root::actor: value = actor_value(world_, actor_, now_); break;
    case Root::now: value = Value(now_); break;
    case Root::comment: value = comment_.empty() ? Value() : Value(comment_); break;
    case Root::params: value = world_.parameters(); break;
    case Root::decisions: {
      Map m;
      for (const auto& [key, state] : ticket_->decisions) m.emplace(key, state.value);
      value = Value(std::move(m));
      break;
    }
    case Root::stopwatches: {
      Map m;
      for (const auto& def : process_->stopwatches) m.emplace(def.key, def.key);
      value = Value(std::move(m));
      break;
    }
    case Root::row:
    case Root::item:
    case Root::value: value = Value(); break;
  }
  known_[slot] = true;
  return value;
}

const std::vector<Linked>& TicketFacts::links() const {
  if (!links_) links_ = ticket_->version > 0 ? world_.links(ticket_->number) : std::vector<Linked>{};
  return *links_;
}

const std::vector<TicketFacts::Lane>& TicketFacts::lanes(const std::string& key) const {
  // Keyed by the rows too cheaply to be worth it: lanes are asked for several times within one decision, and the facts
  // live for one decision pass, after which the ticket may have changed.
  auto [it, fresh] = lanes_.try_emplace(key);
  if (!fresh) return it->second;
  const StopwatchDef* def = process_->stopwatch(key);
  if (!def) return it->second;
  TicketFacts inner(definitions_, world_, process_, ticket_, actor_, now_, comment_);
  std::map<std::string, Lane> lanes;
  for (const Value& row : ticket_->fields[def->rows].as_list()) {
    inner.set(Root::row, row);
    if (!def->where.empty() && !def->where.holds(inner)) continue;
    auto key_of = def->key_of.evaluate(inner);
    auto from = def->from.evaluate(inner);
    if (!key_of.ok || !from.ok || key_of.value.is_null() || from.value.is_null()) continue;
    auto to = def->to.evaluate(inner);
    Lane& lane = lanes[describe(key_of.value)];
    lane.key = describe(key_of.value);
    lane.spans.push_back({from.value.as_instant(),
                          to.ok && to.value.is(Value::Kind::instant) ? std::optional(to.value.as_instant()) : std::nullopt});
    if (!def->calendar.empty()) {
      auto calendar = def->calendar.evaluate(inner);
      if (calendar.ok) lane.calendar = world_.calendar(calendar.value.as_string());
    }
  }
  for (auto& [name, lane] : lanes) {
    lane.spans = calendar::unite(std::move(lane.spans));
    it->second.push_back(std::move(lane));
  }
  return it->second;
}

}  // namespace anlan::engine
