// For tests of what runs by itself: the whole program over definitions of the test's own, a clock the test moves, and
// one administrator's browser. Nothing runs between steps of the test: `step()` is the scheduler's turn.
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "app/records.h"
#include "app/tickets.h"
#include "base/text.h"
#include "definitions/load.h"
#include "http/raw_client_test.h"
#include "json/json.h"
#include "server/application.h"

namespace anlan::server {

class MovedClock final : public Clock {
 public:
  explicit MovedClock(const char* start) : wall_(parse_rfc3339(start)->ms) {}
  Instant wall() const override { return {wall_.load()}; }
  Duration monotonic() const override { return {mono_.load()}; }
  void advance(Duration d) {
    wall_ += d.ms;
    mono_ += d.ms;
  }

 private:
  std::atomic<std::int64_t> wall_, mono_{1'000'000};
};

// The registers and posts that a directory needs, and a register of rooms.
inline definitions::Files small_organisation() {
  return {{"roles/posts.yaml", R"(
posts:
  keeper: {title: {zh: 管理员, en: Keeper}, internal: true,
           permissions: [people.manage, platform.settings, records.maintain]}
  warden: {title: {zh: 看守, en: Warden}, internal: true, permissions: []}
  watcher: {title: {zh: 查看, en: Watcher}, internal: true, permissions: [tickets.read.all]}
)"},
          {"records/organisation.yaml", R"(
record: unit
title: {zh: 部门, en: Unit}
fields:
  name: {type: string, label: {zh: 名称, en: Name}, required: true}
  head: {type: person, label: {zh: 负责人, en: Head}}
---
record: board
title: {zh: 板块, en: Board}
fields:
  name:    {type: string, label: {zh: 名称, en: Name}, required: true}
  manager: {type: person, label: {zh: 经理, en: Manager}}
---
record: person
title: {zh: 人员, en: Person}
fields:
  login:    {type: string, label: {zh: 登录名, en: Login}, required: true}
  name:     {type: string, label: {zh: 姓名, en: Name}, required: true}
  internal: {type: bool, label: {zh: 员工, en: Internal}, required: true}
  unit:     {type: unit, label: {zh: 部门, en: Unit}}
  enabled:  {type: bool, label: {zh: 可用, en: Enabled}, required: true}
unique: [[login]]
---
record: grant
title: {zh: 授予, en: Grant}
fields:
  person: {type: person, label: {zh: 人员, en: Person}, required: true}
  post:   {type: string, label: {zh: 岗位, en: Post}, required: true}
  board:  {type: board, label: {zh: 板块, en: Board}}
---
record: parameter
title: {zh: 参数, en: Parameter}
fields:
  reason: {type: text, label: {zh: 理由, en: Reason}}
---
record: room
title: {zh: 机房, en: Room}
fields:
  name: {type: string, label: {zh: 名称, en: Name}, required: true}
  live: {type: bool, label: {zh: 在用, en: Live}}
)"},
          {"correlation/none.yaml", R"(
correlation: none
alive_for: {otherwise: 5m}
rules: []
)"}};
}

class ProgramTest : public testing::Test {
 protected:
  // `folder` empty: in memory. People of every program: ann and bob hold the post of wardens, cai none.
  void start(const definitions::Files& more, const std::string& folder = {}) {
    definitions::Files files = small_organisation();
    files.insert(more.begin(), more.end());
    auto loaded = definitions::load(files);
    for (const auto& problem : loaded.problems) ADD_FAILURE() << definitions::text(problem);
    Configuration configuration;
    configuration.port = 0;
    configuration.data = folder;
    configuration.workers = 2;
    configuration.passwords.passes = 1;
    configuration.passwords.memory_bytes = 64 << 10;
    configuration.scheduler_thread = false;
    auto started = Application::start(configuration, std::make_shared<const engine::Definitions>(
                                                         std::move(loaded.definitions)), clock);
    ASSERT_TRUE(started) << started.error().message;
    application = std::move(*started);
  }
  void people() {
    for (const char* id : {"ann", "bob", "cai"})
      record("person", id, Value(Map{{"login", id}, {"name", id}, {"internal", true}, {"enabled", true}}));
    for (const char* id : {"ann", "bob"})
      record("grant", std::string(id) + "-warden", Value(Map{{"person", id}, {"post", "warden"}}));
  }

  app::Platform& platform() { return application->platform(); }
  static app::Principal who(const std::string& person) { return {.person = person}; }
  Result<Value> write(app::Platform::WorldWork work) { return platform().write(std::move(work)); }
  void record(const std::string& reg, const std::string& id, Value fields) {
    auto done = write([&](app::Txn& txn, const app::World&) {
      return app::write_record_as_platform(platform(), txn, {"platform", true, false}, {reg, id, fields, {}, {}, "test"});
    });
    ASSERT_TRUE(done) << done.error().message << describe_refusals(done.error());
  }
  // The number of the ticket.
  std::string open(const std::string& process, Value fields, bool drill = false, const std::string& by = "ann") {
    auto done = write([&](app::Txn& txn, const app::World&) {
      return app::open_ticket(platform(), txn, who(by), {process, fields, {}, drill});
    });
    EXPECT_TRUE(done) << done.error().message << describe_refusals(done.error());
    return done ? (*done)["number"].as_string() : "";
  }
  Result<Value> act(const std::string& number, const std::string& action, Value fields = {},
                    const std::string& by = "ann") {
    return write([&](app::Txn& txn, const app::World&) {
      app::ActRequest request;
      request.number = number;
      request.action = action;
      request.fields = fields;
      return app::act(platform(), txn, who(by), request);
    });
  }
  // The scheduler's turn, until nothing is due any more.
  void step() {
    for (int turn = 0; turn < 8; ++turn) {
      application->scheduler().tick();
      clock.advance(seconds(2));  // a subject that fired rests for a second
    }
  }
  void advance(Duration d) {
    clock.advance(d);
    step();
  }
  std::vector<app::Event> events(const std::string& kind) {
    std::vector<app::Event> out;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World&) -> Status {
      ANLAN_TRY(auto all, reader.events_after(0, 100'000));
      for (auto& event : all)
        if (event.kind == kind) out.push_back(std::move(event));
      return {};
    }));
    return out;
  }
  std::size_t notices(const std::string& person) {
    std::size_t n = 0;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World&) -> Status {
      ANLAN_TRY(auto rows, reader.outbox_of(person, 1000));
      n = rows.size();
      return {};
    }));
    return n;
  }
  // As the first administrator, who is signed in at the first request.
  std::pair<int, Value> get(const std::string& target) { return ask("GET", target, ""); }
  std::pair<int, Value> ask(const std::string& method, const std::string& target, const std::string& body) {
    const auto answer = answered(method, target, body);
    return {answer.status, answer.body.empty() ? Value() : json::parse(answer.body).value_or(Value(answer.body))};
  }
  // The answer as it came; `head`: further lines of the request, each with its CR LF.
  http::Answer answered(const std::string& method, const std::string& target, const std::string& body,
                        const std::string& head = {}) {
    if (cookie_.empty() && application->first_start_token()) {
      const auto reply = send("POST", "/api/v1/first-start",
                              R"({"token":")" + *application->first_start_token() +
                                  R"(","login":"keeper","name":"管理","password":"four calm green rivers"})");
      auto set = reply.headers.find("set-cookie");
      if (set == reply.headers.end()) {
        ADD_FAILURE() << "no session: " << reply.body;
        return {};
      }
      cookie_ = set->second.substr(14, set->second.find(';') - 14);
    }
    return send(method, target, body, head);
  }
  static std::string describe_refusals(const Error& error) {
    std::string out;
    for (const auto& refusal : error.refusals) out += " [" + refusal.code + "] " + refusal.text.en;
    return out;
  }

  MovedClock clock{"2026-03-02T09:00:00+08:00"};
  std::unique_ptr<Application> application;

 private:
  http::Answer send(const std::string& method, const std::string& target, const std::string& body,
                    const std::string& more = {}) {
    http::RawClient client(application->port());
    std::string head = method + " " + target + " HTTP/1.1\r\nHost: anlan.test\r\n" + more;
    if (!cookie_.empty()) head += "Cookie: anlan_session=" + cookie_ + "\r\n";
    if (method != "GET")
      head += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    client.send(head + "\r\n" + body);
    return client.answer();
  }
  std::string cookie_;
};

}  // namespace anlan::server
