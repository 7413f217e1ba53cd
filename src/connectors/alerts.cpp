#include "connectors/alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "json/json.h"

namespace anlan::connectors {
namespace {

using correlation::AlertReport;
constexpr std::size_t problems_shown = 20;

// '~' and '/' as JSON pointers write them; control characters as '?', since this ends up in logs.
std::string pointer_part(std::string_view key) {
  std::string out;
  for (char c : key.substr(0, 80)) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    }
  }
  while (!valid_utf8(out)) out.pop_back();  // the cut may have parted a character
  return out;
}

bool plain(std::string_view text, bool controls) {
  return std::none_of(text.begin(), text.end(), [&](char c) {
    auto u = static_cast<unsigned char>(c);
    return u == 0 || (!controls && (u < 0x20 || u == 0x7F));
  });
}

// Reads one delivery, noting every mistake.
class Decoder {
 public:
  Decoder(DecodedAlerts& out, Instant now, const AlertLimits& limits) : out_(out), now_(now), limits_(limits) {}

  Instant now() const { return now_; }
  void at(std::size_t index, std::string base) {
    index_ = index;
    base_ = std::move(base);
  }
  void wrong(const std::string& path, std::string message) {
    ++out_.problem_count;
    if (out_.problems.size() < problems_shown) out_.problems.push_back({index_, base_ + path, std::move(message)});
  }
  std::size_t problem_count() const { return out_.problem_count; }

  // The list of alerts, or nothing when it is none or too long.
  const List* list(const Value& v, const std::string& path) {
    if (!v.is(Value::Kind::list)) {
      wrong(path, "a list of alerts is expected");
      return nullptr;
    }
    if (v.as_list().size() > limits_.alerts) {
      wrong(path, fmt::format("at most {} alerts may come in one delivery", limits_.alerts));
      out_.too_many = true;
      return nullptr;
    }
    return &v.as_list();
  }

  bool object(const Value& v, const std::string& path = "") {
    if (v.is(Value::Kind::map)) return true;
    wrong(path, "an object is expected");
    return false;
  }

  // A map from names to texts, without its empty values. The given one is shared where nothing has to be left out.
  Value texts(const Value& v, const std::string& path, std::size_t value_max, bool line_feeds) {
    if (v.is_null()) return Value(Map{});
    if (!object(v, path)) return Value(Map{});
    bool some_empty = false;
    std::size_t n = 0;
    for (const auto& [name, value] : v.as_map()) {
      if (name.empty() || name.size() > limits_.name || !plain(name, false))
        wrong(path + "/" + pointer_part(name),
              fmt::format("a name has 1 to {} bytes and no control characters", limits_.name));
      if (!value.is(Value::Kind::string)) {
        wrong(path + "/" + pointer_part(name), "a text is expected");
        continue;
      }
      const std::string& text = value.as_string();
      if (text.size() > value_max)
        wrong(path + "/" + pointer_part(name), fmt::format("longer than {} bytes", value_max));
      if (!plain(text, line_feeds)) wrong(path + "/" + pointer_part(name), "contains characters that no text may have");
      if (!valid_utf8(text) || !valid_utf8(name)) wrong(path + "/" + pointer_part(name), "is not UTF-8");
      some_empty = some_empty || text.empty();
      if (!text.empty()) ++n;
    }
    if (n > limits_.labels) wrong(path, fmt::format("more than {} members", limits_.labels));
    if (!some_empty) return v;
    Map kept;
    for (const auto& [name, value] : v.as_map()) {
      if (!value.as_string().empty()) kept.emplace(name, value);
    }
    return Value(std::move(kept));
  }

  // The label set: at least one label with a value.
  Value labels(const Value& v, const std::string& path) {
    std::size_t before = problem_count();
    Value out = texts(v, path, limits_.value, true);
    if (problem_count() == before && out.as_map().empty())
      wrong(path, "an alert needs at least one label with a value");
    return out;
  }
  Value annotations(const Value& v, const std::string& path) { return texts(v, path, limits_.annotation, true); }

  // A time. Absent, null, empty and the zero time of Go all mean that none is given.
  std::optional<Instant> time(const Value& v, const std::string& path) {
    if (v.is_null()) return {};
    if (!v.is(Value::Kind::string)) {
      wrong(path, "a time in the form of RFC 3339 is expected");
      return {};
    }
    const std::string& text = v.as_string();
    if (text.empty() || text.starts_with("0001-01-01T00:00:00")) return {};
    auto t = parse_rfc3339(text);
    if (!t) wrong(path, "a time in the form of RFC 3339 is expected, such as 2026-03-02T09:00:00+08:00");
    return t;
  }

