// One thread that finds what is due and lets the use cases act: clocks and decisions of tickets, groups of alerts, and
// the chores of the house. Everything due stands in the store, so a restart loses nothing; what fell due while the
// program was away is acted on at the first step.
//
// Rule on jumps of the clock: when wall time and monotonic time have drifted apart by more than 5 s within a minute (or
// wall time stands before the last event of the log at start), nothing fires, an event "clock.jumped" is written and
// condition() says so. Once wall time has run evenly for 60 s, an event "clock.resumed" is written and firing resumes:
// what is due by the wall clock then fires. A machine that was suspended counts as a jump, because monotonic time
// stood.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/delivery.h"
#include "app/platform.h"

namespace anlan::scheduler {

// Something of the house that is done every so often. An error is logged by `failed` and tried again in its turn.
struct Chore {
  std::string name;
  Duration every;
  std::function<Status()> run;
  Duration next{};  // monotonic; the first turn is at the first step
};

struct Options {
  Duration jump = seconds(5);
  Duration calm = seconds(60);
  int batch = 500;                      // due timers looked at in one step
  Duration retry_first = seconds(1);    // a subject that failed, or fired just now, waits so long; then twice as long
  Duration retry_most = minutes(5);
  std::function<void(const std::string& what, const Error&)> failed = [](const std::string&, const Error&) {};
};

class Scheduler {
 public:
  Scheduler(app::Platform&, app::Deliveries&, std::vector<Chore>, Options);
  ~Scheduler();  // stop()
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void start();
  // Ends after the step under way. Idempotent.
  void stop();
  // Something was committed: there may be an earlier timer now. Thread-safe and cheap.
  void wake();

  // One step: watches the clock, fires what is due and does the chores whose turn it is; waits for the units it
  // started. For the thread, and for tests instead of it.
  void tick();
  // How long nothing will be due, at most a second; that bound is also how soon a jump is seen. For the thread.
  Duration idle_for();

  // {halted, since, fired, failed, waiting}; thread-safe.
  Value condition() const;

 private:
  struct Backoff {
    Duration until{}, step{};
  };
  void run();
  bool watch_clock();  // whether firing is allowed
  void halt(Instant wall, Duration mono, Duration by);
  void write_event(const char* kind, Map body);
  void fire();
  void do_chores();
  bool rests(const std::string& subject, Duration mono);
  void settle(const std::string& subject, const Result<Value>&);

  app::Platform& platform_;
  app::Deliveries& deliveries_;
  std::vector<Chore> chores_;
  const Options options_;

  // Of the thread that steps.
  bool started_ = false;
  Instant base_wall_{};
  Duration base_mono_{};
  std::optional<Duration> calm_since_;  // set while halted
  std::map<std::string, Backoff> backoff_;

  std::atomic<std::int64_t> halted_since_{0};  // wall, ms; 0: not halted
  std::atomic<std::int64_t> fired_{0}, failed_{0}, waiting_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace anlan::scheduler
