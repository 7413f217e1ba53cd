// Fills a store with closed and open tickets of the shape that a create wrote, so that a million cost minutes, not hours:
//   bench_seed DATA.db COUNT OPEN_PERCENT
// The store must hold at least one ticket: its row is the model. Columns that lists filter by are drawn from fixed small
// sets with a seeded generator; times run back over three years.
#include <fmt/format.h>

#include <iostream>
#include <random>

#include "storage/store.h"

using namespace anlan;

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "bench_seed DATA.db COUNT OPEN_PERCENT\n";
    return 2;
  }
  storage::Options options;
  options.path = argv[1];
  options.synchronous = storage::Synchronous::normal;
  auto store = storage::open_sqlite(options);
  if (!store) {
    std::cerr << store.error().message << "\n";
    return 1;
  }
  app::TicketRow model;
  auto found = (*store)->read([&](app::Reader& reader) -> Status {
    app::Scope all;
    all.all = true;
    app::TicketQuery query;
    query.drill = std::nullopt;
    query.limit = 1;
    ANLAN_TRY(app::Page<app::TicketRow> page, reader.tickets(query, all));
    if (page.items.empty()) return fail(Code::not_found, "the store holds no ticket to take as a model");
    ANLAN_TRY(std::optional<app::TicketRow> row, reader.ticket(page.items.front().number));
    model = *row;
    return {};
  });
  if (!found) {
    std::cerr << found.error().message << "\n";
    return 1;
  }
  std::int64_t count = std::atoll(argv[2]);
  int open_percent = std::atoi(argv[3]);
  std::mt19937_64 random(20260301);
  auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const std::vector<std::string> states{"reported", "triage", "handling", "recovery", "closed"};
  const std::vector<std::string> processes{model.process, model.process, model.process, "change", "problem"};
  Instant start = model.opened_at - days(3 * 365);
  std::int64_t step = days(3 * 365).ms / (count + 1);
  const std::int64_t chunk = 2000;
  for (std::int64_t i = 0; i < count; i += chunk) {
    auto done = (*store)->write([&](app::Txn& txn) -> Result<Value> {
      for (std::int64_t k = i; k < std::min(count, i + chunk); ++k) {
        app::TicketRow row = model;
        row.number = fmt::format("SEED-{:09}", k);
        row.process = processes[pick(processes.size())];
        row.open = static_cast<int>(pick(1000)) < open_percent * 10;
        row.state = row.open ? states[pick(4)] : states[4];
        row.holder = fmt::format("person{}", pick(400));
        row.board = fmt::format("board{}", pick(30));
        row.unit = fmt::format("unit{}", pick(60));
        row.severity = 1 + static_cast<int>(std::min(std::min(pick(4), pick(4)), pick(4)));
        row.opened_at = start + Duration{step * k};
        row.updated_at = row.opened_at + hours(3);
        row.closed_at = row.open ? std::nullopt : std::optional(row.opened_at + hours(4));
        row.next_due = row.open ? std::optional(row.opened_at + hours(1)) : std::nullopt;
        row.indexed = {{"system", fmt::format("SYS-{:03}", pick(200))}, {"source", pick(2) ? "monitor" : "desk"}};
        row.owes = row.open ? std::vector<std::string>{row.holder} : std::vector<std::string>{};
        row.participants = {row.holder, fmt::format("person{}", pick(400))};
        row.version = 1;
        ANLAN_TRY([[maybe_unused]] app::TicketId id, txn.insert_ticket(row));
        ANLAN_TRY([[maybe_unused]] app::Position position,
                  txn.append({0, "ticket:" + row.number, "ticket.opened", row.opened_at, "seed", Value(Map{{"patch", Value(Map{{"state", row.state}})}})}));
      }
      return Value();
    });
    if (!done) {
      std::cerr << done.error().message << "\n";
      return 1;
    }
  }
  (*store)->stop();
  std::cout << fmt::format("{{\"seeded\": {}}}\n", count);
}
