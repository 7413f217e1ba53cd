// Plans at work: who is under an obligation, when it is due, who is told. A plan keeps one row per member (plan_realm)
// and one timer, "plan:<key>" / "review"; everything else is computed from them at asking time.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "app/platform.h"
#include "domain/engine/obligation.h"

namespace anlan::app {

// --- inside a unit of work ---

// Sees members come and go, opens what a recurrence asks for, tells what is due to be told, each (member, period,
// offset) once, and sets the timer for the next moment at which there is something to do. Idempotent. A plan nobody
// declares any more loses its timer.
Status review_plan(Platform&, Txn&, const std::string& plan);
// All of them: at the start of the program, when definitions may have changed.
Status review_plans(Platform&, Txn&);
// A ticket was closed: it satisfies the plans it qualifies for. Drills and tests (Ticket::drill) satisfy nothing.
Status satisfy_plans(Platform&, Txn&, const engine::Ticket&);
// A closed ticket was opened again: what it satisfied it satisfies no more, and what stood before stands again.
Status withdraw_from_plans(Platform&, Txn&, const engine::Ticket&);
// A record was written: the populations that may have changed by it are looked at by the next step of the scheduler.
Status population_written(Platform&, Txn&, const std::string& reg);

// --- reads ---

struct PlanMember {
  std::string id;                // empty: the whole organisation
  std::string label;             // as lists name the record
  std::string ticket;            // that satisfied it last; empty: none
  engine::Fulfilment done;
  engine::Standing standing;
};
// By id. Code::not_found for a plan nobody declares.
Result<std::vector<PlanMember>> plan_members(Platform&, Reader&, const World&, const std::string& plan);

// {items: [{key, title, ..., members: {met, pending, due_soon, overdue}}]}; `process` empty: of all processes.
Result<Value> list_plans(Platform&, Reader&, const World&, const std::string& process);
// The plan with {items: [{member, label, last, ticket, due, met, state, period}], next_cursor}, by due time; `state`
// empty: all. The ticket is named only to those who may see it.
Result<Value> plan_view(Platform&, Reader&, const World&, const Principal&, const std::string& plan,
                        const std::string& state, int limit, const std::string& cursor);

}  // namespace anlan::app
