// What the use cases need of a store. The storage room implements it; tests may use SQLite in memory.
//
// Unit of work: a function that loads, decides and writes through one `Txn`. Units run one after the other on the
// writer; many are committed together, each inside its own savepoint, so that a refused one takes nobody down. `done`
// is called only when the outcome is durable (or the unit failed, or the batch did).
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/value.h"

namespace anlan::app {

using TicketId = std::int64_t;  // never reused; order of creation
using Position = std::int64_t;  // of an event in the one log, from 1

// A ticket as stored: the columns that lists filter and sort by, and the whole state as a value.
struct TicketRow {
  TicketId id = 0;
  std::string number;        // INC-202603-00001
  std::string process;       // definition key
  std::int64_t shape = 1;    // version of the process shape it opened with
  std::string state;
  bool open = true;
  bool drill = false;        // drill or test: own number range, outside measures
  std::string title;
  std::string holder;        // person id of the one accountable person; empty only when closed
  std::string board;         // technical board id or empty
  std::string unit;          // organisation unit id or empty
  int sensitivity = 0;       // 0 ordinary; higher needs a post that may read it
  int severity = 0;          // rank from the process' severity decision; 0 none, higher is worse
  Instant opened_at{};
  Instant updated_at{};
  std::optional<Instant> closed_at;
  std::optional<Instant> next_due;              // earliest due of a running clock, for lists by urgency
  std::int64_t version = 1;                     // grows by one with each change; optimistic locking
  Value body;                                   // whole state (fields, seats, clocks, tasks, ...)
  std::vector<std::pair<std::string, std::string>> indexed;  // fields declared `indexed`: name -> text form
  std::vector<std::string> owes;                // person ids (or "post:<post>@<board>") that owe the next act
  std::vector<std::string> participants;        // person ids that sat on it or watch it
};

// One event of the one log, stored once and never rewritten. `body` is canonical JSON made by the storage room.
struct Event {
  Position position = 0;     // given by the store
  std::string subject;       // "ticket:<number>", "record:<register>/<id>", "alert:<fingerprint>", "platform"
  std::string kind;          // "ticket.opened", "ticket.acted", "record.written", ...
  Instant at{};
  std::string actor;         // person id, "machine:<name>" or "platform"
  Value body;                // outcome with the rule's version; folding runs no rule
};

// An event as it lies in the store.
struct LoggedEvent {
  Position position = 0;
  std::string subject;       // as it is found by; the bytes say it again
  std::string bytes;         // canonical, never rewritten
};

struct RecordRow {
  std::string reg;           // register: "person", "board", "system", "parameter", ...
  std::string id;            // stable identity within the register
  std::int64_t version = 1;
  Instant valid_from{};
  std::optional<Instant> valid_to;  // of this version
  std::string state;         // life-cycle state
  Value fields;
  std::optional<Instant> retain_until;
  std::vector<std::pair<std::string, std::string>> keys;  // unique keys of the current version: name -> text
};

struct LinkRow {
  std::string key;           // link definition key: "change", "merged_into", ...
  std::string from;          // "ticket:<number>" or "record:<register>/<id>"
  std::string to;
  Instant at{};
};

struct TimerRow {            // something that falls due on a ticket, plan, or alert group
  std::string subject;       // "ticket:<number>", "plan:<key>/<member>", "group:<key>"
  std::string name;          // unique within the subject: "clock:response/step:0", "decision:severity"
  Instant due{};
};

struct OutboxRow {
  std::int64_t id = 0;
  Instant at{};
  std::string channel;       // "notice", "email", "webhook", ...
  std::string recipient;     // person id or address
  Value payload;
  int attempts = 0;
  Instant next_at{};
  std::string state;         // "pending", "sent", "failed", "acknowledged"
  std::string dedup;         // sent at most once per dedup id
};

// An alert as last reported by a monitoring system.
struct AlertRow {
  std::string fingerprint;   // hex of the label set
  std::string source;        // "prometheus", "alertmanager:<receiver>", ...
  Value labels, annotations;
  Instant starts_at{};
  std::optional<Instant> ends_at;     // resolved at
  Instant alive_until{};              // repeats extend it; past it without a repeat the alert counts as resolved
  Instant first_seen{}, last_seen{};
  std::int64_t count = 0;             // deliveries
  std::string group;                  // correlation group key
  std::string outcome;                // "open", "join", "suppress", "unmapped"
  Value reason;                       // rule key and words why
  std::string ticket;                 // number, if one
};

// The running figures of a measure for one subject and period, and what they rest on.
struct MeasureCell {
  std::string measure, period, subject;
  Value figures;                      // what is folded; null removes the cell
  std::optional<Instant> frozen_at;   // from then on it changes no more
};
struct MeasureSource {
  std::string measure, period, subject;
  std::string ticket;                 // number
  Position position = 0;              // of the event that counted
  Value value;
  Instant at{};
};

// Filter of ticket lists. Unset members do not filter. Several values of one member are alternatives.
struct TicketQuery {
  std::vector<std::string> process, state, holder, board, unit, owes, participant;
  std::optional<bool> open;
  std::optional<int> severity_min, severity_max;
  std::optional<Instant> opened_from, opened_to;      // [from, to)
  std::vector<std::pair<std::string, std::string>> indexed;  // field = value, all must hold
  std::optional<bool> drill = false;
  std::string text;                                    // part of the title or the number, for short lists
  enum class Sort { opened_desc, opened_asc, updated_desc, severity_desc, due_asc } sort = Sort::opened_desc;
  int limit = 50;                                      // 1..200
  std::string cursor;                                  // opaque, from the previous page
};

// What a reader may see; part of the SQL of every list, never a filter afterwards.
struct Scope {
  bool all = false;                    // auditor, platform
  std::string person;                  // own tickets: holder, owes, participant
  std::vector<std::string> units;      // readable units
  std::vector<std::string> boards;     // readable boards
  int sensitivity_max = 0;
};

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;             // empty: no more
};

