#include "app/alerts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace anlan::app {
namespace {

using correlation::AlertReport;
using correlation::Decision;
using correlation::History;
using correlation::Outcome;

constexpr const char* group_table = "alert_group";
constexpr std::size_t told_max = 20;

// One life of a group, as the setting holds it.
struct Group {
  std::string key, id, rule, ticket;
  Text title;
  Instant opened_at{}, open_until{};
  Duration window{};
  std::int64_t active = 0;  // members that stand: alerts of the ticket, not those of the bucket
  std::int64_t total = 0;   // members ever
  bool recovered = false;   // the ticket was told that all have resolved
  bool service_down = false;
  std::optional<Instant> ended_at;  // latest end of a member
  std::optional<Instant> timer;     // as set; never later than what is due first

  Value to_value() const {
    Map m{{"id", id},
          {"rule", rule},
          {"ticket", ticket},
          {"title", Map{{"zh", title.zh}, {"en", title.en}}},
          {"opened_at", opened_at},
          {"open_until", open_until},
          {"window", window},
          {"active", active},
          {"total", total},
          {"recovered", recovered},
          {"service_down", service_down}};
    if (ended_at) m.emplace("ended_at", *ended_at);
    if (timer) m.emplace("timer", *timer);
    return Value(std::move(m));
  }
  static Group from_value(const std::string& key, const Value& v) {
    Group g{.key = key, .id = v["id"].as_string(), .rule = v["rule"].as_string(), .ticket = v["ticket"].as_string()};
    g.title = {v["title"]["zh"].as_string(), v["title"]["en"].as_string()};
    g.opened_at = v["opened_at"].as_instant();
    g.open_until = v["open_until"].as_instant();
    g.window = v["window"].as_duration();
    g.active = v["active"].as_int();
    g.total = v["total"].as_int();
    g.recovered = v["recovered"].as_bool();
    g.service_down = v["service_down"].as_bool();
    if (v["ended_at"].is(Value::Kind::instant)) g.ended_at = v["ended_at"].as_instant();
    if (v["timer"].is(Value::Kind::instant)) g.timer = v["timer"].as_instant();
    return g;
  }
};

bool is_member(const AlertRow& row) { return row.outcome == "open" || row.outcome == "join"; }
bool stands(const AlertRow& row) { return !row.ends_at && !row.outcome.empty(); }

std::string key_of_life(const std::string& id) { return id.substr(0, id.rfind('@')); }

std::string alert_name(const AlertRow& row) {
  const std::string& name = row.labels["alertname"].as_string();
  return name.empty() ? row.fingerprint : name;
}

// At most `max` bytes, cut between characters.
std::string cut(std::string text, std::size_t max) {
  if (text.size() <= max) return text;
  std::size_t n = max;
  while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
  return text.substr(0, n) + "…";
}

// Fields of a ticket hold no control characters, whatever a monitoring system puts into its labels.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

std::string title_of(const AlertRow& row) {
  std::string title(trim(row.annotations["summary"].as_string()));
  if (title.empty()) {
    title = alert_name(row);
    if (const std::string& instance = row.labels["instance"].as_string(); !instance.empty()) title += " " + instance;
  }
  return cut(one_line(std::move(title)), 240);
}

Value both(const Text& text) { return Map{{"zh", text.zh}, {"en", text.en}}; }

Value words(const std::vector<std::string>& list) { return List(list.begin(), list.end()); }

std::optional<Instant> instant_in(const Value& v) {
  return v.is(Value::Kind::instant) ? std::optional(v.as_instant()) : std::nullopt;
}

History history_of(const AlertRow& row) { return History::from_value(row.reason["episodes"]); }

// A stored alert as if it were reported once more, to be judged anew.
AlertReport report_of(const AlertRow& row, const History& history, Instant now) {
  AlertReport report{.source = row.source, .labels = row.labels, .annotations = row.annotations};
  report.starts_at = history.active_since(now).value_or(row.starts_at);
  report.alive_until = history.alive_until(now).value_or(row.alive_until);
  report.generator_url = row.reason["url"].as_string();
  return report;
}

Value told(const AlertRow& row) {
  return Map{{"fingerprint", row.fingerprint},
             {"labels", row.labels},
             {"annotations", row.annotations},
             {"starts_at", row.starts_at}};
}

}  // namespace

Value IncidentSeed::fields() const {
  Map m{{"title", title},
        {"source", "monitor"},
        {"scope_to_confirm", scope_to_confirm},
        {"service_down", service_down},
        {"occurred_at", occurred_at},
        {"first_alert_at", first_alert_at},
        {"alert_group", cut(one_line(alert_group), 900)}};
  if (!system.empty()) m.emplace("system", system);
  if (!board.empty()) m.emplace("board", board);
  if (!provinces.empty()) m.emplace("provinces", words(provinces));
  return Value(std::move(m));
}

Value AlertOutcome::to_value() const {
  return Map{{"opened", opened},     {"joined", joined},     {"suppressed", suppressed}, {"unmapped", unmapped},
             {"resolved", resolved}, {"repeated", repeated}, {"tickets", words(tickets)}};
}

// ---- liveness ------------------------------------------------------------------------------------------------

namespace {
// A stored liveness is good enough while at least half of what the newest report promises is still to come: whoever
// repeats at least twice in that span is never held for silent, whatever is lost in memory.
bool good_enough(Instant stored, Instant promised, Instant now) { return (stored - now) * 2 >= promised - now; }
}  // namespace

