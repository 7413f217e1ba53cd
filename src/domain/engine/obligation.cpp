#include "domain/engine/obligation.h"

#include <algorithm>

#include "domain/calendar/recurrence.h"

namespace anlan::engine {
namespace {

int year_of(Instant t, const calendar::Zone& zone) { return calendar::parts(zone.day_of(t)).year; }
Instant end_of_year(int year, const calendar::Zone& zone) { return zone.start_of(calendar::day(year + 1, 1, 1)); }
Instant months_after(Instant t, int months, const calendar::Zone& zone) {
  return zone.at(calendar::add_months(zone.day_of(t), months), zone.minute_of_day(t));
}

}  // namespace

const char* name(Standing::State state) {
  switch (state) {
    case Standing::State::pending: return "pending";
    case Standing::State::met: return "met";
    case Standing::State::due_soon: return "due_soon";
    case Standing::State::overdue: return "overdue";
  }
  return "";
}

Standing standing(const PlanDef& plan, const Fulfilment& done, Instant now, const calendar::Zone& zone) {
  Standing out;
  const Instant since = done.since.value_or(now);
  switch (plan.within) {
    case PlanDef::Within::calendar_year: {
      const int this_year = year_of(now, zone);
      out.due = end_of_year(year_of(since, zone), zone);
      if (done.last) {
        const int year = year_of(*done.last, zone);
        // Whoever came under the plan again after a pause owes nothing for the years between.
        out.due = done.since ? std::max(out.due, end_of_year(year + 1, zone)) : end_of_year(year + 1, zone);
        out.met = year == this_year;
        if (out.met) out.until = end_of_year(year, zone);
      }
      out.period = std::to_string(year_of(out.due - milliseconds(1), zone));
      break;
    }
    case PlanDef::Within::months: {
      out.due = months_after(since, plan.months, zone);
      if (done.last) {
        const Instant runs_out = months_after(*done.last, plan.months, zone);
        out.due = done.since ? std::max(out.due, runs_out) : runs_out;
        out.met = now < runs_out;
        if (out.met) out.until = runs_out;
      }
      out.period = calendar::format(zone.day_of(out.due));
      break;
    }
    case PlanDef::Within::recurrence: {
      auto rule = calendar::Recurrence::parse(plan.rrule);
      auto next = [&](Instant t) { return rule ? rule->next_after(t, zone).value_or(far_future) : far_future; };
      out.due = next(next(since));
      if (done.last) {
        const Instant runs_out = next(*done.last);
        out.due = done.since ? std::max(out.due, next(runs_out)) : next(runs_out);
        out.met = now < runs_out;
        if (out.met) out.until = runs_out;
      }
      out.period = out.due == far_future ? "" : calendar::format(zone.day_of(out.due));
      break;
    }
  }
  const auto longest = std::max_element(plan.warn.begin(), plan.warn.end());
  if (out.due <= now) out.state = Standing::State::overdue;
  else if (longest != plan.warn.end() && out.due - *longest <= now) out.state = Standing::State::due_soon;
  else if (out.met) out.state = Standing::State::met;
  return out;
}

Fulfilment fulfilment_from(const Value& stored) {
  Fulfilment out;
  if (stored["since"].is(Value::Kind::instant)) out.since = stored["since"].as_instant();
  const List& past = stored["past"].as_list();
  if (!past.empty()) out.last = past.front()["at"].as_instant();
  return out;
}

}  // namespace anlan::engine
