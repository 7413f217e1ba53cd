#include "domain/identity/separation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace anlan::identity {
namespace {

// The words of a rule end with what the rule rests on.
Text with_basis(std::string zh, std::string en, const Ground& ground) {
  if (!ground.basis.zh.empty()) zh += "；" + ground.basis.zh;
  if (!ground.basis.en.empty()) en += "; " + ground.basis.en;
  return {std::move(zh), std::move(en)};
}

Refusal make(std::string code, Text text, const Ground& ground) {
  return {ground.clause, std::move(code), std::move(text), {}, ground.requirement, ground.waiver};
}

// How the grant came about: "（授权G-12，group:ops）".
Text origin(const Grant& g) {
  std::string zh, en;
  if (!g.id.empty()) zh = "授权" + g.id, en = "grant " + g.id;
  if (!g.through.empty()) {
    zh += (zh.empty() ? "经" : "，经") + g.through;
    en += (en.empty() ? "through " : ", through ") + g.through;
  }
  if (zh.empty()) return {};
  return {"（" + zh + "）", " (" + en + ")"};
}

Refusal incompatible(const Directory& d, std::string_view post, const Grant& held, const Incompatibility& rule) {
  const Text a = d.title_of_post(post), b = d.title_of_post(held.post), who = d.name_of(held.person);
  const Text from = origin(held);
  return make("incompatible_posts",
              with_basis(fmt::format("“{}”与{}已有的“{}”不相容{}", a.in("zh"), who.in("zh"), b.in("zh"), from.zh),
                         fmt::format("{} excludes {}, which {} holds{}", a.in("en"), b.in("en"), who.in("en"), from.en),
                         rule.ground),
              rule.ground);
}

Refusal internal_only(const Directory& d, std::string_view person, std::string_view post) {
  const Text title = d.title_of_post(post), who = d.name_of(person);
  return {{}, "internal_only",
          {fmt::format("“{}”仅限内部员工担任，{}是外部人员", title.in("zh"), who.in("zh")),
           fmt::format("{} is for internal staff only; {} is external", title.in("en"), who.in("en"))},
          "person", {}, {}};
}

Refusal unknown_post(std::string_view post) {
  return {{}, "unknown_post",
          {fmt::format("岗位“{}”未定义，授权不生效", post),
           fmt::format("No definition knows the post {}; the grant does not count", post)},
          "post", {}, {}};
}

struct Window {
  Instant from, until;
  bool empty() const { return until <= from; }
  bool meets(const Window& o) const { return from < o.until && o.from < until; }
};

Window window(const Grant& g) { return {g.from, g.until.value_or(far_future)}; }

// The part of a window that is not over yet.
Window rest(Window w, Instant now) { return {std::max(w.from, now), w.until}; }

// What the person holds, will hold or may be lent, as far as it is not over. A delegation counts whether or not the
// giver holds the post at the moment: a grant to the giver must not, later, create a conflict at the taker.
std::vector<Grant> ahead(const Directory& d, std::string_view person, Instant now) {
  std::vector<Grant> all;
  for (const Grant* g : d.stored_grants_of(person)) {
    if (!rest(window(*g), now).empty()) all.push_back(*g);
  }
  for (const Delegation* lent : d.delegations_to(person)) {
    Grant g;
    g.person = lent->taker;
    g.post = lent->post;
    g.board = lent->board;
    g.from = lent->from;
    g.until = lent->until;
    g.through = "delegation:" + lent->id;
    if (!rest(window(g), now).empty()) all.push_back(std::move(g));
  }
  return all;
}

// The refusals that stand against a person coming to hold the post during the window.
std::vector<Refusal> against(const Directory& d, const Person& person, const Post& post, Window during,
                             const std::string& named_exception, Instant now) {
  std::vector<Refusal> reasons;
  if (!person.internal && !post.external_allowed) reasons.push_back(internal_only(d, person.id, post.code));
  bool used = false;
  for (const Grant& held : ahead(d, person.id, now)) {
    const Incompatibility* rule = d.incompatibility(post.code, held.post);
    if (!rule || !window(held).meets(during)) continue;
    const Exception* exception = d.exception_for(person.id, post.code, held.post, now);
    if (exception) {
      used = used || exception->id == named_exception;
      continue;
    }
    reasons.push_back(incompatible(d, post.code, held, *rule));
    reasons.back().field = "post";
  }
  if (!named_exception.empty() && !used) {
    reasons.push_back({{}, "exception_not_valid",
                       {fmt::format("例外{}未获批准、已到期或不适用于此授权", named_exception),
                        fmt::format("Exception {} is unapproved, expired or of no use here", named_exception)},
                       "exception", {}, {}});
  }
  return reasons;
}

Status known(const Directory& d, const std::string& person, const std::string& post, const std::string& board,
             const std::string& person_field) {
  if (!d.person(person)) return fail(Code::not_found, "no such person: " + person, person_field);
  if (!d.post(post)) return fail(Code::not_found, "no such post: " + post, "post");
  if (!board.empty() && !d.board(board)) return fail(Code::not_found, "no such board: " + board, "board");
  return {};
}

}  // namespace

