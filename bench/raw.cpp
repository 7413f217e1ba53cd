// The anchor of limits 1 and 2: the very rows that creates over HTTP wrote, written again by a bare loop.
//   bench_raw SAMPLE.db FRESH.db BATCH
// Takes every ticket of the sample with what one create wrote beside it (facet, events, timers, notices), makes the same
// schema in FRESH.db (same pragmas as the server: WAL, synchronous FULL, checkpoints every 1,000 pages) and inserts ticket
// by ticket, BATCH tickets in a transaction. Prints one line of JSON.
#include <fmt/format.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

[[noreturn]] void die(sqlite3* db, const char* what) {
  std::cerr << what << ": " << sqlite3_errmsg(db) << "\n";
  std::exit(1);
}
void run(sqlite3* db, const std::string& sql) {
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) die(db, sql.c_str());
}
sqlite3_stmt* prepare(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) die(db, sql.c_str());
  return statement;
}

using Row = std::vector<sqlite3_value*>;
struct Table {
  const char* name;
  const char* select;  // rows with the ticket's id in the last column
  sqlite3_stmt* insert = nullptr;
  std::map<sqlite3_int64, std::vector<Row>> rows;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "bench_raw SAMPLE.db FRESH.db BATCH\n";
    return 2;
  }
  sqlite3 *sample = nullptr, *fresh = nullptr;
  if (sqlite3_open_v2(argv[1], &sample, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) die(sample, argv[1]);
  if (sqlite3_open(argv[2], &fresh) != SQLITE_OK) die(fresh, argv[2]);
  int batch = std::atoi(argv[3]);
  run(fresh, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;");
  sqlite3_stmt* schema = prepare(sample, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'");
  while (sqlite3_step(schema) == SQLITE_ROW) run(fresh, reinterpret_cast<const char*>(sqlite3_column_text(schema, 0)));

  std::vector<Table> tables{
      {"ticket", "SELECT t.*, t.id FROM ticket t ORDER BY t.id", nullptr, {}},
      {"ticket_facet", "SELECT f.*, f.id FROM ticket_facet f", nullptr, {}},
      {"event", "SELECT e.*, t.id FROM event e JOIN ticket t ON e.subject = 'ticket:' || t.number", nullptr, {}},
      {"timer", "SELECT m.*, t.id FROM timer m JOIN ticket t ON m.subject = 'ticket:' || t.number", nullptr, {}},
      {"outbox", "SELECT o.*, t.id FROM outbox o JOIN ticket t ON json_extract(o.payload, '$.ticket') = t.number", nullptr, {}},
  };
  std::vector<sqlite3_int64> ids;
  std::int64_t rows = 0;
  for (Table& table : tables) {
    sqlite3_stmt* select = prepare(sample, table.select);
    int columns = sqlite3_column_count(select) - 1;
    std::string marks;
    for (int i = 0; i < columns; ++i) marks += i ? ",?" : "?";
    table.insert = prepare(fresh, fmt::format("INSERT INTO {} VALUES ({})", table.name, marks));
    while (sqlite3_step(select) == SQLITE_ROW) {
      Row row;
      for (int i = 0; i < columns; ++i) row.push_back(sqlite3_value_dup(sqlite3_column_value(select, i)));
      sqlite3_int64 id = sqlite3_column_int64(select, columns);
      if (&table == &tables.front()) ids.push_back(id);
      table.rows[id].push_back(std::move(row));
      ++rows;
    }
    sqlite3_finalize(select);
  }
  auto began = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < ids.size();) {
    run(fresh, "BEGIN IMMEDIATE");
    for (int k = 0; k < batch && i < ids.size(); ++k, ++i)
      for (Table& table : tables) {
        auto found = table.rows.find(ids[i]);
        if (found == table.rows.end()) continue;
        for (const Row& row : found->second) {
          for (std::size_t c = 0; c < row.size(); ++c) sqlite3_bind_value(table.insert, static_cast<int>(c) + 1, row[c]);
          if (sqlite3_step(table.insert) != SQLITE_DONE) die(fresh, table.name);
          sqlite3_reset(table.insert);
        }
      }
    run(fresh, "COMMIT");
  }
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::cout << fmt::format("{{\"tickets\": {}, \"rows\": {}, \"batch\": {}, \"per_second\": {:.0f}}}\n", ids.size(), rows, batch,
                           static_cast<double>(ids.size()) / seconds);
}
