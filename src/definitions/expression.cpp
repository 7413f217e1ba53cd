// Expressions inside definitions: compiled against the names of their place, with mistakes shown where they stand in
// the file, and with the literals that name something declared (a link, a task, a register) checked as well.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "definitions/context.h"

namespace anlan::definitions {

namespace {

// A name nobody can write: keeps the slot of a root that means nothing at a place.
constexpr const char* hidden = "-";

std::size_t byte_of_column(std::string_view source, std::size_t column) {
  std::size_t at = 0;
  for (std::size_t c = 1; c < column && at < source.size(); ++c) {
    ++at;
    while (at < source.size() && (static_cast<unsigned char>(source[at]) & 0xC0) == 0x80) ++at;
  }
  return at;
}

// Where a root that is unknown here would be known.
std::string root_hint(const std::string& message) {
  static const std::pair<const char*, const char*> hints[] = {
      {"unknown name 'row'", "; row is known in stopwatches and in 'fill'"},
      {"unknown name 'item'", "; item is known to the assignees of a task with 'for_each'"},
      {"unknown name 'value'", "; value is known in the 'check' of a field"},
      {"unknown name 'record'", "; record is known in registers and plans"},
      {"unknown name 'before'", "; before is known in the guards of a register"},
      {"unknown name 'ticket'", "; ticket is known in processes, not in registers"},
  };
  for (const auto& [start, hint] : hints)
    if (message.starts_with(start)) return hint;
  return "";
}

// A call and its arguments that are nothing but a literal text. The source compiled, so the form is sound.
struct Literal {
  std::string text;
  std::size_t at = 0;  // byte of its opening quote
};
struct LiteralCall {
  std::string name;
  std::vector<std::optional<Literal>> arguments;
};

class LiteralScanner {
 public:
  explicit LiteralScanner(std::string_view source) : s_(source) {}

  std::vector<LiteralCall> calls() {
    while (i_ < s_.size()) step(nullptr);
    return std::move(out_);
  }

 private:
  static bool word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

  std::string quoted() {
    char quote = s_[i_++];
    std::string text;
    while (i_ < s_.size() && s_[i_] != quote) {
      if (s_[i_] == '\\' && i_ + 1 < s_.size()) ++i_;
      text += s_[i_++];
    }
    if (i_ < s_.size()) ++i_;
    return text;
  }

  // Consumes one token (a whole call, where a name is followed by a parenthesis). `literal` receives it if it is a
  // text.
  void step(std::optional<Literal>* literal) {
    char c = s_[i_];
    if (c == '"' || c == '\'') {
      std::size_t at = i_;
      std::string text = quoted();
      if (literal) *literal = Literal{std::move(text), at};
    } else if (c == '/' && i_ + 1 < s_.size() && s_[i_ + 1] == '/') {
      while (i_ < s_.size() && s_[i_] != '\n') ++i_;
    } else if (word(c)) {
      std::size_t begin = i_;
      while (i_ < s_.size() && word(s_[i_])) ++i_;
      bool method = begin > 0 && s_[begin - 1] == '.';
      std::string name(s_.substr(begin, i_ - begin));
      if (i_ < s_.size() && s_[i_] == '(') call(method ? "" : name);
    } else {
      ++i_;
    }
  }

  void call(std::string name) {
    LiteralCall call{std::move(name), {}};
    ++i_;
    std::optional<Literal> literal;
    std::size_t tokens = 0;
    int depth = 0;
    while (i_ < s_.size()) {
      char c = s_[i_];
      if (depth == 0 && (c == ')' || c == ',')) {
        ++i_;
        call.arguments.push_back(tokens == 1 ? literal : std::nullopt);
        literal.reset();
        tokens = 0;
        if (c == ')') break;
        continue;
      }
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++i_;
        continue;
      }
      if (c == '(' || c == '[' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '}') --depth;
      ++tokens;
      step(&literal);
    }
    if (!call.name.empty()) out_.push_back(std::move(call));
  }

  std::string_view s_;
  std::size_t i_ = 0;
  std::vector<LiteralCall> out_;
};

std::vector<std::string> field_names(const engine::RecordDef& record) {
  auto out = keys_of(record.fields);
  out.push_back("id");
  out.push_back("state");
  return out;
}

}  // namespace

Place Place::with(std::string_view root, expr::Type type) const {
  // The slots of ticket scopes and of record scopes; a hidden root comes back under its name.
  static const std::vector<std::string> ticket{"ticket",    "actor",       "now", "comment", "params",
                                               "decisions", "stopwatches", "row", "item",    "value"};
  static const std::vector<std::string> record{"record", "before", "actor", "now", "params", "value"};
  Place out = *this;
  const auto& names = scope.roots.size() == ticket.size() ? ticket : record;
  for (std::size_t i = 0; i < names.size() && i < out.scope.roots.size(); ++i)
    if (names[i] == root) out.scope.roots[i] = {names[i], std::move(type)};
  return out;
}

Place Context::place(const engine::ProcessDef& skeleton) const {
  Place out{engine::process_scope(skeleton, known), &skeleton};
  for (auto root : {engine::Root::row, engine::Root::item, engine::Root::value})
    out.scope.roots[static_cast<std::size_t>(root)].first = hidden;
  return out;
}

