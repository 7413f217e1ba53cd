// The engine: ticket in, request in; new ticket, patch and effects out. Pure: no I/O, no clock but the `now` given.
// It knows the twelve words and nothing of insurance.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/engine/model.h"
#include "domain/identity/accountable.h"
#include "domain/identity/seats.h"

namespace anlan::engine {

struct ClockState {
  clock::Facts facts;
  bool armed = false;            // applies now (or is sticky and did once)
  bool withdrawn = false;        // no longer applies; kept visible
  std::optional<Instant> due;    // as last computed; null while paused or done
  std::vector<std::string> fired;  // "<target version>/<step>" of ladder steps already recorded
  bool operator==(const ClockState&) const;
};

struct TaskState {
  std::string id;                // "t3", unique within the ticket
  std::string key;               // TaskDef
  Value item;                    // of for_each
  std::vector<std::string> assignees;  // person ids; or "post:<post>@<board>"
  std::string state;             // "waiting" (in_order), "open", "done", "void"
  std::string answer;            // "agree", "disagree"
  std::string by;
  std::optional<Instant> at, due;
  std::string comment;
  Value fields;
  std::string digest;            // of the covered fields when it was made or answered
  Instant made{};
};

struct DecisionState {
  Value value;                   // what stands
  Value computed;                // what the table last gave
  std::vector<std::size_t> rows; // rows that matched
  std::optional<Instant> flips_at;  // next instant at which the computed value changes if nothing else happens
  Value flips_to;
  Instant since{};
};

struct Override {                // break-glass: two persons, reason, expiry, later review
  std::string id, action, code, reason, proposer, approver, reviewer, review;
  Instant made{};
  std::optional<Instant> expires, used, reviewed;
};

// Who acts. A machine account has no posts but those of its grant record.
struct Actor {
  std::string id;                // person id; "platform"; "machine:<name>"
  bool platform = false, machine = false;
};

struct Ticket {
  std::string number, process;
  std::int64_t shape = 1;
  std::string state;
  bool open = true, drill = false;
  std::string opener;
  Instant opened_at{}, updated_at{};
  std::optional<Instant> closed_at;
  Instant state_since{};
  Value fields;                                  // map
  identity::SeatHistory seats;        // whole history; the last of a role is its occupant
  std::map<std::string, ClockState> clocks;
  std::map<std::string, DecisionState> decisions;
  std::vector<TaskState> tasks;
  std::vector<Override> overrides;
  std::string holder;                            // the accountable person
  Text holder_why;
  std::vector<std::string> owes;
  std::int64_t version = 0;

  const std::string& occupant(std::string_view role) const;  // empty: nobody
};
Value to_value(const Ticket&);
Result<Ticket> ticket_from(const Value&);
// RFC 7396 merge patch between two such values, and its application: folding a log needs nothing else.
Value merge_diff(const Value& before, const Value& after);
Value merge_apply(const Value& before, const Value& patch);

struct Linked {
  std::string key;               // link key
  bool outgoing = true;          // this ticket is `from`
  std::string number, process, state, outcome;
  bool open = true;
  Value fields;
};

// What the engine may ask beyond the ticket: pure lookups on one snapshot.
class World {
 public:
  virtual ~World() = default;
  virtual const identity::Directory& directory() const = 0;
  virtual const Value& parameters() const = 0;                               // map of those that are set
  virtual const calendar::WorkCalendar* calendar(const std::string& key) const = 0;  // null: unknown
  virtual Value record(const std::string& reg, const std::string& id) const = 0;     // fields plus "state"; null: none
  virtual std::vector<Value> records(const std::string& reg) const = 0;      // fields plus "id"
  virtual std::vector<Linked> links(const std::string& number) const = 0;
  virtual std::int64_t open_tickets(const std::string& process, const std::string& field, const std::string& value) const = 0;
  // What is kept of a member of a plan: {since?, past: [{at, ticket}] newest first}; null: nothing yet.
  virtual Value obligation(const std::string& plan, const std::string& member) const = 0;
};

// What the use case has to carry out in the same unit of work.
struct Effect {
  EffectDef::Kind kind;
  std::string target, link, state;
  Value to;                      // evaluated
  Value values;                  // evaluated map
  std::vector<std::string> recipients;  // notify: person ids or groups
  Text text;
  std::optional<Instant> acknowledge_by;
  std::string reason;            // "clock regulator_first_report step -15m"
};
struct Timer {
  std::string name;
  Instant due;
};

struct Outcome {
  Ticket ticket;                 // as it stands after
  std::string kind;              // event kind: "ticket.opened", "ticket.acted", "ticket.fired", ...
  Value detail;                  // {action, comment, ...}; the event body is {detail, patch}
  std::vector<Effect> effects;
  std::vector<std::string> then; // platform actions to perform next on this ticket, in order (reactions)
  std::vector<Value> notes;      // further events without a patch: a clock step fired, a decision raised, an override used
};

struct Request {
  std::string action;
  Actor actor;
  Value fields;                  // given input, wire-decoded to the fields' types
  std::string comment;
  Instant now{};
  std::string as_role;           // which role, when several fit; empty: the first that fits
};

// One action as one person sees it.
struct Opening {
  std::string action;
  bool open = false;
  std::vector<Refusal> refusals; // when not open: each reason
  std::vector<std::string> roles;
};

class Engine {
 public:
  Engine(const Definitions& definitions, const World& world) : definitions_(definitions), world_(world) {}

