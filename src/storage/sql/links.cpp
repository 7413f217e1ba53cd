#include "storage/sql/repositories.h"

namespace anlan::storage::sql::links {

Status put(Connection& connection, const app::LinkRow& row) {
  ANLAN_CHECK(run(connection,
                  "INSERT INTO link (from_end, key, to_end, at) VALUES (?1, ?2, ?3, ?4) "
                  "ON CONFLICT (from_end, key, to_end) DO NOTHING",
                  row.from, row.key, row.to, row.at));
  return {};
}

Result<std::vector<app::LinkRow>> of(Connection& connection, const std::string& end) {
  std::vector<app::LinkRow> rows;
  // UNION, not OR: each half walks an index, and a link from a thing to itself comes once.
  Query query(connection,
              "SELECT key, from_end, to_end, at FROM link WHERE from_end = ?1 UNION "
              "SELECT key, from_end, to_end, at FROM link WHERE to_end = ?1 ORDER BY 4, 1, 2, 3",
              end);
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return rows;
    rows.push_back(app::LinkRow{query.text(0), query.text(1), query.text(2), query.instant(3)});
  }
}

}  // namespace anlan::storage::sql::links
