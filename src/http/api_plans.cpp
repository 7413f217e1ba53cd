// Plans: which obligations stand, for whom, and when they are due.
#include "app/plans.h"

#include "http/api_build.h"

namespace anlan::http::api {

void add_plan_routes(Builder& b) {
  auto api = b.shared();
  const char* plans = "plans";
  // The same people who read the registers read who is under an obligation.
  const char* may_read = "records.read";

  b.read("/api/v1/plans", may_read,
         {.tag = plans,
          .summary = "The plans, and how many of their members stand how",
          .answer = "The plans.",
          .schema = "Page",
          .query = {{"process", "string", "plans of this process"}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"process"}));
           ANLAN_CHECK(insider(api->platform, caller, world));
           ANLAN_TRY(std::optional<std::string> process, one(request, "process"));
           ANLAN_TRY(Value answer, app::list_plans(api->platform, reader, world, process.value_or("")));
           return json_response(answer);
         });
  b.read("/api/v1/plans/{key}", may_read,
         {.tag = plans,
          .summary = "A plan and its members: last satisfied, due, and how each stands",
          .answer = "The plan with a page of members, by due time.",
          .schema = "Plan",
          .query = {{"state", "string", "met, pending, due_soon or overdue"},
                    {"limit", "integer", ""},
                    {"cursor", "string", ""}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"state", "limit", "cursor"}));
           ANLAN_CHECK(insider(api->platform, caller, world));
           ANLAN_TRY(std::optional<std::string> state, one(request, "state"));
           ANLAN_TRY(std::optional<std::string> cursor, one(request, "cursor"));
           ANLAN_TRY(std::int64_t limit, number(request, "limit", 200, 1, 1000));
           if (state && *state != "met" && *state != "pending" && *state != "due_soon" && *state != "overdue")
             return fail(Code::invalid, "state is met, pending, due_soon or overdue", "state");
           ANLAN_TRY(Value answer, app::plan_view(api->platform, reader, world, caller.principal,
                                                  request.parameters.at("key"), state.value_or(""),
                                                  static_cast<int>(limit), cursor.value_or("")));
           return json_response(answer);
         });
}

}  // namespace anlan::http::api
