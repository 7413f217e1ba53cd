// Bytes of answers: heads, dates, request ids, server-sent events. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/transport.h"

namespace anlan::http {

std::string_view reason(int status);
// "Mon, 02 Mar 2026 01:00:00 GMT"
std::string http_date(Instant);
// A client's request id is taken when it is 8..64 characters of [A-Za-z0-9_-].
bool acceptable_request_id(std::string_view);

struct HeadContext {
  std::string_view request_id, date, server;
  bool keep_alive = true;
  bool http_1_0 = false;
};
// Status line and header fields up to and with the empty line. `Content-Length` is that of the body.
std::string response_head(const Response&, const HeadContext&);
// The same for an endless answer: no length, closed at its end.
std::string stream_head(const HeadContext&);
// 204 and 304 have no body; HEAD has none either, but its length is announced.
bool has_body(int status);
// What goes out: static_body where given.
std::string_view body_of(const Response&);

// Appends one event as its lines and the empty line that ends it.
void append_event(std::string& out, std::string_view id, std::string_view event, std::string_view data);

// An answer of the transport itself, as problem+json with a fitting `code`.
Response transport_problem(int status, std::string detail, const Request&);

}  // namespace anlan::http
