#include "storage/store.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "storage/index/ticket_index.h"
#include "storage/migrations/migrate.h"
#include "storage/sql/repositories.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/lock.h"
#include "storage/unit.h"

namespace anlan::storage {
namespace {

constexpr const char* memory_path = ":memory:";

// The read-only connections. Opened as they are needed, never more than `most`; a caller beyond that waits its turn.
class ReaderPool {
 public:
  ReaderPool(std::string path, std::string vfs, int most)
      : path_(std::move(path)), vfs_(std::move(vfs)), most_(most < 1 ? 1 : most) {}

  Result<std::unique_ptr<sqlite::Connection>> take() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return !idle_.empty() || open_ < most_; });
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    ++open_;
    lock.unlock();
    auto connection = open();
    if (!connection) gone();
    return connection;
  }

  void give_back(std::unique_ptr<sqlite::Connection> connection) {
    // A connection that could not end its transaction would hold an old snapshot for ever.
    if (connection->in_transaction()) {
      connection.reset();
      gone();
      return;
    }
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
    returned_.notify_one();
  }

 private:
  Result<std::unique_ptr<sqlite::Connection>> open() {
    ANLAN_TRY(auto connection, sqlite::Connection::open(path_, sqlite::Access::read_only, vfs_));
    ANLAN_CHECK(connection->execute("PRAGMA query_only = 1; PRAGMA cache_size = -4096"));
    return connection;
  }
  void gone() {
    std::lock_guard lock(mutex_);
    --open_;
    returned_.notify_one();
  }

  const std::string path_, vfs_;
  const int most_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<sqlite::Connection>> idle_;
  int open_ = 0;
};

class SqliteStore final : public app::Store {
 public:
  explicit SqliteStore(Options options)
      : options_(std::move(options)),
        in_memory_(options_.path == memory_path),
        readers_(options_.path, options_.vfs, options_.readers) {}
  ~SqliteStore() override { SqliteStore::stop(); }

  Status start() {
    if (!in_memory_) {
      auto slash = options_.path.find_last_of('/');
      if (slash != std::string::npos) ANLAN_CHECK(sqlite::make_folder(options_.path.substr(0, slash)));
      ANLAN_TRY(lock_, sqlite::FileLock::take(options_.path + ".lock"));
    }
    ANLAN_TRY(connection_, sqlite::Connection::open(options_.path, sqlite::Access::write, options_.vfs));
    ANLAN_TRY(std::string mode, connection_->answer("PRAGMA journal_mode = WAL"));
    if (!in_memory_ && mode != "wal") return fail(Code::internal, "SQLite refused the write-ahead log: " + mode);
    const char* synchronous = options_.synchronous == Synchronous::full     ? "FULL"
                              : options_.synchronous == Synchronous::normal ? "NORMAL"
                                                                            : "OFF";
    ANLAN_CHECK(connection_->execute(std::string("PRAGMA synchronous = ") + synchronous +
                                     "; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; "
                                     "PRAGMA journal_size_limit = 67108864"));
    ANLAN_CHECK(migrate(*connection_, options_.clock->wall()));
    // Mapped only for the one scan that fills the index: a mapped file answers a failing device with a signal.
    ANLAN_CHECK(connection_->execute("PRAGMA mmap_size = 1073741824"));
    ANLAN_CHECK(sql::load_index(*connection_, index_));
    ANLAN_CHECK(connection_->execute("PRAGMA mmap_size = 0"));
    ANLAN_TRY(counters_.position, sql::events::last(*connection_));
    ANLAN_TRY(counters_.records, sql::counters::get(*connection_, "records"));
    ANLAN_TRY(counters_.dictionary, sql::counters::get(*connection_, "dictionary"));
    counters_.generation = index_.generation();
    counters_.ticket = index_.last_id();
    if (options_.follower && !in_memory_) {
      // What an earlier life left in the log goes into the file, so that who follows knows where the log begins.
      ANLAN_TRY(std::string busy, connection_->answer("PRAGMA wal_checkpoint(TRUNCATE)"));
      if (busy != "0") return fail(Code::unavailable, "somebody else reads the database; start again when they are done");
      ANLAN_TRY(std::string page, connection_->answer("PRAGMA page_size"));
      page_size_ = std::stoll(page);
    }
    writer_ = std::thread([this] { write_loop(); });
    completer_ = std::thread([this] { complete_loop(); });
    return {};
  }

