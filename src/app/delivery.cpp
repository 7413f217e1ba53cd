#include "app/delivery.h"

#include <memory>

#include "app/incoming.h"

namespace anlan::app {

void Deliveries::unit(Step step, Done done) {
  auto outcome = std::make_shared<AlertOutcome>();
  platform_.write(
      [this, outcome, step = std::move(step)](Txn& txn, const World&) mutable -> Result<Value> {
        auto result = step(txn, *outcome);
        // Said here too, because the next unit of the batch may run before `done` does.
        if (!result) alerts_.undone();
        return result;
      },
      [this, outcome, done = std::move(done)](Result<Value> result) mutable {
        if (result) alerts_.publish(*outcome);
        else alerts_.undone();
        done(std::move(result));
      });
}

void Deliveries::deliver(const Principal& principal, std::vector<correlation::AlertReport> reports, Done done) {
  const Instant now = platform_.now();
  const std::int64_t absorbed = alerts_.absorb(reports, now);
  if (reports.empty()) return done(AlertOutcome{}.to_value().with("absorbed", absorbed));
  unit(
      [this, actor = principal.actor(), reports = std::move(reports), now, absorbed](
          Txn& txn, AlertOutcome& outcome) -> Result<Value> {
        ANLAN_TRY(outcome, alerts_.ingest(txn, reports, now, ticket_hooks(platform_, txn, actor)));
        return outcome.to_value().with("absorbed", absorbed);
      },
      std::move(done));
}

void Deliveries::expire(const std::string& group, Done done) {
  unit(
      [this, group](Txn& txn, AlertOutcome& outcome) -> Result<Value> {
        const engine::Actor platform{"platform", true, true};
        ANLAN_TRY(outcome, alerts_.expire_group(txn, group, platform_.now(), ticket_hooks(platform_, txn, platform)));
        return outcome.to_value();
      },
      std::move(done));
}

Status Deliveries::flush() {
  // One unit of bounded size after the other, so that deliveries get their turn between them.
  for (int round = 0; round < 64 && !alerts_.liveness().pending(1).empty(); ++round) {
    auto outcome = std::make_shared<AlertOutcome>();
    auto result = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
      ANLAN_TRY(*outcome, alerts_.flush(txn, platform_.now()));
      return Value();
    });
    if (!result) {
      alerts_.undone();
      return std::unexpected(result.error());
    }
    alerts_.publish(*outcome);
    if (outcome->learned.empty()) break;
  }
  return {};
}

void Deliveries::replay(const Principal& principal, Alerts::ReplayFilter filter, bool dry_run, Done done) {
  auto to_value = [](const Alerts::Replay& replay) {
    return Value(Map{{"differences", Value(List(replay.differences.begin(), replay.differences.end()))},
                     {"looked_at", replay.looked_at},
                     {"more", replay.more},
                     {"applied", replay.outcome.to_value()}});
  };
  if (dry_run) {
    Value answer;
    auto status = platform_.read([&](Reader& reader, const World&) -> Status {
      ANLAN_TRY(correlation::Policy policy, Alerts::load_policy(reader, alerts_.rules(), nullptr));
      ANLAN_TRY(Alerts::Replay replay, Alerts::preview(reader, filter, policy, platform_.now()));
      answer = to_value(replay).with("applied", Value());
      return {};
    });
    if (!status) return done(std::unexpected(status.error()));
    return done(std::move(answer));
  }
  unit(
      [this, actor = principal.actor(), filter = std::move(filter), to_value](Txn& txn,
                                                                            AlertOutcome& outcome) -> Result<Value> {
        ANLAN_TRY(Alerts::Replay replay,
                  alerts_.replay(txn, filter, true, platform_.now(), ticket_hooks(platform_, txn, actor)));
        outcome = replay.outcome;
        return to_value(replay);
      },
      std::move(done));
}

}  // namespace anlan::app
