#include "server/alert_formats.h"

#include "app/alerts.h"
#include "connectors/alertmanager.h"

namespace anlan::server {
namespace {

using Query = http::AlertFormats::Query;

http::AlertFormats::Decode counted(std::shared_ptr<connectors::AlertIntake> intake,
                                   connectors::DecodedAlerts (*decode)(const Value&, Instant,
                                                                       const connectors::AlertLimits&)) {
  return [intake = std::move(intake), decode](const Value& body, Instant now) {
    auto decoded = decode(body, now, {});
    intake->count(decoded);
    return http::AlertFormats::Decoded{std::move(decoded.reports), decoded.status(), decoded.problem_list()};
  };
}

Result<std::vector<connectors::AlertFilter>> filters(const Query& query) {
  std::vector<std::string> texts;
  auto [begin, end] = query.equal_range("filter");
  for (auto it = begin; it != end; ++it) texts.push_back(it->second);
  return connectors::parse_alert_filters(texts);
}

// Absent counts as true, as an Alertmanager has it.
Result<bool> shown(const Query& query, std::string_view name) {
  auto it = query.find(name);
  if (it == query.end() || it->second == "true") return true;
  if (it->second == "false") return false;
  return fail(Code::invalid, "'" + std::string(name) + "' must be true or false", std::string(name));
}

}  // namespace

http::AlertFormats alert_formats(std::shared_ptr<connectors::AlertIntake> intake, correlation::RuleSet rules,
                                 std::string version, Instant started) {
  http::AlertFormats formats;
  formats.alertmanager = counted(intake, connectors::decode_alertmanager);
  formats.alertmanager_webhook = counted(intake, connectors::decode_alertmanager_webhook);
  formats.zabbix = counted(intake, connectors::decode_zabbix);
  formats.generic = counted(intake, connectors::decode_generic);
  formats.unreadable = [intake] { intake->count_unreadable(); };
  formats.intake = [intake] { return intake->to_value(); };
  formats.status = [version, started] {
    return connectors::alertmanager_status(version, started, "# Anlan: rules stand in definitions/correlation\n");
  };
  formats.receivers = [] { return connectors::alertmanager_receivers(); };
  formats.alerts = [](const std::vector<app::AlertRow>& rows, const Query& query) -> Result<Value> {
    connectors::AlertView view;
    ANLAN_TRY(view.filters, filters(query));
    ANLAN_TRY(view.active, shown(query, "active"));
    ANLAN_TRY(view.silenced, shown(query, "silenced"));
    ANLAN_TRY(view.unprocessed, shown(query, "unprocessed"));
    return connectors::alertmanager_alerts(rows, view);
  };
  formats.silences = [rules](app::Reader& reader, const Query& query, Instant now) -> Result<Value> {
    ANLAN_TRY(auto wanted, filters(query));
    ANLAN_TRY(correlation::Policy policy, app::Alerts::load_policy(reader, rules, nullptr));
    std::vector<correlation::Quiet> quiet = policy.rules.quiet;
    quiet.insert(quiet.end(), policy.quiet.begin(), policy.quiet.end());
    return connectors::alertmanager_silences(quiet, wanted, now);
  };
  return formats;
}

}  // namespace anlan::server
