// What an action does, in which order; seats, tasks, decisions, clocks, break-glass: over a small process made here.
#include "domain/engine/engine.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "domain/engine/small_house_for_test.h"

namespace anlan::engine {
namespace {

using T = FieldType::Kind;

bool has(const Codes& all, const std::string& one) { return std::find(all.begin(), all.end(), one) != all.end(); }

// ---- order of an action --------------------------------------------------------------------------------------

TEST(Action, GuardsSeeTheNewFieldsAndTheOldState) {
  House h;
  h.guard("start", R"(ticket.state == "new" && ticket.amount > 5)", "order");
  h.ready();
  Ticket t = h.open("ann", {{"title", "x"}, {"amount", 1}});
  EXPECT_EQ(codes(h.try_act(t, "start", "ann")), Codes{"order"});
  EXPECT_EQ(h.act(t, "start", "ann", {{"amount", 6}}).state, "work");
  // A field may be taken away by the action, too; the guard then says what is not filled.
  auto emptied = h.try_act(t, "start", "ann", {{"amount", Value()}});
  ASSERT_FALSE(emptied.has_value());
  EXPECT_EQ(emptied.error().refusals.front().code, "order");
  EXPECT_EQ(emptied.error().refusals.front().field, "amount");
}

TEST(Action, GuardsSeeDecisionsOverTheNewFields) {
  House h;
  DecisionDef size;
  size.key = "size";
  size.output = words_of({"small", "big"});
  h.process.decisions.push_back(size);
  h.process.decisions[0].rows.push_back({h.e("ticket.amount > 10"), h.e("'big'"), {}, {}});
  h.process.decisions[0].otherwise = h.e("'small'");
  h.guard("start", R"(decisions.size == "small")", "too_big");
  h.ready();
  Ticket t = h.open("ann", {{"amount", 1}});
  EXPECT_EQ(codes(h.try_act(t, "start", "ann", {{"amount", 11}})), Codes{"too_big"});
  t = h.act(t, "edit", "ann", {{"amount", 11}});
  EXPECT_EQ(codes(h.try_act(t, "start", "ann")), Codes{"too_big"});
  EXPECT_EQ(h.act(t, "start", "ann", {{"amount", 2}}).state, "work");
}

TEST(Action, EffectsSeeThoseBeforeAndTheStateLast) {
  House h;
  h.set("start", "amount", "ticket.amount + 1");
  h.set("start", "amount", "ticket.amount * 10");
  h.set("start", "title", "ticket.state");
  h.set("start", "flag", "true").when = h.e("ticket.amount == 30");
  h.ready();
  Ticket t = h.act(h.open("ann", {{"amount", 2}}), "start", "ann");
  EXPECT_EQ(t.fields["amount"], Value(30));
  EXPECT_EQ(t.fields["title"], Value("new"));
  EXPECT_EQ(t.fields["flag"], Value(true));
  EXPECT_EQ(t.state, "work");
}

TEST(Action, RefusesWrongStateUnknownActionAndForeignFields) {
  House h;
  h.ready();
  Ticket t = h.open("ann");
  EXPECT_EQ(codes(h.try_act(t, "resume", "ann")), Codes{"wrong_state"});
  EXPECT_EQ(h.try_act(t, "nothing", "ann").error().code, Code::not_found);
  EXPECT_EQ(h.try_act(t, "create", "ann").error().code, Code::not_found);  // opens, and nothing else
  EXPECT_EQ(codes(h.try_act(h.act(t, "start", "ann"), "hold", "ann", {{"title", "x"}})), Codes{"invalid:fields.title"});
  EXPECT_EQ(codes(h.try_act(t, "start", "ann", {{"helper", "nobody"}})), Codes{"invalid:fields.helper"});
  EXPECT_EQ(h.act(t, "start", "ann", {{"helper", "bob"}}).fields["helper"], Value("bob"));
}

TEST(Action, WritesNothingIntoTheTicketItWasGiven) {
  House h;
  h.ready();
  Ticket t = h.open("ann");
  Value before = to_value(t);
  Ticket after = h.act(t, "start", "ann", {{"amount", 3}});
  EXPECT_EQ(to_value(t), before);
  EXPECT_EQ(after.version, t.version + 1);
}

TEST(Action, RequiredFieldsAndCommentAreAskedForTogetherWithGuards) {
  House h;
  h.action("start").fields[0].required = true;
  h.action("start").comment_required = true;
  h.guard("start", "ticket.amount > 5", "small");
  h.ready();
  Ticket t = h.open("ann", {{"amount", 1}});
  EXPECT_EQ(codes(h.try_act(t, "start", "ann")), (Codes{"required_title", "comment_required", "small"}));
  EXPECT_EQ(codes(h.try_act(t, "start", "ann", {{"title", " "}, {"amount", 9}}, " \n")),
            (Codes{"required_title", "comment_required"}));
  EXPECT_EQ(codes(h.try_act(t, "start", "ann", {{"title", "x"}, {"amount", 9}}, "why")), Codes{"accepted"});
}

TEST(Action, RequiredInClosesTheStateNotTheAction) {
  House h;
  h.of("amount").required_in = {"wait", "done"};
  h.of("title").required_in = {"done"};
  h.of("title").required_when = h.e("ticket.amount > 5");
  h.ready();
  Ticket t = h.act(h.open("ann"), "start", "ann");
  EXPECT_EQ(codes(h.try_act(t, "hold", "ann")), Codes{"required_amount"});
  Ticket held = h.act(h.act(t, "edit", "ann", {{"amount", 9}}), "hold", "ann");
  // It may not be emptied where it is required, either.
  EXPECT_EQ(codes(h.try_act(held, "edit", "ann", {{"amount", Value()}})), Codes{"required_amount"});
  EXPECT_EQ(codes(h.try_act(held, "finish", "ann")), Codes{"required_title"});
  EXPECT_EQ(h.act(h.act(held, "edit", "ann", {{"amount", 5}}), "finish", "ann").state, "done");
}

TEST(Action, ChecksAndInitialValues) {
  House h;
  h.of("amount").check = h.e("value > 0");
  h.of("title").initial = h.e(R"("about " + string(ticket.amount))");
  h.of("flag").initial = h.e("has(ticket.title)");  // reads another default: the second round
  h.ready();
  EXPECT_EQ(codes(h.try_open("ann", {{"amount", 0}})), Codes{"check_amount"});
  Ticket t = h.open("ann", {{"amount", 4}});
  EXPECT_EQ(t.fields["title"], Value("about 4"));
  EXPECT_EQ(h.open("ann", {{"amount", 4}, {"title", "own"}}).fields["title"], Value("own"));
  EXPECT_EQ(codes(h.try_act(t, "start", "ann", {{"amount", -1}})), Codes{"check_amount"});
}

TEST(Action, ThePlatformDoesOnlyWhatItMay) {
  House h;
  h.action("auto", {"open"}, "", {});
  h.ready();
  Ticket t = h.open("platform");
  EXPECT_TRUE(t.seats.empty());
  EXPECT_EQ(codes(h.try_act(t, "start", "platform")), Codes{"people_only"});
  EXPECT_EQ(codes(h.try_act(t, "auto", "ann")), Codes{"platform_only"});
  EXPECT_EQ(codes(h.try_act(t, "auto", "platform")), Codes{"accepted"});
  EXPECT_EQ(codes(h.try_act(t, "edit", "platform")), Codes{"accepted"});
}

// ---- seats ---------------------------------------------------------------------------------------------------

TEST(Seats, AreTakenByActingAndNeverForgotten) {
  House h;
  h.role("checker").who.push_back(House::post("clerk"));
  h.role("checker").differs_from.push_back({"clerk", Difference::By::person, {}});
  h.ready();
  Ticket t = h.act(h.open("ann"), "start", "bob");
  EXPECT_EQ(t.occupant("clerk"), "bob");
  ASSERT_EQ(t.seats.size(), 2u);
  EXPECT_EQ(t.seats[0].person, "ann");
  EXPECT_EQ(t.seats[0].until, h.now);
  // ann left the seat, and still may not check what she once held.
  for (const char* who : {"ann", "bob"}) EXPECT_EQ(codes(h.try_act(t, "check", who)), Codes{"same_person"});
  t = h.act(t, "check", "cat");
  EXPECT_EQ(t.occupant("checker"), "cat");
  // Nor the other way round.
  h.role("clerk").who.push_back(House::post("checker"));
  h.ready();
  EXPECT_EQ(codes(h.try_act(t, "hold", "cat")), Codes{"same_person"});
  EXPECT_EQ(codes(h.try_act(t, "hold", "dot")), Codes{"accepted"});
}

TEST(Seats, KeptOnesAreGivenOnByAnActionOnly) {
  House h;
  h.role("clerk").keeps = true;
  h.action("reassign", {"open"}, "", {"checker"}, {"helper"}).seat_to.emplace("clerk", h.e("ticket.helper"));
  h.ready();
  Ticket t = h.open("ann");
  EXPECT_EQ(codes(h.try_act(t, "start", "bob")), Codes{"seat_taken"});
  t = h.act(t, "reassign", "cat", {{"helper", "bob"}});
  EXPECT_EQ(t.occupant("clerk"), "bob");
  EXPECT_EQ(codes(h.try_act(t, "start", "ann")), Codes{"seat_taken"});
  EXPECT_EQ(h.act(t, "start", "bob").state, "work");
  // The seat of a disabled account keeps nobody out.
  for (auto& person : h.world.parts.people)
    if (person.id == "bob") person.enabled = false;
  h.ready();
  EXPECT_EQ(codes(h.try_act(t, "start", "ann")), Codes{"accepted"});
}

TEST(Seats, GivenOnKeepWhatMustDiffer) {
  House h;
  h.role("checker").differs_from.push_back({"clerk", Difference::By::person, {}});
  h.action("ask", {"open"}, "", {"clerk"}, {"helper"}).seat_to.emplace("checker", h.e("ticket.helper"));
  h.action("ask").platform = true;
  h.action("mine", {"open"}, "", {"clerk"}).seat_to.emplace("checker", h.e("actor.id"));
  h.action("mine").platform = true;
  h.ready();
  Ticket t = h.open("ann");
  EXPECT_EQ(codes(h.try_act(t, "ask", "ann", {{"helper", "ann"}})), Codes{"same_person"});
  EXPECT_EQ(codes(h.try_act(t, "mine", "ann")), Codes{"same_person"});
  EXPECT_EQ(codes(h.try_act(t, "ask", "ann", {{"helper", "off"}})), Codes{"person_not_available"});
  Ticket asked = h.act(t, "ask", "ann", {{"helper", "cat"}});
  EXPECT_EQ(asked.occupant("checker"), "cat");
  EXPECT_EQ(asked.seats.back().post, "checker");
  EXPECT_EQ(h.act(t, "mine", "platform").occupant("checker"), "");  // the platform sits nowhere
}

TEST(Seats, RememberEveryPostInWhichSomebodyActed) {
  House h;
  h.world.parts.incompatibilities = {{"clerk", "chief", {}}};
  h.role("checker", {House::post("checker"), House::post("chief")});
  h.process.roles.erase(h.process.roles.begin() + 1);
  h.ready();
  auto hold = [&h](const char* who, const char* post) {
    std::erase_if(h.world.parts.grants, [&](const identity::Grant& g) { return g.person == who; });
    identity::Grant grant;
    grant.id = std::string(who) + "-" + post;
    grant.person = who;
    grant.post = post;
    h.world.parts.grants.push_back(grant);
    h.ready();
  };
  Ticket t = h.act(h.act(h.open("ann"), "start", "ann"), "check", "cat");
  hold("cat", "chief");  // the same person in the same seat, in another post
  t = h.act(t, "check", "cat");
  EXPECT_EQ(t.occupant("checker"), "cat");
  hold("cat", "clerk");
  EXPECT_EQ(codes(h.try_act(t, "hold", "cat")), Codes{"incompatible_posts"});
}

TEST(Seats, AskForThePostAndForEmployees) {
  House h;
  h.ready();
  Ticket t = h.open("ann");
  EXPECT_EQ(codes(h.try_act(t, "start", "cat")), Codes{"not_clerk"});
  EXPECT_EQ(codes(h.try_act(t, "start", "off")), Codes{"not_clerk"});
  EXPECT_EQ(codes(h.try_act(t, "start", "nobody")), Codes{"not_clerk"});
  EXPECT_EQ(codes(h.try_act(t, "start", "machine:m")), Codes{"not_clerk"});
  EXPECT_EQ(codes(h.try_act(t, "start", "xan")), Codes{"accepted"});
  h.role("clerk").internal = true;
  h.ready();
  EXPECT_EQ(codes(h.try_act(t, "start", "xan")), Codes{"internal_only"});
}

TEST(Seats, ActingInAPostThatExcludesAnotherIsRefused) {
  House h;
  identity::Incompatibility pair{"clerk", "checker", {}};
  h.world.parts.incompatibilities = {pair};
  identity::Grant grant;
  grant.id = "ann-checker";
  grant.person = "ann";
  grant.post = "checker";
  h.world.parts.grants.push_back(grant);
  h.ready();
  EXPECT_EQ(codes(h.try_open("ann")), Codes{"incompatible_posts"});
  EXPECT_EQ(codes(h.try_open("bob")), Codes{"accepted"});
}

TEST(Seats, TheHolderIsAlwaysSomebodyEnabled) {
  House h;
  h.ready();
  Ticket t = h.open("ann");
  EXPECT_EQ(t.holder, "ann");
  for (auto& person : h.world.parts.people)
    if (person.id == "ann") person.enabled = false;
  h.ready();
  Ticket waiting = h.refresh(t).ticket;
  EXPECT_EQ(waiting.holder, "bob");  // no board, nobody on duty: one who holds the post of the step
  EXPECT_EQ(waiting.owes, std::vector<std::string>{"post:clerk@"});
  EXPECT_EQ(h.act(t, "start", "bob").holder, "bob");
  for (auto& person : h.world.parts.people) person.enabled = person.id == "fox";
  h.ready();
  EXPECT_EQ(h.refresh(t).ticket.holder, "fox");  // nobody holds it: the fallback of the house
}

// ---- openings ------------------------------------------------------------------------------------------------

TEST(Openings, SayWhatActWouldSay) {
  House h;
  h.guard("start", "ticket.amount > 5", "small");
  h.guard("finish", "ticket.amount > 5", "small");
  h.guard("hold", "seat('clerk') == actor.id && !has(ticket.helper)", "helped");
  h.ready();
  Ticket t = h.act(h.open("ann", {{"amount", 6}}), "start", "ann", {{"helper", "bob"}});
  t = h.act(t, "edit", "ann", {{"amount", 1}});
  auto opening = [&](const char* action, const char* who) {
    for (const auto& one : h.engine().openings(t, House::actor(who), h.now))
      if (one.action == action) return one;
    return Opening{};
  };
  EXPECT_FALSE(opening("start", "ann").open);
  EXPECT_EQ(opening("start", "ann").refusals.front().code, "wrong_state");
  EXPECT_TRUE(opening("edit", "ann").open);
  EXPECT_EQ(opening("edit", "ann").roles, std::vector<std::string>{"clerk"});
  EXPECT_EQ(opening("finish", "ann").refusals.front().code, "small");
  EXPECT_EQ(opening("hold", "ann").refusals.front().code, "helped");
  // Every reason at once: the wrong state and the wrong person.
  EXPECT_EQ(opening("start", "cat").refusals.size(), 2u);
  EXPECT_EQ(opening("create", "ann").action, "");
}

TEST(Openings, ReadStoredDecisionsThatAreFalse) {
  House h;
  DecisionDef ready;
  ready.key = "blocked";
  ready.output = type_of(T::boolean);
  h.process.decisions.push_back(ready);
  h.process.decisions[0].rows.push_back({h.e("ticket.amount > 10"), h.e("true"), {}, {}});
  h.process.decisions[0].otherwise = h.e("false");
  h.guard("start", "!decisions.blocked", "blocked");
  h.ready();
  Ticket t = *ticket_from(to_value(h.open("ann", {{"amount", 1}})));  // as it comes from the store
  for (const auto& one : h.engine().openings(t, House::actor("ann"), h.now))
    EXPECT_TRUE(one.open || one.action != "start");
  // And nothing has changed by being stored.
  h.now = h.now + minutes(1);
  EXPECT_EQ(h.refresh(t).ticket.version, t.version);
}

// ---- tasks ---------------------------------------------------------------------------------------------------

struct TaskHouse : House {
  explicit TaskHouse(std::vector<std::string> people, TaskDef::Quorum quorum = {}, TaskDef::Kind kind = TaskDef::Kind::approval) {
    TaskDef vote;
    vote.key = "vote";
    vote.kind = kind;
    vote.quorum = quorum;
    List list;
    std::string source = "[";
    for (const auto& one : people) source += (source.size() > 1 ? ", '" : "'") + one + "'";
    vote.for_each = e(source + "]");
    vote.assignee = {this->people("item")};
    process.tasks.push_back(vote);
    action("agreed", {"open"}, "done", {});
    action("disagreed", {"open"}, "new", {});
    for (const char* result : {"agreed", "disagreed"}) {
      ReactionDef reaction;
      reaction.on = ReactionDef::On::tasks_done;
      reaction.key = "vote";
      reaction.result = result;
      reaction.action = result;
      process.reactions.push_back(reaction);
    }
    make_tasks("start", "vote");
  }
  Ticket started() {
    ready();
    return act(open("ann"), "start", "ann");
  }
  Result<Outcome> try_answer(const Ticket& t, const std::string& id, const std::string& who, const std::string& answer,
                             const std::string& comment = "because", Map fields = {}) const {
    return engine().answer(t, actor(who), id, answer, Value(std::move(fields)), comment, now);
  }
  // Answers in order of the tasks; what the last answer led to.
  std::vector<std::string> after(const std::vector<std::string>& answers) {
    Ticket t = started();
    std::vector<std::string> then;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      auto out = try_answer(t, t.tasks[i].id, t.tasks[i].item.as_string(), answers[i]);
      EXPECT_TRUE(out.has_value()) << i;
      if (!out) return {"error"};
      t = out->ticket;
      then = out->then;
    }
    return then;
  }
};
using Then = std::vector<std::string>;
using Rule = TaskDef::Quorum::Rule;

TEST(Tasks, AllMustAgree) {
  const std::vector<std::string> three{"bob", "cat", "dot"};
  EXPECT_EQ(TaskHouse(three).after({"agree", "agree"}), Then{});
  EXPECT_EQ(TaskHouse(three).after({"agree", "agree", "agree"}), Then{"agreed"});
  EXPECT_EQ(TaskHouse(three).after({"agree", "disagree"}), Then{"disagreed"});
}

TEST(Tasks, AnyOneDecides) {
  TaskDef::Quorum any{Rule::any, 1, 1, 1, 2};
  EXPECT_EQ(TaskHouse({"bob", "cat", "dot"}, any).after({"agree"}), Then{"agreed"});
  EXPECT_EQ(TaskHouse({"bob", "cat", "dot"}, any).after({"disagree"}), Then{"disagreed"});
}

TEST(Tasks, AShareAnswersAndAMajorityOfItAgrees) {
  // Reading A54: at least two thirds answer, a majority of the answers approves.
  TaskDef::Quorum panel{Rule::share, 2, 3, 1, 2};
  const std::vector<std::string> three{"bob", "cat", "dot"};
  EXPECT_EQ(TaskHouse(three, panel).after({"agree"}), Then{});
  EXPECT_EQ(TaskHouse(three, panel).after({"agree", "agree"}), Then{"agreed"});
  EXPECT_EQ(TaskHouse(three, panel).after({"disagree", "disagree"}), Then{"disagreed"});
  EXPECT_EQ(TaskHouse(three, panel).after({"agree", "disagree"}), Then{});  // no majority yet, one may still answer
  EXPECT_EQ(TaskHouse(three, panel).after({"agree", "disagree", "agree"}), Then{"agreed"});
  EXPECT_EQ(TaskHouse(three, panel).after({"agree", "disagree", "disagree"}), Then{"disagreed"});
  const std::vector<std::string> four{"bob", "cat", "dot", "eve"};
  EXPECT_EQ(TaskHouse(four, panel).after({"agree", "agree"}), Then{});
  EXPECT_EQ(TaskHouse(four, panel).after({"agree", "agree", "disagree"}), Then{"agreed"});
  EXPECT_EQ(TaskHouse(four, panel).after({"agree", "agree", "disagree", "disagree"}), Then{"disagreed"});  // half is no majority
}

TEST(Tasks, ShareAgreesWithACountByHand) {
  EXPECT_TRUE(rc::check([] {
    const std::vector<std::string> people{"bob", "cat", "dot", "eve", "fox"};
    int all = *rc::gen::inRange(1, 6), den = *rc::gen::inRange(1, 4), num = *rc::gen::inRange(1, den + 1);
    TaskHouse h({people.begin(), people.begin() + all}, {Rule::share, num, den, 1, 2});
    Ticket t = h.started();
    int done = 0, agreed = 0;
    bool told = false;
    for (int i = 0; i < all && !told; ++i) {
      bool yes = *rc::gen::inRange(0, 2) == 1;
      auto out = h.try_answer(t, t.tasks[i].id, people[i], yes ? "agree" : "disagree");
      RC_ASSERT(out.has_value());
      t = out->ticket;
      ++done;
      agreed += yes ? 1 : 0;
      Then want;
      if (done * den >= all * num) {
        if (2 * agreed > done) want = {"agreed"};
        else if (2 * (done - agreed) > done || done == all) want = {"disagreed"};
      }
      RC_ASSERT(out->then == want);
      told = !want.empty();
    }
    RC_ASSERT(told);  // when all have answered there is a result
  }));
}

TEST(Tasks, AreAnsweredByWhomTheyNameAndOnce) {
  TaskHouse h({"bob", "cat"});
  h.process.tasks[0].fields = {field_of("words", type_of(T::string))};
  h.process.tasks[0].fields[0].required = true;
  Ticket t = h.started();
  EXPECT_EQ(codes(h.try_answer(t, "t1", "cat", "agree")), Codes{"not_assignee"});
  EXPECT_EQ(codes(h.try_answer(t, "t9", "cat", "agree")), Codes{"not_found:task"});
  EXPECT_EQ(codes(h.try_answer(t, "t1", "bob", "perhaps")), Codes{"invalid:answer"});
  EXPECT_EQ(codes(h.try_answer(t, "t1", "bob", "agree")), Codes{"required_words"});
  EXPECT_EQ(codes(h.try_answer(t, "t1", "bob", "disagree", " ", {{"words", "x"}})), Codes{"comment_required"});
  EXPECT_EQ(codes(h.try_answer(t, "t1", "bob", "agree", "", {{"other", "x"}})), Codes{"invalid:fields.other"});
  auto out = h.try_answer(t, "t1", "bob", "agree", "", {{"words", "x"}});
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->ticket.tasks[0].state, "done");
  EXPECT_EQ(out->ticket.tasks[0].fields["words"], Value("x"));
  EXPECT_EQ(codes(h.try_answer(out->ticket, "t1", "bob", "agree")), Codes{"task_done"});
  // Whoever answered sits: the next role may ask that he did not.
  EXPECT_EQ(out->ticket.occupant("task:vote"), "bob");
  Ticket closed = h.act(out->ticket, "agreed", "platform");
  EXPECT_EQ(codes(h.try_answer(closed, "t2", "cat", "agree", "", {{"words", "x"}})), Codes{"ticket_closed"});
}

