// What /metrics says about the transport. One Tally per connection thread, so that counting never waits for another.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/transport.h"

namespace anlan::http {

// Upper bounds of the latency histogram, in milliseconds.
inline constexpr std::array<std::int64_t, 11> latency_bounds{5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000};

class Tally {
 public:
  explicit Tally(std::size_t routes) : rows_(routes + 1) {}
  static constexpr std::size_t no_route = static_cast<std::size_t>(-1);
  // Thread-safe. Times come in whole milliseconds; as starts and ends are both rounded down, their errors cancel in
  // the sum over many requests.
  void count(std::size_t route, std::string_view method, int status, Duration took);

 private:
  friend std::string render_metrics(const std::vector<Route>&, const std::vector<const Tally*>&, const struct Gauges&);
  struct Row {
    std::map<std::pair<std::string, int>, std::uint64_t> requests;
    std::array<std::uint64_t, latency_bounds.size() + 1> buckets{};
    std::int64_t sum_ms = 0;
  };
  mutable std::mutex mutex_;
  std::vector<Row> rows_;  // the last one: requests that met no route
};

struct Gauges {
  std::int64_t connections = 0, refused = 0, worker_queue = 0, worker_rejected = 0, subscribers = 0, dropped = 0;
};

std::string render_metrics(const std::vector<Route>&, const std::vector<const Tally*>&, const Gauges&);

}  // namespace anlan::http
