#include "domain/correlation/alert.h"

#include <algorithm>

namespace anlan::correlation {
namespace {
constexpr std::uint64_t fnv_offset = 14695981039346656037ULL;
constexpr std::uint64_t fnv_prime = 1099511628211ULL;

std::uint64_t add(std::uint64_t hash, std::string_view text) {
  for (char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= fnv_prime;
  }
  return (hash ^ 0xFF) * fnv_prime;  // 0xFF never occurs in UTF-8, so it parts names from values
}

void raise(std::optional<Instant>& mark, Instant t) {
  if (!mark || *mark < t) mark = t;
}
}  // namespace

std::uint64_t fingerprint_hash(const Value& labels) {
  std::uint64_t hash = fnv_offset;
  for (const auto& [name, value] : labels.as_map()) hash = add(add(hash, name), value.as_string());
  return hash;
}

std::string fingerprint_text(std::uint64_t hash) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4) out[static_cast<std::size_t>(i)] = digits[hash & 15];
  return out;
}

std::string fingerprint(const Value& labels) { return fingerprint_text(fingerprint_hash(labels)); }

// Stored as [from, to, alive, flags] each: histories are rewritten with their alert, so they are kept short.
History History::from_value(const Value& value) {
  History out;
  for (const Value& item : value.as_list()) {
    const List& parts = item.as_list();
    if (parts.size() != 4 || !parts[0].is(Value::Kind::instant)) continue;
    Episode episode{.from = parts[0].as_instant()};
    if (parts[1].is(Value::Kind::instant)) episode.to = parts[1].as_instant();
    if (parts[2].is(Value::Kind::instant)) episode.alive = parts[2].as_instant();
    episode.fired = parts[3].as_int() & 1;
    episode.sweeps = parts[3].as_int() & 2;
    if (Episode* place = out.at(episode.from)) *place = episode;
  }
  return out;
}

Value History::to_value() const {
  List out;
  out.reserve(episodes_.size());
  for (const Episode& e : episodes_) {
    out.push_back(List{e.from, e.to ? Value(*e.to) : Value(), e.alive ? Value(*e.alive) : Value(),
                       (e.fired ? 1 : 0) + (e.sweeps ? 2 : 0)});
  }
  return out;
}

Episode* History::at(Instant from) {
  auto place = std::lower_bound(episodes_.begin(), episodes_.end(), from,
                                [](const Episode& e, Instant t) { return e.from < t; });
  if (place != episodes_.end() && place->from == from) return &*place;
  auto index = place - episodes_.begin();
  if (episodes_.size() == kept_max) {
    // The latest starts are kept. The least of them only ever grows, so whichever order things came in, the same stay.
    if (index == 0) return nullptr;
    if (episodes_.front().sweeps) {
      for (Episode& episode : episodes_) episode.to = end(episode);  // what it ended stays ended without it
    }
    episodes_.erase(episodes_.begin());
    --index;
  }
  return &*episodes_.insert(episodes_.begin() + index, Episode{.from = from});
}

std::optional<Instant> History::end(const Episode& episode) const {
  if (episode.to) return episode.to;
  std::optional<Instant> least;
  for (const Episode& other : episodes_) {
    if (other.sweeps && other.to && *other.to > episode.from && (!least || *other.to < *least)) least = other.to;
  }
  return least;
}

bool History::active(const Episode& episode, Instant now) const {
  return episode.fired && episode.alive && *episode.alive > now && !end(episode);
}

History::Change History::fold(const AlertReport& report, Instant now, Duration alive_for) {
  Change change;
  if (report.firing()) {
    Instant from = now;
    if (report.starts_at) {
      from = *report.starts_at;
    } else if (auto since = active_since(now)) {
      from = *since;
    }
    change.from = from;
    Episode* episode = at(from);
    if (!episode) {
      change.stale = true;
      return change;
    }
    change.first_told = change.changed = !episode->fired;
    episode->fired = true;
    raise(episode->alive, report.alive_until ? *report.alive_until : now + alive_for);
    return change;
  }

  if (!report.starts_at) {
    for (Episode& episode : episodes_) {
      if (episode.from > *report.ends_at || !active(episode, now)) continue;
      episode.to = report.ends_at;
      change.changed = true;
      change.from = episode.from;
    }
    return change;
  }
  change.from = *report.starts_at;
  Episode* episode = at(*report.starts_at);
  if (!episode) {
    change.stale = true;
    return change;
  }
  Episode before = *episode;
  raise(episode->to, std::max(*report.ends_at, *report.starts_at));
  episode->sweeps = episode->sweeps || report.sweeps;
  change.changed = !(before == *episode);
  return change;
}

void History::extend(Instant from, Instant alive) {
  for (Episode& episode : episodes_) {
    if (episode.from == from && episode.fired) raise(episode.alive, alive);
  }
}

bool History::active(Instant now) const {
  return std::any_of(episodes_.begin(), episodes_.end(), [&](const Episode& e) { return active(e, now); });
}

std::optional<Instant> History::alive_until(Instant now) const {
  std::optional<Instant> out;
  for (const Episode& e : episodes_) {
    if (active(e, now)) raise(out, *e.alive);
  }
  return out;
}

std::optional<Instant> History::latest_alive() const {
  std::optional<Instant> out;
  for (const Episode& e : episodes_) {
    if (e.fired && e.alive && !end(e)) raise(out, *e.alive);
  }
  return out;
}

std::optional<Instant> History::active_since(Instant now) const {
  for (const Episode& e : episodes_) {
    if (active(e, now)) return e.from;
  }
  return {};
}

std::optional<Instant> History::end_of(Instant from) const {
  for (const Episode& e : episodes_) {
    if (e.from == from) return end(e);
  }
  return {};
}

std::optional<Instant> History::ended_at(Instant now) const {
  std::optional<Instant> out;
  for (const Interval& i : intervals(now)) {
    if (!i.to) return {};
    raise(out, *i.to);
  }
  return out;
}

std::vector<Interval> History::intervals(Instant now) const {
  std::vector<Interval> out;
  for (const Episode& e : episodes_) {
    std::optional<Instant> to = end(e);
    if (!to && e.alive && *e.alive <= now) to = std::max(*e.alive, e.from);
    if (!out.empty() && (!out.back().to || *out.back().to >= e.from)) {
      if (!to) {
        out.back().to.reset();
      } else if (out.back().to) {
        raise(out.back().to, *to);
      }
    } else {
      out.push_back({e.from, to});
    }
  }
  return out;
}

}  // namespace anlan::correlation
