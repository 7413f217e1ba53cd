// Search over HTTP and as a use case: what is found, for whom, and what is never told by a hit.
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "app/search.h"
#include "app/tickets.h"
#include "server/program_for_test.h"

namespace anlan::server {
namespace {

const definitions::Files walks{{"processes/walk.yaml", R"(
process: walk
title: {zh: 巡, en: Walk}
clause: "1"
number: WLK-{seq:4}
ticket_title: ticket.title
fields:
  title:  {type: string, label: {zh: 标题, en: Title}, required: true}
  seen:   {type: text, label: {zh: 所见, en: Seen}}
  room:   {type: ref(room), label: {zh: 机房, en: Room}}
  secret: {type: string, label: {zh: 密, en: Secret}, read_when: 'holds(actor.id, "watcher")'}
roles: {warden: {title: {zh: 看守, en: Warden}, who: {post: warden}}}
states:
  going: {title: {zh: 进行, en: Going}, accountable: warden}
  done:  {title: {zh: 完成, en: Done}, final: done}
actions:
  begin: {title: {zh: 开始, en: Begin}, to: going, by: warden,
          fields: {title: required, seen: optional, room: optional, secret: optional}}
  note: {title: {zh: 记, en: Note}, from: going, by: warden, fields: {seen: optional}}
  end: {title: {zh: 结束, en: End}, from: going, to: done, by: warden}
)"}};

class SearchTest : public ProgramTest {
 protected:
  void SetUp() override {
    folder = (std::filesystem::temp_directory_path() / ("anlan-search-" + std::to_string(::getpid()))).string();
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    start(walks, folder);
    people();
    record("grant", "cai-watcher", Value(Map{{"person", "cai"}, {"post", "watcher"}}));
    record("room", "r9", Value(Map{{"name", "东楼三层机房"}}));
  }
  void TearDown() override {
    application.reset();
    std::filesystem::remove_all(folder);
  }
  // Numbers found, once the index has all of the log.
  std::string found(const std::string& by, app::SearchQuery query) {
    std::string out;
    for (int turn = 0; turn < 200; ++turn) {
      Value answer;
      auto status = platform().read([&](app::Reader& reader, const app::World& world) -> Status {
        ANLAN_TRY(answer, app::search(platform(), reader, world, who(by), *application->search(), query));
        return {};
      });
      if (!status) return status.error().message;
      if (answer["behind"].as_int() > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
      out.clear();
      for (const Value& item : answer["items"].as_list()) out += item["number"].as_string() + " ";
      if (!answer["next_cursor"].is_null()) out += "+" + answer["next_cursor"].as_string();
      return out;
    }
    return "the index does not catch up";
  }
  std::string folder;
};

TEST_F(SearchTest, FindsTitlesTextsNamesAndComments) {
  const std::string a = open("walk", Value(Map{{"title", "空调漏水"}, {"seen", "地面积水，已放水桶"}, {"room", "r9"}}));
  const std::string b = open("walk", Value(Map{{"title", "门禁失灵"}}));
  EXPECT_EQ(found("ann", {"积水"}), a + " ");
  EXPECT_EQ(found("ann", {"东楼"}), a + " ") << "by the name of what it points to";
  EXPECT_EQ(found("ann", {"wlk"}), b + " " + a + " ");
  EXPECT_EQ(found("ann", {"wlk", false, 1}), b + " +2");
  EXPECT_EQ(found("ann", {"wlk", false, 1, "2"}), a + " ");
  EXPECT_EQ(found("ann", {"wlk", true, 1}).substr(0, 4), "WLK-");
  ASSERT_TRUE(write([&](app::Txn& txn, const app::World&) { return app::add_comment(platform(), txn, who("ann"), b, "读卡器已更换"); }));
  EXPECT_EQ(found("ann", {"读卡器"}), b + " ");
  ASSERT_TRUE(act(a, "note", Value(Map{{"seen", "已修好"}})));
  EXPECT_EQ(found("ann", {"积水"}), "") << "what no longer stands there";
  EXPECT_EQ(found("ann", {""}), "say what to find, in at most 200 characters");
  EXPECT_EQ(found("ann", {"门", false, 10, "x"}), "the cursor is of no page");

  // The file may go at any time while nothing runs; it is made anew.
  application.reset();
  std::filesystem::remove(folder + "/search.db");
  start(walks, folder);
  EXPECT_EQ(found("ann", {"读卡器"}), b + " ");
}

TEST_F(SearchTest, TellsNobodyMoreThanTheyMayRead) {
  const std::string a = open("walk", Value(Map{{"title", "空调漏水"}, {"secret", "钥匙在花盆下"}}));
  record("person", "dan", Value(Map{{"login", "dan"}, {"name", "dan"}, {"internal", true}, {"enabled", true}}));
  EXPECT_EQ(found("ann", {"漏水"}), a + " ");
  EXPECT_EQ(found("dan", {"漏水"}), "");
  EXPECT_EQ(found("ann", {"花盆"}), "") << "a field that not everybody may read is in no index";
  EXPECT_EQ(found("cai", {"花盆"}), "");
  EXPECT_EQ(get("/api/v1/search?text=%E6%BC%8F").second["items"].as_list().size(), 0u) << "the administrator has no part in it";
  EXPECT_EQ(get("/api/v1/search").first, 422);
  EXPECT_EQ(get("/api/v1/search?text=a&limit=900").first, 422);
  EXPECT_EQ(get("/api/v1/search?text=a&sort=up").first, 422);
  EXPECT_EQ(get("/api/v1/search?text=a&colour=red").first, 422);
}

}  // namespace
}  // namespace anlan::server
