// The filters of ticket lists, as a request says them: parameters, and the line `q` (see app/query.h).
#pragma once
#include <vector>

#include "app/query.h"
#include "http/api_build.h"

namespace anlan::http::api {

// Code::invalid names the parameter. "me" stands for the caller; what he owes through a post counts as owed by him.
Result<app::TicketQuery> ticket_query(const app::Platform&, const World&, const Request&, const Caller&);

// The parameters, for the description of a route.
const std::vector<Parameter>& ticket_filters();

}  // namespace anlan::http::api
