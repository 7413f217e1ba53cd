// A connection: reads a request, has it answered, writes the answer, again. The coroutines of the transport are here.
//
// g++ 12 miscompiles several forms of co_await (temporaries of aggregates or of lambdas with captures, conditional
// operators, initializer lists within the expression). Every awaitable is therefore named before it is awaited.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <limits>

#include "http/decode.h"
#include "http/loop.h"
#include "http/reader.h"
#include "http/wire.h"

namespace anlan::http {
namespace {

// Bodies and answers must move at least so many bytes a second, beyond the time limit itself.
constexpr std::int64_t least_rate = 16 * 1024;
constexpr std::size_t read_chunk = 16 * 1024;

// The end of patience with a transfer of which `moved` bytes were moved, the last of them just now. The second term
// holds against a trickle, the first against a stop: what the kernel has buffered for a client counts as moved.
Duration patience(Duration begun, Duration limit, std::size_t moved) {
  const Duration earned = milliseconds(static_cast<std::int64_t>(moved) * 1000 / least_rate);
  return std::min(monotonic_now() + limit, begun + limit + earned);
}

// Received bytes not yet consumed, in one piece.
class Input {
 public:
  std::string_view bytes() const { return {data_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Room for at least `n` more bytes.
  asio::mutable_buffer prepare(std::size_t n) {
    if (capacity_ - end_ < n) {
      const std::size_t size = end_ - begin_;
      if (capacity_ >= size + n) {
        std::memmove(data_.get(), data_.get() + begin_, size);
      } else {
        const std::size_t capacity = std::max(capacity_ * 2, size + n);
        auto grown = std::make_unique_for_overwrite<char[]>(capacity);
        if (size > 0) std::memcpy(grown.get(), data_.get() + begin_, size);
        data_ = std::move(grown);
        capacity_ = capacity;
      }
      begin_ = 0;
      end_ = size;
    }
    return asio::mutable_buffer(data_.get() + end_, capacity_ - end_);
  }
  void commit(std::size_t n) { end_ += n; }
  // An idle connection keeps no large buffer.
  void shrink() {
    if (begin_ != end_ || capacity_ <= 4096) return;
    data_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

class Connection;

// The way of one answer from any thread to the connection that waits for it.
struct Exchange {
  std::shared_ptr<Mailbox> mailbox;
  std::shared_ptr<const Request> request;
  Connection* connection = nullptr;  // of the loop's thread alone; null when the connection no longer waits
  bool rejected = false;             // never reached its handler
};

void deliver(std::shared_ptr<Exchange>, Response, bool streams);

class Responder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  Responder(Responder&&) = default;
  Responder& operator=(Responder&&) = delete;
  ~Responder() {
    if (!exchange_ || exchange_->rejected) return;
    spdlog::error("http {} {}: the handler gave no answer", exchange_->request->id, exchange_->request->path);
    Response response = transport_problem(500, "The request was not answered.", *exchange_->request);
    deliver(std::move(exchange_), std::move(response), false);
  }
  void operator()(Response response) {
    if (exchange_) deliver(std::move(exchange_), std::move(response), false);
  }
  void stream() {
    if (exchange_) deliver(std::move(exchange_), Response{}, true);
  }

 private:
  std::shared_ptr<Exchange> exchange_;
};

// Handlers are strangers: what they throw ends their request and nothing else. `responder` answers when it is dropped.
template <class F>
void guarded(const Request& request, F&& f) noexcept {
  try {
    f();
  } catch (const std::exception& e) {
    spdlog::error("http {} {}: the handler threw: {}", request.id, request.path, e.what());
  } catch (...) {
    spdlog::error("http {} {}: the handler threw", request.id, request.path);
  }
}

class Connection final : public Peer, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Loop& loop, tcp::socket socket) : Peer(loop), socket_(std::move(socket)) {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    const tcp::endpoint remote = socket_.remote_endpoint(ignored);
    if (!ignored) remote_ = remote.address().to_string();
  }
  ~Connection() override { forget_exchange(); }

  void start() {
    auto running = converse(shared_from_this());
    asio::co_spawn(loop_.io, std::move(running), [](std::exception_ptr failure) {
      if (!failure) return;
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& e) {
        spdlog::error("http: a connection failed: {}", e.what());
      }
    });
  }

  void tick(Duration now) override {
    if (now > deadline_ && !timed_out_) {
      timed_out_ = true;
      error_code ignored;
      socket_.cancel(ignored);
    }
  }

