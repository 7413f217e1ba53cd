#include "app/describe.h"

#include <fmt/format.h>

namespace anlan::app {
namespace {

using engine::Basis;
using engine::ProcessDef;

Value text_value(const Text& t) { return Value(Map{{"zh", t.zh}, {"en", t.en}}); }
Value optional_text(const Text& t) { return t.empty() ? Value() : text_value(t); }
Value word(const std::string& s) { return s.empty() ? Value() : Value(s); }
template <class Strings>
Value string_list(const Strings& in) {
  List out;
  for (const auto& s : in) out.emplace_back(s);
  return Value(std::move(out));
}
Value source(const expr::Program& program) { return program.empty() ? Value() : Value(program.source()); }
Value items_of(List items) { return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}}); }

Map titled(const std::string& key, const Text& title, const Basis& basis) {
  return Map{{"key", key},
             {"zh", title.zh},
             {"en", title.en},
             {"clause", word(basis.clause)},
             {"requirement", basis.req.empty() ? Value() : Value(basis.req.front())}};
}

Value guard_view(const engine::GuardDef& g) {
  using Waiver = engine::GuardDef::Waiver;
  return Value(Map{{"code", g.code},
                   {"if", g.condition.source()},
                   {"zh", g.otherwise.zh},
                   {"en", g.otherwise.en},
                   {"clause", g.basis.clause},
                   {"requirement", g.basis.req.empty() ? Value() : Value(g.basis.req.front())},
                   {"waiver", g.waiver == Waiver::law ? "law" : g.waiver == Waiver::exception ? "exception" : "break_glass"}});
}

Value fields_view(const std::vector<engine::FieldDef>& fields) {
  List out;
  for (const auto& f : fields) out.push_back(field_view(f));
  return Value(std::move(out));
}

Value action_view(const engine::ActionDef& a) {
  List guards, takes;
  for (const auto& g : a.guards) guards.push_back(guard_view(g));
  for (const auto& f : a.fields) takes.push_back(Value(Map{{"field", f.field}, {"required", f.required}}));
  return Value(Map{{"key", a.key},
                   {"zh", a.title.zh},
                   {"en", a.title.en},
                   {"from", string_list(a.from)},
                   {"to", word(a.to)},
                   {"by", string_list(a.by)},
                   {"platform", a.platform || a.by.empty()},
                   {"comment_required", a.comment_required},
                   {"fields", Value(std::move(takes))},
                   {"guards", Value(std::move(guards))},
                   {"clause", a.basis.clause},
                   {"requirements", string_list(a.basis.req)}});
}

Value decision_view(const engine::DecisionDef& d) {
  static const char* const hits[] = {"first", "priority", "collect"};
  List rows;
  for (const auto& row : d.rows)
    rows.push_back(Value(Map{{"if", source(row.condition)},
                             {"then", source(row.value)},
                             {"because", optional_text(row.reason)},
                             {"clause", word(row.basis.clause)},
                             {"requirement", row.basis.req.empty() ? Value() : Value(row.basis.req.front())}}));
  Map m = titled(d.key, d.title, d.basis);
  m.emplace("type", type_view(d.output));
  m.emplace("hit", hits[static_cast<int>(d.hit)]);
  m.emplace("rows", Value(std::move(rows)));
  m.emplace("otherwise", source(d.otherwise));
  m.emplace("raises_only", d.raises_only);
  m.emplace("into", word(d.into));
  return Value(std::move(m));
}

Value clock_view(const engine::ClockDef& c) {
  List ladder;
  for (const auto& step : c.ladder)
    ladder.push_back(Value(Map{{"at", step.offset},
                               {"roles", string_list(step.tell.roles)},
                               {"posts", string_list(step.tell.posts)},
                               {"text", optional_text(step.text)},
                               {"action", word(step.action)}}));
  Map m = titled(c.key, c.title, c.basis);
  m.emplace("regulator", c.regulator);
  m.emplace("when", source(c.when));
  m.emplace("sticky", c.sticky);
  m.emplace("anchor", source(c.anchor));
  m.emplace("amount", source(c.amount));
  m.emplace("calendar", source(c.calendar));
  m.emplace("pause", source(c.pause));
  m.emplace("stop", source(c.stop));
  m.emplace("ladder", Value(std::move(ladder)));
  return Value(std::move(m));
}

