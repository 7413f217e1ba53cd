#include "app/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "app/describe.h"
#include "app/plans.h"
#include "app/tickets.h"
#include "domain/correlation/rules.h"
#include "domain/engine/facts.h"
#include "domain/identity/separation.h"

namespace anlan::app {
namespace {

using engine::RecordDef;

// Parameters are records of one register whose value is typed by its own declaration.
constexpr const char* parameter_register = "parameter";

Result<Value> check_parameter(const Platform& platform, const World& world, const engine::Actor& actor, const std::string& key, const Value& fields) {
  auto it = platform.definitions().parameters.find(key);
  if (it == platform.definitions().parameters.end()) return fail(Code::not_found, fmt::format("there is no parameter '{}'", key), "id");
  const engine::ParameterDef& def = it->second;
  engine::FieldDef value;
  value.key = "value";
  value.type = def.type;
  engine::FieldDef reason;
  reason.key = "reason";
  reason.type.kind = engine::FieldType::Kind::text;
  engine::FieldDef approved;
  approved.key = "approved_by";
  approved.type.kind = engine::FieldType::Kind::person;
  ANLAN_TRY(Value decoded, engine::decode_fields(fields, {value, reason, approved}, "fields", calendar::Zone::shanghai()));
  const Value& v = decoded["value"];
  auto refusal = [&](std::string code, Text text) {
    return refuse({{def.basis.clause, std::move(code), std::move(text), "value", def.basis.req.empty() ? "" : def.basis.req.front(), ""}});
  };
  if (!v.is_null() && def.min && v < *def.min)
    return refusal("below_bound", {fmt::format("{}不得小于{}", def.title.zh, describe(*def.min)), fmt::format("{} may not be below {}", def.title.en, describe(*def.min))});
  if (!v.is_null() && def.max && *def.max < v)
    return refusal("above_bound", {fmt::format("{}不得大于{}", def.title.zh, describe(*def.max)), fmt::format("{} may not be above {}", def.title.en, describe(*def.max))});
  if (!def.approval_post.empty() && !actor.platform) {
    const auto& by = decoded["approved_by"].as_string();
    bool approved_by_post = !by.empty() && by != actor.id && world.directory().holds(by, def.approval_post, {}, platform.now());
    if (!approved_by_post)
      return refusal("approval_missing",
                     {fmt::format("修改{}须经{}批准并登记批准人", def.title.zh, world.directory().title_of_post(def.approval_post).zh),
                      fmt::format("changing {} needs the recorded approval of {}", def.title.en, world.directory().title_of_post(def.approval_post).en)});
  }
  return decoded;
}

std::string text_form(const Value& v) { return describe(v); }

// What a field points to must stand already, or come with the same import (`coming`: register/id).
using Coming = std::set<std::string, std::less<>>;
Status points_somewhere(const Platform& platform, Txn& txn, const engine::FieldDef& field, const engine::FieldType& type, const Value& v,
                        const Coming* coming, std::vector<Refusal>& refusals) {
  using Kind = engine::FieldType::Kind;
  if (v.is_null()) return {};
  if (type.kind == Kind::list) {
    for (const Value& one : v.as_list()) ANLAN_CHECK(points_somewhere(platform, txn, field, *type.element, one, coming, refusals));
    return {};
  }
  const std::string reg = type.kind == Kind::ref      ? type.reg
                          : type.kind == Kind::person ? "person"
                          : type.kind == Kind::board  ? "board"
                          : type.kind == Kind::unit   ? "unit"
                                                      : "";
  if (reg.empty() || !v.is(Value::Kind::string)) return {};
  if (coming && coming->contains(reg + "/" + v.as_string())) return {};
  ANLAN_TRY(std::optional<RecordRow> there, txn.record(reg, v.as_string()));
  if (there) return {};
  auto def = platform.definitions().records.find(reg);
  const Text title = def == platform.definitions().records.end() ? Text{reg, reg} : def->second.title;
  refusals.push_back({field.basis.clause, "points_nowhere",
                      {fmt::format("“{}”不在登记簿“{}”里，请先登记，或改选已有的", v.as_string(), title.zh),
                       fmt::format("'{}' is not in the register {}; register it first or choose one that is", v.as_string(), title.en)},
                      field.key, field.basis.req.empty() ? "" : field.basis.req.front(), ""});
  return {};
}

// A text that names what is no record: a misspelt calendar would count around the clock, a misspelt match never match.
void well_formed(const World& world, const engine::FieldDef& field, const Value& v, std::vector<Refusal>& refusals) {
  using Form = engine::FieldDef::Form;
  if (field.form == Form::any || v.is_null()) return;
  if (v.is(Value::Kind::list)) {
    for (const Value& one : v.as_list()) well_formed(world, field, one, refusals);
    return;
  }
  const std::string& text = v.as_string();
  Text wrong;
  if (field.form == Form::calendar && !world.calendar(text)) {
    wrong = {fmt::format("没有日历“{}”，请选已有的日历", text), fmt::format("there is no calendar '{}'; choose one that is", text)};
  } else if (field.form == Form::post && !world.directory().post(text)) {
    wrong = {fmt::format("没有岗位“{}”，请选已有的岗位", text), fmt::format("there is no post '{}'; choose one that is", text)};
  } else if (field.form == Form::match) {
    auto match = correlation::parse_match(text);
    if (!match || match->labels.empty()) wrong = {fmt::format("匹配条件“{}”读不懂，请写成 标签=值，多个以逗号分开", text), match ? "a match names at least one label, as in job=core" : match.error().message};
  }
  if (!wrong.empty())
    refusals.push_back({field.basis.clause, "not_known", std::move(wrong), field.key, field.basis.req.empty() ? "" : field.basis.req.front(), ""});
}

// Somebody must always be able to manage people, or nobody could ever be let in again.
Status somebody_manages_people(Platform& platform, Txn& txn, const engine::Actor& actor, const RecordWrite& write, const Value& before, const Value& after) {
  if (actor.machine) return {};
  const bool shuts = write.reg == "person" && before["enabled"].as_bool() && !after["enabled"].as_bool();
  const bool ends = write.reg == "grant" && !before.is_null() && after["until"].is(Value::Kind::instant) && after["until"].as_instant() <= platform.now();
  if (!shuts && !ends) return {};
  if (shuts && write.id == actor.id)
    return refuse({{"", "disables_oneself", {"不能停用自己的账户，请由另一位管理员办理", "nobody disables his own account; another administrator does"}, "enabled", "", ""}});
  ANLAN_TRY(World world, platform.world(txn));
  for (const auto& person : world.directory().parts().people)
    if (person.enabled && world.directory().permissions_of(person.id, platform.now()).contains(may_manage_people)) return {};
  return refuse({{"", "last_administrator", {"这样就没有人能管理人员了，请先把管理员岗位授予另一人", "nobody could manage people any more; grant the post to another person first"},
                  shuts ? "enabled" : "until", "", ""}});
}

// `seen`: the world to judge by, where the caller knows that nothing in it matters that was written since. `noted`: takes
// what is refused, and the record is written all the same, for a unit that will be undone: so what rests on the record is
// judged too, and all that is wrong is said at once.
Result<Value> put(Platform& platform, Txn& txn, const engine::Actor& actor, const RecordWrite& write, const World* seen = nullptr,
                  std::vector<Refusal>* noted = nullptr, const Coming* coming = nullptr) {
  auto found = platform.definitions().records.find(write.reg);
  if (found == platform.definitions().records.end()) return fail(Code::not_found, fmt::format("there is no register '{}'", write.reg), "register");
  const RecordDef& def = found->second;
  if (write.id.empty() || write.id.size() > 200 || write.id.find('/') != std::string::npos || write.id.find('\0') != std::string::npos)
    return fail(Code::invalid, "id must be 1 to 200 bytes without '/'", "id");
  std::optional<World> fresh;
  if (!seen) {
    ANLAN_TRY(World now, platform.world(txn));
    seen = &fresh.emplace(std::move(now));
  }
  const World& world = *seen;
  ANLAN_TRY(std::optional<RecordRow> stored, txn.record(write.reg, write.id));
  if (write.version && stored && *write.version != stored->version)
    return fail(Code::conflict, fmt::format("record {}/{} has version {} now", write.reg, write.id, stored->version), "version");

  Value given;
  if (write.reg == parameter_register) {
    ANLAN_TRY(given, check_parameter(platform, world, actor, write.id, write.fields));
  } else {
    ANLAN_TRY(given, engine::decode_fields(write.fields, def.fields, "fields", calendar::Zone::shanghai()));
  }
  Value before = stored ? stored->fields : Value(Map{});
  Value after = before;
  for (const auto& [key, v] : given.as_map()) after = after.with(key, v);
  std::string state = !write.state.empty() ? write.state : stored ? stored->state : def.states.empty() ? "active" : def.states.front();
  if (!def.states.empty() && std::find(def.states.begin(), def.states.end(), state) == def.states.end())
    return fail(Code::invalid, fmt::format("state must be one of {}", fmt::join(def.states, ", ")), "state");

  if (write.only_changes && stored && state == stored->state &&
      std::all_of(given.as_map().begin(), given.as_map().end(), [&](const auto& one) { return before[one.first] == one.second; }))
    return Value(Map{{"register", write.reg}, {"id", write.id}, {"version", stored->version}, {"state", state}, {"fields", before}, {"unchanged", true}});

  engine::RecordFacts facts(platform.definitions(), world, after.with("id", write.id).with("state", state),
                            stored ? before.with("id", write.id).with("state", stored->state) : Value(), actor, platform.now());
  std::vector<Refusal> refusals;
  for (const auto& field : def.fields) {
    const Value& v = after[field.key];
    if (v.is_null()) {
      bool needed = field.required || std::find(field.required_in.begin(), field.required_in.end(), state) != field.required_in.end();
      if (needed && !field.required_when.empty()) needed = field.required_when.holds(facts);
      if (needed)
        refusals.push_back({field.basis.clause, "required_" + field.key, {"请填写" + field.label.zh, field.label.en + " is not filled"},
                            field.key, field.basis.req.empty() ? "" : field.basis.req.front(), ""});
      continue;
    }
    if (!field.check.empty()) {
      facts.set(engine::RecordRoot::value, v);
      if (!field.check.holds(facts)) {
        Text text = field.check_else.empty() ? Text{field.label.zh + "不符合要求", field.label.en + " does not hold"} : field.check_else;
        refusals.push_back({field.basis.clause, "check_" + field.key, text, field.key, field.basis.req.empty() ? "" : field.basis.req.front(), ""});
      }
      facts.set(engine::RecordRoot::value, Value());
    }
  }
  // What the platform writes of itself (a step's effect, the demonstration's beginning) comes in any order.
  for (const auto& field : def.fields)
    if ((coming || !actor.platform) && given.as_map().contains(field.key) && before[field.key] != after[field.key])
      ANLAN_CHECK(points_somewhere(platform, txn, field, field.type, after[field.key], coming, refusals));
  for (const auto& field : def.fields)
    if (given.as_map().contains(field.key) && before[field.key] != after[field.key]) well_formed(world, field, after[field.key], refusals);
  for (const auto& guard : def.guards) {
    if (guard.condition.holds(facts)) continue;
    refusals.push_back({guard.basis.clause, guard.code, guard.otherwise, guard.field, guard.basis.req.empty() ? "" : guard.basis.req.front(), ""});
  }
  auto settle = [&](Status status) -> Status {
    if (status || !noted) return status;
    const std::string& field = status.error().field;
    if (status.error().refusals.empty()) {  // of a field that is refused already nothing more needs saying
      if (std::any_of(noted->begin(), noted->end(), [&](const Refusal& r) { return r.field == field; })) return {};
      return status;
    }
    std::move(status.error().refusals.begin(), status.error().refusals.end(), std::back_inserter(*noted));
    return {};
  };
  if (!refusals.empty()) ANLAN_CHECK(settle(refuse(std::move(refusals))));

  // Granting a post is where incompatible posts meet first.
  if (write.reg == "grant") {
    identity::Grant grant;
    grant.id = write.id;
    grant.person = after["person"].as_string();
    grant.post = after["post"].as_string();
    grant.board = after["board"].as_string();
    grant.unit = after["unit"].as_string();
    if (!noted || noted->empty()) grant.line = static_cast<int>(after["line"].as_int());
    if (after["until"].is(Value::Kind::instant)) grant.until = after["until"].as_instant();
    grant.through = after["through"].as_string();
    grant.exception = after["exception"].as_string();
    // What came through a group is caught when it is used (checked at every step), as groups are kept elsewhere.
    if (grant.through.empty() && (!grant.until || platform.now() < *grant.until))
      ANLAN_CHECK(settle(identity::may_grant(world.directory(), grant, platform.now())));
  }
  if (write.reg == "delegation") {
    identity::Delegation d{write.id, after["person"].as_string(), after["to"].as_string(), after["post"].as_string(),
                           after["board"].as_string(), after["start"].as_instant(), after["end"].as_instant()};
    if (platform.now() < d.until) ANLAN_CHECK(settle(identity::may_delegate(world.directory(), d, platform.now())));
  }

  RecordRow row;
  row.reg = write.reg;
  row.id = write.id;
  row.version = stored ? stored->version + 1 : 1;
  row.valid_from = platform.now();
  row.state = state;
  row.fields = after;
  if (!def.retain_until.empty()) {
    auto outcome = def.retain_until.evaluate(facts);
    if (outcome.ok && outcome.value.is(Value::Kind::instant)) row.retain_until = outcome.value.as_instant();
  }
  row.keys = unique_keys(def, after);
  ANLAN_CHECK(txn.put_record(row));
  ANLAN_TRY(std::optional<Value> stamps, txn.setting("platform", "register_generations"));
  Value next = stamps.value_or(Value(Map{}));
  next = next.with(write.reg, next[write.reg].as_int() + 1);
  ANLAN_CHECK(txn.put_setting("platform", "register_generations", next));

  Event event;
  event.subject = fmt::format("record:{}/{}", write.reg, write.id);
  event.kind = stored ? "record.written" : "record.created";
  event.at = platform.now();
  event.actor = actor.id;
  event.body = Value(Map{{"version", row.version},
                         {"patch", engine::merge_diff(before, after)},
                         {"state", state},
                         {"why", write.why.empty() ? Value() : Value(write.why)}});
  ANLAN_TRY([[maybe_unused]] Position position, txn.append(event));

  ANLAN_CHECK(somebody_manages_people(platform, txn, actor, write, before, after));
  ANLAN_CHECK(population_written(platform, txn, write.reg));
  // A disabled account answers for nothing any more.
  if (write.reg == "person" && before["enabled"].as_bool() && !after["enabled"].as_bool())
    ANLAN_CHECK(reassign_holder(platform, txn, write.id));
  if (write.reg == "grant" && stored) ANLAN_CHECK(reassign_holder(platform, txn, before["person"].as_string()));
  ANLAN_TRY(std::vector<LinkRow> links, txn.links_of(event.subject));
  for (const LinkRow& link : links) {
    const std::string& other = link.from == event.subject ? link.to : link.from;
    if (other.starts_with("ticket:"))
      ANLAN_CHECK(react(platform, txn, other.substr(7), engine::ReactionDef::On::record_written, write.reg, state, Value(Map{{"record", event.subject}})));
  }
  return Value(Map{{"register", write.reg}, {"id", write.id}, {"version", row.version}, {"state", state}, {"fields", after}});
}

Value record_value(const RecordRow& row) {
  Map m{{"register", row.reg}, {"id", row.id}, {"version", row.version}, {"state", row.state}, {"valid_from", row.valid_from},
        {"fields", row.fields}};
  if (row.valid_to) m.emplace("valid_to", *row.valid_to);
  if (row.retain_until) m.emplace("retain_until", *row.retain_until);
  return Value(std::move(m));
}

// Whether rules of the register ask for records of the register itself, so that each row must see the rows before it.
bool looks_around(const RecordDef& def) {
  static const std::set<std::string, std::less<>> organisation{"person", "unit", "board", "grant", "delegation", "rota"};
  auto asks = [&def](const expr::Program& program) {
    if (program.empty()) return false;
    if (program.reads().contains("directory") && organisation.contains(def.key)) return true;
    if (!program.reads().contains("records")) return false;
    const std::string& source = program.source();
    if (source.find('"' + def.key + '"') != std::string::npos) return true;
    // A register that is worked out only when the rule is judged may be this one.
    for (const std::string_view call : {"lookup(", "exists_record(", "records_where("})
      for (std::size_t at = source.find(call); at != std::string::npos; at = source.find(call, at + 1))
        if (at + call.size() >= source.size() || source[at + call.size()] != '"') return true;
    return false;
  };
  return asks(def.retain_until) || std::any_of(def.guards.begin(), def.guards.end(), [&](const auto& g) { return asks(g.condition); }) ||
         std::any_of(def.fields.begin(), def.fields.end(), [&](const auto& f) { return asks(f.check) || asks(f.required_when); });
}

// The order in which rows are written, and whether the world must be read anew before one: it is built from whole
// registers, and built before each row the import of a thousand people would hold the writer for minutes. Rows of one
// register need not see each other, but for posts: of each person's, one comes in a round.
struct Turn {
  std::size_t row;
  bool anew;
};
std::vector<Turn> turns(const Platform& platform, const List& rows) {
  std::vector<Turn> out;
  for (std::size_t begin = 0; begin < rows.size();) {
    const std::string& reg = rows[begin]["register"].as_string();
    std::size_t end = begin;
    while (end < rows.size() && rows[end]["register"].as_string() == reg) ++end;
    auto def = platform.definitions().records.find(reg);
    const bool each = def == platform.definitions().records.end() || looks_around(def->second);
    const char* holder = reg == "grant" ? "person" : reg == "delegation" ? "to" : nullptr;
    std::vector<std::vector<std::size_t>> rounds(1);
    std::map<std::string, std::size_t, std::less<>> had;
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t round = holder && !each ? had[rows[i]["fields"][holder].as_string()]++ : 0;
      if (round == rounds.size()) rounds.emplace_back();
      rounds[round].push_back(i);
    }
    for (const auto& round : rounds)
      for (std::size_t i = 0; i < round.size(); ++i) out.push_back({round[i], each || i == 0});
    begin = end;
  }
  return out;
}

// Where in an import something is wrong: rows[2].login.
std::string place(std::size_t row, std::string_view field) {
  if (field.starts_with("fields.")) field.remove_prefix(7);
  return field.empty() ? fmt::format("rows[{}]", row) : fmt::format("rows[{}].{}", row, field);
}

// An error that is no refusal, for the people who filled the rows: its message is for developers.
Text said(const Platform& platform, const RecordWrite& write, const Error& error) {
  std::string_view key = error.field;
  if (key.starts_with("fields.")) key.remove_prefix(7);
  if (key == "id") return {"编号须为 1 至 200 字节，不含“/”", error.message};
  auto def = platform.definitions().records.find(write.reg);
  if (def == platform.definitions().records.end()) return {"没有这本登记簿", error.message};
  if (key == "state") return {fmt::format("没有这个状态；可用的有 {}", fmt::join(def->second.states, "、")), error.message};
  // A unique key of several fields is named "system+province".
  std::string zh;
  for (const auto& field : def->second.fields)
    if (key == field.key || key.starts_with(field.key + "+") || key.find("+" + field.key) != std::string_view::npos || key.starts_with(field.key + "["))
      zh += (zh.empty() ? "" : "、") + field.label.zh;
  switch (error.code) {
    case Code::conflict: return {fmt::format("{}与另一条记录相同", zh), error.message};
    case Code::not_found: return {fmt::format("没有登记过这个{}", zh), error.message};
    default: return {fmt::format("{}的内容不合要求", zh.empty() ? "这一行" : zh), error.message};
  }
}

// Registers of the organisation are read by every signed-in person (who to call); others by whoever maintains them or
// holds records.read.
Status may_read(const Platform& platform, const World& world, const Principal& principal, const std::string& reg) {
  auto it = platform.definitions().records.find(reg);
  if (it == platform.definitions().records.end()) return fail(Code::not_found, fmt::format("there is no register '{}'", reg), "register");
  if (!principal.machine.empty()) return platform.permitted(principal, world, "records.read");
  const auto* person = world.directory().person(principal.person);
  if (!person || !person->enabled) return fail(Code::forbidden, "the account is disabled");
  if (person->internal) return {};
  return platform.permitted(principal, world, "records.read");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> unique_keys(const engine::RecordDef& def, const Value& fields) {
  std::vector<std::pair<std::string, std::string>> keys;
  for (const auto& unique : def.unique) {
    std::string value;
    bool complete = true;
    for (const auto& field : unique) {
      complete &= !fields[field].is_null();
      value += (value.empty() ? "" : "\x1f") + text_form(fields[field]);
    }
    if (complete) keys.emplace_back(fmt::format("{}", fmt::join(unique, "+")), std::move(value));
  }
  return keys;
}

Result<Value> write_record(Platform& platform, Txn& txn, const Principal& principal, const RecordWrite& write) {
  auto it = platform.definitions().records.find(write.reg);
  if (it == platform.definitions().records.end()) return fail(Code::not_found, fmt::format("there is no register '{}'", write.reg), "register");
  ANLAN_TRY(World world, platform.world(txn));
  bool allowed = false;
  for (const auto& grant : world.directory().posts_of(principal.person, platform.now()))
    allowed |= std::find(it->second.maintain.begin(), it->second.maintain.end(), grant.post) != it->second.maintain.end();
  if (!allowed && platform.permitted(principal, world, "records.maintain")) allowed = true;
  if (!allowed) {
    std::string zh, en;
    for (const auto& post : it->second.maintain) {
      zh += (zh.empty() ? "" : "、") + world.directory().title_of_post(post).zh;
      en += (en.empty() ? "" : ", ") + world.directory().title_of_post(post).en;
    }
    return refuse({{it->second.basis.clause, "not_maintainer",
                    {fmt::format("{}由{}维护", it->second.title.zh, zh.empty() ? "工单动作" : zh),
                     fmt::format("{} is kept by {}", it->second.title.en, en.empty() ? "actions of tickets" : en)},
                    "", it->second.basis.req.empty() ? "" : it->second.basis.req.front(), ""}},
                  Code::forbidden);
  }
  return put(platform, txn, principal.actor(), write);
}

Result<Value> write_record_as_platform(Platform& platform, Txn& txn, const engine::Actor& actor, const RecordWrite& write) {
  engine::Actor as = actor;
  as.platform = true;
  return put(platform, txn, as, write);
}

Result<Value> import_records(Platform& platform, Txn& txn, const engine::Actor& actor, const std::string& name, const List& rows, bool dry_run,
                             ImportTally* tally) {
  ImportTally done;
  std::map<std::size_t, std::vector<Refusal>> wrong;  // by row
  Coming coming;
  for (const Value& row : rows) coming.insert(row["register"].as_string() + "/" + row["id"].as_string());
  engine::Actor as = actor;
  as.platform = true;
  std::optional<World> world;
  for (const auto& [i, anew] : turns(platform, rows)) {
    RecordWrite write{rows[i]["register"].as_string(), rows[i]["id"].as_string(), rows[i]["fields"], rows[i]["state"].as_string(), {}, "import " + name, true};
    if (anew) {
      ANLAN_TRY(World now, platform.world(txn));
      world.emplace(std::move(now));
    }
    std::vector<Refusal> refused;
    auto written = put(platform, txn, write.reg == parameter_register ? actor : as, write, &*world, &refused, &coming);
    if (written && refused.empty()) {
      ++((*written)["unchanged"].as_bool() ? done.unchanged : (*written)["version"].as_int() == 1 ? done.created : done.changed);
      continue;
    }
    if (!written) {
      const Error& error = written.error();
      if (error.code == Code::internal || error.code == Code::no_space || error.code == Code::unavailable) return std::unexpected(error);
      refused.insert(refused.end(), error.refusals.begin(), error.refusals.end());
      if (error.refusals.empty()) refused.push_back({"", std::string(anlan::name(error.code)), said(platform, write, error), error.field, "", ""});
    }
    for (Refusal& refusal : refused) {
      refusal.field = place(i, refusal.field);
      wrong[i].push_back(std::move(refusal));
    }
  }
  if (tally) *tally = done;
  if (!wrong.empty()) {
    std::vector<Refusal> refusals;
    for (auto& [row, of_row] : wrong) std::move(of_row.begin(), of_row.end(), std::back_inserter(refusals));
    std::string message = fmt::format("{}: {}", refusals.front().field, refusals.front().text.en);
    return std::unexpected(Error{Code::invalid, std::move(message), "rows", std::move(refusals)});
  }
  if (dry_run) return fail(Code::refused, fmt::format("dry run: {} rows are good", rows.size()));
  return Value(done.view()).with("imported", static_cast<std::int64_t>(rows.size()));
}

Result<Value> get_record(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& reg, const std::string& id) {
  ANLAN_CHECK(may_read(platform, world, principal, reg));
  ANLAN_TRY(std::optional<RecordRow> row, reader.record(reg, id));
  if (!row) return fail(Code::not_found, fmt::format("there is no {} '{}'", reg, id));
  return record_value(*row);
}

Result<Value> list_records(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& reg,
                           const std::string& text, int limit) {
  ANLAN_CHECK(may_read(platform, world, principal, reg));
  ANLAN_TRY(std::vector<RecordRow> rows, reader.records(reg));
  List items;
  for (const RecordRow& row : rows) {
    if (static_cast<int>(items.size()) >= limit) break;
    if (!text.empty() && row.id.find(text) == std::string::npos && describe(row.fields).find(text) == std::string::npos) continue;
    items.push_back(record_value(row));
  }
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> record_history(Platform& platform, Reader& reader, const World& world, const Principal& principal, const std::string& reg, const std::string& id) {
  ANLAN_CHECK(may_read(platform, world, principal, reg));
  ANLAN_TRY(std::vector<RecordRow> rows, reader.record_versions(reg, id));
  if (rows.empty()) return fail(Code::not_found, fmt::format("there is no {} '{}'", reg, id));
  List items;
  // Who wrote a version, and why, stands in the log; a record that the program was started with has no event.
  ANLAN_TRY(std::vector<Event> events, reader.events_of(fmt::format("record:{}/{}", reg, id)));
  for (const RecordRow& row : rows) {
    Map m = record_value(row).as_map();
    for (const Event& event : events) {
      if (event.body["version"] != Value(row.version)) continue;
      m.insert_or_assign("actor", event.actor);
      if (const auto* person = world.directory().person(event.actor)) m.insert_or_assign("actor_name", Value(Map{{"zh", person->name.zh}, {"en", person->name.en}}));
      m.insert_or_assign("why", event.body["why"]);
    }
    items.push_back(Value(std::move(m)));
  }
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> list_parameters(Platform& platform, Reader& reader, const World& world) {
  List items;
  for (const auto& [key, def] : platform.definitions().parameters) {
    Map m{{"key", key},
          {"zh", def.title.zh},
          {"en", def.title.en},
          {"clause", def.basis.clause},
          {"requirement", def.basis.req.empty() ? Value() : Value(def.basis.req.front())},
          {"own_choice", def.own_choice},
          {"value", world.parameters()[key]}};
    if (def.initial) m.emplace("initial", *def.initial);
    if (def.min) m.emplace("min", *def.min);
    if (def.max) m.emplace("max", *def.max);
    if (!def.approval_post.empty()) m.emplace("approval_post", def.approval_post);
    m.emplace("type", type_view(def.type));
    // What the house set, when it did.
    ANLAN_TRY(std::optional<RecordRow> set, reader.record("parameter", key));
    if (set) {
      m.emplace("set_at", set->valid_from);
      m.emplace("reason", set->fields["reason"]);
      m.emplace("approved_by", set->fields["approved_by"]);
    }
    items.push_back(Value(std::move(m)));
  }
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

}  // namespace anlan::app
