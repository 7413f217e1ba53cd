// The report of a monitoring system, the identity of an alert, and what is known of one alert over time.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/value.h"

namespace anlan::correlation {

// One alert as one delivery told it, already decoded: whether it fires or has resolved is settled at reception.
struct AlertReport {
  std::string source;                  // "prometheus", "alertmanager:<receiver>", "zabbix", "generic"
  Value labels;                        // map of strings, none empty: the identity
  Value annotations;                   // map of strings
  std::optional<Instant> starts_at;    // absent: the sender did not say
  std::optional<Instant> ends_at;      // set: resolved then; absent: firing
  std::optional<Instant> alive_until;  // firing: how long it stands without a repeat, if the sender says so
  // The sender keeps one state for each label set, so its "resolved" ends every episode that began before that end.
  bool sweeps = false;
  std::string generator_url;
  std::string sender_group;  // the sender's own group key, shown in the console

  bool firing() const { return !ends_at; }
};

// FNV-1a, 64 bits, over the sorted labels: the fingerprint Prometheus and Alertmanager give the same label set.
std::uint64_t fingerprint_hash(const Value& labels);
std::string fingerprint_text(std::uint64_t hash);  // 16 hex digits
std::string fingerprint(const Value& labels);

// One time an alert fired. Told apart by its start.
struct Episode {
  Instant from{};
  std::optional<Instant> to;     // told resolved at; the latest, if told several ends
  std::optional<Instant> alive;  // stands so long without a repeat; the latest
  bool fired = false;            // a firing report told of it (and not only its end)
  bool sweeps = false;           // its end also ends episodes that began before it
  bool operator==(const Episode&) const = default;
};

struct Interval {
  Instant from{};
  std::optional<Instant> to;  // empty: still so
  bool operator==(const Interval&) const = default;
};

// What was reported of one alert. Folding is commutative and idempotent for reports that carry their start (and, when
// firing, their alive_until): late, repeated and swapped deliveries change nothing in the outcome. A report without a
// start speaks of the episode that is active on arrival, which is all that can be known of it.
class History {
 public:
  static constexpr std::size_t kept_max = 50;  // the latest episodes; older ones are forgotten, and never return

  History() = default;
  static History from_value(const Value&);  // total: what does not read as an episode is left out
  Value to_value() const;

  struct Change {
    bool changed = false;     // the history differs from before (a longer `alive` alone does not count)
    bool first_told = false;  // a firing report of an episode that no firing report had told of
    bool stale = false;       // older than everything kept; ignored
    Instant from{};           // start of the episode spoken of
  };
  // `alive_for` is used where a firing report does not say how long it stands.
  Change fold(const AlertReport&, Instant now, Duration alive_for);
  // Moves the alive mark of the episode that began then to at least `alive` (repeats counted in memory).
  void extend(Instant from, Instant alive);

  bool active(Instant now) const;                         // some episode fires and is alive
  std::optional<Instant> alive_until(Instant now) const;  // of the active episodes, the latest
  std::optional<Instant> latest_alive() const;            // the latest of all episodes without an end
  std::optional<Instant> active_since(Instant now) const;
  // End of the episode that began then; nullopt while it has none or is unknown.
  std::optional<Instant> end_of(Instant from) const;
  // The latest end, told or by silence; nullopt when something is active or nothing is known.
  std::optional<Instant> ended_at(Instant now) const;
  // Overlapping and touching episodes united, by start. Silence past `alive` ends an episode there.
  std::vector<Interval> intervals(Instant now) const;

  const std::vector<Episode>& episodes() const { return episodes_; }
  bool operator==(const History&) const = default;

 private:
  std::optional<Instant> end(const Episode&) const;
  bool active(const Episode&, Instant now) const;
  Episode* at(Instant from);  // found or made; null: stale

  std::vector<Episode> episodes_;  // by start
};

}  // namespace anlan::correlation
