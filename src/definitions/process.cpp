// A process: fields, roles, states, actions, decisions, clocks, stopwatches, tasks, links, reactions, and what they owe
// each other.
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/text.h"
#include "definitions/context.h"

namespace anlan::definitions {

using engine::ActionDef;
using engine::EffectDef;
using engine::FieldDef;
using engine::FieldType;
using engine::ProcessDef;
using engine::ReactionDef;
using engine::WhoSource;

class ProcessReader {
 public:
  ProcessReader(Context& context, const Document& document, const ProcessDef& skeleton)
      : c_(context), problems_(context.problems), document_(document), known_(skeleton) {
    if (c_.compiling) place_ = c_.place(known_);
  }

  std::shared_ptr<ProcessDef> read() {
    Object o(*document_.node, "the process", problems_);
    const Node* key = o.need("process");
    if (!key || !check_key(*key, problems_)) return nullptr;
    def_->key = key->text;
    shape(o, *key);
    def_->title = o.need_both("title");
    def_->clause = o.text("clause");
    def_->draft = o.flag("draft");
    number(o);
    def_->basis = c_.basis(o);
    if (def_->basis.clause.empty()) def_->basis.clause = def_->clause;
    if (auto n = o.integer("sensitivity")) {
      if (*n < 0 || *n > 9) problems_.add(*o.get("sensitivity"), "'sensitivity' is 0 (everyone concerned) to 9");
      else def_->sensitivity = static_cast<int>(*n);
    }
    o.need("states");
    states(o);
    o.need("fields");
    def_->fields = c_.fields(o, "fields", Context::Site::process, place_, state_keys(), &known_);
    severity(o);
    const Node* title = o.get("ticket_title");
    def_->title_of = c_.program(title, place_, types::string, "'ticket_title'");
    if (!title && !def_->field("title"))
      problems_.add(*key, "a ticket needs a title: declare a field 'title' or give 'ticket_title'");
    o.need("roles");
    roles(o);
    decisions(o);
    stopwatches(o);
    links(o);
    tasks(o);
    o.need("actions");
    actions(o);
    clocks(o);
    reactions(o);
    if (c_.compiling) {
      whole(*key);
      def_->scope = engine::process_scope(known_, c_.known);
    }
    return def_;
  }

 private:
  std::vector<std::string> state_keys() const { return keys_of(def_->states); }
  expr::Program program(const Node* n, const expr::Type& t, const std::string& what) {
    return c_.program(n, place_, t, what);
  }

  // processes/<key>/<n>.yaml, or `shape: n`.
  void shape(Object& o, const Node& key) {
    std::optional<std::int64_t> by_path;
    auto parts = split(document_.source->path(), '/');
    if (parts.size() >= 3 && parts[parts.size() - 2] == def_->key) {
      std::string_view stem = parts.back().substr(0, parts.back().rfind('.'));
      std::int64_t n = 0;
      for (char ch : stem) n = ch >= '0' && ch <= '9' && n >= 0 && n < 1'000'000 ? n * 10 + (ch - '0') : -1;
      if (n >= 1) by_path = n;
      else
        problems_.add(key,
                      fmt::format("a file in the folder of a process is named by its shape: {}/1.yaml", def_->key));
    }
    auto given = o.integer("shape");
    if (given && *given < 1) problems_.add(*o.get("shape"), "'shape' counts from 1");
    else if (given && by_path && *given != *by_path)
      problems_.add(*o.get("shape"), fmt::format("the file name says shape {}", *by_path));
    else if (given || by_path) def_->shape = by_path ? *by_path : *given;
  }

  void number(Object& o) {
    const Node* node = o.need("number");
    def_->number = node ? read_text(*node, "'number'", problems_).value_or("") : "";
    if (def_->number.empty()) return;
    const std::string& p = def_->number;
    int sequences = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      if (p[i] == '{') {
        auto end = p.find('}', i);
        std::string part = end == std::string::npos ? p.substr(i) : p.substr(i, end - i + 1);
        bool seq =
            part == "{seq}" || (part.size() == 7 && part.starts_with("{seq:") && part[5] >= '1' && part[5] <= '9');
        if (seq) ++sequences;
        else if (part != "{yyyy}" && part != "{yy}" && part != "{mm}" && part != "{dd}") {
          problems_.add(
              *node->source, node->offset_of(i),
              fmt::format("'{}' is no part of a number; there are {{yyyy}}, {{yy}}, {{mm}}, {{dd}} and {{seq:5}}",
                          part));
          return;
        }
        if (end == std::string::npos) return;
        i = end;
      } else if (!std::isalnum(static_cast<unsigned char>(p[i])) && p[i] != '-' && p[i] != '_' && p[i] != '.') {
        problems_.add(*node->source, node->offset_of(i),
                      "a number is made of letters, digits, - _ . and parts such as {seq:5}");
        return;
      }
    }
    if (sequences != 1) problems_.add(*node, "a number counts once: it has exactly one {seq:5}");
    auto [it, fresh] = c_.patterns_.emplace(p, std::pair(def_->key, node));
    if (!fresh && it->second.first != def_->key)
      problems_.add(*node, fmt::format("process '{}' numbers its tickets alike at {}; numbers would collide",
                                       it->second.first, where(*it->second.second)));
  }

  void severity(Object& o) {
    const Node* node = o.get("severity");
    if (!node) return;
    def_->severity = read_text(*node, "'severity'", problems_).value_or("");
    const FieldDef* field = def_->field(def_->severity);
    if (!field) c_.check_one(*node, "field", def_->severity, keys_of(def_->fields));
    else if (field->type.kind != FieldType::Kind::choice && field->type.kind != FieldType::Kind::any)
      problems_.add(*node, fmt::format("field '{}' is no choice; the severity of a ticket is the rank of a word",
                                       def_->severity));
  }

