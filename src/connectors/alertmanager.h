// What Anlan answers where Prometheus, amtool and dashboards ask it as they would ask an Alertmanager (API v2). Pure:
// stored data in, wire documents out. Silences are read only here: they are made as records, by those who may.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/store.h"
#include "base/error.h"
#include "base/value.h"
#include "domain/correlation/rules.h"

namespace anlan::connectors {

// One matcher of a `filter` parameter: name="value", name!="value". The forms with regular expressions are refused:
// nothing that can run away is evaluated on the server.
struct AlertFilter {
  std::string name, value;
  bool equal = true;
  bool fits(const Value& labels) const;
};
// Code::invalid on malformed matchers and on =~ and !~.
Result<std::vector<AlertFilter>> parse_alert_filters(const std::vector<std::string>& filters);

struct AlertView {
  bool active = true, silenced = true, unprocessed = true;  // which states to show
  std::vector<AlertFilter> filters;
};

// GET /api/v2/status. `version` of Anlan; `original` is what /status shows as configuration.
Value alertmanager_status(const std::string& version, Instant started, const std::string& original);
// GET /api/v2/receivers
Value alertmanager_receivers();
// GET /api/v2/alerts: those of `rows` that stand and that the view shows.
Value alertmanager_alerts(const std::vector<app::AlertRow>& rows, const AlertView&);
// GET /api/v2/silences: quiet times of definitions and registers. Globs are written as the regular expressions they
// are.
Value alertmanager_silences(const std::vector<correlation::Quiet>&, const std::vector<AlertFilter>&, Instant now);

}  // namespace anlan::connectors
