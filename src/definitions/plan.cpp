// Plans, measures and reports: what stands over the tickets of a process.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "definitions/context.h"
#include "domain/calendar/recurrence.h"

namespace anlan::definitions {

using engine::FieldType;

void Context::plan(const Document& document) {
  Object o(*document.node, "the plan", problems);
  engine::PlanDef def;
  const Node* key = o.need("plan");
  if (!key || !check_key(*key, problems)) return;
  def.key = key->text;
  def.title = o.need_both("title");
  const Node* population = o.get("population");
  const engine::RecordDef* reg = nullptr;
  if (population) {
    def.population = read_text(*population, "'population'", problems).value_or("");
    check_register(*population, def.population);
    auto it = known.records.find(def.population);
    if (it != known.records.end()) reg = &it->second;
  }
  Place members = compiling ? (reg ? place(*reg) : bare_place()) : Place{};
  if (!population) o.refuse("member_when", "there is no 'population' to choose from");
  const Node* member_when = o.get("member_when");
  if (reg) def.member_when = program(member_when, members, types::boolean, "'member_when'");
  const Node* process = o.need("process");
  def.process = process ? read_text(*process, "'process'", problems).value_or("") : "";
  if (process) check_process(*process, def.process);
  const engine::ProcessDef* of = known.process(def.process);
  if (const Node* field = o.get("member_field")) {
    def.member_field = read_text(*field, "'member_field'", problems).value_or("");
    if (!population) problems.add(*field, "there is no 'population', so a ticket stands for nobody in particular");
    if (of && check_one(*field, "field", def.member_field, keys_of(of->fields))) {
      const auto& type = of->field(def.member_field) ? of->field(def.member_field)->type : FieldType{};
      const auto& one = type.kind == FieldType::Kind::list ? *type.element : type;
      if (one.kind == FieldType::Kind::ref && reg && one.reg != def.population && known.records.contains(one.reg))
        problems.add(*field, fmt::format("field '{}' names a record of '{}', not of '{}'", def.member_field, one.reg,
                                         def.population));
    }
  } else if (population) {
    problems.add(*key, "the plan lacks 'member_field': which field of the ticket names the member");
  }
  if (of && compiling) def.qualifies = program(o.get("qualifies"), place(*of), types::boolean, "'qualifies'");
  else o.get("qualifies");

  using Within = engine::PlanDef::Within;
  if (const Node* within = o.need("within")) {
    if (within->kind == Node::Kind::scalar) {
      if (within->text != "calendar_year")
        problems.add(*within, "'within' is calendar_year, {months: 12} or {rrule: \"FREQ=MONTHLY\"}");
    } else {
      Object w(*within, "'within'", problems);
      if (w.has("months") == w.has("rrule")) {
        if (w.usable()) problems.add(*within, "'within' is calendar_year, {months: 12} or {rrule: \"FREQ=MONTHLY\"}");
        for (const char* k : {"months", "rrule", "opens_with"}) w.get(k);
      } else if (w.has("months")) {
        def.within = Within::months;
        auto n = w.integer("months");
        if (n && (*n < 1 || *n > 600)) problems.add(*w.get("months"), "'months' is 1 to 600");
        else if (n) def.months = static_cast<int>(*n);
        w.refuse("opens_with", "only a recurrence opens tickets by itself");
      } else {
        def.within = Within::recurrence;
        const Node* rule = w.get("rrule");
        def.rrule = rule ? read_text(*rule, "'rrule'", problems).value_or("") : "";
        if (rule)
          if (auto parsed = calendar::Recurrence::parse(def.rrule); !parsed) problems.add(*rule, parsed.error().message);
        const Node* with = w.get("opens_with");
        if (of && compiling && (reg || !population)) {
          std::vector<engine::FieldDef> takes;
          const auto* opening = of->opening();
          if (opening)
            for (const auto& f : opening->fields)
              if (const auto* field = of->field(f.field)) takes.push_back(*field);
          def.opens_with = values(with, takes, members, "'opens_with'",
                                  fmt::format("the opening action of process '{}'", def.process));
          if (opening && !opening->platform && !opening->by.empty())
            problems.add(
                *process,
                fmt::format("the opening action '{}' of process '{}' is for people only; give it 'platform: true'",
                            opening->key, def.process));
          if (opening && !def.member_field.empty() &&
              std::none_of(takes.begin(), takes.end(), [&](const auto& f) { return f.key == def.member_field; }))
            problems.add(*process, fmt::format("the opening action '{}' of process '{}' does not take '{}', so nobody "
                                               "could say for whom a ticket was opened",
                                               opening->key, def.process, def.member_field));
        }
      }
    }
  }
  for (const Node* item : o.items("warn"))
    if (auto d = read_duration(*item, "'warn'", problems)) {
      if (d->ms <= 0) problems.add(*item, "'warn' says how long before: a duration above zero");
      else def.warn.push_back(*d);
    }
  def.tell = audience(o.get("tell"), nullptr, "'tell'");
  if (!def.warn.empty() && !o.has("tell")) problems.add(*o.get("warn"), "nobody is warned; give 'tell'");
  def.basis = basis(o);
  if (first("plan " + def.key, *key)) out.plans.emplace(def.key, std::move(def));
}

void Context::measure(const Document& document) {
  Object o(*document.node, "the measure", problems);
  engine::MeasureDef def;
  const Node* key = o.need("measure");
  if (!key || !check_key(*key, problems)) return;
  def.key = key->text;
  def.title = o.need_both("title");
  const Node* process = o.need("process");
  def.process = process ? read_text(*process, "'process'", problems).value_or("") : "";
  if (process) check_process(*process, def.process);
  const engine::ProcessDef* of = known.process(def.process);
  Place place = of && compiling ? this->place(*of) : Place{};
  auto compile = [&](const char* name, const std::vector<expr::Type>& any_of) {
    const Node* node = o.get(name);
    return of ? program(node, place, any_of, fmt::format("'{}'", name)) : expr::Program{};
  };
  if (const Node* on = o.need("on")) {
    def.on = read_text(*on, "'on'", problems).value_or("");
    if (of) {
      auto moments = keys_of(of->actions);
      moments.insert(moments.begin(), {"opened", "closed"});
      check_one(*on, "moment", def.on, moments);
    }
  }
  def.subject = compile("subject", {types::string});
  using Period = engine::MeasureDef::Period;
  constexpr Period periods[] = {Period::month, Period::quarter, Period::year};
  def.period = periods[o.choice("period", {"month", "quarter", "year"})];
  def.counts = compile("counts", {types::boolean});
  using Fold = engine::MeasureDef::Fold;
  constexpr Fold folds[] = {Fold::count, Fold::sum, Fold::mean, Fold::share};
  o.need("fold");
  def.fold = folds[o.choice("fold", {"count", "sum", "mean", "share"})];
  if (def.fold == Fold::count) {
    o.refuse("value", "a count counts tickets; choose them by 'counts'");
  } else {
    o.need("value");
    if (def.fold == Fold::share) def.value = compile("value", {types::boolean});
    else def.value = compile("value", {types::number, types::duration});
  }
  if (const Node* target = o.get("target")) {
    Object t(*target, "'target'", problems);
    if (t.usable() && t.has("at_most") == t.has("at_least"))
      problems.add(*target, "'target' is {at_most: n} or {at_least: n}");
    def.target_at_least = t.has("at_least");
    auto least = t.number("at_least"), most = t.number("at_most");
    def.target = least ? least : most;
  }
  def.unit = o.text("unit");
  def.basis = basis(o);
  if (first("measure " + def.key, *key)) out.measures.emplace(def.key, std::move(def));
}

void Context::report(const Document& document) {
  Object o(*document.node, "the report", problems);
  engine::ReportDef def;
  const Node* key = o.need("report");
  if (!key || !check_key(*key, problems)) return;
  def.key = key->text;
  def.title = o.need_both("title");
  const Node* process = o.need("process");
  def.process = process ? read_text(*process, "'process'", problems).value_or("") : "";
  if (process) check_process(*process, def.process);
  const engine::ProcessDef* of = known.process(def.process);
  Place place = of && compiling ? this->place(*of) : Place{};
  auto role = [&](const char* name) {
    const Node* node = o.has("public_while") ? o.get(name) : o.need(name);
    std::string r = node ? read_text(*node, fmt::format("'{}'", name), problems).value_or("") : "";
    if (node && of) check_one(*node, "role", r, keys_of(of->roles));
    return r;
  };
  def.drafted_by = role("drafted_by");
  def.approved_by = role("approved_by");
  if (!def.approved_by.empty() && def.approved_by == def.drafted_by)
    problems.add(*o.get("approved_by"), "who drafts a report does not approve it; name another role");
  if (const Node* node = o.get("public_while"); node && of)
    def.public_while = program(node, place, {types::boolean}, "'public_while'");
  if (const Node* node = o.get("public_while"); node && of && of->sensitivity > 0)
    problems.add(*node, fmt::format("tickets of the process {} are sensitive; nothing of them is public", of->key));
  o.need("sections");
  for (const Node* item : o.items("sections")) {
    Object s(*item, "a section", problems);
    if (!s.usable()) continue;
    engine::ReportDef::Section section;
    section.title = s.need_both("title");
    const Node* text = s.need("text");
    section.text = s.both("text");
    if (text && text->kind == Node::Kind::map && of && compiling)
      for (const auto& language : text->members) {
        const std::string& t = language.value->text;
        for (std::size_t i = t.find('{'); i != std::string::npos; i = t.find('{', i)) {
          const std::size_t end = engine::placeholder_end(t, i);
          if (end == std::string::npos) {
            problems.add(*language.value->source, language.value->offset_of(i),
                         "the placeholder that begins here has no }");
            break;
          }
          std::string source = t.substr(i + 1, end - i - 1);
          auto program = expr::compile(source, place.scope, types::any);
          if (!program) {
            std::size_t at = i + 1;
            for (std::size_t column = 1; column < program.error().column && at < end; ++column) {
              ++at;
              while (at < end && (static_cast<unsigned char>(t[at]) & 0xC0) == 0x80) ++at;
            }
            problems.add(*language.value->source, language.value->offset_of(at),
                         "the placeholder: " + program.error().message);
          } else if (std::none_of(section.parts.begin(), section.parts.end(),
                                  [&](const auto& part) { return part.first == source; })) {
            section.parts.emplace_back(source, std::move(*program));
          }
          i = end + 1;
        }
      }
    def.sections.push_back(std::move(section));
  }
  def.basis = basis(o);
  if (first("report " + def.key, *key)) out.reports.emplace(def.key, std::move(def));
}

}  // namespace anlan::definitions
