#include "domain/identity/separation.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "domain/identity/seats.h"
#include "domain/identity/world_for_test.h"

namespace anlan::identity {
namespace {

using Ids = std::vector<std::string>;

Grant grant(std::string id, std::string person, std::string post, std::string through = {}) {
  Grant g;
  g.id = std::move(id);
  g.person = std::move(person);
  g.post = std::move(post);
  g.through = std::move(through);
  return g;
}

Ids codes(const std::vector<Refusal>& reasons) {
  Ids all;
  for (const Refusal& r : reasons) all.push_back(r.code);
  return all;
}
Ids codes(const Status& s) { return s ? Ids{} : codes(s.error().refusals); }

TEST(MayGrant, RefusesTheOtherFamilyNamingBothPostsAndTheGrant) {
  Parts p = small_world();
  p.grants = {grant("G-7", "p1", "developer", "group:dev")};
  const Directory d(p);
  const Status s = may_grant(d, grant("G-8", "p1", "ops_manager"), at(0));
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().code, Code::refused);
  ASSERT_EQ(s.error().refusals.size(), 1u);
  const Refusal& r = s.error().refusals.front();
  EXPECT_EQ(r.clause, "A.2");
  EXPECT_EQ(r.code, "incompatible_posts");
  EXPECT_EQ(r.requirement, "A.2-p1-1");
  EXPECT_EQ(r.waiver, "exception");
  EXPECT_EQ(r.text.zh, "“运维经理”与陈已有的“开发岗”不相容（授权G-7，经group:dev）；本机构规则（参考附录A）");
  EXPECT_EQ(r.text.en,
            "Operations manager excludes Developer, which Chen holds (grant G-7, through group:dev); "
            "a rule of this house (after annex A)");
  EXPECT_EQ(codes(may_grant(d, grant("G-8", "p1", "tester"), at(0))), Ids{"incompatible_posts"});
  EXPECT_TRUE(may_grant(d, grant("G-8", "p1", "dev_manager"), at(0)));
  EXPECT_TRUE(may_grant(d, grant("G-8", "p2", "ops_manager"), at(0)));
}

TEST(MayGrant, CompatiblePostsCombine) {
  Parts p = small_world();
  p.grants = {grant("1", "p1", "ops_manager"), grant("2", "p2", "capacity_manager")};
  const Directory d(p);
  EXPECT_TRUE(may_grant(d, grant("3", "p1", "ops_engineer"), at(0)));
  EXPECT_TRUE(may_grant(d, grant("3", "p2", "resource_delivery"), at(0)));
}

TEST(MayGrant, LooksAtTheWholeTimeAhead) {
  Parts p = small_world();
  Grant past = grant("1", "p1", "developer");
  past.until = at(10);
  Grant later = grant("2", "p1", "tester");
  later.from = at(30);
  p.grants = {past, later};
  const Directory d(p);
  Grant ops = grant("3", "p1", "ops_engineer");
  EXPECT_EQ(codes(may_grant(d, ops, at(10))), Ids{"incompatible_posts"}) << "tester from day 30";
  ops.until = at(30);
  EXPECT_TRUE(may_grant(d, ops, at(10)));
  EXPECT_EQ(codes(may_grant(d, ops, at(9))), Ids{"incompatible_posts"}) << "still a developer";
  ops.from = at(10);
  EXPECT_TRUE(may_grant(d, ops, at(9)));
}

TEST(MayGrant, RefusesExternalPeopleAndWhatDoesNotExist) {
  const Directory d(small_world());
  EXPECT_EQ(codes(may_grant(d, grant("1", "x1", "ops_manager"), at(0))), Ids{"internal_only"});
  EXPECT_TRUE(may_grant(d, grant("1", "x1", "ops_engineer"), at(0)));
  const auto error = [&](Grant g) { return may_grant(d, g, at(5)).error(); };
  EXPECT_EQ(error(grant("1", "nobody", "tester")).field, "person");
  EXPECT_EQ(error(grant("1", "p1", "none")).field, "post");
  Grant g = grant("1", "p1", "tester");
  g.board = "none";
  EXPECT_EQ(error(g).code, Code::not_found);
  g.board = "";
  g.unit = "none";
  EXPECT_EQ(error(g).field, "unit");
  g.unit = "";
  g.line = 3;
  EXPECT_EQ(error(g).field, "line");
  g.line = 0;
  g.until = at(5);
  EXPECT_EQ(error(g).code, Code::invalid);
}

TEST(MayGrant, AnApprovedExceptionOpensItUntilItExpires) {
  Parts p = small_world();
  p.grants = {grant("1", "p1", "developer")};
  p.exceptions = {{"e1", "p1", "ops_engineer", "developer", "p4", at(10)}};
  Grant ops = grant("2", "p1", "ops_engineer");
  EXPECT_TRUE(may_grant(Directory(p), ops, at(9)));
  ops.exception = "e1";
  EXPECT_TRUE(may_grant(Directory(p), ops, at(9)));
  EXPECT_EQ(codes(may_grant(Directory(p), ops, at(10))), (Ids{"incompatible_posts", "exception_not_valid"}));
  EXPECT_EQ(codes(may_grant(Directory(p), grant("2", "p1", "ops_manager"), at(9))), Ids{"incompatible_posts"});
  EXPECT_EQ(codes(may_grant(Directory(p), grant("2", "p2", "tester"), at(9))), Ids{});
  p.exceptions[0].approved_by = "p1";
  EXPECT_EQ(codes(may_grant(Directory(p), grant("2", "p1", "ops_engineer"), at(9))), Ids{"incompatible_posts"})
      << "nobody approves his own";
  p.exceptions[0].approved_by = "";
  EXPECT_EQ(codes(may_grant(Directory(p), grant("2", "p1", "ops_engineer"), at(9))), Ids{"incompatible_posts"});
}

TEST(MayDelegate, ChecksTheTakerAndTheGiver) {
  Parts p = small_world();
  p.grants = {grant("1", "p1", "developer"), grant("2", "p2", "ops_manager"), grant("3", "p2", "ops_engineer")};
  const Directory d(p);
  const auto lend = [](std::string giver, std::string taker, std::string post) {
    return Delegation{"d", std::move(giver), std::move(taker), std::move(post), "", at(0), at(5)};
  };
  EXPECT_EQ(codes(may_delegate(d, lend("p2", "p1", "ops_manager"), at(0))), Ids{"incompatible_posts"});
  EXPECT_TRUE(may_delegate(d, lend("p2", "p3", "ops_manager"), at(0)));
  EXPECT_EQ(codes(may_delegate(d, lend("p2", "x1", "ops_manager"), at(0))), Ids{"internal_only"});
  EXPECT_TRUE(may_delegate(d, lend("p2", "x1", "ops_engineer"), at(0)));
  EXPECT_EQ(codes(may_delegate(d, lend("p3", "p4", "tester"), at(0))), Ids{"not_holder"});
  EXPECT_EQ(may_delegate(d, lend("p2", "p2", "ops_manager"), at(0)).error().code, Code::invalid);
  EXPECT_EQ(may_delegate(d, lend("p2", "p3", "ops_manager"), at(5)).error().code, Code::invalid);
  EXPECT_EQ(may_delegate(d, lend("nobody", "p3", "ops_manager"), at(0)).error().field, "giver");

  // And the other way round: what is lent stands against a later grant.
  p.delegations = {lend("p2", "p3", "ops_manager")};
  EXPECT_EQ(codes(may_grant(Directory(p), grant("4", "p3", "tester"), at(0))), Ids{"incompatible_posts"});
  EXPECT_TRUE(may_grant(Directory(p), grant("4", "p3", "tester"), at(5)));
}

TEST(ActsInConflict, StopsWhatAGroupOrADelegationCreated) {
  Parts p = small_world();
  p.grants = {grant("1", "p1", "developer"), grant("2", "p1", "ops_engineer", "group:all"),
              grant("3", "p1", "release_manager"), grant("4", "p2", "ops_manager"), grant("5", "p3", "tester")};
  p.delegations = {{"d1", "p2", "p3", "ops_manager", "", at(0), at(5)}};
  const Directory d(p);
  const auto ops = acts_in_conflict(d, "p1", "ops_engineer", at(1));
  ASSERT_EQ(codes(ops), Ids{"incompatible_posts"});
  EXPECT_EQ(ops[0].requirement, "A.2-p1-1");
  EXPECT_EQ(codes(acts_in_conflict(d, "p1", "developer", at(1))), Ids{"incompatible_posts"});
  EXPECT_TRUE(acts_in_conflict(d, "p1", "release_manager", at(1)).empty());
  EXPECT_TRUE(acts_in_conflict(d, "p1", "tester", at(1)).empty()) << "not held";
  EXPECT_EQ(codes(acts_in_conflict(d, "p3", "tester", at(1))), Ids{"incompatible_posts"});
  EXPECT_TRUE(acts_in_conflict(d, "p3", "tester", at(5)).empty()) << "the delegation is over";
}

TEST(MayPerform, OnlyThroughAPostThatCarriesIt) {
  Parts p = small_world();
  Grant core = grant("1", "p1", "ops_engineer");
  core.board = "core";
  p.grants = {core, grant("2", "p2", "release_manager"), grant("3", "p3", "tester"),
              grant("4", "p3", "ops_engineer", "group:all")};
  const Directory d(p);
  const Ground duty{"A.2-p1-4", "A.2", {"本机构规则", "house rule"}, ""};
  const auto ok = may_perform(d, "p1", "change.implement", {.board = "core"}, at(0), duty);
  ASSERT_TRUE(ok);
  EXPECT_EQ(ok->id, "1");
  EXPECT_FALSE(may_perform(d, "p1", "change.implement", {.board = "infra"}, at(0), duty));
  const auto no = may_perform(d, "p2", "change.implement", {}, at(0), duty);
  ASSERT_FALSE(no);
  EXPECT_EQ(no.error().code, Code::forbidden);
  EXPECT_EQ(codes(no.error().refusals), Ids{"no_post"});
  EXPECT_EQ(no.error().refusals[0].requirement, "A.2-p1-4");
  EXPECT_EQ(no.error().refusals[0].text.zh, "须由在此范围内担任“运维岗”的人员办理；本机构规则");
  EXPECT_EQ(codes(may_perform(d, "p4", "release.approve", {}, at(0), duty).error().refusals), Ids{"no_post"});
  EXPECT_EQ(codes(may_perform(d, "p4", "none", {}, at(0), duty).error().refusals), Ids{"no_post"});
  EXPECT_EQ(codes(may_perform(d, "p3", "change.implement", {}, at(0), duty).error().refusals),
            Ids{"incompatible_posts"});
}

TEST(Conflicts, ListsWhatTheReportNeeds) {
  Parts p = small_world();
  p.grants = {grant("1", "p1", "developer"), grant("2", "p1", "ops_engineer"), grant("2b", "p1", "ops_engineer"),
              grant("3", "p2", "tester"),    grant("4", "p2", "ops_manager"),  grant("5", "p3", "tester"),
              grant("6", "p3", "developer"), grant("7", "p4", "abolished"),    grant("8", "p5", "tester"),
              grant("9", "p5", "developer"), grant("10", "x1", "ops_manager", "group:all")};
  p.exceptions = {{"e1", "p2", "ops_manager", "tester", "p4", at(9)},
                  {"e2", "p3", "developer", "tester", "p4", at(50)}};
  const auto found = conflicts(Directory(p), at(10));
  ASSERT_EQ(found.size(), 5u);
  using Kind = Finding::Kind;
  EXPECT_EQ(found[0].person, "p1");
  EXPECT_EQ(found[0].kind, Kind::incompatible);
  EXPECT_EQ(found[0].grant.id, "1");
  EXPECT_EQ(found[0].other.id, "2");
  EXPECT_EQ(found[1].kind, Kind::exception_expired);
  EXPECT_TRUE(found[1].violation());
  EXPECT_EQ(found[1].exception, "e1");
  EXPECT_EQ(found[1].until, at(9));
  EXPECT_EQ(found[2].kind, Kind::excepted);
  EXPECT_FALSE(found[2].violation());
  EXPECT_EQ(found[2].until, at(50));
  EXPECT_EQ(found[3].kind, Kind::unknown_post);
  EXPECT_EQ(found[4].kind, Kind::internal_only);
  EXPECT_EQ(found[4].person, "x1");
  for (const Finding& f : found) EXPECT_FALSE(f.refusal.text.zh.empty() || f.refusal.text.en.empty());
  EXPECT_EQ(name(Kind::exception_expired), "exception_expired");
}

// A directory that grew only by grants and delegations found lawful has no conflict, then or at any later time, beyond
// those whose exception has run out; and who acts is stopped exactly when the report says so.
TEST(Conflicts, NoneInADirectoryThatGrewLawfully) {
  EXPECT_TRUE(rc::check([] {
    Parts p;
    p.posts = some_posts();
    p.incompatibilities = between_families(p.posts, {"operations", "development", "test"}, annex());
    p.boards = {{"b0"}, {"b1"}};
    for (int i = 0; i < 5; ++i) p.people.push_back({"p" + std::to_string(i), "", {}, i != 4, "", i != 3});
    const auto person = [] { return "p" + std::to_string(*rc::gen::inRange(0, 5)); };
    const auto post = [&] { return p.posts[*rc::gen::inRange<std::size_t>(0, p.posts.size())].code; };
    const auto board = [] { return *rc::gen::element<std::string>("", "b0", "b1"); };
    int now = 0, accepted = 0;
    for (int i = 0; i < 30; ++i) {
      now += *rc::gen::inRange(0, 4);
      const int from = *rc::gen::inRange(0, 40), length = *rc::gen::inRange(1, 40);
      const int what = *rc::gen::inRange(0, 8);
      if (what == 0) {
        p.exceptions.push_back({"e" + std::to_string(i), person(), post(), post(), person(), at(from)});
      } else if (what <= 3) {
        Delegation d{"d" + std::to_string(i), person(), person(), post(), board(), at(from), at(from + length)};
        if (!p.grants.empty()) {  // mostly of a post that the giver has
          const Grant& own = p.grants[*rc::gen::inRange<std::size_t>(0, p.grants.size())];
          d.giver = own.person;
          d.post = own.post;
        }
        if (may_delegate(Directory(p), d, at(now))) p.delegations.push_back(d), ++accepted;
      } else {
        Grant g = grant("g" + std::to_string(i), person(), post(), *rc::gen::element<std::string>("", "group:x"));
        g.board = board();
        g.from = at(from);
        if (*rc::gen::arbitrary<bool>()) g.until = at(from + length);
        if (may_grant(Directory(p), g, at(now))) p.grants.push_back(g), ++accepted;
      }
    }
    RC_CLASSIFY(accepted > 5);
    const Directory d(p);
    for (int t = now; t < now + 90; t += 3) {
      const auto findings = conflicts(d, at(t));
      for (const Finding& f : findings) {
        RC_ASSERT((f.kind == Finding::Kind::exception_expired || f.kind == Finding::Kind::excepted));
      }
      for (const Person& who : p.people) {
        for (const Post& q : p.posts) {
          const bool reported = std::any_of(findings.begin(), findings.end(), [&](const Finding& f) {
            return f.violation() && f.person == who.id && (f.grant.post == q.code || f.other.post == q.code);
          });
          RC_ASSERT(reported == !acts_in_conflict(d, who.id, q.code, at(t)).empty());
          for (const std::string& id : d.holders(q.code, {}, at(t))) RC_ASSERT(d.is_enabled(id));
        }
      }
    }
  }));
}

std::vector<SeatRule> change_like() {
  using By = Difference::By;
  return {{"initiator", {"变更发起人", "Initiator"}, {}, {}},
          {"assessor",
           {"变更评估人", "Assessor"},
           {{"initiator", By::person, {"7.2.5.2-p1-1", "7.2.5.2", {}, ""}},
            {"initiator", By::post, {"7.2.5.2-p1-2", "7.2.5.2", {}, ""}}},
           {}},
          {"approver",
           {"变更审批人", "Approver"},
           {{"initiator", By::person, {"7.2.5.1-d", "7.2.5.1", {}, ""}}},
           Ground{"7.2.5.3-p1-1", "7.2.5.3", {}, ""}},
          {"implementer", {"变更实施人", "Implementer"}, {}, {}},
          {"reviewer",
           {"变更复核人", "Reviewer"},
           {{"implementer", By::person, {"7.2.5.4-p1-1", "7.2.5.4", {"不得自我复核", "nobody reviews himself"}, ""}}},
           {}},
          {"receiver", {"接收人", "Receiver"}, {{"handler", By::department, {"000-1", "000", {}, ""}}}, {}},
          {"handler", {"处理人", "Handler"}, {}, {}},
          {"voter", {"专家", "Voter"}, {{"voter", By::person, {"V", "", {}, ""}}}, {}}};
}

Seat seat(std::string role, std::string person, std::string post = {}, std::string unit = {}) {
  Seat s;
  s.role = std::move(role);
  s.person = std::move(person);
  s.post = std::move(post);
  s.unit = std::move(unit);
  return s;
}

TEST(Seats, DifferFromBothSidesOverTheWholeHistory) {
  const Directory d(small_world());
  const auto check = [&](const SeatHistory& h, const Seat& s) { return differs(d, h, change_like(), s, at(0)); };
  Seat ended = seat("implementer", "p1", "ops_engineer");
  ended.until = at(-1);
  const auto same = check({ended}, seat("reviewer", "p1", "ops_engineer"));
  ASSERT_EQ(codes(same), Ids{"same_person"});
  EXPECT_EQ(same[0].clause, "7.2.5.4");
  EXPECT_EQ(same[0].requirement, "7.2.5.4-p1-1");
  EXPECT_EQ(same[0].text.zh, "“变更复核人”与“变更实施人”须相互分离：陈已任其一；不得自我复核");
  EXPECT_EQ(codes(check({seat("reviewer", "p1")}, seat("implementer", "p1"))), Ids{"same_person"});
  EXPECT_TRUE(check({ended}, seat("reviewer", "p2", "ops_engineer")).empty());
  EXPECT_TRUE(check({seat("initiator", "p1")}, seat("implementer", "p1")).empty()) << "the standard is silent";
  EXPECT_TRUE(check({ended}, seat("implementer", "p1", "ops_engineer")).empty()) << "may come back";
  EXPECT_EQ(codes(check({seat("voter", "p1")}, seat("voter", "p1"))), Ids{"same_person"});
}

TEST(Seats, PostsDepartmentsAndAvailability) {
  const Directory d(small_world());
  const auto check = [&](const SeatHistory& h, const Seat& s) { return codes(differs(d, h, change_like(), s, at(0))); };
  const Seat initiator = seat("initiator", "p1", "ops_engineer", "u11");
  EXPECT_EQ(check({initiator}, seat("assessor", "p2", "ops_engineer")), Ids{"same_post"});
  EXPECT_TRUE(check({initiator}, seat("assessor", "p2", "ops_manager")).empty());
  EXPECT_EQ(check({initiator}, seat("assessor", "p1", "ops_manager")), (Ids{"same_person", "same_person"}))
      << "one for each of the two rules";
  EXPECT_EQ(check({seat("receiver", "p1", "", "u11")}, seat("handler", "p2", "", "u11")), Ids{"same_department"});
  EXPECT_TRUE(check({seat("receiver", "p1", "", "u11")}, seat("handler", "p3", "", "u1")).empty());
  EXPECT_EQ(check({seat("receiver", "p1", "", "u11")}, seat("handler", "p3")), Ids{"department_unknown"});
  EXPECT_EQ(check({}, seat("approver", "x1")), Ids{"internal_only"});
  EXPECT_EQ(check({}, seat("handler", "p5")), Ids{"person_not_available"});
  EXPECT_EQ(check({}, seat("approver", "nobody")), (Ids{"person_not_available", "internal_only"}));
}

TEST(Seats, IncompatiblePostsDoNotMeetOnOneTicket) {
  Parts p = small_world();
  Seat ended = seat("initiator", "p1", "developer");
  ended.until = at(-1);
  const SeatHistory history{ended};
  const auto reasons = differs(Directory(p), history, change_like(), seat("implementer", "p1", "ops_engineer"), at(0));
  ASSERT_EQ(codes(reasons), Ids{"incompatible_posts"});
  EXPECT_EQ(reasons[0].requirement, "A.2-p1-1");
  EXPECT_EQ(reasons[0].text.zh, "陈曾在本单以“开发岗”任“变更发起人”，与“运维岗”不相容；本机构规则（参考附录A）");
  p.exceptions = {{"e1", "p1", "developer", "ops_engineer", "p4", at(5)}};
  const auto later = [&](Instant t) {
    return codes(differs(Directory(p), history, change_like(), seat("implementer", "p1", "ops_engineer"), t));
  };
  EXPECT_TRUE(later(at(4)).empty());
  EXPECT_EQ(later(at(5)), Ids{"incompatible_posts"});
}

// However seats are taken: whatever was let in keeps every rule, checked pair by pair against a naive reading.
TEST(Seats, RandomWalksKeepEveryPairApart) {
  const Directory d(small_world());
  const auto rules = change_like();
  EXPECT_TRUE(rc::check([&] {
    const std::vector<std::string> people{"p1", "p2", "p3", "p4", "p5", "x1"}, units{"u0", "u1", "u11", ""};
    SeatHistory history;
    for (int i = 0; i < 40; ++i) {
      const auto role = rules[*rc::gen::inRange<std::size_t>(0, rules.size())].role;
      const auto person = *rc::gen::elementOf(people);
      const auto post = d.parts().posts[*rc::gen::inRange<std::size_t>(0, d.parts().posts.size())].code;
      const Seat candidate = seat(role, person, post, *rc::gen::elementOf(units));
      if (differs(d, history, rules, candidate, at(0)).empty()) history.push_back(candidate);
    }
    for (std::size_t i = 0; i < history.size(); ++i) {
      const Seat& a = history[i];
      RC_ASSERT(d.is_enabled(a.person));
      RC_ASSERT((a.role != "approver" || d.is_internal(a.person)));
      for (std::size_t j = 0; j < history.size(); ++j) {
        const Seat& b = history[j];
        if (i == j) continue;
        RC_ASSERT((a.person != b.person || !d.incompatibility(a.post, b.post)));
        for (const SeatRule& rule : rules) {
          if (rule.role != a.role) continue;
          for (const Difference& x : rule.differs_from) {
            if (x.role != b.role) continue;
            RC_ASSERT(a.person != b.person);
            RC_ASSERT((x.by != Difference::By::post || a.post.empty() || a.post != b.post));
            RC_ASSERT((x.by != Difference::By::department || (!a.unit.empty() && a.unit != b.unit)));
          }
        }
      }
    }
  }));
}

}  // namespace
}  // namespace anlan::identity