bool Liveness::absorb(const AlertReport& report, std::uint64_t hash, Duration alive_for, Instant now) {
  if (!report.firing()) return false;
  Instant alive = report.alive_until ? *report.alive_until : now + alive_for;
  Shard& s = shard(hash);
  std::lock_guard lock(s.mutex);
  auto it = s.entries.find(hash);
  if (it == s.entries.end()) return false;
  Entry& entry = it->second;
  if (report.starts_at && *report.starts_at != entry.from) return false;
  if (entry.stored <= now || !good_enough(entry.stored, alive, now)) return false;
  entry.pending = std::max(entry.pending, alive);
  entry.last_seen = std::max(entry.last_seen, now);
  ++entry.count;
  return true;
}

std::optional<Liveness::Entry> Liveness::find(std::uint64_t hash) const {
  const Shard& s = shard(hash);
  std::lock_guard lock(s.mutex);
  auto it = s.entries.find(hash);
  return it == s.entries.end() ? std::nullopt : std::optional(it->second);
}

void Liveness::put(std::uint64_t hash, const Entry& entry) {
  Shard& s = shard(hash);
  std::lock_guard lock(s.mutex);
  auto [it, fresh] = s.entries.try_emplace(hash, entry);
  if (fresh) return;
  it->second.count += entry.count;
  it->second.pending = std::max(it->second.pending, entry.pending);
  it->second.last_seen = std::max(it->second.last_seen, entry.last_seen);
}

void Liveness::taken(std::uint64_t hash, std::int64_t count, Instant stored, Instant from) {
  Shard& s = shard(hash);
  std::lock_guard lock(s.mutex);
  Entry& entry = s.entries[hash];
  entry.count = std::max<std::int64_t>(0, entry.count - count);
  entry.stored = stored;
  entry.from = from;
  entry.pending = std::max(entry.pending, stored);
}

void Liveness::forget(std::uint64_t hash) {
  Shard& s = shard(hash);
  std::lock_guard lock(s.mutex);
  s.entries.erase(hash);
}

std::vector<std::uint64_t> Liveness::pending(std::size_t limit) const {
  std::vector<std::uint64_t> out;
  for (const Shard& s : shards_) {
    std::lock_guard lock(s.mutex);
    for (const auto& [hash, entry] : s.entries) {
      if (out.size() == limit) return out;
      if (entry.count > 0 || entry.pending > entry.stored) out.push_back(hash);
    }
  }
  return out;
}

std::size_t Liveness::size() const {
  std::size_t n = 0;
  for (const Shard& s : shards_) {
    std::lock_guard lock(s.mutex);
    n += s.entries.size();
  }
  return n;
}

// ---- one unit of work ----------------------------------------------------------------------------------------

struct Alerts::Unit {
  struct Work {
    Group group;
    bool exists = false, dirty = false;
    bool closes = false;  // nothing of it stands and its window is over
    std::optional<bool> ticket_open;
    std::vector<Value> joined;  // told to the ticket, at most told_max
    std::int64_t joined_count = 0;
    bool refired = false;
    std::vector<std::string> provinces;  // of what joined or fired again
    std::optional<Instant> due;  // the earliest moment at which something of this group falls due
  };

  Alerts& self;
  Txn& txn;
  Instant now;
  const AlertHooks& hooks;
  AlertOutcome out{};
  std::map<std::string, Work> groups{};
  std::map<std::string, bool> systems{};
  std::map<std::uint64_t, std::int64_t> counted{};  // pending repeats written by this unit already
  std::optional<Error> error{};                     // of a look-up inside the pure decision

  const correlation::Policy& policy() const { return self.policy_; }

  Result<Work*> work(const std::string& key) {
    auto [it, fresh] = groups.try_emplace(key);
    if (fresh) {
      it->second.group.key = key;
      auto stored = txn.setting(group_table, key);
      if (!stored) {
        groups.erase(it);
        return std::unexpected(std::move(stored).error());
      }
      if (*stored) {
        it->second.group = Group::from_value(key, **stored);
        it->second.exists = true;
      }
    }
    return &it->second;
  }

  Result<bool> ticket_open(Work& work) {
    if (work.group.ticket.empty()) return false;
    if (!work.ticket_open) {
      ANLAN_TRY(bool open, hooks.ticket_open(work.group.ticket));
      work.ticket_open = open;
    }
    return *work.ticket_open;
  }

  bool lapsed(const Work& work) const {
    return !work.exists || (work.group.active <= 0 && now > work.group.open_until);
  }

  correlation::Facts facts(const AlertRow& row) {
    correlation::Facts facts;
    facts.group = [this, &row](const std::string& key) -> correlation::GroupFacts {
      auto found = work(key);
      if (!found) return note(std::move(found).error()), correlation::GroupFacts{};
      if (lapsed(**found)) return {};
      auto open = ticket_open(**found);
      if (!open) return note(std::move(open).error()), correlation::GroupFacts{};
      const Group& group = (*found)->group;
      return {*open, is_member(row) && row.group == group.id && row.ticket == group.ticket};
    };
    facts.knows_system = [this](const std::string& system) {
      auto it = systems.find(system);
      if (it != systems.end()) return it->second;
      auto record = txn.record("system", system);
      if (!record) return note(std::move(record).error()), false;
      return systems[system] = record->has_value();
    };
    return facts;
  }
  void note(Error e) {
    if (!error) error = std::move(e);
  }

