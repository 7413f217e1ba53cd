// How one action becomes a new ticket. The order is fixed and is the contract of every definition:
//   who may -> input -> required -> seat -> decisions over the new fields -> guards -> effects -> state ->
//   decisions, clocks, covered approvals, quorums, holder -> reactions.
// Guards therefore see the fields as they will stand, and the state as it was.
#include "domain/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "domain/engine/facts.h"
#include "domain/identity/separation.h"

namespace anlan::engine {
namespace {

using Source = WhoSource::Kind;

Refusal refusal(const Basis& basis, std::string code, Text text, std::string field = {}, std::string waiver = {}) {
  return {basis.clause, std::move(code), std::move(text), std::move(field), basis.req.empty() ? "" : basis.req.front(), std::move(waiver)};
}

std::string title(const Text& t, const std::string& key) { return t.zh.empty() ? key : t.zh; }
std::string title_en(const Text& t, const std::string& key) { return t.en.empty() ? key : t.en; }

// A digest for the fields an approval covers. It guards against honest change, not against forgery (the log does
// that), so a 64-bit FNV-1a over the readable form is enough and keeps crypto out of the domain.
std::string digest_of(const Value& fields, const std::vector<std::string>& covers) {
  std::uint64_t h = 1469598103934665603ULL;
  auto feed = [&h](std::string_view s) {
    for (unsigned char c : s) h = (h ^ c) * 1099511628211ULL;
    h = (h ^ 0xFF) * 1099511628211ULL;
  };
  for (const auto& key : covers) {
    feed(key);
    feed(describe(fields[key]));
  }
  return fmt::format("{:016x}", h);
}

// Where a value stands in the order of its type; nothing stands below everything.
double rank_of(const FieldType& type, const Value& v) {
  if (v.is_null()) return -std::numeric_limits<double>::infinity();
  if (type.kind == FieldType::Kind::choice) {
    auto it = std::find(type.words.begin(), type.words.end(), v.as_string());
    return it == type.words.end() ? -1 : static_cast<double>(it - type.words.begin());
  }
  return v.as_number();
}

// One pass over one ticket: everything an action needs, with the ticket being changed.
class Pass {
 public:
  Pass(const Definitions& definitions, const World& world, const ProcessDef& process, Ticket ticket, const Actor& actor, Instant now,
       std::string comment = {})
      : definitions_(definitions), world_(world), process_(process), t_(std::move(ticket)), actor_(actor), now_(now),
        comment_(std::move(comment)), facts_(definitions_, world_, &process_, &t_, actor_, now_, comment_) {}

  Ticket& ticket() { return t_; }
  TicketFacts& facts() { return facts_; }
  Outcome& out() { return out_; }

  // ---- who ----

  std::vector<std::string> subjects(const WhoSource& source, const TicketFacts& facts) const {
    if (source.subject.empty()) return {};
    auto outcome = source.subject.evaluate(facts);
    if (!outcome.ok || outcome.value.is_null()) return {};
    if (outcome.value.is(Value::Kind::list)) {
      std::vector<std::string> all;
      for (const auto& v : outcome.value.as_list()) all.push_back(v.as_string());
      return all;
    }
    return {outcome.value.as_string()};
  }

  // The post by which the person fits, or nothing. A source that needs no post gives an empty post.
  struct Fit {
    bool fits = false;
    std::string post, board;
  };
  Fit fits(const WhoSource& source, const Actor& actor, const TicketFacts& facts) const {
    const auto& directory = world_.directory();
    const auto* person = directory.person(actor.id);
    if (source.kind == Source::machine) return {actor.machine || actor.platform, {}, {}};
    if (!person || !person->enabled) return {};
    switch (source.kind) {
      case Source::anyone: return {true, {}, {}};
      case Source::post: {
        auto boards = subjects(source, facts);
        for (const auto& held : directory.posts_of(actor.id, now_)) {
          if (held.post != source.post) continue;
          if (source.line && held.line != source.line) continue;
          // A ticket without a board yet, or a grant for all boards, fits every holder.
          if (!boards.empty() && !held.board.empty() && std::find(boards.begin(), boards.end(), held.board) == boards.end()) continue;
          return {true, held.post, held.board};
        }
        return {};
      }
      case Source::duty:
        for (const auto& board : subjects(source, facts))
          for (const auto& who : directory.on_duty(board, source.line, now_))
            if (who == actor.id) return {true, {}, board};
        return {};
      case Source::seat: return {t_.occupant(source.seat) == actor.id, {}, {}};
      case Source::head_of:
        for (const auto& unit : subjects(source, facts)) {
          const auto* u = directory.unit(unit);
          if (u && (u->head == actor.id || u->deputy == actor.id)) return {true, {}, {}};
        }
        return {};
      case Source::manager_of:
        for (const auto& board : subjects(source, facts)) {
          const auto* b = directory.board(board);
          if (b && b->manager == actor.id) return {true, {}, board};
        }
        return {};
      case Source::superior_of: {
        const auto& below = t_.occupant(source.seat);
        const auto* above = below.empty() ? nullptr : directory.superior(below, source.levels);
        return {above && above->id == actor.id, {}, {}};
      }
      case Source::person:
        for (const auto& who : subjects(source, facts))
          if (who == actor.id) return {true, {}, {}};
        return {};
      case Source::machine: return {};
    }
    return {};
  }

  // Who a set of sources names: person ids, or groups "post:<post>@<board>#<line>" where many may answer.
  std::vector<std::string> named(const std::vector<WhoSource>& who, const TicketFacts& facts) const {
    const auto& directory = world_.directory();
    std::vector<std::string> out;
    auto add = [&out](std::string s) {
      if (!s.empty() && std::find(out.begin(), out.end(), s) == out.end()) out.push_back(std::move(s));
    };
    for (const auto& source : who) {
      switch (source.kind) {
        case Source::post: {
          auto boards = subjects(source, facts);
          std::string suffix = source.line ? fmt::format("#{}", source.line) : "";
          if (boards.empty()) add(fmt::format("post:{}@{}", source.post, suffix));
          for (const auto& board : boards) add(fmt::format("post:{}@{}{}", source.post, board, suffix));
          break;
        }
        case Source::duty:
          for (const auto& board : subjects(source, facts))
            for (const auto& person : directory.on_duty(board, source.line, now_)) add(person);
          break;
        case Source::seat: add(t_.occupant(source.seat)); break;
        case Source::head_of:
          for (const auto& unit : subjects(source, facts))
            if (const auto* u = directory.unit(unit)) add(u->head);
          break;
        case Source::manager_of:
          for (const auto& board : subjects(source, facts))
            if (const auto* b = directory.board(board)) add(b->manager);
          break;
        case Source::superior_of:
          if (const auto* above = directory.superior(t_.occupant(source.seat), source.levels)) add(above->id);
          break;
        case Source::person:
          for (const auto& person : subjects(source, facts)) add(person);
          break;
        case Source::machine:
        case Source::anyone: break;
      }
    }
    return out;
  }

  static identity::Ground ground(const Basis& basis) {
    return {basis.req.empty() ? "" : basis.req.front(), basis.clause, {}, ""};
  }
  static identity::SeatRule seat_rule(const std::string& role, const Text& title, const std::vector<Difference>& differs_from,
                                      bool internal, const Basis& basis) {
    identity::SeatRule rule;
    rule.role = role;
    rule.title = title;
    for (const Difference& d : differs_from)
      rule.differs_from.push_back({d.seat, static_cast<identity::Difference::By>(d.by), ground(d.basis)});
    if (internal) rule.internal_only = ground(basis);
    return rule;
  }
  const std::vector<identity::SeatRule>& seat_rules() const {
    if (rules_.empty()) {
      for (const RoleDef& role : process_.roles)
        rules_.push_back(seat_rule(role.key, role.title, role.differs_from, role.internal, role.basis));
      for (const TaskDef& task : process_.tasks)
        rules_.push_back(seat_rule("task:" + task.key, task.title, task.differs_from, task.internal, task.basis));
    }
    return rules_;
  }
  // Separation of duty against the whole history of the ticket, from both sides.
  std::vector<Refusal> separation(const std::string& role, const Actor& actor, const Fit& fit) const {
    if (actor.machine || actor.platform) return {};  // a machine sits nowhere
    const auto* me = world_.directory().person(actor.id);
    identity::Seat seat;
    seat.role = role;
    seat.person = actor.id;
    seat.post = fit.post;
    seat.board = fit.board;
    seat.unit = me ? me->unit : "";
    seat.since = now_;
    auto refusals = identity::differs(world_.directory(), t_.seats, seat_rules(), seat, now_);
    for (auto& conflict : identity::acts_in_conflict(world_.directory(), actor.id, fit.post, now_)) refusals.push_back(std::move(conflict));
    return refusals;
  }

