// Finding tickets by the words in them: titles, texts, names of what they point to, comments. The index follows the log
// some moments behind; what it answers is judged again by rights and by the store.
#pragma once
#include <string>
#include <vector>

#include "app/platform.h"

namespace anlan::app {

// What the storage implements. Thread-safe; one thread at a time puts.
class SearchIndex {
 public:
  struct Document {
    TicketId id = 0;         // rises with the time of registration
    std::string number;
    std::string title, body; // as people read them
  };
  struct Hit {
    TicketId id = 0;
    std::string number;
  };
  struct Excerpt {
    std::string before, match, after;  // of the body; all empty when the match stands elsewhere
  };
  virtual ~SearchIndex() = default;
  virtual Result<Position> position() = 0;  // up to which the log is in it; 0: nothing
  virtual Result<std::int64_t> documents() = 0;
  // Replaces what stands under the same id. One transaction, together with the new position.
  virtual Status put(const std::vector<Document>&, Position) = 0;
  // The tickets that hold every part of `asked`: newest first, those below id `before` (0: all), or by relevance, after
  // `skip` hits. Nothing asked for: none.
  virtual Result<std::vector<Hit>> newest(const std::string& asked, TicketId before, int limit) = 0;
  virtual Result<std::vector<Hit>> best(const std::string& asked, int skip, int limit) = 0;
  virtual Result<Excerpt> excerpt(TicketId, const std::string& asked) = 0;
};

// Takes the next part of the log into the index; true: there is more. A bounded step.
Result<bool> catch_up(Platform&, SearchIndex&);

struct SearchQuery {
  std::string text;       // what is asked for, 1 to 200 characters
  bool best_first = false;
  int limit = 20;         // 1..50
  std::string cursor;
};
// {items: [a row of the list with `excerpt` {before, match, after} or null], next_cursor, behind: events of the log not in
// the index yet}. Looks at no more than 1,000 hits a page: a page may be short and still have a next cursor. By relevance
// only the first 1,000 hits are reached. Code::invalid naming `text`, `limit` or `cursor`.
Result<Value> search(Platform&, Reader&, const World&, const Principal&, SearchIndex&, const SearchQuery&);

}  // namespace anlan::app
