#include <algorithm>
#include <functional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "domain/identity/identity.h"

namespace anlan::identity {
namespace {

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};
using One = std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>>;
using Many = std::unordered_map<std::string, std::vector<std::size_t>, Hash, std::equal_to<>>;

template <class T>
const T* find(const std::vector<T>& all, const One& by, std::string_view key) {
  const auto it = by.find(key);
  return it == by.end() ? nullptr : &all[it->second];
}

const std::vector<std::size_t>& find(const Many& by, std::string_view key) {
  static const std::vector<std::size_t> none;
  const auto it = by.find(key);
  return it == by.end() ? none : it->second;
}

// One key for both orders of a pair. Codes hold no line break.
std::string pair_key(std::string_view a, std::string_view b) {
  if (b < a) std::swap(a, b);
  std::string key(a);
  key += '\n';
  key += b;
  return key;
}

void add_once(std::vector<std::string>& list, const std::string& id) {
  if (std::find(list.begin(), list.end(), id) == list.end()) list.push_back(id);
}

}  // namespace

std::vector<Incompatibility> between_families(const std::vector<Post>& posts, const std::vector<std::string>& families,
                                              const Ground& ground) {
  const auto listed = [&](const std::string& f) {
    return !f.empty() && std::find(families.begin(), families.end(), f) != families.end();
  };
  std::vector<Incompatibility> all;
  for (std::size_t i = 0; i < posts.size(); ++i) {
    for (std::size_t j = i + 1; j < posts.size(); ++j) {
      const Post &a = posts[i], &b = posts[j];
      if (a.family != b.family && listed(a.family) && listed(b.family)) all.push_back({a.code, b.code, ground});
    }
  }
  return all;
}

struct Directory::Index {
  Parts parts;
  One people, logins, units, boards, posts, incompatible;
  Many grants_by_person, grants_by_post, exceptions_by_person, slots_by_board, lent_by_taker, lent_by_post;
};

Directory::Directory() : Directory(Parts{}) {}

Directory::Directory(Parts parts) {
  auto index = std::make_shared<Index>();
  index->parts = std::move(parts);
  const Parts& p = index->parts;
  for (std::size_t i = 0; i < p.people.size(); ++i) {
    index->people[p.people[i].id] = i;
    index->logins[p.people[i].login] = i;
  }
  for (std::size_t i = 0; i < p.units.size(); ++i) index->units[p.units[i].id] = i;
  for (std::size_t i = 0; i < p.boards.size(); ++i) index->boards[p.boards[i].id] = i;
  for (std::size_t i = 0; i < p.posts.size(); ++i) index->posts[p.posts[i].code] = i;
  for (std::size_t i = 0; i < p.incompatibilities.size(); ++i) {
    const Incompatibility& rule = p.incompatibilities[i];
    if (rule.a != rule.b) index->incompatible[pair_key(rule.a, rule.b)] = i;
  }
  for (std::size_t i = 0; i < p.grants.size(); ++i) {
    index->grants_by_person[p.grants[i].person].push_back(i);
    index->grants_by_post[p.grants[i].post].push_back(i);
  }
  for (std::size_t i = 0; i < p.exceptions.size(); ++i) {
    index->exceptions_by_person[p.exceptions[i].person].push_back(i);
  }
  for (std::size_t i = 0; i < p.rota.size(); ++i) index->slots_by_board[p.rota[i].board].push_back(i);
  for (std::size_t i = 0; i < p.delegations.size(); ++i) {
    index->lent_by_taker[p.delegations[i].taker].push_back(i);
    index->lent_by_post[p.delegations[i].post].push_back(i);
  }
  index_ = std::move(index);
}

const Parts& Directory::parts() const { return index_->parts; }
const Person* Directory::person(std::string_view id) const { return find(index_->parts.people, index_->people, id); }
const Person* Directory::by_login(std::string_view login) const {
  return find(index_->parts.people, index_->logins, login);
}
const Unit* Directory::unit(std::string_view id) const { return find(index_->parts.units, index_->units, id); }
const Board* Directory::board(std::string_view id) const { return find(index_->parts.boards, index_->boards, id); }
const Post* Directory::post(std::string_view code) const { return find(index_->parts.posts, index_->posts, code); }

