// A small ticket to try expressions against: for the tests and the fuzzer of this room.
#pragma once
#include "base/text.h"
#include "domain/expr/expr.h"

namespace anlan::expr::fixture {

class PlainFacts final : public Facts {
 public:
  explicit PlainFacts(std::vector<Value> roots) : roots_(std::move(roots)) {}
  const Value& root(std::size_t slot) const override { return roots_.at(slot); }
  void set(std::size_t slot, std::string_view member, Value v) { roots_[slot] = roots_[slot].with(member,
      std::move(v)); }

 private:
  std::vector<Value> roots_;
};

inline Scope scope() {
  using K = Type::Kind;
  const Type any = Type::of(K::any), boolean = Type::of(K::boolean), integer = Type::of(K::integer),
             number = Type::of(K::number), string = Type::of(K::string), timestamp = Type::of(K::timestamp),
             duration = Type::of(K::duration), stopwatch = Type::of(K::stopwatch);
  Type row = Type::object_of({{"province", string}, {"from", timestamp}, {"to", timestamp}, {"people", integer}});
  Scope s;
  s.roots = {
      {"ticket", Type::object_of({{"number", string},
                                  {"system", string},
                                  {"severity", Type::one_of({"general", "large", "major"})},
                                  {"level", Type::one_of({"standard", "regular", "major"})},
                                  {"tags", Type::list_of(Type::one_of({"red", "green", "blue"}))},
                                  {"names", Type::list_of(string)},
                                  {"count", integer},
                                  {"share", number},
                                  {"open", boolean},
                                  {"opened_at", timestamp},
                                  {"target", duration},
                                  {"window", Type::object_of({{"start", timestamp}, {"end", timestamp}})},
                                  {"rows", Type::list_of(row)},
                                  {"labels", Type::map_of(string)},
                                  // Never filled:
                                  {"holder", string},
                                  {"score", integer},
                                  {"approved", boolean},
                                  {"rest", Type::list_of(integer)},
                                  {"planned", Type::object_of({{"start", timestamp}, {"end", timestamp}})}})},
      {"now", timestamp},
      {"row", any},
      {"stopwatches", Type::object_of({{"outage", stopwatch}})}};
  auto add = [&](std::string name, std::vector<Type> parameters, std::size_t optional, Type result, bool method,
      auto f) {
    s.functions.push_back({name, std::move(parameters), optional, std::move(result), {name + "_source"}, method, f});
  };
  add("reached", {stopwatch, duration}, 0, boolean, false, [](const Call& c) -> Value {
    c.facts.changes_at(Instant{c.args[1].as_duration().ms});
    return c.args[1].as_duration() <= minutes(90);
  });
  add("plus_days", {timestamp, integer}, 1, timestamp, false, [](const Call& c) -> Value {
    return c.args[0].as_instant() + days(c.args.size() > 1 ? c.args[1].as_int() % 1000 : 1);
  });
  add("pick", {string}, 0, string, false, [](const Call& c) -> Value {
    return c.args[0].as_string().empty() ? Value() : Value("text " + c.args[0].as_string());
  });
  add("pick", {integer}, 0, integer, false, [](const Call& c) -> Value { return c.args[0].as_int() / 2; });
  add("is_set", {any}, 0, boolean, false, [](const Call& c) -> Value { return !c.args[0].is_null(); });
  add("half", {number}, 0, number, false, [](const Call& c) -> Value { return c.args[0].as_number() / 2; });
  add("shout", {string}, 0, string, true, [](const Call& c) -> Value { return c.args[0].as_string() + "!"; });
  add("liar", {}, 0, integer, false, [](const Call&) -> Value { return "no number"; });
  add("lookup", {string}, 0, any, false, [](const Call& c) -> Value {
    const std::string& key = c.args[0].as_string();
    return key == "int" ? Value(5) : key == "list" ? Value(List{1, "a"}) : key == "text" ? Value("five") : Value();
  });
  return s;
}

inline Instant at(std::string_view text) { return parse_rfc3339(text).value_or(Instant{}); }

inline PlainFacts facts() {
  Value row1(Map{{"province", "浙江"}, {"from", at("2026-03-02T01:00:00Z")}, {"to", at("2026-03-02T02:00:00Z")},
      {"people", 3}});
  Value row2(Map{{"province", "江苏"}, {"from", at("2026-03-02T03:00:00Z")}, {"people", 4}});
  Value ticket(Map{{"number", "INC-1"},
                   {"system", "核心系统"},
                   {"severity", "large"},
                   {"level", "regular"},
                   {"tags", List{"red", "green"}},
                   {"names", List{"Ann", "bob", "Ann"}},
                   {"count", 3},
                   {"share", 0.5},
                   {"open", true},
                   {"opened_at", at("2026-03-02T00:00:00Z")},
                   {"target", minutes(30)},
                   {"window", Map{{"start", at("2026-03-02T08:00:00Z")}}},
                   {"rows", List{row1, row2}},
                   {"labels", Map{{"team", "db"}, {"Room", "7"}}}});
  return PlainFacts({ticket, at("2026-03-02T09:00:00+08:00"), Value(Map{{"n", 7}, {"s", "x"}, {"l", List{1, 2}}}),
                     Value(Map{{"outage", "outage"}})});
}

}  // namespace anlan::expr::fixture