  // May the actor act in this role now? Empty: yes, and `fit` says by which post.
  std::vector<Refusal> may_sit(const RoleDef& role, const Actor& actor, Fit& fit) const {
    std::vector<Refusal> refusals;
    for (const auto& source : role.who)
      if (!fit.fits) fit = fits(source, actor, facts_);
    if (!fit.fits) {
      refusals.push_back(refusal(role.basis, "not_" + role.key,
                                 {fmt::format("须由{}办理", title(role.title, role.key)),
                                  fmt::format("only {} may do this", title_en(role.title, role.key))}));
      return refusals;
    }
    if (role.keeps) {
      const auto& sitting = t_.occupant(role.key);
      const auto* person = world_.directory().person(sitting);
      if (!sitting.empty() && sitting != actor.id && person && person->enabled)
        refusals.push_back(refusal(role.basis, "seat_taken",
                                   {fmt::format("{}现为{}，如需更换请先转派", title(role.title, role.key), sitting),
                                    fmt::format("{} is {} now; reassign first", title_en(role.title, role.key), sitting)}));
    }
    for (auto& one : separation(role.key, actor, fit)) refusals.push_back(std::move(one));
    return refusals;
  }

  bool could_sit(const RoleDef& role, const std::string& person) const {
    Fit fit;
    return world_.directory().is_enabled(person) && may_sit(role, Actor{person, false, false}, fit).empty();
  }

  // Chooses the role to act in. Refusals are those of the role that came closest.
  std::vector<Refusal> choose_role(const ActionDef& action, const std::string& wanted, std::string& role, Fit& fit,
                                   std::vector<std::string>* all = nullptr) const {
    if (actor_.platform) {
      if (action.platform || action.by.empty()) return {};
      return {refusal(action.basis, "people_only", {"此操作只能由人办理", "only a person may do this"})};
    }
    if (action.by.empty())
      return {refusal(action.basis, "platform_only", {"此操作由平台自动完成", "the platform does this by itself"})};
    std::vector<Refusal> best;
    bool fitted = false;
    for (const auto& key : action.by) {
      if (!wanted.empty() && wanted != key) continue;
      const RoleDef* def = process_.role(key);
      if (!def) continue;
      Fit one;
      auto refusals = may_sit(*def, actor_, one);
      if (refusals.empty()) {
        if (all) all->push_back(key);
        if (role.empty()) role = key, fit = one;
      } else if (best.empty() || (one.fits && !fitted)) {
        best = std::move(refusals);
        fitted = one.fits;
      }
    }
    if (!role.empty()) return {};
    if (!fitted && action.by.size() > 1) {
      std::string zh, en;
      for (const auto& key : action.by) {
        const RoleDef* def = process_.role(key);
        if (!def) continue;
        zh += (zh.empty() ? "" : "、") + title(def->title, key);
        en += (en.empty() ? "" : ", ") + title_en(def->title, key);
      }
      Basis basis = action.basis;
      if (basis.req.empty() && !best.empty()) {
        basis.clause = best.front().clause;
        basis.req = {best.front().requirement};
      }
      return {refusal(basis, best.empty() ? "not_in_role" : best.front().code,
                      {fmt::format("须由{}办理", zh), fmt::format("only one of {} may do this", en)})};
    }
    if (best.empty()) best.push_back(refusal(action.basis, "not_in_role", {"您没有可办理此操作的角色", "you hold no role that may do this"}));
    return best;
  }

  // A seat given on: the one who gets it must be allowed beside all who sat before. Machines sit nowhere.
  std::vector<Refusal> give_seat(const std::string& role, const std::string& person) {
    if (person.empty() || !world_.directory().person(person) || t_.occupant(role) == person) return {};
    Actor taker{person, false, false};
    Fit fit;
    if (const RoleDef* def = process_.role(role))
      for (const auto& source : def->who)
        if (!fit.fits) fit = fits(source, taker, facts_);
    auto refusals = separation(role, taker, fit);
    if (refusals.empty()) take_seat(role, person, fit.post, fit.board);
    return refusals;
  }

  void take_seat(const std::string& role, const std::string& person, const std::string& post, const std::string& board) {
    if (role.empty() || person.empty()) return;
    for (const auto& seat : t_.seats)
      // Who sits already sits on, unless he acts in another post now: separation asks for every post of the history.
      if (seat.role == role && !seat.until && seat.person == person && (post.empty() || post == seat.post)) return;
    for (auto& seat : t_.seats)
      if (seat.role == role && !seat.until) seat.until = now_;
    const auto* who = world_.directory().person(person);
    identity::Seat entry;
    entry.role = role;
    entry.person = person;
    entry.post = post;
    entry.board = board;
    entry.unit = who ? who->unit : "";
    entry.since = now_;
    t_.seats.push_back(std::move(entry));
  }

  // ---- fields ----

  Status check_field(const FieldDef& field, const Value& value) {
    if (field.check.empty() || value.is_null()) return {};
    facts_.set(Root::value, value);
    bool good = field.check.holds(facts_);
    facts_.set(Root::value, Value());
    if (good) return {};
    Text text = field.check_else.empty() ? Text{title(field.label, field.key) + "不符合要求", title_en(field.label, field.key) + " does not hold"}
                                         : field.check_else;
    return refuse({refusal(field.basis, "check_" + field.key, text, field.key)});
  }

  void required_in_state(const std::string& state, std::vector<Refusal>& refusals) const {
    for (const FieldDef& field : process_.fields) {
      bool here = field.required || std::find(field.required_in.begin(), field.required_in.end(), state) != field.required_in.end();
      if (!here || !t_.fields[field.key].is_null()) continue;
      if (!field.required_when.empty() && !field.required_when.holds(facts_)) continue;
      refusals.push_back(refusal(field.basis, "required_" + field.key,
                                 {fmt::format("请填写{}", title(field.label, field.key)),
                                  fmt::format("{} is not filled", title_en(field.label, field.key))},
                                 field.key));
    }
  }

  // ---- guards ----

  const Override* usable(const std::string& action, const std::string& code) const {
    for (const Override& o : t_.overrides)
      if (o.action == action && o.code == code && !o.approver.empty() && !o.used && (!o.expires || now_ < *o.expires)) return &o;
    return nullptr;
  }

  // A written exception in force now: register guard_exception, which a house need not have. It says process and code, and
  // a ticket where it is for that one alone.
  std::optional<std::string> excepted(const std::string& code) const {
    for (const Value& e : world_.records("guard_exception")) {
      if (e["state"].as_string() != "in_force" || e["process"].as_string() != process_.key || e["code"].as_string() != code) continue;
      if (!e["ticket"].is_null() && e["ticket"].as_string() != t_.number) continue;
      if (now_ < e["from"].as_instant() || now_ >= e["until"].as_instant()) continue;
      return e["id"].as_string();
    }
    return std::nullopt;
  }

