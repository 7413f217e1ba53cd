#include "storage/migrations/migrate.h"

#include <string>

namespace anlan::storage {
namespace {

struct Migration {
  const char* name;
  const char* sql;
};

// In order; the place in the list is the version. What has been released is never edited: a change is a new file.
constexpr Migration migrations[] = {
    {"initial",
#include "storage/migrations/0001_initial.sql.h"
    },
    {"measures",
#include "storage/migrations/0002_measures.sql.h"
    },
};

constexpr const char* application_id = "1095650382";  // "ANLN"

Result<long> number(sqlite::Connection& connection, const char* sql) {
  ANLAN_TRY(std::string text, connection.answer(sql));
  return text.empty() ? 0 : std::stol(text);
}

}  // namespace

int schema_version() { return static_cast<int>(std::size(migrations)); }

Status migrate(sqlite::Connection& connection, Instant now) {
  ANLAN_TRY(std::string owner, connection.answer("PRAGMA application_id"));
  ANLAN_TRY(long tables, number(connection, "SELECT count(*) FROM sqlite_master"));
  if (tables > 0 && owner != application_id) {
    return fail(Code::conflict, "the database file belongs to another program");
  }
  long version = 0;
  if (tables > 0) {
    ANLAN_TRY(version, number(connection, "SELECT max(version) FROM migration"));
    if (version > schema_version()) {
      return fail(Code::conflict, "the database has schema " + std::to_string(version) +
                                      ", this program knows schemas up to " + std::to_string(schema_version()));
    }
  }
  for (long next = version + 1; next <= schema_version(); ++next) {
    const Migration& migration = migrations[next - 1];
    std::string text = "BEGIN IMMEDIATE;";
    if (next == 1) {
      text += std::string("PRAGMA application_id = ") + application_id +
              "; CREATE TABLE migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
              "applied_at INTEGER NOT NULL);";
    }
    text += migration.sql;
    text += "; INSERT INTO migration VALUES (" + std::to_string(next) + ", '" + migration.name + "', " +
            std::to_string(now.ms) + "); COMMIT;";
    if (auto status = connection.execute(text); !status) {
      if (connection.in_transaction()) (void)connection.execute("ROLLBACK");
      Error error = std::move(status).error();
      error.message = std::string("migration ") + migration.name + ": " + error.message;
      return std::unexpected(std::move(error));
    }
  }
  return {};
}

}  // namespace anlan::storage
