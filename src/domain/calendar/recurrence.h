// Recurrences of RFC 5545, read and unrolled by libical. They are counted from Monday 2024-01-01, 00:00 in the zone
// asked for: every second week is the same second week for everybody. Immutable, cheap to copy, thread-safe.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "domain/calendar/calendar.h"

namespace anlan::calendar {

class Recurrence {
 public:
  // Code::invalid: no rule of RFC 5545; finer than hours; COUNT (which has no meaning without an own beginning); or a
  // rule that no day fulfils.
  static Result<Recurrence> parse(const std::string& rule);

  // The first occurrence strictly after `t`; unset when the rule has ended.
  std::optional<Instant> next_after(Instant t, const Zone&) const;
  // The last occurrence at or before `t`; unset before the first one.
  std::optional<Instant> last_until(Instant t, const Zone&) const;
  // Those in (after, until], in order; at most `most`, the earliest of them.
  std::vector<Instant> between(Instant after, Instant until, const Zone&, std::size_t most) const;

 private:
  explicit Recurrence(std::string rule) : rule_(std::move(rule)) {}
  std::string rule_;
};

}  // namespace anlan::calendar
