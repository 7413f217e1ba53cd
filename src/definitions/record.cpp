// Registers and parameters.
#include <fmt/format.h>

#include <algorithm>

#include "definitions/context.h"

namespace anlan::definitions {

using engine::FieldType;

void Context::record(const Document& document) {
  Object o(*document.node, "the register", problems);
  engine::RecordDef def;
  const Node* key = o.need("record");
  if (!key || !check_key(*key, problems)) def.key.clear();
  else def.key = key->text;
  static const engine::RecordDef nothing;
  auto found = record_skeletons.find(document.node.get());
  const engine::RecordDef& skeleton = found == record_skeletons.end() ? nothing : found->second;
  Place place = compiling ? this->place(skeleton) : Place{};

  def.title = o.need_both("title");
  for (const Word& w : o.words("states"))
    if (check_key(*w.node, problems)) def.states.push_back(w.text);
  o.need("fields");
  def.fields = fields(o, "fields", Site::record, place, def.states, nullptr);
  if (const Node* unique = o.get("unique")) {
    if (unique->kind != Node::Kind::list) problems.add(*unique, "'unique' is a list of lists of fields: [[code]]");
    for (const auto& item : unique->items) {
      if (item->kind != Node::Kind::list || item->items.empty()) {
        problems.add(*item, "'unique' is a list of lists of fields: [[code]]");
        continue;
      }
      std::vector<std::string> set;
      for (const Word& w : read_words(*item, "'unique'", problems))
        if (check_one(*w.node, "field", w.text, keys_of(def.fields))) set.push_back(w.text);
      if (!set.empty()) def.unique.push_back(std::move(set));
    }
  }
  for (const Word& w : o.words("maintain"))
    if (check_post(*w.node, w.text)) def.maintain.push_back(w.text);
  def.guards = guards(o, place, &def.fields);
  def.retain_until = program(o.get("retain_until"), place, types::timestamp, "'retain_until'");
  def.label = program(o.get("label"), place, types::string, "'label'");
  def.basis = basis(o);
  if (def.key.empty() || !first("register " + def.key, *key)) return;
  if (!compiling) record_skeletons.emplace(document.node.get(), def);
  else def.scope = engine::record_scope(skeleton, known);
  std::string name = def.key;
  out.records.emplace(std::move(name), std::move(def));
}

void Context::parameters(const Document& document) {
  Object top(*document.node, "the file of parameters", problems);
  for (const auto& [key, member] : top.named("parameters")) {
    Object o(*member->value, fmt::format("parameter '{}'", key), problems);
    if (!o.usable()) continue;
    engine::ParameterDef def;
    def.key = key;
    def.title = o.need_both("title");
    def.type = field_type(o, "type");
    def.own_choice = o.flag("own_choice");
    if (const Node* post = o.get("approval_post")) {
      def.approval_post = read_text(*post, "'approval_post'", problems).value_or("");
      check_post(*post, def.approval_post);
    }
    def.basis = basis(o);
    auto value = [&](const char* name) -> std::optional<Value> {
      const Node* node = o.get(name);
      if (!node || def.type.kind == FieldType::Kind::any) return {};
      engine::FieldDef field;
      field.key = name;
      field.type = def.type;
      auto decoded =
          engine::decode_fields(Value(Map{{name, plain_value(*node)}}), {field}, "", calendar::Zone::shanghai());
      if (!decoded) {
        problems.add(*node, decoded.error().message);
        return {};
      }
      const Value& v = (*decoded)[name];
      if (v.is_null()) return {};
      return v;
    };
    def.initial = value("initial");
    using T = FieldType::Kind;
    bool ordered = def.type.kind == T::integer || def.type.kind == T::number || def.type.kind == T::duration ||
                   def.type.kind == T::timestamp || def.type.kind == T::date || def.type.kind == T::choice;
    if (ordered || def.type.kind == T::any) {
      def.min = value("min");
      def.max = value("max");
      auto rank = [&](const Value& v) {
        if (def.type.kind != T::choice) return v;
        auto it = std::find(def.type.words.begin(), def.type.words.end(), v.as_string());
        return Value(static_cast<std::int64_t>(it - def.type.words.begin()));
      };
      if (def.min && def.max && rank(*def.max) < rank(*def.min)) problems.add(*o.get("max"), "'max' lies below 'min'");
      if (def.initial && def.min && rank(*def.initial) < rank(*def.min))
        problems.add(*o.get("initial"), "'initial' lies below 'min'");
      if (def.initial && def.max && rank(*def.max) < rank(*def.initial))
        problems.add(*o.get("initial"), "'initial' lies above 'max'");
    } else {
      o.refuse("min", "values of this type have no order");
      o.refuse("max", "values of this type have no order");
    }
    if (first("parameter " + key, *member->key)) out.parameters.emplace(key, std::move(def));
  }
}

}  // namespace anlan::definitions
