// What the definitions say, as documents: what a generated form, the process viewer and an administrator's page need.
// The definitions are open to every signed-in person; these documents hold no data of tickets or records.
#pragma once
#include <string>

#include "app/platform.h"

namespace anlan::app {

// {kind, words?: [{word, zh, en}], register?, process?, element?, columns?: [field]}
Value type_view(const engine::FieldType&);
// {key, type, zh, en, help, required, required_in, decided_by, indexed, clause, requirement}
Value field_view(const engine::FieldDef&);

// States, actions with guards, roles, decision tables with their rows, stopwatches, clocks with their ladders, tasks, links
// and reactions of the newest shape. Conditions stand as they are written. Code::not_found.
Result<Value> describe_process(Platform&, const std::string& key);
Value list_processes(Platform&);
// {items: [{key, zh, en, fields, states, maintain: [posts], unique, clause, requirement}]}
Value list_registers(Platform&);
// {items: [{code, zh, en, family, external_allowed, permissions, incompatible: [{post, clause, requirement, basis}]}]}
Value list_posts(const World&);
// Calendars with their hours, and until when statutory holidays are known to them.
Value list_calendars(Platform&);

}  // namespace anlan::app
