#include "app/query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/text.h"
#include "domain/calendar/calendar.h"

namespace anlan::app {
namespace {

using engine::FieldDef;
using engine::FieldType;
using engine::ProcessDef;

struct Token {
  std::string text;  // as typed, for messages
  std::string key, op;
  std::vector<std::string> values;
};

// The keys that every ticket has. Fields of processes come besides.
struct Key {
  const char* name;
  Text label;
};
const std::vector<Key>& keys() {
  static const std::vector<Key> all{{"state", {"状态", "State"}},       {"process", {"流程", "Process"}},
                                    {"severity", {"级别", "Severity"}}, {"holder", {"负责人", "Accountable person"}},
                                    {"owes", {"待办", "Owes the next act"}}, {"participant", {"参与", "Took part"}},
                                    {"board", {"板块", "Board"}},       {"unit", {"部门", "Unit"}},
                                    {"opened", {"登记", "Opened"}},     {"drill", {"演练单", "Drill"}},
                                    {"sort", {"排序", "Sort"}}};
  return all;
}
const std::vector<std::pair<const char*, TicketQuery::Sort>> sorts{{"-opened", TicketQuery::Sort::opened_desc},
                                                                   {"opened", TicketQuery::Sort::opened_asc},
                                                                   {"-updated", TicketQuery::Sort::updated_desc},
                                                                   {"-severity", TicketQuery::Sort::severity_desc},
                                                                   {"due", TicketQuery::Sort::due_asc}};

bool says(const Text& label, std::string_view word) { return label.zh == word || iequals(label.en, word); }

// The newest shape of each process that is asked for, or of all.
std::vector<const ProcessDef*> newest(const engine::Definitions& definitions, const std::vector<std::string>& wanted) {
  std::vector<const ProcessDef*> out;
  for (const auto& [key, shapes] : definitions.processes)
    if (!shapes.empty() && (wanted.empty() || std::find(wanted.begin(), wanted.end(), key) != wanted.end()))
      out.push_back(shapes.back().get());
  return out;
}

// The indexed fields by key; several processes may share one.
std::vector<const FieldDef*> indexed_fields(const engine::Definitions& definitions) {
  std::vector<const FieldDef*> out;
  for (const ProcessDef* process : newest(definitions, {}))
    for (const FieldDef& field : process->fields)
      if (field.indexed && field.key != process->severity) out.push_back(&field);
  return out;
}

// Tokens of the text. An open quote ends with the text.
std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> out;
  std::size_t at = 0;
  auto space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (at < text.size()) {
    if (space(text[at])) {
      ++at;
      continue;
    }
    Token token;
    const std::size_t start = at;
    std::string part;
    bool quoted = false, any = false;
    auto finish_value = [&] {
      if (!part.empty() || any) token.values.push_back(part);
      part.clear();
      any = false;
    };
    for (; at < text.size() && (quoted || !space(text[at])); ++at) {
      const char c = text[at];
      if (c == '"') {
        quoted = !quoted;
        any = true;
      } else if (quoted) {
        part += c;
      } else if (token.op.empty() && !part.empty() && !any && (c == ':' || c == '>' || c == '<')) {
        token.key = part;
        part.clear();
        token.op = c;
        if (c != ':' && at + 1 < text.size() && text[at + 1] == '=') {
          token.op += '=';
          ++at;
        }
      } else if (!token.op.empty() && c == ',') {
        finish_value();
      } else {
        part += c;
      }
    }
    finish_value();
    token.text = text.substr(start, at - start);
    out.push_back(std::move(token));
  }
  return out;
}

// Reads one token after the other into a query.
class Reading {
 public:
  Reading(const Platform& platform, const World& world, const Principal& principal, TicketQuery& query)
      : platform_(platform), definitions_(platform.definitions()), world_(world), principal_(principal), query_(query) {}

