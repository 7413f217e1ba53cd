// SQLite's C API behind the thin layer. Nobody else in the house includes sqlite3.h.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/sql/connection.h"

struct sqlite3;
struct sqlite3_stmt;

namespace anlan::storage::sqlite {

enum class Access { write, read_only };

// What befell the connection that no single statement can answer for.
struct Fault {
  Error error;
  bool fatal = false;  // the device or the file failed: nothing may be written any more
};

class Connection final : public sql::Connection {
 public:
  // `path` may be ":memory:" with Access::write. `vfs` names a registered SQLite VFS, empty for the usual one.
  static Result<std::unique_ptr<Connection>> open(const std::string& path, Access, const std::string& vfs = {});
  ~Connection() override;

  Result<sql::Statement*> acquire(const char* text) override;
  void release(const char* text, sql::Statement*) override;
  std::int64_t changed_rows() const override;

  // Runs one or several statements given as text: pragmas and migrations. For the rest there is sql::run.
  Status execute(const std::string& text);
  // A pragma's or query's first column of its first row, as text.
  Result<std::string> answer(const std::string& text);

  bool in_transaction() const;
  std::int64_t total_changes() const;  // rows changed since the connection was opened
  int wal_pages() const { return wal_pages_; }
  // Moves committed pages from the log to the file, as far as readers allow; whether that was all. Only the one writer may
  // call it.
  Result<bool> checkpoint();
  // Leaves the log as it is at close: after a device error nothing may be copied over the file.
  void keep_log_at_close();

  // Guarding a transaction: from here on an error after which SQLite has left the transaction, or that a retry of the
  // one unit cannot mend (disk full, device, damage, memory), is remembered as the fault, and every later statement
  // answers with it until end_guard(). A unit that ignores an error can so never write outside the transaction.
  void begin_guard();
  void end_guard();
  const std::optional<Fault>& fault() const { return fault_; }

 private:
  class Prepared;
  Connection() = default;
  Error problem(int code, const char* text);

  sqlite3* db_ = nullptr;
  std::unordered_map<const char*, std::vector<std::unique_ptr<Prepared>>> idle_;
  std::optional<Fault> fault_;
  bool guarded_ = false;
  int wal_pages_ = 0;
};

}  // namespace anlan::storage::sqlite
