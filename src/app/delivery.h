// The path of an alert as one unit of work: what deliveries, due groups and replays share. Memory learns what a unit
// did only once it is durable, and forgets what it read when the unit was undone.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "app/alerts.h"
#include "app/platform.h"

namespace anlan::app {

// Thread-safe.
class Deliveries {
 public:
  Deliveries(Platform& platform, Alerts& alerts) : platform_(platform), alerts_(alerts) {}

  // {absorbed, opened, joined, suppressed, unmapped, resolved, repeated, tickets}. Plain repeats are answered at once
  // from memory; anything else is durable before `done`.
  void deliver(const Principal&, std::vector<correlation::AlertReport>, Done);
  // One group's timer.
  void expire(const std::string& group, Done);
  // Stores repeats that memory counts. Waits.
  Status flush();
  // {differences, looked_at, more, applied}: what current rules and mapping say of stored alerts. A dry run decides on
  // a snapshot and writes nothing.
  void replay(const Principal&, Alerts::ReplayFilter, bool dry_run, Done);

  Alerts& alerts() { return alerts_; }

 private:
  using Step = std::move_only_function<Result<Value>(Txn&, AlertOutcome&)>;
  void unit(Step, Done);

  Platform& platform_;
  Alerts& alerts_;
};

}  // namespace anlan::app