  // ---- states ----

  void states(Object& o) {
    for (const auto& [key, member] : o.named("states")) {
      if (key == "open") problems_.add(*member->key, "'open' means every state that is not final; choose another key");
      Object s(*member->value, fmt::format("state '{}'", key), problems_);
      engine::StateDef def;
      def.key = key;
      def.title = s.need_both("title");
      def.hint = s.both("hint");
      def.final = s.text("final");
      auto role = [&](const char* name) {
        const Node* n = s.get(name);
        std::string r = n ? read_text(*n, fmt::format("'{}'", name), problems_).value_or("") : "";
        if (n) c_.check_one(*n, "role", r, keys_of(known_.roles));
        return r;
      };
      if (def.final.empty()) {
        if (s.usable() && !s.has("accountable") && !s.has("final"))
          problems_.add(
              *member->value,
              fmt::format("state '{}' has nobody who answers for it: give 'accountable', or 'final' if it is an end",
                          key));
        def.accountable = role("accountable");
        def.owes = role("owes");
      } else {
        s.refuse("accountable", "a final state has nothing left to answer for");
        s.refuse("owes", "a final state has nothing left to do");
      }
      def.basis = c_.basis(s);
      state_nodes_[key] = member->key.get();
      def_->states.push_back(std::move(def));
    }
  }

  // ---- roles ----

  std::vector<WhoSource> who(const std::vector<const Node*>& nodes, const Place& place) {
    using K = WhoSource::Kind;
    static const std::pair<const char*, K> kinds[] = {{"post", K::post},
                                                      {"duty", K::duty},
                                                      {"seat", K::seat},
                                                      {"head_of", K::head_of},
                                                      {"manager_of", K::manager_of},
                                                      {"superior_of", K::superior_of},
                                                      {"person", K::person},
                                                      {"machine", K::machine},
                                                      {"anyone", K::anyone}};
    std::vector<WhoSource> out;
    // One id, or a list of ids.
    const std::vector<expr::Type> ids{types::string, expr::Type::list_of(types::string)};
    for (const Node* node : nodes) {
      Object w(*node, "'who'", problems_);
      if (!w.usable()) continue;
      WhoSource source;
      int given = 0;
      for (const auto& [name, kind] : kinds) {
        const Node* n = w.get(name);
        if (!n) continue;
        if (++given > 1) {
          problems_.add(*n, "one entry of 'who' says one thing; make a list of two entries");
          continue;
        }
        source.kind = kind;
        std::string what = fmt::format("'{}'", name);
        switch (kind) {
          case K::post:
            source.post = read_text(*n, what, problems_).value_or("");
            c_.check_post(*n, source.post);
            break;
          case K::seat:
          case K::superior_of:
            source.seat = read_text(*n, what, problems_).value_or("");
            c_.check_one(*n, "role", source.seat, keys_of(known_.roles));
            break;
          case K::duty:
          case K::head_of:
          case K::manager_of:
          case K::person:
            source.subject = c_.program(n, place, ids, what);
            break;
          case K::machine:
          case K::anyone:
            if (read_bool(*n, what, problems_) == false)
              problems_.add(*n, fmt::format("'{}' is true or left out", name));
            break;
        }
      }
      if (given == 0) {
        std::vector<std::string> names;
        for (const auto& [name, kind] : kinds) names.emplace_back(name);
        problems_.add(*node, "'who' says who: give one of " + listed(names));
        for (const char* k : {"board", "line", "levels"}) w.get(k);
        continue;
      }
      if (source.kind == K::post) source.subject = c_.program(w.get("board"), place, ids, "'board'");
      else w.refuse("board", "only a post is held on a board");
      if (source.kind == K::post || source.kind == K::duty) {
        if (auto line = w.integer("line")) {
          if (*line < 1 || *line > 2) problems_.add(*w.get("line"), "'line' is 1 (first) or 2 (second)");
          else source.line = static_cast<int>(*line);
        }
      } else {
        w.refuse("line", "only a post or a duty has lines");
      }
      if (source.kind == K::superior_of) {
        if (auto levels = w.integer("levels")) {
          if (*levels < 1 || *levels > 9) problems_.add(*w.get("levels"), "'levels' is 1 to 9");
          else source.levels = static_cast<int>(*levels);
        }
      } else {
        w.refuse("levels", "only 'superior_of' has levels");
      }
      out.push_back(std::move(source));
    }
    return out;
  }

  std::vector<engine::Difference> differences(Object& o) {
    std::vector<engine::Difference> out;
    auto seats = keys_of(known_.roles);
    for (const auto& task : known_.tasks) seats.push_back("task:" + task.key);
    for (const Node* item : o.items("differs_from")) {
      engine::Difference d;
      const Node* seat = item;
      if (item->kind == Node::Kind::scalar) {
        d.seat = read_text(*item, "'differs_from'", problems_).value_or("");
        d.basis.where = where(*item);
      } else {
        Object e(*item, "an entry of 'differs_from'", problems_);
        if (!e.usable()) continue;
        seat = e.need("seat");
        d.seat = seat ? read_text(*seat, "'seat'", problems_).value_or("") : "";
        using By = engine::Difference::By;
        constexpr By by[] = {By::person, By::post, By::department};
        d.by = by[e.choice("by", {"person", "post", "department"})];
        d.basis = c_.basis(e);
      }
      if (seat && c_.check_one(*seat, "role", d.seat, seats)) out.push_back(std::move(d));
    }
    return out;
  }

