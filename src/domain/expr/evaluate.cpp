#include "domain/expr/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace anlan::expr {
namespace {
using V = Value::Kind;

const Value yes(true), no(false);
const Value* boolean(bool b) { return b ? &yes : &no; }

bool numeric(V k) { return k == V::integer || k == V::number; }

// -1, 0, 1, or 2 when there is no order. Exact also where an int has more digits than a double holds.
int order_numbers(const Value& a, const Value& b) {
  if (a.is(V::integer) && b.is(V::integer)) {
    std::int64_t x = a.as_int(), y = b.as_int();
    return x < y ? -1 : x > y;
  }
  if (a.is(V::integer)) {
    double d = b.as_number();
    if (std::isnan(d)) return 2;
    if (d >= 0x1p63) return -1;
    if (d < -0x1p63) return 1;
    std::int64_t x = a.as_int(), whole = static_cast<std::int64_t>(d);
    if (x != whole) return x < whole ? -1 : 1;
    double rest = d - std::trunc(d);
    return rest > 0 ? -1 : rest < 0;
  }
  if (b.is(V::integer)) {
    int other = order_numbers(b, a);
    return other == 2 ? 2 : -other;
  }
  double x = a.as_number(), y = b.as_number();
  return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
}

template <class T>
int three_way(const T& a, const T& b) {
  return a < b ? -1 : b < a;
}

// Years 1 to 9999, as CEL bounds timestamps; beyond them no text form exists.
constexpr std::int64_t first_ms = -62'135'596'800'000, last_ms = 253'402'300'799'999;

std::string_view sign(Op op) {
  switch (op) {
    case Op::add: return "+";
    case Op::subtract: return "-";
    case Op::multiply: return "*";
    case Op::divide: return "/";
    case Op::modulo: return "%";
    case Op::less: return "<";
    case Op::less_equal: return "<=";
    case Op::greater: return ">";
    case Op::greater_equal: return ">=";
    default: return "?";
  }
}
}  // namespace

const Value* Machine::unset(const Tree& at) {
  failure_.at = &at;
  failure_.unset = true;
  failure_.reason.clear();
  return nullptr;
}
const Value* Machine::undefined(const Tree& at, std::string reason) {
  failure_.at = &at;
  failure_.unset = false;
  failure_.reason = std::move(reason);
  return nullptr;
}
const Value* Machine::mismatch(const Tree& at, std::string_view wanted, const Value& got) {
  return undefined(at, fmt::format("{} is expected, but the data is {}", wanted, name(got.kind())));
}

const Value* Machine::need(const Tree& t, Value& out) {
  const Value* p = eval(t, out);
  return p && p->is_null() ? unset(t) : p;
}

const Value* Machine::eval(const Tree& t, Value& out) {
  if (--steps_ < 0) return spent(t);
  switch (t.op) {
    case Op::constant: return &t.value;
    case Op::path: {
      const Value* p = &facts_.root(t.slot);
      for (const std::string& name : t.members) p = &(*p)[name];
      return p;
    }
    case Op::local: {
      const Value* p = locals_[t.slot];
      for (const std::string& name : t.members) p = &(*p)[name];
      return p;
    }
    case Op::member: return member(t, out);
    case Op::index: return index(t, out);
    case Op::list: return t.folded ? &t.value : list(t, out);
    case Op::map: return map(t, out);
    case Op::all_of: return logic(t, false);
    case Op::any_of: return logic(t, true);
    case Op::logical_not: return invert(t);
    case Op::negate: return negate(t, out);
    case Op::conditional: return choose(t, out);
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal: return compare(t);
    case Op::in: return is_in(t);
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::modulo: return arithmetic(t, out);
    case Op::has: {
      Value own;
      const Value* p = eval(*t.kids[0], own);
      return p ? boolean(!p->is_null()) : nullptr;
    }
    case Op::all:
    case Op::exists:
    case Op::exists_one:
    case Op::filter:
    case Op::map_each: return macro(t, out);
    case Op::call: return call(t, out);
    case Op::size:
    case Op::contains:
    case Op::starts_with:
    case Op::ends_with:
    case Op::lower_ascii: return text(t, out);
    case Op::to_integer:
    case Op::to_number:
    case Op::to_string:
    case Op::to_duration:
    case Op::to_timestamp: return convert(t, out);
    case Op::minimum:
    case Op::maximum: return extreme(t, out);
    case Op::sum: return sum(t, out);
    case Op::unique: return unique(t, out);
    case Op::intersects: return intersects(t);
  }
  return undefined(t, "unknown operation");
}

