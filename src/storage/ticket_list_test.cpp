// Ticket lists: every filter, order, page and scope against a plain walk over all rows.
#include <algorithm>
#include <random>
#include <set>

#include "storage/harness_for_test.h"

namespace anlan::storage {
namespace {

using namespace harness;
using app::Reader;
using app::Scope;
using app::TicketQuery;
using app::TicketRow;
using app::Txn;
using Sort = TicketQuery::Sort;

class TicketListTest : public StoreTest {
 protected:
  using Random = std::mt19937;

  int pick(int below) { return std::uniform_int_distribution<>(0, below - 1)(random); }
  std::string word(const char* stem, int below) { return stem + std::to_string(pick(below)); }
  std::vector<std::string> words(const char* stem, int below, int most) {
    std::vector<std::string> out;
    for (int n = pick(most + 1); n > 0; --n) out.push_back(word(stem, below));
    return out;
  }

  void scramble(TicketRow& row) {
    row.process = word("process", 3);
    row.state = word("state", 5);
    row.open = pick(3) > 0;
    row.drill = pick(10) == 0;
    row.title = word("Title ", 30);
    row.holder = row.open ? word("p", 8) : "";
    row.board = pick(4) ? word("board", 4) : "";
    row.unit = word("unit", 6);
    row.sensitivity = pick(5) ? 0 : pick(3);
    row.severity = pick(5) - 1;
    row.updated_at = clock.wall() + seconds(pick(1000));
    row.next_due = pick(3) ? std::optional(clock.wall() + seconds(pick(50))) : std::nullopt;
    row.owes = words("p", 8, 2);
    row.participants = words("p", 8, 3);
    row.indexed = {{"system", word("S", 5)}, {"ref", row.number}};
    if (pick(2)) row.indexed.emplace_back("province", word("P", 4));
  }

  // Writes some new tickets and changes some old ones, in units of several, now and then a refused one.
  void churn(int units) {
    for (int i = 0; i < units; ++i) {
      auto before = rows;
      bool refused = pick(6) == 0;
      auto status = write(*store, [&](Txn& txn) -> Status {
        for (int n = pick(6); n > 0; --n) {
          if (rows.empty() || pick(3)) {
            TicketRow row = ticket("N-" + std::to_string(++serial));
            scramble(row);
            // Mostly rising, at times the same, at times back in time: a clock set back, a back-filled ticket.
            opened = opened + seconds(pick(3));
            row.opened_at = pick(12) ? opened : opened - seconds(pick(100));
            ANLAN_TRY(row.id, txn.insert_ticket(row));
            rows.push_back(row);
          } else {
            auto& row = rows[static_cast<std::size_t>(pick(static_cast<int>(rows.size())))];
            scramble(row);
            ++row.version;
            ANLAN_CHECK(txn.update_ticket(row));
          }
        }
        if (refused) return fail(Code::refused, "no");
        return {};
      });
      EXPECT_EQ(status.has_value(), !refused) << message(status);
      if (refused) rows = before;
    }
  }

