#include "app/presence.h"

#include <algorithm>

namespace anlan::app {

Presence::Person Presence::summary(const Present& present) {
  const Tab& strongest = *std::min_element(present.tabs.begin(), present.tabs.end(), [](const Tab& a, const Tab& b) {
    return a.doing != b.doing ? a.doing > b.doing : a.since < b.since;
  });
  return {present.person, strongest.doing, strongest.action, strongest.since};
}

std::vector<Presence::Person> Presence::summary(const Ticket& ticket) {
  std::vector<Person> out;
  out.reserve(ticket.people.size());
  for (const Present& present : ticket.people) out.push_back(summary(present));
  return out;
}

Instant Presence::seen(const Present& present) {
  Instant last = far_past;
  for (const Tab& tab : present.tabs) last = std::max(last, tab.seen);
  return last;
}

void Presence::prune(Ticket& ticket, Instant now) {
  std::erase_if(ticket.people, [&](Present& present) {
    std::erase_if(present.tabs, [&](const Tab& tab) {
      const Duration age = now - tab.seen;
      return age >= lapse || age <= -lapse;  // a beat of the future: the clock was set back
    });
    return present.tabs.empty();
  });
}

void Presence::keep(Ticket& ticket, const Beat& beat, Instant now) {
  auto& people = ticket.people;
  auto present = std::find_if(people.begin(), people.end(), [&](const Present& p) { return p.person == beat.person; });
  if (present == people.end()) {
    if (people.size() >= people_max) {
      auto oldest = people.end();
      for (auto it = people.begin(); it != people.end(); ++it)
        if (summary(*it).doing < *beat.doing && (oldest == people.end() || seen(*it) < seen(*oldest))) oldest = it;
      if (oldest == people.end()) return;
      people.erase(oldest);
    }
    present = people.insert(people.end(), {beat.person, {}});
  }
  auto& tabs = present->tabs;
  auto tab = std::find_if(tabs.begin(), tabs.end(), [&](const Tab& t) { return t.id == beat.tab; });
  if (tab == tabs.end()) {
    if (tabs.size() >= tabs_max)
      tabs.erase(std::min_element(tabs.begin(), tabs.end(), [](const Tab& a, const Tab& b) { return a.seen < b.seen; }));
    tab = tabs.insert(tabs.end(), {beat.tab, *beat.doing, beat.action, now, now});
  }
  if (tab->doing != *beat.doing || tab->action != beat.action) {
    tab->doing = *beat.doing;
    tab->action = beat.action;
    tab->since = now;
  }
  tab->seen = now;
}

void Presence::drop(Ticket& ticket, const Beat& beat) {
  std::erase_if(ticket.people, [&](Present& present) {
    if (present.person != beat.person) return false;
    std::erase_if(present.tabs, [&](const Tab& tab) { return tab.id == beat.tab; });
    return present.tabs.empty();
  });
}

// Since when is no reason to tell: nothing that people see of it changes.
bool Presence::differ(const std::vector<Person>& a, const std::vector<Person>& b) {
  return !std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Person& x, const Person& y) {
    return x.person == y.person && x.doing == y.doing && x.action == y.action;
  });
}

std::vector<std::string> Presence::beat(const Beat& beat, Instant now) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> changed;
  auto found = places_.find(beat.ticket);
  if (found == places_.end()) {
    if (!beat.doing) return changed;
    if (tickets_.size() >= tickets_max) {
      changed.push_back(tickets_.front().number);
      places_.erase(tickets_.front().number);
      tickets_.pop_front();
    }
    found = places_.emplace(beat.ticket, tickets_.insert(tickets_.end(), Ticket{beat.ticket, {}})).first;
  }
  const Place place = found->second;
  const std::vector<Person> before = summary(*place);
  prune(*place, now);
  if (beat.doing) {
    keep(*place, beat, now);
    tickets_.splice(tickets_.end(), tickets_, place);
  } else {
    drop(*place, beat);
  }
  if (differ(before, summary(*place))) changed.push_back(beat.ticket);
  if (place->people.empty()) {
    tickets_.erase(place);
    places_.erase(found);
  }
  return changed;
}

std::vector<std::string> Presence::sweep(Instant now) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> changed;
  for (Place place = tickets_.begin(); place != tickets_.end();) {
    const std::vector<Person> before = summary(*place);
    prune(*place, now);
    if (differ(before, summary(*place))) changed.push_back(place->number);
    if (place->people.empty()) {
      places_.erase(place->number);
      place = tickets_.erase(place);
    } else {
      ++place;
    }
  }
  return changed;
}

std::vector<Presence::Person> Presence::on(const std::string& ticket, Instant now) const {
  std::lock_guard lock(mutex_);
  auto found = places_.find(ticket);
  if (found == places_.end()) return {};
  Ticket still = *found->second;  // what lapsed stays until a sweep, which tells of it
  prune(still, now);
  return summary(still);
}

}  // namespace anlan::app