// ---- logic ----

// && and ||: a part that decides wins over errors on either side of it; else the first error stands.
const Value* Machine::logic(const Tree& t, bool decides) {
  Failure first;
  for (const auto& kid : t.kids) {
    Value own;
    const Value* p = need(*kid, own);
    if (p && !p->is(V::boolean)) p = mismatch(*kid, "bool", *p);
    if (p) {
      if (p->as_bool() == decides) return boolean(decides);
    } else if (!first.at) {
      first = failure_;
    }
  }
  if (!first.at) return boolean(!decides);
  failure_ = std::move(first);
  return nullptr;
}

const Value* Machine::choose(const Tree& t, Value& out) {
  Value own;
  const Value* p = need(*t.kids[0], own);
  if (!p) return nullptr;
  if (!p->is(V::boolean)) return mismatch(*t.kids[0], "bool", *p);
  return eval(*t.kids[p->as_bool() ? 1 : 2], out);
}

const Value* Machine::invert(const Tree& t) {
  Value own;
  const Value* p = need(*t.kids[0], own);
  if (!p) return nullptr;
  if (!p->is(V::boolean)) return mismatch(*t.kids[0], "bool", *p);
  return boolean(!p->as_bool());
}

// ---- comparison ----

std::optional<bool> Machine::equal(const Tree& t, const Value& a, const Value& b) {
  if (!spend(1)) return spent(t), std::nullopt;
  if (numeric(a.kind()) && numeric(b.kind())) return order_numbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case V::null: return true;
    case V::boolean: return a.as_bool() == b.as_bool();
    case V::string: return a.as_string() == b.as_string();
    case V::instant: return a.as_instant() == b.as_instant();
    case V::duration: return a.as_duration() == b.as_duration();
    case V::list: {
      const List &x = a.as_list(), &y = b.as_list();
      if (x.size() != y.size()) return false;
      for (std::size_t i = 0; i < x.size(); ++i)
        if (auto same = equal(t, x[i], y[i]); !same || !*same) return same;
      return true;
    }
    case V::map: {
      const Map &x = a.as_map(), &y = b.as_map();
      if (x.size() != y.size()) return false;
      for (auto i = x.begin(), j = y.begin(); i != x.end(); ++i, ++j) {
        if (i->first != j->first) return false;
        if (auto same = equal(t, i->second, j->second); !same || !*same) return same;
      }
      return true;
    }
    default: return false;
  }
}

std::optional<int> Machine::order(const Tree& t, const Value& a, const Value& b) {
  if (numeric(a.kind()) && numeric(b.kind())) return order_numbers(a, b);
  if (a.kind() == b.kind()) {
    switch (a.kind()) {
      case V::boolean: return three_way(a.as_bool(), b.as_bool());
      case V::instant: return three_way(a.as_instant(), b.as_instant());
      case V::duration: return three_way(a.as_duration(), b.as_duration());
      case V::string: {
        if (!t.words) return three_way(a.as_string(), b.as_string());
        auto x = std::find(t.words->begin(), t.words->end(), a.as_string());
        auto y = std::find(t.words->begin(), t.words->end(), b.as_string());
        if (x != t.words->end() && y != t.words->end()) return three_way(x, y);
        undefined(t, fmt::format("'{}' is none of the known words",
                                 x == t.words->end() ? a.as_string() : b.as_string()));
        return {};
      }
      default: break;
    }
  }
  undefined(t, fmt::format("{} and {} have no order", name(a.kind()), name(b.kind())));
  return {};
}

