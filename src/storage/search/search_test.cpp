#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "storage/search/search_file.h"
#include "storage/search/words.h"

namespace anlan::storage {
namespace {

using search::find_part;
using search::index_words;
using search::match_of;

TEST(SearchWords, AreEveryTwoCharactersAndWholeWordsOfOtherScripts) {
  EXPECT_EQ(index_words("核心承保 PolicyDown-3"), "核心 心承 承保 保 policydown 3 ");
  EXPECT_EQ(index_words("ＩＮＣ－１２"), "inc 12 ");
  EXPECT_EQ(index_words("断网，断电"), "断网 网 断电 电 ");
  EXPECT_EQ(index_words("  …  "), "");
  EXPECT_EQ(index_words("好\xff坏"), "好 ");
  EXPECT_EQ(match_of("核心承 policy"), "\"核心 心承 \" AND \"policy\" *");
  EXPECT_EQ(match_of("网"), "\"网\" *");
  EXPECT_EQ(match_of("INC-202611-0001"), "\"inc 202611 0001\" *");
  EXPECT_EQ(match_of("\" OR * - ( NEAR"), "\"or\" * AND \"near\" *") << "what is typed is never an operator";
}

struct SearchFileTest : testing::Test {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("anlan-search-" + std::to_string(::getpid()));
  std::unique_ptr<app::SearchIndex> index;
  void SetUp() override {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    open();
  }
  void TearDown() override {
    index.reset();
    std::filesystem::remove_all(folder);
  }
  std::string path() const { return (folder / "search.db").string(); }
  void open() {
    index.reset();
    auto opened = open_search_file(path());
    ASSERT_TRUE(opened) << opened.error().message;
    index = std::move(*opened);
  }
  std::string newest(const std::string& asked, app::TicketId before = 0, int limit = 10) {
    auto hits = index->newest(asked, before, limit);
    if (!hits) return hits.error().message;
    std::string out;
    for (const auto& hit : *hits) out += hit.number + " ";
    return out;
  }
};

TEST_F(SearchFileTest, FindsAnyPartAndForgetsWhatChanged) {
  ASSERT_TRUE(index->put({{1, "A-1", "核心承保系统出单中断", "连接池耗尽，PolicyDown 告警"},
                          {2, "A-2", "协同办公附件上传慢", "重启附件服务"},
                          {3, "A-3", "核心理赔影像空白", "连接超时"}}, 7));
  EXPECT_EQ(newest("核心"), "A-3 A-1 ");
  EXPECT_EQ(newest("心承"), "A-1 ") << "any two neighbours";
  EXPECT_EQ(newest("连接 核心"), "A-3 A-1 ") << "parts may stand in title and body";
  EXPECT_EQ(newest("连接池"), "A-1 ");
  EXPECT_EQ(newest("慢"), "A-2 ") << "the last character of a text";
  EXPECT_EQ(newest("polic"), "A-1 ");
  EXPECT_EQ(newest("policydown出单"), "A-1 ");
  EXPECT_EQ(newest("核保"), "") << "not merely both characters";
  EXPECT_EQ(newest(""), "");
  EXPECT_EQ(newest("核心", 3), "A-1 ");
  EXPECT_EQ(newest("核心", 0, 1), "A-3 ");
  auto best = index->best("核心", 0, 5);
  ASSERT_TRUE(best);
  EXPECT_EQ(best->size(), 2u);

  ASSERT_TRUE(index->put({{2, "A-2", "协同办公附件上传恢复", "重启"}}, 9));
  EXPECT_EQ(newest("附件服务"), "");
  EXPECT_EQ(newest("恢复"), "A-2 ");
  EXPECT_EQ(*index->position(), 9);
  EXPECT_EQ(*index->documents(), 3);
  open();
  EXPECT_EQ(*index->position(), 9) << "what was put stays";
  EXPECT_EQ(newest("恢复"), "A-2 ");

  auto excerpt = index->excerpt(1, "policy");
  ASSERT_TRUE(excerpt);
  EXPECT_EQ(excerpt->before + "|" + excerpt->match + "|" + excerpt->after, "连接池耗尽，|Policy|Down 告警");
}

TEST_F(SearchFileTest, AFileOfAnotherKindIsMadeAnew) {
  index.reset();
  {
    std::ofstream out(path(), std::ios::binary | std::ios::trunc);
    out << "no database at all, but long enough to look like one to whoever reads only its size ....................";
  }
  for (const char* more : {"-wal", "-shm"}) std::filesystem::remove(path() + more);
  open();
  EXPECT_EQ(*index->position(), 0);
  ASSERT_TRUE(index->put({{1, "A-1", "甲乙", ""}}, 1));
  EXPECT_EQ(newest("甲乙"), "A-1 ");
}

// Whatever a text holds, each piece of it between marks is found, and what is asked is never malformed.
RC_GTEST_FIXTURE_PROP(SearchFileTest, EveryPieceOfATextIsFound, ()) {
  const std::vector<std::string> letters{"核", "心", "承", "保", "a", "B", "7", " ", "-", "，", "É", "\"", "*", "(", "\n", "０"};
  std::vector<std::string> text;
  const auto n = *rc::gen::inRange(1, 40);
  for (int i = 0; i < n; ++i) text.push_back(*rc::gen::elementOf(letters));
  const auto from = *rc::gen::inRange(0, n), to = *rc::gen::inRange(from, n) + 1;
  std::string whole, piece;
  for (int i = 0; i < n; ++i) {
    whole += text[static_cast<std::size_t>(i)];
    if (i >= from && i < to) piece += text[static_cast<std::size_t>(i)];
  }
  RC_ASSERT(index->put({{1, "A-1", whole, ""}}, 1).has_value());
  auto hits = index->newest(piece, 0, 5);
  RC_ASSERT(hits.has_value());
  // A piece may begin within a word of Latin letters; then it is no beginning of one.
  auto latin = [](const std::string& s) { return s == "a" || s == "B" || s == "7" || s == "É" || s == "０"; };
  if (match_of(piece).empty()) RC_ASSERT(hits->empty());
  else if (from == 0 || !latin(text[static_cast<std::size_t>(from) - 1]) || !latin(text[static_cast<std::size_t>(from)]))
    RC_ASSERT(hits->size() == 1u);
}

}  // namespace
}  // namespace anlan::storage
