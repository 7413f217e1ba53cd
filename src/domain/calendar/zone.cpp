// Days and zones: the only file that knows the tz database.
#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "domain/calendar/calendar.h"

namespace anlan::calendar {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t minute_ms = 60'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

date::year_month_day civil(Day d) { return date::year_month_day{date::sys_days{date::days{d.number}}}; }

// The library's years are 16 bits wide; instants beyond a four-digit year are held at its edge.
std::int64_t held(std::int64_t ms) {
  static const std::int64_t first = day(1, 1, 2).number * day_ms;
  static const std::int64_t last = day(9999, 12, 31).number * day_ms - 1;
  return std::clamp(ms, first, last);
}

date::sys_seconds sys(std::int64_t ms) { return date::sys_seconds{std::chrono::seconds{floor_div(ms, 1000)}}; }

const date::time_zone* entry(const void* zone) { return static_cast<const date::time_zone*>(zone); }

// East of UTC, in milliseconds.
std::int64_t offset_of(const void* zone, Instant t) {
  if (!zone) return 8 * 60 * minute_ms;
  return entry(zone)->get_info(sys(held(t.ms))).offset.count() * 1000;
}

// `local` counts milliseconds since 1970-01-01T00:00 on the wall.
Instant resolve(const void* zone, std::int64_t local) {
  if (!zone) return {local - 8 * 60 * minute_ms};
  std::int64_t inside = held(local);
  auto info = entry(zone)->get_info(date::local_seconds{std::chrono::seconds{floor_div(inside, 1000)}});
  if (info.result == date::local_info::nonexistent) return {info.first.end.time_since_epoch().count() * 1000};
  return {local - info.first.offset.count() * 1000};
}

bool two_digits(std::string_view s, int& out) {
  if (s.size() != 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9') return false;
  out = (s[0] - '0') * 10 + (s[1] - '0');
  return true;
}

bool minutes_of(std::string_view s, int& out) {
  int h = 0, m = 0;
  if (s.size() != 5 || s[2] != ':' || !two_digits(s.substr(0, 2), h) || !two_digits(s.substr(3), m) || m > 59)
    return false;
  out = h * 60 + m;
  return out <= 1440;
}

}  // namespace

Day day(int year, int month, int day_of_month) {
  date::year_month_day d{date::year{year}, date::month{static_cast<unsigned>(month)},
                         date::day{static_cast<unsigned>(day_of_month)}};
  return {static_cast<std::int32_t>(date::sys_days{d}.time_since_epoch().count())};
}

YearMonthDay parts(Day d) {
  auto c = civil(d);
  return {static_cast<int>(c.year()), static_cast<int>(static_cast<unsigned>(c.month())),
          static_cast<int>(static_cast<unsigned>(c.day()))};
}

int weekday(Day d) { return static_cast<int>(floor_div(d.number, 7) * -7 + d.number + 3) % 7 + 1; }

std::string format(Day d) {
  auto [year, month, day_of_month] = parts(d);
  return fmt::format("{:04}-{:02}-{:02}", year, month, day_of_month);
}

std::optional<Day> parse_day(std::string_view s) {
  int century = 0, rest = 0, month = 0, dom = 0;
  if (s.size() != 10 || s[4] != '-' || s[7] != '-' || !two_digits(s.substr(0, 2), century) ||
      !two_digits(s.substr(2, 2), rest) || !two_digits(s.substr(5, 2), month) || !two_digits(s.substr(8, 2), dom))
    return std::nullopt;
  date::year_month_day d{date::year{century * 100 + rest}, date::month{static_cast<unsigned>(month)},
                         date::day{static_cast<unsigned>(dom)}};
  if (!d.ok()) return std::nullopt;
  return Day{static_cast<std::int32_t>(date::sys_days{d}.time_since_epoch().count())};
}

Day add_months(Day d, int months) {
  auto [year, month, dom] = parts(d);
  std::int64_t total = std::int64_t{year} * 12 + (month - 1) + months;
  total = std::clamp<std::int64_t>(total, 12, 9999 * 12 + 11);
  date::year_month ym{date::year{static_cast<int>(total / 12)}, date::month{static_cast<unsigned>(total % 12 + 1)}};
  unsigned last = static_cast<unsigned>((ym / date::last).day());
  return day(static_cast<int>(ym.year()), static_cast<int>(static_cast<unsigned>(ym.month())),
             static_cast<int>(std::min(static_cast<unsigned>(dom), last)));
}

Result<Zone> Zone::named(std::string_view iana) {
  try {
    date::get_tzdb();
  } catch (const std::exception& e) {
    return fail(Code::unavailable, fmt::format("no time zone database on this machine: {}", e.what()));
  }
  try {
    Zone zone;
    zone.zone_ = date::locate_zone(iana);
    // The entry is read from its file on first use: a damaged file must fail here and not in the middle of a decision.
    entry(zone.zone_)->get_info(date::sys_seconds{});
    zone.name_ = std::string(iana);
    return zone;
  } catch (const std::exception&) {
    return fail(Code::invalid, fmt::format("unknown time zone \"{}\"", iana));
  }
}

Zone Zone::shanghai() {
  static const Zone zone = named("Asia/Shanghai").value_or(Zone{});
  return zone;
}

Day Zone::day_of(Instant t) const {
  std::int64_t ms = held(t.ms);
  return {static_cast<std::int32_t>(floor_div(ms + offset_of(zone_, {ms}), day_ms))};
}

Instant Zone::start_of(Day d) const { return resolve(zone_, d.number * day_ms); }

Instant Zone::at(Day d, int minute_of_day) const {
  return resolve(zone_, d.number * day_ms + minute_of_day * minute_ms);
}

int Zone::minute_of_day(Instant t) const {
  std::int64_t local = held(t.ms) + offset_of(zone_, t);
  return static_cast<int>((local - floor_div(local, day_ms) * day_ms) / minute_ms);
}

int Zone::offset_minutes(Instant t) const { return static_cast<int>(floor_div(offset_of(zone_, t), minute_ms)); }

const std::string& Zone::name() const { return name_; }

std::optional<Hours> parse_hours(std::string_view s) {
  Hours h;
  if (s.size() != 11 || s[5] != '-' || !minutes_of(s.substr(0, 5), h.from) || !minutes_of(s.substr(6), h.to) ||
      h.from >= h.to)
    return std::nullopt;
  return h;
}

std::string format(Hours h) {
  return fmt::format("{:02}:{:02}-{:02}:{:02}", h.from / 60, h.from % 60, h.to / 60, h.to % 60);
}

}  // namespace anlan::calendar
