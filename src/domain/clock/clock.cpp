#include "domain/clock/clock.h"

#include <algorithm>

namespace anlan::clock {
namespace {

using calendar::Span;
using calendar::WorkCalendar;

const WorkCalendar& natural_days() {
  static const WorkCalendar all = [] {
    WorkCalendar::Spec spec;
    spec.key = "natural";
    for (int weekday = 1; weekday <= 7; ++weekday) spec.week[weekday] = {calendar::Hours{}};
    spec.ignores_holidays = true;
    return WorkCalendar(std::move(spec));
  }();
  return all;
}

// The facts as of `now`, with what follows from them at once.
struct View {
  Target target;
  Instant anchor, set;                // `set`: when the first target was set
  Instant start, end;                 // counting begins; stop or now
  bool stopped = false, paused = false;
  bool measured = false;              // time that runs forward and can be held up, not dates and not "before"
  const WorkCalendar* hours = nullptr;  // business hours that count; null: every millisecond does
  const WorkCalendar* dates = nullptr;  // never null
  std::vector<Span> pauses;           // united; the last is open while paused
  std::vector<Span> work;             // of a measured clock: from the anchor on, without the pauses
  std::optional<Instant> due;         // also while paused, where it fell due before

  Duration count(Instant from, Instant to) const {
    if (to <= from) return {};
    return hours ? hours->business_between(from, to) : to - from;
  }
};

// Amounts come from definitions and parameters; a senseless one must not overflow.
Duration bounded(std::int64_t amount) { return {std::clamp(amount, far_past.ms, far_future.ms)}; }
int bounded_count(std::int64_t amount) { return static_cast<int>(std::clamp<std::int64_t>(amount, -100'000, 100'000)); }

std::vector<Span> work_between(Instant anchor, const std::vector<Span>& pauses) {
  std::vector<Span> out;
  Instant from = anchor;
  for (const Span& p : pauses) {
    if (p.to && *p.to <= from) continue;
    if (p.from > from) out.push_back({from, p.from});
    if (!p.to) return out;
    from = *p.to;
  }
  out.push_back({from, std::nullopt});
  return out;
}

std::optional<Instant> due_of(const View& v) {
  Instant due = far_future;
  switch (v.target.counting) {
    case Counting::elapsed:
    case Counting::business: {
      Duration amount = bounded(v.target.amount);
      if (v.measured) return calendar::reaches(v.work, v.anchor, amount, v.hours);
      due = v.hours ? v.hours->subtract_business(v.anchor, -amount) : v.anchor + amount;
      break;
    }
    case Counting::working_days: {
      int n = bounded_count(v.target.amount);
      due = n < 0 ? v.dates->end_of_workday_before(v.anchor, -n) : v.dates->end_of_workday_after(v.anchor, n);
      break;
    }
    case Counting::calendar_days:
      due = v.dates->end_of_day_after(v.anchor, bounded_count(v.target.amount));
      break;
    case Counting::calendar_months:
      due = v.dates->add_months(v.anchor, bounded_count(v.target.amount));
      break;
  }
  if (due >= far_future || due <= far_past) return std::nullopt;
  return due;
}

std::optional<View> view(const Facts& facts, Instant now, const WorkCalendar* calendar) {
  if (!facts.anchor || facts.targets.empty()) return std::nullopt;
  View v;
  v.target = facts.targets.back();
  v.anchor = *facts.anchor;
  v.set = facts.targets.front().since;
  v.stopped = facts.stopped && *facts.stopped <= now;
  v.end = v.stopped ? *facts.stopped : now;
  v.dates = calendar ? calendar : &natural_days();
  if (v.target.counting == Counting::business) v.hours = v.dates;
  bool forward = v.target.amount >= 0;
  v.measured = forward && (v.target.counting == Counting::elapsed || v.target.counting == Counting::business);
  v.start = forward ? v.anchor : std::min(v.anchor, v.set);
  if (v.measured) {
    for (const Span& p : facts.pauses) {
      if (p.from > v.end) continue;
      bool over = p.to && *p.to <= v.end;
      // The stop ends a pause: nothing stands still any more.
      v.pauses.push_back({p.from, over ? p.to : v.stopped ? std::optional(v.end) : std::nullopt});
    }
    v.pauses = calendar::unite(std::move(v.pauses));
    v.paused = !v.pauses.empty() && !v.pauses.back().to;
    v.work = work_between(v.anchor, v.pauses);
  }
  v.due = due_of(v);
  return v;
}

class Ledger {
 public:
  explicit Ledger(const View& v) : v_(v) {}

