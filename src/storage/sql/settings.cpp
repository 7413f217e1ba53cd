#include "json/json.h"
#include "storage/sql/repositories.h"

namespace anlan::storage::sql::settings {

Status put(Connection& connection, const std::string& table, const std::string& key, const Value& value) {
  if (value.is_null()) {
    ANLAN_CHECK(run(connection, "DELETE FROM setting WHERE realm = ?1 AND key = ?2", table, key));
    return {};
  }
  ANLAN_CHECK(run(connection,
                  "INSERT INTO setting (realm, key, value) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (realm, key) DO UPDATE SET value = excluded.value",
                  table, key, json::canonical(value)));
  return {};
}

Result<std::optional<Value>> get(Connection& connection, const std::string& table, const std::string& key) {
  Query query(connection, "SELECT value FROM setting WHERE realm = ?1 AND key = ?2", table, key);
  ANLAN_TRY(bool found, query.next());
  if (!found) return std::nullopt;
  auto value = json::parse_canonical(query.view(0));
  if (!value) return fail(Code::internal, "setting " + table + "/" + key + " is damaged");
  return *value;
}

Result<std::vector<std::pair<std::string, Value>>> all(Connection& connection, const std::string& table) {
  std::vector<std::pair<std::string, Value>> out;
  Query query(connection, "SELECT key, value FROM setting WHERE realm = ?1 ORDER BY key", table);
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return out;
    auto value = json::parse_canonical(query.view(1));
    if (!value) return fail(Code::internal, "setting " + table + "/" + query.text(0) + " is damaged");
    out.emplace_back(query.text(0), *value);
  }
}

}  // namespace anlan::storage::sql::settings
