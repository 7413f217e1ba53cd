// Random walks through the shipped definitions: people open tickets, act, answer, leave and change posts while time
// passes. Whatever they do, what must always hold is looked at after every step; every such look has its control, a
// house in which it is broken on purpose.
//
// ANLAN_WALKS says how many walks (30 unless told), ANLAN_WALK_SEED plays one alone and tells its steps. A failure
// prints seed and steps.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <set>

#include "app/plans.h"
#include "app/records.h"
#include "app/rehearse.h"
#include "app/tickets.h"
#include "base/text.h"
#include "definitions/load.h"
#include "storage/store.h"

namespace anlan::server {
namespace {

using engine::ActionDef;
using engine::Definitions;
using engine::Engine;
using engine::FieldDef;
using engine::FieldType;
using engine::ProcessDef;
using engine::Ticket;
using Complaints = std::vector<std::string>;
using DefinitionsPtr = std::shared_ptr<const Definitions>;

const Instant monday = *parse_rfc3339("2026-03-02T09:00:00+08:00");

struct Shipped {
  DefinitionsPtr definitions;
  std::vector<Value> worlds;
  std::string problem;  // why there is nothing to walk through
};

const Shipped& shipped() {
  static const Shipped all = [] {
    Shipped out;
    auto definitions = definitions::load_directory("definitions");
    if (!definitions) {
      out.problem = definitions.error().message;
      return out;
    }
    out.definitions = *definitions;
    std::ifstream in("tests/scenarios/_world.yaml", std::ios::binary);
    auto documents = definitions::read_values("_world.yaml", std::string(std::istreambuf_iterator<char>(in), {}));
    if (!documents) {
      out.problem = documents.error().message;
      return out;
    }
    for (const auto& document : *documents)
      if (!document["world"].is_null()) out.worlds.push_back(document["world"]);
    if (out.worlds.empty()) out.problem = "tests/scenarios/_world.yaml holds no world";
    return out;
  }();
  return all;
}

// The shipped definitions with every process changed.
DefinitionsPtr with_processes(const std::function<void(ProcessDef&, const Definitions&)>& change) {
  auto out = std::make_shared<Definitions>(*shipped().definitions);
  for (auto& [key, shapes] : out->processes)
    for (auto& shape : shapes) {
      auto process = std::make_shared<ProcessDef>(*shape);
      change(*process, *out);
      shape = std::move(process);
    }
  return out;
}

// ---- what must always hold -----------------------------------------------------------------------------------
// Each look is a function of its own, so that its control can show it something broken.

void look_at_holder(const Ticket& t, const identity::Directory& directory, Complaints& out) {
  if (!t.open) return;
  if (t.holder.empty()) out.push_back(t.number + ": nobody is accountable");
  else if (!directory.is_enabled(t.holder)) out.push_back(fmt::format("{}: {} is accountable but disabled", t.number, t.holder));
}

// `rules` are the true ones, whatever the house that made the ticket believes.
void look_at_seats(const Ticket& t, const Definitions& rules, const identity::Directory& posts, Complaints& out) {
  const ProcessDef* process = rules.process(t.process, t.shape);
  auto must_differ = [&](const std::string& one, const std::string& other) {
    auto among = [&](const std::vector<engine::Difference>& all) {
      return std::any_of(all.begin(), all.end(), [&](const auto& d) { return d.seat == other; });
    };
    if (const auto* role = process ? process->role(one) : nullptr) return among(role->differs_from);
    if (one.starts_with("task:"))
      if (const auto* task = process ? process->task(one.substr(5)) : nullptr) return among(task->differs_from);
    return false;
  };
  for (std::size_t i = 0; i < t.seats.size(); ++i)
    for (std::size_t j = i + 1; j < t.seats.size(); ++j) {
      const auto &a = t.seats[i], &b = t.seats[j];
      if (a.person != b.person) continue;
      if (posts.incompatibility(a.post, b.post))
        out.push_back(fmt::format("{}: {} sat as {} ({}) and as {} ({})", t.number, a.person, a.role, a.post, b.role, b.post));
      if (a.role != b.role && (must_differ(a.role, b.role) || must_differ(b.role, a.role)))
        out.push_back(fmt::format("{}: {} sat as {} and as {}, which must be apart", t.number, a.person, a.role, b.role));
    }
}

// The columns that lists filter by say what the body says, and the timers are those of the ticket.
Status look_at_row(app::Reader& reader, const app::TicketRow& row, const Ticket& t, const Engine& engine, Instant now,
                   Complaints& out) {
  if (row.state != t.state || row.open != t.open || row.holder != t.holder || row.version != t.version || row.owes != t.owes)
    out.push_back(t.number + ": the row and its body disagree");
  std::map<std::string, Instant> wanted, stored;
  for (const auto& timer : engine.timers(t, now)) wanted.emplace(timer.name, timer.due);
  ANLAN_TRY(std::vector<app::TimerRow> timers, reader.timers_of("ticket:" + t.number));
  for (const auto& timer : timers) stored.emplace(timer.name, timer.due);
  if (wanted != stored) {
    std::string words;
    for (const auto& [name, due] : wanted)
      if (!stored.contains(name) || stored[name] != due) words += fmt::format(" wants {} at {};", name, format_rfc3339(due, 480));
    for (const auto& [name, due] : stored)
      if (!wanted.contains(name)) words += fmt::format(" keeps {} at {};", name, format_rfc3339(due, 480));
    out.push_back(fmt::format("{}: its timers are not those of its clocks:{}", t.number, words));
  }
  return {};
}

// Looking again at the same instant changes nothing.
void look_at_rest(const Engine& engine, const Ticket& t, Instant now, Complaints& out) {
  auto once = engine.refresh(t, now, "ticket.fired", Value(Map{}));
  if (!once) return out.push_back(t.number + ": " + once.error().message);
  auto stored = engine::ticket_from(engine::to_value(once->ticket));
  if (!stored) return out.push_back(t.number + ": " + stored.error().message);
  auto twice = engine.refresh(*stored, now, "ticket.fired", Value(Map{}));
  if (!twice) return out.push_back(t.number + ": " + twice.error().message);
  if (twice->ticket.version != once->ticket.version)
    out.push_back(fmt::format("{}: does not come to rest: {}", t.number,
                              describe(engine::merge_diff(engine::to_value(once->ticket), engine::to_value(twice->ticket)))));
}

// The log alone gives the ticket.
void look_at_log(const std::string& number, const std::vector<app::Event>& events, const Value& body, Complaints& out) {
  Value folded(Map{});
  for (const auto& event : events)
    if (!event.body["patch"].is_null()) folded = engine::merge_apply(folded, event.body["patch"]);
  if (!(folded == body))
    out.push_back(fmt::format("{}: the log folds to something else; it lacks {}", number, describe(engine::merge_diff(folded, body))));
}

// Runs the attempt; when it is refused, nothing may have been written, and it must not be a defect of ours.
Result<Value> attempt(app::Store& store, const std::function<Result<Value>()>& what, Complaints& out) {
  auto position = [&store]() -> app::Position {
    app::Position at = -1;
    auto status = store.read([&](app::Reader& reader) -> Status {
      ANLAN_TRY(at, reader.last_position());
      return {};
    });
    return status ? at : -1;
  };
  auto before = position();
  auto result = what();
  if (!result && result.error().code == Code::internal) out.push_back("a defect: " + result.error().message);
  if (!result && position() != before) out.push_back("a refused request wrote something");
  return result;
}

// ---- the walk ------------------------------------------------------------------------------------------------

class Walk {
 public:
  Walk(std::uint64_t seed, DefinitionsPtr house) : seed_(seed), random_(seed), house_(std::move(house)), clock_(monday) {
    storage::Options options;
    options.path = ":memory:";
    options.clock = &clock_;
    auto store = storage::open_sqlite(options);
    auto stage = app::Stage::make(house_, shipped().worlds);
    if (!store || !stage) {
      complaints_.push_back(!store ? store.error().message : stage.error().message);
      return;
    }
    store_ = std::move(*store);
    if (auto up = stage->set_up(*store_, clock_.wall()); !up) complaints_.push_back(up.error().message);
    platform_ = std::make_unique<app::Platform>(*store_, house_, clock_);
    read([&](app::Reader&, const app::World& world) -> Status {
      for (const auto& person : world.directory().parts().people) people_.push_back(person.id);
      return {};
    });
    identity::Parts parts;
    parts.posts = shipped().definitions->posts;
    parts.incompatibilities = shipped().definitions->incompatibilities;
    true_posts_ = identity::Directory(std::move(parts));
  }
  ~Walk() {
    if (store_) store_->stop();
  }

