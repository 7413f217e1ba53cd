// What the definitions say: processes, requirements, and which rule carries which requirement.
#include "app/describe.h"
#include "http/api_build.h"

namespace anlan::http::api {
namespace {

using Carriers = std::map<std::string, List, std::less<>>;

// Walks every rule that may carry a requirement.
class Walk {
 public:
  explicit Walk(Carriers& carriers) : carriers_(carriers) {}

  void definitions(const engine::Definitions& all) {
    for (const auto& [key, shapes] : all.processes)
      if (!shapes.empty()) process(*shapes.back());
    for (const auto& [key, def] : all.records) {
      const std::string path = "record " + key;
      rule(path, def.basis);
      fields(path, def.fields);
      for (const auto& guard : def.guards) rule(path + " / guard " + guard.code, guard.basis);
    }
    for (const auto& [key, def] : all.parameters) rule("parameter " + key, def.basis);
    for (const auto& [key, def] : all.plans) rule("plan " + key, def.basis);
    for (const auto& [key, def] : all.measures) rule("measure " + key, def.basis);
    for (const auto& [key, def] : all.reports) rule("report " + key, def.basis);
    for (const auto& one : all.incompatibilities)
      if (!one.ground.requirement.empty()) add("incompatible posts " + one.a + " and " + one.b, one.ground.requirement);
  }

 private:
  void add(const std::string& path, const std::string& requirement) { carriers_[requirement].emplace_back(path); }
  void rule(const std::string& path, const engine::Basis& basis) {
    for (const auto& requirement : basis.req) add(path, requirement);
  }
  void fields(const std::string& path, const std::vector<engine::FieldDef>& defs) {
    for (const auto& field : defs) {
      rule(path + " / field " + field.key, field.basis);
      fields(path + " / field " + field.key, field.type.columns);
    }
  }
  void process(const engine::ProcessDef& p) {
    const std::string path = "process " + p.key;
    rule(path, p.basis);
    fields(path, p.fields);
    for (const auto& role : p.roles) {
      rule(path + " / role " + role.key, role.basis);
      for (const auto& d : role.differs_from) rule(path + " / role " + role.key + " / differs from " + d.seat, d.basis);
    }
    for (const auto& state : p.states) rule(path + " / state " + state.key, state.basis);
    for (const auto& action : p.actions) {
      const std::string at = path + " / action " + action.key;
      rule(at, action.basis);
      for (const auto& guard : action.guards) rule(at + " / guard " + guard.code, guard.basis);
      for (const auto& effect : action.effects) rule(at + " / effect", effect.basis);
    }
    for (const auto& decision : p.decisions) {
      rule(path + " / decision " + decision.key, decision.basis);
      for (const auto& row : decision.rows)
        rule(path + " / decision " + decision.key + " / row " + row.condition.source(), row.basis);
    }
    for (const auto& clock : p.clocks) {
      rule(path + " / clock " + clock.key, clock.basis);
      for (const auto& step : clock.ladder) rule(path + " / clock " + clock.key + " / step", step.basis);
    }
    for (const auto& watch : p.stopwatches) rule(path + " / stopwatch " + watch.key, watch.basis);
    for (const auto& task : p.tasks) {
      rule(path + " / task " + task.key, task.basis);
      fields(path + " / task " + task.key, task.fields);
    }
    for (const auto& link : p.links) rule(path + " / link " + link.key, link.basis);
    for (const auto& reaction : p.reactions) rule(path + " / reaction " + reaction.action, reaction.basis);
  }

  Carriers& carriers_;
};

Value requirement_value(const engine::Requirement& r) {
  return Value(Map{{"id", r.id}, {"clause", r.clause}, {"zh", r.text.zh}, {"en", r.text.en}, {"kind", r.kind},
                   {"strength", r.strength}});
}

}  // namespace

void add_definition_routes(Builder& b) {
  auto api = b.shared();
  const char* definitions = "definitions";

  b.read("/api/v1/processes", "*",
         {.tag = definitions, .summary = "The processes", .answer = "The processes.", .schema = "Page"},
         [api](const Request& request, const Caller&, Reader&, const World&) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           Value all = app::list_processes(api->platform);
           return json_response(all.is(Value::Kind::list) ? Value(Map{{"items", all}, {"next_cursor", Value()}}) : all);
         });
  b.read("/api/v1/processes/{key}", "*",
         {.tag = definitions, .summary = "States, actions, fields, roles and rules of a process",
          .answer = "The process."},
         [api](const Request& request, const Caller&, Reader&, const World&) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           ANLAN_TRY(Value process, app::describe_process(api->platform, request.parameters.at("key")));
           return json_response(process);
         });
  b.read("/api/v1/posts", "*",
         {.tag = definitions, .summary = "Posts, what each permits, and which may not be held together",
          .answer = "The posts.", .schema = "Page"},
         [](const Request& request, const Caller&, Reader&, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           return json_response(app::list_posts(world));
         });
  b.read("/api/v1/calendars", "*",
         {.tag = definitions, .summary = "Calendars with their hours and the last day of known holidays",
          .answer = "The calendars.", .schema = "Page"},
         [api](const Request& request, const Caller&, Reader&, const World&) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           return json_response(app::list_calendars(api->platform));
         });
  b.read("/api/v1/requirements", "*",
         {.tag = definitions, .summary = "Requirements of the standard, in our words", .answer = "A page, by id.",
          .schema = "Page",
          .query = {{"clause", "string", "begins with"}, {"limit", "integer", ""}, {"cursor", "string", ""}}},
         [api](const Request& request, const Caller&, Reader&, const World&) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"clause", "limit", "cursor"}));
           ANLAN_TRY(std::optional<std::string> clause, one(request, "clause"));
           List items;
           for (const auto& [id, requirement] : api->platform.definitions().requirements)
             if (!clause || requirement.clause.starts_with(*clause)) items.push_back(requirement_value(requirement));
           ANLAN_TRY(Value answer, page(request, items, "id", 200, 1000));
           return json_response(answer);
         });
  b.read("/api/v1/compliance", "*",
         {.tag = definitions, .summary = "Which rule carries which requirement",
          .answer = "A page, by requirement, and the totals.", .schema = "Page",
          .query = {{"carried", "boolean", "only those that a rule carries, or only the others"},
                    {"limit", "integer", ""},
                    {"cursor", "string", ""}}},
         [api](const Request& request, const Caller&, Reader&, const World&) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"carried", "limit", "cursor"}));
           ANLAN_TRY(std::optional<bool> carried, flag(request, "carried"));
           Carriers carriers;
           Walk(carriers).definitions(api->platform.definitions());
           List items;
           std::int64_t with = 0, total = 0;
           for (const auto& [id, requirement] : api->platform.definitions().requirements) {
             const auto it = carriers.find(id);
             ++total;
             with += it != carriers.end() ? 1 : 0;
             if (carried && *carried != (it != carriers.end())) continue;
             items.push_back(requirement_value(requirement)
                                 .with("carried_by", it == carriers.end() ? Value(List{}) : Value(it->second)));
           }
           ANLAN_TRY(Value answer, page(request, items, "id", 200, 1000));
           return json_response(answer.with("total", total).with("carried", with));
         });
}

}  // namespace anlan::http::api
