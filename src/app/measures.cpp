#include "app/measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "domain/engine/facts.h"

namespace anlan::app {
namespace {

using engine::MeasureDef;
using engine::Ticket;

constexpr const char* realm = "measure";             // settings: key -> {position, declared}
constexpr const char* everything = "all";            // the subject of a measure that has none
constexpr const char* nothing = "-";                 // the subject of a ticket for which it is unset
const engine::Actor the_platform{"platform", true, false};

Value text_value(const Text& t) { return Value(Map{{"zh", t.zh}, {"en", t.en}}); }
std::string subject_of(const std::string& measure) { return "measure:" + measure; }

// What a change of means that the figures mean something else.
std::string declared(const MeasureDef& m) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}", m.process, m.on, m.subject.source(), static_cast<int>(m.period),
                     m.counts.source(), m.value.source(), static_cast<int>(m.fold));
}

struct Period {
  std::string name;
  Instant end;                   // exclusive
};
Period period_of(const MeasureDef& m, Instant at, const calendar::Zone& zone) {
  const auto d = calendar::parts(zone.day_of(at));
  auto begin_of = [&](int year, int month) {
    return zone.start_of(calendar::day(year + (month - 1) / 12, (month - 1) % 12 + 1, 1));
  };
  switch (m.period) {
    case MeasureDef::Period::month: return {fmt::format("{:04}-{:02}", d.year, d.month), begin_of(d.year, d.month + 1)};
    case MeasureDef::Period::quarter: {
      const int quarter = (d.month - 1) / 3;
      return {fmt::format("{:04}-Q{}", d.year, quarter + 1), begin_of(d.year, quarter * 3 + 4)};
    }
    case MeasureDef::Period::year: return {fmt::format("{:04}", d.year), begin_of(d.year + 1, 1)};
  }
  return {};
}
// The end of a period by its name; far_future when the name is none (the period of the measure changed).
Instant end_of(const MeasureDef& m, const std::string& name, const calendar::Zone& zone) {
  auto number = [&](std::size_t at, std::size_t n) {
    int out = 0;
    for (std::size_t i = at; i < at + n; ++i) {
      if (i >= name.size() || name[i] < '0' || name[i] > '9') return 0;
      out = out * 10 + (name[i] - '0');
    }
    return out;
  };
  const int year = number(0, 4);
  int month = 1;
  if (m.period == MeasureDef::Period::month) month = number(5, 2);
  if (m.period == MeasureDef::Period::quarter) month = number(6, 1) * 3 - 2;
  if (year == 0 || month < 1 || month > 12) return far_future;
  const Period period = period_of(m, zone.start_of(calendar::day(year, month, 1)), zone);
  return period.name == name ? period.end : far_future;
}

Duration grace(const World& world) {
  const Value& v = world.parameters()[measure_grace];
  return v.is(Value::Kind::duration) ? v.as_duration() : Duration{};
}

// ---- the figures of a cell: {count, hits, sum} ----