  using Store::write;
  void write(app::Work work, app::Done done) override {
    Error refusal;
    {
      std::lock_guard lock(queue_mutex_);
      if (stopping_) {
        refusal = Error{Code::unavailable, "the store is stopping", {}, {}};
      } else if (!stopped_because_.empty()) {
        refusal = Error{Code::unavailable, "the store takes no writes: " + stopped_because_, {}, {}};
      } else if (queue_.size() >= static_cast<std::size_t>(options_.queue_max)) {
        refusal = Error{Code::limit, "too many writes are waiting", {}, {}};
      } else {
        queue_.push_back(Item{std::move(work), std::move(done)});
        if (queue_.size() == 1) queued_.notify_one();
        return;
      }
    }
    std::vector<Outcome> outcomes;
    outcomes.push_back(Outcome{std::move(done), std::unexpected(std::move(refusal))});
    complete(std::move(outcomes), std::nullopt);
  }

  Status read(const std::function<Status(app::Reader&)>& read) override {
    if (in_memory_) {
      std::lock_guard lock(memory_mutex_);
      return read_with(*connection_, read);
    }
    ANLAN_TRY(auto connection, readers_.take());
    Status status = run_statement(*connection, "BEGIN");
    if (status) {
      status = read_with(*connection, read);
      if (auto ended = run_statement(*connection, "ROLLBACK"); !ended && status) status = std::move(ended);
    }
    readers_.give_back(std::move(connection));
    return status;
  }

  void on_commit(std::function<void(app::Position)> listener) override {
    std::lock_guard lock(listener_mutex_);
    listener_ = std::move(listener);
  }

  void stop() override {
    std::lock_guard once(stop_mutex_);
    {
      std::lock_guard lock(queue_mutex_);
      stopping_ = true;
      queued_.notify_one();
    }
    if (writer_.joinable()) writer_.join();
    {
      std::lock_guard lock(completion_mutex_);
      completions_end_ = true;
      completed_.notify_one();
    }
    if (completer_.joinable()) completer_.join();
  }

  Value condition() const override {
    std::lock_guard lock(queue_mutex_);
    std::string writer = !stopped_because_.empty() ? "stopped: " + stopped_because_
                         : stopping_               ? "stopped: the store was stopped"
                                                   : "running";
    return Value(Map{{"queue_depth", static_cast<std::int64_t>(queue_.size())},
                     {"batches", batches_},
                     {"units", units_},
                     {"failed_batches", failed_batches_},
                     {"last_batch", last_batch_},
                     {"writer", std::move(writer)}});
  }

 private:
  struct Item {
    app::Work work;
    app::Done done;
  };
  struct Outcome {
    app::Done done;
    Result<Value> result;
  };
  struct Completion {
    std::vector<Outcome> outcomes;
    std::optional<app::Position> committed;
  };

  static Status run_statement(sqlite::Connection& connection, const char* text) {
    ANLAN_CHECK(sql::run(connection, text));
    return {};
  }

  Status read_with(sqlite::Connection& connection, const std::function<Status(app::Reader&)>& read) {
    Unit reader(connection, index_, nullptr, *options_.clock);
    try {
      return read(reader);
    } catch (const std::exception& e) {
      return fail(Code::internal, std::string("a read threw: ") + e.what());
    }
  }

  // --- the writer thread ---

