#include "domain/clock/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "domain/calendar/shipped_for_test.h"

namespace anlan::clock {
namespace {

using calendar::around_the_clock;
using calendar::berlin;
using calendar::instant;
using calendar::shipped;
using calendar::Span;
using calendar::WorkCalendar;
using Kind = Entry::Kind;

Facts clock(const char* anchor, Counting counting, std::int64_t amount) {
  Facts f;
  f.anchor = instant(anchor);
  f.targets = {{*f.anchor, amount, counting, counting == Counting::elapsed ? "" : "cn"}};
  return f;
}
std::string shown(std::optional<Instant> t) { return t ? format_rfc3339(*t, 480) : "none"; }

TEST(Clock, NotArmed) {
  Facts f;
  Instant now = instant("2026-03-02T09:00:00+08:00");
  auto r = read(f, now, nullptr);
  EXPECT_FALSE(r.due || r.running || r.paused || r.stopped || r.breached || r.late);
  EXPECT_TRUE(ledger(f, now, nullptr).empty());
  f.anchor = now;
  EXPECT_EQ(due(f, now, nullptr), std::nullopt);
}

// A13: natural hours from occurrence, day and night; the ticket may be opened when all is late already.
TEST(Clock, RegulatorHourRunsFromOccurrence) {
  Facts f = clock("2026-02-16T02:13:00+08:00", Counting::elapsed, hours(1).ms);
  f.targets[0].since = instant("2026-02-16T03:30:00+08:00");
  auto r = read(f, instant("2026-02-16T03:30:00+08:00"), nullptr);
  EXPECT_EQ(shown(r.due), "2026-02-16T03:13:00+08:00");
  EXPECT_TRUE(r.breached);
  EXPECT_EQ(*r.late, minutes(17));
  EXPECT_EQ(r.used, minutes(77));
  EXPECT_EQ(r.remaining, minutes(-17));
  EXPECT_FALSE(r.provisional);
  // Exactly at the due time nothing is breached yet.
  EXPECT_FALSE(read(f, *r.due, nullptr).breached);
  EXPECT_TRUE(read(f, *r.due + milliseconds(1), nullptr).breached);
  // A corrected occurrence moves everything.
  f.anchor = instant("2026-02-16T02:45:00+08:00");
  EXPECT_FALSE(read(f, instant("2026-02-16T03:30:00+08:00"), nullptr).breached);
}

TEST(Clock, BusinessHoursOverTheFestival) {
  Facts f = clock("2026-02-14T17:00:00+08:00", Counting::business, hours(4).ms);
  auto r = read(f, instant("2026-02-20T12:00:00+08:00"), &shipped());
  EXPECT_EQ(shown(r.due), "2026-02-24T11:30:00+08:00");
  EXPECT_EQ(r.used, hours(1));
  EXPECT_EQ(r.remaining, hours(3));
  EXPECT_TRUE(r.running);
}

TEST(Clock, PausesMoveTheDueTime) {
  Facts f = clock("2026-03-02T09:00:00+08:00", Counting::elapsed, hours(4).ms);
  f.pauses = {{instant("2026-03-02T10:00:00+08:00"), std::nullopt}};
  auto r = read(f, instant("2026-03-02T15:00:00+08:00"), nullptr);
  EXPECT_TRUE(r.paused);
  EXPECT_FALSE(r.running || r.breached);
  EXPECT_EQ(r.due, std::nullopt);
  EXPECT_EQ(r.used, hours(1));
  f.pauses[0].to = instant("2026-03-02T16:00:00+08:00");
  EXPECT_TRUE(read(f, instant("2026-03-02T15:00:00+08:00"), nullptr).paused);  // as of then it was still open
  r = read(f, instant("2026-03-02T17:00:00+08:00"), nullptr);
  EXPECT_EQ(shown(r.due), "2026-03-02T19:00:00+08:00");
  // A new target keeps the pause.
  f.targets.push_back({instant("2026-03-02T17:00:00+08:00"), hours(1).ms, Counting::elapsed, ""});
  r = read(f, instant("2026-03-02T17:00:00+08:00"), nullptr);
  EXPECT_EQ(shown(r.due), "2026-03-02T10:00:00+08:00");
  EXPECT_TRUE(r.breached);
}

TEST(Clock, APauseHidesNoBreach) {
  Facts f = clock("2026-03-02T09:00:00+08:00", Counting::elapsed, hours(1).ms);
  f.pauses = {{instant("2026-03-02T11:00:00+08:00"), std::nullopt}};
  auto r = read(f, instant("2026-03-02T12:00:00+08:00"), nullptr);
  EXPECT_TRUE(r.paused);
  EXPECT_TRUE(r.breached);
  EXPECT_EQ(*r.late, hours(2));
  EXPECT_EQ(r.due, std::nullopt);
}

TEST(Clock, StoppedIsJudgedAtTheStop) {
  Facts f = clock("2026-03-02T09:00:00+08:00", Counting::elapsed, hours(1).ms);
  f.stopped = instant("2026-03-02T09:40:00+08:00");
  Instant later = instant("2026-03-05T00:00:00+08:00");
  auto r = read(f, later, nullptr);
  EXPECT_TRUE(r.stopped);
  EXPECT_FALSE(r.running || r.breached);
  EXPECT_EQ(r.used, minutes(40));
  EXPECT_EQ(r.remaining, minutes(20));
  EXPECT_FALSE(read(f, instant("2026-03-02T09:30:00+08:00"), nullptr).stopped);
  f.stopped = instant("2026-03-02T10:00:00+08:00");
  EXPECT_FALSE(read(f, later, nullptr).breached);
  f.stopped = instant("2026-03-02T10:30:00+08:00");
  EXPECT_TRUE(read(f, later, nullptr).breached);
  EXPECT_EQ(*read(f, later, nullptr).late, minutes(30));
  // Stopped while it stood still: the stop ends the pause.
  f.pauses = {{instant("2026-03-02T09:10:00+08:00"), std::nullopt}};
  r = read(f, later, nullptr);
  EXPECT_FALSE(r.paused || r.breached);
  EXPECT_EQ(r.used, minutes(10));
  EXPECT_EQ(shown(r.due), "2026-03-02T11:20:00+08:00");
}

TEST(Clock, WorkingDaysDaysAndMonths) {
  Instant now = instant("2026-02-14T12:00:00+08:00");
  // A12 and A14.
  EXPECT_EQ(shown(due(clock("2026-02-14T09:00:00+08:00", Counting::working_days, 1), now, &shipped())),
            "2026-02-25T00:00:00+08:00");
  EXPECT_EQ(shown(due(clock("2026-02-14T09:00:00+08:00", Counting::working_days, 5), now, &shipped())),
            "2026-03-01T00:00:00+08:00");
  // A11, A10.
  EXPECT_EQ(shown(due(clock("2026-02-14T09:00:00+08:00", Counting::calendar_days, 3), now, &shipped())),
            "2026-02-18T00:00:00+08:00");
  EXPECT_EQ(shown(due(clock("2025-12-31T09:00:00+08:00", Counting::calendar_months, 2), now, &shipped())),
            "2026-02-28T09:00:00+08:00");
  // No calendar: natural days.
  EXPECT_EQ(shown(due(clock("2026-02-14T09:00:00+08:00", Counting::calendar_days, 3), now, nullptr)),
            "2026-02-18T00:00:00+08:00");
  EXPECT_EQ(shown(due(clock("2026-02-14T09:00:00+08:00", Counting::working_days, 1), now, nullptr)),
            "2026-02-16T00:00:00+08:00");
  // Pauses do not matter, used and remaining are elapsed.
  Facts f = clock("2026-02-14T09:00:00+08:00", Counting::working_days, 1);
  f.pauses = {{instant("2026-02-14T10:00:00+08:00"), std::nullopt}};
  auto r = read(f, now, &shipped());
  EXPECT_FALSE(r.paused);
  EXPECT_TRUE(r.running);
  EXPECT_EQ(r.used, hours(3));
  EXPECT_EQ(r.remaining, *r.due - now);
}

TEST(Clock, BeforeTheAnchor) {
  // "At least 10 working days before the start" (A09), a window on 16 October 2025.
  Facts f = clock("2025-10-16T02:00:00+08:00", Counting::working_days, -10);
  f.targets[0].since = instant("2025-09-20T09:00:00+08:00");
  auto r = read(f, instant("2025-09-26T09:00:00+08:00"), &shipped());
  EXPECT_EQ(shown(r.due), "2025-09-28T00:00:00+08:00");
  EXPECT_TRUE(r.running);
  EXPECT_FALSE(r.breached);
  EXPECT_EQ(r.used, days(6));
  EXPECT_EQ(r.remaining, hours(39));
  EXPECT_TRUE(read(f, instant("2025-09-28T09:00:00+08:00"), &shipped()).breached);

  Facts g = clock("2026-03-03T09:00:00+08:00", Counting::elapsed, -hours(12).ms);
  EXPECT_EQ(shown(due(g, *g.anchor, nullptr)), "2026-03-02T21:00:00+08:00");
  Facts h = clock("2026-02-24T09:30:00+08:00", Counting::business, -hours(2).ms);
  EXPECT_EQ(shown(due(h, *h.anchor, &shipped())), "2026-02-14T17:00:00+08:00");
}

TEST(Clock, NotBegunYet) {
  Facts f = clock("2026-03-03T09:00:00+08:00", Counting::elapsed, hours(2).ms);
  f.targets[0].since = instant("2026-03-02T09:00:00+08:00");
  Instant now = instant("2026-03-02T18:00:00+08:00");
  auto r = read(f, now, nullptr);
  EXPECT_FALSE(r.running || r.paused || r.breached);
  EXPECT_EQ(shown(r.due), "2026-03-03T11:00:00+08:00");
  EXPECT_EQ(r.used, Duration{});
  auto l = ledger(f, now, nullptr);
  ASSERT_EQ(l.size(), 1u);
  EXPECT_EQ(l[0].kind, Kind::before);
  l = ledger(f, instant("2026-03-03T10:00:00+08:00"), nullptr);
  ASSERT_EQ(l.size(), 2u);
  EXPECT_EQ(l[1].kind, Kind::running);
  EXPECT_EQ(l[1].from, *f.anchor);
  EXPECT_EQ(l[1].counted, hours(1));
}

TEST(Clock, ProvisionalWhereItRestsOnUnknownYears) {
  auto provisional = [](const char* anchor, Counting counting, std::int64_t amount) {
    Facts f = clock(anchor, counting, amount);
    return read(f, *f.anchor, counting == Counting::elapsed ? nullptr : &shipped()).provisional;
  };
  EXPECT_FALSE(provisional("2026-12-30T09:00:00+08:00", Counting::working_days, 1));  // due at the end of 31 December
  EXPECT_TRUE(provisional("2026-12-31T09:00:00+08:00", Counting::working_days, 1));
  EXPECT_TRUE(provisional("2027-01-05T09:00:00+08:00", Counting::working_days, -10));  // counted back from 2027
  EXPECT_FALSE(provisional("2026-12-31T09:00:00+08:00", Counting::business, hours(2).ms));
  EXPECT_TRUE(provisional("2026-12-31T17:00:00+08:00", Counting::business, hours(2).ms));
  EXPECT_FALSE(provisional("2026-12-31T17:00:00+08:00", Counting::elapsed, hours(200).ms));
  EXPECT_FALSE(provisional("2026-12-31T17:00:00+08:00", Counting::calendar_days, 3));
  EXPECT_FALSE(provisional("2026-12-31T17:00:00+08:00", Counting::calendar_months, 3));
}

TEST(Clock, LedgerTellsTheStory) {
  Facts f = clock("2026-03-02T17:00:00+08:00", Counting::business, hours(2).ms);
  f.pauses = {{instant("2026-03-02T17:30:00+08:00"), instant("2026-03-03T09:00:00+08:00")}};
  f.stopped = instant("2026-03-03T11:00:00+08:00");
  auto l = ledger(f, instant("2026-03-09T09:00:00+08:00"), &shipped());
  ASSERT_EQ(l.size(), 5u);
  EXPECT_EQ(l[0].kind, Kind::running);
  EXPECT_EQ(l[0].counted, minutes(30));
  EXPECT_EQ(l[1].kind, Kind::paused);
  EXPECT_EQ(l[1].counted, Duration{});
  EXPECT_EQ(l[2].kind, Kind::running);
  EXPECT_EQ(l[2].counted, minutes(90));
  EXPECT_EQ(shown(l[3].from), "2026-03-03T10:30:00+08:00");
  EXPECT_EQ(l[3].kind, Kind::overdue);
  EXPECT_EQ(l[3].counted, minutes(30));
  EXPECT_EQ(l[4].kind, Kind::stopped);
  EXPECT_EQ(l[4].to, std::nullopt);
  f.pauses.clear();
  f.stopped.reset();
  l = ledger(f, instant("2026-03-02T20:00:00+08:00"), &shipped());
  ASSERT_EQ(l.size(), 2u);
  EXPECT_EQ(l[1].kind, Kind::closed_hours);
  EXPECT_EQ(l[1].to, std::nullopt);
}

TEST(Clock, SenselessAmountsDoNotOverflow) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  for (auto counting : {Counting::elapsed, Counting::business, Counting::working_days, Counting::calendar_days,
                        Counting::calendar_months})
    for (auto amount : {most, least}) {
      Facts f = clock("2026-03-02T17:00:00+08:00", counting, amount);
      Instant now = *f.anchor + hours(1);
      EXPECT_EQ(read(f, now, &shipped()).due, due(f, now, &shipped()));
      EXPECT_FALSE(ledger(f, now, &shipped()).empty());
    }
}

TEST(Clock, Steps) {
  Instant t = instant("2026-03-02T17:00:00+08:00");
  EXPECT_EQ(step_at(t, minutes(-15)), instant("2026-03-02T16:45:00+08:00"));
}

struct Case {
  const WorkCalendar* calendar;  // null: elapsed
  Counting counting;
};
Case some_case() {
  static const std::vector<Case> all = {{nullptr, Counting::elapsed}, {&shipped(), Counting::business},
                                        {&berlin(), Counting::business}, {&around_the_clock(), Counting::business}};
  return *rc::gen::elementOf(all);
}
// Around the festival, the two nights on which Berlin changes its offset, and plain weeks.
Instant some_start() {
  static const std::vector<Instant> all = {instant("2026-02-13T08:00:00Z"), instant("2026-03-28T12:00:00Z"),
                                           instant("2026-10-24T12:00:00Z"), instant("2026-12-30T00:00:00Z")};
  return *rc::gen::elementOf(all) + minutes(*rc::gen::inRange(0, 2000));
}

// Walks minute by minute with random pauses, new targets and a stop, adding up what counts, and asks the clock at every
// minute, knowing only what has happened so far.
TEST(Properties, RecomputedEqualsStepped) {
  EXPECT_TRUE(rc::check([] {
    Case c = some_case();
    Facts f;
    f.anchor = some_start();
    f.targets = {{*f.anchor, minutes(*rc::gen::inRange(0, 900)).ms, c.counting, ""}};
    int length = *rc::gen::inRange(1, 2500);
    int stop = *rc::gen::inRange(0, 3) ? length + 1 : *rc::gen::inRange(0, length);
    int pause_odds = *rc::gen::inRange(0, 80), target_odds = *rc::gen::inRange(0, 8);
    auto seed = *rc::gen::arbitrary<std::uint32_t>();
    auto dice = [&seed](int sides) {
      seed = seed * 1664525u + 1013904223u;
      return static_cast<int>((seed >> 8) % static_cast<std::uint32_t>(sides));
    };

    std::vector<std::int64_t> used = {0};  // minutes counted until each minute
    std::vector<Kind> kinds;               // what each minute was
    for (int m = 0; m <= length; ++m) {
      Instant now = *f.anchor + minutes(m);
      bool paused = !f.pauses.empty() && !f.pauses.back().to;
      if (m < stop && dice(1000) < pause_odds) {
        if (paused)
          f.pauses.back().to = now;
        else
          f.pauses.push_back({now, std::nullopt});
        paused = !paused;
      }
      if (m < stop && dice(1000) < target_odds)
        f.targets.push_back({now, minutes(dice(1200)).ms, c.counting, ""});
      if (m == stop) f.stopped = now;
      bool stopped = m >= stop;
      std::int64_t amount = f.targets.back().amount / 60'000;

      auto r = read(f, now, c.calendar);
      RC_ASSERT(r.used == minutes(used[m]));
      RC_ASSERT(r.remaining == minutes(amount - used[m]));
      RC_ASSERT(r.stopped == stopped);
      RC_ASSERT((r.paused == (paused && !stopped)));
      RC_ASSERT((r.running == (!paused && !stopped)));
      RC_ASSERT(r.due == due(f, now, c.calendar));
      RC_ASSERT(r.due.has_value() == !r.paused);
      int end = std::min(m, stop);
      auto first = std::find_if(used.begin(), used.begin() + end + 1, [&](std::int64_t u) { return u >= amount; });
      auto reached = first - used.begin();  // end + 1 when not yet
      RC_ASSERT(r.breached == (reached < end));
      if (reached <= end && r.due) RC_ASSERT(*r.due == *f.anchor + minutes(reached));
      if (reached > end && r.due) RC_ASSERT((*r.due > now || stopped));
      RC_ASSERT(r.late.has_value() == r.breached);
      if (r.late) RC_ASSERT(*r.late == minutes(end - reached));

      bool open = !c.calendar || c.calendar->is_open(now);
      bool counts = !stopped && !paused && open;
      kinds.push_back(stopped ? Kind::stopped : paused ? Kind::paused : open ? Kind::running : Kind::closed_hours);
      used.push_back(used[m] + counts);

      if (m != length && dice(60) != 0) continue;
      auto entries = ledger(f, now, c.calendar);
      RC_ASSERT(!entries.empty());
      RC_ASSERT(entries.front().from == *f.anchor);
      RC_ASSERT(!entries.back().to);
      Duration sum;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const Entry& e = entries[i];
        sum = sum + e.counted;
        RC_ASSERT(e.to.has_value() == (i + 1 < entries.size()));
        if (e.to) {
          RC_ASSERT(*e.to > e.from);
          RC_ASSERT(*e.to == entries[i + 1].from);
          RC_ASSERT(e.kind != entries[i + 1].kind);
        }
        Instant to = e.to.value_or(now + milliseconds(1));
        for (Instant t = e.from; t < to; t = t + minutes(1)) {
          auto at = (t - *f.anchor).ms / 60'000;
          Kind expected = kinds[static_cast<std::size_t>(at)];
          if (expected == Kind::running && (t == now ? reached < end : at >= reached)) expected = Kind::overdue;
          RC_ASSERT(e.kind == expected);
        }
      }
      RC_ASSERT(sum == r.used);
    }
    // Read as of an earlier minute, the full facts say what was said then, under the last target.
    int m = *rc::gen::inRange(0, length + 1);
    RC_ASSERT(read(f, *f.anchor + minutes(m), c.calendar).used == minutes(used[static_cast<std::size_t>(m)]));
  }));
}