  Status take(const Token& token) {
    if (token.op.empty()) {
      if (token.values.empty()) return {};
      query_.text += (query_.text.empty() ? "" : " ") + token.values.front();
      return {};
    }
    if (token.values.empty()) return wrong(token, "a value is missing");
    const std::string key = key_of(token.key);
    if (key.empty()) {
      std::vector<std::string> known;
      for (const auto& one : keys()) known.emplace_back(one.name);
      for (const FieldDef* field : indexed_fields(definitions_))
        if (std::find(known.begin(), known.end(), field->key) == known.end()) known.push_back(field->key);
      return wrong(token, fmt::format("'{}' is no key; known are {}; put quotes round words to search for them",
                                      token.key, fmt::join(known, ", ")));
    }
    if (key == "severity") return severity(token);
    if (key == "opened") return opened(token);
    if (token.op != ":") return wrong(token, fmt::format("'{}' goes with ':'", token.key));
    if (key == "state") return state(token);
    if (key == "process") return processes(token);
    if (key == "drill") return drill(token);
    if (key == "sort") return sort(token);
    if (key == "board") return named(token, query_.board, [&](std::string_view word) { return board(word); }, "board");
    if (key == "unit") return named(token, query_.unit, [&](std::string_view word) { return unit(word); }, "unit");
    if (key == "holder" || key == "owes" || key == "participant") {
      auto& into = key == "holder" ? query_.holder : key == "owes" ? query_.owes : query_.participant;
      return named(token, into, [&](std::string_view word) { return person(word); }, "person");
    }
    return field(token, key);
  }

 private:
  static Status wrong(const Token& token, const std::string& what) {
    return fail(Code::invalid, fmt::format("{}: {}", token.text, what), "q");
  }
  static std::string only(const std::vector<std::string>& found) { return found.size() == 1 ? found.front() : std::string(); }

  std::string key_of(std::string_view word) const {
    for (const auto& one : keys())
      if (iequals(one.name, word) || says(one.label, word)) return one.name;
    for (const FieldDef* def : indexed_fields(definitions_))
      if (def->key == word || says(def->label, word)) return def->key;
    return {};
  }

  template <class Find>
  Status named(const Token& token, std::vector<std::string>& into, Find find, const char* what) {
    for (const auto& value : token.values) {
      std::vector<std::string> found = find(value);
      if (found.empty()) return wrong(token, fmt::format("there is no {} '{}'", what, value));
      into.insert(into.end(), found.begin(), found.end());
    }
    return {};
  }
  std::vector<std::string> board(std::string_view word) const {
    std::vector<std::string> out;
    for (const auto& one : world_.directory().parts().boards)
      if (one.id == word || says(one.name, word)) out.push_back(one.id);
    return out;
  }
  std::vector<std::string> unit(std::string_view word) const {
    std::vector<std::string> out;
    for (const auto& one : world_.directory().parts().units)
      if (one.id == word || says(one.name, word)) out.push_back(one.id);
    return out;
  }
  std::vector<std::string> person(std::string_view word) const {
    if (word == "me" || word == "我") return {principal_.id()};
    std::vector<std::string> out;
    for (const auto& one : world_.directory().parts().people)
      if (one.id == word || one.login == word || says(one.name, word)) out.push_back(one.id);
    return out;
  }

  Status state(const Token& token) {
    for (const auto& value : token.values) {
      if (value == "open" || value == "未关闭") {
        query_.open = true;
        continue;
      }
      if (value == "closed" || value == "已关闭") {
        query_.open = false;
        continue;
      }
      bool found = false;
      for (const ProcessDef* process : newest(definitions_, query_.process))
        for (const auto& one : process->states)
          if (one.key == value || says(one.title, value)) {
            found = true;
            if (std::find(query_.state.begin(), query_.state.end(), one.key) == query_.state.end())
              query_.state.push_back(one.key);
          }
      if (!found) return wrong(token, fmt::format("there is no state '{}'; open and closed are known everywhere", value));
    }
    return {};
  }

  Status processes(const Token& token) {
    for (const auto& value : token.values) {
      bool found = false;
      for (const ProcessDef* process : newest(definitions_, {}))
        if (process->key == value || says(process->title, value)) {
          found = true;
          query_.process.push_back(process->key);
        }
      if (!found) return wrong(token, fmt::format("there is no process '{}'", value));
    }
    return {};
  }

  Status severity(const Token& token) {
    std::optional<int> least, most;
    for (const auto& value : token.values) {
      auto rank = severity_rank(definitions_, query_.process, value);
      if (!rank) return wrong(token, rank.error().message);
      least = std::min(least.value_or(*rank), *rank);
      most = std::max(most.value_or(*rank), *rank);
    }
    if (token.op != "<=" && token.op != "<") query_.severity_min = *least + (token.op == ">" ? 1 : 0);
    if (token.op != ">=" && token.op != ">") query_.severity_max = *most - (token.op == "<" ? 1 : 0);
    return {};
  }