  void roles(Object& o) {
    for (const auto& [key, member] : o.named("roles")) {
      Object r(*member->value, fmt::format("role '{}'", key), problems_);
      engine::RoleDef def;
      def.key = key;
      def.title = r.need_both("title");
      r.need("who");
      def.who = who(r.items("who"), place_);
      for (const auto& source : def.who)
        if (source.kind == WhoSource::Kind::seat && source.seat == key)
          problems_.add(*r.get("who"), fmt::format("role '{}' cannot be named by its own seat", key));
      def.differs_from = differences(r);
      def.internal = r.flag("internal");
      def.keeps = r.flag("keeps");
      def.basis = c_.basis(r);
      inherit(def.basis, def.differs_from);
      def_->roles.push_back(std::move(def));
    }
  }
  // A separation that names no requirement of its own rests on that of its role.
  static void inherit(const engine::Basis& from, std::vector<engine::Difference>& to) {
    for (auto& d : to)
      if (d.basis.req.empty()) d.basis.req = from.req, d.basis.clause = from.clause;
  }

  // ---- decisions ----

  void decisions(Object& o) {
    using Hit = engine::DecisionDef::Hit;
    std::vector<std::string> earlier;
    for (const auto& [key, member] : o.named("decisions")) {
      Object d(*member->value, fmt::format("decision '{}'", key), problems_);
      engine::DecisionDef def;
      def.key = key;
      def.title = d.need_both("title");
      def.output = c_.field_type(d, "output");
      constexpr Hit hits[] = {Hit::first, Hit::priority, Hit::collect};
      def.hit = hits[d.choice("hit", {"first", "priority", "collect"})];
      def.raises_only = d.flag("raises_only");
      using T = FieldType::Kind;
      bool ordered = def.output.kind == T::choice || def.output.kind == T::integer || def.output.kind == T::number ||
                     def.output.kind == T::any;
      if (!ordered && def.hit == Hit::priority)
        d.refuse("hit", "priority takes the greatest, so the output is a choice or a number");
      if (!ordered && def.raises_only) d.refuse("raises_only", "only a choice or a number rises");
      def.basis = c_.basis(d);
      auto one = def.output.static_type();
      auto many = expr::Type::list_of(one);
      std::vector<expr::Type> of_row{one};
      if (def.hit == Hit::collect) of_row.push_back(many);
      d.need("rows");
      for (const Node* item : d.items("rows")) {
        Object r(*item, "a row of the decision", problems_);
        if (!r.usable()) continue;
        engine::DecisionRow row;
        const Node* condition = r.need("if");
        row.condition = program(condition, types::boolean, "'if'");
        timeless(condition, row.condition, key, earlier);
        const Node* then = r.need("then");
        row.value = c_.program(then, place_, of_row, "'then'");
        timeless(then, row.value, key, earlier);
        row.reason = r.both("because");
        row.basis = c_.basis(r);
        if (row.basis.req.empty()) row.basis.req = def.basis.req, row.basis.clause = def.basis.clause;
        def.rows.push_back(std::move(row));
      }
      const Node* otherwise = d.get("otherwise");
      def.otherwise = program(otherwise, def.hit == Hit::collect ? many : one, "'otherwise'");
      timeless(otherwise, def.otherwise, key, earlier);
      if (const Node* into = d.get("into")) {
        def.into = read_text(*into, "'into'", problems_).value_or("");
        const FieldDef* field = def_->field(def.into);
        if (!field) {
          c_.check_one(*into, "field", def.into, keys_of(def_->fields));
        } else if (c_.compiling) {
          auto kept = field->type.static_type();
          auto given = def.hit == Hit::collect ? many : one;
          if (field->type.kind != T::any && def.output.kind != T::any && expr::describe(kept) != expr::describe(given))
            problems_.add(*into, fmt::format("field '{}' holds {}, but the decision gives {}", def.into,
                                             expr::describe(kept), expr::describe(given)));
          for (const auto& other : def_->decisions)
            if (other.into == def.into)
              problems_.add(*into, fmt::format("decision '{}' fills field '{}' already", other.key, def.into));
        }
      }
      def_->decisions.push_back(std::move(def));
      earlier.push_back(key);
    }
  }

  // A decision is computed again whenever something changes and at the instant it foretold, by whoever happens to look:
  // it may not depend on the time or the person otherwise.
  void timeless(const Node* node, const expr::Program& program, const std::string& key,
                const std::vector<std::string>& earlier) {
    if (program.empty()) return;
    auto reads = [&](const std::string& name) { return program.reads().contains(name); };
    if (program.calls().contains("counted"))
      problems_.add(*node,
                    "a decision cannot read counted(): ask reached(stopwatch, duration) or keys_reaching(stopwatch, "
                    "duration), which foretell when they turn");
    else if (reads("now"))
      problems_.add(*node,
                    "a decision cannot read now, because nothing would tell when it turns; compare a stopwatch through "
                    "reached(), or use a clock");
    for (const char* f : {"clock_breached", "holds", "holders", "obligation_met"})
      if (program.calls().contains(f))
        problems_.add(
            *node,
            fmt::format("a decision cannot call {}(), whose answer changes with time alone; put it into a guard", f));
    for (const char* root : {"actor", "comment"})
      for (const auto& path : program.reads())
        if (path == root || path.starts_with(std::string(root) + ".")) {
          problems_.add(*node, fmt::format("a decision cannot read {}: it is computed again when nobody acts", root));
          break;
        }
    for (const auto& path : program.reads())
      if (path.starts_with("decisions.")) {
        std::string other = path.substr(10);
        if (auto dot = other.find('.'); dot != std::string::npos) other.resize(dot);
        if (std::find(earlier.begin(), earlier.end(), other) == earlier.end())
          problems_.add(*node, other == key
                                   ? "a decision cannot read itself; read the field it fills"
                                   : fmt::format("decisions are computed in order; move '{}' before '{}'", other, key));
      }
  }

  // ---- stopwatches and clocks ----

