#include "domain/engine/model.h"

namespace anlan::engine {
namespace {
template <class T>
const T* find(const std::vector<T>& all, std::string_view key) {
  for (const T& one : all)
    if (one.key == key) return &one;
  return nullptr;
}
}  // namespace

std::size_t placeholder_end(std::string_view text, std::size_t begin) {
  int depth = 1;
  char quote = 0;
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    const char ch = text[i];
    if (quote) {
      if (ch == '\\') ++i;
      else if (ch == quote) quote = 0;
    } else if (ch == '"' || ch == '\'') {
      quote = ch;
    } else if (ch == '{') {
      ++depth;
    } else if (ch == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

expr::Type FieldType::static_type() const {
  using K = expr::Type::Kind;
  switch (kind) {
    case Kind::string:
    case Kind::text:
    case Kind::person:
    case Kind::board:
    case Kind::unit:
    case Kind::ref:
    case Kind::ticket: return expr::Type::of(K::string);
    case Kind::integer: return expr::Type::of(K::integer);
    case Kind::number: return expr::Type::of(K::number);
    case Kind::boolean: return expr::Type::of(K::boolean);
    case Kind::timestamp:
    case Kind::date: return expr::Type::of(K::timestamp);
    case Kind::duration: return expr::Type::of(K::duration);
    case Kind::choice: return expr::Type::one_of(words);
    case Kind::interval:
      return expr::Type::object_of({{"start", expr::Type::of(K::timestamp)}, {"end", expr::Type::of(K::timestamp)}});
    case Kind::list: return expr::Type::list_of(element ? element->static_type() : expr::Type::of(K::any));
    case Kind::table: {
      std::map<std::string, expr::Type, std::less<>> members;
      for (const FieldDef& column : columns) members.emplace(column.key, column.type.static_type());
      return expr::Type::list_of(expr::Type::object_of(std::move(members)));
    }
    case Kind::any: return expr::Type::of(K::any);
  }
  return expr::Type::of(K::any);
}

const FieldDef* ProcessDef::field(std::string_view k) const { return find(fields, k); }
const RoleDef* ProcessDef::role(std::string_view k) const { return find(roles, k); }
const StateDef* ProcessDef::state(std::string_view k) const { return find(states, k); }
const ActionDef* ProcessDef::action(std::string_view k) const { return find(actions, k); }
const DecisionDef* ProcessDef::decision(std::string_view k) const { return find(decisions, k); }
const ClockDef* ProcessDef::clock(std::string_view k) const { return find(clocks, k); }
const StopwatchDef* ProcessDef::stopwatch(std::string_view k) const { return find(stopwatches, k); }
const TaskDef* ProcessDef::task(std::string_view k) const { return find(tasks, k); }
const LinkDef* ProcessDef::link(std::string_view k) const { return find(links, k); }
const FieldDef* RecordDef::field(std::string_view k) const { return find(fields, k); }

const ActionDef* ProcessDef::opening() const {
  for (const ActionDef& action : actions)
    if (action.from.empty()) return &action;
  return nullptr;
}

const ProcessDef* Definitions::process(std::string_view key, std::int64_t shape) const {
  auto it = processes.find(std::string(key));
  if (it == processes.end() || it->second.empty()) return nullptr;
  if (shape == 0) return it->second.back().get();
  for (const auto& def : it->second)
    if (def->shape == shape) return def.get();
  return nullptr;
}

}  // namespace anlan::engine
