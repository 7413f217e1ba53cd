#include "storage/sqlite/connection.h"

#include <sqlite3.h>

#include <cerrno>

namespace anlan::storage::sqlite {

class Connection::Prepared final : public sql::Statement {
 public:
  Prepared(Connection& connection, const char* text, sqlite3_stmt* handle)
      : connection_(connection), text_(text), handle_(handle) {}
  ~Prepared() override { sqlite3_finalize(handle_); }

  void bind_null(int i) override { note(sqlite3_bind_null(handle_, i)); }
  void bind_integer(int i, std::int64_t n) override { note(sqlite3_bind_int64(handle_, i, n)); }
  void bind_text(int i, std::string_view s, bool copy) override {
    // A view of nothing may carry no pointer, which SQLite would take for NULL.
    note(sqlite3_bind_text64(handle_, i, s.data() ? s.data() : "", s.size(), copy ? SQLITE_TRANSIENT : SQLITE_STATIC,
                             SQLITE_UTF8));
  }
  Result<bool> step() override {
    if (connection_.fault_) return std::unexpected(connection_.fault_->error);
    int code = bound_ != SQLITE_OK ? bound_ : sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return std::unexpected(connection_.problem(code, text_));
  }
  bool null(int column) const override { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(handle_, column); }
  std::string_view text(int column) const override {
    auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
    return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
  }
  void reset() {
    sqlite3_reset(handle_);  // repeats the error that step() has told already
    bound_ = SQLITE_OK;
  }

 private:
  void note(int code) {
    if (bound_ == SQLITE_OK) bound_ = code;
  }

  Connection& connection_;
  const char* text_;
  sqlite3_stmt* handle_;
  int bound_ = SQLITE_OK;
};

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Access access, const std::string& vfs) {
  // Without the bookkeeping of memory, which takes a lock at each allocation. Too late to set, it does no harm.
  static const int memory_status = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)memory_status;
  std::unique_ptr<Connection> connection(new Connection);
  // One thread at a time uses a connection, so its own mutex is not needed.
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
              (access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  int code = sqlite3_open_v2(path.c_str(), &connection->db_, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) return std::unexpected(connection->problem(code, "open"));
  sqlite3_busy_timeout(connection->db_, 5000);
  if (access == Access::write) {
    // Instead of SQLite's own automatic checkpoint, whose failures nobody would hear of.
    sqlite3_wal_hook(
        connection->db_,
        [](void* self, sqlite3*, const char*, int pages) {
          static_cast<Connection*>(self)->wal_pages_ = pages;
          return SQLITE_OK;
        },
        connection.get());
  }
  return connection;
}

Connection::~Connection() {
  idle_.clear();
  sqlite3_close(db_);
}

Error Connection::problem(int code, const char* text) {
  int primary = code & 0xFF;
  Error error;
  error.message = std::string(db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code)) + " (SQLite " + std::to_string(code) +
                  ") at: " + std::string(text).substr(0, 120);
  bool no_space = primary == SQLITE_FULL || (primary == SQLITE_IOERR && db_ && sqlite3_system_errno(db_) == ENOSPC);
  bool fatal = false;
  if (no_space) {
    error.code = Code::no_space;
  } else {
    switch (primary) {
      case SQLITE_CONSTRAINT:
        error.code = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
                             code == SQLITE_CONSTRAINT_ROWID
                         ? Code::conflict
                         : Code::internal;
        break;
      case SQLITE_IOERR:
      case SQLITE_READONLY:
        error.code = Code::unavailable;
        fatal = true;
        break;
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
      case SQLITE_NOMEM:
      case SQLITE_CANTOPEN:
      case SQLITE_INTERRUPT: error.code = Code::unavailable; break;
      case SQLITE_TOOBIG: error.code = Code::limit; break;
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        error.code = Code::internal;
        fatal = true;
        break;
      default: error.code = Code::internal; break;
    }
  }
  if (guarded_ && !fault_ && (no_space || fatal || primary == SQLITE_NOMEM || !in_transaction())) {
    fault_ = Fault{error, fatal};
  }
  return error;
}

Result<sql::Statement*> Connection::acquire(const char* text) {
  auto& idle = idle_[text];
  std::unique_ptr<Prepared> statement;
  if (!idle.empty()) {
    statement = std::move(idle.back());
    idle.pop_back();
  } else {
    sqlite3_stmt* handle = nullptr;
    int code = sqlite3_prepare_v3(db_, text, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) return std::unexpected(problem(code, text));
    statement = std::make_unique<Prepared>(*this, text, handle);
  }
  return statement.release();
}

void Connection::release(const char* text, sql::Statement* statement) {
  std::unique_ptr<Prepared> prepared(static_cast<Prepared*>(statement));
  prepared->reset();
  idle_[text].push_back(std::move(prepared));
}

std::int64_t Connection::changed_rows() const { return sqlite3_changes64(db_); }

Status Connection::execute(const std::string& text) {
  if (fault_) return std::unexpected(fault_->error);
  int code = sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(problem(code, text.c_str()));
  return {};
}

Result<std::string> Connection::answer(const std::string& text) {
  sqlite3_stmt* handle = nullptr;
  int code = sqlite3_prepare_v2(db_, text.c_str(), -1, &handle, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(handle);
  std::string out;
  if (code == SQLITE_ROW) {
    auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle, 0));
    out = data ? data : "";
  }
  Status status;
  if (code != SQLITE_ROW && code != SQLITE_DONE) status = std::unexpected(problem(code, text.c_str()));
  sqlite3_finalize(handle);
  if (!status) return std::unexpected(std::move(status).error());
  return out;
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
std::int64_t Connection::total_changes() const { return sqlite3_total_changes64(db_); }

Result<bool> Connection::checkpoint() {
  int log = 0, moved = 0;
  int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &log, &moved);
  if (code != SQLITE_OK && code != SQLITE_BUSY) return std::unexpected(problem(code, "checkpoint"));
  wal_pages_ = 0;
  return log == moved;
}

void Connection::keep_log_at_close() { sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

void Connection::begin_guard() {
  fault_.reset();
  guarded_ = true;
}

void Connection::end_guard() {
  fault_.reset();
  guarded_ = false;
}

}  // namespace anlan::storage::sqlite