  void stopwatches(Object& o) {
    for (const auto& [key, member] : o.named("stopwatches")) {
      Object s(*member->value, fmt::format("stopwatch '{}'", key), problems_);
      engine::StopwatchDef def;
      def.key = key;
      def.title = s.need_both("title");
      const Node* rows = s.need("rows");
      Place place = place_;
      if (rows) {
        def.rows = read_text(*rows, "'rows'", problems_).value_or("");
        place = table_place(*rows, def.rows);
      }
      const Node* k = s.need("key");
      def.key_of = c_.program(k, place, types::string, "'key'");
      def.from = c_.program(s.need("from"), place, types::timestamp, "'from'");
      def.to = c_.program(s.need("to"), place, types::timestamp, "'to'");
      def.where = c_.program(s.get("where"), place, types::boolean, "'where'");
      const Node* calendar = s.get("calendar");
      def.calendar = c_.program(calendar, place, types::string, "'calendar'");
      known_calendar(calendar, def.calendar);
      def.basis = c_.basis(s);
      def_->stopwatches.push_back(std::move(def));
    }
  }

  // The place in which `row` is a row of that table; a problem when there is no such table.
  Place table_place(const Node& node, const std::string& key) {
    const FieldDef* field = def_->field(key);
    if (!field) {
      c_.check_one(node, "field", key, keys_of(def_->fields));
    } else if (field->type.kind == FieldType::Kind::table) {
      if (!c_.compiling) return place_;
      auto table = field->type.static_type();
      return place_.with("row", *table.element);
    } else if (field->type.kind != FieldType::Kind::any) {
      problems_.add(node, fmt::format("field '{}' is no table", key));
    }
    return c_.compiling ? place_.with("row", types::any) : place_;
  }

  // A calendar named by literal must exist.
  void known_calendar(const Node* node, const expr::Program& program) {
    if (!node || program.empty() || !program.type().literal || !program.type().words || c_.calendar_names_.empty())
      return;
    for (const auto& word : *program.type().words) c_.check_one(*node, "calendar", word, c_.calendar_names_);
  }

  void clocks(Object& o) {
    using Counting = clock::Counting;
    for (const auto& [key, member] : o.named("clocks")) {
      Object k(*member->value, fmt::format("clock '{}'", key), problems_);
      engine::ClockDef def;
      def.key = key;
      def.title = k.need_both("title");
      def.when = program(k.get("when"), types::boolean, "'when'");
      def.sticky = k.flag("sticky");
      if (def.sticky && !k.has("when")) k.refuse("sticky", "without 'when' the clock always stands");
      def.anchor = program(k.need("anchor"), types::timestamp, "'anchor'");
      constexpr Counting countings[] = {Counting::elapsed, Counting::business, Counting::working_days,
                                        Counting::calendar_days, Counting::calendar_months};
      def.counting =
          countings[k.choice("counting", {"elapsed", "business", "working_days", "calendar_days", "calendar_months"})];
      bool durable = def.counting == Counting::elapsed || def.counting == Counting::business;
      def.amount = program(k.need("amount"), durable ? types::duration : types::integer,
                           durable ? "'amount'" : "'amount' of days or months");
      const Node* calendar = k.get("calendar");
      def.calendar = program(calendar, types::string, "'calendar'");
      known_calendar(calendar, def.calendar);
      if (def.counting == Counting::elapsed)
        k.refuse("calendar", "elapsed time runs day and night; say 'counting: business'");
      if ((def.counting == Counting::working_days || def.counting == Counting::business) && !k.has("calendar"))
        problems_.add(*k.get("counting"),
                      fmt::format("clock '{}' counts {} and needs a 'calendar', e.g. '\"cn\"'", key,
                                  def.counting == Counting::business ? "business time" : "working days"));
      def.pause = program(k.get("pause"), types::boolean, "'pause'");
      if (!durable) k.refuse("pause", "days and months run on; only elapsed and business time can stand still");
      def.stop = program(k.need("stop"), types::boolean, "'stop'");
      def.stopped_at = program(k.get("stopped_at"), types::timestamp, "'stopped_at'");
      for (const Node* item : k.items("ladder")) {
        Object s(*item, "a step of the ladder", problems_);
        if (!s.usable()) continue;
        engine::LadderStep step;
        if (s.need("at")) step.offset = s.duration("at").value_or(Duration{});
        step.tell = c_.audience(s.get("tell"), &known_, "'tell'");
        const Node* text = s.need("text");
        step.text = s.both("text");
        if (text && (step.text.zh.find('{') != std::string::npos || step.text.en.find('{') != std::string::npos))
          problems_.add(*text,
                        "the text of a step stands as it is; placeholders are filled in notices of actions only");
        if (const Node* action = s.get("action")) {
          step.action = read_text(*action, "'action'", problems_).value_or("");
          platform_action(*action, step.action, known_);
        } else if (!s.has("tell")) {
          problems_.add(*item, "the step does nothing; give 'tell' or 'action'");
        }
        step.basis = c_.basis(s);
        def.ladder.push_back(std::move(step));
      }
      def.regulator = k.flag("regulator");
      def.basis = c_.basis(k);
      def_->clocks.push_back(std::move(def));
    }
  }

  // An action that the platform performs on its own.
  void platform_action(const Node& node, const std::string& key, const ProcessDef& process) {
    if (!c_.check_one(node, fmt::format("action of process '{}' called", process.key), key, keys_of(process.actions)))
      return;
    const ActionDef* action = process.action(key);
    if (!action) return;
    if (!action->platform && !action->by.empty())
      problems_.add(node, fmt::format("action '{}' of process '{}' is for people only; give it 'platform: true'", key,
                                      process.key));
    if (action->from.empty())
      problems_.add(node, fmt::format("action '{}' opens a ticket; it cannot be performed on one", key));
  }

