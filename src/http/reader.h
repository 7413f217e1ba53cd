// One request out of bytes: Beast's parser behind an interface that knows no socket, so that a fuzzer can feed it.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/transport.h"

namespace anlan::http {

// Decodes one request. Feed it bytes; after the head decide about the body; feed on until done or failed.
// Stricter than Beast: one Host, one Content-Length without commas, Transfer-Encoding only as "chunked" and only in
// HTTP/1.1, header values in UTF-8; trailers are checked and thrown away.
class RequestReader {
 public:
  enum class State { head, head_done, body, done, failed };

  explicit RequestReader(std::size_t header_limit);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Consumes from the front of `bytes` (everything received and not yet consumed) and returns how much. Stops at the
  // end of the head and at the end of the request; what follows belongs to the next one. Zero consumed while the state
  // is head or body: more bytes are needed.
  std::size_t feed(std::string_view bytes);
  State state() const;

  // In state head_done: whether a body follows.
  bool body_follows() const;
  bool expects_continue() const;
  bool expects_other() const;         // an Expect that nobody knows: 417
  // In state head_done: go on with a body of at most `limit` bytes, else the state becomes failed with 413.
  // Without a body the state becomes done.
  void accept_body(std::size_t limit);

  // In state failed.
  int fault_status() const;           // 400, 413, 431, 501, 505
  const std::string& fault() const;   // one English sentence

  // Whole from head_done on; before that as far as decoded, which is what the answer to a malformed request can say.
  const std::string& target() const;
  bool keep_alive() const;
  bool http_1_0() const;
  std::shared_ptr<Request> request() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace anlan::http
