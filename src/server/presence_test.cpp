// Presence over HTTP: for who may read the ticket, and for nobody else.
#include <gtest/gtest.h>

#include "server/program_for_test.h"

namespace anlan::server {
namespace {

TEST_F(ProgramTest, PresenceIsForWhoMayReadTheTicket) {
  start({{"processes/walk.yaml", R"(
process: walk
title: {zh: 巡, en: Walk}
clause: "1"
number: WLK-{seq:4}
fields: {title: {type: string, label: {zh: 标题, en: Title}, required: true}}
roles: {warden: {title: {zh: 看守, en: Warden}, who: {post: warden}}}
states:
  going: {title: {zh: 进行, en: Going}, accountable: warden}
  done:  {title: {zh: 完成, en: Done}, final: done}
actions:
  begin: {title: {zh: 开始, en: Begin}, to: going, by: warden, fields: {title: required}}
  end: {title: {zh: 结束, en: End}, from: going, to: done, by: warden}
)"}});
  people();
  const std::string number = open("walk", Value(Map{{"title", "甲"}})), at = "/api/v1/tickets/" + number + "/presence";
  const int seen = get("/api/v1/tickets/" + number).first;
  ASSERT_EQ(seen, 404) << "the administrator has no part in it";
  EXPECT_EQ(get(at).first, seen);
  EXPECT_EQ(ask("POST", at, R"({"doing":"view","tab":"1"})").first, seen);
  EXPECT_EQ(get("/api/v1/tickets/WLK-9999/presence").first, 404);

  std::string keeper;
  EXPECT_TRUE(platform().read([&](app::Reader& reader, const app::World&) -> Status {
    ANLAN_TRY(auto row, reader.record_by_key("person", "login", "keeper"));
    if (row) keeper = row->id;
    return {};
  }));
  record("grant", "keeper-watcher", Value(Map{{"person", keeper}, {"post", "watcher"}}));
  ASSERT_EQ(get("/api/v1/tickets/" + number).first, 200);
  EXPECT_TRUE(get(at).second["items"].as_list().empty()) << "what was refused left nothing behind";
  auto [status, answer] = ask("POST", at, R"({"doing":"edit","action":"end","tab":"1"})");
  ASSERT_EQ(status, 200) << describe(answer);
  ASSERT_EQ(answer["items"].as_list().size(), 1u);
  EXPECT_EQ(answer["items"].as_list()[0]["doing"].as_string(), "edit");
  EXPECT_EQ(answer["items"].as_list()[0]["action"].as_string(), "end");
  for (const char* wrong : {R"({"doing":"sleep","tab":"1"})", R"({"doing":"view"})", R"({"doing":"view","tab":""})",
                            R"({"doing":"view","tab":"1","action":"end"})", R"({"doing":"view","tab":"1","colour":"red"})"})
    EXPECT_EQ(ask("POST", at, wrong).first, 422) << wrong;
  EXPECT_EQ(ask("POST", at, R"({"doing":"gone","tab":"1"})").first, 200);
  EXPECT_TRUE(get(at).second["items"].as_list().empty());
  EXPECT_TRUE(events("ticket.presence").empty());
}

}  // namespace
}  // namespace anlan::server
