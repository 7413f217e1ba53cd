// What becomes of one report. Pure: it reads the policy, what is stored of the alert, and the open group; it writes
// nothing. Every decision says why, in both languages.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/correlation/alert.h"
#include "domain/correlation/rules.h"

namespace anlan::correlation {

// All that rules and registers say now.
struct Policy {
  RuleSet rules;
  Mapping mapping;
  std::vector<Quiet> quiet;  // of the registers, beside those of the rules
};

enum class Outcome {
  open,      // the first of its group: a ticket is to be opened
  join,      // belongs to the group's open ticket
  suppress,  // opens nothing: by rule, by a quiet time, or because it has not stood long enough
  unmapped,  // no system is known for it: it waits in the bucket of the unmapped
  resolve,   // the alert has ended
  repeat,    // nothing new
};
std::string_view name(Outcome);
std::optional<Outcome> outcome_from(std::string_view);

// What is stored of the alert. All empty: never heard of.
struct Known {
  History history;
  bool counted = false;             // it stood as active when last written
  std::string outcome;              // of its last episode: "open", "join", "suppress", "unmapped"
  std::optional<Instant> again_at;  // to be judged anew from then on
};

struct GroupFacts {
  bool takes_joins = false;  // it has a ticket that is open, and an alert alive or within the window
  bool member = false;       // this alert belongs to that ticket already
};

struct Facts {
  std::function<GroupFacts(const std::string& key)> group;      // asked only when a report is news
  std::function<bool(const std::string& system)> knows_system;  // whether the register holds it
};

struct Decision {
  Outcome outcome = Outcome::repeat;
  Text reason;
  History history;       // after the report
  bool changed = false;  // the history changed in more than its liveness
  bool active = false;   // after the report
  Instant starts_at{};   // of the episode the report speaks of
  // What follows is set for open, join, suppress and unmapped.
  const Rule* rule = nullptr;  // null: no rule fits (unmapped)
  std::string group_key;
  Mapped mapped;  // system is empty when it is to be confirmed
  bool scope_to_confirm = false;
  bool service_down = false;
  std::string quiet;                // key of the quiet time that suppressed it
  std::optional<Instant> again_at;  // suppress: judge anew then, if it still stands
};

// Pre: the policy outlives the decision.
Decision decide(const AlertReport&, const Policy&, const Known&, const Facts&, Instant now);

// "rule/{alertname=\"X\",cluster=\"\"}"; long ones are cut and end in a digest. Equal exactly for equal groups.
std::string group_key(const Rule*, const Value& labels);

// What the policy says of these labels, whatever is stored: the first half of decide(), for replays and previews.
// `episode` is when it fired; `to` empty: still so. Outcome is open, suppress or unmapped.
Decision classify(const Value& labels, const Interval& episode, const Policy&, const Facts&, Instant now);

}  // namespace anlan::correlation
