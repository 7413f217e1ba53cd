#include "connectors/alertmanager.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace anlan::connectors {

bool AlertFilter::fits(const Value& labels) const { return (labels[name].as_string() == value) == equal; }

Result<std::vector<AlertFilter>> parse_alert_filters(const std::vector<std::string>& filters) {
  std::vector<AlertFilter> out;
  for (const std::string& text : filters) {
    auto bad = [&](const char* why) {
      return fail(Code::invalid, fmt::format("filter '{}': {}", text, why), "filter");
    };
    // A parameter may hold several matchers in braces, as in {job="node",severity!="info"}.
    std::string_view rest = trim(text);
    if (rest.starts_with("{") && rest.ends_with("}")) rest = rest.substr(1, rest.size() - 2);
    while (!(rest = trim(rest)).empty()) {
      AlertFilter filter;
      auto op = rest.find_first_of("=!");
      if (op == std::string_view::npos || op == 0) return bad("a matcher is written name=\"value\"");
      filter.name = trim(rest.substr(0, op));
      bool quoted = filter.name.size() >= 2 && filter.name.front() == '"' && filter.name.back() == '"';
      if (quoted) filter.name = filter.name.substr(1, filter.name.size() - 2);
      if (filter.name.empty() || filter.name.find_first_of(quoted ? "\"" : "\",") != std::string::npos)
        return bad("a matcher begins with the name of a label");
      rest.remove_prefix(op);
      if (rest.starts_with("=~") || rest.starts_with("!~")) return bad("regular expressions are not supported");
      filter.equal = rest.starts_with("=");
      if (!filter.equal && !rest.starts_with("!=")) return bad("the operator is = or !=");
      rest = trim(rest.substr(filter.equal ? 1 : 2));
      if (rest.starts_with("\"")) {
        std::size_t p = 1;
        for (; p < rest.size() && rest[p] != '"'; ++p) {
          if (rest[p] == '\\' && p + 1 < rest.size()) {
            ++p;
            filter.value += rest[p] == 'n' ? '\n' : rest[p];
          } else {
            filter.value += rest[p];
          }
        }
        if (p == rest.size()) return bad("a quoted value has no end");
        rest = trim(rest.substr(p + 1));
        if (!rest.empty() && !rest.starts_with(",")) return bad("matchers are parted by commas");
      } else {
        auto end = std::min(rest.find(','), rest.size());
        filter.value = trim(rest.substr(0, end));
        rest = rest.substr(end);
      }
      if (rest.starts_with(",")) rest.remove_prefix(1);
      out.push_back(std::move(filter));
    }
  }
  return out;
}

namespace {

std::string utc(Instant t) {
  // The date-time of these documents always has its milliseconds.
  std::string text = format_rfc3339(t);
  if (text.find('.') == std::string::npos) text.insert(text.size() - 1, ".000");
  return text;
}

std::string glob_as_regex(const std::string& glob) {
  std::string out;
  for (char c : glob) {
    if (c == '*') {
      out += ".*";
    } else {
      if (std::string_view("\\.+?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

Value alertmanager_status(const std::string& version, Instant started, const std::string& original) {
  return Map{{"cluster", Map{{"status", "disabled"}, {"peers", List{}}}},
             {"versionInfo", Map{{"version", version},
                                 {"revision", ""},
                                 {"branch", ""},
                                 {"buildUser", "anlan"},
                                 {"buildDate", ""},
                                 {"goVersion", ""}}},
             {"config", Map{{"original", original}}},
             {"uptime", utc(started)}};
}

Value alertmanager_receivers() { return List{Map{{"name", "anlan"}}}; }

Value alertmanager_alerts(const std::vector<app::AlertRow>& rows, const AlertView& view) {
  List out;
  for (const app::AlertRow& row : rows) {
    if (row.ends_at || row.outcome.empty()) continue;
    bool suppressed = row.outcome == "suppress", bucket = row.outcome == "unmapped";
    if (suppressed ? !view.silenced : bucket ? !view.unprocessed : !view.active) continue;
    if (!std::all_of(view.filters.begin(), view.filters.end(), [&](const auto& f) { return f.fits(row.labels); }))
      continue;
    List by;
    if (suppressed) {
      const Value& quiet = row.reason["quiet"];
      by.push_back(quiet.is_null() ? row.reason["rule"] : quiet);
    }
    out.push_back(Map{{"labels", row.labels},
                      {"annotations", row.annotations.is_null() ? Value(Map{}) : row.annotations},
                      {"startsAt", utc(row.starts_at)},
                      {"endsAt", utc(row.alive_until)},
                      {"updatedAt", utc(row.last_seen)},
                      {"generatorURL", row.reason["url"].as_string()},
                      {"fingerprint", row.fingerprint},
                      {"receivers", alertmanager_receivers()},
                      {"status", Map{{"state", suppressed ? "suppressed"
                                               : bucket   ? "unprocessed"
                                                          : "active"},
                                     {"silencedBy", std::move(by)},
                                     {"inhibitedBy", List{}}}}});
  }
  return Value(std::move(out));
}

Value alertmanager_silences(const std::vector<correlation::Quiet>& quiets, const std::vector<AlertFilter>& filters,
                            Instant now) {
  List out;
  for (const correlation::Quiet& quiet : quiets) {
    List matchers;
    Map exact;  // what the filters are held against: the labels the silence names literally
    for (const auto& [name, globs] : quiet.match.labels) {
      bool literal = globs.size() == 1 && globs[0].find('*') == std::string::npos;
      std::string value;
      if (literal) {
        value = globs[0];
        exact.emplace(name, value);
      } else {
        for (const std::string& glob : globs) value += (value.empty() ? "" : "|") + glob_as_regex(glob);
      }
      matchers.push_back(Map{{"name", name}, {"value", value}, {"isRegex", !literal}, {"isEqual", true}});
    }
    Value named(std::move(exact));
    if (!std::all_of(filters.begin(), filters.end(), [&](const auto& f) { return f.fits(named); })) continue;
    out.push_back(Map{{"id", quiet.key},
                      {"status", Map{{"state", now < quiet.from ? "pending"
                                               : now < quiet.to ? "active"
                                                                : "expired"}}},
                      {"updatedAt", utc(std::min(quiet.from, now))},
                      {"matchers", std::move(matchers)},
                      {"startsAt", utc(quiet.from)},
                      {"endsAt", utc(quiet.to)},
                      {"createdBy", quiet.by.empty() ? "anlan" : quiet.by},
                      {"comment", quiet.reason}});
  }
  return Value(std::move(out));
}

}  // namespace anlan::connectors