  std::string text(const Value& v, const std::string& path, std::size_t max) {
    if (v.is_null()) return {};
    if (!v.is(Value::Kind::string)) {
      wrong(path, "a text is expected");
      return {};
    }
    if (v.as_string().size() > max) wrong(path, fmt::format("longer than {} bytes", max));
    if (!plain(v.as_string(), true) || !valid_utf8(v.as_string()))
      wrong(path, "contains characters that no text may have");
    return v.as_string();
  }
  std::string url(const Value& v, const std::string& path) { return text(v, path, limits_.url); }
  const AlertLimits& limits() const { return limits_; }

  void known(const Value& v, std::initializer_list<std::string_view> keys) {
    for (const auto& [key, value] : v.as_map()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) wrong("/" + pointer_part(key), "unknown member");
    }
  }

  void keep(AlertReport report) { out_.reports.push_back(std::move(report)); }
  void finish() {
    if (!out_.ok()) out_.reports.clear();
  }

 private:
  DecodedAlerts& out_;
  Instant now_;
  const AlertLimits& limits_;
  std::size_t index_ = 0;
  std::string base_;
};

// A receiver or source name in a form that may stand in ids and logs.
std::string tame(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 60)) {
    bool ok =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    out += ok ? c : '_';
  }
  return out;
}

}  // namespace

Status DecodedAlerts::status() const {
  if (ok()) return {};
  const AlertProblem& first = problems.front();
  std::string message =
      first.path.empty() ? first.message : fmt::format("alert {}: {}: {}", first.index, first.path, first.message);
  if (problem_count > 1) message += fmt::format(" (and {} more)", problem_count - 1);
  return fail(too_many ? Code::limit : Code::invalid, std::move(message), first.path);
}

Value DecodedAlerts::problem_list() const {
  List out;
  for (const AlertProblem& p : problems)
    out.push_back(Map{{"index", static_cast<std::int64_t>(p.index)}, {"path", p.path}, {"message", p.message}});
  return Value(std::move(out));
}

DecodedAlerts decode_alertmanager(const Value& body, Instant now, const AlertLimits& limits) {
  DecodedAlerts out;
  Decoder d(out, now, limits);
  const List* alerts = d.list(body, "");
  if (!alerts) return out;
  out.reports.reserve(alerts->size());
  for (std::size_t i = 0; i < alerts->size(); ++i) {
    const Value& alert = (*alerts)[i];
    d.at(i, fmt::format("/{}", i));
    if (!d.object(alert)) continue;
    AlertReport report;
    report.source = "prometheus";
    report.labels = d.labels(alert["labels"], "/labels");
    report.annotations = d.annotations(alert["annotations"], "/annotations");
    report.generator_url = d.url(alert["generatorURL"], "/generatorURL");
    report.starts_at = d.time(alert["startsAt"], "/startsAt");
    auto ends = d.time(alert["endsAt"], "/endsAt");
    if (ends && report.starts_at && *ends < *report.starts_at) d.wrong("/endsAt", "the end lies before the start");
    if (ends && *ends <= now) {
      report.ends_at = ends;
    } else {
      report.alive_until = ends;
    }
    d.keep(std::move(report));
  }
  d.finish();
  return out;
}

DecodedAlerts decode_alertmanager_webhook(const Value& body, Instant now, const AlertLimits& limits) {
  DecodedAlerts out;
  Decoder d(out, now, limits);
  if (!d.object(body)) return out;
  if (body["version"].as_string() != "4") d.wrong("/version", "version \"4\" of the webhook is expected");
  std::string receiver = d.text(body["receiver"], "/receiver", limits.value);
  std::string group = d.text(body["groupKey"], "/groupKey", limits.annotation);
  const List* alerts = d.list(body["alerts"], "/alerts");
  if (!alerts) return out;
  out.reports.reserve(alerts->size());
  for (std::size_t i = 0; i < alerts->size(); ++i) {
    const Value& alert = (*alerts)[i];
    d.at(i, fmt::format("/alerts/{}", i));
    if (!d.object(alert)) continue;
    AlertReport report;
    report.source = receiver.empty() ? "alertmanager" : "alertmanager:" + tame(receiver);
    report.sender_group = group;
    report.sweeps = true;
    report.labels = d.labels(alert["labels"], "/labels");
    report.annotations = d.annotations(alert["annotations"], "/annotations");
    report.generator_url = d.url(alert["generatorURL"], "/generatorURL");
    report.starts_at = d.time(alert["startsAt"], "/startsAt");
    auto ends = d.time(alert["endsAt"], "/endsAt");
    const std::string& status = alert["status"].as_string();
    if (status == "resolved") {
      report.ends_at = ends.value_or(now);
      if (report.starts_at && *report.ends_at < *report.starts_at) d.wrong("/endsAt", "the end lies before the start");
    } else if (status != "firing") {
      d.wrong("/status", "firing or resolved is expected");
    }
    d.keep(std::move(report));
  }
  d.finish();
  return out;
}

