#include "domain/calendar/calendar.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "domain/calendar/shipped_for_test.h"

namespace anlan::calendar {
namespace {

std::string shown(Instant t) { return format_rfc3339(t, 480); }

TEST(Days, KnowTheirWeekdayAndText) {
  EXPECT_EQ(day(1970, 1, 1).number, 0);
  EXPECT_EQ(weekday(day(1970, 1, 1)), 4);
  EXPECT_EQ(weekday(day(1969, 12, 28)), 7);
  EXPECT_EQ(weekday(day(2026, 3, 2)), 1);
  EXPECT_EQ(format(day(2026, 3, 2)), "2026-03-02");
  EXPECT_EQ(parse_day("2024-02-29"), day(2024, 2, 29));
  for (const char* wrong : {"2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "2026-01-1x", "", "2026-01-011"})
    EXPECT_EQ(parse_day(wrong), std::nullopt) << wrong;
  EXPECT_TRUE(rc::check([] {
    Day d{*rc::gen::inRange(-100'000, 100'000)};
    auto p = parts(d);
    RC_ASSERT(day(p.year, p.month, p.day) == d);
    if (p.year >= 1) RC_ASSERT(parse_day(format(d)) == d);
    RC_ASSERT(weekday(d + 1) == weekday(d) % 7 + 1);
  }));
}

TEST(Days, MonthsEndOnTheLastDayOfAShorterMonth) {
  EXPECT_EQ(add_months(day(2026, 1, 31), 1), day(2026, 2, 28));
  EXPECT_EQ(add_months(day(2024, 1, 31), 1), day(2024, 2, 29));
  EXPECT_EQ(add_months(day(2024, 2, 29), 12), day(2025, 2, 28));
  EXPECT_EQ(add_months(day(2026, 3, 31), -1), day(2026, 2, 28));
  EXPECT_EQ(add_months(day(2026, 1, 15), -1), day(2025, 12, 15));
  EXPECT_EQ(add_months(day(2025, 12, 31), 2), day(2026, 2, 28));
  EXPECT_EQ(add_months(day(2026, 5, 31), -12 * 26), day(2000, 5, 31));
}

TEST(HoursText, IsReadAndWritten) {
  EXPECT_EQ(parse_hours("08:30-18:00"), (Hours{510, 1080}));
  EXPECT_EQ(parse_hours("00:00-24:00"), Hours{});
  EXPECT_EQ(format(Hours{510, 1440}), "08:30-24:00");
  for (const char* wrong : {"8:30-18:00", "08:30-08:30", "18:00-08:30", "00:00-24:01", "08:60-09:00", "08:30", ""})
    EXPECT_EQ(parse_hours(wrong), std::nullopt) << wrong;
}

TEST(Zones, AreNamed) {
  EXPECT_EQ(Zone::named("Europe/Berlin").value().name(), "Europe/Berlin");
  EXPECT_EQ(Zone::named("Mars/Olympus").error().code, Code::invalid);
  EXPECT_EQ(Zone::named("").error().code, Code::invalid);
  EXPECT_EQ(Zone::named("../../etc/passwd").error().code, Code::invalid);
}

TEST(Zones, ShanghaiIsEightHoursEast) {
  for (const Zone& zone : {Zone::shanghai(), Zone{}}) {
    Instant t = instant("2026-03-01T16:00:00Z");
    EXPECT_EQ(zone.name(), "Asia/Shanghai");
    EXPECT_EQ(zone.day_of(t), day(2026, 3, 2));
    EXPECT_EQ(zone.day_of(t - milliseconds(1)), day(2026, 3, 1));
    EXPECT_EQ(zone.start_of(day(2026, 3, 2)), t);
    EXPECT_EQ(zone.at(day(2026, 3, 2), 510), instant("2026-03-02T08:30:00+08:00"));
    EXPECT_EQ(zone.at(day(2026, 3, 2), 1440), zone.start_of(day(2026, 3, 3)));
    EXPECT_EQ(zone.minute_of_day(instant("2026-03-02T08:30:59+08:00")), 510);
    EXPECT_EQ(zone.offset_minutes(t), 480);
  }
  EXPECT_EQ(Zone::shanghai().offset_minutes(instant("1990-07-01T00:00:00Z")), 540);
}

TEST(Zones, GapsAndOverlaps) {
  Zone zone = Zone::named("Europe/Berlin").value();
  Day spring = day(2026, 3, 29), autumn = day(2026, 10, 25);
  EXPECT_EQ(zone.start_of(spring), instant("2026-03-29T00:00:00+01:00"));
  EXPECT_EQ(zone.start_of(spring + 1), instant("2026-03-30T00:00:00+02:00"));
  EXPECT_EQ(zone.at(spring, 119), instant("2026-03-29T01:59:00+01:00"));
  EXPECT_EQ(zone.at(spring, 120), instant("2026-03-29T01:00:00Z"));
  EXPECT_EQ(zone.at(spring, 150), instant("2026-03-29T01:00:00Z"));
  EXPECT_EQ(zone.at(spring, 180), instant("2026-03-29T01:00:00Z"));
  EXPECT_EQ(zone.at(spring, 181), instant("2026-03-29T01:01:00Z"));
  EXPECT_EQ(zone.at(autumn, 150), instant("2026-10-25T02:30:00+02:00"));
  EXPECT_EQ(zone.at(autumn, 180), instant("2026-10-25T03:00:00+01:00"));
  EXPECT_EQ(zone.minute_of_day(instant("2026-10-25T01:30:00Z")), 150);
  EXPECT_EQ(zone.offset_minutes(instant("2026-10-25T00:59:59Z")), 120);
  EXPECT_EQ(zone.offset_minutes(instant("2026-10-25T01:00:00Z")), 60);
  // Midnight itself may be skipped, repeated, or a whole day may be.
  Zone paulo = Zone::named("America/Sao_Paulo").value();
  EXPECT_EQ(paulo.start_of(day(2018, 11, 4)), instant("2018-11-04T01:00:00-02:00"));
  Zone havana = Zone::named("America/Havana").value();
  EXPECT_EQ(havana.start_of(day(2024, 11, 3)), instant("2024-11-03T00:00:00-04:00"));
  Zone apia = Zone::named("Pacific/Apia").value();
  EXPECT_EQ(apia.start_of(day(2011, 12, 30)), apia.start_of(day(2011, 12, 31)));
}

TEST(Zones, FarInstantsAreHeld) {
  for (const char* name : {"Asia/Shanghai", "Europe/Berlin"}) {
    Zone zone = Zone::named(name).value();
    EXPECT_EQ(parts(zone.day_of(far_future)).year, 9999);
    EXPECT_EQ(parts(zone.day_of(far_past)).year, 1);
  }
  EXPECT_EQ(shipped().business_between(far_past, far_future),
            shipped().business_between(instant("1989-01-01T00:00:00Z"), instant("2101-02-01T00:00:00Z")));
  EXPECT_EQ(shipped().next_boundary(far_future), far_future);
  EXPECT_EQ(shipped().end_of_workday_after(far_future, 1), far_future);
  EXPECT_EQ(shipped().end_of_workday_before(far_past, 1), far_past);
  EXPECT_EQ(shipped().add_business(instant("2026-01-01T00:00:00Z"), days(40'000)), far_future);
  EXPECT_EQ(shipped().subtract_business(instant("2026-01-01T00:00:00Z"), days(40'000)), far_past);
}

TEST(ShippedCalendar, IsValidAndWhole) {
  auto spec = shipped_spec();
  EXPECT_TRUE(WorkCalendar::validate(spec).has_value());
  EXPECT_EQ(spec.holidays.size(), 619u);
  EXPECT_EQ(spec.makeup_days.size(), 150u);
  EXPECT_EQ(spec.known_until, day(2026, 12, 31));
  // Published numbers of workdays.
  auto workdays = [](int year) {
    int n = 0;
    for (Day d = day(year, 1, 1); d < day(year + 1, 1, 1); d = d + 1) n += shipped().is_workday(d);
    return n;
  };
  EXPECT_EQ(workdays(2023), 249);
  EXPECT_EQ(workdays(2024), 251);
  EXPECT_EQ(workdays(2025), 248);
}

TEST(ShippedCalendar, SpringFestival2026) {
  const WorkCalendar& cn = shipped();
  for (Day d = day(2026, 2, 15); d <= day(2026, 2, 23); d = d + 1) {
    EXPECT_FALSE(cn.is_workday(d)) << format(d);
    EXPECT_EQ(cn.name_of(d).zh, "春节");
  }
  EXPECT_TRUE(cn.is_workday(day(2026, 2, 14)));  // Saturdays made up
  EXPECT_TRUE(cn.is_workday(day(2026, 2, 28)));
  EXPECT_EQ(weekday(day(2026, 2, 14)), 6);
  EXPECT_TRUE(cn.is_workday(day(2026, 2, 24)));
  EXPECT_FALSE(cn.is_workday(day(2026, 3, 1)));
  EXPECT_TRUE(cn.name_of(day(2026, 2, 24)).empty());
  EXPECT_TRUE(cn.is_open(instant("2026-02-14T08:30:00+08:00")));
  EXPECT_FALSE(cn.is_open(instant("2026-02-14T08:29:59+08:00")));
  EXPECT_FALSE(cn.is_open(instant("2026-02-14T18:00:00+08:00")));
  EXPECT_FALSE(cn.is_open(instant("2026-02-16T10:00:00+08:00")));
  EXPECT_EQ(shown(cn.next_boundary(instant("2026-02-14T18:00:00+08:00"))), "2026-02-24T08:30:00+08:00");
  EXPECT_EQ(shown(cn.next_boundary(instant("2026-02-24T08:30:00+08:00"))), "2026-02-24T18:00:00+08:00");
  EXPECT_EQ(shown(cn.add_business(instant("2026-02-14T17:00:00+08:00"), hours(2))), "2026-02-24T09:30:00+08:00");
  EXPECT_EQ(shown(cn.subtract_business(instant("2026-02-24T09:30:00+08:00"), hours(2))), "2026-02-14T17:00:00+08:00");
  EXPECT_EQ(cn.business_between(instant("2026-02-13T00:00:00+08:00"), instant("2026-02-25T00:00:00+08:00")),
            minutes(3 * 570));
}

TEST(ShippedCalendar, NationalDay2025) {
  const WorkCalendar& cn = shipped();
  for (Day d = day(2025, 10, 1); d <= day(2025, 10, 8); d = d + 1) EXPECT_FALSE(cn.is_workday(d)) << format(d);
  EXPECT_TRUE(cn.is_workday(day(2025, 9, 28)));
  EXPECT_TRUE(cn.is_workday(day(2025, 10, 11)));
  // A09: reported on Friday 26 September, the tenth working day is Thursday 16 October.
  Instant report = instant("2025-09-26T23:59:59+08:00");
  EXPECT_EQ(cn.workdays_between(report, instant("2025-10-15T23:59:59+08:00")), 9);
  EXPECT_EQ(cn.workdays_between(report, instant("2025-10-16T00:00:00+08:00")), 10);
  // A report on Saturday 27 September would still do: that day is day 0 as well.
  EXPECT_EQ(shown(cn.end_of_workday_before(instant("2025-10-16T02:00:00+08:00"), 10)), "2025-09-28T00:00:00+08:00");
}

TEST(Readings, A09ReportDayIsDayZero) {
  const WorkCalendar& cn = shipped();
  Instant monday = instant("2026-03-02T09:00:00+08:00");
  EXPECT_EQ(cn.workdays_between(monday, instant("2026-03-02T23:00:00+08:00")), 0);
  EXPECT_EQ(cn.workdays_between(monday, instant("2026-03-03T00:00:00+08:00")), 1);
  EXPECT_EQ(cn.workdays_between(monday, instant("2026-03-06T22:00:00+08:00")), 4);
  // A start on a Saturday or Sunday needs the Nth working day to have come already.
  EXPECT_EQ(cn.workdays_between(monday, instant("2026-03-07T22:00:00+08:00")), 4);
  EXPECT_EQ(cn.workdays_between(monday, instant("2026-03-08T22:00:00+08:00")), 4);
  EXPECT_EQ(cn.workdays_between(monday, instant("2026-03-09T00:00:00+08:00")), 5);
  EXPECT_EQ(cn.workdays_between(instant("2026-03-09T00:00:00+08:00"), monday), 0);
  // A report made on a Saturday counts from there: Monday is the first.
  EXPECT_EQ(cn.workdays_between(instant("2026-03-07T10:00:00+08:00"), instant("2026-03-09T00:00:00+08:00")), 1);
  // The last day on which a Sunday start may still be reported two working days before: Wednesday.
  EXPECT_EQ(shown(cn.end_of_workday_before(instant("2026-03-08T22:00:00+08:00"), 2)), "2026-03-05T00:00:00+08:00");
  // Where weekend days give no working day, the latest such day is the last of them.
  EXPECT_EQ(shown(cn.end_of_workday_before(instant("2026-03-09T22:00:00+08:00"), 1)), "2026-03-09T00:00:00+08:00");
}

TEST(Readings, A10SameDayOrLastDayOfTheMonth) {
  const WorkCalendar& cn = shipped();
  EXPECT_EQ(shown(cn.add_months(instant("2026-01-31T15:20:30+08:00"), 1)), "2026-02-28T15:20:30+08:00");
  EXPECT_EQ(shown(cn.add_months(instant("2024-02-29T00:00:00+08:00"), 12)), "2025-02-28T00:00:00+08:00");
  EXPECT_EQ(shown(cn.add_months(instant("2026-03-31T23:59:59+08:00"), -1)), "2026-02-28T23:59:59+08:00");
  EXPECT_EQ(shown(cn.add_months(instant("2025-12-15T07:00:00+08:00"), 2)), "2026-02-15T07:00:00+08:00");
  EXPECT_EQ(cn.add_months(instant("2026-02-27T23:00:00Z"), 1), instant("2026-03-27T23:00:00Z"));
  // 02:30 does not exist on 29 March in Berlin; the second 02:30 of an overlap stays itself over zero months.
  EXPECT_EQ(berlin().add_months(instant("2026-02-28T02:30:10+01:00"), 1), instant("2026-03-28T02:30:10+01:00"));
  EXPECT_EQ(berlin().add_months(instant("2026-01-29T02:30:10+01:00"), 2), instant("2026-03-29T03:00:00+02:00"));
  EXPECT_EQ(berlin().add_months(instant("2026-10-25T02:30:00+01:00"), 0), instant("2026-10-25T02:30:00+01:00"));
}

TEST(Readings, A11CalendarDaysEndAtMidnight) {
  EXPECT_EQ(shown(shipped().end_of_day_after(instant("2026-02-14T10:00:00+08:00"), 3)), "2026-02-18T00:00:00+08:00");
  EXPECT_EQ(shown(shipped().end_of_day_after(instant("2024-02-28T00:00:00+08:00"), 1)), "2024-03-01T00:00:00+08:00");
  EXPECT_EQ(shown(shipped().end_of_day_after(instant("2026-12-31T23:59:59+08:00"), 0)), "2027-01-01T00:00:00+08:00");
  EXPECT_EQ(shown(shipped().end_of_day_after(instant("2026-03-02T10:00:00+08:00"), -2)), "2026-03-01T00:00:00+08:00");
}

TEST(Readings, A12EndOfTheNextWorkingDay) {
  const WorkCalendar& cn = shipped();
  // On the Friday before the festival the next working day is the made-up Saturday; on that Saturday, the 24th.
  EXPECT_EQ(shown(cn.end_of_workday_after(instant("2026-02-13T09:00:00+08:00"), 1)), "2026-02-15T00:00:00+08:00");
  EXPECT_EQ(shown(cn.end_of_workday_after(instant("2026-02-14T09:00:00+08:00"), 1)), "2026-02-25T00:00:00+08:00");
  EXPECT_EQ(shown(cn.end_of_workday_after(instant("2026-02-18T09:00:00+08:00"), 1)), "2026-02-25T00:00:00+08:00");
  EXPECT_EQ(shown(cn.end_of_workday_after(instant("2026-02-24T00:00:00+08:00"), 1)), "2026-02-26T00:00:00+08:00");
  EXPECT_EQ(shown(cn.end_of_workday_after(instant("2025-09-30T23:59:59+08:00"), 3)), "2025-10-12T00:00:00+08:00");
}

TEST(WorkCalendars, AreProvisionalBeyondTheKnownYears) {
  EXPECT_FALSE(shipped().provisional(day(2026, 12, 31)));
  EXPECT_TRUE(shipped().provisional(day(2027, 1, 1)));
  EXPECT_FALSE(shipped().provisional(instant("2026-12-31T23:59:59+08:00")));
  EXPECT_TRUE(shipped().provisional(instant("2027-01-01T00:00:00+08:00")));
  EXPECT_FALSE(around_the_clock().provisional(day(2090, 1, 1)));
  EXPECT_TRUE(shipped().is_workday(day(2027, 1, 4)));  // still counted by its weekday
}

TEST(WorkCalendars, RefuseWhatMakesNoSense) {
  auto wrong = [](auto change) {
    auto spec = shipped_spec();
    change(spec);
    auto status = WorkCalendar::validate(spec);
    return status ? std::string("accepted") : status.error().field;
  };
  EXPECT_EQ(wrong([](auto&) {}), "accepted");
  EXPECT_EQ(wrong([](auto& s) { s.week.clear(); }), "week");
  EXPECT_EQ(wrong([](auto& s) { s.week[8] = {Hours{}}; }), "week");
  EXPECT_EQ(wrong([](auto& s) { s.week[6] = {}; }), "week");
  EXPECT_EQ(wrong([](auto& s) { s.week[6] = {{60, 120}, {119, 180}}; }), "week");
  EXPECT_EQ(wrong([](auto& s) { s.week[6] = {{60, 1441}}; }), "week");
  EXPECT_EQ(wrong([](auto& s) { s.makeup_hours = {{60, 60}}; }), "makeup_hours");
  EXPECT_EQ(wrong([](auto& s) { s.makeup_days[day(2026, 10, 1)] = {}; }), "holidays");
  EXPECT_EQ(wrong([](auto& s) { s.holidays[day(1980, 10, 1)] = {}; }), "holidays");
  EXPECT_EQ(wrong([](auto& s) { s.known_until = day(1980, 10, 1); }), "known_until");
  // The constructor stays total.
  auto spec = shipped_spec();
  spec.week[6] = {{600, 2000}, {-5, 60}, {30, 90}, {100, 50}};
  WorkCalendar c(spec);
  EXPECT_EQ(c.business_between(instant("2026-03-07T00:00:00+08:00"), instant("2026-03-08T00:00:00+08:00")),
            minutes(90 + 840));
}

TEST(WorkCalendars, MakeupHoursAndIgnoredHolidays) {
  auto spec = shipped_spec();
  spec.makeup_hours = {*parse_hours("09:00-12:00")};
  WorkCalendar half(spec);
  Instant saturday = instant("2026-02-14T00:00:00+08:00");
  EXPECT_EQ(half.business_between(saturday, saturday + days(1)), hours(3));
  spec.ignores_holidays = true;
  WorkCalendar blunt(spec);
  EXPECT_FALSE(blunt.is_workday(day(2026, 2, 14)));
  EXPECT_TRUE(blunt.is_workday(day(2026, 2, 17)));
  EXPECT_FALSE(blunt.provisional(day(2030, 1, 1)));
}

TEST(WorkCalendars, AroundTheClockIsElapsedTime) {
  const WorkCalendar& always = around_the_clock();
  Instant a = instant("2026-02-13T09:00:00+08:00");
  EXPECT_EQ(always.next_boundary(a), far_future);
  EXPECT_EQ(always.add_business(a, days(1000)), a + days(1000));
  EXPECT_EQ(always.business_between(a, a + days(9000)), days(9000));
  EXPECT_TRUE(always.is_open(a));
}

TEST(WorkCalendars, DaysOfUnequalLength) {
  WorkCalendar::Spec spec = berlin_spec();
  for (int weekday = 1; weekday <= 7; ++weekday) spec.week[weekday] = {Hours{}};
  WorkCalendar whole(spec);
  auto length = [&](Day d) { return whole.business_between(spec.zone.start_of(d), spec.zone.start_of(d + 1)); };
  EXPECT_EQ(length(day(2026, 3, 29)), hours(23));
  EXPECT_EQ(length(day(2026, 10, 25)), hours(25));
  EXPECT_EQ(length(day(2026, 10, 26)), hours(24));
  // 00:00-02:30 loses the half hour that does not exist; 02:45-06:15 begins at the jump.
  Instant spring = instant("2026-03-29T00:00:00+01:00");
  EXPECT_EQ(berlin().business_between(spring, instant("2026-03-29T12:00:00+02:00")), minutes(120 + 195));
  EXPECT_EQ(berlin().next_boundary(spring), instant("2026-03-29T06:15:00+02:00"));
}

// The same questions, answered slowly from the specification.
Duration slow_between(const WorkCalendar::Spec& spec, Instant a, Instant b) {
  Duration sum;
  for (Day d = spec.zone.day_of(a) + -1; d <= spec.zone.day_of(b) + 1; d = d + 1) {
    auto week = spec.week.find(weekday(d));
    if (week == spec.week.end() && !spec.makeup_days.contains(d)) continue;
    if (spec.holidays.contains(d)) continue;
    const auto& hours = week == spec.week.end() ? spec.week.at(1) : week->second;
    for (Hours h : hours) {
      Instant from = std::max(a, spec.zone.at(d, h.from)), to = std::min(b, spec.zone.at(d, h.to));
      if (from < to) sum = sum + (to - from);
    }
  }
  return sum;
}

const WorkCalendar& some_calendar() {
  static const std::vector<const WorkCalendar*> all = {&shipped(), &berlin(), &around_the_clock()};
  return **rc::gen::elementOf(all);
}

Instant some_instant() {
  static const std::int64_t first = instant("2003-06-01T00:00:00Z").ms, last = instant("2031-06-01T00:00:00Z").ms;
  Instant t{*rc::gen::inRange<std::int64_t>(first, last)};
  // Often on a round time, where the boundaries lie.
  if (*rc::gen::arbitrary<bool>()) t.ms -= t.ms % 900'000;
  return t;
}

TEST(Properties, BusinessTimeAgreesWithTheSlowSum) {
  EXPECT_TRUE(rc::check([] {
    static const auto cn = shipped_spec(), night = berlin_spec();
    Instant a = some_instant(), b = a + milliseconds(*rc::gen::inRange<std::int64_t>(0, days(60).ms));
    RC_ASSERT(shipped().business_between(a, b) == slow_between(cn, a, b));
    RC_ASSERT(berlin().business_between(a, b) == slow_between(night, a, b));
    RC_ASSERT(around_the_clock().business_between(a, b) == b - a);
  }));
}

TEST(Properties, BusinessTimeIsAdditiveAndMonotone) {
  EXPECT_TRUE(rc::check([] {
    const WorkCalendar& c = some_calendar();
    std::vector<Instant> t = {some_instant(), some_instant(), some_instant()};
    std::sort(t.begin(), t.end());
    Duration ab = c.business_between(t[0], t[1]), bc = c.business_between(t[1], t[2]);
    RC_ASSERT(ab + bc == c.business_between(t[0], t[2]));
    RC_ASSERT((ab.ms >= 0 && ab <= t[1] - t[0]));
    RC_ASSERT((c.business_between(t[1], t[0]).ms == 0 || t[0] == t[1]));
    Instant next = t[0] + milliseconds(1);
    RC_ASSERT(c.business_between(t[0], next) == milliseconds(c.is_open(t[0]) ? 1 : 0));
  }));
}

TEST(Properties, AddBusinessIsTheInverse) {
  EXPECT_TRUE(rc::check([] {
    const WorkCalendar& c = some_calendar();
    Instant start = some_instant();
    Duration amount{*rc::gen::inRange<std::int64_t>(1, days(400).ms)};
    if (*rc::gen::arbitrary<bool>()) amount = minutes(*rc::gen::inRange(1, 3000) * 30);
    Instant end = c.add_business(start, amount);
    RC_ASSERT(c.business_between(start, end) == amount);
    RC_ASSERT(c.business_between(start, end - milliseconds(1)) < amount);  // the first such instant
    Instant back = c.subtract_business(end, amount);
    RC_ASSERT(back >= start);
    RC_ASSERT(c.business_between(back, end) == amount);
    RC_ASSERT(c.business_between(back + milliseconds(1), end) < amount);   // the last such instant
    RC_ASSERT(c.add_business(start, {}) == start);
    RC_ASSERT(c.subtract_business(start, {}) == start);
  }));
}

TEST(Properties, BoundariesAreWhereOpenChanges) {
  EXPECT_TRUE(rc::check([] {
    const WorkCalendar& c = some_calendar();
    Instant t = some_instant(), next = c.next_boundary(t);
    if (&c == &around_the_clock()) RC_SUCCEED("never closes");
    RC_ASSERT(next > t);
    RC_ASSERT(c.is_open(next) != c.is_open(t));
    RC_ASSERT(c.business_between(t, next) == (c.is_open(t) ? next - t : Duration{}));
  }));
}

TEST(Properties, WorkdayCountsAgreeWithTheDays) {
  EXPECT_TRUE(rc::check([] {
    const WorkCalendar& c = some_calendar();
    const Zone& zone = c.zone();
    Instant t = some_instant();
    int n = *rc::gen::inRange(1, 40);
    Instant due = c.end_of_workday_after(t, n);
    Day last = zone.day_of(due - milliseconds(1));
    RC_ASSERT(zone.start_of(last + 1) == due);
    RC_ASSERT(c.is_workday(last));
    int counted = 0;
    for (Day d = zone.day_of(t) + 1; d <= last; d = d + 1) counted += c.is_workday(d);
    RC_ASSERT(counted == n);
    RC_ASSERT(c.workdays_between(t, due - milliseconds(1)) == n);

    Instant before = c.end_of_workday_before(t, n);
    Instant in_time = before - milliseconds(1);
    RC_ASSERT(c.workdays_between(in_time, t) >= n);
    RC_ASSERT(c.workdays_between(before, t) < n);
    RC_ASSERT(zone.start_of(zone.day_of(before)) == before);
  }));
}

std::vector<Span> some_spans(std::int64_t range) {
  std::vector<Span> out;
  int n = *rc::gen::inRange(0, 7);
  for (int i = 0; i < n; ++i) {
    Span s{{*rc::gen::inRange<std::int64_t>(0, range)}, {}};
    if (*rc::gen::inRange(0, 8)) s.to = Instant{*rc::gen::inRange<std::int64_t>(0, range)};
    out.push_back(s);
  }
  return out;
}

bool covers(const std::vector<Span>& spans, Instant t) {
  return std::any_of(spans.begin(), spans.end(), [&](const Span& s) { return s.from <= t && (!s.to || t < *s.to); });
}

TEST(Spans, UniteIsIdempotentAndKnowsNoOrder) {
  EXPECT_TRUE(rc::check([] {
    auto spans = some_spans(40);
    auto united = unite(spans);
    RC_ASSERT(unite(united) == united);
    auto turned = spans;
    std::reverse(turned.begin(), turned.end());
    RC_ASSERT(unite(turned) == united);
    std::rotate(turned.begin(), turned.begin() + static_cast<long>(turned.size() / 2), turned.end());
    RC_ASSERT(unite(turned) == united);
    for (std::size_t i = 1; i < united.size(); ++i) RC_ASSERT((united[i - 1].to && *united[i - 1].to < united[i].from));
    for (std::int64_t t = -1; t <= 45; ++t) RC_ASSERT(covers(spans, {t}) == covers(united, {t}));
  }));
}

TEST(Spans, TouchingSpansBecomeOne) {
  Instant a{10}, b{20}, c{30};
  EXPECT_EQ(unite({{b, c}, {a, b}}), (std::vector<Span>{{a, c}}));
  EXPECT_EQ(unite({{b, std::nullopt}, {a, b}}), (std::vector<Span>{{a, std::nullopt}}));
  EXPECT_EQ(unite({{c, std::nullopt}, {a, b}}), (std::vector<Span>{{a, b}, {c, std::nullopt}}));
  EXPECT_EQ(unite({{a, std::nullopt}, {b, c}}), (std::vector<Span>{{a, std::nullopt}}));
  EXPECT_TRUE(unite({{b, b}, {c, a}}).empty());
}

TEST(Spans, TotalCountsEachMomentOnce) {
  EXPECT_TRUE(rc::check([] {
    auto spans = some_spans(40);
    std::int64_t counted = 0;
    for (std::int64_t now = 0; now <= 45; ++now) {
      RC_ASSERT(total(spans, {now}, nullptr).ms == counted);
      counted += covers(spans, {now});
    }
  }));
}

TEST(Spans, ReachesIsTheFirstInstant) {
  EXPECT_TRUE(rc::check([] {
    auto spans = some_spans(40);
    Instant now{*rc::gen::inRange<std::int64_t>(0, 45)};
    Duration amount{*rc::gen::inRange<std::int64_t>(0, 30)};
    std::optional<Instant> slow;
    for (Instant t = now; t.ms < 200 && !slow; t.ms += 1)
      if (total(spans, t, nullptr) >= amount) slow = t;
    RC_ASSERT(reaches(spans, now, amount, nullptr) == slow);
  }));
}

TEST(Spans, ReachesInBusinessTime) {
  EXPECT_TRUE(rc::check([] {
    const WorkCalendar& c = some_calendar();
    Instant base = some_instant();
    std::vector<Span> spans;
    for (const Span& s : some_spans(days(9).ms))
      spans.push_back({base + Duration{s.from.ms}, s.to ? std::optional(base + Duration{s.to->ms}) : std::nullopt});
    Instant now = base + Duration{*rc::gen::inRange<std::int64_t>(0, days(12).ms)};
    Duration amount{*rc::gen::inRange<std::int64_t>(0, days(6).ms)};
    auto at = reaches(spans, now, amount, &c);
    if (!at) {
      RC_ASSERT(total(spans, base + days(4000), &c) < amount);
    } else {
      RC_ASSERT(*at >= now);
      RC_ASSERT(total(spans, *at, &c) >= amount);
      if (*at > now) RC_ASSERT(total(spans, *at - milliseconds(1), &c) < amount);
    }
  }));
}

// A17: an outage over closing time and a relapse of the same incident add up inside the service hours.
TEST(Spans, OutageOverClosingHours) {
  std::vector<Span> outage = {{instant("2026-03-02T16:30:00+08:00"), instant("2026-03-03T09:00:00+08:00")},
                              {instant("2026-03-03T11:00:00+08:00"), std::nullopt}};
  Instant now = instant("2026-03-03T11:30:00+08:00");
  EXPECT_EQ(total(outage, now, &shipped()), minutes(90 + 30 + 30));
  EXPECT_EQ(shown(*reaches(outage, now, hours(3), &shipped())), "2026-03-03T12:00:00+08:00");
  EXPECT_EQ(reaches(outage, now, hours(2), &shipped()), now);
  outage.back().to = now;
  EXPECT_EQ(reaches(outage, now, hours(3), &shipped()), std::nullopt);
}

}  // namespace
}  // namespace anlan::calendar
