#include "http/openapi.h"

#include <gtest/gtest.h>

namespace anlan::http {
namespace {

Value m(std::initializer_list<Map::value_type> members) { return Value(Map(members)); }

Route route(std::string method, std::string pattern, Value operation) {
  Route out;
  out.method = std::move(method);
  out.pattern = std::move(pattern);
  out.openapi = std::move(operation);
  return out;
}

Value good() {
  return m({{"summary", "Reads it"}, {"responses", m({{"200", m({{"description", "It"}})}})}});
}

TEST(OpenApi, DescribesTheRoutes) {
  const Value own = m({{"name", "number"}, {"in", "path"}, {"required", true},
                       {"schema", m({{"type", "string"}, {"pattern", "^[A-Z]+-.*$"}})}});
  const std::vector<Route> routes{
      route("GET", "/api/v1/tickets/{number}", good().with("parameters", Value(List{own}))),
      route("POST", "/api/v1/tickets/{number}/actions/{action}", good()),
      route("GET", "/api/v1/files/{rest*}", good()),
      route("GET", "/{rest*}", Value(false)),
  };
  EXPECT_EQ(check_openapi(routes), std::vector<std::string>{});
  const Value document = openapi_document(routes, "Anlan", "1.2");
  EXPECT_EQ(document["openapi"].as_string(), "3.1.0");
  EXPECT_EQ(document["info"]["version"].as_string(), "1.2");
  EXPECT_EQ(document["paths"].as_map().size(), 3u);
  const Value& get = document["paths"]["/api/v1/tickets/{number}"]["get"];
  EXPECT_EQ(get["operationId"].as_string(), "getTicketsByNumber");
  ASSERT_EQ(get["parameters"].as_list().size(), 1u);
  EXPECT_EQ(get["parameters"].as_list()[0], own);
  const Value& post = document["paths"]["/api/v1/tickets/{number}/actions/{action}"]["post"];
  ASSERT_EQ(post["parameters"].as_list().size(), 2u);
  EXPECT_EQ(post["parameters"].as_list()[1]["name"].as_string(), "action");
  EXPECT_EQ(post["responses"]["default"]["$ref"].as_string(), "#/components/responses/Problem");
  EXPECT_FALSE(document["paths"]["/api/v1/files/{rest}"]["get"].is_null());
  for (const char* schema : {"Problem", "Refusal", "Ticket", "Page"})
    EXPECT_FALSE(document["components"]["schemas"][schema].is_null()) << schema;
}

TEST(OpenApi, FindsFaults) {
  const auto faults = [](Route r) { return check_openapi({std::move(r)}); };
  EXPECT_EQ(faults(route("GET", "/a", {})).size(), 1u);
  EXPECT_EQ(faults(route("GET", "/a", good().with("summary", nullptr))).size(), 1u);
  EXPECT_EQ(faults(route("GET", "/a", good().with("responses", nullptr))).size(), 1u);
  EXPECT_EQ(faults(route("GET", "/a", good().with("responses", m({{"ok", m({{"description", "x"}})}})))).size(), 1u);
  const Value stray = m({{"name", "b"}, {"in", "path"}, {"required", true}, {"schema", m({{"type", "string"}})}});
  EXPECT_EQ(faults(route("GET", "/{a}", good().with("parameters", Value(List{stray})))).size(), 1u);
  EXPECT_EQ(faults(route("GET", "/a", good().with("requestBody", m({{"content", 1}})))).size(), 1u);
  const Value lost = m({{"$ref", "#/components/schemas/Nothing"}});
  EXPECT_EQ(faults(route("POST", "/a", good().with("requestBody", lost))).size(), 1u);
  EXPECT_EQ(check_openapi({route("POST", "/a", good().with("requestBody", lost))}, m({{"Nothing", m({})}})).size(), 0u);
  EXPECT_EQ(check_openapi({route("GET", "/api/v1/a", good()), route("GET", "/a", good())}).size(), 1u);
}

}  // namespace
}  // namespace anlan::http
