// The program that the crash suite kills, and the one that looks at what is left.
//
//   crash_writer write DIR ACKS [--acknowledge-before-commit]
//     Writes tickets and their events from several threads until it is killed. Each acknowledged unit is one line in
//     ACKS: its number and the version it reached. The line is written from `done`, so never before the promise is made.
//   crash_writer check DIR ACKS
//     Opens the store as a new process would and fails (exit 1) unless every acknowledged write is there exactly once,
//     no unit is there in part, and the log and the file are whole.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <map>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace {
using namespace anlan;
using app::Reader;
using app::Txn;

constexpr int threads = 4;
constexpr int in_flight = 32;  // units a thread leaves unanswered, so that batches hold many

app::TicketRow row_of(const std::string& number, std::int64_t version) {
  app::TicketRow row;
  row.number = number;
  row.process = "incident";
  row.state = "state" + std::to_string(version % 5);
  row.holder = "duty";
  row.title = "written to be killed";
  row.opened_at = Instant{1'772'413'200'000};
  row.updated_at = row.opened_at + seconds(version);
  row.version = version;
  row.body = Value(Map{{"version", version}, {"text", std::string(600, 'x')}});
  row.indexed = {{"number", number}};
  return row;
}

// One unit: a new ticket, or the next version of an earlier one; each leaves one event, so versions count events.
Result<Value> unit(Txn& txn, std::uint64_t choice) {
  std::string number;
  std::int64_t version = 1;
  if (choice % 3 == 0) {
    ANLAN_TRY(auto page, txn.tickets({.sort = app::TicketQuery::Sort::opened_asc, .limit = 20}, {.all = true}));
    if (!page.items.empty()) {
      const auto& chosen = page.items[choice / 3 % page.items.size()];
      number = chosen.number;
      version = chosen.version + 1;
    }
  }
  if (version == 1) {
    ANLAN_TRY(auto serial, txn.next_number("crash"));
    number = "C-" + std::to_string(serial);
    ANLAN_CHECK(txn.insert_ticket(row_of(number, 1)));
  } else {
    ANLAN_CHECK(txn.update_ticket(row_of(number, version)));
  }
  std::string subject = "ticket:" + number;
  ANLAN_CHECK(txn.set_timer({subject, "clock", Instant{version}}));
  ANLAN_CHECK(txn.append({0, subject, "ticket.acted", Instant{version}, "duty", Value(Map{{"version", version}})}));
  if (choice % 17 == 0) return fail(Code::refused, "refused now and then");
  return Value(number + " " + std::to_string(version) + "\n");
}

void acknowledge(int out, const std::string& line) {
  if (::write(out, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(2);
}

// `early`: acknowledges from inside the unit, that is before its batch is committed: the broken promise that the control
// of the suite has to bring to light.
int write_until_killed(const storage::Options& options, const std::string& acks, bool early) {
  auto opened = storage::open_sqlite(options);
  if (!opened) {
    std::fprintf(stderr, "open: %s\n", opened.error().message.c_str());
    return 1;
  }
  auto& store = **opened;
  int out = ::open(acks.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return 1;
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&store, out, early, t] {
      std::counting_semaphore<in_flight> free(in_flight);
      for (std::uint64_t i = static_cast<std::uint64_t>(t);; i += 7) {
        free.acquire();
        store.write(
                    [i, out, early](Txn& txn) {
                      auto result = unit(txn, i);
                      if (early && result) acknowledge(out, result->as_string());
                      return result;
                    },
                    [&free, out, early](Result<Value> result) {
                      if (result) {
                        if (!early) acknowledge(out, result->as_string());
                      } else if (result.error().code != Code::refused) {
                        std::fprintf(stderr, "write: %s\n", result.error().message.c_str());
                      }
                      free.release();
                    });
      }
    });
  }
  for (auto& writer : writers) writer.join();
  return 0;
}

class Findings {
 public:
  void add(const std::string& what) {
    if (++count_ <= 10) std::fprintf(stderr, "  %s\n", what.c_str());
  }
  int count() const { return count_; }

 private:
  int count_ = 0;
};

