// Alerts as monitoring systems send them, into reports. Pure: a JSON document (already a Value) and the instant of
// reception in; reports or a list of mistakes out. Nothing is half accepted: one malformed alert refuses its delivery,
// and the mistake names the alert by its index.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/value.h"
#include "domain/correlation/alert.h"

namespace anlan::connectors {

// Far above what monitoring systems send; they only bound what one delivery may cost. Lengths in bytes.
struct AlertLimits {
  std::size_t alerts = 10'000;
  std::size_t labels = 64;  // of one alert; of its annotations as well
  std::size_t name = 256;
  std::size_t value = 4096;  // of a label
  std::size_t annotation = 32'768;
  std::size_t url = 4096;
};

struct AlertProblem {
  std::size_t index = 0;  // which alert of the delivery; 0 also for mistakes of the whole
  std::string path;       // JSON pointer: "/3/labels/severity"
  std::string message;    // English, one sentence
};

struct DecodedAlerts {
  std::vector<correlation::AlertReport> reports;  // empty when there are problems
  std::vector<AlertProblem> problems;             // the first 20
  std::size_t problem_count = 0;
  bool too_many = false;  // more alerts than the limit: Code::limit

  bool ok() const { return problem_count == 0; }
  // What to answer. Code::invalid (or limit) with the first mistake as message and its path as field; no error when ok.
  Status status() const;
  // [{index, path, message}] for the body of the answer.
  Value problem_list() const;
};

// POST /api/v2/alerts of Alertmanager: a list of {labels, annotations, startsAt, endsAt, generatorURL}. An end in the
// future says how long the alert stands without being repeated (Prometheus sends so); one in the past, that it resolved
// then; none, that it fires. Unknown members are passed over, as Alertmanager does. Labels with an empty value count as
// absent; label names may be any UTF-8 without control characters, as in Prometheus 3.
DecodedAlerts decode_alertmanager(const Value& body, Instant now, const AlertLimits& = {});

// The webhook of Alertmanager, version 4: {version, groupKey, status, receiver, alerts: [{status, labels, annotations,
// startsAt, endsAt, generatorURL}], ...}. `status` of each alert says whether it fires; the source is
// "alertmanager:<receiver>".
DecodedAlerts decode_alertmanager_webhook(const Value& body, Instant now, const AlertLimits& = {});

// The webhook for everything else: one alert or {source?, alerts: [...]}, an alert being {name, severity?, status?:
// "firing"|"resolved", title?, description?, labels?, annotations?, starts_at?, ends_at?, stands_for?: "10m", url?}.
// `name` and `severity` become the labels alertname and severity. Unknown members are mistakes: a misspelt `status`
// would otherwise hide an end.
DecodedAlerts decode_generic(const Value& body, Instant now, const AlertLimits& = {});

// A Zabbix media type of kind webhook whose parameters are posted as they are (docs/guides/integrator.md): {event_name,
// event_value: "1"|"0", trigger_id, host, severity?, tags?: JSON text or list of {tag, value}, event_date, event_time,
// recovery_date?, recovery_time?, utc_offset?: "+08:00", url?, opdata?}. Macros Zabbix left unresolved count as absent.
DecodedAlerts decode_zabbix(const Value& body, Instant now, const AlertLimits& = {});

// How much came in and how much of it was malformed, for metrics. Thread-safe.
class AlertIntake {
 public:
  void count(const DecodedAlerts&);
  // A body that was no JSON at all.
  void count_unreadable();
  // {deliveries, alerts, malformed_deliveries, malformed_alerts}
  Value to_value() const;

 private:
  std::atomic<std::int64_t> deliveries_{0}, alerts_{0}, malformed_deliveries_{0}, malformed_alerts_{0};
};

}  // namespace anlan::connectors
