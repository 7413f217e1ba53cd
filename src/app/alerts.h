// The way of an alert through the house: reports in, tickets told, everything in the caller's unit of work.
//
// What is stored: one AlertRow for each label set (its history inside `reason`); one setting "alert_group"/<group key>
// for each group that still takes joins; one timer "group:<key>"/"expire" for each such group. A group has one *life*
// at a time, named "<key>@<start>": rows carry the life, so that a group that comes back later is a new one.
#pragma once
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/store.h"
#include "domain/correlation/correlation.h"

namespace anlan::app {

// What a ticket opened by an alert is to carry.
struct IncidentSeed {
  std::string process;        // of the rule: "incident"
  std::string title;          // annotation `summary`, else the alert's name
  std::string description;    // annotation `description`; may be empty
  std::string system, board;  // empty: the mapping knows none
  std::vector<std::string> provinces;
  bool scope_to_confirm = false;  // the mapping knows no system
  bool service_down = false;      // a rule confirms the interruption; otherwise it stands unconfirmed
  Instant occurred_at{};          // as the monitoring system says, never after `discovered_at`
  Instant first_alert_at{};       // the same moment: from here it would count, were it confirmed
  Instant discovered_at{};        // reception
  std::string alert_group;        // the group's life
  std::string rule;
  Text reason;
  Value alert;  // {fingerprint, source, labels, annotations, starts_at, url}
  // {title, source: "monitor", system?, board?, provinces?, scope_to_confirm, service_down, occurred_at,
  // first_alert_at, alert_group}: the fields of the ticket.
  Value fields() const;
};

// How the alerts reach tickets; the use cases of tickets provide it. All run inside the same unit of work.
struct AlertHooks {
  // Opens a ticket and returns its number. Code::refused, forbidden and invalid mean that nothing was written: the
  // alert then waits in the bucket with that reason. Any other error fails the unit.
  std::function<Result<std::string>(const IncidentSeed&)> open_ticket;
  // `what`: "joined" (further alerts), "fired" (alerts again after all had resolved), "resolved" (all have; recovery
  // may be proposed). `alert`: {group, rule, active, total, service_down, starts_at, resolved_at?, alarm_provinces?,
  // alerts: [at most 20 of {fingerprint, labels, annotations, starts_at}], more}. Called at most once for each ticket, word and unit.
  std::function<Status(const std::string& number, const std::string& what, const Value& alert)> tell_ticket;
  // Whether the ticket is still open. A closed one takes no joins and is told nothing.
  std::function<Result<bool>(const std::string& number)> ticket_open;
};

// Repeats counted in memory: a repeat of an alert whose stored liveness is still good needs no unit of work. Nothing is
// decided from here alone; what is lost in a crash are counts and a part of the liveness that the next repeat brings
// again. Thread-safe.
class Liveness {
 public:
  struct Entry {
    Instant from{};     // start of the active episode
    Instant stored{};   // alive_until as stored
    Instant pending{};  // the latest said since
    Instant last_seen{};
    std::int64_t count = 0;  // repeats not yet stored
  };
  // True: it was a plain repeat and is counted. False: it has to go through ingest(). `alive_for` is what the rules
  // give a source that does not say how long an alert stands.
  bool absorb(const correlation::AlertReport&, std::uint64_t hash, Duration alive_for, Instant now);
  std::optional<Entry> find(std::uint64_t hash) const;
  void put(std::uint64_t hash, const Entry&);
  void taken(std::uint64_t hash, std::int64_t count, Instant stored, Instant from);  // so much of it is stored now
  void forget(std::uint64_t hash);
  // Those with a pending liveness or count: {fingerprint hash}, at most `limit`.
  std::vector<std::uint64_t> pending(std::size_t limit) const;
  std::size_t size() const;

 private:
  static constexpr std::size_t shards = 16;
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, Entry> entries;
  };
  Shard& shard(std::uint64_t hash) { return shards_[hash >> 60]; }
  const Shard& shard(std::uint64_t hash) const { return shards_[hash >> 60]; }
  std::array<Shard, shards> shards_;
};

// What a unit did, for the caller: counts, and what memory may learn once the unit is durable.
struct AlertOutcome {
  std::int64_t opened = 0, joined = 0, suppressed = 0, unmapped = 0, resolved = 0, repeated = 0;
  std::vector<std::string> tickets;  // numbers opened
  Value to_value() const;

  struct Learned {
    std::uint64_t hash = 0;
    bool alive = false;  // false: forget it
    Liveness::Entry entry;
    std::int64_t stored_count = 0;  // how many pending repeats were written
    bool written = false;           // false: the repeat was left pending
  };
  std::vector<Learned> learned;
};

