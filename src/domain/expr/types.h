// What the type checker knows. Internal to this room.
#pragma once
#include "domain/expr/expr.h"

namespace anlan::expr {

bool is(const Type&, Type::Kind);
// A stopwatch anywhere inside: such a value may not leave the hands of the functions made for it.
bool holds_stopwatch(const Type&);
bool holds_any(const Type&);
// The element type of a list or map; any where none is given.
const Type& element_of(const Type&);

// Whether a value of type `from` may be given where `to` is expected.
bool assignable(const Type& from, const Type& to);
// Whether == between the two can ever be true.
bool comparable(const Type& a, const Type& b);
// The type that holds values of both; nothing if there is none but `any`.
std::optional<Type> join(const Type& a, const Type& b);
// The declared words by whose order two strings are compared: null for plain text. `ok` is false if the two must not be
// ordered at all (different enums).
struct Rank {
  std::shared_ptr<const std::vector<std::string>> words;
  bool ok = true;
};
Rank rank_of(const Type& a, const Type& b);
bool has_word(const Type&, std::string_view word);

// Whether a value found at run time fits a type: its kind only, or all the way down (`steps` is counted down by one for
// every value looked at; false when it runs out).
bool fits(Value::Kind, Type::Kind);
bool conforms(const Value&, const Type&, std::int64_t& steps);

}  // namespace anlan::expr
