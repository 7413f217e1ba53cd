#include "app/tickets.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/plans.h"
#include "app/records.h"
#include "base/text.h"

namespace anlan::app {
namespace {

using engine::Engine;
using engine::Outcome;
using engine::ProcessDef;
using engine::Ticket;
using On = engine::ReactionDef::On;

constexpr int reaction_depth = 16;  // chains of reactions between tickets; a longer one is a loop in the definitions
const calendar::Zone& zone() {
  static const calendar::Zone home = calendar::Zone::shanghai();
  return home;
}

Value text_value(const Text& t) { return Value(Map{{"zh", t.zh}, {"en", t.en}}); }
Value optional_instant(const std::optional<Instant>& t) { return t ? Value(*t) : Value(); }
Value string_list(const std::vector<std::string>& in) {
  List out;
  for (const auto& s : in) out.emplace_back(s);
  return Value(std::move(out));
}

Result<Ticket> load(Reader& reader, const std::string& number) {
  ANLAN_TRY(std::optional<TicketRow> row, reader.ticket(number));
  if (!row) return fail(Code::not_found, fmt::format("there is no ticket '{}'", number));
  return engine::ticket_from(row->body);
}

TicketRow row_of(const Ticket& t, const ProcessDef& process, const std::vector<engine::Timer>&) {
  TicketRow row;
  row.number = t.number;
  row.process = t.process;
  row.shape = t.shape;
  row.state = t.state;
  row.open = t.open;
  row.drill = t.drill;
  row.title = t.fields["title"].as_string();
  row.holder = t.open ? t.holder : t.holder;
  row.board = t.fields["board"].as_string();
  row.unit = t.fields["unit"].as_string();
  row.sensitivity = process.sensitivity;
  if (const auto* field = process.field(process.severity)) {
    auto it = std::find(field->type.words.begin(), field->type.words.end(), t.fields[process.severity].as_string());
    if (it != field->type.words.end()) row.severity = static_cast<int>(it - field->type.words.begin()) + 1;
  }
  row.opened_at = t.opened_at;
  row.updated_at = t.updated_at;
  row.closed_at = t.closed_at;
  for (const auto& [key, clock] : t.clocks)
    if (clock.armed && !clock.facts.stopped && clock.due && (!row.next_due || *clock.due < *row.next_due)) row.next_due = clock.due;
  row.version = t.version;
  row.body = engine::to_value(t);
  for (const auto& field : process.fields) {
    if (!field.indexed) continue;
    const Value& v = t.fields[field.key];
    if (v.is(Value::Kind::list)) {
      for (const Value& one : v.as_list()) row.indexed.emplace_back(field.key, describe(one));
    } else if (!v.is_null()) {
      row.indexed.emplace_back(field.key, describe(v));
    }
  }
  row.owes = t.owes;
  auto add = [&row](const std::string& person) {
    if (!person.empty() && std::find(row.participants.begin(), row.participants.end(), person) == row.participants.end())
      row.participants.push_back(person);
  };
  add(t.opener);
  for (const auto& seat : t.seats) add(seat.person);
  // Whoever is named on a ticket reads it: a user asked to confirm, a member of a group.
  for (const auto& field : process.fields) {
    if (field.type.kind == engine::FieldType::Kind::person) add(t.fields[field.key].as_string());
    if (field.type.kind == engine::FieldType::Kind::list && field.type.element->kind == engine::FieldType::Kind::person)
      for (const Value& one : t.fields[field.key].as_list()) add(one.as_string());
  }
  for (const auto& task : t.tasks) {
    add(task.by);
    for (const auto& who : task.assignees)
      if (!who.starts_with("post:")) add(who);
  }
  return row;
}

// One chain of actions within a unit of work.
class Chain {
 public:
  Chain(Platform& platform, Txn& txn) : platform_(platform), txn_(txn) {}

  Result<Ticket> store(const Ticket* before, Outcome& outcome, const engine::Actor& actor, int depth) {
    ANLAN_TRY(World world, platform_.world(txn_));
    Engine engine(platform_.definitions(), world);
    Ticket& after = outcome.ticket;
    const ProcessDef* process = platform_.definitions().process(after.process, after.shape);
    if (!process) return fail(Code::internal, "the process is not loaded");
    if (!process->title_of.empty() && after.fields["title"].is_null()) {
      // A title that nobody gave is made once; it is a field like any other afterwards.
      after.fields = after.fields.with("title", after.number);
    }
    auto timers = engine.timers(after, platform_.now());
    TicketRow row = row_of(after, *process, timers);
    Value before_value = before ? engine::to_value(*before) : Value(Map{});
    if (before) {
      ANLAN_CHECK(txn_.update_ticket(row));
    } else {
      ANLAN_TRY([[maybe_unused]] TicketId id, txn_.insert_ticket(row));
    }
    Event event;
    event.subject = "ticket:" + after.number;
    event.kind = outcome.kind;
    event.at = platform_.now();
    event.actor = actor.platform && actor.id.empty() ? "platform" : actor.id;
    Map body = outcome.detail.as_map();
    body.emplace("patch", engine::merge_diff(before_value, row.body));
    if (!outcome.notes.empty()) body.emplace("notes", Value(List(outcome.notes.begin(), outcome.notes.end())));
    event.body = Value(std::move(body));
    ANLAN_TRY([[maybe_unused]] Position position, txn_.append(event));

    // Timers: only what differs from before is touched.
    std::map<std::string, Instant> wanted, had;
    for (const auto& timer : timers) wanted.emplace(timer.name, timer.due);
    if (before)
      for (const auto& timer : engine.timers(*before, platform_.now())) had.emplace(timer.name, timer.due);
    for (const auto& [name, due] : wanted)
      if (auto it = had.find(name); it == had.end() || it->second != due) ANLAN_CHECK(txn_.set_timer({event.subject, name, due}));
    for (const auto& [name, due] : had)
      if (!wanted.contains(name)) ANLAN_CHECK(txn_.drop_timer(event.subject, name));

    for (const auto& effect : outcome.effects) ANLAN_CHECK(carry_out(after, effect, actor, position, depth));
    if (before && before->open && !after.open) ANLAN_CHECK(closed(after, *process, depth));
    if (before && !before->open && after.open) ANLAN_CHECK(withdraw_from_plans(platform_, txn_, *before));

    Ticket current = after;
    for (const auto& action : outcome.then) {
      ANLAN_TRY(current, load(txn_, after.number));
      ANLAN_TRY(current, as_platform(current, action, depth + 1));
    }
    // A notice changes no ticket; any other effect may have come back to this one.
    const bool moved = std::any_of(outcome.effects.begin(), outcome.effects.end(), [](const engine::Effect& effect) {
      return effect.kind != engine::EffectDef::Kind::notify;
    });
    if (!outcome.then.empty() || moved) {
      ANLAN_TRY(current, load(txn_, after.number));
    }
    return current;
  }

