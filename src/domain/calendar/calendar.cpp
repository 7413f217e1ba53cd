#include "domain/calendar/calendar.h"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace anlan::calendar {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr int closed = 0;   // kinds of day: 0 closed, 1..7 that weekday, 8 made up
constexpr int made_up = 8;

constexpr Day first_covered{date::sys_days{date::year{1990} / 1 / 1}.time_since_epoch().count()};
constexpr Day last_covered{date::sys_days{date::year{2100} / 12 / 31}.time_since_epoch().count()};

std::vector<Hours> cleaned(std::vector<Hours> all) {
  std::vector<Hours> out;
  for (Hours& h : all) h = {std::clamp(h.from, 0, 1440), std::clamp(h.to, 0, 1440)};
  std::sort(all.begin(), all.end(), [](Hours a, Hours b) { return a.from < b.from; });
  for (Hours h : all) {
    if (h.from >= h.to) continue;
    if (!out.empty() && h.from <= out.back().to)
      out.back().to = std::max(out.back().to, h.to);
    else
      out.push_back(h);
  }
  return out;
}

Status check_hours(const std::vector<Hours>& hours, const std::string& field) {
  if (hours.empty()) return fail(Code::invalid, "a workday without hours: leave the weekday out", field);
  int until = 0;
  for (Hours h : hours) {
    if (h.from < 0 || h.to > 1440 || h.from >= h.to)
      return fail(Code::invalid, "hours must lie inside 00:00-24:00 and end after they begin", field);
    if (h.from < until) return fail(Code::invalid, "hours must be sorted and must not overlap: " + format(h), field);
    until = h.to;
  }
  return {};
}

}  // namespace

// Two prefix sums over all covered days answer every question by subtraction or by binary search. 7 bytes a day.
struct WorkCalendar::Impl {
  Spec spec;
  std::array<std::vector<Hours>, 9> hours;      // by kind of day
  std::array<std::uint32_t, 9> seconds{};       // business seconds of a regular day of that kind
  std::vector<std::uint8_t> kind;               // of each covered day
  std::vector<std::uint32_t> open_before;       // business seconds of all earlier days; one more entry than days
  std::vector<std::uint16_t> workdays_before;   // number of workdays among all earlier days; one more entry
  // Local days begin at day_number * 24 h + shift; the shift changes only with the zone's offset.
  struct Shift { int first; std::int64_t ms; };
  std::vector<Shift> shifts;

  int days() const { return static_cast<int>(kind.size()); }

  const Shift* shift_of(int i) const {
    auto it = std::upper_bound(shifts.begin(), shifts.end(), i, [](int at, const Shift& s) { return at < s.first; });
    return &*(it == shifts.begin() ? it : it - 1);
  }
  // Start of covered day `i`; i == days() is the end of the covered years.
  std::int64_t start(int i) const { return (first_covered.number + std::int64_t{i}) * day_ms + shift_of(i)->ms; }

  // Index of the covered day that holds `t`; -1 before them, days() after them.
  int index_of(Instant t) const {
    if (t.ms < start(0)) return -1;
    if (t.ms >= start(days())) return days();
    int i = static_cast<int>((t.ms - start(0)) / day_ms);
    i = std::clamp(i, 0, days() - 1);
    while (start(i) > t.ms) --i;
    while (start(i + 1) <= t.ms) ++i;
    return i;
  }
  int index_of(Day d) const { return std::clamp(d - first_covered, -1, days()); }

  // Calls f(from, to) for each open stretch of covered day `i`, in order, until f returns false.
  template <class F>
  void stretches(int i, F f) const {
    std::int64_t begin = start(i), end = start(i + 1);
    bool regular = end - begin == day_ms;
    for (Hours h : hours[kind[i]]) {
      std::int64_t from = begin + h.from * 60'000, to = begin + h.to * 60'000;
      if (!regular) {
        // A day on which the zone changes its offset: ask the zone.
        Day d = first_covered + i;
        from = std::clamp(spec.zone.at(d, h.from).ms, begin, end);
        to = h.to == 1440 ? end : std::clamp(spec.zone.at(d, h.to).ms, begin, end);
      }
      if (from < to && !f(from, to)) return;
    }
  }

