// The expression language of guards, decisions, clocks and effects: a typed, total subset of CEL (Common Expression
// Language, names and semantics from its public specification). No loops but the bounded macros, no regular
// expressions, no assignment: every evaluation ends. Without nested macros its time is linear in the data it reads;
// with them it is bounded by `step_limit`.
//
// What differs from CEL, on purpose:
// - Every variable may be unset (null). `==`, `!=`, `has()` and `in` accept null; every other operator and function
//   over null yields *unset*, an error value that names the path that was not filled. As in CEL, `false && error` is
//   false and `true || error` is true, in either order; `!error`, `error && true` stay the error.
// - Integer overflow, division by zero and an index out of range yield *undefined* with a reason, never an exception.
// - Types are checked when a definition is loaded: an unknown name, a wrong type, or the comparison of an enum
//   with a word it cannot take is an error with the column where it stands.
// - A member of null is null, so `has(a.b.c)` needs no ladder; null on the right of `in` holds nothing.
// - A bare duration is a literal: 30m, 2h30m, 5d, as base/text.h reads it. int mixes with double in comparison and
//   arithmetic (the result is a double). A double that is not finite never arises: it is undefined instead.
// - Declared words of an enum are ordered as declared, not by letter: `ticket.severity >= "large"`; this holds for
//   `< <= > >=`, min and max.
// - Data typed `any` is checked when it is read: mismatched kinds are unequal, and undefined under any other operator.
//   The same guards typed data that breaks its type, so that a value always has the kind its program declares.
// - A stopwatch knows no operator at all; it can only be given to functions with a parameter of that type. Running
//   time is thus compared with constants by functions that tell when the answer flips.
// - One evaluation takes at most `step_limit` steps (one per node evaluated, element compared or 64 bytes built);
//   beyond that it is undefined. Nested macros over long lists end, too.
//
// Operators, from loose to tight: ?:  ||  &&  < <= > >= == != in  + -  * / %  ! and unary -  . [] ()
//   timestamp - timestamp = duration; timestamp +- duration = timestamp; duration +- duration; duration * int;
//   string + string; list + list; list[int] and map["key"] (an absent key is null). Timestamps stay in years 1..9999.
//   Literals: 12  1.5  2e3  "text"  'text'  true  false  null  [a, b]  {"key": a}  30m; comments run from // to the end
//   of the line. Escapes in text: \n \t \r \\ \" \' \xHH \uHHHH \UHHHHHHHH.
//
// Macros (v names the element; over a map it is the key):
//   has(path)                   true if it is not null
//   list.all(v, p)              no element is false under p; like &&, an element that decides outweighs errors
//   list.exists(v, p)           some element is true under p; like ||
//   list.exists_one(v, p)       exactly one is; any error stays an error
//   list.filter(v, p)           the elements for which p is true
//   list.map(v, e)              e of each element; map(v, p, e): of those for which p is true
//
// Built-in functions (null gives unset; a wrong kind in `any` data gives undefined):
//   size(x), x.size()           code points of a string, elements of a list or map
//   x.contains(s)               substring; of a list: as `s in x`, but an unset list is unset
//   x.startsWith(s), x.endsWith(s)
//   x.lowerAscii()              A-Z turned to a-z, all else untouched
//   int(x)                      of double (towards zero), of string (the whole of it), of timestamp (Unix seconds)
//   double(x)                   of int, of string
//   string(x)                   of bool, int, double, timestamp (RFC 3339, UTC), duration (1h30m)
//   duration(s), timestamp(s)   of "1h30m", of RFC 3339; a literal is checked when the definition is loaded
//   min(list), max(list)        undefined for an empty list; also min(a, b, ...)
//   sum(list)                   of int, double or duration; 0 (or 0s) for an empty list
//   list.unique()               first occurrences, in order
//   list.intersects(list)       some element stands in both
#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
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

constexpr std::size_t source_limit = 16 * 1024;  // bytes of one expression
constexpr int depth_limit = 64;                  // nesting of parentheses, calls, lists, conditionals, macros
constexpr int chain_limit = 256;                 // height of the tree, which long chains of + or [] drive up
constexpr std::int64_t step_limit = 1'000'000;

