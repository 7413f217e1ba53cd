// Reports in the whole program: drafted from the ticket as it stands, in words of both languages, for its two roles.
#include "app/reports.h"

#include "server/program_for_test.h"

namespace anlan::server {
namespace {

const definitions::Files repairs{{"processes/repair.yaml", R"(
process: repair
title: {zh: 维修, en: Repair}
clause: "1"
number: REP-{seq:4}
fields:
  title:  {type: string, label: {zh: 标题, en: Title}, required: true}
  rooms:  {type: list<ref(room)>, label: {zh: 机房, en: Rooms}}
  grade:
    type: choice
    words:
      small: {zh: 小修, en: Small}
      big:   {zh: 大修, en: Big}
    label: {zh: 级别, en: Grade}
  helper: {type: person, label: {zh: 帮手, en: Helper}}
  since:  {type: timestamp, label: {zh: 开始, en: Since}}
  took:   {type: duration, label: {zh: 用时, en: Took}}
  safe:   {type: bool, label: {zh: 安全, en: Safe}}
  secret: {type: string, label: {zh: 密, en: Secret}, read_when: 'holds(actor.id, "warden")'}
  parts:
    type: table
    columns: {name: {type: string, label: {zh: 名称, en: Name}, required: true}}
    label: {zh: 配件, en: Parts}
roles:
  warden:  {title: {zh: 看守, en: Warden}, who: {post: warden}}
  watcher: {title: {zh: 查看, en: Watcher}, who: {post: watcher}}
states:
  going: {title: {zh: 进行, en: Going}, accountable: warden}
  done:  {title: {zh: 完成, en: Done}, final: done}
actions:
  begin:
    title: {zh: 开始, en: Begin}
    to: going
    by: warden
    fields: {title: required, rooms: optional, grade: optional, helper: optional, since: optional, took: optional,
             safe: optional, secret: optional, parts: optional}
  end: {title: {zh: 结束, en: End}, from: going, to: done, by: warden}
---
process: round
title: {zh: 巡检, en: Round}
clause: "1"
number: RND-{seq:4}
fields:
  title: {type: string, label: {zh: 标题, en: Title}, required: true}
roles:
  warden: {title: {zh: 看守, en: Warden}, who: {post: warden}}
states:
  going: {title: {zh: 进行, en: Going}, accountable: warden}
  done:  {title: {zh: 完成, en: Done}, final: done}
actions:
  begin: {title: {zh: 开始, en: Begin}, to: going, by: warden, fields: {title: required}}
  end: {title: {zh: 结束, en: End}, from: going, to: done, by: warden}
)"},
                                 {"reports/repair.yaml", R"(
report: first
title: {zh: 维修首报, en: First report}
process: repair
drafted_by: warden
approved_by: watcher
sections:
  - title: {zh: 概况, en: What}
    text:
      zh: '{ticket.title}：{ticket.rooms}，{ticket.grade}，{ticket.since} 起{ticket.took}，帮手{ticket.helper}。'
      en: '{ticket.title}: {ticket.rooms}, {ticket.grade}, {ticket.took} since {ticket.since}, with {ticket.helper}.'
  - title: {zh: 其他, en: Else}
    text:
      zh: '安全：{ticket.safe}；密：{ticket.secret}；配件{ticket.parts}，{has(ticket.parts) ? size(ticket.parts) : 0}。'
      en: 'Safe: {ticket.safe}; {ticket.secret}; {ticket.parts}; {ticket.state == "going" ? "{going}" : "done"}.'
)"}};

class ReportsTest : public ProgramTest {
 protected:
  void SetUp() override {
    start(repairs);
    people();
    record("room", "A", Value(Map{{"name", "甲"}}));
    record("room", "B", Value(Map{{"name", "乙"}}));
    record("grant", "cai-watcher", Value(Map{{"person", "cai"}, {"post", "watcher"}}));
  }
  std::string full() {
    return open("repair", Value(Map{{"title", "修<b>"},
                                    {"rooms", Value(List{"A", "B"})},
                                    {"grade", "big"},
                                    {"helper", "bob"},
                                    {"since", "2026-03-02T08:05:00+08:00"},
                                    {"took", "1h30m"},
                                    {"safe", false},
                                    {"secret", "四"},
                                    {"parts", Value(List{Value(Map{{"name", "轴"}})})}}));
  }
  Result<Value> draft(const std::string& by, const std::string& number, const std::string& key = "first") {
    Value out;
    ANLAN_CHECK(platform().read([&](app::Reader& reader, const app::World& world) -> Status {
      ANLAN_TRY(out, app::draft_report(platform(), reader, world, who(by), key, number));
      return {};
    }));
    return out;
  }
  Code refusal(const std::string& by, const std::string& number, const std::string& key = "first") {
    auto done = draft(by, number, key);
    EXPECT_FALSE(done);
    return done ? Code::internal : done.error().code;
  }
  static std::string said(const Value& draft, std::size_t section, const char* language) {
    return draft["sections"].as_list().at(section)["text"][language].as_string();
  }
  // The first administrator becomes a watcher.
  void admit() {
    get("/api/v1/reports");
    std::string id;
    EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World&) -> Status {
      ANLAN_TRY(auto row, reader.record_by_key("person", "login", "keeper"));
      if (row) id = row->id;
      return {};
    }));
    record("grant", "keeper-watcher", Value(Map{{"person", id}, {"post", "watcher"}}));
  }
};

