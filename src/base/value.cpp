#include "base/value.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace anlan {
namespace {
const std::string no_string;
const List no_list;
const Map no_map;
const Value null_value;
}  // namespace

// Most documents are written as such lists. Their places are sorted and each member is copied once to where it belongs:
// sorting the members themselves would move every one of them several times.
Map::Map(std::initializer_list<value_type> members) {
  constexpr std::size_t most = 64;
  if (members.size() > most) {
    Base::operator=(Base(members));
    return;
  }
  std::array<const value_type*, most> order;
  std::size_t n = 0;
  for (const value_type& member : members) {
    std::size_t at = n++;
    for (; at > 0 && member.first < order[at - 1]->first; --at) order[at] = order[at - 1];
    order[at] = &member;
  }
  reserve(n);
  for (std::size_t i = 0; i < n; ++i)
    if (i == 0 || order[i]->first != order[i - 1]->first) emplace_hint(end(), *order[i]);
}

bool Value::as_bool() const { auto* b = std::get_if<bool>(&v_); return b && *b; }
std::int64_t Value::as_int() const {
  if (auto* n = std::get_if<std::int64_t>(&v_)) return *n;
  const auto* d = std::get_if<double>(&v_);
  if (!d || std::isnan(*d)) return 0;
  // The bounds are powers of two, so exact as doubles; a cast from beyond them is undefined.
  if (*d >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
  if (*d < -0x1p63) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(*d);
}
double Value::as_number() const {
  if (auto* d = std::get_if<double>(&v_)) return *d;
  if (auto* n = std::get_if<std::int64_t>(&v_)) return static_cast<double>(*n);
  return 0;
}
const std::string& Value::as_string() const& { auto* s = std::get_if<std::string>(&v_); return s ? *s : no_string; }
Instant Value::as_instant() const { auto* t = std::get_if<Instant>(&v_); return t ? *t : Instant{}; }
Duration Value::as_duration() const { auto* d = std::get_if<Duration>(&v_); return d ? *d : Duration{}; }
const List& Value::as_list() const& { auto* l = std::get_if<7>(&v_); return l ? **l : no_list; }
const Map& Value::as_map() const& { auto* m = std::get_if<8>(&v_); return m ? **m : no_map; }

const Value& Value::operator[](std::string_view key) const& {
  const Map& m = as_map();
  auto it = m.find(key);
  return it == m.end() ? null_value : it->second;
}

Value Value::with(std::string_view key, Value value) const {
  Map m = as_map();
  if (value.is_null()) {
    if (auto it = m.find(key); it != m.end()) m.erase(it);
  } else {
    m.insert_or_assign(std::string(key), std::move(value));
  }
  return Value(std::move(m));
}

namespace {
bool numeric(Value::Kind k) { return k == Value::Kind::integer || k == Value::Kind::number; }
}  // namespace

bool Value::operator==(const Value& o) const {
  if (numeric(kind()) && numeric(o.kind())) {
    if (kind() == o.kind() && kind() == Kind::integer) return as_int() == o.as_int();
    return as_number() == o.as_number();
  }
  if (kind() != o.kind()) return false;
  switch (kind()) {
    case Kind::list: return as_list() == o.as_list();
    case Kind::map: return as_map() == o.as_map();
    default: return v_ == o.v_;
  }
}

std::weak_ordering Value::operator<=>(const Value& o) const {
  if (numeric(kind()) && numeric(o.kind())) {
    if (kind() == Kind::integer && o.kind() == Kind::integer) return as_int() <=> o.as_int();
    double a = as_number(), b = o.as_number();
    return a < b ? std::weak_ordering::less : b < a ? std::weak_ordering::greater : std::weak_ordering::equivalent;
  }
  if (kind() != o.kind()) return kind() <=> o.kind();
  switch (kind()) {
    case Kind::null: return std::weak_ordering::equivalent;
    case Kind::boolean: return as_bool() <=> o.as_bool();
    case Kind::string: return as_string() <=> o.as_string();
    case Kind::instant: return as_instant() <=> o.as_instant();
    case Kind::duration: return as_duration() <=> o.as_duration();
    case Kind::list: {
      const List &a = as_list(), &b = o.as_list();
      for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
        if (auto c = a[i] <=> b[i]; c != 0) return c;
      return a.size() <=> b.size();
    }
    case Kind::map: {
      auto i = as_map().begin();
      auto j = o.as_map().begin();
      for (; i != as_map().end() && j != o.as_map().end(); ++i, ++j) {
        if (auto c = i->first <=> j->first; c != 0) return c;
        if (auto c = i->second <=> j->second; c != 0) return c;
      }
      return as_map().size() <=> o.as_map().size();
    }
    default: return std::weak_ordering::equivalent;
  }
}

std::string_view name(Value::Kind k) {
  switch (k) {
    case Value::Kind::null: return "null";
    case Value::Kind::boolean: return "bool";
    case Value::Kind::integer: return "int";
    case Value::Kind::number: return "double";
    case Value::Kind::string: return "string";
    case Value::Kind::instant: return "timestamp";
    case Value::Kind::duration: return "duration";
    case Value::Kind::list: return "list";
    case Value::Kind::map: return "map";
  }
  return "?";
}

std::string describe(const Value& v) {
  switch (v.kind()) {
    case Value::Kind::null: return "null";
    case Value::Kind::boolean: return v.as_bool() ? "true" : "false";
    case Value::Kind::integer: return fmt::format("{}", v.as_int());
    case Value::Kind::number: return fmt::format("{}", v.as_number());
    case Value::Kind::string: return v.as_string();
    case Value::Kind::instant: return format_rfc3339(v.as_instant());
    case Value::Kind::duration: return format_duration(v.as_duration());
    case Value::Kind::list: {
      std::string out = "[";
      for (const auto& e : v.as_list()) out += (out.size() > 1 ? ", " : "") + describe(e);
      return out + "]";
    }
    case Value::Kind::map: {
      std::string out = "{";
      for (const auto& [k, e] : v.as_map()) out += (out.size() > 1 ? ", " : "") + k + ": " + describe(e);
      return out + "}";
    }
  }
  return "?";
}
}  // namespace anlan