  Status event(const char* kind, const AlertRow& row, Map body) {
    body.insert(
        {{"name", alert_name(row)}, {"group", row.group}, {"labels", row.labels}, {"starts_at", row.starts_at}});
    if (!row.ticket.empty()) body.emplace("ticket", row.ticket);
    if (row.ends_at) body.emplace("ends_at", *row.ends_at);
    auto position = txn.append({.subject = "alert:" + row.fingerprint,
                                .kind = kind,
                                .at = now,
                                .actor = "machine:" + row.source,
                                .body = Value(std::move(body))});
    if (!position) return std::unexpected(std::move(position).error());
    return {};
  }
  // An event that records a placing, with the rule and its version.
  Status placed(const char* kind, const AlertRow& row, Map more = {}) {
    more.insert({{"outcome", row.outcome},
                 {"rule", row.reason["rule"]},
                 {"rules", policy().rules.version},
                 {"reason", Map{{"zh", row.reason["zh"]}, {"en", row.reason["en"]}}}});
    for (const char* key : {"mapping", "system", "board", "provinces", "quiet"}) {
      if (!row.reason[key].is_null()) more.emplace(key, row.reason[key]);
    }
    return event(kind, row, std::move(more));
  }

  // Writes the row with its history, and notes what memory may learn.
  Status store(AlertRow& row, const History& history, bool delivered) {
    std::uint64_t hash = correlation::fingerprint_hash(row.labels);
    std::int64_t pending = 0;
    if (auto entry = self.liveness_.find(hash)) {
      pending = std::max<std::int64_t>(0, entry->count - counted[hash]);
      counted[hash] += pending;
    }
    row.count += pending + (delivered ? 1 : 0);
    row.reason = row.reason.with("episodes", history.to_value());
    auto since = history.active_since(now);
    if (auto alive = since ? history.alive_until(now) : history.latest_alive()) row.alive_until = *alive;
    ANLAN_CHECK(txn.put_alert(row));
    AlertOutcome::Learned learned{.hash = hash, .alive = since.has_value(), .stored_count = pending, .written = true};
    if (since) learned.entry = {*since, row.alive_until, row.alive_until, now, 0};
    out.learned.push_back(std::move(learned));
    return {};
  }

  void due(Work& work, Instant t) {
    if (!work.due || t < *work.due) work.due = t;
    work.dirty = true;
  }
  // When something of this alert falls due; its group's end where nothing does.
  void due_of(Work& work, const AlertRow& row) {
    if (!stands(row)) return due(work, work.group.open_until + milliseconds(1));
    due(work, row.alive_until);
    if (auto again = instant_in(row.reason["again_at"])) due(work, *again);
  }

  // A new life of the group. What stands goes along: bucket and suppressed alerts of a life that lapsed, and alerts of
  // a ticket that was closed over their heads. The caller gives the members their ticket.
  Result<std::vector<AlertRow>> begin_life(Work& work, const Decision& d) {
    std::string old = work.group.id;
    Group fresh{.key = work.group.key};
    fresh.id = fmt::format("{}@{}", work.group.key, now.ms);
    if (fresh.id == old) fresh.id += "+";  // the ticket was closed within the millisecond
    if (d.rule) {
      fresh.rule = d.rule->key;
      fresh.title = d.rule->title;
      fresh.window = d.rule->window;
    } else {
      fresh.title = {"无规则", "no rule"};
      fresh.window = minutes(30);
    }
    fresh.opened_at = now;
    fresh.timer = work.group.timer;
    work.group = std::move(fresh);
    work.exists = work.dirty = true;
    work.ticket_open.reset();
    std::vector<AlertRow> carried;
    if (!old.empty()) {
      ANLAN_TRY(std::vector<AlertRow> rows, txn.alerts_of_group(old));
      for (AlertRow& row : rows) {
        if (!stands(row)) continue;
        row.group = work.group.id;
        row.ticket.clear();
        due_of(work, row);
        carried.push_back(std::move(row));
      }
    }
    return carried;
  }

  void touch(Work& work, Instant t) {
    work.group.open_until = std::max(work.group.open_until, std::max(t, now) + work.group.window);
    work.dirty = true;
  }

  // The row has become one of the group's ticket.
  void member(Work& work, const AlertRow& row, bool fresh, bool tell) {
    Group& group = work.group;
    if (fresh) ++group.total;
    if (stands(row)) {
      ++group.active;
    } else if (row.ends_at && (!group.ended_at || *group.ended_at < *row.ends_at)) {
      group.ended_at = row.ends_at;
    }
    work.dirty = true;
    if (!tell) return;
    ++work.joined_count;
    if (work.joined.size() < told_max) work.joined.push_back(told(row));
  }

  Result<std::string> open_ticket(Work& work, const AlertRow& row, const Decision& d) {
    IncidentSeed seed;
    seed.process = d.rule ? d.rule->process : std::string();
    seed.title = title_of(row);
    seed.description = row.annotations["description"].as_string();
    seed.system = d.mapped.system;
    seed.board = d.mapped.board;
    seed.provinces = d.mapped.provinces;
    seed.scope_to_confirm = d.scope_to_confirm;
    seed.service_down = d.service_down;
    // A sender without a clock says 1970; no incident began so long before its first alert.
    seed.occurred_at = d.starts_at < now - hours(30 * 24) ? now : std::min(d.starts_at, now);
    seed.first_alert_at = seed.occurred_at;
    seed.discovered_at = now;
    seed.alert_group = work.group.id;
    seed.rule = work.group.rule;
    seed.reason = d.reason;
    seed.alert = told(row).with("source", row.source).with("url", row.reason["url"]);
    return hooks.open_ticket(seed);
  }