  // Appends the refusals of the guards that do not hold; marks overrides as used when `spend`.
  void guards(const std::string& action, const std::vector<GuardDef>& all, std::vector<Refusal>& refusals, bool spend) {
    for (const GuardDef& guard : all) {
      auto outcome = guard.condition.evaluate(facts_);
      if (outcome.ok && outcome.value.as_bool()) continue;
      if (guard.waiver != GuardDef::Waiver::law) {
        if (const Override* o = usable(action, guard.code)) {
          if (spend) {
            for (Override& mine : t_.overrides)
              if (mine.id == o->id) mine.used = now_;
            out_.notes.push_back(Value(Map{{"what", "override_used"}, {"override", o->id}, {"code", guard.code}, {"action", action}}));
          }
          continue;
        }
      }
      if (guard.waiver == GuardDef::Waiver::exception) {
        if (const auto exception = excepted(guard.code)) {
          if (spend)
            out_.notes.push_back(
                Value(Map{{"what", "exception_used"}, {"exception", *exception}, {"code", guard.code}, {"action", action}}));
          continue;
        }
      }
      Text text = guard.otherwise;
      std::string field = guard.field;
      if (!outcome.ok && outcome.unset) {
        std::string path = outcome.path;
        if (path.starts_with("ticket.")) path = path.substr(7);
        std::string key = path.substr(0, path.find('.'));
        const FieldDef* def = process_.field(key);
        text.zh += fmt::format("（{}未填写）", def ? title(def->label, key) : outcome.path);
        text.en += fmt::format(" ({} is not filled)", def ? title_en(def->label, key) : outcome.path);
        if (field.empty() && def) field = key;
      }
      refusals.push_back(refusal(guard.basis, guard.code, std::move(text), std::move(field),
                                 guard.waiver == GuardDef::Waiver::law         ? ""
                                 : guard.waiver == GuardDef::Waiver::exception ? "exception"
                                                                               : "break_glass"));
    }
  }

  // ---- decisions ----

  Value decide(const DecisionDef& def, const TicketFacts& facts, std::vector<std::size_t>* rows = nullptr) const {
    Value best;
    List all;
    for (std::size_t i = 0; i < def.rows.size(); ++i) {
      const DecisionRow& row = def.rows[i];
      if (!row.condition.holds(facts)) continue;
      auto outcome = row.value.evaluate(facts);
      if (!outcome.ok) continue;
      if (rows) rows->push_back(i);
      if (def.hit == DecisionDef::Hit::first) {
        // Later rows are not read, but what they wait for does not matter: the first one stands until it falls.
        return outcome.value;
      }
      if (def.hit == DecisionDef::Hit::collect) {
        if (outcome.value.is(Value::Kind::list)) all.insert(all.end(), outcome.value.as_list().begin(), outcome.value.as_list().end());
        else all.push_back(outcome.value);
      } else if (best.is_null() || rank_of(def.output, outcome.value) > rank_of(def.output, best)) {
        best = outcome.value;
      }
    }
    if (def.hit == DecisionDef::Hit::collect && !all.empty()) return Value(std::move(all));
    if (best.is_null() && !def.otherwise.empty()) {
      auto outcome = def.otherwise.evaluate(facts);
      if (outcome.ok) best = outcome.value;
    }
    return best;
  }

  // What stands when the table gives `computed`, and where it goes: into the field, if it has one.
  static Value stands(const DecisionDef& def, const Value& before, const Value& computed, const DecisionState* last) {
    if (!def.raises_only || before.is_null()) return computed;
    // People may have lowered what the table says; only a new rise of the table raises it again.
    bool rose = !last || rank_of(def.output, computed) > rank_of(def.output, last->computed);
    return rose && rank_of(def.output, computed) > rank_of(def.output, before) ? computed : before;
  }

  // Pre: the facts are fresh. They are rebuilt here only where a decision changed something: this runs at every write.
  void decisions() {
    facts_.forget_changes();
    for (const DecisionDef& def : process_.decisions) {
      std::vector<std::size_t> rows;
      Value computed = decide(def, facts_, &rows);
      bool first = !t_.decisions.contains(def.key);
      DecisionState& state = t_.decisions[def.key];
      Value before = def.into.empty() ? state.value : t_.fields[def.into];
      Value stands_now = stands(def, before, computed, first ? nullptr : &state);
      bool changed = first || !(state.value == stands_now);
      if (!(stands_now == before)) {
        state.since = now_;
        if (!def.into.empty()) {
          t_.fields = t_.fields.with(def.into, stands_now);
          facts_.refresh();
        }
        bool raised = rank_of(def.output, stands_now) > rank_of(def.output, before);
        if (raised && !first)
          out_.notes.push_back(Value(Map{{"what", "decision_raised"}, {"decision", def.key}, {"from", before},
                                         {"to", stands_now}, {"rows", rows_value(def, rows)}}));
        if (raised) raised_.push_back(def.key);
      }
      state.value = stands_now;
      state.computed = computed;
      state.rows = rows;
      if (changed) facts_.refresh_decisions();
    }
    foretell(facts_.next_change());
  }

  // Walks from change to change, on a copy, until each computed value differs or nothing runs on: the next flips. All
  // decisions walk together, because one may read another. Bounded: a table compares with finitely many constants.
  void foretell(std::optional<Instant> next) {
    for (auto& [key, state] : t_.decisions) {
      state.flips_at.reset();
      state.flips_to = Value();
    }
    if (!next || !t_.open) return;
    Ticket ahead = t_;
    TicketFacts later(definitions_, world_, &process_, &ahead, actor_, now_);
    std::size_t waiting = process_.decisions.size();
    for (int i = 0; i < 64 && waiting && next && *next < far_future; ++i) {
      Instant at = *next;
      later.set_now(at);
      later.refresh();
      later.forget_changes();
      for (const DecisionDef& def : process_.decisions) {
        Value then = decide(def, later);
        DecisionState& state = ahead.decisions[def.key];
        Value before = def.into.empty() ? state.value : ahead.fields[def.into];
        Value stands_then = stands(def, before, then, &state);
        if (!def.into.empty() && !(stands_then == before)) {
          ahead.fields = ahead.fields.with(def.into, stands_then);
          later.refresh();
        }
        if (!(state.value == stands_then)) later.refresh_decisions();
        state.value = stands_then;
        state.computed = then;
        DecisionState& mine = t_.decisions[def.key];
        if (mine.flips_at || then == mine.computed) continue;
        mine.flips_at = at;
        mine.flips_to = then;
        --waiting;
      }
      next = later.next_change();
      if (next && *next <= at) return;
    }
  }

  static Value rows_value(const DecisionDef& def, const std::vector<std::size_t>& rows) {
    List out;
    for (auto i : rows) {
      const DecisionRow& row = def.rows[i];
      out.push_back(Value(Map{{"row", static_cast<std::int64_t>(i)},
                              {"if", row.condition.source()},
                              {"zh", row.reason.zh},
                              {"en", row.reason.en},
                              {"requirement", row.basis.req.empty() ? Value() : Value(row.basis.req.front())}}));
    }
    return Value(std::move(out));
  }

  // ---- clocks ----

  const calendar::WorkCalendar* calendar_of(const ClockState& state) const {
    if (state.facts.targets.empty() || state.facts.targets.back().calendar.empty()) return nullptr;
    return world_.calendar(state.facts.targets.back().calendar);
  }

