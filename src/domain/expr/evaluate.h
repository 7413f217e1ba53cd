// Evaluation of a checked tree. Internal to this room.
#pragma once
#include <array>

#include "domain/expr/tree.h"

namespace anlan::expr {

// One evaluation under way. Made on the stack, used once.
class Machine {
 public:
  explicit Machine(const Facts& facts) : facts_(facts) {}

  // The value of the node, or nullptr with `failure` set. The pointer is either `&out` or leads to something that
  // outlives the evaluation of the enclosing node (a constant, the facts, a macro's variable): reading a ticket's
  // fields copies nothing.
  const Value* eval(const Tree&, Value& out);

  struct Failure {
    const Tree* at = nullptr;
    bool unset = false;
    std::string reason;
  };
  const Failure& failure() const { return failure_; }
  // What may still be spent; the caller may spend it on looking at the result.
  std::int64_t& steps() { return steps_; }

 private:
  const Value* unset(const Tree& at);
  const Value* undefined(const Tree& at, std::string reason);
  const Value* mismatch(const Tree& at, std::string_view wanted, const Value& got);
  bool spend(std::int64_t steps) { return (steps_ -= steps) >= 0; }
  const Value* spent(const Tree& at) { return undefined(at, "the expression takes too many steps over this data"); }

  // The value of a kid that must be there: null is unset.
  const Value* need(const Tree&, Value& out);
  bool append(List&, const Value&);
  // -1, 0, 1 for less, equal, greater; 2 if there is no order (NaN); nothing with `failure` set.
  std::optional<int> order(const Tree&, const Value& a, const Value& b);
  std::optional<bool> equal(const Tree&, const Value& a, const Value& b);
  std::optional<bool> contains(const Tree&, const List&, const Value& item);

  const Value* logic(const Tree&, bool decides);
  const Value* choose(const Tree&, Value& out);
  const Value* invert(const Tree&);
  const Value* negate(const Tree&, Value& out);
  const Value* compare(const Tree&);
  const Value* is_in(const Tree&);
  const Value* arithmetic(const Tree&, Value& out);
  const Value* add_others(const Tree&, const Value& a, const Value& b, Value& out);
  const Value* member(const Tree&, Value& out);
  const Value* index(const Tree&, Value& out);
  const Value* list(const Tree&, Value& out);
  const Value* map(const Tree&, Value& out);
  const Value* macro(const Tree&, Value& out);
  const Value* call(const Tree&, Value& out);
  const Value* text(const Tree&, Value& out);
  const Value* convert(const Tree&, Value& out);
  const Value* extreme(const Tree&, Value& out);
  const Value* sum(const Tree&, Value& out);
  const Value* unique(const Tree&, Value& out);
  const Value* intersects(const Tree&);

  const Facts& facts_;
  std::int64_t steps_ = step_limit;
  std::array<const Value*, depth_limit + 1> locals_;
  Failure failure_;
};

}  // namespace anlan::expr
