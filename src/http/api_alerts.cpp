// Alerts: deliveries of monitoring systems in, the console, what asks as of an Alertmanager.
#include <algorithm>

#include "app/incoming.h"
#include "http/api_build.h"
#include "json/json.h"

namespace anlan::http::api {
namespace {

constexpr const char* may_deliver = "alerts.write";
constexpr std::size_t delivery_limit = 16 << 20;

void receive(const std::shared_ptr<Api>& api, const AlertFormats::Decode& decode,
             const std::shared_ptr<const Request>& request, Respond respond) {
  auto caller = caller_of(*api, *request, true);
  if (!caller) return respond(problem(caller.error(), *request));
  auto status = api->platform.read([&](Reader&, const World& world) -> Status {
    ANLAN_CHECK(admitted(*caller, world, may_deliver));
    // For people the same as a permission, which no post needs to carry: deliveries come from machines.
    return api->platform.permitted(caller->principal, world, may_deliver);
  });
  if (!status) return respond(problem(status.error(), *request));
  auto body = json::parse(request->body, {.bytes = delivery_limit, .depth = 32});
  if (!body) {
    api->formats.unreadable();
    return respond(problem(body.error(), *request));
  }
  auto decoded = decode(*body, api->platform.now());
  if (!decoded.status) {
    // An Alertmanager answers 400 to what it cannot read; the senders are written for that.
    Error error = decoded.status.error();
    if (error.code == Code::invalid) error.field.clear();
    Response response = problem(error, *request);
    if (auto said = json::parse(response.body)) response.body = json::write(said->with("problems", decoded.problems));
    return respond(std::move(response));
  }
  api->deliveries.deliver(caller->principal, std::move(decoded.reports),
                          [request, respond = std::move(respond)](Result<Value> result) mutable {
                            if (!result) return respond(problem(result.error(), *request));
                            respond(json_response(*result));
                          });
}

void add_delivery(Builder& b, const char* pattern, const char* summary, AlertFormats::Decode decode) {
  auto api = b.shared();
  Route route;
  route.method = "POST";
  route.pattern = pattern;
  route.body_limit = delivery_limit;
  Doc doc{.tag = "alerts", .summary = summary, .answer = "What came of the alerts: counts, and tickets opened."};
  Value operation = Builder::operation(doc, {}, true, false);
  const Value any(Map{{"application/json", Value(Map{{"schema", Value(Map{})}})}});
  route.openapi = operation.with("requestBody", Value(Map{{"required", true}, {"content", any}}));
  route.handle = [api, decode = std::move(decode)](std::shared_ptr<const Request> request, Respond respond) {
    receive(api, decode, request, std::move(respond));
  };
  b.add(std::move(route));
}

// Labels name hosts and addresses: the console is for people of the house who may read every ticket; machines that
// deliver or read may ask too.
Status may_look(const Api& api, const Caller& caller, const World& world) {
  const auto& principal = caller.principal;
  if (!principal.machine.empty()) {
    if (principal.scopes.contains("alerts.write") || principal.scopes.contains("tickets.read")) return {};
    return fail(Code::forbidden, "the token does not carry 'alerts.write' or 'tickets.read'");
  }
  ANLAN_CHECK(insider(api.platform, caller, world));
  return api.platform.permitted(principal, world, "tickets.read.all");
}

Result<std::vector<app::AlertRow>> standing(Reader& reader) {
  std::vector<app::AlertRow> rows;
  std::string cursor;
  do {
    ANLAN_TRY(app::Page<app::AlertRow> page, reader.alerts(true, {}, 200, cursor));
    cursor = page.next_cursor;
    std::move(page.items.begin(), page.items.end(), std::back_inserter(rows));
  } while (!cursor.empty());
  return rows;
}

}  // namespace

void add_alert_routes(Builder& b) {
  auto api = b.shared();
  const char* alerts = "alerts";

  add_delivery(b, "/api/v2/alerts", "Alerts as Prometheus sends them to an Alertmanager", api->formats.alertmanager);
  add_delivery(b, "/api/v1/hooks/alertmanager", "The webhook of Alertmanager, version 4",
               api->formats.alertmanager_webhook);
  add_delivery(b, "/api/v1/hooks/zabbix", "A Zabbix media type of kind webhook", api->formats.zabbix);
  add_delivery(b, "/api/v1/hooks/generic", "Alerts of anything else", api->formats.generic);

  b.read("/api/v2/status", "*",
         {.tag = alerts, .summary = "Status, as an Alertmanager answers it", .answer = "The status."},
         [api](const Request&, const Caller& caller, Reader&, const World& world) -> Result<Response> {
           ANLAN_CHECK(may_look(*api, caller, world));
           return json_response(api->formats.status());
         });
  b.read("/api/v2/receivers", "*",
         {.tag = alerts, .summary = "Receivers, as an Alertmanager answers them", .answer = "The receivers."},
         [api](const Request&, const Caller& caller, Reader&, const World& world) -> Result<Response> {
           ANLAN_CHECK(may_look(*api, caller, world));
           return json_response(api->formats.receivers());
         });
  b.read("/api/v2/silences", "*",
         {.tag = alerts, .summary = "Quiet times, as an Alertmanager answers silences", .answer = "The silences.",
          .query = {{"filter", "string", "a matcher, name=\"value\" or name!=\"value\"; may be repeated"}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(may_look(*api, caller, world));
           ANLAN_TRY(Value answer, api->formats.silences(reader, request.query, api->platform.now()));
           return json_response(answer);
         });
  b.read("/api/v2/alerts", "*",
         {.tag = alerts, .summary = "Alerts that stand, as an Alertmanager answers them", .answer = "The alerts.",
          .query = {{"active", "boolean", ""},
                    {"silenced", "boolean", ""},
                    {"unprocessed", "boolean", ""},
                    {"filter", "string", "a matcher, name=\"value\" or name!=\"value\"; may be repeated"}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(may_look(*api, caller, world));
           ANLAN_TRY(std::vector<app::AlertRow> rows, standing(reader));
           ANLAN_TRY(Value answer, api->formats.alerts(rows, request.query));
           return json_response(answer);
         });

  b.read("/api/v1/alerts", "*",
         {.tag = alerts,
          .summary = "Groups and alerts with what was decided and why",
          .answer = "Groups (on the first page), a page of alerts, counters.",
          .schema = "Page",
          .query = {{"active", "boolean", "true: only those that stand"},
                    {"outcome", "string", "open, join, suppress or unmapped"},
                    {"group", "string", "one life of a group: all its alerts"},
                    {"limit", "integer", ""},
                    {"cursor", "string", ""}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"active", "outcome", "group", "limit", "cursor"}));
           ANLAN_CHECK(may_look(*api, caller, world));
           ANLAN_TRY(std::optional<bool> active, flag(request, "active"));
           ANLAN_TRY(std::optional<std::string> outcome, one(request, "outcome"));
           ANLAN_TRY(std::optional<std::string> group, one(request, "group"));
           ANLAN_TRY(std::int64_t limit, number(request, "limit", 100, 1, 200));
           ANLAN_TRY(std::optional<std::string> cursor, one(request, "cursor"));
           app::Alerts& desk = api->deliveries.alerts();
           const Instant now = api->platform.now();
           if (group) {
             ANLAN_TRY(Value items, desk.alerts_of_group(reader, *group, now));
             return json_response(Value(Map{{"items", items}, {"next_cursor", Value()}}));
           }
           ANLAN_TRY(app::Page<app::AlertRow> rows, reader.alerts(active.value_or(false), outcome.value_or(""),
                                                                  static_cast<int>(limit), cursor.value_or("")));
           List items;
           for (const auto& row : rows.items) items.push_back(desk.describe_alert(row, now));
           Value answer(Map{{"items", Value(std::move(items))},
                            {"next_cursor", rows.next_cursor.empty() ? Value() : Value(rows.next_cursor)},
                            {"counters", desk.counters()}});
           if (!cursor) {
             ANLAN_TRY(Value groups, desk.groups(reader));
             answer = answer.with("groups", groups);
           }
           return json_response(answer);
         });
  b.call("POST", "/api/v1/alerts/replay", "",
         {.tag = alerts, .summary = "What today's rules and mapping say of stored alerts",
          .answer = "The differences, and what was applied."},
         {{"dry_run", "boolean", false, "absent: true; false also opens and joins what waits in the bucket"},
          {"active_only", "boolean", false, "absent: true"},
          {"outcome", "string", false, "only alerts with that outcome"},
          {"limit", "integer", false, "alerts looked at, at most 10000"}},
         [api](std::shared_ptr<const Request> request, const Caller& caller, const Value& body, Respond respond) {
           app::Alerts::ReplayFilter filter;
           if (!body["active_only"].is_null()) filter.active_only = body["active_only"].as_bool();
           filter.outcome = body["outcome"].as_string();
           if (!body["limit"].is_null())
             filter.limit = static_cast<int>(std::clamp<std::int64_t>(body["limit"].as_int(), 1, 10'000));
           const bool dry_run = body["dry_run"].is_null() || body["dry_run"].as_bool();
           auto status = api->platform.read([&](Reader&, const World& world) -> Status {
             // Who keeps the mapping may see what a change of it would do, and do it.
             auto def = api->platform.definitions().records.find("alert_mapping");
             if (def != api->platform.definitions().records.end())
               for (const auto& grant : world.directory().posts_of(caller.principal.person, api->platform.now()))
                 if (std::find(def->second.maintain.begin(), def->second.maintain.end(), grant.post) !=
                     def->second.maintain.end())
                   return {};
             return api->platform.permitted(caller.principal, world, "records.maintain");
           });
           if (!status) return respond(problem(status.error(), *request));
           api->deliveries.replay(caller.principal, std::move(filter), dry_run,
                                  [request, respond = std::move(respond)](Result<Value> result) mutable {
                                    if (!result) return respond(problem(result.error(), *request));
                                    respond(json_response(*result));
                                  });
         });
}

}  // namespace anlan::http::api
