// The repositories, a namespace per noun: each function is one small conversation with the database over the thin
// layer, in the transaction that stands. What the functions promise is said in app/store.h under the same names.
// Tickets have a header of their own.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/store.h"
#include "storage/sql/connection.h"

namespace anlan::storage::sql {

namespace events {
Status append(Connection&, const app::Event&, app::Position);
Result<std::vector<app::Event>> of(Connection&, const std::string& subject);
Result<std::vector<app::Event>> after(Connection&, app::Position, int limit);
Result<app::Position> last(Connection&);
Result<std::vector<app::LoggedEvent>> logged(Connection&, app::Position after, int limit);
// The value that the bytes stand for; Code::internal when they are damaged or of an unknown format.
Result<app::Event> decode(app::Position, std::string_view bytes);
}  // namespace events

namespace records {
// A new id starts at version 1; an existing one goes up by one, else Code::conflict.
Status put(Connection&, const app::RecordRow&);
Result<std::optional<app::RecordRow>> current(Connection&, const std::string& reg, const std::string& id);
Result<std::optional<app::RecordRow>> by_key(Connection&, const std::string& reg, const std::string& name,
                                             const std::string& value);
Result<std::vector<app::RecordRow>> versions(Connection&, const std::string& reg, const std::string& id);
Result<std::vector<app::RecordRow>> all(Connection&, const std::string& reg, int limit);
}  // namespace records

namespace measures {
Status put(Connection&, const app::MeasureCell&);
Result<std::optional<app::MeasureCell>> get(Connection&, const std::string& measure, const std::string& period,
                                            const std::string& subject);
Result<std::vector<app::MeasureCell>> list(Connection&, const std::string& measure, const std::string& subject,
                                           const std::string& from, const std::string& to, bool running);
Status put_source(Connection&, const app::MeasureSource&);
Status drop_source(Connection&, const std::string& measure, const std::string& ticket, app::Position);
Result<std::vector<app::MeasureSource>> sources_of(Connection&, const std::string& measure, const std::string& ticket);
// In the order of the log.
Result<app::Page<app::MeasureSource>> sources(Connection&, const std::string& measure, const std::string& period,
                                              const std::string& subject, int limit, const std::string& cursor);
Status forget(Connection&, const std::string& measure);
}  // namespace measures

namespace links {
Status put(Connection&, const app::LinkRow&);
Result<std::vector<app::LinkRow>> of(Connection&, const std::string& end);
}  // namespace links

namespace timers {
Status set(Connection&, const app::TimerRow&);
Status drop(Connection&, const std::string& subject, const std::string& name);
Result<std::vector<app::TimerRow>> of(Connection&, const std::string& subject);
Result<std::vector<app::TimerRow>> due(Connection&, Instant now, int limit);
Result<std::optional<Instant>> next(Connection&);
}  // namespace timers

namespace outbox {
Result<bool> enqueue(Connection&, const app::OutboxRow&);  // an empty dedup id is no dedup id
Status update(Connection&, const app::OutboxRow&);         // Code::not_found
Result<std::vector<app::OutboxRow>> due(Connection&, Instant now, int limit);
Result<std::vector<app::OutboxRow>> of(Connection&, const std::string& recipient, int limit);
}  // namespace outbox

namespace alerts {
Status put(Connection&, const app::AlertRow&);
Result<std::optional<app::AlertRow>> get(Connection&, const std::string& fingerprint);
Result<std::vector<app::AlertRow>> of_group(Connection&, const std::string& group);
// In the order in which the fingerprints were first stored, newest first. Active: without ends_at, and alive at
// `now`.
Result<app::Page<app::AlertRow>> list(Connection&, bool active_only, const std::string& outcome, int limit,
                                      const std::string& cursor, Instant now);
}  // namespace alerts

namespace settings {
Status put(Connection&, const std::string& table, const std::string& key, const Value&);
Result<std::optional<Value>> get(Connection&, const std::string& table, const std::string& key);
Result<std::vector<std::pair<std::string, Value>>> all(Connection&, const std::string& table);
}  // namespace settings

namespace idempotency {
Result<std::optional<Value>> find(Connection&, const std::string& key, const std::string& digest);
Status remember(Connection&, const std::string& key, const std::string& digest, const Value& answer, Instant at);
Status forget_before(Connection&, Instant);
}  // namespace idempotency

namespace sequences {
Result<std::int64_t> next(Connection&, const std::string& name);
}  // namespace sequences

// Named single numbers of the store.
namespace counters {
Result<std::int64_t> get(Connection&, const std::string& name);
Status set(Connection&, const std::string& name, std::int64_t value);
}  // namespace counters

}  // namespace anlan::storage::sql