// Not thread-safe but for publish(), absorb() and counters(): one unit at a time, on the writer.
class Alerts {
 public:
  explicit Alerts(correlation::RuleSet rules);

  // Outside any unit: takes out of `reports` the plain repeats and returns how many they were. What is left goes to
  // ingest(). Thread-safe.
  std::int64_t absorb(std::vector<correlation::AlertReport>& reports, Instant now);
  // Decides each report in order, writes alerts, groups, timers and events, and calls the hooks. An error means that
  // the unit must be undone as a whole.
  Result<AlertOutcome> ingest(Txn&, const std::vector<correlation::AlertReport>&, Instant now, const AlertHooks&);
  // After the unit's commit is durable: memory learns what it may rely on. Thread-safe.
  void publish(const AlertOutcome&);
  // After a unit or its batch was undone: what was read in it may never have been, so the registers are read anew.
  // Thread-safe.
  void undone() { reread_ = true; }

  // One group's timer: alerts silent past their alive_until count as resolved then; suppressed ones are judged anew
  // when their quiet time is over; a group past its window is closed. `key` as in the timer's subject, after "group:".
  // Sets or drops the timer. An unknown key drops the timer.
  Result<AlertOutcome> expire_group(Txn&, const std::string& key, Instant now, const AlertHooks&);
  // All group timers due, at most `limit` of the due timers looked at.
  Result<AlertOutcome> expire_due(Txn&, Instant now, const AlertHooks&, int limit = 500);
  // Stores pending repeats (to be called about every 30 s, so that what memory counts is seen and survives).
  Result<AlertOutcome> flush(Txn&, Instant now, std::size_t limit = 2000);

  // What the current rules and mapping say of stored alerts. `apply`: those of the bucket that still stand and would
  // open or join do so now; nothing else is changed.
  struct ReplayFilter {
    bool active_only = true;
    std::string outcome;  // "open", "join", "suppress", "unmapped"; empty: all
    int limit = 10000;    // alerts looked at
  };
  struct Replay {
    std::vector<Value> differences;  // {fingerprint, name, was, would_be, applied, ticket, system, provinces, board,
                                     //  reason, active}
    std::int64_t looked_at = 0;
    bool more = false;     // the limit was reached
    AlertOutcome outcome;  // of what was applied
  };
  Result<Replay> replay(Txn&, const ReplayFilter&, bool apply, Instant now, const AlertHooks&);
  // The same with rules and a mapping that are not in force: a preview. Changes nothing.
  static Result<Replay> preview(Reader&, const ReplayFilter&, const correlation::Policy&, Instant now);

  // A ticket was merged into another: its group lives on with that one.
  Status move_groups(Txn&, const std::string& from_ticket, const std::string& to_ticket);

  // For the console. Groups that take joins: [{key, group, rule, title, ticket, opened_at, open_until, active, total,
  // recovered}], latest first. Alerts of one life: [{fingerprint, name, source, labels, annotations, active, starts_at,
  // ends_at, alive_until, count, outcome, ticket, reason, intervals}], by start, repeats pending in memory counted in.
  Result<Value> groups(Reader&) const;
  Result<Value> alerts_of_group(Reader&, const std::string& group, Instant now) const;
  Value describe_alert(const AlertRow&, Instant now) const;

  // Rules of definitions, mapping and quiet times of the registers "alert_mapping" and "alert_quiet". A row that cannot
  // be read is left out and named in `problems`.
  static Result<correlation::Policy> load_policy(Reader&, correlation::RuleSet rules,
                                                 std::vector<std::string>* problems);
  const correlation::RuleSet& rules() const { return rules_; }
  const Liveness& liveness() const { return liveness_; }
  Value counters() const;  // {absorbed, opened, joined, suppressed, unmapped, resolved, repeated, active}

 private:
  struct Unit;
  Status read_policy(Reader&);
  static Result<Replay> compare(Reader&, const ReplayFilter&, const correlation::Policy&, Instant now,
                                std::vector<AlertRow>* movable);

  correlation::RuleSet rules_;
  correlation::Policy policy_;
  std::int64_t policy_generation_ = -1;
  std::atomic<bool> reread_{true};
  Liveness liveness_;
  std::atomic<std::int64_t> absorbed_{0}, opened_{0}, joined_{0}, suppressed_{0}, unmapped_{0}, resolved_{0},
      repeated_{0};
};

}  // namespace anlan::app