  // Opens a ticket of the newest shape. `number` is given by the caller.
  Result<Outcome> open(const std::string& process, const Request&, const std::string& number, bool drill) const;
  // Performs an action. Errors: invalid (field, type), not_found (action), forbidden/refused with refusals.
  Result<Outcome> act(const Ticket&, const Request&) const;
  // Answers a task: "agree" | "disagree".
  Result<Outcome> answer(const Ticket&, const Actor&, const std::string& task_id, const std::string& answer,
                         const Value& fields, const std::string& comment, Instant now) const;
  // Everything due by `now`: ladder steps, decision flips. Also re-evaluates clocks, decisions and the holder (after a
  // link, record or directory change). `detail` goes into the event. No change gives an Outcome with an equal ticket.
  Result<Outcome> refresh(const Ticket&, Instant now, const std::string& kind, Value detail) const;
  // Reactions of this ticket to something outside: `key` link key with On::link_*, and so on.
  std::vector<std::string> reactions(const Ticket&, ReactionDef::On on, const std::string& key, const std::string& result,
                                     Instant now) const;
  // Break-glass.
  Result<Outcome> propose_override(const Ticket&, const Actor&, const std::string& action, const std::string& code,
                                   const std::string& reason, Duration valid_for, Instant now) const;
  Result<Outcome> approve_override(const Ticket&, const Actor&, const std::string& id, Instant now) const;
  Result<Outcome> review_override(const Ticket&, const Actor&, const std::string& id, const std::string& review, Instant now) const;

  // Every action of the process from this state: open, or closed with each reason. Fields not yet given are not counted
  // as reasons; guards that read them are.
  std::vector<Opening> openings(const Ticket&, const Actor&, Instant now) const;
  std::vector<Timer> timers(const Ticket&, Instant now) const;
  clock::Reading reading(const Ticket&, const std::string& clock, Instant now) const;
  std::vector<clock::Entry> ledger(const Ticket&, const std::string& clock, Instant now) const;
  // Per key: united spans and business time so far.
  struct StopwatchReading { std::string key; std::vector<calendar::Span> spans; Duration counted{}; bool running = false; };
  std::vector<StopwatchReading> stopwatch(const Ticket&, const std::string& key, Instant now) const;
  // Whether the actor is one of those who may take the role in this ticket; who sits there and what must stay separate
  // is not asked: that is for acting.
  bool fits_role(const Ticket&, const std::string& role, const Actor&, Instant now) const;
  // Whether a boolean program of the ticket's process holds over it now.
  bool holds_for(const Ticket&, const expr::Program&, Instant now, const Actor& actor = {"platform", true, false}) const;

 private:
  const Definitions& definitions_;
  const World& world_;
};

// Whether the action starts from that state.
bool may_start(const ProcessDef&, const ActionDef&, const std::string& state);

// The zone in which calendar years, months and days are meant: that of the installation's home calendar.
const calendar::Zone& home_zone(const World&);

// The names that expressions of a process (or a record) may use. The loader compiles against these.
expr::Scope process_scope(const ProcessDef&, const Definitions&);   // needs fields, decisions, stopwatches, parameters declared
expr::Scope record_scope(const RecordDef&, const Definitions&);
// Root slots of process_scope, in this order.
enum class Root : std::size_t { ticket, actor, now, comment, params, decisions, stopwatches, row, item, value };

// Checks a document from outside against field definitions and converts strings to typed values (timestamps, dates,
// durations). Unknown members are refused; `path` prefixes the error field.
// One line holds no control characters; a text of several lines holds no others than line ends and tabs.
bool controls(const std::string&, bool lines);
Result<Value> decode_fields(const Value& given, const std::vector<FieldDef>& fields, const std::string& path,
                            const calendar::Zone& zone);

// A simulated or real number from the pattern: "INC-{yyyy}{mm}-{seq:5}"; the sequence name is the pattern with its date
// parts filled, so that numbering restarts with them.
std::string sequence_name(const std::string& pattern, Instant now, const calendar::Zone& zone);
std::string format_number(const std::string& pattern, Instant now, const calendar::Zone& zone, std::int64_t seq);

}  // namespace anlan::engine
