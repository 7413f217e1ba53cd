// The HTTP transport: connections, limits, routing, server-sent events, graceful shutdown. It knows no ticket: routes
// are given to it. Boost.Beast and the coroutines stay in the .cpp files of this room.
//
// HTTP/1.1 and 1.0, keep-alive, pipelined requests answered in order (the next is decoded after the last is answered).
// What the transport answers itself, always as problem+json: 400 malformed, 404, 405 with Allow, 408 too slow, 413 body
// too large, 417, 431 header too large, 500 when a Respond is dropped or a handler throws, 501 unknown transfer coding,
// 503 with Retry-After when the worker queue or the number of connections is full, 505.
#pragma once
#include <cstdint>
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
  std::string method;                                            // "GET"; "HEAD" too arrives at a GET route
  std::string path;                                              // decoded, "/api/v1/tickets/INC-1"
  std::map<std::string, std::string, std::less<>> parameters;    // of the route pattern: {number} -> "INC-1"
  std::multimap<std::string, std::string, std::less<>> query;    // decoded, '+' is a space
  std::map<std::string, std::string, std::less<>> headers;       // names in lower case; repeated ones joined with ", "
  std::map<std::string, std::string, std::less<>> cookies;       // as sent, quotes stripped; the first of a name counts
  std::string body;
  std::string remote;                                            // peer address, without port
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
  // Extra ones. They take the place of the transport's defaults of the same name (Cache-Control, the security headers);
  // what belongs to the transport (Connection, Content-Length, Transfer-Encoding, Date, Server, X-Request-Id) and what
  // is no valid header is left out. Statuses outside 200..599 are answered as 500.
  std::vector<std::pair<std::string, std::string>> headers;
  // Sent instead of `body` when not empty, without a copy: bytes that outlive the server, such as an embedded file.
  std::string_view static_body{};
};

Response json_response(const Value&, int status = 200);
// RFC 9457 application/problem+json: {type, title, status, detail, instance, request_id, code, field?, refusals?}, a
// refusal being {clause, code, zh, en, field, requirement, waiver?}.
// The one place where Code becomes a status: invalid 422 when it names a field, else 400; unauthenticated 401;
// forbidden 403; not_found 404; conflict and refused 409; limit 413 when it names a field (that content is too large),
// else 429 (too many, too often); unavailable 503; no_space 507; internal 500, which hides its message and logs it.
Response problem(const Error&, const Request&);
int status_of(const Error&);

// Called once, from any thread and at any time, even after the server is gone; a second call is ignored. Destroyed
// without being called it answers 500.
using Respond = std::move_only_function<void(Response)>;

// A subscriber of the stream. Thread-safe. Dropping the last reference closes the client's connection, once what was
// queued is written.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // Queues one event; false when the client is gone or too slow (its queue is bounded), then it is dropped and the
  // browser reconnects with Last-Event-ID. Line breaks in `data` become several data lines; id and event lose theirs.
  // An empty id or event leaves out its line.
  virtual bool send(std::string_view id, std::string_view event, std::string_view data) = 0;
  // False once the client is gone: what holds subscribers may forget this one without sending.
  virtual bool open() const = 0;
};

struct Route {
  std::string method;
  // "/api/v1/tickets/{number}/actions/{action}"; a parameter is one segment and never empty. A last "{rest*}" takes the
  // rest, slashes and all, also an empty one; it is asked only when no pattern without a rest knows the path, so that a
  // known path with another method is 405 and not a page.
  std::string pattern;
  // worker: on the bounded pool of worker threads. inline_: on the thread of the connections, must return at once.
  enum class Run { worker, inline_ } run = Run::worker;
  std::function<void(std::shared_ptr<const Request>, Respond)> handle;
  // For server-sent events instead of `handle`: keep the subscriber; the transport keeps the connection.
  // An error answers as problem+json and closes. Such a route answers no HEAD.
  std::function<Status(std::shared_ptr<const Request>, std::shared_ptr<Subscriber>)> subscribe;
  std::size_t body_limit = 1 << 20;          // bytes; larger answers 413 without reading on
  // The operation object of this route for /openapi.json; `false`: on purpose no part of the API (see openapi.h).
  Value openapi;
};

struct Options {
  std::string address = "127.0.0.1";         // a numeric IPv4 or IPv6 address
  std::uint16_t port = 8080;                 // 0: any free one
  int io_threads = 1;                        // each with its own share of the connections
  int worker_threads = 4;
  std::size_t connections_max = 12000;       // beyond it: 503 and closed
  std::size_t header_limit = 16 * 1024;      // bytes of request line and header fields
  // From the first byte of a request (of a new connection: from its start) to the end of its header; for its body; from
  // an answer to the next request; for writing an answer. Bodies and answers may take a second more per 16 KiB moved,
  // but may not stand still for so long: a large one may take its time, a trickle may not. A handler has no limit.
  Duration header_timeout = seconds(10), body_timeout = seconds(30), idle_timeout = seconds(75);
  Duration write_timeout = seconds(30);
  std::size_t worker_queue_max = 4096;       // beyond it: 503 with Retry-After
  Duration heartbeat = seconds(15);          // a comment on a silent stream
  std::size_t stream_queue_events = 256;     // per client, beyond it the client is dropped
  std::size_t stream_queue_bytes = 64 * 1024;
  std::string server_name = "anlan";
};

class Server {
 public:
  // Binds and serves from its own threads. Code::invalid: a bad address, pattern, number or a route given twice;
  // Code::unavailable: the address is taken or not ours. The clock gives the Date header and must be safe to read from
  // any thread and outlive the server; time limits follow the machine's monotonic clock, because sockets do.
  static Result<std::unique_ptr<Server>> listen(Options, std::vector<Route>, const Clock&);
  virtual ~Server() = default;               // stop(0)
  virtual std::uint16_t port() const = 0;
  // Stops accepting, finishes requests under way within `grace`, closes idle connections and streams, joins threads;
  // after `grace` it cuts what is left, but waits for handlers that run. From any thread but the server's own; later
  // calls do nothing.
  virtual void stop(Duration grace) = 0;
  // For /metrics: Prometheus text format 0.0.4. Request counts and latency histograms by route pattern, method and
  // status; connections, worker queue, stream subscribers. Thread-safe.
  virtual std::string metrics() const = 0;
};

}  // namespace anlan::http