Value plus(const Value& a, const Value& b) {
  if (a.is_null()) return b;
  if (a.is(Value::Kind::duration) && b.is(Value::Kind::duration)) return Value(a.as_duration() + b.as_duration());
  if (a.is(Value::Kind::integer) && b.is(Value::Kind::integer)) return Value(a.as_int() + b.as_int());
  return Value(a.as_number() + b.as_number());
}
Value add(const Value& figures, const Value& value) {
  const bool hit = value.is(Value::Kind::boolean) && value.as_bool();
  Map m{{"count", figures["count"].as_int() + 1}, {"hits", figures["hits"].as_int() + (hit ? 1 : 0)}};
  if (!value.is(Value::Kind::boolean)) m.emplace("sum", plus(figures["sum"], value));
  return Value(std::move(m));
}
double amount(const Value& v) {
  return v.is(Value::Kind::duration) ? static_cast<double>(v.as_duration().ms) / 60'000 : v.as_number();
}
// The figure that people read; null where there is nothing to divide by.
Value reading(const MeasureDef& m, const Value& figures) {
  const std::int64_t count = figures["count"].as_int();
  switch (m.fold) {
    case MeasureDef::Fold::count: return count;
    case MeasureDef::Fold::sum: return amount(figures["sum"]);
    case MeasureDef::Fold::mean:
      return count == 0 ? Value() : Value(amount(figures["sum"]) / static_cast<double>(count));
    case MeasureDef::Fold::share:
      return count == 0 ? Value()
                        : Value(100.0 * static_cast<double>(figures["hits"].as_int()) / static_cast<double>(count));
  }
  return {};
}
Value met(const MeasureDef& m, const Value& value) {
  if (!m.target || value.is_null()) return {};
  return Value(m.target_at_least ? value.as_number() >= *m.target : value.as_number() <= *m.target);
}
Value cell_value(const MeasureDef& m, const MeasureCell& cell) {
  const Value value = reading(m, cell.figures);
  return Value(Map{{"subject", cell.subject},
                   {"period", cell.period},
                   {"value", value},
                   {"count", cell.figures["count"]},
                   {"target", m.target ? Value(*m.target) : Value()},
                   {"met", met(m, value)},
                   {"frozen_at", cell.frozen_at ? Value(*cell.frozen_at) : Value()}});
}

// ---- the fold ----

// Why an event matters to measures of its process.
struct Moment {
  bool opened = false, closed = false, reopened = false;
  std::string action;
};
Moment moment_of(const Event& event) {
  Moment out;
  out.opened = event.kind == "ticket.opened";
  if (const Value& patch = event.body["patch"]; patch.is(Value::Kind::map)) {
    // A closed ticket has no member `open`: closing removes it, and what opens closed never had it.
    const bool says = patch.as_map().contains("open"), open = patch["open"].as_bool();
    out.closed = out.opened ? !open : says && !open;
    out.reopened = !out.opened && open;
  }
  out.action = event.body["action"].as_string();
  return out;
}
bool counts_at(const MeasureDef& m, const Moment& moment) {
  return m.on == "opened" ? moment.opened : m.on == "closed" ? moment.closed : moment.action == m.on;
}

// The ticket as it stood right after that event: folding its patches runs no rule.
Result<Ticket> ticket_at(Reader& reader, const std::string& subject, Position position) {
  ANLAN_TRY(std::vector<Event> events, reader.events_of(subject));
  Value state{Map{}};
  for (const Event& event : events) {
    if (event.position > position) break;
    if (!event.body["patch"].is_null()) state = engine::merge_apply(state, event.body["patch"]);
  }
  return engine::ticket_from(state);
}

class Folder {
 public:
  Folder(Platform& platform, Txn& txn, const World& world)
      : platform_(platform), txn_(txn), world_(world), zone_(engine::home_zone(world)), grace_(grace(world)) {}

  Status take(const MeasureDef& m, const Event& event, const Moment& moment, const Ticket& ticket) {
    if (ticket.drill || ticket.process != m.process) return {};
    // A ticket counts once for its opening and once for its closing; what is counted by action counts each time.
    const bool once = m.on == "opened" || m.on == "closed";
    if (once && m.on == "closed" && moment.reopened) return withdraw(m, ticket.number, event.at);
    if (!counts_at(m, moment)) return {};
    const auto* process = platform_.definitions().process(ticket.process, ticket.shape);
    if (!process) return fail(Code::internal, "the process of ticket " + ticket.number + " is not loaded");
    engine::TicketFacts facts(platform_.definitions(), world_, process, &ticket, the_platform, event.at);
    if (!m.counts.empty() && !m.counts.holds(facts)) return {};
    Value value = true;
    if (!m.value.empty()) {
      auto outcome = m.value.evaluate(facts);
      if (!outcome.ok || outcome.value.is_null()) return {};
      value = outcome.value;
    }
    std::string subject = everything;
    if (!m.subject.empty()) {
      auto outcome = m.subject.evaluate(facts);
      subject = outcome.ok && !outcome.value.is_null() ? describe(outcome.value) : nothing;
    }
    if (once) ANLAN_CHECK(withdraw(m, ticket.number, event.at));
    const Period period = period_of(m, event.at, zone_);
    ANLAN_TRY(MeasureCell cell, cell_of(m, period.name, subject));
    if (cell.frozen_at) return {};  // folded anew: what was frozen stands
    cell.figures = add(cell.figures, value);
    ANLAN_CHECK(txn_.put_measure_cell(cell));
    return txn_.put_measure_source({m.key, period.name, subject, ticket.number, event.position, value, event.at});
  }

