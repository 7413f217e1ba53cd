// The engine against a model of it: a process written as a definition, loaded and run, beside the same process written by
// hand in plain C++ that shares nothing with the engine. Several people act at random; after each step both must agree on
// whether it was allowed and on what then stands. MODEL_RUNS says how many sequences, MODEL_SEED replays one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <random>
#include <set>

#include "definitions/load.h"
#include "domain/engine/small_house_for_test.h"

namespace anlan::definitions {
namespace {

using engine::Actor;

Files paper() {
  return {{"roles/posts.yaml", R"~(posts:
  maker:   {title: {zh: 经办, en: Maker}, internal: false}
  checker: {title: {zh: 复核, en: Checker}, internal: false}
)~"},
          {"processes/paper.yaml", R"~(process: paper
title: {zh: 文件, en: Paper}
clause: "1"
number: PAP-{seq:4}
severity: level
ticket_title: ticket.title
fields:
  title:   {type: string, label: {zh: 标题, en: Title}, required: true}
  amount:  {type: int, label: {zh: 金额, en: Amount}, check: value >= 0, check_else: {zh: 不小于零。, en: Not below zero.}}
  words:   {type: text, label: {zh: 说明, en: Words}}
  note:    {type: string, label: {zh: 附注, en: Note}}
  signers: {type: list<person>, label: {zh: 会签人, en: Signers}}
  rows:
    type: table
    columns:
      words: {type: string, label: {zh: 内容, en: Words}}
      by:    {type: person, label: {zh: 人, en: By}}
    label: {zh: 附注表, en: Notes}
  level:
    type: choice
    words: {low: {zh: 低, en: Low}, mid: {zh: 中, en: Mid}, high: {zh: 高, en: High}}
    label: {zh: 级别, en: Level}
    decided_by: grade
roles:
  maker:   {title: {zh: 经办, en: Maker}, who: {post: maker}, keeps: true}
  checker: {title: {zh: 复核, en: Checker}, who: {post: checker}, differs_from: [maker]}
  chief:   {title: {zh: 负责人, en: Chief}, who: {head_of: '"ops"'}, internal: true}
states:
  draft:   {title: {zh: 起草, en: Draft}, accountable: maker}
  check:   {title: {zh: 复核, en: Check}, accountable: checker}
  sign:    {title: {zh: 会签, en: Sign}, accountable: checker}
  ready:   {title: {zh: 待办, en: Ready}, accountable: maker}
  done:    {title: {zh: 完成, en: Done}, final: done}
  dropped: {title: {zh: 撤回, en: Dropped}, final: dropped}
actions:
  create:
    title: {zh: 提出, en: Create}
    to: draft
    by: maker
    fields: {title: required, amount: optional}
  edit:
    title: {zh: 编辑, en: Edit}
    from: draft
    by: maker
    fields: {title: optional, amount: optional, words: optional}
  add:
    title: {zh: 加注, en: Add}
    from: [draft, ready]
    by: maker
    fields: {note: required}
    guards:
      - {if: "!has(ticket.rows) || size(ticket.rows) < 3", code: full, else: {zh: 最多三条。, en: Three at most.}}
    effects:
      - append: rows
        row: {words: ticket.note, by: actor.id}
      - set: {note: "null"}
  submit:
    title: {zh: 提交, en: Submit}
    from: draft
    to: check
    by: maker
    guards:
      - {if: has(ticket.amount), code: amount_missing, else: {zh: 缺金额。, en: No amount.}}
      - {if: "ticket.amount <= 100 || has(ticket.words)", code: words_missing, else: {zh: 缺说明。, en: No words.}}
  reject:
    title: {zh: 退回, en: Reject}
    from: check
    to: draft
    by: checker
    comment: required
  pass:
    title: {zh: 通过, en: Pass}
    from: check
    to: ready
    by: checker
    guards:
      - {if: 'ticket.level != "high"', code: too_much, else: {zh: 须会签。, en: To be signed.}}
  ask:
    title: {zh: 会签, en: Ask}
    from: check
    to: sign
    by: checker
    fields: {signers: required}
    guards:
      - {if: '!(seat("maker") in ticket.signers)', code: maker_signs, else: {zh: 经办不得会签。, en: The maker may not sign.}}
    effects:
      - {tasks: sign}
  agreed:
    title: {zh: 会签同意, en: Agreed}
    from: sign
    to: ready
    platform: true
  refused:
    title: {zh: 会签不同意, en: Refused}
    from: sign
    to: check
    platform: true
    effects:
      - {void_tasks: sign}
      - set: {signers: "null"}
  finish:
    title: {zh: 办结, en: Finish}
    from: ready
    to: done
    by: [maker, chief]
    guards:
      - {if: size(ticket.rows) > 0, code: rows_missing, else: {zh: 至少一条附注。, en: One note at least.}}
  drop:
    title: {zh: 撤回, en: Drop}
    from: [draft, check, ready]
    to: dropped
    by: maker
    comment: required
decisions:
  grade:
    title: {zh: 级别, en: Grade}
    output: choice
    words: {low: {zh: 低, en: Low}, mid: {zh: 中, en: Mid}, high: {zh: 高, en: High}}
    into: level
    rows:
      - {if: ticket.amount > 100, then: '"high"'}
      - {if: ticket.amount > 50, then: '"mid"'}
    otherwise: '"low"'
tasks:
  sign:
    title: {zh: 会签, en: Sign}
    kind: countersign
    for_each: ticket.signers
    assignee: {person: item}
    quorum: all
reactions:
  - {on: tasks_done, key: sign, result: agreed, do: agreed}
  - {on: tasks_done, key: sign, result: disagreed, do: refused}
)~"}};
}

struct Person {
  const char* id;
  bool maker, checker, enabled;
};
constexpr Person people[] = {{"ann", true, false, true}, {"bob", true, false, true},  {"cat", false, true, true},  {"dot", false, true, true},
                             {"eve", true, true, true},  {"xan", true, false, true}, {"off", true, true, false}, {"gus", false, false, true},
                             {"fox", false, false, true}};  // fox leads the unit, xan is from outside

// What one of them tries.
struct Try {
  std::string who, action, comment, answer, task_of;
  std::optional<std::string> title, words, note;
  std::optional<std::int64_t> amount;
  std::optional<std::vector<std::string>> signers;
};

// The model: no expression, no definition, no engine.
struct Model {
  struct Task { std::string who, state; };  // open, agree, disagree, void
  std::string state = "draft", title, maker;
  std::optional<std::int64_t> amount;
  std::optional<std::string> words;
  std::vector<std::pair<std::string, std::string>> rows;
  std::vector<std::string> signers;
  std::set<std::string> made, checked;
  std::vector<Task> tasks;

  static const Person& person(const std::string& id) {
    return *std::find_if(std::begin(people), std::end(people), [&](const Person& p) { return id == p.id; });
  }
  bool can_make(const std::string& who) const { return person(who).enabled && person(who).maker && (maker.empty() || maker == who) && !checked.contains(who); }
  bool can_check(const std::string& who) const { return person(who).enabled && person(who).checker && !made.contains(who); }
  void sit_maker(const std::string& who) { maker = who, made.insert(who); }
  const char* level() const { return amount && *amount > 100 ? "high" : amount && *amount > 50 ? "mid" : "low"; }

  bool open(const Try& t) {
    if (!can_make(t.who) || !t.title || t.title->empty() || (t.amount && *t.amount < 0)) return false;
    title = *t.title, amount = t.amount;
    sit_maker(t.who);
    return true;
  }
  bool act(const Try& t) {
    const auto& a = t.action;
    const bool gives = t.title || t.amount || t.words, notes = t.note.has_value(), signs = t.signers.has_value();
    // Each step takes what it names and nothing else.
    if (a != "edit" && gives) return false;
    if (a != "add" && notes) return false;
    if (a != "ask" && signs) return false;
    if (a == "edit") {
      if (state != "draft" || !can_make(t.who) || (t.amount && *t.amount < 0) || (t.title && t.title->empty())) return false;
      if (t.title) title = *t.title;
      if (t.amount) amount = t.amount;
      if (t.words) words = t.words->empty() ? std::nullopt : t.words;
      sit_maker(t.who);
    } else if (a == "add") {
      if ((state != "draft" && state != "ready") || !can_make(t.who) || !t.note || t.note->empty() || rows.size() >= 3) return false;
      rows.emplace_back(*t.note, t.who);
      sit_maker(t.who);
    } else if (a == "submit") {
      if (state != "draft" || !can_make(t.who) || !amount || (*amount > 100 && !words)) return false;
      state = "check";
      sit_maker(t.who);
    } else if (a == "reject" || a == "pass" || a == "ask") {
      if (state != "check" || !can_check(t.who)) return false;
      if (a == "reject" && t.comment.empty()) return false;
      if (a == "pass" && std::string(level()) == "high") return false;
      if (a == "ask") {
        if (!t.signers || t.signers->empty() || std::find(t.signers->begin(), t.signers->end(), maker) != t.signers->end()) return false;
        signers = *t.signers;
        for (auto& task : tasks) task.state = "void";
        for (const auto& who : signers) tasks.push_back({who, "open"});
      }
      checked.insert(t.who);
      state = a == "reject" ? "draft" : a == "pass" ? "ready" : "sign";
    } else if (a == "finish") {
      const bool chief = t.who == "fox";
      if (state != "ready" || (!can_make(t.who) && !chief) || rows.empty()) return false;
      if (can_make(t.who)) sit_maker(t.who);
      state = "done";
    } else if (a == "drop") {
      if ((state != "draft" && state != "check" && state != "ready") || !can_make(t.who) || t.comment.empty()) return false;
      sit_maker(t.who);
      state = "dropped";
    } else {
      return false;  // the platform's own steps are nobody's
    }
    return true;
  }
  bool answer(const Try& t) {
    auto task = std::find_if(tasks.begin(), tasks.end(), [&](const Task& one) { return one.who == t.task_of && one.state == "open"; });
    if (task == tasks.end() || t.who != t.task_of || !person(t.who).enabled || state != "sign") return false;
    if (t.answer == "disagree" && t.comment.empty()) return false;  // a disagreement says why
    task->state = t.answer;
    if (t.answer == "disagree") {
      for (auto& one : tasks) one.state = "void";
      signers.clear();
      state = "check";
    } else if (std::none_of(tasks.begin(), tasks.end(), [](const Task& one) { return one.state == "open"; })) {
      state = "ready";
    }
    return true;
  }
};

class Both {
 public:
  explicit Both(std::uint64_t seed, bool wrong = false) : random_(seed), wrong_(wrong), engine_(house().definitions, house().world) {}

  // The first step on which they differ, in words; empty: they agreed throughout.
  std::string play() {
    Try first = attempt("create");
    while (!Model().open(first)) {
      if (auto said = open(first); !said.empty()) return said;
      first = attempt("create");
    }
    if (auto said = open(first); !said.empty()) return said;
    static const char* const actions[] = {"edit", "edit", "add", "add", "submit", "submit", "reject", "pass", "pass", "ask", "ask", "finish", "drop", "agreed", "answer", "answer", "answer"};
    for (int n = 0; n < 14; ++n) {
      Try t = attempt(actions[below(std::size(actions))]);
      const Model before = model_;
      const bool model = t.action == "answer" ? model_.answer(t) : model_.act(t);
      if (wrong_ && t.action == "pass" && before.state == "check" && before.can_check(t.who)) model_.state = "ready";  // the control forgets a guard
      std::string why;
      const bool engine = t.action == "answer" ? answer(t, why) : act(t, why);
      steps_.push_back(fmt::format("{} {} {}: {}", t.who, t.action, t.answer, engine ? "yes" : why));
      if (model != engine) return fmt::format("the model says {}, the engine {}", model ? "yes" : "no", engine ? "yes" : "no, " + why);
      if (auto said = compare(); !said.empty()) return said;
    }
    return {};
  }
  std::string told() const { return fmt::format("{}", fmt::join(steps_, "\n  ")); }
  bool ended() const { return !ticket_.open; }

 private:
  struct House {
    engine::Definitions definitions;
    engine::FakeWorld world;
  };
  static const House& house() {
    static const House* const one = [] {
      auto* out = new House;
      auto loaded = load(paper());
      for (const auto& problem : loaded.problems) ADD_FAILURE() << text(problem);
      out->definitions = std::move(loaded.definitions);
      auto& parts = out->world.parts;
      parts.units = {{"ops", {"运维", "Operations"}, "", "fox", "", ""}};
      for (const Post& post : {Post{"maker", {"经办", "Maker"}}, Post{"checker", {"复核", "Checker"}}}) parts.posts.push_back({post.code, post.title, "", {}, true});
      for (const Person& p : people) {
        parts.people.push_back({p.id, p.id, {p.id, p.id}, std::string(p.id) != "xan", "ops", p.enabled, ""});
        for (auto [holds, post] : {std::pair{p.maker, "maker"}, {p.checker, "checker"}}) {
          if (!holds) continue;
          identity::Grant grant;
          grant.id = std::string(p.id) + "-" + post;
          grant.person = p.id;
          grant.post = post;
          parts.grants.push_back(grant);
        }
      }
      out->world.params = {{"fallback_accountable", "fox"}};
      out->world.settle();
      return out;
    }();
    return *one;
  }
  struct Post { const char* code; Text title; };

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  std::string somebody() {
    // Mostly whoever could: otherwise little would ever happen.
    if (below(3) != 0 && !model_.maker.empty() && (model_.state == "draft" || model_.state == "ready")) return model_.maker;
    return people[below(std::size(people))].id;
  }
  Try attempt(const char* action) {
    Try t;
    t.action = action;
    t.who = somebody();
    if (below(2)) t.comment = "因为";
    const std::string a = action;
    const bool stray = below(25) == 0;  // gives what the step does not take
    if (a == "create" || a == "edit" || stray) {
      if (a == "create" ? below(8) != 0 : below(3) == 0) t.title = below(9) ? "纸" + std::to_string(below(9)) : "";
      if (below(3)) t.amount = static_cast<std::int64_t>(below(160)) - 8;
      if (a == "edit" && below(3) == 0) t.words = below(5) ? "说明" : "";
    }
    if ((a == "add" && below(8)) || (stray && a != "create")) t.note = below(9) ? "注" + std::to_string(below(5)) : "";
    if (a == "ask" && below(8)) {
      std::set<std::string> some;
      for (std::size_t n = below(4); n > 0; --n) some.insert(people[below(std::size(people))].id);
      t.signers = std::vector<std::string>(some.begin(), some.end());
    }
    if (a == "answer") {
      t.answer = below(4) ? "agree" : "disagree";
      t.task_of = t.who;
      if (!model_.tasks.empty() && below(4)) t.task_of = model_.tasks[below(model_.tasks.size())].who;
      if (below(5)) t.who = t.task_of;
    }
    return t;
  }
  static Value fields(const Try& t) {
    Map m;
    if (t.title) m.emplace("title", *t.title);
    if (t.words) m.emplace("words", *t.words);
    if (t.note) m.emplace("note", *t.note);
    if (t.amount) m.emplace("amount", *t.amount);
    if (t.signers) {
      List all;
      for (const auto& who : *t.signers) all.emplace_back(who);
      m.emplace("signers", Value(std::move(all)));
    }
    return Value(std::move(m));
  }
  std::string open(const Try& t) {
    const bool model = model_.open(t);
    auto out = engine_.open("paper", {"create", Actor{t.who}, fields(t), t.comment, now_, {}}, "PAP-0001", false);
    steps_.push_back(fmt::format("{} create: {}", t.who, out ? "yes" : out.error().message));
    if (model != out.has_value()) return fmt::format("opening: the model says {}, the engine {}", model, out ? "yes" : out.error().message);
    if (!out) return {};
    ticket_ = out->ticket;
    return compare();
  }
  bool take(Result<engine::Outcome> out, std::string& why) {
    if (!out) {
      why = out.error().message;
      for (const auto& r : out.error().refusals) why += " " + r.code;
      return false;
    }
    ticket_ = out->ticket;
    for (const auto& next : std::vector<std::string>(out->then)) {
      auto done = engine_.act(ticket_, {next, Actor{"platform", true}, Value(Map{}), {}, now_, {}});
      if (!done) {
        why = "the platform could not go on: " + done.error().message;
        return false;
      }
      ticket_ = done->ticket;
    }
    return true;
  }
  bool act(const Try& t, std::string& why) {
    now_ = now_ + seconds(1);
    return take(engine_.act(ticket_, {t.action, Actor{t.who}, fields(t), t.comment, now_, {}}), why);
  }
  bool answer(const Try& t, std::string& why) {
    now_ = now_ + seconds(1);
    std::string id = "none";
    for (const auto& task : ticket_.tasks)
      if (task.state == "open" && !task.assignees.empty() && task.assignees.front() == t.task_of) id = task.id;
    return take(engine_.answer(ticket_, Actor{t.who}, id, t.answer, Value(Map{}), t.comment, now_), why);
  }
  std::string compare() const {
    auto differs = [](const char* what, const std::string& model, const std::string& engine) {
      return model == engine ? std::string() : fmt::format("{}: the model says '{}', the engine '{}'", what, model, engine);
    };
    const Value& f = ticket_.fields;
    auto shown = [](const Value& v) { return v.is_null() ? std::string("-") : describe(v); };
    std::string rows, engine_rows, tasks, engine_tasks, signers, engine_signers;
    for (const auto& [words, by] : model_.rows) rows += words + "/" + by + " ";
    for (const Value& row : f["rows"].as_list()) engine_rows += row["words"].as_string() + "/" + row["by"].as_string() + " ";
    for (const auto& task : model_.tasks) if (task.state == "open") tasks += task.who + " ";
    for (const auto& task : ticket_.tasks) if (task.state == "open") engine_tasks += task.assignees.front() + " ";
    for (const auto& who : model_.signers) signers += who + " ";
    for (const Value& who : f["signers"].as_list()) engine_signers += who.as_string() + " ";
    const bool over = model_.state == "done" || model_.state == "dropped";
    for (const auto& said :
         {differs("state", model_.state, ticket_.state), differs("open", over ? "no" : "yes", ticket_.open ? "yes" : "no"), differs("title", model_.title, f["title"].as_string()),
          differs("amount", model_.amount ? std::to_string(*model_.amount) : "-", shown(f["amount"])), differs("words", model_.words.value_or("-"), shown(f["words"])),
          differs("note", "-", shown(f["note"])), differs("rows", rows, engine_rows), differs("level", model_.level(), f["level"].as_string()),
          differs("signers", signers, engine_signers), differs("tasks", tasks, engine_tasks), differs("maker", model_.maker, ticket_.occupant("maker"))})
      if (!said.empty()) return said;
    return {};
  }

  std::mt19937_64 random_;
  const bool wrong_;
  engine::Engine engine_;
  engine::Ticket ticket_;
  Model model_;
  Instant now_ = *parse_rfc3339("2026-03-02T09:00:00+08:00");
  std::vector<std::string> steps_;
};

TEST(Model, AgreesWithTheEngineOnEveryStep) {
  auto wanted = [](const char* name, std::uint64_t otherwise) { const char* given = std::getenv(name); return given ? std::strtoull(given, nullptr, 10) : otherwise; };
  const std::uint64_t only = wanted("MODEL_SEED", 0), runs = only ? 1 : wanted("MODEL_RUNS", 3000);
  std::uint64_t ended = 0;
  for (std::uint64_t n = 0; n < runs; ++n) {
    const std::uint64_t seed = only ? only : 20261123 + n;
    Both both(seed);
    const std::string said = both.play();
    ASSERT_EQ(said, "") << "MODEL_SEED=" << seed << "\n  " << both.told();
    ended += both.ended();
  }
  fmt::print("{} sequences, {} of them to their end, no difference\n", runs, ended);
  if (!only) { EXPECT_GT(ended, runs / 20); }
}

TEST(Model, AWrongOneIsNoticed) {
  int noticed = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) noticed += !Both(seed, true).play().empty();
  EXPECT_GT(noticed, 5);
}

}  // namespace
}  // namespace anlan::definitions
