#include "app/reports.h"

#include <fmt/format.h>

#include "app/tickets.h"
#include "base/text.h"
#include "domain/engine/facts.h"

namespace anlan::app {
namespace {

using engine::FieldDef;
using engine::FieldType;
using engine::ProcessDef;
using engine::ReportDef;
using engine::Ticket;

Value text_value(const Text& t) { return Value(Map{{"zh", t.zh}, {"en", t.en}}); }
Text both(const std::string& words) { return {words, words}; }
const Text not_filled{"（未填写）", "(not filled)"};

Text duration_in_words(Duration d) {
  const std::int64_t all = (d.ms < 0 ? -d.ms : d.ms) / 1000;
  Text out = d.ms < 0 ? both("-") : Text{};
  auto add = [&](std::int64_t n, const char* zh, const char* en) {
    if (n == 0) return;
    out.zh += fmt::format("{}{}", n, zh);
    out.en += fmt::format("{}{} {}", out.en.empty() || out.en == "-" ? "" : " ", n, en);
  };
  add(all / 3600, "小时", "h");
  add(all / 60 % 60, "分钟", "min");
  add(all % 60, "秒", "s");
  return all == 0 ? Text{"0分钟", "0 min"} : out;
}

std::string time(const calendar::Zone& zone, Instant at, bool day_only) {
  const auto d = calendar::parts(zone.day_of(at));
  std::string out = fmt::format("{:04}-{:02}-{:02}", d.year, d.month, d.day);
  const int minute = zone.minute_of_day(at);
  if (!day_only) out += fmt::format(" {:02}:{:02}", minute / 60, minute % 60);
  return out;
}

// How people read values: words by their labels, what is kept in registers by its name, times by the clock on the wall.
class Speaker {
 public:
  explicit Speaker(const World& world) : world_(world), zone_(engine::home_zone(world)) {}

  // `type`: of the field that the value stands in; null where it comes from a wider expression.
  Text say(const Value& v, const FieldType* type) const {
    using K = FieldType::Kind;
    switch (v.kind()) {
      case Value::Kind::null: return not_filled;
      case Value::Kind::boolean: return v.as_bool() ? Text{"是", "yes"} : Text{"否", "no"};
      case Value::Kind::instant: return both(time(zone_, v.as_instant(), type && type->kind == K::date));
      case Value::Kind::duration: return duration_in_words(v.as_duration());
      case Value::Kind::list: return list(v.as_list(), type);
      case Value::Kind::string: break;
      default: return both(describe(v));
    }
    const std::string& word = v.as_string();
    if (!type) return both(word);
    switch (type->kind) {
      case K::choice:
        if (auto label = type->labels.find(word); label != type->labels.end())
          return {label->second.in("zh"), label->second.in("en")};
        return both(word);
      case K::ref: return both(name_of(type->reg, word));
      case K::person: return both(name_of("person", word));
      case K::board: return both(name_of("board", word));
      case K::unit: return both(name_of("unit", word));
      default: return both(word);
    }
  }

 private:
  Text list(const List& items, const FieldType* type) const {
    if (items.empty()) return not_filled;
    if (items.front().is(Value::Kind::map))
      return {fmt::format("{}条", items.size()), fmt::format("{} {}", items.size(), items.size() == 1 ? "row" : "rows")};
    Text out;
    for (const Value& item : items) {
      const Text one = say(item, type ? type->element.get() : nullptr);
      out.zh += (out.zh.empty() ? "" : "、") + one.zh;
      out.en += (out.en.empty() ? "" : ", ") + one.en;
    }
    return out;
  }
  std::string name_of(const std::string& reg, const std::string& id) const {
    const Value name = world_.record(reg, id)["name"];
    return name.is(Value::Kind::string) && !name.as_string().empty() ? name.as_string() : id;
  }
  const World& world_;
  const calendar::Zone& zone_;
};

// The field whose value the placeholder is, if it is no wider expression.
const FieldType* type_of(const ProcessDef& process, std::string_view source) {
  source = trim(source);
  if (!source.starts_with("ticket.")) return nullptr;
  const FieldDef* field = process.field(source.substr(7));
  return field ? &field->type : nullptr;
}

Value role_value(const ProcessDef* process, const std::string& key) {
  if (key.empty()) return Value();
  const auto* role = process ? process->role(key) : nullptr;
  return Value(Map{{"key", key}, {"zh", role ? role->title.zh : key}, {"en", role ? role->title.en : key}});
}

Value report_value(const Platform& platform, const ReportDef& def) {
  const ProcessDef* process = platform.definitions().process(def.process);
  List titles;
  for (const auto& section : def.sections) titles.push_back(text_value(section.title));
  return Value(Map{{"key", def.key},
                   {"title", text_value(def.title)},
                   {"process", def.process},
                   {"drafted_by", role_value(process, def.drafted_by)},
                   {"approved_by", role_value(process, def.approved_by)},
                   {"sections", Value(std::move(titles))},
                   {"clause", def.basis.clause},
                   {"requirement", def.basis.req.empty() ? Value() : Value(def.basis.req.front())}});
}

std::string filled(const std::string& text, const std::map<std::string, std::string>& said) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end = text[i] == '{' ? engine::placeholder_end(text, i) : std::string::npos;
    if (end == std::string::npos) {
      out += text[i];
      continue;
    }
    if (auto it = said.find(text.substr(i + 1, end - i - 1)); it != said.end()) out += it->second;
    i = end;
  }
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char ch : text) {
    switch (ch) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "<br>"; break;
      default: out += ch;
    }
  }
  return out;
}

