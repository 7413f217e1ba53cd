// What the store does when the disk is full, the device fails, the file is foreign, or somebody else has it.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>

#include "storage/harness_for_test.h"
#include "storage/migrations/migrate.h"
#include "storage/sqlite/connection.h"
#include "storage/vfs_for_test.h"

namespace anlan::storage {
namespace {

using namespace harness;
using app::Reader;
using app::Scope;
using app::Txn;

// The device: full after so many bytes of log and data, or with a broken fsync or write.
struct Faults {
  std::atomic<std::int64_t> bytes_left{INT64_MAX};
  std::atomic<bool> sync_fails{false}, write_fails{false};
  std::atomic<std::int64_t> calls{0}, fails_at{0};  // the n-th call that changes a file fails, and all after it
  std::atomic<bool> once{false};                    // but those after it do not
} faults;

int judge(const Call& call) {
  std::int64_t n = ++faults.calls;
  if (faults.fails_at > 0 && (faults.once ? n == faults.fails_at : n >= faults.fails_at)) {
    return call.kind == Call::Kind::write      ? SQLITE_IOERR_WRITE
           : call.kind == Call::Kind::truncate ? SQLITE_IOERR_TRUNCATE
           : call.kind == Call::Kind::sync     ? SQLITE_IOERR_FSYNC
                                               : SQLITE_IOERR_DELETE;
  }
  if (call.kind == Call::Kind::sync && faults.sync_fails) return SQLITE_IOERR_FSYNC;
  if (call.kind != Call::Kind::write) return SQLITE_OK;
  if (faults.write_fails) return SQLITE_IOERR_WRITE;
  return faults.bytes_left.fetch_sub(call.size) < call.size ? SQLITE_FULL : SQLITE_OK;
}

Status create(app::Store& store, const std::string& number, std::size_t body = 200) {
  return write(store, [&](Txn& txn) -> Status {
    auto row = ticket(number);
    row.body = Value(Map{{"text", std::string(body, 'x')}});
    ANLAN_CHECK(txn.insert_ticket(row));
    ANLAN_CHECK(txn.append({0, "ticket:" + number, "ticket.opened", row.opened_at, "duty", row.body}));
    return {};
  });
}

bool stands(app::Store& store, const std::string& number) {
  auto row = read(store, [&](Reader& r) { return r.ticket(number); });
  auto events = read(store, [&](Reader& r) { return r.events_of("ticket:" + number); });
  EXPECT_TRUE(row && events);
  EXPECT_EQ(row->has_value(), !events->empty()) << number << " is half written";
  return row->has_value();
}

// Many units in one batch, so that the failure meets some of them half way.
std::vector<Result<Value>> burst(app::Store& store, int from, int n, std::size_t body) {
  std::vector<std::promise<Result<Value>>> promises(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    store.write(
        [number = "B-" + std::to_string(from + i), body](Txn& txn) -> Result<Value> {
          auto row = ticket(number);
          row.body = Value(Map{{"text", std::string(body, 'x')}});
          // A unit that ignores errors must not be able to write outside the transaction.
          auto id = txn.insert_ticket(row);
          auto position = txn.append({0, "ticket:" + number, "ticket.opened", row.opened_at, "duty", row.body});
          if (id && !position) return fail(Code::internal, "half");
          return Value(number);
        },
        [&, i](Result<Value> r) { promises[static_cast<std::size_t>(i)].set_value(std::move(r)); });
  }
  std::vector<Result<Value>> out;
  for (auto& promise : promises) out.push_back(promise.get_future().get());
  return out;
}

class FaultTest : public testing::Test {
 protected:
  void SetUp() override {
    heal();
    before_call = judge;
  }
  void TearDown() override {
    before_call = nullptr;
    heal();
  }
  static void heal() {
    faults.bytes_left = INT64_MAX;
    faults.sync_fails = faults.write_fails = false;
    faults.calls = faults.fails_at = 0;
    faults.once = false;
  }
  std::unique_ptr<app::Store> open(Options options) {
    auto opened = open_sqlite(std::move(options));
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  Options options() { return {.path = folder.file("anlan.db"), .checkpoint_pages = 50, .vfs = watched_vfs()}; }
  void expect_sound() {
    auto connection = sqlite::Connection::open(folder.file("anlan.db"), sqlite::Access::write);
    ASSERT_TRUE(connection);
    EXPECT_EQ((*connection)->answer("PRAGMA integrity_check").value(), "ok");
    EXPECT_EQ((*connection)->answer("SELECT count(*) = coalesce(max(position), 0) FROM event").value(), "1");
  }

  Folder folder;
};

TEST_F(FaultTest, AFullDiskFailsTheBatchAndNothingElse) {
  {
    auto store = open(options());
    ASSERT_TRUE(store);
    ASSERT_TRUE(create(*store, "A-0"));
    int serial = 0;
    std::vector<std::string> acknowledged;
    for (std::int64_t space : {0, 1000, 5000, 30'000, 100'000, 200'000}) {
      faults.bytes_left = space;
      int refused = 0;
      auto results = burst(*store, serial, 60, 8000);
      for (std::size_t i = 0; i < results.size(); ++i) {
        if (results[i]) {
          acknowledged.push_back(results[i]->as_string());
        } else {
          EXPECT_EQ(results[i].error().code, Code::no_space) << results[i].error().message;
          EXPECT_FALSE(stands(*store, "B-" + std::to_string(serial + static_cast<int>(i))));
          ++refused;
        }
      }
      EXPECT_GT(refused, 0) << space;
      serial += 60;
      EXPECT_TRUE(stands(*store, "A-0"));  // reads go on
      EXPECT_TRUE(read(*store, [](Reader& r) { return r.tickets({}, Scope{.all = true}); }));
      EXPECT_EQ(store->condition()["writer"].as_string(), "running");
      faults.bytes_left = INT64_MAX;
      auto again = create(*store, "A-" + std::to_string(serial));
      EXPECT_TRUE(again) << message(again);
    }
    for (const auto& number : acknowledged) EXPECT_TRUE(stands(*store, number)) << number;
    EXPECT_GT(store->condition()["failed_batches"].as_int(), 0);
    auto last = read(*store, [](Reader& r) { return r.last_position(); }).value();
    EXPECT_EQ(last, static_cast<std::int64_t>(acknowledged.size() + 7));
    EXPECT_EQ(read(*store, [](Reader& r) { return r.count_open("process", {}, Scope{.all = true}); }).value()["incident"],
              last);
  }
  expect_sound();
}

TEST_F(FaultTest, ARealFullFileSystem) {
  std::string mount_point = folder.file("small");
  ::mkdir(mount_point.c_str(), 0700);
  if (::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=2m") != 0) {
    GTEST_SKIP() << "mounting a small file system needs root: " << std::strerror(errno);
  }
  {
    auto store = open({.path = mount_point + "/anlan.db"});
    ASSERT_TRUE(store);
    std::vector<std::string> acknowledged;
    bool full = false;
    for (int serial = 0; serial < 2000 && !full; serial += 20) {
      for (auto& result : burst(*store, serial, 20, 3000)) {
        if (result) {
          acknowledged.push_back(result->as_string());
        } else {
          EXPECT_EQ(result.error().code, Code::no_space) << result.error().message;
          full = true;
        }
      }
    }
    EXPECT_TRUE(full);
    EXPECT_GT(acknowledged.size(), 50u);
    EXPECT_EQ(create(*store, "while-full", 100'000).error().code, Code::no_space);
    for (const auto& number : acknowledged) EXPECT_TRUE(stands(*store, number)) << number;
    ASSERT_EQ(::mount("tmpfs", mount_point.c_str(), "tmpfs", MS_REMOUNT, "size=16m"), 0) << std::strerror(errno);
    auto again = create(*store, "after", 100'000);
    EXPECT_TRUE(again) << message(again);
    store.reset();
    store = open({.path = mount_point + "/anlan.db"});
    ASSERT_TRUE(store);
    for (const auto& number : acknowledged) EXPECT_TRUE(stands(*store, number)) << number;
    EXPECT_TRUE(stands(*store, "after"));
    EXPECT_FALSE(stands(*store, "while-full"));
  }
  EXPECT_EQ(::umount(mount_point.c_str()), 0) << std::strerror(errno);
}

TEST_F(FaultTest, ADeviceErrorStopsTheWriterForGood) {
  for (auto* fault : {&faults.sync_fails, &faults.write_fails}) {
    heal();
    std::string before = fault == &faults.sync_fails ? "S-" : "W-";
    auto store = open(options());
    ASSERT_TRUE(store);
    ASSERT_TRUE(create(*store, before + "1"));
    *fault = true;
    auto lost = create(*store, before + "2");
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Code::unavailable) << lost.error().message;
    EXPECT_FALSE(stands(*store, before + "2"));
    *fault = false;  // a disk that recovers is not believed
    auto later = create(*store, before + "3");
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, Code::unavailable);
    EXPECT_TRUE(store->condition()["writer"].as_string().starts_with("stopped: "));
    EXPECT_TRUE(stands(*store, before + "1"));
    EXPECT_EQ(read(*store, [](Reader& r) { return r.tickets({}, Scope{.all = true}); }).value().items.at(0).number,
              before + "1");
    store.reset();
    store = open(options());  // a new start reads what is on the disk
    ASSERT_TRUE(store);
    EXPECT_TRUE(stands(*store, before + "1"));
    EXPECT_FALSE(stands(*store, before + "3"));
    EXPECT_TRUE(create(*store, before + "4"));
  }
  expect_sound();
}

// The n-th call that changes a file fails, alone or with every later one, n from 1 until a whole run goes through.
// Whatever n is: nothing acknowledged is lost, nothing stands in part, a new start on a healed device goes on.
class FaultAtCall : public FaultTest, public testing::WithParamInterface<bool> {};
TEST_P(FaultAtCall, LosesNothing) {
  int runs = 0, refused = 0, at_open = 0;
  for (bool through = false; !through; ++runs) {
    ASSERT_LT(runs, 5000) << "no run ever went through";
    Folder own;
    Options options{.path = own.file("anlan.db"), .checkpoint_pages = 8, .vfs = watched_vfs()};
    std::vector<std::string> acknowledged;
    heal();
    faults.fails_at = runs + 1;
    faults.once = GetParam();
    {
      auto opened = open_sqlite(options);
      if (opened) {
        for (int round = 0; round < 4; ++round)
          for (auto& result : burst(**opened, round * 5, 5, 3000)) {
            if (result)
              acknowledged.push_back(result->as_string());
            else
              ++refused;
          }
      } else {
        ++at_open;
      }
    }
    through = faults.calls < faults.fails_at;
    heal();
    auto store = open(options);
    ASSERT_TRUE(store) << "after an error at call " << runs + 1;
    for (const auto& number : acknowledged) EXPECT_TRUE(stands(*store, number)) << number << ", call " << runs + 1;
    for (int i = 0; i < 20; ++i) stands(*store, "B-" + std::to_string(i));  // whole or not at all
    EXPECT_TRUE(create(*store, "after"));
    store.reset();
    auto connection = sqlite::Connection::open(options.path, sqlite::Access::write);
    ASSERT_TRUE(connection);
    EXPECT_EQ((*connection)->answer("PRAGMA integrity_check").value(), "ok") << "call " << runs + 1;
    if (through) {
      EXPECT_EQ(acknowledged.size(), 20u);
    }
  }
  std::cout << "an error at each of " << runs - 1 << " calls: " << at_open << " while opening, " << refused
            << " writes refused, none lost\n";
  EXPECT_GT(at_open, 5);
  EXPECT_GT(refused, 20);
}
INSTANTIATE_TEST_SUITE_P(Device, FaultAtCall, testing::Bool(),
                         [](const auto& one) { return one.param ? "once" : "for_good"; });

TEST_F(FaultTest, OneStoreAtATime) {
  auto store = open(options());
  ASSERT_TRUE(store);
  auto second = open_sqlite(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::unavailable);
  store.reset();
  EXPECT_TRUE(open_sqlite(options()));
}

TEST_F(FaultTest, RefusesNewerAndForeignFiles) {
  open(options());
  auto change = [&](const std::string& sql) {
    auto connection = sqlite::Connection::open(folder.file("anlan.db"), sqlite::Access::write).value();
    auto status = connection->execute(sql);
    EXPECT_TRUE(status) << message(status);
  };
  change("INSERT INTO migration VALUES (" + std::to_string(schema_version() + 1) + ", 'later', 0)");
  auto newer = open_sqlite(options());
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Code::conflict);
  change("DELETE FROM migration WHERE name = 'later'");
  EXPECT_TRUE(open_sqlite(options()));
  change("PRAGMA application_id = 7");
  EXPECT_EQ(open_sqlite(options()).error().code, Code::conflict);

  std::ofstream(folder.file("text.db")) << std::string(5000, 'x');
  auto text = open_sqlite({.path = folder.file("text.db")});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::internal);
  EXPECT_EQ(open_sqlite({.path = ""}).error().code, Code::invalid);
  EXPECT_FALSE(open_sqlite({.path = folder.file("text.db") + "/sub/anlan.db"}));
}

TEST_F(FaultTest, EventsNeitherChangeNorGo) {
  {
    auto store = open(options());
    ASSERT_TRUE(create(*store, "A-1"));
  }
  auto connection = sqlite::Connection::open(folder.file("anlan.db"), sqlite::Access::write).value();
  EXPECT_FALSE(connection->execute("UPDATE event SET bytes = ''"));
  EXPECT_FALSE(connection->execute("DELETE FROM event"));
  EXPECT_EQ(connection->answer("SELECT count(*) FROM event").value(), "1");
}

TEST_F(FaultTest, DamagedBodiesAreReportedNotGuessed) {
  {
    auto store = open(options());
    ASSERT_TRUE(create(*store, "A-1"));
    ASSERT_TRUE(create(*store, "A-2"));
  }
  {
    auto connection = sqlite::Connection::open(folder.file("anlan.db"), sqlite::Access::write).value();
    ASSERT_TRUE(connection->execute("UPDATE ticket SET body = '{' WHERE number = 'A-1'"));
  }
  auto store = open(options());
  auto damaged = read(*store, [](Reader& r) { return r.ticket("A-1"); });
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Code::internal);
  EXPECT_TRUE(stands(*store, "A-2"));
}

}  // namespace
}  // namespace anlan::storage
