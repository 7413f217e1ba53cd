// Attachments: the body of the request is the file, the answer to the download is bytes to save.
#include "app/attachments.h"

#include "app/tickets.h"
#include "base/text.h"
#include "http/api_build.h"
#include "http/decode.h"

namespace anlan::http::api {
namespace {

constexpr const char* may_read = "tickets.read";
constexpr const char* may_write = "tickets.write";

// RFC 6266: the name for everybody, and in full for those who know how.
std::string disposition(const std::string& name) {
  std::string plain;
  for (const char c : name) plain += static_cast<unsigned char>(c) < 0x80 && c != '\\' && c != '%' ? c : '_';
  return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + percent_encode_path(name);
}

}  // namespace

void add_attachment_routes(Builder& b) {
  auto api = b.shared();
  const char* tag = "tickets";

  Route upload;
  upload.method = "POST";
  upload.pattern = "/api/v1/tickets/{number}/attachments";
  upload.body_limit = app::attachment_bytes_max;
  Doc doc{.tag = tag, .summary = "Attach a file: the body is the file, at most 16 MiB", .status = 201,
          .answer = "{id, name, type, size, sha256, by, at}.", .query = {{"name", "string", "of the file"}}};
  upload.openapi = Builder::operation(doc, {}, false, false)
                       .with("requestBody",
                             Value(Map{{"required", true},
                                       {"content", Value(Map{{"application/octet-stream",
                                                              Value(Map{{"schema", Value(Map{{"type", "string"},
                                                                                             {"format", "binary"}})}})}})}}));
  upload.handle = [api](std::shared_ptr<const Request> request, Respond respond) {
    auto refuse_with = [&](const Error& error) { respond(problem(error, *request)); };
    auto caller = caller_of(*api, *request, true);
    if (!caller) return refuse_with(caller.error());
    if (auto known = known_parameters(*request, {"name"}); !known) return refuse_with(known.error());
    auto name = one(*request, "name");
    if (!name) return refuse_with(name.error());
    if (request->body.empty()) return refuse_with(Error{Code::invalid, "the file is empty", "body", {}});
    const std::string number = request->parameters.at("number");
    // Nobody fills the disk on a ticket he cannot see.
    auto allowed = api->platform.read([&](Reader& reader, const World& world) -> Status {
      ANLAN_CHECK(admitted(*caller, world, may_write));
      return app::may_see(api->platform, reader, world, caller->principal, number);
    });
    if (!allowed) return refuse_with(allowed.error());
    auto digest = api->files.keep(request->body);
    if (!digest) return refuse_with(digest.error());
    app::NewAttachment given{number, name->value_or(""), std::string(request->header("content-type")), request->body.size(),
                             std::move(*digest)};
    api->platform.write(
        [api, caller = *caller, given = std::move(given)](Txn& txn, const World& world) -> Result<Value> {
          ANLAN_CHECK(admitted(caller, world, may_write));
          return app::attach(api->platform, txn, caller.principal, given);
        },
        [request, respond = std::move(respond)](Result<Value> result) mutable {
          respond(result ? json_response(*result, 201) : problem(result.error(), *request));
        });
  };
  b.add(std::move(upload));

  b.read("/api/v1/tickets/{number}/attachments", may_read,
         {.tag = tag, .summary = "The files of a ticket", .answer = "The files, in order.", .schema = "Page"},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           ANLAN_TRY(Value answer, app::attachments(api->platform, reader, world, caller.principal,
                                                    request.parameters.at("number")));
           return json_response(answer);
         });
  b.read("/api/v1/tickets/{number}/attachments/{id}", may_read,
         {.tag = tag, .summary = "The bytes of a file, to save", .answer = "The file.", .schema = "-"},
         [api](const Request& request, const Caller& caller, Reader& reader, const World& world) -> Result<Response> {
           ANLAN_CHECK(known_parameters(request, {}));
           ANLAN_TRY(Value item, app::attachment(api->platform, reader, world, caller.principal,
                                                 request.parameters.at("number"), request.parameters.at("id")));
           Response response;
           ANLAN_TRY(response.body, api->files.fetch(item["sha256"].as_string()));
           response.content_type = item["type"].as_string();
           response.headers.emplace_back("Content-Disposition", disposition(item["name"].as_string()));
           // Should a browser show it all the same, it shows it without our rights.
           response.headers.emplace_back("Content-Security-Policy", "sandbox; default-src 'none'");
           response.headers.emplace_back("Cache-Control", "private, no-store");
           return response;
         });
  b.write("DELETE", "/api/v1/tickets/{number}/attachments/{id}", may_write,
          {.tag = tag, .summary = "Take back a file that one attached", .answer = "The file taken back."}, {},
          [api](const Request& request, const Caller& caller, const Value&) -> Result<Builder::Unit> {
            ANLAN_TRY(std::optional<std::string> reason, one(request, "reason"));
            return Builder::Unit{[api, principal = caller.principal, number = request.parameters.at("number"),
                                  id = request.parameters.at("id"), reason = reason.value_or("")](Txn& txn, const World&) {
              return app::take_back_attachment(api->platform, txn, principal, number, id, reason);
            }};
          });
}

}  // namespace anlan::http::api
