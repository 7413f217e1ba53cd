// The connectors behind the port of http.
#pragma once
#include <memory>
#include <string>

#include "connectors/alerts.h"
#include "domain/correlation/rules.h"
#include "http/api.h"

namespace anlan::server {

http::AlertFormats alert_formats(std::shared_ptr<connectors::AlertIntake>, correlation::RuleSet, std::string version,
                                 Instant started);

}  // namespace anlan::server
