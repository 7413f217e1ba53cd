// For the tests of this room: the stores under contract, each made by a factory, and short ways to write and read.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "storage/store.h"

namespace anlan::storage::harness {

// A folder that goes with the object.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "anlan-storage-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// One kind of store. A second driver joins the contract by one more of these.
struct Backend {
  const char* name;
  bool durable;  // can be closed and opened again
  std::function<Options(const Folder&)> options;
};

inline std::string backend_name(const testing::TestParamInfo<Backend>& info) { return info.param.name; }

inline auto every_backend() {
  auto in_file = [](const Folder& folder) { return Options{.path = folder.file("data/anlan.db")}; };
  auto in_memory = [](const Folder&) { return Options{.path = ":memory:"}; };
  return testing::Values(Backend{"file", true, in_file}, Backend{"memory", false, in_memory});
}

class StoreTest : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    options = GetParam().options(folder);
    options.clock = &clock;
    open();
  }
  void open() {
    auto opened = open_sqlite(options);
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }
  void reopen() {
    store.reset();
    open();
  }

  Folder folder;
  SimulatedClock clock{Instant{1'772'413'200'000}};
  Options options;
  std::unique_ptr<app::Store> store;
};

// Runs `unit` in the store; its Status is the outcome.
inline Status write(app::Store& store, std::function<Status(app::Txn&)> unit) {
  auto result = store.write([unit = std::move(unit)](app::Txn& txn) -> Result<Value> {
    ANLAN_CHECK(unit(txn));
    return Value();
  });
  if (!result) return std::unexpected(std::move(result).error());
  return {};
}

// What `get` reads, on one snapshot.
template <class F>
auto read(app::Store& store, F get) -> decltype(get(std::declval<app::Reader&>())) {
  using R = decltype(get(std::declval<app::Reader&>()));
  R out = fail(Code::internal, "the read did not run");
  auto status = store.read([&](app::Reader& reader) -> Status {
    out = get(reader);
    return {};
  });
  if (!status) return std::unexpected(std::move(status).error());
  return out;
}

inline app::TicketRow ticket(const std::string& number) {
  app::TicketRow row;
  row.number = number;
  row.process = "incident";
  row.state = "identified";
  row.title = "核心系统中断 Core outage";
  row.holder = "duty";
  row.board = "network";
  row.unit = "hq";
  row.severity = 2;
  row.opened_at = row.updated_at = Instant{1'772'413'200'000};
  row.body = Value(Map{{"fields", Value(Map{{"system", "CORE"}, {"at", row.opened_at}, {"for", hours(1)}})}});
  row.indexed = {{"system", "CORE"}};
  row.owes = {"duty"};
  row.participants = {"duty", "desk"};
  return row;
}

inline std::string message(const Status& status) { return status ? "" : status.error().message; }

}  // namespace anlan::storage::harness
