#include "app/presence.h"

#include <algorithm>

namespace anlan::app {

void Presence::forget_lapsed(Ticket& ticket, Instant now) {
  for (auto& [person, tabs] : ticket.people)
    std::erase_if(tabs, [&](const auto& tab) { return now - tab.second.beat >= lapses_after; });
  std::erase_if(ticket.people, [](const auto& person) { return person.second.empty(); });
}

std::vector<Presence::One> Presence::seen(const Ticket& ticket) {
  std::vector<One> out;
  for (const auto& [person, tabs] : ticket.people) {
    const auto strongest = std::max_element(tabs.begin(), tabs.end(), [](const auto& a, const auto& b) {
      return a.second.doing != b.second.doing ? a.second.doing < b.second.doing : a.second.since > b.second.since;
    });
    const Page& page = strongest->second;
    out.push_back({person, page.doing, page.action, page.since});
  }
  return out;
}

namespace {
// Since when is no news.
bool same(const std::vector<Presence::One>& a, const std::vector<Presence::One>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.person == y.person && x.doing == y.doing && x.action == y.action;
  });
}
}  // namespace

bool Presence::beat(const std::string& number, const std::string& person, const std::string& tab, Doing doing,
                    const std::string& action, Instant now) {
  std::lock_guard lock(mutex_);
  if (!tickets_.contains(number) && tickets_.size() >= tickets_most)
    tickets_.erase(std::min_element(tickets_.begin(), tickets_.end(),
                                    [](const auto& a, const auto& b) { return a.second.beat < b.second.beat; }));
  Ticket& ticket = tickets_[number];
  const auto before = seen(ticket);
  forget_lapsed(ticket, now);
  ticket.beat = now;
  if (!ticket.people.contains(person) && ticket.people.size() >= people_most) return !same(seen(ticket), before);
  auto& tabs = ticket.people[person];
  // Nobody looks at a ticket in more windows than that; a page that makes up tabs gets no more room.
  if (!tabs.contains(tab) && tabs.size() >= 10) tabs.erase(tabs.begin());
  auto [it, fresh] = tabs.try_emplace(tab, Page{doing, action, now, now});
  Page& page = it->second;
  if (!fresh && (page.doing != doing || page.action != action)) page = Page{doing, action, now, now};
  page.beat = now;
  return !same(seen(ticket), before);
}

bool Presence::gone(const std::string& number, const std::string& person, const std::string& tab, Instant now) {
  std::lock_guard lock(mutex_);
  auto it = tickets_.find(number);
  if (it == tickets_.end()) return false;
  const auto before = seen(it->second);
  forget_lapsed(it->second, now);
  if (auto at = it->second.people.find(person); at != it->second.people.end()) {
    at->second.erase(tab);
    if (at->second.empty()) it->second.people.erase(at);
  }
  const bool changed = !same(seen(it->second), before);
  if (it->second.people.empty()) tickets_.erase(it);
  return changed;
}

std::vector<Presence::One> Presence::on(const std::string& number, Instant now) {
  std::lock_guard lock(mutex_);
  auto it = tickets_.find(number);
  if (it == tickets_.end()) return {};
  forget_lapsed(it->second, now);
  if (it->second.people.empty()) {
    tickets_.erase(it);
    return {};
  }
  return seen(it->second);
}

}  // namespace anlan::app
