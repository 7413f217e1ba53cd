// Demonstration data: an insurer with its people and machines, the time that lies behind it, and what happens now.
#pragma once
#include <memory>
#include <string>

#include "app/platform.h"
#include "app/sessions.h"

namespace anlan::server {

inline constexpr const char* demo_password = "anlan-demo";
inline constexpr const char* demo_token = "demo-alerts";

// Reads every *.yaml of the folder, in order of name. Documents:
//   world: {records: {<register>: [{id, fields, state?}]}}   written as the platform
//   stories: [...]                                            see stories.h; told over `past`, through the use cases
//   visits: [...]                                             see demo_visits
// In records "@now", "@now-2h30m" or "@now+30d" stands for that instant. Every person gets `hash` as password, and the
// machine "demo-alerts" its token. Records, accounts and the mark "platform"/"demo" are one unit; stories follow step by
// step. Code::not_found without such a folder; otherwise the first error, naming the file and the row or step.
Status load_demo(app::Platform&, std::shared_ptr<const engine::Definitions>, app::Sessions&, const std::string& folder,
                 Duration past, const std::string& hash);

// As whom to look at the demonstration and what to try there: {password, visits: [{login, who, lead, steps: [{go | find,
// zh, en}]}]}, texts in both languages; `find` is a query of the ticket list, `go` a page. Code::invalid naming the entry.
Result<Value> demo_visits(const std::string& folder);

}  // namespace anlan::server
