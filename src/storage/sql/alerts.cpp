#include <charconv>

#include "json/json.h"
#include "storage/sql/repositories.h"

namespace anlan::storage::sql::alerts {
namespace {

#define ALERT_COLUMNS                                                                                         \
  "id, fingerprint, source, labels, annotations, starts_at, ends_at, alive_until, first_seen, last_seen, count, " \
  "correlation_group, outcome, reason, ticket"

Result<app::AlertRow> decode(const Query& query) {
  app::AlertRow row;
  row.fingerprint = query.text(1);
  row.source = query.text(2);
  auto labels = json::parse_canonical(query.view(3));
  auto annotations = json::parse_canonical(query.view(4));
  row.starts_at = query.instant(5);
  row.ends_at = query.maybe_instant(6);
  row.alive_until = query.instant(7);
  row.first_seen = query.instant(8);
  row.last_seen = query.instant(9);
  row.count = query.integer(10);
  row.group = query.text(11);
  row.outcome = query.text(12);
  auto reason = json::parse_canonical(query.view(13));
  row.ticket = query.text(14);
  if (!labels || !annotations || !reason) return fail(Code::internal, "alert " + row.fingerprint + " is damaged");
  row.labels = *labels;
  row.annotations = *annotations;
  row.reason = *reason;
  return row;
}

Result<app::Page<app::AlertRow>> page(Query& query, int limit) {
  app::Page<app::AlertRow> out;
  std::int64_t last = 0;
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return out;
    if (static_cast<int>(out.items.size()) == limit) {
      out.next_cursor = "a" + std::to_string(last);
      return out;
    }
    last = query.integer(0);
    ANLAN_TRY(app::AlertRow row, decode(query));
    out.items.push_back(std::move(row));
  }
}

}  // namespace

Status put(Connection& connection, const app::AlertRow& row) {
  ANLAN_CHECK(run(connection,
                  "INSERT INTO alert (fingerprint, source, labels, annotations, starts_at, ends_at, alive_until, "
                  "first_seen, last_seen, count, correlation_group, outcome, reason, ticket) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
                  "ON CONFLICT (fingerprint) DO UPDATE SET source = excluded.source, labels = excluded.labels, "
                  "annotations = excluded.annotations, starts_at = excluded.starts_at, ends_at = excluded.ends_at, "
                  "alive_until = excluded.alive_until, first_seen = excluded.first_seen, "
                  "last_seen = excluded.last_seen, count = excluded.count, "
                  "correlation_group = excluded.correlation_group, outcome = excluded.outcome, "
                  "reason = excluded.reason, ticket = excluded.ticket",
                  row.fingerprint, row.source, json::canonical(row.labels), json::canonical(row.annotations),
                  row.starts_at, row.ends_at, row.alive_until, row.first_seen, row.last_seen, row.count, row.group,
                  row.outcome, json::canonical(row.reason), row.ticket));
  return {};
}

Result<std::optional<app::AlertRow>> get(Connection& connection, const std::string& fingerprint) {
  Query query(connection, "SELECT " ALERT_COLUMNS " FROM alert WHERE fingerprint = ?1", fingerprint);
  ANLAN_TRY(bool found, query.next());
  if (!found) return std::nullopt;
  ANLAN_TRY(app::AlertRow row, decode(query));
  return row;
}

Result<std::vector<app::AlertRow>> of_group(Connection& connection, const std::string& group) {
  std::vector<app::AlertRow> rows;
  Query query(connection, "SELECT " ALERT_COLUMNS " FROM alert WHERE correlation_group = ?1 ORDER BY id", group);
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return rows;
    ANLAN_TRY(app::AlertRow row, decode(query));
    rows.push_back(std::move(row));
  }
}

Result<app::Page<app::AlertRow>> list(Connection& connection, bool active_only, const std::string& outcome, int limit,
                                      const std::string& cursor, Instant now) {
  if (limit < 1) return fail(Code::invalid, "limit must be at least 1", "limit");
  std::int64_t below = INT64_MAX;
  if (!cursor.empty()) {
    auto [end, error] = std::from_chars(cursor.data() + 1, cursor.data() + cursor.size(), below);
    if (cursor[0] != 'a' || error != std::errc() || end != cursor.data() + cursor.size() || below < 1) {
      return fail(Code::invalid, "this cursor is not one of the alert list", "cursor");
    }
  }
  if (active_only) {
    Query query(connection,
                "SELECT " ALERT_COLUMNS " FROM alert WHERE ends_at IS NULL AND id < ?1 AND alive_until > ?3 "
                "AND (?2 = '' OR outcome = ?2) ORDER BY id DESC LIMIT ?4",
                below, outcome, now, std::int64_t{limit} + 1);
    return page(query, limit);
  }
  Query query(connection,
              "SELECT " ALERT_COLUMNS " FROM alert WHERE id < ?1 AND (?2 = '' OR outcome = ?2) "
              "ORDER BY id DESC LIMIT ?3",
              below, outcome, std::int64_t{limit} + 1);
  return page(query, limit);
}

}  // namespace anlan::storage::sql::alerts