  // Bucket alerts of this life join the ticket that came after them: whichever came first, all belong to it.
  Status adopt(Work& work, const std::string& except) {
    ANLAN_TRY(std::vector<AlertRow> rows, txn.alerts_of_group(work.group.id));
    for (AlertRow& row : rows) {
      if (row.fingerprint == except || row.outcome != "unmapped") continue;
      if (!stands(row) && std::max(row.last_seen, row.ends_at.value_or(row.last_seen)) + work.group.window < now)
        continue;
      row.outcome = "join";
      row.ticket = work.group.ticket;
      if (row.reason["service_down"].as_bool()) work.group.service_down = true;
      row.reason = row.reason.with("zh", "随同组工单并入").with("en", "joins the ticket its group now has");
      ANLAN_CHECK(store(row, history_of(row), false));
      member(work, row, true, true);
      ++out.joined;
      ANLAN_CHECK(placed("alert.joined", row));
    }
    return {};
  }

  Status place(AlertRow& row, Decision& d, bool delivered) {
    ANLAN_TRY(Work * w, work(d.group_key));
    bool was_member =
        is_member(row) && row.group == w->group.id && !row.ticket.empty() && row.ticket == w->group.ticket;
    std::string outcome_before = row.outcome, quiet_before = row.reason["quiet"].as_string();
    std::string rule_before = row.reason["rule"].as_string();
    bool stood = stands(row);

    std::vector<AlertRow> carried;
    if (lapsed(*w) || (d.outcome == Outcome::open && !w->group.ticket.empty())) {
      ANLAN_TRY(carried, begin_life(*w, d));
      std::erase_if(carried, [&](const AlertRow& r) { return r.fingerprint == row.fingerprint; });
    }
    row.starts_at = d.history.active_since(now).value_or(d.starts_at);
    row.ends_at = d.active ? std::nullopt : d.history.ended_at(now);

    bool opened = false;
    if (d.outcome == Outcome::open) {
      auto number = open_ticket(*w, row, d);
      if (number) {
        w->group.ticket = *number;
        w->group.recovered = false;
        w->ticket_open = true;
        out.tickets.push_back(*number);
        opened = true;
      } else if (number.error().code == Code::refused || number.error().code == Code::forbidden ||
                 number.error().code == Code::invalid) {
        // A rule of the process stands against it. The alert must not be lost over that, nor the others of its
        // delivery.
        const Error& e = number.error();
        d.outcome = Outcome::unmapped;
        d.reason.zh += "；工单未能建立：" + (e.refusals.empty() ? e.message : e.refusals.front().text.zh);
        d.reason.en += "; the ticket could not be opened: " + e.message;
      } else {
        return std::unexpected(std::move(number).error());
      }
    }
    bool joins = d.outcome == Outcome::open || d.outcome == Outcome::join;
    row.outcome = std::string(correlation::name(d.outcome));
    row.group = w->group.id;
    row.ticket = joins ? w->group.ticket : "";
    if (joins && d.service_down) w->group.service_down = true;
    Map reason{{"rule", d.rule ? d.rule->key : std::string()}, {"zh", d.reason.zh}, {"en", d.reason.en}};
    if (!row.reason["url"].is_null()) reason.emplace("url", row.reason["url"]);
    if (!d.mapped.row.empty()) reason.emplace("mapping", d.mapped.row);
    if (!d.mapped.system.empty()) reason.emplace("system", d.mapped.system);
    if (!d.mapped.board.empty()) reason.emplace("board", d.mapped.board);
    if (!d.mapped.provinces.empty()) reason.emplace("provinces", words(d.mapped.provinces));
    if (!d.quiet.empty()) reason.emplace("quiet", d.quiet);
    if (d.service_down) reason.emplace("service_down", true);
    if (d.again_at) reason.emplace("again_at", *d.again_at);
    row.reason = Value(std::move(reason));
    ANLAN_CHECK(store(row, d.history, delivered));
    due_of(*w, row);
    touch(*w, now);

    switch (d.outcome) {
      case Outcome::open:
        member(*w, row, true, false);
        ++out.opened;
        ANLAN_CHECK(placed("alert.fired", row));
        break;
      case Outcome::join:
        w->refired = w->refired || row.ends_at == std::nullopt;
        for (const auto& province : d.mapped.provinces)
          if (std::find(w->provinces.begin(), w->provinces.end(), province) == w->provinces.end()) w->provinces.push_back(province);
        member(*w, row, !was_member, !was_member);
        ++out.joined;
        ANLAN_CHECK(
            placed(was_member ? "alert.fired" : "alert.joined", row, was_member ? Map{{"again", true}} : Map{}));
        break;
      case Outcome::suppress:
      case Outcome::unmapped: {
        ++(d.outcome == Outcome::suppress ? out.suppressed : out.unmapped);
        // Judged anew and found the same: no news.
        bool same = stood && outcome_before == row.outcome && quiet_before == d.quiet &&
                    rule_before == row.reason["rule"].as_string();
        if (!same) ANLAN_CHECK(placed(d.outcome == Outcome::suppress ? "alert.suppressed" : "alert.unmapped", row));
        break;
      }
      default:
        break;
    }

    for (AlertRow& other : carried) {
      if (is_member(other)) {
        if (w->group.ticket.empty()) {
          other.outcome = "unmapped";  // its ticket is closed and there is no new one: seen in the bucket
        } else {
          other.outcome = "join";
          other.ticket = w->group.ticket;
          if (other.reason["service_down"].as_bool()) w->group.service_down = true;
          other.reason = other.reason.with("zh", "原工单已关闭而告警未恢复，随同组新工单")
                             .with("en", "still stood when its ticket was closed; goes along to the group's new one");
          member(*w, other, true, true);
          ++out.joined;
        }
        ANLAN_CHECK(placed(other.ticket.empty() ? "alert.unmapped" : "alert.joined", other));
      }
      ANLAN_CHECK(store(other, history_of(other), false));
    }
    if (opened) ANLAN_CHECK(adopt(*w, row.fingerprint));
    return {};
  }