Text Directory::title_of_post(std::string_view code) const {
  const Post* p = post(code);
  return p && !p->title.empty() ? p->title : Text{std::string(code), std::string(code)};
}

Text Directory::name_of(std::string_view id) const {
  const Person* p = person(id);
  return p && !p->name.empty() ? p->name : Text{std::string(id), std::string(id)};
}

const Person* Directory::enabled(std::string_view id) const {
  const Person* p = person(id);
  return p && p->enabled ? p : nullptr;
}

bool Directory::is_enabled(std::string_view id) const { return enabled(id) != nullptr; }

bool Directory::is_internal(std::string_view id) const {
  const Person* p = person(id);
  return p && p->internal;
}

bool Directory::usable(const Person& holder, std::string_view code) const {
  const Post* p = post(code);
  return holder.enabled && p && (holder.internal || p->external_allowed);
}

bool Directory::covers(const Grant& g, const Place& at) const {
  return (at.board.empty() || g.board.empty() || g.board == at.board) &&
         (at.unit.empty() || g.unit.empty() || within(at.unit, g.unit)) &&
         (at.line == 0 || g.line == 0 || g.line == at.line);
}

std::vector<Grant> Directory::lent_to(std::string_view taker, Instant now) const {
  std::vector<Grant> lent;
  for (const std::size_t i : find(index_->lent_by_taker, taker)) {
    const Delegation& d = index_->parts.delegations[i];
    const Person* giver = enabled(d.giver);
    if (!d.active(now) || !giver || d.giver == d.taker || !usable(*giver, d.post)) continue;
    for (const std::size_t j : find(index_->grants_by_person, d.giver)) {
      const Grant& own = index_->parts.grants[j];
      if (own.post != d.post || !own.active(now)) continue;
      if (!d.board.empty() && !own.board.empty() && own.board != d.board) continue;
      Grant g = own;
      g.person = d.taker;
      if (!d.board.empty()) g.board = d.board;
      g.from = std::max(own.from, d.from);
      g.until = own.until ? std::min(*own.until, d.until) : d.until;
      g.through = "delegation:" + d.id;
      g.exception.clear();  // an exception is personal
      lent.push_back(std::move(g));
    }
  }
  return lent;
}

std::vector<Grant> Directory::posts_of(std::string_view id, Instant now) const {
  const Person* holder = enabled(id);
  if (!holder) return {};
  std::vector<Grant> all;
  for (const std::size_t i : find(index_->grants_by_person, id)) {
    const Grant& g = index_->parts.grants[i];
    if (g.active(now) && usable(*holder, g.post)) all.push_back(g);
  }
  for (Grant& g : lent_to(id, now)) {
    if (usable(*holder, g.post)) all.push_back(std::move(g));
  }
  return all;
}

bool Directory::holds(std::string_view id, std::string_view code, const Place& at, Instant now) const {
  const std::vector<Grant> all = posts_of(id, now);
  return std::any_of(all.begin(), all.end(), [&](const Grant& g) { return g.post == code && covers(g, at); });
}

std::vector<std::string> Directory::holders(std::string_view code, const Place& at, Instant now) const {
  std::set<std::string> found;
  for (const std::size_t i : find(index_->grants_by_post, code)) {
    const Grant& g = index_->parts.grants[i];
    const Person* holder = enabled(g.person);
    if (holder && g.active(now) && usable(*holder, code) && covers(g, at)) found.insert(g.person);
  }
  for (const std::size_t i : find(index_->lent_by_post, code)) {
    const Delegation& d = index_->parts.delegations[i];
    if (d.active(now) && !found.contains(d.taker) && holds(d.taker, code, at, now)) found.insert(d.taker);
  }
  return {found.begin(), found.end()};
}

std::set<std::string> Directory::permissions_of(std::string_view id, Instant now) const {
  std::set<std::string> all;
  for (const Grant& g : posts_of(id, now)) {
    const Post* p = post(g.post);
    all.insert(p->permissions.begin(), p->permissions.end());
  }
  return all;
}

