// A small organisation and a process of one's own making, for the tests of this room.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "domain/engine/engine.h"

namespace anlan::engine {

inline Instant time_at(const char* text) { return *parse_rfc3339(text); }

// Everything the engine may ask, as plain members that a test sets.
class FakeWorld final : public World {
 public:
  identity::Parts parts;
  Map params;
  std::map<std::string, calendar::WorkCalendar> calendars;
  std::map<std::string, Map> registers;  // register -> id -> fields
  std::map<std::string, std::vector<Linked>> linked;

  void settle() {
    directory_ = identity::Directory(parts);
    parameters_ = Value(params);
  }

  const identity::Directory& directory() const override { return directory_; }
  const Value& parameters() const override { return parameters_; }
  const calendar::WorkCalendar* calendar(const std::string& key) const override {
    auto it = calendars.find(key);
    return it == calendars.end() ? nullptr : &it->second;
  }
  Value record(const std::string& reg, const std::string& id) const override {
    auto it = registers.find(reg);
    if (it == registers.end()) return {};
    auto row = it->second.find(id);
    return row == it->second.end() ? Value() : row->second;
  }
  std::vector<Value> records(const std::string& reg) const override {
    std::vector<Value> out;
    if (auto it = registers.find(reg); it != registers.end())
      for (const auto& [id, fields] : it->second) out.push_back(fields.with("id", id));
    return out;
  }
  std::vector<Linked> links(const std::string& number) const override {
    auto it = linked.find(number);
    return it == linked.end() ? std::vector<Linked>{} : it->second;
  }
  std::int64_t open_tickets(const std::string&, const std::string&, const std::string&) const override { return 0; }
  Value obligation(const std::string&, const std::string&) const override { return {}; }

 private:
  identity::Directory directory_;
  Value parameters_;
};

inline FieldType type_of(FieldType::Kind kind) {
  FieldType type;
  type.kind = kind;
  return type;
}
inline FieldType words_of(std::vector<std::string> words) {
  FieldType type = type_of(FieldType::Kind::choice);
  type.words = std::move(words);
  return type;
}
inline FieldType list_of(FieldType element) {
  FieldType type = type_of(FieldType::Kind::list);
  type.element = std::make_shared<FieldType>(std::move(element));
  return type;
}
inline FieldDef field_of(std::string key, FieldType type) {
  FieldDef field;
  field.key = std::move(key);
  field.type = std::move(type);
  return field;
}

// People: ann and bob are clerks, cat and dot are checkers, eve is chief (may agree to an override), fox leads the unit,
// xan comes from a supplier and is a clerk, off is disabled. The process `case` goes new -> work -> done. A test changes
// `process` as it likes, compiling expressions with e(), and calls ready().
class House {
 public:
  FakeWorld world;
  ProcessDef process;
  Definitions definitions;
  Instant now = time_at("2026-03-02T09:00:00+08:00");

  House() {
    auto& p = world.parts;
    auto person = [&p](const char* id, bool internal = true, bool enabled = true) {
      p.people.push_back({id, id, {id, id}, internal, "ops", enabled, ""});
    };
    for (const char* id : {"ann", "bob", "cat", "dot", "eve", "fox"}) person(id);
    person("xan", false);
    person("off", true, false);
    p.units = {{"ops", {"运维", "Operations"}, "", "fox", "", ""}};
    p.boards = {{"core", {"核心", "Core"}, "fox", "ops"}};
    p.posts = {{"clerk", {"经办", "Clerk"}, "", {}, true},
               {"checker", {"复核", "Checker"}, "", {}, true},
               {"chief", {"负责人", "Chief"}, "", {"breakglass.agree"}, true}};
    for (auto [who, post] : {std::pair{"ann", "clerk"}, {"bob", "clerk"}, {"xan", "clerk"}, {"off", "clerk"},
                             {"cat", "checker"}, {"dot", "checker"}, {"eve", "chief"}}) {
      identity::Grant grant;
      grant.id = std::string(who) + "-" + post;
      grant.person = who;
      grant.post = post;
      p.grants.push_back(grant);
    }
    world.params = {{"fallback_accountable", "fox"}};

    process.key = "case";
    process.number = "CASE-{seq:3}";
    field("title", type_of(FieldType::Kind::string));
    field("amount", type_of(FieldType::Kind::integer));
    field("level", words_of({"low", "mid", "high"}));
    field("at", type_of(FieldType::Kind::timestamp));
    field("helper", type_of(FieldType::Kind::person));
    field("flag", type_of(FieldType::Kind::boolean));
    role("clerk", {post("clerk")});
    role("checker", {post("checker")});
    state("new", "clerk");
    state("work", "clerk");
    state("wait", "checker");
    state("done", "", "done");
    action("create", {}, "", {"clerk", "checker"}, {"title", "amount", "level", "at", "helper", "flag"}).platform = true;
    action("start", {"new"}, "work", {"clerk"}, {"title", "amount", "level", "at", "helper", "flag"});
    action("edit", {"open"}, "", {"clerk", "checker"}, {"title", "amount", "level", "at", "helper", "flag"}).platform = true;
    action("hold", {"work"}, "wait", {"clerk"});
    action("resume", {"wait"}, "work", {"clerk"});
    action("check", {"work"}, "", {"checker"});
    action("finish", {"work", "wait"}, "done", {"clerk"});
    action("reopen", {"done"}, "work", {"clerk"});
  }