TEST(Tasks, ApproversMayNotBeThoseWhoseWorkItIs) {
  TaskHouse h({"ann", "bob"});
  h.process.tasks[0].differs_from.push_back({"clerk", Difference::By::person, {}});
  Ticket t = h.started();
  EXPECT_EQ(codes(h.try_answer(t, "t1", "ann", "agree")), Codes{"same_person"});
  EXPECT_EQ(codes(h.try_answer(t, "t2", "bob", "agree")), Codes{"accepted"});
  // And who approved may not take up the work.
  Ticket approved = h.try_answer(t, "t2", "bob", "agree")->ticket;
  EXPECT_EQ(codes(h.try_act(approved, "hold", "bob")), Codes{"same_person"});
}

TEST(Tasks, StepsOpenOneAfterTheOther) {
  TaskHouse h({"bob", "bob", "cat"}, {}, TaskDef::Kind::step);
  h.process.tasks[0].in_order = true;
  Ticket t = h.started();
  auto states = [&t] {
    Codes out;
    for (const auto& task : t.tasks) out.push_back(task.state);
    return out;
  };
  EXPECT_EQ(states(), (Codes{"open", "waiting", "waiting"}));
  EXPECT_EQ(codes(h.try_answer(t, "t2", "bob", "agree")), Codes{"task_waiting"});
  t = h.try_answer(t, "t1", "bob", "agree")->ticket;
  EXPECT_EQ(states(), (Codes{"done", "open", "waiting"}));
  t = h.try_answer(t, "t2", "bob", "agree")->ticket;
  auto last = h.try_answer(t, "t3", "cat", "agree");
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->then, Then{"agreed"});
  // A step that failed opens no other.
  t = h.started();
  auto failed = h.try_answer(t, "t1", "bob", "disagree");
  ASSERT_TRUE(failed.has_value());
  t = failed->ticket;
  EXPECT_EQ(states(), (Codes{"done", "waiting", "waiting"}));
  EXPECT_EQ(failed->then, Then{"disagreed"});
}

