// The copy that follows, against a real store: whatever happens to the log, to readers, to the copy's folder and to the
// process, what is put together from the folder holds all that was acknowledged before the last good step, and no half.
#include "server/copier.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "server/backup_command.h"
#include "server/files.h"
#include "storage/archive.h"

namespace anlan::server {
namespace {

namespace fs = std::filesystem;
const Instant monday{1772413200000};  // 2026-03-02T09:00+08:00

class Copy : public ::testing::Test {
 protected:
  Copy() : clock(monday) {
    char name[] = "/tmp/anlan-copier.XXXXXX";
    folder = ::mkdtemp(name);
    options.data = folder + "/live";
    options.to = folder + "/copy";
    options.rebase = 300'000;
    options.memory_most = 400'000;
    options.log_most = 4'000'000;
  }
  ~Copy() override {
    store.reset();
    fs::remove_all(folder);
  }
  void open() {
    copier = std::make_unique<Copier>(options, clock);
    storage::Options storing;
    storing.path = options.data + "/anlan.db";
    storing.clock = &clock;
    storing.checkpoint_pages = 20;
    storing.follower = copier.get();
    auto opened = storage::open_sqlite(storing);
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }
  void close() {
    store.reset();
    copier.reset();
  }
  void happen(int count) {
    auto done = store->write([&](app::Txn& txn) -> Result<Value> {
      for (int n = 0; n < count; ++n) {
        const std::int64_t k = happened + n + 1;
        app::Event event;
        event.subject = fmt::format("platform:{}", k % 7);
        event.kind = "tested";
        event.at = clock.wall();
        event.actor = "somebody";
        event.body = Value(Map{{"n", k}, {"words", std::string(static_cast<std::size_t>(k * 37 % 900), 'x')}});
        ANLAN_TRY([[maybe_unused]] app::Position position, txn.append(event));
      }
      return Value();
    });
    ASSERT_TRUE(done) << done.error().message;
    happened += count;
  }
  // How many events the folder gives back; -1: it does not.
  std::int64_t given_back() {
    const std::string place = folder + "/back";
    fs::remove_all(place);
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code = restore({options.to, place}, clock);
    words = ::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr();
    if (code != 0) return -1;
    auto archive = storage::open_archive(place + "/anlan.db");
    if (!archive) return -1;
    std::int64_t n = 0;
    auto read = (*archive)->events([&](const app::LoggedEvent& event) -> Status {
      ANLAN_TRY(app::Event whole, (*archive)->decode(event));
      if (whole.body["n"].as_int() != ++n) return fail(Code::internal, "an event is not the one that was written");
      return {};
    });
    if (!read) {
      words += read.error().message;
      return -1;
    }
    return n;
  }

