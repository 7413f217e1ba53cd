#include "http/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace anlan::http {
namespace {

// A client may send any token as method; a label must not grow with what clients invent.
std::string_view known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 7> known{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  const auto it = std::find(known.begin(), known.end(), method);
  return it == known.end() ? std::string_view("other") : *it;
}

std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void Tally::count(std::size_t route, std::string_view method, int status, Duration took) {
  const std::size_t bucket = static_cast<std::size_t>(
      std::lower_bound(latency_bounds.begin(), latency_bounds.end(), took.ms) - latency_bounds.begin());
  const std::lock_guard lock(mutex_);
  Row& row = rows_[route < rows_.size() - 1 ? route : rows_.size() - 1];
  ++row.requests[{std::string(known_method(method)), status}];
  ++row.buckets[bucket];
  row.sum_ms += took.ms;
}

std::string render_metrics(const std::vector<Route>& routes, const std::vector<const Tally*>& tallies,
                           const Gauges& gauges) {
  // Two routes may share a pattern (GET and POST): their rows become one series.
  std::map<std::string, Tally::Row> rows;
  for (const Tally* tally : tallies) {
    const std::lock_guard lock(tally->mutex_);
    for (std::size_t i = 0; i < tally->rows_.size(); ++i) {
      const Tally::Row& from = tally->rows_[i];
      if (from.requests.empty()) continue;
      Tally::Row& to = rows[label(i < routes.size() ? routes[i].pattern : "none")];
      for (const auto& [key, count] : from.requests) to.requests[key] += count;
      for (std::size_t b = 0; b < from.buckets.size(); ++b) to.buckets[b] += from.buckets[b];
      to.sum_ms += from.sum_ms;
    }
  }
  std::string out;
  auto to = std::back_inserter(out);
  out += "# HELP anlan_http_requests_total Requests answered, by route pattern, method and status.\n"
         "# TYPE anlan_http_requests_total counter\n";
  for (const auto& [route, row] : rows)
    for (const auto& [key, count] : row.requests)
      fmt::format_to(to, "anlan_http_requests_total{{route=\"{}\",method=\"{}\",status=\"{}\"}} {}\n", route, key.first,
                     key.second, count);
  out += "# HELP anlan_http_request_seconds From the last byte of a request to the first of its answer.\n"
         "# TYPE anlan_http_request_seconds histogram\n";
  for (const auto& [route, row] : rows) {
    std::uint64_t total = 0;
    for (std::size_t b = 0; b < latency_bounds.size(); ++b) {
      total += row.buckets[b];
      fmt::format_to(to, "anlan_http_request_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", route,
                     static_cast<double>(latency_bounds[b]) / 1000, total);
    }
    total += row.buckets.back();
    fmt::format_to(to, "anlan_http_request_seconds_bucket{{route=\"{}\",le=\"+Inf\"}} {}\n", route, total);
    fmt::format_to(to, "anlan_http_request_seconds_sum{{route=\"{}\"}} {}\n", route,
                   static_cast<double>(row.sum_ms) / 1000);
    fmt::format_to(to, "anlan_http_request_seconds_count{{route=\"{}\"}} {}\n", route, total);
  }
  const auto single = [&](std::string_view name, std::string_view type, std::string_view help, std::int64_t value) {
    fmt::format_to(to, "# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, type, help, value);
  };
  single("anlan_http_connections", "gauge", "Open connections, streams included.", gauges.connections);
  single("anlan_http_connections_refused_total", "counter", "Connections turned away at the limit.", gauges.refused);
  single("anlan_http_worker_queue", "gauge", "Requests waiting for a worker thread.", gauges.worker_queue);
  single("anlan_http_worker_rejected_total", "counter", "Requests turned away because the worker queue was full.",
         gauges.worker_rejected);
  single("anlan_http_sse_subscribers", "gauge", "Clients on a stream of events.", gauges.subscribers);
  single("anlan_http_sse_dropped_total", "counter", "Stream clients dropped because they were too slow.",
         gauges.dropped);
  return out;
}

}  // namespace anlan::http