TEST(Tasks, AnApprovalFallsWhenWhatItCoversChanges) {
  TaskHouse h({"bob", "cat"});
  h.process.tasks[0].covers = {"amount", "title"};
  h.ready();
  Ticket t = h.act(h.open("ann", {{"amount", 1}, {"title", "x"}}), "start", "ann");
  // As long as nobody has answered, the tasks follow the change.
  t = h.act(t, "edit", "ann", {{"amount", 2}});
  EXPECT_EQ(t.tasks[0].state, "open");
  t = h.try_answer(t, "t1", "bob", "agree")->ticket;
  Outcome other = h.outcome(t, "edit", "ann", {{"level", "low"}});
  EXPECT_EQ(other.ticket.tasks[0].state, "done");
  EXPECT_TRUE(other.notes.empty());
  Outcome same = h.outcome(t, "edit", "ann", {{"amount", 2}});
  EXPECT_EQ(same.ticket.tasks[0].state, "done");
  Outcome changed = h.outcome(t, "edit", "ann", {{"amount", 3}});
  EXPECT_EQ(changed.ticket.tasks[0].state, "void");
  EXPECT_EQ(changed.ticket.tasks[1].state, "void");
  EXPECT_EQ(notes_of(changed), Codes{"tasks_void"});
  EXPECT_EQ(codes(h.try_answer(changed.ticket, "t2", "cat", "agree")), Codes{"task_void"});
}