Status may_grant(const Directory& d, const Grant& g, Instant now) {
  ANLAN_CHECK(known(d, g.person, g.post, g.board, "person"));
  if (!g.unit.empty() && !d.unit(g.unit)) return fail(Code::not_found, "no such unit: " + g.unit, "unit");
  if (g.line < 0 || g.line > 2) return fail(Code::invalid, "a line is 1 or 2, or 0 for none", "line");
  if (window(g).empty()) return fail(Code::invalid, "the grant ends before it begins", "until");
  const Window during = rest(window(g), now);
  if (during.empty()) return fail(Code::invalid, "the grant is over already", "until");
  auto reasons = against(d, *d.person(g.person), *d.post(g.post), during, g.exception, now);
  if (!reasons.empty()) return refuse(std::move(reasons));
  return {};
}

Status may_delegate(const Directory& d, const Delegation& lent, Instant now) {
  ANLAN_CHECK(known(d, lent.taker, lent.post, lent.board, "taker"));
  const Person* giver = d.person(lent.giver);
  if (!giver) return fail(Code::not_found, "no such person: " + lent.giver, "giver");
  if (lent.giver == lent.taker) return fail(Code::invalid, "nobody delegates to himself", "taker");
  const Window during = rest({lent.from, lent.until}, now);
  if (lent.until <= lent.from) return fail(Code::invalid, "the delegation ends before it begins", "until");
  if (during.empty()) return fail(Code::invalid, "the delegation is over already", "until");

  auto reasons = against(d, *d.person(lent.taker), *d.post(lent.post), during, {}, now);
  const auto own = d.stored_grants_of(lent.giver);
  const bool holder = std::any_of(own.begin(), own.end(), [&](const Grant* g) {
    return g->post == lent.post && window(*g).meets(during) &&
           (lent.board.empty() || g->board.empty() || g->board == lent.board);
  });
  if (!holder) {
    const Text title = d.title_of_post(lent.post), who = d.name_of(lent.giver);
    reasons.push_back({{}, "not_holder",
                       {fmt::format("{}在此期间未被授予“{}”，不能委托他人", who.in("zh"), title.in("zh")),
                        fmt::format("{} holds no {} in that time to delegate", who.in("en"), title.in("en"))},
                       "post", {}, {}});
  }
  if (!reasons.empty()) return refuse(std::move(reasons));
  return {};
}

std::vector<Refusal> acts_in_conflict(const Directory& d, std::string_view person, std::string_view post, Instant now) {
  std::vector<Refusal> reasons;
  const std::vector<Grant> held = d.posts_of(person, now);
  if (std::none_of(held.begin(), held.end(), [&](const Grant& g) { return g.post == post; })) return reasons;
  std::set<std::string_view> named;
  for (const Grant& g : held) {
    const Incompatibility* rule = d.incompatibility(post, g.post);
    if (!rule || d.exception_for(person, post, g.post, now) || !named.insert(g.post).second) continue;
    reasons.push_back(incompatible(d, post, g, *rule));
  }
  return reasons;
}

