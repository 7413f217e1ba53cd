// Measures at work: figures per subject and period, folded from the log after the commit. The fold has a position of
// its own, is resumed where it stood, and begins anew for a measure whose declaration changed. Once a period has closed
// (and the parameter `measure_grace` has passed) its figures are frozen for good, and the freezing is an event.
#pragma once
#include <string>

#include "app/platform.h"

namespace anlan::app {

// The parameter that says how long after its period a figure may still be corrected.
inline constexpr const char* measure_grace = "measure_grace";

// Folds at most `most` events; how many it looked at (0: it has caught up). Periods that have closed are frozen when it
// has. Not to be called from inside a unit of work, nor by two threads at once.
Result<std::int64_t> fold_measures(Platform&, int most = 2000);

// --- reads, for insiders (Code::forbidden otherwise): figures name no person and no ticket ---

// {items: [{key, title, process, on, fold, period, unit, target, behind}]}; `behind`: events not folded yet.
Result<Value> list_measures(Platform&, Reader&, const World&, const Principal&, const std::string& process);
// Of one measure: {..., items: [{subject, period, value, count, met, frozen_at}], next_cursor}, newest period first.
// `from` and `to` are periods as answered ("2026-03", "2026-Q1", "2026"), both inclusive; empty ones do not filter,
// and others than the measure's own kind are Code::invalid.
Result<Value> measure_view(Platform&, Reader&, const World&, const Principal&, const std::string& key,
                           const std::string& subject, const std::string& from, const std::string& to, int limit,
                           const std::string& cursor);
// The tickets a figure rests on: {items: [{ticket, value, at}], next_cursor}. A ticket out of the reader's scope shows
// that it exists and nothing else. `subject` may be left out where the measure has none.
Result<Value> measure_sources(Platform&, Reader&, const World&, const Principal&, const std::string& key,
                              const std::string& subject, const std::string& period, int limit,
                              const std::string& cursor);

}  // namespace anlan::app
