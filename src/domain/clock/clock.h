// Deadlines as a function of what happened: recomputed from anchor, pauses and target, never accumulated.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "domain/calendar/calendar.h"

namespace anlan::clock {

// How the amount of a clock is counted.
enum class Counting { elapsed, business, working_days, calendar_days, calendar_months };

// One target that held since an instant. Re-targeting appends; the last one counts, earlier ones stay in the ledger.
struct Target {
  Instant since;                 // when this target was set (event time)
  std::int64_t amount = 0;       // milliseconds for elapsed/business, a count of days or months otherwise; may be negative ("before")
  Counting counting = Counting::elapsed;
  std::string calendar;          // key; empty with elapsed
};

// What is known of one clock. Everything else is derived.
struct Facts {
  std::optional<Instant> anchor;       // e.g. occurrence; unset: the clock is not armed
  std::vector<Target> targets;         // at least one when armed
  std::vector<calendar::Span> pauses;  // when it stood still; meaningless for days and months but kept
  std::optional<Instant> stopped;      // when the duty was done
};

struct Reading {
  std::optional<Instant> due;          // null while paused or not armed
  Duration used{}, remaining{};        // in the clock's own counting (elapsed between instants for days and months)
  bool running = false, paused = false, stopped = false, breached = false;  // breached: due < (stopped or now)
  std::optional<Duration> late;        // elapsed time past due, when breached
  bool provisional = false;            // the due date rests on a year without statutory data
};

// `calendar` null with Counting::elapsed. Pure; same facts, same now, same answer.
Reading read(const Facts&, Instant now, const calendar::WorkCalendar* calendar);
// The due instant alone. While a pause is open at `now`: nullopt.
std::optional<Instant> due(const Facts&, Instant now, const calendar::WorkCalendar* calendar);

// One stretch of the ledger that a person opens to understand a due time.
struct Entry {
  Instant from;
  std::optional<Instant> to;
  enum class Kind { before, running, closed_hours, paused, overdue, stopped } kind;
  Duration counted{};  // what this stretch contributed
};
// The stretches from anchor to `now` (or stop), in order, without gaps; closed hours appear for business counting.
std::vector<Entry> ledger(const Facts&, Instant now, const calendar::WorkCalendar* calendar);

// A step of the ladder, relative to due: negative before. Each is recorded once per (clock, target version, step).
// The instant at which a step falls due.
Instant step_at(Instant due, Duration offset);

}  // namespace anlan::clock