const Value* Machine::compare(const Tree& t) {
  Value own_a, own_b;
  if (t.op == Op::equal || t.op == Op::not_equal) {
    const Value* a = eval(*t.kids[0], own_a);
    if (!a) return nullptr;
    const Value* b = eval(*t.kids[1], own_b);
    if (!b) return nullptr;
    auto same = equal(t, *a, *b);
    return same ? boolean(*same == (t.op == Op::equal)) : nullptr;
  }
  const Value* a = need(*t.kids[0], own_a);
  if (!a) return nullptr;
  const Value* b = need(*t.kids[1], own_b);
  if (!b) return nullptr;
  auto o = order(t, *a, *b);
  if (!o) return nullptr;
  if (*o == 2) return &no;
  switch (t.op) {
    case Op::less: return boolean(*o < 0);
    case Op::less_equal: return boolean(*o <= 0);
    case Op::greater: return boolean(*o > 0);
    default: return boolean(*o >= 0);
  }
}

std::optional<bool> Machine::contains(const Tree& t, const List& list, const Value& item) {
  for (const Value& e : list)
    if (auto same = equal(t, e, item); !same || *same) return same;
  return false;
}

const Value* Machine::is_in(const Tree& t) {
  Value own_item, own_in;
  const Value* item = eval(*t.kids[0], own_item);
  if (!item) return nullptr;
  const Value* in = eval(*t.kids[1], own_in);
  if (!in) return nullptr;
  switch (in->kind()) {
    case V::null: return &no;
    case V::list: {
      auto found = contains(t, in->as_list(), *item);
      return found ? boolean(*found) : nullptr;
    }
    case V::map: return boolean(item->is(V::string) && !(*in)[item->as_string()].is_null());
    default: return mismatch(*t.kids[1], "a list or a map", *in);
  }
}

// ---- arithmetic ----

const Value* Machine::negate(const Tree& t, Value& out) {
  Value own;
  const Value* p = need(*t.kids[0], own);
  if (!p) return nullptr;
  std::int64_t n = 0;
  switch (p->kind()) {
    case V::integer:
      if (__builtin_sub_overflow(std::int64_t{0}, p->as_int(), &n)) return undefined(t, "integer overflow");
      out = n;
      return &out;
    case V::number: out = -p->as_number(); return &out;
    case V::duration:
      if (__builtin_sub_overflow(std::int64_t{0}, p->as_duration().ms, &n)) return undefined(t, "duration overflow");
      out = Duration{n};
      return &out;
    default: return mismatch(*t.kids[0], "a number or a duration", *p);
  }
}

const Value* Machine::arithmetic(const Tree& t, Value& out) {
  Value own_a, own_b;
  const Value* a = need(*t.kids[0], own_a);
  if (!a) return nullptr;
  const Value* b = need(*t.kids[1], own_b);
  if (!b) return nullptr;
  if (a->is(V::integer) && b->is(V::integer)) {
    std::int64_t x = a->as_int(), y = b->as_int(), n = 0;
    bool over = false;
    switch (t.op) {
      case Op::add: over = __builtin_add_overflow(x, y, &n); break;
      case Op::subtract: over = __builtin_sub_overflow(x, y, &n); break;
      case Op::multiply: over = __builtin_mul_overflow(x, y, &n); break;
      default:
        if (y == 0) return undefined(t, "division by zero");
        // The one quotient that does not fit; its remainder is 0, which the machine cannot say either.
        if (y == -1 && t.op == Op::divide) over = __builtin_sub_overflow(std::int64_t{0}, x, &n);
        else if (y != -1) n = t.op == Op::divide ? x / y : x % y;
    }
    if (over) return undefined(t, "integer overflow");
    out = n;
    return &out;
  }
  if (numeric(a->kind()) && numeric(b->kind()) && t.op != Op::modulo) {
    double x = a->as_number(), y = b->as_number(), d = 0;
    switch (t.op) {
      case Op::add: d = x + y; break;
      case Op::subtract: d = x - y; break;
      case Op::multiply: d = x * y; break;
      default:
        if (y == 0) return undefined(t, "division by zero");
        d = x / y;
    }
    if (!std::isfinite(d)) return undefined(t, "the number is out of range");
    out = d;
    return &out;
  }
  return add_others(t, *a, *b, out);
}