DecodedAlerts decode_generic(const Value& body, Instant now, const AlertLimits& limits) {
  DecodedAlerts out;
  Decoder d(out, now, limits);
  if (!d.object(body)) return out;
  std::string source = "generic";
  bool many = !body["alerts"].is_null();
  List single{body};
  const List* alerts = &single;
  if (many) {
    d.known(body, {"source", "alerts"});
    if (std::string named = d.text(body["source"], "/source", limits.name); !named.empty()) source += ":" + tame(named);
    alerts = d.list(body["alerts"], "/alerts");
    if (!alerts) return out;
  }
  for (std::size_t i = 0; i < alerts->size(); ++i) {
    const Value& alert = (*alerts)[i];
    d.at(i, many ? fmt::format("/alerts/{}", i) : "");
    if (!d.object(alert)) continue;
    d.known(alert, {"name", "severity", "status", "title", "description", "labels", "annotations", "starts_at",
                    "ends_at", "stands_for", "url"});
    AlertReport report;
    report.source = source;
    std::size_t before = d.problem_count();
    Value given = d.texts(alert["labels"], "/labels", limits.value, true);
    if (d.problem_count() == before) {
      for (auto [member, label] : {std::pair{"name", "alertname"}, std::pair{"severity", "severity"}}) {
        std::string text = d.text(alert[member], std::string("/") + member, limits.value);
        if (!text.empty()) given = given.with(label, text);
      }
      if (trim(given["alertname"].as_string()).empty()) d.wrong("/name", "an alert needs a name");
    }
    report.labels = std::move(given);
    Value annotations = d.annotations(alert["annotations"], "/annotations");
    for (auto [member, annotation] : {std::pair{"title", "summary"}, std::pair{"description", "description"}}) {
      std::string text = d.text(alert[member], std::string("/") + member, limits.annotation);
      if (!text.empty()) annotations = annotations.with(annotation, text);
    }
    report.annotations = std::move(annotations);
    report.generator_url = d.url(alert["url"], "/url");
    report.starts_at = d.time(alert["starts_at"], "/starts_at");
    auto ends = d.time(alert["ends_at"], "/ends_at");
    const Value& status = alert["status"];
    if (status.as_string() == "resolved") {
      report.ends_at = ends.value_or(now);
      if (report.starts_at && *report.ends_at < *report.starts_at) d.wrong("/ends_at", "the end lies before the start");
    } else if (status.is_null() || status.as_string() == "firing") {
      if (ends) d.wrong("/ends_at", "an alert that fires has no end; say status: resolved");
    } else {
      d.wrong("/status", "firing or resolved is expected");
    }
    if (const Value& stands = alert["stands_for"]; !stands.is_null()) {
      auto length = parse_duration(stands.as_string());
      if (!length || *length < seconds(10) || *length > days(31)) {
        d.wrong("/stands_for", "a duration from 10s to 31d is expected, such as 10m");
      } else if (!report.ends_at) {
        report.alive_until = now + *length;
      }
    }
    d.keep(std::move(report));
  }
  d.finish();
  return out;
}

namespace {

// A parameter of Zabbix; a macro it could not resolve is left as it was written, or becomes *UNKNOWN*.
std::string zabbix_text(Decoder& d, const Value& body, const char* key, std::size_t max) {
  const Value& v = body[key];
  std::string text = v.is(Value::Kind::integer) ? describe(v) : d.text(v, std::string("/") + key, max);
  bool macro = text.starts_with("{") && text.ends_with("}") && !text.starts_with("{\"");
  return macro || text == "*UNKNOWN*" ? std::string() : text;
}

// "2026.03.02" and "09:00:00" with "+08:00".
std::optional<Instant> zabbix_time(Decoder& d, const Value& body, const char* date_key, const char* time_key,
                                   const std::string& offset) {
  std::string date = zabbix_text(d, body, date_key, 32), time = zabbix_text(d, body, time_key, 32);
  if (date.empty() || time.empty()) return {};
  std::replace(date.begin(), date.end(), '.', '-');
  auto t = parse_rfc3339(date + "T" + time + offset);
  if (!t) d.wrong(std::string("/") + date_key, "a date such as 2026.03.02 with a time such as 09:00:00 is expected");
  return t;
}

}  // namespace