  // A day, or how long ago: 2026-03-02, 7d, 8h.
  Status opened(const Token& token) {
    const auto& word = token.values.front();
    const calendar::Zone zone = calendar::Zone::shanghai();
    std::optional<Instant> from, to;
    if (auto day = calendar::parse_day(word)) {
      from = zone.start_of(*day);
      to = zone.start_of(*day + 1);
    } else if (auto ago = parse_duration(word)) {
      from = to = platform_.now() - *ago;
    } else if (auto at = parse_rfc3339(word)) {
      from = to = *at;
    }
    if (!from || token.values.size() != 1) return wrong(token, "give one day such as 2026-03-02, or how long ago such as 7d");
    if (token.op == ":" || token.op == ">=") query_.opened_from = *from;
    if (token.op == ">") query_.opened_from = *to;
    if (token.op == ":" || token.op == "<=") query_.opened_to = *to;
    if (token.op == "<") query_.opened_to = *from;
    return {};
  }

  Status drill(const Token& token) {
    const auto& word = token.values.front();
    if (word == "any" || word == "全部") query_.drill.reset();
    else if (word == "true" || word == "是") query_.drill = true;
    else if (word == "false" || word == "否") query_.drill = false;
    else return wrong(token, "true, false or any");
    return {};
  }

  Status sort(const Token& token) {
    for (const auto& [name, sort] : sorts)
      if (token.values.front() == name) {
        query_.sort = sort;
        return {};
      }
    return wrong(token, "-opened, opened, -updated, -severity or due");
  }

  Status field(const Token& token, const std::string& key) {
    if (token.values.size() != 1) return wrong(token, "one value only");
    std::string word = token.values.front();
    for (const FieldDef* def : indexed_fields(definitions_)) {
      if (def->key != key) continue;
      const FieldType& type = def->type.kind == FieldType::Kind::list && def->type.element ? *def->type.element : def->type;
      if (type.kind == FieldType::Kind::choice) {
        for (const auto& [choice, label] : type.labels)
          if (says(label, word)) word = choice;
      } else if (type.kind == FieldType::Kind::person) {
        if (auto found = only(person(word)); !found.empty()) word = found;
      } else if (type.kind == FieldType::Kind::boolean) {
        word = word == "是" ? "true" : word == "否" ? "false" : word;
      } else if (type.kind == FieldType::Kind::ref && world_.record(type.reg, word).is_null()) {
        for (const Value& record : world_.records(type.reg))
          if (record["name"].as_string() == word) word = record["id"].as_string();
      }
    }
    query_.indexed.emplace_back(key, word);
    return {};
  }

  const Platform& platform_;
  const engine::Definitions& definitions_;
  const World& world_;
  const Principal& principal_;
  TicketQuery& query_;
};

bool begins(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}
// Quotes where a value holds what ends one.
std::string quoted(const std::string& word) {
  return word.find_first_of(" ,\"\t") == std::string::npos ? word : "\"" + word + "\"";
}

}  // namespace

Result<int> severity_rank(const engine::Definitions& definitions, const std::vector<std::string>& processes,
                          std::string_view text) {
  int rank = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rank);
  if (error == std::errc{} && end == text.data() + text.size() && rank >= 0) return rank;
  for (const ProcessDef* process : newest(definitions, processes)) {
    const auto* field = process->field(process->severity);
    if (!field) continue;
    const auto& words = field->type.words;
    for (std::size_t i = 0; i < words.size(); ++i) {
      auto label = field->type.labels.find(words[i]);
      const bool named = label != field->type.labels.end() &&
                         (says(label->second, text) || (!text.empty() && label->second.zh.starts_with(text)));
      if (words[i] == text || named) return static_cast<int>(i) + 1;
    }
  }
  return fail(Code::invalid, fmt::format("no process has the severity '{}'", text), "severity");
}

bool is_indexed(const engine::Definitions& definitions, std::string_view field) {
  for (const auto& [key, shapes] : definitions.processes)
    for (const auto& shape : shapes)
      if (const auto* def = shape->field(field); def && def->indexed) return true;
  return false;
}

Result<TicketQuery> read_query(const Platform& platform, const World& world, const Principal& principal,
                               std::string_view text, TicketQuery into) {
  if (text.size() > 2000) return fail(Code::invalid, "the query is longer than 2000 bytes", "q");
  Reading reading(platform, world, principal, into);
  auto tokens = tokens_of(text);
  // Processes first: states and severities are looked for within them, wherever they stand in the line.
  std::stable_partition(tokens.begin(), tokens.end(),
                        [](const Token& token) { return token.key == "process" || token.key == "流程"; });
  for (const Token& token : tokens) ANLAN_CHECK(reading.take(token));
  return into;
}