  // Business milliseconds from the start of the covered years to `t`.
  std::int64_t open_until(Instant t) const {
    int i = index_of(t);
    if (i < 0) return 0;
    std::int64_t sum = std::int64_t{open_before[i]} * 1000;
    if (i == days()) return sum;
    stretches(i, [&](std::int64_t from, std::int64_t to) {
      if (t.ms <= from) return false;
      sum += std::min(t.ms, to) - from;
      return t.ms > to;
    });
    return sum;
  }
};

Status WorkCalendar::validate(const Spec& spec) {
  if (spec.key.empty()) return fail(Code::invalid, "a calendar needs a key");
  if (spec.week.empty()) return fail(Code::invalid, "a calendar needs at least one weekday with hours", "week");
  for (const auto& [weekday, hours] : spec.week) {
    if (weekday < 1 || weekday > 7) return fail(Code::invalid, "weekdays are 1 (Monday) to 7 (Sunday)", "week");
    ANLAN_CHECK(check_hours(hours, "week"));
  }
  if (!spec.makeup_hours.empty()) ANLAN_CHECK(check_hours(spec.makeup_hours, "makeup_hours"));
  for (const auto* days : {&spec.holidays, &spec.makeup_days}) {
    if (days->empty()) continue;
    if (days->begin()->first < first_covered || days->rbegin()->first > last_covered)
      return fail(Code::invalid, fmt::format("holidays must lie between {} and {}", format(first_covered),
                                             format(last_covered)), "holidays");
  }
  for (const auto& [d, name] : spec.makeup_days)
    if (spec.holidays.contains(d))
      return fail(Code::invalid, format(d) + " is both a holiday and a make-up workday", "holidays");
  if (spec.known_until && *spec.known_until < first_covered)
    return fail(Code::invalid, "known_until lies before the covered years", "known_until");
  return {};
}

WorkCalendar::WorkCalendar(Spec given) {
  auto built = std::make_shared<Impl>();
  Impl& m = *built;
  m.spec = std::move(given);
  const Spec& spec = m.spec;
  for (const auto& [weekday, hours] : spec.week)
    if (weekday >= 1 && weekday <= 7) m.hours[weekday] = cleaned(hours);
  m.hours[made_up] = cleaned(spec.makeup_hours);
  for (int w = 1; w <= 7 && m.hours[made_up].empty(); ++w) m.hours[made_up] = m.hours[w];
  for (int k = 0; k <= made_up; ++k)
    for (Hours h : m.hours[k]) m.seconds[k] += static_cast<std::uint32_t>(h.to - h.from) * 60;

  int n = last_covered - first_covered + 1;
  m.kind.resize(n);
  for (int i = 0; i < n; ++i) {
    int w = weekday(first_covered + i);
    m.kind[i] = static_cast<std::uint8_t>(spec.week.contains(w) ? w : closed);
  }
  if (!spec.ignores_holidays) {
    for (const auto& [d, name] : spec.holidays)
      if (int i = m.index_of(d); i >= 0 && i < n) m.kind[i] = closed;
    for (const auto& [d, name] : spec.makeup_days)
      if (int i = m.index_of(d); i >= 0 && i < n) m.kind[i] = made_up;
  }

  for (int i = 0; i <= n; ++i) {
    Day d = first_covered + i;
    std::int64_t shift = spec.zone.start_of(d).ms - d.number * day_ms;
    if (m.shifts.empty() || m.shifts.back().ms != shift) m.shifts.push_back({i, shift});
  }

  m.open_before.resize(n + 1);
  m.workdays_before.resize(n + 1);
  std::size_t next = 1;  // the first shift not yet passed: the day before it is irregular
  for (int i = 0; i < n; ++i) {
    std::uint32_t open = m.seconds[m.kind[i]];
    while (next < m.shifts.size() && m.shifts[next].first <= i) ++next;
    if (next < m.shifts.size() && m.shifts[next].first == i + 1) {
      std::int64_t ms = 0;
      m.stretches(i, [&](std::int64_t from, std::int64_t to) {
        ms += to - from;
        return true;
      });
      open = static_cast<std::uint32_t>(ms / 1000);
    }
    m.open_before[i + 1] = m.open_before[i] + open;
    m.workdays_before[i + 1] = static_cast<std::uint16_t>(m.workdays_before[i] + (m.kind[i] != closed));
  }
  impl_ = std::move(built);
}