  FieldDef& field(const std::string& key, FieldType type) { return process.fields.emplace_back(field_of(key, std::move(type))); }
  FieldDef& of(const std::string& key) {
    for (auto& f : process.fields)
      if (f.key == key) return f;
    return process.fields.front();
  }
  static WhoSource post(const std::string& code) {
    WhoSource source;
    source.kind = WhoSource::Kind::post;
    source.post = code;
    return source;
  }
  WhoSource people(std::string_view source_of_list) {
    WhoSource source;
    source.kind = WhoSource::Kind::person;
    source.subject = e(source_of_list);
    return source;
  }
  RoleDef& role(const std::string& key, std::vector<WhoSource> who) {
    auto& one = process.roles.emplace_back();
    one.key = key;
    one.who = std::move(who);
    return one;
  }
  RoleDef& role(const std::string& key) {
    for (auto& r : process.roles)
      if (r.key == key) return r;
    return process.roles.front();
  }
  StateDef& state(const std::string& key, const std::string& accountable, const std::string& final = {}) {
    auto& one = process.states.emplace_back();
    one.key = key;
    one.accountable = accountable;
    one.final = final;
    return one;
  }
  ActionDef& action(const std::string& key, std::vector<std::string> from, const std::string& to, std::vector<std::string> by,
                    std::vector<std::string> fields = {}) {
    auto& one = process.actions.emplace_back();
    one.key = key;
    one.from = std::move(from);
    one.to = to;
    one.by = std::move(by);
    for (auto& f : fields) one.fields.push_back({f, false});
    return one;
  }
  ActionDef& action(const std::string& key) {
    for (auto& a : process.actions)
      if (a.key == key) return a;
    return process.actions.front();
  }
  GuardDef& guard(const std::string& action_key, std::string_view condition, const std::string& code) {
    auto& one = action(action_key).guards.emplace_back();
    one.condition = e(condition);
    one.code = code;
    one.otherwise = {code, code};
    return one;
  }
  EffectDef& set(const std::string& action_key, const std::string& target, std::string_view value) {
    auto& one = action(action_key).effects.emplace_back();
    one.kind = EffectDef::Kind::set;
    one.values.emplace(target, e(value));
    return one;
  }
  EffectDef& make_tasks(const std::string& action_key, const std::string& task) {
    auto& one = action(action_key).effects.emplace_back();
    one.kind = EffectDef::Kind::tasks;
    one.target = task;
    return one;
  }

  // Against what is declared by now.
  expr::Program e(std::string_view source) const {
    auto program = expr::compile(source, process_scope(process, definitions), expr::Type::of(expr::Type::Kind::any));
    EXPECT_TRUE(program.has_value()) << source << ": " << (program ? "" : program.error().message);
    return program ? *program : expr::Program();
  }

  void ready() {
    definitions.processes[process.key] = {std::make_shared<ProcessDef>(process)};
    world.settle();
  }
  Engine engine() const { return Engine(definitions, world); }

  static Actor actor(const std::string& who) { return {who, who == "platform", who.starts_with("machine:")}; }
  Request request(const std::string& action_key, const std::string& who, Map fields, const std::string& comment) const {
    Request ask;
    ask.action = action_key;
    ask.actor = actor(who);
    ask.fields = Value(std::move(fields));
    ask.comment = comment;
    ask.now = now;
    return ask;
  }
  Result<Outcome> try_open(const std::string& who, Map fields = {}, const std::string& comment = {}) const {
    return engine().open(process.key, request("", who, std::move(fields), comment), "CASE-001", false);
  }
  Ticket open(const std::string& who, Map fields = {}) const {
    auto outcome = try_open(who, std::move(fields));
    EXPECT_TRUE(outcome.has_value()) << (outcome ? "" : outcome.error().message + " " + outcome.error().field);
    return outcome ? outcome->ticket : Ticket{};
  }
  Result<Outcome> try_act(const Ticket& ticket, const std::string& action_key, const std::string& who, Map fields = {},
                          const std::string& comment = {}) const {
    return engine().act(ticket, request(action_key, who, std::move(fields), comment));
  }
  Outcome outcome(const Ticket& ticket, const std::string& action_key, const std::string& who, Map fields = {},
                  const std::string& comment = {}) const {
    auto out = try_act(ticket, action_key, who, std::move(fields), comment);
    EXPECT_TRUE(out.has_value()) << action_key << ": " << (out ? "" : out.error().message + " " + out.error().field);
    return out ? *out : Outcome{ticket, {}, {}, {}, {}, {}};
  }
  Ticket act(const Ticket& ticket, const std::string& action_key, const std::string& who, Map fields = {},
             const std::string& comment = {}) const {
    return outcome(ticket, action_key, who, std::move(fields), comment).ticket;
  }
  Outcome refresh(const Ticket& ticket) const {
    auto out = engine().refresh(ticket, now, "ticket.fired", Value(Map{}));
    EXPECT_TRUE(out.has_value());
    return out ? *out : Outcome{ticket, {}, {}, {}, {}, {}};
  }
};

// The codes of what was refused, in order; "accepted" when it was not, "<code>:<field>" for an error without refusals.
inline std::vector<std::string> codes(const Result<Outcome>& result) {
  if (result) return {"accepted"};
  std::vector<std::string> out;
  for (const auto& refusal : result.error().refusals) out.push_back(refusal.code);
  if (out.empty()) out.push_back(std::string(name(result.error().code)) + ":" + result.error().field);
  return out;
}
using Codes = std::vector<std::string>;

inline std::vector<std::string> notes_of(const Outcome& outcome) {
  std::vector<std::string> out;
  for (const auto& note : outcome.notes) out.push_back(note["what"].as_string());
  return out;
}

}  // namespace anlan::engine
