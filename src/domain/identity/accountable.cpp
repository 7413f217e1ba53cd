#include "domain/identity/accountable.h"

#include <fmt/format.h>

namespace anlan::identity {
namespace {

Text line_words(int line) {
  if (line == 1) return {"一线", ", first line"};
  if (line == 2) return {"二线", ", second line"};
  return {};
}

// The nearest enabled head from the unit upwards.
Accountable head_above(const Directory& d, const std::string& unit) {
  bool above = false;
  for (const Unit* u : d.chain_of(unit)) {
    if (const Person* head = d.head_of(u->id)) {
      return {head->id, above ? Text{fmt::format("上级单位“{}”的负责人", u->name.in("zh")),
                                     fmt::format("head of {}, the nearest unit above with one", u->name.in("en"))}
                              : Text{fmt::format("“{}”的负责人", u->name.in("zh")),
                                     fmt::format("head of {}", u->name.in("en"))}};
    }
    above = true;
  }
  return {};
}

}  // namespace

Accountable resolve_accountable(const Directory& d, const Responsibility& r, Instant now) {
  if (d.is_enabled(r.preferred)) return {r.preferred, {"指定的负责人", "named for it"}};

  const Board* board = d.board(r.board);
  if (board) {
    const Text line = line_words(r.line);
    const auto duty = d.on_duty(board->id, r.line, now);
    if (!duty.empty()) {
      return {duty.front(), {fmt::format("“{}”{}当值", board->name.in("zh"), line.zh),
                             fmt::format("on duty for {}{}", board->name.in("en"), line.en)}};
    }
    if (const Person* manager = d.manager_of(board->id)) {
      return {manager->id, {fmt::format("“{}”的负责人（{}无人当值）", board->name.in("zh"), line.zh),
                            fmt::format("manager of {}; nobody is on duty{}", board->name.in("en"), line.en)}};
    }
  }
  if (Accountable found = head_above(d, r.unit); !found.person.empty()) return found;
  if (board) {
    if (Accountable found = head_above(d, board->unit); !found.person.empty()) return found;
  }
  for (const std::string& id : r.fallback) {
    if (d.is_enabled(id)) {
      return {id, {"无当值人员和可用的负责人，由后备负责人承担", "fallback; nobody is on duty and no head available"}};
    }
  }
  return {{}, {"没有可用的负责人", "nobody is available"}};
}

}  // namespace anlan::identity