TEST_F(ReportsTest, SaysWhatTheTicketHoldsInWords) {
  auto made = draft("ann", full());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(said(*made, 0, "zh"), "修<b>：甲、乙，大修，2026-03-02 08:05 起1小时30分钟，帮手bob。");
  EXPECT_EQ(said(*made, 0, "en"), "修<b>: 甲, 乙, Big, 1 h 30 min since 2026-03-02 08:05, with bob.");
  EXPECT_EQ(said(*made, 1, "zh"), "安全：否；密：四；配件1条，1。");
  EXPECT_EQ(said(*made, 1, "en"), "Safe: no; 四; 1 row; {going}.");
  const Value figure = (*made)["sections"].as_list()[0]["figures"].as_list()[2];
  EXPECT_EQ(figure["expression"].as_string(), "ticket.grade");
  EXPECT_EQ(figure["value"].as_string(), "big");
  EXPECT_EQ(figure["zh"].as_string(), "大修");
}

TEST_F(ReportsTest, IsDraftedFromTheTicketAsItStands) {
  const std::string number = open("repair", Value(Map{{"title", "修"}}), true);
  auto made = draft("ann", number);
  ASSERT_TRUE(made);
  EXPECT_EQ(said(*made, 0, "en"), "修: (not filled), (not filled), (not filled) since (not filled), with (not filled).");
  EXPECT_EQ(said(*made, 1, "zh"), "安全：（未填写）；密：（未填写）；配件（未填写），0。");
  EXPECT_EQ((*made)["drill"], Value(true));
  const auto before = events("ticket.acted").size();
  ASSERT_TRUE(act(number, "end"));
  EXPECT_EQ(said(*draft("ann", number), 1, "en"), "Safe: (not filled); (not filled); (not filled); done.");
  EXPECT_EQ(events("ticket.acted").size(), before + 1) << "drafting writes nothing";
}

TEST_F(ReportsTest, IsForItsTwoRoles) {
  const std::string number = full();
  EXPECT_TRUE(draft("bob", number)) << "any who may draft, whoever sits there";
  EXPECT_EQ(said(*draft("cai", number), 1, "zh"), "安全：否；密：（未填写）；配件1条，1。") << "cai may not read the secret";
  record("grant", "cai-watcher", Value(Map{{"person", "cai"}, {"post", "keeper"}}));
  EXPECT_EQ(refusal("cai", number), Code::not_found) << "out of sight";
  record("person", "dan", Value(Map{{"login", "dan"}, {"name", "dan"}, {"internal", true}, {"enabled", true}}));
  const std::string with_dan = open("repair", Value(Map{{"title", "修"}, {"helper", "dan"}}));
  const Code code = refusal("dan", with_dan);
  EXPECT_TRUE(code == Code::forbidden || code == Code::not_found);
  EXPECT_EQ(refusal("ann", "REP-9999"), Code::not_found);
  EXPECT_EQ(refusal("ann", number, "none"), Code::not_found);
  EXPECT_EQ(refusal("ann", ""), Code::invalid);
  EXPECT_EQ(refusal("ann", open("round", Value(Map{{"title", "巡"}}))), Code::invalid) << "of another process";
}

