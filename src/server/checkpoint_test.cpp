// Checkpoints and what they find. The log of the tests is a real one, written through a real store.
#include "server/checkpoint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "crypto/crypto.h"
#include "server/verify_command.h"
#include "storage/archive.h"
#include "storage/store.h"

namespace anlan::server {
namespace {

namespace fs = std::filesystem;
const Instant monday{1772413200000};  // 2026-03-02T09:00+08:00

class House : public ::testing::Test {
 protected:
  House() : clock(monday) {
    char name[] = "/tmp/anlan-checkpoint.XXXXXX";
    folder = ::mkdtemp(name);
    key = crypto::make_signing_key();
    open();
  }
  ~House() override {
    checkpoints.reset();
    store.reset();
    fs::remove_all(folder);
  }
  void open() {
    storage::Options options;
    options.path = folder + "/anlan.db";
    options.clock = &clock;
    store = std::move(*storage::open_sqlite(options));
    auto opened = Checkpoints::open(*store, clock, file(), key);
    ASSERT_TRUE(opened) << opened.error().message;
    checkpoints = std::move(*opened);
  }
  std::string file() const { return folder + "/checkpoints.jsonl"; }
  std::string text() const {
    std::ifstream in(file(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  void put(const std::string& text) const { std::ofstream(file(), std::ios::binary | std::ios::trunc) << text; }
  void happen(int count) {
    auto done = store->write([&](app::Txn& txn) -> Result<Value> {
      for (int n = 0; n < count; ++n) {
        app::Event event;
        event.subject = fmt::format("platform:{}", ++happened % 7);
        event.kind = "tested";
        event.at = clock.wall();
        event.actor = "somebody";
        event.body = Value(Map{{"n", happened}, {"words", "事件 " + std::to_string(happened * 31)}});
        ANLAN_TRY([[maybe_unused]] app::Position position, txn.append(event));
      }
      return Value();
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  // What somebody with the file in his hands does: the triggers go first.
  void tamper(const std::string& statement) {
    checkpoints.reset();
    store.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((folder + "/anlan.db").c_str(), &db), SQLITE_OK);
    char* error = nullptr;
    const std::string all = "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete; " + statement;
    EXPECT_EQ(sqlite3_exec(db, all.c_str(), nullptr, nullptr, &error), SQLITE_OK) << (error ? error : "");
    sqlite3_close(db);
  }
  LogFindings found(const std::string& given) {
    auto archive = storage::open_archive(folder + "/anlan.db");
    auto read = read_checkpoints(given);
    EXPECT_TRUE(archive && read);
    auto out = check_log([&](const auto& each) { return (*archive)->events(each); }, *read);
    EXPECT_TRUE(out);
    return *out;
  }

  std::string folder;
  SimulatedClock clock;
  crypto::SigningKey key;
  std::unique_ptr<app::Store> store;
  std::unique_ptr<Checkpoints> checkpoints;
  std::int64_t happened = 0;
};

TEST_F(House, ALogThatGrewIsProvedUpToItsLastCheckpoint) {
  ASSERT_TRUE(checkpoints->step());
  EXPECT_EQ(text(), "") << "an empty log has no checkpoint";
  happen(3);
  ASSERT_TRUE(checkpoints->step());
  ASSERT_TRUE(checkpoints->step()) << "nothing new, nothing written";
  happen(20);
  clock.advance(minutes(1));
  ASSERT_TRUE(checkpoints->step());
  happen(4);
  auto all = read_checkpoints(text());
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].position, 3);
  EXPECT_EQ((*all)[1].position, 23);
  EXPECT_EQ((*all)[1].at, monday + minutes(1));
  auto findings = found(text());
  EXPECT_TRUE(findings.wrong.empty()) << findings.wrong.front();
  EXPECT_EQ(findings.events, 27);
  EXPECT_EQ(findings.covered, 23);
  EXPECT_EQ(checkpoints->condition()["position"].as_int(), 23);
}

TEST_F(House, GoesOnAfterARestartAndMendsALineCutShort) {
  happen(5);
  ASSERT_TRUE(checkpoints->step());
  const std::string first = text();
  put(first + R"({"at":"2026-03)");
  checkpoints.reset();
  store.reset();
  open();
  EXPECT_EQ(text(), first);
  ASSERT_TRUE(checkpoints->step());
  happen(5);
  ASSERT_TRUE(checkpoints->step());
  auto all = read_checkpoints(text(), crypto::to_hex(key.public_));
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), 2u);
}

TEST_F(House, TheServerItselfNoticesAPastThatChanged) {
  happen(5);
  ASSERT_TRUE(checkpoints->step());
  const std::string before = text();
  tamper("UPDATE event SET bytes = replace(bytes, 'somebody', 'nobody') WHERE position = 2");
  open();
  happen(1);
  auto done = checkpoints->step();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::conflict);
  EXPECT_EQ(text(), before) << "a contradiction is not signed away";
  EXPECT_FALSE(checkpoints->condition()["trouble"].is_null());
}

TEST_F(House, AndALogThatWasCutShort) {
  happen(5);
  ASSERT_TRUE(checkpoints->step());
  tamper("DELETE FROM event WHERE position > 3");
  open();
  auto done = checkpoints->step();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::conflict);
}

TEST_F(House, AFileOfCheckpointsIsNotEditedUnseen) {
  for (int n = 0; n < 4; ++n) {
    happen(3);
    ASSERT_TRUE(checkpoints->step());
  }
  const std::string good = text();
  std::vector<std::string> lines;
  for (std::size_t at = 0, end; (end = good.find('\n', at)) != std::string::npos; at = end + 1)
    lines.push_back(good.substr(at, end + 1 - at));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_TRUE(read_checkpoints(good));
  EXPECT_FALSE(read_checkpoints(lines[0] + lines[2] + lines[3])) << "a line taken out";
  EXPECT_FALSE(read_checkpoints(lines[1] + lines[2] + lines[3])) << "the first taken out";
  EXPECT_FALSE(read_checkpoints(lines[0] + lines[2] + lines[1] + lines[3])) << "two lines changed about";
  EXPECT_FALSE(read_checkpoints(good + lines[3])) << "a line twice";
  EXPECT_FALSE(read_checkpoints(good, crypto::to_hex(crypto::make_signing_key().public_))) << "another key";
  EXPECT_FALSE(read_checkpoints(good.substr(0, good.size() - 1))) << "cut short";
  // Signed anew by somebody else: as a whole consistent, but not by the key that was written down.
  auto thief = crypto::make_signing_key();
  auto all = *read_checkpoints(good);
  std::string forged, previous;
  for (auto& one : all) {
    one.key = crypto::to_hex(thief.public_);
    one.previous = previous;
    const std::string line = signed_line(one, thief);
    previous = crypto::sha256_hex(line);
    forged += line + "\n";
  }
  EXPECT_TRUE(read_checkpoints(forged));
  EXPECT_FALSE(read_checkpoints(forged, crypto::to_hex(key.public_)));
  std::mt19937 random(7);
  for (int n = 0; n < 2000; ++n) {
    std::string bad = good;
    bad[random() % bad.size()] ^= static_cast<char>(1 + random() % 255);
    EXPECT_FALSE(read_checkpoints(bad)) << bad;
  }
}

// Every change among covered events is found: ten thousand at random. The control leaves the checkpoints out, and then
// what keeps the form of a log passes unseen.
TEST_F(House, TenThousandTamperingsAreFound) {
  for (int n = 0; n < 12; ++n) {
    happen(1 + n * 3);
    ASSERT_TRUE(checkpoints->step());
  }
  happen(9);
  const auto given = *read_checkpoints(text());
  const auto covered = static_cast<std::size_t>(given.back().position);
  std::vector<app::LoggedEvent> log;
  auto archive = storage::open_archive(folder + "/anlan.db");
  ASSERT_TRUE(archive);
  ASSERT_TRUE((*archive)->events([&](const app::LoggedEvent& event) -> Status {
    log.push_back(event);
    return {};
  }));
  ASSERT_EQ(log.size(), covered + 9);

  std::mt19937 random(20260302);
  auto pick = [&](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  int missed = 0, missed_without = 0;
  for (int n = 0; n < 10'000; ++n) {
    auto bad = log;
    std::string what;
    switch (pick(6)) {
      case 0: {  // a byte changed
        auto& bytes = bad[pick(covered)].bytes;
        bytes[pick(bytes.size())] ^= static_cast<char>(1 + pick(255));
        what = "byte";
        break;
      }
      case 1: {  // two events change places, keeping the numbers
        auto a = pick(covered), b = pick(covered);
        if (a == b) b = (a + 1) % covered;
        std::swap(bad[a].bytes, bad[b].bytes);
        std::swap(bad[a].subject, bad[b].subject);
        what = "swap";
        break;
      }
      case 2:  // one taken out, the rest numbered anew
        bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(pick(covered)));
        what = "out";
        break;
      case 3:  // the end cut off
        bad.resize(pick(covered));
        what = "cut";
        break;
      case 4:  // one put in
        bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(pick(covered)), log[pick(log.size())]);
        what = "in";
        break;
      default: {  // one replaced by another event of the log
        auto a = pick(covered), b = pick(log.size());
        if (a == b) b = (b + 1) % log.size();
        bad[a].bytes = log[b].bytes;
        what = "copy";
      }
    }
    for (std::size_t at = 0; at < bad.size(); ++at) bad[at].position = static_cast<app::Position>(at) + 1;
    auto feed = [&](const std::function<Status(const app::LoggedEvent&)>& each) -> Status {
      for (const auto& event : bad) ANLAN_CHECK(each(event));
      return {};
    };
    if (check_log(feed, given)->wrong.empty()) {
      ++missed;
      ADD_FAILURE() << "tampering " << n << " (" << what << ") passed";
    }
    if (check_log(feed, {})->wrong.empty()) ++missed_without;
  }
  EXPECT_EQ(missed, 0);
  EXPECT_EQ(missed_without, 10'000) << "without checkpoints a log that keeps its form tells nothing";
}

}  // namespace
}  // namespace anlan::server
