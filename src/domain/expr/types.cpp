#include "domain/expr/types.h"

#include <algorithm>

namespace anlan::expr {
using K = Type::Kind;

Type Type::list_of(Type element) {
  return {K::list, std::make_shared<const Type>(std::move(element)), {}, {}, false};
}
Type Type::map_of(Type element) { return {K::map, std::make_shared<const Type>(std::move(element)), {}, {}, false}; }
Type Type::object_of(std::map<std::string, Type, std::less<>> members) {
  using Members = std::map<std::string, Type, std::less<>>;
  return {K::object, {}, std::make_shared<const Members>(std::move(members)), {}, false};
}
Type Type::one_of(std::vector<std::string> words) {
  return {K::string, {}, {}, std::make_shared<const std::vector<std::string>>(std::move(words)), false};
}

namespace {
const Type any_type = Type::of(K::any);
const std::map<std::string, Type, std::less<>> no_members;

const std::map<std::string, Type, std::less<>>& members_of(const Type& t) {
  return t.members ? *t.members : no_members;
}

std::string describe_to(const Type& t, int depth) {
  switch (t.kind) {
    case K::any: return "any";
    case K::null: return "null";
    case K::boolean: return "bool";
    case K::integer: return "int";
    case K::number: return "double";
    case K::timestamp: return "timestamp";
    case K::duration: return "duration";
    case K::stopwatch: return "stopwatch";
    case K::string: {
      if (!t.words || t.literal) return "string";
      std::string out = "enum(";
      for (std::size_t i = 0; i < t.words->size(); ++i) out += (i ? ", " : "") + (*t.words)[i];
      return out + ")";
    }
    case K::list: return "list<" + describe_to(element_of(t), depth) + ">";
    case K::map: return "map<" + describe_to(element_of(t), depth) + ">";
    case K::object: {
      // Messages are read by people: the outermost names are enough.
      if (depth >= 2) return "{...}";
      std::string out = "{";
      std::size_t n = 0;
      for (const auto& [name, type] : members_of(t)) {
        if (n++) out += ", ";
        if (n > 6) return out + "...}";
        out += name + ": " + describe_to(type, depth + 1);
      }
      return out + "}";
    }
  }
  return "?";
}

bool subset(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::all_of(a.begin(), a.end(), [&](const auto& w) { return std::find(b.begin(), b.end(), w) != b.end(); });
}
bool numeric(K k) { return k == K::integer || k == K::number; }

Type open_string() { return Type::of(K::string); }

Type join_strings(const Type& a, const Type& b) {
  if (!a.words || !b.words) return open_string();
  if (a.words == b.words || *a.words == *b.words) return a.literal ? b : a;
  if (a.literal == b.literal) {
    std::vector<std::string> all = *a.words;
    std::set<std::string_view> seen(a.words->begin(), a.words->end());
    for (const auto& w : *b.words)
      if (seen.insert(w).second) all.push_back(w);
    Type t = Type::one_of(std::move(all));
    // The union of two declared lists has no declared order.
    t.literal = true;
    return t;
  }
  const Type& declared = a.literal ? b : a;
  return subset(*(a.literal ? a : b).words, *declared.words) ? declared : open_string();
}
}  // namespace

std::string describe(const Type& t) { return describe_to(t, 0); }

bool is(const Type& t, K k) { return t.kind == k; }

const Type& element_of(const Type& t) { return t.element ? *t.element : any_type; }

bool holds_stopwatch(const Type& t) {
  if (t.kind == K::stopwatch) return true;
  if (t.element) return holds_stopwatch(*t.element);
  for (const auto& [name, member] : members_of(t))
    if (holds_stopwatch(member)) return true;
  return false;
}

bool holds_any(const Type& t) {
  if (t.kind == K::any) return true;
  if (t.kind == K::list || t.kind == K::map) return holds_any(element_of(t));
  for (const auto& [name, member] : members_of(t))
    if (holds_any(member)) return true;
  return false;
}

bool has_word(const Type& t, std::string_view word) {
  return !t.words || std::find(t.words->begin(), t.words->end(), word) != t.words->end();
}

bool assignable(const Type& from, const Type& to) {
  if (to.kind == K::stopwatch || from.kind == K::stopwatch) return from.kind == to.kind;
  if (holds_stopwatch(from) || holds_stopwatch(to)) return false;
  if (to.kind == K::any || from.kind == K::any || from.kind == K::null) return true;
  if (from.kind == K::integer && to.kind == K::number) return true;
  if (from.kind == K::object && to.kind == K::map) {
    for (const auto& [name, member] : members_of(from))
      if (!assignable(member, element_of(to))) return false;
    return true;
  }
  if (from.kind != to.kind) return false;
  switch (from.kind) {
    case K::string: return !to.words || (from.words && subset(*from.words, *to.words));
    case K::list:
    case K::map: return assignable(element_of(from), element_of(to));
    case K::object:
      // A member left out is unset, and everything may be unset; a member nobody asked for is a slip.
      for (const auto& [name, member] : members_of(from)) {
        auto it = members_of(to).find(name);
        if (it == members_of(to).end() || !assignable(member, it->second)) return false;
      }
      return true;
    default: return true;
  }
}

bool comparable(const Type& a, const Type& b) {
  if (a.kind == K::any || b.kind == K::any || a.kind == K::null || b.kind == K::null) return true;
  if (numeric(a.kind) && numeric(b.kind)) return true;
  if ((a.kind == K::map && b.kind == K::object) || (a.kind == K::object && b.kind == K::map)) return true;
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case K::string:
      if (!a.words || !b.words || (a.literal && b.literal)) return true;
      if (a.literal) return subset(*a.words, *b.words);
      if (b.literal) return subset(*b.words, *a.words);
      return std::any_of(a.words->begin(), a.words->end(), [&](const auto& w) { return has_word(b, w); });
    case K::list:
    case K::map: return comparable(element_of(a), element_of(b));
    case K::object:
      for (const auto& [name, member] : members_of(a)) {
        auto it = members_of(b).find(name);
        if (it != members_of(b).end() && !comparable(member, it->second)) return false;
      }
      return true;
    default: return true;
  }
}

