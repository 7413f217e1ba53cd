// Scenarios: the test language that is a feature. A scenario runs against real definitions and real use cases with a
// simulated clock and an empty store; an insurer rehearses its own rules with it ("would we have reported in time?").
#pragma once
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/platform.h"

namespace anlan::app {

using StoreFactory = std::function<Result<std::unique_ptr<Store>>(const Clock&)>;

struct Scenario {
  std::string name, file;
  std::vector<std::string> covers;  // requirement ids
  Value document;                   // as parsed; scalars that look like times are strings
};

struct Rehearsal {
  bool passed = true;
  std::vector<std::string> failures;  // "step 3 (act close): expected ..., got ..."
  std::set<std::string> touched;      // "incident", "incident/close": processes and actions that ran or were refused
};

// The organisation in which scenarios play, decoded once: register -> rows.
class Stage {
 public:
  // `world` is {records: {register: [{id, fields, state?}]}, parameters?: {key: value}}. Errors name the record.
  static Result<Stage> make(std::shared_ptr<const engine::Definitions>, const std::vector<Value>& worlds);
  Rehearsal play(const Scenario&, const StoreFactory&) const;
  // Puts the organisation into an empty store, as of `at`.
  Status set_up(Store&, Instant at) const;
  // The same stage under other definitions (a mutant): rows are kept as decoded.
  Stage with(std::shared_ptr<const engine::Definitions>) const;

 private:
  std::shared_ptr<const engine::Definitions> definitions_;
  std::shared_ptr<const std::vector<RecordRow>> rows_;
};

// A step of a scenario ({open: ...}, {act: ...}, {answer: ...}, {alert: ...}, ...) at its time.
struct TimedStep {
  Instant at;
  std::string where;   // for messages: file and story
  Value step;
};
// Plays steps, ordered by time, on a store that stands already; what falls due between them fires at its own time, and
// so until `end`. Stops at the first step that fails: Code::invalid with its place.
Status play_steps(std::shared_ptr<const engine::Definitions>, Store&, const std::vector<TimedStep>&, Instant end);

// Checks a scenario document's own form. Code::invalid with the place.
Result<Scenario> scenario_from(const Value& document, const std::string& file);

// One deliberate weakening of a rule, and the definitions with it.
struct Mutant {
  std::string id;      // stable: "incident/close/guard:recovery_not_confirmed/drop"
  std::string where;   // file:line:column of the rule
  std::string what;    // in words
  std::string touches; // scenarios that touched this ("incident/close" or "incident") are to be run again
  std::vector<std::string> req;
  std::function<std::shared_ptr<const engine::Definitions>()> make;  // null result: the change does not compile, no mutant
};
std::vector<Mutant> mutants(std::shared_ptr<const engine::Definitions>);

}  // namespace anlan::app