// The same at odd milliseconds, with overlapping and unsorted pauses, any counting and any sign.
TEST(Properties, LedgerAddsUpToUsed) {
  EXPECT_TRUE(rc::check([] {
    Facts f;
    Instant base = some_start();
    auto offset = [] { return Duration{*rc::gen::inRange<std::int64_t>(-days(3).ms, days(8).ms)}; };
    f.anchor = base + offset();
    auto counting = static_cast<Counting>(*rc::gen::inRange(0, 5));
    bool measured = counting == Counting::elapsed || counting == Counting::business;
    std::int64_t most = measured ? days(5).ms : 6;
    std::int64_t amount = *rc::gen::inRange<std::int64_t>(-most, most + 1);
    f.targets = {{base + offset(), amount, counting, "cn"}};
    int pauses = *rc::gen::inRange(0, 4);
    for (int i = 0; i < pauses; ++i) {
      Span s{base + offset(), std::nullopt};
      if (*rc::gen::inRange(0, 4)) s.to = base + offset();
      f.pauses.push_back(s);
    }
    if (*rc::gen::arbitrary<bool>()) f.stopped = base + offset();
    Instant now = base + offset();
    const WorkCalendar* calendar = counting == Counting::elapsed ? nullptr : &shipped();
    auto r = read(f, now, calendar);
    RC_ASSERT(r.due == due(f, now, calendar));
    RC_ASSERT(r.late.has_value() == r.breached);
    if (r.due) {
      Instant end = r.stopped ? *f.stopped : now;
      RC_ASSERT(r.breached == (*r.due < end));
      if (r.breached) RC_ASSERT(*r.late == end - *r.due);
    }
    auto entries = ledger(f, now, calendar);
    RC_ASSERT(!entries.empty());
    Duration sum;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      sum = sum + entries[i].counted;
      RC_ASSERT(entries[i].to.has_value() == (i + 1 < entries.size()));
      if (entries[i].to) RC_ASSERT((*entries[i].to == entries[i + 1].from && *entries[i].to > entries[i].from));
    }
    RC_ASSERT(sum == r.used);
    RC_ASSERT((entries.back().kind == Kind::stopped) == r.stopped);
    // A due time in the future stays where it is when nothing happens until then.
    if (r.due && !r.stopped && *r.due > now && (!f.stopped || *f.stopped > *r.due)) {
      bool quiet = true;
      for (const Span& p : f.pauses) quiet = quiet && (p.from <= now || p.from > *r.due);
      if (quiet) RC_ASSERT(due(f, *r.due, calendar) == r.due);
    }
  }));
}

}  // namespace
}  // namespace anlan::clock