  void clocks() {
    for (const ClockDef& def : process_.clocks) {
      bool applies = def.when.empty() || def.when.holds(facts_);
      auto found = t_.clocks.find(def.key);
      if (!applies && !(def.sticky && found != t_.clocks.end() && found->second.armed)) {
        if (found == t_.clocks.end() || !found->second.armed) continue;
        ClockState& state = found->second;
        state.armed = false;
        state.withdrawn = true;
        out_.notes.push_back(Value(Map{{"what", "clock_withdrawn"}, {"clock", def.key}}));
        continue;
      }
      auto anchor = def.anchor.evaluate(facts_);
      if (!anchor.ok || !anchor.value.is(Value::Kind::instant)) {
        if (found == t_.clocks.end() || !found->second.armed) continue;
        found->second.armed = false;
        found->second.withdrawn = true;
        continue;
      }
      ClockState& state = t_.clocks[def.key];
      bool fresh = !state.armed;
      state.armed = true;
      state.withdrawn = false;
      if (state.facts.anchor && *state.facts.anchor != anchor.value.as_instant())
        out_.notes.push_back(Value(Map{{"what", "clock_reanchored"}, {"clock", def.key}, {"from", *state.facts.anchor}, {"to", anchor.value}}));
      state.facts.anchor = anchor.value.as_instant();
      auto amount = def.amount.evaluate(facts_);
      clock::Target target;
      target.since = now_;
      target.counting = def.counting;
      if (!def.calendar.empty()) {
        auto calendar = def.calendar.evaluate(facts_);
        if (calendar.ok) target.calendar = calendar.value.as_string();
      }
      if (amount.ok) {
        target.amount = amount.value.is(Value::Kind::duration) ? amount.value.as_duration().ms : amount.value.as_int();
        if (state.facts.targets.empty() || state.facts.targets.back().amount != target.amount ||
            state.facts.targets.back().counting != target.counting || state.facts.targets.back().calendar != target.calendar) {
          if (!state.facts.targets.empty())
            out_.notes.push_back(Value(Map{{"what", "clock_retargeted"}, {"clock", def.key}, {"amount", Value(target.amount)}}));
          state.facts.targets.push_back(target);
        }
      }
      if (state.facts.targets.empty()) {
        state.armed = false;
        continue;
      }
      bool paused = !def.pause.empty() && def.pause.holds(facts_);
      auto& pauses = state.facts.pauses;
      bool standing = !pauses.empty() && !pauses.back().to;
      if (paused && !standing) pauses.push_back({now_, std::nullopt});
      if (!paused && standing) pauses.back().to = now_;
      if (def.stop.holds(facts_)) {
        if (!state.facts.stopped) {
          Instant at = now_;
          if (!def.stopped_at.empty()) {
            auto deed = def.stopped_at.evaluate(facts_);
            if (deed.ok && deed.value.is(Value::Kind::instant)) at = deed.value.as_instant();
          }
          state.facts.stopped = at;
        }
      } else {
        state.facts.stopped.reset();
      }
      auto due = clock::due(state.facts, now_, calendar_of(state));
      if (fresh || state.due != due) {
        // A due time that moved lets its steps fire again: they belong to the new target.
        state.due = due;
      }
    }
  }

  std::string step_version(const ClockState& state, std::size_t step) const {
    return fmt::format("{}@{}/{}", state.facts.targets.size(), state.facts.anchor ? state.facts.anchor->ms : 0, step);
  }
  static bool has(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }

  void fire_steps() {
    for (const ClockDef& def : process_.clocks) {
      auto it = t_.clocks.find(def.key);
      if (it == t_.clocks.end()) continue;
      ClockState& state = it->second;
      if (!state.armed || state.facts.stopped || !state.due) continue;
      for (std::size_t i = 0; i < def.ladder.size(); ++i) {
        const LadderStep& step = def.ladder[i];
        auto version = step_version(state, i);
        if (has(state.fired, version) || now_ < clock::step_at(*state.due, step.offset)) continue;
        state.fired.push_back(version);
        out_.notes.push_back(Value(Map{{"what", "clock_step"},
                                       {"clock", def.key},
                                       {"step", static_cast<std::int64_t>(i)},
                                       {"at", step.offset},
                                       {"due", *state.due},
                                       {"zh", step.text.zh},
                                       {"en", step.text.en}}));
        Effect effect;
        effect.kind = EffectDef::Kind::notify;
        effect.recipients = audience(step.tell);
        effect.text = step.text;
        effect.reason = fmt::format("clock {} step {}", def.key, format_duration(step.offset));
        if (!effect.recipients.empty()) out_.effects.push_back(std::move(effect));
        if (!step.action.empty()) out_.then.push_back(step.action);
      }
    }
  }

  // ---- audience, holder, owes ----

  std::vector<std::string> audience(const Audience& tell) const {
    std::vector<std::string> out;
    auto add = [&out](const std::string& s) {
      if (!s.empty() && !has(out, s)) out.push_back(s);
    };
    for (const auto& role : tell.roles) {
      const auto& sitting = t_.occupant(role);
      const auto* person = world_.directory().person(sitting);
      if (person && person->enabled) add(sitting);
      else if (const RoleDef* def = process_.role(role))
        for (const auto& who : named(def->who, facts_)) add(who);
    }
    const std::string& board = t_.fields["board"].as_string();
    for (const auto& post : tell.posts) {
      auto holders = world_.directory().holders(post, identity::Place{board, {}, 0}, now_);
      if (holders.empty()) holders = world_.directory().holders(post, {}, now_);
      for (const auto& who : holders) add(who);
      if (holders.empty()) add(fmt::format("post:{}@{}", post, board));
    }
    return out;
  }

  void holder() {
    const StateDef* state = process_.state(t_.state);
    if (!state || !state->final.empty()) {
      t_.owes.clear();
      return;
    }
    const auto& directory = world_.directory();
    const RoleDef* role = process_.role(state->accountable);
    std::string preferred = t_.occupant(state->accountable);
    int line = 0;
    if (role) {
      for (const auto& source : role->who)
        if (source.line) line = source.line;
      const auto* sitting = directory.person(preferred);
      if (!sitting || !sitting->enabled) {
        preferred.clear();
        for (const auto& who : named(role->who, facts_)) {
          const auto* person = directory.person(who);
          if (person && person->enabled) {
            preferred = who;
            break;
          }
        }
      }
    }
    identity::Responsibility matter{preferred, t_.fields["board"].as_string(), line, t_.fields["unit"].as_string(), {}};
    if (const auto& last = world_.parameters()["fallback_accountable"].as_string(); !last.empty()) matter.fallback = {last};
    for (const auto& holder : directory.holders(world_.parameters()["fallback_post"].as_string(), {}, now_)) matter.fallback.push_back(holder);
    auto resolved = identity::resolve_accountable(directory, matter, now_);
    // Who is on duty answers for what they may do. A step of another post waits for that post, and one of its holders answers.
    bool of_post = false;
    if (role && preferred.empty() && !could_sit(*role, resolved.person)) {
      for (const auto& source : role->who) {
        if (source.kind != Source::post || of_post) continue;
        auto boards = subjects(source, facts_);
        if (boards.empty()) boards.emplace_back();
        for (const auto& board : boards)
          for (const auto& person : directory.holders(source.post, identity::Place{board, {}, source.line}, now_))
            if (!of_post && could_sit(*role, person)) {
              Text post = directory.title_of_post(source.post);
              resolved = {person, {fmt::format("持有岗位“{}”", post.zh), fmt::format("holds the post {}", post.en)}};
              of_post = true;
            }
      }
    }
    t_.holder = resolved.person;
    t_.holder_why = resolved.why;

    std::vector<std::string> owes;
    auto add = [&owes](const std::string& s) {
      if (!s.empty() && !has(owes, s)) owes.push_back(s);
    };
    const std::string& owing = state->owes.empty() ? state->accountable : state->owes;
    const auto& sitting = t_.occupant(owing);
    const auto* person = directory.person(sitting);
    if (owing == state->accountable && !t_.holder.empty() && !of_post) {
      add(t_.holder);
    } else if (person && person->enabled) {
      add(sitting);
    } else if (const RoleDef* def = process_.role(owing)) {
      for (const auto& who : named(def->who, facts_)) add(who);
    }
    for (const TaskState& task : t_.tasks)
      if (task.state == "open")
        for (const auto& who : task.assignees) add(who);
    if (owes.empty()) add(t_.holder);
    t_.owes = std::move(owes);
  }

  // ---- tasks ----