  // Stops at the first step after which something does not hold.
  void go(int steps) {
    for (int i = 0; i < steps && complaints_.empty(); ++i) {
      step();
      look();
    }
    if (complaints_.empty()) look_at_the_end();
  }

  const Complaints& complaints() const { return complaints_; }
  std::string report() const {
    std::string out = fmt::format("seed {} (ANLAN_WALK_SEED={} plays it alone)\n", seed_, seed_);
    for (const auto& one : steps_) out += "  " + one + "\n";
    for (const auto& one : complaints_) out += "! " + one + "\n";
    return out;
  }
  int accepted() const { return accepted_; }
  int refused() const { return refused_; }
  const std::set<std::string>& seen() const { return seen_; }

  app::Platform& platform() { return *platform_; }
  app::Store& store() { return *store_; }
  const std::vector<std::string>& numbers() const { return numbers_; }
  Instant now() const { return clock_.wall(); }

  void look() {
    read([&](app::Reader& reader, const app::World& world) -> Status {
      Engine engine(*house_, world);
      for (const auto& number : numbers_) {
        ANLAN_TRY(std::optional<app::TicketRow> row, reader.ticket(number));
        if (!row) return fail(Code::internal, number + " has gone");
        ANLAN_TRY(Ticket t, engine::ticket_from(row->body));
        seen_.insert(t.process + ":" + t.state);
        look_at_holder(t, world.directory(), complaints_);
        look_at_seats(t, *shipped().definitions, true_posts_, complaints_);
        look_at_rest(engine, t, clock_.wall(), complaints_);
        ANLAN_CHECK(look_at_row(reader, *row, t, engine, clock_.wall(), complaints_));
      }
      return {};
    });
  }

