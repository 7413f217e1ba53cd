// The whole program in one process: HTTP over sockets, sessions, use cases, the store in memory.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "app/records.h"
#include "app/tickets.h"
#include "base/text.h"
#include "definitions/load.h"
#include "http/openapi.h"
#include "http/raw_client_test.h"
#include "json/json.h"
#include "server/application.h"

namespace anlan::server {
namespace {

const Instant start_of_test = *parse_rfc3339("2026-03-02T09:00:00+08:00");

// Moved by the test, read by every thread.
class TestClock final : public Clock {
 public:
  Instant wall() const override { return {wall_.load()}; }
  Duration monotonic() const override { return {mono_.load()}; }
  void advance(Duration d) {
    wall_ += d.ms;
    mono_ += d.ms;
  }
  void jump(Duration d) { wall_ += d.ms; }

 private:
  std::atomic<std::int64_t> wall_{start_of_test.ms}, mono_{1'000'000};
};

const definitions::Files house{
    {"roles/posts.yaml", R"(
posts:
  engineer:
    title: {zh: 工程师, en: Engineer}
    internal: false
    permissions: [case.handle]
  keeper:
    title: {zh: 管理员, en: Keeper}
    internal: true
    permissions: [people.manage, platform.settings, records.maintain]
  watcher:
    title: {zh: 查看, en: Watcher}
    internal: true
    permissions: [tickets.read.all]
)"},
    {"records/organisation.yaml", R"(
record: unit
title: {zh: 部门, en: Unit}
fields:
  name: {type: string, label: {zh: 名称, en: Name}, required: true}
  head: {type: person, label: {zh: 负责人, en: Head}}
maintain: [keeper]
---
record: board
title: {zh: 板块, en: Board}
fields:
  name:    {type: string, label: {zh: 名称, en: Name}, required: true}
  manager: {type: person, label: {zh: 经理, en: Manager}}
maintain: [keeper]
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
maintain: [keeper]
---
record: grant
title: {zh: 授予, en: Grant}
fields:
  person: {type: person, label: {zh: 人员, en: Person}, required: true}
  post:   {type: string, label: {zh: 岗位, en: Post}, required: true}
  board:  {type: board, label: {zh: 板块, en: Board}}
maintain: [keeper]
---
record: parameter
title: {zh: 参数, en: Parameter}
fields:
  reason:      {type: text, label: {zh: 理由, en: Reason}}
  approved_by: {type: person, label: {zh: 批准人, en: Approved by}}
maintain: [keeper]
)"},
    {"parameters/case.yaml", R"(
parameters:
  patience:
    title: {zh: 耐心, en: Patience}
    type: duration
    initial: 1h
    max: 2h
    own_choice: true
)"},
    {"processes/case.yaml", R"(
process: case
title: {zh: 事项, en: Case}
clause: "1"
number: CASE-{seq:4}
fields:
  title:   {type: string, label: {zh: 标题, en: Title}, required: true}
  board:   {type: board, label: {zh: 板块, en: Board}}
  channel: {type: string, label: {zh: 渠道, en: Channel}, indexed: true}
  answer:  {type: string, label: {zh: 答复, en: Answer}}
roles:
  engineer: {title: {zh: 工程师, en: Engineer}, who: [{post: engineer}, {machine: true}]}
  boss:     {title: {zh: 经理, en: Manager}, who: {manager_of: ticket.board}}
states:
  waiting: {title: {zh: 待办, en: Waiting}, accountable: boss}
  late:    {title: {zh: 已超时, en: Late}, accountable: boss}
  done:    {title: {zh: 完成, en: Done}, final: done}
actions:
  ask:
    title: {zh: 提出, en: Ask}
    to: waiting
    by: engineer
    fields: {title: required, board: optional, channel: optional}
    effects:
      - notify: {roles: [boss]}
        text: {zh: 有新事项, en: A case is waiting}
        acknowledge_within: 30m
  answer:
    title: {zh: 答复, en: Answer}
    from: open
    to: done
    by: [engineer, boss]
    fields: {answer: optional}
    guards:
      - if: has(ticket.answer)
        code: answer_missing
        field: answer
        else: {zh: 请填答复。, en: Give the answer.}
  note:
    title: {zh: 补充, en: Note}
    from: open
    by: engineer
    fields: {answer: optional}
  expire:
    title: {zh: 超时, en: Expire}
    from: waiting
    to: late
    platform: true
clocks:
  patience:
    title: {zh: 耐心, en: Patience}
    anchor: ticket.opened_at
    amount: params.patience
    stop: ticket.state == "done"
    ladder:
      - {at: 0m, tell: {roles: [boss]}, text: {zh: 超时, en: Late}, action: expire}
)"},
    {"correlation/shipped.yaml", R"(
correlation: shipped
alive_for: {otherwise: 5m}
rules:
  - key: all
    process: case
    title: {zh: 全部, en: All}
    group_by: [alertname]
    window: 30m
    action: open
    unmapped: open
)"}};

std::shared_ptr<const engine::Definitions> load_house() {
  auto loaded = definitions::load(house);
  for (const auto& problem : loaded.problems) ADD_FAILURE() << definitions::text(problem);
  return std::make_shared<const engine::Definitions>(std::move(loaded.definitions));
}

struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;
  Value body;
};

class Browser {
 public:
  explicit Browser(std::uint16_t port) : port_(port) {}

  Reply ask(const std::string& method, const std::string& target, const std::string& body = {},
            const std::string& more = {}) {
    http::RawClient client(port_);
    std::string head = method + " " + target + " HTTP/1.1\r\nHost: anlan.test\r\n" + more;
    if (!cookie.empty()) head += "Cookie: anlan_session=" + cookie + "\r\n";
    if (!token.empty()) head += "Authorization: Bearer " + token + "\r\n";
    if (method != "GET" && json) head += "Content-Type: application/json\r\n";
    if (method != "GET") head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    client.send(head + "\r\n" + body);
    http::Answer answer = client.answer();
    if (auto set = answer.headers.find("set-cookie"); set != answer.headers.end())
      cookie = set->second.substr(14, set->second.find(';') - 14);
    Reply reply{answer.status, answer.headers, {}};
    if (!answer.body.empty()) reply.body = json::parse(answer.body).value_or(Value());
    return reply;
  }
  Reply get(const std::string& target) { return ask("GET", target); }
  Reply post(const std::string& target, const std::string& body, const std::string& more = {}) {
    return ask("POST", target, body, more);
  }
  Reply put(const std::string& target, const std::string& body) { return ask("PUT", target, body); }
  Reply sign_in(const std::string& login, const std::string& password) {
    return post("/api/v1/session", R"({"login":")" + login + R"(","password":")" + password + "\"}");
  }

  std::string cookie, token;
  bool json = true;
  std::uint16_t port_;
};

constexpr const char* keeper_password = "four calm green rivers";
constexpr const char* staff_password = "seven loud blue kettles";

class ServerTest : public testing::Test {
 protected:
  void SetUp() override { start({}); }

  void start(const std::string& folder, bool demo = false) {
    Configuration configuration;
    configuration.port = 0;
    configuration.data = folder;
    configuration.demo = demo;
    configuration.demo_data = folder;
    configuration.workers = 2;
    configuration.passwords.passes = 1;
    configuration.passwords.memory_bytes = 64 << 10;
    configuration.scheduler_thread = false;
    auto started = Application::start(configuration, load_house(), clock);
    ASSERT_TRUE(started) << started.error().message;
    application = std::move(*started);
  }

  Browser browser() { return Browser(application->port()); }

  // The first administrator, made over the link.
  Browser keeper() {
    Browser b = browser();
    const Reply reply = b.post("/api/v1/first-start", R"({"token":")" + *application->first_start_token() +
                                                          R"(","login":"keeper","name":"管理","password":")" +
                                                          keeper_password + "\"}");
    EXPECT_EQ(reply.status, 200) << describe(reply.body);
    return b;
  }