std::vector<std::string> Directory::posts_with(std::string_view permission) const {
  std::set<std::string> codes;
  for (const auto& [code, i] : index_->posts) {
    if (index_->parts.posts[i].permissions.contains(std::string(permission))) codes.insert(code);
  }
  return {codes.begin(), codes.end()};
}

std::vector<std::string> Directory::on_duty(std::string_view board_id, int line, Instant now) const {
  std::vector<const RotaSlot*> slots;
  for (const std::size_t i : find(index_->slots_by_board, board_id)) {
    const RotaSlot& s = index_->parts.rota[i];
    if (s.from <= now && now < s.until && (line == 0 || s.line == 0 || s.line == line) && enabled(s.person)) {
      slots.push_back(&s);
    }
  }
  std::sort(slots.begin(), slots.end(), [line](const RotaSlot* a, const RotaSlot* b) {
    const bool a_other = a->line != line, b_other = b->line != line;
    return std::tie(a_other, a->line, a->from, a->person) < std::tie(b_other, b->line, b->from, b->person);
  });
  std::vector<std::string> ids;
  for (const RotaSlot* s : slots) add_once(ids, s->person);
  return ids;
}

const Person* Directory::manager_of(std::string_view board_id) const {
  const Board* b = board(board_id);
  return b ? enabled(b->manager) : nullptr;
}

const Person* Directory::head_of(std::string_view unit_id) const {
  const Unit* u = unit(unit_id);
  return u ? enabled(u->head) : nullptr;
}

const Person* Directory::deputy_of(std::string_view unit_id) const {
  const Unit* u = unit(unit_id);
  return u ? enabled(u->deputy) : nullptr;
}

std::vector<const Unit*> Directory::chain_of(std::string_view unit_id) const {
  std::vector<const Unit*> chain;
  const Unit* u = unit(unit_id);
  while (u && std::find(chain.begin(), chain.end(), u) == chain.end()) {
    chain.push_back(u);
    u = u->parent.empty() ? nullptr : unit(u->parent);
  }
  return chain;
}

const Person* Directory::superior(std::string_view id, int n) const {
  const Person* of = person(id);
  if (!of || n < 1) return nullptr;
  std::vector<const Person*> passed;
  for (const Unit* u : chain_of(of->unit)) {
    const Person* head = enabled(u->head);
    if (!head || head == of || std::find(passed.begin(), passed.end(), head) != passed.end()) continue;
    passed.push_back(head);
    if (static_cast<int>(passed.size()) == n) return head;
  }
  return nullptr;
}

bool Directory::within(std::string_view unit_id, std::string_view ancestor) const {
  const std::vector<const Unit*> chain = chain_of(unit_id);
  return std::any_of(chain.begin(), chain.end(), [&](const Unit* u) { return u->id == ancestor; });
}

const Incompatibility* Directory::incompatibility(std::string_view a, std::string_view b) const {
  if (a == b) return nullptr;
  return find(index_->parts.incompatibilities, index_->incompatible, pair_key(a, b));
}

const Exception* Directory::last_exception(std::string_view id, std::string_view a, std::string_view b) const {
  const Exception* last = nullptr;
  for (const std::size_t i : find(index_->exceptions_by_person, id)) {
    const Exception& e = index_->parts.exceptions[i];
    const bool same = (e.post_a == a && e.post_b == b) || (e.post_a == b && e.post_b == a);
    const bool approved = !e.approved_by.empty() && e.approved_by != e.person;
    if (same && approved && (!last || last->until < e.until)) last = &e;
  }
  return last;
}

const Exception* Directory::exception_for(std::string_view id, std::string_view a, std::string_view b,
                                          Instant now) const {
  const Exception* last = last_exception(id, a, b);
  return last && now < last->until ? last : nullptr;
}

std::vector<const Grant*> Directory::stored_grants_of(std::string_view id) const {
  std::vector<const Grant*> all;
  for (const std::size_t i : find(index_->grants_by_person, id)) all.push_back(&index_->parts.grants[i]);
  return all;
}

std::vector<const Delegation*> Directory::delegations_to(std::string_view id) const {
  std::vector<const Delegation*> all;
  for (const std::size_t i : find(index_->lent_by_taker, id)) all.push_back(&index_->parts.delegations[i]);
  return all;
}

}  // namespace anlan::identity