  // Freezes what has closed by `now`. Only when every event until then was folded.
  Status freeze(const MeasureDef& m, Instant now) {
    ANLAN_TRY(std::vector<MeasureCell> cells, txn_.measure_cells(m.key, {}, {}, {}, true));
    std::map<std::string, List> frozen;
    for (MeasureCell& cell : cells) {
      const Instant end = end_of(m, cell.period, zone_);
      if (end == far_future || now < end + grace_) continue;
      cell.frozen_at = now;
      ANLAN_CHECK(txn_.put_measure_cell(cell));
      frozen[cell.period].push_back(cell_value(m, cell).with("period", Value()).with("frozen_at", Value()));
    }
    for (auto& [period, list] : frozen) {
      ANLAN_TRY([[maybe_unused]] Position position,
                txn_.append({0, subject_of(m.key), "measure.frozen", now, "platform",
                             Value(Map{{"period", period}, {"figures", Value(std::move(list))}})}));
    }
    return {};
  }

 private:
  Result<MeasureCell> cell_of(const MeasureDef& m, const std::string& period, const std::string& subject) {
    ANLAN_TRY(std::optional<MeasureCell> stored, txn_.measure_cell(m.key, period, subject));
    if (stored) return *stored;
    return MeasureCell{m.key, period, subject, Value(Map{}), {}};
  }

  // What the ticket counted for is taken out again, unless its period was closed by then.
  Status withdraw(const MeasureDef& m, const std::string& number, Instant at) {
    ANLAN_TRY(std::vector<MeasureSource> sources, txn_.measure_sources_of(m.key, number));
    for (const MeasureSource& source : sources) {
      ANLAN_TRY(MeasureCell cell, cell_of(m, source.period, source.subject));
      if (cell.frozen_at || end_of(m, source.period, zone_) + grace_ <= at) continue;
      ANLAN_CHECK(txn_.drop_measure_source(m.key, number, source.position));
      // Summed again from what is left, so that figures never drift.
      Value figures{Map{}};
      std::string cursor;
      do {
        ANLAN_TRY(Page<MeasureSource> page, txn_.measure_sources(m.key, source.period, source.subject, 1000, cursor));
        for (const MeasureSource& left : page.items) figures = add(figures, left.value);
        cursor = page.next_cursor;
      } while (!cursor.empty());
      cell.figures = figures["count"].as_int() == 0 ? Value() : figures;
      ANLAN_CHECK(txn_.put_measure_cell(cell));
    }
    return {};
  }

  Platform& platform_;
  Txn& txn_;
  const World& world_;
  const calendar::Zone& zone_;
  Duration grace_;
};

struct Progress {
  Position position = 0;
  std::string declared;
};
Result<std::map<std::string, Progress>> progress(Reader& reader) {
  ANLAN_TRY(auto rows, reader.settings(realm));
  std::map<std::string, Progress> out;
  for (const auto& [key, row] : rows) out[key] = {row["position"].as_int(), row["declared"].as_string()};
  return out;
}

Value measure_value(const MeasureDef& m) {
  static const char* const periods[] = {"month", "quarter", "year"};
  static const char* const folds[] = {"count", "sum", "mean", "share"};
  Map target;
  if (m.target) target.emplace(m.target_at_least ? "at_least" : "at_most", *m.target);
  return Value(Map{{"key", m.key},
                   {"title", text_value(m.title)},
                   {"process", m.process},
                   {"on", m.on},
                   {"fold", folds[static_cast<int>(m.fold)]},
                   {"period", periods[static_cast<int>(m.period)]},
                   {"unit", m.unit.empty() ? Value() : Value(m.unit)},
                   {"target", target.empty() ? Value() : Value(std::move(target))},
                   {"clause", m.basis.clause},
                   {"requirement", m.basis.req.empty() ? Value() : Value(m.basis.req.front())}});
}

