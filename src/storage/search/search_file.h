// The full-text index in a file of its own, made of nothing but the log: it may be deleted, and is then made anew. An index
// of another form or with damage is thrown away at open.
#pragma once
#include <memory>
#include <string>

#include "app/search.h"

namespace anlan::storage {

// Code::unavailable when the file cannot be made.
Result<std::unique_ptr<app::SearchIndex>> open_search_file(const std::string& path);

}  // namespace anlan::storage
