// Any bytes as the source of an expression: what compiles must run, explain itself and mutate into what compiles.
#include <cstdlib>

#include "domain/expr/expr_fixture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace anlan::expr;
  static const Scope scope = fixture::scope();
  static const auto facts = fixture::facts();
  auto program = compile({reinterpret_cast<const char*>(data), size}, scope, Type::of(Type::Kind::any));
  if (!program) {
    if (program.error().column < 1 || program.error().message.empty()) std::abort();
    return 0;
  }
  auto outcome = program->evaluate(facts);
  if (!outcome.ok && !outcome.unset && outcome.reason.empty()) std::abort();
  if (program->holds(facts) && !(outcome.ok && outcome.value.as_bool())) std::abort();
  program->why_not(facts);
  std::size_t tried = 0;
  for (const auto& mutation : program->mutations()) {
    if (++tried > 20) break;
    if (!compile(mutation.source, scope, Type::of(Type::Kind::any))) {
      // A mutant may outgrow the limits, and nothing else.
      if (mutation.source.size() < source_limit - 64 && size < 256) std::abort();
    }
  }
  return 0;
}
