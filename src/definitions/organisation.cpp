// What stands around the processes: requirements, posts and what excludes what, calendars and holidays.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "definitions/context.h"

namespace anlan::definitions {

// ---- the standard ----

void Context::requirements(const Document& document) {
  Object o(*document.node, "the file of requirements", problems);
  o.need_text("area");
  o.need("requirements");
  for (const Node* item : o.items("requirements")) {
    Object r(*item, "a requirement", problems);
    if (!r.usable()) continue;
    engine::Requirement def;
    const Node* id = r.need("id");
    def.id = id ? read_text(*id, "'id'", problems).value_or("") : "";
    def.clause = r.need_text("clause");
    static const std::vector<std::string> strengths{"shall", "should", "may"};
    static const std::vector<std::string> kinds{"enforce",   "compute", "record", "remind", "report",
                                                "integrate", "ui",      "org",    "duty"};
    r.need("strength");
    r.need("kind");
    def.strength = strengths[r.choice("strength", strengths)];
    def.kind = kinds[r.choice("kind", kinds)];
    def.text = {r.need_text("zh"), r.need_text("en")};
    r.words("actor");
    r.text("figure");
    if (!id || def.id.empty()) continue;
    if (def.id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-") !=
        std::string::npos)
      problems.add(*id, "an id is made of letters, digits, points and -");
    else if (first("requirement " + def.id, *id)) out.requirements.emplace(def.id, std::move(def));
  }
}

void Context::readings(const Document& document) {
  Object o(*document.node, "the file of readings", problems);
  for (const Node* item : o.items("readings")) {
    Object r(*item, "a reading", problems);
    const Node* no = r.need("no");
    r.need_text("question");
    r.need_text("chosen");
    if (no) first("reading " + no->text, *no);
  }
}

void Context::terms(const Document& document) {
  Object o(*document.node, "the glossary", problems);
  for (const Node* item : o.items("terms")) {
    Object t(*item, "a term", problems);
    t.need_text("zh");
    t.need_text("en");
    t.text("clause");
    t.text("used_in");
    t.need_both("definition");
  }
}

// ---- posts ----

void Context::posts_of(const Document& document) {
  Object o(*document.node, "the file of posts", problems);
  for (const auto& [code, member] : o.named("posts")) {
    Object p(*member->value, fmt::format("post '{}'", code), problems);
    if (!p.usable()) continue;
    identity::Post post;
    post.code = code;
    post.title = p.need_both("title");
    post.family = p.text("family");
    p.need("internal");
    post.external_allowed = !p.flag("internal", true);
    for (const Word& w : p.words("permissions")) post.permissions.insert(w.text);
    basis(p);
    if (first("post " + code, *member->key)) out.posts.push_back(std::move(post));
  }
}

void Context::incompatible(const Document& document) {
  Object o(*document.node, "the file of incompatible posts", problems);
  for (const Node* item : o.items("incompatible")) {
    Object e(*item, "an incompatibility", problems);
    if (!e.usable()) continue;
    identity::Ground ground;
    auto rests = basis(e);
    if (!rests.req.empty()) ground.requirement = rests.req.front();
    ground.clause = e.text("clause");
    if (ground.clause.empty()) ground.clause = rests.clause;
    ground.basis = e.both("basis");
    static const std::vector<std::string> waivers{"exception", "break_glass"};
    if (e.has("waiver")) ground.waiver = waivers[e.choice("waiver", waivers)];
    if (e.has("families") == e.has("posts")) {
      problems.add(*item, "an incompatibility names either 'families' or 'posts', at least two");
      e.get("families");
      e.get("posts");
      continue;
    }
    std::set<std::string> known_families;
    for (const auto& post : known.posts) known_families.insert(post.family);
    std::vector<std::string> all(known_families.begin(), known_families.end());
    std::vector<std::string> names;
    bool of_families = e.has("families");
    for (const Word& w : e.words(of_families ? "families" : "posts"))
      if (of_families ? check_one(*w.node, "family", w.text, all) : check_post(*w.node, w.text))
        names.push_back(w.text);
    if (names.size() < 2) {
      if (compiling) problems.add(*item, "an incompatibility names at least two");
      continue;
    }
    if (of_families) {
      for (auto& one : identity::between_families(known.posts, names, ground))
        out.incompatibilities.push_back(std::move(one));
    } else {
      for (std::size_t i = 0; i < names.size(); ++i)
        for (std::size_t j = i + 1; j < names.size(); ++j)
          out.incompatibilities.push_back({names[i], names[j], ground});
    }
  }
}

// ---- calendars ----

namespace {
std::optional<calendar::Day> read_day(const Node& node, Problems& problems) {
  if (node.kind == Node::Kind::scalar)
    if (auto day = calendar::parse_day(node.text)) return day;
  problems.add(node, "this is a day: 2026-03-02");
  return {};
}
}  // namespace

void Context::holidays(const Document& document) {
  Object o(*document.node, "the file of holidays", problems);
  for (const auto& [key, member] : o.named("holidays")) {
    Object h(*member->value, fmt::format("holiday table '{}'", key), problems);
    if (!h.usable()) continue;
    holidays_title_[key] = h.need_both("title");
    if (const Node* source = h.get("source")) {
      Object s(*source, "'source'", problems);
      for (const char* k : {"name", "version", "licence"}) s.need_text(k);
    }
    if (const Node* until = h.need("known_until"))
      if (auto day = read_day(*until, problems)) known_until_[key] = *day;
    std::map<std::string, std::string> names;
    if (const Node* n = h.get("names")) {
      if (n->kind != Node::Kind::map) problems.add(*n, "'names' maps the Chinese name to the English one");
      for (const auto& name : n->members)
        if (auto en = read_text(*name.value, "the English name", problems)) names[name.key->text] = *en;
    }
    auto& off = off_[key];
    auto& work = work_[key];
    const Node* years = h.need("years");
    if (years && years->kind != Node::Kind::map) problems.add(*years, "'years' maps a year to {off, work}");
    if (years)
      for (const auto& year : years->members) {
        int y = 0;
        if (year.key->text.size() == 4 && year.key->text.find_first_not_of("0123456789") == std::string::npos)
          y = std::stoi(year.key->text);
        if (y < 1990 || y > 2100) {
          problems.add(*year.key, "this is a year from 1990 to 2100");
          continue;
        }
        Object of_year(*year.value, fmt::format("year {}", y), problems);
        for (const char* part : {"off", "work"}) {
          const Node* days = of_year.get(part);
          if (!days) continue;
          if (days->kind != Node::Kind::map) {
            problems.add(*days, fmt::format("'{}' maps a name to days", part));
            continue;
          }
          for (const auto& named : days->members) {
            auto english = names.find(named.key->text);
            if (english == names.end())
              problems.add(*named.key, fmt::format("'{}' has no English name; give it in 'names'", named.key->text));
            Text name{named.key->text, english == names.end() ? "" : english->second};
            for (const Word& w : read_words(*named.value, "the days", problems)) {
              auto dots = w.text.find("..");
              auto from = calendar::parse_day(fmt::format("{}-{}", y, w.text.substr(0, dots)));
              auto to = dots == std::string::npos
                            ? from
                            : calendar::parse_day(fmt::format("{}-{}", y, w.text.substr(dots + 2)));
              if (!from || !to || *to < *from) {
                problems.add(*w.node, fmt::format("'{}' is no day of {} (05-01) and no range of days (10-01..10-07)",
                                                  w.text, y));
                continue;
              }
              bool is_off = std::string_view(part) == "off";
              for (auto day = *from; day <= *to; day = day + 1) {
                if ((is_off ? work : off).contains(day))
                  problems.add(*w.node, fmt::format("{} is both off and worked", calendar::format(day)));
                else (is_off ? off : work).insert_or_assign(day, name);
              }
            }
          }
        }
      }
    first("holiday table " + key, *member->key);
  }
}

void Context::calendars(const Document& document) {
  static const std::vector<std::string> weekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                 "friday", "saturday", "sunday"};
  Object o(*document.node, "the file of calendars", problems);
  for (const auto& [key, member] : o.named("calendars")) {
    Object c(*member->value, fmt::format("calendar '{}'", key), problems);
    if (!c.usable()) continue;
    calendar::WorkCalendar::Spec spec;
    spec.key = key;
    bool good = true;
    spec.title = c.need_both("title");
    c.flag("own_choice");
    if (const Node* zone = c.need("zone")) {
      auto name = read_text(*zone, "'zone'", problems).value_or("");
      // Shanghai is known without a database: definitions can be checked on a machine that has none.
      if (name != spec.zone.name() && !name.empty()) {
        auto found = calendar::Zone::named(name);
        if (found) spec.zone = *found;
        else if (found.error().code == Code::invalid) problems.add(*zone, found.error().message);
        else problems.add(*zone, found.error().message + " (install the package tzdata)");
      }
    }
    auto read_hours = [&](const Node& node) {
      std::vector<calendar::Hours> hours;
      for (const Word& w : read_words(node, "the hours", problems)) {
        auto one = calendar::parse_hours(w.text);
        if (one) hours.push_back(*one);
        else problems.add(*w.node, fmt::format("'{}' is no span of hours such as 08:30-18:00", w.text)), good = false;
      }
      return hours;
    };
    if (const Node* week = c.need("week")) {
      Object w(*week, "'week'", problems);
      for (std::size_t d = 0; d < weekdays.size(); ++d)
        if (const Node* hours = w.get(weekdays[d])) spec.week[static_cast<int>(d) + 1] = read_hours(*hours);
    }
    if (const Node* hours = c.get("makeup_hours")) spec.makeup_hours = read_hours(*hours);
    spec.ignores_holidays = c.flag("ignores_holidays");
    if (spec.ignores_holidays) c.refuse("holidays", "the calendar ignores holidays");
    else if (const Node* table = c.get("holidays")) {
      auto name = read_text(*table, "'holidays'", problems).value_or("");
      if (check_one(*table, "holiday table", name, keys_of(off_))) {
        spec.holidays = off_[name];
        spec.holidays_title = holidays_title_[name];
        spec.makeup_days = work_[name];
        if (known_until_.contains(name)) spec.known_until = known_until_[name];
      }
    }
    if (!compiling) {
      calendar_names_.push_back(key);
      continue;
    }
    if (good)
      if (auto valid = calendar::WorkCalendar::validate(spec); !valid)
        problems.add(*member->key, valid.error().message), good = false;
    if (first("calendar " + key, *member->key) && good)
      out.calendars.emplace(key, calendar::WorkCalendar(std::move(spec)));
  }
}

}  // namespace anlan::definitions
