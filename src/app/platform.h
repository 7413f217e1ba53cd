// The platform as the use cases see it: the store, the definitions, the clock, and the master data that decisions read.
#pragma once
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "app/store.h"
#include "domain/engine/engine.h"
#include "domain/identity/identity.h"

namespace anlan::app {

inline constexpr const char* may_manage_people = "people.manage";

// Who asks. Made from a session or a token; `person` empty for machines.
struct Principal {
  std::string person;            // id in register person
  std::string machine;           // name of a machine account ("demo-alerts"); empty for people
  std::set<std::string> scopes;  // of a token: what it may do; empty for sessions (then posts decide)
  std::string id() const { return machine.empty() ? person : "machine:" + machine; }
  engine::Actor actor() const { return {id(), false, !machine.empty()}; }
};

// Register contents at one generation, immutable and shared: what World and the directory are made of.
struct Register {
  std::map<std::string, Value> by_id;  // fields plus "id" and "state"
};
struct Master {
  std::int64_t generation = -1;
  std::map<std::string, std::int64_t> register_generations;
  std::map<std::string, std::shared_ptr<const Register>> registers;
  identity::Directory directory;
  Value parameters;              // key -> value of every parameter that is set
  const Value* find(const std::string& reg, const std::string& id) const;  // null: none
};

// Builds Master from a reader and keeps the last one. Thread-safe.
class MasterCache {
 public:
  explicit MasterCache(const engine::Definitions& definitions) : definitions_(definitions) {}
  Result<std::shared_ptr<const Master>> at(Reader&);
  void forget();                 // after a unit that wrote records failed

 private:
  const engine::Definitions& definitions_;
  std::mutex mutex_;
  std::shared_ptr<const Master> last_;
};

// The realm of settings in which a plan keeps its members: id -> {since?, past: [{at, ticket}], told?: {due, marks},
// opened?}; `opened` is the last occurrence for which a recurrence has opened a ticket.
inline std::string plan_realm(const std::string& plan) { return "plan:" + plan; }

class World final : public engine::World {
 public:
  World(const engine::Definitions& definitions, Reader& reader, std::shared_ptr<const Master> master)
      : definitions_(definitions), reader_(reader), master_(std::move(master)) {}
  const identity::Directory& directory() const override { return master_->directory; }
  const Value& parameters() const override { return master_->parameters; }
  const calendar::WorkCalendar* calendar(const std::string& key) const override;
  Value record(const std::string& reg, const std::string& id) const override;
  std::vector<Value> records(const std::string& reg) const override;
  std::vector<engine::Linked> links(const std::string& number) const override;
  std::int64_t open_tickets(const std::string& process, const std::string& field, const std::string& value) const override;
  Value obligation(const std::string& plan, const std::string& member) const override;
  const Master& master() const { return *master_; }

 private:
  const engine::Definitions& definitions_;
  Reader& reader_;
  std::shared_ptr<const Master> master_;
};

class Platform {
 public:
  Platform(Store& store, std::shared_ptr<const engine::Definitions> definitions, const Clock& clock);

  Store& store() { return store_; }
  const engine::Definitions& definitions() const { return *definitions_; }
  Instant now() const { return clock_.wall(); }
  const Clock& clock() const { return clock_; }

  // A unit of work with its world. `work` runs on the writer.
  using WorldWork = std::move_only_function<Result<Value>(Txn&, const World&)>;
  void write(WorldWork work, Done done);
  Result<Value> write(WorldWork work);
  // A read with its world, on the calling thread.
  Status read(const std::function<Status(Reader&, const World&)>& read);
  // The world as this unit sees it now, e.g. after it wrote records itself.
  Result<World> world(Txn&);

  // A part of a unit that may be refused by itself: then nothing of it is written and the unit may go on.
  Status attempt(Txn&, const std::function<Status()>& part);

  // What the principal may read in lists, search, feed and export.
  Scope scope(const Principal&, const World&) const;
  // Whether any of the principal's posts carries the permission (a machine: its token's scopes). Code::forbidden otherwise.
  Status permitted(const Principal&, const World&, const std::string& permission) const;
  // Whether the person is of the house (or may read registers): registers, people, alerts and figures are for those.
  Status insider(const Principal&, const World&) const;

 private:
  Store& store_;
  std::shared_ptr<const engine::Definitions> definitions_;
  const Clock& clock_;
  MasterCache writer_cache_, reader_cache_;
};

}  // namespace anlan::app
