#include "json/json.h"
#include "storage/sql/repositories.h"

namespace anlan::storage::sql::events {
namespace {

constexpr std::int64_t format = 1;  // of the bytes; a later format is read beside the earlier ones

}  // namespace

Result<app::Event> decode(app::Position position, std::string_view bytes) {
  auto value = json::parse_canonical(bytes);
  if (!value || (*value)["v"].as_int() != format) {
    return fail(Code::internal, "event " + std::to_string(position) + " is damaged or of an unknown format");
  }
  app::Event event;
  event.position = position;
  event.subject = (*value)["subject"].as_string();
  event.kind = (*value)["kind"].as_string();
  event.at = (*value)["at"].as_instant();
  event.actor = (*value)["actor"].as_string();
  event.body = (*value)["body"];
  return event;
}

namespace {

Result<std::vector<app::Event>> all(Query& query) {
  std::vector<app::Event> events;
  for (;;) {
    ANLAN_TRY(bool row, query.next());
    if (!row) return events;
    ANLAN_TRY(app::Event event, decode(query.integer(0), query.view(1)));
    events.push_back(std::move(event));
  }
}

}  // namespace

Status append(Connection& connection, const app::Event& event, app::Position position) {
  std::string bytes = json::canonical(Value(Map{{"actor", event.actor},
                                                {"at", event.at},
                                                {"body", event.body},
                                                {"kind", event.kind},
                                                {"subject", event.subject},
                                                {"v", format}}));
  ANLAN_CHECK(run(connection, "INSERT INTO event (position, subject, bytes) VALUES (?1, ?2, ?3)", position,
                  event.subject, bytes));
  return {};
}

Result<std::vector<app::Event>> of(Connection& connection, const std::string& subject) {
  Query query(connection, "SELECT position, bytes FROM event WHERE subject = ?1 ORDER BY position", subject);
  return all(query);
}

Result<std::vector<app::Event>> after(Connection& connection, app::Position position, int limit) {
  Query query(connection, "SELECT position, bytes FROM event WHERE position > ?1 ORDER BY position LIMIT ?2", position,
              limit);
  return all(query);
}

Result<std::vector<app::LoggedEvent>> logged(Connection& connection, app::Position after, int limit) {
  Query query(connection, "SELECT position, subject, bytes FROM event WHERE position > ?1 ORDER BY position LIMIT ?2",
              after, limit);
  std::vector<app::LoggedEvent> events;
  for (;;) {
    ANLAN_TRY(bool row, query.next());
    if (!row) return events;
    events.push_back({query.integer(0), query.text(1), query.text(2)});
  }
}

Result<app::Position> last(Connection& connection) {
  Query query(connection, "SELECT max(position) FROM event");
  ANLAN_CHECK(query.next());
  return query.integer(0);
}

}  // namespace anlan::storage::sql::events