const Value* Machine::add_others(const Tree& t, const Value& a, const Value& b, Value& out) {
  const V x = a.kind(), y = b.kind();
  std::int64_t n = 0;
  auto instant = [&](bool over) -> const Value* {
    if (over || n < first_ms || n > last_ms) return undefined(t, "the timestamp is out of range");
    out = Instant{n};
    return &out;
  };
  auto duration = [&](bool over) -> const Value* {
    if (over) return undefined(t, "duration overflow");
    out = Duration{n};
    return &out;
  };
  switch (t.op) {
    case Op::add:
      if (x == V::instant && y == V::duration)
        return instant(__builtin_add_overflow(a.as_instant().ms, b.as_duration().ms, &n));
      if (x == V::duration && y == V::instant)
        return instant(__builtin_add_overflow(a.as_duration().ms, b.as_instant().ms, &n));
      if (x == V::duration && y == V::duration)
        return duration(__builtin_add_overflow(a.as_duration().ms, b.as_duration().ms, &n));
      if (x == V::string && y == V::string) {
        if (!spend(static_cast<std::int64_t>((a.as_string().size() + b.as_string().size()) / 64))) return spent(t);
        out = a.as_string() + b.as_string();
        return &out;
      }
      if (x == V::list && y == V::list) {
        List all;
        all.reserve(a.as_list().size() + b.as_list().size());
        for (const List* part : {&a.as_list(), &b.as_list()})
          for (const Value& e : *part)
            if (!append(all, e)) return spent(t);
        out = Value(std::move(all));
        return &out;
      }
      break;
    case Op::subtract:
      if (x == V::instant && y == V::instant)
        return duration(__builtin_sub_overflow(a.as_instant().ms, b.as_instant().ms, &n));
      if (x == V::instant && y == V::duration)
        return instant(__builtin_sub_overflow(a.as_instant().ms, b.as_duration().ms, &n));
      if (x == V::duration && y == V::duration)
        return duration(__builtin_sub_overflow(a.as_duration().ms, b.as_duration().ms, &n));
      break;
    case Op::multiply:
      if (x == V::duration && y == V::integer)
        return duration(__builtin_mul_overflow(a.as_duration().ms, b.as_int(), &n));
      if (x == V::integer && y == V::duration)
        return duration(__builtin_mul_overflow(a.as_int(), b.as_duration().ms, &n));
      break;
    default: break;
  }
  return undefined(t, fmt::format("{} {} {} has no meaning", name(x), sign(t.op), name(y)));
}

// ---- members, lists, maps ----

const Value* Machine::member(const Tree& t, Value& out) {
  Value own;
  const Value* p = eval(*t.kids[0], own);
  if (!p) return nullptr;
  const bool owned = p == &own;
  for (const std::string& name : t.members) p = &(*p)[name];
  if (!owned) return p;
  // What was computed goes away with this frame: its part must be copied out.
  out = Value(*p);
  return &out;
}

const Value* Machine::index(const Tree& t, Value& out) {
  Value own, own_key;
  const Value* p = need(*t.kids[0], own);
  if (!p) return nullptr;
  const Value* key = need(*t.kids[1], own_key);
  if (!key) return nullptr;
  const Value* found = nullptr;
  if (p->is(V::list)) {
    if (!key->is(V::integer)) return mismatch(*t.kids[1], "int", *key);
    const List& list = p->as_list();
    if (key->as_int() < 0 || key->as_int() >= static_cast<std::int64_t>(list.size()))
      return undefined(t, fmt::format("index {} is out of range, the list has {}", key->as_int(), list.size()));
    found = &list[static_cast<std::size_t>(key->as_int())];
  } else if (p->is(V::map)) {
    if (!key->is(V::string)) return mismatch(*t.kids[1], "string", *key);
    found = &(*p)[key->as_string()];
  } else {
    return mismatch(*t.kids[0], "a list or a map", *p);
  }
  if (p != &own) return found;
  out = Value(*found);
  return &out;
}

