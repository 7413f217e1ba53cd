#include <fmt/format.h>

#include "domain/expr/evaluate.h"

namespace anlan::expr {
namespace {
using K = Type::Kind;

const std::string no_source;
const Type no_type;
const std::set<std::string> no_names;

// Runs one node, which is promised to have that type, and says what came out.
Outcome run(const Program::Body& body, const Tree& node, const Type& type, bool deep, const Facts& facts) {
  Machine machine(facts);
  Value own;
  const Value* p = machine.eval(node, own);
  auto undefined = [](std::string reason) { return Outcome{{}, false, false, {}, std::move(reason)}; };
  if (!p) {
    const auto& failure = machine.failure();
    if (failure.unset) return {{}, false, true, body.shown(*failure.at), {}};
    return undefined(failure.reason);
  }
  if (p->is_null()) {
    if (type.kind == K::boolean) return {{}, false, true, body.shown(node), {}};
    return Outcome::of({});
  }
  if (!fits(p->kind(), type.kind))
    return undefined(fmt::format("{} is expected, but the data is {}", describe(type), name(p->kind())));
  if (deep || (p == &own && (p->is(Value::Kind::list) || p->is(Value::Kind::map)))) {
    std::int64_t& left = machine.steps();
    if (!conforms(*p, deep ? type : Type::of(K::any), left) || left < 0)
      return undefined(left < 0 ? "the result is too large" : fmt::format("the data is no {}", describe(type)));
  }
  return Outcome::of(p == &own ? std::move(own) : *p);
}

void conjuncts(const Tree& t, std::vector<const Tree*>& out) {
  if (t.op != Op::all_of) {
    out.push_back(&t);
    return;
  }
  for (const auto& kid : t.kids) conjuncts(*kid, out);
}

void paths(const Tree& t, const Facts& facts, std::vector<std::pair<std::string, Value>>& out) {
  if (t.op == Op::path) {
    if (holds_stopwatch(t.type)) return;  // a name, not a value
    for (const auto& [path, value] : out)
      if (path == t.path) return;
    Machine machine(facts);
    Value own;
    const Value* p = machine.eval(t, own);
    out.emplace_back(t.path, p ? *p : Value());
    return;
  }
  for (const auto& kid : t.kids) paths(*kid, facts, out);
}
}  // namespace

Program::Program() = default;
Program::~Program() = default;
Program::Program(const Program&) = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(const Program&) = default;
Program& Program::operator=(Program&&) noexcept = default;

const std::string& Program::source() const { return body_ ? body_->source : no_source; }
const Type& Program::type() const { return body_ ? body_->type : no_type; }
bool Program::empty() const { return !body_; }
const std::set<std::string>& Program::reads() const { return body_ ? body_->reads : no_names; }
const std::set<std::string>& Program::calls() const { return body_ ? body_->calls : no_names; }

Outcome Program::evaluate(const Facts& facts) const {
  if (!body_) return {{}, false, true, {}, {}};
  return run(*body_, *body_->root, body_->type, body_->deep, facts);
}

bool Program::holds(const Facts& facts) const {
  if (!body_) return false;
  Machine machine(facts);
  Value own;
  const Value* p = machine.eval(*body_->root, own);
  return p && p->as_bool();
}

std::vector<Part> Program::why_not(const Facts& facts) const {
  std::vector<Part> out;
  if (!body_) return out;
  std::vector<const Tree*> all;
  conjuncts(*body_->root, all);
  const bool whole = all.size() == 1;
  for (const Tree* t : all) {
    Part part;
    part.outcome = whole ? evaluate(facts) : run(*body_, *t, Type::of(K::boolean), false, facts);
    if (part.outcome.ok && part.outcome.value.as_bool()) continue;
    part.source = body_->source.substr(t->begin, t->end - t->begin);
    paths(*t, facts, part.reads);
    out.push_back(std::move(part));
  }
  return out;
}

}  // namespace anlan::expr