Result<Grant> may_perform(const Directory& d, std::string_view person, std::string_view permission, const Place& at,
                          Instant now, const Ground& ground) {
  std::vector<Refusal> reasons;
  std::set<std::string> tried;
  for (Grant& g : d.posts_of(person, now)) {  // direct ones come first
    const Post* post = d.post(g.post);
    if (!post->permissions.contains(std::string(permission)) || !d.covers(g, at)) continue;
    auto against_it = acts_in_conflict(d, person, g.post, now);
    if (against_it.empty()) return std::move(g);
    if (tried.insert(g.post).second) std::move(against_it.begin(), against_it.end(), std::back_inserter(reasons));
  }
  if (reasons.empty()) {
    std::string zh, en;
    for (const std::string& code : d.posts_with(permission)) {
      const Text title = d.title_of_post(code);
      zh += (zh.empty() ? "“" : "、“") + title.in("zh") + "”";
      en += (en.empty() ? "" : ", ") + title.in("en");
    }
    reasons.push_back(make("no_post",
                           with_basis(zh.empty() ? "没有岗位具备此项权限" : "须由在此范围内担任" + zh + "的人员办理",
                                      en.empty() ? "No post may do this" : "Only for holders here of: " + en, ground),
                           ground));
  }
  return refuse(std::move(reasons), Code::forbidden);
}

std::string_view name(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::incompatible: return "incompatible";
    case Finding::Kind::exception_expired: return "exception_expired";
    case Finding::Kind::excepted: return "excepted";
    case Finding::Kind::internal_only: return "internal_only";
    case Finding::Kind::unknown_post: return "unknown_post";
  }
  return "incompatible";
}

std::vector<Finding> conflicts(const Directory& d, Instant now) {
  // Only who has a grant or a delegation can be in conflict.
  std::set<std::string> people;
  for (const Grant& g : d.parts().grants) people.insert(g.person);
  for (const Delegation& lent : d.parts().delegations) people.insert(lent.taker);

  std::vector<Finding> findings;
  for (const std::string& id : people) {
    const Person* person = d.person(id);
    if (!person || !person->enabled) continue;

    std::vector<Grant> all = d.lent_to(id, now);
    for (const Grant* g : d.stored_grants_of(id)) {
      if (g->active(now)) all.push_back(*g);
    }
    std::map<std::string, Grant> uncounted;
    for (const Grant& g : all) {
      const Post* post = d.post(g.post);
      if (!post || (!person->internal && !post->external_allowed)) uncounted.emplace(g.post, g);
    }
    for (const auto& [code, g] : uncounted) {
      Finding f;
      f.kind = d.post(code) ? Finding::Kind::internal_only : Finding::Kind::unknown_post;
      f.person = id;
      f.grant = g;
      f.refusal = d.post(code) ? internal_only(d, id, code) : unknown_post(code);
      findings.push_back(std::move(f));
    }

    std::map<std::string, Grant> by_post;  // the first grant of each post stands for all
    for (Grant& g : d.posts_of(id, now)) by_post.emplace(g.post, g);
    for (auto a = by_post.begin(); a != by_post.end(); ++a) {
      for (auto b = std::next(a); b != by_post.end(); ++b) {
        const Incompatibility* rule = d.incompatibility(a->first, b->first);
        if (!rule) continue;
        Finding f;
        f.person = id;
        f.grant = a->second;
        f.other = b->second;
        f.refusal = incompatible(d, a->first, b->second, *rule);
        if (const Exception* e = d.last_exception(id, a->first, b->first)) {
          f.kind = now < e->until ? Finding::Kind::excepted : Finding::Kind::exception_expired;
          f.exception = e->id;
          f.until = e->until;
        }
        findings.push_back(std::move(f));
      }
    }
  }
  return findings;
}

}  // namespace anlan::identity
