// Feeds raw bytes to everything that decodes a request, without a socket. The first byte chooses how the bytes arrive;
// however they do, the outcome must be the same, but that a fault may be noticed a few bytes later.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "http/decode.h"
#include "http/reader.h"
#include "http/router.h"
#include "http/wire.h"

namespace anlan::http {
namespace {

constexpr std::size_t header_limit = 2048, body_limit = 1024;

const std::vector<Route>& routes() {
  static const std::vector<Route> table = [] {
    std::vector<Route> out;
    for (const auto& [method, pattern] :
         {std::pair{"GET", "/"}, {"GET", "/t/{number}"}, {"POST", "/t/{number}/actions/{action}"}, {"GET", "/t/all"},
          {"PUT", "/{a}/{b}/{rest*}"}, {"GET", "/{rest*}"}}) {
      Route route;
      route.method = method;
      route.pattern = pattern;
      route.handle = [](std::shared_ptr<const Request>, Respond) {};
      out.push_back(std::move(route));
    }
    return out;
  }();
  return table;
}

void require(bool condition) {
  if (!condition) std::abort();
}

// The conversation of a connection: requests one after the other until one fails or the bytes end.
struct Outcome {
  std::string requests;  // what was understood
  enum class End { failed, incomplete, refused, enough } end = End::enough;
};

Outcome converse(std::string_view bytes, std::size_t step) {
  static const Router router = *Router::build(routes());
  std::string buffer;
  Outcome outcome;
  const auto ended = [&](Outcome::End end) {
    outcome.end = end;
    return outcome;
  };
  std::size_t at = 0;
  for (int count = 0; count < 16; ++count) {
    RequestReader reader(header_limit);
    for (;;) {
      using enum RequestReader::State;
      if (reader.state() == head_done) {
        Request& request = *reader.request();
        const auto target = split_target(reader.target());
        if (!target) return ended(Outcome::End::refused);
        const Router::Found found = router.find(request.method, target->path, request);
        outcome.requests += std::to_string(found.status);
        require(valid_utf8(request.path) && request.path.find('\0') == std::string::npos);
        if (found.status != 200) return ended(Outcome::End::refused);
        require(found.route < routes().size());
        if (!decode_query(target->query, request.query)) return ended(Outcome::End::refused);
        for (const auto& [name, value] : request.query) require(valid_utf8(name) && valid_utf8(value));
        for (const auto& [name, value] : request.headers) require(is_token(name) && valid_utf8(value));
        for (const auto& [name, value] : request.parameters) require(valid_utf8(value));
        for (const auto& [name, value] : request.cookies) require(!name.empty() && valid_utf8(value));
        reader.accept_body(body_limit);
      }
      if (reader.state() == failed) {
        require(reader.fault_status() >= 400 && !reader.fault().empty());
        return ended(Outcome::End::failed);
      }
      if (reader.state() == done) break;
      const std::size_t used = buffer.empty() ? 0 : reader.feed(buffer);
      require(used <= buffer.size());
      buffer.erase(0, used);
      if (used > 0 || reader.state() == failed || reader.state() == done) continue;
      if (at >= bytes.size()) return ended(Outcome::End::incomplete);
      require(buffer.size() <= header_limit + step);
      buffer += bytes.substr(at, step);
      at += std::min(step, bytes.size() - at);
    }
    const Request& request = *reader.request();
    require(request.body.size() <= body_limit);
    outcome.requests += request.method + request.path + request.body + ";";
  }
  return outcome;
}

}  // namespace
}  // namespace anlan::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace anlan::http;
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome pieces = converse(bytes, step), whole = converse(bytes, bytes.size() + 1);
  const auto open = [](const Outcome& o) { return o.end == Outcome::End::failed || o.end == Outcome::End::incomplete; };
  require(pieces.requests == whole.requests && (pieces.end == whole.end || (open(pieces) && open(whole))));
  std::multimap<std::string, std::string, std::less<>> query;
  decode_query(bytes, query);
  std::map<std::string, std::string, std::less<>> cookies;
  decode_cookies(bytes, cookies);
  if (const auto decoded = percent_decode(bytes))
    require(percent_decode(percent_encode_path(*decoded)) == decoded);
  std::string event;
  append_event(event, bytes, bytes, bytes);
  require(event.find('\r') == std::string::npos && event.ends_with("\n\n"));
  return 0;
}