  // ---- links and tasks ----

  void links(Object& o) {
    for (const auto& [key, member] : o.named("links")) {
      Object l(*member->value, fmt::format("link '{}'", key), problems_);
      engine::LinkDef def;
      def.key = key;
      def.title = l.need_both("title");
      def.inverse = l.both("inverse");
      l.need("to");
      for (const Word& w : l.words("to")) {
        bool good = w.text.starts_with("record:") ? c_.check_register(*w.node, w.text.substr(7))
                                                  : c_.check_process(*w.node, w.text);
        if (good) def.to.push_back(w.text);
      }
      def.many = l.flag("many", true);
      if (const Node* carries = l.get("carries")) {
        for (const auto& to : def.to) {
          const ProcessDef* other = to.starts_with("record:") ? nullptr : c_.known.process(to);
          if (to.starts_with("record:"))
            problems_.add(*carries, "a record is written by an effect; 'carries' fills the fields of tickets");
          if (other) def.carries = carried(*carries, *other);
        }
      }
      def.basis = c_.basis(l);
      def_->links.push_back(std::move(def));
    }
  }

  // Values handed to a ticket of another process that the platform opens: what its opening action takes.
  std::map<std::string, expr::Program> carried(const Node& node, const ProcessDef& other) {
    return c_.values(&node, taken(other, other.opening()), place_, fmt::format("what '{}' is given", other.key),
                     fmt::format("the opening action of process '{}'", other.key));
  }
  static std::vector<FieldDef> taken(const ProcessDef& process, const ActionDef* action) {
    std::vector<FieldDef> out;
    if (action)
      for (const auto& field : action->fields)
        if (const FieldDef* def = process.field(field.field)) out.push_back(*def);
    return out;
  }

  void tasks(Object& o) {
    using Kind = engine::TaskDef::Kind;
    for (const auto& [key, member] : o.named("tasks")) {
      Object t(*member->value, fmt::format("task '{}'", key), problems_);
      engine::TaskDef def;
      def.key = key;
      def.title = t.need_both("title");
      constexpr Kind kinds[] = {Kind::approval, Kind::countersign, Kind::step, Kind::checklist};
      t.need("kind");
      def.kind = kinds[t.choice("kind", {"approval", "countersign", "step", "checklist"})];
      def.for_each = program(t.get("for_each"), expr::Type::list_of(types::any), "'for_each'");
      Place place = place_;
      if (c_.compiling && t.has("for_each")) {
        const auto& type = def.for_each.type();
        place = place_.with("item", type.kind == expr::Type::Kind::list && type.element ? *type.element : types::any);
      }
      t.need("assignee");
      def.assignee = who(t.items("assignee"), place);
      def.differs_from = differences(t);
      def.internal = t.flag("internal");
      quorum(t, def);
      for (const Word& w : t.words("covers"))
        if (c_.check_one(*w.node, "field", w.text, keys_of(def_->fields))) def.covers.push_back(w.text);
      def.in_order = t.flag("in_order");
      if (def.in_order && !t.has("for_each")) t.refuse("in_order", "there is one task only; give 'for_each'");
      def.fields = c_.fields(t, "fields", Context::Site::answer, place_, {}, nullptr);
      if (c_.compiling) {
        std::map<std::string, expr::Type, std::less<>> answer;
        for (const auto& field : def.fields) answer.emplace(field.key, field.type.static_type());
        place = place.with("value", expr::Type::object_of(std::move(answer)));
      }
      def.guards = c_.guards(t, place, &def.fields);
      for (auto& guard : def.guards) {
        if (guard.waiver == engine::GuardDef::Waiver::exception)
          t.refuse("guards", "a guard on an answer is never waived; leave 'waiver' out");
        guard.waiver = engine::GuardDef::Waiver::law;
      }
      def.due = t.duration("due");
      if (def.due && def.due->ms <= 0)
        problems_.add(*t.get("due"), "'due' lies after the task is made: a duration above zero");
      def.basis = c_.basis(t);
      inherit(def.basis, def.differs_from);
      def_->tasks.push_back(std::move(def));
    }
  }

  void quorum(Object& t, engine::TaskDef& def) {
    using Rule = engine::TaskDef::Quorum::Rule;
    const Node* node = t.get("quorum");
    if (!node) return;
    if (node->kind == Node::Kind::scalar) {
      constexpr Rule rules[] = {Rule::all, Rule::any};
      def.quorum.rule = rules[t.choice("quorum", {"all", "any"})];
      return;
    }
    Object q(*node, "'quorum'", problems_);
    def.quorum.rule = Rule::share;
    auto share = [&](const char* key, int& num, int& den) {
      const Node* n = q.need(key);
      if (!n) return;
      auto parts = split(n->text, '/');
      auto digits = [](std::string_view s) {
        return !s.empty() && s.size() <= 3 && s.find_first_not_of("0123456789") == std::string_view::npos;
      };
      if (n->kind == Node::Kind::scalar && parts.size() == 2 && digits(parts[0]) && digits(parts[1])) {
        int a = std::stoi(std::string(parts[0])), b = std::stoi(std::string(parts[1]));
        if (b > 0 && a <= b) {
          num = a;
          den = b;
          return;
        }
      }
      problems_.add(*n, fmt::format("'{}' is a share such as 2/3", key));
    };
    share("answered", def.quorum.answered_num, def.quorum.answered_den);
    share("agreed", def.quorum.agreed_num, def.quorum.agreed_den);
  }

  // ---- actions ----