  Status end(AlertRow& row, const History& history, bool delivered, const char* by) {
    row.ends_at = history.ended_at(now).value_or(now);
    row.reason = row.reason.with("again_at", {});
    ANLAN_CHECK(store(row, history, delivered));
    ++out.resolved;
    if (!row.group.empty()) {
      ANLAN_TRY(Work * w, work(key_of_life(row.group)));
      if (w->exists && w->group.id == row.group) {
        if (is_member(row) && row.ticket == w->group.ticket) {
          w->group.active = std::max<std::int64_t>(0, w->group.active - 1);
          if (!w->group.ended_at || *w->group.ended_at < *row.ends_at) w->group.ended_at = row.ends_at;
        }
        touch(*w, *row.ends_at);
        due_of(*w, row);
      }
    }
    return event("alert.resolved", row, {{"by", by}, {"outcome", row.outcome}});
  }

  // One report. `row` is what is stored of its alert, or a fresh one.
  Status process(const AlertReport& report, AlertRow row, bool delivered, bool anew) {
    correlation::Known known;
    known.history = history_of(row);
    if (auto entry = self.liveness_.find(correlation::fingerprint_hash(row.labels)))
      known.history.extend(entry->from, entry->pending);
    known.counted = stands(row);
    known.outcome = row.outcome;
    known.again_at = anew ? std::optional(now) : instant_in(row.reason["again_at"]);

    Decision d = correlation::decide(report, policy(), known, facts(row), now);
    if (error) return std::unexpected(*error);
    if (delivered) {
      row.source = report.source;
      row.annotations = report.annotations;
      row.last_seen = now;
      if (!report.generator_url.empty()) row.reason = row.reason.with("url", report.generator_url);
    }
    switch (d.outcome) {
      case Outcome::open:
      case Outcome::join:
      case Outcome::suppress:
      case Outcome::unmapped:
        return place(row, d, delivered);
      case Outcome::resolve:
        return end(row, d.history, delivered, "report");
      case Outcome::repeat:
        break;
    }
    ++out.repeated;
    // The stored liveness may stand if it is good enough and nothing else is new.
    if (!d.changed && delivered && known.counted && d.active) {
      Instant alive = d.history.alive_until(now).value_or(now);
      Instant stored = row.alive_until;
      if (good_enough(stored, alive, now)) {
        AlertOutcome::Learned learned{.hash = correlation::fingerprint_hash(row.labels), .alive = true};
        learned.entry = {d.history.active_since(now).value_or(row.starts_at), stored, alive, now, 1};
        out.learned.push_back(std::move(learned));
        return {};
      }
    }
    if (d.active)
      row.starts_at = d.history.active_since(now).value_or(row.starts_at);
    else if (row.ends_at)
      row.ends_at = d.history.ended_at(now);  // a later end was told
    else if (!row.outcome.empty())
      return end(row, d.history, delivered, "silence");
    else
      row.ends_at = d.history.ended_at(now).value_or(now);  // its end was told before its beginning
    ANLAN_CHECK(store(row, d.history, delivered));
    return {};
  }

  // Tells the tickets, writes the groups, sets their timers.
  Status finish() {
    for (auto& [key, work] : groups) {
      if (!work.dirty) continue;
      Group& group = work.group;
      ANLAN_TRY(bool open, ticket_open(work));
      if (open) {
        bool back = group.recovered && work.refired;
        if (back) group.recovered = false;
        if (back || work.joined_count > 0) {
          ANLAN_CHECK(hooks.tell_ticket(group.ticket, back ? "fired" : "joined", what_to_tell(work)));
        }
        if (group.active == 0 && group.total > 0 && !group.recovered) {
          group.recovered = true;
          ANLAN_CHECK(hooks.tell_ticket(group.ticket, "resolved", what_to_tell(work)));
        }
      }
      if (work.closes) {
        ANLAN_CHECK(txn.put_setting(group_table, key, {}));
        ANLAN_CHECK(txn.drop_timer("group:" + key, "expire"));
        continue;
      }
      if (work.due && (!group.timer || *work.due < *group.timer)) {
        group.timer = work.due;
        ANLAN_CHECK(txn.set_timer({.subject = "group:" + key, .name = "expire", .due = *work.due}));
      }
      ANLAN_CHECK(txn.put_setting(group_table, key, group.to_value()));
    }
    return {};
  }

