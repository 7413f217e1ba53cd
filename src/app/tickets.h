// Use cases over tickets. Each checks who asks, loads, lets the engine decide, and writes state, event, timers, links,
// records and notices in one unit of work.
#pragma once
#include <string>

#include "app/platform.h"

namespace anlan::app {

struct OpenRequest {
  std::string process;
  Value fields;
  std::string comment;
  bool drill = false;
};
struct ActRequest {
  std::string number, action;
  Value fields;
  std::string comment, as_role;
  std::optional<std::int64_t> version;  // of the ticket the person saw; a stale one answers Code::conflict with the events since
};

// --- inside a unit of work ---

// The ticket as `view` gives it. Errors as engine::Engine::open.
Result<Value> open_ticket(Platform&, Txn&, const Principal&, const OpenRequest&);
Result<Value> act(Platform&, Txn&, const Principal&, const ActRequest&);
Result<Value> answer_task(Platform&, Txn&, const Principal&, const std::string& number, const std::string& task,
                          const std::string& answer, const Value& fields, const std::string& comment);
// kind: "propose" {action, code, reason, valid_for}, "approve" {id}, "review" {id, review}.
Result<Value> override_guard(Platform&, Txn&, const Principal&, const std::string& number, const std::string& kind, const Value& body);
Result<Value> add_comment(Platform&, Txn&, const Principal&, const std::string& number, const std::string& text);
Result<Value> watch(Platform&, Txn&, const Principal&, const std::string& number, bool on);
// The numbers that the person watches and may still see.
Result<Value> watched(Platform&, Reader&, const World&, const Principal&);
// The platform's own doings: an alert or another room speaks to a ticket.
Result<Value> open_as_platform(Platform&, Txn&, const engine::Actor&, const OpenRequest&);
// Runs the reactions of a ticket; refused reactions leave an event.
Status react(Platform&, Txn&, const std::string& number, engine::ReactionDef::On on, const std::string& key,
             const std::string& result, const Value& detail);
// Everything due now on one ticket (clock steps, decision flips). Idempotent.
Status fire_due(Platform&, Txn&, const std::string& number);
// Resolves holders again for all open tickets of a person whose account was disabled (or a grant changed).
Status reassign_holder(Platform&, Txn&, const std::string& person);

// Whether the principal may act on the ticket at all (comment, watch, attach); Code::not_found out of scope.
Status may_act(Platform&, Txn&, const Principal&, const std::string& number);

// --- reads; Code::not_found also when the ticket is out of the reader's scope ---

// The ticket as the principal may read it: visible, and fields that he may not read are unset.
// For pages without a login: of its fields only those that anybody may read. The caller says why it may be shown at all.
Result<engine::Ticket> ticket_for_anybody(Platform&, Reader&, const World&, const std::string& number);
Result<engine::Ticket> readable_ticket(Platform&, Reader&, const World&, const Principal&, const std::string& number);
Status may_see(Platform&, Reader&, const World&, const Principal&, const std::string& number);
Result<Value> view(Platform&, Reader&, const World&, const Principal&, const std::string& number);
// Rows as lists show them; who may see them was asked before.
List rows_of_list(Platform&, const World&, const std::vector<TicketRow>&);
Result<Value> list(Platform&, Reader&, const World&, const Principal&, const TicketQuery&);
// Open tickets that the query leaves, by each column without the column's own filter, exact:
// {facets: {process|state|severity|board|holder: [{value, title, count}]}}, most first.
Result<Value> facets(Platform&, Reader&, const World&, const Principal&, const TicketQuery&);
Result<Value> actions(Platform&, Reader&, const World&, const Principal&, const std::string& number);
// What would come of an action (or of opening, with an empty number: `process` says which), with nothing written:
// {open, refusals, state, severity, fields: {key: value}} where fields holds what would change. For forms, while a
// person writes. A field that cannot be read counts as a refusal with code "invalid".
Result<Value> rehearse_action(Platform&, Reader&, const World&, const Principal&, const ActRequest&, const std::string& process);
Result<Value> events(Platform&, Reader&, const World&, const Principal&, const std::string& number);
Result<Value> clocks(Platform&, Reader&, const World&, const Principal&, const std::string& number);  // with ledgers
Result<Value> links(Platform&, Reader&, const World&, const Principal&, const std::string& number);
Result<Value> tasks(Platform&, Reader&, const World&, const Principal&, const std::string& number);

}  // namespace anlan::app