const std::string& WorkCalendar::key() const { return impl_->spec.key; }
const Zone& WorkCalendar::zone() const { return impl_->spec.zone; }
const WorkCalendar::Spec& WorkCalendar::spec() const { return impl_->spec; }

bool WorkCalendar::is_workday(Day d) const {
  int i = impl_->index_of(d);
  return i >= 0 && i < impl_->days() && impl_->kind[i] != closed;
}

bool WorkCalendar::is_open(Instant t) const {
  int i = impl_->index_of(t);
  if (i < 0 || i >= impl_->days()) return false;
  bool open = false;
  impl_->stretches(i, [&](std::int64_t from, std::int64_t to) {
    open = from <= t.ms && t.ms < to;
    return t.ms >= to;
  });
  return open;
}

bool WorkCalendar::provisional(Day d) const {
  const Spec& spec = impl_->spec;
  return !spec.ignores_holidays && spec.known_until && d > *spec.known_until;
}
bool WorkCalendar::provisional(Instant t) const { return provisional(zone().day_of(t)); }

const Text& WorkCalendar::name_of(Day d) const {
  static const Text none;
  const Spec& spec = impl_->spec;
  if (auto it = spec.makeup_days.find(d); it != spec.makeup_days.end()) return it->second;
  if (auto it = spec.holidays.find(d); it != spec.holidays.end()) return it->second;
  return none;
}

Duration WorkCalendar::business_between(Instant a, Instant b) const {
  return b <= a ? Duration{} : Duration{impl_->open_until(b) - impl_->open_until(a)};
}

Instant WorkCalendar::add_business(Instant start, Duration amount) const {
  if (amount.ms <= 0) return start;
  const Impl& m = *impl_;
  std::int64_t whole = std::int64_t{m.open_before.back()} * 1000;
  std::int64_t done = m.open_until(start);
  if (amount.ms > whole - done) return far_future;
  std::int64_t goal = done + amount.ms;
  // The day on which the goal is reached: the first whose end has at least so much behind it.
  auto it = std::lower_bound(m.open_before.begin() + 1, m.open_before.end(), goal,
                             [](std::uint32_t s, std::int64_t ms) { return std::int64_t{s} * 1000 < ms; });
  int i = static_cast<int>(it - m.open_before.begin()) - 1;
  std::int64_t rest = goal - std::int64_t{m.open_before[i]} * 1000;
  Instant at = far_future;
  m.stretches(i, [&](std::int64_t from, std::int64_t to) {
    if (rest <= to - from) {
      at = {from + rest};
      return false;
    }
    rest -= to - from;
    return true;
  });
  return at;
}

Instant WorkCalendar::subtract_business(Instant end, Duration amount) const {
  if (amount.ms <= 0) return end;
  const Impl& m = *impl_;
  std::int64_t goal = m.open_until(end) - amount.ms;  // what must lie behind the answer
  if (goal < 0) return far_past;
  // The last day that begins with no more than the goal behind it, and has hours of its own left to reach past it.
  auto it = std::upper_bound(m.open_before.begin(), m.open_before.end(), goal,
                             [](std::int64_t ms, std::uint32_t s) { return ms < std::int64_t{s} * 1000; });
  int i = static_cast<int>(it - m.open_before.begin()) - 1;
  std::int64_t rest = goal - std::int64_t{m.open_before[i]} * 1000;
  Instant at = far_past;
  m.stretches(i, [&](std::int64_t from, std::int64_t to) {
    if (rest < to - from) {
      at = {from + rest};
      return false;
    }
    rest -= to - from;
    return true;
  });
  return at;
}