Result<const MeasureDef*> find(const Platform& platform, const std::string& key) {
  auto it = platform.definitions().measures.find(key);
  if (it == platform.definitions().measures.end())
    return fail(Code::not_found, fmt::format("there is no measure '{}'", key));
  return &it->second;
}

Status check_period(const MeasureDef& m, const std::string& name, const char* member, const World& world) {
  if (name.empty() || end_of(m, name, engine::home_zone(world)) != far_future) return {};
  static const char* const examples[] = {"2026-03", "2026-Q1", "2026"};
  return fail(Code::invalid, fmt::format("'{}' is no period of this measure; they are written like {}", name,
                                         examples[static_cast<int>(m.period)]), member);
}

}  // namespace

Result<std::int64_t> fold_measures(Platform& platform, int most) {
  const auto& measures = platform.definitions().measures;
  if (measures.empty()) return 0;
  std::set<std::string> processes;
  for (const auto& [key, m] : measures) processes.insert(m.process);

  // What matters is found on a snapshot, so that the writer is not kept by what does not.
  std::map<std::string, Progress> stands;
  std::vector<Event> events;
  Position from = 0, last = 0, until = 0;
  bool anew = false, closes = false;
  ANLAN_CHECK(platform.read([&](Reader& reader, const World& world) -> Status {
    ANLAN_TRY(stands, progress(reader));
    ANLAN_TRY(last, reader.last_position());
    from = last;
    for (const auto& [key, m] : measures) {
      auto it = stands.find(key);
      if (it == stands.end() || it->second.declared != declared(m)) {
        anew = true;
        stands[key] = {0, declared(m)};
      }
      from = std::min(from, stands[key].position);
    }
    until = from;
    if (from < last) {
      ANLAN_TRY(std::vector<Event> read, reader.events_after(from, most));
      if (!read.empty()) until = read.back().position;
      for (Event& event : read) {
        if (!event.subject.starts_with("ticket:")) continue;
        const Moment moment = moment_of(event);
        const bool matters = std::any_of(measures.begin(), measures.end(), [&](const auto& one) {
          return counts_at(one.second, moment) || (one.second.on == "closed" && moment.reopened);
        });
        if (matters) events.push_back(std::move(event));
      }
    }
    if (until == last) {
      const auto& zone = engine::home_zone(world);
      for (const auto& [key, m] : measures) {
        ANLAN_TRY(std::vector<MeasureCell> cells, reader.measure_cells(key, {}, {}, {}, true));
        for (const MeasureCell& cell : cells) {
          const Instant end = end_of(m, cell.period, zone);
          closes = closes || (end != far_future && end + grace(world) <= platform.now());
        }
      }
    }
    return {};
  }));
  const std::int64_t looked = until - from;
  // Events that matter to no measure are no reason to write, until they are so many that reading them again costs more.
  constexpr int worth_writing = 200;
  if (!anew && events.empty() && !closes && looked < std::min(most, worth_writing)) return 0;

  auto done = platform.write([&](Txn& txn, const World& world) -> Result<Value> {
    // What came in between may still belong to a period that has closed by now.
    ANLAN_TRY(Position now_last, txn.last_position());
    const bool caught_up = until == now_last;
    ANLAN_TRY(auto now_stands, progress(txn));
    Folder folder(platform, txn, world);
    for (const auto& [key, m] : measures) {
      auto it = now_stands.find(key);
      if (it != now_stands.end() && it->second.declared == declared(m)) continue;
      ANLAN_CHECK(txn.forget_measure(key));
      now_stands[key] = {0, declared(m)};
    }
    for (const Event& event : events) {
      const Moment moment = moment_of(event);
      ANLAN_TRY(Ticket ticket, ticket_at(txn, event.subject, event.position));
      for (const auto& [key, m] : measures)
        if (now_stands[key].position < event.position) ANLAN_CHECK(folder.take(m, event, moment, ticket));
    }
    for (const auto& [key, m] : measures) {
      Progress& one = now_stands[key];
      one.position = std::max(one.position, until);
      if (caught_up) ANLAN_CHECK(folder.freeze(m, platform.now()));
      ANLAN_CHECK(txn.put_setting(realm, key, Value(Map{{"position", one.position}, {"declared", one.declared}})));
    }
    return Value();
  });
  if (!done) return std::unexpected(done.error());
  return std::max<std::int64_t>(looked, 1);
}