  void actions(Object& o) {
    for (const auto& [key, member] : o.named("actions")) {
      Object a(*member->value, fmt::format("action '{}'", key), problems_);
      if (!a.usable()) continue;
      ActionDef def;
      def.key = key;
      action_nodes_[key] = member->key.get();
      def.title = a.need_both("title");
      for (const Word& w : a.words("from")) {
        if (w.text == "open" || c_.check_one(*w.node, "state", w.text, state_keys())) def.from.push_back(w.text);
      }
      if (a.has("from") && def.from.empty()) def.from.push_back("open");  // after a mistake: not an opening action
      if (const Node* to = a.get("to")) {
        def.to = read_text(*to, "'to'", problems_).value_or("");
        if (!c_.check_one(*to, "state", def.to, state_keys())) def.to.clear();
      }
      for (const Word& w : a.words("by"))
        if (c_.check_one(*w.node, "role", w.text, keys_of(def_->roles))) def.by.push_back(w.text);
      def.platform = a.flag("platform");
      if (!a.has("by") && !def.platform)
        problems_.add(*member->key,
                      fmt::format("nobody may perform '{}': name roles in 'by', or say 'platform: true'", key));
      if (const Node* given = a.get("fields")) {
        if (given->kind != Node::Kind::map)
          problems_.add(*given, "'fields' of an action maps each field to required or optional");
        for (const auto& f : given->members) {
          if (!c_.check_one(*f.key, "field", f.key->text, keys_of(def_->fields))) continue;
          const FieldDef* field = def_->field(f.key->text);
          if (field && !field->decided_by.empty())
            problems_.add(*f.key, fmt::format("field '{}' is computed by decision '{}'; nobody fills it by hand",
                                              field->key, field->decided_by));
          bool required = f.value->text == "required";
          if (f.value->kind != Node::Kind::scalar || (!required && f.value->text != "optional"))
            problems_.add(*f.value, fmt::format("'{}' is required or optional", f.key->text));
          def.fields.push_back({f.key->text, required});
        }
      }
      if (const Node* comment = a.get("comment")) {
        if (comment->kind == Node::Kind::scalar && comment->text == "required") def.comment_required = true;
        else problems_.add(*comment, "'comment' is required, or left out");
      }
      def.guards = c_.guards(a, place_, &def_->fields);
      def.basis = c_.basis(a);
      for (auto& guard : def.guards)
        if (guard.basis.req.empty()) guard.basis.req = def.basis.req, guard.basis.clause = def.basis.clause;
      for (const Node* item : a.items("effects"))
        if (auto effect = this->effect(*item)) def.effects.push_back(std::move(*effect));
      if (const Node* seat = a.get("seat")) {
        if (seat->kind != Node::Kind::map) problems_.add(*seat, "'seat' maps a role to the person who takes it");
        for (const auto& s : seat->members)
          if (c_.check_one(*s.key, "role", s.key->text, keys_of(def_->roles)))
            def.seat_to.emplace(s.key->text,
                                program(s.value.get(), types::string, fmt::format("the seat '{}'", s.key->text)));
      }
      def_->actions.push_back(std::move(def));
    }
  }

  // Placeholders of a notice are fields, or members that every ticket has.
  void placeholders(const Node* node) {
    static const std::vector<std::string> members{"number", "process",   "state",       "open",      "drill",
                                                  "opener", "opened_at", "state_since", "closed_at", "holder"};
    if (!node || node->kind != Node::Kind::map || !c_.compiling) return;
    auto names = keys_of(def_->fields);
    names.insert(names.end(), members.begin(), members.end());
    for (const auto& language : node->members) {
      const std::string& t = language.value->text;
      for (std::size_t i = t.find('{'); i != std::string::npos; i = t.find('{', i + 1)) {
        auto end = t.find('}', i);
        std::size_t at = language.value->offset_of(i);
        if (end == std::string::npos) {
          problems_.add(*language.value->source, at, "the placeholder that begins here has no }");
          break;
        }
        std::string name = t.substr(i + 1, end - i - 1);
        if (name.starts_with("ticket.")) name = name.substr(7);
        if (std::find(names.begin(), names.end(), name) == names.end())
          problems_.add(*language.value->source, at,
                        fmt::format("there is no field '{}' to put here{}; there are: {}", name,
                                    suggestion(name, names), listed(names)));
      }
    }
  }

