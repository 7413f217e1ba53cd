// The expression language of guards, decisions, clocks and effects: a typed, total subset of CEL (Common Expression
// Language, names and semantics from its public specification). No loops but the bounded macros, no regular
// expressions, no assignment: every evaluation ends, in time linear in the data it reads.
//
// What differs from CEL, on purpose:
// - Every variable may be unset (null). `==`, `!=`, `has()` and `in` accept null; every other operator and function
//   over null yields *unset*, an error value that names the path that was not filled. As in CEL, `false && error` is
//   false and `true || error` is true, in either order; `!error`, `error && true` stay the error.
// - Integer overflow, division by zero and an index out of range yield *undefined* with a reason, never an exception.
// - Types are checked when a definition is loaded: an unknown name, a wrong type, or the comparison of an enum
//   with a word it cannot take is an error with the column where it stands.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/value.h"

namespace anlan::expr {

// A static type. Cheap to copy.
struct Type {
  enum class Kind { any, null, boolean, integer, number, string, timestamp, duration, list, map, object, stopwatch };
  Kind kind = Kind::any;
  std::shared_ptr<const Type> element;                                      // list, map
  std::shared_ptr<const std::map<std::string, Type, std::less<>>> members;  // object
  std::shared_ptr<const std::vector<std::string>> words;                    // string: the only words it takes, if closed

  static Type of(Kind k) { return {k, {}, {}, {}}; }
  static Type list_of(Type element);
  static Type map_of(Type element);
  static Type object_of(std::map<std::string, Type, std::less<>> members);
  static Type one_of(std::vector<std::string> words);  // a closed string
};
// "list<string>", "enum(a, b)", "{system: string, ...}": as messages show it.
std::string describe(const Type&);

class Facts;

// One call of a registered function. `args` are evaluated and never null unless the parameter type is `any`.
struct Call {
  std::span<const Value> args;
  const Facts& facts;
};

// A function that definitions may call: pure, total, registered in one list. `reads` names what it looks at beyond
// its arguments ("directory", "links", "calendar", "interruptions"), for the read set of a rule.
struct Function {
  std::string name;                 // global form f(a, b); methods of CEL (a.f(b)) are written with `method` = true
  std::vector<Type> parameters;
  std::size_t optional = 0;         // so many trailing parameters may be left out
  Type result;
  std::set<std::string> reads;
  bool method = false;
  // Returns null for "unset"/undefined outcomes.
  std::function<Value(const Call&)> apply;
};

// The names that an expression may use: root variables (ticket, actor, now, ...) in slot order, and functions.
struct Scope {
  std::vector<std::pair<std::string, Type>> roots;
  std::vector<Function> functions;  // beside the built-in ones
};

// What an evaluation reads. The engine derives from it; tests use a plain one. Not thread-safe.
class Facts {
 public:
  virtual ~Facts() = default;
  // The value of the root in that slot of the Scope the program was compiled against.
  virtual const Value& root(std::size_t slot) const = 0;
  // A function that reads running time calls this with the next instant at which its value changes if nothing else
  // happens. The earliest is kept: "becomes 重大 in 12 min" rests on it.
  void changes_at(Instant t) const {
    if (!next_change_ || t < *next_change_) next_change_ = t;
  }
  std::optional<Instant> next_change() const { return next_change_; }
  void forget_changes() const { next_change_.reset(); }

 private:
  mutable std::optional<Instant> next_change_;
};

// The outcome of an evaluation: a value, or why there is none.
struct Outcome {
  Value value;
  bool ok = true;
  bool unset = false;   // not ok because something was not filled (else: undefined, e.g. division by zero)
  std::string path;     // unset: the path that was not filled, "ticket.window.start"
  std::string reason;   // undefined: one English sentence
  static Outcome of(Value v) { return {std::move(v), true, false, {}, {}}; }
};

// One part of a conjunction that did not hold, with what it read.
struct Part {
  std::string source;                                    // the source text of the part
  Outcome outcome;
  std::vector<std::pair<std::string, Value>> reads;      // path -> value at that moment
};

// A literal figure in a program, for mutation: replacing [begin, end) of the source gives the mutant.
struct Mutation {
  std::string what;    // "loosen 30m to 31m", "drop 'a == b'", "negate"
  std::string source;  // the whole mutated source
};

class Program {
 public:
  Program();
  ~Program();
  Program(const Program&);
  Program(Program&&) noexcept;
  Program& operator=(const Program&);
  Program& operator=(Program&&) noexcept;

  const std::string& source() const;
  const Type& type() const;
  bool empty() const;                                // default-constructed: no expression given
  // Every variable path that an evaluation may read ("ticket.system"), and every name a called function declares.
  const std::set<std::string>& reads() const;
  const std::set<std::string>& calls() const;        // names of the functions called

  Outcome evaluate(const Facts&) const;
  // For a boolean program: true only if it evaluates to true.
  bool holds(const Facts&) const;
  // The conjuncts (of a top-level && chain; else the whole) that are not true now. Empty if the program holds.
  std::vector<Part> why_not(const Facts&) const;
  // Changes of the source that a test should notice: each figure loosened and tightened by one unit, each comparison
  // turned to its neighbour (< to <=), each conjunct dropped, each disjunct dropped.
  std::vector<Mutation> mutations() const;

 private:
  friend struct Compiler;
  struct Node;
  std::shared_ptr<const Node> root_;
};

// Where a compile error stands in the source; column counts Unicode code points from 1.
struct CompileError {
  std::size_t column = 1;
  std::string message;
};

// Compiles and type-checks. `expected` kind any accepts every type; integer where a number is expected is accepted.
std::expected<Program, CompileError> compile(std::string_view source, const Scope& scope, const Type& expected);

}  // namespace anlan::expr
