// The past of the demonstration: stories drawn at random, the same at every start, laid out over the time before now.
#pragma once
#include <string>
#include <vector>

#include "app/rehearse.h"

namespace anlan::server {

// `document`: {stories: [story]}. A story:
//   story: name
//   per_year: n        so many, spread over the time before now; or  ago: [26m, ...]  one each, begun so long ago, if that lies within `past`
//                      or  dates: [04-07, ...]  on these days of the year; the n-th case belongs to the n-th of them
//   between: [08:30, 17:30]   local time at which it begins (with per_year, dates)
//   days: [1, 5]       optional, first and last day of the week, Monday is 1
//   draw: {name: [a, b, ...]}   one value of each is drawn for each telling
//   cases: [{name: value, ...}] and one of these
//   steps: steps of a scenario; beside each `after: 5m` or `after: 5m..20m` since the step before
// "{name}" in a text stands for what was drawn, "{month}" for 202604 where the story begins; a text that is nothing else
// takes the value itself. Without `on`, a step goes to the ticket that the story opened last; `on: number:CAT-202604-0001`
// goes to one that the platform opened. What would lie after `now` is not told: such tickets are still open.
// Sorted by time. Code::invalid names the story and what is wrong with it.
Result<std::vector<app::TimedStep>> lay_out(const Value& document, const std::string& file, Instant now, Duration past);

}  // namespace anlan::server
