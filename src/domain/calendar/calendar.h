// Working calendars: statutory holidays, make-up workdays (调休), business hours, calendar months. Pure.
// A zone matters here and in display only. The engine and the clocks ask these questions and no others.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace anlan::calendar {

// A local calendar day: days since 1970-01-01.
struct Day {
  std::int32_t number = 0;
  auto operator<=>(const Day&) const = default;
  Day operator+(int n) const { return {number + n}; }
  int operator-(Day o) const { return number - o.number; }
};
Day day(int year, int month, int day_of_month);  // pre: a real date
struct YearMonthDay { int year, month, day; };
YearMonthDay parts(Day);
int weekday(Day);                                 // 1 Monday .. 7 Sunday
std::string format(Day);                          // 2026-03-02
std::optional<Day> parse_day(std::string_view);   // nullopt when malformed or no real date
Day add_months(Day, int months);                  // to the same day, or the last day of a shorter month (reading A10)

// A time zone by IANA name, read from the system's tz database (Debian package tzdata). Cheap to copy, thread-safe.
// Transitions are known up to 2037; later years keep the last offset.
class Zone {
 public:
  // Code::invalid for a name the database does not hold, Code::unavailable when there is no database.
  static Result<Zone> named(std::string_view iana);
  // Never fails: without a database, UTC+8 all year, which is what Shanghai has kept since 1992. A default Zone is this
  // fixed form too.
  static Zone shanghai();
  Day day_of(Instant) const;                      // instants outside the years 1..9999 count as the nearest of them
  Instant start_of(Day) const;                    // the first instant of that local day
  Instant at(Day, int minute_of_day) const;       // 0..1440; in a gap of the zone, the first instant after
                                                  // it; in an overlap, the earlier reading
  int minute_of_day(Instant) const;
  int offset_minutes(Instant) const;              // east of UTC
  const std::string& name() const;

 private:
  const void* zone_ = nullptr;                    // an entry of the tz database, which lives as long as the process
  std::string name_ = "Asia/Shanghai";
};

// Minutes of a local day [from, to), 0 <= from < to <= 1440.
struct Hours { int from = 0, to = 1440; bool operator==(const Hours&) const = default; };
std::optional<Hours> parse_hours(std::string_view);  // "08:30-18:00", end up to 24:00; nullopt when malformed or empty
std::string format(Hours);                           // 08:30-18:00

// Immutable once built; thread-safe; cheap to copy. A calendar covers the local days 1990-01-01 to 2100-12-31 and is
// closed outside them, so that a far instant costs nothing. Every question is O(log days).
class WorkCalendar {
 public:
  struct Spec {
    std::string key;
    Text title, holidays_title;                   // as people read them; no rule rests on them
    Zone zone = Zone::shanghai();
    std::map<int, std::vector<Hours>> week;       // weekday 1..7 -> hours; an absent weekday is no workday
    std::vector<Hours> makeup_hours;              // on a make-up workday; empty: those of the week's first workday
    std::map<Day, Text> holidays;                 // day -> name
    std::map<Day, Text> makeup_days;              // wins over a holiday of the same day
    std::optional<Day> known_until;               // beyond it dates are provisional (no statutory data yet)
    bool ignores_holidays = false;                // e.g. 7x24: holidays are as other days
  };
  // What a definition must hold: a key, weekdays 1..7 with hours, hours inside the day that do not overlap, no day both
  // off and made up, days inside the covered years, known_until not before them. Code::invalid names the first breach.
  static Status validate(const Spec&);
  // Total: hours that break validate() are cut to the day and united.
  explicit WorkCalendar(Spec);

  const std::string& key() const;
  const Zone& zone() const;
  const Spec& spec() const;                       // what it was made of
  bool is_workday(Day) const;
  bool is_open(Instant) const;                    // inside business hours
  bool provisional(Day) const;                    // rests on a year without statutory data
  bool provisional(Instant) const;
  // The name of the holiday or make-up workday, or an empty text; also where the calendar ignores holidays.
  const Text& name_of(Day) const;

  // Business time inside [a, b); 0 when b <= a.
  Duration business_between(Instant a, Instant b) const;
  // The first instant by which `amount` of business time has passed since `start` (amount >= 0); far_future if never.
  // With amount 0: `start` itself.
  Instant add_business(Instant start, Duration amount) const;
  // The last instant from which `amount` of business time passes before `end` (amount >= 0); far_past if never.
  // With amount 0: `end` itself.
  Instant subtract_business(Instant end, Duration amount) const;
  // The next change between open and closed strictly after `t`; far_future when there is none within 400 days.
  Instant next_boundary(Instant t) const;

  // End of the nth working day after the day of `t` (reading A12: "within one working day after"): the last instant
  // before midnight, exclusive end, i.e. the start of the following day. With n < 1, the end of the day of `t`.
  // far_future when the covered years end.
  Instant end_of_workday_after(Instant t, int n) const;
  // Reading A09 "at least n working days before": the report day is day 0, the start is allowed on the nth working day
  // after it or later. Number of working days after the day of `a` up to and including the day of `b`; 0 if b's day
  // is not after a's day.
  int workdays_between(Instant a, Instant b) const;
  // The latest day d with workdays_between(d, t) >= n, as the end (exclusive) of that day: due time of a report that
  // must precede t by n working days. With n < 1, the end of the day of `t`. far_past when the covered years end.
  Instant end_of_workday_before(Instant t, int n) const;
  // End (exclusive) of the nth calendar day after the day of `t` (reading A11); n may be negative.
  Instant end_of_day_after(Instant t, int n) const;
  // Same local time of day `n` calendar months later (n may be negative), clamped to the month's last day (A10).
  Instant add_months(Instant t, int n) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

// Holds from..to, half open; `to` unset while it runs.
struct Span {
  Instant from;
  std::optional<Instant> to;
  bool operator==(const Span&) const = default;
};
// Sorted, disjoint union of the spans; touching spans become one, an open span swallows what follows. Empty and
// reversed spans vanish.
std::vector<Span> unite(std::vector<Span> spans);
// Business time of the united spans up to `now`. `calendar` null: elapsed time.
Duration total(const std::vector<Span>& spans, Instant now, const WorkCalendar* calendar);
// The first instant >= now at which total() reaches `amount` if nothing else happens: `now` when it already has;
// nullopt when it never will, because no span runs on or its calendar stays closed.
std::optional<Instant> reaches(const std::vector<Span>& spans, Instant now, Duration amount,
                               const WorkCalendar* calendar);

}  // namespace anlan::calendar
