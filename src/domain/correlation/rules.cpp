#include "domain/correlation/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "base/text.h"
#include "domain/correlation/alert.h"

namespace anlan::correlation {

bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      mark = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

bool Match::fits(const Value& given) const {
  return std::all_of(labels.begin(), labels.end(), [&](const auto& want) {
    const std::string& value = given[want.first].as_string();
    return std::any_of(want.second.begin(), want.second.end(), [&](const std::string& glob) {
      return value.empty() ? glob.empty() : glob_matches(glob, value);
    });
  });
}

std::pair<std::size_t, std::size_t> Match::weight() const {
  std::size_t literals = 0;
  for (const auto& [name, globs] : labels) {
    std::size_t least = std::string::npos;  // a label is as specific as its loosest alternative
    for (const std::string& glob : globs) {
      auto stars = static_cast<std::size_t>(std::count(glob.begin(), glob.end(), '*'));
      least = std::min(least, glob.size() - stars);
    }
    if (!globs.empty()) literals += least;
  }
  return {labels.size(), literals};
}

std::string Match::text() const {
  std::string out;
  for (const auto& [name, globs] : labels) {
    if (!out.empty()) out += ',';
    out += name + '=';
    for (std::size_t i = 0; i < globs.size(); ++i) {
      if (i) out += '|';
      const std::string& glob = globs[i];
      bool plain = glob.find_first_of(",|\"\\ \t\r\n") == std::string::npos;
      if (!plain) out += '"';
      for (char c : glob) {
        if (!plain && (c == '"' || c == '\\')) out += '\\';
        out += c;
      }
      if (!plain) out += '"';
    }
  }
  return out;
}

Result<Match> parse_match(std::string_view text) {
  Match match;
  std::size_t p = 0;
  auto skip = [&] {
    while (p < text.size() && (text[p] == ' ' || text[p] == '\t' || text[p] == '\n' || text[p] == '\r')) ++p;
  };
  skip();
  while (p < text.size()) {
    auto equals = text.find('=', p);
    if (equals == std::string_view::npos) return fail(Code::invalid, "a match is written label=value", "match");
    std::string name(trim(text.substr(p, equals - p)));
    if (name.empty() || name.find_first_of(",|\"") != std::string::npos)
      return fail(Code::invalid, fmt::format("'{}' is no label name", name), "match");
    p = equals + 1;
    std::vector<std::string> globs;
    for (bool more = true; more;) {
      skip();
      std::string glob;
      if (p < text.size() && text[p] == '"') {
        for (++p; p < text.size() && text[p] != '"'; ++p) {
          if (text[p] == '\\' && p + 1 < text.size()) ++p;
          glob += text[p];
        }
        if (p == text.size()) return fail(Code::invalid, "a quoted value has no end", "match");
        ++p;
        skip();
        if (p < text.size() && text[p] != ',' && text[p] != '|')
          return fail(Code::invalid, "after a quoted value only ',' or '|' may follow", "match");
      } else {
        if (p < text.size() && text[p] == '~') return fail(Code::invalid, "regular expressions are not understood; write label=glob with * and ?", "match");
        auto end = std::min(text.find_first_of(",|", p), text.size());
        glob = trim(text.substr(p, end - p));
        p = end;
      }
      globs.push_back(std::move(glob));
      more = p < text.size() && text[p] == '|';
      if (more) ++p;
    }
    bool fresh = std::none_of(match.labels.begin(), match.labels.end(), [&](const auto& l) { return l.first == name; });
    if (!fresh) return fail(Code::invalid, fmt::format("label '{}' stands twice", name), "match");
    match.labels.emplace_back(std::move(name), std::move(globs));
    skip();
    if (p < text.size()) ++p;  // the comma
    skip();
  }
  std::sort(match.labels.begin(), match.labels.end());
  return match;
}

const Rule* RuleSet::rule_for(const Value& labels) const {
  for (const Rule& rule : rules) {
    if (rule.match.fits(labels)) return &rule;
  }
  return nullptr;
}

const Rule* RuleSet::rule(std::string_view key) const {
  for (const Rule& rule : rules) {
    if (rule.key == key) return &rule;
  }
  return nullptr;
}

Duration RuleSet::alive(std::string_view source) const {
  auto found = alive_for.find(std::string(source.substr(0, source.find(':'))));
  if (found == alive_for.end()) found = alive_for.find("");
  return found == alive_for.end() ? minutes(5) : found->second;
}

namespace {

// Reads one document and notes every mistake with the path to it.
class Loader {
 public:
  Loader(std::size_t document, std::vector<Problem>& problems) : document_(document), problems_(problems) {}

