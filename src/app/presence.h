// Who looks at a ticket and who fills in a step of it, at this moment: so that two people do not do one thing twice. Held
// in memory, per node; nothing of it is kept or logged. Thread-safe. Rights are the caller's matter.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"

namespace anlan::app {

class Presence {
 public:
  static constexpr Duration lapses_after = seconds(45);  // without a beat; pages beat every 20 s
  static constexpr std::size_t people_most = 50;         // on one ticket; further ones are not told of
  static constexpr std::size_t tickets_most = 10'000;    // the one longest without news goes first

  enum class Doing { view, edit };
  struct One {
    std::string person;
    Doing doing = Doing::view;
    std::string action;  // with edit: the step being filled in
    Instant since;       // of what is being done now
    bool operator==(const One&) const = default;
  };

  // A page of a person says what it shows; `tab` tells pages of one person apart. Answers whether what `on` says changed.
  bool beat(const std::string& ticket, const std::string& person, const std::string& tab, Doing, const std::string& action,
            Instant now);
  bool gone(const std::string& ticket, const std::string& person, const std::string& tab, Instant now);
  // By person's id; one entry each, with the strongest of what their pages do.
  std::vector<One> on(const std::string& ticket, Instant now);

 private:
  struct Page {
    Doing doing = Doing::view;
    std::string action;
    Instant since, beat;
  };
  struct Ticket {
    std::map<std::string, std::map<std::string, Page>> people;  // person -> tab -> page
    Instant beat;
  };
  static void forget_lapsed(Ticket&, Instant now);
  static std::vector<One> seen(const Ticket&);

  std::mutex mutex_;
  std::map<std::string, Ticket> tickets_;
};

}  // namespace anlan::app