  static bool any(const std::vector<std::string>& wanted, const std::string& has) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), has) != wanted.end();
  }
  static bool common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return a.empty() || std::any_of(a.begin(), a.end(), [&](const auto& s) {
             return std::find(b.begin(), b.end(), s) != b.end();
           });
  }
  static bool naive(const TicketRow& t, const TicketQuery& q) {
    for (const auto& wanted : q.indexed) {
      if (std::find(t.indexed.begin(), t.indexed.end(), wanted) == t.indexed.end()) return false;
    }
    return any(q.process, t.process) && any(q.state, t.state) && any(q.holder, t.holder) && any(q.board, t.board) &&
           any(q.unit, t.unit) && common(q.owes, t.owes) && common(q.participant, t.participants) &&
           (!q.open || *q.open == t.open) && (!q.drill || *q.drill == t.drill) &&
           (!q.severity_min || t.severity >= *q.severity_min) && (!q.severity_max || t.severity <= *q.severity_max) &&
           (!q.opened_from || t.opened_at >= *q.opened_from) && (!q.opened_to || t.opened_at < *q.opened_to) &&
           (q.text.empty() || t.number.find(q.text) != std::string::npos || t.title.find(q.text) != std::string::npos);
  }
  static bool naive(const TicketRow& t, const Scope& s) {
    if (s.all) return true;
    auto in = [](const std::vector<std::string>& list, const std::string& x) {
      return std::find(list.begin(), list.end(), x) != list.end();
    };
    bool own = !s.person.empty() && (t.holder == s.person || in(t.owes, s.person) || in(t.participants, s.person));
    return own || ((in(s.units, t.unit) || in(s.boards, t.board)) && t.sensitivity <= s.sensitivity_max);
  }
  // Sorts as the contract says; closed tickets of the orders for open work go by id.
  static void naive_sort(std::vector<TicketRow>& list, Sort sort) {
    auto key = [&](const TicketRow& t) -> std::tuple<int, std::int64_t, std::int64_t> {
      switch (sort) {
        case Sort::opened_desc: return {0, 0, -t.id};
        case Sort::opened_asc: return {0, 0, t.id};
        case Sort::severity_desc: return {0, -t.severity, -t.id};
        case Sort::updated_desc: return {!t.open, t.open ? -t.updated_at.ms : 0, -t.id};
        case Sort::due_asc:
          return {t.open ? (t.next_due ? 0 : 1) : 2, t.open && t.next_due ? t.next_due->ms : 0, -t.id};
      }
      return {};
    };
    std::sort(list.begin(), list.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  }

  TicketQuery random_query() {
    TicketQuery q;
    q.process = words("process", 4, 2);
    q.state = words("state", 6, 3);
    if (pick(3) == 0) q.holder = words("p", 9, 2);
    if (pick(3) == 0) q.board = words("board", 5, 2);
    if (pick(3) == 0) q.unit = words("unit", 7, 3);
    if (pick(4) == 0) q.owes = words("p", 9, 2);
    if (pick(4) == 0) q.participant = words("p", 9, 2);
    if (pick(2)) q.open = pick(2) == 0;
    if (pick(3) == 0) q.severity_min = pick(6) - 2;
    if (pick(3) == 0) q.severity_max = pick(6) - 1;
    auto span = static_cast<int>((opened - clock.wall()).ms / 1000) + 20;
    if (pick(3) == 0) q.opened_from = clock.wall() + seconds(pick(span) - 10);
    if (pick(3) == 0) q.opened_to = clock.wall() + seconds(pick(span));
    if (pick(3) == 0) q.indexed.emplace_back("system", word("S", 6));
    if (pick(5) == 0) q.indexed.emplace_back("province", word("P", 5));
    if (pick(30) == 0) q.indexed.emplace_back("ref", word("N-", serial + 3));
    q.drill = pick(4) ? std::optional(pick(8) == 0) : std::nullopt;
    if (pick(6) == 0) q.text = pick(2) ? word("Title ", 30) : word("N-", 40);
    q.sort = static_cast<Sort>(pick(5));
    q.limit = 1 + pick(40);
    return q;
  }
  Scope random_scope() {
    Scope s;
    s.all = pick(2) == 0;
    if (pick(2)) s.person = word("p", 9);
    s.units = words("unit", 7, 2);
    s.boards = words("board", 5, 2);
    s.sensitivity_max = pick(3);
    return s;
  }

  void compare(int queries) {
    for (int i = 0; i < queries; ++i) {
      TicketQuery q = random_query();
      Scope scope = random_scope();
      std::vector<TicketRow> expected;
      for (const auto& row : rows) {
        if (naive(row, q) && naive(row, scope)) expected.push_back(row);
      }
      naive_sort(expected, q.sort);
      std::vector<std::string> wanted, got;
      for (const auto& row : expected) wanted.push_back(row.number);
      do {
        auto page = read(*store, [&](Reader& r) { return r.tickets(q, scope); });
        ASSERT_TRUE(page) << page.error().message;
        ASSERT_LE(page->items.size(), static_cast<std::size_t>(q.limit));
        for (const auto& row : page->items) {
          got.push_back(row.number);
          EXPECT_TRUE(row.body.is_null());
        }
        q.cursor = page->next_cursor;
      } while (!q.cursor.empty());
      ASSERT_EQ(got, wanted) << "query " << i;

      static const char* columns[] = {"process", "state", "severity", "board", "holder"};
      int column = pick(5);
      std::map<std::string, std::int64_t> counts;
      q.open.reset();
      for (const auto& row : rows) {
        if (!row.open || !naive(row, q) || !naive(row, scope)) continue;
        const std::string values[] = {row.process, row.state, std::to_string(row.severity), row.board, row.holder};
        ++counts[values[column]];
      }
      auto counted = read(*store, [&](Reader& r) { return r.count_open(columns[column], q, scope); });
      ASSERT_TRUE(counted) << counted.error().message;
      ASSERT_EQ(*counted, counts) << columns[column];

      if (!rows.empty()) {
        const auto& row = rows[static_cast<std::size_t>(pick(static_cast<int>(rows.size())))];
        EXPECT_EQ(read(*store, [&](Reader& r) { return r.visible(row.number, scope); }).value(), naive(row, scope));
      }
    }
  }

  Random random{20260302};
  std::vector<TicketRow> rows;
  int serial = 0;
  Instant opened = clock.wall();
};

