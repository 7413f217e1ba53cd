// A database read by somebody who does not own it: for verifying and for looking at a copy. One snapshot, taken when it
// is opened; a server may go on writing. Nothing is ever written.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "app/store.h"

namespace anlan::storage {

class Archive {
 public:
  virtual ~Archive() = default;
  // Every event in the order of position; ends at the first error of `each`.
  virtual Status events(const std::function<Status(const app::LoggedEvent&)>& each) = 0;
  // The event as a value; Code::internal when its bytes are damaged.
  virtual Result<app::Event> decode(const app::LoggedEvent&) = 0;
  // Every ticket as stored, by id: number and whole state.
  virtual Status tickets(const std::function<Status(const std::string& number, const Value& body)>& each) = 0;
  // Every record in its current version: "register/id" and fields.
  virtual Status records(const std::function<Status(const std::string& name, const Value& fields)>& each) = 0;
  virtual Result<std::vector<app::Event>> events_of(const std::string& subject) = 0;
};

// Code::unavailable when there is no such file or it cannot be read, Code::invalid when it is no database of ours.
Result<std::unique_ptr<Archive>> open_archive(const std::string& path);

// A whole copy of one consistent state, while a server may go on writing; compact, and checked for integrity. `to` must
// not exist. Code::unavailable, Code::invalid as above, Code::internal when the copy is damaged.
Status copy_database(const std::string& path, const std::string& to);

// Every page and index of a database looked at. Code::internal when it is damaged.
Status sound(const std::string& database);

// What a write-ahead log at `log` holds, as the number of times the log has begun anew (one more in the log that followed
// it). Code::invalid when it is no such log, or shorter than its head.
Result<std::uint32_t> log_number(const std::string& log);
// Moves what a log holds into a database that nobody has open, as far as its last whole commit. `log` is left as it is.
Status apply_log(const std::string& database, const std::string& log);

}  // namespace anlan::storage
