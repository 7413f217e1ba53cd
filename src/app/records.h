// Use cases over records and parameters: written only through an action, by a post that maintains the register, or by a
// named import.
#pragma once
#include <string>

#include "app/platform.h"

namespace anlan::app {

struct RecordWrite {
  std::string reg, id;
  Value fields;                  // wire or typed values; members given replace, null removes, absent ones stay
  std::string state;             // empty: stays, or the first one
  std::optional<std::int64_t> version;
  std::string why;               // "import <name>", "ticket INC-...", or a person's reason
};

// What no other record of the register may share: name of the key -> text of its fields. A key with an unset field is none.
std::vector<std::pair<std::string, std::string>> unique_keys(const engine::RecordDef&, const Value& fields);

// By a person: needs a post among RecordDef.maintain (or permission records.maintain).
Result<Value> write_record(Platform&, Txn&, const Principal&, const RecordWrite&);
// By an action or an import that was allowed already; guards of the register still hold.
Result<Value> write_record_as_platform(Platform&, Txn&, const engine::Actor&, const RecordWrite&);
// {imported: n} or every error at once with row and field; nothing is written unless all rows are good. Rows: {register, id, fields, state?}.
Result<Value> import_records(Platform&, Txn&, const engine::Actor&, const std::string& name, const List& rows, bool dry_run);

Result<Value> get_record(Platform&, Reader&, const World&, const Principal&, const std::string& reg, const std::string& id);
Result<Value> list_records(Platform&, Reader&, const World&, const Principal&, const std::string& reg, const std::string& text, int limit);
Result<Value> record_history(Platform&, Reader&, const World&, const Principal&, const std::string& reg, const std::string& id);
// Parameters with their clause, bound, value and whether it is the product's own choice.
Result<Value> list_parameters(Platform&, Reader&, const World&);

}  // namespace anlan::app
