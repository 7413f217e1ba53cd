#include "http/api.h"

#include <charconv>

#include "base/text.h"
#include "http/api_build.h"
#include "http/openapi.h"
#include "json/json.h"

namespace anlan::http {
namespace {

using namespace api;

Response plain(std::string text, std::string type) {
  Response response;
  response.content_type = std::move(type);
  response.body = std::move(text);
  return response;
}

// {prefix: {name: number or bool}} as text for Prometheus.
std::string gauges_text(const Value& gauges) {
  std::string out;
  for (const auto& [prefix, members] : gauges.as_map())
    for (const auto& [name, v] : members.as_map()) {
      if (!v.is(Value::Kind::integer) && !v.is(Value::Kind::number) && !v.is(Value::Kind::boolean)) continue;
      const std::string metric = "anlan_" + prefix + "_" + name;
      const std::string value = v.is(Value::Kind::boolean) ? (v.as_bool() ? "1" : "0") : describe(v);
      out += "# TYPE " + metric + " untyped\n" + metric + " " + value + "\n";
    }
  return out;
}

Route inline_get(const char* pattern, Doc doc, std::function<Response(const Request&)> answer,
                 Route::Run run = Route::Run::inline_) {
  Route route;
  route.method = "GET";
  route.pattern = pattern;
  route.run = run;
  doc.open = true;
  route.openapi = Builder::operation(doc, {}, false, false);
  route.handle = [answer = std::move(answer)](std::shared_ptr<const Request> request, Respond respond) {
    respond(answer(*request));
  };
  return route;
}

void add_house_routes(Builder& b) {
  auto shared = b.shared();
  b.add(inline_get("/healthz", {.tag = "house", .summary = "Whether the program runs", .answer = "It runs."},
                   [](const Request&) { return json_response(Value(Map{{"status", "ok"}})); }));
  b.add(inline_get("/readyz", {.tag = "house", .summary = "Whether it can serve", .answer = "It can; 503 when not."},
                   [shared](const Request&) {
                     const Value state = shared->readiness();
                     return json_response(state, state["ready"].as_bool() ? 200 : 503);
                   }));
  b.add(inline_get(
      "/metrics", {.tag = "house", .summary = "Figures for Prometheus", .answer = "Text format 0.0.4.", .schema = "-"},
      [shared](const Request&) {
        return plain(shared->transport_metrics() + gauges_text(shared->gauges()),
                     "text/plain; version=0.0.4; charset=utf-8");
      },
      Route::Run::worker));

  Route stream;
  stream.method = "GET";
  stream.pattern = "/api/v1/stream";
  stream.openapi = Builder::operation(
      {.tag = "house",
       .summary = "Server-sent events {position, topic, id} of what the caller may see; Last-Event-ID resumes",
       .answer =
           "text/event-stream: \"ready\" at the start, \"change\" for each event, \"reset\" when too much was missed; "
           "\"presence\" to those on a ticket when others come or go, see there.",
       .schema = "-"},
      {}, false, false);
  stream.subscribe = [shared](std::shared_ptr<const Request> request,
                              std::shared_ptr<Subscriber> subscriber) -> Status {
    ANLAN_TRY(Caller caller, caller_of(*shared, *request, false));
    ANLAN_CHECK(shared->platform.read(
        [&](Reader&, const World& world) { return admitted(caller, world, "tickets.read"); }));
    std::optional<app::Position> after;
    if (const std::string_view text = request->header("last-event-id"); !text.empty()) {
      app::Position position = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
      if (error != std::errc{} || end != text.data() + text.size() || position < 0)
        return fail(Code::invalid, "Last-Event-ID must be a position", "Last-Event-ID");
      after = position;
    }
    shared->feed.subscribe(std::move(caller), after, std::move(subscriber));
    return {};
  };
  b.add(std::move(stream));
}

Value object(std::initializer_list<Map::value_type> properties) {
  return Value(Map{{"type", "object"}, {"properties", Value(Map(properties))}});
}
Value type(const char* name) { return Value(Map{{"type", name}}); }
Value time_type() { return Value(Map{{"type", "string"}, {"format", "date-time"}}); }
Value list_of(const char* name) { return Value(Map{{"type", "array"}, {"items", type(name)}}); }

}  // namespace

Value api_schemas() {
  const Value text(Map{{"$ref", "#/components/schemas/Text"}});
  return Value(Map{
      {"Session", object({{"person", type("string")}, {"expires_at", time_type()}})},
      {"Me", object({{"id", type("string")},
                     {"login", type("string")},
                     {"name", text},
                     {"unit", type("string")},
                     {"posts", list_of("object")},
                     {"permissions", list_of("string")},
                     {"language", type("string")}})},
      {"Invitation", object({{"token", type("string")}, {"path", type("string")}, {"expires_at", time_type()}})},
      {"Token", object({{"id", type("string")},
                        {"name", type("string")},
                        {"scopes", list_of("string")},
                        {"expires_at", time_type()},
                        {"token", type("string")}})},
      {"Plan", object({{"key", type("string")},
                       {"title", text},
                       {"process", type("string")},
                       {"population", type("string")},
                       {"within", type("string")},
                       {"items", list_of("object")},
                       {"next_cursor", type("string")}})},
      {"Measure", object({{"key", type("string")},
                          {"title", text},
                          {"process", type("string")},
                          {"fold", type("string")},
                          {"period", type("string")},
                          {"unit", type("string")},
                          {"target", type("object")},
                          {"items", list_of("object")},
                          {"next_cursor", type("string")}})},
      {"Report", object({{"key", type("string")},
                         {"title", text},
                         {"process", type("string")},
                         {"ticket", type("string")},
                         {"state", type("string")},
                         {"drill", type("boolean")},
                         {"drafted_at", time_type()},
                         {"drafted_by", type("object")},
                         {"approved_by", type("object")},
                         {"sections", list_of("object")}})},
      {"Status", object({{"items", list_of("object")}, {"at", time_type()}})},
      {"Record", object({{"register", type("string")},
                         {"id", type("string")},
                         {"version", type("integer")},
                         {"state", type("string")},
                         {"valid_from", time_type()},
                         {"fields", type("object")}})}});
}

std::vector<Route> routes(std::shared_ptr<Api> api) {
  Builder b(api);
  add_house_routes(b);
  add_session_routes(b);
  add_definition_routes(b);
  add_plan_routes(b);
  add_measure_routes(b);
  add_report_routes(b);
  add_ticket_routes(b);
  add_presence_routes(b);
  add_attachment_routes(b);
  add_record_routes(b);
  add_alert_routes(b);
  auto document = std::make_shared<std::string>();
  b.add(inline_get("/openapi.json", {.tag = "house", .summary = "This document", .answer = "OpenAPI 3.1."},
                   [document](const Request&) { return plain(*document, "application/json"); }));
  *document = json::write(openapi_document(b.routes(), "安澜 Anlan", api->version, api_schemas()));
  return std::move(b.routes());
}

}  // namespace anlan::http
