// Reports: what can be drafted, and drafts about a ticket as data or as a page.
#include "app/reports.h"

#include "base/text.h"
#include "http/api_build.h"

namespace anlan::http::api {
namespace {

// By the parameter, or else by what the caller would rather have: a browser asks for pages first.
Result<bool> wants_page(const Request& request) {
  ANLAN_TRY(std::optional<std::string> format, one(request, "format"));
  if (!format) {
    for (std::string_view range : split(request.header("accept"), ',')) {
      range = trim(range.substr(0, range.find(';')));
      if (iequals(range, "text/html")) return true;
      if (iequals(range, "application/json") || range == "*/*") return false;
    }
    return false;
  }
  if (*format != "json" && *format != "html") return fail(Code::invalid, "format is json or html", "format");
  return *format == "html";
}

}  // namespace

void add_report_routes(Builder& b) {
  auto api = b.shared();
  const char* reports = "reports";

  b.read("/api/v1/reports", "records.read",
         {.tag = reports,
          .summary = "The reports that can be drafted",
          .answer = "The reports with their roles and the titles of their sections.",
          .schema = "Page",
          .query = {{"process", "string", "reports about tickets of this process"}}},
         [api](const Request& request, const Caller& caller, Reader&, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"process"}));
           ANLAN_TRY(std::optional<std::string> process, one(request, "process"));
           ANLAN_TRY(Value answer, app::list_reports(api->platform, world, caller.principal, process.value_or("")));
           return json_response(answer);
         });
  b.read("/api/v1/reports/{key}", "tickets.read",
         {.tag = reports,
          .summary = "A report about a ticket, drafted now from its data; for who drafts or approves it",
          .answer = "The draft in both languages; a page in one of them by format=html or by Accept: text/html.",
          .schema = "Report",
          .query = {{"ticket", "string", "number of the ticket"},
                    {"format", "string", "json or html; wins over Accept"},
                    {"lang", "string", "of a page: zh (as it is without) or en"}}},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {"ticket", "format", "lang"}));
           ANLAN_TRY(bool page, wants_page(request));
           ANLAN_TRY(std::optional<std::string> ticket, one(request, "ticket"));
           ANLAN_TRY(std::optional<std::string> language, one(request, "lang"));
           if (language && *language != "zh" && *language != "en")
             return fail(Code::invalid, "lang is zh or en", "lang");
           ANLAN_TRY(Value draft, app::draft_report(api->platform, reader, world, caller.principal,
                                                    request.parameters.at("key"), ticket.value_or("")));
           Response response = page ? Response{} : json_response(draft);
           if (page) {
             response.content_type = "text/html; charset=utf-8";
             response.body = app::report_page(world, draft, language.value_or("zh"));
             // Words of tickets stand in it: whatever they hold, they run with nobody's rights.
             response.headers.emplace_back("Content-Security-Policy", "sandbox; default-src 'none'");
           }
           response.headers.emplace_back("Cache-Control", "private, no-store");
           response.headers.emplace_back("Vary", "Accept");
           return response;
         });
}

}  // namespace anlan::http::api
