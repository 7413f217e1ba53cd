#include "storage/unit.h"

#include "storage/sql/repositories.h"

namespace anlan::storage {

Status Unit::attempt(const std::function<Status()>& part) {
  const sql::Batch::Mark mark = batch_->mark();
  ANLAN_CHECK(sql::run(connection_, "SAVEPOINT part"));
  Status status = part();
  if (!status) {
    ANLAN_CHECK(sql::run(connection_, "ROLLBACK TO part"));
    batch_->undo_to(mark);
  }
  ANLAN_CHECK(sql::run(connection_, "RELEASE part"));
  return status;
}

Result<std::optional<app::TicketRow>> Unit::ticket(const std::string& number) { return tickets_.get(number); }
Result<app::Page<app::TicketRow>> Unit::tickets(const app::TicketQuery& query, const app::Scope& scope) {
  return tickets_.list(query, scope);
}
Result<bool> Unit::visible(const std::string& number, const app::Scope& scope) {
  return tickets_.visible(number, scope);
}
Result<std::map<std::string, std::int64_t>> Unit::count_open(const std::string& column, const app::TicketQuery& query,
                                                             const app::Scope& scope) {
  return tickets_.count_open(column, query, scope);
}
Result<app::TicketId> Unit::insert_ticket(const app::TicketRow& row) { return tickets_.insert(row); }
Status Unit::update_ticket(const app::TicketRow& row) { return tickets_.update(row); }

Result<std::vector<app::Event>> Unit::events_of(const std::string& subject) {
  return sql::events::of(connection_, subject);
}
Result<std::vector<app::Event>> Unit::events_after(app::Position after, int limit) {
  return sql::events::after(connection_, after, limit);
}
Result<app::Position> Unit::last_position() {
  if (batch_) return batch_->counters.position;
  return sql::events::last(connection_);
}
Result<std::vector<app::LoggedEvent>> Unit::logged_after(app::Position after, int limit) {
  return sql::events::logged(connection_, after, limit);
}
Result<app::Position> Unit::append(const app::Event& event) {
  app::Position position = batch_->counters.position + 1;
  ANLAN_CHECK(sql::events::append(connection_, event, position));
  batch_->counters.position = position;
  return position;
}

Result<std::optional<app::RecordRow>> Unit::record(const std::string& reg, const std::string& id) {
  return sql::records::current(connection_, reg, id);
}
Result<std::optional<app::RecordRow>> Unit::record_by_key(const std::string& reg, const std::string& key,
                                                          const std::string& value) {
  return sql::records::by_key(connection_, reg, key, value);
}
Result<std::vector<app::RecordRow>> Unit::record_versions(const std::string& reg, const std::string& id) {
  return sql::records::versions(connection_, reg, id);
}
Result<std::vector<app::RecordRow>> Unit::records(const std::string& reg, int limit) {
  return sql::records::all(connection_, reg, limit);
}
Result<std::int64_t> Unit::records_generation() {
  if (batch_) return batch_->counters.records;
  return sql::counters::get(connection_, "records");
}
Status Unit::put_record(const app::RecordRow& row) {
  ANLAN_CHECK(sql::records::put(connection_, row));
  ++batch_->counters.records;
  return {};
}

Result<std::vector<app::MeasureCell>> Unit::measure_cells(const std::string& measure, const std::string& subject,
                                                          const std::string& from, const std::string& to,
                                                          bool running) {
  return sql::measures::list(connection_, measure, subject, from, to, running);
}
Result<std::optional<app::MeasureCell>> Unit::measure_cell(const std::string& measure, const std::string& period,
                                                           const std::string& subject) {
  return sql::measures::get(connection_, measure, period, subject);
}
Result<app::Page<app::MeasureSource>> Unit::measure_sources(const std::string& measure, const std::string& period,
                                                            const std::string& subject, int limit,
                                                            const std::string& cursor) {
  return sql::measures::sources(connection_, measure, period, subject, limit, cursor);
}
Result<std::vector<app::MeasureSource>> Unit::measure_sources_of(const std::string& measure,
                                                                 const std::string& ticket) {
  return sql::measures::sources_of(connection_, measure, ticket);
}
Status Unit::put_measure_cell(const app::MeasureCell& row) { return sql::measures::put(connection_, row); }
Status Unit::put_measure_source(const app::MeasureSource& row) { return sql::measures::put_source(connection_, row); }
Status Unit::drop_measure_source(const std::string& measure, const std::string& ticket, app::Position position) {
  return sql::measures::drop_source(connection_, measure, ticket, position);
}
Status Unit::forget_measure(const std::string& measure) { return sql::measures::forget(connection_, measure); }

Result<std::vector<app::LinkRow>> Unit::links_of(const std::string& end) { return sql::links::of(connection_, end); }
Status Unit::put_link(const app::LinkRow& row) { return sql::links::put(connection_, row); }

Result<std::vector<app::TimerRow>> Unit::timers_of(const std::string& subject) {
  return sql::timers::of(connection_, subject);
}
Result<std::vector<app::TimerRow>> Unit::due_timers(Instant now, int limit) {
  return sql::timers::due(connection_, now, limit);
}
Result<std::optional<Instant>> Unit::next_timer() { return sql::timers::next(connection_); }
Status Unit::set_timer(const app::TimerRow& row) { return sql::timers::set(connection_, row); }
Status Unit::drop_timer(const std::string& subject, const std::string& name) {
  return sql::timers::drop(connection_, subject, name);
}

Result<std::vector<app::OutboxRow>> Unit::outbox_due(Instant now, int limit) {
  return sql::outbox::due(connection_, now, limit);
}
Result<std::vector<app::OutboxRow>> Unit::outbox_of(const std::string& recipient, int limit) {
  return sql::outbox::of(connection_, recipient, limit);
}
Result<bool> Unit::enqueue(const app::OutboxRow& row) { return sql::outbox::enqueue(connection_, row); }
Status Unit::update_outbox(const app::OutboxRow& row) { return sql::outbox::update(connection_, row); }

Result<std::optional<app::AlertRow>> Unit::alert(const std::string& fingerprint) {
  return sql::alerts::get(connection_, fingerprint);
}
Result<std::vector<app::AlertRow>> Unit::alerts_of_group(const std::string& group) {
  return sql::alerts::of_group(connection_, group);
}
Result<app::Page<app::AlertRow>> Unit::alerts(bool active_only, const std::string& outcome, int limit,
                                              const std::string& cursor) {
  return sql::alerts::list(connection_, active_only, outcome, limit, cursor, clock_.wall());
}
Status Unit::put_alert(const app::AlertRow& row) { return sql::alerts::put(connection_, row); }

Result<std::optional<Value>> Unit::setting(const std::string& table, const std::string& key) {
  return sql::settings::get(connection_, table, key);
}
Result<std::vector<std::pair<std::string, Value>>> Unit::settings(const std::string& table) {
  return sql::settings::all(connection_, table);
}
Status Unit::put_setting(const std::string& table, const std::string& key, const Value& value) {
  return sql::settings::put(connection_, table, key, value);
}

Result<std::int64_t> Unit::next_number(const std::string& sequence) {
  return sql::sequences::next(connection_, sequence);
}
Result<std::optional<Value>> Unit::idempotent(const std::string& scope_and_key, const std::string& digest) {
  return sql::idempotency::find(connection_, scope_and_key, digest);
}
Status Unit::remember(const std::string& scope_and_key, const std::string& digest, const Value& answer, Instant at) {
  return sql::idempotency::remember(connection_, scope_and_key, digest, answer, at);
}
Status Unit::forget_idempotent_before(Instant instant) { return sql::idempotency::forget_before(connection_, instant); }

}  // namespace anlan::storage