  // A person with posts, who has set a password over an invitation.
  Browser person(Browser& keeper, const std::string& id, const std::vector<std::string>& posts,
                 const std::string& board = {}) {
    EXPECT_EQ(keeper.put("/api/v1/records/person/" + id, R"({"fields":{"login":")" + id + R"(","name":")" + id +
                                                             R"(","internal":true,"enabled":true}})").status, 200);
    for (const auto& post : posts) {
      const std::string where = board.empty() ? "" : R"(,"board":")" + board + "\"";
      EXPECT_EQ(keeper.put("/api/v1/records/grant/" + id + "-" + post,
                           R"({"fields":{"person":")" + id + R"(","post":")" + post + "\"" + where + "}}").status, 200);
    }
    const Reply link = keeper.post("/api/v1/people/" + id + "/invitation", "{}");
    EXPECT_EQ(link.status, 201) << describe(link.body);
    Browser b = browser();
    const Reply reply = b.post("/api/v1/invitation", R"({"token":")" + link.body["token"].as_string() +
                                                         R"(","password":")" + staff_password + "\"}");
    EXPECT_EQ(reply.status, 200) << describe(reply.body);
    return b;
  }

  // keeper, "ann" (engineer on board one), "bob" (its manager), "cai" (nothing), board "one".
  void staff() {
    boss.emplace(keeper());
    bob.emplace(person(*boss, "bob", {}));
    EXPECT_EQ(boss->put("/api/v1/records/board/one", R"({"fields":{"name":"一","manager":"bob"}})").status, 200);
    ann.emplace(person(*boss, "ann", {"engineer"}, "one"));
    cai.emplace(person(*boss, "cai", {}));
  }
  std::string open_case(const std::string& title = "坏了") {
    const Reply reply = ann->post("/api/v1/tickets", R"({"process":"case","fields":{"title":")" + title +
                                                         R"(","board":"one","channel":"phone"}})");
    EXPECT_EQ(reply.status, 201) << describe(reply.body);
    return reply.body["number"].as_string();
  }
  std::int64_t events(const std::string& kind) {
    std::int64_t n = 0;
    EXPECT_TRUE(application->platform().read([&](app::Reader& reader, const app::World&) -> Status {
      ANLAN_TRY(auto all, reader.events_after(0, 10'000));
      for (const auto& event : all) n += event.kind == kind ? 1 : 0;
      return {};
    }));
    return n;
  }

  app::Position last_position() {
    app::Position position = 0;
    EXPECT_TRUE(application->platform().read([&](app::Reader& reader, const app::World&) -> Status {
      ANLAN_TRY(position, reader.last_position());
      return {};
    }));
    return position;
  }

  TestClock clock;
  std::unique_ptr<Application> application;
  std::optional<Browser> boss, ann, bob, cai;
};

TEST_F(ServerTest, DescribesEveryRouteItServes) {
  for (const auto& fault : http::check_openapi(application->routes(), http::api_schemas())) ADD_FAILURE() << fault;
  Browser b = browser();
  const Reply document = b.get("/openapi.json");
  EXPECT_EQ(document.status, 200);
  EXPECT_TRUE(document.body["paths"]["/api/v1/tickets/{number}/actions/{action}"]["post"].is(Value::Kind::map));
  EXPECT_EQ(b.get("/healthz").status, 200);
  EXPECT_EQ(b.get("/readyz").body["ready"], Value(true));
}

TEST_F(ServerTest, NobodyGetsInUnasked) {
  Browser b = browser();
  for (const auto& route : application->routes()) {
    if (!route.pattern.starts_with("/api/") || route.openapi["security"].is(Value::Kind::list)) continue;
    if (route.method == "DELETE" && route.pattern == "/api/v1/session") continue;  // signing out twice is no mistake
    std::string path = route.pattern;
    for (auto at = path.find('{'); at != std::string::npos; at = path.find('{'))
      path.replace(at, path.find('}') - at + 1, "x");
    EXPECT_EQ(b.ask(route.method, path, route.method == "GET" ? "" : "{}").status, 401) << route.method << " " << path;
  }
}

TEST_F(ServerTest, TheFirstLinkMakesOneAdministrator) {
  Browser b = browser();
  EXPECT_EQ(
      b.post("/api/v1/first-start", R"({"token":"guess","login":"me","name":"me","password":"four calm green rivers"})")
          .status,
      404);
  Browser k = keeper();
  const Reply me = k.get("/api/v1/me");
  EXPECT_EQ(me.body["id"], Value("keeper"));
  EXPECT_EQ(me.body["posts"].as_list().front()["post"], Value("keeper"));
  EXPECT_EQ(
      b.post("/api/v1/first-start", R"({"token":")" + *application->first_start_token() +
                                        R"(","login":"other","name":"other","password":"four calm green rivers"})")
          .status,
      404);
  EXPECT_EQ(events("session.opened"), 1);
}

TEST_F(ServerTest, PasswordsAreLookedAtBeforeTheyAreTaken) {
  Browser b = browser();
  const Reply weak = b.post("/api/v1/first-start", R"({"token":")" + *application->first_start_token() +
                                                       R"(","login":"keeper","name":"x","password":"123456789012"})");
  EXPECT_EQ(weak.status, 422);
  EXPECT_FALSE(weak.body["refusals"].as_list().empty());
}

TEST_F(ServerTest, FiveFailuresLockALogin) {
  keeper();
  Browser b = browser();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(b.sign_in("keeper", "wrong wrong wrong").status, 401);
  const Reply locked = b.sign_in("keeper", keeper_password);
  EXPECT_EQ(locked.status, 401);
  EXPECT_EQ(locked.body["refusals"].as_list().front()["code"], Value("sign_in_failed"));
  // A login that does not exist answers alike.
  EXPECT_EQ(b.sign_in("nobody", keeper_password).body["refusals"], locked.body["refusals"]);
  clock.advance(minutes(15));
  EXPECT_EQ(b.sign_in("keeper", keeper_password).status, 200);
  EXPECT_EQ(b.get("/api/v1/me").status, 200);
  EXPECT_EQ(events("session.refused"), 7);
}

TEST_F(ServerTest, SessionsEnd) {
  Browser b = keeper();
  for (int i = 0; i < 3; ++i) {
    clock.advance(minutes(25));
    EXPECT_EQ(b.get("/api/v1/me").status, 200) << i;
  }
  clock.advance(minutes(31));
  EXPECT_EQ(b.get("/api/v1/me").status, 401);
  EXPECT_EQ(b.sign_in("keeper", keeper_password).status, 200);
  for (int i = 0; i < 36; ++i) {
    clock.advance(minutes(20));
    b.get("/api/v1/me");
  }
  EXPECT_EQ(b.get("/api/v1/me").status, 401) << "twelve hours are the most";

  EXPECT_EQ(b.sign_in("keeper", keeper_password).status, 200);
  const std::string before = b.cookie;
  EXPECT_EQ(b.sign_in("keeper", keeper_password).status, 200);
  EXPECT_NE(b.cookie, before);
  Browser old = browser();
  old.cookie = before;
  EXPECT_EQ(old.get("/api/v1/me").status, 401) << "signing in again ends the session before";
  const std::string now = b.cookie;
  EXPECT_EQ(b.ask("DELETE", "/api/v1/session").status, 204);
  old.cookie = now;
  EXPECT_EQ(old.get("/api/v1/me").status, 401);
  EXPECT_TRUE(application->sessions().housekeep());
}