Status inspect(Reader& reader, const std::map<std::string, std::int64_t>& acknowledged, Findings& findings) {
  std::int64_t tickets = 0, events = 0, last_serial = 0;
  std::set<std::string> seen;
  app::TicketQuery query{.sort = app::TicketQuery::Sort::opened_asc, .limit = 200};
  do {
    ANLAN_TRY(auto page, reader.tickets(query, {.all = true}));
    for (const auto& row : page.items) {
      ++tickets;
      if (!seen.insert(row.number).second) findings.add(row.number + " stands twice");
      ANLAN_TRY(auto history, reader.events_of("ticket:" + row.number));
      events += static_cast<std::int64_t>(history.size());
      for (std::size_t i = 0; i < history.size(); ++i) {
        if (history[i].body["version"].as_int() != static_cast<std::int64_t>(i + 1)) {
          findings.add(row.number + " has its events out of order or twice");
        }
      }
      if (row.version != static_cast<std::int64_t>(history.size())) {
        findings.add(row.number + " stands at version " + std::to_string(row.version) + " with " +
                     std::to_string(history.size()) + " events");
      }
      ANLAN_TRY(auto timers, reader.timers_of("ticket:" + row.number));
      if (timers.size() != 1 || timers[0].due.ms != row.version) findings.add(row.number + " has not its timer");
      ANLAN_TRY(auto whole, reader.ticket(row.number));
      if (!whole || whole->body["version"].as_int() != row.version) findings.add(row.number + " has another's body");
      std::int64_t serial = std::stoll(row.number.substr(2));
      if (serial != last_serial + 1) findings.add("a gap before " + row.number);
      last_serial = serial;
      auto promised = acknowledged.find(row.number);
      if (promised != acknowledged.end() && promised->second > row.version) {
        findings.add(row.number + " lost the acknowledged version " + std::to_string(promised->second));
      }
    }
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  for (const auto& [number, version] : acknowledged) {
    if (!seen.contains(number)) findings.add(number + " was acknowledged and is lost");
  }
  app::Position expected = 0;
  for (;;) {
    ANLAN_TRY(auto log, reader.events_after(expected, 1000));
    if (log.empty()) break;
    for (const auto& event : log) {
      if (event.position != ++expected) findings.add("a gap in the log before " + std::to_string(event.position));
    }
  }
  ANLAN_TRY(auto last, reader.last_position());
  if (last != expected || events != expected) findings.add("events without a ticket");
  std::printf("%zu acknowledged, %lld tickets, %lld events\n", acknowledged.size(), static_cast<long long>(tickets),
              static_cast<long long>(events));
  return {};
}

int check(const storage::Options& options, const std::string& acks) {
  Findings findings;
  std::map<std::string, std::int64_t> acknowledged;  // number -> highest version
  std::set<std::string> lines;
  std::ifstream in(acks);
  for (std::string line; std::getline(in, line) && !in.eof();) {  // a line cut off by the kill made no promise
    if (!lines.insert(line).second) findings.add("acknowledged twice: " + line);
    auto space = line.find(' ');
    auto& highest = acknowledged[line.substr(0, space)];
    highest = std::max<std::int64_t>(highest, std::stoll(line.substr(space + 1)));
  }
  {
    auto store = storage::open_sqlite(options);
    if (!store) {
      std::fprintf(stderr, "open: %s\n", store.error().message.c_str());
      return 1;
    }
    auto status = (*store)->read([&](Reader& reader) { return inspect(reader, acknowledged, findings); });
    if (!status) findings.add("reading failed: " + status.error().message);
  }
  auto connection = storage::sqlite::Connection::open(options.path, storage::sqlite::Access::read_only);
  auto integrity = connection ? (*connection)->answer("PRAGMA integrity_check")
                              : Result<std::string>(std::unexpected(connection.error()));
  if (!integrity || *integrity != "ok") findings.add("the file is damaged");
  return findings.count() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3) {
    std::fprintf(stderr, "usage: crash_writer write|check DIR ACKS [--acknowledge-before-commit]\n");
    return 2;
  }
  storage::Options options{.path = words[1] + "/anlan.db"};
  if (words[0] == "check") return check(options, words[2]);
  return write_until_killed(options, words[2], words.size() > 3 && words[3] == "--acknowledge-before-commit");
}
