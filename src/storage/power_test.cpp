// Power cuts. A run of the store is recorded call by call; then the machine loses power at random moments of it: of each
// file remains what was synced, and of what was written since any part, each sector for itself, so that writes are lost,
// reordered and torn. Whatever was acknowledged before the moment must be there, whole and once.
//
// What is not modelled: a new name in a folder is taken as kept (SQLite syncs the folder when it makes a log), and a
// device that lies about its sync is not helped by any program.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <random>

#include "storage/harness_for_test.h"
#include "storage/sqlite/connection.h"
#include "storage/vfs_for_test.h"

namespace anlan::storage {
namespace {

using namespace harness;
using app::Reader;
using app::Txn;
constexpr std::int64_t sector = 512;

struct Recorded {
  Call::Kind kind;
  std::string file, data;
  std::int64_t size, at;
};
struct Acknowledged {
  std::string number;
  std::size_t calls;  // how many calls had been made when it was said
};
struct Run {
  std::mutex mutex;
  std::vector<Recorded> calls;
  std::vector<Acknowledged> acknowledged;
};

// Writers of one unit and of many at once, with moves of the log into the file between.
void record(Run& run, const std::string& path, Synchronous synchronous, int units) {
  before_call = [&run](const Call& call) {
    std::lock_guard lock(run.mutex);
    run.calls.push_back({call.kind, call.file,
                         call.data ? std::string(call.data, static_cast<std::size_t>(call.size)) : "", call.size,
                         call.at});
    return SQLITE_OK;
  };
  {
    auto store = open_sqlite(
        {.path = path, .synchronous = synchronous, .checkpoint_pages = 40, .vfs = watched_vfs()});
    ASSERT_TRUE(store) << store.error().message;
    std::mt19937 random(7);
    for (int i = 0; i < units;) {
      int together = 1 + static_cast<int>(random() % 12);
      std::vector<std::promise<void>> said(static_cast<std::size_t>(together));
      for (auto& one : said) {
        std::string number = "P-" + std::to_string(i++);
        (*store)->write(
            [number](Txn& txn) -> Result<Value> {
              auto row = ticket(number);
              row.body = Value(Map{{"text", std::string(300 + number.size() * 37, 'x')}});
              ANLAN_CHECK(txn.insert_ticket(row));
              ANLAN_CHECK(txn.append({0, "ticket:" + number, "ticket.opened", row.opened_at, "duty", row.body}));
              return Value(number);
            },
            [&run, &one](Result<Value> result) {
              std::lock_guard lock(run.mutex);
              if (result) run.acknowledged.push_back({result->as_string(), run.calls.size()});
              one.set_value();
            });
      }
      for (auto& one : said) one.get_future().get();
    }
  }
  before_call = nullptr;
}

// The files as the device holds them when power goes after `cut` calls.
std::map<std::string, std::string> left(const Run& run, std::size_t cut, std::mt19937& random) {
  std::map<std::string, std::string> held;
  std::map<std::string, std::vector<const Recorded*>> pending;
  auto apply = [](std::string& file, const Recorded& call, auto&& keep) {
    if (call.kind == Call::Kind::truncate) {
      if (keep()) file.resize(static_cast<std::size_t>(call.size));
      return;
    }
    for (std::int64_t done = 0; done < call.size;) {
      std::int64_t n = std::min(call.size - done, sector - (call.at + done) % sector);
      if (keep()) {
        auto end = static_cast<std::size_t>(call.at + done + n);
        if (file.size() < end) file.resize(end);
        std::memcpy(file.data() + call.at + done, call.data.data() + done, static_cast<std::size_t>(n));
      }
      done += n;
    }
  };
  for (std::size_t i = 0; i < cut; ++i) {
    const Recorded& call = run.calls[i];
    if (call.kind == Call::Kind::sync) {
      for (const auto* one : pending[call.file]) apply(held[call.file], *one, [] { return true; });
      pending[call.file].clear();
    } else if (call.kind == Call::Kind::remove) {
      held.erase(call.file);
      pending.erase(call.file);
    } else {
      held.try_emplace(call.file);
      pending[call.file].push_back(&call);
    }
  }
  // From nothing kept to everything kept.
  double share = std::uniform_real_distribution(-0.2, 1.2)(random);
  for (auto& [file, calls] : pending)
    for (const auto* one : calls)
      apply(held[file], *one, [&] { return std::uniform_real_distribution(0.0, 1.0)(random) < share; });
  return held;
}

struct Damage {
  int lost = 0, doubled = 0, unsound = 0;
};
Damage cut_power(const Run& run, std::size_t cut, std::mt19937& random) {
  Damage damage;
  Folder folder;
  std::string path = folder.file("anlan.db");
  for (const auto& [file, bytes] : left(run, cut, random)) {
    auto name = std::filesystem::path(file).filename().string();
    if (name.ends_with("-shm")) continue;
    std::ofstream(folder.file(name), std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  auto store = open_sqlite({.path = path});
  if (!store) {
    ++damage.unsound;
    return damage;
  }
  auto look = [&](const std::string& number) {
    auto row = read(**store, [&](Reader& r) { return r.ticket(number); });
    auto events = read(**store, [&](Reader& r) { return r.events_of("ticket:" + number); });
    if (!row || !events || row->has_value() != (events->size() == 1)) return -1;
    return row->has_value() ? 1 : 0;
  };
  for (const auto& one : run.acknowledged) {
    int found = look(one.number);
    if (found < 0)
      ++damage.doubled;
    else if (one.calls <= cut && found == 0)
      ++damage.lost;
  }
  store->reset();
  auto connection = sqlite::Connection::open(path, sqlite::Access::write);
  if (!connection || (*connection)->answer("PRAGMA integrity_check").value() != "ok") ++damage.unsound;
  return damage;
}

Damage cuts(Synchronous synchronous, int times) {
  Folder folder;
  Run run;
  record(run, folder.file("anlan.db"), synchronous, 400);
  EXPECT_GT(run.acknowledged.size(), 300u);
  std::mt19937 random(20'261'123);
  Damage sum;
  for (int i = 0; i < times; ++i) {
    auto one = cut_power(run, random() % (run.calls.size() + 1), random);
    sum.lost += one.lost;
    sum.doubled += one.doubled;
    sum.unsound += one.unsound;
  }
  std::cout << times << " power cuts over " << run.calls.size() << " calls with " << run.acknowledged.size()
            << " acknowledged writes: " << sum.lost << " lost, " << sum.doubled << " doubled or in part, "
            << sum.unsound << " unsound files\n";
  return sum;
}

int asked() {
  const char* n = std::getenv("POWER_CUTS");
  return n ? std::max(1, std::atoi(n)) : 100;
}

TEST(Power, NothingAcknowledgedIsLost) {
  auto damage = cuts(Synchronous::full, asked());
  EXPECT_EQ(damage.lost, 0);
  EXPECT_EQ(damage.doubled, 0);
  EXPECT_EQ(damage.unsound, 0);
}

// The control: a store that does not wait for the device at each batch. It must be caught, or the test above shows nothing.
TEST(Power, AStoreThatDoesNotWaitIsCaught) {
  auto damage = cuts(Synchronous::normal, 30);
  EXPECT_GT(damage.lost, 0);
}

}  // namespace
}  // namespace anlan::storage
