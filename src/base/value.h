// Value: the one dynamic datum of the house. Ticket fields, record fields, expression results, event payloads and
// wire documents are all made of it. Cheap to copy: lists and maps are shared and immutable.
#pragma once
#include <boost/container/flat_map.hpp>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"

namespace anlan {

class Value;
using List = std::vector<Value>;
// Sorted by key, in one piece of memory: documents are built once and read many times. An insertion moves what lies
// behind it, so that references into a Map do not outlive it.
class Map : public boost::container::flat_map<std::string, Value, std::less<>> {
 public:
  using Base = boost::container::flat_map<std::string, Value, std::less<>>;
  Map() = default;
  // Of one key given twice the first stands, as in std::map.
  Map(std::initializer_list<value_type>);
};

class Value {
 public:
  enum class Kind { null, boolean, integer, number, string, instant, duration, list, map };

  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool b) : v_(b) {}
  Value(int n) : v_(std::int64_t{n}) {}
  Value(std::int64_t n) : v_(n) {}
  Value(double d) : v_(d) {}
  Value(const char* s) : v_(std::string(s)) {}
  Value(std::string s) : v_(std::move(s)) {}
  Value(std::string_view s) : v_(std::string(s)) {}
  Value(Instant t) : v_(t) {}
  Value(Duration d) : v_(d) {}
  Value(List l) : v_(std::make_shared<const List>(std::move(l))) {}
  Value(Map m) : v_(std::make_shared<const Map>(std::move(m))) {}
  template <class T>
  Value(T*) = delete;  // a pointer must not become a bool

  Kind kind() const { return static_cast<Kind>(v_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is(Kind k) const { return kind() == k; }

  // Each returns the datum when the kind fits and the neutral element (false, 0, "", empty) otherwise, so that
  // reading an unset field is total. Ask is() first where the difference matters.
  bool as_bool() const;
  std::int64_t as_int() const;     // a number is truncated, and held within the bounds of the type
  double as_number() const;        // an integer is widened
  const std::string& as_string() const&;
  Instant as_instant() const;
  Duration as_duration() const;
  const List& as_list() const&;
  const Map& as_map() const&;

  // Member of a map; null when absent or when this is no map.
  const Value& operator[](std::string_view key) const&;

  // Of a temporary: by value, so that `for (auto& row : f().as_list())` does not read what has gone.
  std::string as_string() const&& { return static_cast<const Value&>(*this).as_string(); }
  List as_list() const&& { return static_cast<const Value&>(*this).as_list(); }
  Map as_map() const&& { return static_cast<const Value&>(*this).as_map(); }
  Value operator[](std::string_view key) const&& { return static_cast<const Value&>(*this)[key]; }
  // A copy of this map (or of an empty one) with one member set; a null value removes it.
  Value with(std::string_view key, Value value) const;

  // Structural. An integer equals a number of the same size. Instants equal only instants.
  bool operator==(const Value& other) const;
  // Total order within one kind (integers and numbers count as one); across kinds by kind. For sorting and maps.
  std::weak_ordering operator<=>(const Value& other) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Instant, Duration,
               std::shared_ptr<const List>, std::shared_ptr<const Map>>
      v_;
};

std::string_view name(Value::Kind);

// A short readable form for messages and logs: 重大, 3, [浙江, 江苏], {a: 1}. Not a wire format.
std::string describe(const Value&);

}  // namespace anlan