Value task_view(const engine::TaskDef& t) {
  static const char* const kinds[] = {"approval", "countersign", "step", "checklist"};
  static const char* const quorums[] = {"all", "any", "share"};
  List guards;
  for (const auto& g : t.guards) guards.push_back(guard_view(g));
  Map m = titled(t.key, t.title, t.basis);
  m.emplace("kind", kinds[static_cast<int>(t.kind)]);
  m.emplace("quorum", quorums[static_cast<int>(t.quorum.rule)]);
  m.emplace("for_each", source(t.for_each));
  m.emplace("in_order", t.in_order);
  m.emplace("internal", t.internal);
  m.emplace("due", t.due ? Value(*t.due) : Value());
  m.emplace("fields", fields_view(t.fields));
  m.emplace("guards", Value(std::move(guards)));
  return Value(std::move(m));
}

Value reaction_view(const engine::ReactionDef& r) {
  static const char* const on[] = {"link_closed",  "link_opened",     "tasks_done",    "alert_resolved",
                                   "alert_fired", "decision_raised", "record_written"};
  return Value(Map{{"on", on[static_cast<int>(r.on)]},
                   {"key", word(r.key)},
                   {"result", word(r.result)},
                   {"when", source(r.when)},
                   {"action", r.action},
                   {"clause", word(r.basis.clause)}});
}

}  // namespace

Value type_view(const engine::FieldType& type) {
  static const char* const kinds[] = {"string", "text",  "int",  "number", "bool",   "timestamp", "date", "duration", "choice",
                                      "person", "board", "unit", "ref",    "ticket", "interval",  "list", "table",    "any"};
  Map m{{"kind", kinds[static_cast<int>(type.kind)]}};
  if (!type.words.empty()) {
    List words;
    for (const auto& w : type.words) {
      const Text label = type.labels.contains(w) ? type.labels.at(w) : Text{w, w};
      words.push_back(Value(Map{{"word", w}, {"zh", label.zh}, {"en", label.en}}));
    }
    m.emplace("words", Value(std::move(words)));
  }
  if (!type.reg.empty()) m.emplace("register", type.reg);
  if (!type.process.empty()) m.emplace("process", type.process);
  if (type.element) m.emplace("element", type_view(*type.element));
  if (!type.columns.empty()) m.emplace("columns", fields_view(type.columns));
  return Value(std::move(m));
}

Value field_view(const engine::FieldDef& f) {
  return Value(Map{{"key", f.key},
                   {"type", type_view(f.type)},
                   {"zh", f.label.zh},
                   {"en", f.label.en},
                   {"help", optional_text(f.help)},
                   {"required", f.required},
                   {"required_in", string_list(f.required_in)},
                   {"decided_by", word(f.decided_by)},
                   {"indexed", f.indexed},
                   {"clause", f.basis.clause},
                   {"requirement", f.basis.req.empty() ? Value() : Value(f.basis.req.front())}});
}

