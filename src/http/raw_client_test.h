// For tests: a socket that says exactly what it is told, and reads answers.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/decode.h"
#include "http/transport.h"

namespace anlan::http {

struct Answer {
  int status = 0;  // 0: the connection ended or stayed silent
  std::map<std::string, std::string> headers;
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  bool connected() const { return connected_; }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void get(std::string_view target) { send("GET " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n\r\n"); }

  // Reads once; false at the end of the connection or when nothing comes in time.
  bool receive(int timeout_ms = 5000) {
    pollfd entry{fd_, POLLIN, 0};
    if (::poll(&entry, 1, timeout_ms) <= 0) return false;
    char space[16384];
    const ssize_t n = ::recv(fd_, space, sizeof space, 0);
    if (n <= 0) {
      ended_ = true;
      return false;
    }
    in_.append(space, static_cast<std::size_t>(n));
    return true;
  }

  // One answer. `bodiless`: the request was HEAD.
  Answer answer(bool bodiless = false, int timeout_ms = 5000) {
    Answer out;
    std::size_t end;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos)
      if (!receive(timeout_ms)) return out;
    std::size_t at = in_.find("\r\n");
    out.status = std::atoi(in_.c_str() + 9);
    while (at < end) {
      const std::size_t next = in_.find("\r\n", at + 2);
      const std::string line = in_.substr(at + 2, next - at - 2);
      if (const std::size_t colon = line.find(": "); colon != std::string::npos)
        out.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
      at = next;
    }
    in_.erase(0, end + 4);
    if (bodiless || out.status < 200) return out;
    const auto length = static_cast<std::size_t>(std::atoll(out.headers["content-length"].c_str()));
    while (in_.size() < length)
      if (!receive(timeout_ms)) return out;
    out.body = in_.substr(0, length);
    in_.erase(0, length);
    return out;
  }

  // Reads until the text is there; false when the connection ends or is silent before.
  bool until(std::string_view text, int timeout_ms = 5000) {
    while (in_.find(text) == std::string::npos)
      if (!receive(timeout_ms)) return false;
    return true;
  }

  // True when the server closes within the time; what it still says is kept.
  bool closed(int timeout_ms = 5000) {
    while (!ended_)
      if (!receive(timeout_ms)) break;
    return ended_;
  }

  std::string& input() { return in_; }

 private:
  int fd_;
  bool connected_ = false, ended_ = false;
  std::string in_;
};

// Waits until the condition holds; false after five seconds.
template <class F>
bool eventually(F&& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    ::usleep(5000);
  }
  return condition();
}

inline Route handled(std::string method, std::string pattern,
                     std::function<void(std::shared_ptr<const Request>, Respond)> handle,
                     Route::Run run = Route::Run::worker) {
  Route route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.run = run;
  route.handle = std::move(handle);
  return route;
}

inline Response text(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

inline Options test_options() {
  Options options;
  options.port = 0;
  options.worker_threads = 2;
  return options;
}

}  // namespace anlan::http