  std::optional<EffectDef> effect(const Node& node) {
    using Kind = EffectDef::Kind;
    Object e(node, "an effect", problems_);
    if (!e.usable()) return {};
    EffectDef def;
    // Two effects share keys with others (a record is `set`, an opened ticket has a `link`): the telling key comes
    // first.
    static const std::pair<const char*, Kind> kinds[] = {{"open", Kind::open},     {"record", Kind::record},
                                                         {"append", Kind::append}, {"fill", Kind::fill},
                                                         {"tasks", Kind::tasks},   {"void_tasks", Kind::void_tasks},
                                                         {"notify", Kind::notify}, {"act", Kind::act},
                                                         {"link", Kind::link},     {"set", Kind::set}};
    const Node* head = nullptr;
    for (const auto& [name, kind] : kinds)
      if (!head && e.has(name)) {
        def.kind = kind;
        head = e.get(name);
        if (!head) return {};
      }
    if (!head) {
      std::vector<std::string> names;
      for (const auto& [name, kind] : kinds) names.emplace_back(name);
      problems_.add(node, "an effect does one of: " + listed(names));
      for (const auto& member : node.members) e.get(member.key->text);
      return {};
    }
    auto target = [&](const std::string& what) { return def.target = read_text(*head, what, problems_).value_or(""); };
    switch (def.kind) {
      case Kind::set:
        def.values = c_.values(head, def_->fields, place_, "'set'", fmt::format("process '{}'", def_->key));
        break;
      case Kind::append:
      case Kind::fill: {
        Place place = table_place(*head, target("the table"));
        const FieldDef* table = def_->field(def.target);
        const Node* row = e.need("row");
        const auto& columns = table ? table->type.columns : std::vector<FieldDef>{};
        const Place& of_row = def.kind == Kind::fill ? place : place_;
        if (table && table->type.kind == FieldType::Kind::table)
          def.values = c_.values(row, columns, of_row, "'row'", fmt::format("table '{}'", def.target));
        if (def.kind == Kind::fill) {
          def.to = c_.program(e.need("where"), of_row, types::boolean, "'where'");
        } else {
          for (const FieldDef& column : columns)
            if (column.required && row && row->kind == Node::Kind::map && !row->find(column.key))
              problems_.add(*row, fmt::format("the row lacks '{}', which table '{}' requires", column.key, def.target));
        }
        break;
      }
      case Kind::open: {
        target("the process");
        bool good = c_.check_process(*head, def.target);
        const Node* link = e.need("link");
        def.link = link ? own_link(*link, def.target) : "";
        const Node* with = e.get("with");
        const ProcessDef* other = good ? c_.known.process(def.target) : nullptr;
        const ActionDef* opening = other ? other->opening() : nullptr;
        if (!opening) break;
        if (with) def.values = carried(*with, *other);
        if (!opening->platform && !opening->by.empty())
          problems_.add(
              *head, fmt::format("the opening action '{}' of process '{}' is for people only; give it 'platform: true'",
                                 opening->key, def.target));
        const engine::LinkDef* carrier = known_.link(def.link);
        for (const auto& field : opening->fields) {
          const FieldDef* f = other->field(field.field);
          bool given = (with && with->kind == Node::Kind::map && with->find(field.field)) ||
                       (carrier && carrier->carries.contains(field.field));
          // On the first reading programs are not compiled: an initial value shows as a key of the document.
          if (field.required && f && !given && !c_.initials(other).contains(field.field))
            problems_.add(*head, fmt::format("the opening action of process '{}' requires '{}'; hand it over in 'with'",
                                             def.target, field.field));
        }
        break;
      }
      case Kind::link: {
        def.link = own_link(*head, {});
        def.to = c_.program(e.need("to"), place_,
                            std::vector<expr::Type>{types::string, expr::Type::list_of(types::string)}, "'to'");
        break;
      }
      case Kind::record: {
        target("the register");
        c_.check_register(*head, def.target);
        def.to = program(e.need("id"), types::string, "'id'");
        auto it = c_.known.records.find(def.target);
        const Node* set = e.get("set");
        const Node* state = e.get("state");
        if (state) def.state = read_text(*state, "'state'", problems_).value_or("");
        if (!set && !state) problems_.add(node, "the effect writes nothing; give 'set' or 'state'");
        if (it == c_.known.records.end()) break;
        if (set)
          def.values = c_.values(set, it->second.fields, place_, "'set'", fmt::format("register '{}'", def.target));
        if (state)
          c_.check_one(*state, fmt::format("state of register '{}' called", def.target), def.state,
                       it->second.states.empty() ? std::vector<std::string>{"active"} : it->second.states);
        break;
      }
      case Kind::tasks:
      case Kind::void_tasks:
        target("the task");
        c_.check_one(*head, "task", def.target, keys_of(known_.tasks));
        break;
      case Kind::notify:
        def.tell = c_.audience(head, &known_, "'notify'");
        placeholders(e.need("text"));
        def.text = e.both("text");
        def.acknowledge_within = e.duration("acknowledge_within");
        if (def.acknowledge_within && def.acknowledge_within->ms <= 0)
          problems_.add(*e.get("acknowledge_within"), "'acknowledge_within' is a duration above zero");
        break;
      case Kind::act: {
        target("the action");
        const Node* on = e.need("on");
        def.link = on ? own_link(*on, {}) : "";
        const Node* with = e.get("with");
        const engine::LinkDef* link = known_.link(def.link);
        if (!link) break;
        for (const auto& to : link->to) {
          const ProcessDef* other = c_.known.process(to);
          if (!other) continue;
          platform_action(*head, def.target, *other);
          const ActionDef* action = other->action(def.target);
          if (with && action)
            def.values = c_.values(with, taken(*other, action), place_, "'with'",
                                   fmt::format("action '{}' of process '{}'", def.target, to));
        }
        break;
      }
    }
    def.when = program(e.get("when"), types::boolean, "'when'");
    def.basis = c_.basis(e);
    return def;
  }

  // A link of this process; with a process, one that may lead there.
  std::string own_link(const Node& node, const std::string& process) {
    std::string key = read_text(node, "the link", problems_).value_or("");
    if (!c_.check_one(node, "link", key, keys_of(known_.links))) return key;
    const engine::LinkDef* link = known_.link(key);
    if (link && !process.empty() && c_.complete &&
        std::find(link->to.begin(), link->to.end(), process) == link->to.end())
      problems_.add(node, fmt::format("link '{}' does not lead to process '{}'; name it in its 'to'", key, process));
    return key;
  }

  // ---- reactions ----

