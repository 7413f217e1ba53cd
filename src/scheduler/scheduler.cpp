#include "scheduler/scheduler.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "app/plans.h"
#include "app/tickets.h"

namespace anlan::scheduler {
namespace {

// Steps after commits keep this distance, so that a busy writer is not followed by one step for each batch.
constexpr std::chrono::milliseconds spacing{100};
constexpr std::chrono::milliseconds longest_wait{1000};

Duration magnitude(Duration d) { return d.ms < 0 ? -d : d; }

}  // namespace

Scheduler::Scheduler(app::Platform& platform, app::Deliveries& deliveries, std::vector<Chore> chores, Options options)
    : platform_(platform), deliveries_(deliveries), chores_(std::move(chores)), options_(std::move(options)) {}

Scheduler::~Scheduler() { stop(); }

void Scheduler::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void Scheduler::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Scheduler::wake() {
  {
    std::lock_guard lock(mutex_);
    if (woken_) return;
    woken_ = true;
  }
  wake_.notify_all();
}

void Scheduler::run() {
  for (;;) {
    tick();
    const auto wait = std::clamp(std::chrono::milliseconds(idle_for().ms), spacing, longest_wait);
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, spacing, [&] { return stopping_; })) return;
    if (wait > spacing) wake_.wait_for(lock, wait - spacing, [&] { return woken_ || stopping_; });
    if (stopping_) return;
    woken_ = false;
  }
}

Duration Scheduler::idle_for() {
  const Duration mono = platform_.clock().monotonic();
  Duration idle{longest_wait.count()};
  for (const Chore& chore : chores_) idle = std::min(idle, chore.next - mono);
  if (calm_since_) return std::max(idle, Duration{});
  auto status = platform_.store().read([&](app::Reader& reader) -> Status {
    ANLAN_TRY(std::optional<Instant> next, reader.next_timer());
    if (next) idle = std::min(idle, *next - platform_.now());
    return {};
  });
  if (!status) options_.failed("next timer", status.error());
  // What rests after a failure is due all the time and must not keep the thread awake: the spacing of steps bounds it.
  return std::max(idle, Duration{});
}

void Scheduler::tick() {
  if (watch_clock()) fire();
  do_chores();
}

// ---- the clock -----------------------------------------------------------------------------------------------

bool Scheduler::watch_clock() {
  const Instant wall = platform_.now();
  const Duration mono = platform_.clock().monotonic();
  if (!started_) {
    started_ = true;
    base_wall_ = wall;
    base_mono_ = mono;
    std::optional<Instant> last;
    auto status = platform_.store().read([&](app::Reader& reader) -> Status {
      ANLAN_TRY(app::Position position, reader.last_position());
      if (position == 0) return {};
      ANLAN_TRY(std::vector<app::Event> events, reader.events_after(position - 1, 1));
      if (!events.empty()) last = events.front().at;
      return {};
    });
    if (!status) options_.failed("last event", status.error());
    if (last && *last - wall > options_.jump) halt(wall, mono, wall - *last);
    return !calm_since_;
  }
  const Duration drift = (wall - base_wall_) - (mono - base_mono_);
  if (magnitude(drift) > options_.jump) {
    halt(wall, mono, drift);
    return false;
  }
  // The base moves on, so that the slow corrections of a time service never add up to a jump.
  if (mono - base_mono_ >= options_.calm) {
    base_wall_ = wall;
    base_mono_ = mono;
  }
  if (!calm_since_) return true;
  if (mono - *calm_since_ < options_.calm) return false;
  calm_since_.reset();
  const Instant since{halted_since_.exchange(0)};
  write_event("clock.resumed", Map{{"halted_at", since}, {"wall", wall}});
  return true;
}

void Scheduler::halt(Instant wall, Duration mono, Duration by) {
  const bool already = calm_since_.has_value();
  calm_since_ = mono;
  base_wall_ = wall;
  base_mono_ = mono;
  if (!already) halted_since_ = wall.ms;
  write_event("clock.jumped", Map{{"by", by}, {"wall", wall}});
  options_.failed("clock", Error{Code::unavailable,
                                 "the wall clock jumped; nothing fires until it has run evenly for a "
                                 "minute",
                                 {},
                                 {}});
}

void Scheduler::write_event(const char* kind, Map body) {
  auto written = platform_.store().write([&](app::Txn& txn) -> Result<Value> {
    ANLAN_TRY([[maybe_unused]] app::Position position,
              txn.append({0, "platform", kind, platform_.now(), "platform", Value(std::move(body))}));
    return Value();
  });
  if (!written) options_.failed(kind, written.error());
}