  // Performs an action as the platform. A refusal is no error: it leaves an event. `must`: it is (an action that acts on
  // another ticket does so wholly or not at all).
  Result<Ticket> as_platform(const Ticket& ticket, const std::string& action, int depth, const Value& fields = {}, bool must = false) {
    if (depth > reaction_depth) return fail(Code::internal, fmt::format("reactions of ticket {} do not come to rest", ticket.number));
    ANLAN_TRY(World world, platform_.world(txn_));
    Engine engine(platform_.definitions(), world);
    engine::Actor actor{"platform", true, false};
    engine::Request request;
    request.action = action;
    request.actor = actor;
    request.fields = fields;
    request.now = platform_.now();
    auto outcome = engine.act(ticket, request);
    if (!outcome) {
      if (must) return std::unexpected(outcome.error());
      if (outcome.error().code != Code::refused && outcome.error().code != Code::forbidden) return std::unexpected(outcome.error());
      List why;
      for (const auto& refusal : outcome.error().refusals) why.push_back(Value(Map{{"code", refusal.code}, {"zh", refusal.text.zh}, {"en", refusal.text.en}}));
      ANLAN_TRY([[maybe_unused]] Position position,
                txn_.append({0, "ticket:" + ticket.number, "ticket.reaction_refused", platform_.now(), "platform",
                             Value(Map{{"action", action}, {"refusals", Value(std::move(why))}})}));
      return ticket;
    }
    return store(&ticket, *outcome, actor, depth);
  }

  Result<Ticket> open(const OpenRequest& request, const engine::Actor& actor, int depth) {
    const ProcessDef* process = platform_.definitions().process(request.process);
    if (!process) return fail(Code::not_found, fmt::format("there is no process '{}'", request.process), "process");
    ANLAN_TRY(World world, platform_.world(txn_));
    Engine engine(platform_.definitions(), world);
    // A refused opening costs no number: the unit that took it is undone.
    engine::Request ask;
    ask.actor = actor;
    ask.fields = request.fields;
    ask.comment = request.comment;
    ask.now = platform_.now();
    std::string pattern = (request.drill ? "DRILL-" : "") + process->number;
    ANLAN_TRY(std::int64_t seq, txn_.next_number(engine::sequence_name(pattern, ask.now, zone())));
    ANLAN_TRY(Outcome outcome, engine.open(request.process, ask, engine::format_number(pattern, ask.now, zone(), seq), request.drill));
    return store(nullptr, outcome, actor, depth);
  }

  // `detail`: what an action that reacts may take of it, it gets as fields.
  Status react(const std::string& number, On on, const std::string& key, const std::string& result, int depth,
               const Value& detail = {}) {
    ANLAN_TRY(std::optional<TicketRow> row, txn_.ticket(number));
    if (!row) return {};
    ANLAN_TRY(Ticket ticket, engine::ticket_from(row->body));
    ANLAN_TRY(World world, platform_.world(txn_));
    Engine engine(platform_.definitions(), world);
    for (const auto& action : engine.reactions(ticket, on, key, result, platform_.now())) {
      Map fields;
      const ProcessDef* process = platform_.definitions().process(ticket.process, ticket.shape);
      if (const engine::ActionDef* def = process ? process->action(action) : nullptr)
        for (const auto& takes : def->fields)
          if (!detail[takes.field].is_null()) fields.emplace(takes.field, detail[takes.field]);
      ANLAN_TRY(ticket, as_platform(ticket, action, depth + 1, Value(std::move(fields))));
    }
    return {};
  }

  Status fire(const std::string& number, const char* kind, Value detail, int depth) {
    ANLAN_TRY(std::optional<TicketRow> row, txn_.ticket(number));
    if (!row) return {};
    ANLAN_TRY(Ticket ticket, engine::ticket_from(row->body));
    ANLAN_TRY(World world, platform_.world(txn_));
    Engine engine(platform_.definitions(), world);
    ANLAN_TRY(Outcome outcome, engine.refresh(ticket, platform_.now(), kind, std::move(detail)));
    if (outcome.ticket.version == ticket.version) {
      // Nothing changed, yet a timer may have fallen due for something that moved since: set the timers right.
      std::map<std::string, Instant> wanted;
      for (const auto& timer : engine.timers(ticket, platform_.now())) wanted.emplace(timer.name, timer.due);
      ANLAN_TRY(std::vector<TimerRow> stored, txn_.timers_of("ticket:" + number));
      for (const auto& timer : stored)
        if (!wanted.contains(timer.name)) ANLAN_CHECK(txn_.drop_timer(timer.subject, timer.name));
      for (const auto& [name, due] : wanted) ANLAN_CHECK(txn_.set_timer({"ticket:" + number, name, due}));
      return {};
    }
    engine::Actor platform{"platform", true, false};
    ANLAN_TRY([[maybe_unused]] Ticket after, store(&ticket, outcome, platform, depth));
    return {};
  }

