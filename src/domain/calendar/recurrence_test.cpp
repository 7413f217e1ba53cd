#include "domain/calendar/recurrence.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace anlan::calendar {
namespace {

const Zone zone = Zone::shanghai();
Instant at(const char* text) { return *parse_rfc3339(text); }
Recurrence rule(const char* text) {
  auto parsed = Recurrence::parse(text);
  EXPECT_TRUE(parsed) << text;
  return *parsed;
}
std::string show(std::optional<Instant> t) { return t ? format_rfc3339(*t, 480) : "never"; }

TEST(Recurrence, MonthlyOnTheFirst) {
  auto r = rule("FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=9");
  EXPECT_EQ(show(r.next_after(at("2026-03-02T09:00:00+08:00"), zone)), "2026-04-01T09:00:00+08:00");
  EXPECT_EQ(show(r.last_until(at("2026-03-02T09:00:00+08:00"), zone)), "2026-03-01T09:00:00+08:00");
  EXPECT_EQ(show(r.next_after(at("2026-04-01T09:00:00+08:00"), zone)), "2026-05-01T09:00:00+08:00") << "strictly after";
  EXPECT_EQ(show(r.last_until(at("2026-04-01T09:00:00+08:00"), zone)), "2026-04-01T09:00:00+08:00") << "at or before";
}

TEST(Recurrence, EverySecondWeekIsTheSameForEverybody) {
  auto r = rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO");
  const Instant first = *r.next_after(at("2026-03-02T09:00:00+08:00"), zone);
  EXPECT_EQ((first - at("2024-01-01T00:00:00+08:00")).ms % days(14).ms, 0);
  EXPECT_EQ(*r.next_after(first, zone) - first, days(14));
  EXPECT_EQ(*r.last_until(first + days(13), zone), first);
  EXPECT_EQ(*r.last_until(first - milliseconds(1), zone), first - days(14));
}

TEST(Recurrence, ShortMonthsAreSkippedAndTheLastDayIsNot) {
  EXPECT_EQ(show(rule("FREQ=MONTHLY;BYMONTHDAY=31").next_after(at("2026-03-31T00:00:00+08:00"), zone)),
            "2026-05-31T00:00:00+08:00");
  EXPECT_EQ(show(rule("FREQ=MONTHLY;BYMONTHDAY=-1").next_after(at("2026-03-31T00:00:00+08:00"), zone)),
            "2026-04-30T00:00:00+08:00");
  EXPECT_EQ(show(rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29").last_until(at("2026-03-31T00:00:00+08:00"), zone)),
            "2024-02-29T00:00:00+08:00");
}

TEST(Recurrence, Between) {
  auto r = rule("FREQ=DAILY");
  const Instant a = at("2026-03-02T00:00:00+08:00");
  EXPECT_EQ(r.between(a, a + days(5), zone, 100).size(), 5u);
  EXPECT_EQ(r.between(a, a + days(5), zone, 2).size(), 2u);
  EXPECT_EQ(r.between(a, a + days(5), zone, 2).front(), a + days(1));
}

TEST(Recurrence, AnEndedRuleHasNoNext) {
  auto r = rule("FREQ=MONTHLY;UNTIL=20250101T000000");
  EXPECT_EQ(r.next_after(at("2026-03-02T00:00:00+08:00"), zone), std::nullopt);
  EXPECT_EQ(show(r.last_until(at("2026-03-02T00:00:00+08:00"), zone)), "2025-01-01T00:00:00+08:00");
}

TEST(Recurrence, RefusesWhatIsNoRule) {
  for (const char* bad : {"", "FREQ=", "MONTHLY", "BYDAY=MO;FREQ=WEEKLY", "FREQ=SECONDLY", "FREQ=WEEKLY;BYDAY=XX",
                          "FREQ=MONTHLY;BYMONTHDAY=99", "FREQ=DAILY;COUNT=3", "FREQ=DAILY;FREQ=DAILY",
                          "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"})
    EXPECT_FALSE(Recurrence::parse(bad)) << bad;
}

}  // namespace
}  // namespace anlan::calendar
