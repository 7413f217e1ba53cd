// Tickets: rows in the database, filters in the ticket index. One object serves one unit of work or one read.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "app/store.h"
#include "storage/index/ticket_index.h"
#include "storage/sql/connection.h"

namespace anlan::storage::sql {

// What the running batch has changed in memory: changed with the unit, undone with it, published after the commit.
class Batch {
 public:
  struct Counters {
    app::TicketId ticket = 0;
    app::Position position = 0;
    std::int64_t records = 0;
    std::int64_t dictionary = 0;
    std::int64_t generation = 0;
  };

  explicit Batch(Counters counters) : counters(counters), stored(counters) {}

  // How far the running unit has come, to undo a part of it.
  struct Mark {
    Counters counters;
    std::size_t changes = 0, codes = 0;
  };
  void begin_unit();
  void undo_unit();
  Mark mark() const { return {counters, unit_changes_.size(), unit_codes_.size()}; }
  void undo_to(const Mark&);
  void change(std::uint32_t id, Change);
  void add_code(const std::string& key, FacetCode);

  const Overlay& overlay() const { return overlay_; }
  const std::unordered_map<std::string, FacetCode>& codes() const { return codes_; }

  Counters counters;      // as of now
  const Counters stored;  // as of the batch's begin

 private:
  Overlay overlay_;
  std::unordered_map<std::string, FacetCode> codes_;
  Counters unit_counters_;
  std::vector<std::pair<std::uint32_t, std::optional<Change>>> unit_changes_;  // what stood before
  std::vector<std::string> unit_codes_;
};

class Tickets {
 public:
  // `batch` is null for a reader.
  Tickets(Connection& connection, TicketIndex& index, Batch* batch)
      : connection_(connection), index_(index), batch_(batch) {}

  Result<app::TicketId> insert(const app::TicketRow&);
  Status update(const app::TicketRow&);
  Result<std::optional<app::TicketRow>> get(const std::string& number);
  Result<app::Page<app::TicketRow>> list(const app::TicketQuery&, const app::Scope&);
  Result<bool> visible(const std::string& number, const app::Scope&);
  Result<std::map<std::string, std::int64_t>> count_open(const std::string& column, const app::TicketQuery&,
                                                         const app::Scope&);

 private:
  struct View {  // of the index, as the database snapshot has it
    const Overlay* overlay = nullptr;
    bool stale = false;  // the snapshot is older than the index: rows are checked once more
  };

  Result<FacetCode> give_code(Facet, std::string_view value);
  Result<FacetCode> find_code(Facet, std::string_view value);
  Result<std::vector<std::pair<std::string, FacetCode>>> values_of(Facet);
  Result<Facets> facets_of(const app::TicketRow&);
  Result<Facets> stored_facets(std::uint32_t id);
  Result<View> view();
  Result<Plan> plan(const app::TicketQuery&, const app::Scope&);
  Status scope_plan(const app::Scope&, Plan&);
  Result<std::uint32_t> first_id_reaching(Instant);
  Result<std::vector<Place>> places(const app::TicketQuery&, Plan, const View&, const std::optional<Place>& after,
                                    std::size_t want);
  Result<bool> text_matches(std::uint32_t id, const std::string& lower_text);
  Result<bool> still_matches(std::uint32_t id, const Plan&);

  Connection& connection_;
  TicketIndex& index_;
  Batch* batch_;
};

// Reads the stored facets into the index. Once, before the store serves.
Status load_index(Connection&, TicketIndex&);

}  // namespace anlan::storage::sql
