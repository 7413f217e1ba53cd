// Errors on the wire: the one place where the vocabulary of failure becomes HTTP.
#include <spdlog/spdlog.h>

#include "http/decode.h"
#include "http/transport.h"
#include "http/wire.h"
#include "json/json.h"

namespace anlan::http {
namespace {

Response write_problem(int status, std::string_view code, std::string_view detail, const Request& request, Map more) {
  more["type"] = "about:blank";
  more["title"] = reason(status);
  more["status"] = status;
  more["detail"] = detail;
  if (!request.path.empty()) more["instance"] = percent_encode_path(request.path);
  if (!request.id.empty()) more["request_id"] = request.id;
  more["code"] = code;
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = json::write(Value(std::move(more)));
  return response;
}

Value refusal_value(const Refusal& refusal) {
  Map out;
  out["clause"] = refusal.clause;
  out["code"] = refusal.code;
  out["zh"] = refusal.text.zh;
  out["en"] = refusal.text.en;
  out["field"] = refusal.field;
  out["requirement"] = refusal.requirement;
  if (!refusal.waiver.empty()) out["waiver"] = refusal.waiver;
  return Value(std::move(out));
}

std::string_view code_of_status(int status) {
  switch (status) {
    case 404: return "not_found";
    case 405: return "method_not_allowed";
    case 408: return "timeout";
    case 413:
    case 429:
    case 431: return "limit";
    case 503: return "unavailable";
    case 500: return "internal";
    case 501:
    case 505: return "not_implemented";
    default: return "invalid";
  }
}

}  // namespace

int status_of(const Error& error) {
  switch (error.code) {
    case Code::invalid: return error.field.empty() ? 400 : 422;
    case Code::unauthenticated: return 401;
    case Code::forbidden: return 403;
    case Code::not_found: return 404;
    case Code::conflict: return 409;
    case Code::refused: return 409;
    case Code::limit: return error.field.empty() ? 429 : 413;
    case Code::unavailable: return 503;
    case Code::no_space: return 507;
    case Code::internal: return 500;
  }
  return 500;
}

Response json_response(const Value& value, int status) {
  Response response;
  response.status = status;
  response.body = json::write(value);
  return response;
}

Response problem(const Error& error, const Request& request) {
  const int status = status_of(error);
  Map more;
  std::string_view detail = error.message;
  if (error.code == Code::internal) {
    spdlog::error("http {} internal error: {}", request.id, error.message);
    detail = "Something went wrong on our side. Quote the request id when you report it.";
  }
  if (!error.field.empty()) more["field"] = error.field;
  if (!error.refusals.empty()) {
    List refusals;
    for (const Refusal& refusal : error.refusals) refusals.push_back(refusal_value(refusal));
    more["refusals"] = Value(std::move(refusals));
  }
  Response response = write_problem(status, name(error.code), detail, request, std::move(more));
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response transport_problem(int status, std::string detail, const Request& request) {
  Response response = write_problem(status, code_of_status(status), detail, request, {});
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace anlan::http
