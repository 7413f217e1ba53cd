// The twelve words as data: what the loader makes of definitions/ and what the engine runs. Nothing here knows a
// process, a post or a clause by name. All programs are compiled and type-checked before they come here.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/value.h"
#include "domain/calendar/calendar.h"
#include "domain/clock/clock.h"
#include "domain/expr/expr.h"
#include "domain/identity/identity.h"

namespace anlan::engine {

// Where a rule stands and what it rests on. `where` is file:line:column for messages and for mutation.
struct Basis {
  std::vector<std::string> req;  // requirement ids; the clause follows from the first
  std::string clause;            // "9.1.5.3"; empty for rules of the house
  std::string where;
};

// ---- field ---------------------------------------------------------------------------------------------------

struct FieldDef;

struct FieldType {
  enum class Kind {
    string, text /* Markdown */, integer, number, boolean, timestamp, date, duration, choice /* closed words */,
    person, board, unit, ref /* id in a register */, ticket /* number of a ticket */, interval /* {start, end} */,
    list, table /* list of rows */, any
  } kind = Kind::string;
  std::vector<std::string> words;                // choice: in rising order where order matters
  std::map<std::string, Text> labels;            // choice: word -> label
  std::string reg;                               // ref: register
  std::string process;                           // ticket: allowed process, empty: any
  std::shared_ptr<FieldType> element;            // list
  std::vector<FieldDef> columns;                 // table
  expr::Type static_type() const;                // as expressions see it
};

struct FieldDef {
  std::string key;
  FieldType type;
  Text label, help;
  // What a text names, where that is no register: a calendar, a post, or a match of alarms. Checked when it is written.
  enum class Form { any, calendar, post, match } form = Form::any;
  std::vector<std::string> required_in;          // states that may not be entered while it is unset
  expr::Program required_when;                   // narrows required_in; empty: always
  bool required = false;                         // always (also: column of a table)
  expr::Program check;                           // must hold for the new value when set; root `value`
  Text check_else;
  expr::Program initial;                         // value at opening, if none is given
  std::string decided_by;                        // decision whose value it holds; nobody writes it by hand
  expr::Program read_when;                       // who may read it (root actor); empty: who may read the ticket
  bool indexed = false;
  Basis basis;
};

// ---- role ----------------------------------------------------------------------------------------------------

struct WhoSource {
  enum class Kind { post, duty, seat, head_of, manager_of, superior_of, person, machine, anyone } kind = Kind::anyone;
  std::string post;                              // post
  std::string seat;                              // seat, superior_of
  int line = 0;                                  // post, duty: 0 any, 1 first, 2 second
  int levels = 1;                                // superior_of
  expr::Program subject;                         // post, duty, manager_of: board id; head_of: unit id; person: id or list of ids
};
struct Difference {
  std::string seat;
  enum class By { person, post, department } by = By::person;
  Basis basis;
};
struct RoleDef {
  std::string key;
  Text title;
  std::vector<WhoSource> who;                    // alternatives
  std::vector<Difference> differs_from;          // over the whole history of the ticket
  bool internal = false;                         // employees only
  bool keeps = false;                            // once taken, only the same person acts in it until it is given on
  Basis basis;
};

// ---- guard ---------------------------------------------------------------------------------------------------

struct GuardDef {
  expr::Program condition;
  std::string code;                              // unique within its action
  Text otherwise;                                // the refusal
  std::string field;                             // where to mend it
  enum class Waiver { break_glass, exception, law } waiver = Waiver::break_glass;  // law: never waived
  Basis basis;
};

// ---- decision ------------------------------------------------------------------------------------------------

struct DecisionRow {
  expr::Program condition;
  expr::Program value;
  Text reason;
  Basis basis;
};
struct DecisionDef {
  std::string key;
  Text title;
  FieldType output;
  enum class Hit { first, priority /* greatest output word or number */, collect } hit = Hit::first;
  std::vector<DecisionRow> rows;
  expr::Program otherwise;                       // when no row matches; empty: unset
  bool raises_only = false;                      // the platform only ever raises; lowering is an action of people
  std::string into;                              // field that holds it; empty: derived only
  Basis basis;
};

// ---- clock ---------------------------------------------------------------------------------------------------

// Who is told, on a ladder step or by an effect.
struct Audience {
  std::vector<std::string> roles;                // seats of the ticket: occupant, else who may sit there
  std::vector<std::string> posts;                // holders of a post, on the ticket's board where the post is per board
};
struct LadderStep {
  Duration offset;                               // relative to due
  Audience tell;
  Text text;
  std::string action;                            // platform action that fires; empty: none
  Basis basis;
};
struct ClockDef {
  std::string key;
  Text title;
  expr::Program when;                            // applies; empty: always
  bool sticky = false;                           // once it applied it stands, whatever falls later
  expr::Program anchor;                          // timestamp
  expr::Program amount;                          // duration (elapsed, business) or int (days, months)
  clock::Counting counting = clock::Counting::elapsed;
  expr::Program calendar;                        // calendar key as string; empty with elapsed
  expr::Program pause;                           // stands still while true
  expr::Program stop;                            // done when true
  expr::Program stopped_at;                      // instant of the deed, if other than now (e.g. report.submitted_at)
  std::vector<LadderStep> ladder;
  bool regulator = false;                        // shown with occurred, discovered, level reached, due
  Basis basis;
};
// Time in which something was so, per key, over the rows of a table.
struct StopwatchDef {
  std::string key;
  Text title;
  std::string rows;                              // table field
  expr::Program key_of;                          // string per row (root `row`)
  expr::Program from, to;                        // timestamps per row; unset `to`: still running
  expr::Program where;                           // which rows count; empty: all
  expr::Program calendar;                        // calendar key per row; empty: elapsed time
  Basis basis;
};

// ---- task ----------------------------------------------------------------------------------------------------

struct TaskDef {
  std::string key;
  Text title;
  enum class Kind { approval, countersign, step, checklist } kind = Kind::approval;
  expr::Program for_each;                        // list: one task per item (root `item`); empty: one task
  std::vector<WhoSource> assignee;
  std::vector<Difference> differs_from;
  bool internal = false;
  struct Quorum {
    enum class Rule { all, any, share } rule = Rule::all;
    int answered_num = 1, answered_den = 1;      // share: at least this share of all must have answered
    int agreed_num = 1, agreed_den = 2;          // share: more than this share of the answers must agree
  } quorum;
  std::vector<std::string> covers;               // fields whose digest an approval binds; void when they change
  bool in_order = false;                         // run sheet: a step opens when the one before it is answered
  std::vector<FieldDef> fields;                  // what an answer must carry
  std::vector<GuardDef> guards;                  // on agreeing; roots item and value (the answer's fields); never waived
  std::optional<Duration> due;
  Basis basis;
};

// ---- link ----------------------------------------------------------------------------------------------------

struct LinkDef {
  std::string key;
  Text title, inverse;
  std::vector<std::string> to;                   // processes, or "record:<register>"
  bool many = true;
  std::map<std::string, expr::Program> carries;  // field of the other end -> value, when this end opens it
  Basis basis;
};

// ---- action, effect, reaction --------------------------------------------------------------------------------

struct EffectDef {
  enum class Kind { set, append, fill, open, link, record, tasks, void_tasks, notify, act } kind = Kind::set;
  expr::Program when;                            // only if; empty: always
  std::map<std::string, expr::Program> values;   // set: field -> value; append/fill: column -> value; open: carried
                                                 // fields; record: fields
  std::string target;                            // append, fill: table field; open: process; record: register;
                                                 // tasks, void_tasks: task key; act: action on linked tickets
  std::string link;                              // open, link, act: link key
  expr::Program to;                              // link: ticket number or list; record: id; fill: which rows (root `row`)
  std::string state;                             // record: life-cycle state
  Audience tell;                                 // notify
  Text text;                                     // notify; may hold {field} placeholders
  std::optional<Duration> acknowledge_within;    // notify
  Basis basis;
};
struct ActionField {
  std::string field;
  bool required = false;
};
struct ActionDef {
  std::string key;
  Text title;
  std::vector<std::string> from;                 // states; empty: this opens a ticket
  std::string to;                                // state; empty: stays
  std::vector<std::string> by;                   // roles; empty: the platform alone
  bool platform = false;                         // the platform may perform it too (reactions, ladders)
  std::vector<ActionField> fields;
  bool comment_required = false;
  std::vector<GuardDef> guards;
  std::vector<EffectDef> effects;
  bool seats = true;                             // performing it takes the seat
  std::map<std::string, expr::Program> seat_to;  // role -> person id: gives the seat on
  Basis basis;
};
struct ReactionDef {
  enum class On { link_closed, link_opened, tasks_done, alert_resolved, alert_fired, decision_raised, record_written } on;
  std::string key;                               // link key, task key, decision key, register
  std::string result;                            // tasks_done: "agreed" | "disagreed"; empty: any
  expr::Program when;
  std::string action;                            // platform action; refused quietly with an event when a guard forbids
  Basis basis;
};
struct StateDef {
  std::string key;
  Text title, hint;                              // hint: one sentence for the branch and the duty engineer
  std::string accountable;                       // role; required unless final
  std::string owes;                              // role that owes the next act; empty: the accountable one
  std::string final;                             // outcome; empty: not final
  Basis basis;
};

// ---- process -------------------------------------------------------------------------------------------------

struct ProcessDef {
  std::string key;
  Text title;
  std::string clause;
  bool draft = false;                            // shown as a draft: its own issue completes it
  std::string number;                            // "INC-{yyyy}{mm}-{seq:5}"
  std::int64_t shape = 1;                        // grows when the shape changes; a ticket keeps the shape it opened with
  std::string severity;                          // field whose choice rank is TicketRow.severity; empty: none
  expr::Program title_of;                        // title of a ticket; empty: field `title`
  int sensitivity = 0;
  std::vector<FieldDef> fields;
  std::vector<RoleDef> roles;
  std::vector<StateDef> states;                  // the first is the initial one unless the opening action says otherwise
  std::vector<ActionDef> actions;
  std::vector<DecisionDef> decisions;
  std::vector<ClockDef> clocks;
  std::vector<StopwatchDef> stopwatches;
  std::vector<TaskDef> tasks;
  std::vector<LinkDef> links;
  std::vector<ReactionDef> reactions;
  expr::Scope scope;                             // what its expressions were compiled against
  Basis basis;