  void make_tasks(const TaskDef& def) {
    List items{Value()};
    if (!def.for_each.empty()) {
      auto outcome = def.for_each.evaluate(facts_);
      items = outcome.ok && outcome.value.is(Value::Kind::list) ? outcome.value.as_list() : List{};
    }
    bool first = true;
    for (const Value& item : items) {
      TaskState task;
      task.id = fmt::format("t{}", t_.tasks.size() + 1);
      task.key = def.key;
      task.item = item;
      TicketFacts facts(definitions_, world_, &process_, &t_, actor_, now_, comment_);
      facts.set(Root::item, item);
      task.assignees = named(def.assignee, facts);
      task.state = def.in_order && !first ? "waiting" : "open";
      task.made = now_;
      if (def.due) task.due = now_ + *def.due;
      if (!def.covers.empty()) task.digest = digest_of(t_.fields, def.covers);
      first = false;
      t_.tasks.push_back(std::move(task));
    }
  }

  void void_tasks(const std::string& key, const char* why) {
    bool any = false;
    for (TaskState& task : t_.tasks)
      if (task.key == key && task.state != "void") {
        task.state = "void";
        any = true;
      }
    if (any) out_.notes.push_back(Value(Map{{"what", "tasks_void"}, {"task", key}, {"why", why}}));
  }

  // An approval binds the fields it covers: it is void once they change.
  void covered_changes() {
    for (const TaskDef& def : process_.tasks) {
      if (def.covers.empty()) continue;
      std::string digest;
      for (TaskState& task : t_.tasks) {
        if (task.key != def.key || task.state == "void") continue;
        if (digest.empty()) digest = digest_of(t_.fields, def.covers);
        if (task.digest == digest) continue;
        if (task.state == "done") {
          void_tasks(def.key, "covered fields changed");
          break;
        }
        task.digest = digest;
      }
    }
  }

  // What the answers of a task key amount to: "", "agreed", "disagreed".
  std::string result_of(const TaskDef& def) const {
    int all = 0, done = 0, agreed = 0, disagreed = 0;
    for (const TaskState& task : t_.tasks) {
      if (task.key != def.key || task.state == "void") continue;
      ++all;
      if (task.state == "done") ++done;
      if (task.answer == "agree") ++agreed;
      if (task.answer == "disagree") ++disagreed;
    }
    if (all == 0) return {};
    switch (def.quorum.rule) {
      case TaskDef::Quorum::Rule::any: return done == 0 ? "" : agreed ? "agreed" : "disagreed";
      case TaskDef::Quorum::Rule::all: return disagreed ? "disagreed" : done == all ? "agreed" : "";
      case TaskDef::Quorum::Rule::share: {
        const auto& q = def.quorum;
        if (done * q.answered_den < all * q.answered_num) return {};
        if (agreed * q.agreed_den > done * q.agreed_num) return "agreed";
        if (disagreed * q.agreed_den > done * q.agreed_num || done == all) return "disagreed";
        return {};
      }
    }
    return {};
  }

  // ---- effects ----

  Value evaluated(const std::map<std::string, expr::Program>& values, const TicketFacts& facts) const {
    Map out;
    for (const auto& [key, program] : values) {
      auto outcome = program.evaluate(facts);
      out.emplace(key, outcome.ok ? outcome.value : Value());
    }
    return Value(std::move(out));
  }

  std::string filled(const std::string& text) const {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      auto end = text[i] == '{' ? text.find('}', i) : std::string::npos;
      if (end == std::string::npos) {
        out += text[i++];
        continue;
      }
      std::string name = text.substr(i + 1, end - i - 1);
      if (name.starts_with("ticket.")) name = name.substr(7);
      const Value& ticket = facts_.root(static_cast<std::size_t>(Root::ticket));
      const FieldDef* def = process_.field(name);
      const Value& v = ticket[name];
      if (def && def->type.kind == FieldType::Kind::choice && def->type.labels.contains(v.as_string()))
        out += def->type.labels.at(v.as_string()).zh;
      else
        out += v.is_null() ? "—" : describe(v);
      i = end + 1;
    }
    return out;
  }

  // Effects see what the effects before them did.
  void apply(const EffectDef& def) {
    if (!def.when.empty() && !def.when.holds(facts_)) return;
    carry_out(def);
    using Kind = EffectDef::Kind;
    if (def.kind == Kind::set || def.kind == Kind::append || def.kind == Kind::fill || def.kind == Kind::tasks || def.kind == Kind::void_tasks)
      facts_.refresh();
  }

  void carry_out(const EffectDef& def) {
    switch (def.kind) {
      case EffectDef::Kind::set:
        for (const auto& [field, program] : def.values) {
          auto outcome = program.evaluate(facts_);
          t_.fields = t_.fields.with(field, outcome.ok ? outcome.value : Value());
        }
        return;
      case EffectDef::Kind::append: {
        List rows = t_.fields[def.target].as_list();
        Map row;
        for (const auto& [column, v] : evaluated(def.values, facts_).as_map())
          if (!v.is_null()) row.emplace(column, v);
        rows.push_back(Value(std::move(row)));
        t_.fields = t_.fields.with(def.target, Value(std::move(rows)));
        return;
      }
      case EffectDef::Kind::fill: {
        List rows = t_.fields[def.target].as_list();
        TicketFacts facts(definitions_, world_, &process_, &t_, actor_, now_, comment_);
        for (Value& row : rows) {
          facts.set(Root::row, row);
          if (!def.to.empty() && !def.to.holds(facts)) continue;
          for (const auto& [column, v] : evaluated(def.values, facts).as_map()) row = row.with(column, v);
        }
        if (!rows.empty()) t_.fields = t_.fields.with(def.target, Value(std::move(rows)));
        return;
      }
      case EffectDef::Kind::tasks:
        if (const TaskDef* task = process_.task(def.target)) {
          void_tasks(def.target, "made anew");
          make_tasks(*task);
        }
        return;
      case EffectDef::Kind::void_tasks: void_tasks(def.target, "called off"); return;
      case EffectDef::Kind::open:
      case EffectDef::Kind::link:
      case EffectDef::Kind::record:
      case EffectDef::Kind::act: {
        Effect effect;
        effect.kind = def.kind;
        effect.target = def.target;
        effect.link = def.link;
        effect.state = def.state;
        effect.values = evaluated(def.values, facts_);
        if (!def.to.empty()) {
          auto outcome = def.to.evaluate(facts_);
          effect.to = outcome.ok ? outcome.value : Value();
        }
        if (const LinkDef* link = process_.link(def.link); link && def.kind == EffectDef::Kind::open) {
          Map carried = evaluated(link->carries, facts_).as_map();
          for (const auto& [key, v] : effect.values.as_map()) carried.insert_or_assign(key, v);
          effect.values = Value(std::move(carried));
        }
        out_.effects.push_back(std::move(effect));
        return;
      }
      case EffectDef::Kind::notify: {
        Effect effect;
        effect.kind = def.kind;
        effect.recipients = audience(def.tell);
        effect.text = {filled(def.text.zh), filled(def.text.en)};
        if (def.acknowledge_within) effect.acknowledge_by = now_ + *def.acknowledge_within;
        effect.reason = def.basis.req.empty() ? "" : def.basis.req.front();
        if (!effect.recipients.empty()) out_.effects.push_back(std::move(effect));
        return;
      }
    }
  }

  // ---- settling ----

  void settle() {
    // Whether the ticket is open comes first: decisions and clocks may read it, and flips are foretold of open ones only.
    const StateDef* state = process_.state(t_.state);
    bool closed = state && !state->final.empty();
    if (closed && t_.open) {
      t_.open = false;
      t_.closed_at = now_;
    }
    if (!closed && !t_.open) {
      t_.open = true;
      t_.closed_at.reset();
    }
    facts_.refresh();
    decisions();
    covered_changes();
    clocks();
    fire_steps();
    holder();
    for (const auto& decision : raised_)
      for (const ReactionDef& reaction : process_.reactions)
        if (reaction.on == ReactionDef::On::decision_raised && reaction.key == decision &&
            (reaction.when.empty() || reaction.when.holds(facts_)))
          out_.then.push_back(reaction.action);
    raised_.clear();
  }

