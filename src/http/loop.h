// One thread of connections: its event loop, its open peers with their time limits, and the mailbox through which other
// threads reach it. Internal to the transport.
#pragma once
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "http/metrics.h"
#include "http/router.h"
#include "http/transport.h"
#include "http/workers.h"

namespace anlan::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// The machine's monotonic clock.
Duration monotonic_now();

// Work for a loop from other threads. It outlives the loop, so that a Respond may come after the server is gone.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  using Item = std::move_only_function<void()>;
  explicit Mailbox(asio::io_context& io) : io_(&io) {}
  // Runs the item on the loop's thread; destroys it unrun when the loop is closed. Thread-safe.
  void post(Item item);
  // Nothing reaches the loop after this. What waits is destroyed.
  void close();
  bool on_loop_thread() const { return std::this_thread::get_id() == thread_.load(std::memory_order_relaxed); }
  void set_thread(std::thread::id id) { thread_.store(id, std::memory_order_relaxed); }

 private:
  void drain();
  std::mutex mutex_;
  asio::io_context* io_;
  std::vector<Item> items_;
  std::atomic<std::thread::id> thread_{};
};

class Loop;

// Something that owns a socket on a loop. All members are called on the loop's thread.
class Peer {
 public:
  explicit Peer(Loop&);
  virtual ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  // Called several times within the shortest time limit.
  virtual void tick(Duration now) = 0;
  // The server stops: go when idle, soon otherwise.
  virtual void drain() = 0;
  // Go at once.
  virtual void abort() = 0;

 protected:
  Loop& loop_;

 private:
  friend class Loop;
  Peer* previous_ = nullptr;
  Peer* next_ = nullptr;
};

// What the loops share.
struct Shared {
  Options options;
  std::vector<Route> routes;
  Router router;
  const Clock& clock;
  Workers workers;
  std::atomic<std::int64_t> connections{0}, refused{0}, worker_rejected{0}, subscribers{0}, dropped{0}, refusing{0};
  Shared(Options o, std::vector<Route> r, Router router_, const Clock& c)
      : options(std::move(o)),
        routes(std::move(r)),
        router(std::move(router_)),
        clock(c),
        workers(options.worker_threads, options.worker_queue_max) {}
};

class Loop {
 public:
  explicit Loop(Shared&);
  void start();
  // On the loop's thread.
  void drain_peers();
  void abort_peers();
  bool stopping() const { return stopping_; }
  const std::string& date();       // of the Date header; made anew each second
  std::string fresh_request_id();  // 32 hexadecimal digits

  Shared& shared;
  asio::io_context io{1};
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>(io);
  Tally tally;
  std::thread thread;
  std::function<void()> finished;  // called on the loop's thread when it ends

 private:
  friend class Peer;
  void schedule_sweep();
  void sweep();

  asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
  asio::steady_timer timer_{io};
  Duration tick_;
  Peer* first_ = nullptr;
  bool stopping_ = false;
  std::int64_t date_second_ = -1;
  std::string date_;
  std::mt19937_64 random_;
};

// Takes a freshly accepted socket of the loop's io_context. On the loop's thread.
void start_connection(Loop&, tcp::socket);
// Writes `bytes`, ends the sending side, and reads and forgets for a short while before it closes: a socket closed with
// unread input is reset, and the client would lose the answer.
void start_farewell(Loop&, tcp::socket, std::string bytes, bool counts_as_refusal);

// The half of a stream that other threads hold.
class Channel;
std::shared_ptr<Channel> make_channel(Loop&);
std::shared_ptr<Subscriber> make_subscriber(const std::shared_ptr<Channel>&);
void close_channel(const std::shared_ptr<Channel>&);
// From here on the channel's events go to the socket, after `head`.
void start_stream(Loop&, tcp::socket, std::shared_ptr<Channel>, std::string head);

}  // namespace anlan::http