  void reactions(Object& o) {
    using On = ReactionDef::On;
    static const std::vector<std::string> names{"link_closed", "link_opened",     "tasks_done",    "alert_resolved",
                                                "alert_fired", "decision_raised", "record_written"};
    constexpr On values[] = {On::link_closed, On::link_opened,     On::tasks_done,    On::alert_resolved,
                             On::alert_fired, On::decision_raised, On::record_written};
    for (const Node* item : o.items("reactions")) {
      Object r(*item, "a reaction", problems_);
      if (!r.usable()) continue;
      ReactionDef def{};
      r.need("on");
      def.on = values[r.choice("on", names)];
      const Node* key = r.get("key");
      if (key) def.key = read_text(*key, "'key'", problems_).value_or("");
      auto require_key = [&](const char* what) {
        if (!key) problems_.add(*item, fmt::format("the reaction lacks 'key': which {}", what));
      };
      switch (def.on) {
        case On::link_closed:
        case On::link_opened: {
          // Either end may react: links of this process and those of others that lead here.
          auto all = keys_of(known_.links);
          for (const auto& [name, shapes] : c_.known.processes)
            for (const auto& other : shapes)
              for (const auto& link : other->links)
                if (std::find(link.to.begin(), link.to.end(), def_->key) != link.to.end()) all.push_back(link.key);
          std::sort(all.begin(), all.end());
          all.erase(std::unique(all.begin(), all.end()), all.end());
          if (key) c_.check_one(*key, "link", def.key, all);
          break;
        }
        case On::tasks_done:
          require_key("task");
          if (key) c_.check_one(*key, "task", def.key, keys_of(known_.tasks));
          break;
        case On::decision_raised:
          require_key("decision");
          if (key) c_.check_one(*key, "decision", def.key, keys_of(known_.decisions));
          break;
        case On::record_written:
          require_key("register");
          if (key) c_.check_register(*key, def.key);
          break;
        case On::alert_resolved:
        case On::alert_fired:
          r.refuse("key", "an alert belongs to the ticket; there is nothing to name");
          break;
      }
      if (def.on == On::tasks_done) {
        static const std::vector<std::string> results{"", "agreed", "disagreed"};
        if (r.has("result")) def.result = results[r.choice("result", {"agreed", "disagreed"}) + 1];
      } else {
        r.refuse("result", "only answered tasks have a result: agreed or disagreed");
      }
      def.when = program(r.get("when"), types::boolean, "'when'");
      if (const Node* action = r.need("do")) {
        def.action = read_text(*action, "'do'", problems_).value_or("");
        platform_action(*action, def.action, known_);
      }
      def.basis = c_.basis(r);
      def_->reactions.push_back(std::move(def));
    }
  }

  // ---- the whole ----

  void whole(const Node& key) {
    if (def_->states.empty() || def_->actions.empty()) return;
    const ActionDef* opening = nullptr;
    for (const ActionDef& action : def_->actions) {
      if (!action.from.empty()) continue;
      if (opening)
        problems_.add(*action_nodes_[action.key],
                      fmt::format("'{}' opens the ticket already; give '{}' a 'from'", opening->key, action.key));
      else opening = &action;
    }
    if (!opening) {
      problems_.add(key, "no action opens a ticket; one action has no 'from'");
      return;
    }
    auto final = [&](const std::string& state) {
      const auto* s = def_->state(state);
      return s && !s->final.empty();
    };
    std::map<std::string, std::vector<std::string>> onward, back;
    for (const ActionDef& action : def_->actions) {
      if (action.to.empty()) continue;
      for (const auto& state : def_->states) {
        bool from = false;
        for (const auto& f : action.from) from = from || f == state.key || (f == "open" && state.final.empty());
        if (!from || action.to == state.key) continue;
        onward[state.key].push_back(action.to);
        back[action.to].push_back(state.key);
      }
    }
    auto walk = [](const std::map<std::string, std::vector<std::string>>& edges, std::deque<std::string> todo) {
      std::set<std::string> seen(todo.begin(), todo.end());
      while (!todo.empty()) {
        auto it = edges.find(todo.front());
        todo.pop_front();
        if (it == edges.end()) continue;
        for (const auto& next : it->second)
          if (seen.insert(next).second) todo.push_back(next);
      }
      return seen;
    };
    auto reached = walk(onward, {opening->to.empty() ? def_->states.front().key : opening->to});
    std::deque<std::string> ends;
    for (const auto& state : def_->states)
      if (final(state.key)) ends.push_back(state.key);
    if (ends.empty()) problems_.add(key, "no state is final; a ticket could never be closed");
    auto ending = walk(back, ends);
    for (const auto& state : def_->states) {
      const Node& node = *state_nodes_[state.key];
      if (!reached.contains(state.key))
        problems_.add(node, fmt::format("no action leads to state '{}'; name it in a 'to', or take it out", state.key));
      else if (!final(state.key) && onward[state.key].empty())
        problems_.add(node,
                      fmt::format("no action leads out of state '{}'; give it one, or make it 'final'", state.key));
      else if (!final(state.key) && !ends.empty() && !ending.contains(state.key))
        problems_.add(node, fmt::format("from state '{}' no way leads to an end", state.key));
    }
  }

  Context& c_;
  Problems& problems_;
  const Document& document_;
  const ProcessDef& known_;  // this process as the first reading saw it
  std::shared_ptr<ProcessDef> def_ = std::make_shared<ProcessDef>();
  Place place_;
  std::map<std::string, const Node*> state_nodes_, action_nodes_;
};

void Context::process(const Document& document) {
  static const ProcessDef nothing;
  auto found = process_skeletons.find(document.node.get());
  auto def = ProcessReader(*this, document, found == process_skeletons.end() ? nothing : *found->second).read();
  if (!def) return;
  if (!compiling) {
    process_skeletons.emplace(document.node.get(), def);
    if (const Node* fields = document.node->find("fields"))
      for (const auto& member : fields->members)
        if (member.value->find("initial")) initial_[def.get()].insert(member.key->text);
  }
  if (!first(fmt::format("process {} shape {}", def->key, def->shape), *document.node->find("process"))) return;
  out.processes[def->key].push_back(std::move(def));
}

const std::set<std::string>& Context::initials(const ProcessDef* process) const {
  static const std::set<std::string> none;
  auto it = initial_.find(process);
  return it == initial_.end() ? none : it->second;
}

void Context::finish() {
  for (auto& [key, shapes] : out.processes)
    std::sort(shapes.begin(), shapes.end(), [](const auto& a, const auto& b) { return a->shape < b->shape; });
}

}  // namespace anlan::definitions
