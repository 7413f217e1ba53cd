#include "app/platform.h"

#include <algorithm>

#include "domain/identity/separation.h"

namespace anlan::app {
namespace {

std::optional<Instant> instant_or_none(const Value& v) {
  return v.is(Value::Kind::instant) ? std::optional(v.as_instant()) : std::nullopt;
}
Text name_text(const Value& v) {
  if (v.is(Value::Kind::map)) return {v["zh"].as_string(), v["en"].as_string()};
  return {v.as_string(), v.as_string()};
}

// The registers that make the directory. Their shape is fixed by definitions/records/organisation.yaml.
identity::Directory build_directory(const Master& master, const engine::Definitions& definitions) {
  identity::Parts parts;
  parts.posts = definitions.posts;
  parts.incompatibilities = definitions.incompatibilities;
  auto each = [&](const char* reg, auto f) {
    auto it = master.registers.find(reg);
    if (it == master.registers.end()) return;
    for (const auto& [id, fields] : it->second->by_id) f(id, fields);
  };
  each("unit", [&](const std::string& id, const Value& f) {
    parts.units.push_back({id, name_text(f["name"]), f["parent"].as_string(), f["head"].as_string(), f["deputy"].as_string(),
                           f["entity"].as_string(), f["province"].as_string()});
  });
  each("board", [&](const std::string& id, const Value& f) {
    parts.boards.push_back({id, name_text(f["name"]), f["manager"].as_string(), f["unit"].as_string()});
  });
  each("person", [&](const std::string& id, const Value& f) {
    parts.people.push_back({id, f["login"].as_string(), name_text(f["name"]), f["internal"].as_bool(), f["unit"].as_string(),
                            f["enabled"].as_bool(), f["email"].as_string()});
  });
  each("grant", [&](const std::string& id, const Value& f) {
    identity::Grant g;
    g.id = id;
    g.person = f["person"].as_string();
    g.post = f["post"].as_string();
    g.board = f["board"].as_string();
    g.unit = f["unit"].as_string();
    g.line = static_cast<int>(f["line"].as_int());
    if (auto from = instant_or_none(f["from"])) g.from = *from;
    g.until = instant_or_none(f["until"]);
    g.through = f["through"].as_string();
    g.exception = f["exception"].as_string();
    parts.grants.push_back(std::move(g));
  });
  each("rota", [&](const std::string&, const Value& f) {
    parts.rota.push_back({f["board"].as_string(), static_cast<int>(f["line"].as_int()), f["person"].as_string(),
                          f["start"].as_instant(), f["end"].as_instant()});
  });
  each("delegation", [&](const std::string& id, const Value& f) {
    parts.delegations.push_back({id, f["person"].as_string(), f["to"].as_string(), f["post"].as_string(), f["board"].as_string(),
                                 f["start"].as_instant(), f["end"].as_instant()});
  });
  each("post_exception", [&](const std::string& id, const Value& f) {
    const List& posts = f["posts"].as_list();
    for (std::size_t i = 0; i < posts.size(); ++i)
      for (std::size_t j = i + 1; j < posts.size(); ++j)
        parts.exceptions.push_back({id, f["person"].as_string(), posts[i].as_string(), posts[j].as_string(),
                                    f["approved_by"].as_string(), f["until"].as_instant()});
  });
  return identity::Directory(std::move(parts));
}

const std::set<std::string> directory_registers{"unit", "board", "person", "grant", "rota", "delegation", "post_exception"};

}  // namespace

const Value* Master::find(const std::string& reg, const std::string& id) const {
  auto r = registers.find(reg);
  if (r == registers.end()) return nullptr;
  auto it = r->second->by_id.find(id);
  return it == r->second->by_id.end() ? nullptr : &it->second;
}

Result<std::shared_ptr<const Master>> MasterCache::at(Reader& reader) {
  ANLAN_TRY(std::int64_t generation, reader.records_generation());
  std::lock_guard lock(mutex_);
  if (last_ && last_->generation == generation) return last_;
  ANLAN_TRY(std::optional<Value> stamps, reader.setting("platform", "register_generations"));
  auto next = std::make_shared<Master>();
  next->generation = generation;
  if (stamps)
    for (const auto& [reg, g] : stamps->as_map()) next->register_generations.emplace(reg, g.as_int());
  bool directory_changed = !last_, parameters_changed = !last_;
  for (const auto& [reg, def] : definitions_.records) {
    auto stamp = [&](const Master& m) {
      auto it = m.register_generations.find(reg);
      return it == m.register_generations.end() ? std::int64_t{0} : it->second;
    };
    if (last_ && last_->registers.contains(reg) && stamp(*last_) == stamp(*next)) {
      next->registers.emplace(reg, last_->registers.at(reg));
      continue;
    }
    ANLAN_TRY(std::vector<RecordRow> rows, reader.records(reg));
    auto loaded = std::make_shared<Register>();
    for (RecordRow& row : rows) {
      Map fields = row.fields.as_map();
      fields.insert_or_assign("id", row.id);
      fields.insert_or_assign("state", row.state);
      loaded->by_id.emplace(row.id, Value(std::move(fields)));
    }
    next->registers.emplace(reg, std::move(loaded));
    directory_changed |= directory_registers.contains(reg);
    parameters_changed |= reg == "parameter";
  }
  next->directory = directory_changed ? build_directory(*next, definitions_) : last_->directory;
  if (parameters_changed) {
    Map parameters;
    for (const auto& [key, def] : definitions_.parameters) {
      const Value* set = next->find("parameter", key);
      if (set && !(*set)["value"].is_null()) parameters.emplace(key, (*set)["value"]);
      else if (def.initial) parameters.emplace(key, *def.initial);
    }
    next->parameters = Value(std::move(parameters));
  } else {
    next->parameters = last_->parameters;
  }
  last_ = std::move(next);
  return last_;
}

void MasterCache::forget() {
  std::lock_guard lock(mutex_);
  last_.reset();
}

const calendar::WorkCalendar* World::calendar(const std::string& key) const {
  auto it = definitions_.calendars.find(key);
  return it == definitions_.calendars.end() ? nullptr : &it->second;
}

Value World::record(const std::string& reg, const std::string& id) const {
  if (const Value* found = master_->find(reg, id)) return *found;
  return {};
}

std::vector<Value> World::records(const std::string& reg) const {
  std::vector<Value> out;
  auto it = master_->registers.find(reg);
  if (it != master_->registers.end())
    for (const auto& [id, fields] : it->second->by_id) out.push_back(fields);
  return out;
}

std::vector<engine::Linked> World::links(const std::string& number) const {
  std::vector<engine::Linked> out;
  std::string me = "ticket:" + number;
  auto rows = reader_.links_of(me);
  if (!rows) return out;
  for (const LinkRow& row : *rows) {
    engine::Linked linked;
    linked.key = row.key;
    linked.outgoing = row.from == me;
    const std::string& other = linked.outgoing ? row.to : row.from;
    if (other.starts_with("ticket:")) {
      auto ticket = reader_.ticket(other.substr(7));
      if (!ticket || !*ticket) continue;
      const TicketRow& t = **ticket;
      linked.number = t.number;
      linked.process = t.process;
      linked.state = t.state;
      linked.open = t.open;
      linked.fields = t.body["fields"];
      if (const auto* process = definitions_.process(t.process, t.shape))
        if (const auto* state = process->state(t.state)) linked.outcome = state->final;
    } else {
      linked.number = other;
      auto slash = other.find('/');
      if (other.starts_with("record:") && slash != std::string::npos) {
        Value fields = record(other.substr(7, slash - 7), other.substr(slash + 1));
        linked.process = "record:" + other.substr(7, slash - 7);
        linked.state = fields["state"].as_string();
        linked.fields = fields;
      }
    }
    out.push_back(std::move(linked));
  }
  return out;
}

std::int64_t World::open_tickets(const std::string& process, const std::string& field, const std::string& value) const {
  TicketQuery query;
  query.process = {process};
  query.open = true;
  query.indexed = {{field, value}};
  Scope all;
  all.all = true;
  auto counts = reader_.count_open("process", query, all);
  if (!counts) return 0;
  std::int64_t n = 0;
  for (const auto& [key, count] : *counts) n += count;
  return n;
}

Value World::obligation(const std::string& plan, const std::string& member) const {
  auto stored = reader_.setting(plan_realm(plan), member);
  if (!stored || !*stored) return {};
  return **stored;
}

Platform::Platform(Store& store, std::shared_ptr<const engine::Definitions> definitions, const Clock& clock)
    : store_(store), definitions_(std::move(definitions)), clock_(clock), writer_cache_(*definitions_), reader_cache_(*definitions_) {}

void Platform::write(WorldWork work, Done done) {
  store_.write(
      [this, work = std::move(work)](Txn& txn) mutable -> Result<Value> {
        ANLAN_TRY(std::shared_ptr<const Master> master, writer_cache_.at(txn));
        World world(*definitions_, txn, master);
        auto result = work(txn, world);
        // What a refused unit wrote is rolled back: a cache that saw it must not outlive it.
        if (!result) writer_cache_.forget();
        return result;
      },
      [this, done = std::move(done)](Result<Value> result) mutable {
        // A batch that failed as a whole rolled back units that had succeeded.
        if (!result && (result.error().code == Code::no_space || result.error().code == Code::unavailable)) writer_cache_.forget();
        done(std::move(result));
      });
}

Result<Value> Platform::write(WorldWork work) {
  auto result = store_.write([this, &work](Txn& txn) -> Result<Value> {
    ANLAN_TRY(std::shared_ptr<const Master> master, writer_cache_.at(txn));
    World world(*definitions_, txn, master);
    auto inner = work(txn, world);
    if (!inner) writer_cache_.forget();
    return inner;
  });
  if (!result && (result.error().code == Code::no_space || result.error().code == Code::unavailable)) writer_cache_.forget();
  return result;
}

Status Platform::read(const std::function<Status(Reader&, const World&)>& read) {
  return store_.read([&](Reader& reader) -> Status {
    ANLAN_TRY(std::shared_ptr<const Master> master, reader_cache_.at(reader));
    World world(*definitions_, reader, master);
    return read(reader, world);
  });
}

Result<World> Platform::world(Txn& txn) {
  ANLAN_TRY(std::shared_ptr<const Master> master, writer_cache_.at(txn));
  return World(*definitions_, txn, master);
}

Status Platform::attempt(Txn& txn, const std::function<Status()>& part) {
  ANLAN_TRY(std::int64_t before, txn.records_generation());
  bool wrote_records = false;
  Status status = txn.attempt([&]() -> Status {
    Status inner = part();
    ANLAN_TRY(std::int64_t after, txn.records_generation());
    wrote_records = after != before;
    return inner;
  });
  // Records that the part wrote are gone again: the cache must not remember them.
  if (!status && wrote_records) writer_cache_.forget();
  return status;
}

Scope Platform::scope(const Principal& principal, const World& world) const {
  Scope scope;
  if (!principal.machine.empty()) {
    scope.all = principal.scopes.contains("tickets.read");
    return scope;
  }
  const auto& directory = world.directory();
  scope.person = principal.person;
  auto permissions = directory.permissions_of(principal.person, now());
  if (permissions.contains("tickets.read.all")) scope.all = true;
  if (permissions.contains("tickets.read.sensitive")) scope.sensitivity_max = 9;
  auto add = [](std::vector<std::string>& list, const std::string& one) {
    if (!one.empty() && std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
  };
  for (const auto& grant : directory.posts_of(principal.person, now())) add(scope.boards, grant.board);
  for (const auto& board : directory.parts().boards)
    if (board.manager == principal.person) add(scope.boards, board.id);
  // Whoever leads a unit reads what concerns it and the units below it.
  for (const auto& unit : directory.parts().units)
    for (const auto* above : directory.chain_of(unit.id))
      if (above->head == principal.person || above->deputy == principal.person) add(scope.units, unit.id);
  return scope;
}

Status Platform::insider(const Principal& principal, const World& world) const {
  if (principal.machine.empty() && world.directory().is_internal(principal.person)) return {};
  return permitted(principal, world, "records.read");
}

Status Platform::permitted(const Principal& principal, const World& world, const std::string& permission) const {
  if (!principal.machine.empty()) {
    if (principal.scopes.contains(permission)) return {};
    return fail(Code::forbidden, "the token does not carry '" + permission + "'");
  }
  auto grant = identity::may_perform(world.directory(), principal.person, permission, {}, now(), {});
  if (!grant) return std::unexpected(grant.error());
  return {};
}

}  // namespace anlan::app
