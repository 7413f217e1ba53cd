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

// One target that held since an instant. Re-targeting appends; the last one counts from the anchor on, with all pauses
// kept; earlier ones stay on record.
struct Target {
  Instant since;                 // when this target was set (event time)
  std::int64_t amount = 0;       // milliseconds for elapsed/business, a count of days or months otherwise; may be
                                 // negative ("before" the anchor)
  Counting counting = Counting::elapsed;
  std::string calendar;          // key; empty with elapsed
};

// What is known of one clock. Everything else is derived, as of `now`: a pause that begins or a stop that lies after
// `now` has not happened yet, a pause that ends after `now` is still open.
struct Facts {
  std::optional<Instant> anchor;       // e.g. occurrence; unset: the clock is not armed
  std::vector<Target> targets;         // at least one when armed
  std::vector<calendar::Span> pauses;  // when it stood still: holds up elapsed and business time that runs forward
                                       // from the anchor; days, months and "before" targets ignore but keep them
  std::optional<Instant> stopped;      // when the duty was done
};

struct Reading {
  std::optional<Instant> due;          // null while paused or not armed, or when the calendar never gets there
  // In the clock's own counting; elapsed between instants for days and months. `used` counts from the anchor, for a
  // "before" target from the instant it was first set. `remaining` is negative when overdue.
  Duration used{}, remaining{};
  bool running = false, paused = false, stopped = false;
  bool breached = false;               // due < (stopped or now); a pause that begins after the due time hides nothing
  std::optional<Duration> late;        // elapsed time past due, when breached
  bool provisional = false;            // the due date rests on a year without statutory data
};

// `calendar` is that of the last target. Null with Counting::elapsed; with any other counting, null means natural days
// in Shanghai, which is never later than a working calendar. Pure; same facts, same now, same answer.
Reading read(const Facts&, Instant now, const calendar::WorkCalendar* calendar);
// The due instant alone. While a pause is open at `now`: nullopt.
std::optional<Instant> due(const Facts&, Instant now, const calendar::WorkCalendar* calendar);

// One stretch of the ledger that a person opens to understand a due time.
struct Entry {
  Instant from;
  std::optional<Instant> to;
  enum class Kind {
    before,        // the target is set, its anchor still lies ahead
    running, closed_hours, paused,
    overdue,       // counts on, past due
    stopped,       // the duty is done
  } kind = Kind::running;
  Duration counted{};  // what this stretch contributed
};
// The stretches from anchor (or the setting of the target, where that is earlier) to `now`, in order, without gaps;
// closed hours appear for business counting. The last one has no end: it is what holds at `now`, or the stop. The
// counted sums add up to `used`. Empty when not armed.
std::vector<Entry> ledger(const Facts&, Instant now, const calendar::WorkCalendar* calendar);

// A step of the ladder, relative to due: negative before. Each is recorded once per (clock, target version, step).
// The instant at which a step falls due.
Instant step_at(Instant due, Duration offset);

}  // namespace anlan::clock