 private:
  Status carry_out(const Ticket& ticket, const engine::Effect& effect, const engine::Actor& actor, Position cause, int depth) {
    using Kind = engine::EffectDef::Kind;
    if (depth > reaction_depth) return fail(Code::internal, fmt::format("effects of ticket {} do not come to rest", ticket.number));
    std::string me = "ticket:" + ticket.number;
    switch (effect.kind) {
      case Kind::open: {
        Map fields;
        for (const auto& [key, v] : effect.values.as_map())
          if (!v.is_null()) fields.emplace(key, v);
        engine::Actor opener = actor;
        opener.platform = true;
        ANLAN_TRY(Ticket opened, open({effect.target, Value(std::move(fields)), {}, ticket.drill}, opener, depth + 1));
        return linked(effect.link, me, "ticket:" + opened.number, depth);
      }
      case Kind::link: {
        List ends = effect.to.is(Value::Kind::list) ? effect.to.as_list() : List{effect.to};
        const ProcessDef* process = platform_.definitions().process(ticket.process, ticket.shape);
        const engine::LinkDef* def = process ? process->link(effect.link) : nullptr;
        for (const Value& end : ends) {
          if (end.is_null()) continue;
          std::string to = end.as_string();
          if (to.find('/') != std::string::npos) {
            to = to.starts_with("record:") ? to : "record:" + to;
          } else {
            ANLAN_TRY(std::optional<TicketRow> other, txn_.ticket(to));
            if (!other) return fail(Code::invalid, fmt::format("there is no ticket '{}' to link", to), "fields");
            if (def && std::find(def->to.begin(), def->to.end(), other->process) == def->to.end())
              return fail(Code::invalid, fmt::format("a {} ticket may not be linked as '{}'", other->process, effect.link), "fields");
            // A drill leaves no figure and no duty: what is real may not vanish into it, nor be stirred by it.
            if (other->drill != ticket.drill)
              return fail(Code::invalid, fmt::format("'{}' and '{}': a drill is linked with drills only", ticket.number, to), "fields");
            if (to == ticket.number) return fail(Code::invalid, "a ticket may not be linked to itself", "fields");
            to = "ticket:" + to;
          }
          ANLAN_CHECK(linked(effect.link, me, to, depth));
        }
        return {};
      }
      case Kind::record: {
        Map fields;
        for (const auto& [key, v] : effect.values.as_map()) fields.emplace(key, v);
        RecordWrite write{effect.target, effect.to.is_null() ? ticket.number : describe(effect.to), Value(std::move(fields)), effect.state, {}, "ticket " + ticket.number};
        ANLAN_TRY([[maybe_unused]] Value done, write_record_as_platform(platform_, txn_, actor, write));
        return {};
      }
      case Kind::act: {
        ANLAN_TRY(std::vector<LinkRow> links, txn_.links_of(me));
        for (const LinkRow& link : links) {
          if (link.key != effect.link) continue;
          const std::string& other = link.from == me ? link.to : link.from;
          if (!other.starts_with("ticket:")) continue;
          ANLAN_TRY(Ticket target, load(txn_, other.substr(7)));
          Map given;
          for (const auto& [field, v] : effect.values.as_map())
            if (!v.is_null()) given.emplace(field, v);
          ANLAN_TRY([[maybe_unused]] Ticket after, as_platform(target, effect.target, depth + 1, Value(std::move(given)), true));
        }
        return {};
      }
      case Kind::notify: return notify(ticket, effect, cause);
      case Kind::set:
      case Kind::append:
      case Kind::fill:
      case Kind::tasks:
      case Kind::void_tasks: return {};
    }
    return {};
  }

  Status linked(const std::string& key, const std::string& from, const std::string& to, int depth) {
    ANLAN_CHECK(txn_.put_link({key, from, to, platform_.now()}));
    if (to.starts_with("ticket:")) ANLAN_CHECK(react(to.substr(7), On::link_opened, key, {}, depth));
    return react(from.substr(7), On::link_opened, key, {}, depth);
  }

  // One notice per person. A group is resolved now, so that who was told stands in the record.
  Status notify(const Ticket& ticket, const engine::Effect& effect, Position cause) {
    ANLAN_TRY(World world, platform_.world(txn_));
    const auto& directory = world.directory();
    std::vector<std::string> people;
    auto add = [&people](const std::string& one) {
      if (!one.empty() && std::find(people.begin(), people.end(), one) == people.end()) people.push_back(one);
    };
    for (const auto& who : effect.recipients) {
      if (!who.starts_with("post:")) {
        add(who);
        continue;
      }
      auto at = who.find('@');
      auto hash = who.find('#');
      std::string post = who.substr(5, at - 5);
      identity::Place place;
      if (at != std::string::npos) place.board = who.substr(at + 1, hash == std::string::npos ? std::string::npos : hash - at - 1);
      if (hash != std::string::npos) place.line = std::atoi(who.c_str() + hash + 1);
      for (const auto& person : directory.holders(post, place, platform_.now())) add(person);
    }
    for (const auto& person : people) {
      OutboxRow row;
      row.at = row.next_at = platform_.now();
      row.channel = "notice";
      row.recipient = person;
      row.state = "pending";
      row.dedup = fmt::format("{}/{}/{}/{}", ticket.number, cause, effect.reason, person);
      row.payload = Value(Map{{"ticket", ticket.number},
                              {"process", ticket.process},
                              {"title", ticket.fields["title"]},
                              {"zh", effect.text.zh},
                              {"en", effect.text.en},
                              {"drill", ticket.drill},
                              {"acknowledge_by", optional_instant(effect.acknowledge_by)}});
      ANLAN_TRY([[maybe_unused]] bool fresh, txn_.enqueue(row));
    }
    return {};
  }

  Status closed(const Ticket& ticket, const ProcessDef& process, int depth) {
    std::string me = "ticket:" + ticket.number;
    const auto* state = process.state(ticket.state);
    std::string outcome = state ? state->final : "";
    ANLAN_TRY(std::vector<LinkRow> links, txn_.links_of(me));
    for (const LinkRow& link : links) {
      const std::string& other = link.from == me ? link.to : link.from;
      if (other.starts_with("ticket:")) ANLAN_CHECK(react(other.substr(7), On::link_closed, link.key, outcome, depth));
    }
    return satisfy_plans(platform_, txn_, ticket);
  }