TEST(Tasks, MadeAnewTheOldOnesAreVoid) {
  TaskHouse h({"bob"});
  h.make_tasks("edit", "vote");
  Ticket t = h.started();
  t = h.act(t, "edit", "ann");
  ASSERT_EQ(t.tasks.size(), 2u);
  EXPECT_EQ(t.tasks[0].state, "void");
  EXPECT_EQ(t.tasks[1].id, "t2");
  EXPECT_EQ(codes(h.try_answer(t, "t1", "bob", "agree")), Codes{"task_void"});
  EXPECT_EQ(codes(h.try_answer(t, "t2", "bob", "agree")), Codes{"accepted"});
}

// ---- decisions -----------------------------------------------------------------------------------------------

struct LevelHouse : House {
  LevelHouse() {
    DecisionDef level;
    level.key = "level";
    level.output = words_of({"low", "mid", "high"});
    level.hit = DecisionDef::Hit::priority;
    level.raises_only = true;
    level.into = "level";
    process.decisions.push_back(level);
    auto& rows = process.decisions[0].rows;
    rows.push_back({e("ticket.amount >= 10"), e("'mid'"), {}, {}});
    rows.push_back({e("ticket.amount >= 20"), e("'high'"), {}, {}});
    process.decisions[0].otherwise = e("'low'");
    ReactionDef raised;
    raised.on = ReactionDef::On::decision_raised;
    raised.key = "level";
    raised.when = e("ticket.level == 'high'");
    raised.action = "edit";
    process.reactions.push_back(raised);
    ready();
  }
};

