// Reports: what can be drafted, and drafts about a ticket as data or as a page.
#include "app/reports.h"

#include <mutex>

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

// The public answer is made at most once in this time: nobody who may ask without an account can keep the house busy.
constexpr Duration public_for = seconds(5);

Route public_status(const std::shared_ptr<Api>& api) {
  struct Kept {
    std::mutex mutex;
    Instant made{};
    bool being_made = false;
    std::string body;
  };
  Route route;
  route.method = "GET";
  route.pattern = "/api/v1/status";
  route.openapi = Builder::operation({.tag = "reports",
                                      .summary = "What stands to be read by anybody, without a login",
                                      .answer = "Sentences in both languages, some seconds old at most.",
                                      .schema = "Status",
                                      .open = true},
                                     {}, false, false);
  route.handle = [api, kept = std::make_shared<Kept>()](std::shared_ptr<const Request> request, Respond respond) {
    if (auto status = known_parameters(*request, {}); !status) return respond(problem(status.error(), *request));
    const Instant now = api->platform.now();
    std::string body;
    bool make = false;
    {
      std::lock_guard lock(kept->mutex);
      const bool fresh = now >= kept->made && now < kept->made + public_for;
      make = kept->body.empty() || (!fresh && !kept->being_made);
      if (make) kept->being_made = true;
      else body = kept->body;
    }
    if (make) {
      auto status = api->platform.read([&](Reader& reader, const World& world) -> Status {
        ANLAN_TRY(Value answer, app::public_reports(api->platform, reader, world));
        body = json_response(answer).body;
        return {};
      });
      std::lock_guard lock(kept->mutex);
      kept->being_made = false;
      if (!status) return respond(problem(status.error(), *request));
      kept->made = now;
      kept->body = body;
    }
    Response response = json_response(Value(Map{}));
    response.body = std::move(body);
    response.headers.emplace_back("Cache-Control", "public, max-age=5");
    respond(std::move(response));
  };
  return route;
}

}  // namespace

void add_report_routes(Builder& b) {
  auto api = b.shared();
  const char* reports = "reports";
  b.add(public_status(api));

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
