// Sign-in, links, the person's own things, machine tokens.
#include "base/text.h"
#include "http/api_build.h"

namespace anlan::http::api {
namespace {

using app::Sessions;

std::string cookie(const Api& api, const std::string& token, Duration keep) {
  std::string out =
      "anlan_session=" + token + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(keep.ms / 1000);
  if (api.secure_cookie) out += "; Secure";
  return out;
}

void answer_opened(const Api& api, const Request& request, Respond& respond, const Result<Sessions::Opened>& opened) {
  if (!opened) return respond(problem(opened.error(), request));
  Response response = json_response(Value(Map{{"person", opened->person}, {"expires_at", opened->expires_at}}));
  response.headers.emplace_back("Set-Cookie", cookie(api, opened->token, opened->expires_at - api.platform.now()));
  respond(std::move(response));
}

Value text(const Text& t) { return Value(Map{{"zh", t.zh}, {"en", t.en}}); }

Value me_value(const Api& api, const Caller& caller, const World& world, const std::string& language) {
  const auto& directory = world.directory();
  const auto& principal = caller.principal;
  if (!principal.machine.empty())
    return Value(Map{{"id", principal.id()},
                     {"name", Value(Map{{"zh", principal.machine}, {"en", principal.machine}})},
                     {"machine", true},
                     {"posts", Value(List{})},
                     {"permissions", Value(List(principal.scopes.begin(), principal.scopes.end()))},
                     {"language", "en"}});
  const auto* person = directory.person(principal.person);
  List posts, permissions;
  for (const auto& grant : directory.posts_of(principal.person, api.platform.now()))
    posts.push_back(Value(Map{{"post", grant.post},
                              {"title", text(directory.title_of_post(grant.post))},
                              {"board", grant.board.empty() ? Value() : Value(grant.board)},
                              {"unit", grant.unit.empty() ? Value() : Value(grant.unit)},
                              {"line", grant.line == 0 ? Value() : Value(grant.line)},
                              {"until", grant.until ? Value(*grant.until) : Value()}}));
  for (const auto& permission : directory.permissions_of(principal.person, api.platform.now()))
    permissions.emplace_back(permission);
  return Value(Map{{"id", principal.person},
                   {"login", person ? Value(person->login) : Value()},
                   {"name", text(directory.name_of(principal.person))},
                   {"machine", false},
                   {"internal", person && person->internal},
                   {"unit", person && !person->unit.empty() ? Value(person->unit) : Value()},
                   {"posts", Value(std::move(posts))},
                   {"permissions", Value(std::move(permissions))},
                   {"language", language}});
}

}  // namespace

void add_session_routes(Builder& b) {
  auto api = b.shared();

  b.call("POST", "/api/v1/session", "",
         {.tag = "session", .summary = "Sign in", .answer = "Signed in; the cookie holds the session.",
          .schema = "Session", .open = true},
         {{"login", "string", true}, {"password", "string", true}},
         [api](std::shared_ptr<const Request> request, const Caller&, const Value& body, Respond respond) {
           api->sessions.sign_in(body["login"].as_string(), body["password"].as_string(), request->remote,
                                 std::string(request->cookie("anlan_session")),
                                 [api, request, respond = std::move(respond)](Result<Sessions::Opened> opened) mutable {
                                   answer_opened(*api, *request, respond, opened);
                                 });
         });

  {
    Route route;
    route.method = "GET";
    route.pattern = "/api/v1/demo";
    route.openapi = Builder::operation({.tag = "session",
                                        .summary = "As whom to look at a demonstration and what to try",
                                        .answer = "Its people with their password; nobody where this is none.",
                                        .open = true},
                                       {}, false, false);
    route.handle = [api](std::shared_ptr<const Request>, Respond respond) {
      respond(json_response(api->demo.is_null() ? Value(Map{{"visits", List{}}}) : api->demo));
    };
    b.add(std::move(route));
  }
  {
    Route route;
    route.method = "DELETE";
    route.pattern = "/api/v1/session";
    route.openapi = Builder::operation(
        {.tag = "session", .summary = "Sign out", .status = 204, .answer = "Signed out."}, {}, false, false);
    route.handle = [api](std::shared_ptr<const Request> request, Respond respond) {
      auto caller = caller_of(*api, *request, true);
      // Who has no session any more is signed out already; a request from elsewhere is not heard.
      if (!caller && caller.error().code != Code::unauthenticated) return respond(problem(caller.error(), *request));
      auto answer = [api, request, respond = std::move(respond)](Status status) mutable {
        if (!status) return respond(problem(status.error(), *request));
        Response response;
        response.status = 204;
        response.headers.emplace_back("Set-Cookie", cookie(*api, "", Duration{}));
        respond(std::move(response));
      };
      if (!caller || caller->session.empty()) return answer({});
      api->sessions.sign_out(caller->session, std::move(answer));
    };
    b.add(std::move(route));
  }

  b.read("/api/v1/me", "*", {.tag = "session", .summary = "Who asks: person, posts, permissions, language",
                            .answer = "The person.", .schema = "Me"},
         [api](const Request&, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_TRY(std::string language, api->sessions.language(reader, caller.principal.person));
           return json_response(me_value(*api, caller, world, language));
         });
  b.write("PUT", "/api/v1/me", "",
          {.tag = "session", .summary = "Choose the language", .answer = "The choice."},
          {{"language", "string", true, "zh or en"}},
          [api](const Request&, const Caller& caller, const Value& body) -> Result<Builder::Unit> {
            return Builder::Unit{
                [api, person = caller.principal.person, language = body["language"].as_string()](
                    Txn& txn, const World&) -> Result<Value> {
                  ANLAN_CHECK(api->sessions.set_language(txn, person, language));
                  return Value(Map{{"language", language}});
                }};
          });
  b.call("PUT", "/api/v1/me/password", "",
         {.tag = "session", .summary = "Change one's password; other sessions of the person end", .status = 204,
          .answer = "Changed."},
         {{"current", "string", true}, {"password", "string", true}},
         [api](std::shared_ptr<const Request> request, const Caller& caller, const Value& body, Respond respond) {
           api->sessions.change_password(caller, body["current"].as_string(), body["password"].as_string(),
                                         [request, respond = std::move(respond)](Result<bool> done) mutable {
                                           if (!done) return respond(problem(done.error(), *request));
                                           Response response;
                                           response.status = 204;
                                           respond(std::move(response));
                                         });
         });

  b.call("POST", "/api/v1/first-start", "",
         {.tag = "session", .summary = "Make the first administrator, with the link printed at start",
          .answer = "Made, and signed in.", .schema = "Session", .open = true},
         {{"token", "string", true}, {"login", "string", true}, {"name", "string", true}, {"password", "string", true}},
         [api](std::shared_ptr<const Request> request, const Caller&, const Value& body, Respond respond) {
           api->sessions.first_start(
               body["token"].as_string(), body["login"].as_string(), body["name"].as_string(),
               body["password"].as_string(), request->remote,
               [api, request, respond = std::move(respond)](Result<Sessions::Opened> opened) mutable {
                 answer_opened(*api, *request, respond, opened);
               });
         });
  b.call("POST", "/api/v1/people/{id}/invitation", "",
         {.tag = "people", .summary = "A link with which the person sets a password, good for a day", .status = 201,
          .answer = "The link; it is shown this once.", .schema = "Invitation"},
         {},
         [api](std::shared_ptr<const Request> request, const Caller& caller, const Value&, Respond respond) {
           api->sessions.invite(caller.principal, request->parameters.at("id"),
                                [request, respond = std::move(respond)](Result<Sessions::Link> link) mutable {
                                  if (!link) return respond(problem(link.error(), *request));
                                  respond(json_response(
                                      Value(Map{{"token", link->token},
                                                {"path", "/invitation#" + link->token},
                                                {"expires_at", link->expires_at}}),
                                      201));
                                });
         });
  b.call("POST", "/api/v1/invitation", "",
         {.tag = "session", .summary = "Set one's password with a link", .answer = "Set, and signed in.",
          .schema = "Session", .open = true},
         {{"token", "string", true}, {"password", "string", true}},
         [api](std::shared_ptr<const Request> request, const Caller&, const Value& body, Respond respond) {
           api->sessions.accept(body["token"].as_string(), body["password"].as_string(), request->remote,
                                [api, request, respond = std::move(respond)](Result<Sessions::Opened> opened) mutable {
                                  answer_opened(*api, *request, respond, opened);
                                });
         });

  b.read("/api/v1/tokens", "",
         {.tag = "tokens",
          .summary = "Tokens of machines",
          .answer = "All tokens.",
          .schema = "Page",
          .query = {{"limit", "integer", ""}, {"cursor", "string", ""}}},
         [api](const Request& request, const Caller& caller, Reader&, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"limit", "cursor"}));
           ANLAN_TRY(Value items, api->sessions.list_tokens(world, caller.principal));
           ANLAN_TRY(Value answer, page(request, items.as_list(), "name", 200, 200));
           return json_response(answer);
         });
  b.call("POST", "/api/v1/tokens", "",
         {.tag = "tokens", .summary = "Make a token for a machine", .status = 201,
          .answer = "The token; its text is shown this once.", .schema = "Token"},
         {{"name", "string", true},
          {"scopes", "array", true, "of alerts.write, tickets.read, tickets.write, records.read"},
          {"expires_at", "string", false, "RFC 3339; absent: does not expire"}},
         [api](std::shared_ptr<const Request> request, const Caller& caller, const Value& body, Respond respond) {
           Sessions::TokenRequest ask{body["name"].as_string(), {}, {}};
           for (const Value& scope : body["scopes"].as_list()) ask.scopes.insert(scope.as_string());
           if (!body["expires_at"].is_null()) {
             ask.expires_at = parse_rfc3339(body["expires_at"].as_string());
             if (!ask.expires_at)
               return respond(problem(Error{Code::invalid, "expires_at must be RFC 3339", "expires_at", {}}, *request));
           }
           api->sessions.create_token(caller.principal, std::move(ask),
                                      [request, respond = std::move(respond)](Result<Value> token) mutable {
                                        if (!token) return respond(problem(token.error(), *request));
                                        respond(json_response(*token, 201));
                                      });
         });
  b.call("DELETE", "/api/v1/tokens/{id}", "",
         {.tag = "tokens", .summary = "Revoke a token", .status = 204, .answer = "Revoked; it ends at once."}, {},
         [api](std::shared_ptr<const Request> request, const Caller& caller, const Value&, Respond respond) {
           api->sessions.revoke_token(caller.principal, request->parameters.at("id"),
                                      [request, respond = std::move(respond)](Result<bool> done) mutable {
                                        if (!done) return respond(problem(done.error(), *request));
                                        Response response;
                                        response.status = 204;
                                        respond(std::move(response));
                                      });
         });
}

}  // namespace anlan::http::api
