// Feeds arbitrary JSON to every decoder of alerts and what comes out of it to the rules, as a delivery would.
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "connectors/alertmanager.h"
#include "connectors/alerts.h"
#include "domain/correlation/correlation.h"
#include "json/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace anlan;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const Instant now{1'772'413'800'000};
  if (auto filters = connectors::parse_alert_filters({std::string(text)})) {
    for (const auto& filter : *filters) {
      if (filter.name.empty()) std::abort();
    }
  }
  if (auto match = correlation::parse_match(text)) {
    auto again = correlation::parse_match(match->text());
    if (!again || again->labels != match->labels) std::abort();
  }
  auto body = json::parse(text);
  if (!body) return 0;

  std::vector<correlation::Problem> problems;
  correlation::Policy policy;
  policy.rules = correlation::load_rules(std::vector<Value>{*body}, problems);
  correlation::Rule rest{.key = "rest", .group_by = {"alertname"}};
  policy.rules.rules.push_back(rest);
  for (auto decode : {connectors::decode_alertmanager, connectors::decode_alertmanager_webhook,
                      connectors::decode_generic, connectors::decode_zabbix}) {
    connectors::DecodedAlerts decoded = decode(*body, now, connectors::AlertLimits{});
    if (decoded.ok() != decoded.problems.empty() || (!decoded.ok() && !decoded.reports.empty())) std::abort();
    for (const auto& problem : decoded.problems) {
      if (!valid_utf8(problem.path)) std::abort();
    }
    for (const auto& report : decoded.reports) {
      if (report.labels.as_map().empty()) std::abort();
      correlation::Decision d = correlation::decide(report, policy, {}, {}, now);
      if (d.outcome == correlation::Outcome::join || d.outcome == correlation::Outcome::resolve) std::abort();
      if (!valid_utf8(d.group_key) || d.group_key.size() > 400) std::abort();
      if (!(correlation::History::from_value(d.history.to_value()) == d.history)) std::abort();
    }
  }
  return 0;
}
