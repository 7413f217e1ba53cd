// The server: accepts, spreads connections over the loops, stops.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <condition_variable>

#include "http/loop.h"
#include "http/wire.h"

namespace anlan::http {
namespace {

// So many connections beyond the limit are told 503 politely at a time; the others are just closed.
constexpr std::int64_t refusals_at_once = 64;

class AsioServer final : public Server {
 public:
  AsioServer(Options options, std::vector<Route> routes, Router router, const Clock& clock)
      : shared_(std::move(options), std::move(routes), std::move(router), clock) {
    for (int i = 0; i < shared_.options.io_threads; ++i) {
      loops_.push_back(std::make_unique<Loop>(shared_));
      loops_.back()->finished = [this] {
        const std::lock_guard lock(mutex_);
        ++finished_;
        wake_.notify_all();
      };
    }
  }
  ~AsioServer() override { stop(Duration{0}); }

  Status open() {
    error_code ec;
    const auto address = asio::ip::make_address(shared_.options.address, ec);
    if (ec) return fail(Code::invalid, "not a numeric address: " + shared_.options.address, "address");
    const tcp::endpoint endpoint(address, shared_.options.port);
    acceptor_.emplace(loops_[0]->io);
    pause_.emplace(loops_[0]->io);
    acceptor_->open(endpoint.protocol(), ec);
    if (!ec) acceptor_->set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor_->bind(endpoint, ec);
    if (!ec) acceptor_->listen(asio::socket_base::max_listen_connections, ec);
    if (!ec) port_ = acceptor_->local_endpoint(ec).port();
    if (ec)
      return fail(Code::unavailable, "cannot listen on " + shared_.options.address + ":" +
                                         std::to_string(shared_.options.port) + ": " + ec.message());
    accept();
    for (auto& loop : loops_) loop->start();
    started_ = true;
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void stop(Duration grace) override {
    const std::lock_guard once(stop_mutex_);
    if (stopped_) return;
    stopped_ = true;
    if (started_) {
      loops_[0]->mailbox->post([this] {
        error_code ignored;
        acceptor_->close(ignored);
        pause_->cancel();
      });
      for (auto& loop : loops_) loop->mailbox->post([l = loop.get()] { l->drain_peers(); });
      {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, std::chrono::milliseconds(grace.ms), [this] { return finished_ == loops_.size(); });
      }
      for (auto& loop : loops_) loop->mailbox->post([l = loop.get()] { l->abort_peers(); });
      for (auto& loop : loops_) loop->thread.join();
    }
    shared_.workers.stop();
    for (auto& loop : loops_) loop->mailbox->close();
  }

  std::string metrics() const override {
    std::vector<const Tally*> tallies;
    for (const auto& loop : loops_) tallies.push_back(&loop->tally);
    Gauges gauges;
    gauges.connections = shared_.connections.load(std::memory_order_relaxed);
    gauges.refused = shared_.refused.load(std::memory_order_relaxed);
    gauges.worker_queue = static_cast<std::int64_t>(shared_.workers.waiting());
    gauges.worker_rejected = shared_.worker_rejected.load(std::memory_order_relaxed);
    gauges.subscribers = shared_.subscribers.load(std::memory_order_relaxed);
    gauges.dropped = shared_.dropped.load(std::memory_order_relaxed);
    return render_metrics(shared_.routes, tallies, gauges);
  }

 private:
  void accept() {
    Loop& loop = *loops_[next_++ % loops_.size()];
    acceptor_->async_accept(loop.io, [this, &loop](error_code ec, tcp::socket socket) {
      if (!acceptor_->is_open()) return;
      if (ec) {
        if (ec == asio::error::operation_aborted) return;
        if (ec == asio::error::connection_aborted) return accept();
        // Out of descriptors or memory: nothing gets better by trying again at once.
        spdlog::warn("http: cannot accept: {}", ec.message());
        pause_->expires_after(std::chrono::milliseconds(100));
        pause_->async_wait([this](error_code failed) {
          if (!failed && acceptor_->is_open()) accept();
        });
        return;
      }
      admit(loop, std::move(socket));
      accept();
    });
  }

  void admit(Loop& loop, tcp::socket socket) {
    const auto limit = static_cast<std::int64_t>(shared_.options.connections_max);
    const std::int64_t refusing = shared_.refusing.load(std::memory_order_relaxed);
    if (shared_.connections.load(std::memory_order_relaxed) - refusing < limit) {
      asio::post(loop.io, [&loop, s = std::move(socket)]() mutable { start_connection(loop, std::move(s)); });
      return;
    }
    shared_.refused.fetch_add(1, std::memory_order_relaxed);
    if (refusing >= refusals_at_once) return;  // closes the socket
    shared_.refusing.fetch_add(1, std::memory_order_relaxed);
    asio::post(loop.io, [this, &loop, s = std::move(socket)]() mutable {
      const std::string id = loop.fresh_request_id();
      Request unread;
      unread.id = id;
      Response response = transport_problem(503, "Too many connections are open.", unread);
      HeadContext context;
      context.request_id = id;
      context.date = loop.date();
      context.server = shared_.options.server_name;
      context.keep_alive = false;
      std::string bytes = response_head(response, context);
      bytes += response.body;
      start_farewell(loop, std::move(s), std::move(bytes), true);
    });
  }

  Shared shared_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> pause_;
  std::size_t next_ = 0;
  std::uint16_t port_ = 0;
  bool started_ = false;

  std::mutex stop_mutex_;
  bool stopped_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t finished_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(Options options, std::vector<Route> routes, const Clock& clock) {
  if (options.io_threads < 1 || options.io_threads > 64) return fail(Code::invalid, "1 to 64 io threads", "io_threads");
  if (options.worker_threads < 1 || options.worker_threads > 256)
    return fail(Code::invalid, "1 to 256 worker threads", "worker_threads");
  if (options.header_limit < 1024 || options.header_limit > (std::size_t{1} << 20))
    return fail(Code::invalid, "a header limit of 1 KiB to 1 MiB", "header_limit");
  const Duration shortest = std::min({options.header_timeout, options.body_timeout, options.idle_timeout,
                                      options.write_timeout, options.heartbeat});
  if (shortest <= Duration{0}) return fail(Code::invalid, "time limits above zero", "header_timeout");
  ANLAN_TRY(Router router, Router::build(routes));
  auto server = std::make_unique<AsioServer>(std::move(options), std::move(routes), std::move(router), clock);
  ANLAN_CHECK(server->open());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace anlan::http