  Outcome finish(std::string kind, Value detail) {
    t_.version += 1;
    t_.updated_at = now_;
    out_.kind = std::move(kind);
    out_.detail = std::move(detail);
    out_.ticket = t_;
    return std::move(out_);
  }

  const ProcessDef& process() const { return process_; }
  const std::string& comment() const { return comment_; }

 private:
  const Definitions& definitions_;
  const World& world_;
  const ProcessDef& process_;
  Ticket t_;
  const Actor& actor_;
  Instant now_;
  std::string comment_;
  TicketFacts facts_;
  Outcome out_;
  std::vector<std::string> raised_;
  mutable std::vector<identity::SeatRule> rules_;
};

Refusal wrong_state(const ProcessDef& process, const ActionDef& action, const std::string& state) {
  const StateDef* now = process.state(state);
  std::string zh, en;
  for (const auto& from : action.from) {
    const StateDef* def = process.state(from);
    zh += (zh.empty() ? "" : "、") + (def ? title(def->title, from) : std::string("未关闭"));
    en += (en.empty() ? "" : ", ") + (def ? title_en(def->title, from) : std::string("open"));
  }
  return refusal(action.basis, "wrong_state",
                 {fmt::format("当前为“{}”，须在“{}”时办理", now ? title(now->title, state) : state, zh),
                  fmt::format("the state is {}; this is done in {}", now ? title_en(now->title, state) : state, en)});
}

// Performs an action whose actor and source state are settled by the caller.
Status perform(Pass& pass, const ActionDef& action, const Request& request, const Definitions&, bool opening) {
  const ProcessDef& process = pass.process();
  Ticket& t = pass.ticket();

  std::string role;
  Pass::Fit fit;
  auto refusals = pass.choose_role(action, request.as_role, role, fit);
  if (!refusals.empty()) return refuse(std::move(refusals), Code::forbidden);

  // Input: only what this action takes.
  std::vector<FieldDef> takes;
  for (const auto& field : action.fields)
    if (const FieldDef* def = process.field(field.field)) takes.push_back(*def);
  ANLAN_TRY(Value given, decode_fields(request.fields, takes, "fields", calendar::Zone::shanghai()));
  Map merged = t.fields.as_map();
  for (const auto& [key, v] : given.as_map()) {
    if (v.is_null()) merged.erase(key);
    else merged.insert_or_assign(key, v);
  }
  t.fields = Value(std::move(merged));
  pass.facts().refresh();
  if (opening) {
    // Defaults may read what was given (a system gives its board) and, in a second round, each other.
    for (int round = 0; round < 2; ++round)
      for (const FieldDef& field : process.fields) {
        if (field.initial.empty() || !t.fields[field.key].is_null()) continue;
        auto outcome = field.initial.evaluate(pass.facts());
        if (!outcome.ok || outcome.value.is_null()) continue;
        t.fields = t.fields.with(field.key, outcome.value);
        pass.facts().refresh();
      }
    // Who may open may hang on what was given: before, there was no board that a post could be bounded to.
    role.clear();
    refusals = pass.choose_role(action, request.as_role, role, fit);
    if (!refusals.empty()) return refuse(std::move(refusals), Code::forbidden);
  }
  pass.facts().refresh();
  // A reference must lead somewhere.
  for (const auto& [key, v] : given.as_map())
    if (const FieldDef* def = process.field(key)) {
      auto known = [&](const FieldType& type, const Value& one) -> bool {
        const World& world = pass.facts().world();
        switch (type.kind) {
          case FieldType::Kind::person: return world.directory().person(one.as_string()) != nullptr;
          case FieldType::Kind::board: return world.directory().board(one.as_string()) != nullptr;
          case FieldType::Kind::unit: return world.directory().unit(one.as_string()) != nullptr;
          case FieldType::Kind::ref: return !world.record(type.reg, one.as_string()).is_null();
          default: return true;
        }
      };
      std::vector<std::pair<const FieldType*, Value>> ends;
      if (def->type.kind == FieldType::Kind::list)
        for (const auto& one : v.as_list()) ends.emplace_back(def->type.element.get(), one);
      else if (def->type.kind == FieldType::Kind::table) {
        for (const auto& row : v.as_list())
          for (const auto& column : def->type.columns)
            if (!row[column.key].is_null() && column.type.kind != FieldType::Kind::list) ends.emplace_back(&column.type, row[column.key]);
      } else if (!v.is_null())
        ends.emplace_back(&def->type, v);
      for (const auto& [type, one] : ends)
        if (!known(*type, one))
          return fail(Code::invalid, fmt::format("fields.{}: there is no {} '{}'", key, type->reg.empty() ? "such entry" : type->reg, one.as_string()),
                      "fields." + key);
      ANLAN_CHECK(pass.check_field(*def, v));
    }

  std::vector<Refusal> missing;
  for (const auto& field : action.fields) {
    if (!field.required || !t.fields[field.field].is_null()) continue;
    const FieldDef* def = process.field(field.field);
    if (!def) continue;
    Basis basis = def->basis.req.empty() ? action.basis : def->basis;
    missing.push_back(refusal(basis, "required_" + field.field,
                              {fmt::format("请填写{}", title(def->label, def->key)), fmt::format("{} is not filled", title_en(def->label, def->key))},
                              field.field));
  }
  if (action.comment_required && trim(request.comment).empty())
    missing.push_back(refusal(action.basis, "comment_required", {"请写明理由", "give the reason in the comment"}, "comment"));

  if (action.seats && !request.actor.platform && !role.empty() && !request.actor.machine)
    pass.take_seat(role, request.actor.id, fit.post, fit.board);
  pass.facts().refresh();
  pass.decisions();

  pass.guards(action.key, action.guards, missing, true);
  if (!missing.empty()) return refuse(std::move(missing));

  for (const EffectDef& effect : action.effects) pass.apply(effect);
  pass.facts().refresh();
  for (const auto& [seat, program] : action.seat_to) {
    auto outcome = program.evaluate(pass.facts());
    if (!outcome.ok) continue;
    if (auto refusals = pass.give_seat(seat, outcome.value.as_string()); !refusals.empty())
      return refuse(std::move(refusals), Code::forbidden);
  }
  if (!action.to.empty() && (opening || action.to != t.state)) {
    t.state = action.to;
    t.state_since = request.now;
  }
  pass.facts().refresh();
  std::vector<Refusal> unfilled;
  pass.required_in_state(t.state, unfilled);
  if (!unfilled.empty()) return refuse(std::move(unfilled));
  pass.settle();
  return {};
}

}  // namespace

bool may_start(const ProcessDef& process, const ActionDef& action, const std::string& state) {
  for (const auto& from : action.from) {
    if (from == state) return true;
    if (from == "open") {
      const StateDef* def = process.state(state);
      if (def && def->final.empty()) return true;
    }
  }
  return false;
}

bool Engine::fits_role(const Ticket& ticket, const std::string& role, const Actor& actor, Instant now) const {
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  const RoleDef* def = process ? process->role(role) : nullptr;
  if (!def || (def->internal && !world_.directory().is_internal(actor.id))) return false;
  Pass pass(definitions_, world_, *process, ticket, actor, now);
  return std::any_of(def->who.begin(), def->who.end(),
                     [&](const WhoSource& source) { return pass.fits(source, actor, pass.facts()).fits; });
}

bool Engine::holds_for(const Ticket& ticket, const expr::Program& program, Instant now, const Actor& actor) const {
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return false;
  TicketFacts facts(definitions_, world_, process, &ticket, actor, now);
  return program.holds(facts);
}