  void write_loop() {
    std::vector<Item> batch;
    for (;;) {
      batch.clear();
      {
        std::unique_lock lock(queue_mutex_);
        queued_.wait(lock, [&] { return !queue_.empty() || stopping_; });
        if (queue_.empty()) return;
        while (!queue_.empty() && batch.size() < static_cast<std::size_t>(std::max(1, options_.batch_max))) {
          batch.push_back(std::move(queue_.front()));
          queue_.pop_front();
        }
      }
      std::unique_lock memory(memory_mutex_, std::defer_lock);
      if (in_memory_) memory.lock();
      run_batch(batch);
    }
  }

  // The outcome of the whole batch: refusals of single units are in `results`; an error means that nothing of any unit
  // was written.
  void run_batch(std::vector<Item>& batch) {
    std::vector<Result<Value>> results;
    results.reserve(batch.size());
    sql::Batch memory(counters_);
    bool changed = false;
    Status status;
    if (std::string why = stopped_because(); !why.empty()) {
      status = fail(Code::unavailable, "the store takes no writes: " + why);
    } else {
      connection_->begin_guard();
      status = run_units(batch, memory, results, changed);
      if (status && changed) {
        index_.announce(memory.overlay(), memory.counters.generation);
        status = run_statement(*connection_, "COMMIT");
        if (status) {
          index_.publish(memory.codes());
          counters_ = memory.counters;
          // The form of the log file: a head of 32 bytes, then frames of a head of 24 and a page.
          if (options_.follower && !in_memory_) options_.follower->grown(32 + connection_->wal_pages() * (24 + page_size_));
        } else {
          index_.withdraw();
        }
      }
      auto fault = connection_->fault();
      connection_->end_guard();
      if (connection_->in_transaction()) {
        // A batch that failed, or that changed nothing.
        if (auto undone = connection_->execute("ROLLBACK"); !undone && connection_->in_transaction()) {
          stop_for_good("rollback failed: " + undone.error().message);
        }
      }
      if (fault && fault->fatal) stop_for_good(fault->error.message);
    }
    {
      std::lock_guard lock(queue_mutex_);
      ++batches_;
      last_batch_ = static_cast<std::int64_t>(batch.size());
      if (status) {
        units_ += last_batch_;
      } else {
        ++failed_batches_;
      }
    }
    if (!status) {
      if (status.error().code == Code::no_space) status.error().message = "the disk is full: " + status.error().message;
      results.clear();
      for (std::size_t i = 0; i < batch.size(); ++i) results.emplace_back(std::unexpected(status.error()));
    }
    finish(batch, std::move(results), status && changed ? std::optional(counters_.position) : std::nullopt);
    checkpoint();
  }

  Status run_units(std::vector<Item>& batch, sql::Batch& memory, std::vector<Result<Value>>& results, bool& changed) {
    ANLAN_CHECK(run_statement(*connection_, "BEGIN IMMEDIATE"));
    Unit unit(*connection_, index_, &memory, *options_.clock);
    for (Item& item : batch) {
      memory.begin_unit();
      std::int64_t rows = connection_->total_changes();
      ANLAN_CHECK(run_statement(*connection_, "SAVEPOINT unit"));
      Result<Value> result = run_unit(item.work, unit);
      // A unit may have ignored the error that broke the transaction; the connection has not.
      if (connection_->fault()) return std::unexpected(connection_->fault()->error);
      if (result) {
        changed = changed || connection_->total_changes() != rows;
      } else {
        ANLAN_CHECK(run_statement(*connection_, "ROLLBACK TO unit"));
        memory.undo_unit();
      }
      ANLAN_CHECK(run_statement(*connection_, "RELEASE unit"));
      results.push_back(std::move(result));
    }
    if (!changed) return {};
    ++memory.counters.generation;
    ANLAN_CHECK(sql::counters::set(*connection_, "generation", memory.counters.generation));
    if (memory.counters.records != memory.stored.records) {
      ANLAN_CHECK(sql::counters::set(*connection_, "records", memory.counters.records));
    }
    if (memory.counters.dictionary != memory.stored.dictionary) {
      ANLAN_CHECK(sql::counters::set(*connection_, "dictionary", memory.counters.dictionary));
    }
    return {};
  }