Result<Value> list_measures(Platform& platform, Reader& reader, const World& world, const Principal& principal,
                            const std::string& process) {
  ANLAN_CHECK(platform.insider(principal, world));
  ANLAN_TRY(auto stands, progress(reader));
  ANLAN_TRY(Position last, reader.last_position());
  List items;
  for (const auto& [key, m] : platform.definitions().measures)
    if (process.empty() || m.process == process)
      items.push_back(measure_value(m).with("behind", last - stands[key].position));
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> measure_view(Platform& platform, Reader& reader, const World& world, const Principal& principal,
                           const std::string& key, const std::string& subject, const std::string& from,
                           const std::string& to, int limit, const std::string& cursor) {
  ANLAN_CHECK(platform.insider(principal, world));
  ANLAN_TRY(const MeasureDef* m, find(platform, key));
  ANLAN_CHECK(check_period(*m, from, "from", world));
  ANLAN_CHECK(check_period(*m, to, "to", world));
  ANLAN_TRY(std::vector<MeasureCell> cells, reader.measure_cells(key, subject, from, to, false));
  std::sort(cells.begin(), cells.end(), [](const MeasureCell& a, const MeasureCell& b) {
    return a.period != b.period ? b.period < a.period : a.subject < b.subject;
  });
  List items;
  Value next;
  std::string last;
  bool reached = cursor.empty();  // the cursor names the figure it stood at
  for (const MeasureCell& cell : cells) {
    const std::string place = cell.period + "/" + cell.subject;
    if (!reached) {
      reached = place == cursor;
      continue;
    }
    if (static_cast<int>(items.size()) == limit) {
      next = last;
      break;
    }
    items.push_back(cell_value(*m, cell));
    last = place;
  }
  if (!reached) return fail(Code::invalid, "the cursor is not one of this list", "cursor");
  return measure_value(*m).with("items", Value(std::move(items))).with("next_cursor", next);
}

Result<Value> measure_sources(Platform& platform, Reader& reader, const World& world, const Principal& principal,
                              const std::string& key, const std::string& subject, const std::string& period, int limit,
                              const std::string& cursor) {
  ANLAN_CHECK(platform.insider(principal, world));
  ANLAN_TRY(const MeasureDef* m, find(platform, key));
  if (period.empty()) return fail(Code::invalid, "say which period, as the figure has it", "period");
  ANLAN_CHECK(check_period(*m, period, "period", world));
  if (subject.empty() && !m->subject.empty())
    return fail(Code::invalid, "say which subject, as the figure has it", "subject");
  ANLAN_TRY(Page<MeasureSource> page,
            reader.measure_sources(key, period, subject.empty() ? everything : subject, limit, cursor));
  const Scope scope = platform.scope(principal, world);
  List items;
  for (const MeasureSource& source : page.items) {
    ANLAN_TRY(bool seen, reader.visible(source.ticket, scope));
    const bool lasted = source.value.is(Value::Kind::duration);
    items.push_back(Value(Map{{"ticket", seen ? Value(source.ticket) : Value()},
                              {"value", lasted ? Value(amount(source.value)) : source.value},
                              {"at", source.at}}));
  }
  return Value(Map{{"items", Value(std::move(items))},
                   {"next_cursor", page.next_cursor.empty() ? Value() : Value(page.next_cursor)}});
}

}  // namespace anlan::app