  Platform& platform_;
  Txn& txn_;
};

// Names for people: ids become {id, name}.
Value person_value(const World& world, const std::string& id) {
  if (id.empty()) return {};
  if (id == "platform") return Value(Map{{"id", id}, {"zh", "平台"}, {"en", "Platform"}});
  if (id.starts_with("machine:")) return Value(Map{{"id", id}, {"zh", id.substr(8)}, {"en", id.substr(8)}});
  if (id.starts_with("post:")) {
    auto at = id.find('@');
    auto hash = id.find('#');
    std::string board = at == std::string::npos ? "" : id.substr(at + 1, hash == std::string::npos ? std::string::npos : hash - at - 1);
    Text title = world.directory().title_of_post(id.substr(5, at - 5));
    std::string zh = title.zh, en = title.en;
    if (hash != std::string::npos) {
      bool first = id.substr(hash + 1) == "1";
      zh += first ? "（一线）" : "（二线）";
      en += first ? " (first line)" : " (second line)";
    }
    if (const auto* b = world.directory().board(board)) {
      zh = b->name.zh + zh;
      en = b->name.en + " " + en;
    }
    return Value(Map{{"id", id}, {"zh", zh}, {"en", en}});
  }
  Text name = world.directory().name_of(id);
  return Value(Map{{"id", id}, {"zh", name.zh}, {"en", name.en}});
}

Value clock_view(const Engine& engine, const Ticket& t, const engine::ClockDef& def, Instant now) {
  const auto& state = t.clocks.at(def.key);
  auto reading = engine.reading(t, def.key, now);
  Map m{{"key", def.key},        {"zh", def.title.zh},
        {"en", def.title.en},    {"armed", state.armed},
        {"withdrawn", state.withdrawn}, {"anchor", optional_instant(state.facts.anchor)},
        {"due", optional_instant(reading.due)}, {"stopped_at", optional_instant(state.facts.stopped)},
        {"running", reading.running},   {"paused", reading.paused},
        {"breached", reading.breached}, {"remaining", reading.remaining},
        {"used", reading.used},         {"provisional", reading.provisional},
        {"regulator", def.regulator},   {"clause", def.basis.clause},
        {"requirement", def.basis.req.empty() ? Value() : Value(def.basis.req.front())}};
  if (reading.late) m.emplace("late", *reading.late);
  return Value(std::move(m));
}

Value task_view(const World& world, const ProcessDef& process, const engine::TaskState& t) {
  const auto* def = process.task(t.key);
  List who;
  for (const auto& a : t.assignees) who.push_back(person_value(world, a));
  List fields;
  if (def)
    for (const auto& f : def->fields)
      fields.push_back(Value(Map{{"key", f.key}, {"zh", f.label.zh}, {"en", f.label.en}, {"required", f.required}}));
  return Value(Map{{"id", t.id},
                   {"key", t.key},
                   {"zh", def ? def->title.zh : t.key},
                   {"en", def ? def->title.en : t.key},
                   {"item", t.item},
                   {"assignees", Value(std::move(who))},
                   {"state", t.state},
                   {"answer", t.answer.empty() ? Value() : Value(t.answer)},
                   {"by", person_value(world, t.by)},
                   {"at", optional_instant(t.at)},
                   {"due", optional_instant(t.due)},
                   {"comment", t.comment},
                   {"fields", t.fields},
                   {"takes", Value(std::move(fields))}});
}

// The fields the reader may see: read_when decides field by field.
Value readable_fields(Platform& platform, const World& world, const Principal& principal, const Ticket& t, const ProcessDef& process) {
  Engine engine(platform.definitions(), world);
  Value fields = t.fields;
  for (const auto& field : process.fields)
    if (!field.read_when.empty() && !fields[field.key].is_null() &&
        !engine.holds_for(t, field.read_when, platform.now(), principal.actor()))
      fields = fields.with(field.key, Value());
  return fields;
}

Value ticket_view(Platform& platform, const World& world, const Principal& principal, const Ticket& t) {
  const ProcessDef* process = platform.definitions().process(t.process, t.shape);
  if (!process) return {};
  Engine engine(platform.definitions(), world);
  Instant now = platform.now();
  const auto* state = process->state(t.state);
  Map m;
  m.emplace("number", t.number);
  m.emplace("process", t.process);
  m.emplace("process_title", text_value(process->title));
  m.emplace("draft_process", process->draft);
  m.emplace("state", t.state);
  m.emplace("state_title", state ? text_value(state->title) : Value());
  m.emplace("state_hint", state && !state->hint.empty() ? text_value(state->hint) : Value());
  m.emplace("state_since", t.state_since);
  m.emplace("open", t.open);
  m.emplace("outcome", state && !state->final.empty() ? Value(state->final) : Value());
  m.emplace("drill", t.drill);
  m.emplace("title", t.fields["title"]);
  m.emplace("holder", t.holder.empty() ? Value() : Value(t.holder));
  m.emplace("holder_name", person_value(world, t.holder));
  m.emplace("holder_why", text_value(t.holder_why));
  List owes;
  for (const auto& who : t.owes) owes.push_back(person_value(world, who));
  m.emplace("owes", Value(std::move(owes)));
  m.emplace("severity", process->severity.empty() ? Value() : t.fields[process->severity]);
  if (const auto* field = process->field(process->severity)) {
    auto label = field->type.labels.find(t.fields[process->severity].as_string());
    if (label != field->type.labels.end()) m.emplace("severity_title", text_value(label->second));
  }
  m.emplace("opener", person_value(world, t.opener));
  m.emplace("opened_at", t.opened_at);
  m.emplace("updated_at", t.updated_at);
  m.emplace("closed_at", optional_instant(t.closed_at));
  m.emplace("fields", readable_fields(platform, world, principal, t, *process));
  m.emplace("version", Value(t.version));
  Map clocks;
  for (const auto& def : process->clocks)
    if (t.clocks.contains(def.key)) clocks.emplace(def.key, clock_view(engine, t, def, now));
  m.emplace("clocks", Value(std::move(clocks)));
  Map decisions;
  for (const auto& def : process->decisions) {
    auto it = t.decisions.find(def.key);
    if (it == t.decisions.end()) continue;
    List rows;
    for (auto i : it->second.rows)
      if (i < def.rows.size()) {
        const auto& row = def.rows[i];
        rows.push_back(Value(Map{{"if", row.condition.source()}, {"because", text_value(row.reason)}, {"clause", row.basis.clause},
                                 {"requirement", row.basis.req.empty() ? Value() : Value(row.basis.req.front())}}));
      }
    decisions.emplace(def.key, Value(Map{{"zh", def.title.zh},
                                         {"en", def.title.en},
                                         {"value", it->second.value},
                                         {"computed", it->second.computed},
                                         {"rows", Value(std::move(rows))},
                                         {"since", it->second.since},
                                         {"flips_at", optional_instant(it->second.flips_at)},
                                         {"flips_to", it->second.flips_to}}));
  }
  m.emplace("decisions", Value(std::move(decisions)));
  Map stopwatches;
  for (const auto& def : process->stopwatches) {
    List lanes;
    for (const auto& lane : engine.stopwatch(t, def.key, now)) {
      List spans;
      for (const auto& span : lane.spans) spans.push_back(Value(Map{{"from", span.from}, {"to", optional_instant(span.to)}}));
      lanes.push_back(Value(Map{{"key", lane.key}, {"counted", lane.counted}, {"running", lane.running}, {"spans", Value(std::move(spans))}}));
    }
    stopwatches.emplace(def.key, Value(Map{{"zh", def.title.zh}, {"en", def.title.en}, {"lanes", Value(std::move(lanes))}}));
  }
  m.emplace("stopwatches", Value(std::move(stopwatches)));
  List tasks;
  for (const auto& task : t.tasks) tasks.push_back(task_view(world, *process, task));
  m.emplace("tasks", Value(std::move(tasks)));
  List seats;
  for (const auto& seat : t.seats) {
    const auto* role = process->role(seat.role);
    seats.push_back(Value(Map{{"role", seat.role}, {"role_title", role ? text_value(role->title) : Value()}, {"person", person_value(world, seat.person)},
                              {"post", seat.post.empty() ? Value() : text_value(world.directory().title_of_post(seat.post))},
                              {"since", seat.since}, {"until", optional_instant(seat.until)}}));
  }
  m.emplace("seats", Value(std::move(seats)));
  List overrides;
  for (const auto& o : t.overrides)
    overrides.push_back(Value(Map{{"id", o.id}, {"action", o.action}, {"code", o.code}, {"reason", o.reason}, {"proposer", person_value(world, o.proposer)},
                                  {"approver", person_value(world, o.approver)}, {"expires", optional_instant(o.expires)}, {"used", optional_instant(o.used)},
                                  {"reviewer", person_value(world, o.reviewer)}, {"review", o.review}}));
  m.emplace("overrides", Value(std::move(overrides)));
  return Value(std::move(m));
}

Status visible(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& number) {
  ANLAN_TRY(bool yes, reader.visible(number, platform.scope(principal, world)));
  if (!yes) return fail(Code::not_found, fmt::format("there is no ticket '{}'", number));
  return {};
}

Result<Value> seen(Platform& platform, Txn& txn, const Principal& principal, const Ticket& ticket) {
  ANLAN_TRY(World world, platform.world(txn));
  return ticket_view(platform, world, principal, ticket);
}

// The ticket as the person may act on it: visible, and the version still the one seen.
Result<Ticket> for_acting(Platform& platform, Txn& txn, const Principal& principal, const std::string& number, std::optional<std::int64_t> version) {
  ANLAN_TRY(World world, platform.world(txn));
  ANLAN_CHECK(visible(platform, txn, world, principal, number));
  ANLAN_TRY(Ticket ticket, load(txn, number));
  if (version && *version != ticket.version)
    return fail(Code::conflict, fmt::format("ticket {} was changed meanwhile: version {} now, {} seen", number, ticket.version, *version), "version");
  return ticket;
}

// A ticket that a person names in a field must be one he sees: else the link would tell him of it, and write on it.
Status sees_named(Platform& platform, Txn& txn, const Principal& principal, const ProcessDef* process, const Value& fields) {
  if (!process || !fields.is(Value::Kind::map)) return {};
  std::optional<World> world;
  for (const auto& [key, given] : fields.as_map()) {
    const engine::FieldDef* def = process->field(key);
    if (!def) continue;
    const bool many = def->type.kind == engine::FieldType::Kind::list;
    if ((many ? def->type.element->kind : def->type.kind) != engine::FieldType::Kind::ticket) continue;
    for (const Value& one : many && given.is(Value::Kind::list) ? given.as_list() : List{given}) {
      if (!one.is(Value::Kind::string) || one.as_string().empty()) continue;
      if (!world) {
        ANLAN_TRY(World now, platform.world(txn));
        world.emplace(std::move(now));
      }
      if (!visible(platform, txn, *world, principal, one.as_string()))
        return fail(Code::invalid, fmt::format("there is no ticket '{}' to link", one.as_string()), "fields." + key);
    }
  }
  return {};
}

// Who audits reads everything and writes nothing, but on what is his own.
Status may_remark(Platform& platform, Txn& txn, const Principal& principal, const std::string& number) {
  if (!principal.machine.empty()) return {};
  ANLAN_TRY(World world, platform.world(txn));
  if (!world.directory().permissions_of(principal.person, platform.now()).contains("audit.read")) return {};
  Scope own = platform.scope(principal, world);
  own.all = false;
  ANLAN_TRY(bool yes, txn.visible(number, own));
  if (yes) return {};
  return refuse({{"", "reads_only", {"审计只读，不在工单上写", "who audits reads and does not write on tickets"}, "", "", ""}}, Code::forbidden);
}

}  // namespace

Result<Value> open_ticket(Platform& platform, Txn& txn, const Principal& principal, const OpenRequest& request) {
  ANLAN_CHECK(sees_named(platform, txn, principal, platform.definitions().process(request.process), request.fields));
  ANLAN_TRY(Ticket ticket, Chain(platform, txn).open(request, principal.actor(), 0));
  return seen(platform, txn, principal, ticket);
}

Result<Value> open_as_platform(Platform& platform, Txn& txn, const engine::Actor& actor, const OpenRequest& request) {
  ANLAN_TRY(Ticket ticket, Chain(platform, txn).open(request, actor, 0));
  return Value(Map{{"number", ticket.number}, {"state", ticket.state}});
}

Result<Value> act(Platform& platform, Txn& txn, const Principal& principal, const ActRequest& request) {
  ANLAN_TRY(Ticket ticket, for_acting(platform, txn, principal, request.number, request.version));
  ANLAN_CHECK(sees_named(platform, txn, principal, platform.definitions().process(ticket.process, ticket.shape), request.fields));
  ANLAN_TRY(World world, platform.world(txn));
  Engine engine(platform.definitions(), world);
  engine::Request ask;
  ask.action = request.action;
  ask.actor = principal.actor();
  ask.fields = request.fields;
  ask.comment = request.comment;
  ask.as_role = request.as_role;
  ask.now = platform.now();
  ANLAN_TRY(Outcome outcome, engine.act(ticket, ask));
  ANLAN_TRY(Ticket after, Chain(platform, txn).store(&ticket, outcome, ask.actor, 0));
  return seen(platform, txn, principal, after);
}

Result<Value> answer_task(Platform& platform, Txn& txn, const Principal& principal, const std::string& number, const std::string& task,
                          const std::string& answer, const Value& fields, const std::string& comment) {
  ANLAN_TRY(Ticket ticket, for_acting(platform, txn, principal, number, {}));
  ANLAN_TRY(World world, platform.world(txn));
  Engine engine(platform.definitions(), world);
  engine::Actor actor = principal.actor();
  ANLAN_TRY(Outcome outcome, engine.answer(ticket, actor, task, answer, fields, comment, platform.now()));
  ANLAN_TRY(Ticket after, Chain(platform, txn).store(&ticket, outcome, actor, 0));
  return seen(platform, txn, principal, after);
}

Result<Value> override_guard(Platform& platform, Txn& txn, const Principal& principal, const std::string& number, const std::string& kind, const Value& body) {
  ANLAN_TRY(Ticket ticket, for_acting(platform, txn, principal, number, {}));
  ANLAN_TRY(World world, platform.world(txn));
  Engine engine(platform.definitions(), world);
  engine::Actor actor = principal.actor();
  Instant now = platform.now();
  Result<Outcome> outcome = fail(Code::invalid, "kind must be propose, approve or review", "kind");
  if (kind == "propose") {
    Duration valid = body["valid_for"].is(Value::Kind::duration) ? body["valid_for"].as_duration()
                                                                 : parse_duration(body["valid_for"].as_string()).value_or(hours(1));
    outcome = engine.propose_override(ticket, actor, body["action"].as_string(), body["code"].as_string(), body["reason"].as_string(), valid, now);
  } else if (kind == "approve") {
    outcome = engine.approve_override(ticket, actor, body["id"].as_string(), now);
  } else if (kind == "review") {
    outcome = engine.review_override(ticket, actor, body["id"].as_string(), body["review"].as_string(), now);
  }
  if (!outcome) return std::unexpected(outcome.error());
  ANLAN_TRY(Ticket after, Chain(platform, txn).store(&ticket, *outcome, actor, 0));
  return seen(platform, txn, principal, after);
}

Status may_act(Platform& platform, Txn& txn, const Principal& principal, const std::string& number) {
  ANLAN_TRY([[maybe_unused]] Ticket ticket, for_acting(platform, txn, principal, number, {}));
  return may_remark(platform, txn, principal, number);
}

Result<Ticket> readable_ticket(Platform& platform, Reader& reader, const World& world, const Principal& principal,
                               const std::string& number) {
  ANLAN_CHECK(visible(platform, reader, world, principal, number));
  ANLAN_TRY(Ticket ticket, load(reader, number));
  const ProcessDef* process = platform.definitions().process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, "the process is not loaded");
  ticket.fields = readable_fields(platform, world, principal, ticket, *process);
  return ticket;
}