INSTANTIATE_TEST_SUITE_P(Sqlite, TicketListTest, every_backend(), backend_name);

TEST_P(TicketListTest, AgreesWithANaiveFilter) {
  for (int round = 0; round < 6; ++round) {
    churn(60);
    compare(120);
    if (HasFatalFailure()) return;
    if (GetParam().durable && round % 2) reopen();
  }
  EXPECT_GT(rows.size(), 300u);
}

TEST_P(TicketListTest, PagesStandStillWhileTicketsComeAndChange) {
  churn(60);
  std::set<std::string> before;
  for (const auto& row : rows) before.insert(row.number);
  for (Sort sort : {Sort::opened_desc, Sort::opened_asc}) {
    std::set<std::string> seen;
    TicketQuery q{.drill = std::nullopt, .sort = sort, .limit = 7};
    do {
      auto page = read(*store, [&](Reader& r) { return r.tickets(q, Scope{.all = true}); }).value();
      for (const auto& row : page.items) EXPECT_TRUE(seen.insert(row.number).second) << row.number << " twice";
      q.cursor = page.next_cursor;
      churn(2);
    } while (!q.cursor.empty());
    for (const auto& number : before) EXPECT_TRUE(seen.contains(number)) << number;
  }
}

TEST_P(TicketListTest, RefusesForeignCursorsAndLimits) {
  churn(30);
  auto list = [&](TicketQuery q) { return read(*store, [&](Reader& r) { return r.tickets(q, Scope{.all = true}); }); };
  auto page = list({.limit = 3}).value();
  ASSERT_FALSE(page.next_cursor.empty());
  EXPECT_TRUE(list({.limit = 3, .cursor = page.next_cursor}));
  EXPECT_EQ(list({.sort = Sort::due_asc, .cursor = page.next_cursor}).error().code, Code::invalid);
  for (std::size_t i = 0; i < page.next_cursor.size(); ++i) {
    std::string garbled = page.next_cursor;
    garbled[i] = garbled[i] == '7' ? '8' : '7';
    EXPECT_EQ(list({.cursor = garbled}).error().code, Code::invalid) << i;
  }
  for (const char* bad : {"x", "0", "'; DROP TABLE ticket; --", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}) {
    EXPECT_EQ(list({.cursor = bad}).error().code, Code::invalid) << bad;
  }
  EXPECT_EQ(list({.limit = 0}).error().code, Code::invalid);
  EXPECT_EQ(list({.limit = 201}).error().code, Code::invalid);
  EXPECT_EQ(read(*store, [](Reader& r) { return r.count_open("title", {}, Scope{.all = true}); }).error().code,
            Code::invalid);
  EXPECT_FALSE(read(*store, [](Reader& r) { return r.visible("none", Scope{.all = true}); }).value());
}

TEST_P(TicketListTest, AnEmptyScopeSeesNothing) {
  churn(30);
  EXPECT_TRUE(read(*store, [](Reader& r) { return r.tickets({}, Scope{}); }).value().items.empty());
  // A ticket without unit and board belongs to no scope of units or boards, and an empty person holds nothing.
  EXPECT_TRUE(read(*store, [](Reader& r) { return r.count_open("state", {}, Scope{}); }).value().empty());
}

}  // namespace
}  // namespace anlan::storage
