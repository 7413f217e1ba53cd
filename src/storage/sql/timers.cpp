#include "storage/sql/repositories.h"

namespace anlan::storage::sql::timers {
namespace {

Result<std::vector<app::TimerRow>> all(Query& query) {
  std::vector<app::TimerRow> rows;
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return rows;
    rows.push_back(app::TimerRow{query.text(0), query.text(1), query.instant(2)});
  }
}

}  // namespace

Status set(Connection& connection, const app::TimerRow& row) {
  ANLAN_CHECK(run(connection,
                  "INSERT INTO timer (subject, name, due) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (subject, name) DO UPDATE SET due = excluded.due",
                  row.subject, row.name, row.due));
  return {};
}

Status drop(Connection& connection, const std::string& subject, const std::string& name) {
  ANLAN_CHECK(run(connection, "DELETE FROM timer WHERE subject = ?1 AND name = ?2", subject, name));
  return {};
}

Result<std::vector<app::TimerRow>> of(Connection& connection, const std::string& subject) {
  Query query(connection, "SELECT subject, name, due FROM timer WHERE subject = ?1 ORDER BY name", subject);
  return all(query);
}

Result<std::vector<app::TimerRow>> due(Connection& connection, Instant now, int limit) {
  Query query(connection,
              "SELECT subject, name, due FROM timer WHERE due <= ?1 ORDER BY due, subject, name LIMIT ?2", now, limit);
  return all(query);
}

Result<std::optional<Instant>> next(Connection& connection) {
  Query query(connection, "SELECT min(due) FROM timer");
  ANLAN_CHECK(query.next());
  return query.maybe_instant(0);
}

}  // namespace anlan::storage::sql::timers
