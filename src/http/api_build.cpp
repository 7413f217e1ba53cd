#include "http/api_build.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "http/decode.h"
#include "json/json.h"

namespace anlan::http::api {
namespace {

using Kind = Value::Kind;

bool of_type(const Value& v, std::string_view type) {
  if (v.is_null() || type == "any") return true;  // null is "not given"
  if (type == "string") return v.is(Kind::string);
  if (type == "integer") return v.is(Kind::integer);
  if (type == "boolean") return v.is(Kind::boolean);
  if (type == "object") return v.is(Kind::map);
  if (type == "array") return v.is(Kind::list);
  return false;
}

std::string_view media_type(const Request& request) {
  std::string_view type = request.header("content-type");
  return trim(type.substr(0, type.find(';')));
}

// "https://anlan.example:8443" -> "anlan.example:8443"
std::string_view authority(std::string_view origin) {
  const auto scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view{} : origin.substr(scheme + 3);
}

bool from_our_pages(const Api& api, const Request& request) {
  const std::string_view origin = request.header("origin");
  if (origin.empty())
    return iequals(media_type(request), "application/json") || !request.header("x-anlan-request").empty();
  return (!api.public_url.empty() && iequals(origin, api.public_url)) ||
         iequals(authority(origin), request.header("host"));
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return out;
}

Value typed(std::string_view type, std::string_view description) {
  Map schema;
  if (type != "any") schema.emplace("type", type);
  if (!description.empty()) schema.emplace("description", description);
  return Value(std::move(schema));
}

bool needs_body(std::string_view method) { return method == "POST" || method == "PUT"; }

Result<std::string> idempotency_key(const Request& request, const Caller& caller) {
  const std::string_view key = request.header("idempotency-key");
  if (key.empty() || request.method != "POST") return std::string();
  if (key.size() > 255) return fail(Code::invalid, "the key may have 255 characters", "Idempotency-Key");
  return caller.principal.id() + "\n" + request.method + " " + request.path + "\n" + std::string(key);
}

}  // namespace

Status check_members(const Value& body, const Body& members) {
  if (!body.is(Kind::map)) return fail(Code::invalid, "the body must be a JSON object");
  for (const auto& [key, v] : body.as_map()) {
    const auto it = std::find_if(members.begin(), members.end(), [&](const Member& m) { return key == m.name; });
    if (it == members.end()) return fail(Code::invalid, "the member '" + key + "' is not known here", key);
    if (!of_type(v, it->type)) return fail(Code::invalid, "'" + key + "' must be of type " + it->type, key);
  }
  for (const Member& member : members)
    if (member.required && body[member.name].is_null())
      return fail(Code::invalid, std::string("'") + member.name + "' is missing", member.name);
  return {};
}

Result<Value> read_body(const Request& request, const Body& members, std::size_t limit) {
  Value body{Map{}};
  if (!request.body.empty()) {
    ANLAN_TRY(body, json::parse(request.body, {.bytes = limit, .depth = 32}));
  }
  ANLAN_CHECK(check_members(body, members));
  return body;
}

Result<Caller> caller_of(const Api& api, const Request& request, bool changes, bool by_itself) {
  if (const std::string_view header = request.header("authorization"); !header.empty()) {
    if (header.size() < 8 || !iequals(header.substr(0, 7), "bearer "))
      return fail(Code::unauthenticated, "only the scheme Bearer is known");
    return api.sessions.by_token(trim(header.substr(7)));
  }
  const std::string_view cookie = request.cookie("anlan_session");
  if (cookie.empty()) return fail(Code::unauthenticated, "sign in, or send a token");
  ANLAN_TRY(Caller caller, api.sessions.by_session(cookie, by_itself));
  if (changes && !from_our_pages(api, request))
    return fail(Code::forbidden, "a request that changes something must be JSON and come from our own pages");
  return caller;
}

Status admitted(const Caller& caller, const World& world, const std::string& scope) {
  const auto& principal = caller.principal;
  if (!principal.machine.empty()) {
    if (scope.empty()) return fail(Code::forbidden, "this is for people, not for machines");
    if (scope != "*" && !principal.scopes.contains(scope))
      return fail(Code::forbidden, "the token does not carry '" + scope + "'");
    return {};
  }
  if (!world.directory().is_enabled(principal.person)) return fail(Code::unauthenticated, "the account is disabled");
  return {};
}

Status insider(const app::Platform& platform, const Caller& caller, const World& world) {
  return platform.insider(caller.principal, world);
}

Result<std::optional<std::string>> one(const Request& request, std::string_view name) {
  auto [begin, end] = request.query.equal_range(name);
  if (begin == end) return std::optional<std::string>();
  if (std::next(begin) != end)
    return fail(Code::invalid, "'" + std::string(name) + "' is given twice", std::string(name));
  return std::optional(begin->second);
}

Result<std::optional<bool>> flag(const Request& request, std::string_view name) {
  ANLAN_TRY(std::optional<std::string> text, one(request, name));
  if (!text) return std::optional<bool>();
  if (*text == "true") return std::optional(true);
  if (*text == "false") return std::optional(false);
  return fail(Code::invalid, "'" + std::string(name) + "' must be true or false", std::string(name));
}

Result<std::int64_t> number(const Request& request, std::string_view name, std::int64_t otherwise, std::int64_t least,
                            std::int64_t most) {
  ANLAN_TRY(std::optional<std::string> text, one(request, name));
  if (!text) return otherwise;
  const auto value = integer(*text);
  if (!value || *value < least || *value > most)
    return fail(
        Code::invalid,
        "'" + std::string(name) + "' must be a number from " + std::to_string(least) + " to " + std::to_string(most),
        std::string(name));
  return *value;
}

Status known_parameters(const Request& request, std::initializer_list<std::string_view> names) {
  for (const auto& [key, value] : request.query)
    if (std::find(names.begin(), names.end(), key) == names.end())
      return fail(Code::invalid, "the parameter '" + key + "' is not known here", key);
  return {};
}

Result<Value> page(const Request& request, const List& items, std::string_view key, std::int64_t otherwise,
                   std::int64_t most) {
  ANLAN_TRY(std::int64_t limit, number(request, "limit", otherwise, 1, most));
  ANLAN_TRY(std::optional<std::string> cursor, one(request, "cursor"));
  auto at = items.begin();
  if (cursor) {
    at = std::find_if(items.begin(), items.end(), [&](const Value& v) { return *cursor < v[key].as_string(); });
  }
  List out(at, items.end() - at > limit ? at + limit : items.end());
  const bool more = items.end() - at > limit;
  Value next = more ? out.back()[key] : Value();
  return Value(Map{{"items", Value(std::move(out))}, {"next_cursor", next}});
}

Result<std::optional<std::int64_t>> expected_version(const Request& request, const Value& body) {
  std::string_view tag = trim(request.header("if-match"));
  if (tag.empty() || tag == "*") {
    const Value& version = body["version"];
    return version.is_null() ? std::optional<std::int64_t>() : std::optional(version.as_int());
  }
  std::optional<std::int64_t> value;
  if (tag.size() > 2 && tag.front() == '"' && tag.back() == '"') value = integer(tag.substr(1, tag.size() - 2));
  if (!value) return fail(Code::invalid, "If-Match must be one version in quotes, as in ETag", "If-Match");
  if (!body["version"].is_null() && body["version"].as_int() != *value)
    return fail(Code::invalid, "If-Match and version differ", "version");
  return value;
}

// ---- building ------------------------------------------------------------------------------------------------

Value Builder::operation(const Doc& doc, const Body& body, bool has_body, bool idempotent) {
  Map operation{{"summary", doc.summary}, {"tags", Value(List{doc.tag})}};
  if (doc.open) operation.emplace("security", Value(List{}));
  List parameters;
  for (const Parameter& p : doc.query) {
    if (std::string_view(p.name) == "limit" || std::string_view(p.name) == "cursor") {
      parameters.push_back(Value(Map{{"$ref", std::string("#/components/parameters/") +
                                                  (std::string_view(p.name) == "limit" ? "Limit" : "Cursor")}}));
      continue;
    }
    parameters.push_back(Value(Map{{"name", p.name},
                                   {"in", "query"},
                                   {"description", p.description},
                                   {"schema", Value(Map{{"type", p.type}})}}));
  }
  if (idempotent) parameters.push_back(Value(Map{{"$ref", "#/components/parameters/IdempotencyKey"}}));
  if (!parameters.empty()) operation.emplace("parameters", Value(std::move(parameters)));
  if (has_body && !body.empty()) {
    Map properties;
    List required;
    for (const Member& m : body) {
      properties.emplace(m.name, typed(m.type, m.description));
      if (m.required) required.emplace_back(m.name);
    }
    Map schema{{"type", "object"}, {"properties", Value(std::move(properties))}, {"additionalProperties", false}};
    const bool any = !required.empty();
    if (any) schema.emplace("required", Value(std::move(required)));
    operation.emplace("requestBody",
                      Value(Map{{"required", any},
                                {"content", Value(Map{{"application/json",
                                                       Value(Map{{"schema", Value(std::move(schema))}})}})}}));
  }
  Map response{{"description", doc.answer}};
  if (std::string_view(doc.schema) != "-" && doc.status != 204) {
    Value schema = *doc.schema ? Value(Map{{"$ref", std::string("#/components/schemas/") + doc.schema}})
                               : Value(Map{{"type", "object"}});
    response.emplace("content", Value(Map{{"application/json", Value(Map{{"schema", schema}})}}));
  }
  operation.emplace("responses", Value(Map{{std::to_string(doc.status), Value(std::move(response))}}));
  return Value(std::move(operation));
}

void Builder::read(const char* pattern, const char* scope, Doc doc, Read f) {
  Route route;
  route.method = "GET";
  route.pattern = pattern;
  route.openapi = operation(doc, {}, false, false);
  route.handle = [api = api_, scope = std::string(scope), by_itself = doc.by_itself,
                  f = std::move(f)](std::shared_ptr<const Request> request, Respond respond) {
    auto caller = caller_of(*api, *request, false, by_itself);
    if (!caller) return respond(problem(caller.error(), *request));
    Response response;
    auto status = api->platform.read([&](Reader& reader, const World& world) -> Status {
      ANLAN_CHECK(admitted(*caller, world, scope));
      ANLAN_TRY(response, f(*request, *caller, reader, world));
      return {};
    });
    respond(status ? std::move(response) : problem(status.error(), *request));
  };
  routes_.push_back(std::move(route));
}

void Builder::call(const char* method, const char* pattern, const char* scope, Doc doc, Body body, Handle f,
                   std::size_t body_limit) {
  Route route;
  route.method = method;
  route.pattern = pattern;
  route.body_limit = body_limit;
  route.openapi = operation(doc, body, needs_body(method), false);
  route.handle = [api = api_, scope = std::string(scope), open = doc.open, by_itself = doc.by_itself,
                  body = std::move(body), body_limit,
                  f = std::move(f)](std::shared_ptr<const Request> request, Respond respond) {
    Caller caller;
    if (!open) {
      auto found = caller_of(*api, *request, true, by_itself);
      if (!found) return respond(problem(found.error(), *request));
      caller = std::move(*found);
      auto status =
          api->platform.read([&](Reader&, const World& world) { return admitted(caller, world, scope); });
      if (!status) return respond(problem(status.error(), *request));
    } else if (!from_our_pages(*api, *request)) {
      // Signing somebody in from a foreign page is an attack too.
      return respond(problem(Error{Code::forbidden, "the request must be JSON and come from our own pages", {}, {}},
                             *request));
    }
    auto given = read_body(*request, body, body_limit);
    if (!given) return respond(problem(given.error(), *request));
    f(request, caller, *given, std::move(respond));
  };
  routes_.push_back(std::move(route));
}

void Builder::write(const char* method, const char* pattern, const char* scope, Doc doc, Body body, Prepare prepare,
                    std::size_t body_limit) {
  Route route;
  route.method = method;
  route.pattern = pattern;
  route.body_limit = body_limit;
  route.openapi = operation(doc, body, needs_body(method), std::string_view(method) == "POST");
  route.handle = [api = api_, scope = std::string(scope), status = doc.status, body = std::move(body), body_limit,
                  prepare = std::move(prepare)](std::shared_ptr<const Request> request, Respond respond) {
    auto refuse_with = [&](const Error& error) { respond(problem(error, *request)); };
    auto caller = caller_of(*api, *request, true);
    if (!caller) return refuse_with(caller.error());
    auto given = read_body(*request, body, body_limit);
    if (!given) return refuse_with(given.error());
    auto key = idempotency_key(*request, *caller);
    if (!key) return refuse_with(key.error());
    auto unit = prepare(*request, *caller, *given);
    if (!unit) return refuse_with(unit.error());
    struct State {
      Unit unit;
      bool replayed = false;
    };
    auto state = std::make_shared<State>(State{std::move(*unit)});
    std::string digest = key->empty() ? std::string() : api->secrets.digest(request->body);
    api->platform.write(
        [api, state, caller = *caller, scope, key = *key, digest = std::move(digest)](
            Txn& txn, const World& world) -> Result<Value> {
          ANLAN_CHECK(admitted(caller, world, scope));
          if (!key.empty()) {
            ANLAN_TRY(std::optional<Value> before, txn.idempotent(key, digest));
            if (before) {
              state->replayed = true;
              return *before;
            }
          }
          ANLAN_TRY(Value result, state->unit.work(txn, world));
          if (!key.empty()) ANLAN_CHECK(txn.remember(key, digest, result, api->platform.now()));
          return result;
        },
        [state, request, status, respond = std::move(respond)](Result<Value> result) mutable {
          if (!result) {
            Response response = problem(result.error(), *request);
            if (state->unit.failed) state->unit.failed(result.error(), response);
            return respond(std::move(response));
          }
          Response response;
          if (status == 204) response.status = 204;
          else response = json_response(*result, status);
          if (state->unit.finish) state->unit.finish(*result, response);
          if (state->replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
          respond(std::move(response));
        });
  };
  routes_.push_back(std::move(route));
}

}  // namespace anlan::http::api
