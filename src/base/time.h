// Instants and durations, in whole milliseconds, and the one interface through which time is read.
#pragma once
#include <compare>
#include <cstdint>
#include <limits>

namespace anlan {

// A length of elapsed time. Negative values are lawful (time overdue).
struct Duration {
  std::int64_t ms = 0;
  auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration o) const { return {ms + o.ms}; }
  constexpr Duration operator-(Duration o) const { return {ms - o.ms}; }
  constexpr Duration operator-() const { return {-ms}; }
  constexpr Duration operator*(std::int64_t n) const { return {ms * n}; }
};

constexpr Duration milliseconds(std::int64_t n) { return {n}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1000}; }
constexpr Duration minutes(std::int64_t n) { return {n * 60'000}; }
constexpr Duration hours(std::int64_t n) { return {n * 3'600'000}; }
constexpr Duration days(std::int64_t n) { return {n * 86'400'000}; }

// A point on the UTC time line: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
// Zones exist only in calendars and in display.
struct Instant {
  std::int64_t ms = 0;
  auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration d) const { return {ms + d.ms}; }
  constexpr Instant operator-(Duration d) const { return {ms - d.ms}; }
  constexpr Duration operator-(Instant o) const { return {ms - o.ms}; }
};

constexpr Instant far_future{std::numeric_limits<std::int64_t>::max() / 4};
constexpr Instant far_past{std::numeric_limits<std::int64_t>::min() / 4};

// The only door to the machine's time. `wall` may jump (NTP, an operator); `monotonic` never does.
// A simulated clock serves rehearsals and tests.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant wall() const = 0;
  virtual Duration monotonic() const = 0;  // since an arbitrary start
};

// The machine's clock. Thread-safe. The one place in the house that reads it.
const Clock& system_clock();

// A clock that stands until it is told to move. Not thread-safe.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(Instant start) : now_(start) {}
  Instant wall() const override { return now_; }
  Duration monotonic() const override { return now_ - Instant{0}; }
  void set(Instant t) { now_ = t; }
  void advance(Duration d) { now_ = now_ + d; }

 private:
  Instant now_;
};

}  // namespace anlan