TEST(Decisions, OnlyRaiseWhatPeopleMayLower) {
  LevelHouse h;
  Ticket t = h.open("ann", {{"amount", 1}});
  EXPECT_EQ(t.fields["level"], Value("low"));
  t = h.act(t, "start", "ann", {{"amount", 12}});
  EXPECT_EQ(t.fields["level"], Value("mid"));
  t = h.act(t, "edit", "ann", {{"amount", 2}});
  EXPECT_EQ(t.fields["level"], Value("mid"));  // the platform lowers nothing
  EXPECT_EQ(t.decisions["level"].computed, Value("low"));
  t = h.act(t, "edit", "ann", {{"amount", 15}});  // the table rises to what stands already
  EXPECT_EQ(t.fields["level"], Value("mid"));
  t = h.act(t, "edit", "ann", {{"level", "low"}});  // a person lowers
  EXPECT_EQ(t.fields["level"], Value("low"));
  t = h.refresh(t).ticket;
  EXPECT_EQ(t.fields["level"], Value("low"));  // and is not overruled by the same table again
  t = h.act(t, "edit", "ann", {{"amount", 16}});
  EXPECT_EQ(t.fields["level"], Value("low"));
  Outcome high = h.outcome(t, "edit", "ann", {{"amount", 25}});
  EXPECT_EQ(high.ticket.fields["level"], Value("high"));
  EXPECT_TRUE(has(notes_of(high), "decision_raised"));
  EXPECT_EQ(high.then, Then{"edit"});
  EXPECT_EQ(high.ticket.decisions["level"].rows, (std::vector<std::size_t>{0, 1}));
  // Raised by hand it stands, too.
  Ticket by_hand = h.act(h.open("ann", {{"amount", 1}}), "edit", "ann", {{"level", "high"}});
  EXPECT_EQ(h.refresh(by_hand).ticket.fields["level"], Value("high"));
}

TEST(Decisions, PriorityTakesTheGreatestNumberWholeOrNot) {
  House h;
  DecisionDef most;
  most.key = "most";
  most.output = type_of(T::number);
  most.hit = DecisionDef::Hit::priority;
  h.process.decisions.push_back(most);
  for (const char* number : {"2.4", "2.9", "2.5", "-1e300"})
    h.process.decisions[0].rows.push_back({h.e("true"), h.e(number), {}, {}});
  h.process.decisions[0].rows.push_back({h.e("ticket.amount > 10"), h.e("1e300"), {}, {}});
  h.ready();
  Ticket t = h.open("ann", {{"amount", 1}});
  EXPECT_EQ(t.decisions.at("most").value, Value(2.9));
  EXPECT_EQ(h.act(t, "edit", "ann", {{"amount", 11}}).decisions.at("most").value, Value(1e300));
}

TEST(Decisions, FirstCollectAndOtherwise) {
  House h;
  for (const char* key : {"one", "all", "none"}) {
    DecisionDef d;
    d.key = key;
    d.output = type_of(T::string);
    h.process.decisions.push_back(d);
  }
  h.process.decisions[1].hit = DecisionDef::Hit::collect;
  for (auto& d : h.process.decisions) {
    if (d.key == "none") continue;
    d.rows.push_back({h.e("ticket.amount > 1"), h.e("'a'"), {}, {}});
    d.rows.push_back({h.e("ticket.amount > 2"), h.e("'b'"), {}, {}});
  }
  h.process.decisions[0].otherwise = h.e("'z'");
  h.ready();
  Ticket t = h.open("ann", {{"amount", 3}});
  EXPECT_EQ(t.decisions["one"].value, Value("a"));
  EXPECT_EQ(t.decisions["one"].rows, std::vector<std::size_t>{0});
  EXPECT_EQ(t.decisions["all"].value, Value(List{"a", "b"}));
  EXPECT_TRUE(t.decisions["none"].value.is_null());
  t = h.act(t, "edit", "ann", {{"amount", Value()}});
  EXPECT_EQ(t.decisions["one"].value, Value("z"));  // unset is no match
  EXPECT_TRUE(t.decisions["all"].value.is_null());
}

calendar::WorkCalendar office(const std::string& key, std::vector<calendar::Hours> hours_of_day, bool weekend) {
  calendar::WorkCalendar::Spec spec;
  spec.key = key;
  for (int weekday = 1; weekday <= (weekend ? 7 : 5); ++weekday) spec.week[weekday] = hours_of_day;
  spec.ignores_holidays = true;
  return calendar::WorkCalendar(std::move(spec));
}

// Rows of {key, from, to} in a table, a stopwatch over them, and decisions that read it.
struct FlipHouse : House {
  FlipHouse() {
    FieldType table = type_of(T::table);
    table.columns = {field_of("key", type_of(T::string)), field_of("from", type_of(T::timestamp)),
                     field_of("to", type_of(T::timestamp)), field_of("hours", type_of(T::string))};
    field("rows", table);
    StopwatchDef watch;
    watch.key = "down";
    watch.rows = "rows";
    process.stopwatches.push_back(watch);
    auto& w = process.stopwatches[0];
    w.key_of = e("row.key");
    w.from = e("row.from");
    w.to = e("row.to");
    w.calendar = e("row.hours");
    action("create").fields.push_back({"rows", false});
    action("edit").fields.push_back({"rows", false});
  }
  DecisionDef& decision(const std::string& key, DecisionDef::Hit hit, FieldType output) {
    auto& d = process.decisions.emplace_back();
    d.key = key;
    d.hit = hit;
    d.output = std::move(output);
    return d;
  }
};

// Steps minute by minute and compares the flip that was foretold with the first one that is found.
void flips_are_foretold(const FlipHouse& h, const Ticket& opened, int horizon_minutes) {
  Ticket t = *ticket_from(to_value(opened));
  std::map<std::string, std::pair<Instant, Value>> found;
  for (int m = 1; m <= horizon_minutes && found.size() < t.decisions.size(); ++m) {
    Instant at = h.now + minutes(m);
    auto then = h.engine().refresh(t, at, "ticket.fired", Value(Map{}));
    RC_ASSERT(then.has_value());
    for (const auto& [key, d] : then->ticket.decisions)
      if (!found.contains(key) && !(d.computed == t.decisions.at(key).computed)) found.emplace(key, std::pair(at, d.computed));
  }
  Instant horizon = h.now + minutes(horizon_minutes);
  for (const auto& [key, d] : t.decisions) {
    auto it = found.find(key);
    RC_LOG() << key << ": foretold " << (d.flips_at ? format_rfc3339(*d.flips_at, 480) + " " + describe(d.flips_to) : "none")
             << ", found " << (it == found.end() ? "none" : format_rfc3339(it->second.first, 480) + " " + describe(it->second.second))
             << "\n";
    if (it == found.end()) {
      RC_ASSERT((!d.flips_at || *d.flips_at > horizon));
    } else {
      RC_ASSERT(d.flips_at.has_value());
      RC_ASSERT(*d.flips_at == it->second.first);
      RC_ASSERT(d.flips_to == it->second.second);
    }
  }
}

