#include "definitions/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace anlan::definitions {

std::string listed(const std::vector<std::string>& known) {
  if (known.empty()) return "none";
  std::string out;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i == 24 && known.size() > 26) return out + fmt::format(" and {} more", known.size() - i);
    out += (i ? ", " : "") + known[i];
  }
  return out;
}

namespace {
// How many letters must be put in, left out, changed or swapped with their neighbour; over bytes, enough to catch a
// slip.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::move(above);
    above = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}
}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > 60) return "";
  std::size_t best = std::max<std::size_t>(1, word.size() / 4) + 1;
  const std::string* near = nullptr;
  for (const auto& k : known)
    if (k.size() <= 60)
      if (auto d = distance(word, k); d < best && d < k.size()) best = d, near = &k;
  return near ? fmt::format(" (did you mean '{}'?)", *near) : "";
}

std::optional<std::string> read_text(const Node& node, const std::string& what, Problems& problems) {
  if (node.kind == Node::Kind::scalar && !trim(node.text).empty()) return node.text;
  problems.add(node,
               node.kind == Node::Kind::null || node.kind == Node::Kind::scalar
                   ? fmt::format("{} is empty; fill it or leave it out", what)
                   : fmt::format("{} is one text, not a {}", what, node.kind == Node::Kind::list ? "list" : "mapping"));
  return {};
}

std::optional<bool> read_bool(const Node& node, const std::string& what, Problems& problems) {
  Value v = plain_value(node);
  if (v.is(Value::Kind::boolean)) return v.as_bool();
  problems.add(node, fmt::format("{} is true or false", what));
  return {};
}

std::optional<std::int64_t> read_int(const Node& node, const std::string& what, Problems& problems) {
  Value v = plain_value(node);
  if (v.is(Value::Kind::integer)) return v.as_int();
  problems.add(node, fmt::format("{} is a whole number", what));
  return {};
}

std::optional<double> read_number(const Node& node, const std::string& what, Problems& problems) {
  Value v = plain_value(node);
  if (v.is(Value::Kind::integer) || v.is(Value::Kind::number)) return v.as_number();
  problems.add(node, fmt::format("{} is a number", what));
  return {};
}

std::optional<Duration> read_duration(const Node& node, const std::string& what, Problems& problems) {
  if (node.kind == Node::Kind::scalar)
    if (auto d = parse_duration(node.text)) return d;
  problems.add(node, fmt::format("{} is a duration such as 15m, 1h30m, 2d or -30m", what));
  return {};
}

std::optional<Text> read_both(const Node& node, const std::string& what, Problems& problems) {
  if (node.kind != Node::Kind::map) {
    problems.add(node, fmt::format("{} is said in both languages: {{zh: ..., en: ...}}", what));
    return {};
  }
  Text out;
  bool good = true;
  for (const auto& member : node.members) {
    const std::string& key = member.key->text;
    if (key != "zh" && key != "en") {
      problems.add(*member.key, member.value->kind == Node::Kind::null
                                    ? fmt::format("{}: a comma ends a text in {{}}; put the whole text in quotes", what)
                                    : fmt::format("{} takes zh and en, not '{}'", what, key));
      continue;
    }
    auto t = read_text(*member.value, fmt::format("{} of {}", key, what), problems);
    if (!t) good = false;
    else (key == "zh" ? out.zh : out.en) = std::string(trim(*t));
  }
  if (good && (out.zh.empty() || out.en.empty()))
    problems.add(
        node, fmt::format("{} lacks its {} text", what, out.zh.empty() ? (out.en.empty() ? "zh and en" : "zh") : "en"));
  return out;
}

std::vector<Word> read_words(const Node& node, const std::string& what, Problems& problems) {
  std::vector<Word> out;
  auto add = [&](const Node& one) {
    auto t = read_text(one, what, problems);
    if (!t) return;
    for (const Word& w : out)
      if (w.text == *t) {
        problems.add(one, fmt::format("'{}' stands twice in {}", *t, what));
        return;
      }
    out.push_back({*t, &one});
  };
  if (node.kind == Node::Kind::list)
    for (const auto& item : node.items) add(*item);
  else add(node);
  return out;
}

bool check_key(const Node& key, Problems& problems) {
  const std::string& k = key.text;
  bool good = !k.empty() && k.size() <= 64 && k[0] >= 'a' && k[0] <= 'z';
  for (char c : k) good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
  if (!good)
    problems.add(key, fmt::format("'{}' is no key; use small letters, digits and _, beginning with a letter", k));
  return good;
}

// ---- object ----

