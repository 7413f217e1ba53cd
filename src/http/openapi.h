// The OpenAPI 3.1 document, built from the routes that are served, so that it cannot describe others.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "http/transport.h"

namespace anlan::http {

// The document. Each route whose `openapi` is a map becomes an operation; `false` hides a route (pages, the document
// itself if so wished). What an operation does not say is added:
//   operationId   from method and pattern ("getTicketsByNumber")
//   parameters    those of the pattern that it does not declare, as strings
//   responses     "default": a Problem
//   security      the document's default, either of cookie session and bearer token; `security: []` opens a route
// Components at hand for "$ref": schemas Problem, Refusal, Text, Ticket, Page, Event, Action, Link, Task, Clock;
// responses Problem; parameters Limit, Cursor, IdempotencyKey; securitySchemes session, token.
// `schemas` (a map) adds to the shared schemas or replaces them.
Value openapi_document(const std::vector<Route>&, std::string_view title, std::string_view version,
                       const Value& schemas = {});

// What is wrong with the operations, a sentence each; empty when all is well. Every route has an operation (or `false`)
// with a summary and at least one response of its own with a description; its path parameters are those of the pattern;
// every parameter has name, place and schema or is a reference; a GET has no body; operation ids are unique; references
// into the document lead somewhere.
std::vector<std::string> check_openapi(const std::vector<Route>&, const Value& schemas = {});

}  // namespace anlan::http