  void look_at_the_end() {
    read([&](app::Reader& reader, const app::World&) -> Status {
      for (const auto& number : numbers_) {
        ANLAN_TRY(std::optional<app::TicketRow> row, reader.ticket(number));
        ANLAN_TRY(std::vector<app::Event> events, reader.events_of("ticket:" + number));
        look_at_log(number, events, row ? row->body : Value(), complaints_);
      }
      return {};
    });
  }

 private:
  // ---- chance ----
  std::size_t below(std::size_t n) { return n ? random_() % n : 0; }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  template <class C>
  const auto& one_of(const C& all) {
    return all[below(all.size())];
  }

  void read(const std::function<Status(app::Reader&, const app::World&)>& f) {
    if (auto status = platform_->read(f); !status) complaints_.push_back("a read failed: " + status.error().message);
  }
  Result<Value> write(app::Platform::WorldWork work) {
    auto result = attempt(*store_, [&] { return platform_->write(std::move(work)); }, complaints_);
    if (result) ++accepted_;
    else ++refused_;
    return result;
  }
  void note(std::string words, const Result<Value>& result) {
    std::string end = "ok";
    if (!result) {
      end = std::string(name(result.error().code)) + " " + result.error().message + " " + result.error().field;
      for (const auto& refusal : result.error().refusals) end += " [" + refusal.code + "]";
    }
    steps_.push_back(fmt::format("{} {}: {}", format_rfc3339(clock_.wall(), 480), words, end));
  }
  // Tickets may open others: whatever there is by now.
  void gather() {
    read([&](app::Reader& reader, const app::World&) -> Status {
      app::TicketQuery query;
      query.drill = std::nullopt;
      query.limit = 200;
      query.sort = app::TicketQuery::Sort::opened_asc;
      app::Scope all;
      all.all = true;
      ANLAN_TRY(app::Page<app::TicketRow> page, reader.tickets(query, all));
      numbers_.clear();
      open_.clear();
      for (const auto& row : page.items) {
        numbers_.push_back(row.number);
        if (row.open) open_.push_back(row.number);
      }
      return {};
    });
  }
  // Mostly one on which something is still to be done.
  const std::string& some_ticket() { return !open_.empty() && chance(90) ? one_of(open_) : one_of(numbers_); }

