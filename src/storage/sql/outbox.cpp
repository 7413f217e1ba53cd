#include "json/json.h"
#include "storage/sql/repositories.h"

namespace anlan::storage::sql::outbox {
namespace {

#define OUTBOX_COLUMNS "id, at, channel, recipient, payload, attempts, next_at, state, dedup"

Result<std::vector<app::OutboxRow>> all(Query& query) {
  std::vector<app::OutboxRow> rows;
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return rows;
    app::OutboxRow row;
    row.id = query.integer(0);
    row.at = query.instant(1);
    row.channel = query.text(2);
    row.recipient = query.text(3);
    auto payload = json::parse_canonical(query.view(4));
    if (!payload) return fail(Code::internal, "outbox row " + std::to_string(row.id) + " is damaged");
    row.payload = *payload;
    row.attempts = static_cast<int>(query.integer(5));
    row.next_at = query.instant(6);
    row.state = query.text(7);
    row.dedup = query.text(8);
    rows.push_back(std::move(row));
  }
}

std::optional<std::string> dedup_or_null(const app::OutboxRow& row) {
  return row.dedup.empty() ? std::nullopt : std::optional(row.dedup);
}

}  // namespace

Result<bool> enqueue(Connection& connection, const app::OutboxRow& row) {
  ANLAN_TRY(std::int64_t added,
            run(connection,
                "INSERT INTO outbox (at, channel, recipient, payload, attempts, next_at, state, dedup) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (dedup) DO NOTHING",
                row.at, row.channel, row.recipient, json::canonical(row.payload), row.attempts, row.next_at, row.state,
                dedup_or_null(row)));
  return added == 1;
}

Status update(Connection& connection, const app::OutboxRow& row) {
  ANLAN_TRY(std::int64_t changed,
            run(connection,
                "UPDATE outbox SET at = ?2, channel = ?3, recipient = ?4, payload = ?5, attempts = ?6, next_at = ?7, "
                "state = ?8, dedup = ?9 WHERE id = ?1",
                row.id, row.at, row.channel, row.recipient, json::canonical(row.payload), row.attempts, row.next_at,
                row.state, dedup_or_null(row)));
  if (changed == 0) return fail(Code::not_found, "no outbox row " + std::to_string(row.id));
  return {};
}

Result<std::vector<app::OutboxRow>> due(Connection& connection, Instant now, int limit) {
  Query query(connection,
              "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE state = 'pending' AND next_at <= ?1 "
              "ORDER BY next_at, id LIMIT ?2",
              now, limit);
  return all(query);
}

Result<std::vector<app::OutboxRow>> of(Connection& connection, const std::string& recipient, int limit) {
  Query query(connection, "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE recipient = ?1 ORDER BY id DESC LIMIT ?2",
              recipient, limit);
  return all(query);
}

}  // namespace anlan::storage::sql::outbox
