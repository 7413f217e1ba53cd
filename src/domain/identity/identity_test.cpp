#include "domain/identity/identity.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "domain/identity/accountable.h"
#include "domain/identity/world_for_test.h"

namespace anlan::identity {
namespace {

using Ids = std::vector<std::string>;

Grant grant(std::string id, std::string person, std::string post) {
  Grant g;
  g.id = std::move(id);
  g.person = std::move(person);
  g.post = std::move(post);
  return g;
}

std::string id_of(const Person* p) { return p ? p->id : ""; }

TEST(Directory, LooksUpAndIsTotal) {
  const Directory d(small_world());
  EXPECT_EQ(id_of(d.person("p1")), "p1");
  EXPECT_EQ(id_of(d.by_login("gone")), "p5");
  EXPECT_EQ(d.person("nobody"), nullptr);
  EXPECT_EQ(d.unit(""), nullptr);
  EXPECT_EQ(d.board("core")->unit, "u11");
  EXPECT_EQ(d.title_of_post("tester").zh, "测试岗");
  EXPECT_EQ(d.title_of_post("none").zh, "none");
  EXPECT_TRUE(d.is_internal("p1"));
  EXPECT_FALSE(d.is_internal("x1"));
  EXPECT_FALSE(d.is_internal("nobody"));
  EXPECT_FALSE(d.is_enabled("p5"));
  EXPECT_EQ(d.posts_with("release.create"), Ids{"tester"});
  EXPECT_TRUE(d.posts_with("none").empty());

  const Directory empty;
  EXPECT_EQ(empty.superior("p1"), nullptr);
  EXPECT_TRUE(empty.holders("tester", {}, at(0)).empty());
  EXPECT_TRUE(empty.on_duty("core", 1, at(0)).empty());
  EXPECT_TRUE(empty.posts_of("p1", at(0)).empty());
}

TEST(Directory, PostsAreBoundedByTimePlaceAndPerson) {
  Parts p = small_world();
  Grant first = grant("g1", "p1", "ops_engineer");
  first.board = "core";
  first.line = 1;
  first.from = at(10);
  first.until = at(20);
  Grant wide = grant("g2", "p2", "ops_engineer");
  wide.unit = "u1";
  p.grants = {first, wide, grant("g3", "p5", "ops_engineer"), grant("g4", "x1", "ops_manager"),
              grant("g5", "p1", "abolished")};
  const Directory d(p);

  EXPECT_TRUE(d.posts_of("p1", at(9)).empty());
  EXPECT_EQ(d.posts_of("p1", at(10)).size(), 1u);
  EXPECT_TRUE(d.posts_of("p1", at(20)).empty());
  EXPECT_TRUE(d.posts_of("p5", at(12)).empty()) << "disabled";
  EXPECT_TRUE(d.posts_of("x1", at(12)).empty()) << "external on a post for internal staff";

  EXPECT_EQ(d.holders("ops_engineer", {}, at(12)), (Ids{"p1", "p2"}));
  EXPECT_EQ(d.holders("ops_engineer", {.board = "core", .line = 1}, at(12)), (Ids{"p1", "p2"}));
  EXPECT_EQ(d.holders("ops_engineer", {.board = "core", .line = 2}, at(12)), Ids{"p2"});
  EXPECT_EQ(d.holders("ops_engineer", {.board = "infra"}, at(12)), Ids{"p2"});
  EXPECT_EQ(d.holders("ops_engineer", {.unit = "u12"}, at(12)), (Ids{"p1", "p2"}));
  EXPECT_EQ(d.holders("ops_engineer", {.unit = "u0"}, at(12)), Ids{"p1"}) << "a grant on a unit covers only below it";
  EXPECT_TRUE(d.holds("p1", "ops_engineer", {.board = "core"}, at(12)));
  EXPECT_FALSE(d.holds("p1", "ops_engineer", {.board = "infra"}, at(12)));
  EXPECT_EQ(d.permissions_of("p1", at(12)), std::set<std::string>{"change.implement"});
  EXPECT_TRUE(d.permissions_of("p1", at(30)).empty());
}

TEST(Directory, DelegationLendsWhatTheGiverHolds) {
  Parts p = small_world();
  Grant own = grant("g1", "p2", "ops_manager");
  own.board = "core";
  own.until = at(15);
  p.grants = {own};
  p.delegations = {{"d1", "p2", "p1", "ops_manager", "", at(10), at(20)},
                   {"d2", "p1", "p3", "ops_manager", "", at(0), at(99)},    // what was lent is not lent on
                   {"d3", "p2", "x1", "ops_manager", "", at(0), at(99)},    // external
                   {"d4", "p2", "p4", "ops_manager", "infra", at(0), at(99)}};  // not held on that board
  const Directory d(p);
  ASSERT_EQ(d.posts_of("p1", at(12)).size(), 1u);
  const Grant lent = d.posts_of("p1", at(12)).front();
  EXPECT_EQ(lent.through, "delegation:d1");
  EXPECT_EQ(lent.board, "core");
  EXPECT_EQ(lent.from, at(10));
  EXPECT_EQ(lent.until, at(15));
  EXPECT_TRUE(d.posts_of("p1", at(9)).empty());
  EXPECT_TRUE(d.posts_of("p1", at(15)).empty());
  EXPECT_EQ(d.holders("ops_manager", {}, at(12)), (Ids{"p1", "p2"}));

  p.people[1].enabled = false;
  EXPECT_TRUE(Directory(p).holders("ops_manager", {}, at(12)).empty()) << "a disabled giver lends nothing";
}

TEST(Directory, DutyPrefersTheVeryLineAndSkipsTheDisabled) {
  Parts p = small_world();
  p.rota = {{"core", 0, "p4", at(0), at(9)}, {"core", 2, "p2", at(0), at(5)}, {"core", 1, "p1", at(1), at(5)},
            {"core", 1, "p3", at(0), at(5)}, {"core", 1, "p5", at(0), at(5)}, {"core", 1, "p1", at(2), at(5)}};
  const Directory d(p);
  EXPECT_EQ(d.on_duty("core", 1, at(3)), (Ids{"p3", "p1", "p4"}));
  EXPECT_EQ(d.on_duty("core", 2, at(3)), (Ids{"p2", "p4"}));
  EXPECT_EQ(d.on_duty("core", 0, at(3)), (Ids{"p4", "p3", "p1", "p2"}));
  EXPECT_EQ(d.on_duty("core", 1, at(5)), Ids{"p4"});
  EXPECT_TRUE(d.on_duty("core", 1, at(9)).empty());
  EXPECT_TRUE(d.on_duty("infra", 1, at(3)).empty());
}

TEST(Directory, HeadsAndSuperiors) {
  Parts p = small_world();
  const Directory d(p);
  EXPECT_EQ(id_of(d.manager_of("core")), "p2");
  EXPECT_EQ(d.manager_of("infra"), nullptr) << "disabled";
  EXPECT_EQ(id_of(d.head_of("u1")), "p3");
  EXPECT_EQ(d.head_of("u12"), nullptr) << "disabled";
  EXPECT_EQ(id_of(d.deputy_of("u1")), "p2");
  EXPECT_EQ(id_of(d.superior("p1")), "p2");
  EXPECT_EQ(id_of(d.superior("p1", 2)), "p3");
  EXPECT_EQ(id_of(d.superior("p1", 3)), "p4");
  EXPECT_EQ(d.superior("p1", 4), nullptr);
  EXPECT_EQ(d.superior("p1", 0), nullptr);
  EXPECT_EQ(id_of(d.superior("p2")), "p3") << "never the head himself";
  EXPECT_EQ(d.superior("p4"), nullptr);
  EXPECT_EQ(id_of(d.superior("x1")), "p3") << "the nearest enabled";
  EXPECT_TRUE(d.within("u11", "u0"));
  EXPECT_FALSE(d.within("u0", "u11"));

  p.units[0].parent = "u11";  // a cycle by mistake
  const Directory round(p);
  EXPECT_EQ(round.chain_of("u11").size(), 3u);
  EXPECT_EQ(round.superior("p1", 9), nullptr);
}

TEST(Directory, FamiliesExcludeEachOtherBothWays) {
  const Directory d(small_world());
  ASSERT_NE(d.incompatibility("developer", "ops_manager"), nullptr);
  EXPECT_EQ(d.incompatibility("developer", "ops_manager"), d.incompatibility("ops_manager", "developer"));
  EXPECT_EQ(d.incompatibility("ops_engineer", "ops_manager"), nullptr);
  EXPECT_EQ(d.incompatibility("developer", "developer"), nullptr);
  EXPECT_EQ(d.incompatibility("developer", "release_manager"), nullptr);
  EXPECT_EQ(d.incompatibility("capacity_manager", "resource_delivery"), nullptr);
}

TEST(Accountable, GoesDownTheLadder) {
  Parts p = small_world();
  p.rota = {{"core", 1, "p1", at(0), at(5)}};
  Responsibility r{.preferred = "p5", .board = "core", .line = 1, .unit = "", .fallback = {"p5", "p4"}};
  const auto who = [&](Instant now) { return resolve_accountable(Directory(p), r, now); };
  r.preferred = "p3";
  EXPECT_EQ(who(at(1)).person, "p3");
  r.preferred = "p5";
  EXPECT_EQ(who(at(1)).person, "p1");
  EXPECT_EQ(who(at(1)).why.zh, "“核心业务”一线当值");
  EXPECT_EQ(who(at(9)).person, "p2") << "the board's manager";
  r.board = "infra";
  EXPECT_EQ(who(at(9)).person, "p3") << "manager and head of the board's unit are disabled: the unit above";
  EXPECT_EQ(who(at(9)).why.zh, "上级单位“信息科技部”的负责人");
  r.unit = "u11";
  EXPECT_EQ(who(at(9)).person, "p2");
  EXPECT_EQ(who(at(9)).why.en, "head of Operations");
  r.unit = r.board = "";
  EXPECT_EQ(who(at(9)).person, "p4") << "the first enabled fallback";
  EXPECT_FALSE(who(at(9)).why.zh.empty());
  r.fallback = {"p5", "nobody"};
  EXPECT_EQ(who(at(9)).person, "");
  EXPECT_FALSE(who(at(9)).why.empty());
}

// Whatever the organisation looks like: cycles of units, dangling heads, half of the accounts disabled.
TEST(Accountable, IsNeverDisabledAndNeverEmptyWhileTheFallbackStands) {
  EXPECT_TRUE(rc::check([] {
    const auto person = [] { return "p" + std::to_string(*rc::gen::inRange(0, 8)); };
    const auto unit = [] { return "u" + std::to_string(*rc::gen::inRange(0, 6)); };
    const auto board = [] { return "b" + std::to_string(*rc::gen::inRange(0, 4)); };
    Parts p;
    for (int i = 0; i < 7; ++i) {
      const std::string id = "p" + std::to_string(i);
      p.people.push_back({id, id, {}, *rc::gen::arbitrary<bool>(), unit(), *rc::gen::arbitrary<bool>()});
    }
    p.people.push_back({"root", "root", {}, true, "", true});
    for (int i = 0; i < 5; ++i) p.units.push_back({"u" + std::to_string(i), {}, unit(), person(), person()});
    for (int i = 0; i < 3; ++i) p.boards.push_back({"b" + std::to_string(i), {}, person(), unit()});
    const int slots = *rc::gen::inRange(0, 6);
    for (int i = 0; i < slots; ++i) {
      const int from = *rc::gen::inRange(0, 10);
      p.rota.push_back({board(), *rc::gen::inRange(0, 3), person(), at(from), at(from + *rc::gen::inRange(0, 5))});
    }
    const Directory d(p);
    const Responsibility r{person(), board(), *rc::gen::inRange(0, 3), unit(), {person(), "root"}};
    const Instant now = at(*rc::gen::inRange(0, 12));
    const Accountable a = resolve_accountable(d, r, now);
    RC_ASSERT(d.is_enabled(a.person));
    RC_ASSERT((!a.why.zh.empty() && !a.why.en.empty()));
    RC_ASSERT((a.person == r.preferred || !d.is_enabled(r.preferred)));
    for (const std::string& id : d.on_duty(r.board, r.line, now)) RC_ASSERT(d.is_enabled(id));
    for (int n = 1; n < 4; ++n) {
      const std::string of = person();
      const Person* superior = d.superior(of, n);
      // RC_ASSERT evaluates both sides of ||.
      if (superior) RC_ASSERT((superior->enabled && superior->id != of));
    }
  }));
}

}  // namespace
}  // namespace anlan::identity