Result<Outcome> Engine::open(const std::string& process_key, const Request& request, const std::string& number, bool drill) const {
  const ProcessDef* process = definitions_.process(process_key);
  if (!process) return fail(Code::not_found, fmt::format("there is no process '{}'", process_key), "process");
  const ActionDef* action = process->opening();
  if (!action) return fail(Code::internal, fmt::format("process '{}' has no opening action", process_key));
  Ticket ticket;
  ticket.number = number;
  ticket.process = process_key;
  ticket.shape = process->shape;
  ticket.drill = drill;
  ticket.opener = request.actor.id;
  ticket.opened_at = ticket.state_since = request.now;
  ticket.fields = Value(Map{});
  ticket.state = action->to.empty() ? process->states.front().key : action->to;
  Pass pass(definitions_, world_, *process, std::move(ticket), request.actor, request.now, request.comment);
  ANLAN_CHECK(perform(pass, *action, request, definitions_, true));
  return pass.finish("ticket.opened", Value(Map{{"action", action->key}, {"comment", request.comment}}));
}

Result<Outcome> Engine::act(const Ticket& ticket, const Request& request) const {
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, fmt::format("process '{}' shape {} is not loaded", ticket.process, ticket.shape));
  const ActionDef* action = process->action(request.action);
  if (!action || action->from.empty())
    return fail(Code::not_found, fmt::format("process '{}' has no action '{}' on a ticket", ticket.process, request.action), "action");
  if (!may_start(*process, *action, ticket.state)) return refuse({wrong_state(*process, *action, ticket.state)});
  Pass pass(definitions_, world_, *process, ticket, request.actor, request.now, request.comment);
  ANLAN_CHECK(perform(pass, *action, request, definitions_, false));
  return pass.finish("ticket.acted", Value(Map{{"action", action->key}, {"comment", request.comment}, {"from", ticket.state}, {"to", pass.ticket().state}}));
}

Result<Outcome> Engine::answer(const Ticket& ticket, const Actor& actor, const std::string& task_id, const std::string& answer,
                               const Value& fields, const std::string& comment, Instant now) const {
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, fmt::format("process '{}' shape {} is not loaded", ticket.process, ticket.shape));
  if (answer != "agree" && answer != "disagree") return fail(Code::invalid, "answer must be agree or disagree", "answer");
  Pass pass(definitions_, world_, *process, ticket, actor, now, comment);
  Ticket& t = pass.ticket();
  auto task = std::find_if(t.tasks.begin(), t.tasks.end(), [&](const TaskState& one) { return one.id == task_id; });
  if (task == t.tasks.end()) return fail(Code::not_found, fmt::format("ticket {} has no task '{}'", ticket.number, task_id), "task");
  const TaskDef* def = process->task(task->key);
  if (!def) return fail(Code::internal, fmt::format("task '{}' is not declared", task->key));
  if (!t.open) return refuse({refusal(def->basis, "ticket_closed", {"工单已关闭", "the ticket is closed"})});
  if (task->state != "open")
    return refuse({refusal(def->basis, "task_" + task->state,
                           task->state == "waiting" ? Text{"请先完成前一步", "the step before it is not done"}
                                                    : Text{"该任务已办结或作废", "this task is done or void"})});
  pass.facts().set(Root::item, task->item);
  Pass::Fit fit;
  for (const auto& source : def->assignee)
    if (!fit.fits) fit = pass.fits(source, actor, pass.facts());
  std::vector<Refusal> refusals;
  if (!fit.fits) {
    refusals.push_back(refusal(def->basis, "not_assignee", {fmt::format("“{}”不由您办理", title(def->title, def->key)),
                                                            fmt::format("'{}' is not yours to answer", title_en(def->title, def->key))}));
  } else {
    refusals = pass.separation("task:" + def->key, actor, fit);
    for (const TaskState& other : t.tasks)
      if (other.key == def->key && other.state == "done" && other.by == actor.id && def->kind != TaskDef::Kind::step &&
          def->kind != TaskDef::Kind::checklist)
        refusals.push_back(refusal(def->basis, "answered_already", {"您已答复过", "you have answered already"}));
  }
  if (!refusals.empty()) return refuse(std::move(refusals), Code::forbidden);
  ANLAN_TRY(Value given, decode_fields(fields, def->fields, "fields", calendar::Zone::shanghai()));
  for (const FieldDef& field : def->fields)
    if (field.required && given[field.key].is_null())
      refusals.push_back(refusal(field.basis.req.empty() ? def->basis : field.basis, "required_" + field.key,
                                 {fmt::format("请填写{}", title(field.label, field.key)), fmt::format("{} is not filled", title_en(field.label, field.key))},
                                 field.key));
  if (answer == "disagree" && trim(comment).empty())
    refusals.push_back(refusal(def->basis, "comment_required", {"不同意须写明理由", "a disagreement needs its reason"}, "comment"));
  if (answer == "agree") {
    pass.facts().set(Root::value, given);
    pass.guards(def->key, def->guards, refusals, false);
  }
  if (!refusals.empty()) return refuse(std::move(refusals));
  task->state = "done";
  task->answer = answer;
  task->by = actor.id;
  task->at = now;
  task->comment = comment;
  task->fields = given;
  if (!def->covers.empty()) task->digest = digest_of(t.fields, def->covers);
  std::string key = task->key, id = task->id;
  pass.take_seat("task:" + key, actor.id, fit.post, fit.board);
  if (def->in_order) {
    for (TaskState& next : t.tasks)
      if (next.key == key && next.state == "waiting") {
        if (answer == "agree") next.state = "open";
        break;
      }
  }
  std::string result = pass.result_of(*def);
  pass.settle();
  pass.facts().refresh();
  if (!result.empty())
    for (const ReactionDef& reaction : process->reactions)
      if (reaction.on == ReactionDef::On::tasks_done && reaction.key == key && (reaction.result.empty() || reaction.result == result) &&
          (reaction.when.empty() || reaction.when.holds(pass.facts())))
        pass.out().then.push_back(reaction.action);
  return pass.finish("ticket.answered", Value(Map{{"task", id}, {"key", key}, {"answer", answer}, {"comment", comment}, {"result", result}}));
}

Result<Outcome> Engine::refresh(const Ticket& ticket, Instant now, const std::string& kind, Value detail) const {
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, fmt::format("process '{}' shape {} is not loaded", ticket.process, ticket.shape));
  Actor platform{"platform", true, false};
  Pass pass(definitions_, world_, *process, ticket, platform, now);
  pass.settle();
  bool changed = !(to_value(pass.ticket()) == to_value(ticket)) || !pass.out().notes.empty() || !pass.out().effects.empty() ||
                 !pass.out().then.empty();
  if (!changed) {
    Outcome same;
    same.ticket = ticket;
    same.kind = kind;
    return same;
  }
  return pass.finish(kind, std::move(detail));
}

std::vector<std::string> Engine::reactions(const Ticket& ticket, ReactionDef::On on, const std::string& key, const std::string& result,
                                           Instant now) const {
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return {};
  Actor platform{"platform", true, false};
  TicketFacts facts(definitions_, world_, process, &ticket, platform, now);
  std::vector<std::string> out;
  for (const ReactionDef& reaction : process->reactions)
    if (reaction.on == on && (reaction.key.empty() || reaction.key == key) && (reaction.result.empty() || reaction.result == result) &&
        (reaction.when.empty() || reaction.when.holds(facts)))
      out.push_back(reaction.action);
  return out;
}

