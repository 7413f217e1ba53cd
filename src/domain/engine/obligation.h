// How a member of a plan stands: a function of when it was last satisfied and of the moment of asking. Nothing is
// accumulated, so an obligation that was met falls due again by itself when its time has passed.
#pragma once
#include <optional>
#include <string>

#include "domain/engine/engine.h"

namespace anlan::engine {

// What is known of one member. `since`: when it came under the plan (unset: not seen yet, it counts from `now`).
struct Fulfilment {
  std::optional<Instant> since, last;
};

struct Standing {
  enum class State { pending /* neither met nor near */, met, due_soon /* inside the longest warning */, overdue };
  State state = State::pending;
  bool met = false;              // satisfied for the time being; may be so although the next one is due soon
  Instant due{};                 // when the next one must be there; exclusive end
  std::optional<Instant> until;  // met: the instant from which it is met no more
  std::string period;            // what the due time stands for: "2026" or the day it falls on
};
const char* name(Standing::State);

// calendar_year: met in the years in which it was satisfied; due at the end of the year after that one, or of the year
// in which the member came. months: met for so many calendar months, due when they are over (reading A10). recurrence:
// met until the next occurrence; what opens at one occurrence is due by the next. A rule that has ended is due never
// (far_future).
Standing standing(const PlanDef&, const Fulfilment&, Instant now, const calendar::Zone&);

// What the store keeps of a member: {since?, past: [{at, ticket}], newest first}.
Fulfilment fulfilment_from(const Value&);

}  // namespace anlan::engine
