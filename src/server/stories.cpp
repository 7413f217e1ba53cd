#include "server/stories.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>

#include "base/text.h"

namespace anlan::server {
namespace {

constexpr Duration local = minutes(480);  // the demonstration plays in China

class Telling {
 public:
  Telling(const Value& story, std::string where, std::string name, std::mt19937& random)
      : story_(story), where_(std::move(where)), name_(std::move(name)), random_(random) {}

  // `which`: the case that is told, where it is not drawn.
  Status tell(Instant begin, Instant now, std::vector<app::TimedStep>& out, std::optional<std::size_t> which = {}) {
    for (const auto& [key, choices] : story_["draw"].as_map()) drawn_.insert_or_assign(key, one_of(choices.as_list()));
    drawn_.insert_or_assign("month", Value(format_rfc3339(begin, 480).substr(0, 4) + format_rfc3339(begin, 480).substr(5, 2)));
    if (const List& cases = story_["cases"].as_list(); !cases.empty()) {
      const Value chosen = which ? cases[*which % cases.size()] : one_of(cases);
      for (const auto& [key, v] : chosen.as_map()) drawn_.insert_or_assign(key, v);
    }
    Instant at = begin;
    std::size_t n = 0;
    for (const Value& step : story_["steps"].as_list()) {
      ++n;
      if (!step["after"].is_null()) {
        auto wait = between(describe(filled(step["after"])));
        if (!wait) return fail(Code::invalid, fmt::format("{}, step {}: 'after' is 5m or 5m..20m", where_, n));
        at = at + *wait;
      }
      if (at > now) return {};
      Map told = filled(step).as_map();
      told.erase("after");
      if (told.empty()) return fail(Code::invalid, fmt::format("{}, step {} does nothing", where_, n));
      name_tickets(told);
      out.push_back({at, fmt::format("{}, step {}", where_, n), Value(std::move(told))});
    }
    return {};
  }

 private:
  const Value& one_of(const List& choices) {
    static const Value none;
    return choices.empty() ? none : choices[random_() % choices.size()];
  }

  std::optional<Duration> between(const std::string& text) {
    const auto dots = text.find("..");
    if (dots == std::string::npos) return parse_duration(text);
    auto least = parse_duration(text.substr(0, dots)), most = parse_duration(text.substr(dots + 2));
    if (!least || !most || most->ms < least->ms) return {};
    return minutes(least->ms / 60'000 + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>((most->ms - least->ms) / 60'000 + 1)));
  }

  Value filled(const Value& v) const {
    if (v.is(Value::Kind::list)) {
      List out;
      for (const Value& one : v.as_list()) out.push_back(filled(one));
      return Value(std::move(out));
    }
    if (v.is(Value::Kind::map)) {
      Map out;
      for (const auto& [key, one] : v.as_map()) out.emplace(key, filled(one));
      return Value(std::move(out));
    }
    if (!v.is(Value::Kind::string)) return v;
    std::string text = v.as_string();
    for (const auto& [key, value] : drawn_) {
      const std::string token = "{" + key + "}";
      if (text == token) return value;
      for (auto at = text.find(token); at != std::string::npos; at = text.find(token, at))
        text.replace(at, token.size(), describe(value));
    }
    // Tickets of a story have names of their own: "$first" is the one that this telling calls so.
    if (text.starts_with("$")) text = "$" + name_ + "." + text.substr(1);
    return Value(std::move(text));
  }

  void name_tickets(Map& step) {
    const bool opens = step.contains("open") || step.contains("alert");
    const char* member = opens ? "ticket" : "on";
    if (const std::string number = step.contains("on") ? describe(step["on"]) : ""; !opens && number.starts_with("number:")) {
      step.insert_or_assign(member, Value(number.substr(7)));
      return;
    }
    std::string called = step.contains(member) ? describe(step[member]) : last_;
    if (opens) last_ = called;
    step.insert_or_assign(member, Value(name_ + "." + called));
  }