// Reads on one consistent snapshot. Absence is an empty optional; damage is Code::internal.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<std::optional<TicketRow>> ticket(const std::string& number) = 0;
  virtual Result<Page<TicketRow>> tickets(const TicketQuery&, const Scope&) = 0;  // body left empty
  virtual Result<bool> visible(const std::string& number, const Scope&) = 0;
  // Open tickets by one column ("process", "state", "severity", "board", "holder"), exact.
  virtual Result<std::map<std::string, std::int64_t>> count_open(const std::string& column, const TicketQuery&, const Scope&) = 0;

  virtual Result<std::vector<Event>> events_of(const std::string& subject) = 0;                  // in order
  virtual Result<std::vector<Event>> events_after(Position after, int limit) = 0;                // the whole log
  virtual Result<Position> last_position() = 0;
  // The stored bytes of the events after a position, in order: for proofs over the log.
  virtual Result<std::vector<LoggedEvent>> logged_after(Position after, int limit) = 0;

  virtual Result<std::optional<RecordRow>> record(const std::string& reg, const std::string& id) = 0;  // current version
  virtual Result<std::optional<RecordRow>> record_by_key(const std::string& reg, const std::string& key, const std::string& value) = 0;
  virtual Result<std::vector<RecordRow>> record_versions(const std::string& reg, const std::string& id) = 0;
  virtual Result<std::vector<RecordRow>> records(const std::string& reg, int limit = 100000) = 0;  // current versions, by id
  virtual Result<std::int64_t> records_generation() = 0;  // grows with every record written; for caches

  virtual Result<std::vector<LinkRow>> links_of(const std::string& end) = 0;                     // either end
  virtual Result<std::vector<TimerRow>> timers_of(const std::string& subject) = 0;
  virtual Result<std::vector<TimerRow>> due_timers(Instant now, int limit) = 0;                  // due <= now, by due
  virtual Result<std::optional<Instant>> next_timer() = 0;
  virtual Result<std::vector<OutboxRow>> outbox_due(Instant now, int limit) = 0;
  virtual Result<std::vector<OutboxRow>> outbox_of(const std::string& recipient, int limit) = 0; // newest first

  virtual Result<std::optional<AlertRow>> alert(const std::string& fingerprint) = 0;
  virtual Result<std::vector<AlertRow>> alerts_of_group(const std::string& group) = 0;
  virtual Result<Page<AlertRow>> alerts(bool active_only, const std::string& outcome, int limit, const std::string& cursor) = 0;

  // By period, then subject; empty strings do not filter, `from` and `to` are inclusive. `running`: only unfrozen ones.
  virtual Result<std::vector<MeasureCell>> measure_cells(const std::string& measure, const std::string& subject,
                                                         const std::string& from, const std::string& to, bool running) = 0;
  virtual Result<std::optional<MeasureCell>> measure_cell(const std::string& measure, const std::string& period,
                                                          const std::string& subject) = 0;
  virtual Result<Page<MeasureSource>> measure_sources(const std::string& measure, const std::string& period,
                                                      const std::string& subject, int limit, const std::string& cursor) = 0;
  virtual Result<std::vector<MeasureSource>> measure_sources_of(const std::string& measure, const std::string& ticket) = 0;

  // Small tables of the platform itself (sessions, credentials, tokens, saved settings): a value per (table, key).
  virtual Result<std::optional<Value>> setting(const std::string& table, const std::string& key) = 0;
  virtual Result<std::vector<std::pair<std::string, Value>>> settings(const std::string& table) = 0;
};

