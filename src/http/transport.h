// The HTTP transport: connections, limits, routing, server-sent events, graceful shutdown. It knows no ticket: routes
// are given to it. Boost.Beast and the coroutines stay in the .cpp files of this room.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/value.h"

namespace anlan::http {

struct Request {
  std::string method;                                            // "GET"
  std::string path;                                              // decoded, "/api/v1/tickets/INC-1"
  std::map<std::string, std::string, std::less<>> parameters;    // of the route pattern: {number} -> "INC-1"
  std::multimap<std::string, std::string, std::less<>> query;    // decoded
  std::map<std::string, std::string, std::less<>> headers;       // names in lower case; repeated ones joined with ", "
  std::map<std::string, std::string, std::less<>> cookies;
  std::string body;
  std::string remote;                                            // peer address
  std::string id;                                                // request id, also answered as X-Request-Id
  std::string_view header(std::string_view lower_case_name) const {
    auto it = headers.find(lower_case_name);
    return it == headers.end() ? std::string_view{} : std::string_view(it->second);
  }
  std::string_view cookie(std::string_view name) const {
    auto it = cookies.find(name);
    return it == cookies.end() ? std::string_view{} : std::string_view(it->second);
  }
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;      // extra ones
};

Response json_response(const Value&, int status = 200);
// RFC 9457 application/problem+json: {type, title, status, detail, instance, code, field?, refusals?: [...]}; the one
// place where Code becomes a status (invalid 400/422, unauthenticated 401, forbidden 403, not_found 404, conflict 409,
// refused 409, limit 413/429, unavailable 503, no_space 507, internal 500). `internal` never shows its message.
Response problem(const Error&, const Request&);

// Called once, from any thread.
using Respond = std::move_only_function<void(Response)>;

// A subscriber of the stream. Thread-safe.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // Queues one event; false when the client is gone or too slow (its queue is bounded), then it is dropped and the
  // browser reconnects with Last-Event-ID.
  virtual bool send(std::string_view id, std::string_view event, std::string_view data) = 0;
};

struct Route {
  std::string method;
  std::string pattern;                       // "/api/v1/tickets/{number}/actions/{action}"; "{rest*}" takes the rest
  enum class Run { worker, inline_ } run = Run::worker;  // worker: on the bounded pool of worker threads
  std::function<void(std::shared_ptr<const Request>, Respond)> handle;
  // For server-sent events instead of `handle`: keep the subscriber; the transport keeps the connection.
  // An error answers as problem+json and closes.
  std::function<Status(std::shared_ptr<const Request>, std::shared_ptr<Subscriber>)> subscribe;
  std::size_t body_limit = 1 << 20;          // bytes; larger answers 413 without reading on
  Value openapi;                             // the operation object of this route for /openapi.json
};

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;                 // 0: any free one
  int io_threads = 1;
  int worker_threads = 4;
  std::size_t connections_max = 12000;
  std::size_t header_limit = 16 * 1024;
  Duration header_timeout = seconds(10), body_timeout = seconds(30), idle_timeout = seconds(75), write_timeout = seconds(30);
  std::size_t worker_queue_max = 4096;       // beyond it: 503 with Retry-After
  std::string server_name = "anlan";
};

// Counters for /metrics, by route pattern; Prometheus text exposition format.
class Server {
 public:
  static Result<std::unique_ptr<Server>> listen(Options, std::vector<Route>, const Clock&);
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  // Stops accepting, finishes requests under way within `grace`, closes idle connections and streams, joins threads.
  virtual void stop(Duration grace) = 0;
  virtual std::string metrics() const = 0;   // request counts and latency histograms by route and status, connections, queue
  // Security headers (CSP without inline, nosniff, frame-ancestors none, referrer policy) go on every answer.
};

}  // namespace anlan::http
