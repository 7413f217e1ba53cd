// The one accountable person of an open state.
#pragma once
#include <string>
#include <vector>

#include "domain/identity/identity.h"

namespace anlan::identity {

// What is known of the matter somebody must answer for. Every member may be empty.
struct Responsibility {
  std::string preferred;  // the person named for it
  std::string board;
  int line = 0;           // 0: any line
  std::string unit;       // empty: the board's unit
  std::vector<std::string> fallback;  // administrators, first choice first
};

struct Accountable {
  std::string person;  // empty only when nobody in reach, not even a fallback, is enabled
  Text why;
};

// The first enabled of: the person named; on duty for the board and line; the board's manager; the head of the unit;
// the heads of the units above it, nearest first; the same for the board's unit; a fallback. Never a disabled person.
// The caller resolves again whenever an account is disabled.
Accountable resolve_accountable(const Directory&, const Responsibility&, Instant now);

}  // namespace anlan::identity
