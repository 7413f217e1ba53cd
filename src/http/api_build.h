// How routes of the API are made: one description of a body serves the check of requests and the document alike.
// Internal to the API.
#pragma once
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/api.h"

namespace anlan::http::api {

using app::Reader;
using app::Txn;
using app::World;
using Caller = app::Sessions::Caller;

// A member of a JSON body. `type` as in JSON Schema: "string", "integer", "boolean", "object", "array", "any".
struct Member {
  const char* name;
  const char* type;
  bool required = false;
  const char* description = "";
};
using Body = std::vector<Member>;
// A parameter of the query.
struct Parameter {
  const char* name;
  const char* type;
  const char* description;
};

struct Doc {
  const char* tag;
  const char* summary;
  int status = 200;
  const char* answer = "The answer.";
  const char* schema = "";        // component schema of the answer; empty: an object; "-": none
  std::vector<Parameter> query{};
  bool open = false;              // needs no caller
  bool by_itself = false;         // pages ask this unattended: no sign of life of the session
};

// Code::invalid naming the member: unknown, missing or of another type.
Status check_members(const Value& body, const Body&);
// The JSON object of a request; empty bodies count as {}.
Result<Value> read_body(const Request&, const Body&, std::size_t limit);

// Who asks; for requests that change something also whether they come from our own pages.
Result<Caller> caller_of(const Api&, const Request&, bool changes, bool by_itself = false);
// People: the account is enabled. Machines: the token carries the scope ("*": any token will do; "":
// not for machines).
Status admitted(const Caller&, const World&, const std::string& scope);
// Platform::insider of the caller.
Status insider(const app::Platform&, const Caller&, const World&);

// One value of the query; nullopt when absent. Code::invalid when given twice or malformed.
Result<std::optional<std::string>> one(const Request&, std::string_view name);
Result<std::optional<bool>> flag(const Request&, std::string_view name);
Result<std::int64_t> number(const Request&, std::string_view name, std::int64_t otherwise, std::int64_t least,
                            std::int64_t most);
// Code::invalid naming a parameter of the query that is not among these.
Status known_parameters(const Request&, std::initializer_list<std::string_view>);
// {items, next_cursor}: the part of `items` after the one whose `key` is the cursor.
Result<Value> page(const Request&, const List& items, std::string_view key, std::int64_t otherwise, std::int64_t most);
// The version of If-Match or of the body; nullopt when neither says one.
Result<std::optional<std::int64_t>> expected_version(const Request&, const Value& body);

class Builder {
 public:
  explicit Builder(std::shared_ptr<Api> api) : api_(std::move(api)) {}

  using Read = std::function<Result<Response>(const Request&, const Caller&, Reader&, const World&)>;
  // GET over a snapshot. `scope`: what a machine's token must carry; empty: for people only.
  void read(const char* pattern, const char* scope, Doc, Read);

  // What a request wants done in a unit of work.
  struct Unit {
    std::function<Result<Value>(Txn&, const World&)> work;
    std::function<void(const Value&, Response&)> finish{};  // headers of the answer
    std::function<void(const Error&, Response&)> failed{};  // more about an error
  };
  using Prepare = std::function<Result<Unit>(const Request&, const Caller&, const Value& body)>;
  // Changes something in one unit of work, with idempotency for POST. A status of 204 drops the body.
  void write(const char* method, const char* pattern, const char* scope, Doc, Body, Prepare,
             std::size_t body_limit = 1 << 20);

  using Handle = std::function<void(std::shared_ptr<const Request>, const Caller&, const Value& body, Respond)>;
  // Anything else that changes something and answers later.
  void call(const char* method, const char* pattern, const char* scope, Doc, Body, Handle,
            std::size_t body_limit = 1 << 20);
  void add(Route route) { routes_.push_back(std::move(route)); }

  Api& api() { return *api_; }
  const std::shared_ptr<Api>& shared() { return api_; }
  std::vector<Route>& routes() { return routes_; }
  static Value operation(const Doc&, const Body&, bool has_body, bool idempotent);

 private:
  std::shared_ptr<Api> api_;
  std::vector<Route> routes_;
};

void add_session_routes(Builder&);
void add_ticket_routes(Builder&);
void add_presence_routes(Builder&);
void add_attachment_routes(Builder&);
void add_record_routes(Builder&);
void add_alert_routes(Builder&);
void add_definition_routes(Builder&);
void add_plan_routes(Builder&);
void add_measure_routes(Builder&);
void add_report_routes(Builder&);

}  // namespace anlan::http::api