bool Machine::append(List& list, const Value& v) {
  if (!spend(1 + (v.is(V::string) ? static_cast<std::int64_t>(v.as_string().size() / 64) : 0))) return false;
  list.push_back(v);
  return true;
}

const Value* Machine::list(const Tree& t, Value& out) {
  List all;
  all.reserve(t.kids.size());
  for (const auto& kid : t.kids) {
    Value own;
    const Value* p = eval(*kid, own);
    if (!p) return nullptr;
    if (p == &own) all.push_back(std::move(own));
    else if (!append(all, *p)) return spent(t);
  }
  out = Value(std::move(all));
  return &out;
}

const Value* Machine::map(const Tree& t, Value& out) {
  Map all;
  for (std::size_t i = 0; i + 1 < t.kids.size(); i += 2) {
    Value own_key, own;
    const Value* key = need(*t.kids[i], own_key);
    if (!key) return nullptr;
    if (!key->is(V::string)) return mismatch(*t.kids[i], "string", *key);
    const Value* p = eval(*t.kids[i + 1], own);
    if (!p) return nullptr;
    if (p->is_null()) continue;  // absent and null are one
    if (p->is(V::string) && !spend(static_cast<std::int64_t>(p->as_string().size() / 64))) return spent(t);
    if (!all.emplace(key->as_string(), p == &own ? std::move(own) : *p).second)
      return undefined(*t.kids[i], fmt::format("the key '{}' stands twice", key->as_string()));
  }
  out = Value(std::move(all));
  return &out;
}

// ---- macros ----

const Value* Machine::macro(const Tree& t, Value& out) {
  Value own_range;
  const Value* range = need(*t.kids[0], own_range);
  if (!range) return nullptr;
  if (!range->is(V::list) && !range->is(V::map)) return mismatch(*t.kids[0], "a list or a map", *range);

  Failure first;
  std::int64_t hits = 0;
  List results;
  bool stop = false;
  // True to go on. Sets `stop` when the answer is decided or an error ends the macro.
  auto one = [&](const Value& element) {
    locals_[t.slot] = &element;
    if (!spend(1)) {
      spent(t);
      first = failure_;
      return stop = true, false;
    }
    Value own;
    if (t.op == Op::map_each && t.kids.size() == 2) {
      const Value* p = eval(*t.kids[1], own);
      if (p && p == &own) results.push_back(std::move(own));
      else if (p && !append(results, *p)) p = spent(t);
      if (!p) first = failure_, stop = true;
      return !stop;
    }
    const Value* p = need(*t.kids[1], own);
    if (p && !p->is(V::boolean)) p = mismatch(*t.kids[1], "bool", *p);
    if (!p) {
      if (!first.at) first = failure_;
      if (t.op != Op::all && t.op != Op::exists) stop = true;
      return !stop;
    }
    const bool hit = p->as_bool();
    switch (t.op) {
      case Op::all:
      case Op::exists:
        if (hit == (t.op == Op::exists)) ++hits, stop = true;
        break;
      case Op::exists_one: hits += hit; break;
      case Op::filter:
        if (hit && !append(results, element)) spent(t), first = failure_, stop = true;
        break;
      default:
        if (hit) {
          Value made;
          const Value* q = eval(*t.kids[2], made);
          if (q && q == &made) results.push_back(std::move(made));
          else if (q && !append(results, *q)) q = spent(t);
          if (!q) first = failure_, stop = true;
        }
    }
    return !stop;
  };
  if (range->is(V::list)) {
    for (const Value& element : range->as_list())
      if (!one(element)) break;
  } else {
    for (const auto& [key, value] : range->as_map())
      if (Value word(key); !one(word)) break;
  }

  const bool decided = (t.op == Op::all || t.op == Op::exists) && hits > 0;
  if (!decided && first.at) {
    failure_ = std::move(first);
    return nullptr;
  }
  switch (t.op) {
    case Op::all: return boolean(!decided);
    case Op::exists: return boolean(decided);
    case Op::exists_one: return boolean(hits == 1);
    default: out = Value(std::move(results)); return &out;
  }
}

