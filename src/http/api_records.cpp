// Registers, parameters, people, notices, imports.
#include <algorithm>
#include <charconv>

#include "app/describe.h"
#include "app/records.h"
#include "http/api_build.h"

namespace anlan::http::api {
namespace {

constexpr const char* may_read = "records.read";
constexpr int registers_most = 100'000;

Value text(const Text& t) { return Value(Map{{"zh", t.zh}, {"en", t.en}}); }

// A post among those that maintain the register, or the permission for all of them.
Status may_maintain(const app::Platform& platform, const Caller& caller, const World& world, const std::string& reg) {
  auto def = platform.definitions().records.find(reg);
  if (def == platform.definitions().records.end())
    return fail(Code::invalid, "there is no register '" + reg + "'", "rows");
  const auto& maintain = def->second.maintain;
  for (const auto& grant : world.directory().posts_of(caller.principal.person, platform.now()))
    if (std::find(maintain.begin(), maintain.end(), grant.post) != maintain.end()) return {};
  return platform.permitted(caller.principal, world, "records.maintain");
}

Builder::Unit record_unit(std::shared_ptr<Api> api, const Caller& caller, app::RecordWrite write) {
  return {[api, principal = caller.principal, write = std::move(write)](Txn& txn, const World&) {
            return app::write_record(api->platform, txn, principal, write);
          },
          [](const Value& record, Response& response) {
            response.headers.emplace_back("ETag", "\"" + std::to_string(record["version"].as_int()) + "\"");
          }};
}

Value person_value(const Api& api, const World& world, const identity::Person& person) {
  const auto& directory = world.directory();
  List posts;
  for (const auto& grant : directory.posts_of(person.id, api.platform.now()))
    posts.push_back(Value(Map{{"post", grant.post},
                              {"title", text(directory.title_of_post(grant.post))},
                              {"board", grant.board.empty() ? Value() : Value(grant.board)},
                              {"line", grant.line == 0 ? Value() : Value(grant.line)}}));
  const auto* unit = directory.unit(person.unit);
  const Value* record = world.master().find("person", person.id);
  const Value none;
  const Value& fields = record ? *record : none;
  return Value(Map{{"id", person.id},
                   {"login", person.login},
                   {"name", text(person.name)},
                   {"unit", person.unit.empty() ? Value() : Value(person.unit)},
                   {"unit_name", unit ? text(unit->name) : Value()},
                   {"internal", person.internal},
                   {"enabled", person.enabled},
                   {"email", fields["email"]},
                   {"phone", fields["phone"]},
                   {"title", fields["title"]},
                   {"posts", Value(std::move(posts))}});
}

bool holds_text(const Value& v, const std::string& text) { return describe(v).find(text) != std::string::npos; }

}  // namespace

void add_record_routes(Builder& b) {
  auto api = b.shared();
  const char* records = "records";

  b.read("/api/v1/registers", may_read,
         {.tag = records, .summary = "The registers and their fields", .answer = "The registers.", .schema = "Page"},
         [api](const Request& request, const Caller&, Reader&, const World&) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           return json_response(app::list_registers(api->platform));
         });
  b.read(
      "/api/v1/records/{register}", may_read,
      {.tag = records,
       .summary = "The current records of a register",
       .answer = "A page of records, by id.",
       .schema = "Page",
       .query = {{"q", "string", "part of the id or of a field"}, {"limit", "integer", ""}, {"cursor", "string", ""}}},
      [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
        ANLAN_CHECK(known_parameters(request, {"q", "limit", "cursor"}));
        ANLAN_TRY(std::optional<std::string> q, one(request, "q"));
        ANLAN_TRY(Value all, app::list_records(api->platform, reader, world, caller.principal,
                                               request.parameters.at("register"), q.value_or(""), registers_most));
        ANLAN_TRY(Value answer, page(request, all["items"].as_list(), "id", 1000, 1000));
        return json_response(answer);
      });
  b.read("/api/v1/records/{register}/{id}", may_read,
         {.tag = records, .summary = "One record", .answer = "The record; ETag is its version.", .schema = "Record"},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           ANLAN_TRY(Value record, app::get_record(api->platform, reader, world, caller.principal,
                                                   request.parameters.at("register"), request.parameters.at("id")));
           Response response = json_response(record);
           response.headers.emplace_back("ETag", "\"" + std::to_string(record["version"].as_int()) + "\"");
           return response;
         });
  b.read("/api/v1/records/{register}/{id}/history", may_read,
         {.tag = records, .summary = "Every version of a record", .answer = "The versions, oldest first.",
          .schema = "Page"},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           ANLAN_TRY(Value answer, app::record_history(api->platform, reader, world, caller.principal,
                                                       request.parameters.at("register"), request.parameters.at("id")));
           return json_response(answer);
         });
  b.write("PUT", "/api/v1/records/{register}/{id}", "",
          {.tag = records, .summary = "Write a record: members given replace, null removes, absent ones stay",
           .answer = "The record.", .schema = "Record"},
          {{"fields", "object", true},
           {"state", "string", false, "of its life cycle; absent: stays"},
           {"version", "integer", false, "as it was seen; If-Match does the same"},
           {"why", "string", false, "the reason, for the log"}},
          [api](const Request& request, const Caller& caller, const Value& body) -> Result<Builder::Unit> {
            app::RecordWrite write{request.parameters.at("register"), request.parameters.at("id"), body["fields"],
                                   body["state"].as_string(), {}, body["why"].as_string()};
            ANLAN_TRY(write.version, expected_version(request, body));
            return record_unit(api, caller, std::move(write));
          });

  b.read("/api/v1/parameters", may_read,
         {.tag = records, .summary = "Parameters with clause, bound and value", .answer = "The parameters.",
          .schema = "Page"},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           ANLAN_CHECK(insider(api->platform, caller, world));
           ANLAN_TRY(Value answer, app::list_parameters(api->platform, reader, world));
           return json_response(answer);
         });
  b.write("PUT", "/api/v1/parameters/{key}", "",
          {.tag = records, .summary = "Set a parameter within its bounds", .answer = "The record of the parameter.",
           .schema = "Record"},
          {{"value", "any", false, "null: back to the initial value"},
           {"reason", "string"},
           {"approved_by", "string", false, "who approved, where the parameter asks for it"},
           {"version", "integer"}},
          [api](const Request& request, const Caller& caller, const Value& body) -> Result<Builder::Unit> {
            Map fields;
            for (const char* key : {"value", "reason", "approved_by"})
              if (body.as_map().contains(key)) fields.emplace(key, body[key]);
            if (!fields.contains("value")) return fail(Code::invalid, "'value' is missing", "value");
            app::RecordWrite write{"parameter", request.parameters.at("key"), Value(std::move(fields)), {}, {},
                                   body["reason"].as_string()};
            ANLAN_TRY(write.version, expected_version(request, body));
            return record_unit(api, caller, std::move(write));
          });

  b.call(
      "POST", "/api/v1/import", "",
      {.tag = records,
       .summary = "Write many records, all or none; a dry run only checks",
       .answer = "How many were created, changed, unchanged."},
      {{"name", "string", true, "of the import, for the log"},
       {"rows", "array", true, "[{register, id, fields, state?}]"},
       {"dry_run", "boolean"}},
      [api](std::shared_ptr<const Request> request, const Caller& caller, const Value& body, Respond respond) {
        const bool dry_run = body["dry_run"].as_bool();
        for (const Value& row : body["rows"].as_list()) {
          auto status = check_members(
              row,
              {{"register", "string", true}, {"id", "string", true}, {"fields", "object", true}, {"state", "string"}});
          if (!status) return respond(problem(status.error(), *request));
        }
        auto tally = std::make_shared<app::ImportTally>();
        api->platform.write(
            [api, caller, body, dry_run, tally](Txn& txn, const World& world) -> Result<Value> {
              std::set<std::string> registers;
              for (const Value& row : body["rows"].as_list()) registers.insert(row["register"].as_string());
              for (const auto& reg : registers) ANLAN_CHECK(may_maintain(api->platform, caller, world, reg));
              return app::import_records(api->platform, txn, caller.principal.actor(), body["name"].as_string(),
                                         body["rows"].as_list(), dry_run, tally.get());
            },
            [request, dry_run, tally, rows = static_cast<std::int64_t>(body["rows"].as_list().size()),
             respond = std::move(respond)](Result<Value> result) mutable {
              // A dry run ends in a refusal without reasons, so that nothing of it is written.
              if (!result && dry_run && result.error().code == Code::refused && result.error().refusals.empty())
                return respond(json_response(tally->view().with("dry_run", true).with("good", rows)));
              if (!result) {
                Error error = result.error();
                if (error.code == Code::invalid && error.field.empty()) error.field = "rows";
                return respond(problem(error, *request));
              }
              respond(json_response(result->with("dry_run", false)));
            });
      },
      16 << 20);

  b.read("/api/v1/people", may_read,
         {.tag = "people", .summary = "People with their posts", .answer = "A page of people, by id.", .schema = "Page",
          .query = {{"q", "string", "part of name, login or id"},
                    {"post", "string", "who hold the post"},
                    {"board", "string", "who hold a post on the board"},
                    {"limit", "integer", ""},
                    {"cursor", "string", ""}}},
         [api](const Request& request, const Caller& caller, Reader&, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"q", "post", "board", "limit", "cursor"}));
           ANLAN_CHECK(insider(api->platform, caller, world));
           ANLAN_TRY(std::optional<std::string> q, one(request, "q"));
           ANLAN_TRY(std::optional<std::string> post, one(request, "post"));
           ANLAN_TRY(std::optional<std::string> board, one(request, "board"));
           const auto& directory = world.directory();
           List items;
           for (const auto& person : directory.parts().people) {
             Value shown = person_value(*api, world, person);
             if (q && !holds_text(shown["name"], *q) && person.login.find(*q) == std::string::npos &&
                 person.id.find(*q) == std::string::npos)
               continue;
             if (post || board) {
               const List& posts = shown["posts"].as_list();
               if (std::none_of(posts.begin(), posts.end(), [&](const Value& held) {
                     return (!post || held["post"].as_string() == *post) &&
                            (!board || held["board"].is_null() || held["board"].as_string() == *board);
                   }))
                 continue;
             }
             items.push_back(std::move(shown));
           }
           std::sort(items.begin(), items.end(), [](const Value& a, const Value& b) { return a["id"] < b["id"]; });
           ANLAN_TRY(Value answer, page(request, items, "id", 1000, 1000));
           return json_response(answer);
         });

  b.read("/api/v1/notices", "",
         {.tag = "notices", .summary = "What the caller was told, newest first", .answer = "The notices.",
          .schema = "Page", .query = {{"limit", "integer", ""}}},
         [](const Request& request, const Caller& caller, Reader& reader, const World&) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"limit"}));
           ANLAN_TRY(std::int64_t limit, number(request, "limit", 100, 1, 200));
           ANLAN_TRY(std::vector<app::OutboxRow> rows,
                     reader.outbox_of(caller.principal.person, static_cast<int>(limit)));
           List items;
           for (const auto& row : rows) {
             if (row.channel != "notice") continue;
             Map m = row.payload.as_map();
             m.insert_or_assign("id", row.id);
             m.insert_or_assign("at", row.at);
             m.insert_or_assign("acknowledged", row.state == "acknowledged");
             items.emplace_back(std::move(m));
           }
           return json_response(Value(Map{{"items", Value(std::move(items))}, {"next_cursor", Value()}}));
         });
  b.write("POST", "/api/v1/notices/{id}/acknowledge", "",
          {.tag = "notices", .summary = "Acknowledge a notice", .answer = "The notice's state."}, {},
          [api](const Request& request, const Caller& caller, const Value&) -> Result<Builder::Unit> {
            const std::string& text = request.parameters.at("id");
            std::int64_t id = 0;
            if (std::from_chars(text.data(), text.data() + text.size(), id).ec != std::errc{})
              return fail(Code::not_found, "there is no notice '" + text + "'");
            return Builder::Unit{[api, id, person = caller.principal.person](Txn& txn, const World&) -> Result<Value> {
              ANLAN_TRY(std::vector<app::OutboxRow> rows, txn.outbox_of(person, 10'000));
              auto row = std::find_if(rows.begin(), rows.end(),
                                      [&](const auto& r) { return r.id == id && r.channel == "notice"; });
              if (row == rows.end()) return fail(Code::not_found, "there is no notice '" + std::to_string(id) + "'");
              Value answer(Map{{"id", id}, {"acknowledged", true}});
              if (row->state == "acknowledged") return answer;
              row->state = "acknowledged";
              ANLAN_CHECK(txn.update_outbox(*row));
              const std::string& number = row->payload["ticket"].as_string();
              ANLAN_TRY([[maybe_unused]] app::Position position,
                        txn.append({0, number.empty() ? "platform" : "ticket:" + number, "notice.acknowledged",
                                    api->platform.now(), person, Value(Map{{"notice", id}, {"told_at", row->at}})}));
              return answer;
            }};
          });
}

}  // namespace anlan::http::api