  static Result<Value> run_unit(app::Work& work, app::Txn& txn) {
    try {
      return work(txn);
    } catch (const std::exception& e) {
      return fail(Code::internal, std::string("a unit of work threw: ") + e.what());
    }
  }

  // After the answers have gone out: moving pages must not make a person wait for the commit that happened before it.
  void checkpoint() {
    if (in_memory_ || connection_->wal_pages() < options_.checkpoint_pages || !stopped_because().empty()) return;
    if (options_.follower && !options_.follower->may_move()) return;
    connection_->begin_guard();
    auto all = connection_->checkpoint();  // a full disk keeps the log as it is; the next batch tries again
    auto fault = connection_->fault();
    connection_->end_guard();
    if (options_.follower) options_.follower->moved(all.value_or(true));
    if (fault && fault->fatal) stop_for_good("checkpoint: " + fault->error.message);
  }

  void stop_for_good(const std::string& why) {
    connection_->keep_log_at_close();
    std::lock_guard lock(queue_mutex_);
    if (stopped_because_.empty()) stopped_because_ = why;
  }

  std::string stopped_because() const {
    std::lock_guard lock(queue_mutex_);
    return stopped_because_;
  }

  void finish(std::vector<Item>& batch, std::vector<Result<Value>> results, std::optional<app::Position> committed) {
    std::vector<Outcome> outcomes;
    outcomes.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      outcomes.push_back(Outcome{std::move(batch[i].done), std::move(results[i])});
    }
    complete(std::move(outcomes), committed);
  }

  // --- the completion thread ---

  void complete(std::vector<Outcome> outcomes, std::optional<app::Position> committed) {
    Completion completion{std::move(outcomes), committed};
    {
      std::lock_guard lock(completion_mutex_);
      if (!completions_end_) {
        completions_.push_back(std::move(completion));
        completed_.notify_one();
        return;
      }
    }
    deliver(completion);
  }

  void complete_loop() {
    for (;;) {
      Completion completion;
      {
        std::unique_lock lock(completion_mutex_);
        completed_.wait(lock, [&] { return !completions_.empty() || completions_end_; });
        if (completions_.empty()) return;
        completion = std::move(completions_.front());
        completions_.pop_front();
      }
      deliver(completion);
    }
  }

  void deliver(Completion& completion) {
    if (completion.committed) {
      std::function<void(app::Position)> listener;
      {
        std::lock_guard lock(listener_mutex_);
        listener = listener_;
      }
      if (listener) listener(*completion.committed);
    }
    for (Outcome& outcome : completion.outcomes) {
      if (outcome.done) outcome.done(std::move(outcome.result));
    }
  }

  const Options options_;
  const bool in_memory_;
  std::unique_ptr<sqlite::FileLock> lock_;          // released last
  std::unique_ptr<sqlite::Connection> connection_;  // the one that writes; closed after the readers
  ReaderPool readers_;
  std::int64_t page_size_ = 0;
  TicketIndex index_;
  sql::Batch::Counters counters_;     // of the writer thread
  std::recursive_mutex memory_mutex_;  // ":memory:": the connection is shared; recursive, a read may read

  mutable std::mutex queue_mutex_;
  std::condition_variable queued_;
  std::deque<Item> queue_;
  bool stopping_ = false;
  std::string stopped_because_;
  std::int64_t batches_ = 0, units_ = 0, failed_batches_ = 0, last_batch_ = 0;

  std::mutex completion_mutex_;
  std::condition_variable completed_;
  std::deque<Completion> completions_;
  bool completions_end_ = false;
  std::mutex listener_mutex_;
  std::function<void(app::Position)> listener_;

  std::mutex stop_mutex_;
  std::thread writer_, completer_;
};

}  // namespace

Result<std::unique_ptr<app::Store>> open_sqlite(Options options) {
  if (options.path.empty()) return fail(Code::invalid, "the store needs a path", "path");
  auto store = std::make_unique<SqliteStore>(std::move(options));
  ANLAN_CHECK(store->start());
  return std::unique_ptr<app::Store>(std::move(store));
}

}  // namespace anlan::storage