// ---- firing --------------------------------------------------------------------------------------------------

bool Scheduler::rests(const std::string& subject, Duration mono) {
  auto it = backoff_.find(subject);
  return it != backoff_.end() && mono < it->second.until;
}

void Scheduler::settle(const std::string& subject, const Result<Value>& result) {
  const Duration mono = platform_.clock().monotonic();
  Backoff& rest = backoff_[subject];
  if (result) {
    ++fired_;
    // A timer that stays due although it fired would otherwise spin.
    rest = {mono + options_.retry_first, Duration{}};
    return;
  }
  ++failed_;
  rest.step = rest.step.ms == 0 ? options_.retry_first : std::min(rest.step * 2, options_.retry_most);
  rest.until = mono + rest.step;
  options_.failed(subject, result.error());
}

void Scheduler::fire() {
  const Duration mono = platform_.clock().monotonic();
  // A failure is remembered beyond its rest, so that the next rest is longer.
  std::erase_if(backoff_, [&](const auto& entry) {
    const Backoff& rest = entry.second;
    return mono >= (rest.step.ms == 0 ? rest.until : rest.until + options_.retry_most);
  });
  std::vector<app::TimerRow> due;
  // Those that rest stand first in the order of due times and may not hide the others.
  const int limit = options_.batch + static_cast<int>(backoff_.size()) * 8;
  auto status = platform_.store().read([&](app::Reader& reader) -> Status {
    ANLAN_TRY(due, reader.due_timers(platform_.now(), limit));
    return {};
  });
  if (!status) {
    options_.failed("due timers", status.error());
    return;
  }
  waiting_ = static_cast<std::int64_t>(due.size());

  struct Latch {
    std::mutex mutex;
    std::condition_variable done;
    std::size_t open = 0;
    std::vector<std::pair<std::string, Result<Value>>> results;
  };
  auto latch = std::make_shared<Latch>();
  std::set<std::string> subjects;
  for (const app::TimerRow& timer : due) {
    if (!subjects.insert(timer.subject).second || rests(timer.subject, mono)) continue;
    {
      std::lock_guard lock(latch->mutex);
      ++latch->open;
    }
    auto done = [latch, subject = timer.subject](Result<Value> result) {
      std::lock_guard lock(latch->mutex);
      latch->results.emplace_back(subject, std::move(result));
      --latch->open;
      latch->done.notify_all();
    };
    if (timer.subject.starts_with("ticket:")) {
      platform_.write(
          [this, number = timer.subject.substr(7)](app::Txn& txn, const app::World&) -> Result<Value> {
            ANLAN_CHECK(app::fire_due(platform_, txn, number));
            return Value();
          },
          std::move(done));
    } else if (timer.subject.starts_with("plan:")) {
      platform_.write(
          [this, plan = timer.subject.substr(5)](app::Txn& txn, const app::World&) -> Result<Value> {
            ANLAN_CHECK(app::review_plan(platform_, txn, plan));
            return Value();
          },
          std::move(done));
    } else if (timer.subject.starts_with("group:")) {
      deliveries_.expire(timer.subject.substr(6), std::move(done));
    } else {
      // Nobody answers for such a subject any more (its kind left with a definition).
      platform_.write(
          [timer](app::Txn& txn, const app::World&) -> Result<Value> {
            ANLAN_CHECK(txn.drop_timer(timer.subject, timer.name));
            return Value();
          },
          std::move(done));
    }
  }
  std::unique_lock lock(latch->mutex);
  latch->done.wait(lock, [&] { return latch->open == 0; });
  for (const auto& [subject, result] : latch->results) settle(subject, result);
}

void Scheduler::do_chores() {
  for (Chore& chore : chores_) {
    const Duration mono = platform_.clock().monotonic();
    if (mono < chore.next) continue;
    chore.next = mono + chore.every;
    if (auto status = chore.run(); !status) options_.failed(chore.name, status.error());
  }
}

Value Scheduler::condition() const {
  const std::int64_t since = halted_since_.load();
  return Value(Map{{"halted", since != 0},
                   {"since", since == 0 ? Value() : Value(Instant{since})},
                   {"fired", fired_.load()},
                   {"failed", failed_.load()},
                   {"waiting", waiting_.load()}});
}

}  // namespace anlan::scheduler