TEST_F(ServerTest, ANewPasswordEndsOtherSessions) {
  Browser b = keeper(), other = browser();
  EXPECT_EQ(other.sign_in("keeper", keeper_password).status, 200);
  EXPECT_EQ(
      b.put("/api/v1/me/password", R"({"current":"wrong wrong wrong","password":"nine slow white clouds"})").status,
      401);
  EXPECT_EQ(b.put("/api/v1/me/password", R"({"current":"four calm green rivers","password":"nine slow white clouds"})")
                .status,
            204);
  EXPECT_EQ(b.get("/api/v1/me").status, 200);
  EXPECT_EQ(other.get("/api/v1/me").status, 401);
  EXPECT_EQ(other.sign_in("keeper", keeper_password).status, 401);
  EXPECT_EQ(other.sign_in("keeper", "nine slow white clouds").status, 200);
}

TEST_F(ServerTest, ADisabledAccountIsOut) {
  staff();
  EXPECT_EQ(ann->get("/api/v1/me").status, 200);
  EXPECT_EQ(boss->put("/api/v1/records/person/ann", R"({"fields":{"enabled":false}})").status, 200);
  EXPECT_EQ(ann->get("/api/v1/me").status, 401);
  EXPECT_EQ(ann->sign_in("ann", staff_password).status, 401);
}

TEST_F(ServerTest, ForeignPagesChangeNothing) {
  Browser b = keeper();
  const std::string body = R"({"language":"en"})";
  EXPECT_EQ(b.ask("PUT", "/api/v1/me", body, "Origin: https://elsewhere.test\r\n").status, 403);
  EXPECT_EQ(b.ask("PUT", "/api/v1/me", body, "Origin: null\r\n").status, 403);
  EXPECT_EQ(b.ask("PUT", "/api/v1/me", body, "Origin: http://anlan.test\r\n").status, 200);
  b.json = false;
  EXPECT_EQ(b.ask("PUT", "/api/v1/me", body).status, 403);
  EXPECT_EQ(b.ask("PUT", "/api/v1/me", body, "X-Anlan-Request: 1\r\n").status, 200);
  EXPECT_EQ(b.get("/api/v1/me").body["language"], Value("en"));
}

TEST_F(ServerTest, ATicketFromOpeningToEnd) {
  staff();
  const Reply opened =
      ann->post("/api/v1/tickets", R"({"process":"case","fields":{"title":"坏了","board":"one","channel":"phone"}})");
  ASSERT_EQ(opened.status, 201) << describe(opened.body);
  EXPECT_EQ(opened.headers.at("location"), "/api/v1/tickets/CASE-0001");
  EXPECT_EQ(opened.headers.at("etag"), "\"1\"");
  EXPECT_EQ(opened.body["holder"], Value("bob"));

  const std::string ticket = "/api/v1/tickets/CASE-0001";
  EXPECT_EQ(ann->get(ticket).body["state"], Value("waiting"));
  for (const char* part : {"/actions", "/events", "/clocks", "/links", "/tasks"}) {
    const Reply reply = ann->get(ticket + part);
    EXPECT_EQ(reply.status, 200) << part;
    EXPECT_TRUE(reply.body["items"].is(Value::Kind::list)) << part;
  }
  const Reply refused = ann->post(ticket + "/actions/answer", "{}");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.body["refusals"].as_list().front()["code"], Value("answer_missing"));

  EXPECT_EQ(ann->post(ticket + "/actions/note", R"({"fields":{"answer":"先看"},"version":1})").status, 200);
  const Reply stale = bob->post(ticket + "/actions/answer", R"({"version":1})");
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.body["field"], Value("version"));
  EXPECT_EQ(stale.body["version"], Value(2));
  ASSERT_EQ(stale.body["changes"].as_list().size(), 1u);
  EXPECT_EQ(stale.body["changes"].as_list().front()["actor"]["id"], Value("ann"));
  EXPECT_EQ(bob->ask("POST", ticket + "/actions/answer", "{}", "If-Match: \"1\"\r\n").status, 409);
  EXPECT_EQ(bob->ask("POST", ticket + "/actions/answer", "{}", "If-Match: 1\r\n").status, 422);
  EXPECT_EQ(bob->ask("POST", ticket + "/actions/answer", "{}", "If-Match: \"2\"\r\n").status, 200);
  EXPECT_EQ(bob->get(ticket).body["state"], Value("done"));

  EXPECT_EQ(ann->post(ticket + "/comments", R"({"text":"谢谢"})").status, 201);
  EXPECT_EQ(ann->put(ticket + "/watch", "").body["watching"], Value(true));
  EXPECT_EQ(ann->get(ticket).body["watching"], Value(true));
  EXPECT_EQ(ann->get("/api/v1/me/watched").body["items"].as_list().size(), 1u);
  EXPECT_EQ(ann->ask("DELETE", ticket + "/watch").body["watching"], Value(false));
  EXPECT_EQ(ann->get(ticket).body["watching"], Value(false));
  EXPECT_TRUE(ann->get("/api/v1/me/watched").body["items"].as_list().empty());
}

TEST_F(ServerTest, UnknownMembersAreNamed) {
  staff();
  const Reply member = ann->post("/api/v1/tickets", R"({"process":"case","feilds":{}})");
  EXPECT_EQ(member.status, 422);
  EXPECT_EQ(member.body["field"], Value("feilds"));
  const Reply field = ann->post("/api/v1/tickets", R"({"process":"case","fields":{"title":"a","tilte":"b"}})");
  EXPECT_EQ(field.status, 422);
  EXPECT_EQ(field.body["field"], Value("fields.tilte"));
  EXPECT_EQ(ann->post("/api/v1/tickets", R"({"fields":{}})").body["field"], Value("process"));
  EXPECT_EQ(ann->post("/api/v1/tickets", R"({"process":1})").body["field"], Value("process"));
  EXPECT_EQ(ann->post("/api/v1/tickets", "[]").status, 400);
  EXPECT_EQ(ann->post("/api/v1/tickets", "{").status, 400);
  EXPECT_EQ(ann->get("/api/v1/tickets?nothing=1").body["field"], Value("nothing"));
  EXPECT_EQ(ann->get("/api/v1/tickets/CASE-0001?x=1").body["field"], Value("x"));
}

TEST_F(ServerTest, AKeyIsAnsweredOnce) {
  staff();
  const std::string body = R"({"process":"case","fields":{"title":"一次","board":"one"}})",
                    key = "Idempotency-Key: k-1\r\n";
  const Reply first = ann->post("/api/v1/tickets", body, key), again = ann->post("/api/v1/tickets", body, key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.at("idempotent-replayed"), "true");
  EXPECT_EQ(again.headers.at("location"), first.headers.at("location"));
  EXPECT_EQ(ann->post("/api/v1/tickets", R"({"process":"case","fields":{"title":"另一","board":"one"}})", key).status,
            409);
  // A refused request leaves no answer behind; the key may be used again.
  const std::string other = "Idempotency-Key: k-2\r\n";
  EXPECT_EQ(ann->post("/api/v1/tickets/CASE-0001/actions/answer", "{}", other).status, 409);
  EXPECT_EQ(ann->post("/api/v1/tickets/CASE-0001/actions/answer", R"({"fields":{"answer":"好"}})", other).status, 200);
  EXPECT_EQ(ann->get("/api/v1/tickets?q=CASE").body["items"].as_list().size(), 1u);
}

