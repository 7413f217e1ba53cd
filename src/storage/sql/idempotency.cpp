#include "json/json.h"
#include "storage/sql/repositories.h"

namespace anlan::storage::sql::idempotency {

Result<std::optional<Value>> find(Connection& connection, const std::string& key, const std::string& digest) {
  Query query(connection, "SELECT digest, answer FROM idempotency WHERE key = ?1", key);
  ANLAN_TRY(bool found, query.next());
  if (!found) return std::nullopt;
  if (query.view(0) != digest) return fail(Code::conflict, "this idempotency key was used with another request");
  auto answer = json::parse_canonical(query.view(1));
  if (!answer) return fail(Code::internal, "a stored answer is damaged");
  return *answer;
}

Status remember(Connection& connection, const std::string& key, const std::string& digest, const Value& answer,
                Instant at) {
  ANLAN_CHECK(run(connection, "INSERT INTO idempotency (key, digest, answer, at) VALUES (?1, ?2, ?3, ?4)", key, digest,
                  json::canonical(answer), at));
  return {};
}

Status forget_before(Connection& connection, Instant instant) {
  ANLAN_CHECK(run(connection, "DELETE FROM idempotency WHERE at < ?1", instant));
  return {};
}

}  // namespace anlan::storage::sql::idempotency