// ---- functions ----

const Value* Machine::call(const Tree& t, Value& out) {
  const Function& f = *t.function;
  if (!f.apply) return undefined(t, "the function " + f.name + " is only declared here");
  std::array<Value, 4> few;
  std::vector<Value> many;
  std::span<Value> args(few.data(), std::min(t.kids.size(), few.size()));
  if (t.kids.size() > few.size()) {
    many.resize(t.kids.size());
    args = many;
  }
  for (std::size_t i = 0; i < t.kids.size(); ++i) {
    const Type::Kind wanted = f.parameters[i].kind;
    const Value* p = wanted == Type::Kind::any ? eval(*t.kids[i], args[i]) : need(*t.kids[i], args[i]);
    if (!p) return nullptr;
    if (!fits(p->kind(), wanted)) return mismatch(*t.kids[i], describe(f.parameters[i]), *p);
    if (p != &args[i]) args[i] = *p;
    const bool given = t.kids[i]->op == Op::path || t.kids[i]->op == Op::constant;
    if (!given && (p->is(V::list) || p->is(V::map))) {
      // Sharing can make a computed value of few bytes that takes ages to walk; no function is handed such a one.
      if (!conforms(*p, f.parameters[i], steps_))
        return undefined(*t.kids[i], "the value is too large or of another type");
    }
  }
  out = f.apply(Call{args, facts_});
  if (!out.is_null() && !fits(out.kind(), f.result.kind)) return mismatch(t, describe(f.result), out);
  return &out;
}

const Value* Machine::text(const Tree& t, Value& out) {
  Value own, own_arg;
  const Value* x = need(*t.kids[0], own);
  if (!x) return nullptr;
  if (t.op == Op::size) {
    std::int64_t n = 0;
    switch (x->kind()) {
      case V::string:
        if (!spend(static_cast<std::int64_t>(x->as_string().size() / 64))) return spent(t);
        for (char c : x->as_string()) n += (c & 0xC0) != 0x80;
        break;
      case V::list: n = static_cast<std::int64_t>(x->as_list().size()); break;
      case V::map: n = static_cast<std::int64_t>(x->as_map().size()); break;
      default: return mismatch(*t.kids[0], "a string, a list or a map", *x);
    }
    out = n;
    return &out;
  }
  if (t.op == Op::lower_ascii) {
    if (!x->is(V::string)) return mismatch(*t.kids[0], "string", *x);
    std::string s = x->as_string();
    if (!spend(static_cast<std::int64_t>(s.size() / 64))) return spent(t);
    for (char& c : s)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    out = std::move(s);
    return &out;
  }
  if (t.op == Op::contains && x->is(V::list)) {
    const Value* item = eval(*t.kids[1], own_arg);
    if (!item) return nullptr;
    auto found = contains(t, x->as_list(), *item);
    return found ? boolean(*found) : nullptr;
  }
  if (!x->is(V::string)) return mismatch(*t.kids[0], t.op == Op::contains ? "a string or a list" : "string", *x);
  const Value* arg = need(*t.kids[1], own_arg);
  if (!arg) return nullptr;
  if (!arg->is(V::string)) return mismatch(*t.kids[1], "string", *arg);
  const std::string &s = x->as_string(), &part = arg->as_string();
  if (t.op == Op::starts_with) return boolean(s.starts_with(part));
  if (t.op == Op::ends_with) return boolean(s.ends_with(part));
  // A search looks at every place of the text, and at each at no more than the part.
  auto places = static_cast<std::int64_t>(s.size() / 64 + 1), length = static_cast<std::int64_t>(part.size() / 64 + 1);
  if (!spend(places * length)) return spent(t);
  return boolean(s.find(part) != std::string::npos);
}

