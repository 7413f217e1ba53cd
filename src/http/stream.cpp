// Server-sent events: a stream is a socket with a queue. Written with plain callbacks, because an idle client then
// costs its socket and two strings and no coroutine frame.
#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>

#include "http/loop.h"
#include "http/wire.h"

namespace anlan::http {

class Stream;

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  explicit Channel(Loop& loop)
      : mailbox_(loop.mailbox),
        events_max_(loop.shared.options.stream_queue_events),
        bytes_max_(loop.shared.options.stream_queue_bytes) {}

  bool send(std::string_view id, std::string_view event, std::string_view data) {
    bool wake = false, taken = false;
    {
      const std::lock_guard lock(mutex_);
      if (!open_) return false;
      const std::size_t before = pending_.size();
      if (events_ < events_max_) {
        append_event(pending_, id, event, data);
        taken = pending_.size() <= bytes_max_;
      }
      if (taken) {
        ++events_;
      } else {
        pending_.resize(before);
        open_ = false;
        too_slow_ = true;
      }
      wake = !woken_ || !taken;
      woken_ = true;
    }
    if (wake) wake_stream();
    return taken;
  }

  bool open() const {
    const std::lock_guard lock(mutex_);
    return open_;
  }

  // No more events will come.
  void finish() {
    {
      const std::lock_guard lock(mutex_);
      if (!open_) return;
      open_ = false;
    }
    wake_stream();
  }

  // On the loop's thread. What is queued moves to `out`.
  struct Taken {
    bool open, too_slow;
  };
  Taken take(std::string& out) {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    events_ = 0;
    out.clear();
    out.swap(pending_);
    return {open_, too_slow_};
  }

  void shut() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    pending_ = {};
  }

  Stream* stream = nullptr;  // of the loop's thread alone

 private:
  void wake_stream();

  const std::shared_ptr<Mailbox> mailbox_;
  const std::size_t events_max_, bytes_max_;
  mutable std::mutex mutex_;
  std::string pending_;
  std::size_t events_ = 0;
  bool open_ = true, too_slow_ = false;
  bool woken_ = false;  // a wake-up is on its way to the stream
};

class Stream final : public Peer, public std::enable_shared_from_this<Stream> {
 public:
  Stream(Loop& loop, tcp::socket socket, std::shared_ptr<Channel> channel, std::string head)
      : Peer(loop), socket_(std::move(socket)), channel_(std::move(channel)), out_(std::move(head)) {
    channel_->stream = this;
    loop.shared.subscribers.fetch_add(1, std::memory_order_relaxed);
  }
  ~Stream() override {
    channel_->stream = nullptr;
    channel_->shut();
    loop_.shared.subscribers.fetch_sub(1, std::memory_order_relaxed);
  }

  void start() {
    error_code ignored;
    // The kernel's buffer counts against a slow client too; left alone it grows to megabytes a client.
    socket_.set_option(asio::socket_base::send_buffer_size(64 * 1024), ignored);
    socket_.non_blocking(true, ignored);
    write();
    watch();
  }

  // Something is in the channel, or it is finished.
  void pump() {
    if (writing_ || !socket_.is_open()) return;
    const Channel::Taken taken = channel_->take(out_);
    if (taken.too_slow) return drop();
    ending_ = !taken.open;
    if (!out_.empty()) return write();
    if (ending_) abort();
  }

  // The channel overflowed while a write is under way.
  void check() {
    if (!writing_) return pump();
    if (!channel_->open()) {
      std::string rest;
      if (channel_->take(rest).too_slow) return drop();
      out_next_ += rest;  // an earlier call may have taken the last words already
      ending_ = true;
    }
  }

  void tick(Duration now) override {
    if (!socket_.is_open()) return;
    if (writing_) {
      if (now > deadline_) drop();
    } else if (now - last_write_ >= loop_.shared.options.heartbeat) {
      out_ = ":\n\n";
      write();
    }
  }
  void drain() override { abort(); }
  void abort() override {
    channel_->shut();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  void drop() {
    loop_.shared.dropped.fetch_add(1, std::memory_order_relaxed);
    abort();
  }

  void write() {
    writing_ = true;
    deadline_ = monotonic_now() + loop_.shared.options.write_timeout;
    asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this()](error_code ec, std::size_t) {
      self->writing_ = false;
      if (ec) return self->abort();
      self->last_write_ = monotonic_now();
      if (self->out_.capacity() > 1024) self->out_ = {};
      if (!self->out_next_.empty()) {
        self->out_ = std::exchange(self->out_next_, {});
        return self->write();
      }
      if (self->ending_) return self->abort();
      self->pump();
    });
  }

  // A browser sends nothing on a stream: what is readable is its farewell, or noise.
  void watch() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code ec) {
      if (ec) return;
      std::array<char, 512> waste;
      const std::size_t n = self->socket_.read_some(asio::buffer(waste), ec);
      self->noise_ += n;
      if ((ec && ec != asio::error::would_block) || self->noise_ > 64 * 1024) return self->abort();
      self->watch();
    });
  }

  tcp::socket socket_;
  const std::shared_ptr<Channel> channel_;
  std::string out_, out_next_;
  bool writing_ = false, ending_ = false;
  Duration deadline_{}, last_write_{};
  std::size_t noise_ = 0;
};

void Channel::wake_stream() {
  mailbox_->post([self = shared_from_this()] {
    // Without a stream yet, start_stream takes what is queued.
    if (self->stream) self->stream->check();
  });
}

namespace {

class Handle final : public Subscriber {
 public:
  explicit Handle(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  ~Handle() override { channel_->finish(); }
  bool send(std::string_view id, std::string_view event, std::string_view data) override {
    return channel_->send(id, event, data);
  }
  bool open() const override { return channel_->open(); }

 private:
  const std::shared_ptr<Channel> channel_;
};

}  // namespace

std::shared_ptr<Channel> make_channel(Loop& loop) { return std::make_shared<Channel>(loop); }
std::shared_ptr<Subscriber> make_subscriber(const std::shared_ptr<Channel>& channel) {
  return std::make_shared<Handle>(channel);
}
void close_channel(const std::shared_ptr<Channel>& channel) { channel->shut(); }

void start_stream(Loop& loop, tcp::socket socket, std::shared_ptr<Channel> channel, std::string head) {
  std::make_shared<Stream>(loop, std::move(socket), std::move(channel), std::move(head))->start();
}

}  // namespace anlan::http
