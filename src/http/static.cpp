#include "http/static.h"

#include <algorithm>

#include "base/text.h"

namespace anlan::http {
namespace {

const StaticFile* find(std::span<const StaticFile> files, std::string_view name) {
  const auto it = std::lower_bound(files.begin(), files.end(), name,
                                   [](const StaticFile& file, std::string_view n) { return file.name < n; });
  return it != files.end() && it->name == name ? &*it : nullptr;
}

// If-None-Match compares weakly: "W/" does not count.
bool names_etag(std::string_view header, std::string_view etag) {
  for (std::string_view one : split(header, ',')) {
    one = trim(one);
    if (one == "*") return true;
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag) return true;
  }
  return false;
}

bool takes_gzip(std::string_view header) {
  for (std::string_view one : split(header, ',')) {
    const auto parts = split(one, ';');
    if (!iequals(trim(parts[0]), "gzip")) continue;
    return parts.size() < 2 || (trim(parts[1]) != "q=0" && !trim(parts[1]).starts_with("q=0.000"));
  }
  return false;
}

// `plain` by its name, `file` as it travels: itself, or its gzip form that lies beside it.
Response serve(const StaticFile& plain, const StaticFile* zipped, const Request& request) {
  const bool zip = zipped && takes_gzip(request.header("accept-encoding"));
  const StaticFile& file = zip ? *zipped : plain;
  Response response;
  response.content_type = content_type_of(plain.name);
  if (zip) response.headers.emplace_back("Content-Encoding", "gzip");
  if (zipped) response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back("ETag", file.etag);
  response.headers.emplace_back("Cache-Control", has_hashed_name(plain.name) ? "public, max-age=31536000, immutable"
                                                                            : "no-cache");
  if (names_etag(request.header("if-none-match"), file.etag)) response.status = 304;
  else response.static_body = file.bytes;
  return response;
}

Response no_interface() {
  Response response;
  response.content_type = "text/html; charset=utf-8";
  response.body =
      "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><title>安澜 Anlan</title>"
      "<h1>安澜 Anlan</h1><p>本程序构建时未包含用户界面。接口说明见 <a href=\"/openapi.json\">/openapi.json</a>。</p>"
      "<p>This build has no user interface. The API is described at <a href=\"/openapi.json\">/openapi.json</a>.</p>"
      "</html>\n";
  return response;
}

}  // namespace

std::string_view content_type_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view extension = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
  struct Type {
    std::string_view extension, type;
  };
  static constexpr Type types[] = {
      {"html", "text/html; charset=utf-8"},
      {"js", "text/javascript; charset=utf-8"},
      {"mjs", "text/javascript; charset=utf-8"},
      {"css", "text/css; charset=utf-8"},
      {"json", "application/json"},
      {"map", "application/json"},
      {"webmanifest", "application/manifest+json"},
      {"svg", "image/svg+xml"},
      {"png", "image/png"},
      {"jpg", "image/jpeg"},
      {"jpeg", "image/jpeg"},
      {"webp", "image/webp"},
      {"ico", "image/x-icon"},
      {"woff2", "font/woff2"},
      {"woff", "font/woff"},
      {"ttf", "font/ttf"},
      {"wasm", "application/wasm"},
      {"txt", "text/plain; charset=utf-8"},
      {"md", "text/markdown; charset=utf-8"},
      {"pdf", "application/pdf"},
  };
  for (const Type& type : types)
    if (type.extension == extension) return type.type;
  return "application/octet-stream";
}

bool has_hashed_name(std::string_view name) {
  // stem, '-' or '.', at least eight characters of a digest, extension. A digest has a digit or a capital letter, which
  // keeps words apart from it; one that happens to have none is only revalidated more often.
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view stem = name.substr(name.rfind('/') + 1, dot - (name.rfind('/') + 1));
  const std::size_t mark = stem.find_last_of("-.");
  if (mark == std::string_view::npos || mark == 0) return false;
  const std::string_view digest = stem.substr(mark + 1);
  const auto capital_or_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  const auto possible = [&](char c) { return capital_or_digit(c) || (c >= 'a' && c <= 'z') || c == '_'; };
  return digest.size() >= 8 && std::all_of(digest.begin(), digest.end(), possible) &&
         std::any_of(digest.begin(), digest.end(), capital_or_digit);
}

Route static_route(std::span<const StaticFile> files) {
  Route route;
  route.method = "GET";
  route.pattern = "/{rest*}";
  route.run = Route::Run::inline_;
  route.body_limit = 0;
  route.openapi = Value(false);
  route.handle = [files](std::shared_ptr<const Request> request, Respond respond) {
    const auto it = request->parameters.find("rest");
    const std::string_view name = it == request->parameters.end() ? std::string_view{} : std::string_view(it->second);
    auto zipped = [&](const StaticFile& file) { return find(files, std::string(file.name) + ".gz"); };
    if (const StaticFile* file = find(files, name)) return respond(serve(*file, zipped(*file), *request));
    const bool api = name == "api" || name.starts_with("api/");
    const bool page = !api && name.substr(name.rfind('/') + 1).find('.') == std::string_view::npos;
    if (!page) {
      const Error error{Code::not_found, "There is nothing at this address.", {}, {}};
      return respond(problem(error, *request));
    }
    if (const StaticFile* index = find(files, "index.html")) return respond(serve(*index, zipped(*index), *request));
    respond(no_interface());
  };
  return route;
}

}  // namespace anlan::http