TEST_F(ReportsTest, SeeingIsNotEnough) {
  definitions::Files files = repairs;
  auto& text = files["reports/repair.yaml"];
  text.replace(text.find("approved_by: watcher"), 20, "approved_by: keeper ");
  auto& process = files["processes/repair.yaml"];
  process.insert(process.find("  watcher:"), "  keeper: {title: {zh: 管, en: Keeper}, who: {post: keeper}}\n");
  application.reset();
  start(files);
  people();
  record("grant", "cai-watcher", Value(Map{{"person", "cai"}, {"post", "watcher"}}));
  EXPECT_EQ(refusal("cai", open("repair", Value(Map{{"title", "修"}}))), Code::forbidden);
}

TEST_F(ReportsTest, ARoleOfTheHouseIsNotForOthers) {
  definitions::Files files = repairs;
  auto& process = files["processes/repair.yaml"];
  process.replace(process.find("who: {post: watcher}}"), 21, "who: {post: guest}, internal: true}");
  files["roles/guests.yaml"] =
      "posts: {guest: {title: {zh: 访客, en: Guest}, internal: false, permissions: [tickets.read.all]}}\n";
  application.reset();
  start(files);
  people();
  record("person", "eve", Value(Map{{"login", "eve"}, {"name", "eve"}, {"internal", false}, {"enabled", true}}));
  for (const char* id : {"cai", "eve"})
    record("grant", std::string(id) + "-guest", Value(Map{{"person", id}, {"post", "guest"}}));
  const std::string number = open("repair", Value(Map{{"title", "修"}}));
  EXPECT_TRUE(draft("cai", number));
  EXPECT_EQ(refusal("eve", number), Code::forbidden);
}

TEST_F(ReportsTest, TheApiAnswersWithDataOrAPage) {
  admit();
  const std::string number = full();
  auto [status, list] = get("/api/v1/reports?process=repair");
  ASSERT_EQ(status, 200) << describe(list);
  ASSERT_EQ(list["items"].as_list().size(), 1u);
  EXPECT_EQ(list["items"].as_list()[0]["drafted_by"]["en"].as_string(), "Warden");
  EXPECT_EQ(list["items"].as_list()[0]["sections"].as_list().size(), 2u);
  EXPECT_TRUE(get("/api/v1/reports?process=round").second["items"].as_list().empty());

  const std::string target = "/api/v1/reports/first?ticket=" + number;
  auto [one, made] = get(target);
  ASSERT_EQ(one, 200) << describe(made);
  EXPECT_EQ(made["ticket"].as_string(), number);
  EXPECT_EQ(made["sections"].as_list().size(), 2u);

  auto zh = answered("GET", target + "&format=html", "");
  EXPECT_EQ(zh.status, 200);
  EXPECT_EQ(zh.headers["content-type"], "text/html; charset=utf-8");
  EXPECT_EQ(zh.headers["content-security-policy"], "sandbox; default-src 'none'");
  EXPECT_NE(zh.body.find("<html lang=\"zh-CN\">"), std::string::npos);
  EXPECT_NE(zh.body.find("<h2>概况</h2>\n<p>修&lt;b&gt;：甲、乙，大修"), std::string::npos) << zh.body;
  EXPECT_EQ(zh.body.find("<b>"), std::string::npos);
  auto en = answered("GET", target + "&lang=en", "", "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n");
  EXPECT_NE(en.body.find("<h2>What</h2>"), std::string::npos) << en.body;
  EXPECT_NE(en.body.find("Draft about " + number + ", made 2026-03-02 09:00."), std::string::npos) << en.body;
  auto data = answered("GET", target + "&format=json", "", "Accept: text/html\r\n");
  EXPECT_EQ(data.headers["content-type"], "application/json") << "the parameter wins";
  EXPECT_EQ(answered("GET", target, "", "Accept: application/json, text/html\r\n").headers["content-type"],
            "application/json");

  EXPECT_EQ(get("/api/v1/reports/none?ticket=" + number).first, 404);
  EXPECT_EQ(get("/api/v1/reports/first?ticket=REP-9999").first, 404);
  for (const std::string& wrong : {std::string("/api/v1/reports?kind=first"), std::string("/api/v1/reports/first"),
                                   target + "&format=pdf", target + "&lang=de", target + "&limit=3",
                                   target + "&ticket=" + number})
    EXPECT_EQ(get(wrong).first, 422) << wrong;
}