DecodedAlerts decode_zabbix(const Value& body, Instant now, const AlertLimits& limits) {
  DecodedAlerts out;
  Decoder d(out, now, limits);
  if (!d.object(body)) return out;
  auto required = [&](const char* key) {
    std::string text = zabbix_text(d, body, key, limits.value);
    if (text.empty()) d.wrong(std::string("/") + key, "is missing");
    return text;
  };
  AlertReport report;
  report.source = "zabbix";
  report.sweeps = false;
  Map labels;
  labels.emplace("alertname", required("event_name"));
  labels.emplace("trigger_id", required("trigger_id"));
  labels.emplace("host", required("host"));
  if (std::string severity = zabbix_text(d, body, "severity", limits.value); !severity.empty()) {
    for (char& c : severity) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    labels.emplace("severity", severity);
  }
  Value tags = body["tags"];
  if (tags.is(Value::Kind::string)) {
    std::string text = zabbix_text(d, body, "tags", limits.annotation);
    tags = Value();
    if (!text.empty()) {
      auto parsed = json::parse(text);
      if (parsed) {
        tags = *parsed;
      } else {
        d.wrong("/tags", "is no JSON: use the macro {EVENT.TAGSJSON}");
      }
    }
  }
  if (!tags.is_null() && !tags.is(Value::Kind::list)) d.wrong("/tags", "a list of {tag, value} is expected");
  std::map<std::string, std::set<std::string>> by_name;  // Zabbix allows a tag several times
  for (const Value& tag : tags.as_list()) {
    const std::string& name = tag["tag"].as_string();
    if (name.empty()) {
      d.wrong("/tags", "a list of {tag, value} is expected");
      break;
    }
    by_name[name].insert(tag["value"].as_string());
  }
  for (const auto& [name, values] : by_name) {
    std::string joined;
    for (const std::string& value : values) joined += (joined.empty() ? "" : ",") + value;
    labels.emplace("tag_" + name, joined.empty() ? "1" : joined);
  }
  report.labels = d.labels(Value(std::move(labels)), "");

  Map annotations{{"summary", body["event_name"]}};
  if (std::string data = zabbix_text(d, body, "opdata", limits.annotation); !data.empty())
    annotations.emplace("description", data);
  report.annotations = d.annotations(Value(std::move(annotations)), "");
  report.generator_url = zabbix_text(d, body, "url", limits.url);
  std::string offset = zabbix_text(d, body, "utc_offset", 8);
  if (offset.empty()) offset = "+08:00";
  report.starts_at = zabbix_time(d, body, "event_date", "event_time", offset);
  std::string value = required("event_value");
  if (value == "0") {
    auto ends = zabbix_time(d, body, "recovery_date", "recovery_time", offset);
    report.ends_at = ends.value_or(now);
    if (report.starts_at && *report.ends_at < *report.starts_at)
      d.wrong("/recovery_date", "the recovery lies before the problem");
  } else if (value != "1" && !value.empty()) {
    d.wrong("/event_value", "1 (problem) or 0 (recovered) is expected: use the macro {EVENT.VALUE}");
  }
  d.keep(std::move(report));
  d.finish();
  return out;
}

void AlertIntake::count(const DecodedAlerts& decoded) {
  ++deliveries_;
  if (decoded.ok()) {
    alerts_ += static_cast<std::int64_t>(decoded.reports.size());
    return;
  }
  ++malformed_deliveries_;
  std::set<std::size_t> indices;
  for (const AlertProblem& p : decoded.problems) indices.insert(p.index);
  malformed_alerts_ += static_cast<std::int64_t>(indices.size());
}

void AlertIntake::count_unreadable() {
  ++deliveries_;
  ++malformed_deliveries_;
}

Value AlertIntake::to_value() const {
  return Map{{"deliveries", deliveries_.load()},
             {"alerts", alerts_.load()},
             {"malformed_deliveries", malformed_deliveries_.load()},
             {"malformed_alerts", malformed_alerts_.load()}};
}

}  // namespace anlan::connectors
