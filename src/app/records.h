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
  bool only_changes = false;     // what says nothing new makes no version; the answer then holds {unchanged: true}
};

// What the rows of an import did, or would do.
struct ImportTally {
  std::int64_t created = 0, changed = 0, unchanged = 0;
  Value view() const { return Value(Map{{"created", created}, {"changed", changed}, {"unchanged", unchanged}}); }
};

// What no other record of the register may share: name of the key -> text of its fields. A key with an unset field is none.
std::vector<std::pair<std::string, std::string>> unique_keys(const engine::RecordDef&, const Value& fields);

// By a person: needs a post among RecordDef.maintain (or permission records.maintain).
Result<Value> write_record(Platform&, Txn&, const Principal&, const RecordWrite&);
// By an action or an import that was allowed already; guards of the register still hold.
Result<Value> write_record_as_platform(Platform&, Txn&, const engine::Actor&, const RecordWrite&);
// {imported, created, changed, unchanged}, or every error at once, each a refusal under its own code and clause at field
// "rows[2].login" (rows[2] where no field is to blame; rows count from 0). Nothing is written unless all rows are good.
// Rows: {register, id, fields, state?}. A row that says nothing new writes nothing. A dry run ends in Code::refused
// without refusals, so that its unit is undone; `tally` then says what it would have done.
Result<Value> import_records(Platform&, Txn&, const engine::Actor&, const std::string& name, const List& rows, bool dry_run,
                             ImportTally* tally = nullptr);

Result<Value> get_record(Platform&, Reader&, const World&, const Principal&, const std::string& reg, const std::string& id);
Result<Value> list_records(Platform&, Reader&, const World&, const Principal&, const std::string& reg, const std::string& text, int limit);
Result<Value> record_history(Platform&, Reader&, const World&, const Principal&, const std::string& reg, const std::string& id);
// Parameters with their clause, bound, value and whether it is the product's own choice.
Result<Value> list_parameters(Platform&, Reader&, const World&);

}  // namespace anlan::app
