// A database read by somebody who does not own it: for verifying and for looking at a copy. One snapshot, taken when it
// is opened; a server may go on writing. Nothing is ever written.
#pragma once
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

}  // namespace anlan::storage
