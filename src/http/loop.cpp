#include "http/loop.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

#include "http/wire.h"

namespace anlan::http {

Duration monotonic_now() { return system_clock().monotonic(); }

void Mailbox::post(Item item) {
  const std::lock_guard lock(mutex_);
  if (!io_) return;  // the item, a parameter, is destroyed after the lock is released
  items_.push_back(std::move(item));
  if (items_.size() == 1) asio::post(*io_, [self = shared_from_this()] { self->drain(); });
}

void Mailbox::drain() {
  std::vector<Item> items;
  {
    const std::lock_guard lock(mutex_);
    items.swap(items_);
  }
  for (Item& item : items) item();
}

void Mailbox::close() {
  std::vector<Item> items;
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
  thread_.store({}, std::memory_order_relaxed);  // thread ids are used again
  items.swap(items_);
}

Peer::Peer(Loop& loop) : loop_(loop), next_(loop.first_) {
  if (next_) next_->previous_ = this;
  loop.first_ = this;
  loop.shared.connections.fetch_add(1, std::memory_order_relaxed);
}

Peer::~Peer() {
  if (next_) next_->previous_ = previous_;
  (previous_ ? previous_->next_ : loop_.first_) = next_;
  loop_.shared.connections.fetch_sub(1, std::memory_order_relaxed);
  if (loop_.stopping_ && !loop_.first_) loop_.timer_.cancel();
}

Loop::Loop(Shared& s) : shared(s), tally(s.routes.size()) {
  const Options& o = shared.options;
  const Duration shortest =
      std::min({o.header_timeout, o.body_timeout, o.idle_timeout, o.write_timeout, o.heartbeat});
  tick_ = Duration{std::clamp<std::int64_t>(shortest.ms / 5, 5, 1000)};
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device()};
  random_.seed(seed);
}

void Loop::start() {
  schedule_sweep();
  thread = std::thread([this] {
    mailbox->set_thread(std::this_thread::get_id());
    for (;;) {
      try {
        io.run();
        break;
      } catch (const std::exception& e) {
        // Memory ran out in a completion handler. Its connection is gone; the others go on.
        spdlog::error("http: a connection failed: {}", e.what());
      }
    }
    if (finished) finished();
  });
}

void Loop::schedule_sweep() {
  timer_.expires_after(std::chrono::milliseconds(tick_.ms));
  timer_.async_wait([this](const error_code&) { sweep(); });
}

void Loop::sweep() {
  const Duration now = monotonic_now();
  for (Peer* peer = first_; peer;) {
    Peer* const next = peer->next_;
    peer->tick(now);
    peer = next;
  }
  // While a peer waits for a handler nothing else keeps the loop running.
  if (!stopping_ || first_) schedule_sweep();
}

void Loop::drain_peers() {
  stopping_ = true;
  work_.reset();
  for (Peer* peer = first_; peer;) {
    Peer* const next = peer->next_;
    peer->drain();
    peer = next;
  }
  timer_.cancel();
}

void Loop::abort_peers() {
  for (Peer* peer = first_; peer;) {
    Peer* const next = peer->next_;
    peer->abort();
    peer = next;
  }
}

const std::string& Loop::date() {
  const Instant now = shared.clock.wall();
  const std::int64_t second = now.ms / 1000;
  if (second != date_second_) {
    date_second_ = second;
    date_ = http_date(now);
  }
  return date_;
}

std::string Loop::fresh_request_id() {
  const std::uint64_t high = random_(), low = random_();
  return fmt::format("{:016x}{:016x}", high, low);
}

namespace {

class Farewell final : public Peer, public std::enable_shared_from_this<Farewell> {
 public:
  Farewell(Loop& loop, tcp::socket socket, std::string bytes, bool refusal)
      : Peer(loop), socket_(std::move(socket)), bytes_(std::move(bytes)), refusal_(refusal) {
    deadline_ = monotonic_now() + std::min(seconds(2), loop.shared.options.write_timeout);
  }
  ~Farewell() override {
    if (refusal_) loop_.shared.refusing.fetch_sub(1, std::memory_order_relaxed);
  }

  void start() {
    asio::async_write(socket_, asio::buffer(bytes_), [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec) return self->abort();
      error_code ignored;
      self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
      self->read();
    });
  }

  void tick(Duration now) override {
    if (now > deadline_) abort();
  }
  void drain() override { deadline_ = std::min(deadline_, monotonic_now() + milliseconds(200)); }
  void abort() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  void read() {
    socket_.async_read_some(asio::buffer(waste_), [self = shared_from_this()](error_code ec, std::size_t n) {
      self->wasted_ += n;
      if (ec || self->wasted_ > (std::size_t{4} << 20)) return self->abort();
      self->read();
    });
  }

  tcp::socket socket_;
  std::string bytes_;
  bool refusal_;
  Duration deadline_;
  std::size_t wasted_ = 0;
  std::array<char, 4096> waste_;
};

}  // namespace

void start_farewell(Loop& loop, tcp::socket socket, std::string bytes, bool counts_as_refusal) {
  std::make_shared<Farewell>(loop, std::move(socket), std::move(bytes), counts_as_refusal)->start();
}

}  // namespace anlan::http
