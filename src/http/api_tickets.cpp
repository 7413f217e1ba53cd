// Tickets: open, list, act, and all that hangs on one.
#include <algorithm>

#include "app/tickets.h"
#include "base/text.h"
#include "http/api_build.h"
#include "http/decode.h"
#include "http/ticket_query.h"
#include "json/json.h"

namespace anlan::http::api {
namespace {

constexpr const char* may_read = "tickets.read";
constexpr const char* may_write = "tickets.write";

void tag(const Value& ticket, Response& response) {
  response.headers.emplace_back("ETag", "\"" + std::to_string(ticket["version"].as_int()) + "\"");
}

// A stale write is answered with what others did since, so that the person can look and try again.
void add_changes(Api& api, const Caller& caller, const std::string& number, std::int64_t seen, Response& response) {
  Value events;
  auto status = api.platform.read([&](Reader& reader, const World& world) -> Status {
    ANLAN_TRY(events, app::events(api.platform, reader, world, caller.principal, number));
    return {};
  });
  auto body = json::parse(response.body);
  if (!status || !body) return;
  List changes;
  std::int64_t version = 0;
  for (const Value& event : events["items"].as_list()) {
    const Value& said = event["body"]["patch"]["version"];
    if (!said.is_null()) version = said.as_int();
    if (version > seen) changes.push_back(event);
  }
  response.body = json::write(body->with("version", version).with("changes", Value(std::move(changes))));
}

template <class F>
Builder::Read reading(std::shared_ptr<Api> api, F f) {
  return
      [api, f](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
        ANLAN_CHECK(known_parameters(request, {}));
        ANLAN_TRY(Value answer, f(api->platform, reader, world, caller.principal, request.parameters.at("number")));
        return json_response(answer);
      };
}

}  // namespace

void add_ticket_routes(Builder& b) {
  auto api = b.shared();
  const char* tickets = "tickets";

  b.write("POST", "/api/v1/tickets", may_write,
          {.tag = tickets, .summary = "Open a ticket", .status = 201, .answer = "The ticket.", .schema = "Ticket"},
          {{"process", "string", true},
           {"fields", "object", false, "by key, as GET /api/v1/processes/{key} describes them"},
           {"comment", "string"},
           {"drill", "boolean", false, "a drill: own numbers, outside measures and duties to report"}},
          [api](const Request&, const Caller& caller, const Value& body) -> Result<Builder::Unit> {
            app::OpenRequest ask{body["process"].as_string(), body["fields"].is_null() ? Value(Map{}) : body["fields"],
                                 body["comment"].as_string(), body["drill"].as_bool()};
            return Builder::Unit{[api, principal = caller.principal, ask](Txn& txn, const World&) {
                                   return app::open_ticket(api->platform, txn, principal, ask);
                                 },
                                 [](const Value& ticket, Response& response) {
                                   tag(ticket, response);
                                   response.headers.emplace_back(
                                       "Location",
                                       "/api/v1/tickets/" + percent_encode_path(ticket["number"].as_string()));
                                 }};
          });

  b.read("/api/v1/tickets", may_read,
         {.tag = tickets, .summary = "Tickets that the caller may see; any other parameter is an indexed field",
          .answer = "A page of tickets.", .schema = "Page",
          .query = ticket_filters()},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_TRY(app::TicketQuery query, ticket_query(api->platform, world, request, caller));
           ANLAN_TRY(Value answer, app::list(api->platform, reader, world, caller.principal, query));
           return json_response(answer);
         });