TEST_F(ServerTest, ListsFilterAndTurnPages) {
  staff();
  for (int i = 0; i < 5; ++i) open_case("第" + std::to_string(i));
  const Reply page =
      ann->get("/api/v1/tickets?process=case&state=waiting&open=true&channel=phone&limit=2&sort=opened_at");
  ASSERT_EQ(page.body["items"].as_list().size(), 2u) << describe(page.body);
  EXPECT_EQ(page.body["items"].as_list().front()["number"], Value("CASE-0001"));
  const Reply next =
      ann->get("/api/v1/tickets?process=case&state=waiting&open=true&channel=phone&limit=2&sort=opened_at&cursor=" +
               page.body["next_cursor"].as_string());
  EXPECT_EQ(next.body["items"].as_list().front()["number"], Value("CASE-0003"));
  EXPECT_EQ(bob->get("/api/v1/tickets?holder=me").body["items"].as_list().size(), 5u);
  EXPECT_EQ(ann->get("/api/v1/tickets?holder=me").body["items"].as_list().size(), 0u);
  EXPECT_EQ(bob->get("/api/v1/tickets?owes=me").body["items"].as_list().size(), 5u);
  EXPECT_EQ(ann->get("/api/v1/tickets?channel=mail").body["items"].as_list().size(), 0u);
  for (const char* bad :
       {"limit=0", "limit=x", "sort=worst", "open=maybe", "process=none", "severity=dire", "opened_from=today"})
    EXPECT_EQ(ann->get(std::string("/api/v1/tickets?") + bad).status, 422) << bad;
}

TEST_F(ServerTest, AQueryIsOneLine) {
  staff();
  for (int i = 0; i < 3; ++i) open_case("第" + std::to_string(i));
  ann->post("/api/v1/tickets/CASE-0002/actions/answer", R"({"fields":{"answer":"好"}})");
  auto numbers = [&](Browser& who, const std::string& line) {
    const Reply reply = who.get("/api/v1/tickets?sort=opened_at&q=" + http::percent_encode_path(line));
    std::string out;
    for (const Value& item : reply.body["items"].as_list()) out += item["number"].as_string().substr(8);
    return reply.status == 200 ? out : reply.body["detail"].as_string();
  };
  EXPECT_EQ(numbers(*ann, ""), "123");
  EXPECT_EQ(numbers(*ann, "state:open"), "13");
  EXPECT_EQ(numbers(*ann, "状态:完成"), "2");
  EXPECT_EQ(numbers(*ann, "state:waiting,done"), "123") << "several values are alternatives";
  EXPECT_EQ(numbers(*ann, "流程:事项 状态:Done"), "2") << "titles in either language";
  EXPECT_EQ(numbers(*ann, "holder:bob state:open"), "13");
  EXPECT_EQ(numbers(*bob, "负责人:我 状态:未关闭"), "13");
  EXPECT_EQ(numbers(*bob, "owes:me"), "13");
  EXPECT_EQ(numbers(*ann, "渠道:phone 第2"), "3") << "all tokens hold; words are looked for in the title";
  EXPECT_EQ(numbers(*ann, "channel:mail"), "");
  EXPECT_EQ(numbers(*ann, "\"第2\""), "3");
  EXPECT_EQ(numbers(*ann, "opened>=24h"), "123");
  EXPECT_EQ(numbers(*ann, "opened<=24h"), "") << "longer ago than that";
  EXPECT_EQ(numbers(*ann, "opened:2026-03-02"), "123");
  EXPECT_EQ(numbers(*ann, "opened>2026-03-02"), "");
  EXPECT_EQ(numbers(*ann, "opened<2026-03-02"), "");
  EXPECT_EQ(numbers(*ann, "opened<=2026-03-02"), "123");
  for (const char* bad : {"stat:open", "state:nowhere", "state>=open", "holder:nobody", "process:none", "opened>=soon",
                          "severity>=dire", "state:", "sort:worst", "drill:maybe", "board:moon", "channel:a,b"})
    EXPECT_TRUE(numbers(*ann, bad).starts_with(std::string(bad) + ": ")) << bad << ": " << numbers(*ann, bad);
  EXPECT_EQ(ann->get("/api/v1/tickets?q=" + std::string(2001, 'x')).status, 422);

  const Value facets = ann->get("/api/v1/tickets/facets?q=state:open").body["facets"];
  EXPECT_EQ(facets["state"].as_list().size(), 1u) << "an answered case is not open";
  EXPECT_EQ(facets["state"].as_list().front()["count"], Value(2));
  EXPECT_EQ(facets["state"].as_list().front()["title"]["zh"], Value("待办"));
  EXPECT_EQ(facets["holder"].as_list().front()["value"], Value("bob"));
  EXPECT_TRUE(cai->get("/api/v1/tickets/facets").body["facets"]["state"].as_list().empty()) << "within the scope";

  auto offered = [&](Browser& who, const std::string& line) {
    std::string out;
    for (const Value& item :
         who.get("/api/v1/tickets/completions?q=" + http::percent_encode_path(line)).body["items"].as_list())
      out += item["insert"].as_string() + " ";
    return out;
  };
  EXPECT_EQ(offered(*ann, "state:open hol"), "holder: ");
  EXPECT_EQ(offered(*ann, "渠"), "channel: ");
  EXPECT_EQ(offered(*ann, "state:超时"), "late ");
  EXPECT_EQ(offered(*ann, "state:waiting,do"), "done ");
  EXPECT_EQ(offered(*ann, "opened>="), "1d 7d 30d ");
  EXPECT_EQ(offered(*ann, "x:"), "");
}

TEST_F(ServerTest, AnActionIsTriedBeforeItIsDone) {
  staff();
  const Reply opening = ann->post("/api/v1/processes/case/check", R"({"fields":{"channel":"phone"}})");
  EXPECT_EQ(opening.status, 200) << describe(opening.body);
  EXPECT_EQ(opening.body["open"], Value(false));
  EXPECT_EQ(opening.body["refusals"].as_list().front()["code"], Value("required_title"));
  EXPECT_EQ(ann->post("/api/v1/processes/case/check", R"({"fields":{"title":"坏了"}})").body["state"], Value("waiting"));
  EXPECT_EQ(ann->post("/api/v1/processes/none/check", "{}").status, 404);
  EXPECT_TRUE(ann->get("/api/v1/tickets").body["items"].as_list().empty()) << "nothing was opened";

  const std::string ticket = "/api/v1/tickets/" + open_case();
  const std::int64_t before = events("ticket.acted");
  Reply tried = ann->post(ticket + "/actions/answer/check", "{}");
  EXPECT_EQ(tried.body["refusals"].as_list().front()["code"], Value("answer_missing"));
  tried = ann->post(ticket + "/actions/answer/check", R"({"fields":{"answer":"好"}})");
  EXPECT_EQ(tried.body["open"], Value(true)) << describe(tried.body);
  EXPECT_EQ(tried.body["state"], Value("done"));
  EXPECT_EQ(tried.body["fields"], Value(Map{{"answer", "好"}}));
  tried = ann->post(ticket + "/actions/answer/check", R"({"fields":{"answer":7}})");
  EXPECT_EQ(tried.body["refusals"].as_list().front()["field"], Value("answer")) << describe(tried.body);
  EXPECT_EQ(ann->get(ticket).body["state"], Value("waiting"));
  EXPECT_EQ(events("ticket.acted"), before);
  EXPECT_EQ(cai->post(ticket + "/actions/answer/check", "{}").status, 404);
}

