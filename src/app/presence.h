// Who is on a ticket now and what they do there, so that two people do not write the same thing unknown to each other.
// A courtesy, never a lock: nothing rests on it. Held in this program's memory alone (several nodes would each know
// their own people), bounded, and forgotten when nobody beats any more.
#pragma once
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace anlan::app {

// Thread-safe. The time comes with each call.
class Presence {
 public:
  static constexpr Duration lapse = seconds(45);       // since the last beat of a tab
  static constexpr std::size_t people_max = 50;        // of a ticket
  static constexpr std::size_t tickets_max = 10'000;   // the one longest without a beat goes first
  static constexpr std::size_t tabs_max = 8;           // of a person on a ticket, the same

  enum class Doing { view, edit };  // the later is the stronger
  struct Beat {
    std::string ticket, person;
    std::string tab;             // tells the pages of one person apart
    std::optional<Doing> doing;  // none: this tab is gone
    std::string action;          // with edit: the step whose form is open
  };
  // A person in several tabs counts once, with the strongest of what they do; of equals the one begun first.
  struct Person {
    std::string person;
    Doing doing = Doing::view;
    std::string action;
    Instant since{};
    bool operator==(const Person&) const = default;
  };

  // The tickets whose people, or what they do, are others now: usually none, for most beats only repeat.
  // Where a ticket is full, who edits takes the place of the viewer longest without a beat, and others are not kept:
  // the fifty-first of a great incident must not make everybody's list change with each beat.
  std::vector<std::string> beat(const Beat&, Instant now);
  // Forgets what lapsed. The tickets, as above.
  std::vector<std::string> sweep(Instant now);
  // In the order of their coming.
  std::vector<Person> on(const std::string& ticket, Instant now) const;

 private:
  struct Tab {
    std::string id;
    Doing doing = Doing::view;
    std::string action;
    Instant since{}, seen{};
  };
  struct Present {
    std::string person;
    std::vector<Tab> tabs;  // never empty
  };
  struct Ticket {
    std::string number;
    std::vector<Present> people;
  };
  using Place = std::list<Ticket>::iterator;

  static Person summary(const Present&);
  static std::vector<Person> summary(const Ticket&);
  static Instant seen(const Present&);
  static void prune(Ticket&, Instant now);
  static void keep(Ticket&, const Beat&, Instant now);
  static void drop(Ticket&, const Beat&);
  static bool differ(const std::vector<Person>&, const std::vector<Person>&);

  mutable std::mutex mutex_;
  std::list<Ticket> tickets_;  // the longest without a beat first
  std::unordered_map<std::string, Place> places_;
};

}  // namespace anlan::app
