#include "http/static.h"

#include <gtest/gtest.h>

namespace anlan::http {
namespace {

const StaticFile files[] = {
    {"app.js", "let a = 1;", "\"e1\""},
    {"assets/index-DiwrgTda.js", "let b;", "\"e2\""},
    {"assets/index-DiwrgTda.js.gz", "zipped", "\"e4\""},
    {"index.html", "<!doctype html>", "\"e3\""},
};

Response get(std::span<const StaticFile> table, std::string name, std::string if_none_match = {}, std::string encoding = {}) {
  auto request = std::make_shared<Request>();
  request->method = "GET";
  request->path = "/" + name;
  request->parameters["rest"] = std::move(name);
  if (!if_none_match.empty()) request->headers["if-none-match"] = std::move(if_none_match);
  if (!encoding.empty()) request->headers["accept-encoding"] = std::move(encoding);
  Response out;
  static_route(table).handle(request, [&out](Response response) { out = std::move(response); });
  return out;
}

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return {};
}

TEST(Static, ServesFilesWithTheirTypeAndTag) {
  const Response script = get(files, "app.js");
  EXPECT_EQ(script.status, 200);
  EXPECT_EQ(script.static_body, "let a = 1;");
  EXPECT_EQ(script.content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(header(script, "ETag"), "\"e1\"");
  EXPECT_EQ(header(script, "Cache-Control"), "no-cache");
  EXPECT_NE(header(get(files, "assets/index-DiwrgTda.js"), "Cache-Control").find("immutable"), std::string::npos);
}

TEST(Static, RevalidatesByTag) {
  EXPECT_EQ(get(files, "app.js", "\"x\", W/\"e1\"").status, 304);
  EXPECT_EQ(get(files, "app.js", "*").status, 304);
  EXPECT_EQ(get(files, "app.js", "\"e3\"").status, 200);
  EXPECT_TRUE(get(files, "app.js", "\"e1\"").static_body.empty());
}

TEST(Static, SendsTheZippedFormToWhoeverTakesIt) {
  const std::string name = "assets/index-DiwrgTda.js";
  const Response zipped = get(files, name, {}, "br, gzip;q=0.8");
  EXPECT_EQ(zipped.static_body, "zipped");
  EXPECT_EQ(header(zipped, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(zipped, "ETag"), "\"e4\"");
  EXPECT_EQ(header(zipped, "Vary"), "Accept-Encoding");
  EXPECT_EQ(zipped.content_type, "text/javascript; charset=utf-8");
  EXPECT_NE(header(zipped, "Cache-Control").find("immutable"), std::string::npos);
  for (const char* without : {"", "br", "gzip;q=0"}) {
    const Response plain = get(files, name, {}, without);
    EXPECT_EQ(plain.static_body, "let b;") << without;
    EXPECT_EQ(header(plain, "Content-Encoding"), "") << without;
    EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding") << without;
  }
  EXPECT_EQ(header(get(files, "app.js", {}, "gzip"), "Content-Encoding"), "");
}

TEST(Static, AddressesOfTheApplicationAreItsPage) {
  EXPECT_EQ(get(files, "").static_body, "<!doctype html>");
  EXPECT_EQ(get(files, "tickets/INC-1").static_body, "<!doctype html>");
  EXPECT_EQ(get(files, "missing.js").status, 404);
  EXPECT_EQ(get(files, "../etc/passwd.txt").status, 404);
  EXPECT_EQ(get(files, "api/v1/nothing").status, 404);
  EXPECT_EQ(get(files, "api").status, 404);
  const Response without = get({}, "");
  EXPECT_EQ(without.status, 200);
  EXPECT_NE(without.body.find("no user interface"), std::string::npos);
}

TEST(Static, KnowsHashedNames) {
  EXPECT_TRUE(has_hashed_name("assets/index-DiwrgTda.js"));
  EXPECT_TRUE(has_hashed_name("app.3f9a1c2b.css"));
  EXPECT_FALSE(has_hashed_name("app.js"));
  EXPECT_FALSE(has_hashed_name("my-component.js"));
  EXPECT_FALSE(has_hashed_name("logo-2x.png"));
  EXPECT_FALSE(has_hashed_name("README"));
}

}  // namespace
}  // namespace anlan::http