const Value* Machine::convert(const Tree& t, Value& out) {
  Value own;
  const Tree& from = *t.kids[0];
  const Value* x = need(from, own);
  if (!x) return nullptr;
  auto malformed = [&](std::string_view what) {
    std::string shown = x->as_string().size() <= 60 ? "'" + x->as_string() + "'" : "the text";
    return undefined(from, fmt::format("{} is no {}", shown, what));
  };
  switch (t.op) {
    case Op::to_integer:
      switch (x->kind()) {
        case V::integer: out = *x; return &out;
        case V::number: {
          double d = x->as_number();
          if (!(d > -0x1p63 && d < 0x1p63)) return undefined(t, "integer overflow");
          out = static_cast<std::int64_t>(d);
          return &out;
        }
        case V::string: {
          const std::string& s = x->as_string();
          std::int64_t n = 0;
          auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), n);
          if (ec != std::errc() || end != s.data() + s.size()) return malformed("int");
          out = n;
          return &out;
        }
        case V::instant: {
          std::int64_t ms = x->as_instant().ms;
          out = ms / 1000 - (ms % 1000 < 0);
          return &out;
        }
        default: return mismatch(from, "a number, a string or a timestamp", *x);
      }
    case Op::to_number:
      if (numeric(x->kind())) {
        out = x->as_number();
        return &out;
      }
      if (x->is(V::string)) {
        const std::string& s = x->as_string();
        double d = 0;
        auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), d);
        if (ec != std::errc() || end != s.data() + s.size() || !std::isfinite(d)) return malformed("double");
        out = d;
        return &out;
      }
      return mismatch(from, "a number or a string", *x);
    case Op::to_string:
      switch (x->kind()) {
        case V::string: out = *x; return &out;
        case V::instant:
          if (x->as_instant().ms < first_ms || x->as_instant().ms > last_ms)
            return undefined(t, "the timestamp is out of range");
          [[fallthrough]];
        case V::boolean:
        case V::integer:
        case V::number:
        case V::duration: out = describe(*x); return &out;
        default: return mismatch(from, "a single value", *x);
      }
    case Op::to_duration: {
      if (x->is(V::string)) {
        auto d = parse_duration(x->as_string());
        if (!d) return malformed("duration");
        out = *d;
        return &out;
      }
      if (!x->is(V::duration)) return mismatch(from, "a string", *x);
      out = *x;
      return &out;
    }
    default: {
      if (x->is(V::string)) {
        auto i = parse_rfc3339(x->as_string());
        if (!i) return malformed("timestamp");
        out = *i;
        return &out;
      }
      if (!x->is(V::instant)) return mismatch(from, "a string", *x);
      out = *x;
      return &out;
    }
  }
}

namespace {
// Where an element of a list came from: the element of the literal itself, or the list.
const Tree& origin(const Tree& list, std::size_t i) {
  return list.op == Op::list && i < list.kids.size() ? *list.kids[i] : list;
}
}  // namespace

const Value* Machine::extreme(const Tree& t, Value& out) {
  Value own;
  const Tree& from = *t.kids[0];
  const Value* x = need(from, own);
  if (!x) return nullptr;
  if (!x->is(V::list)) return mismatch(from, "a list", *x);
  const List& list = x->as_list();
  if (list.empty()) return undefined(t, "the list is empty");
  const Value* best = nullptr;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!spend(1)) return spent(t);
    if (list[i].is_null()) return unset(origin(from, i));
    // The first is compared with itself, so that a single element of a kind without order is noticed too.
    auto o = order(t, list[i], best ? *best : list[i]);
    if (!o) return nullptr;
    if (*o == 2) return undefined(t, "a number is not finite");
    if (!best || *o == (t.op == Op::minimum ? -1 : 1)) best = &list[i];
  }
  if (x != &own) return best;
  out = Value(*best);
  return &out;
}