  std::vector<Entry> write() {
    if (v_.set < v_.start) add(v_.set, std::min(v_.start, v_.end), Entry::Kind::before, {});
    if (v_.measured) {
      Instant at = v_.start;
      for (const Span& p : v_.pauses) {
        Instant to = p.to.value_or(v_.end);
        if (to <= at) continue;
        work(at, std::min(p.from, v_.end));
        add(std::max(at, p.from), to, Entry::Kind::paused, {});
        at = std::max(at, to);
      }
      work(at, v_.end);
    } else {
      work(v_.start, v_.end);
    }
    Entry::Kind last = kind_at_end();
    if (!out_.empty() && out_.back().kind == last)
      out_.back().to.reset();
    else
      out_.push_back({v_.end, std::nullopt, last, {}});
    return std::move(out_);
  }

 private:
  void add(Instant from, Instant to, Entry::Kind kind, Duration counted) {
    if (to <= from) return;
    if (!out_.empty() && out_.back().kind == kind) {
      out_.back().to = to;
      out_.back().counted = out_.back().counted + counted;
    } else {
      out_.push_back({from, to, kind, counted});
    }
  }

  // A stretch without pause: before and after the due time, open and closed hours.
  void work(Instant from, Instant to) {
    if (v_.due && from < *v_.due && *v_.due < to) {
      work(from, *v_.due);
      work(*v_.due, to);
      return;
    }
    Entry::Kind counting = v_.due && *v_.due <= from ? Entry::Kind::overdue : Entry::Kind::running;
    while (from < to) {
      bool open = !v_.hours || v_.hours->is_open(from);
      Instant until = v_.hours ? std::min(to, v_.hours->next_boundary(from)) : to;
      add(from, until, open ? counting : Entry::Kind::closed_hours, open ? until - from : Duration{});
      from = until;
    }
  }

  Entry::Kind kind_at_end() const {
    if (v_.stopped) return Entry::Kind::stopped;
    if (v_.end < v_.start) return Entry::Kind::before;
    if (v_.paused) return Entry::Kind::paused;
    if (v_.hours && !v_.hours->is_open(v_.end)) return Entry::Kind::closed_hours;
    return v_.due && *v_.due < v_.end ? Entry::Kind::overdue : Entry::Kind::running;
  }

  const View& v_;
  std::vector<Entry> out_;
};

}  // namespace

Reading read(const Facts& facts, Instant now, const WorkCalendar* calendar) {
  Reading r;
  auto v = view(facts, now, calendar);
  if (!v) return r;
  r.stopped = v->stopped;
  r.paused = v->paused;
  r.running = !v->stopped && !v->paused && now >= v->start;
  if (!v->paused) r.due = v->due;
  if (v->measured) {
    r.used = calendar::total(v->work, v->end, v->hours);
    r.remaining = bounded(v->target.amount) - r.used;
  } else {
    r.used = v->count(v->start, v->end);
    if (v->due) r.remaining = v->count(v->end, *v->due) - v->count(*v->due, v->end);
  }
  if (v->due && *v->due < v->end) {
    r.breached = true;
    r.late = v->end - *v->due;
  }
  bool rests_on_workdays =
      v->target.counting == Counting::business || v->target.counting == Counting::working_days;
  // A due time at midnight belongs to the day that ends there. A "before" target rests on the days up to its anchor.
  if (r.due && rests_on_workdays)
    r.provisional = v->dates->provisional(std::max(v->anchor, *r.due - milliseconds(1)));
  return r;
}

std::optional<Instant> due(const Facts& facts, Instant now, const WorkCalendar* calendar) {
  auto v = view(facts, now, calendar);
  return v && !v->paused ? v->due : std::nullopt;
}

std::vector<Entry> ledger(const Facts& facts, Instant now, const WorkCalendar* calendar) {
  auto v = view(facts, now, calendar);
  return v ? Ledger(*v).write() : std::vector<Entry>{};
}

Instant step_at(Instant due, Duration offset) { return due + offset; }

}  // namespace anlan::clock