TEST(Flips, AreTheOnesFoundMinuteByMinute) {
  EXPECT_TRUE(rc::check([] {
    FlipHouse h;
    // Service hours: whole minutes, drawn anew.
    for (const char* key : {"day", "late"}) {
      int from = *rc::gen::inRange(0, 20) * 60, to = from + *rc::gen::inRange(1, 24) * 10;
      std::vector<calendar::Hours> hours_of_day{{from, std::min(to, 1440)}};
      if (to + 30 < 1440 && *rc::gen::inRange(0, 2)) hours_of_day.push_back({to + 30, std::min(to + 90, 1440)});
      h.world.calendars.emplace(key, office(key, hours_of_day, *rc::gen::inRange(0, 2) == 1));
    }
    auto spell = [](int n) { return std::to_string(n) + "m"; };
    int a = *rc::gen::inRange(1, 600), b = *rc::gen::inRange(1, 900), c = *rc::gen::inRange(1, 600);
    auto& level = h.decision("level", DecisionDef::Hit::priority, words_of({"low", "mid", "high", "top"}));
    level.rows.push_back({h.e("reached(stopwatches.down, " + spell(a) + ")"), h.e("'mid'"), {}, {}});
    level.rows.push_back({h.e("keys_reaching(stopwatches.down, " + spell(c) + ") >= 2"), h.e("'high'"), {}, {}});
    level.rows.push_back({h.e("ticket.flag && reached(stopwatches.down, " + spell(b) + ")"), h.e("'top'"), {}, {}});
    level.otherwise = h.e("'low'");
    // Not monotone, and values that come back.
    auto& odd = h.decision("odd", DecisionDef::Hit::first, type_of(T::string));
    odd.rows.push_back({h.e("reached(stopwatches.down, " + spell(a) + ") && !reached(stopwatches.down, " + spell(a + b) + ")"),
                        h.e("'x'"), {}, {}});
    odd.rows.push_back({h.e("keys_reaching(stopwatches.down, " + spell(c) + ") == 1"), h.e("'y'"), {}, {}});
    auto& count = h.decision("count", DecisionDef::Hit::first, type_of(T::integer));
    count.rows.push_back({h.e("true"), h.e("keys_reaching(stopwatches.down, " + spell(b) + ")"), {}, {}});
    // A decision that reads another.
    auto& over = h.decision("over", DecisionDef::Hit::first, type_of(T::boolean));
    over.rows.push_back({h.e("decisions.level == 'high' || decisions.odd == 'x'"), h.e("true"), {}, {}});
    h.process.decisions.back().otherwise = h.e("false");
    h.ready();
    List rows;
    for (int i = *rc::gen::inRange(0, 7); i > 0; --i) {
      int from = *rc::gen::inRange(-3000, 1), length = *rc::gen::inRange(0, 4);
      Map row{{"key", std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 3)))}, {"from", h.now + minutes(from)}};
      if (length) row.emplace("to", h.now + minutes(std::min(0, from + length * *rc::gen::inRange(1, 400))));
      if (int kind = *rc::gen::inRange(0, 3)) row.emplace("hours", kind == 1 ? "day" : "late");
      rows.push_back(Value(std::move(row)));
    }
    Map fields{{"flag", *rc::gen::inRange(0, 2) == 1}};
    if (!rows.empty()) fields.emplace("rows", Value(rows));
    auto opened = h.try_open("ann", fields);
    RC_ASSERT(opened.has_value());
    flips_are_foretold(h, opened->ticket, 1500);
  }));
}

TEST(Flips, HappenWhenTheTimerFires) {
  FlipHouse h;
  auto& level = h.decision("level", DecisionDef::Hit::priority, words_of({"low", "mid", "high"}));
  level.into = "level";
  level.rows.push_back({h.e("reached(stopwatches.down, 30m)"), h.e("'mid'"), {}, {}});
  level.rows.push_back({h.e("reached(stopwatches.down, 3h)"), h.e("'high'"), {}, {}});
  level.otherwise = h.e("'low'");
  h.ready();
  Ticket t = h.open("ann", {{"rows", Value(List{Value(Map{{"key", "a"}, {"from", h.now - minutes(20)}})})}});
  auto timers = h.engine().timers(t, h.now);
  ASSERT_EQ(timers.size(), 1u);
  EXPECT_EQ(timers[0].name, "decision:level");
  EXPECT_EQ(timers[0].due, h.now + minutes(10));
  h.now = timers[0].due - milliseconds(1);
  EXPECT_EQ(h.refresh(t).ticket.version, t.version);
  h.now = timers[0].due;
  t = h.refresh(t).ticket;
  EXPECT_EQ(t.fields["level"], Value("mid"));
  EXPECT_EQ(t.decisions["level"].flips_at, h.now + minutes(150));
  EXPECT_EQ(t.decisions["level"].flips_to, Value("high"));
  // Closed, it waits for nothing.
  t = h.act(h.act(t, "start", "ann"), "finish", "ann");
  EXPECT_TRUE(h.engine().timers(t, h.now).empty());
  // Opened again, it does.
  t = h.act(t, "reopen", "ann");
  EXPECT_TRUE(t.open);
  EXPECT_EQ(h.engine().timers(t, h.now).size(), 1u);
}

// ---- clocks --------------------------------------------------------------------------------------------------

struct ClockHouse : House {
  ClockHouse() {
    ParameterDef parameter;
    parameter.key = "limit";
    parameter.type = type_of(T::duration);
    definitions.parameters.emplace("limit", parameter);
    world.params["limit"] = hours(2);
    process.clocks.emplace_back();
    clock().key = "due";
    clock().anchor = e("ticket.at");
    clock().amount = e("params.limit");
    clock().stop = e("ticket.state == 'done'");
    step(minutes(-30));
    step(Duration{});
  }
  ClockDef& clock() { return process.clocks[0]; }
  LadderStep& step(Duration offset) {
    auto& one = clock().ladder.emplace_back();
    one.offset = offset;
    one.tell.roles = {"clerk"};
    one.text = {"到点", "due"};
    return one;
  }
  Ticket begun() {
    ready();
    return open("ann", {{"at", now}, {"amount", 1}});
  }
  static int steps(const Outcome& outcome) {
    auto all = notes_of(outcome);
    return static_cast<int>(std::count(all.begin(), all.end(), "clock_step"));
  }
  // Lets time pass up to there, firing every timer at its own instant; how many steps were recorded.
  int until(Ticket& t, Instant target) {
    int fired = 0;
    for (int guard = 0; guard < 100; ++guard) {
      std::optional<Instant> next;
      for (const auto& timer : engine().timers(t, now))
        if (timer.due <= target && (!next || timer.due < *next)) next = timer.due;
      if (!next) break;
      now = std::max(now, *next);
      Outcome out = refresh(t);
      fired += steps(out);
      t = out.ticket;
    }
    now = target;
    return fired;
  }
};

TEST(Clocks, TellOncePerStep) {
  ClockHouse h;
  Ticket t = h.begun();
  Instant start = h.now;
  EXPECT_EQ(t.clocks["due"].due, start + hours(2));
  EXPECT_EQ(h.engine().timers(t, h.now).size(), 2u);
  h.now = start + minutes(90);
  Outcome first = h.refresh(t);
  EXPECT_EQ(ClockHouse::steps(first), 1);
  ASSERT_EQ(first.effects.size(), 1u);
  EXPECT_EQ(first.effects[0].recipients, std::vector<std::string>{"ann"});
  t = first.ticket;
  EXPECT_EQ(h.refresh(t).ticket.version, t.version);  // and never again
  EXPECT_EQ(h.until(t, start + hours(9)), 1);
  EXPECT_TRUE(h.engine().reading(t, "due", h.now).breached);
  EXPECT_TRUE(h.engine().timers(t, h.now).empty());
  // Whoever comes late gets every step that fell due, each once.
  h.now = start;
  Ticket late = h.begun();
  h.now = start + hours(3);
  EXPECT_EQ(ClockHouse::steps(h.refresh(late)), 2);
}