TEST_F(ServerTest, FilesHangOnATicket) {
  staff();
  const std::string files = "/api/v1/tickets/" + open_case() + "/attachments";
  constexpr char picture[] = "\x89PNG\0 not really a picture";
  const std::string bytes(picture, sizeof picture - 1);
  auto upload = [&](Browser& who, const std::string& name, const std::string& what, const std::string& type) {
    who.json = false;
    const Reply reply = who.ask("POST", files + "?name=" + http::percent_encode_path(name), what,
                                "Content-Type: " + type + "\r\nX-Anlan-Request: 1\r\n");
    who.json = true;
    return reply;
  };
  const Reply first = upload(*ann, "../../截图 \"一\".png", bytes, "image/png");
  ASSERT_EQ(first.status, 201) << describe(first.body);
  EXPECT_EQ(first.body["id"], Value("a1"));
  EXPECT_EQ(first.body["name"], Value("截图 一.png")) << "no folders, no quotes";
  EXPECT_EQ(first.body["size"], Value(static_cast<std::int64_t>(bytes.size())));
  const Reply page = upload(*bob, ".x.html", "<script>alert(1)</script>", "text/html");
  EXPECT_EQ(page.body["type"], Value("application/octet-stream")) << "what a browser would run is bytes to save";
  EXPECT_EQ(page.body["name"], Value("x.html"));
  EXPECT_EQ(upload(*ann, "a", "", "text/plain").status, 422);
  EXPECT_EQ(upload(*cai, "a", "x", "text/plain").status, 404) << "out of scope";
  EXPECT_EQ(ann->ask("POST", files, "x", "Origin: https://evil.test\r\n").status, 403);

  EXPECT_EQ(bob->get(files).body["items"].as_list().size(), 2u);
  http::RawClient client(application->port());
  client.send("GET " + files + "/a1 HTTP/1.1\r\nHost: anlan.test\r\nCookie: anlan_session=" + bob->cookie + "\r\n\r\n");
  http::Answer answer = client.answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, bytes);
  EXPECT_EQ(answer.headers["content-type"], "image/png");
  EXPECT_TRUE(answer.headers["content-disposition"].starts_with("attachment; filename=\"")) << answer.headers["content-disposition"];
  EXPECT_EQ(answer.headers["x-content-type-options"], "nosniff");
  EXPECT_EQ(answer.headers["content-security-policy"], "sandbox; default-src 'none'");
  EXPECT_EQ(cai->get(files + "/a1").status, 404);
  EXPECT_EQ(ann->get(files + "/a3").status, 404);

  EXPECT_EQ(bob->ask("DELETE", files + "/a1?reason=x", "").status, 403) << "only who attached it";
  EXPECT_EQ(ann->ask("DELETE", files + "/a1", "").status, 422) << "not without a reason";
  EXPECT_EQ(ann->ask("DELETE", files + "/a1?reason=wrong", "").status, 200);
  EXPECT_EQ(ann->get(files + "/a1").status, 404);
  EXPECT_EQ(ann->get(files).body["items"].as_list().size(), 1u);
  EXPECT_EQ(events("ticket.attached"), 2) << "the log keeps that it was there";
  EXPECT_EQ(upload(*ann, "b", "x", "text/plain").body["id"], Value("a3")) << "an id is not used twice";
}

TEST_F(ServerTest, WhatOneMayNotSeeIsNotThere) {
  staff();
  const std::string number = open_case(), ticket = "/api/v1/tickets/" + number;
  for (const char* part : {"", "/actions", "/events", "/clocks", "/links", "/tasks"})
    EXPECT_EQ(cai->get(ticket + part).status, 404) << part;
  EXPECT_EQ(cai->post(ticket + "/actions/answer", "{}").status, 404);
  EXPECT_EQ(cai->post(ticket + "/comments", R"({"text":"x"})").status, 404);
  EXPECT_TRUE(cai->get("/api/v1/tickets").body["items"].as_list().empty());
  EXPECT_EQ(cai->get(ticket).body["detail"], cai->get("/api/v1/tickets/" + number).body["detail"]);
}

TEST_F(ServerTest, TheStreamTellsWhatOneMaySee) {
  staff();
  http::RawClient bobs(application->port()), cais(application->port());
  auto listen = [](http::RawClient& client, const Browser& who, const std::string& more = {}) {
    client.send("GET /api/v1/stream HTTP/1.1\r\nHost: anlan.test\r\nCookie: anlan_session=" + who.cookie + "\r\n" +
                more + "\r\n");
  };
  listen(bobs, *bob);
  listen(cais, *cai);
  ASSERT_TRUE(bobs.until("event: ready"));
  ASSERT_TRUE(cais.until("event: ready"));
  const std::string number = open_case();
  ASSERT_TRUE(bobs.until("\"id\":\"" + number + "\""));
  EXPECT_NE(bobs.input().find("\"topic\":\"ticket\""), std::string::npos);
  // A later event that everybody of the house sees: what came before it was not sent.
  EXPECT_EQ(boss->put("/api/v1/records/unit/hq", R"({"fields":{"name":"总部"}})").status, 200);
  ASSERT_TRUE(cais.until("\"id\":\"unit/hq\""));
  EXPECT_EQ(cais.input().find(number), std::string::npos);

  http::RawClient again(application->port()), nobody(application->port());
  listen(again, *bob, "Last-Event-ID: 1\r\n");
  EXPECT_TRUE(again.until("\"id\":\"" + number + "\"")) << "what was missed follows";
  nobody.get("/api/v1/stream");
  EXPECT_EQ(nobody.answer().status, 401);
}

TEST_F(ServerTest, PeopleOnATicketSeeEachOther) {
  staff();
  const std::string number = open_case(), ticket = "/api/v1/tickets/" + number, there = ticket + "/presence";
  const app::Position before = last_position();
  EXPECT_TRUE(ann->get(there).body["items"].as_list().empty());
  const Reply alone = ann->post(there, R"({"doing":"view","tab":"a"})");
  ASSERT_EQ(alone.status, 200) << describe(alone.body);
  ASSERT_EQ(alone.body["items"].as_list().size(), 1u);
  clock.advance(seconds(5));
  EXPECT_EQ(ann->post(there, R"({"doing":"edit","tab":"b","action":"answer"})").status, 200) << "another tab";
  const Reply both = bob->post(there, R"({"doing":"view","tab":"a"})");
  ASSERT_EQ(both.body["items"].as_list().size(), 2u) << describe(both.body);
  const Value first = both.body["items"].as_list().front();
  EXPECT_EQ(first["person"], Value("ann"));
  EXPECT_EQ(first["name"]["zh"], Value("ann"));
  EXPECT_EQ(first["doing"], Value("edit"));
  EXPECT_EQ(first["action"], Value("answer"));
  EXPECT_EQ(parse_rfc3339(first["since"].as_string()), start_of_test + seconds(5));
  EXPECT_EQ(both.body["items"].as_list().back()["doing"], Value("view"));
  EXPECT_TRUE(both.body["items"].as_list().back()["action"].is_null());
  EXPECT_EQ(bob->get(there).body, both.body);

  EXPECT_EQ(ann->post(there, R"({"doing":"gone","tab":"b"})").body["items"].as_list().front()["doing"], Value("view"));
  clock.advance(seconds(44));
  bob->post(there, R"({"doing":"view","tab":"a"})");
  clock.advance(seconds(1));
  EXPECT_EQ(bob->get(there).body["items"].as_list().size(), 1u) << "ann is silent for 45 s";
  EXPECT_EQ(last_position(), before) << "nothing of this is in the log";
  EXPECT_EQ(ann->get(ticket).body["version"], Value(1));
}

TEST_F(ServerTest, ABeatIsForWhoMayReadTheTicket) {
  staff();
  const std::string number = open_case(), ticket = "/api/v1/tickets/" + number, there = ticket + "/presence";
  const std::string beat = R"({"doing":"view","tab":"a"})";
  ann->post(there, beat);
  for (const std::string& where : {there, std::string("/api/v1/tickets/CASE-9999/presence")}) {
    const Reply refused = cai->post(where, beat), unread = cai->get(where);
    EXPECT_EQ(refused.status, 404);
    EXPECT_EQ(unread.status, 404);
  }
  EXPECT_EQ(cai->post(there, beat).body["detail"], cai->get(ticket).body["detail"]);
  EXPECT_EQ(ann->get(there).body["items"].as_list().size(), 1u);

  auto names = [&](const std::string& body) {
    const Reply reply = ann->post(there, body);
    EXPECT_EQ(reply.status, 422) << body;
    return reply.body["field"];
  };
  EXPECT_EQ(names(R"({"doing":"view","tab":"a","who":"bob"})"), Value("who"));
  EXPECT_EQ(names(R"({"tab":"a"})"), Value("doing"));
  EXPECT_EQ(names(R"({"doing":"sleep","tab":"a"})"), Value("doing"));
  EXPECT_EQ(names(R"({"doing":"view"})"), Value("tab"));
  EXPECT_EQ(names(R"({"doing":"view","tab":""})"), Value("tab"));
  EXPECT_EQ(names(R"({"doing":"view","tab":")" + std::string(41, 'x') + "\"}"), Value("tab"));
  EXPECT_EQ(names(R"({"doing":"view","tab":"a","action":"answer"})"), Value("action"));
  EXPECT_EQ(names(R"({"doing":"edit","tab":"a","action":")" + std::string(65, 'x') + "\"}"), Value("action"));
  EXPECT_EQ(ann->get(there + "?x=1").body["field"], Value("x"));
  EXPECT_EQ(ann->ask("POST", there, beat, "Origin: https://elsewhere.test\r\n").status, 403);

  const Reply made = boss->post("/api/v1/tokens", R"({"name":"probe","scopes":["tickets.read"]})");
  ASSERT_EQ(made.status, 201) << describe(made.body);
  Browser machine = browser();
  machine.token = made.body["token"].as_string();
  EXPECT_EQ(machine.get(there).status, 200);
  EXPECT_EQ(machine.post(there, beat).status, 403) << "a machine is nobody to be seen";
}

