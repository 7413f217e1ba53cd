// Measures: figures per subject and period, and the tickets they rest on.
#include "app/measures.h"

#include "http/api_build.h"

namespace anlan::http::api {

void add_measure_routes(Builder& b) {
  auto api = b.shared();
  const char* measures = "measures";
  // Of tokens; people are judged by the reads themselves.
  const char* may_read = "records.read";

  b.read("/api/v1/measures", may_read,
         {.tag = measures,
          .summary = "What is measured, with its target",
          .answer = "The measures; `behind` is how many events are not folded yet.",
          .schema = "Page",
          .query = {{"process", "string", "measures of this process"}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"process"}));
           ANLAN_TRY(std::optional<std::string> process, one(request, "process"));
           ANLAN_TRY(Value answer,
                     app::list_measures(api->platform, reader, world, caller.principal, process.value_or("")));
           return json_response(answer);
         });
  b.read("/api/v1/measures/{key}", may_read,
         {.tag = measures,
          .summary = "The figures of a measure per subject and period",
          .answer = "The measure with a page of figures, newest period first.",
          .schema = "Measure",
          .query = {{"subject", "string", ""},
                    {"from", "string", "first period, such as 2026-03, 2026-Q1 or 2026"},
                    {"to", "string", "last period, inclusive"},
                    {"limit", "integer", ""},
                    {"cursor", "string", ""}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"subject", "from", "to", "limit", "cursor"}));
           ANLAN_TRY(std::optional<std::string> subject, one(request, "subject"));
           ANLAN_TRY(std::optional<std::string> from, one(request, "from"));
           ANLAN_TRY(std::optional<std::string> to, one(request, "to"));
           ANLAN_TRY(std::optional<std::string> cursor, one(request, "cursor"));
           ANLAN_TRY(std::int64_t limit, number(request, "limit", 200, 1, 1000));
           ANLAN_TRY(Value answer, app::measure_view(api->platform, reader, world, caller.principal,
                                                     request.parameters.at("key"), subject.value_or(""),
                                                     from.value_or(""), to.value_or(""), static_cast<int>(limit),
                                                     cursor.value_or("")));
           return json_response(answer);
         });
  b.read("/api/v1/measures/{key}/sources", may_read,
         {.tag = measures,
          .summary = "The tickets a figure rests on",
          .answer = "A page in the order of the log; tickets out of the caller's sight have no number.",
          .schema = "Page",
          .query = {{"subject", "string", ""},
                    {"period", "string", "as the figure has it"},
                    {"limit", "integer", ""},
                    {"cursor", "string", ""}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"subject", "period", "limit", "cursor"}));
           ANLAN_TRY(std::optional<std::string> subject, one(request, "subject"));
           ANLAN_TRY(std::optional<std::string> period, one(request, "period"));
           ANLAN_TRY(std::optional<std::string> cursor, one(request, "cursor"));
           ANLAN_TRY(std::int64_t limit, number(request, "limit", 200, 1, 1000));
           ANLAN_TRY(Value answer, app::measure_sources(api->platform, reader, world, caller.principal,
                                                        request.parameters.at("key"), subject.value_or(""),
                                                        period.value_or(""), static_cast<int>(limit),
                                                        cursor.value_or("")));
           return json_response(answer);
         });
}

}  // namespace anlan::http::api