TEST(Clocks, FireTheirAction) {
  ClockHouse h;
  h.clock().ladder[1].action = "edit";
  Ticket t = h.begun();
  h.now = h.now + hours(2);
  EXPECT_EQ(h.refresh(t).then, Then{"edit"});
}

TEST(Clocks, FollowTheirAnchor) {
  ClockHouse h;
  Ticket t = h.begun();
  Instant start = h.now;
  EXPECT_EQ(h.until(t, start + minutes(95)), 1);
  // It occurred an hour earlier than was said: overdue at once.
  Outcome moved = h.outcome(t, "edit", "ann", {{"at", start - hours(1)}});
  EXPECT_TRUE(has(notes_of(moved), "clock_reanchored"));
  EXPECT_EQ(moved.ticket.clocks["due"].due, start + hours(1));
  EXPECT_EQ(ClockHouse::steps(moved), 2);  // a new deadline has steps of its own
  // Moved back, nothing is told a second time.
  Outcome back = h.outcome(moved.ticket, "edit", "ann", {{"at", start}});
  EXPECT_EQ(back.ticket.clocks["due"].due, start + hours(2));
  EXPECT_EQ(ClockHouse::steps(back), 0);
  // Without its anchor the clock does not stand.
  Ticket gone = h.act(t, "edit", "ann", {{"at", Value()}});
  EXPECT_FALSE(gone.clocks["due"].armed);
  EXPECT_TRUE(gone.clocks["due"].withdrawn);
  EXPECT_TRUE(h.engine().timers(gone, h.now).empty());
}

TEST(Clocks, TakeANewTargetAndFireAnew) {
  ClockHouse h;
  Ticket t = h.begun();
  Instant start = h.now;
  EXPECT_EQ(h.until(t, start + minutes(95)), 1);
  h.world.params["limit"] = hours(4);
  h.ready();
  Outcome later = h.refresh(t);
  EXPECT_TRUE(has(notes_of(later), "clock_retargeted"));
  ASSERT_EQ(later.ticket.clocks["due"].facts.targets.size(), 2u);
  EXPECT_EQ(later.ticket.clocks["due"].facts.targets[1].since, h.now);
  EXPECT_EQ(later.ticket.clocks["due"].due, start + hours(4));
  t = later.ticket;
  EXPECT_EQ(h.until(t, start + hours(9)), 2);  // both steps of the new target
}

TEST(Clocks, StickyOnesStand) {
  ClockHouse h;
  h.clock().when = h.e("ticket.level == 'high'");
  Ticket t = h.begun();
  EXPECT_FALSE(t.clocks.contains("due"));
  t = h.act(t, "edit", "ann", {{"level", "high"}});
  EXPECT_TRUE(t.clocks["due"].armed);
  Outcome fallen = h.outcome(t, "edit", "ann", {{"level", "low"}});
  EXPECT_FALSE(fallen.ticket.clocks["due"].armed);
  EXPECT_TRUE(fallen.ticket.clocks["due"].withdrawn);
  EXPECT_EQ(notes_of(fallen), Codes{"clock_withdrawn"});
  EXPECT_TRUE(h.engine().timers(fallen.ticket, h.now).empty());
  // It comes back with its facts.
  EXPECT_EQ(h.act(fallen.ticket, "edit", "ann", {{"level", "high"}}).clocks["due"].due, t.clocks["due"].due);

  h.clock().sticky = true;
  h.ready();
  Outcome stands = h.outcome(t, "edit", "ann", {{"level", "low"}});
  EXPECT_TRUE(stands.ticket.clocks["due"].armed);
  EXPECT_TRUE(stands.notes.empty());
  EXPECT_EQ(h.engine().timers(stands.ticket, h.now).size(), 2u);
}

TEST(Clocks, StandStillWhilePaused) {
  ClockHouse h;
  h.clock().pause = h.e("ticket.state == 'wait'");
  Ticket t = h.begun();
  Instant start = h.now;
  t = h.act(t, "start", "ann");
  h.now = start + minutes(60);
  t = h.act(t, "hold", "ann");
  EXPECT_FALSE(t.clocks["due"].due.has_value());
  EXPECT_TRUE(h.engine().timers(t, h.now).empty());
  EXPECT_TRUE(h.engine().reading(t, "due", h.now).paused);
  EXPECT_EQ(h.until(t, start + hours(10)), 0);
  t = h.act(t, "resume", "ann");
  EXPECT_EQ(t.clocks["due"].due, start + hours(11));
  EXPECT_EQ(h.engine().reading(t, "due", h.now).remaining, hours(1));
  h.now = h.now + minutes(10);
  t = h.act(h.act(t, "hold", "ann"), "resume", "ann");  // a pause of no length
  EXPECT_EQ(t.clocks["due"].due, start + hours(11));
  // The ledger adds up.
  Duration counted{};
  for (const auto& entry : h.engine().ledger(t, "due", h.now)) counted = counted + entry.counted;
  EXPECT_EQ(counted, h.engine().reading(t, "due", h.now).used);
}

TEST(Clocks, StopWithTheDeedAndRunOnWhenItIsUndone) {
  ClockHouse h;
  h.clock().stopped_at = h.e("ticket.at + 30m");
  Ticket t = h.begun();
  Instant start = h.now;
  t = h.act(t, "start", "ann");
  h.now = start + minutes(60);
  Ticket done = h.act(t, "finish", "ann");
  EXPECT_EQ(done.clocks["due"].facts.stopped, start + minutes(30));
  EXPECT_TRUE(h.engine().timers(done, h.now).empty());
  h.now = start + hours(5);
  EXPECT_FALSE(h.engine().reading(done, "due", h.now).breached);
  Outcome again = h.outcome(done, "reopen", "ann");
  EXPECT_FALSE(again.ticket.clocks["due"].facts.stopped.has_value());
  EXPECT_EQ(ClockHouse::steps(again), 2);
  EXPECT_TRUE(h.engine().reading(again.ticket, "due", h.now).breached);
}

TEST(Clocks, OfAClosedTicketFireOnlyWhenSticky) {
  ClockHouse h;
  h.clock().stop = h.e("ticket.flag");
  Ticket t = h.act(h.act(h.begun(), "start", "ann"), "finish", "ann");
  EXPECT_TRUE(h.engine().timers(t, h.now).empty());
  h.clock().sticky = true;
  h.ready();
  EXPECT_EQ(h.engine().timers(t, h.now).size(), 2u);
}

TEST(Clocks, CountBusinessHoursOfTheCalendarTheyName) {
  ClockHouse h;
  h.world.calendars.emplace("office", office("office", {{540, 1080}}, false));  // 9:00 to 18:00
  h.clock().counting = clock::Counting::business;
  h.clock().calendar = h.e("'office'");
  h.now = time_at("2026-03-06T17:00:00+08:00");  // a Friday
  Ticket t = h.begun();
  EXPECT_EQ(t.clocks["due"].due, time_at("2026-03-09T10:00:00+08:00"));
}