  void drain() override {
    if (phase_ == Phase::idle) abort();
  }

  void abort() override {
    aborted_ = true;
    error_code ignored;
    socket_.close(ignored);
    wake();
  }

  bool waits() const { return waiter_.has_value(); }
  // The answer, on the loop's thread.
  void answer(Response response, bool streams) {
    response_.emplace(std::move(response));
    streams_ = streams;
    wake();
  }

 private:
  enum class Phase { idle, busy };  // idle: not a byte of the next request is here
  using Waiter = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;

  struct StartWaiting {
    template <class Handler>
    void operator()(Handler&& handler, Connection* connection) const {
      connection->waiter_.emplace(std::forward<Handler>(handler));
    }
  };

  void wake() {
    if (!waiter_) return;
    Waiter waiter = std::move(*waiter_);
    waiter_.reset();
    waiter();
  }

  void arm(Duration limit) {
    timed_out_ = false;
    deadline_ = monotonic_now() + limit;
  }
  void disarm() {
    timed_out_ = false;
    deadline_ = Duration{std::numeric_limits<std::int64_t>::max()};
  }

  // False when the time is up, the client is gone or the server stops.
  asio::awaitable<bool> fill(std::size_t room) {
    const asio::mutable_buffer space = input_.prepare(room);
    error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    auto reading = socket_.async_read_some(space, token);
    const std::size_t n = co_await std::move(reading);
    if (ec || aborted_) co_return false;
    input_.commit(n);
    co_return !timed_out_;
  }

  asio::awaitable<bool> write(std::string_view head, std::string_view body) {
    const Duration start = monotonic_now();
    std::size_t sent = 0;
    const std::size_t total = head.size() + body.size();
    for (;;) {
      std::array<asio::const_buffer, 2> parts;
      if (sent < head.size()) {
        parts[0] = asio::const_buffer(head.data() + sent, head.size() - sent);
        parts[1] = asio::const_buffer(body.data(), body.size());
      } else {
        parts[0] = asio::const_buffer(body.data() + (sent - head.size()), total - sent);
      }
      // Nearly every answer fits into the socket's buffer at once.
      error_code ec;
      sent += socket_.write_some(parts, ec);
      if (!ec && sent == total) co_return true;
      if (ec && ec != asio::error::would_block && ec != asio::error::try_again) co_return false;
      if (!ec) continue;
      timed_out_ = false;
      deadline_ = patience(start, loop_.shared.options.write_timeout, sent);
      auto token = asio::redirect_error(asio::use_awaitable, ec);
      auto waiting = socket_.async_wait(tcp::socket::wait_write, token);
      co_await std::move(waiting);
      if (ec || timed_out_ || aborted_) co_return false;
    }
  }

  asio::awaitable<void> answered() {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(StartWaiting{}, asio::use_awaitable, this);
  }

  asio::awaitable<void> converse([[maybe_unused]] std::shared_ptr<Connection> self) {
    bool more = true;
    for (bool first = true; more; first = false) {
      auto round = one_request(first);
      more = co_await std::move(round);
    }
    reader_.reset();
  }

