// What an expression sees of one ticket (or record) at one moment, built lazily, used by one thread and thrown away.
#pragma once
#include <array>

#include "domain/engine/engine.h"

namespace anlan::engine {

class TicketFacts final : public expr::Facts {
 public:
  TicketFacts(const Definitions& definitions, const World& world, const ProcessDef* process, const Ticket* ticket,
              const Actor& actor, Instant now, std::string_view comment = {})
      : definitions_(definitions), world_(world), process_(process), ticket_(ticket), actor_(actor), now_(now), comment_(comment) {}

  const Value& root(std::size_t slot) const override;

  // The ticket changed under us: forget what was derived from it.
  void refresh() const {
    for (Root r : {Root::ticket, Root::decisions}) known_[static_cast<std::size_t>(r)] = false;
    lanes_.clear();
  }
  // Only a decision changed: fields, and the rows that stopwatches read, stand as they are.
  void refresh_decisions() const { known_[static_cast<std::size_t>(Root::decisions)] = false; }
  void set_now(Instant now) {
    now_ = now;
    known_[static_cast<std::size_t>(Root::now)] = false;
  }
  void set(Root root, Value value) {
    values_[static_cast<std::size_t>(root)] = std::move(value);
    known_[static_cast<std::size_t>(root)] = true;
  }

  const Definitions& definitions() const { return definitions_; }
  const World& world() const { return world_; }
  const ProcessDef* process() const { return process_; }
  const Ticket* ticket() const { return ticket_; }
  Instant now() const { return now_; }
  const std::vector<Linked>& links() const;
  // United spans per key of a stopwatch, with the calendar each key counts in.
  struct Lane {
    std::string key;
    std::vector<calendar::Span> spans;
    const calendar::WorkCalendar* calendar = nullptr;  // null: elapsed
  };
  const std::vector<Lane>& lanes(const std::string& stopwatch) const;

 private:
  const Definitions& definitions_;
  const World& world_;
  const ProcessDef* process_;
  const Ticket* ticket_;
  const Actor& actor_;
  Instant now_;
  std::string_view comment_;
  mutable std::array<Value, 10> values_;
  mutable std::array<bool, 10> known_{};
  mutable std::optional<std::vector<Linked>> links_;
  mutable std::map<std::string, std::vector<Lane>> lanes_;
};

// What the expressions of a record see. Slots: record, before, actor, now, params, value.
enum class RecordRoot : std::size_t { record, before, actor, now, params, value };
class RecordFacts final : public expr::Facts {
 public:
  RecordFacts(const Definitions& definitions, const World& world, Value record, Value before, const Actor& actor, Instant now);
  const Value& root(std::size_t slot) const override { return slot < values_.size() ? values_[slot] : none_; }
  void set(RecordRoot root, Value value) { values_[static_cast<std::size_t>(root)] = std::move(value); }
  const Definitions& definitions() const { return definitions_; }
  const World& world() const { return world_; }
  Instant now() const { return values_[static_cast<std::size_t>(RecordRoot::now)].as_instant(); }

 private:
  const Definitions& definitions_;
  const World& world_;
  std::array<Value, 6> values_;
  Value none_;
};

// The posts of a person as a list of words.
Value posts_value(const identity::Directory&, const std::string& person, Instant now);

}  // namespace anlan::engine
