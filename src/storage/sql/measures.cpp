#include <charconv>

#include "json/json.h"
#include "storage/sql/repositories.h"

namespace anlan::storage::sql::measures {
namespace {

Result<app::MeasureCell> cell(const Query& query, const std::string& measure) {
  auto figures = json::parse_canonical(query.view(2));
  if (!figures) return fail(Code::internal, "the figures of measure " + measure + " are damaged");
  return app::MeasureCell{measure, query.text(0), query.text(1), *figures, query.maybe_instant(3)};
}

Result<app::MeasureSource> source(const Query& query, const std::string& measure) {
  auto value = json::parse_canonical(query.view(4));
  if (!value) return fail(Code::internal, "a source of measure " + measure + " is damaged");
  return app::MeasureSource{measure,         query.text(2), query.text(3),  query.text(0),
                            query.integer(1), *value,        query.instant(5)};
}

}  // namespace

Status put(Connection& connection, const app::MeasureCell& row) {
  if (row.figures.is_null()) {
    ANLAN_CHECK(run(connection, "DELETE FROM measure_cell WHERE measure = ?1 AND period = ?2 AND subject = ?3",
                    row.measure, row.period, row.subject));
    return {};
  }
  ANLAN_CHECK(run(connection,
                  "INSERT INTO measure_cell (measure, period, subject, figures, frozen_at) VALUES (?1, ?2, ?3, ?4, ?5) "
                  "ON CONFLICT (measure, period, subject) DO UPDATE SET figures = excluded.figures, "
                  "frozen_at = excluded.frozen_at",
                  row.measure, row.period, row.subject, json::canonical(row.figures), row.frozen_at));
  return {};
}

Result<std::optional<app::MeasureCell>> get(Connection& connection, const std::string& measure,
                                            const std::string& period, const std::string& subject) {
  Query query(connection,
              "SELECT period, subject, figures, frozen_at FROM measure_cell "
              "WHERE measure = ?1 AND period = ?2 AND subject = ?3",
              measure, period, subject);
  ANLAN_TRY(bool found, query.next());
  if (!found) return std::nullopt;
  ANLAN_TRY(app::MeasureCell row, cell(query, measure));
  return row;
}

Result<std::vector<app::MeasureCell>> list(Connection& connection, const std::string& measure,
                                           const std::string& subject, const std::string& from, const std::string& to,
                                           bool running) {
  // Two texts, so that each has its index.
  Query query(connection,
              running ? "SELECT period, subject, figures, frozen_at FROM measure_cell "
                        "WHERE measure = ?1 AND frozen_at IS NULL AND (?2 = '' OR subject = ?2) AND period >= ?3 "
                        "AND (?4 = '' OR period <= ?4) ORDER BY period, subject"
                      : "SELECT period, subject, figures, frozen_at FROM measure_cell "
                        "WHERE measure = ?1 AND (?2 = '' OR subject = ?2) AND period >= ?3 "
                        "AND (?4 = '' OR period <= ?4) ORDER BY period, subject",
              measure, subject, from, to);
  std::vector<app::MeasureCell> rows;
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return rows;
    ANLAN_TRY(app::MeasureCell row, cell(query, measure));
    rows.push_back(std::move(row));
  }
}

Status put_source(Connection& connection, const app::MeasureSource& row) {
  ANLAN_CHECK(run(connection,
                  "INSERT INTO measure_source (measure, ticket, position, period, subject, value, at) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (measure, ticket, position) DO UPDATE SET "
                  "period = excluded.period, subject = excluded.subject, value = excluded.value, at = excluded.at",
                  row.measure, row.ticket, row.position, row.period, row.subject, json::canonical(row.value), row.at));
  return {};
}

Status drop_source(Connection& connection, const std::string& measure, const std::string& ticket,
                   app::Position position) {
  ANLAN_CHECK(run(connection, "DELETE FROM measure_source WHERE measure = ?1 AND ticket = ?2 AND position = ?3",
                  measure, ticket, position));
  return {};
}

Result<std::vector<app::MeasureSource>> sources_of(Connection& connection, const std::string& measure,
                                                   const std::string& ticket) {
  Query query(connection,
              "SELECT ticket, position, period, subject, value, at FROM measure_source "
              "WHERE measure = ?1 AND ticket = ?2 ORDER BY position",
              measure, ticket);
  std::vector<app::MeasureSource> rows;
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return rows;
    ANLAN_TRY(app::MeasureSource row, source(query, measure));
    rows.push_back(std::move(row));
  }
}

Result<app::Page<app::MeasureSource>> sources(Connection& connection, const std::string& measure,
                                              const std::string& period, const std::string& subject, int limit,
                                              const std::string& cursor) {
  app::Position after = 0;
  if (!cursor.empty()) {
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), after);
    if (error != std::errc{} || end != cursor.data() + cursor.size())
      return fail(Code::invalid, "the cursor is not one of ours", "cursor");
  }
  Query query(connection,
              "SELECT ticket, position, period, subject, value, at FROM measure_source "
              "WHERE measure = ?1 AND period = ?2 AND subject = ?3 AND position > ?4 ORDER BY position LIMIT ?5",
              measure, period, subject, after, limit + 1);
  app::Page<app::MeasureSource> page;
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return page;
    if (static_cast<int>(page.items.size()) == limit) {
      page.next_cursor = std::to_string(page.items.back().position);
      return page;
    }
    ANLAN_TRY(app::MeasureSource row, source(query, measure));
    page.items.push_back(std::move(row));
  }
}

Status forget(Connection& connection, const std::string& measure) {
  ANLAN_CHECK(run(connection,
                  "DELETE FROM measure_source WHERE measure = ?1 AND NOT EXISTS (SELECT 1 FROM measure_cell c WHERE "
                  "c.measure = measure_source.measure AND c.period = measure_source.period AND "
                  "c.subject = measure_source.subject AND c.frozen_at IS NOT NULL)",
                  measure));
  ANLAN_CHECK(run(connection, "DELETE FROM measure_cell WHERE measure = ?1 AND frozen_at IS NULL", measure));
  return {};
}

}  // namespace anlan::storage::sql::measures
