#include "storage/search/search_file.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "storage/search/words.h"
#include "storage/sqlite/connection.h"

namespace anlan::storage {
namespace {

using sqlite::Connection;
using search::index_words;
using search::match_of;

// Grows when words are made in another way, so that old files are made anew.
constexpr int form = 1;
constexpr std::size_t body_most = 200'000;   // bytes of a ticket's text that are indexed
constexpr std::size_t excerpt_around = 90;   // bytes before and behind a match

class SearchFile final : public app::SearchIndex {
 public:
  SearchFile(std::string path, std::unique_ptr<Connection> writer) : path_(std::move(path)), writer_(std::move(writer)) {}

  Result<app::Position> position() override {
    return reading<app::Position>([](Connection& c) -> Result<app::Position> {
      sql::Query query(c, "SELECT value FROM mark WHERE key = 'position'");
      ANLAN_TRY(bool row, query.next());
      return row ? query.integer(0) : 0;
    });
  }
  Result<std::int64_t> documents() override {
    return reading<std::int64_t>([](Connection& c) -> Result<std::int64_t> {
      sql::Query query(c, "SELECT count(*) FROM document");
      ANLAN_TRY([[maybe_unused]] bool row, query.next());
      return query.integer(0);
    });
  }

  Status put(const std::vector<Document>& documents, app::Position position) override {
    Connection& c = *writer_;
    ANLAN_CHECK(c.execute("BEGIN IMMEDIATE"));
    auto all = [&]() -> Status {
      for (const Document& document : documents) ANLAN_CHECK(put(c, document));
      ANLAN_TRY([[maybe_unused]] auto n,
                sql::run(c, "INSERT INTO mark (key, value) VALUES ('position', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1",
                         position));
      return {};
    };
    auto status = all();
    if (!status) {
      (void)c.execute("ROLLBACK");
      return status;
    }
    ANLAN_CHECK(c.execute("COMMIT"));
    if (c.wal_pages() > 2000) (void)c.checkpoint();
    return {};
  }

  Result<std::vector<Hit>> newest(const std::string& asked, app::TicketId before, int limit) override {
    return hits(asked,
                "SELECT word.rowid, document.number FROM word JOIN document ON document.id = word.rowid "
                "WHERE word MATCH ?1 AND word.rowid < ?2 ORDER BY word.rowid DESC LIMIT ?3",
                before > 0 ? before : INT64_MAX, limit);
  }
  Result<std::vector<Hit>> best(const std::string& asked, int skip, int limit) override {
    return hits(asked,
                "SELECT word.rowid, document.number FROM word JOIN document ON document.id = word.rowid "
                "WHERE word MATCH ?1 ORDER BY bm25(word, 6.0, 1.0), word.rowid DESC LIMIT ?3 OFFSET ?2",
                skip, limit);
  }

  Result<Excerpt> excerpt(app::TicketId id, const std::string& asked) override {
    return reading<Excerpt>([&](Connection& c) -> Result<Excerpt> {
      sql::Query query(c, "SELECT body FROM document WHERE id = ?1", id);
      ANLAN_TRY(bool row, query.next());
      if (!row) return Excerpt{};
      const std::string body(query.text(0));
      const auto place = search::find_part(body, asked);
      if (place.length == 0) return Excerpt{};
      auto continues = [&](std::size_t at) { return at < body.size() && (static_cast<unsigned char>(body[at]) & 0xC0) == 0x80; };
      std::size_t from = place.begin > excerpt_around ? place.begin - excerpt_around : 0;
      while (continues(from)) ++from;
      std::size_t to = std::min(body.size(), place.begin + place.length + excerpt_around);
      while (continues(to)) --to;
      auto flat = [](std::string text) {
        std::replace(text.begin(), text.end(), '\n', ' ');
        return text;
      };
      return Excerpt{(from > 0 ? "…" : "") + flat(body.substr(from, place.begin - from)),
                     flat(body.substr(place.begin, place.length)),
                     flat(body.substr(place.begin + place.length, to - place.begin - place.length)) + (to < body.size() ? "…" : "")};
    });
  }