std::optional<Type> join(const Type& a, const Type& b) {
  if (a.kind == K::null) return b;
  if (b.kind == K::null || a.kind == K::any) return a;
  if (b.kind == K::any) return b;
  if (numeric(a.kind) && numeric(b.kind)) return a.kind == K::number ? a : b;
  if ((a.kind == K::map && b.kind == K::object) || (a.kind == K::object && b.kind == K::map))
    return Type::map_of(any_type);
  if (a.kind != b.kind || a.kind == K::stopwatch) return {};
  switch (a.kind) {
    case K::string: return join_strings(a, b);
    case K::list: return Type::list_of(join(element_of(a), element_of(b)).value_or(any_type));
    case K::map: return Type::map_of(join(element_of(a), element_of(b)).value_or(any_type));
    case K::object: {
      auto all = members_of(a);
      for (const auto& [name, member] : members_of(b)) {
        auto [it, fresh] = all.emplace(name, member);
        if (!fresh) it->second = join(it->second, member).value_or(any_type);
      }
      return Type::object_of(std::move(all));
    }
    default: return a;
  }
}

Rank rank_of(const Type& a, const Type& b) {
  const Type* declared = a.words && !a.literal ? &a : b.words && !b.literal ? &b : nullptr;
  if (!declared) return {};
  const Type& other = declared == &a ? b : a;
  // Text from elsewhere is looked up when it comes; a word it does not know is then undefined.
  if (!other.words) return {declared->words, true};
  if (other.literal) return {declared->words, subset(*other.words, *declared->words)};
  return {declared->words, *other.words == *declared->words};
}

bool fits(Value::Kind v, K t) {
  using V = Value::Kind;
  switch (t) {
    case K::any: return true;
    case K::null: return v == V::null;
    case K::boolean: return v == V::boolean;
    case K::integer: return v == V::integer;
    case K::number: return v == V::number || v == V::integer;
    case K::string: return v == V::string;
    case K::timestamp: return v == V::instant;
    case K::duration: return v == V::duration;
    case K::list: return v == V::list;
    case K::map:
    case K::object: return v == V::map;
    case K::stopwatch: return v != V::null;
  }
  return false;
}

bool conforms(const Value& v, const Type& t, std::int64_t& steps) {
  if (--steps < 0) return false;
  if (v.is_null()) return true;
  if (!fits(v.kind(), t.kind)) return false;
  switch (t.kind) {
    case K::string: return has_word(t, v.as_string());
    case K::any:  // walked for its size alone
    case K::list:
    case K::map:
      for (const Value& e : v.as_list())
        if (!conforms(e, element_of(t), steps)) return false;
      for (const auto& [name, e] : v.as_map())
        if (!conforms(e, element_of(t), steps)) return false;
      return true;
    case K::object:
      for (const auto& [name, e] : v.as_map()) {
        auto it = members_of(t).find(name);
        if (it == members_of(t).end() || !conforms(e, it->second, steps)) return false;
      }
      return true;
    default: return true;
  }
}
}  // namespace anlan::expr