  std::string folder, words;
  CopierOptions options;
  SimulatedClock clock;
  std::unique_ptr<Copier> copier;
  std::unique_ptr<app::Store> store;
  std::atomic<std::int64_t> happened = 0;
};

TEST_F(Copy, GivesBackWhatWasThereAtTheLastGoodStep) {
  std::mt19937 random(20261123);
  auto chance = [&](int of) { return std::uniform_int_distribution<int>(1, of)(random) == 1; };
  open();
  std::int64_t safe = -1, compared = 0, outages = 0, given_up = 0, generations = 0;
  bool away = false;
  std::unique_ptr<storage::Archive> reader;  // holds pages in the log
  for (int turn = 0; turn < 1500; ++turn) {
    for (int n = std::uniform_int_distribution<int>(0, 6)(random); n > 0; --n) happen(std::uniform_int_distribution<int>(1, 8)(random));
    if (chance(10)) reader = reader ? nullptr : std::move(*storage::open_archive(options.data + "/anlan.db"));
    if (chance(40) && safe >= 0) {  // the folder goes away, or comes back
      if (away) fs::remove(options.to), fs::rename(options.to + ".away", options.to);
      else fs::rename(options.to, options.to + ".away"), std::ofstream(options.to) << "no folder";
      away = !away;
      outages += away;
    }
    if (chance(60)) {  // the process ends, in order or not, and begins again
      reader.reset();
      if (chance(2)) (void)copier->step();
      close();
      open();
    }
    if (chance(2)) {
      const std::int64_t before = happened;
      auto done = copier->step();
      if (!done && !away) done = copier->step();  // given up by the writer in the middle of it: another generation begins
      EXPECT_EQ(bool(done), !away) << turn << ": " << (done ? "" : done.error().message);
      if (done) safe = before;
      else ++given_up;
    }
    if (safe >= 0 && !away && chance(6)) {
      ++compared;
      const std::int64_t back = given_back();
      ASSERT_GE(back, safe) << "turn " << turn << ": " << words;
      ASSERT_LE(back, happened) << turn;
    }
  }
  for (const auto& entry : fs::directory_iterator(away ? options.to + ".away" : options.to)) generations = std::max<std::int64_t>(generations, std::atoll(entry.path().filename().c_str()));
  fmt::print("{} events, {} times put together, {} outages, {} steps failed, {} generations\n", happened.load(), compared, outages, given_up, generations);
  EXPECT_GT(generations, 10);
  EXPECT_GT(outages, 5);
  EXPECT_GT(compared, 50);
}

TEST_F(Copy, FollowsWhileOthersWrite) {
  options.memory_most = options.log_most = 1 << 30;
  open();
  std::atomic<bool> enough = false;
  std::thread writer([&] {
    while (!enough && happened < 40'000) happen(3);
  });
  for (int turn = 0; turn < 800; ++turn) {
    const std::int64_t before = happened;
    auto done = copier->step();
    EXPECT_TRUE(done) << done.error().message;
    if (!done) break;
    if (turn % 16 == 0) {
      const std::int64_t back = given_back();
      EXPECT_GE(back, before) << words;
      if (back < before) break;
    }
  }
  enough = true;
  writer.join();
}

TEST_F(Copy, SaysSoWhenALogIsMissingOrAnother) {
  options.rebase = 1 << 30;
  open();
  happen(1);
  ASSERT_TRUE(copier->step());
  for (int n = 0; n < 12; ++n) {
    for (int k = 0; k < 6; ++k) happen(4);
    ASSERT_TRUE(copier->step());
  }
  ASSERT_EQ(given_back(), happened) << words;
  std::string newest;
  for (const auto& entry : fs::directory_iterator(options.to))
    if (fs::exists(entry.path() / "log-3")) newest = entry.path().string();
  ASSERT_FALSE(newest.empty());
  fs::rename(newest + "/log-2", newest + "/log-2.lost");
  const std::int64_t less = given_back();  // what comes after the gap is left out, and no half of it is in
  EXPECT_TRUE(less == -1 || less < happened) << less;
  fs::rename(newest + "/log-3", newest + "/log-2");
  EXPECT_EQ(given_back(), -1);
  EXPECT_NE(words.find("a log is missing"), std::string::npos) << words;
}

TEST_F(Copy, HoldsAFileBeforeTheLogThatNamesIt) {
  fs::create_directories(options.data);
  FolderFiles earlier(options.data + "/attachments");
  ASSERT_TRUE(earlier.keep("kept before this run"));
  open();
  FolderFiles files(options.data + "/attachments", [&](const std::string& path) { copier->kept(path); });
  ASSERT_TRUE(copier->step());
  auto digest = files.keep("kept meanwhile");
  ASSERT_TRUE(digest);
  happen(1);
  ASSERT_TRUE(copier->step());
  EXPECT_EQ(given_back(), 1) << words;
  FolderFiles back(folder + "/back/attachments");
  EXPECT_EQ(back.fetch(*digest).value_or(""), "kept meanwhile");
  EXPECT_EQ(std::distance(fs::recursive_directory_iterator(folder + "/back/attachments"), {}), 4);
}

TEST_F(Copy, TakesNoFolderThatIsNotItsOwn) {
  open();
  fs::create_directories(options.to + "/20260302");
  auto done = copier->step();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::conflict);
  EXPECT_TRUE(fs::exists(options.to + "/20260302"));
  fs::remove_all(options.to);
  ASSERT_TRUE(copier->step());
  std::ofstream(options.data + "/checkpoint.key") << "another";
  close();
  open();
  done = copier->step();
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("another installation"), std::string::npos);
}

}  // namespace
}  // namespace anlan::server