TEST_F(ServerTest, TheStreamTellsWhoCameAndLeft) {
  staff();
  const std::string number = open_case(), there = "/api/v1/tickets/" + number + "/presence";
  const std::string told = "event: presence";
  http::RawClient anns(application->port()), bobs(application->port()), cais(application->port());
  auto listen = [](http::RawClient& client, const Browser& who) {
    client.send("GET /api/v1/stream HTTP/1.1\r\nHost: anlan.test\r\nCookie: anlan_session=" + who.cookie + "\r\n\r\n");
  };
  listen(anns, *ann);
  listen(bobs, *bob);
  listen(cais, *cai);
  for (http::RawClient* client : {&anns, &bobs, &cais}) ASSERT_TRUE(client->until("event: ready"));
  ann->post(there, R"({"doing":"view","tab":"a"})");
  ASSERT_TRUE(anns.until(told));
  anns.input().clear();
  bob->post(there, R"({"doing":"edit","tab":"a","action":"answer"})");
  ASSERT_TRUE(bobs.until(told));
  ASSERT_TRUE(anns.until(told));
  EXPECT_NE(bobs.input().find("\"topic\":\"presence\""), std::string::npos);
  EXPECT_EQ(bobs.input().find("ann"), std::string::npos) << "no names";
  // What lapses is told by the sweep; the record after it is what everybody of the house sees.
  anns.input().clear();
  clock.advance(seconds(30));
  ann->post(there, R"({"doing":"view","tab":"a"})");
  clock.advance(seconds(15));
  application->scheduler().tick();
  ASSERT_TRUE(anns.until(told)) << "bob lapsed";
  EXPECT_EQ(boss->put("/api/v1/records/unit/hq", R"({"fields":{"name":"总部"}})").status, 200);
  ASSERT_TRUE(cais.until("\"id\":\"unit/hq\""));
  EXPECT_EQ(cais.input().find(told), std::string::npos);
  EXPECT_EQ(cais.input().find(number), std::string::npos);
}

TEST_F(ServerTest, APageLeftOpenDoesNotKeepItsSession) {
  staff();
  const std::string there = "/api/v1/tickets/" + open_case() + "/presence";
  for (int i = 0; i < 29; ++i) {
    clock.advance(minutes(1));
    EXPECT_EQ(ann->post(there, R"({"doing":"view","tab":"a"})").status, 200) << i;
    EXPECT_EQ(ann->get(there).status, 200) << i;
  }
  clock.advance(minutes(2));
  EXPECT_EQ(ann->post(there, R"({"doing":"view","tab":"a"})").status, 401);
}

TEST_F(ServerTest, MachinesComeWithTokens) {
  staff();
  EXPECT_EQ(ann->post("/api/v1/tokens", R"({"name":"probe","scopes":["alerts.write"]})").status, 403);
  EXPECT_EQ(boss->post("/api/v1/tokens", R"({"name":"probe","scopes":["everything"]})").body["field"], Value("scopes"));
  const Reply made = boss->post("/api/v1/tokens", R"({"name":"probe","scopes":["alerts.write"]})");
  ASSERT_EQ(made.status, 201) << describe(made.body);
  EXPECT_EQ(boss->post("/api/v1/tokens", R"({"name":"probe","scopes":["alerts.write"]})").status, 409);
  const Reply listed = boss->get("/api/v1/tokens");
  ASSERT_EQ(listed.body["items"].as_list().size(), 1u);
  EXPECT_TRUE(listed.body["items"].as_list().front()["token"].is_null());

  Browser machine = browser();
  machine.token = made.body["token"].as_string();
  const std::string alert = R"([{"labels":{"alertname":"Down"},"annotations":{"summary":"宕机"}}])";
  const Reply delivered = machine.post("/api/v2/alerts", alert);
  EXPECT_EQ(delivered.status, 200) << describe(delivered.body);
  ASSERT_EQ(delivered.body["tickets"].as_list().size(), 1u) << describe(delivered.body);
  EXPECT_EQ(machine.post("/api/v2/alerts", alert).body["absorbed"], Value(1));
  EXPECT_EQ(machine.post("/api/v2/alerts", R"([{"labels":{"alertname":7}}])").body["problems"].as_list().size(), 1u);
  EXPECT_EQ(machine.get("/api/v2/alerts").body.as_list().size(), 1u);
  EXPECT_EQ(machine.get("/api/v2/status").status, 200);
  EXPECT_EQ(machine.get("/api/v1/tickets").status, 403);
  EXPECT_EQ(machine.post("/api/v1/tickets", R"({"process":"case"})").status, 403);
  EXPECT_EQ(machine.get("/api/v1/records/person").status, 403);
  EXPECT_EQ(machine.put("/api/v1/records/unit/x", R"({"fields":{"name":"x"}})").status, 403);
  EXPECT_EQ(ann->post("/api/v2/alerts", alert).status, 403) << "people deliver no alerts";
  EXPECT_EQ(boss->get("/api/v1/alerts").status, 403) << "labels name hosts: only for who may read every ticket";
  Browser eve = person(*boss, "eve", {"watcher"});
  EXPECT_EQ(eve.get("/api/v1/alerts").body["groups"].as_list().size(), 1u);
  EXPECT_EQ(boss->post("/api/v1/alerts/replay", "{}").status, 200);
  EXPECT_EQ(ann->post("/api/v1/alerts/replay", "{}").status, 403);
  EXPECT_EQ(machine.post("/api/v1/hooks/generic", R"({"name":"Slow"})").status, 200);

  EXPECT_EQ(boss->ask("DELETE", "/api/v1/tokens/" + made.body["id"].as_string()).status, 204);
  EXPECT_EQ(machine.post("/api/v2/alerts", alert).status, 401);
}

