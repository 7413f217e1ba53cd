#include "http/wire.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>

#include "base/text.h"
#include "http/decode.h"

namespace anlan::http {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> security_headers{{
    {"Content-Security-Policy",
     "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; object-src 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
}};

constexpr std::array<std::string_view, 6> owned_headers{"Connection", "Content-Length", "Transfer-Encoding",
                                                        "Date",       "Server",         "X-Request-Id"};

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool is_json(std::string_view type) {
  const std::string_view essence = type.substr(0, type.find(';'));
  return iequals(essence, "application/json") ||
         (essence.size() > 5 && iequals(essence.substr(essence.size() - 5), "+json"));
}

void append_status_line(std::string& out, int status, const HeadContext& context) {
  out += context.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ";
  out += fmt::format_int(status).c_str();
  out += ' ';
  out += reason(status);
  out += "\r\n";
}

void append_common(std::string& out, const HeadContext& context) {
  append_header(out, "Date", context.date);
  append_header(out, "Server", context.server);
  if (!context.request_id.empty()) append_header(out, "X-Request-Id", context.request_id);
  if (!context.keep_alive) append_header(out, "Connection", "close");
  else if (context.http_1_0) append_header(out, "Connection", "keep-alive");
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '\n' && c != '\r' && c != '\0') out += c;
  return out;
}

}  // namespace

std::string_view reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return status < 300 ? "OK" : status < 400 ? "Redirect" : status < 500 ? "Client Error" : "Server Error";
  }
}

std::string http_date(Instant instant) {
  namespace chrono = std::chrono;
  static constexpr std::array<std::string_view, 7> week{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const chrono::sys_time<chrono::milliseconds> point{chrono::milliseconds{instant.ms}};
  const chrono::sys_days day = chrono::floor<chrono::days>(point);
  const chrono::year_month_day date{day};
  const chrono::hh_mm_ss<chrono::seconds> time{chrono::floor<chrono::seconds>(point - day)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", week[chrono::weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

bool acceptable_request_id(std::string_view id) {
  if (id.size() < 8 || id.size() > 64) return false;
  for (const char c : id) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') return false;
  }
  return true;
}

bool has_body(int status) { return status != 204 && status != 304; }

std::string_view body_of(const Response& response) {
  return response.static_body.empty() ? std::string_view(response.body) : response.static_body;
}

std::string response_head(const Response& response, const HeadContext& context) {
  std::string out;
  out.reserve(768);
  append_status_line(out, response.status, context);
  append_common(out, context);
  if (has_body(response.status)) {
    const std::size_t length = body_of(response).size();
    if (length > 0 && !response.content_type.empty() && is_field_value(response.content_type))
      append_header(out, "Content-Type", response.content_type);
    append_header(out, "Content-Length", fmt::format_int(length).c_str());
  }
  std::array<bool, security_headers.size()> given{};
  bool cache_given = false;
  for (const auto& [name, value] : response.headers) {
    bool owned = false;
    for (const std::string_view other : owned_headers) owned = owned || iequals(name, other);
    if (owned) continue;
    if (!is_token(name) || !is_field_value(value)) {
      spdlog::warn("http: a header of an answer left out, it holds control characters or a bad name");
      continue;
    }
    for (std::size_t i = 0; i < given.size(); ++i) given[i] = given[i] || iequals(name, security_headers[i].first);
    cache_given = cache_given || iequals(name, "Cache-Control");
    append_header(out, name, value);
  }
  if (!cache_given && (is_json(response.content_type) || response.status >= 400))
    append_header(out, "Cache-Control", "no-store");
  for (std::size_t i = 0; i < given.size(); ++i)
    if (!given[i]) append_header(out, security_headers[i].first, security_headers[i].second);
  out += "\r\n";
  return out;
}

std::string stream_head(const HeadContext& context) {
  HeadContext closing = context;
  closing.keep_alive = false;
  std::string out;
  append_status_line(out, 200, closing);
  append_common(out, closing);
  append_header(out, "Content-Type", "text/event-stream; charset=utf-8");
  append_header(out, "Cache-Control", "no-store");
  append_header(out, "X-Accel-Buffering", "no");  // a buffering nginx in front would hold events back
  for (const auto& [name, value] : security_headers) append_header(out, name, value);
  out += "\r\n";
  return out;
}

void append_event(std::string& out, std::string_view id, std::string_view event, std::string_view data) {
  if (!id.empty()) out.append("id: ").append(one_line(id)).append("\n");
  if (!event.empty()) out.append("event: ").append(one_line(event)).append("\n");
  // CR, LF and CRLF each end a line for the reader of a stream.
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    const bool crlf = data[end] == '\r' && end + 1 < data.size() && data[end + 1] == '\n';
    data.remove_prefix(end + (crlf ? 2 : 1));
  }
  out += '\n';
}

}  // namespace anlan::http
