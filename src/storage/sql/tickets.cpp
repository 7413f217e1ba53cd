#include "storage/sql/tickets.h"

#include <algorithm>
#include <charconv>
#include <mutex>

#include "json/json.h"
#include "storage/sql/repositories.h"

namespace anlan::storage::sql {

void Batch::begin_unit() {
  unit_counters_ = counters;
  unit_changes_.clear();
  unit_codes_.clear();
}

void Batch::undo_unit() { undo_to({unit_counters_, 0, 0}); }

void Batch::undo_to(const Mark& mark) {
  counters = mark.counters;
  for (; unit_changes_.size() > mark.changes; unit_changes_.pop_back()) {
    auto& [id, before] = unit_changes_.back();
    if (before) {
      overlay_[id] = std::move(*before);
    } else {
      overlay_.erase(id);
    }
  }
  for (; unit_codes_.size() > mark.codes; unit_codes_.pop_back()) codes_.erase(unit_codes_.back());
}

void Batch::change(std::uint32_t id, Change change) {
  auto at = overlay_.find(id);
  if (at == overlay_.end()) {
    unit_changes_.emplace_back(id, std::nullopt);
    overlay_.emplace(id, std::move(change));
  } else {
    change.before = at->second.before;
    unit_changes_.emplace_back(id, std::exchange(at->second, std::move(change)));
  }
}

void Batch::add_code(const std::string& key, FacetCode code) {
  codes_.emplace(key, code);
  unit_codes_.push_back(key);
}

namespace {

#define TICKET_HEAD                                                                                   \
  "id, number, process, shape, state, open, drill, title, holder, board, unit, sensitivity, severity, " \
  "opened_at, updated_at, closed_at, next_due, version, lists"

// How many tickets one page of a text filter looks at before it gives what it has found and a cursor to go on with.
constexpr std::size_t text_budget = 20'000;

Result<app::TicketRow> decode(const Query& query) {
  app::TicketRow row;
  row.id = query.integer(0);
  row.number = query.text(1);
  row.process = query.text(2);
  row.shape = query.integer(3);
  row.state = query.text(4);
  row.open = query.integer(5) != 0;
  row.drill = query.integer(6) != 0;
  row.title = query.text(7);
  row.holder = query.text(8);
  row.board = query.text(9);
  row.unit = query.text(10);
  row.sensitivity = static_cast<int>(query.integer(11));
  row.severity = static_cast<int>(query.integer(12));
  row.opened_at = query.instant(13);
  row.updated_at = query.instant(14);
  row.closed_at = query.maybe_instant(15);
  row.next_due = query.maybe_instant(16);
  row.version = query.integer(17);
  auto lists = json::parse_canonical(query.view(18));
  if (!lists || lists->as_list().size() != 3) return fail(Code::internal, "ticket " + row.number + " is damaged");
  for (const Value& pair : lists->as_list()[0].as_list()) {
    const List& both = pair.as_list();
    if (both.size() == 2) row.indexed.emplace_back(both[0].as_string(), both[1].as_string());
  }
  for (const Value& who : lists->as_list()[1].as_list()) row.owes.push_back(who.as_string());
  for (const Value& who : lists->as_list()[2].as_list()) row.participants.push_back(who.as_string());
  return row;
}

std::string encode_lists(const app::TicketRow& row) {
  List indexed, owes, participants;
  for (const auto& [name, text] : row.indexed) indexed.push_back(Value(List{name, text}));
  for (const auto& who : row.owes) owes.push_back(who);
  for (const auto& who : row.participants) participants.push_back(who);
  return json::canonical(Value(List{Value(std::move(indexed)), Value(std::move(owes)), Value(std::move(participants))}));
}

std::string indexed_value(const std::string& name, const std::string& text) { return name + '\x1f' + text; }

std::string lower(std::string s) {
  for (char& c : s) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return s;
}

std::int64_t to_number(const std::string& text) {
  std::int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

// A cursor: hex of sort, group, key, id and a check sum, so that a garbled or foreign one is refused.
std::uint64_t check_sum(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

std::string encode_cursor(app::TicketQuery::Sort sort, const Place& place) {
  char text[64];
  std::snprintf(text, sizeof text, "%01x%01x%016llx%08x", static_cast<unsigned>(sort),
                static_cast<unsigned>(place.group), static_cast<unsigned long long>(place.key), place.id);
  std::string out = text;
  std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(check_sum(out)));
  return out + text;
}

Result<std::optional<Place>> decode_cursor(app::TicketQuery::Sort sort, const std::string& cursor) {
  if (cursor.empty()) return std::nullopt;
  auto bad = [] { return fail(Code::invalid, "this cursor is not one of a ticket list in this order", "cursor"); };
  if (cursor.size() != 34) return bad();
  auto part = [&](std::size_t at, std::size_t length) {
    std::uint64_t n = 0;
    auto [end, error] = std::from_chars(cursor.data() + at, cursor.data() + at + length, n, 16);
    return error == std::errc() && end == cursor.data() + at + length ? std::optional(n) : std::nullopt;
  };
  auto stored_sort = part(0, 1), group = part(1, 1), key = part(2, 16), id = part(18, 8), sum = part(26, 8);
  if (!stored_sort || !group || !key || !id || !sum || *stored_sort != static_cast<std::uint64_t>(sort) ||
      *sum != (check_sum(cursor.substr(0, 26)) & 0xFFFFFFFF)) {
    return bad();
  }
  return Place{static_cast<int>(*group), static_cast<std::int64_t>(*key), static_cast<std::uint32_t>(*id)};
}

}  // namespace

Result<FacetCode> Tickets::find_code(Facet facet, std::string_view value) {
  if (facet != Facet::indexed) {
    if (FacetCode code = index_.code(facet, value)) return code;
    if (batch_) {
      auto at = batch_->codes().find(TicketIndex::code_key(facet, value));
      return at == batch_->codes().end() ? 0 : at->second;
    }
  }
  Query query(connection_, "SELECT code FROM dictionary WHERE facet = ?1 AND value = ?2", static_cast<int>(facet),
              value);
  ANLAN_TRY(bool found, query.next());
  return found ? static_cast<FacetCode>(query.integer(0)) : 0;
}

Result<FacetCode> Tickets::give_code(Facet facet, std::string_view value) {
  ANLAN_TRY(FacetCode code, find_code(facet, value));
  if (code) return code;
  if (batch_->counters.dictionary >= UINT32_MAX - 1) return fail(Code::limit, "the dictionary of facets is full");
  code = static_cast<FacetCode>(++batch_->counters.dictionary);
  ANLAN_CHECK(run(connection_, "INSERT INTO dictionary (facet, value, code) VALUES (?1, ?2, ?3)",
                  static_cast<int>(facet), value, std::int64_t{code}));
  if (facet != Facet::indexed) batch_->add_code(TicketIndex::code_key(facet, value), code);
  return code;
}

Result<std::vector<std::pair<std::string, FacetCode>>> Tickets::values_of(Facet facet) {
  std::vector<std::pair<std::string, FacetCode>> out;
  Query query(connection_, "SELECT value, code FROM dictionary WHERE facet = ?1", static_cast<int>(facet));
  for (;;) {
    ANLAN_TRY(bool found, query.next());
    if (!found) return out;
    out.emplace_back(query.text(0), static_cast<FacetCode>(query.integer(1)));
  }
}

Result<Facets> Tickets::facets_of(const app::TicketRow& row) {
  Facets facets;
  facets.opened_at = row.opened_at;
  facets.updated_at = row.updated_at;
  facets.next_due = row.next_due;
  facets.open = row.open;
  Status status;
  auto add = [&](Facet facet, std::string_view value) {
    if (!status) return;
    auto code = give_code(facet, value);
    if (code) {
      facets.codes.push_back(*code);
    } else {
      status = std::unexpected(std::move(code).error());
    }
  };
  add(Facet::process, row.process);
  add(Facet::state, row.state);
  add(Facet::open, row.open ? "1" : "0");
  add(Facet::drill, row.drill ? "1" : "0");
  add(Facet::holder, row.holder);
  add(Facet::board, row.board);
  add(Facet::unit, row.unit);
  add(Facet::sensitivity, std::to_string(row.sensitivity));
  add(Facet::severity, std::to_string(row.severity));
  for (const auto& who : row.owes) add(Facet::owes, who);
  for (const auto& who : row.participants) add(Facet::participant, who);
  for (const auto& [name, text] : row.indexed) add(Facet::indexed, indexed_value(name, text));
  if (!status) return std::unexpected(std::move(status).error());
  std::sort(facets.codes.begin(), facets.codes.end());
  facets.codes.erase(std::unique(facets.codes.begin(), facets.codes.end()), facets.codes.end());
  return facets;
}

Result<Facets> Tickets::stored_facets(std::uint32_t id) {
  Query query(connection_, "SELECT opened_at, codes FROM ticket_facet WHERE id = ?1", std::int64_t{id});
  ANLAN_TRY(bool found, query.next());
  if (!found) return fail(Code::internal, "the facets of ticket " + std::to_string(id) + " are missing");
  Facets facets;
  facets.opened_at = query.instant(0);
  facets.codes = decode_codes(query.view(1));
  return facets;
}

Result<app::TicketId> Tickets::insert(const app::TicketRow& row) {
  if (row.number.empty()) return fail(Code::invalid, "a ticket needs a number", "number");
  app::TicketId id = batch_->counters.ticket + 1;
  if (id >= UINT32_MAX) return fail(Code::limit, "no more tickets fit this store");
  ANLAN_TRY(Facets facets, facets_of(row));
  auto inserted = run(connection_,
                      "INSERT INTO ticket (" TICKET_HEAD ", body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                      "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
                      id, row.number, row.process, row.shape, row.state, row.open, row.drill, row.title, row.holder,
                      row.board, row.unit, row.sensitivity, row.severity, row.opened_at, row.updated_at, row.closed_at,
                      row.next_due, row.version, encode_lists(row), json::canonical(row.body));
  if (!inserted) {
    if (inserted.error().code == Code::conflict) {
      return fail(Code::conflict, "the ticket number " + row.number + " is taken", "number");
    }
    return std::unexpected(std::move(inserted).error());
  }
  batch_->counters.ticket = id;
  ANLAN_CHECK(run(connection_,
                  "INSERT INTO ticket_facet (id, opened_at, updated_at, next_due, codes) "
                  "VALUES (?1, ?2, ?3, ?4, ?5)",
                  id, row.opened_at, row.updated_at, row.next_due, encode_codes(facets.codes)));
  batch_->change(static_cast<std::uint32_t>(id), Change{{}, std::move(facets)});
  return id;
}

Status Tickets::update(const app::TicketRow& row) {
  std::int64_t id = 0;
  {
    Query query(connection_, "SELECT id, version, opened_at FROM ticket WHERE number = ?1", row.number);
    ANLAN_TRY(bool found, query.next());
    if (!found) return fail(Code::not_found, "there is no ticket " + row.number, "number");
    if (query.integer(1) != row.version - 1) {
      return fail(Code::conflict, "ticket " + row.number + " stands at version " + query.text(1), "version");
    }
    if (query.instant(2) != row.opened_at) {
      return fail(Code::invalid, "the time of registration of ticket " + row.number + " does not change", "opened_at");
    }
    id = query.integer(0);
  }
  auto key = static_cast<std::uint32_t>(id);
  ANLAN_TRY(Facets before, stored_facets(key));
  ANLAN_TRY(Facets after, facets_of(row));
  ANLAN_CHECK(run(connection_,
                  "UPDATE ticket SET process = ?2, shape = ?3, state = ?4, open = ?5, drill = ?6, title = ?7, "
                  "holder = ?8, board = ?9, unit = ?10, sensitivity = ?11, severity = ?12, updated_at = ?13, "
                  "closed_at = ?14, next_due = ?15, version = ?16, lists = ?17, body = ?18 WHERE id = ?1",
                  id, row.process, row.shape, row.state, row.open, row.drill, row.title, row.holder, row.board,
                  row.unit, row.sensitivity, row.severity, row.updated_at, row.closed_at, row.next_due, row.version,
                  encode_lists(row), json::canonical(row.body)));
  ANLAN_CHECK(run(connection_, "UPDATE ticket_facet SET updated_at = ?2, next_due = ?3, codes = ?4 WHERE id = ?1", id,
                  row.updated_at, row.next_due, encode_codes(after.codes)));
  batch_->change(key, Change{std::move(before.codes), std::move(after)});
  return {};
}

Result<std::optional<app::TicketRow>> Tickets::get(const std::string& number) {
  Query query(connection_, "SELECT " TICKET_HEAD ", body FROM ticket WHERE number = ?1", number);
  ANLAN_TRY(bool found, query.next());
  if (!found) return std::nullopt;
  ANLAN_TRY(app::TicketRow row, decode(query));
  auto body = json::parse_canonical(query.view(19));
  if (!body) return fail(Code::internal, "ticket " + number + " is damaged");
  row.body = *body;
  return row;
}

Result<Tickets::View> Tickets::view() {
  if (batch_) return View{&batch_->overlay(), false};
  ANLAN_TRY(std::int64_t generation, counters::get(connection_, "generation"));
  if (generation == index_.generation()) return View{};
  if (generation > index_.generation()) return View{index_.pending(), false};
  return View{nullptr, true};
}

Status Tickets::scope_plan(const app::Scope& scope, Plan& plan) {
  if (scope.all) return {};
  plan.scoped = true;
  auto add = [&](Facet facet, const std::string& value, std::vector<FacetCode>& codes) -> Status {
    ANLAN_TRY(FacetCode code, find_code(facet, value));
    if (code) codes.push_back(code);
    return {};
  };
  if (!scope.person.empty()) {
    for (Facet facet : {Facet::holder, Facet::owes, Facet::participant}) {
      ANLAN_CHECK(add(facet, scope.person, plan.own));
    }
  }
  for (const auto& unit : scope.units) ANLAN_CHECK(add(Facet::unit, unit, plan.area));
  for (const auto& board : scope.boards) ANLAN_CHECK(add(Facet::board, board, plan.area));
  ANLAN_TRY(auto sensitivities, values_of(Facet::sensitivity));
  for (const auto& [value, code] : sensitivities) {
    if (to_number(value) <= scope.sensitivity_max) plan.sensitivity.push_back(code);
  }
  return {};
}

Result<std::uint32_t> Tickets::first_id_reaching(Instant instant) {
  std::int64_t first = std::int64_t{index_.block_reaching(instant)} * 64;
  Query query(connection_,
              "SELECT id FROM ticket_facet WHERE id >= ?1 AND id < ?2 AND opened_at >= ?3 ORDER BY id LIMIT 1", first,
              first + 64, instant);
  ANLAN_TRY(bool found, query.next());
  return static_cast<std::uint32_t>(found ? query.integer(0) : std::min<std::int64_t>(first + 64, UINT32_MAX));
}

Result<Plan> Tickets::plan(const app::TicketQuery& query, const app::Scope& scope) {
  Plan plan;
  auto any_of = [&](Facet facet, const std::vector<std::string>& values) -> Status {
    if (values.empty()) return {};
    std::vector<FacetCode> codes;
    for (const auto& value : values) {
      ANLAN_TRY(FacetCode code, find_code(facet, value));
      if (code) codes.push_back(code);
    }
    plan.all.push_back(std::move(codes));
    return {};
  };
  for (const auto& [name, text] : query.indexed) ANLAN_CHECK(any_of(Facet::indexed, {indexed_value(name, text)}));
  ANLAN_CHECK(any_of(Facet::holder, query.holder));
  ANLAN_CHECK(any_of(Facet::owes, query.owes));
  ANLAN_CHECK(any_of(Facet::participant, query.participant));
  ANLAN_CHECK(any_of(Facet::board, query.board));
  ANLAN_CHECK(any_of(Facet::unit, query.unit));
  ANLAN_CHECK(any_of(Facet::state, query.state));
  ANLAN_CHECK(any_of(Facet::process, query.process));
  if (query.open) ANLAN_CHECK(any_of(Facet::open, {*query.open ? "1" : "0"}));
  if (query.drill) ANLAN_CHECK(any_of(Facet::drill, {*query.drill ? "1" : "0"}));
  if (query.severity_min || query.severity_max) {
    ANLAN_TRY(auto severities, values_of(Facet::severity));
    std::vector<FacetCode> codes;
    for (const auto& [value, code] : severities) {
      std::int64_t rank = to_number(value);
      bool below = query.severity_min && rank < *query.severity_min;
      bool above = query.severity_max && rank > *query.severity_max;
      if (!below && !above) codes.push_back(code);
    }
    plan.all.push_back(std::move(codes));
  }
  plan.opened_from = query.opened_from;
  plan.opened_to = query.opened_to;
  if (query.opened_from) {
    ANLAN_TRY(plan.id_from, first_id_reaching(*query.opened_from));
  }
  if (query.opened_to) {
    ANLAN_TRY(plan.id_to, first_id_reaching(*query.opened_to));
  }
  ANLAN_CHECK(scope_plan(scope, plan));
  return plan;
}

Result<std::vector<Place>> Tickets::places(const app::TicketQuery& query, Plan plan, const View& view,
                                           const std::optional<Place>& after, std::size_t want) {
  using Sort = app::TicketQuery::Sort;
  std::vector<Place> out;
  // One walk by id within a group and key; false when enough are found.
  auto walk = [&](const Plan& part, int group, std::int64_t key, bool descending) {
    std::uint32_t from = descending ? UINT32_MAX : 0;
    if (after && after->group == group && after->key == key) from = after->id;
    index_.walk(part, view.overlay, from, descending, [&](std::uint32_t id) {
      out.push_back(Place{group, key, id});
      return out.size() < want;
    });
    return out.size() < want;
  };
  switch (query.sort) {
    case Sort::opened_desc: walk(plan, 0, 0, true); return out;
    case Sort::opened_asc: walk(plan, 0, 0, false); return out;
    case Sort::severity_desc: {
      ANLAN_TRY(auto severities, values_of(Facet::severity));
      std::sort(severities.begin(), severities.end(),
                [](const auto& a, const auto& b) { return to_number(a.first) > to_number(b.first); });
      for (const auto& [value, code] : severities) {
        std::int64_t key = -to_number(value);
        if (after && key < after->key) continue;
        Plan part = plan;
        part.all.push_back({code});
        if (!walk(part, 0, key, true)) break;
      }
      return out;
    }
    case Sort::updated_desc:
    case Sort::due_asc: {
      // Open tickets by their key, then those without one, then closed ones by id: history has no other order.
      int closed_group = query.sort == Sort::due_asc ? 2 : 1;
      auto group_of_open = [&](bool open) -> Result<Plan> {
        ANLAN_TRY(FacetCode code, find_code(Facet::open, open ? "1" : "0"));
        Plan part = plan;
        part.all.push_back({});
        if (code) part.all.back().push_back(code);
        return part;
      };
      auto before = [](const Place& a, const Place& b) {
        if (a.group != b.group) return a.group < b.group;
        return a.key != b.key ? a.key < b.key : a.id > b.id;
      };
      if (!after || after->group < closed_group) {
        ANLAN_TRY(Plan part, group_of_open(true));
        index_.walk(part, view.overlay, UINT32_MAX, true, [&](std::uint32_t id) {
          Place place{0, 0, id};
          auto keys = index_.open_keys(id, view.overlay);
          if (query.sort == Sort::updated_desc) {
            place.key = keys ? -keys->first.ms : 0;
          } else if (keys && keys->second) {
            place.key = keys->second->ms;
          } else {
            place.group = 1;
          }
          if (after && !before(*after, place)) return true;
          // The best `want` so far, the worst of them on top.
          if (out.size() < want) {
            out.push_back(place);
            std::push_heap(out.begin(), out.end(), before);
          } else if (before(place, out.front())) {
            std::pop_heap(out.begin(), out.end(), before);
            out.back() = place;
            std::push_heap(out.begin(), out.end(), before);
          }
          return true;
        });
        std::sort_heap(out.begin(), out.end(), before);
        if (out.size() >= want) return out;
      }
      ANLAN_TRY(Plan part, group_of_open(false));
      walk(part, closed_group, 0, true);
      return out;
    }
  }
  return out;
}

Result<bool> Tickets::text_matches(std::uint32_t id, const std::string& lower_text) {
  Query query(connection_, "SELECT number, title FROM ticket WHERE id = ?1", std::int64_t{id});
  ANLAN_TRY(bool found, query.next());
  return found && (lower(query.text(0)).find(lower_text) != std::string::npos ||
                   lower(query.text(1)).find(lower_text) != std::string::npos);
}

Result<bool> Tickets::still_matches(std::uint32_t id, const Plan& plan) {
  Query query(connection_, "SELECT opened_at, codes FROM ticket_facet WHERE id = ?1", std::int64_t{id});
  ANLAN_TRY(bool found, query.next());
  if (!found) return false;
  Facets facets;
  facets.opened_at = query.instant(0);
  facets.codes = decode_codes(query.view(1));
  return matches(plan, facets);
}

Result<app::Page<app::TicketRow>> Tickets::list(const app::TicketQuery& query, const app::Scope& scope) {
  if (query.limit < 1 || query.limit > 200) return fail(Code::invalid, "limit goes from 1 to 200", "limit");
  ANLAN_TRY(auto after, decode_cursor(query.sort, query.cursor));
  auto limit = static_cast<std::size_t>(query.limit);
  // One more than asked tells whether there is a next page.
  std::size_t want = query.text.empty() ? limit + 1 : text_budget;

  std::vector<Place> found;
  Plan filter;
  bool stale = false;
  {
    std::shared_lock lock(index_.mutex(), std::defer_lock);
    if (!batch_) lock.lock();  // a unit runs on the thread that alone changes the index
    ANLAN_TRY(View view, this->view());
    ANLAN_TRY(filter, plan(query, scope));
    ANLAN_TRY(found, places(query, filter, view, after, want));
    stale = view.stale;
  }

  app::Page<app::TicketRow> page;
  std::string text = lower(query.text);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Place& place = found[i];
    if (page.items.size() == limit) {
      page.next_cursor = encode_cursor(query.sort, found[i - 1]);
      return page;
    }
    if (stale) {
      ANLAN_TRY(bool still, still_matches(place.id, filter));
      if (!still) continue;
    }
    if (!text.empty()) {
      ANLAN_TRY(bool matching, text_matches(place.id, text));
      if (!matching) continue;
    }
    Query row(connection_, "SELECT " TICKET_HEAD " FROM ticket WHERE id = ?1", std::int64_t{place.id});
    ANLAN_TRY(bool stands, row.next());
    if (!stands) return fail(Code::internal, "ticket " + std::to_string(place.id) + " is in the index only");
    ANLAN_TRY(app::TicketRow item, decode(row));
    page.items.push_back(std::move(item));
  }
  if (found.size() == want) page.next_cursor = encode_cursor(query.sort, found.back());
  return page;
}

Result<bool> Tickets::visible(const std::string& number, const app::Scope& scope) {
  std::int64_t id = 0;
  {
    Query query(connection_, "SELECT id FROM ticket WHERE number = ?1", number);
    ANLAN_TRY(bool found, query.next());
    if (!found) return false;
    id = query.integer(0);
  }
  if (scope.all) return true;
  std::shared_lock lock(index_.mutex(), std::defer_lock);
  if (!batch_) lock.lock();
  Plan plan;
  ANLAN_CHECK(scope_plan(scope, plan));
  return still_matches(static_cast<std::uint32_t>(id), plan);
}

Result<std::map<std::string, std::int64_t>> Tickets::count_open(const std::string& column,
                                                                const app::TicketQuery& query,
                                                                const app::Scope& scope) {
  static const std::map<std::string, Facet, std::less<>> columns{{"process", Facet::process},
                                                                 {"state", Facet::state},
                                                                 {"severity", Facet::severity},
                                                                 {"board", Facet::board},
                                                                 {"holder", Facet::holder}};
  auto facet = columns.find(column);
  if (facet == columns.end()) return fail(Code::invalid, "open tickets are not counted by " + column, "column");
  app::TicketQuery open = query;
  open.open = true;

  std::shared_lock lock(index_.mutex(), std::defer_lock);
  if (!batch_) lock.lock();
  ANLAN_TRY(View view, this->view());
  ANLAN_TRY(Plan plan, this->plan(open, scope));
  ANLAN_TRY(auto values, values_of(facet->second));
  std::map<std::string, std::int64_t> counts;
  if (query.text.empty() && !view.stale) {
    std::vector<FacetCode> codes;
    for (const auto& [value, code] : values) codes.push_back(code);
    auto numbers = index_.count(plan, view.overlay, codes);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (numbers[i] > 0) counts[values[i].first] = numbers[i];
    }
    return counts;
  }
  std::vector<std::uint32_t> ids;
  index_.walk(plan, view.overlay, UINT32_MAX, true, [&](std::uint32_t id) {
    ids.push_back(id);
    return true;
  });
  if (lock.owns_lock()) lock.unlock();
  std::string text = lower(query.text);
  for (std::uint32_t id : ids) {
    if (!text.empty()) {
      ANLAN_TRY(bool matching, text_matches(id, text));
      if (!matching) continue;
    }
    ANLAN_TRY(bool still, still_matches(id, plan));
    if (!still) continue;
    ANLAN_TRY(Facets facets, stored_facets(id));
    for (const auto& [value, code] : values) {
      if (std::binary_search(facets.codes.begin(), facets.codes.end(), code)) ++counts[value];
    }
  }
  return counts;
}

Status load_index(Connection& connection, TicketIndex& index) {
  {
    Query query(connection, "SELECT facet, value, code FROM dictionary WHERE facet <> ?1",
                static_cast<int>(Facet::indexed));
    for (;;) {
      ANLAN_TRY(bool found, query.next());
      if (!found) break;
      index.load_code(static_cast<Facet>(query.integer(0)), query.view(1), static_cast<FacetCode>(query.integer(2)));
    }
  }
  {
    FacetCode open = index.code(Facet::open, "1");
    Query query(connection, "SELECT id, opened_at, codes, updated_at, next_due FROM ticket_facet ORDER BY id");
    std::vector<FacetCode> codes;
    for (;;) {
      ANLAN_TRY(bool found, query.next());
      if (!found) break;
      auto id = static_cast<std::uint32_t>(query.integer(0));
      decode_codes(query.view(2), codes);
      index.load(id, query.instant(1), codes);
      if (std::binary_search(codes.begin(), codes.end(), open)) {
        index.load_open(id, query.instant(3), query.maybe_instant(4));
      }
    }
  }
  ANLAN_TRY(std::int64_t generation, counters::get(connection, "generation"));
  index.set_generation(generation);
  return {};
}

}  // namespace anlan::storage::sql