  void wrong(std::string path, std::string message) {
    problems_.push_back({document_, std::move(path), std::move(message)});
  }

  void known(const Value& map, const std::string& path, std::initializer_list<std::string_view> keys) {
    for (const auto& [key, value] : map.as_map()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        wrong(path.empty() ? key : path + "." + key, "unknown key");
    }
  }

  std::string text(const Value& v, const std::string& path, bool required) {
    if (v.is(Value::Kind::string) && !v.as_string().empty()) return v.as_string();
    if (!v.is_null() || required) wrong(path, "a text is expected");
    return {};
  }

  Text both(const Value& v, const std::string& path, bool required) {
    if (v.is_null() && !required) return {};
    Text out{v["zh"].as_string(), v["en"].as_string()};
    if (out.zh.empty() || out.en.empty()) wrong(path, "a text in both languages is expected: {zh: ..., en: ...}");
    return out;
  }

  bool flag(const Value& v, const std::string& path, bool otherwise) {
    if (v.is_null()) return otherwise;
    if (v.is(Value::Kind::boolean)) return v.as_bool();
    if (v.as_string() == "true") return true;
    if (v.as_string() != "false") wrong(path, "true or false is expected");
    return false;
  }

  std::optional<Duration> length(const Value& v, const std::string& path) {
    if (v.is_null()) return {};
    std::optional<Duration> out =
        v.is(Value::Kind::duration) ? std::optional(v.as_duration()) : parse_duration(v.as_string());
    if (!out || *out <= Duration{} || *out > days(366)) {
      wrong(path, "a duration such as 30m or 2h is expected, longer than nothing and at most 366d");
      return {};
    }
    return out;
  }

  std::optional<Instant> instant(const Value& v, const std::string& path) {
    std::optional<Instant> out =
        v.is(Value::Kind::instant) ? std::optional(v.as_instant()) : parse_rfc3339(v.as_string());
    if (!out) wrong(path, "a time with its offset is expected, such as 2026-03-02T22:00+08:00");
    return out;
  }

  // Scalars that YAML typed come back as the words they were written with.
  std::optional<std::string> scalar(const Value& v) {
    switch (v.kind()) {
      case Value::Kind::string:
        return v.as_string();
      case Value::Kind::integer:
      case Value::Kind::boolean:
        return describe(v);
      default:
        return {};
    }
  }

  Match match(const Value& v, const std::string& path) {
    Match out;
    if (!v.is_null() && !v.is(Value::Kind::map)) {
      wrong(path, "a map from labels to values is expected");
      return out;
    }
    for (const auto& [name, wanted] : v.as_map()) {
      std::vector<std::string> globs;
      if (auto one = scalar(wanted)) {
        globs.push_back(*one);
      } else if (wanted.is(Value::Kind::list) && !wanted.as_list().empty()) {
        for (const Value& item : wanted.as_list()) {
          if (auto glob = scalar(item)) {
            globs.push_back(*glob);
          } else {
            wrong(path + "." + name, "a value or a list of values is expected");
          }
        }
      } else {
        wrong(path + "." + name, "a value or a list of values is expected");
      }
      if (!globs.empty()) out.labels.emplace_back(name, std::move(globs));
    }
    return out;
  }

  std::vector<std::string> words(const Value& v, const std::string& path) {
    std::vector<std::string> out;
    if (v.is(Value::Kind::string)) return {v.as_string()};
    if (!v.is_null() && !v.is(Value::Kind::list)) wrong(path, "a list of words is expected");
    for (const Value& item : v.as_list()) {
      if (item.as_string().empty()) {
        wrong(path, "a list of words is expected");
      } else {
        out.push_back(item.as_string());
      }
    }
    return out;
  }