// The sections with their placeholders filled.
List sections_of(const ReportDef& def, const ProcessDef& process, const engine::TicketFacts& facts, const World& world) {
  const Speaker speaker(world);
  List sections;
  for (const auto& section : def.sections) {
    std::map<std::string, std::string> zh, en;
    List figures;
    for (const auto& [source, program] : section.parts) {
      const auto outcome = program.evaluate(facts);
      const Value value = outcome.ok ? outcome.value : Value();
      const Text words = speaker.say(value, type_of(process, source));
      zh.emplace(source, words.zh);
      en.emplace(source, words.en);
      figures.push_back(Value(Map{{"expression", source}, {"value", value}, {"zh", words.zh}, {"en", words.en}}));
    }
    sections.push_back(Value(Map{{"title", text_value(section.title)},
                                 {"text", text_value({filled(section.text.zh, zh), filled(section.text.en, en)})},
                                 {"figures", Value(std::move(figures))}}));
  }
  return sections;
}

}  // namespace

Result<Value> list_reports(Platform& platform, const World& world, const Principal& principal,
                           const std::string& process) {
  ANLAN_CHECK(platform.insider(principal, world));
  List items;
  for (const auto& [key, def] : platform.definitions().reports)
    if (process.empty() || def.process == process) items.push_back(report_value(platform, def));
  return Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}});
}

Result<Value> draft_report(Platform& platform, Reader& reader, const World& world, const Principal& principal,
                           const std::string& key, const std::string& number) {
  auto it = platform.definitions().reports.find(key);
  if (it == platform.definitions().reports.end())
    return fail(Code::not_found, fmt::format("there is no report '{}'", key));
  const ReportDef& def = it->second;
  if (number.empty()) return fail(Code::invalid, "say about which ticket, by its number", "ticket");
  ANLAN_TRY(Ticket ticket, readable_ticket(platform, reader, world, principal, number));
  if (ticket.process != def.process)
    return fail(Code::invalid, fmt::format("'{}' is a report about tickets of the process {}, and {} is none", key,
                                           def.process, number), "ticket");
  const ProcessDef* process = platform.definitions().process(ticket.process, ticket.shape);
  if (!process) return fail(Code::internal, "the process is not loaded");
  const engine::Engine engine(platform.definitions(), world);
  const engine::Actor actor = principal.actor();
  const Instant now = platform.now();
  if (!def.drafted_by.empty() && !engine.fits_role(ticket, def.drafted_by, actor, now) && !engine.fits_role(ticket, def.approved_by, actor, now))
    return fail(Code::forbidden, fmt::format("'{}' is for who drafts it ({}) or approves it ({})", key, def.drafted_by,
                                             def.approved_by));

  const engine::TicketFacts facts(platform.definitions(), world, process, &ticket, actor, now);
  List sections = sections_of(def, *process, facts, world);
  return report_value(platform, def)
      .with("ticket", ticket.number)
      .with("state", ticket.state)
      .with("drill", ticket.drill)
      .with("drafted_at", now)
      .with("sections", Value(std::move(sections)));
}

Result<Value> public_reports(Platform& platform, Reader& reader, const World& world) {
  const Instant now = platform.now();
  List items;
  for (const auto& [key, def] : platform.definitions().reports) {
    if (def.public_while.empty()) continue;
    TicketQuery query;
    query.process = {def.process};
    query.open = true;
    query.sort = TicketQuery::Sort::updated_desc;
    query.limit = 200;
    Scope every;
    every.all = true;
    ANLAN_TRY(auto page, reader.tickets(query, every));
    for (const auto& row : page.items) {
      ANLAN_TRY(Ticket ticket, ticket_for_anybody(platform, reader, world, row.number));
      const ProcessDef* process = platform.definitions().process(ticket.process, ticket.shape);
      const engine::TicketFacts facts(platform.definitions(), world, process, &ticket, engine::Actor{}, now);
      const auto holds = def.public_while.evaluate(facts);
      if (!holds.ok || !holds.value.as_bool()) continue;
      Text words;
      for (const Value& section : sections_of(def, *process, facts, world)) {
        words.zh += section["text"]["zh"].as_string();
        words.en += (words.en.empty() ? "" : " ") + section["text"]["en"].as_string();
      }
      items.push_back(Value(Map{{"report", key},
                                {"title", text_value(def.title)},
                                {"since", row.opened_at},
                                {"updated_at", row.updated_at},
                                {"zh", words.zh},
                                {"en", words.en}}));
    }
  }
  return Value(Map{{"items", Value(std::move(items))}, {"at", now}});
}

std::string report_page(const World& world, const Value& draft, const std::string& language) {
  const bool en = language == "en";
  auto in = [&](const Value& text) { return escaped(text[en ? "en" : "zh"].as_string()); };
  const std::string number = escaped(draft["ticket"].as_string());
  const std::string at = time(engine::home_zone(world), draft["drafted_at"].as_instant(), false);
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{} {}</title></head>\n<body>\n"
      "<h1>{}</h1>\n<p>{}</p>\n",
      en ? "en" : "zh-CN", in(draft["title"]), number, in(draft["title"]),
      en ? fmt::format("Draft about {}, made {}. Not approved.", number, at)
         : fmt::format("{} 的草稿，生成于 {}，未经审核。", number, at));
  if (draft["drill"].as_bool()) out += en ? "<p>A drill.</p>\n" : "<p>演练。</p>\n";
  for (const Value& section : draft["sections"].as_list())
    out += fmt::format("<h2>{}</h2>\n<p>{}</p>\n", in(section["title"]), in(section["text"]));
  return out + "</body>\n</html>\n";
}

}  // namespace anlan::app