TEST_F(ServerTest, RegistersAndParameters) {
  staff();
  EXPECT_EQ(ann->put("/api/v1/records/unit/hq", R"({"fields":{"name":"总部"}})").status, 403);
  EXPECT_EQ(boss->put("/api/v1/records/unit/hq", R"({"fields":{"name":"总部"}})").headers.at("etag"), "\"1\"");
  EXPECT_EQ(boss->put("/api/v1/records/unit/hq", R"({"fields":{"name":"总公司"},"version":1})").status, 200);
  EXPECT_EQ(boss->put("/api/v1/records/unit/hq", R"({"fields":{"name":"x"},"version":1})").status, 409);
  EXPECT_EQ(ann->get("/api/v1/records/unit/hq").body["fields"]["name"], Value("总公司"));
  EXPECT_EQ(ann->get("/api/v1/records/unit/hq/history").body["items"].as_list().size(), 2u);
  const Reply history = ann->get("/api/v1/records/unit/hq/history");
  EXPECT_EQ(history.body["items"].as_list()[1]["actor"], Value("keeper"));
  EXPECT_EQ(history.body["items"].as_list()[1]["actor_name"]["zh"], Value("管理"));
  EXPECT_EQ(ann->get("/api/v1/records/unit/none").status, 404);
  EXPECT_EQ(ann->get("/api/v1/records/none").status, 404);
  const Reply people = ann->get("/api/v1/people?limit=2");
  EXPECT_EQ(people.body["items"].as_list().size(), 2u);
  EXPECT_EQ(ann->get("/api/v1/people?cursor=" + people.body["next_cursor"].as_string()).body["items"].as_list().size(),
            2u);
  EXPECT_EQ(ann->get("/api/v1/people?post=engineer").body["items"].as_list().size(), 1u);

  EXPECT_EQ(boss->put("/api/v1/parameters/patience", R"({"value":"3h"})").status, 409);
  EXPECT_EQ(boss->put("/api/v1/parameters/patience", R"({"value":"30m","reason":"试行"})").status, 200);
  EXPECT_EQ(ann->put("/api/v1/parameters/patience", R"({"value":"1h"})").status, 403);
  const Value patience = ann->get("/api/v1/parameters").body["items"].as_list().front();
  EXPECT_EQ(patience["value"], Value("30m"));
  EXPECT_EQ(patience["type"]["kind"], Value("duration"));
  EXPECT_EQ(patience["reason"], Value("试行"));

  const std::string rows =
      R"([{"register":"unit","id":"a","fields":{"name":"甲"}},{"register":"unit","id":"b","fields":{"name":"乙"}}])";
  EXPECT_EQ(boss->post("/api/v1/import", R"({"name":"units","dry_run":true,"rows":)" + rows + "}").body["good"],
            Value(2));
  EXPECT_EQ(ann->get("/api/v1/records/unit/a").status, 404);
  EXPECT_EQ(boss->post("/api/v1/import", R"({"name":"units","rows":)" + rows + "}").body["imported"], Value(2));
  EXPECT_EQ(ann->get("/api/v1/records/unit/a").status, 200);
  const Reply bad =
      boss->post("/api/v1/import", R"({"name":"units","rows":[{"register":"unit","id":"c","fields":{}}]})");
  EXPECT_EQ(bad.status, 422);
  ASSERT_EQ(bad.body["refusals"].as_list().size(), 1u);
  EXPECT_EQ(bad.body["refusals"].as_list()[0]["field"], Value("rows[0].name"));
  EXPECT_EQ(bad.body["refusals"].as_list()[0]["code"], Value("required_name"));

  // What says nothing new makes no version; each mistake stands at its row and field, whatever kind it is of.
  const std::string again =
      R"([{"register":"unit","id":"a","fields":{"name":"甲"}},{"register":"unit","id":"b","fields":{"name":"丙"}},)"
      R"({"register":"unit","id":"d","fields":{"name":"丁"}}])";
  const Reply twice = boss->post("/api/v1/import", R"({"name":"units","rows":)" + again + "}");
  EXPECT_EQ(twice.body["unchanged"], Value(1));
  EXPECT_EQ(twice.body["changed"], Value(1));
  EXPECT_EQ(twice.body["created"], Value(1));
  EXPECT_EQ(ann->get("/api/v1/records/unit/a").body["version"], Value(1));
  EXPECT_EQ(ann->get("/api/v1/records/unit/b").body["version"], Value(2));
  const Reply mixed = boss->post(
      "/api/v1/import", R"({"name":"mixed","dry_run":true,"rows":[{"register":"unit","id":"x/y","fields":{"name":"x"}},)"
                        R"({"register":"unit","id":"e","fields":{"name":"戊"}},)"
                        R"({"register":"unit","id":"f","fields":{"name":7}}]})");
  EXPECT_EQ(mixed.status, 422);
  ASSERT_EQ(mixed.body["refusals"].as_list().size(), 2u);
  EXPECT_EQ(mixed.body["refusals"].as_list()[0]["field"], Value("rows[0].id"));
  EXPECT_EQ(mixed.body["refusals"].as_list()[1]["field"], Value("rows[2].name"));
  EXPECT_NE(mixed.body["refusals"].as_list()[1]["zh"].as_string().find("内容不合要求"), std::string::npos);
  EXPECT_EQ(ann->post("/api/v1/import", R"({"name":"units","rows":)" + rows + "}").status, 403);
}

TEST_F(ServerTest, TheDefinitionsSayWhatFormsAndViewersNeed) {
  staff();
  const auto find = [](const Reply& reply, const char* member, const char* value) {
    for (const Value& item : reply.body["items"].as_list())
      if (item[member] == Value(value)) return item;
    return Value();
  };
  const Value grant = find(ann->get("/api/v1/registers"), "key", "grant");
  EXPECT_EQ(grant["maintain"], Value(List{"keeper"}));
  ASSERT_EQ(grant["fields"].as_list().size(), 3u);
  EXPECT_EQ(grant["fields"].as_list()[0]["type"]["kind"], Value("person"));
  const Value keeper = find(ann->get("/api/v1/posts"), "code", "keeper");
  EXPECT_EQ(keeper["zh"], Value("管理员"));
  EXPECT_EQ(keeper["external_allowed"], Value(false));
  EXPECT_EQ(keeper["permissions"].as_list().size(), 3u);
  const Value process = ann->get("/api/v1/processes/case").body;
  EXPECT_EQ(process["clocks"].as_list()[0]["amount"], Value("params.patience"));
  EXPECT_EQ(process["clocks"].as_list()[0]["ladder"].as_list()[0]["action"], Value("expire"));
  EXPECT_EQ(process["actions"].as_list()[1]["guards"].as_list()[0]["code"], Value("answer_missing"));
  EXPECT_EQ(browser().get("/api/v1/posts").status, 401);
}

TEST_F(ServerTest, NoticesAreReadAndAcknowledged) {
  staff();
  open_case();
  const Reply told = bob->get("/api/v1/notices");
  ASSERT_EQ(told.body["items"].as_list().size(), 1u);
  const Value& notice = told.body["items"].as_list().front();
  EXPECT_EQ(notice["acknowledged"], Value(false));
  const std::string id = std::to_string(notice["id"].as_int());
  EXPECT_EQ(ann->post("/api/v1/notices/" + id + "/acknowledge", "{}").status, 404) << "somebody else's";
  EXPECT_EQ(bob->post("/api/v1/notices/" + id + "/acknowledge", "{}").status, 200);
  EXPECT_EQ(bob->get("/api/v1/notices").body["items"].as_list().front()["acknowledged"], Value(true));
  EXPECT_EQ(events("notice.acknowledged"), 1);
}

TEST_F(ServerTest, ClocksFireWhenTheyAreDue) {
  staff();
  const std::string number = open_case();
  auto state = [&] {
    std::string out;
    EXPECT_TRUE(application->platform().read([&](app::Reader& reader, const app::World&) -> Status {
      ANLAN_TRY(auto row, reader.ticket(number));
      out = row ? row->state : "";
      return {};
    }));
    return out;
  };
  auto& scheduler = application->scheduler();
  scheduler.tick();
  clock.advance(minutes(59));
  scheduler.tick();
  EXPECT_EQ(state(), "waiting");
  clock.advance(minutes(1));
  scheduler.tick();
  EXPECT_EQ(state(), "late");
  EXPECT_EQ(scheduler.condition()["failed"], Value(0));
}