  Value what_to_tell(const Work& work) const {
    const Group& group = work.group;
    Map m{{"group", group.id},
          {"rule", group.rule},
          {"active", group.active},
          {"total", group.total},
          {"service_down", group.service_down},
          {"alerts", List(work.joined)},
          {"more", work.joined_count - static_cast<std::int64_t>(work.joined.size())}};
    if (!work.provinces.empty()) m.emplace("alarm_provinces", words(work.provinces));
    Instant first = now;
    for (const Value& alert : work.joined) first = std::min(first, alert["starts_at"].as_instant());
    m.emplace("starts_at", first);
    if (group.active == 0 && group.ended_at) m.emplace("resolved_at", std::min(*group.ended_at, now));
    return Value(std::move(m));
  }

  Status expire(const std::string& key) {
    ANLAN_TRY(Work * w, work(key));
    if (!w->exists) return txn.drop_timer("group:" + key, "expire");
    std::string life = w->group.id;
    ANLAN_TRY(std::vector<AlertRow> rows, txn.alerts_of_group(life));
    w->group.timer.reset();
    w->due.reset();
    bool standing = false;
    for (AlertRow& row : rows) {
      if (!stands(row)) continue;
      History history = history_of(row);
      auto entry = self.liveness_.find(correlation::fingerprint_hash(row.labels));
      if (entry) history.extend(entry->from, entry->pending);
      if (!history.active(now)) {
        ANLAN_CHECK(end(row, history, false, "silence"));
        continue;
      }
      standing = true;
      auto again = instant_in(row.reason["again_at"]);
      if (again && *again <= now) {
        AlertReport report = report_of(row, history, now);
        ANLAN_CHECK(process(report, std::move(row), false, false));
      } else if (history.alive_until(now) > row.alive_until) {
        ANLAN_CHECK(store(row, history, false));
        due_of(*w, row);
      } else {
        due_of(*w, row);
      }
    }
    if (w->group.id == life && !standing) {
      w->closes = now > w->group.open_until;
      if (!w->closes) due(*w, w->group.open_until + milliseconds(1));
    }
    w->dirty = true;
    return {};
  }
};

// ---- use cases -----------------------------------------------------------------------------------------------

Alerts::Alerts(correlation::RuleSet rules) : rules_(std::move(rules)) {}

Result<correlation::Policy> Alerts::load_policy(Reader& reader, correlation::RuleSet rules,
                                                std::vector<std::string>* problems) {
  correlation::Policy policy;
  policy.rules = std::move(rules);
  auto note = [&](const RecordRow& record, const Error& e) {
    if (problems) problems->push_back(fmt::format("{}/{}: {}", record.reg, record.id, e.message));
  };
  std::vector<correlation::MappingRow> rows;
  ANLAN_TRY(std::vector<RecordRow> mapping, reader.records("alert_mapping"));
  for (const RecordRow& record : mapping) {
    if (record.valid_to || record.state == "retired") continue;
    auto row = correlation::mapping_row(record.id, record.fields);
    if (row) {
      rows.push_back(std::move(*row));
    } else {
      note(record, row.error());
    }
  }
  policy.mapping = correlation::Mapping(std::move(rows));
  ANLAN_TRY(std::vector<RecordRow> quiet, reader.records("alert_quiet"));
  for (const RecordRow& record : quiet) {
    if (record.valid_to || record.state == "retired") continue;
    auto row = correlation::quiet_row(record.id, record.fields);
    if (row) {
      policy.quiet.push_back(std::move(*row));
    } else {
      note(record, row.error());
    }
  }
  return policy;
}

Status Alerts::read_policy(Reader& reader) {
  ANLAN_TRY(std::int64_t generation, reader.records_generation());
  bool reread = reread_.exchange(false);
  if (!reread && generation == policy_generation_) return {};
  auto policy = load_policy(reader, rules_, nullptr);
  if (!policy) {
    reread_ = true;
    return std::unexpected(std::move(policy).error());
  }
  policy_ = std::move(*policy);
  policy_generation_ = generation;
  return {};
}

std::int64_t Alerts::absorb(std::vector<AlertReport>& reports, Instant now) {
  auto taken = std::erase_if(reports, [&](const AlertReport& report) {
    return liveness_.absorb(report, correlation::fingerprint_hash(report.labels), rules_.alive(report.source), now);
  });
  absorbed_ += static_cast<std::int64_t>(taken);
  return static_cast<std::int64_t>(taken);
}

Result<AlertOutcome> Alerts::ingest(Txn& txn, const std::vector<AlertReport>& reports, Instant now,
                                    const AlertHooks& hooks) {
  ANLAN_CHECK(read_policy(txn));
  Unit unit{*this, txn, now, hooks};
  for (const AlertReport& report : reports) {
    std::string fingerprint = correlation::fingerprint(report.labels);
    ANLAN_TRY(std::optional<AlertRow> stored, txn.alert(fingerprint));
    if (stored && !(stored->labels == report.labels))
      return fail(Code::conflict, fmt::format("two label sets have the fingerprint {}", fingerprint), "labels");
    if (!stored) {
      stored.emplace();
      stored->fingerprint = std::move(fingerprint);
      stored->labels = report.labels;
      stored->first_seen = now;
      stored->starts_at = report.starts_at.value_or(now);
    }
    ANLAN_CHECK(unit.process(report, std::move(*stored), true, false));
  }
  ANLAN_CHECK(unit.finish());
  return std::move(unit.out);
}