  std::optional<Rule> rule(const Value& v, const std::string& path) {
    std::size_t before = problems_.size();
    if (!v.is(Value::Kind::map)) {
      wrong(path, "a rule is a map");
      return {};
    }
    known(v, path,
          {"key", "title", "match", "group_by", "window", "action", "process", "unmapped", "service_down", "min_for",
           "because", "req"});
    Rule rule;
    rule.key = text(v["key"], path + ".key", true);
    if (rule.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
      wrong(path + ".key", "a key is made of small letters, digits and _");
    rule.title = both(v["title"], path + ".title", true);
    rule.match = match(v["match"], path + ".match");
    rule.group_by = words(v["group_by"], path + ".group_by");
    std::sort(rule.group_by.begin(), rule.group_by.end());
    if (std::adjacent_find(rule.group_by.begin(), rule.group_by.end()) != rule.group_by.end())
      wrong(path + ".group_by", "a label stands twice");
    if (auto window = length(v["window"], path + ".window")) rule.window = *window;
    rule.min_for = length(v["min_for"], path + ".min_for");
    if (std::string action = text(v["action"], path + ".action", true); action == "suppress") {
      rule.action = Action::suppress;
    } else if (!action.empty() && action != "open") {
      wrong(path + ".action", "open or suppress is expected");
    }
    if (!v["process"].is_null()) rule.process = text(v["process"], path + ".process", true);
    if (const Value& unmapped = v["unmapped"]; !unmapped.is_null()) {
      if (unmapped.as_string() == "bucket") {
        rule.unmapped = Unmapped::bucket;
      } else if (unmapped.as_string() == "open") {
        rule.unmapped = Unmapped::open;
      } else if (unmapped.as_string() != "automatic") {
        wrong(path + ".unmapped", "automatic, bucket or open is expected");
      }
    }
    rule.service_down = flag(v["service_down"], path + ".service_down", false);
    if (rule.service_down && rule.action == Action::suppress)
      wrong(path + ".service_down", "a rule that suppresses confirms no interruption");
    rule.because = both(v["because"], path + ".because", false);
    rule.req = words(v["req"], path + ".req");
    if (problems_.size() != before) return {};
    return rule;
  }

  std::optional<Quiet> quiet(const Value& v, const std::string& path) {
    std::size_t before = problems_.size();
    if (!v.is(Value::Kind::map)) {
      wrong(path, "a quiet time is a map");
      return {};
    }
    known(v, path, {"key", "match", "from", "to", "reason"});
    Quiet quiet;
    quiet.key = text(v["key"], path + ".key", true);
    quiet.match = match(v["match"], path + ".match");
    if (quiet.match.labels.empty()) wrong(path + ".match", "a quiet time must say which alerts it covers");
    if (auto t = instant(v["from"], path + ".from")) quiet.from = *t;
    if (auto t = instant(v["to"], path + ".to")) quiet.to = *t;
    if (problems_.size() == before && quiet.to <= quiet.from)
      wrong(path + ".to", "the end must lie after the beginning");
    quiet.reason = text(v["reason"], path + ".reason", true);
    if (problems_.size() != before) return {};
    return quiet;
  }

 private:
  std::size_t document_;
  std::vector<Problem>& problems_;
};

}  // namespace

RuleSet load_rules(std::span<const Value> documents, std::vector<Problem>& problems) {
  RuleSet out;
  std::set<std::string> keys, quiet_keys;
  std::string all;
  bool urgent_given = false;
  for (std::size_t d = 0; d < documents.size(); ++d) {
    const Value& document = documents[d];
    Loader loader(d, problems);
    all += describe(document);
    if (!document.is(Value::Kind::map)) {
      loader.wrong("", "a correlation document is a map");
      continue;
    }
    loader.known(document, "", {"correlation", "urgent", "alive_for", "rules", "maintenance"});
    loader.text(document["correlation"], "correlation", true);
    if (!document["urgent"].is_null()) {
      if (urgent_given) loader.wrong("urgent", "stands in an earlier document already");
      out.urgent = loader.match(document["urgent"], "urgent");
      urgent_given = true;
    }
    if (!document["alive_for"].is_null() && !document["alive_for"].is(Value::Kind::map))
      loader.wrong("alive_for", "a map from sources to durations is expected");
    for (const auto& [source, length] : document["alive_for"].as_map()) {
      std::string path = "alive_for." + source;
      if (auto read = loader.length(length, path)) {
        if (!out.alive_for.emplace(source == "otherwise" ? "" : source, *read).second)
          loader.wrong(path, "stands in an earlier document already");
      }
    }
    for (const char* list : {"rules", "maintenance"}) {
      if (!document[list].is_null() && !document[list].is(Value::Kind::list)) loader.wrong(list, "a list is expected");
    }
    const List& rules = document["rules"].as_list();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      std::string path = fmt::format("rules[{}]", i);
      auto rule = loader.rule(rules[i], path);
      if (!rule) continue;
      if (!keys.insert(rule->key).second) {
        loader.wrong(path + ".key", "a rule of this key stands already");
        continue;
      }
      out.rules.push_back(std::move(*rule));
    }
    const List& quiet = document["maintenance"].as_list();
    for (std::size_t i = 0; i < quiet.size(); ++i) {
      std::string path = fmt::format("maintenance[{}]", i);
      auto read = loader.quiet(quiet[i], path);
      if (!read) continue;
      if (!quiet_keys.insert(read->key).second) {
        loader.wrong(path + ".key", "a quiet time of this key stands already");
        continue;
      }
      out.quiet.push_back(std::move(*read));
    }
  }
  for (std::size_t i = 0; i + 1 < out.rules.size(); ++i) {
    if (out.rules[i].match.labels.empty())
      problems.push_back(
          {0, "rules", fmt::format("rule '{}' fits everything, so those after it never apply", out.rules[i].key)});
  }
  if (!urgent_given) out.urgent.labels = {{"severity", {"critical"}}};
  out.version = fingerprint_text(fingerprint_hash(Value(Map{{"", all}})));
  return out;
}

Mapping::Mapping(std::vector<MappingRow> rows) : rows_(std::move(rows)) {
  std::sort(rows_.begin(), rows_.end(), [](const MappingRow& a, const MappingRow& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    auto wa = a.match.weight(), wb = b.match.weight();
    return wa != wb ? wa > wb : a.id < b.id;
  });
}

namespace {
std::string filled(const std::string& pattern, const Value& labels) {
  std::string out;
  for (std::size_t p = 0; p < pattern.size();) {
    auto open = pattern.find('{', p);
    auto close = open == std::string::npos ? open : pattern.find('}', open);
    if (close == std::string::npos) return out + pattern.substr(p);
    const std::string& value = labels[std::string_view(pattern).substr(open + 1, close - open - 1)].as_string();
    if (value.empty()) return {};  // half a name would be a wrong one
    out += pattern.substr(p, open - p) + value;
    p = close + 1;
  }
  return out;
}

void add_words(std::vector<std::string>& out, std::string_view text) {
  std::string plain(text);
  for (std::string_view comma : {"，", "、"}) {  // the full-width comma and the enumeration comma part words too
    for (auto p = plain.find(comma); p != std::string::npos; p = plain.find(comma, p))
      plain.replace(p, comma.size(), ",");
  }
  for (std::string_view part : split(plain, ',')) {
    if (part = trim(part); !part.empty() && std::find(out.begin(), out.end(), part) == out.end())
      out.emplace_back(part);
  }
}
}  // namespace

Mapped Mapping::map(const Value& labels) const {
  for (const MappingRow& row : rows_) {
    if (!row.match.fits(labels)) continue;
    Mapped out{row.id, filled(row.system, labels), filled(row.board, labels), {}, row.service_down};
    for (const std::string& province : row.provinces) add_words(out.provinces, filled(province, labels));
    return out;
  }
  return {};
}

Result<MappingRow> mapping_row(const std::string& id, const Value& fields) {
  MappingRow row;
  row.id = id;
  if (const std::string& label = fields["label"].as_string(); !label.empty()) {
    row.match.labels = {{label, {fields["value"].as_string()}}};
  } else {
    ANLAN_TRY(row.match, parse_match(fields["match"].as_string()));
  }
  if (row.match.labels.empty()) return fail(Code::invalid, "a mapping row must name at least one label", "match");
  row.system = fields["system"].as_string();
  row.board = fields["board"].as_string();
  if (fields["provinces"].is(Value::Kind::list)) {
    for (const Value& province : fields["provinces"].as_list()) add_words(row.provinces, province.as_string());
  } else {
    add_words(row.provinces, fields["provinces"].as_string());
  }
  row.priority = fields["priority"].as_int();
  row.service_down = fields["service_down"].as_bool();
  return row;
}

Result<Quiet> quiet_row(const std::string& id, const Value& fields) {
  Quiet quiet;
  quiet.key = id;
  ANLAN_TRY(quiet.match, parse_match(fields["match"].as_string()));
  if (quiet.match.labels.empty()) return fail(Code::invalid, "a quiet time must name at least one label", "match");
  for (auto [name, into] : {std::pair{"from", &quiet.from}, std::pair{"to", &quiet.to}}) {
    const Value& v = fields[name];
    auto t = v.is(Value::Kind::instant) ? std::optional(v.as_instant()) : parse_rfc3339(v.as_string());
    if (!t) return fail(Code::invalid, "a time is expected", name);
    *into = *t;
  }
  if (quiet.to <= quiet.from) return fail(Code::invalid, "the end must lie after the beginning", "to");
  quiet.reason = fields["reason"].as_string();
  quiet.by = fields["by"].as_string();
  quiet.kind = fields["silence"].as_bool() ? Quiet::Kind::silence : Quiet::Kind::maintenance;
  return quiet;
}

}  // namespace anlan::correlation