const Value* Machine::sum(const Tree& t, Value& out) {
  Value own;
  const Tree& from = *t.kids[0];
  const Value* x = need(from, own);
  if (!x) return nullptr;
  if (!x->is(V::list)) return mismatch(from, "a list", *x);
  const List& list = x->as_list();
  Value total;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Value& e = list[i];
    if (!spend(1)) return spent(t);
    if (e.is_null()) return unset(origin(from, i));
    if (!numeric(e.kind()) && !e.is(V::duration)) return mismatch(origin(from, i), "a number or a duration", e);
    std::int64_t n = 0;
    if (total.is_null()) {
      total = e;
    } else if (e.is(V::duration) && total.is(V::duration)) {
      if (__builtin_add_overflow(total.as_duration().ms, e.as_duration().ms, &n))
        return undefined(t, "duration overflow");
      total = Duration{n};
    } else if (e.is(V::duration) || total.is(V::duration)) {
      return undefined(t, "numbers and durations have no sum");
    } else if (e.is(V::integer) && total.is(V::integer)) {
      if (__builtin_add_overflow(total.as_int(), e.as_int(), &n)) return undefined(t, "integer overflow");
      total = n;
    } else {
      total = total.as_number() + e.as_number();
    }
  }
  if (total.is(V::number) && !std::isfinite(total.as_number())) return undefined(t, "the number is out of range");
  if (total.is_null()) {
    total = t.type.kind == Type::Kind::duration ? Value(Duration{})
            : t.type.kind == Type::Kind::number ? Value(0.0)
                                                : Value(std::int64_t{0});
  }
  out = std::move(total);
  return &out;
}

namespace {
// Plain data sort in one order; what holds other values is compared piece by piece, for it may be large.
bool flat(const Value& v) {
  return !v.is(V::list) && !v.is(V::map) && !(v.is(V::number) && !std::isfinite(v.as_number()));
}
struct Before {
  bool operator()(const Value* a, const Value* b) const {
    if (numeric(a->kind()) && numeric(b->kind())) return order_numbers(*a, *b) < 0;
    return (*a <=> *b) < 0;
  }
};
}  // namespace

const Value* Machine::unique(const Tree& t, Value& out) {
  Value own;
  const Value* x = need(*t.kids[0], own);
  if (!x) return nullptr;
  if (!x->is(V::list)) return mismatch(*t.kids[0], "a list", *x);
  const List& list = x->as_list();
  List kept;
  std::set<const Value*, Before> seen;
  std::vector<const Value*> others;
  for (const Value& e : list) {
    if (flat(e)) {
      if (!spend(1)) return spent(t);
      if (!seen.insert(&e).second) continue;
    } else {
      bool known = false;
      for (const Value* other : others) {
        auto same = equal(t, *other, e);
        if (!same) return nullptr;
        if ((known = *same)) break;
      }
      if (known) continue;
      others.push_back(&e);
    }
    if (!append(kept, e)) return spent(t);
  }
  out = Value(std::move(kept));
  return &out;
}

const Value* Machine::intersects(const Tree& t) {
  Value own_a, own_b;
  const Value* a = need(*t.kids[0], own_a);
  if (!a) return nullptr;
  if (!a->is(V::list)) return mismatch(*t.kids[0], "a list", *a);
  const Value* b = need(*t.kids[1], own_b);
  if (!b) return nullptr;
  if (!b->is(V::list)) return mismatch(*t.kids[1], "a list", *b);
  const List *few = &a->as_list(), *many = &b->as_list();
  if (few->size() > many->size()) std::swap(few, many);
  if (few->size() > 8 && std::all_of(few->begin(), few->end(), flat)) {
    std::set<const Value*, Before> known;
    for (const Value& e : *few) known.insert(&e);
    if (!spend(static_cast<std::int64_t>(few->size() + many->size()))) return spent(t);
    auto stands = [&](const Value& e) { return flat(e) && known.contains(&e); };
    return boolean(std::any_of(many->begin(), many->end(), stands));
  }
  for (const Value& e : *few) {
    auto found = contains(t, *many, e);
    if (!found) return nullptr;
    if (*found) return &yes;
  }
  return &no;
}

}  // namespace anlan::expr
