#include <gtest/gtest.h>

#include "http/transport.h"
#include "json/json.h"

namespace anlan::http {
namespace {

Request some_request() {
  Request request;
  request.path = "/api/v1/tickets/变更 1";
  request.id = "request-1";
  return request;
}

TEST(Problem, SaysWhatTheErrorSays) {
  const Refusal refusal{"9.1.5.3", "recovery_not_confirmed", {"未确认恢复", "Not confirmed"}, "confirmed_at",
                        "9.1.5.3-p1-1", "exception"};
  const Response response = problem(Error{Code::refused, "refused", {}, {refusal}}, some_request());
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = json::parse(response.body);
  ASSERT_TRUE(body);
  EXPECT_EQ((*body)["type"].as_string(), "about:blank");
  EXPECT_EQ((*body)["title"].as_string(), "Conflict");
  EXPECT_EQ((*body)["status"].as_int(), 409);
  EXPECT_EQ((*body)["code"].as_string(), "refused");
  EXPECT_EQ((*body)["instance"].as_string(), "/api/v1/tickets/%E5%8F%98%E6%9B%B4%201");
  EXPECT_EQ((*body)["request_id"].as_string(), "request-1");
  const auto& refusals = (*body)["refusals"].as_list();
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0]["clause"].as_string(), "9.1.5.3");
  EXPECT_EQ(refusals[0]["zh"].as_string(), "未确认恢复");
  EXPECT_EQ(refusals[0]["waiver"].as_string(), "exception");
}

TEST(Problem, CodesBecomeStatuses) {
  const auto status = [](Code code, std::string field = {}) {
    return status_of(Error{code, "m", std::move(field), {}});
  };
  EXPECT_EQ(status(Code::invalid), 400);
  EXPECT_EQ(status(Code::invalid, "fields.system"), 422);
  EXPECT_EQ(status(Code::unauthenticated), 401);
  EXPECT_EQ(status(Code::forbidden), 403);
  EXPECT_EQ(status(Code::not_found), 404);
  EXPECT_EQ(status(Code::conflict), 409);
  EXPECT_EQ(status(Code::limit), 429);
  EXPECT_EQ(status(Code::limit, "attachment"), 413);
  EXPECT_EQ(status(Code::unavailable), 503);
  EXPECT_EQ(status(Code::no_space), 507);
  EXPECT_EQ(status(Code::internal), 500);
}

TEST(Problem, InternalMessagesStayInside) {
  const Response response = problem(Error{Code::internal, "password=secret", {}, {}}, some_request());
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace anlan::http
