#include "http/openapi.h"

#include <algorithm>
#include <set>

#include "http/decode.h"
#include "http/router.h"

namespace anlan::http {
namespace {

using Kind = Value::Kind;

Value map(std::initializer_list<Map::value_type> members) { return Value(Map(members)); }
Value list(std::initializer_list<Value> members) { return Value(List(members)); }

Value typed(const char* type) { return map({{"type", type}}); }
Value nullable(const char* type) { return map({{"type", list({type, "null"})}}); }
Value timestamp() { return map({{"type", "string"}, {"format", "date-time"}}); }
Value reference(const std::string& where) { return map({{"$ref", "#/components/" + where}}); }
Value array_of(Value items) { return map({{"type", "array"}, {"items", std::move(items)}}); }
Value object(Value properties, List required) {
  return map({{"type", "object"}, {"properties", std::move(properties)}, {"required", Value(std::move(required))}});
}

Map shared_schemas() {
  Map out;
  out["Text"] = object(map({{"zh", typed("string")}, {"en", typed("string")}}), {"zh", "en"});
  out["Refusal"] = object(map({{"clause", typed("string")},
                               {"code", typed("string")},
                               {"zh", typed("string")},
                               {"en", typed("string")},
                               {"field", typed("string")},
                               {"requirement", typed("string")},
                               {"waiver", map({{"type", "string"}, {"enum", list({"exception", "break_glass"})}})}}),
                          {"clause", "code", "zh", "en", "field", "requirement"});
  out["Problem"] = object(map({{"type", typed("string")},
                               {"title", typed("string")},
                               {"status", typed("integer")},
                               {"detail", typed("string")},
                               {"instance", typed("string")},
                               {"request_id", typed("string")},
                               {"code", typed("string")},
                               {"field", typed("string")},
                               {"refusals", array_of(reference("schemas/Refusal"))}}),
                          {"type", "title", "status", "detail", "code"});
  out["Ticket"] = object(map({{"number", typed("string")},
                              {"process", typed("string")},
                              {"state", typed("string")},
                              {"title", typed("string")},
                              {"holder", nullable("string")},
                              {"severity", nullable("string")},
                              {"opened_at", timestamp()},
                              {"fields", typed("object")},
                              {"version", typed("integer")}}),
                         {"number", "process", "state", "title", "holder", "severity", "opened_at", "fields",
                          "version"});
  out["Page"] = object(map({{"items", array_of(typed("object"))}, {"next_cursor", nullable("string")}}),
                       {"items", "next_cursor"});
  out["Event"] = object(map({{"position", typed("integer")},
                             {"kind", typed("string")},
                             {"at", timestamp()},
                             {"by", nullable("string")},
                             {"data", typed("object")}}),
                        {"position", "kind", "at"});
  out["Action"] = object(map({{"action", typed("string")},
                              {"title", reference("schemas/Text")},
                              {"open", typed("boolean")},
                              {"refusals", array_of(reference("schemas/Refusal"))}}),
                         {"action", "open", "refusals"});
  out["Link"] = object(map({{"relation", typed("string")}, {"ticket", typed("string")}}), {"relation", "ticket"});
  out["Task"] = object(map({{"id", typed("string")},
                            {"state", typed("string")},
                            {"title", reference("schemas/Text")},
                            {"holder", nullable("string")}}),
                       {"id", "state"});
  out["Clock"] = object(map({{"clock", typed("string")},
                             {"state", typed("string")},
                             {"due", map({{"type", list({"string", "null"})}, {"format", "date-time"}})},
                             {"breached", typed("boolean")}}),
                        {"clock", "state"});
  return out;
}

Value components(const Value& schemas) {
  Map all = shared_schemas();
  for (const auto& [key, schema] : schemas.as_map()) all[key] = schema;
  const Value problem_content =
      map({{"application/problem+json", map({{"schema", reference("schemas/Problem")}})}});
  return map(
      {{"schemas", Value(std::move(all))},
       {"responses",
        map({{"Problem", map({{"description", "What went wrong, as RFC 9457."}, {"content", problem_content}})}})},
       {"parameters",
        map({{"Limit", map({{"name", "limit"},
                            {"in", "query"},
                            {"description", "Most items of a page."},
                            {"schema", map({{"type", "integer"}, {"minimum", 1}, {"maximum", 200}})}})},
             {"Cursor", map({{"name", "cursor"},
                             {"in", "query"},
                             {"description", "next_cursor of the page before."},
                             {"schema", typed("string")}})},
             {"IdempotencyKey", map({{"name", "Idempotency-Key"},
                                     {"in", "header"},
                                     {"description", "Makes a repeated POST answer like the first."},
                                     {"schema", typed("string")}})}})},
       {"securitySchemes",
        map({{"session", map({{"type", "apiKey"}, {"in", "cookie"}, {"name", "anlan_session"}})},
             {"token", map({{"type", "http"}, {"scheme", "bearer"}})}})}});
}

// "/api/v1/files/{rest*}" -> "/api/v1/files/{rest}": OpenAPI has no word for the rest.
std::string path_key(const Pattern& pattern) {
  std::string out;
  for (const auto& segment : pattern.segments) {
    const bool literal = segment.kind == Pattern::Segment::Kind::literal;
    out += literal ? "/" + segment.text : "/{" + segment.text + "}";
  }
  return out;
}

std::string operation_id(const Route& route, const Pattern& pattern) {
  std::string out = lower(route.method);
  const auto append = [&](std::string_view word) {
    bool up = true;
    for (const char c : word) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (letter) out += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      up = !letter;
    }
  };
  bool leading = true;  // "/api/v1" says nothing in a name
  for (const auto& segment : pattern.segments) {
    const bool literal = segment.kind == Pattern::Segment::Kind::literal;
    if (leading && literal && (segment.text == "api" || segment.text == "v1")) continue;
    leading = false;
    if (!literal) out += "By";
    append(segment.text);
  }
  return out;
}

// The names of an operation's own path parameters.
std::multiset<std::string> declared_in_path(const Value& operation) {
  std::multiset<std::string> out;
  for (const Value& parameter : operation["parameters"].as_list())
    if (parameter["in"].as_string() == "path") out.insert(parameter["name"].as_string());
  return out;
}

Value complete(const Route& route, const Pattern& pattern) {
  Map operation = route.openapi.as_map();
  if (!operation.contains("operationId")) operation["operationId"] = operation_id(route, pattern);
  const auto declared = declared_in_path(route.openapi);
  List parameters = operation["parameters"].as_list();
  for (const std::string& name : pattern.names())
    if (!declared.contains(name))
      parameters.push_back(
          map({{"name", name}, {"in", "path"}, {"required", true}, {"schema", typed("string")}}));
  if (parameters.empty()) operation.erase("parameters");
  else operation["parameters"] = Value(std::move(parameters));
  Map responses = operation["responses"].as_map();
  responses.try_emplace("default", reference("responses/Problem"));
  operation["responses"] = Value(std::move(responses));
  return Value(std::move(operation));
}

bool hidden(const Route& route) { return route.openapi.is(Kind::boolean) && !route.openapi.as_bool(); }

// Does "#/components/schemas/Ticket" lead somewhere within the document?
bool leads_somewhere(const Value& document, std::string_view where) {
  if (!where.starts_with("#/")) return false;
  const Value* at = &document;
  for (where.remove_prefix(2);;) {
    const std::size_t slash = where.find('/');
    at = &(*at)[where.substr(0, slash)];
    if (at->is_null()) return false;
    if (slash == std::string_view::npos) return true;
    where.remove_prefix(slash + 1);
  }
}

void check_references(const Value& document, const Value& part, const std::string& label,
                      std::vector<std::string>& faults) {
  if (part.is(Kind::list)) {
    for (const Value& item : part.as_list()) check_references(document, item, label, faults);
  } else if (part.is(Kind::map)) {
    for (const auto& [key, member] : part.as_map()) {
      if (key == "$ref" && member.is(Kind::string)) {
        if (!leads_somewhere(document, member.as_string()))
          faults.push_back(label + ": the reference " + member.as_string() + " leads nowhere.");
      } else {
        check_references(document, member, label, faults);
      }
    }
  }
}

bool response_key(const std::string& key) {
  if (key == "default") return true;
  return key.size() == 3 && key[0] >= '1' && key[0] <= '5' &&
         ((key[1] == 'X' && key[2] == 'X') || (key[1] >= '0' && key[1] <= '9' && key[2] >= '0' && key[2] <= '9'));
}

}  // namespace

