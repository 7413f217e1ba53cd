// The shipped working calendar for tests of the pure rooms, which have no YAML reader: reads the regular form in which
// tools/import-holidays writes the holiday table. Tests run from the top folder.
#pragma once
#include <fstream>
#include <stdexcept>
#include <string>

#include "base/text.h"
#include "domain/calendar/calendar.h"

namespace anlan::calendar {

inline Instant instant(std::string_view rfc3339) {
  auto t = parse_rfc3339(rfc3339);
  if (!t) throw std::runtime_error("no instant: " + std::string(rfc3339));
  return *t;
}

inline Day date_of(std::string_view text) {
  auto d = parse_day(text);
  if (!d) throw std::runtime_error("no date: " + std::string(text));
  return *d;
}

inline WorkCalendar::Spec shipped_spec() {
  WorkCalendar::Spec spec;
  spec.key = "cn";
  for (int weekday = 1; weekday <= 5; ++weekday) spec.week[weekday] = {*parse_hours("08:30-18:00")};
  std::ifstream file("definitions/calendars/cn-holidays.yaml");
  if (!file) throw std::runtime_error("run the tests from the top folder");
  std::string line, year;
  std::map<Day, Text>* into = nullptr;
  while (std::getline(file, line)) {
    auto indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    std::string_view body = std::string_view(line).substr(indent);
    auto colon = body.find(": ");
    std::string key(body.substr(0, colon == std::string_view::npos ? body.size() - 1 : colon));
    if (key == "known_until") spec.known_until = date_of(body.substr(colon + 2));
    if (indent == 6 && colon == std::string_view::npos) year = key;
    if (indent == 8) into = key == "off" ? &spec.holidays : &spec.makeup_days;
    if (indent != 10) continue;
    auto open = body.find('['), close = body.find(']');
    for (auto item : split(body.substr(open + 1, close - open - 1), ',')) {
      item = trim(item);
      Day first = date_of(year + "-" + std::string(item.substr(0, 5)));
      Day last = item.size() > 5 ? date_of(year + "-" + std::string(item.substr(7))) : first;
      for (Day d = first; d <= last; d = d + 1) into->emplace(d, Text{key, {}});
    }
  }
  return spec;
}

inline const WorkCalendar& shipped() {
  static const WorkCalendar calendar(shipped_spec());
  return calendar;
}

inline const WorkCalendar& around_the_clock() {
  static const WorkCalendar calendar = [] {
    WorkCalendar::Spec spec;
    spec.key = "always";
    for (int weekday = 1; weekday <= 7; ++weekday) spec.week[weekday] = {Hours{}};
    spec.ignores_holidays = true;
    return WorkCalendar(spec);
  }();
  return calendar;
}

// Night shifts over the hours that Berlin skips and repeats.
inline WorkCalendar::Spec berlin_spec() {
  WorkCalendar::Spec spec;
  spec.key = "berlin";
  spec.zone = Zone::named("Europe/Berlin").value();
  for (int weekday : {1, 2, 4, 6, 7})
    spec.week[weekday] = {*parse_hours("00:00-02:30"), *parse_hours("02:45-06:15"), *parse_hours("22:00-24:00")};
  return spec;
}

inline const WorkCalendar& berlin() {
  static const WorkCalendar calendar(berlin_spec());
  return calendar;
}

}  // namespace anlan::calendar