Result<Value> describe_process(Platform& platform, const std::string& key) {
  const ProcessDef* p = platform.definitions().process(key);
  if (!p) return fail(Code::not_found, fmt::format("there is no process '{}'", key));
  List states, actions, roles, decisions, stopwatches, clocks, links, tasks, reactions;
  for (const auto& s : p->states) {
    Map m = titled(s.key, s.title, s.basis);
    m.emplace("accountable", s.accountable);
    m.emplace("owes", s.owes.empty() ? s.accountable : s.owes);
    m.emplace("final", word(s.final));
    m.emplace("hint", optional_text(s.hint));
    states.push_back(Value(std::move(m)));
  }
  for (const auto& a : p->actions) actions.push_back(action_view(a));
  for (const auto& r : p->roles) {
    List differs;
    for (const auto& d : r.differs_from) differs.push_back(Value(Map{{"seat", d.seat}, {"clause", d.basis.clause}}));
    Map m = titled(r.key, r.title, r.basis);
    m.emplace("internal", r.internal);
    m.emplace("differs_from", Value(std::move(differs)));
    roles.push_back(Value(std::move(m)));
  }
  for (const auto& d : p->decisions) decisions.push_back(decision_view(d));
  for (const auto& w : p->stopwatches) {
    Map m = titled(w.key, w.title, w.basis);
    m.emplace("rows", w.rows);
    m.emplace("where", source(w.where));
    m.emplace("calendar", source(w.calendar));
    stopwatches.push_back(Value(std::move(m)));
  }
  for (const auto& c : p->clocks) clocks.push_back(clock_view(c));
  for (const auto& l : p->links) {
    Map m = titled(l.key, l.title, l.basis);
    m.emplace("to", string_list(l.to));
    links.push_back(Value(std::move(m)));
  }
  for (const auto& t : p->tasks) tasks.push_back(task_view(t));
  for (const auto& r : p->reactions) reactions.push_back(reaction_view(r));
  return Value(Map{{"key", p->key},
                   {"title", text_value(p->title)},
                   {"clause", p->clause},
                   {"draft", p->draft},
                   {"shape", p->shape},
                   {"severity", word(p->severity)},
                   {"opening", p->opening() ? Value(p->opening()->key) : Value()},
                   {"fields", fields_view(p->fields)},
                   {"states", Value(std::move(states))},
                   {"actions", Value(std::move(actions))},
                   {"roles", Value(std::move(roles))},
                   {"decisions", Value(std::move(decisions))},
                   {"stopwatches", Value(std::move(stopwatches))},
                   {"clocks", Value(std::move(clocks))},
                   {"links", Value(std::move(links))},
                   {"tasks", Value(std::move(tasks))},
                   {"reactions", Value(std::move(reactions))}});
}

Value list_processes(Platform& platform) {
  List items;
  for (const auto& [key, shapes] : platform.definitions().processes) {
    if (shapes.empty()) continue;
    const auto& p = *shapes.back();
    items.push_back(Value(Map{{"key", key}, {"title", text_value(p.title)}, {"clause", p.clause}, {"draft", p.draft}, {"shape", p.shape}}));
  }
  return items_of(std::move(items));
}

Value list_registers(Platform& platform) {
  List items;
  for (const auto& [key, def] : platform.definitions().records) {
    Map m = titled(key, def.title, def.basis);
    m.emplace("fields", fields_view(def.fields));
    m.emplace("states", string_list(def.states));
    m.emplace("maintain", string_list(def.maintain));
    List unique;
    for (const auto& one : def.unique) unique.push_back(string_list(one));
    m.emplace("unique", Value(std::move(unique)));
    items.push_back(Value(std::move(m)));
  }
  return items_of(std::move(items));
}

Value list_posts(const World& world) {
  const auto& parts = world.directory().parts();
  List items;
  for (const auto& post : parts.posts) {
    List against;
    for (const auto& rule : parts.incompatibilities) {
      if (rule.a != post.code && rule.b != post.code) continue;
      against.push_back(Value(Map{{"post", rule.a == post.code ? rule.b : rule.a},
                                  {"clause", word(rule.ground.clause)},
                                  {"requirement", word(rule.ground.requirement)},
                                  {"basis", optional_text(rule.ground.basis)}}));
    }
    items.push_back(Value(Map{{"code", post.code},
                              {"zh", post.title.zh},
                              {"en", post.title.en},
                              {"family", word(post.family)},
                              {"external_allowed", post.external_allowed},
                              {"permissions", string_list(post.permissions)},
                              {"incompatible", Value(std::move(against))}}));
  }
  return items_of(std::move(items));
}

Value list_calendars(Platform& platform) {
  List items;
  for (const auto& [key, calendar] : platform.definitions().calendars) {
    const auto& spec = calendar.spec();
    List week;
    for (const auto& [weekday, spans] : spec.week) {
      List hours;
      for (const auto& span : spans) hours.emplace_back(calendar::format(span));
      week.push_back(Value(Map{{"weekday", weekday}, {"hours", Value(std::move(hours))}}));
    }
    items.push_back(Value(Map{{"key", key},
                              {"zh", spec.title.zh},
                              {"en", spec.title.en},
                              {"zone", spec.zone.name()},
                              {"week", Value(std::move(week))},
                              {"holidays", optional_text(spec.holidays_title)},
                              {"known_until", spec.known_until ? Value(calendar::format(*spec.known_until)) : Value()}}));
  }
  return items_of(std::move(items));
}

}  // namespace anlan::app
