#include "storage/archive.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "json/json.h"
#include "storage/sql/repositories.h"
#include "storage/sqlite/connection.h"

namespace anlan::storage {
namespace {

class SqliteArchive final : public Archive {
 public:
  explicit SqliteArchive(std::unique_ptr<sqlite::Connection> connection) : connection_(std::move(connection)) {}

  Status events(const std::function<Status(const app::LoggedEvent&)>& each) override {
    app::LoggedEvent event;
    sql::Query query(*connection_, "SELECT position, subject, bytes FROM event ORDER BY position");
    for (;;) {
      ANLAN_TRY(bool row, query.next());
      if (!row) return {};
      event.position = query.integer(0);
      event.subject = query.view(1);
      event.bytes = query.view(2);
      ANLAN_CHECK(each(event));
    }
  }

  Result<app::Event> decode(const app::LoggedEvent& event) override {
    return sql::events::decode(event.position, event.bytes);
  }

  Status tickets(const std::function<Status(const std::string&, const Value&)>& each) override {
    sql::Query query(*connection_, "SELECT number, body FROM ticket ORDER BY id");
    return bodies(query, each);
  }

  Status records(const std::function<Status(const std::string&, const Value&)>& each) override {
    sql::Query query(*connection_, "SELECT reg || '/' || id, fields FROM record ORDER BY reg, id");
    return bodies(query, each);
  }

  Result<std::vector<app::Event>> events_of(const std::string& subject) override {
    return sql::events::of(*connection_, subject);
  }

 private:
  static Status bodies(sql::Query& query, const std::function<Status(const std::string&, const Value&)>& each) {
    for (;;) {
      ANLAN_TRY(bool row, query.next());
      if (!row) return {};
      auto body = json::parse_canonical(query.view(1));
      ANLAN_CHECK(each(query.text(0), body ? *body : Value()));
    }
  }

  std::unique_ptr<sqlite::Connection> connection_;
};

}  // namespace

Result<std::unique_ptr<Archive>> open_archive(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return fail(Code::unavailable, "there is no readable database at " + path);
  ANLAN_TRY(auto connection, sqlite::Connection::open(path, sqlite::Access::read_only, ""));
  ANLAN_CHECK(connection->execute("PRAGMA query_only = 1; PRAGMA cache_size = -16384"));
  ANLAN_TRY(std::string tables,
            connection->answer("SELECT count(*) FROM sqlite_master WHERE name IN ('event', 'ticket', 'record')"));
  if (tables != "3") return fail(Code::invalid, path + " is no database of this program");
  ANLAN_CHECK(connection->execute("BEGIN"));
  return std::unique_ptr<Archive>(new SqliteArchive(std::move(connection)));
}

Status copy_database(const std::string& path, const std::string& to) {
  {
    ANLAN_TRY(auto archive, open_archive(path));
  }
  ANLAN_TRY(auto source, sqlite::Connection::open(path, sqlite::Access::read_only, ""));
  {
    sql::Query copy(*source, "VACUUM INTO ?1", to);
    ANLAN_TRY([[maybe_unused]] bool row, copy.next());
  }
  return sound(to);
}

Status sound(const std::string& database) {
  ANLAN_TRY(auto connection, sqlite::Connection::open(database, sqlite::Access::read_only, ""));
  ANLAN_TRY(std::string verdict, connection->answer("PRAGMA integrity_check(1)"));
  if (verdict != "ok") return fail(Code::internal, "the copy is damaged: " + verdict);
  return {};
}

Result<std::uint32_t> log_number(const std::string& log) {
  std::ifstream in(log, std::ios::binary);
  std::array<unsigned char, 32> head{};
  if (!in.read(reinterpret_cast<char*>(head.data()), head.size())) return fail(Code::invalid, log + " is no log: it is too short");
  auto number = [&head](std::size_t at) {
    return std::uint32_t{head[at]} << 24 | std::uint32_t{head[at + 1]} << 16 | std::uint32_t{head[at + 2]} << 8 | head[at + 3];
  };
  if ((number(0) & ~1u) != 0x377f0682u) return fail(Code::invalid, log + " is no write-ahead log of SQLite");
  return number(12);
}

Status apply_log(const std::string& database, const std::string& log) {
  std::error_code error;
  std::filesystem::copy_file(log, database + "-wal", std::filesystem::copy_options::overwrite_existing, error);
  if (error) return fail(Code::unavailable, "cannot copy " + log + ": " + error.message());
  ANLAN_TRY(auto connection, sqlite::Connection::open(database, sqlite::Access::write, ""));
  ANLAN_TRY(std::string busy, connection->answer("PRAGMA wal_checkpoint(TRUNCATE)"));
  if (busy != "0") return fail(Code::conflict, "somebody has " + database + " open");
  return {};
}

}  // namespace anlan::storage