Place Context::place(const engine::RecordDef& skeleton) const {
  Place out{engine::record_scope(skeleton, known), nullptr};
  out.scope.roots.back().first = hidden;
  return out;
}

Place Context::bare_place() const {
  Place out = place(engine::RecordDef{});
  out.scope.roots[0].first = out.scope.roots[1].first = hidden;
  return out;
}

expr::Program Context::program(const Node* node, const Place& place, const expr::Type& expected,
                               const std::string& what) {
  return program(node, place, std::vector<expr::Type>{expected}, what);
}

expr::Program Context::program(const Node* node, const Place& place, const std::vector<expr::Type>& any_of,
                               const std::string& what) {
  if (!node) return {};
  if (node->kind != Node::Kind::scalar) {
    problems.add(*node, node->kind == Node::Kind::null
                            ? fmt::format("{} is empty; for the expression null write \"null\"", what)
                            : fmt::format("{} is an expression; put it in quotes if it begins with [ or {{", what));
    return {};
  }
  if (!compiling) return {};
  std::optional<expr::CompileError> error;
  for (const auto& expected : any_of) {
    auto program = expr::compile(node->text, place.scope, expected);
    if (program) {
      check_literals(*node, place);
      return std::move(*program);
    }
    if (!error) error = std::move(program.error());
  }
  std::size_t at = node->offset_of(byte_of_column(node->text, error->column));
  problems.add(*node->source, at, fmt::format("{}: {}{}", what, error->message, root_hint(error->message)));
  return {};
}

void Context::check_literals(const Node& node, const Place& place) {
  if (!complete) return;
  const engine::ProcessDef* p = place.process;
  for (const LiteralCall& call : LiteralScanner(node.text).calls()) {
    auto argument = [&](std::size_t i) -> const Literal* {
      return i < call.arguments.size() && call.arguments[i] ? &*call.arguments[i] : nullptr;
    };
    auto check = [&](std::size_t i, const char* what, const std::vector<std::string>& words) {
      const Literal* l = argument(i);
      if (!l || std::find(words.begin(), words.end(), l->text) != words.end()) return;
      problems.add(*node.source, node.offset_of(l->at),
                   fmt::format("{}: there is no {} '{}'{}; there are: {}", call.name, what, l->text,
                               suggestion(l->text, words), listed(words)));
    };
    const std::string& f = call.name;
    auto link = [&](const std::string& key) { return p ? p->link(key) : nullptr; };
    if (p && (f == "linked" || f == "linked_open" || f == "linked_all" || f == "links")) {
      auto own = keys_of(p->links);
      // links() shows both ends.
      if (f == "links")
        for (const auto& [key, shapes] : known.processes)
          for (const auto& other : shapes)
            for (const auto& l : other->links)
              if (std::find(l.to.begin(), l.to.end(), p->key) != l.to.end() &&
                  std::find(own.begin(), own.end(), l.key) == own.end())
                own.push_back(l.key);
      check(0, "link", own);
      if (f == "linked_all" && argument(0) && link(argument(0)->text)) {
        std::vector<std::string> states;
        for (const auto& to : link(argument(0)->text)->to)
          if (const auto* other = known.process(to))
            for (const auto& s : other->states) states.push_back(s.key);
        check(1, "state", states);
      }
    } else if (p && f.starts_with("tasks_")) {
      check(0, "task", keys_of(p->tasks));
    } else if (p && (f == "seat" || f == "sat")) {
      auto seats = keys_of(p->roles);
      for (const auto& task : p->tasks) seats.push_back("task:" + task.key);
      check(0, "role", seats);
    } else if (p && f.starts_with("clock_")) {
      check(0, "clock", keys_of(p->clocks));
    } else if (f == "holds" || f == "holders") {
      std::vector<std::string> codes;
      for (const auto& post : known.posts) codes.push_back(post.code);
      if (!codes.empty()) check(f == "holds" ? 1 : 0, "post", codes);
    } else if (f == "lookup" || f == "exists_record" || f == "records_where") {
      check(0, "register", keys_of(known.records));
      if (f != "exists_record" && argument(0))
        if (auto it = known.records.find(argument(0)->text); it != known.records.end())
          check(f == "lookup" ? 2 : 1, fmt::format("field of register '{}' called", it->first).c_str(),
                field_names(it->second));
    } else if (f == "open_tickets") {
      check(0, "process", keys_of(known.processes));
      const auto* other = argument(0) ? known.process(argument(0)->text) : nullptr;
      if (other && argument(1)) {
        check(1, "field", keys_of(other->fields));
        if (const auto* field = other->field(argument(1)->text); field && !field->indexed)
          problems.add(*node.source, node.offset_of(argument(1)->at),
                       fmt::format("open_tickets: field '{}' of process '{}' is not indexed; give it 'indexed: true'",
                                   field->key, other->key));
      }
    } else if (f == "business_time" || f == "in_hours" || f == "opens_after") {
      if (!calendar_names_.empty()) check(0, "calendar", calendar_names_);
    } else if (f == "obligation_met") {
      check(0, "plan", keys_of(known.plans));
    }
  }
}

}  // namespace anlan::definitions