void Alerts::publish(const AlertOutcome& outcome) {
  for (const AlertOutcome::Learned& learned : outcome.learned) {
    if (!learned.alive) {
      liveness_.forget(learned.hash);
    } else if (learned.written) {
      liveness_.taken(learned.hash, learned.stored_count, learned.entry.stored, learned.entry.from);
    } else {
      liveness_.put(learned.hash, learned.entry);
    }
  }
  opened_ += outcome.opened;
  joined_ += outcome.joined;
  suppressed_ += outcome.suppressed;
  unmapped_ += outcome.unmapped;
  resolved_ += outcome.resolved;
  repeated_ += outcome.repeated;
}

Result<AlertOutcome> Alerts::expire_group(Txn& txn, const std::string& key, Instant now, const AlertHooks& hooks) {
  ANLAN_CHECK(read_policy(txn));
  Unit unit{*this, txn, now, hooks};
  ANLAN_CHECK(unit.expire(key));
  ANLAN_CHECK(unit.finish());
  return std::move(unit.out);
}

Result<AlertOutcome> Alerts::expire_due(Txn& txn, Instant now, const AlertHooks& hooks, int limit) {
  ANLAN_CHECK(read_policy(txn));
  ANLAN_TRY(std::vector<TimerRow> due, txn.due_timers(now, limit));
  Unit unit{*this, txn, now, hooks};
  for (const TimerRow& timer : due) {
    if (timer.name == "expire" && timer.subject.starts_with("group:"))
      ANLAN_CHECK(unit.expire(timer.subject.substr(6)));
  }
  ANLAN_CHECK(unit.finish());
  return std::move(unit.out);
}

Result<AlertOutcome> Alerts::flush(Txn& txn, Instant now, std::size_t limit) {
  static const AlertHooks no_hooks;  // storing repeats tells nobody
  Unit unit{*this, txn, now, no_hooks};
  for (std::uint64_t hash : liveness_.pending(limit)) {
    ANLAN_TRY(std::optional<AlertRow> row, txn.alert(correlation::fingerprint_text(hash)));
    auto entry = liveness_.find(hash);
    if (!row || !entry || !stands(*row)) {
      unit.out.learned.push_back({.hash = hash, .alive = false});
      continue;
    }
    History history = history_of(*row);
    history.extend(entry->from, entry->pending);
    row->last_seen = std::max(row->last_seen, entry->last_seen);
    ANLAN_CHECK(unit.store(*row, history, false));
  }
  return std::move(unit.out);
}

// ---- replay --------------------------------------------------------------------------------------------------

Result<Alerts::Replay> Alerts::compare(Reader& reader, const ReplayFilter& filter, const correlation::Policy& policy,
                                       Instant now, std::vector<AlertRow>* movable) {
  Replay replay;
  std::optional<Error> error;
  correlation::Facts facts;
  facts.knows_system = [&](const std::string& system) {
    auto record = reader.record("system", system);
    if (!record) error = std::move(record).error();
    return record && record->has_value();
  };
  std::string cursor;
  for (bool more = true; more;) {
    ANLAN_TRY(Page<AlertRow> page, reader.alerts(filter.active_only, filter.outcome, 200, cursor));
    cursor = page.next_cursor;
    more = !cursor.empty();
    for (const AlertRow& row : page.items) {
      if (row.outcome.empty()) continue;
      if (replay.looked_at == filter.limit) {
        replay.more = true;
        return replay;
      }
      ++replay.looked_at;
      History history = history_of(row);
      bool active = stands(row);
      correlation::Interval episode{row.starts_at, active ? std::nullopt : row.ends_at};
      Decision d = correlation::classify(row.labels, episode, policy, facts, now);
      if (error) return std::unexpected(std::move(*error));
      bool same = is_member(row) ? d.outcome == Outcome::open : correlation::name(d.outcome) == row.outcome;
      same = same && d.mapped.system == row.reason["system"].as_string() &&
             d.mapped.board == row.reason["board"].as_string() &&
             (d.mapped.provinces.empty() ? row.reason["provinces"].is_null()
                                         : words(d.mapped.provinces) == row.reason["provinces"]);
      if (same) continue;
      bool moves = active && row.outcome == "unmapped" && d.outcome == Outcome::open;
      replay.differences.push_back(Map{{"fingerprint", row.fingerprint},
                                       {"name", alert_name(row)},
                                       {"was", row.outcome},
                                       {"would_be", correlation::name(d.outcome)},
                                       {"applied", false},
                                       {"ticket", row.ticket},
                                       {"system", d.mapped.system},
                                       {"board", d.mapped.board},
                                       {"provinces", words(d.mapped.provinces)},
                                       {"reason", both(d.reason)},
                                       {"active", active}});
      if (moves && movable) movable->push_back(row);
    }
  }
  return replay;
}

Result<Alerts::Replay> Alerts::preview(Reader& reader, const ReplayFilter& filter, const correlation::Policy& policy,
                                       Instant now) {
  return compare(reader, filter, policy, now, nullptr);
}