  // True when another request may follow.
  asio::awaitable<bool> one_request(bool first) {
    const Options& options = loop_.shared.options;
    phase_ = Phase::idle;
    if (!first && loop_.stopping() && input_.bytes().empty()) co_return false;
    reader_.emplace(options.header_limit);
    input_.shrink();
    arm(first ? options.header_timeout : options.idle_timeout);
    bool slow = false;
    while (reader_->state() == RequestReader::State::head) {
      if (!input_.bytes().empty()) {
        if (phase_ == Phase::idle) {
          phase_ = Phase::busy;
          if (!first) arm(options.header_timeout);
        }
        input_.consume(reader_->feed(input_.bytes()));
        if (reader_->state() != RequestReader::State::head) break;
      }
      auto filling = fill(1024);
      const bool filled = co_await std::move(filling);
      if (filled) continue;
      if (!timed_out_ || phase_ == Phase::idle || aborted_) co_return false;
      slow = true;
      break;
    }
    phase_ = Phase::busy;
    std::shared_ptr<Request> request = reader_->request();
    request->remote = remote_;
    const std::string_view own_id = request->header("x-request-id");
    request->id = acceptable_request_id(own_id) ? std::string(own_id) : loop_.fresh_request_id();
    route_ = Tally::no_route;
    Duration start = monotonic_now();

    std::optional<Response> early;
    if (slow) early = transport_problem(408, "The header did not arrive in time.", *request);
    else early = judge_head(*request);
    if (!early && reader_->state() != RequestReader::State::done) {
      auto reading = read_body();
      const bool whole = co_await std::move(reading);
      if (!whole) {
        if (aborted_) co_return false;
        if (reader_->state() == RequestReader::State::failed)
          early = transport_problem(reader_->fault_status(), reader_->fault(), *request);
        else if (timed_out_) early = transport_problem(408, "The body did not arrive in time.", *request);
        else co_return false;
      }
      start = monotonic_now();
    }
    if (early) {
      response_ = std::move(early);
      early_ = true;
    } else {
      early_ = false;
      disarm();
      dispatch(request);
      if (!response_) {
        auto waiting = answered();
        co_await std::move(waiting);
      }
      forget_exchange();
      if (aborted_ || !response_) co_return false;
    }
    Response response = std::move(*response_);
    response_.reset();
    if (response.status < 200 || response.status > 599) {
      spdlog::error("http {} {}: the handler answered with status {}", request->id, request->path, response.status);
      response = transport_problem(500, "The request was answered wrongly.", *request);
    }
    const Duration took = monotonic_now() - start;
    record(*request, response.status, took);

    const bool whole = reader_->state() == RequestReader::State::done;
    const bool refused_stream = !early_ && channel_ && !streams_;
    HeadContext context;
    context.request_id = request->id;
    context.date = loop_.date();
    context.server = options.server_name;
    context.http_1_0 = reader_->http_1_0();
    context.keep_alive = whole && reader_->keep_alive() && !loop_.stopping() && !refused_stream;
    if (streams_) {
      streams_ = false;
      if (loop_.stopping()) co_return false;
      start_stream(loop_, std::move(socket_), std::move(channel_), stream_head(context));
      co_return false;
    }
    channel_.reset();
    std::string head = response_head(response, context);
    std::string_view body = body_of(response);
    if (request->method == "HEAD" || !has_body(response.status)) body = {};
    if (!whole) {
      // The rest of the request is on its way: answer, and close without cutting the answer off.
      head.append(body);
      start_farewell(loop_, std::move(socket_), std::move(head), false);
      co_return false;
    }
    const bool keep_alive = context.keep_alive;
    auto writing = write(head, body);
    const bool written = co_await std::move(writing);
    if (!written) co_return false;
    if (!keep_alive) {
      error_code ignored;
      socket_.shutdown(tcp::socket::shutdown_send, ignored);
      // Pipelined requests after the last one stay unread, and unread bytes would turn the close into a reset.
      if (!input_.bytes().empty()) start_farewell(loop_, std::move(socket_), {}, false);
    }
    co_return keep_alive;
  }

  // What the head alone decides; sets the route. Nothing: go on with the body.
  std::optional<Response> judge_head(Request& request) {
    if (reader_->state() == RequestReader::State::failed)
      return transport_problem(reader_->fault_status(), reader_->fault(), request);
    const auto target = split_target(reader_->target());
    if (!target) return ended(transport_problem(400, "The request target is malformed.", request));
    const Router::Found found = loop_.shared.router.find(request.method, target->path, request);
    if (found.status == 400)
      return ended(transport_problem(400, "The path is malformed: bad escapes, a NUL or no UTF-8.", request));
    if (found.status == 404) return ended(transport_problem(404, "There is nothing at this address.", request));
    if (found.status == 405) {
      Response response =
          transport_problem(405, "This address takes only the methods " + found.allow + ".", request);
      response.headers.emplace_back("Allow", found.allow);
      return ended(std::move(response));
    }
    route_ = found.route;
    if (!decode_query(target->query, request.query))
      return ended(transport_problem(400, "The query is malformed: bad escapes, a NUL or no UTF-8.", request));
    if (reader_->expects_other())
      return ended(transport_problem(417, "Only the expectation 100-continue is known.", request));
    reader_->accept_body(loop_.shared.routes[route_].body_limit);
    if (reader_->state() == RequestReader::State::failed)
      return transport_problem(reader_->fault_status(), reader_->fault(), request);
    return std::nullopt;
  }

  // A refusal of a request that has no body leaves the connection usable.
  Response ended(Response response) {
    if (!reader_->body_follows()) reader_->accept_body(0);
    return response;
  }

