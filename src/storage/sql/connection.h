// The thin layer that the repositories stand on: prepared statements with positional parameters (?1, ?2, ...), nothing
// more. The SQLite driver implements it; a PostgreSQL driver can.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/time.h"

namespace anlan::storage::sql {

// A prepared statement in use. Not thread-safe. Parameters count from 1, columns from 0.
class Statement {
 public:
  virtual ~Statement() = default;
  virtual void bind_null(int i) = 0;
  virtual void bind_integer(int i, std::int64_t) = 0;
  // The bytes must live until the statement is released, unless `copy`.
  virtual void bind_text(int i, std::string_view, bool copy) = 0;
  // true: a row stands. false: done. Errors of the database are mapped: a broken unique key is Code::conflict, a full
  // disk Code::no_space, a device that fails Code::unavailable, damage Code::internal.
  virtual Result<bool> step() = 0;
  virtual bool null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string_view text(int column) const = 0;  // of text and of bytes; valid until the next step
};

// One connection; used by one thread at a time.
class Connection {
 public:
  virtual ~Connection() = default;
  // Takes a statement from the cache or prepares it. `text` must be a literal: the cache knows it by its address.
  virtual Result<Statement*> acquire(const char* text) = 0;
  virtual void release(const char* text, Statement*) = 0;
  virtual std::int64_t changed_rows() const = 0;  // by the last statement that wrote
};

// A statement with its parameters, given back at the end of the scope. An error of preparing shows at next().
class Query {
 public:
  template <class... Args>
  Query(Connection& connection, const char* text, const Args&... args) : Query(true, connection, text, args...) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() {
    if (statement_) connection_.release(text_, statement_);
  }

  Result<bool> next() {
    if (!statement_) return std::unexpected(error_);
    return statement_->step();
  }
  bool null(int column) const { return statement_->null(column); }
  std::int64_t integer(int column) const { return statement_->integer(column); }
  std::string_view view(int column) const { return statement_->text(column); }
  std::string text(int column) const { return std::string(statement_->text(column)); }
  Instant instant(int column) const { return Instant{statement_->integer(column)}; }
  std::optional<Instant> maybe_instant(int column) const {
    return null(column) ? std::nullopt : std::optional(instant(column));
  }

 protected:
  template <class... Args>
  Query([[maybe_unused]] bool copy, Connection& connection, const char* text, const Args&... args)
      : connection_(connection), text_(text) {
    auto statement = connection.acquire(text);
    if (!statement) {
      error_ = std::move(statement).error();
      return;
    }
    statement_ = *statement;
    int i = 0;
    (bind(++i, args, copy), ...);
  }

 private:
  void bind(int i, std::int64_t n, bool) { statement_->bind_integer(i, n); }
  void bind(int i, int n, bool) { statement_->bind_integer(i, n); }
  void bind(int i, bool b, bool) { statement_->bind_integer(i, b); }
  void bind(int i, Instant t, bool) { statement_->bind_integer(i, t.ms); }
  void bind(int i, std::string_view s, bool copy) { statement_->bind_text(i, s, copy); }
  void bind(int i, const std::string& s, bool copy) { statement_->bind_text(i, s, copy); }
  void bind(int i, const char* s, bool copy) { statement_->bind_text(i, s, copy); }
  template <class T>
  void bind(int i, const std::optional<T>& value, bool copy) {
    if (value) {
      bind(i, *value, copy);
    } else {
      statement_->bind_null(i);
    }
  }

  Connection& connection_;
  const char* text_;
  Statement* statement_ = nullptr;
  Error error_;
};

namespace detail {
// Runs at once, within the full expression that made the arguments: they need no copy.
class Immediate : public Query {
 public:
  template <class... Args>
  Immediate(Connection& connection, const char* text, const Args&... args) : Query(false, connection, text, args...) {}
};
}  // namespace detail

// Runs a statement that gives no rows; the number of rows it changed.
template <class... Args>
Result<std::int64_t> run(Connection& connection, const char* text, const Args&... args) {
  detail::Immediate query(connection, text, args...);
  for (;;) {
    auto row = query.next();
    if (!row) return std::unexpected(std::move(row).error());
    if (!*row) return connection.changed_rows();
  }
}

}  // namespace anlan::storage::sql
