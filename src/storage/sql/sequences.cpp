#include "storage/sql/repositories.h"

namespace anlan::storage::sql {

namespace sequences {
Result<std::int64_t> next(Connection& connection, const std::string& name) {
  Query query(connection,
              "INSERT INTO sequence (name, value) VALUES (?1, 1) "
              "ON CONFLICT (name) DO UPDATE SET value = sequence.value + 1 RETURNING value",
              name);
  ANLAN_TRY(bool found, query.next());
  if (!found) return fail(Code::internal, "sequence " + name + " gave no number");
  std::int64_t value = query.integer(0);
  ANLAN_CHECK(query.next());  // to its end: only then is the statement complete
  return value;
}
}  // namespace sequences

namespace counters {
Result<std::int64_t> get(Connection& connection, const std::string& name) {
  Query query(connection, "SELECT value FROM counter WHERE name = ?1", name);
  ANLAN_TRY(bool found, query.next());
  if (!found) return fail(Code::internal, "the counter " + name + " is missing");
  return query.integer(0);
}

Status set(Connection& connection, const std::string& name, std::int64_t value) {
  ANLAN_CHECK(run(connection, "UPDATE counter SET value = ?2 WHERE name = ?1", name, value));
  return {};
}
}  // namespace counters

}  // namespace anlan::storage::sql
