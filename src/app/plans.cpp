#include "app/plans.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "app/tickets.h"
#include "base/text.h"
#include "domain/calendar/recurrence.h"
#include "domain/engine/facts.h"

namespace anlan::app {
namespace {

using engine::PlanDef;
using engine::Standing;

constexpr const char* review = "review";  // the one timer of a plan
constexpr int opened_most = 50;           // tickets of a recurrence opened in one unit of work
constexpr std::size_t past_kept = 12;     // satisfactions kept per member, so that one withdrawn uncovers the one before

const engine::Actor the_platform{"platform", true, false};

std::string subject_of(const std::string& plan) { return "plan:" + plan; }
Value text_value(const Text& t) { return Value(Map{{"zh", t.zh}, {"en", t.en}}); }
Value optional_instant(const std::optional<Instant>& t) { return t ? Value(*t) : Value(); }

struct Candidate {
  std::string id;
  Value record;                  // fields with id and state; null for the whole organisation
};

// Who is under the plan now.
std::vector<Candidate> population(const engine::Definitions& definitions, const World& world, const PlanDef& plan,
                                  Instant now) {
  if (plan.population.empty()) return {{"", Value()}};
  std::vector<Candidate> out;
  for (Value& record : world.records(plan.population)) {
    if (!plan.member_when.empty()) {
      engine::RecordFacts facts(definitions, world, record, Value(), the_platform, now);
      if (!plan.member_when.holds(facts)) continue;
    }
    std::string id = record["id"].as_string();
    out.push_back({std::move(id), std::move(record)});
  }
  return out;
}

std::string label_of(const engine::Definitions& definitions, const World& world, const PlanDef& plan,
                     const Candidate& member, Instant now) {
  if (member.record.is_null()) return {};
  auto def = definitions.records.find(plan.population);
  if (def != definitions.records.end() && !def->second.label.empty()) {
    engine::RecordFacts facts(definitions, world, member.record, Value(), the_platform, now);
    auto label = def->second.label.evaluate(facts);
    if (label.ok && !label.value.is_null()) return describe(label.value);
  }
  const Value& name = member.record["name"];
  return name.is_null() ? member.id : describe(name);
}

// The members that a ticket stands for.
std::vector<std::string> members_of(const PlanDef& plan, const engine::Ticket& ticket) {
  if (plan.member_field.empty()) return {""};
  const Value& field = ticket.fields[plan.member_field];
  std::vector<std::string> out;
  if (field.is(Value::Kind::list)) {
    for (const Value& one : field.as_list()) out.push_back(describe(one));
  } else if (!field.is_null()) {
    out.push_back(describe(field));
  }
  return out;
}

Status wake(Platform& platform, Txn& txn, const std::string& plan) {
  return txn.set_timer({subject_of(plan), review, platform.now()});
}

// Tells once: the dedup id of each notice names plan, member, period and offset.
Status tell(Platform& platform, Txn& txn, const World& world, const PlanDef& plan, const Candidate& member,
            const Standing& now, const std::string& mark) {
  std::set<std::string> people;
  for (const auto& post : plan.tell.posts)
    for (auto& person : world.directory().holders(post, {}, platform.now())) people.insert(std::move(person));
  const std::string label = label_of(platform.definitions(), world, plan, member, platform.now());
  const bool over = mark == "overdue";
  const std::string day = calendar::format(engine::home_zone(world).day_of(now.due - milliseconds(1)));
  const Text text{fmt::format("{}{}{}：{}须于{}前完成", plan.title.zh, label.empty() ? "" : "·", label,
                              over ? "已逾期，本" : "", day),
                  fmt::format("{}{}{}: {} by the end of {}", plan.title.en, label.empty() ? "" : ", ", label,
                              over ? "overdue, it was to be done" : "to be done", day)};
  List told;
  for (const auto& person : people) {
    OutboxRow row;
    row.at = row.next_at = platform.now();
    row.channel = "notice";
    row.recipient = person;
    row.state = "pending";
    row.dedup = fmt::format("plan:{}/{}/{}/{}/{}", plan.key, member.id, now.due.ms, mark, person);
    row.payload = Value(Map{{"plan", plan.key}, {"member", member.id}, {"title", text_value(plan.title)},
                            {"zh", text.zh}, {"en", text.en}, {"due", now.due}});
    ANLAN_TRY([[maybe_unused]] bool fresh, txn.enqueue(row));
    told.emplace_back(person);
  }
  ANLAN_TRY([[maybe_unused]] Position position,
            txn.append({0, subject_of(plan.key), over ? "plan.overdue" : "plan.warned", platform.now(), "platform",
                        Value(Map{{"member", member.id}, {"due", now.due}, {"period", now.period},
                                  {"before", over ? Value() : Value(mark)}, {"told", Value(std::move(told))}})}));
  return {};
}

// What has been told of the period that is due then.
std::set<std::string> marks_of(const Value& row, Instant due) {
  std::set<std::string> out;
  if (row["told"]["due"] == Value(due))
    for (const Value& mark : row["told"]["marks"].as_list()) out.insert(mark.as_string());
  return out;
}

// Opens what a recurrence asks for, once per occurrence: the row that says so is written with the ticket. Of a stretch
// that was missed only the latest occurrence opens; the others are recorded as skipped. Whether anything was done.
Result<bool> open_due(Platform& platform, Txn& txn, const World& world, const PlanDef& plan, const Candidate& member,
                      Value& row) {
  const auto& zone = engine::home_zone(world);
  ANLAN_TRY(calendar::Recurrence rule, calendar::Recurrence::parse(plan.rrule));
  Instant from = row["since"].as_instant();
  if (row["opened"].is(Value::Kind::instant)) from = std::max(from, row["opened"].as_instant());
  const std::optional<Instant> latest = rule.last_until(platform.now(), zone);
  if (!latest || *latest <= from) return false;
  constexpr std::size_t named_most = 1000;
  const auto missed = rule.between(from, *latest - milliseconds(1), zone, named_most);
  if (!missed.empty()) {
    ANLAN_TRY([[maybe_unused]] Position position,
              txn.append({0, subject_of(plan.key), "plan.skipped", platform.now(), "platform",
                          Value(Map{{"member", member.id}, {"first", missed.front()}, {"last", missed.back()},
                                    {"count", static_cast<std::int64_t>(missed.size())}})}));
  }
  row = row.with("opened", *latest);
  engine::RecordFacts facts(platform.definitions(), world, member.record, Value(), the_platform, platform.now());
  Map fields;
  for (const auto& [field, program] : plan.opens_with) {
    auto given = program.evaluate(facts);
    if (given.ok && !given.value.is_null()) fields.insert_or_assign(field, given.value);
  }
  const auto* process = platform.definitions().process(plan.process);
  if (const auto* field = process && !plan.member_field.empty() ? process->field(plan.member_field) : nullptr) {
    const bool many = field->type.kind == engine::FieldType::Kind::list;
    if (!fields.contains(field->key)) fields.emplace(field->key, many ? Value(List{member.id}) : Value(member.id));
  }
  std::string number;
  Status opened = platform.attempt(txn, [&]() -> Status {
    ANLAN_TRY(Value ticket, open_as_platform(platform, txn, the_platform, {plan.process, Value(fields), {}, false}));
    number = ticket["number"].as_string();
    return {};
  });
  // A refusal would be the same a moment later: it is recorded, and the next occurrence tries again.
  if (!opened && opened.error().code != Code::refused && opened.error().code != Code::forbidden &&
      opened.error().code != Code::invalid)
    return std::unexpected(opened.error());
  List why;
  if (!opened) {
    for (const auto& refusal : opened.error().refusals)
      why.push_back(Value(Map{{"code", refusal.code}, {"zh", refusal.text.zh}, {"en", refusal.text.en}}));
    if (why.empty()) why.push_back(Value(Map{{"code", name(opened.error().code)}, {"en", opened.error().message}}));
  }
  ANLAN_TRY([[maybe_unused]] Position position,
            txn.append({0, subject_of(plan.key), opened ? "plan.opened" : "plan.open_refused", platform.now(), "platform",
                        Value(Map{{"member", member.id}, {"occurrence", *latest},
                                  {"ticket", opened ? Value(number) : Value()},
                                  {"refusals", opened ? Value() : Value(std::move(why))}})}));
  return true;
}

// Tells what is due to be told of one member and returns the next moment that matters for it.
Result<std::optional<Instant>> look_at(Platform& platform, Txn& txn, const World& world, const PlanDef& plan,
                                       const Candidate& member, Value& row) {
  const Instant now = platform.now();
  std::optional<Instant> next;
  auto later = [&](Instant t) {
    if (t > now && (!next || t < *next)) next = t;
  };
  if (!row["since"].is(Value::Kind::instant)) row = row.with("since", now);
  if (plan.within == PlanDef::Within::recurrence) {
    ANLAN_TRY(calendar::Recurrence rule, calendar::Recurrence::parse(plan.rrule));
    if (auto at = rule.next_after(now, engine::home_zone(world))) later(*at);
  }
  const Standing stands =
      engine::standing(plan, engine::fulfilment_from(row), now, engine::home_zone(world));
  std::set<std::string> marks = marks_of(row, stands.due);
  // Of several that have passed at once only the last is worth telling; the others count as told.
  std::vector<Duration> offsets = plan.warn;
  std::sort(offsets.rbegin(), offsets.rend());
  std::string last;
  std::set<std::string> passed;
  for (Duration offset : offsets) {
    later(stands.due - offset);
    if (stands.due - offset <= now) passed.insert(last = format_duration(offset));
  }
  later(stands.due);
  if (stands.due <= now) passed.insert(last = "overdue");
  if (!last.empty() && !marks.contains(last)) ANLAN_CHECK(tell(platform, txn, world, plan, member, stands, last));
  passed.insert(marks.begin(), marks.end());
  List all;
  for (const auto& mark : passed) all.emplace_back(mark);
  row = row.with("told", all.empty() ? Value() : Value(Map{{"due", stands.due}, {"marks", Value(std::move(all))}}));
  return next;
}

Result<std::map<std::string, Value>> rows_of(Reader& reader, const std::string& plan) {
  ANLAN_TRY(auto stored, reader.settings(plan_realm(plan)));
  std::map<std::string, Value> rows;
  for (auto& [id, row] : stored) rows.emplace(std::move(id), std::move(row));
  return rows;
}

Value plan_value(const PlanDef& plan) {
  static const char* const kinds[] = {"calendar_year", "months", "recurrence"};
  List warn;
  for (Duration offset : plan.warn) warn.emplace_back(offset);
  return Value(Map{{"key", plan.key},
                   {"title", text_value(plan.title)},
                   {"process", plan.process},
                   {"population", plan.population.empty() ? Value() : Value(plan.population)},
                   {"within", kinds[static_cast<int>(plan.within)]},
                   {"months", plan.within == PlanDef::Within::months ? Value(plan.months) : Value()},
                   {"rrule", plan.rrule.empty() ? Value() : Value(plan.rrule)},
                   {"warn", Value(std::move(warn))},
                   {"clause", plan.basis.clause},
                   {"requirement", plan.basis.req.empty() ? Value() : Value(plan.basis.req.front())}});
}

}  // namespace

Status review_plan(Platform& platform, Txn& txn, const std::string& key) {
  auto found = platform.definitions().plans.find(key);
  if (found == platform.definitions().plans.end()) return txn.drop_timer(subject_of(key), review);
  const PlanDef& plan = found->second;
  ANLAN_TRY(World world, platform.world(txn));
  ANLAN_TRY(auto rows, rows_of(txn, key));
  std::optional<Instant> next;
  int opened = 0;
  for (const Candidate& member : population(platform.definitions(), world, plan, platform.now())) {
    Value before;
    if (auto it = rows.find(member.id); it != rows.end()) {
      before = it->second;
      rows.erase(it);
    }
    Value row = before;
    ANLAN_TRY(std::optional<Instant> at, look_at(platform, txn, world, plan, member, row));
    if (at && (!next || *at < *next)) next = at;
    if (plan.within == PlanDef::Within::recurrence) {
      if (opened == opened_most) {
        next = platform.now();  // the rest in the next unit, so that nobody waits for a long one
      } else {
        ANLAN_TRY(bool did, open_due(platform, txn, world, plan, member, row));
        opened += did ? 1 : 0;
      }
    }
    if (!(row == before)) ANLAN_CHECK(txn.put_setting(plan_realm(key), member.id, row));
  }
  // Those that left owe nothing; what they did is kept for the day they come back.
  for (const auto& [id, row] : rows) {
    if (row["since"].is_null() && row["told"].is_null()) continue;
    Value left = row.with("since", Value()).with("told", Value());
    ANLAN_CHECK(txn.put_setting(plan_realm(key), id, left.as_map().empty() ? Value() : left));
  }
  if (next) return txn.set_timer({subject_of(key), review, *next});
  return txn.drop_timer(subject_of(key), review);
}

Status review_plans(Platform& platform, Txn& txn) {
  for (const auto& [key, plan] : platform.definitions().plans) ANLAN_CHECK(review_plan(platform, txn, key));
  return {};
}

Status satisfy_plans(Platform& platform, Txn& txn, const engine::Ticket& ticket) {
  if (ticket.drill) return {};
  for (const auto& [key, plan] : platform.definitions().plans) {
    if (plan.process != ticket.process) continue;
    if (!plan.qualifies.empty()) {
      ANLAN_TRY(World world, platform.world(txn));
      engine::Engine engine(platform.definitions(), world);
      if (!engine.holds_for(ticket, plan.qualifies, platform.now())) continue;
    }
    for (const auto& member : members_of(plan, ticket)) {
      ANLAN_TRY(std::optional<Value> stored, txn.setting(plan_realm(key), member));
      Value row = stored.value_or(Value(Map{}));
      List past{Value(Map{{"at", platform.now()}, {"ticket", ticket.number}})};
      for (const Value& one : row["past"].as_list())
        if (past.size() < past_kept && one["ticket"].as_string() != ticket.number) past.push_back(one);
      ANLAN_CHECK(txn.put_setting(plan_realm(key), member, row.with("past", Value(std::move(past)))));
      ANLAN_TRY([[maybe_unused]] Position position,
                txn.append({0, subject_of(key), "plan.satisfied", platform.now(), "platform",
                            Value(Map{{"member", member}, {"ticket", ticket.number}})}));
    }
    ANLAN_CHECK(wake(platform, txn, key));
  }
  return {};
}

Status withdraw_from_plans(Platform& platform, Txn& txn, const engine::Ticket& ticket) {
  if (ticket.drill) return {};
  for (const auto& [key, plan] : platform.definitions().plans) {
    if (plan.process != ticket.process) continue;
    bool any = false;
    for (const auto& member : members_of(plan, ticket)) {
      ANLAN_TRY(std::optional<Value> stored, txn.setting(plan_realm(key), member));
      if (!stored) continue;
      List past;
      for (const Value& one : (*stored)["past"].as_list())
        if (one["ticket"].as_string() != ticket.number) past.push_back(one);
      if (past.size() == (*stored)["past"].as_list().size()) continue;
      any = true;
      Value row = stored->with("past", past.empty() ? Value() : Value(std::move(past)));
      ANLAN_CHECK(txn.put_setting(plan_realm(key), member, row.as_map().empty() ? Value() : row));
      ANLAN_TRY([[maybe_unused]] Position position,
                txn.append({0, subject_of(key), "plan.withdrawn", platform.now(), "platform",
                            Value(Map{{"member", member}, {"ticket", ticket.number}})}));
    }
    if (any) ANLAN_CHECK(wake(platform, txn, key));
  }
  return {};
}

Status population_written(Platform& platform, Txn& txn, const std::string& reg) {
  for (const auto& [key, plan] : platform.definitions().plans) {
    if (plan.population.empty()) continue;
    // A condition may look into other registers and parameters, which are records too.
    const bool looks_around = !plan.member_when.empty() && !plan.member_when.calls().empty();
    if (reg == plan.population || reg == "parameter" || looks_around) ANLAN_CHECK(wake(platform, txn, key));
  }
  return {};
}

Result<std::vector<PlanMember>> plan_members(Platform& platform, Reader& reader, const World& world,
                                             const std::string& key) {
  auto found = platform.definitions().plans.find(key);
  if (found == platform.definitions().plans.end())
    return fail(Code::not_found, fmt::format("there is no plan '{}'", key));
  const PlanDef& plan = found->second;
  const Instant now = platform.now();
  ANLAN_TRY(auto rows, rows_of(reader, key));
  std::vector<PlanMember> out;
  for (const Candidate& member : population(platform.definitions(), world, plan, now)) {
    const Value& row = rows[member.id];
    PlanMember one;
    one.id = member.id;
    one.label = label_of(platform.definitions(), world, plan, member, now);
    one.done = engine::fulfilment_from(row);
    if (one.done.last) one.ticket = row["past"].as_list().front()["ticket"].as_string();
    one.standing = engine::standing(plan, one.done, now, engine::home_zone(world));
    out.push_back(std::move(one));
  }
  return out;
}

Result<Value> list_plans(Platform& platform, Reader& reader, const World& world, const std::string& process) {
  List items;
  for (const auto& [key, plan] : platform.definitions().plans) {
    if (!process.empty() && plan.process != process) continue;
    ANLAN_TRY(std::vector<PlanMember> members, plan_members(platform, reader, world, key));
    std::map<std::string, std::int64_t> counts{{"met", 0}, {"pending", 0}, {"due_soon", 0}, {"overdue", 0}};
    for (const auto& member : members) ++counts[engine::name(member.standing.state)];
    Map by_state;
    for (const auto& [state, n] : counts) by_state.emplace(state, n);
    items.push_back(plan_value(plan).with("members", Value(std::move(by_state))));
  }
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> plan_view(Platform& platform, Reader& reader, const World& world, const Principal& principal,
                        const std::string& key, const std::string& state, int limit, const std::string& cursor) {
  ANLAN_TRY(std::vector<PlanMember> members, plan_members(platform, reader, world, key));
  if (!state.empty())
    std::erase_if(members, [&](const PlanMember& m) { return engine::name(m.standing.state) != state; });
  auto place_of = [](const PlanMember& m) { return fmt::format("{:020}/{}", m.standing.due.ms, m.id); };
  std::sort(members.begin(), members.end(),
            [&](const PlanMember& a, const PlanMember& b) { return place_of(a) < place_of(b); });
  const Scope scope = platform.scope(principal, world);
  List items;
  Value next;
  std::string last;
  for (const PlanMember& m : members) {
    if (!cursor.empty() && place_of(m) <= cursor) continue;
    if (static_cast<int>(items.size()) == limit) {
      next = last;
      break;
    }
    bool seen = false;
    if (!m.ticket.empty()) {
      ANLAN_TRY(seen, reader.visible(m.ticket, scope));
    }
    items.push_back(Value(Map{{"member", m.id.empty() ? Value() : Value(m.id)},
                              {"label", m.label.empty() ? Value() : Value(m.label)},
                              {"since", optional_instant(m.done.since)},
                              {"last", optional_instant(m.done.last)},
                              {"ticket", seen ? Value(m.ticket) : Value()},
                              {"due", m.standing.due == far_future ? Value() : Value(m.standing.due)},
                              {"met", m.standing.met},
                              {"met_until", optional_instant(m.standing.until)},
                              {"state", engine::name(m.standing.state)},
                              {"period", m.standing.period}}));
    last = place_of(m);
  }
  return plan_value(platform.definitions().plans.at(key)).with("items", Value(std::move(items))).with("next_cursor", next);
}

}  // namespace anlan::app