Value openapi_document(const std::vector<Route>& routes, std::string_view title, std::string_view version,
                       const Value& schemas) {
  std::map<std::string, Map> paths;
  for (const Route& route : routes) {
    if (!route.openapi.is(Kind::map)) continue;
    const auto pattern = parse_pattern(route.pattern);
    if (!pattern) continue;
    paths[path_key(*pattern)][lower(route.method)] = complete(route, *pattern);
  }
  Map path_items;
  for (auto& [path, operations] : paths) path_items[path] = Value(std::move(operations));
  return map({{"openapi", "3.1.0"},
              {"info", map({{"title", title}, {"version", version}})},
              {"servers", list({map({{"url", "/"}})})},
              {"security", list({map({{"session", Value(List{})}}), map({{"token", Value(List{})}})})},
              {"paths", Value(std::move(path_items))},
              {"components", components(schemas)}});
}

std::vector<std::string> check_openapi(const std::vector<Route>& routes, const Value& schemas) {
  std::vector<std::string> faults;
  std::map<std::string, std::string> ids;
  const Value document = openapi_document(routes, "check", "0", schemas);
  for (const Route& route : routes) {
    const std::string label = route.method + " " + route.pattern;
    const auto fault = [&](const std::string& what) { faults.push_back(label + ": " + what); };
    const auto pattern = parse_pattern(route.pattern);
    if (!pattern) {
      fault(pattern.error().message);
      continue;
    }
    if (hidden(route)) continue;
    const Value& operation = route.openapi;
    if (!operation.is(Kind::map)) {
      fault("has no operation.");
      continue;
    }
    if (operation["summary"].as_string().empty()) fault("has no summary.");
    if (operation["responses"].as_map().empty()) fault("has no responses.");
    for (const auto& [status, response] : operation["responses"].as_map()) {
      if (!response_key(status)) fault("the response " + status + " is no status.");
      if (response["description"].as_string().empty() && response["$ref"].is_null())
        fault("the response " + status + " has no description.");
    }
    const auto names = pattern->names();
    for (const std::string& name : declared_in_path(operation))
      if (std::find(names.begin(), names.end(), name) == names.end())
        fault("declares the path parameter " + name + ", which its pattern does not have.");
    std::set<std::pair<std::string, std::string>> seen;
    for (const Value& parameter : operation["parameters"].as_list()) {
      if (!parameter["$ref"].is_null()) continue;
      const std::string& name = parameter["name"].as_string();
      const std::string& place = parameter["in"].as_string();
      if (name.empty() || parameter["schema"].is_null()) fault("a parameter lacks its name or its schema.");
      if (place != "path" && place != "query" && place != "header" && place != "cookie")
        fault("the parameter " + name + " has no place.");
      if (place == "path" && !parameter["required"].as_bool())
        fault("the path parameter " + name + " must be required.");
      if (!seen.emplace(place, name).second) fault("declares the parameter " + name + " twice.");
    }
    if (route.method == "GET" && !operation["requestBody"].is_null()) fault("a GET has no body.");
    const Value completed = complete(route, *pattern);
    const std::string& id = completed["operationId"].as_string();
    if (const auto [it, fresh] = ids.emplace(id, label); !fresh)
      fault("has the operation id " + id + " of " + it->second + ".");
    check_references(document, completed, label, faults);
  }
  check_references(document, document["components"], "components", faults);
  return faults;
}

}  // namespace anlan::http