Result<Alerts::Replay> Alerts::replay(Txn& txn, const ReplayFilter& filter, bool apply, Instant now,
                                      const AlertHooks& hooks) {
  ANLAN_CHECK(read_policy(txn));
  std::vector<AlertRow> movable;
  ANLAN_TRY(Replay replay, compare(txn, filter, policy_, now, apply ? &movable : nullptr));
  if (movable.empty()) return replay;
  Unit unit{*this, txn, now, hooks};
  for (const AlertRow& found : movable) {
    // One that moved may have taken others of its group along.
    ANLAN_TRY(std::optional<AlertRow> row, txn.alert(found.fingerprint));
    if (!row || row->outcome != "unmapped" || !stands(*row)) continue;
    History history = history_of(*row);
    if (auto entry = liveness_.find(correlation::fingerprint_hash(row->labels)))
      history.extend(entry->from, entry->pending);
    if (!history.active(now)) continue;
    AlertReport report = report_of(*row, history, now);
    ANLAN_CHECK(unit.process(report, std::move(*row), false, true));
  }
  ANLAN_CHECK(unit.finish());
  for (Value& difference : replay.differences) {
    ANLAN_TRY(std::optional<AlertRow> row, txn.alert(difference["fingerprint"].as_string()));
    if (row && is_member(*row) && difference["was"].as_string() == "unmapped")
      difference = difference.with("applied", true).with("ticket", row->ticket);
  }
  replay.outcome = std::move(unit.out);
  return replay;
}

Status Alerts::move_groups(Txn& txn, const std::string& from_ticket, const std::string& to_ticket) {
  ANLAN_TRY(auto settings, txn.settings(group_table));
  for (const auto& [key, value] : settings) {
    if (value["ticket"].as_string() != from_ticket) continue;
    ANLAN_CHECK(txn.put_setting(group_table, key, value.with("ticket", to_ticket)));
    ANLAN_TRY(std::vector<AlertRow> rows, txn.alerts_of_group(value["id"].as_string()));
    for (AlertRow& row : rows) {
      if (row.ticket != from_ticket) continue;
      row.ticket = to_ticket;
      ANLAN_CHECK(txn.put_alert(row));
    }
  }
  return {};
}

// ---- console -------------------------------------------------------------------------------------------------

Result<Value> Alerts::groups(Reader& reader) const {
  ANLAN_TRY(auto settings, reader.settings(group_table));
  List out;
  for (const auto& [key, value] : settings) {
    Map m = value.as_map();
    m.erase("timer");
    m.erase("window");
    m["key"] = key;
    m["group"] = value["id"];
    m.erase("id");
    out.emplace_back(std::move(m));
  }
  std::stable_sort(out.begin(), out.end(), [](const Value& a, const Value& b) {
    return a["opened_at"].as_instant() > b["opened_at"].as_instant();
  });
  return Value(std::move(out));
}

Value Alerts::describe_alert(const AlertRow& row, Instant now) const {
  History history = history_of(row);
  std::int64_t count = row.count;
  Instant alive_until = row.alive_until, last_seen = row.last_seen;
  if (auto entry = liveness_.find(correlation::fingerprint_hash(row.labels)); entry && stands(row)) {
    count += entry->count;
    alive_until = std::max(alive_until, entry->pending);
    last_seen = std::max(last_seen, entry->last_seen);
    history.extend(entry->from, entry->pending);
  }
  List intervals;
  for (const correlation::Interval& i : history.intervals(now)) {
    Map m{{"from", i.from}};
    if (i.to) m.emplace("to", *i.to);
    intervals.emplace_back(std::move(m));
  }
  Map m{{"fingerprint", row.fingerprint},
        {"name", alert_name(row)},
        {"source", row.source},
        {"labels", row.labels},
        {"annotations", row.annotations},
        {"active", stands(row)},
        {"starts_at", row.starts_at},
        {"alive_until", alive_until},
        {"first_seen", row.first_seen},
        {"last_seen", last_seen},
        {"count", count},
        {"group", row.group},
        {"outcome", row.outcome},
        {"ticket", row.ticket},
        {"rule", row.reason["rule"]},
        {"reason", Map{{"zh", row.reason["zh"]}, {"en", row.reason["en"]}}},
        {"intervals", std::move(intervals)}};
  if (row.ends_at) m.emplace("ends_at", *row.ends_at);
  for (const char* key : {"url", "mapping", "system", "board", "provinces", "quiet", "again_at"}) {
    if (!row.reason[key].is_null()) m.emplace(key, row.reason[key]);
  }
  return Value(std::move(m));
}

Result<Value> Alerts::alerts_of_group(Reader& reader, const std::string& group, Instant now) const {
  ANLAN_TRY(std::vector<AlertRow> rows, reader.alerts_of_group(group));
  std::stable_sort(rows.begin(), rows.end(),
                   [](const AlertRow& a, const AlertRow& b) { return a.starts_at < b.starts_at; });
  List out;
  for (const AlertRow& row : rows) out.push_back(describe_alert(row, now));
  return Value(std::move(out));
}

Value Alerts::counters() const {
  return Map{{"absorbed", absorbed_.load()}, {"opened", opened_.load()},
             {"joined", joined_.load()},     {"suppressed", suppressed_.load()},
             {"unmapped", unmapped_.load()}, {"resolved", resolved_.load()},
             {"repeated", repeated_.load()}, {"active", static_cast<std::int64_t>(liveness_.size())}};
}

}  // namespace anlan::app
