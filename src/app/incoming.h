// Alerts meet tickets: what the alert path does to them, and the path as one unit of work.
#pragma once
#include "app/alerts.h"
#include "app/platform.h"

namespace anlan::app {

// Opens tickets as `actor` (the machine that delivered) and tells them by the reactions `alert_fired`, `alert_resolved`.
AlertHooks ticket_hooks(Platform&, Txn&, const engine::Actor& actor);
// The rule set of definitions/correlation. Problems name the path in the document.
correlation::RuleSet load_correlation(const engine::Definitions&, std::vector<correlation::Problem>& problems);

}  // namespace anlan::app
