#include "domain/calendar/recurrence.h"

#include <libical/ical.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>

#include "base/text.h"

namespace anlan::calendar {
namespace {

const Day origin = day(2024, 1, 1);

icaltimetype local(Instant t, const Zone& zone) {
  const YearMonthDay d = parts(zone.day_of(t));
  const int minute = zone.minute_of_day(t);
  icaltimetype out = icaltime_null_time();
  out.year = d.year;
  out.month = d.month;
  out.day = d.day;
  out.hour = minute / 60;
  out.minute = minute % 60;
  return out;
}

icalrecurrencetype read(const std::string& rule) {
  // Otherwise a mistake in a rule could end the program.
  icalerror_set_errors_are_fatal(false);
  return icalrecurrencetype_from_string(rule.c_str());
}

struct Release {
  void operator()(icalrecur_iterator* it) const { icalrecur_iterator_free(it); }
};

// Calls `visit` with each occurrence from `from` on, in order, until it returns false.
template <class Visit>
void unroll(const std::string& rule, const Zone& zone, Instant from, Visit visit) {
  const icalrecurrencetype parsed = read(rule);
  std::unique_ptr<icalrecur_iterator, Release> it(icalrecur_iterator_new(parsed, local(zone.start_of(origin), zone)));
  if (!it) return;
  if (zone.start_of(origin) < from) icalrecur_iterator_set_start(it.get(), local(from, zone));
  for (;;) {
    const icaltimetype next = icalrecur_iterator_next(it.get());
    if (icaltime_is_null_time(next)) return;
    if (!visit(zone.at(day(next.year, next.month, next.day), next.hour * 60 + next.minute))) return;
  }
}

bool known_parts(const std::string& rule) {
  static const std::set<std::string_view> names{"INTERVAL", "UNTIL",   "BYDAY",    "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO",
                                                "BYMONTH",  "BYSETPOS", "BYHOUR", "BYMINUTE",   "WKST"};
  static const std::set<std::string_view> frequencies{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"};
  bool first = true;
  std::set<std::string_view> seen;
  for (auto part : split(rule, ';')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals + 1 == part.size()) return false;
    const auto name = part.substr(0, equals), value = part.substr(equals + 1);
    if (!seen.insert(name).second) return false;
    if (first ? name != "FREQ" || !frequencies.contains(value) : !names.contains(name)) return false;
    first = false;
  }
  return !first;
}

}  // namespace

Result<Recurrence> Recurrence::parse(const std::string& rule) {
  constexpr const char* what = "this is no recurrence of RFC 5545, e.g. FREQ=MONTHLY;BYMONTHDAY=1";
  if (!known_parts(rule)) return fail(Code::invalid, what);
  if (read(rule).freq == ICAL_NO_RECURRENCE) return fail(Code::invalid, what);
  Recurrence out(rule);
  if (!out.next_after(Zone::shanghai().start_of(origin) - milliseconds(1), Zone::shanghai()))
    return fail(Code::invalid, "no day fulfils this recurrence");
  return out;
}

std::optional<Instant> Recurrence::next_after(Instant t, const Zone& zone) const {
  std::optional<Instant> out;
  unroll(rule_, zone, t, [&](Instant at) {
    if (at <= t) return true;
    out = at;
    return false;
  });
  return out;
}

std::optional<Instant> Recurrence::last_until(Instant t, const Zone& zone) const {
  std::optional<Instant> out;
  auto look = [&](Instant from) {
    unroll(rule_, zone, from, [&](Instant at) {
      if (t < at) return false;
      out = at;
      return true;
    });
  };
  // Most rules recur within the year; the few that do not are looked for from the beginning.
  look(t - days(370));
  if (!out) look(zone.start_of(origin));
  return out;
}

std::vector<Instant> Recurrence::between(Instant after, Instant until, const Zone& zone, std::size_t most) const {
  std::vector<Instant> out;
  unroll(rule_, zone, after, [&](Instant at) {
    if (until < at || out.size() == most) return false;
    if (after < at) out.push_back(at);
    return true;
  });
  return out;
}

}  // namespace anlan::calendar