  const FieldDef* field(std::string_view key) const;
  const RoleDef* role(std::string_view key) const;
  const StateDef* state(std::string_view key) const;
  const ActionDef* action(std::string_view key) const;
  const ActionDef* opening() const;              // the one action without `from`
  const DecisionDef* decision(std::string_view key) const;
  const ClockDef* clock(std::string_view key) const;
  const StopwatchDef* stopwatch(std::string_view key) const;
  const TaskDef* task(std::string_view key) const;
  const LinkDef* link(std::string_view key) const;
};

// ---- record, parameter ---------------------------------------------------------------------------------------

struct RecordDef {
  std::string key;                               // register
  Text title;
  std::vector<FieldDef> fields;
  std::vector<std::vector<std::string>> unique;  // each a set of fields
  std::vector<std::string> states;               // life cycle; the first is initial; empty: "active"
  std::vector<std::string> maintain;             // posts that may write it directly; empty: only actions and imports
  std::vector<GuardDef> guards;                  // on every write; roots record, before, actor, now
  expr::Program retain_until;                    // timestamp; not erased before
  expr::Program label;                           // how lists name one; empty: field `name` or the id
  expr::Scope scope;
  Basis basis;
  const FieldDef* field(std::string_view key) const;
};

struct ParameterDef {
  std::string key;
  Text title;
  FieldType type;
  std::optional<Value> initial;                  // none where the text leaves a blank: the module waits until it is set
  std::optional<Value> min, max;                 // the standard's figure is the bound: may be tightened, never loosened
  bool own_choice = false;                       // proposed by the product, not by the text
  std::string approval_post;                     // whose recorded approval a change needs; empty: an administrator's act
  Basis basis;
};

// ---- plan, measure, report -----------------------------------------------------------------------------------

struct PlanDef {
  std::string key;
  Text title;
  std::string population;                        // register; empty: once for the whole organisation
  expr::Program member_when;                     // root `record`; empty: every record of the register
  std::string process;                           // the qualifying (or generated) ticket
  expr::Program qualifies;                       // root ticket; over a closed ticket of the process
  std::string member_field;                      // field of the ticket that names the member
  enum class Within { calendar_year, months, recurrence } within = Within::calendar_year;
  int months = 12;
  std::string rrule;                             // recurrence: RFC 5545 RRULE
  std::map<std::string, expr::Program> opens_with;  // recurrence: fields of the generated ticket (root record)
  std::vector<Duration> warn;                    // before due
  Audience tell;
  Basis basis;
};

struct MeasureDef {
  std::string key;
  Text title;
  std::string process;
  expr::Program subject;                         // string; empty: one subject "all"
  enum class Period { month, quarter, year } period = Period::month;
  std::string on;                                // "opened", "closed" or an action key
  expr::Program counts;                          // denominator condition; empty: each
  expr::Program value;                           // number, or bool for a share
  enum class Fold { count, sum, mean, share } fold = Fold::count;
  std::optional<double> target;
  bool target_at_least = true;
  std::string unit;                              // "min", "%", ...
  Basis basis;
};

// Where the placeholder ends whose { stands at `begin`: the index of its }. The expression may itself hold braces and
// quoted text. npos: it does not end.
std::size_t placeholder_end(std::string_view text, std::size_t begin);

struct ReportDef {
  std::string key;
  Text title;
  std::string process;
  struct Section {
    Text title;
    Text text;                                   // with {expression} placeholders, each compiled
    std::vector<std::pair<std::string, expr::Program>> parts;  // placeholder source -> program
  };
  std::vector<Section> sections;
  std::string drafted_by, approved_by;           // roles of the process; must differ; empty only where `public_while` stands
  expr::Program public_while;                    // bool; while it holds of an open ticket the report is read without a login
  Basis basis;
};

// ---- correlation rules (domain/correlation runs them) --------------------------------------------------------

struct Requirement {                             // definitions/standard/
  std::string id, clause;
  Text text;                                     // our paraphrase
  std::string kind, strength;
};

// Everything that was loaded; immutable. Running tickets look up the shape they opened with.
struct Definitions {
  std::map<std::string, std::vector<std::shared_ptr<const ProcessDef>>> processes;  // key -> shapes, rising
  std::map<std::string, RecordDef> records;
  std::map<std::string, ParameterDef> parameters;
  std::map<std::string, PlanDef> plans;
  std::map<std::string, MeasureDef> measures;
  std::map<std::string, ReportDef> reports;
  std::map<std::string, calendar::WorkCalendar> calendars;
  std::map<std::string, Requirement> requirements;
  std::vector<identity::Post> posts;
  std::vector<identity::Incompatibility> incompatibilities;
  std::map<std::string, Value> extra;            // files of other rooms by path (correlation, seeds), as plain values

  const ProcessDef* process(std::string_view key, std::int64_t shape = 0) const;  // 0: the newest
};

}  // namespace anlan::engine
