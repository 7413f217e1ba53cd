// What all words share: bases, audiences, field types, fields, guards.
#include <fmt/format.h>

#include <algorithm>

#include "definitions/context.h"

namespace anlan::definitions {

using engine::FieldDef;
using engine::FieldType;
using T = FieldType::Kind;

std::string where(const Node& node) {
  auto place = node.source->place(node.offset);
  return fmt::format("{}:{}:{}", node.source->path(), place.line, place.column);
}

bool Context::first(const std::string& what, const Node& node) {
  auto [it, fresh] = declared_.emplace(what, where(node));
  if (!fresh) problems.add(node, fmt::format("{} is declared already at {}; keep one of the two", what, it->second));
  return fresh;
}

bool Context::check_one(const Node& node, const std::string& what, const std::string& word,
                        const std::vector<std::string>& words) {
  if (word.empty()) return false;
  if (!complete || !compiling || std::find(words.begin(), words.end(), word) != words.end()) return true;
  problems.add(node,
               fmt::format("there is no {} '{}'{}; there are: {}", what, word, suggestion(word, words), listed(words)));
  return false;
}
bool Context::check_process(const Node& node, const std::string& key) {
  return check_one(node, "process", key, keys_of(known.processes));
}
bool Context::check_register(const Node& node, const std::string& key) {
  return check_one(node, "register", key, keys_of(known.records));
}
bool Context::check_post(const Node& node, const std::string& code) {
  std::vector<std::string> codes;
  for (const auto& post : known.posts) codes.push_back(post.code);
  return codes.empty() || check_one(node, "post", code, codes);
}

namespace {
// The number of a clause alone: "9.1.5.3 ¶1" and "7.2.5.1 d" stand under 9.1.5.3 and 7.2.5.1. Clauses of other
// documents have a form of their own and stay whole.
std::string clause_number(const std::string& clause) {
  auto end = clause.find_first_of(" ;/");
  if (end == std::string::npos) return clause;
  std::string head = clause.substr(0, end);
  bool numbered = std::isdigit(static_cast<unsigned char>(head[0])) || (head.size() > 2 && head[1] == '.');
  return numbered ? head : clause;
}
}  // namespace

engine::Basis Context::basis(Object& o) {
  engine::Basis basis;
  basis.where = where(o.node());
  for (const Word& word : o.words("req")) {
    basis.req.push_back(word.text);
    auto it = known.requirements.find(word.text);
    if (it == known.requirements.end() && compiling && complete && !known.requirements.empty()) {
      // Near ids are those of the same clause.
      auto clause = word.text.substr(0, word.text.find('-'));
      std::vector<std::string> near;
      for (auto r = known.requirements.lower_bound(clause + "-");
           r != known.requirements.end() && r->first.starts_with(clause + "-"); ++r)
        near.push_back(r->first);
      problems.add(*word.node, fmt::format("there is no requirement '{}'{}", word.text,
                                           near.empty() ? "; see definitions/standard"
                                                        : "; of this clause there are: " + listed(near)));
    }
    if (basis.clause.empty())
      basis.clause =
          it == known.requirements.end() ? word.text.substr(0, word.text.find('-')) : clause_number(it->second.clause);
  }
  return basis;
}

engine::Audience Context::audience(const Node* node, const engine::ProcessDef* process, const std::string& what) {
  engine::Audience out;
  if (!node) return out;
  Object o(*node, what, problems);
  if (process) {
    for (const Word& w : o.words("roles"))
      if (check_one(*w.node, "role", w.text, keys_of(process->roles))) out.roles.push_back(w.text);
  } else {
    o.refuse("roles", "there is no ticket whose seats could be told; name posts");
  }
  for (const Word& w : o.words("posts"))
    if (check_post(*w.node, w.text)) out.posts.push_back(w.text);
  if (o.usable() && !o.has("roles") && !o.has("posts"))
    problems.add(*node, fmt::format("{} names nobody; give roles or posts", what));
  return out;
}

// ---- types ----

namespace {
struct Simple {
  const char* name;
  T kind;
};
constexpr Simple simple_types[] = {{"string", T::string}, {"text", T::text},         {"int", T::integer},
                                   {"number", T::number}, {"bool", T::boolean},      {"timestamp", T::timestamp},
                                   {"date", T::date},     {"duration", T::duration}, {"person", T::person},
                                   {"board", T::board},   {"unit", T::unit},         {"interval", T::interval},
                                   {"choice", T::choice}, {"ticket", T::ticket}};

std::vector<std::string> type_names() {
  std::vector<std::string> out;
  for (const auto& t : simple_types) out.emplace_back(t.name);
  out.insert(out.end(), {"ticket(<process>)", "ref(<register>)", "list<type>", "table"});
  return out;
}

// "ref(system)" -> "system", when the name fits.
std::optional<std::string> within(const std::string& s, std::string_view head, std::string_view tail) {
  if (s.size() <= head.size() + tail.size() || !s.starts_with(head) || !s.ends_with(tail)) return {};
  return s.substr(head.size(), s.size() - head.size() - tail.size());
}
}  // namespace

FieldType Context::field_type(Object& o, std::string_view key) {
  FieldType type;
  type.kind = T::any;  // after a mistake: no second one follows from it
  const Node* node = o.need(key);
  std::string name = node ? read_text(*node, "the type", problems).value_or("") : "";
  if (name.empty()) {
    o.get("words");
    o.get("columns");
    return type;
  }
  auto one = [&](const std::string& s) -> FieldType {
    FieldType t;
    t.kind = T::any;
    for (const auto& simple : simple_types)
      if (s == simple.name) {
        t.kind = simple.kind;
        return t;
      }
    if (auto reg = within(s, "ref(", ")")) {
      if (check_register(*node, *reg)) t.kind = T::ref, t.reg = *reg;
    } else if (auto process = within(s, "ticket(", ")")) {
      if (check_process(*node, *process)) t.kind = T::ticket, t.process = *process;
    } else {
      problems.add(*node, fmt::format("there is no type '{}'{}; there are: {}", s, suggestion(s, type_names()),
                                      listed(type_names())));
    }
    return t;
  };
  if (name == "table") {
    type.kind = T::table;
  } else if (auto inner = within(name, "list<", ">")) {
    FieldType element = one(*inner);
    if (element.kind == T::interval || element.kind == T::text)
      problems.add(*node, fmt::format("a list of {} cannot be; use a table", *inner));
    if (element.kind != T::any) {
      type.kind = T::list;
      type.element = std::make_shared<FieldType>(std::move(element));
    }
  } else {
    type = one(name);
  }
  FieldType* chooser = type.kind == T::choice                                    ? &type
                       : type.kind == T::list && type.element->kind == T::choice ? type.element.get()
                                                                                 : nullptr;
  if (chooser) {
    if (!o.has("words")) problems.add(*node, "a choice lists its 'words', from the lowest to the highest");
    for (const auto& [word, member] : o.named("words")) {
      chooser->words.push_back(word);
      if (auto label = read_both(*member->value, fmt::format("the word '{}'", word), problems))
        chooser->labels[word] = *label;
    }
    if (o.has("words") && chooser->words.empty()) problems.add(*node, "a choice needs at least one word");
    if (chooser->words.empty()) type.kind = T::any;
  } else if (type.kind != T::any) {
    o.refuse("words", "only a choice has words");
  } else {
    o.get("words");
  }
  if (type.kind == T::table) {
    if (!o.has("columns")) problems.add(*node, "a table lists its 'columns', each a field");
    type.columns = fields(o, "columns", Site::column, {}, {}, nullptr);
    if (o.has("columns") && type.columns.empty()) problems.add(*node, "a table needs at least one column");
  } else if (type.kind != T::any) {
    o.refuse("columns", "only a table has columns");
  } else {
    o.get("columns");
  }
  return type;
}

std::vector<FieldDef> Context::fields(Object& o, std::string_view key, Site site, const Place& place,
                                      const std::vector<std::string>& states, const engine::ProcessDef* owner) {
  std::vector<FieldDef> out;
  static const std::vector<std::string> of_ticket{"number", "process",   "state",       "open",      "drill",
                                                  "opener", "opened_at", "state_since", "closed_at", "holder"};
  static const std::vector<std::string> of_record{"id", "state"};
  for (const auto& [name, member] : o.named(key)) {
    const auto& reserved = site == Site::process  ? of_ticket
                           : site == Site::record ? of_record
                                                  : std::vector<std::string>{};
    if (std::find(reserved.begin(), reserved.end(), name) != reserved.end())
      problems.add(*member->key, fmt::format("'{}' is a member that every {} has by itself; choose another key", name,
                                             site == Site::process ? "ticket" : "record"));
    Object f(*member->value, fmt::format("{} '{}'", site == Site::column ? "column" : "field", name), problems);
    FieldDef def;
    def.key = name;
    def.type = field_type(f, "type");
    def.label = f.need_both("label");
    def.help = f.both("help");
    def.required = f.flag("required");
    def.basis = basis(f);
    if (const Node* form = f.get("form")) {
      static const std::map<std::string, FieldDef::Form> forms{
          {"calendar", FieldDef::Form::calendar}, {"match", FieldDef::Form::match}, {"post", FieldDef::Form::post}};
      auto named = read_text(*form, "'form'", problems).value_or("");
      if (check_one(*form, "form", named, keys_of(forms)) && forms.contains(named)) def.form = forms.at(named);
      auto kind = def.type.kind == T::list ? def.type.element->kind : def.type.kind;
      if (site != Site::record || (kind != T::string && kind != T::any)) f.refuse("form", "only a string of a register has one");
    }
    bool whole = site == Site::process || site == Site::record;
    if (whole) {
      for (const Word& w : f.words("required_in"))
        if (check_one(*w.node, "state", w.text, states)) def.required_in.push_back(w.text);
      if (def.required && !def.required_in.empty())
        f.refuse("required_in", "the field is required in every state already");
      if (f.has("required_when") && !def.required && def.required_in.empty())
        f.refuse("required_when", "it narrows 'required_in' or 'required'; give one of them");
      def.required_when = program(f.get("required_when"), place, types::boolean, "'required_when'");
      const Node* check = f.get("check");
      def.check = program(check, check && compiling ? place.with("value", def.type.static_type()) : place, types::boolean,
                          "'check'");
      def.check_else = f.both("check_else");
      if (f.has("check") && !f.has("check_else"))
        problems.add(*member->value, "a field with 'check' says in 'check_else' what is wrong and how to mend it");
      if (!f.has("check")) f.refuse("check_else", "there is no 'check'");
    } else {
      for (const char* k : {"required_in", "required_when", "check", "check_else"})
        f.refuse(k, site == Site::column ? "a column is only typed and required; check it in a guard"
                                         : "an answer is only typed and required");
    }
    if (site == Site::process) {
      def.initial = program(f.get("initial"), place, def.type.static_type(), "'initial'");
      def.read_when = program(f.get("read_when"), place, types::boolean, "'read_when'");
      def.indexed = f.flag("indexed");
      auto kind = def.type.kind == T::list ? def.type.element->kind : def.type.kind;
      if (def.indexed && (kind == T::table || kind == T::interval || kind == T::text))
        f.refuse("indexed", "only a short value can be searched by; choose another type");
      const Node* decided = f.get("decided_by");
      if (decided && owner) {
        def.decided_by = read_text(*decided, "'decided_by'", problems).value_or("");
        if (check_one(*decided, "decision", def.decided_by, keys_of(owner->decisions)) && compiling) {
          const auto* decision = owner->decision(def.decided_by);
          if (decision && decision->into != name)
            problems.add(*decided, fmt::format("decision '{}' does not fill this field; give it 'into: {}'",
                                               def.decided_by, name));
        }
      }
    } else {
      const char* why = site == Site::record   ? "a record has no opening, no decisions and no search by field"
                        : site == Site::column ? "a column is only typed and required"
                                               : "an answer is only typed and required";
      for (const char* k : {"initial", "read_when", "indexed", "decided_by"}) f.refuse(k, why);
    }
    out.push_back(std::move(def));
  }
  return out;
}

std::vector<engine::GuardDef> Context::guards(Object& o, const Place& place, const std::vector<FieldDef>* fields) {
  std::vector<engine::GuardDef> out;
  for (const Node* item : o.items("guards")) {
    Object g(*item, "a guard", problems);
    if (!g.usable()) continue;
    engine::GuardDef def;
    def.condition = program(g.need("if"), place, types::boolean, "the guard");
    const Node* code = g.need("code");
    def.code = code ? read_text(*code, "'code'", problems).value_or("") : "";
    if (!def.code.empty() && check_key(*code, problems))
      for (const auto& other : out)
        if (other.code == def.code) {
          problems.add(
              *code,
              fmt::format(
                  "the code '{}' stands twice here; each guard has its own, so that a refusal can be told from another",
                  def.code));
          break;
        }
    def.otherwise = g.need_both("else");
    if (const Node* field = g.get("field")) {
      def.field = read_text(*field, "'field'", problems).value_or("");
      if (fields) check_one(*field, "field", def.field, keys_of(*fields));
    }
    using W = engine::GuardDef::Waiver;
    constexpr W waivers[] = {W::break_glass, W::exception, W::law};
    def.waiver = waivers[g.choice("waiver", {"break_glass", "exception", "law"})];
    def.basis = basis(g);
    out.push_back(std::move(def));
  }
  return out;
}

std::map<std::string, expr::Program> Context::values(const Node* node, const std::vector<FieldDef>& fields,
                                                     const Place& place, const std::string& what,
                                                     const std::string& of) {
  std::map<std::string, expr::Program> out;
  if (!node) return out;
  if (node->kind != Node::Kind::map) {
    problems.add(*node, fmt::format("{} is a mapping of fields to expressions", what));
    return out;
  }
  for (const auto& member : node->members) {
    const std::string& key = member.key->text;
    auto def = std::find_if(fields.begin(), fields.end(), [&](const FieldDef& f) { return f.key == key; });
    if (def == fields.end()) {
      check_one(*member.key, fmt::format("field of {} called", of), key, keys_of(fields));
      continue;
    }
    out.emplace(key, program(member.value.get(), place, def->type.static_type(), fmt::format("'{}'", key)));
  }
  return out;
}

}  // namespace anlan::definitions