Object::Object(const Node& node, std::string what, Problems& problems)
    : node_(node), what_(std::move(what)), problems_(problems) {
  if (node.kind == Node::Kind::map) return;
  usable_ = false;
  problems.add(node, fmt::format("{} is a mapping of keys to values", what_));
}

Object::~Object() {
  if (!usable_) return;
  for (const auto& member : node_.members)
    if (std::find(known_.begin(), known_.end(), member.key->text) == known_.end()) {
      auto sorted = known_;
      std::sort(sorted.begin(), sorted.end());
      problems_.add(*member.key, fmt::format("unknown key '{}' in {}{}; known are: {}", member.key->text, what_,
                                             suggestion(member.key->text, known_), listed(sorted)));
    }
}

std::string Object::name(std::string_view key) const { return fmt::format("'{}' of {}", key, what_); }

bool Object::has(std::string_view key) const { return usable_ && node_.find(key) != nullptr; }

const Node* Object::get(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  if (!usable_) return nullptr;
  for (const auto& member : node_.members) {
    if (member.key->text != key) continue;
    if (member.value->kind != Node::Kind::null) return member.value.get();
    // What is empty has no place of its own.
    problems_.add(*member.key, fmt::format("{} is empty; fill it or leave it out", name(key)));
    return nullptr;
  }
  return nullptr;
}

const Node* Object::need(std::string_view key) {
  if (usable_ && !node_.find(key)) problems_.add(node_, fmt::format("{} lacks '{}'", what_, key));
  return get(key);
}

std::string Object::text(std::string_view key) {
  const Node* n = get(key);
  return n ? read_text(*n, name(key), problems_).value_or("") : "";
}
std::string Object::need_text(std::string_view key) {
  const Node* n = need(key);
  return n ? read_text(*n, name(key), problems_).value_or("") : "";
}
bool Object::flag(std::string_view key, bool otherwise) {
  const Node* n = get(key);
  return n ? read_bool(*n, name(key), problems_).value_or(otherwise) : otherwise;
}
std::optional<std::int64_t> Object::integer(std::string_view key) {
  const Node* n = get(key);
  return n ? read_int(*n, name(key), problems_) : std::nullopt;
}
std::optional<double> Object::number(std::string_view key) {
  const Node* n = get(key);
  return n ? read_number(*n, name(key), problems_) : std::nullopt;
}
std::optional<Duration> Object::duration(std::string_view key) {
  const Node* n = get(key);
  return n ? read_duration(*n, name(key), problems_) : std::nullopt;
}
Text Object::both(std::string_view key) {
  const Node* n = get(key);
  return n ? read_both(*n, name(key), problems_).value_or(Text{}) : Text{};
}
Text Object::need_both(std::string_view key) {
  const Node* n = need(key);
  return n ? read_both(*n, name(key), problems_).value_or(Text{}) : Text{};
}
std::vector<Word> Object::words(std::string_view key) {
  const Node* n = get(key);
  return n ? read_words(*n, name(key), problems_) : std::vector<Word>{};
}

std::size_t Object::choice(std::string_view key, const std::vector<std::string>& known, std::size_t otherwise) {
  const Node* n = get(key);
  if (!n) return otherwise;
  auto t = read_text(*n, name(key), problems_);
  if (!t) return otherwise;
  auto it = std::find(known.begin(), known.end(), *t);
  if (it != known.end()) return static_cast<std::size_t>(it - known.begin());
  problems_.add(*n, fmt::format("{} is one of {}, not '{}'{}", name(key), listed(known), *t, suggestion(*t, known)));
  return otherwise;
}

std::vector<const Node*> Object::items(std::string_view key) {
  const Node* n = get(key);
  std::vector<const Node*> out;
  if (!n) return out;
  if (n->kind == Node::Kind::list)
    for (const auto& item : n->items) out.push_back(item.get());
  else out.push_back(n);
  return out;
}

std::vector<std::pair<std::string, const Node::Member*>> Object::named(std::string_view key) {
  const Node* n = get(key);
  std::vector<std::pair<std::string, const Node::Member*>> out;
  if (!n) return out;
  if (n->kind != Node::Kind::map) {
    problems_.add(*n, fmt::format("{} is a mapping of keys to values", name(key)));
    return out;
  }
  for (const auto& member : n->members)
    if (check_key(*member.key, problems_)) out.emplace_back(member.key->text, &member);
  return out;
}

void Object::refuse(std::string_view key, const std::string& why) {
  if (!usable_) return;
  for (const auto& member : node_.members)
    if (member.key->text == key) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
      problems_.add(*member.key, fmt::format("{} means nothing here: {}", name(key), why));
    }
}

}  // namespace anlan::definitions