Instant WorkCalendar::next_boundary(Instant t) const {
  const Impl& m = *impl_;
  Instant limit = t + anlan::days(400);
  int i = std::max(m.index_of(t), 0);
  bool inside = false;              // t lies in an open stretch, whose end so far is `until`
  std::int64_t until = 0;
  std::optional<Instant> found;
  for (; i < m.days() && m.start(i) <= limit.ms && !found; ++i) {
    m.stretches(i, [&](std::int64_t from, std::int64_t to) {
      if (inside) {
        if (from != until) found = Instant{until};
        until = to;
      } else if (from <= t.ms && t.ms < to) {
        inside = true;
        until = to;
      } else if (t.ms < from) {
        found = Instant{from};
      }
      return !found;
    });
    // Nothing of the next day can touch a stretch that ended before midnight.
    if (inside && !found && until < m.start(i + 1)) found = Instant{until};
  }
  if (inside && !found && i == m.days()) found = Instant{until};
  return found && *found <= limit ? *found : far_future;
}

Instant WorkCalendar::end_of_workday_after(Instant t, int n) const {
  const Impl& m = *impl_;
  if (n < 1) return end_of_day_after(t, 0);
  int i = m.index_of(t);
  if (i >= m.days()) return far_future;
  int goal = m.workdays_before[i + 1] + n;
  auto it = std::lower_bound(m.workdays_before.begin(), m.workdays_before.end(), goal);
  if (it == m.workdays_before.end()) return far_future;
  return {m.start(static_cast<int>(it - m.workdays_before.begin()))};
}

int WorkCalendar::workdays_between(Instant a, Instant b) const {
  const Impl& m = *impl_;
  int i = m.index_of(a), j = std::min(m.index_of(b), m.days() - 1);
  return j <= i ? 0 : m.workdays_before[j + 1] - m.workdays_before[i + 1];
}

Instant WorkCalendar::end_of_workday_before(Instant t, int n) const {
  const Impl& m = *impl_;
  if (n < 1) return end_of_day_after(t, 0);
  int j = std::min(m.index_of(t), m.days() - 1);
  int goal = m.workdays_before[j + 1] - n;  // at most this many workdays up to and including the answer's day
  if (goal < 0) return far_past;
  auto it = std::upper_bound(m.workdays_before.begin(), m.workdays_before.end(), goal);
  return {m.start(static_cast<int>(it - m.workdays_before.begin()) - 1)};
}

Instant WorkCalendar::end_of_day_after(Instant t, int n) const {
  Day d = zone().day_of(t);
  n = std::clamp(n, -1'000'000, 1'000'000);
  return zone().start_of(d + (n + 1));
}

Instant WorkCalendar::add_months(Instant t, int n) const {
  if (n == 0) return t;
  Day d = zone().day_of(t);
  int minute = zone().minute_of_day(t);
  Day to = calendar::add_months(d, n);
  Instant whole = zone().at(to, minute);
  // Seconds are kept, except where the zone skips that minute: then the first instant after the gap stands.
  if (zone().day_of(whole) != to || zone().minute_of_day(whole) != minute) return whole;
  std::int64_t within = t.ms % 60'000;
  return {whole.ms + (within < 0 ? within + 60'000 : within)};
}

std::vector<Span> unite(std::vector<Span> spans) {
  std::erase_if(spans, [](const Span& s) { return s.to && *s.to <= s.from; });
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
  std::vector<Span> out;
  for (const Span& s : spans) {
    if (out.empty() || (out.back().to && *out.back().to < s.from))
      out.push_back(s);
    else if (out.back().to)
      out.back().to = s.to ? std::optional(std::max(*out.back().to, *s.to)) : std::nullopt;
  }
  return out;
}

Duration total(const std::vector<Span>& spans, Instant now, const WorkCalendar* calendar) {
  Duration sum;
  for (const Span& s : unite(spans)) {
    if (s.from >= now) break;
    Instant to = s.to ? std::min(*s.to, now) : now;
    sum = sum + (calendar ? calendar->business_between(s.from, to) : to - s.from);
  }
  return sum;
}

std::optional<Instant> reaches(const std::vector<Span>& spans, Instant now, Duration amount,
                               const WorkCalendar* calendar) {
  if (amount.ms <= 0) return now;
  Duration rest = amount;
  for (const Span& s : unite(spans)) {
    Instant at = calendar ? calendar->add_business(s.from, rest) : s.from + rest;
    if (!s.to || at <= *s.to) {
      if (at >= far_future) return std::nullopt;
      return std::max(now, at);
    }
    rest = rest - (calendar ? calendar->business_between(s.from, *s.to) : *s.to - s.from);
  }
  return std::nullopt;
}

}  // namespace anlan::calendar