  b.read("/api/v1/tickets/facets", may_read,
         {.tag = tickets,
          .summary = "How many open tickets the filters leave, by process, state, severity, board and holder; each "
                     "counted without its own filter",
          .answer = "{facets: {state: [{value, title, count}]}}, most first.", .query = ticket_filters()},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_TRY(app::TicketQuery query, ticket_query(api->platform, world, request, caller));
           ANLAN_TRY(Value answer, app::facets(api->platform, reader, world, caller.principal, query));
           return json_response(answer);
         });
  b.read("/api/v1/tickets/completions", may_read,
         {.tag = tickets, .summary = "What could stand at the end of a line of the query language",
          .answer = "{replace, items: [{insert, label, kind}]}.",
          .query = {{"q", "string", "the line up to where the person writes"}}},
         [api](const Request& request, const Caller& caller, Reader&, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"q"}));
           ANLAN_TRY(std::optional<std::string> line, one(request, "q"));
           const bool names = insider(api->platform, caller, world).has_value();
           auto found = app::complete_query(api->platform, world, line.value_or(""), names);
           List items;
           for (auto& item : found.items)
             items.push_back(Value(Map{{"insert", item.insert},
                                       {"label", Value(Map{{"zh", item.label.zh}, {"en", item.label.en}})},
                                       {"kind", item.kind}}));
           return json_response(Value(Map{{"replace", found.replace}, {"items", Value(std::move(items))}}));
         });
  b.read("/api/v1/tickets/{number}", may_read,
         {.tag = tickets, .summary = "One ticket", .answer = "The ticket; ETag is its version.", .schema = "Ticket"},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           ANLAN_TRY(Value ticket,
                     app::view(api->platform, reader, world, caller.principal, request.parameters.at("number")));
           Response response = json_response(ticket);
           tag(ticket, response);
           return response;
         });
  b.read("/api/v1/tickets/{number}/actions", may_read,
         {.tag = tickets, .summary = "Every action: open to the caller, or not with each reason",
          .answer = "The actions.", .schema = "Page"},
         reading(api, app::actions));
  b.read("/api/v1/tickets/{number}/events", may_read,
         {.tag = tickets, .summary = "What happened, in order", .answer = "The events.", .schema = "Page"},
         reading(api, app::events));
  b.read("/api/v1/tickets/{number}/clocks", may_read,
         {.tag = tickets, .summary = "The clocks with how each came to its reading", .answer = "The clocks.",
          .schema = "Page"},
         reading(api, app::clocks));
  b.read("/api/v1/tickets/{number}/links", may_read,
         {.tag = tickets, .summary = "Linked tickets and records", .answer = "The links.", .schema = "Page"},
         reading(api, app::links));
  b.read("/api/v1/tickets/{number}/tasks", may_read,
         {.tag = tickets, .summary = "Tasks inside the ticket", .answer = "The tasks.", .schema = "Page"},
         reading(api, app::tasks));

  b.write("POST", "/api/v1/tickets/{number}/actions/{action}", may_write,
          {.tag = tickets, .summary = "Perform an action; If-Match or version guards against a stale view",
           .answer = "The ticket.", .schema = "Ticket"},
          {{"fields", "object"},
           {"comment", "string"},
           {"version", "integer", false, "of the ticket as it was seen"},
           {"as_role", "string", false, "which seat, where several fit"}},
          [api](const Request& request, const Caller& caller, const Value& body) -> Result<Builder::Unit> {
            app::ActRequest ask{request.parameters.at("number"), request.parameters.at("action"),
                                body["fields"].is_null() ? Value(Map{}) : body["fields"], body["comment"].as_string(),
                                body["as_role"].as_string(), {}};
            ANLAN_TRY(ask.version, expected_version(request, body));
            return Builder::Unit{[api, principal = caller.principal, ask](Txn& txn, const World&) {
                                   return app::act(api->platform, txn, principal, ask);
                                 },
                                 tag,
                                 [api, caller, number = ask.number, version = ask.version](const Error& error,
                                                                                          Response& response) {
                                   if (error.code == Code::conflict && error.field == "version" && version)
                                     add_changes(*api, caller, number, *version, response);
                                 }};
          });
  // While a person writes: what would come of it. Reads only, though what was written so far comes in a body.
  auto rehearse = [api](std::shared_ptr<const Request> request, const Caller& caller, const Value& body, Respond respond) {
    Response response;
    auto part = [&](const char* key) {
      auto it = request->parameters.find(key);
      return it == request->parameters.end() ? std::string() : it->second;
    };
    app::ActRequest ask{part("number"), part("action"), body["fields"].is_null() ? Value(Map{}) : body["fields"],
                        body["comment"].as_string(), body["as_role"].as_string(), {}};
    auto status = api->platform.read([&](Reader& reader, const World& world) -> Status {
      ANLAN_TRY(Value answer, app::rehearse_action(api->platform, reader, world, caller.principal, ask, part("key")));
      response = json_response(answer);
      return {};
    });
    respond(status ? std::move(response) : problem(status.error(), *request));
  };
  b.call("POST", "/api/v1/tickets/{number}/actions/{action}/check", may_read,
         {.tag = tickets, .summary = "What an action would be answered with, and would change; nothing is written",
          .answer = "{open, refusals, state, state_title, severity, fields}."},
         {{"fields", "object"}, {"comment", "string"}, {"as_role", "string"}}, rehearse);
  b.call("POST", "/api/v1/processes/{key}/check", may_read,
         {.tag = tickets, .summary = "The same for opening a ticket of the process",
          .answer = "{open, refusals, state, state_title, severity, fields}."},
         {{"fields", "object"}, {"comment", "string"}}, rehearse);
  b.write("POST", "/api/v1/tickets/{number}/tasks/{task}", may_write,
          {.tag = tickets, .summary = "Answer a task", .answer = "The ticket.", .schema = "Ticket"},
          {{"answer", "string", true, "agree or disagree"}, {"fields", "object"}, {"comment", "string"}},
          [api](const Request& request, const Caller& caller, const Value& body) -> Result<Builder::Unit> {
            return Builder::Unit{
                [api, principal = caller.principal, number = request.parameters.at("number"),
                 task = request.parameters.at("task"), body](Txn& txn, const World&) {
                  return app::answer_task(api->platform, txn, principal, number, task, body["answer"].as_string(),
                                          body["fields"].is_null() ? Value(Map{}) : body["fields"],
                                          body["comment"].as_string());
                },
                tag};
          });
  b.write("POST", "/api/v1/tickets/{number}/overrides", may_write,
          {.tag = tickets, .summary = "Break a guard: proposed by one, approved by another, reviewed afterwards",
           .answer = "The ticket.", .schema = "Ticket"},
          {{"kind", "string", true, "propose, approve or review"},
           {"action", "string", false, "propose: the action"},
           {"code", "string", false, "propose: the refusal's code"},
           {"reason", "string", false, "propose"},
           {"valid_for", "string", false, "propose: a duration such as 1h"},
           {"id", "string", false, "approve, review: the override"},
           {"review", "string", false, "review: what came of it"}},
          [api](const Request& request, const Caller& caller, const Value& body) -> Result<Builder::Unit> {
            if (!body["valid_for"].is_null() && !parse_duration(body["valid_for"].as_string()))
              return fail(Code::invalid, "valid_for must be a duration such as 1h30m", "valid_for");
            return Builder::Unit{[api, principal = caller.principal, number = request.parameters.at("number"),
                                  body](Txn& txn, const World&) {
                                   return app::override_guard(api->platform, txn, principal, number,
                                                              body["kind"].as_string(), body);
                                 },
                                 tag};
          });
  b.write("POST", "/api/v1/tickets/{number}/comments", may_write,
          {.tag = tickets, .summary = "Comment", .status = 201, .answer = "The comment."},
          {{"text", "string", true, "Markdown"}},
          [api](const Request& request, const Caller& caller, const Value& body) -> Result<Builder::Unit> {
            return Builder::Unit{[api, principal = caller.principal, number = request.parameters.at("number"),
                                  text = body["text"].as_string()](Txn& txn, const World&) {
              return app::add_comment(api->platform, txn, principal, number, text);
            }};
          });
  b.read("/api/v1/me/watched", may_read,
         {.tag = tickets, .summary = "The tickets that one watches", .answer = "{items: [{number}]}.", .schema = "Page"},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           ANLAN_TRY(Value answer, app::watched(api->platform, reader, world, caller.principal));
           return json_response(answer);
         });
  b.read("/api/v1/search", may_read,
         {.tag = tickets, .summary = "Tickets by the words in titles, texts and comments",
          .answer = "Rows as of the list, each with an excerpt; `behind` says how many events of the log are not in it yet.",
          .schema = "Page",
          .query = {{"text", "string", "parts that must all stand in the ticket, separated by spaces"},
                    {"sort", "string", "newest (as it is without) or best"},
                    {"limit", "integer", "1 to 50; 20"},
                    {"cursor", "string", "of the page before"}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"text", "sort", "limit", "cursor"}));
           if (!api->search) return fail(Code::unavailable, "this installation keeps no full-text index");
           app::SearchQuery query;
           ANLAN_TRY(auto text, one(request, "text"));
           ANLAN_TRY(auto sort, one(request, "sort"));
           ANLAN_TRY(auto limit, number(request, "limit", 20, 1, 50));
           ANLAN_TRY(auto cursor, one(request, "cursor"));
           if (sort && *sort != "newest" && *sort != "best") return fail(Code::invalid, "sort is newest or best", "sort");
           query.text = text.value_or("");
           query.best_first = sort && *sort == "best";
           query.limit = static_cast<int>(limit);
           query.cursor = cursor.value_or("");
           ANLAN_TRY(Value answer, app::search(api->platform, reader, world, caller.principal, *api->search, query));
           return json_response(answer);
         });
  for (const bool on : {true, false})
    b.write(on ? "PUT" : "DELETE", "/api/v1/tickets/{number}/watch", "",
            {.tag = tickets,
             .summary = on ? "Watch the ticket" : "Watch it no longer",
             .answer = "Whether it is watched."},
            {}, [api, on](const Request& request, const Caller& caller, const Value&) -> Result<Builder::Unit> {
              return Builder::Unit{[api, on, principal = caller.principal,
                                    number = request.parameters.at("number")](Txn& txn, const World&) {
                return app::watch(api->platform, txn, principal, number, on);
              }};
            });
}

}  // namespace anlan::http::api
