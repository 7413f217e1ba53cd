#include <algorithm>

#include "json/json.h"
#include "storage/sql/repositories.h"

namespace anlan::storage::sql::records {
namespace {

#define RECORD_COLUMNS "id, version, valid_from, valid_to, state, fields, retain_until, keys"

Value encode_keys(const app::RecordRow& row) {
  List list;
  for (const auto& [name, value] : row.keys) list.push_back(Value(List{name, value}));
  return Value(std::move(list));
}

Result<app::RecordRow> decode(const Query& query, const std::string& reg) {
  app::RecordRow row;
  row.reg = reg;
  row.id = query.text(0);
  row.version = query.integer(1);
  row.valid_from = query.instant(2);
  row.valid_to = query.maybe_instant(3);
  row.state = query.text(4);
  auto fields = json::parse_canonical(query.view(5));
  row.retain_until = query.maybe_instant(6);
  auto keys = json::parse_canonical(query.view(7));
  if (!fields || !keys) return fail(Code::internal, "record " + reg + "/" + row.id + " is damaged");
  row.fields = *fields;
  for (const Value& key : keys->as_list()) {
    const List& pair = key.as_list();
    if (pair.size() == 2) row.keys.emplace_back(pair[0].as_string(), pair[1].as_string());
  }
  return row;
}

Result<std::optional<app::RecordRow>> one(Query& query, const std::string& reg) {
  ANLAN_TRY(bool found, query.next());
  if (!found) return std::nullopt;
  ANLAN_TRY(app::RecordRow row, decode(query, reg));
  return row;
}

Status collect(Query& query, const std::string& reg, std::vector<app::RecordRow>& rows) {
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return {};
    ANLAN_TRY(app::RecordRow row, decode(query, reg));
    rows.push_back(std::move(row));
  }
}

}  // namespace

Status put(Connection& connection, const app::RecordRow& row) {
  ANLAN_TRY(auto before, current(connection, row.reg, row.id));
  std::string name = "record " + row.reg + "/" + row.id;
  if (row.version != (before ? before->version + 1 : 1)) {
    return fail(Code::conflict, name + " stands at version " + std::to_string(before ? before->version : 0));
  }
  if (before && row.valid_from < before->valid_from) {
    return fail(Code::invalid, name + ": a version may not begin before the one it follows", "valid_from");
  }
  // All refusals come before the first write: a unit that goes on after one finds nothing half done.
  for (const auto& [key, value] : row.keys) {
    Query taken(connection, "SELECT id FROM record_key WHERE reg = ?1 AND name = ?2 AND value = ?3", row.reg, key,
                value);
    ANLAN_TRY(bool found, taken.next());
    if (found && taken.view(0) != row.id) {
      return fail(Code::conflict, key + " \"" + value + "\" of register " + row.reg + " is taken by " + taken.text(0),
                  key);
    }
  }
  if (before) {
    Instant end = before->valid_to ? std::min(*before->valid_to, row.valid_from) : row.valid_from;
    ANLAN_CHECK(run(connection,
                    "INSERT INTO record_past (reg, id, version, valid_from, valid_to, state, fields, retain_until, "
                    "keys) SELECT reg, id, version, valid_from, ?3, state, fields, retain_until, keys FROM record "
                    "WHERE reg = ?1 AND id = ?2",
                    row.reg, row.id, end));
    for (const auto& [key, value] : before->keys) {
      ANLAN_CHECK(run(connection, "DELETE FROM record_key WHERE reg = ?1 AND name = ?2 AND value = ?3", row.reg, key,
                      value));
    }
    ANLAN_CHECK(run(connection, "DELETE FROM record WHERE reg = ?1 AND id = ?2", row.reg, row.id));
  }
  for (const auto& [key, value] : row.keys) {
    ANLAN_CHECK(run(connection,
                    "INSERT INTO record_key (reg, name, value, id) VALUES (?1, ?2, ?3, ?4) "
                    "ON CONFLICT (reg, name, value) DO NOTHING",
                    row.reg, key, value, row.id));
  }
  ANLAN_CHECK(run(connection,
                  "INSERT INTO record (reg, id, version, valid_from, valid_to, state, fields, retain_until, keys) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                  row.reg, row.id, row.version, row.valid_from, row.valid_to, row.state, json::canonical(row.fields),
                  row.retain_until, json::canonical(encode_keys(row))));
  return {};
}

Result<std::optional<app::RecordRow>> current(Connection& connection, const std::string& reg, const std::string& id) {
  Query query(connection, "SELECT " RECORD_COLUMNS " FROM record WHERE reg = ?1 AND id = ?2", reg, id);
  return one(query, reg);
}

Result<std::optional<app::RecordRow>> by_key(Connection& connection, const std::string& reg, const std::string& name,
                                             const std::string& value) {
  std::string id;
  {
    Query query(connection, "SELECT id FROM record_key WHERE reg = ?1 AND name = ?2 AND value = ?3", reg, name, value);
    ANLAN_TRY(bool found, query.next());
    if (!found) return std::nullopt;
    id = query.text(0);
  }
  return current(connection, reg, id);
}

Result<std::vector<app::RecordRow>> versions(Connection& connection, const std::string& reg, const std::string& id) {
  std::vector<app::RecordRow> rows;
  Query past(connection, "SELECT " RECORD_COLUMNS " FROM record_past WHERE reg = ?1 AND id = ?2 ORDER BY version", reg,
             id);
  ANLAN_CHECK(collect(past, reg, rows));
  Query now(connection, "SELECT " RECORD_COLUMNS " FROM record WHERE reg = ?1 AND id = ?2", reg, id);
  ANLAN_CHECK(collect(now, reg, rows));
  return rows;
}

Result<std::vector<app::RecordRow>> all(Connection& connection, const std::string& reg, int limit) {
  std::vector<app::RecordRow> rows;
  Query query(connection, "SELECT " RECORD_COLUMNS " FROM record WHERE reg = ?1 ORDER BY id LIMIT ?2", reg, limit);
  ANLAN_CHECK(collect(query, reg, rows));
  return rows;
}

}  // namespace anlan::storage::sql::records