TEST_F(ReportsTest, WhatAnybodyMayReadIsReadWithoutALogin) {
  definitions::Files files = repairs;
  files["reports/repair.yaml"] += R"(---
report: shown
title: {zh: 现状, en: Status}
process: repair
public_while: 'ticket.grade == "big" && ticket.state == "going"'
sections:
  - title: {zh: 甲, en: A}
    text: {zh: '{ticket.title}：{ticket.rooms}，密{ticket.secret}。', en: '{ticket.title}: {ticket.rooms}, {ticket.secret}.'}
  - title: {zh: 乙, en: B}
    text: {zh: '自 {ticket.since}。', en: 'Since {ticket.since}.'}
)";
  application.reset();
  start(files);
  people();
  record("room", "A", Value(Map{{"name", "甲"}}));
  auto shown = [&] {
    advance(seconds(5));
    auto [status, answer] = get("/api/v1/status");
    EXPECT_EQ(status, 200) << describe(answer);
    return answer["items"].as_list();
  };
  EXPECT_TRUE(shown().empty());
  const std::string big = open("repair", Value(Map{{"title", "修"}, {"grade", "big"}, {"rooms", Value(List{"A"})},
                                                   {"since", "2026-03-02T08:05:00+08:00"}, {"secret", "四"}}));
  open("repair", Value(Map{{"title", "小"}, {"grade", "small"}}));
  open("repair", Value(Map{{"title", "未定"}}));
  List items = shown();
  ASSERT_EQ(items.size(), 1u) << "what the condition says nothing about is not shown";
  EXPECT_EQ(items[0]["zh"].as_string(), "修：甲，密（未填写）。自 2026-03-02 08:05。") << "a guarded field is no public one";
  EXPECT_EQ(items[0]["en"].as_string(), "修: 甲, (not filled). Since 2026-03-02 08:05.");
  EXPECT_FALSE(items[0].as_map().contains("ticket")) << "no number";
  EXPECT_TRUE(draft("ann", big, "shown")) << "who sees the ticket may look at it beforehand";
  act(big, "end");
  EXPECT_TRUE(shown().empty());
  EXPECT_EQ(get("/api/v1/status?all=1").first, 422);
}

TEST_F(ReportsTest, TheListIsForTheHouse) {
  record("person", "eve", Value(Map{{"login", "eve"}, {"name", "eve"}, {"internal", false}, {"enabled", true}}));
  auto listed = [&](const app::Principal& principal) {
    return platform()
        .read([&](app::Reader&, const app::World& world) -> Status {
          ANLAN_TRY([[maybe_unused]] Value all, app::list_reports(platform(), world, principal, ""));
          return {};
        })
        .has_value();
  };
  EXPECT_TRUE(listed(who("cai")));
  EXPECT_FALSE(listed(who("eve")));
  EXPECT_TRUE(listed({.machine = "board", .scopes = {"records.read"}}));
}

}  // namespace
}  // namespace anlan::server
