// The checked tree of an expression. Internal to this room; the compiler builds it, evaluation and mutation read it.
#pragma once
#include "domain/expr/types.h"

namespace anlan::expr {

enum class Op {
  constant,
  path,         // root `slot`, then `members`
  local,        // macro variable `slot`, then `members`
  member,       // kids[0], then `members`
  index,        // kids[0][kids[1]]
  list,         // kids; all constant: `value` holds the whole
  map,          // key, value, key, value
  all_of,       // && of any number
  any_of,       // ||
  logical_not,
  negate,
  conditional,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  has,
  all,          // macros: kids[0] the list, kids[1] (kids[2]) the body, `slot` the variable
  exists,
  exists_one,
  filter,
  map_each,     // kids[1] transform, or kids[1] condition and kids[2] transform
  call,         // `function`
  size,
  contains,
  starts_with,
  ends_with,
  lower_ascii,
  to_integer,
  to_number,
  to_string,
  to_duration,
  to_timestamp,
  minimum,
  maximum,
  sum,
  unique,
  intersects,
};

struct Tree {
  // A literal that stands for a figure of a rule, and how it is written.
  enum class Figure { none, integer, number, duration, quoted_duration, quoted_timestamp };

  Op op = Op::constant;
  Type type;
  std::vector<std::unique_ptr<Tree>> kids;
  Value value;                            // constant; list of constants
  bool folded = false;                    // list: `value` is all of it
  std::size_t slot = 0;
  std::vector<std::string> members;
  std::string path;                       // "ticket.window.start"; empty if this is no path
  std::shared_ptr<const std::vector<std::string>> words;  // ordering: compare by their order
  std::shared_ptr<const Function> function;
  int height = 1;

  std::size_t begin = 0, end = 0;              // bytes of the source, without parentheses around
  std::size_t outer_begin = 0, outer_end = 0;  // with them
  std::size_t op_begin = 0, op_end = 0;        // the sign of a comparison
  Figure figure = Figure::none;
  std::size_t figure_begin = 0, figure_end = 0;
};

struct Program::Body {
  std::string source;
  Type type;
  bool deep = false;  // data typed `any` was promised to have `type`: evaluation checks it all the way down
  std::set<std::string> reads;
  std::set<std::string> calls;
  std::unique_ptr<const Tree> root;

  // The path of a node, or the source text of what is no path.
  std::string shown(const Tree& t) const { return t.path.empty() ? source.substr(t.begin, t.end - t.begin) : t.path; }
};

}  // namespace anlan::expr