TEST(Clocks, ComeToRest) {
  // Whatever happens, looking again at the same instant changes nothing.
  EXPECT_TRUE(rc::check([] {
    ClockHouse h;
    h.clock().when = h.e("ticket.level != 'low'");
    h.clock().sticky = *rc::gen::inRange(0, 2) == 1;
    h.clock().pause = h.e("ticket.state == 'wait'");
    Ticket t = h.begun();
    for (int i = 0; i < 12; ++i) {
      h.now = h.now + minutes(*rc::gen::inRange(0, 50));
      static const std::vector<std::string> actions{"start", "hold", "resume", "finish", "reopen", "edit"};
      Map fields;
      std::string action = *rc::gen::elementOf(actions);
      if (action == "edit") {
        fields.emplace("level", *rc::gen::elementOf(std::vector<std::string>{"low", "high"}));
        if (*rc::gen::inRange(0, 3) == 0) fields.emplace("at", h.now - minutes(*rc::gen::inRange(0, 200)));
      }
      if (auto out = h.try_act(t, action, "ann", fields)) t = out->ticket;
      t = h.refresh(*ticket_from(to_value(t))).ticket;
      RC_ASSERT(h.refresh(*ticket_from(to_value(t))).ticket.version == t.version);
      for (const auto& timer : h.engine().timers(t, h.now)) RC_ASSERT((timer.due > h.now || !t.open));
    }
  }));
}

// ---- break-glass ---------------------------------------------------------------------------------------------

struct GlassHouse : House {
  GlassHouse() {
    guard("start", "ticket.amount > 5", "soft");
    guard("finish", "ticket.amount > 5", "law").waiver = GuardDef::Waiver::law;
    guard("hold", "ticket.amount > 5", "soft");
    ready();
  }
  Result<Outcome> propose(const Ticket& t, const std::string& who, const std::string& action, const std::string& code,
                          const std::string& reason = "the house is on fire", Duration valid = hours(1)) const {
    return engine().propose_override(t, actor(who), action, code, reason, valid, now);
  }
  Result<Outcome> approve(const Ticket& t, const std::string& who) const { return engine().approve_override(t, actor(who), "o1", now); }
  Result<Outcome> review(const Ticket& t, const std::string& who, const std::string& words = "well done") const {
    return engine().review_override(t, actor(who), "o1", words, now);
  }
};

TEST(BreakGlass, TakesTwoPersonsAndIsUsedOnce) {
  GlassHouse h;
  Ticket t = h.open("ann", {{"amount", 1}});
  auto refused = h.try_act(t, "start", "ann");
  EXPECT_EQ(codes(refused), Codes{"soft"});
  EXPECT_EQ(refused.error().refusals[0].waiver, "break_glass");
  t = h.propose(t, "ann", "start", "soft")->ticket;
  EXPECT_EQ(codes(h.try_act(t, "start", "ann")), Codes{"soft"});  // proposed is not approved
  EXPECT_EQ(codes(h.approve(t, "ann")), Codes{"may_not_agree"});
  EXPECT_EQ(codes(h.approve(t, "bob")), Codes{"may_not_agree"});
  Ticket own = h.propose(h.open("ann", {{"amount", 1}}), "eve", "start", "soft")->ticket;
  EXPECT_EQ(codes(h.approve(own, "eve")), Codes{"two_persons"});
  EXPECT_EQ(codes(h.review(t, "cat")), Codes{"not_used"});
  t = h.approve(t, "eve")->ticket;
  EXPECT_EQ(h.approve(t, "eve").error().code, Code::conflict);
  Outcome used = h.outcome(t, "start", "ann");
  EXPECT_EQ(used.ticket.state, "work");
  EXPECT_EQ(notes_of(used), Codes{"override_used"});
  EXPECT_EQ(used.ticket.overrides[0].used, h.now);
  // It covered that action, once.
  EXPECT_EQ(codes(h.try_act(used.ticket, "hold", "ann")), Codes{"soft"});
  Ticket back = used.ticket;
  back.state = "new";
  EXPECT_EQ(codes(h.try_act(back, "start", "ann")), Codes{"soft"});
  // The review is a third person's.
  EXPECT_EQ(codes(h.review(used.ticket, "ann")), Codes{"third_person"});
  EXPECT_EQ(codes(h.review(used.ticket, "eve")), Codes{"third_person"});
  EXPECT_EQ(codes(h.review(used.ticket, "cat", " ")), Codes{"review_required"});
  EXPECT_EQ(h.review(used.ticket, "xan").error().code, Code::forbidden);
  EXPECT_EQ(h.review(used.ticket, "cat")->ticket.overrides[0].reviewer, "cat");
}

TEST(BreakGlass, Expires) {
  GlassHouse h;
  Ticket t = h.propose(h.open("ann", {{"amount", 1}}), "ann", "start", "soft")->ticket;
  Ticket approved = h.approve(t, "eve")->ticket;
  h.now = h.now + hours(1) - milliseconds(1);
  EXPECT_EQ(codes(h.try_act(approved, "start", "ann")), Codes{"accepted"});
  h.now = h.now + milliseconds(1);
  EXPECT_EQ(codes(h.try_act(approved, "start", "ann")), Codes{"soft"});
  EXPECT_EQ(codes(h.approve(t, "eve")), Codes{"override_expired"});
}

TEST(BreakGlass, IsNotSpentByAnActionThatFailsForAnotherReason) {
  GlassHouse h;
  h.guard("start", "ticket.flag", "other");
  h.ready();
  Ticket t = h.approve(h.propose(h.open("ann", {{"amount", 1}}), "ann", "start", "soft")->ticket, "eve")->ticket;
  EXPECT_EQ(codes(h.try_act(t, "start", "ann")), Codes{"other"});
  EXPECT_FALSE(t.overrides[0].used.has_value());
  EXPECT_EQ(h.act(t, "start", "ann", {{"flag", true}}).state, "work");
}

TEST(BreakGlass, NeverOverTheLawNorWithoutReasonNorByStrangers) {
  GlassHouse h;
  Ticket t = h.open("ann", {{"amount", 1}});
  EXPECT_EQ(codes(h.propose(t, "ann", "finish", "law")), Codes{"never_waived"});
  EXPECT_EQ(codes(h.propose(t, "ann", "start", "soft", "  ")), Codes{"reason_required"});
  EXPECT_EQ(h.propose(t, "xan", "start", "soft").error().code, Code::forbidden);
  EXPECT_EQ(h.propose(t, "off", "start", "soft").error().code, Code::forbidden);
  EXPECT_EQ(codes(h.propose(t, "ann", "start", "nothing")), Codes{"not_found:code"});
  EXPECT_EQ(codes(h.propose(t, "ann", "nothing", "soft")), Codes{"not_found:action"});
  EXPECT_EQ(codes(h.propose(t, "ann", "start", "soft", "why", Duration{})), Codes{"invalid:valid_for"});
  EXPECT_EQ(codes(h.propose(t, "ann", "start", "soft", "why", days(7) + minutes(1))), Codes{"invalid:valid_for"});
  // Even a forged override opens no law.
  Ticket forged = h.act(t, "start", "ann", {{"amount", 9}});
  forged.fields = forged.fields.with("amount", 1);
  forged.overrides.push_back({"o1", "finish", "law", "why", "ann", "eve", "", "", h.now, h.now + hours(1), {}, {}});
  EXPECT_EQ(codes(h.try_act(forged, "finish", "ann")), Codes{"law"});
}

}  // namespace
}  // namespace anlan::engine