TEST_F(ServerTest, AJumpOfTheClockHaltsFiring) {
  staff();
  const std::string number = open_case();
  auto& scheduler = application->scheduler();
  auto fired = [&] { return scheduler.condition()["fired"].as_int(); };
  scheduler.tick();
  clock.jump(hours(2));  // wall time only: the deadline seems to be past
  scheduler.tick();
  EXPECT_EQ(scheduler.condition()["halted"], Value(true));
  EXPECT_EQ(fired(), 0);
  EXPECT_EQ(events("clock.jumped"), 1);
  clock.advance(seconds(59));
  scheduler.tick();
  EXPECT_EQ(fired(), 0);
  clock.jump(-hours(2));  // set right again: the minute begins anew
  scheduler.tick();
  clock.advance(seconds(59));
  scheduler.tick();
  EXPECT_EQ(scheduler.condition()["halted"], Value(true));
  clock.advance(seconds(1));
  scheduler.tick();
  EXPECT_EQ(scheduler.condition()["halted"], Value(false));
  EXPECT_EQ(events("clock.resumed"), 1);
  EXPECT_EQ(fired(), 0) << "nothing is due by the right time";
  // Small corrections are no jump, however many.
  for (int i = 0; i < 10; ++i) {
    clock.jump(seconds(3));
    clock.advance(seconds(60));
    scheduler.tick();
  }
  EXPECT_EQ(events("clock.jumped"), 2);
}

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "anlan-server-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

class RestartTest : public ServerTest {
 protected:
  void SetUp() override {}
  void again() {
    application.reset();
    start(folder.path);
  }
  Folder folder;
};

TEST_F(RestartTest, SessionsTokensAndTimersSurvive) {
  start(folder.path);
  staff();
  const std::string number = open_case();
  const Reply made = boss->post("/api/v1/tokens", R"({"name":"reader","scopes":["tickets.read"]})");
  again();
  EXPECT_FALSE(application->first_start_token()) << "there is an administrator";
  for (Browser* b : {&*ann, &*boss}) b->port_ = application->port();
  EXPECT_EQ(ann->get("/api/v1/tickets/" + number).status, 200);
  Browser machine = browser();
  machine.token = made.body["token"].as_string();
  EXPECT_EQ(machine.get("/api/v1/tickets").body["items"].as_list().size(), 1u);

  application.reset();
  clock.advance(hours(3));
  start(folder.path);
  application->scheduler().tick();
  EXPECT_EQ(application->scheduler().condition()["fired"], Value(1)) << "due while the program was away";

  Configuration demo;
  demo.port = 0;
  demo.data = folder.path;
  demo.demo = true;
  application.reset();
  auto mixed = Application::start(demo, load_house(), clock);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().code, Code::conflict);
}

TEST_F(RestartTest, AClockBehindTheLogHalts) {
  start(folder.path);
  staff();
  application.reset();
  clock.jump(-minutes(10));
  start(folder.path);
  application->scheduler().tick();
  EXPECT_EQ(application->scheduler().condition()["halted"], Value(true));
}

// Many clocks through restarts and jumps of the wall clock: each deadline fires once, never before its time by the wall
// clock, never while firing is halted, and none is forgotten. CLOCKS and RESTARTS say how many.
class ClockFaults : public RestartTest {
 protected:
  struct Told {
    std::int64_t expired = 0, early = 0;
    std::map<std::string, int> times;
  };
  // Reads on in the log.
  void read_on() {
    EXPECT_TRUE(application->platform().read([&](app::Reader& reader, const app::World&) -> Status {
      for (;;) {
        ANLAN_TRY(auto events, reader.events_after(position, 5000));
        for (const auto& event : events) {
          position = event.position;
          if (event.kind == "ticket.opened") opened[event.subject] = event.at;
          if (event.kind != "ticket.acted" || event.body["action"].as_string() != "expire") continue;
          ++told.expired;
          ++told.times[event.subject];
          if (event.at < opened[event.subject] + hours(1)) ++told.early;
        }
        if (events.size() < 5000) return {};
      }
    }));
  }
  std::map<std::string, Instant> opened;
  app::Position position = 0;
  Told told;
};

TEST_F(ClockFaults, NoDeadlineIsEarlyMissedOrDoubled) {
  auto wanted = [](const char* name, std::int64_t otherwise) { const char* text = std::getenv(name); return text ? std::atoll(text) : otherwise; };
  const std::int64_t clocks = wanted("CLOCKS", 600), restarts = wanted("RESTARTS", 12);
  start(folder.path);
  staff();
  std::mt19937 random(20261123);
  auto below = [&](int n) { return static_cast<std::int64_t>(random() % static_cast<unsigned>(n)); };
  std::vector<std::string> waiting;
  std::int64_t made = 0, begun = 0, jumps = 0, halts = 0, fired_while_halted = 0;
  const std::int64_t turns = restarts * 24;
  for (std::int64_t turn = 0; turn < turns; ++turn) {
    for (std::int64_t n = clocks * (turn + 1) / turns - made; n > 0; --n, ++made) {
      auto done = application->platform().write([&](app::Txn& txn, const app::World&) -> Result<Value> {
        return app::open_ticket(application->platform(), txn, app::Principal{"ann", {}, {}}, {"case", Value(Map{{"title", fmt::format("第{}件", made)}, {"board", "one"}}), {}, false});
      });
      ASSERT_TRUE(done) << done.error().message;
      waiting.push_back((*done)["number"].as_string());
      clock.advance(seconds(below(4)));
    }
    // Some are answered in time.
    if (!waiting.empty() && below(3) == 0) {
      const std::string number = waiting[static_cast<std::size_t>(below(static_cast<int>(waiting.size())))];
      (void)application->platform().write([&](app::Txn& txn, const app::World&) -> Result<Value> {
        return app::act(application->platform(), txn, app::Principal{"ann", {}, {}}, {number, "answer", Value(Map{{"answer", "好"}}), {}, {}, {}});
      });
    }
    std::int64_t moved = 0;
    if (below(12) == 0) {
      static constexpr std::int64_t by[] = {3'600'000, -3'600'000, -86'400'000, 86'400'000};
      moved = by[below(4)];
      clock.jump({moved});
      ++jumps;
    }
    if (turn % 24 == 23) {
      application.reset();
      start(folder.path);
      ++begun;
    }
    auto& scheduler = application->scheduler();
    for (std::int64_t n = below(20); n >= 0; --n) {
      const bool was = scheduler.condition()["halted"] == Value(true);
      const std::int64_t before = scheduler.condition()["fired"].as_int();
      scheduler.tick();
      const bool is = scheduler.condition()["halted"] == Value(true);
      if (was && is && scheduler.condition()["fired"].as_int() != before) ++fired_while_halted;
      halts += is && !was;
      clock.advance(seconds(1 + below(45)));
    }
    if (moved != 0 && below(2) == 0) clock.jump({-moved});  // somebody sets it right
    read_on();
  }
  // Quiet again: what is due is told, all of it.
  clock.advance(hours(50));
  for (int n = 0; n < 400; ++n) {
    clock.advance(seconds(30));
    application->scheduler().tick();
  }
  read_on();
  std::int64_t doubled = 0, missed = 0;
  for (const auto& [subject, times] : told.times) doubled += times > 1;
  for (const std::string& number : waiting) {
    EXPECT_TRUE(application->platform().read([&](app::Reader& reader, const app::World&) -> Status {
      ANLAN_TRY(auto row, reader.ticket(number));
      missed += row->state == "waiting";
      return {};
    }));
  }
  fmt::print("{} clocks, {} restarts, {} jumps, {} halts: {} deadlines told, {} early, {} doubled, {} missed, {} while halted\n", made, begun, jumps, halts,
             told.expired, told.early, doubled, missed, fired_while_halted);
  EXPECT_EQ(made, clocks);
  EXPECT_GT(jumps, 3);
  EXPECT_GT(halts, 3);
  EXPECT_GT(told.expired, clocks / 2);
  EXPECT_EQ(told.early, 0);
  EXPECT_EQ(doubled, 0);
  EXPECT_EQ(missed, 0);
  EXPECT_EQ(fired_while_halted, 0);
}

}  // namespace
}  // namespace anlan::server
