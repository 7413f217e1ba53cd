// Tickets: open, list, act, and all that hangs on one.
#include <algorithm>
#include <charconv>

#include "app/tickets.h"
#include "base/text.h"
#include "http/api_build.h"
#include "http/decode.h"
#include "json/json.h"

namespace anlan::http::api {
namespace {

constexpr const char* may_read = "tickets.read";
constexpr const char* may_write = "tickets.write";

void tag(const Value& ticket, Response& response) {
  response.headers.emplace_back("ETag", "\"" + std::to_string(ticket["version"].as_int()) + "\"");
}

// The rank of a severity said as a word, as its label in either language or as a number.
Result<int> severity_rank(const app::Platform& platform, const std::vector<std::string>& processes,
                          const std::string& text) {
  int rank = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rank);
  if (error == std::errc{} && end == text.data() + text.size() && rank >= 0) return rank;
  for (const auto& [key, shapes] : platform.definitions().processes) {
    if (shapes.empty() || (!processes.empty() && std::find(processes.begin(), processes.end(), key) == processes.end()))
      continue;
    const auto* field = shapes.back()->field(shapes.back()->severity);
    if (!field) continue;
    const auto& words = field->type.words;
    for (std::size_t i = 0; i < words.size(); ++i) {
      auto label = field->type.labels.find(words[i]);
      if (words[i] == text ||
          (label != field->type.labels.end() && (label->second.zh == text || label->second.en == text)))
        return static_cast<int>(i) + 1;
    }
  }
  return fail(Code::invalid, "no process has the severity '" + text + "'", "severity");
}

bool is_indexed(const app::Platform& platform, const std::string& field) {
  for (const auto& [key, shapes] : platform.definitions().processes)
    for (const auto& shape : shapes)
      if (const auto* def = shape->field(field); def && def->indexed) return true;
  return false;
}

Result<app::TicketQuery> ticket_query(const app::Platform& platform, const Request& request, const Caller& caller) {
  using Sort = app::TicketQuery::Sort;
  static const std::map<std::string, Sort, std::less<>> sorts{{"-opened_at", Sort::opened_desc},
                                                              {"opened_at", Sort::opened_asc},
                                                              {"-updated_at", Sort::updated_desc},
                                                              {"-severity", Sort::severity_desc},
                                                              {"next_due", Sort::due_asc}};
  app::TicketQuery query;
  // Severities are ranked within the processes asked for, wherever those stand in the query.
  auto [first, last] = request.query.equal_range("process");
  for (auto it = first; it != last; ++it) query.process.push_back(it->second);
  for (const auto& process : query.process)
    if (!platform.definitions().process(process))
      return fail(Code::invalid, "there is no process '" + process + "'", "process");
  auto person = [&](const std::string& text) { return text == "me" ? caller.principal.id() : text; };
  for (const auto& [key, value] : request.query) {
    if (key == "process" || key == "limit" || key == "cursor" || key == "open" || key == "drill") continue;
    if (key == "state") query.state.push_back(value);
    else if (key == "holder") query.holder.push_back(person(value));
    else if (key == "board") query.board.push_back(value);
    else if (key == "unit") query.unit.push_back(value);
    else if (key == "participant") query.participant.push_back(person(value));
    else if (key == "q") query.text = value;
    else if (key == "severity") {
      ANLAN_TRY(query.severity_min, severity_rank(platform, query.process, value));
    } else if (key == "sort") {
      auto it = sorts.find(value);
      if (it == sorts.end())
        return fail(Code::invalid, "sort is one of -opened_at, opened_at, -updated_at, -severity, next_due", "sort");
      query.sort = it->second;
    } else if (key == "opened_from" || key == "opened_to") {
      auto at = parse_rfc3339(value);
      if (!at) return fail(Code::invalid, "'" + key + "' must be RFC 3339", key);
      (key == "opened_from" ? query.opened_from : query.opened_to) = *at;
    } else if (key == "owes") {
      query.owes.push_back(person(value));
    } else if (is_indexed(platform, key)) {
      query.indexed.emplace_back(key, value);
    } else {
      return fail(Code::invalid, "'" + key + "' is neither a filter nor an indexed field of a process", key);
    }
  }
  ANLAN_TRY(query.open, flag(request, "open"));
  if (request.query.contains("drill")) {
    // "any" shows drills among the rest.
    if (request.query.find("drill")->second == "any") query.drill.reset();
    else {
      ANLAN_TRY(query.drill, flag(request, "drill"));
    }
  }
  ANLAN_TRY(std::int64_t limit, number(request, "limit", 50, 1, 200));
  query.limit = static_cast<int>(limit);
  ANLAN_TRY(std::optional<std::string> cursor, one(request, "cursor"));
  query.cursor = cursor.value_or("");
  return query;
}

// What a person owes comes to them by name or through a post on a board and line; all of it counts for `owes=me`.
void add_post_seats(const app::Platform& platform, const World& world, const std::string& person,
                    std::vector<std::string>& owes) {
  auto add = [&](std::string one) {
    if (std::find(owes.begin(), owes.end(), one) == owes.end()) owes.push_back(std::move(one));
  };
  for (const auto& grant : world.directory().posts_of(person, platform.now())) {
    std::vector<std::string> places{""};
    if (!grant.board.empty()) places.push_back("@" + grant.board);
    else
      for (const auto& board : world.directory().parts().boards) places.push_back("@" + board.id);
    for (const auto& place : places) {
      add("post:" + grant.post + place);
      for (int line = 1; line <= 2; ++line)
        if (grant.line == 0 || grant.line == line) add("post:" + grant.post + place + "#" + std::to_string(line));
    }
  }
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
          .query = {{"process", "string", "may be repeated, like state, holder, board, unit, owes, participant"},
                    {"state", "string", ""},
                    {"open", "boolean", ""},
                    {"holder", "string", "a person, or me"},
                    {"board", "string", ""},
                    {"unit", "string", ""},
                    {"severity", "string", "at least this word or rank"},
                    {"owes", "string", "who owes the next act: a person, or me"},
                    {"participant", "string", "a person, or me"},
                    {"opened_from", "string", "RFC 3339"},
                    {"opened_to", "string", "RFC 3339, not included"},
                    {"drill", "string", "true, false (as when absent) or any"},
                    {"q", "string", "part of the title or the number"},
                    {"sort", "string", "-opened_at, opened_at, -updated_at, -severity, next_due"},
                    {"limit", "integer", ""},
                    {"cursor", "string", ""}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_TRY(app::TicketQuery query, ticket_query(api->platform, request, caller));
           if (std::find(query.owes.begin(), query.owes.end(), caller.principal.id()) != query.owes.end())
             add_post_seats(api->platform, world, caller.principal.person, query.owes);
           ANLAN_TRY(Value answer, app::list(api->platform, reader, world, caller.principal, query));
           return json_response(answer);
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