  asio::awaitable<bool> read_body() {
    const Options& options = loop_.shared.options;
    const Duration begin = monotonic_now();
    if (reader_->expects_continue() && input_.bytes().empty()) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      auto writing = write(go_on, std::string_view{});
      const bool written = co_await std::move(writing);
      if (!written) co_return false;
    }
    std::size_t received = 0;
    for (;;) {
      const std::size_t n = input_.bytes().empty() ? 0 : reader_->feed(input_.bytes());
      input_.consume(n);
      received += n;
      if (reader_->state() == RequestReader::State::done) co_return true;
      if (reader_->state() == RequestReader::State::failed) co_return false;
      timed_out_ = false;
      deadline_ = patience(begin, options.body_timeout, received);
      auto filling = fill(read_chunk);
      const bool filled = co_await std::move(filling);
      if (!filled) co_return false;
    }
  }

  // Hands the request to its handler. The answer may be here on return, or come later through answer().
  void dispatch(const std::shared_ptr<Request>& request) {
    response_.reset();
    streams_ = false;
    channel_.reset();
    exchange_ = std::make_shared<Exchange>();
    exchange_->mailbox = loop_.mailbox;
    exchange_->request = request;
    exchange_->connection = this;
    const Route& route = loop_.shared.routes[route_];
    std::shared_ptr<const Request> shared_request = request;
    Responder responder(exchange_);
    if (route.subscribe) channel_ = make_channel(loop_);
    if (route.run == Route::Run::inline_) {
      call(route, std::move(shared_request), std::move(responder), channel_);
      return;
    }
    Workers::Task task = [&route, request = std::move(shared_request), responder = std::move(responder),
                          channel = channel_]() mutable {
      call(route, std::move(request), std::move(responder), channel);
    };
    if (loop_.shared.workers.submit(task)) return;
    exchange_->rejected = true;  // the task still holds the responder
    forget_exchange();
    loop_.shared.worker_rejected.fetch_add(1, std::memory_order_relaxed);
    response_ = transport_problem(503, "Too many requests are waiting.", *request);
  }

  static void call(const Route& route, std::shared_ptr<const Request> request, Responder responder,
                   const std::shared_ptr<Channel>& channel) noexcept {
    const Request& known = *request;
    const std::shared_ptr<const Request> keep = request;
    if (route.handle) {
      guarded(known, [&] { route.handle(std::move(request), Respond(std::move(responder))); });
      return;
    }
    guarded(known, [&] {
      const Status status = route.subscribe(std::move(request), make_subscriber(channel));
      if (status) responder.stream();
      else responder(problem(status.error(), known));
    });
  }

  void forget_exchange() {
    if (exchange_) exchange_->connection = nullptr;
    exchange_.reset();
    if (aborted_ && channel_) close_channel(channel_);
  }

  void record(const Request& request, int status, Duration took) {
    loop_.tally.count(route_, request.method, status, took);
    if (spdlog::should_log(spdlog::level::debug)) {
      const std::string_view route =
          route_ == Tally::no_route ? std::string_view("-") : std::string_view(loop_.shared.routes[route_].pattern);
      spdlog::debug("http {} {} {} {} {} ms", request.id, request.method, route, status, took.ms);
    }
  }

  tcp::socket socket_;
  std::string remote_;
  Input input_;
  std::optional<RequestReader> reader_;
  std::shared_ptr<Exchange> exchange_;
  std::shared_ptr<Channel> channel_;
  std::optional<Response> response_;
  std::optional<Waiter> waiter_;
  std::size_t route_ = Tally::no_route;
  Duration deadline_{};
  Phase phase_ = Phase::idle;
  bool timed_out_ = false, aborted_ = false, streams_ = false, early_ = false;
};

void deliver(std::shared_ptr<Exchange> exchange, Response response, bool streams) {
  const std::shared_ptr<Mailbox> mailbox = exchange->mailbox;
  if (mailbox->on_loop_thread() && exchange->connection && !exchange->connection->waits()) {
    exchange->connection->answer(std::move(response), streams);  // an inline handler answers before it returns
    return;
  }
  mailbox->post([exchange = std::move(exchange), response = std::move(response), streams]() mutable {
    if (exchange->connection) exchange->connection->answer(std::move(response), streams);
  });
}

}  // namespace

void start_connection(Loop& loop, tcp::socket socket) {
  if (loop.stopping()) return;
  std::make_shared<Connection>(loop, std::move(socket))->start();
}

}  // namespace anlan::http