  const Value& story_;
  std::string where_, name_;
  std::mt19937& random_;
  Map drawn_;
  std::string last_ = "it";
};

// "08:30" as time of day.
std::optional<Duration> time_of_day(const Value& v) {
  const std::string text = describe(v);
  if (text.size() != 5 || text[2] != ':') return {};
  const int h = std::atoi(text.substr(0, 2).c_str()), m = std::atoi(text.substr(3).c_str());
  if (h < 0 || h > 23 || m < 0 || m > 59) return {};
  return minutes(h * 60 + m);
}

}  // namespace

Result<std::vector<app::TimedStep>> lay_out(const Value& document, const std::string& file, Instant now, Duration past) {
  std::vector<app::TimedStep> out;
  std::mt19937 random(79);
  std::size_t told = 0;
  constexpr std::int64_t day = 86'400'000;
  for (const Value& story : document["stories"].as_list()) {
    const std::string where = fmt::format("{}: story {}", file, describe(story["story"]));
    for (const auto& [key, v] : story.as_map())
      if (key != "story" && key != "per_year" && key != "ago" && key != "between" && key != "days" && key != "draw" && key != "cases" &&
          key != "dates" && key != "steps")
        return fail(Code::invalid, fmt::format("{}: '{}' is not known in a story", where, key));
    for (const Value& ago : story["ago"].as_list()) {
      auto by = parse_duration(describe(ago));
      if (!by) return fail(Code::invalid, where + ": 'ago' is a list of durations");
      if (by->ms > past.ms) continue;
      ANLAN_CHECK(Telling(story, where, fmt::format("t{}", ++told), random).tell(now - *by, now, out));
    }
    if (story["per_year"].is_null() && story["dates"].is_null()) continue;
    const auto first = time_of_day(story["between"].as_list().empty() ? Value() : story["between"].as_list().front());
    const auto last = time_of_day(story["between"].as_list().empty() ? Value() : story["between"].as_list().back());
    if (!first || !last || last->ms < first->ms) return fail(Code::invalid, where + ": 'between' is [08:30, 17:30]");
    if (const List& dates = story["dates"].as_list(); !dates.empty()) {
      // What answers the turn of a month needs that turn within the time that is told.
      for (std::int64_t date = (now + local).ms / day - past.ms / day + 14; date <= (now + local).ms / day; ++date) {
        const Instant begin{date * day - local.ms + first->ms};
        for (std::size_t i = 0; i < dates.size(); ++i)
          if (describe(dates[i]) == format_rfc3339(begin, 480).substr(5, 5) && begin <= now)
            ANLAN_CHECK(Telling(story, where, fmt::format("t{}", ++told), random).tell(begin, now, out, i));
      }
      continue;
    }
    const List& week = story["days"].as_list();
    const std::int64_t from = week.empty() ? 1 : week.front().as_int(), to = week.empty() ? 7 : week.back().as_int();
    const std::int64_t days = past.ms / day, tellings = story["per_year"].as_int() * days / 365;
    for (std::int64_t i = 0; i < tellings; ++i) {
      // Evenly over the time, each within its own share of it, so that no month is empty.
      const std::int64_t back = days - i * days / tellings - static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(std::max<std::int64_t>(1, days / tellings)));
      std::int64_t date = ((now + local).ms / day) - std::max<std::int64_t>(back, 0);
      auto weekday = [](std::int64_t d) { return (d + 3) % 7 + 1; };  // 1970-01-01 was a Thursday
      while (weekday(date) < from || weekday(date) > to) --date;
      const auto span = static_cast<std::uint64_t>((last->ms - first->ms) / 60'000 + 1);
      const Instant begin{date * day - local.ms + first->ms + static_cast<std::int64_t>(random() % span) * 60'000};
      if (begin > now) continue;
      ANLAN_CHECK(Telling(story, where, fmt::format("t{}", ++told), random).tell(begin, now, out));
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const app::TimedStep& a, const app::TimedStep& b) { return a.at < b.at; });
  return out;
}

}  // namespace anlan::server