// A static type. Cheap to copy.
struct Type {
  enum class Kind { any, null, boolean, integer, number, string, timestamp, duration, list, map, object, stopwatch };
  Kind kind = Kind::any;
  std::shared_ptr<const Type> element;                                      // list, map
  std::shared_ptr<const std::map<std::string, Type, std::less<>>> members;  // object
  std::shared_ptr<const std::vector<std::string>> words;  // string: the only words it takes, if closed
  bool literal = false;  // string: `words` are literals of the expression itself, not declared ones

  static Type of(Kind k) { return {k, {}, {}, {}, false}; }
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
  std::vector<Type> parameters;     // of a method the first is the receiver
  std::size_t optional = 0;         // so many trailing parameters may be left out
  Type result;
  std::set<std::string> reads;
  bool method = false;
  // Returns null for "unset"/undefined outcomes.
  std::function<Value(const Call&)> apply;
};

// The names that an expression may use: root variables (ticket, actor, now, ...) in slot order, and functions. Several
// functions may share a name: the first whose parameters take the arguments is called. They precede the built-in ones.
struct Scope {
  std::vector<std::pair<std::string, Type>> roots;
  std::vector<Function> functions;  // beside the built-in ones
};

// What an evaluation reads. The engine derives from it; tests use a plain one. Not thread-safe.
class Facts {
 public:
  virtual ~Facts() = default;
  // The value of the root in that slot of the Scope the program was compiled against. The reference stays valid
  // and unchanged while an evaluation runs.
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

// The outcome of an evaluation: a value, or why there is none. The value is null where the expression comes to a
// variable that is unset and uses it no further (`ticket.holder`); of a boolean program null is unset: no guard holds.
struct Outcome {
  Value value;
  bool ok = true;
  bool unset = false;   // not ok because something was not filled (else: undefined, e.g. division by zero)
  // unset: the path that was not filled, "ticket.window.start". Of an element of a list the path continues that of the
  // list ("ticket.rows.done_at"); of what is no path (a call that gave null) it is the source text.
  std::string path;
  std::string reason;   // undefined: one English sentence
  static Outcome of(Value v) { return {std::move(v), true, false, {}, {}}; }
};

// One part of a conjunction that did not hold, with what it read.
struct Part {
  std::string source;                                    // the source text of the part
  Outcome outcome;
  std::vector<std::pair<std::string, Value>> reads;      // path -> value at that moment
};

// A change of a program that a test should notice.
struct Mutation {
  // "loosen 30m to 31m" (raise, lower: where the direction is unclear), "drop 'a == b'", "turn < to <= in 'a < b'",
  // "negate"
  std::string what;
  std::string source;  // the whole mutated source
};

// Immutable and cheap to copy; may be used by many threads at once, each with its own Facts.
class Program {
 public:
  struct Body;  // of this room only

  Program();
  ~Program();
  Program(const Program&);
  Program(Program&&) noexcept;
  Program& operator=(const Program&);
  Program& operator=(Program&&) noexcept;

  const std::string& source() const;
  // The static type; where that is `any` (or has it inside), the expected one, which evaluation then checks.
  const Type& type() const;
  bool empty() const;                                // default-constructed: no expression given
  // Every variable path that an evaluation may read, with its prefixes below the root ("ticket.window",
  // "ticket.window.start"; "ticket" alone only if it is used whole), and every name a called function declares.
  const std::set<std::string>& reads() const;
  const std::set<std::string>& calls() const;        // names of the functions called, built-in ones too

  // An empty program is unset, with no path.
  Outcome evaluate(const Facts&) const;
  // For a boolean program: true only if it evaluates to true.
  bool holds(const Facts&) const;
  // The conjuncts (of a top-level && chain; else the whole) that are not true now. Empty if the program holds.
  std::vector<Part> why_not(const Facts&) const;
  // Changes of the source that a test should notice: each figure loosened and tightened by one unit, each comparison
  // turned to its neighbour (< to <=, == to !=), each conjunct dropped, each disjunct dropped, a boolean whole negated.
  // Every mutant compiles against the same scope.
  std::vector<Mutation> mutations() const;

 private:
  friend struct Compiler;
  std::shared_ptr<const Body> body_;
};

// Where a compile error stands in the source; column counts Unicode code points from 1.
struct CompileError {
  std::size_t column = 1;
  std::string message;
};

// Compiles and type-checks. `expected` kind any accepts every type; integer where a number is expected is accepted.
// Pure; what the scope holds is copied as needed, so that it may go away.
std::expected<Program, CompileError> compile(std::string_view source, const Scope& scope, const Type& expected);

}  // namespace anlan::expr
