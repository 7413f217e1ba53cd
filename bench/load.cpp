// A load generator over HTTP/1.1 keep-alive:
//   bench_load PORT CONNECTIONS REQUESTS METHOD FILE [HEADER: VALUE ...]
// FILE holds one request per line, "TARGET" or "TARGET<tab>BODY"; lines are taken in turn, {n} in a line stands for a
// running number. Prints one line of JSON: requests per second, p50, p99 and worst latency in ms, answers by status.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

struct Plan {
  std::vector<std::string> lines;
  std::string method, headers, port;
  std::int64_t total = 0, sent = 0, done = 0, run = 0;
  std::vector<double> ms;
  std::map<int, std::int64_t> statuses;

  std::string next() {
    std::string line = lines[static_cast<std::size_t>(sent) % lines.size()];
    ++sent;
    // A number that no earlier run used, so that nothing meets a unique key twice.
    for (auto at = line.find("{n}"); at != std::string::npos; at = line.find("{n}")) line.replace(at, 3, fmt::format("{}-{}", run, sent));
    auto tab = line.find('\t');
    std::string target = line.substr(0, tab), body = tab == std::string::npos ? "" : line.substr(tab + 1);
    std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}", method, target, port, headers);
    if (!body.empty()) request += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
    return request + "\r\n" + body;
  }
};

class Client : public std::enable_shared_from_this<Client> {
 public:
  Client(asio::io_context& io, Plan& plan) : socket_(io), plan_(plan) {}
  void start(const tcp::endpoint& to) {
    socket_.connect(to);
    socket_.set_option(tcp::no_delay(true));
    write();
  }

 private:
  void write() {
    if (plan_.sent >= plan_.total) return;
    request_ = plan_.next();
    began_ = anlan::system_clock().monotonic();
    started_ = std::chrono::steady_clock::now();
    asio::async_write(socket_, asio::buffer(request_), [self = shared_from_this()](auto error, std::size_t) {
      if (!error) self->read();
    });
  }
  void read() {
    asio::async_read_until(socket_, buffer_, "\r\n\r\n", [self = shared_from_this()](auto error, std::size_t head) {
      if (error) return;
      std::string text(asio::buffers_begin(self->buffer_.data()), asio::buffers_begin(self->buffer_.data()) + static_cast<std::ptrdiff_t>(head));
      self->buffer_.consume(head);
      self->status_ = std::atoi(text.c_str() + 9);
      std::string lower = text;
      std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      auto at = lower.find("content-length:");
      std::size_t length = at == std::string::npos ? 0 : std::strtoull(lower.c_str() + at + 15, nullptr, 10);
      std::size_t missing = length > self->buffer_.size() ? length - self->buffer_.size() : 0;
      asio::async_read(self->socket_, self->buffer_, asio::transfer_exactly(missing), [self, length](auto failed, std::size_t) {
        if (failed) return;
        self->buffer_.consume(length);
        self->finish();
      });
    });
  }
  void finish() {
    plan_.ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started_).count());
    ++plan_.statuses[status_];
    ++plan_.done;
    write();
  }

  tcp::socket socket_;
  asio::streambuf buffer_;
  Plan& plan_;
  std::string request_;
  int status_ = 0;
  anlan::Duration began_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::cerr << "bench_load PORT CONNECTIONS REQUESTS METHOD FILE [HEADER ...]\n";
    return 2;
  }
  Plan plan;
  int connections = std::atoi(argv[2]);
  plan.total = std::atoll(argv[3]);
  plan.method = argv[4];
  plan.port = argv[1];
  plan.run = anlan::system_clock().wall().ms;
  std::ifstream file(argv[5]);
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) plan.lines.push_back(line);
  for (int i = 6; i < argc; ++i) plan.headers += std::string(argv[i]) + "\r\n";
  if (plan.lines.empty()) {
    std::cerr << "no requests in " << argv[5] << "\n";
    return 2;
  }
  asio::io_context io(1);
  tcp::endpoint to(asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::atoi(argv[1])));
  auto began = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<Client>> clients;
  for (int i = 0; i < connections; ++i) clients.push_back(std::make_shared<Client>(io, plan));
  for (auto& client : clients) client->start(to);
  io.run();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::sort(plan.ms.begin(), plan.ms.end());
  auto at = [&](double q) { return plan.ms.empty() ? 0.0 : plan.ms[static_cast<std::size_t>(q * static_cast<double>(plan.ms.size() - 1))]; };
  std::string statuses;
  for (auto [status, n] : plan.statuses) statuses += fmt::format("{}\"{}\": {}", statuses.empty() ? "" : ", ", status, n);
  std::cout << fmt::format("{{\"requests\": {}, \"rps\": {:.0f}, \"p50_ms\": {:.3f}, \"p99_ms\": {:.3f}, \"max_ms\": {:.3f}, \"statuses\": {{{}}}}}\n",
                           plan.done, static_cast<double>(plan.done) / seconds, at(0.5), at(0.99), at(1.0), statuses);
  return plan.done == plan.total ? 0 : 1;
}
