// Files that hang on a ticket. The bytes lie in a store of files under their digest; the ticket's events say what they
// are, so that an attachment is as lasting as the log. Nothing is overwritten: a file taken back stays in the log.
#pragma once
#include <string>
#include <string_view>

#include "app/platform.h"

namespace anlan::app {

inline constexpr std::size_t attachment_bytes_max = 16u << 20;

// Where the bytes lie. Thread-safe.
class Files {
 public:
  virtual ~Files() = default;
  // The digest (SHA-256, hexadecimal) under which the bytes are kept, durably. Code::no_space, Code::unavailable.
  virtual Result<std::string> keep(std::string_view bytes) = 0;
  // Code::not_found when there is nothing of that digest, Code::internal when the bytes are no longer what was kept.
  virtual Result<std::string> fetch(const std::string& digest) = 0;
};

// A name as people gave it, fit to be shown and saved: no folders, no control characters, at most 120 bytes, never empty.
std::string file_name(std::string_view given);

struct NewAttachment {
  std::string number;  // of the ticket
  std::string name;    // as given
  std::string type;    // as given; answered only when it is among the harmless ones
  std::size_t size = 0;
  std::string digest;
};
// {id, name, type, size, sha256, by, at}. Whoever may comment may attach. Code::not_found, Code::refused (200 at most).
Result<Value> attach(Platform&, Txn&, const Principal&, const NewAttachment&);
// Takes one back: by who attached it, with a reason. It is no longer offered; the log keeps that it was there.
Result<Value> take_back_attachment(Platform&, Txn&, const Principal&, const std::string& number, const std::string& id,
                                   const std::string& reason);

// {items, next_cursor}: in order, without those taken back.
Result<Value> attachments(Platform&, Reader&, const World&, const Principal&, const std::string& number);
// One of them; Code::not_found also when it was taken back.
Result<Value> attachment(Platform&, Reader&, const World&, const Principal&, const std::string& number,
                         const std::string& id);

}  // namespace anlan::app