Result<Ticket> ticket_for_anybody(Platform& platform, Reader& reader, const World& world, const std::string& number) {
  ANLAN_TRY(Ticket ticket, load(reader, number));
  const ProcessDef* process = platform.definitions().process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, "the process is not loaded");
  ticket.fields = readable_fields(platform, world, Principal{}, ticket, *process);
  return ticket;
}

Status may_see(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& number) {
  return visible(platform, reader, world, principal, number);
}

Result<Value> add_comment(Platform& platform, Txn& txn, const Principal& principal, const std::string& number, const std::string& text) {
  ANLAN_TRY(Ticket ticket, for_acting(platform, txn, principal, number, {}));
  ANLAN_CHECK(may_remark(platform, txn, principal, number));
  if (trim(text).empty() || text.size() > 20'000) return fail(Code::invalid, "text must be 1 to 20,000 bytes", "text");
  if (engine::controls(text, true)) return fail(Code::invalid, "text holds a control character", "text");
  ANLAN_TRY(Position position, txn.append({0, "ticket:" + number, "ticket.commented", platform.now(), principal.id(), Value(Map{{"text", text}})}));
  return Value(Map{{"position", position}, {"text", text}});
}

Result<Value> watch(Platform& platform, Txn& txn, const Principal& principal, const std::string& number, bool on) {
  ANLAN_TRY(Ticket ticket, for_acting(platform, txn, principal, number, {}));
  ANLAN_CHECK(txn.put_setting("watch", principal.person + "/" + number, on ? Value(true) : Value()));
  return Value(Map{{"number", number}, {"watching", on}});
}

Status react(Platform& platform, Txn& txn, const std::string& number, On on, const std::string& key, const std::string& result, const Value& detail) {
  if (!detail.is_null() && !detail.as_map().empty() && (on == On::alert_fired || on == On::alert_resolved)) {
    ANLAN_TRY([[maybe_unused]] Position position,
              txn.append({0, "ticket:" + number, on == On::alert_fired ? "ticket.alert_fired" : "ticket.alert_resolved", platform.now(), "platform", detail}));
  }
  return Chain(platform, txn).react(number, on, key, result, 0, detail);
}

Status fire_due(Platform& platform, Txn& txn, const std::string& number) {
  return Chain(platform, txn).fire(number, "ticket.fired", Value(Map{}), 0);
}

Status reassign_holder(Platform& platform, Txn& txn, const std::string& person) {
  TicketQuery query;
  query.holder = {person};
  query.open = true;
  query.drill = std::nullopt;
  query.limit = 200;
  Scope all;
  all.all = true;
  for (;;) {
    ANLAN_TRY(Page<TicketRow> page, txn.tickets(query, all));
    std::int64_t moved = 0;
    for (const TicketRow& row : page.items) {
      ANLAN_CHECK(Chain(platform, txn).fire(row.number, "ticket.reassigned", Value(Map{{"because", person}}), 0));
      ++moved;
    }
    if (page.next_cursor.empty() || moved == 0) return {};
    query.cursor = page.next_cursor;
  }
}

Result<Value> view(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& number) {
  ANLAN_CHECK(visible(platform, reader, world, principal, number));
  ANLAN_TRY(Ticket ticket, load(reader, number));
  ANLAN_TRY(auto watching, reader.setting("watch", principal.person + "/" + number));
  return ticket_view(platform, world, principal, ticket).with("watching", watching.has_value());
}

Result<Value> watched(Platform& platform, Reader& reader, const World& world, const Principal& principal) {
  ANLAN_TRY(auto all, reader.settings("watch"));
  const std::string mine = principal.person + "/";
  List items;
  for (const auto& [key, on] : all) {
    if (!key.starts_with(mine)) continue;
    const std::string number = key.substr(mine.size());
    if (visible(platform, reader, world, principal, number)) items.push_back(Value(Map{{"number", number}}));
  }
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

List rows_of_list(Platform& platform, const World& world, const std::vector<TicketRow>& rows) {
  List items;
  items.reserve(rows.size());
  // A page repeats few titles and names: each is made once and shared.
  std::map<const Text*, Value> titles;
  auto title_of = [&](const Text& text) -> const Value& {
    auto [at, fresh] = titles.try_emplace(&text);
    if (fresh) at->second = text_value(text);
    return at->second;
  };
  std::map<std::string, Value> people;
  auto name_of = [&](const std::string& id) -> const Value& {
    auto [at, fresh] = people.try_emplace(id);
    if (fresh) at->second = person_value(world, id);
    return at->second;
  };
  for (const TicketRow& row : rows) {
    const ProcessDef* process = platform.definitions().process(row.process, row.shape);
    const auto* state = process ? process->state(row.state) : nullptr;
    Value severity, severity_title;
    if (process && row.severity > 0)
      if (const auto* field = process->field(process->severity); field && static_cast<std::size_t>(row.severity) <= field->type.words.size()) {
        const auto& word = field->type.words[static_cast<std::size_t>(row.severity) - 1];
        severity = word;
        if (field->type.labels.contains(word)) severity_title = title_of(field->type.labels.at(word));
      }
    Map indexed;
    for (const auto& [key, v] : row.indexed) indexed.insert_or_assign(key, v);
    items.push_back(Value(Map{{"number", row.number},
                              {"process", row.process},
                              {"state", row.state},
                              {"state_title", state ? title_of(state->title) : Value()},
                              {"open", row.open},
                              {"drill", row.drill},
                              {"title", row.title},
                              {"holder", row.holder.empty() ? Value() : Value(row.holder)},
                              {"holder_name", name_of(row.holder)},
                              {"board", row.board.empty() ? Value() : Value(row.board)},
                              {"severity", severity},
                              {"severity_title", severity_title},
                              {"opened_at", row.opened_at},
                              {"updated_at", row.updated_at},
                              {"closed_at", optional_instant(row.closed_at)},
                              {"next_due", optional_instant(row.next_due)},
                              {"fields", Value(std::move(indexed))},
                              {"version", row.version}}));
  }
  return items;
}

Result<Value> list(Platform& platform, Reader& reader, const World& world, const Principal& principal, const TicketQuery& query) {
  ANLAN_TRY(Page<TicketRow> page, reader.tickets(query, platform.scope(principal, world)));
  return Value(Map{{"items", Value(rows_of_list(platform, world, page.items))}, {"next_cursor", page.next_cursor.empty() ? Value() : Value(page.next_cursor)}});
}

Result<Value> facets(Platform& platform, Reader& reader, const World& world, const Principal& principal, const TicketQuery& query) {
  const Scope scope = platform.scope(principal, world);
  const auto& definitions = platform.definitions();
  ANLAN_TRY(auto processes, reader.count_open("process", query, scope));
  // Ranks and states carry the words of the one process they come from; where there are several, the value stands alone.
  const std::string sole = processes.size() == 1 ? processes.begin()->first : std::string();
  auto title = [&](const std::string& column, const std::string& value) -> Value {
    if (column == "holder") return person_value(world, value);
    if (column == "board") {
      const auto* board = world.directory().board(value);
      return board ? text_value(board->name) : Value();
    }
    for (const auto& [key, shapes] : definitions.processes) {
      if (shapes.empty()) continue;
      const ProcessDef& process = *shapes.back();
      if (column == "process" && key == value) return text_value(process.title);
      if (column == "state" && (sole.empty() ? processes.contains(key) : key == sole))
        if (const auto* state = process.state(value)) return text_value(state->title);
      if (column == "severity" && key == sole)
        if (const auto* field = process.field(process.severity); field && !value.empty() && value.size() < 3) {
          auto rank = static_cast<std::size_t>(std::atoi(value.c_str()));
          if (rank >= 1 && rank <= field->type.words.size() && field->type.labels.contains(field->type.words[rank - 1]))
            return text_value(field->type.labels.at(field->type.words[rank - 1]));
        }
    }
    return {};
  };
  Map out;
  for (const char* column : {"process", "state", "severity", "board", "holder"}) {
    TicketQuery without = query;
    const std::string name = column;
    if (name == "process") without.process.clear();
    if (name == "state") without.state.clear();
    if (name == "severity") without.severity_min.reset(), without.severity_max.reset();
    if (name == "board") without.board.clear();
    if (name == "holder") without.holder.clear();
    ANLAN_TRY(auto counts, reader.count_open(name, without, scope));
    counts.erase("");  // none: a ticket without a board, a process without severity
    if (name == "severity") counts.erase("0");
    std::vector<std::pair<std::string, std::int64_t>> rows(counts.begin(), counts.end());
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    List list;
    for (const auto& [value, count] : rows)
      list.push_back(Value(Map{{"value", value}, {"title", title(name, value)}, {"count", count}}));
    out.emplace(name, Value(std::move(list)));
  }
  return Value(Map{{"facets", Value(std::move(out))}});
}

Result<Value> actions(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& number) {
  ANLAN_CHECK(visible(platform, reader, world, principal, number));
  ANLAN_TRY(Ticket ticket, load(reader, number));
  const ProcessDef* process = platform.definitions().process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, "the process is not loaded");
  Engine engine(platform.definitions(), world);
  List items;
  for (const auto& opening : engine.openings(ticket, principal.actor(), platform.now())) {
    const auto* def = process->action(opening.action);
    List refusals, fields;
    for (const Refusal& r : opening.refusals)
      refusals.push_back(Value(Map{{"clause", r.clause}, {"code", r.code}, {"zh", r.text.zh}, {"en", r.text.en}, {"field", r.field}, {"requirement", r.requirement}}));
    for (const auto& field : def->fields) fields.push_back(Value(Map{{"field", field.field}, {"required", field.required}}));
    items.push_back(Value(Map{{"action", opening.action},
                              {"zh", def->title.zh},
                              {"en", def->title.en},
                              {"to", def->to.empty() ? Value() : Value(def->to)},
                              {"open", opening.open},
                              {"here", engine::may_start(*process, *def, ticket.state)},
                              {"comment_required", def->comment_required},
                              {"fields", Value(std::move(fields))},
                              {"roles", string_list(opening.roles)},
                              {"clause", def->basis.clause},
                              {"refusals", Value(std::move(refusals))}}));
  }
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> rehearse_action(Platform& platform, Reader& reader, const World& world, const Principal& principal, const ActRequest& request,
                              const std::string& process_key) {
  engine::Request ask;
  ask.action = request.action;
  ask.actor = principal.actor();
  ask.fields = request.fields;
  ask.comment = request.comment;
  ask.as_role = request.as_role;
  ask.now = platform.now();
  Engine engine(platform.definitions(), world);
  Ticket before;
  Result<Outcome> outcome = fail(Code::internal, "nothing was asked");
  if (request.number.empty()) {
    const ProcessDef* process = platform.definitions().process(process_key);
    if (!process) return fail(Code::not_found, fmt::format("there is no process '{}'", process_key));
    before.process = process->key;
    outcome = engine.open(process->key, ask, "?", false);
  } else {
    ANLAN_CHECK(visible(platform, reader, world, principal, request.number));
    ANLAN_TRY(before, load(reader, request.number));
    outcome = engine.act(before, ask);
  }
  if (!outcome) {
    const Error& error = outcome.error();
    if (error.code != Code::refused && error.code != Code::forbidden && error.code != Code::invalid) return std::unexpected(error);
    List refusals;
    for (const Refusal& r : error.refusals)
      refusals.push_back(Value(Map{{"clause", r.clause}, {"code", r.code}, {"zh", r.text.zh}, {"en", r.text.en}, {"field", r.field}, {"requirement", r.requirement}}));
    if (refusals.empty()) {
      std::string field = error.field.starts_with("fields.") ? error.field.substr(7) : error.field;
      refusals.push_back(Value(Map{{"clause", ""}, {"code", std::string(name(error.code))}, {"zh", "填写的内容无法识别"}, {"en", error.message}, {"field", field}, {"requirement", ""}}));
    }
    return Value(Map{{"open", false}, {"refusals", Value(std::move(refusals))}});
  }
  const Ticket& after = outcome->ticket;
  const ProcessDef* process = platform.definitions().process(after.process, after.shape);
  const auto* state = process ? process->state(after.state) : nullptr;
  Map changed;
  const Value shown = process ? readable_fields(platform, world, principal, after, *process) : Value(Map{});
  for (const auto& [key, value] : shown.as_map())
    if (!(before.fields[key] == value)) changed.emplace(key, value);
  for (const auto& [key, value] : before.fields.as_map())
    if (after.fields[key].is_null() && !value.is_null()) changed.emplace(key, Value());
  return Value(Map{{"open", true},
                   {"refusals", Value(List{})},
                   {"state", after.state},
                   {"state_title", state ? text_value(state->title) : Value()},
                   {"severity", process && !process->severity.empty() ? after.fields[process->severity] : Value()},
                   {"fields", Value(std::move(changed))}});
}

Result<Value> events(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& number) {
  ANLAN_CHECK(visible(platform, reader, world, principal, number));
  ANLAN_TRY(Ticket ticket, load(reader, number));
  const ProcessDef* process = platform.definitions().process(ticket.process, ticket.shape);
  ANLAN_TRY(std::vector<Event> all, reader.events_of("ticket:" + number));
  List items;
  for (const Event& event : all) {
    Map body = event.body.as_map();
    // Fields that this reader may not see stay unseen in the history too.
    if (process && body.contains("patch")) {
      Engine engine(platform.definitions(), world);
      for (const auto& field : process->fields)
        if (!field.read_when.empty() && !engine.holds_for(ticket, field.read_when, platform.now(), principal.actor()))
          body["patch"] = body["patch"].with("fields", body["patch"]["fields"].with(field.key, Value()));
    }
    Value title;
    if (process)
      if (const auto* action = process->action(body.contains("action") ? body["action"].as_string() : "")) title = text_value(action->title);
    items.push_back(Value(Map{{"position", event.position}, {"kind", event.kind}, {"at", event.at}, {"actor", person_value(world, event.actor)},
                              {"title", title}, {"body", Value(std::move(body))}}));
  }
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> clocks(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& number) {
  ANLAN_CHECK(visible(platform, reader, world, principal, number));
  ANLAN_TRY(Ticket ticket, load(reader, number));
  const ProcessDef* process = platform.definitions().process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, "the process is not loaded");
  Engine engine(platform.definitions(), world);
  static const char* const kinds[] = {"before", "running", "closed_hours", "paused", "overdue", "stopped"};
  List items;
  for (const auto& def : process->clocks) {
    if (!ticket.clocks.contains(def.key)) continue;
    List ledger;
    for (const auto& entry : engine.ledger(ticket, def.key, platform.now()))
      ledger.push_back(Value(Map{{"from", entry.from}, {"to", optional_instant(entry.to)}, {"kind", kinds[static_cast<int>(entry.kind)]}, {"counted", entry.counted}}));
    items.push_back(clock_view(engine, ticket, def, platform.now()).with("ledger", Value(std::move(ledger))));
  }
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> links(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& number) {
  ANLAN_CHECK(visible(platform, reader, world, principal, number));
  ANLAN_TRY(Ticket ticket, load(reader, number));
  const ProcessDef* process = platform.definitions().process(ticket.process, ticket.shape);
  Scope scope = platform.scope(principal, world);
  List items;
  for (const auto& linked : world.links(number)) {
    const auto* def = process && linked.outgoing ? process->link(linked.key) : nullptr;
    // A ticket out of the reader's scope shows that it exists and nothing else.
    bool seen = linked.process.starts_with("record:") || reader.visible(linked.number, scope).value_or(false);
    items.push_back(Value(Map{{"key", linked.key}, {"outgoing", linked.outgoing}, {"title", def ? text_value(def->title) : Value()},
                              {"number", linked.number}, {"process", seen ? Value(linked.process) : Value()},
                              {"state", seen ? Value(linked.state) : Value()}, {"open", linked.open},
                              {"ticket_title", seen ? linked.fields["title"] : Value()}}));
  }
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> tasks(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& number) {
  ANLAN_CHECK(visible(platform, reader, world, principal, number));
  ANLAN_TRY(Ticket ticket, load(reader, number));
  const ProcessDef* process = platform.definitions().process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, "the process is not loaded");
  List items;
  for (const auto& task : ticket.tasks) items.push_back(task_view(world, *process, task));
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

}  // namespace anlan::app
