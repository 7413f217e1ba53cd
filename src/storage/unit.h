// The transaction as a unit of work and a reader see it: app::Txn over the repositories.
#pragma once
#include "app/store.h"
#include "storage/sql/tickets.h"

namespace anlan::storage {

class Unit final : public app::Txn {
 public:
  // `batch` is null for a reader, which then sees only app::Reader.
  Unit(sql::Connection& connection, TicketIndex& index, sql::Batch* batch, const Clock& clock)
      : connection_(connection), batch_(batch), clock_(clock), tickets_(connection, index, batch) {}

  Result<std::optional<app::TicketRow>> ticket(const std::string& number) override;
  Result<app::Page<app::TicketRow>> tickets(const app::TicketQuery&, const app::Scope&) override;
  Result<bool> visible(const std::string& number, const app::Scope&) override;
  Result<std::map<std::string, std::int64_t>> count_open(const std::string& column, const app::TicketQuery&,
                                                         const app::Scope&) override;
  Result<std::vector<app::Event>> events_of(const std::string& subject) override;
  Result<std::vector<app::Event>> events_after(app::Position after, int limit) override;
  Result<app::Position> last_position() override;
  Result<std::vector<app::LoggedEvent>> logged_after(app::Position after, int limit) override;
  Result<std::optional<app::RecordRow>> record(const std::string& reg, const std::string& id) override;
  Result<std::optional<app::RecordRow>> record_by_key(const std::string& reg, const std::string& key,
                                                      const std::string& value) override;
  Result<std::vector<app::RecordRow>> record_versions(const std::string& reg, const std::string& id) override;
  Result<std::vector<app::RecordRow>> records(const std::string& reg, int limit) override;
  Result<std::int64_t> records_generation() override;
  Result<std::vector<app::LinkRow>> links_of(const std::string& end) override;
  Result<std::vector<app::TimerRow>> timers_of(const std::string& subject) override;
  Result<std::vector<app::TimerRow>> due_timers(Instant now, int limit) override;
  Result<std::optional<Instant>> next_timer() override;
  Result<std::vector<app::OutboxRow>> outbox_due(Instant now, int limit) override;
  Result<std::vector<app::OutboxRow>> outbox_of(const std::string& recipient, int limit) override;
  Result<std::optional<app::AlertRow>> alert(const std::string& fingerprint) override;
  Result<std::vector<app::AlertRow>> alerts_of_group(const std::string& group) override;
  Result<app::Page<app::AlertRow>> alerts(bool active_only, const std::string& outcome, int limit,
                                          const std::string& cursor) override;
  Result<std::vector<app::MeasureCell>> measure_cells(const std::string& measure, const std::string& subject,
                                                      const std::string& from, const std::string& to,
                                                      bool running) override;
  Result<std::optional<app::MeasureCell>> measure_cell(const std::string& measure, const std::string& period,
                                                       const std::string& subject) override;
  Result<app::Page<app::MeasureSource>> measure_sources(const std::string& measure, const std::string& period,
                                                        const std::string& subject, int limit,
                                                        const std::string& cursor) override;
  Result<std::vector<app::MeasureSource>> measure_sources_of(const std::string& measure,
                                                             const std::string& ticket) override;
  Result<std::optional<Value>> setting(const std::string& table, const std::string& key) override;
  Result<std::vector<std::pair<std::string, Value>>> settings(const std::string& table) override;

  Status attempt(const std::function<Status()>& part) override;
  Result<app::TicketId> insert_ticket(const app::TicketRow&) override;
  Status update_ticket(const app::TicketRow&) override;
  Result<app::Position> append(const app::Event&) override;
  Result<std::int64_t> next_number(const std::string& sequence) override;
  Status put_record(const app::RecordRow&) override;
  Status put_measure_cell(const app::MeasureCell&) override;
  Status put_measure_source(const app::MeasureSource&) override;
  Status drop_measure_source(const std::string& measure, const std::string& ticket, app::Position) override;
  Status forget_measure(const std::string& measure) override;
  Status put_link(const app::LinkRow&) override;
  Status set_timer(const app::TimerRow&) override;
  Status drop_timer(const std::string& subject, const std::string& name) override;
  Result<bool> enqueue(const app::OutboxRow&) override;
  Status update_outbox(const app::OutboxRow&) override;
  Status put_alert(const app::AlertRow&) override;
  Status put_setting(const std::string& table, const std::string& key, const Value&) override;
  Result<std::optional<Value>> idempotent(const std::string& scope_and_key, const std::string& digest) override;
  Status remember(const std::string& scope_and_key, const std::string& digest, const Value& answer,
                  Instant at) override;
  Status forget_idempotent_before(Instant) override;

 private:
  sql::Connection& connection_;
  sql::Batch* batch_;
  const Clock& clock_;
  sql::Tickets tickets_;
};

}  // namespace anlan::storage