Result<Outcome> Engine::propose_override(const Ticket& ticket, const Actor& actor, const std::string& action, const std::string& code,
                                         const std::string& reason, Duration valid_for, Instant now) const {
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, "the process is not loaded");
  const ActionDef* def = process->action(action);
  if (!def) return fail(Code::not_found, fmt::format("no action '{}'", action), "action");
  auto guard = std::find_if(def->guards.begin(), def->guards.end(), [&](const GuardDef& g) { return g.code == code; });
  if (guard == def->guards.end()) return fail(Code::not_found, fmt::format("action '{}' has no guard '{}'", action, code), "code");
  const auto* person = world_.directory().person(actor.id);
  if (!person || !person->enabled || !world_.directory().is_internal(actor.id))
    return fail(Code::forbidden, "only an internal employee may propose an override");
  if (guard->waiver == GuardDef::Waiver::law)
    return refuse({refusal(guard->basis, "never_waived", {"此项为强制要求，任何人不得放行", "this rule may not be overridden by anybody"})});
  if (trim(reason).empty()) return refuse({refusal(guard->basis, "reason_required", {"请写明放行理由", "give the reason"}, "reason")});
  if (valid_for <= Duration{} || valid_for > days(7)) return fail(Code::invalid, "an override is valid for up to 7 days", "valid_for");
  Pass pass(definitions_, world_, *process, ticket, actor, now);
  Override o;
  o.id = fmt::format("o{}", ticket.overrides.size() + 1);
  o.action = action;
  o.code = code;
  o.reason = reason;
  o.proposer = actor.id;
  o.made = now;
  o.expires = now + valid_for;
  pass.ticket().overrides.push_back(o);
  return pass.finish("ticket.override_proposed", Value(Map{{"override", o.id}, {"action", action}, {"code", code}, {"reason", reason}}));
}

namespace {
Result<Override*> find_override(Ticket& ticket, const std::string& id) {
  for (Override& o : ticket.overrides)
    if (o.id == id) return &o;
  return fail(Code::not_found, fmt::format("ticket {} has no override '{}'", ticket.number, id), "override");
}
}  // namespace

Result<Outcome> Engine::approve_override(const Ticket& ticket, const Actor& actor, const std::string& id, Instant now) const {
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, "the process is not loaded");
  Pass pass(definitions_, world_, *process, ticket, actor, now);
  ANLAN_TRY(Override * o, find_override(pass.ticket(), id));
  const auto* person = world_.directory().person(actor.id);
  if (!person || !person->enabled || !person->internal || !world_.directory().permissions_of(actor.id, now).contains("breakglass.agree"))
    return refuse({refusal({}, "may_not_agree", {"您的岗位不能确认放行", "your posts do not allow agreeing to an override"})}, Code::forbidden);
  if (o->proposer == actor.id)
    return refuse({refusal({}, "two_persons", {"放行须由提出人以外的第二人确认", "a second person must approve the override"})}, Code::forbidden);
  if (!o->approver.empty()) return fail(Code::conflict, "the override is approved already");
  if (o->expires && now >= *o->expires) return refuse({refusal({}, "override_expired", {"放行申请已过期", "the override has expired"})});
  o->approver = actor.id;
  return pass.finish("ticket.override_approved", Value(Map{{"override", id}}));
}

Result<Outcome> Engine::review_override(const Ticket& ticket, const Actor& actor, const std::string& id, const std::string& review, Instant now) const {
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, "the process is not loaded");
  Pass pass(definitions_, world_, *process, ticket, actor, now);
  ANLAN_TRY(Override * o, find_override(pass.ticket(), id));
  const auto* person = world_.directory().person(actor.id);
  if (!person || !person->enabled || !person->internal) return fail(Code::forbidden, "only an internal employee may review an override");
  if (!o->used) return refuse({refusal({}, "not_used", {"放行尚未使用，无需复核", "the override was not used"})});
  if (actor.id == o->proposer || actor.id == o->approver)
    return refuse({refusal({}, "third_person", {"复核人不得是提出人或确认人", "the reviewer may be neither proposer nor approver"})}, Code::forbidden);
  if (trim(review).empty()) return refuse({refusal({}, "review_required", {"请写明复核意见", "write the review"}, "review")});
  o->reviewer = actor.id;
  o->review = review;
  o->reviewed = now;
  return pass.finish("ticket.override_reviewed", Value(Map{{"override", id}, {"review", review}}));
}

std::vector<Opening> Engine::openings(const Ticket& ticket, const Actor& actor, Instant now) const {
  std::vector<Opening> out;
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return out;
  for (const ActionDef& action : process->actions) {
    if (action.from.empty() || action.by.empty()) continue;
    Opening opening;
    opening.action = action.key;
    Pass pass(definitions_, world_, *process, ticket, actor, now);
    if (!may_start(*process, action, ticket.state)) opening.refusals.push_back(wrong_state(*process, action, ticket.state));
    std::string role;
    Pass::Fit fit;
    for (auto& one : pass.choose_role(action, {}, role, fit, &opening.roles)) opening.refusals.push_back(std::move(one));
    if (opening.refusals.empty()) {
      if (action.seats && !role.empty()) pass.take_seat(role, actor.id, fit.post, fit.board);
      std::vector<Refusal> refusals;
      pass.guards(action.key, action.guards, refusals, false);
      // A guard over something this very action fills in is no reason to close the door beforehand.
      for (auto& one : refusals) {
        const GuardDef* guard = nullptr;
        for (const auto& g : action.guards)
          if (g.code == one.code) guard = &g;
        bool own = false;
        if (guard)
          for (const auto& field : action.fields)
            own |= guard->condition.reads().contains("ticket." + field.field);
        if (guard && guard->condition.reads().contains("comment")) own = true;
        if (!own) opening.refusals.push_back(std::move(one));
      }
    }
    opening.open = opening.refusals.empty();
    out.push_back(std::move(opening));
  }
  return out;
}

std::vector<Timer> Engine::timers(const Ticket& ticket, Instant now) const {
  std::vector<Timer> out;
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process) return out;
  Actor platform{"platform", true, false};
  Pass pass(definitions_, world_, *process, ticket, platform, now);
  for (const ClockDef& def : process->clocks) {
    auto it = ticket.clocks.find(def.key);
    // A duty outlives the ticket's closing only if its clock is sticky (e.g. a report owed to the regulator).
    if (it == ticket.clocks.end() || !it->second.armed || it->second.facts.stopped || !it->second.due || (!ticket.open && !def.sticky)) continue;
    for (std::size_t i = 0; i < def.ladder.size(); ++i)
      if (!Pass::has(it->second.fired, pass.step_version(it->second, i)))
        out.push_back({fmt::format("clock:{}/{}", def.key, i), clock::step_at(*it->second.due, def.ladder[i].offset)});
  }
  if (ticket.open)
    for (const auto& [key, decision] : ticket.decisions)
      if (decision.flips_at) out.push_back({"decision:" + key, *decision.flips_at});
  return out;
}

clock::Reading Engine::reading(const Ticket& ticket, const std::string& key, Instant now) const {
  auto it = ticket.clocks.find(key);
  if (it == ticket.clocks.end()) return {};
  const auto& targets = it->second.facts.targets;
  const calendar::WorkCalendar* calendar = targets.empty() || targets.back().calendar.empty() ? nullptr : world_.calendar(targets.back().calendar);
  return clock::read(it->second.facts, now, calendar);
}

std::vector<clock::Entry> Engine::ledger(const Ticket& ticket, const std::string& key, Instant now) const {
  auto it = ticket.clocks.find(key);
  if (it == ticket.clocks.end()) return {};
  const auto& targets = it->second.facts.targets;
  const calendar::WorkCalendar* calendar = targets.empty() || targets.back().calendar.empty() ? nullptr : world_.calendar(targets.back().calendar);
  return clock::ledger(it->second.facts, now, calendar);
}

std::vector<Engine::StopwatchReading> Engine::stopwatch(const Ticket& ticket, const std::string& key, Instant now) const {
  std::vector<StopwatchReading> out;
  const ProcessDef* process = definitions_.process(ticket.process, ticket.shape);
  if (!process || !process->stopwatch(key)) return out;
  Actor platform{"platform", true, false};
  TicketFacts facts(definitions_, world_, process, &ticket, platform, now);
  for (const auto& lane : facts.lanes(key))
    out.push_back({lane.key, lane.spans, calendar::total(lane.spans, now, lane.calendar),
                   !lane.spans.empty() && !lane.spans.back().to});
  return out;
}

}  // namespace anlan::engine