 private:
  static Status put(Connection& c, const Document& document) {
    {
      // The index keeps no text of its own: what leaves it is said in the words in which it came.
      sql::Query old(c, "SELECT title, body FROM document WHERE id = ?1", document.id);
      ANLAN_TRY(bool row, old.next());
      if (row) {
        const std::string title(old.text(0)), body(old.text(1));
        if (title == document.title && body == document.body) return {};
        ANLAN_TRY([[maybe_unused]] auto n,
                  sql::run(c, "INSERT INTO word (word, rowid, title, body) VALUES ('delete', ?1, ?2, ?3)", document.id,
                           index_words(title), index_words(body)));
      }
    }
    const std::string body = document.body.substr(0, body_most);
    ANLAN_TRY([[maybe_unused]] auto m,
              sql::run(c,
                       "INSERT INTO document (id, number, title, body) VALUES (?1, ?2, ?3, ?4) "
                       "ON CONFLICT (id) DO UPDATE SET number = ?2, title = ?3, body = ?4",
                       document.id, document.number, document.title, body));
    ANLAN_TRY([[maybe_unused]] auto k, sql::run(c, "INSERT INTO word (rowid, title, body) VALUES (?1, ?2, ?3)", document.id,
                                                index_words(document.title), index_words(body)));
    return {};
  }

  Result<std::vector<Hit>> hits(const std::string& asked, const char* text, std::int64_t from, int limit) {
    const std::string match = match_of(asked);
    if (match.empty()) return std::vector<Hit>{};
    return reading<std::vector<Hit>>([&](Connection& c) -> Result<std::vector<Hit>> {
      std::vector<Hit> out;
      sql::Query query(c, text, match, from, limit);
      for (;;) {
        ANLAN_TRY(bool row, query.next());
        if (!row) return out;
        out.push_back({query.integer(0), std::string(query.text(1))});
      }
    });
  }

  // A connection for one reading; kept for the next.
  template <class T, class F>
  Result<T> reading(F f) {
    std::unique_ptr<Connection> connection;
    {
      std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        connection = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!connection) {
      ANLAN_TRY(connection, Connection::open(path_, sqlite::Access::read_only));
    }
    Result<T> result = f(*connection);
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
    return result;
  }

  std::string path_;
  std::unique_ptr<Connection> writer_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

Result<std::unique_ptr<Connection>> made(const std::string& path) {
  ANLAN_TRY(auto c, Connection::open(path, sqlite::Access::write));
  // What the index loses in a power cut is read from the log again.
  ANLAN_CHECK(c->execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"));
  ANLAN_TRY(std::string stands, c->answer("PRAGMA user_version"));
  if (stands == "0") {
    ANLAN_CHECK(c->execute(
        "CREATE TABLE document (id INTEGER PRIMARY KEY, number TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL);"
        "CREATE VIRTUAL TABLE word USING fts5(title, body, content='', tokenize='unicode61 remove_diacritics 2');"
        "CREATE TABLE mark (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
        "PRAGMA user_version = " + std::to_string(form) + ";"));
  } else if (stands != std::to_string(form)) {
    return fail(Code::conflict, "an index of another form");
  }
  ANLAN_TRY([[maybe_unused]] std::string whole, c->answer("SELECT count(*) FROM mark"));
  return c;
}

}  // namespace

Result<std::unique_ptr<app::SearchIndex>> open_search_file(const std::string& path) {
  auto connection = made(path);
  if (!connection) {
    std::error_code ignored;
    for (const char* more : {"", "-wal", "-shm"}) std::filesystem::remove(path + more, ignored);
    connection = made(path);
  }
  if (!connection) return std::unexpected(connection.error());
  return std::make_unique<SearchFile>(path, std::move(*connection));
}

}  // namespace anlan::storage