Completions complete_query(const Platform& platform, const World& world, std::string_view text, bool names) {
  constexpr std::size_t most = 20;
  const auto& definitions = platform.definitions();
  Completions out;
  // The token under way: after the last space that stands outside quotes.
  std::size_t start = 0;
  bool inside = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') inside = !inside;
    else if (text[at] == ' ' && !inside) start = at + 1;
  }
  const std::string_view token = text.substr(start);
  const auto op = token.find_first_of(":<>");
  auto add = [&](std::string insert, Text label, const char* kind) {
    auto same = [&](const Completion& one) { return one.insert == insert; };
    if (out.items.size() < most && std::none_of(out.items.begin(), out.items.end(), same))
      out.items.push_back({std::move(insert), std::move(label), kind});
  };

  if (op == std::string_view::npos) {
    out.replace = token;
    auto offer = [&](const std::string& key, const Text& label) {
      if (begins(key, token) || begins(label.zh, token) || begins(label.en, token))
        add(key + (key == "severity" || key == "opened" ? ">=" : ":"), label, "key");
    };
    for (const auto& key : keys()) offer(key.name, key.label);
    for (const FieldDef* field : indexed_fields(definitions)) offer(field->key, field->label);
    return out;
  }

  std::size_t value = op + 1;
  while (value < token.size() && token[value] == '=') ++value;
  if (auto comma = token.rfind(','); comma != std::string_view::npos && comma >= value) value = comma + 1;
  std::string_view prefix = token.substr(value);
  out.replace = prefix;
  if (prefix.starts_with('"')) prefix.remove_prefix(1);
  const std::string_view word = token.substr(0, op);
  auto offer = [&](const std::string& insert, const Text& label) {
    // Chinese titles begin with what many share; people write the part that tells them apart.
    if (begins(insert, prefix) || begins(label.en, prefix) || label.zh.find(prefix) != std::string::npos)
      add(quoted(insert), label, "value");
  };
  auto people = [&] {
    offer("me", {"我", "Me"});
    if (!names) return;
    for (const auto& one : world.directory().parts().people)
      if (one.enabled) offer(one.login, one.name);
  };
  std::string key;
  for (const auto& one : keys())
    if (iequals(one.name, word) || says(one.label, word)) key = one.name;

  if (key == "state") {
    offer("open", {"未关闭", "Open"});
    offer("closed", {"已关闭", "Closed"});
    for (const ProcessDef* process : newest(definitions, {}))
      for (const auto& state : process->states) offer(state.key, state.title);
  } else if (key == "process") {
    for (const ProcessDef* process : newest(definitions, {})) offer(process->key, process->title);
  } else if (key == "severity") {
    for (const ProcessDef* process : newest(definitions, {}))
      if (const FieldDef* field = process->field(process->severity))
        for (const auto& choice : field->type.words)
          if (auto label = field->type.labels.find(choice); label != field->type.labels.end()) offer(choice, label->second);
  } else if (key == "holder" || key == "owes" || key == "participant") {
    people();
  } else if (key == "board") {
    for (const auto& one : world.directory().parts().boards) offer(one.id, one.name);
  } else if (key == "unit") {
    for (const auto& one : world.directory().parts().units) offer(one.id, one.name);
  } else if (key == "opened") {
    offer("1d", {"一天内", "Within a day"});
    offer("7d", {"七天内", "Within seven days"});
    offer("30d", {"三十天内", "Within thirty days"});
  } else if (key == "drill") {
    offer("any", {"全部", "All"});
    offer("true", {"是", "Yes"});
  } else if (key == "sort") {
    offer("-opened", {"最新登记在前", "Newest first"});
    offer("opened", {"最早登记在前", "Oldest first"});
    offer("-updated", {"最近更新在前", "Last changed first"});
    offer("-severity", {"级别高在前", "Most severe first"});
    offer("due", {"最急在前", "Most urgent first"});
  } else {
    for (const FieldDef* field : indexed_fields(definitions)) {
      if (field->key != word && !says(field->label, word)) continue;
      const FieldType& type =
          field->type.kind == FieldType::Kind::list && field->type.element ? *field->type.element : field->type;
      if (type.kind == FieldType::Kind::choice)
        for (const auto& choice : type.words)
          if (auto label = type.labels.find(choice); label != type.labels.end()) offer(choice, label->second);
      if (type.kind == FieldType::Kind::person) people();
      if (type.kind == FieldType::Kind::boolean) {
        offer("true", {"是", "Yes"});
        offer("false", {"否", "No"});
      }
      if (type.kind == FieldType::Kind::ref && names)
        for (const Value& record : world.records(type.reg)) {
          const std::string id = record["id"].as_string(), name = record["name"].as_string();
          offer(id, {name.empty() ? id : name, name.empty() ? id : name});
        }
    }
  }
  return out;
}

}  // namespace anlan::app
