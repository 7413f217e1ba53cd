// The seats of one ticket: who sat where, and who may still sit where. Pure and thread-safe.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "domain/identity/identity.h"

namespace anlan::identity {

// One person in one role of a ticket, as it was when the seat was taken.
struct Seat {
  std::string role;
  std::string person;
  std::string post;  // in which the person sat; empty for roles that ask for none
  std::string board;
  std::string unit;  // of the person then
  Instant since{};
  std::optional<Instant> until;  // empty: still sits
  bool operator==(const Seat&) const = default;
};

// Every seat ever taken on the ticket, in order. Seats that ended stay: separation holds over the whole history.
using SeatHistory = std::vector<Seat>;

struct Difference {
  enum class By { person, post, department };
  std::string role;  // the other role; a role may differ from itself, then no two may fill it alike
  By by = By::person;
  Ground ground;
};

struct SeatRule {
  std::string role;
  Text title;
  std::vector<Difference> differs_from;
  std::optional<Ground> internal_only;  // set: internal staff only, also through delegation
};

// Why the candidate may not take the seat; empty: he may. `rules` are those of all roles of the process: a difference
// counts from both sides, whichever seat is taken first. Reasons, in this order:
// - "person_not_available": unknown or disabled;
// - "internal_only";
// - "same_person", "same_post", "same_department": a difference does not hold against a seat of the history. To differ
//   by post or department is to be another person as well. "department_unknown": a department is not recorded, so the
//   difference cannot be shown;
// - "incompatible_posts": the same person sat on this ticket in a post that excludes the candidate's, and no approved
//   exception covers the two now.
std::vector<Refusal> differs(const Directory&, const SeatHistory&, const std::vector<SeatRule>& rules,
                             const Seat& candidate, Instant now);

}  // namespace anlan::identity