  // ---- values ----
  Value value_for(const FieldType& type, app::Reader& reader, const app::World& world) {
    using T = FieldType::Kind;
    Instant now = clock_.wall();
    switch (type.kind) {
      case T::string:
      case T::text: return fmt::format("词 {}", below(50));
      case T::integer: return static_cast<std::int64_t>(below(8)) - 1;
      case T::number: return static_cast<double>(below(100)) / 4;
      case T::boolean: return chance(50);
      case T::timestamp:
      case T::date: {
        auto offset = minutes(static_cast<std::int64_t>(below(600)));
        if (chance(20)) return now;
        return chance(85) ? now - offset : now + offset * 20;
      }
      case T::duration: return minutes(static_cast<std::int64_t>(below(300)));
      case T::choice: return type.words.empty() ? Value() : Value(one_of(type.words));
      case T::person: return one_of(people_);
      case T::board: {
        const auto& boards = world.directory().parts().boards;
        return boards.empty() ? Value() : Value(one_of(boards).id);
      }
      case T::unit: {
        const auto& units = world.directory().parts().units;
        return units.empty() ? Value() : Value(one_of(units).id);
      }
      case T::ref: {
        auto rows = world.records(type.reg);
        return rows.empty() ? Value() : Value(one_of(rows)["id"]);
      }
      case T::ticket: {
        std::vector<std::string> fit;
        for (const auto& number : numbers_)
          if (auto row = reader.ticket(number); row && *row && (type.process.empty() || (*row)->process == type.process))
            fit.push_back(number);
        return fit.empty() ? Value() : Value(one_of(fit));
      }
      case T::interval: {
        Instant start = now + minutes(static_cast<std::int64_t>(below(20'000))) - days(2);
        return Value(Map{{"start", start}, {"end", start + minutes(static_cast<std::int64_t>(below(600)))}});
      }
      case T::list: {
        List out;
        for (std::size_t i = 1 + below(3); i > 0; --i)
          if (Value v = value_for(*type.element, reader, world); !v.is_null()) out.push_back(v);
        return Value(std::move(out));
      }
      case T::table: {
        List out;
        for (std::size_t i = 1 + below(2); i > 0; --i) out.push_back(fields_for(type.columns, 60, reader, world));
        return Value(std::move(out));
      }
      case T::any: return "x";
    }
    return {};
  }
  Value fields_for(const std::vector<FieldDef>& fields, int optional, app::Reader& reader, const app::World& world) {
    Map out;
    for (const auto& def : fields)
      if (chance(def.required ? 96 : optional))
        if (Value v = value_for(def.type, reader, world); !v.is_null()) out.emplace(def.key, v);
    return Value(std::move(out));
  }
  Value fields_for(const ProcessDef& process, const ActionDef& action, app::Reader& reader, const app::World& world) {
    std::vector<FieldDef> fields;
    for (const auto& takes : action.fields)
      if (const FieldDef* def = process.field(takes.field)) {
        fields.push_back(*def);
        fields.back().required = takes.required;
      }
    // Now and then nearly everything: many doors open only to those who say much.
    return fields_for(fields, chance(30) ? 90 : 35, reader, world);
  }

  static app::Principal principal(const std::string& person) {
    app::Principal p;
    p.person = person;
    return p;
  }
  std::vector<std::string> holders_of(const std::string& group, const app::World& world) const {
    return world.directory().holders(group.substr(5, group.find('@') - 5), {}, clock_.wall());
  }
  // More often than not somebody who owes something on it, or sat on it.
  std::string somebody_for(const Ticket& t, const app::World& world) {
    std::vector<std::string> near;
    for (const auto& who : t.owes) {
      if (!who.starts_with("post:")) near.push_back(who);
      else
        for (const auto& person : holders_of(who, world)) near.push_back(person);
    }
    for (const auto& seat : t.seats) near.push_back(seat.person);
    return !near.empty() && chance(60) ? one_of(near) : one_of(people_);
  }

  // ---- steps ----
  void step() {
    std::size_t dice = below(100);
    if (open_.empty() || dice < 8) open();
    else if (dice < 68) act();
    else if (dice < 82) answer();
    else if (dice < 91) pass_time();
    else if (dice < 94) switch_account();
    else if (dice < 98) change_post();
    else break_glass();
    gather();
  }

  void open() {
    // A process with more to do is walked more often.
    std::vector<const ProcessDef*> all;
    for (const auto& [key, shapes] : house_->processes)
      all.insert(all.end(), 1 + shapes.back()->actions.size() / 4, shapes.back().get());
    const ProcessDef& process = *one_of(all);
    if (!process.opening()) return;
    std::string who = one_of(people_);
    app::OpenRequest request{process.key, {}, chance(70) ? "说明" : "", chance(5)};
    bool machine = chance(10);
    read([&](app::Reader&, const app::World& world) -> Status {
      // A ticket is more often opened by one who may.
      for (int i = 0; i < 12 && !opens(process, who, world); ++i) who = one_of(people_);
      return {};
    });
    // Who is told what is missing tries again with other words.
    for (int tries = 3; tries > 0 && complaints_.empty(); --tries) {
      read([&](app::Reader& reader, const app::World& world) -> Status {
        request.fields = fields_for(process, *process.opening(), reader, world);
        return {};
      });
      auto result = write([&](app::Txn& txn, const app::World&) -> Result<Value> {
        if (machine) return app::open_as_platform(*platform_, txn, {"machine:walk", true, true}, request);
        return app::open_ticket(*platform_, txn, principal(who), request);
      });
      note(fmt::format("open {} as {} {}", process.key, machine ? "machine:walk" : who, describe(request.fields)), result);
      if (result || result.error().code == Code::forbidden) break;
    }
  }
  bool opens(const ProcessDef& process, const std::string& who, const app::World& world) const {
    Engine engine(*house_, world);
    engine::Request ask;
    ask.actor = {who, false, false};
    ask.now = clock_.wall();
    auto outcome = engine.open(process.key, ask, "X", false);
    return outcome || outcome.error().code != Code::forbidden;
  }

  void act() {
    std::string number = some_ticket(), who, action;
    bool open = false;
    app::ActRequest request;
    read([&](app::Reader& reader, const app::World& world) -> Status {
      ANLAN_TRY(std::optional<app::TicketRow> row, reader.ticket(number));
      ANLAN_TRY(Ticket t, engine::ticket_from(row->body));
      Engine engine(*house_, world);
      std::vector<engine::Opening> wanted, others;
      bool want_open = chance(80);
      for (int i = 0; i < 12 && wanted.empty(); ++i) {
        who = somebody_for(t, world);
        ANLAN_TRY(bool sees, reader.visible(number, platform_->scope(principal(who), world)));
        if (!sees && want_open) continue;
        others.clear();
        for (auto& opening : engine.openings(t, {who, false, false}, clock_.wall()))
          (opening.open == want_open ? wanted : others).push_back(opening);
      }
      const auto& from = wanted.empty() ? others : wanted;
      if (from.empty()) return {};
      // Of two doors the one that was shut less often in our face.
      const auto &one = one_of(from), &two = one_of(from);
      const auto& opening = shut_[number + one.action] <= shut_[number + two.action] ? one : two;
      action = opening.action;
      open = opening.open;
      request.number = number;
      request.action = action;
      request.comment = chance(75) ? "说明" : "";
      if (chance(20)) request.version = row->version - (chance(15) ? 1 : 0);
      return {};
    });
    if (action.empty()) return;
    for (int tries = open ? 4 : 1; tries > 0 && complaints_.empty(); --tries) {
      read([&](app::Reader& reader, const app::World& world) -> Status {
        ANLAN_TRY(std::optional<app::TicketRow> row, reader.ticket(number));
        const ProcessDef& process = *house_->process(row->process, row->shape);
        request.fields = fields_for(process, *process.action(action), reader, world);
        return {};
      });
      auto result = write([&](app::Txn& txn, const app::World&) { return app::act(*platform_, txn, principal(who), request); });
      note(fmt::format("act {} on {} as {} ({}) {}", action, number, who, open ? "open" : "closed", describe(request.fields)),
           result);
      if (result && !open)
        complaints_.push_back(fmt::format("{} of {} was shown closed to {} and yet accepted", action, number, who));
      if (result) break;
      ++shut_[number + action];
      if (result.error().code == Code::forbidden || result.error().code == Code::not_found) break;
    }
  }

  void answer() {
    struct Choice {
      std::string number, task, who;
      const std::vector<FieldDef>* fields = nullptr;
    };
    Choice chosen;
    Value fields;
    read([&](app::Reader& reader, const app::World& world) -> Status {
      std::vector<Choice> all;
      for (const auto& number : numbers_) {
        ANLAN_TRY(std::optional<app::TicketRow> row, reader.ticket(number));
        ANLAN_TRY(Ticket t, engine::ticket_from(row->body));
        const ProcessDef& process = *house_->process(t.process, t.shape);
        for (const auto& task : t.tasks) {
          // Mostly one that is open, and mostly by whom it names.
          if (task.state != "open" && !chance(4)) continue;
          std::string who = one_of(people_);
          if (!task.assignees.empty() && chance(85)) {
            who = one_of(task.assignees);
            if (who.starts_with("post:")) {
              auto holders = holders_of(who, world);
              who = holders.empty() ? one_of(people_) : one_of(holders);
            }
          }
          const auto* def = process.task(task.key);
          all.push_back({number, task.id, who, def ? &def->fields : nullptr});
        }
      }
      if (all.empty()) return {};
      chosen = one_of(all);
      if (chosen.fields) fields = fields_for(*chosen.fields, 40, reader, world);
      return {};
    });
    if (chosen.number.empty()) return act();
    std::string word = chance(75) ? "agree" : "disagree", comment = chance(80) ? "意见" : "";
    auto result = write([&](app::Txn& txn, const app::World&) {
      return app::answer_task(*platform_, txn, principal(chosen.who), chosen.number, chosen.task, word, fields, comment);
    });
    note(fmt::format("answer {} {} of {} as {} {}", word, chosen.task, chosen.number, chosen.who, describe(fields)), result);
  }

  // Every timer fires at its own instant, in order.
  void pass_time() {
    Instant target = clock_.wall() + minutes(static_cast<std::int64_t>(1 + below(chance(20) ? 8000 : 200)));
    constexpr int most = 2000;
    int fired = 0;
    for (; fired < most && complaints_.empty(); ++fired) {
      std::vector<app::TimerRow> due;
      read([&](app::Reader& reader, const app::World&) -> Status {
        ANLAN_TRY(std::optional<Instant> next, reader.next_timer());
        if (!next || *next > target) return {};
        if (*next > clock_.wall()) clock_.set(*next);
        ANLAN_TRY(due, reader.due_timers(clock_.wall(), 1));
        return {};
      });
      if (due.empty()) break;
      const std::string subject = due.front().subject, id = subject.substr(subject.find(':') + 1);
      auto result = write([&](app::Txn& txn, const app::World&) -> Result<Value> {
        ANLAN_CHECK(subject.starts_with("plan:") ? app::review_plan(*platform_, txn, id) : app::fire_due(*platform_, txn, id));
        return Value();
      });
      if (!result) note("timer " + due.front().name + " of " + id, result);
      if (!result) complaints_.push_back("a timer failed: " + result.error().message);
    }
    if (fired == most) {
      std::string which;
      read([&](app::Reader& reader, const app::World&) -> Status {
        ANLAN_TRY(std::vector<app::TimerRow> due, reader.due_timers(clock_.wall() + hours(1), 3));
        for (const auto& timer : due) which += fmt::format(" {} of {} at {}", timer.name, timer.subject, format_rfc3339(timer.due, 480));
        return {};
      });
      complaints_.push_back("timers do not come to rest:" + which);
    }
    clock_.set(target);
    steps_.push_back(fmt::format("{} time has passed, {} timers", format_rfc3339(target, 480), fired));
  }

  // The operations manager of `core` is the last one who answers for a ticket nobody else does; he stays.
  static constexpr const char* pillar = "manager";

  Result<Value> put(const char* reg, const std::string& id, Map fields) {
    return write([&](app::Txn& txn, const app::World&) {
      app::RecordWrite record{reg, id, Value(std::move(fields)), {}, {}, "walk"};
      return app::write_record_as_platform(*platform_, txn, {"platform", true, false}, record);
    });
  }
  void switch_account() {
    std::string who = !disabled_.empty() && chance(50) ? *disabled_.begin() : one_of(people_);
    if (who == pillar) return;
    bool on = disabled_.contains(who);
    auto result = put("person", who, {{"enabled", on}});
    if (result && on) disabled_.erase(who);
    else if (result) disabled_.insert(who);
    note(fmt::format("{} {}", on ? "enable" : "disable", who), result);
  }
  // Somebody moves to another post; or gets one more through a group, where nobody asks whether it fits.
  void change_post() {
    std::string who = one_of(people_), post = one_of(house_->posts).code;
    if (who == pillar) return;
    bool group = chance(35);
    std::vector<std::string> old;
    read([&](app::Reader&, const app::World& world) -> Status {
      for (const auto* grant : world.directory().stored_grants_of(who))
        if (grant->active(clock_.wall())) old.push_back(grant->id);
      return {};
    });
    if (!group)
      for (const auto& id : old) note(fmt::format("{} gives up {}", who, id), put("grant", id, {{"until", clock_.wall()}}));
    Map fields{{"person", who}, {"post", post}};
    if (chance(50)) fields.emplace("board", "core");
    if (chance(50)) fields.emplace("line", static_cast<std::int64_t>(1 + below(2)));
    if (group) fields.emplace("through", "group:walk");
    note(fmt::format("{} gets {}{}", who, post, group ? " through a group" : ""),
         put("grant", fmt::format("walk-{}", ++grants_), std::move(fields)));
  }

  void break_glass() {
    std::string number = some_ticket(), action, code;
    read([&](app::Reader& reader, const app::World&) -> Status {
      ANLAN_TRY(std::optional<app::TicketRow> row, reader.ticket(number));
      const ProcessDef& process = *house_->process(row->process, row->shape);
      for (int i = 0; i < 5 && code.empty(); ++i) {
        const auto& chosen = one_of(process.actions);
        action = chosen.key;
        if (!chosen.guards.empty()) code = one_of(chosen.guards).code;
      }
      return {};
    });
    std::string first = one_of(people_);
    std::string second = one_of(std::vector<std::string>{pillar, "manager2", "leader", one_of(people_)});
    auto result = write([&](app::Txn& txn, const app::World&) -> Result<Value> {
      ANLAN_TRY(Value proposed, app::override_guard(*platform_, txn, principal(first), number, "propose",
                                                    Value(Map{{"action", action}, {"code", code}, {"reason", "急"}})));
      return app::override_guard(*platform_, txn, principal(second), number, "approve",
                                 Value(Map{{"id", proposed["overrides"].as_list().back()["id"]}}));
    });
    note(fmt::format("{} and {} override {} of {} on {}", first, second, code, action, number), result);
  }

  std::uint64_t seed_;
  std::mt19937_64 random_;
  DefinitionsPtr house_;
  SimulatedClock clock_;
  std::unique_ptr<app::Store> store_;
  std::unique_ptr<app::Platform> platform_;
  identity::Directory true_posts_;
  std::vector<std::string> people_, numbers_, open_, steps_;
  std::set<std::string> disabled_, seen_;
  std::map<std::string, int> shut_;  // number and action -> refusals
  Complaints complaints_;
  int accepted_ = 0, refused_ = 0, grants_ = 0;
};

int setting(const char* name, int otherwise) {
  const char* given = std::getenv(name);
  return given ? std::atoi(given) : otherwise;
}
constexpr int steps_of_a_walk = 80;

class Walks : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(shipped().problem.empty()) << shipped().problem; }
};

TEST_F(Walks, LeaveTheHouseInOrder) {
  int accepted = 0, refused = 0;
  std::set<std::string> seen;
  int only = setting("ANLAN_WALK_SEED", 0), first = only ? only : 1, last = only ? only : setting("ANLAN_WALKS", 30);
  for (int seed = first; seed <= last; ++seed) {
    Walk walk(static_cast<std::uint64_t>(seed), shipped().definitions);
    walk.go(steps_of_a_walk);
    if (only) fmt::print("{}", walk.report());
    ASSERT_TRUE(walk.complaints().empty()) << walk.report();
    accepted += walk.accepted();
    refused += walk.refused();
    seen.insert(walk.seen().begin(), walk.seen().end());
  }
  std::size_t states = 0;
  for (const auto& [key, shapes] : shipped().definitions->processes) states += shapes.back()->states.size();
  fmt::print("{} walks: {} writes accepted, {} refused, {} of {} states seen\n", last - first + 1, accepted, refused,
             seen.size(), states);
  if (only) return;
  // A walk that gets nowhere shows nothing.
  EXPECT_GT(accepted, (last - first + 1) * 10);
  EXPECT_GT(refused, last - first + 1);
  for (const auto& [key, shapes] : shipped().definitions->processes) {
    auto reached = std::count_if(seen.begin(), seen.end(), [&](const auto& s) { return s.starts_with(key + ":"); });
    EXPECT_GE(reached, 2) << key << " never left its first state";
  }
}

// ---- controls ------------------------------------------------------------------------------------------------

// The first complaint with those words in a house that is broken on purpose; empty when no walk met one.
std::string first_complaint(const DefinitionsPtr& house, const std::string& words, int seeds) {
  for (int seed = 1; seed <= seeds; ++seed) {
    Walk walk(static_cast<std::uint64_t>(seed), house);
    walk.go(steps_of_a_walk);
    for (const auto& complaint : walk.complaints())
      if (complaint.find(words) != std::string::npos) return complaint;
  }
  return {};
}

// A ticket on which one person sat for two posts that exclude each other, as if nobody had asked.
TEST_F(Walks, NoticeIncompatiblePostsOnOneTicket) {
  Walk walk(1, shipped().definitions);
  auto status = walk.platform().read([&](app::Reader&, const app::World& world) -> Status {
    Ticket ticket;
    ticket.number = "X-1";
    ticket.process = "incident";
    ticket.seats = {{.role = "line1", .person = "duty", .post = "ops_engineer"},
                    {.role = "line2", .person = "duty", .post = "ops_manager"}};
    Complaints none, some;
    look_at_seats(ticket, *shipped().definitions, world.directory(), none);
    EXPECT_TRUE(none.empty()) << none.front();
    ticket.seats.back().post = "tester";
    look_at_seats(ticket, *shipped().definitions, world.directory(), some);
    EXPECT_EQ(some, Complaints{"X-1: duty sat as line1 (ops_engineer) and as line2 (tester)"});
    return {};
  });
  ASSERT_TRUE(status.has_value()) << status.error().message;
}

TEST_F(Walks, NoticeRolesThatAreNotKeptApart) {
  auto house = with_processes([](ProcessDef& process, const Definitions&) {
    for (auto& role : process.roles) role.differs_from.clear();
    for (auto& task : process.tasks) task.differs_from.clear();
  });
  EXPECT_NE(first_complaint(house, "must be apart", 200), "");
}

TEST_F(Walks, NoticeWhatDoesNotComeToRest) {
  auto house = with_processes([](ProcessDef& process, const Definitions& definitions) {
    FieldDef field;
    field.key = "ever";
    field.type.kind = FieldType::Kind::integer;
    process.fields.push_back(field);
    engine::DecisionDef more;
    more.key = "ever_more";
    more.output = field.type;
    more.into = "ever";
    process.decisions.push_back(more);
    auto scope = engine::process_scope(process, definitions);
    auto compiled = [&](const char* source) { return *expr::compile(source, scope, expr::Type::of(expr::Type::Kind::any)); };
    process.decisions.back().rows.push_back({compiled("has(ticket.ever)"), compiled("ticket.ever + 1"), {}, {}});
    process.decisions.back().otherwise = compiled("0");
  });
  EXPECT_NE(first_complaint(house, "does not come to rest", 3), "");
}

TEST_F(Walks, NoticeAHolderWhoIsGone) {
  for (int seed = 1; seed <= 20; ++seed) {
    Walk walk(static_cast<std::uint64_t>(seed), shipped().definitions);
    walk.go(20);
    ASSERT_TRUE(walk.complaints().empty()) << walk.report();
    std::string holder;
    // Past the use case that hands the tickets on.
    auto done = walk.store().write([&](app::Txn& txn) -> Result<Value> {
      for (const auto& number : walk.numbers()) {
        ANLAN_TRY(std::optional<app::TicketRow> row, txn.ticket(number));
        if (row && row->open) holder = row->holder;
      }
      if (holder.empty()) return Value();
      ANLAN_TRY(std::optional<app::RecordRow> person, txn.record("person", holder));
      person->version += 1;
      person->fields = person->fields.with("enabled", false);
      ANLAN_CHECK(txn.put_record(*person));
      ANLAN_TRY(std::optional<Value> stamps, txn.setting("platform", "register_generations"));
      Value next = stamps->with("person", (*stamps)["person"].as_int() + 1);
      ANLAN_CHECK(txn.put_setting("platform", "register_generations", next));
      return Value();
    });
    ASSERT_TRUE(done.has_value()) << done.error().message;
    if (holder.empty()) continue;
    walk.look();
    EXPECT_NE(walk.report().find("is accountable but disabled"), std::string::npos) << walk.report();
    return;
  }
  FAIL() << "no walk left an open ticket";
}

TEST_F(Walks, NoticeATamperedLogAndAPlantedTimer) {
  Walk walk(1, shipped().definitions);
  walk.go(steps_of_a_walk);
  ASSERT_TRUE(walk.complaints().empty()) << walk.report();
  ASSERT_FALSE(walk.numbers().empty());
  int looked = 0;
  auto status = walk.platform().read([&](app::Reader& reader, const app::World&) -> Status {
    for (const auto& number : walk.numbers()) {
      ANLAN_TRY(std::optional<app::TicketRow> row, reader.ticket(number));
      ANLAN_TRY(std::vector<app::Event> events, reader.events_of("ticket:" + number));
      std::erase_if(events, [](const app::Event& e) { return e.body["patch"].as_map().empty(); });
      Complaints untouched;
      look_at_log(number, events, row->body, untouched);
      EXPECT_TRUE(untouched.empty());
      for (std::size_t i = 0; i < events.size(); ++i) {
        Complaints changed;
        auto tampered = events;
        tampered[i].body = events[i].body.with("patch", events[i].body["patch"].with("planted", "x"));
        look_at_log(number, tampered, row->body, changed);
        EXPECT_FALSE(changed.empty()) << number << " event " << i;
        ++looked;
      }
      Complaints cut;
      events.pop_back();  // carried at least the version
      look_at_log(number, events, row->body, cut);
      EXPECT_FALSE(cut.empty()) << number;
    }
    return {};
  });
  ASSERT_TRUE(status.has_value()) << status.error().message;
  EXPECT_GT(looked, 0);

  auto planted = walk.store().write([&](app::Txn& txn) -> Result<Value> {
    ANLAN_CHECK(txn.set_timer({"ticket:" + walk.numbers().front(), "clock:planted/0", walk.now() + hours(1)}));
    return Value();
  });
  ASSERT_TRUE(planted.has_value());
  walk.look();
  EXPECT_NE(walk.report().find("keeps clock:planted/0"), std::string::npos) << walk.report();
}

TEST_F(Walks, NoticeARefusalThatWroteSomething) {
  Walk walk(1, shipped().definitions);
  auto append = [&walk]() -> Result<Value> {
    return walk.store().write([&](app::Txn& txn) -> Result<Value> {
      ANLAN_TRY([[maybe_unused]] app::Position at, txn.append({0, "platform", "test", walk.now(), "platform", Value(Map{})}));
      return Value();
    });
  };
  Complaints none, some, defect;
  (void)attempt(walk.store(), [] { return Result<Value>(fail(Code::refused, "no")); }, none);
  (void)attempt(walk.store(), append, none);
  EXPECT_TRUE(none.empty());
  auto writes_and_refuses = [&]() -> Result<Value> {
    (void)append();
    return fail(Code::refused, "no");
  };
  (void)attempt(walk.store(), writes_and_refuses, some);
  EXPECT_EQ(some, Complaints{"a refused request wrote something"});
  (void)attempt(walk.store(), [] { return Result<Value>(fail(Code::internal, "oh")); }, defect);
  EXPECT_EQ(defect, Complaints{"a defect: oh"});
}

// Whoever fills a form in is told what to put there, whatever the process or the register.
void without_help(const std::string& owner, const std::vector<engine::FieldDef>& fields, std::vector<std::string>& out) {
  for (const auto& field : fields) {
    if (field.help.zh.empty() || field.help.en.empty() || field.help.zh == field.label.zh) out.push_back(owner + "." + field.key);
    without_help(owner + "." + field.key, field.type.kind == engine::FieldType::Kind::list ? field.type.element->columns : field.type.columns, out);
  }
}

TEST(Shipped, EveryFieldSaysWhatToPutThere) {
  ASSERT_TRUE(shipped().definitions) << shipped().problem;
  std::vector<std::string> missing, control;
  for (const auto& [key, shapes] : shipped().definitions->processes) without_help(key, shapes.back()->fields, missing);
  for (const auto& [key, reg] : shipped().definitions->records) without_help(key, reg.fields, missing);
  for (const auto& one : missing) ADD_FAILURE() << one << " has no help";
  auto fields = shipped().definitions->processes.begin()->second.back()->fields;
  fields.front().help = {};
  without_help("control", fields, control);
  EXPECT_EQ(control.size(), 1u);
}

}  // namespace
}  // namespace anlan::server