// The writer's view: reads see what this unit (and earlier units of the batch) wrote.
class Txn : public Reader {
 public:
  // Runs a part of the unit that may fail by itself: what a failed part wrote is undone, sequences included, and the
  // unit may go on. Parts may hold parts. Use cases call Platform::attempt, which also knows what they hold in memory.
  virtual Status attempt(const std::function<Status()>& part) = 0;
  virtual Result<TicketId> insert_ticket(const TicketRow&) = 0;    // row.id ignored; Code::conflict on a taken number
  virtual Status update_ticket(const TicketRow&) = 0;              // Code::conflict unless the stored version is row.version - 1
  virtual Result<Position> append(const Event&) = 0;
  // Next number of a sequence, from 1, without gaps among committed units.
  virtual Result<std::int64_t> next_number(const std::string& sequence) = 0;
  // Closes the current version at row.valid_from and adds this one; Code::conflict on a taken unique key.
  virtual Status put_record(const RecordRow&) = 0;
  virtual Status put_measure_cell(const MeasureCell&) = 0;
  virtual Status put_measure_source(const MeasureSource&) = 0;
  virtual Status drop_measure_source(const std::string& measure, const std::string& ticket, Position) = 0;
  // Drops what is not frozen, with its sources.
  virtual Status forget_measure(const std::string& measure) = 0;
  virtual Status put_link(const LinkRow&) = 0;                     // same (key, from, to) twice is one
  virtual Status set_timer(const TimerRow&) = 0;                   // replaces (subject, name)
  virtual Status drop_timer(const std::string& subject, const std::string& name) = 0;
  virtual Result<bool> enqueue(const OutboxRow&) = 0;              // false: this dedup id stands already
  virtual Status update_outbox(const OutboxRow&) = 0;
  virtual Status put_alert(const AlertRow&) = 0;                   // insert or replace by fingerprint
  virtual Status put_setting(const std::string& table, const std::string& key, const Value&) = 0;  // null removes
  // The stored answer of an idempotent request, or nothing; Code::conflict when the key was used with another digest.
  virtual Result<std::optional<Value>> idempotent(const std::string& scope_and_key, const std::string& digest) = 0;
  virtual Status remember(const std::string& scope_and_key, const std::string& digest, const Value& answer, Instant at) = 0;
  virtual Status forget_idempotent_before(Instant) = 0;
};

using Work = std::move_only_function<Result<Value>(Txn&)>;
using Done = std::move_only_function<void(Result<Value>)>;

// Thread-safe.
class Store {
 public:
  virtual ~Store() = default;
  // Queues a unit. `done` runs on a thread of the store, after the commit that holds the unit is durable. Refusals and
  // errors of the unit reach `done` too (nothing of the unit is written then). Code::unavailable when stopping,
  // Code::limit when the queue is full, Code::no_space when the disk is.
  virtual void write(Work, Done) = 0;
  // The same, waiting. Not to be called from `done` or from inside a unit.
  Result<Value> write(Work work);
  // Runs `read` with a snapshot on the calling thread.
  virtual Status read(const std::function<Status(Reader&)>& read) = 0;
  // Called after each durable batch, on the store's thread, with the last position it wrote. One listener.
  virtual void on_commit(std::function<void(Position)>) = 0;
  // Finishes queued units, then refuses new ones. Idempotent.
  virtual void stop() = 0;
  // {queue_depth, batches, units, failed_batches, last_batch, writer: "running"|"stopped: <why>"} for metrics and readiness.
  virtual Value condition() const = 0;
};

}  // namespace anlan::app
