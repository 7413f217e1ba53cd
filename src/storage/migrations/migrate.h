// Brings a database to the schema of this program, one numbered file of this folder after the other.
#pragma once
#include "base/error.h"
#include "base/time.h"
#include "storage/sqlite/connection.h"

namespace anlan::storage {

// The newest schema version this program knows.
int schema_version();

// Applies what is missing, each migration in a transaction of its own. Code::conflict when the file belongs to another
// program or to a newer version of this one; nothing is changed then.
Status migrate(sqlite::Connection&, Instant now);

}  // namespace anlan::storage
