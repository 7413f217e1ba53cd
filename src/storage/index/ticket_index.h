// The filter index of tickets, in memory: for each value of each filter column ("facet") the set of tickets that carry
// it, so that any combination of filters is an intersection of sets, walked newest-first from the cursor, and never a
// scan of closed history.
//
// It belongs to the writer: changed only after a durable commit (publish), under an exclusive lock. What a running
// batch has changed lies beside it as an overlay. Readers evaluate under a shared lock; while a commit is under way its
// overlay is `pending`, so that a reader whose database snapshot already holds that commit still sees one state.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "storage/index/posting.h"

namespace anlan::storage {

// Stored in the dictionary table: never renumber.
enum class Facet {
  process = 1, state = 2, open = 3, drill = 4, holder = 5, board = 6, unit = 7, sensitivity = 8, severity = 9,
  owes = 10, participant = 11,
  indexed = 12,  // value "name\x1ftext"; may have as many values as tickets, so these stay out of memory
};

// One value of one facet, numbered from 1 as they first appear.
using FacetCode = std::uint32_t;

// What the index knows of one ticket.
struct Facets {
  std::vector<FacetCode> codes;  // sorted, each once
  Instant opened_at{};
  Instant updated_at{};
  std::optional<Instant> next_due;
  bool open = true;
};

std::string encode_codes(const std::vector<FacetCode>&);
std::vector<FacetCode> decode_codes(std::string_view bytes);
void decode_codes(std::string_view bytes, std::vector<FacetCode>& out);  // replaces what `out` held

struct Change {
  std::vector<FacetCode> before;  // as published; empty for a new ticket
  Facets after;
};
using Overlay = std::map<std::uint32_t, Change>;

// A filter over codes: every member of `all` must hold, each is a list of alternatives.
struct Plan {
  std::vector<std::vector<FacetCode>> all;
  bool scoped = false;  // then also: one of `own`, or one of `area` together with one of `sensitivity`
  std::vector<FacetCode> own, area, sensitivity;
  std::optional<Instant> opened_from, opened_to;  // [from, to)
  // The ids whose running maximum of opened_at lies in that range; see TicketIndex::first_at_or_after.
  std::uint32_t id_from = 0, id_to = UINT32_MAX;
};

bool matches(const Plan&, const Facets&);

// Where a ticket stands in a list, and where the next page goes on.
struct Place {
  int group = 0;         // lower first
  std::int64_t key = 0;  // lower first
  std::uint32_t id = 0;
};

// A shared mutex under which a stream of readers cannot starve the writer.
class FairSharedMutex {
 public:
  void lock() {
    std::lock_guard turn(turnstile_);
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }
  void lock_shared() {
    std::lock_guard turn(turnstile_);
    mutex_.lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

 private:
  std::mutex turnstile_;
  std::shared_mutex mutex_;
};

class TicketIndex {
 public:
  // Held shared by readers while they evaluate; exclusive by publish() and announce(). The writer thread alone changes
  // the index and may read it without.
  FairSharedMutex& mutex() const { return mutex_; }

  // --- filling at start, ids rising ---
  void load(std::uint32_t id, Instant opened_at, const std::vector<FacetCode>& codes);
  void load_open(std::uint32_t id, Instant updated_at, std::optional<Instant> next_due);
  void load_code(Facet, std::string_view value, FacetCode);
  void set_generation(std::int64_t generation) { generation_ = generation; }

  // --- the writer ---
  // Before the commit of `generation`; the overlay must stay as it is until publish() or withdraw().
  void announce(const Overlay&, std::int64_t generation);
  void publish(const std::unordered_map<std::string, FacetCode>& new_codes);  // the announced commit is durable
  void withdraw();                                                            // it failed

  // --- reading, under the lock ---
  std::int64_t generation() const { return generation_; }
  const Overlay* pending() const { return pending_; }
  // A value's code; 0 when not in memory (unknown, or of Facet::indexed).
  FacetCode code(Facet, std::string_view value) const;
  static std::string code_key(Facet, std::string_view value);
  std::uint32_t last_id() const { return last_id_; }
  // opened_at is the time of registration and so rises with the id, but for tickets written while the clock had been
  // set back (or back-filled): these are kept aside and compared one by one. The block of 64 ids within which the
  // running maximum of opened_at first reaches `t`; last_id()/64 + 1 when it never does.
  std::uint32_t block_reaching(Instant t) const;

  // Calls `visit` for each match with id below (descending) or above (ascending) `from`, until it returns false.
  void walk(const Plan&, const Overlay*, std::uint32_t from, bool descending,
            const std::function<bool(std::uint32_t)>& visit) const;
  // Sort keys of an open ticket. Unknown to the index: nullopt.
  std::optional<std::pair<Instant, std::optional<Instant>>> open_keys(std::uint32_t id, const Overlay*) const;
  // How many matches carry each of these codes.
  std::vector<std::int64_t> count(const Plan&, const Overlay*, const std::vector<FacetCode>& codes) const;

 private:
  struct Keys {
    std::int64_t updated_at;
    std::int64_t next_due;
  };
  struct KeyBlock {
    std::uint64_t present = 0;
    std::array<Keys, 64> keys;
  };
  using Words = std::array<std::uint64_t, chunk_words>;

  void append_id(std::uint32_t id, Instant opened_at);
  Posting& posting(FacetCode);
  void set_open(std::uint32_t id, Instant updated_at, std::optional<Instant> next_due);
  void set_closed(std::uint32_t id);
  bool any_touches(const std::vector<FacetCode>&, std::uint32_t chunk) const;
  void unite(const std::vector<FacetCode>&, std::uint32_t chunk, Words&) const;
  // The published matches of one chunk; false when there is none (words are then undefined).
  bool evaluate(const Plan&, std::uint32_t chunk, Words&) const;
  std::uint32_t last_chunk(const Overlay*) const;

  mutable FairSharedMutex mutex_;
  std::vector<Posting> postings_;  // by code
  Posting every_;
  std::unordered_map<std::string, FacetCode> codes_;
  std::vector<std::int64_t> reached_;        // per 64 ids: the running maximum of opened_at at the block's end
  // Ids whose opened_at lies below the running maximum, by chunk: few where a clock was set back, all of them where an
  // old system's history was taken over.
  struct Late {
    std::vector<std::uint16_t> low;      // rising
    std::vector<std::int64_t> opened_at; // ms, of each
  };
  std::vector<Late> late_;
  std::vector<std::unique_ptr<KeyBlock>> open_;  // per 64 ids; null where no ticket is open
  std::uint32_t last_id_ = 0;
  std::int64_t generation_ = 0;
  const Overlay* pending_ = nullptr;
  std::int64_t pending_generation_ = 0;
};

}  // namespace anlan::storage
