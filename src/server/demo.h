// Demonstration data: people, machines and a few tickets, so that the first page shows something.
#pragma once
#include <string>

#include "app/platform.h"
#include "app/sessions.h"

namespace anlan::server {

inline constexpr const char* demo_password = "anlan-demo";
inline constexpr const char* demo_token = "demo-alerts";

// Reads every *.yaml of the folder, in order of name. Documents:
//   world: {records: {<register>: [{id, fields, state?}]}}     written as the platform
//   tickets: [{process, as, fields, drill?, then?: [{action, as, fields?, comment?}]}]   through the use cases
// A text "@now", "@now-2h30m" or "@now+30d" stands for that instant. Every person gets `hash` as password, and the
// machine "demo-alerts" its token. Records, accounts and the mark "platform"/"demo" are one unit; tickets follow one by
// one. Code::not_found without such a folder; otherwise the first error, naming the file and the row.
Status load_demo(app::Platform&, app::Sessions&, const std::string& folder, const std::string& hash);

}  // namespace anlan::server
