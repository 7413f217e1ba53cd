// The contract of app::Store, one method after the other, for every backend.
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "storage/harness_for_test.h"

namespace anlan::storage {
namespace {

using namespace harness;
using app::Event;
using app::Reader;
using app::Scope;
using app::TicketQuery;
using app::Txn;

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreTest, every_backend(), backend_name);

const Scope everything{.all = true};

#define ASSERT_OK(status)                       \
  do {                                          \
    auto ok_ = (status);                        \
    ASSERT_TRUE(ok_) << ok_.error().message;    \
  } while (0)

Event event(const std::string& subject, const std::string& kind) {
  return Event{0, subject, kind, Instant{1000}, "duty", Value(Map{{"n", 1}, {"due", minutes(5)}})};
}

TEST_P(StoreTest, KeepsTicketsWhole) {
  auto row = ticket("INC-1");
  row.closed_at = Instant{5};
  row.next_due = Instant{-7};
  row.shape = 3;
  row.drill = true;
  row.sensitivity = 2;
  ASSERT_OK(write(*store, [&](Txn& txn) -> Status {
    ANLAN_TRY(auto id, txn.insert_ticket(row));
    EXPECT_EQ(id, 1);
    ANLAN_TRY(auto seen, txn.ticket("INC-1"));
    EXPECT_TRUE(seen);
    return {};
  }));
  for (int round = 0; round < (GetParam().durable ? 2 : 1); ++round) {
    auto found = read(*store, [](Reader& r) { return r.ticket("INC-1"); });
    ASSERT_TRUE(found && *found);
    const auto& t = **found;
    EXPECT_EQ(t.id, 1);
    EXPECT_EQ(std::tie(t.number, t.process, t.shape, t.state, t.open, t.drill, t.title, t.holder, t.board, t.unit),
              std::tie(row.number, row.process, row.shape, row.state, row.open, row.drill, row.title, row.holder,
                       row.board, row.unit));
    EXPECT_EQ(std::tie(t.sensitivity, t.severity, t.opened_at, t.updated_at, t.closed_at, t.next_due, t.version, t.body,
                       t.indexed, t.owes, t.participants),
              std::tie(row.sensitivity, row.severity, row.opened_at, row.updated_at, row.closed_at, row.next_due,
                       row.version, row.body, row.indexed, row.owes, row.participants));
    if (round == 0 && GetParam().durable) reopen();
  }
  EXPECT_FALSE(read(*store, [](Reader& r) { return r.ticket("INC-2"); }).value());
}

TEST_P(StoreTest, RefusesTakenNumbersAndStaleVersions) {
  ASSERT_OK(write(*store, [](Txn& txn) -> Status {
    ANLAN_CHECK(txn.insert_ticket(ticket("INC-1")));
    EXPECT_EQ(txn.insert_ticket(ticket("INC-1")).error().code, Code::conflict);
    ANLAN_CHECK(txn.insert_ticket(ticket("INC-2")));  // the unit may go on after a refusal
    return {};
  }));
  EXPECT_EQ(write(*store, [](Txn& txn) -> Status {
              ANLAN_CHECK(txn.insert_ticket(ticket("INC-2")));
              return {};
            }).error().code,
            Code::conflict);
  auto changed = ticket("INC-1");
  changed.state = "closed";
  auto update = [&](std::int64_t version) {
    changed.version = version;
    return write(*store, [&](Txn& txn) { return txn.update_ticket(changed); });
  };
  EXPECT_EQ(update(1).error().code, Code::conflict);
  EXPECT_EQ(update(3).error().code, Code::conflict);
  ASSERT_OK(update(2));
  EXPECT_EQ(update(2).error().code, Code::conflict);
  EXPECT_EQ(read(*store, [](Reader& r) { return r.ticket("INC-1"); }).value()->state, "closed");
  changed.opened_at = Instant{1};
  EXPECT_EQ(update(3).error().code, Code::invalid);
  changed.number = "INC-9";
  EXPECT_EQ(update(3).error().code, Code::not_found);
  auto empty = ticket("");
  EXPECT_EQ(write(*store, [&](Txn& txn) -> Status {
              ANLAN_CHECK(txn.insert_ticket(empty));
              return {};
            }).error().code,
            Code::invalid);
}

TEST_P(StoreTest, LogIsContiguousAndOrdered) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(write(*store, [&](Txn& txn) -> Status {
      ANLAN_TRY(auto before, txn.last_position());
      ANLAN_TRY(auto position, txn.append(event("ticket:A", "ticket.opened")));
      EXPECT_EQ(position, before + 1);
      ANLAN_TRY(position, txn.append(event("ticket:B", "ticket.acted")));
      EXPECT_EQ(position, before + 2);
      return {};
    }));
    EXPECT_FALSE(write(*store, [](Txn& txn) -> Status {
      ANLAN_CHECK(txn.append(event("ticket:A", "lost")));
      return fail(Code::refused, "no");
    }));
  }
  if (GetParam().durable) reopen();
  ASSERT_OK(write(*store, [](Txn& txn) -> Status {
    ANLAN_CHECK(txn.append(event("ticket:A", "last")));
    return {};
  }));
  EXPECT_EQ(read(*store, [](Reader& r) { return r.last_position(); }).value(), 7);
  auto all = read(*store, [](Reader& r) { return r.events_after(0, 100); }).value();
  ASSERT_EQ(all.size(), 7u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].position, static_cast<std::int64_t>(i + 1));
  EXPECT_EQ(read(*store, [](Reader& r) { return r.events_after(5, 1); }).value().at(0).position, 6);
  auto of = read(*store, [](Reader& r) { return r.events_of("ticket:A"); }).value();
  ASSERT_EQ(of.size(), 4u);
  EXPECT_EQ(of[3].kind, "last");
  EXPECT_EQ(of[0].actor, "duty");
  EXPECT_EQ(of[0].at, Instant{1000});
  EXPECT_EQ(of[0].body, event("", "").body);
  EXPECT_TRUE(read(*store, [](Reader& r) { return r.events_of("ticket:C"); }).value().empty());
}

TEST_P(StoreTest, NumbersHaveNoGaps) {
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < 6; ++i) {
    (void)write(*store, [&](Txn& txn) -> Status {
      ANLAN_TRY(auto n, txn.next_number("INC-2026"));
      ANLAN_CHECK(txn.next_number("other"));
      if (i % 2) return fail(Code::refused, "no");
      numbers.push_back(n);
      return {};
    });
  }
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 2, 3}));
}

TEST_P(StoreTest, RecordsHaveVersionsAndUniqueKeys) {
  app::RecordRow row{.reg = "person", .id = "p1", .valid_from = Instant{10}, .state = "active",
                     .fields = Value(Map{{"name", "安"}}), .retain_until = Instant{99}, .keys = {{"login", "an"}}};
  auto put = [&](const app::RecordRow& r) { return write(*store, [&](Txn& txn) { return txn.put_record(r); }); };
  auto generation = [&] { return read(*store, [](Reader& r) { return r.records_generation(); }).value(); };
  auto before = generation();
  ASSERT_OK(put(row));
  EXPECT_GT(generation(), before);

  auto other = row;
  other.id = "p2";
  auto taken = put(other);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::conflict);
  EXPECT_EQ(taken.error().field, "login");
  EXPECT_FALSE(read(*store, [](Reader& r) { return r.record("person", "p2"); }).value());

  EXPECT_EQ(put(row).error().code, Code::conflict);  // stands already at 1
  row.version = 2;
  row.valid_from = Instant{5};
  EXPECT_EQ(put(row).error().code, Code::invalid);  // begins before the first
  row.valid_from = Instant{20};
  row.keys = {{"login", "lan"}, {"mail", "lan@example.com"}};
  ASSERT_OK(put(row));
  ASSERT_OK(put(other));  // "an" is free again
  if (GetParam().durable) reopen();

  auto current = read(*store, [](Reader& r) { return r.record("person", "p1"); }).value();
  ASSERT_TRUE(current);
  EXPECT_EQ(current->version, 2);
  EXPECT_FALSE(current->valid_to);
  EXPECT_EQ(current->keys, row.keys);
  EXPECT_EQ(current->fields, row.fields);
  EXPECT_EQ(current->retain_until, row.retain_until);
  auto versions = read(*store, [](Reader& r) { return r.record_versions("person", "p1"); }).value();
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].valid_to, Instant{20});
  EXPECT_EQ(versions[0].keys.at(0).second, "an");
  auto by_key = [&](const char* key, const char* value) {
    auto found = read(*store, [&](Reader& r) { return r.record_by_key("person", key, value); }).value();
    return found ? found->id : "";
  };
  EXPECT_EQ(by_key("login", "lan"), "p1");
  EXPECT_EQ(by_key("login", "an"), "p2");
  EXPECT_EQ(by_key("mail", "an"), "");
  auto all = read(*store, [](Reader& r) { return r.records("person", 100); }).value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, "p1");
  EXPECT_EQ(read(*store, [](Reader& r) { return r.records("person", 1); }).value().size(), 1u);
  EXPECT_TRUE(read(*store, [](Reader& r) { return r.records("board", 100); }).value().empty());
  EXPECT_FALSE(read(*store, [](Reader& r) { return r.record("board", "p1"); }).value());
}

TEST_P(StoreTest, RecordsGenerationIsSeenInsideTheUnitAndUndone) {
  app::RecordRow row{.reg = "board", .id = "b1"};
  EXPECT_FALSE(write(*store, [&](Txn& txn) -> Status {
    ANLAN_TRY(auto before, txn.records_generation());
    ANLAN_CHECK(txn.put_record(row));
    ANLAN_TRY(auto after, txn.records_generation());
    EXPECT_EQ(after, before + 1);
    return fail(Code::refused, "no");
  }));
  EXPECT_EQ(read(*store, [](Reader& r) { return r.records_generation(); }).value(), 0);
}

TEST_P(StoreTest, LinksStandOnceAndShowAtBothEnds) {
  app::LinkRow link{"change", "ticket:INC-1", "ticket:CHG-1", Instant{3}};
  ASSERT_OK(write(*store, [&](Txn& txn) -> Status {
    ANLAN_CHECK(txn.put_link(link));
    ANLAN_CHECK(txn.put_link({link.key, link.from, link.to, Instant{9}}));
    ANLAN_CHECK(txn.put_link({"self", "ticket:INC-1", "ticket:INC-1", Instant{4}}));
    return {};
  }));
  auto links = read(*store, [](Reader& r) { return r.links_of("ticket:INC-1"); }).value();
  ASSERT_EQ(links.size(), 2u);
  EXPECT_EQ(links[0].key, "change");
  EXPECT_EQ(links[0].at, Instant{3});
  EXPECT_EQ(read(*store, [](Reader& r) { return r.links_of("ticket:CHG-1"); }).value().size(), 1u);
  EXPECT_TRUE(read(*store, [](Reader& r) { return r.links_of("ticket:X"); }).value().empty());
}

TEST_P(StoreTest, TimersReplaceAndFallDueInOrder) {
  EXPECT_FALSE(read(*store, [](Reader& r) { return r.next_timer(); }).value());
  ASSERT_OK(write(*store, [&](Txn& txn) -> Status {
    ANLAN_CHECK(txn.set_timer({"ticket:A", "x", Instant{50}}));
    ANLAN_CHECK(txn.set_timer({"ticket:A", "y", Instant{20}}));
    ANLAN_CHECK(txn.set_timer({"ticket:B", "x", Instant{30}}));
    ANLAN_CHECK(txn.set_timer({"ticket:A", "x", Instant{10}}));
    ANLAN_CHECK(txn.set_timer({"ticket:B", "z", Instant{5}}));
    ANLAN_CHECK(txn.drop_timer("ticket:B", "z"));
    ANLAN_CHECK(txn.drop_timer("ticket:B", "absent"));
    return {};
  }));
  auto due = read(*store, [](Reader& r) { return r.due_timers(Instant{20}, 10); }).value();
  ASSERT_EQ(due.size(), 2u);
  EXPECT_EQ(due[0].name, "x");
  EXPECT_EQ(due[0].due, Instant{10});
  EXPECT_EQ(due[1].name, "y");
  EXPECT_EQ(read(*store, [](Reader& r) { return r.due_timers(Instant{99}, 1); }).value().size(), 1u);
  EXPECT_EQ(read(*store, [](Reader& r) { return r.next_timer(); }).value(), Instant{10});
  EXPECT_EQ(read(*store, [](Reader& r) { return r.timers_of("ticket:A"); }).value().size(), 2u);
}

TEST_P(StoreTest, OutboxSendsADedupIdOnce) {
  app::OutboxRow row{.at = Instant{1}, .channel = "notice", .recipient = "duty", .payload = Value(Map{{"a", 1}}),
                     .next_at = Instant{10}, .state = "pending", .dedup = "d1"};
  ASSERT_OK(write(*store, [&](Txn& txn) -> Status {
    EXPECT_EQ(txn.enqueue(row).value(), true);
    EXPECT_EQ(txn.enqueue(row).value(), false);
    row.dedup = "";
    row.next_at = Instant{5};
    EXPECT_EQ(txn.enqueue(row).value(), true);
    EXPECT_EQ(txn.enqueue(row).value(), true);
    return {};
  }));
  auto due = read(*store, [](Reader& r) { return r.outbox_due(Instant{10}, 10); }).value();
  ASSERT_EQ(due.size(), 3u);
  EXPECT_EQ(due[2].dedup, "d1");
  EXPECT_EQ(due[2].payload, row.payload);
  auto sent = due[0];
  sent.state = "sent";
  sent.attempts = 2;
  ASSERT_OK(write(*store, [&](Txn& txn) { return txn.update_outbox(sent); }));
  EXPECT_EQ(read(*store, [](Reader& r) { return r.outbox_due(Instant{9}, 10); }).value().size(), 1u);
  auto mine = read(*store, [](Reader& r) { return r.outbox_of("duty", 10); }).value();
  ASSERT_EQ(mine.size(), 3u);
  EXPECT_GT(mine[0].id, mine[2].id);
  EXPECT_EQ(read(*store, [](Reader& r) { return r.outbox_of("duty", 2); }).value().size(), 2u);
  sent.id = 77;
  EXPECT_EQ(write(*store, [&](Txn& txn) { return txn.update_outbox(sent); }).error().code, Code::not_found);
}

TEST_P(StoreTest, AlertsReplaceByFingerprintAndPage) {
  auto alert = [&](int i) {
    app::AlertRow row;
    row.fingerprint = "f" + std::to_string(i);
    row.source = "prometheus";
    row.labels = Value(Map{{"alertname", "Down"}, {"i", i}});
    row.starts_at = row.first_seen = row.last_seen = clock.wall();
    row.alive_until = clock.wall() + minutes(5);
    row.count = 1;
    row.group = i % 2 ? "odd" : "even";
    row.outcome = i % 3 ? "open" : "suppress";
    row.reason = Value(Map{{"rule", "r"}});
    row.ticket = "INC-1";
    return row;
  };
  ASSERT_OK(write(*store, [&](Txn& txn) -> Status {
    for (int i = 0; i < 10; ++i) ANLAN_CHECK(txn.put_alert(alert(i)));
    auto resolved = alert(9);
    resolved.ends_at = clock.wall();
    resolved.count = 2;
    ANLAN_CHECK(txn.put_alert(resolved));
    auto quiet = alert(8);
    quiet.alive_until = clock.wall() - seconds(1);
    ANLAN_CHECK(txn.put_alert(quiet));
    return {};
  }));
  auto found = read(*store, [](Reader& r) { return r.alert("f9"); }).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->count, 2);
  EXPECT_EQ(found->ends_at, clock.wall());
  EXPECT_EQ(found->labels, alert(9).labels);
  EXPECT_EQ(found->reason, alert(9).reason);
  EXPECT_FALSE(read(*store, [](Reader& r) { return r.alert("none"); }).value());
  EXPECT_EQ(read(*store, [](Reader& r) { return r.alerts_of_group("odd"); }).value().size(), 5u);

  auto list = [&](bool active, const std::string& outcome) {
    std::vector<std::string> out;
    std::string cursor;
    do {
      auto page = read(*store, [&](Reader& r) { return r.alerts(active, outcome, 3, cursor); }).value();
      for (const auto& row : page.items) out.push_back(row.fingerprint);
      cursor = page.next_cursor;
    } while (!cursor.empty());
    return out;
  };
  EXPECT_EQ(list(false, "").size(), 10u);
  EXPECT_EQ(list(true, ""), (std::vector<std::string>{"f7", "f6", "f5", "f4", "f3", "f2", "f1", "f0"}));
  EXPECT_EQ(list(true, "suppress"), (std::vector<std::string>{"f6", "f3", "f0"}));
  EXPECT_EQ(list(false, "suppress"), (std::vector<std::string>{"f9", "f6", "f3", "f0"}));
  clock.advance(minutes(6));
  EXPECT_TRUE(list(true, "").empty());
  for (const char* bad : {"x", "a", "a-1", "a1x", "axx"}) {
    EXPECT_EQ(read(*store, [&](Reader& r) { return r.alerts(false, "", 3, bad); }).error().code, Code::invalid) << bad;
  }
}

TEST_P(StoreTest, SettingsAndIdempotency) {
  ASSERT_OK(write(*store, [](Txn& txn) -> Status {
    ANLAN_CHECK(txn.put_setting("session", "b", Value(2)));
    ANLAN_CHECK(txn.put_setting("session", "a", Value(Map{{"at", Instant{7}}})));
    ANLAN_CHECK(txn.put_setting("session", "c", Value(3)));
    ANLAN_CHECK(txn.put_setting("session", "c", Value()));
    ANLAN_CHECK(txn.put_setting("other", "a", Value(9)));
    EXPECT_FALSE(txn.idempotent("duty POST /x k1", "digest").value());
    ANLAN_CHECK(txn.remember("duty POST /x k1", "digest", Value("answer"), Instant{10}));
    return {};
  }));
  EXPECT_EQ(read(*store, [](Reader& r) { return r.setting("session", "a"); }).value(), Value(Map{{"at", Instant{7}}}));
  EXPECT_FALSE(read(*store, [](Reader& r) { return r.setting("session", "c"); }).value());
  auto all = read(*store, [](Reader& r) { return r.settings("session"); }).value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].first, "a");
  ASSERT_OK(write(*store, [](Txn& txn) -> Status {
    EXPECT_EQ(txn.idempotent("duty POST /x k1", "digest").value(), Value("answer"));
    EXPECT_EQ(txn.idempotent("duty POST /x k1", "other").error().code, Code::conflict);
    EXPECT_EQ(txn.remember("duty POST /x k1", "digest", Value("again"), Instant{11}).error().code, Code::conflict);
    ANLAN_CHECK(txn.forget_idempotent_before(Instant{10}));
    EXPECT_TRUE(txn.idempotent("duty POST /x k1", "digest").value());
    ANLAN_CHECK(txn.forget_idempotent_before(Instant{11}));
    EXPECT_FALSE(txn.idempotent("duty POST /x k1", "digest").value());
    return {};
  }));
}

// Holds the writer in a unit, so that what is queued behind it becomes one batch.
class Gate {
 public:
  explicit Gate(app::Store& store) {
    store.write(
        [this](Txn&) -> Result<Value> {
          entered_.set_value();
          release_.get_future().wait();
          return Value();
        },
        nullptr);
    entered_.get_future().wait();
  }
  void open() { release_.set_value(); }

 private:
  std::promise<void> entered_, release_;
};

TEST_P(StoreTest, ARefusedUnitFallsAlone) {
  Gate gate(*store);
  std::vector<std::promise<Result<Value>>> done(30);
  for (int i = 0; i < 30; ++i) {
    store->write(
        [i](Txn& txn) -> Result<Value> {
          ANLAN_TRY(auto n, txn.next_number("n"));
          auto row = ticket("T-" + std::to_string(i));
          row.state = "s" + std::to_string(i);  // a new word of the dictionary, to be undone as well
          ANLAN_CHECK(txn.insert_ticket(row));
          ANLAN_CHECK(txn.append(event("ticket:" + row.number, "ticket.opened")));
          if (i % 3 == 1) return fail(Code::refused, "no");
          if (i % 3 == 2 && i > 20) throw std::runtime_error("defect");
          return Value(n);
        },
        [&, i](Result<Value> result) { done[static_cast<std::size_t>(i)].set_value(std::move(result)); });
  }
  gate.open();
  std::int64_t expected = 0;
  for (int i = 0; i < 30; ++i) {
    auto result = done[static_cast<std::size_t>(i)].get_future().get();
    bool refused = i % 3 == 1, thrown = i % 3 == 2 && i > 20;
    ASSERT_EQ(result.has_value(), !refused && !thrown) << i;
    if (result) {
      EXPECT_EQ(result->as_int(), ++expected);
    } else {
      EXPECT_EQ(result.error().code, refused ? Code::refused : Code::internal);
    }
    auto number = "T-" + std::to_string(i);
    EXPECT_EQ(read(*store, [&](Reader& r) { return r.ticket(number); }).value().has_value(), result.has_value());
    auto page = read(*store, [&](Reader& r) {
                  return r.tickets({.state = {"s" + std::to_string(i)}}, everything);
                }).value();
    EXPECT_EQ(page.items.size(), result ? 1u : 0u);
  }
  EXPECT_EQ(read(*store, [](Reader& r) { return r.last_position(); }).value(), expected);
  EXPECT_EQ(read(*store, [](Reader& r) { return r.tickets({.limit = 100}, everything); }).value().items.size(),
            static_cast<std::size_t>(expected));
  EXPECT_EQ(store->condition()["failed_batches"].as_int(), 0);
}

TEST_P(StoreTest, APartOfAUnitFallsAlone) {
  ASSERT_OK(write(*store, [](Txn& txn) -> Status {
    ANLAN_CHECK(txn.insert_ticket(ticket("KEPT")));
    ANLAN_CHECK(txn.next_number("S"));
    auto failed = txn.attempt([&]() -> Status {
      ANLAN_CHECK(txn.insert_ticket(ticket("GONE")));
      auto changed = ticket("KEPT");
      changed.version = 2;
      changed.state = "elsewhere";
      ANLAN_CHECK(txn.update_ticket(changed));
      ANLAN_CHECK(txn.append(event("ticket:GONE", "ticket.opened")));
      ANLAN_CHECK(txn.put_setting("t", "k", Value(1)));
      ANLAN_TRY(std::int64_t n, txn.next_number("S"));
      EXPECT_EQ(n, 2);
      auto inner = txn.attempt([&]() -> Status {
        ANLAN_CHECK(txn.put_setting("t", "inner", Value(1)));
        return {};
      });
      EXPECT_TRUE(inner);
      return fail(Code::refused, "not this part");
    });
    EXPECT_EQ(failed.error().code, Code::refused);
    ANLAN_TRY(std::int64_t again, txn.next_number("S"));
    EXPECT_EQ(again, 2) << "a failed part takes no number";
    auto page = txn.tickets(TicketQuery{.state = {"elsewhere"}}, everything);
    EXPECT_TRUE(page && page->items.empty()) << "the list index was not undone";
    return txn.attempt([&]() -> Status {
      ANLAN_CHECK(txn.insert_ticket(ticket("SECOND")));
      ANLAN_TRY(auto position, txn.append(event("ticket:SECOND", "ticket.opened")));
      EXPECT_EQ(position, 1) << "a position was lost";
      return {};
    });
  }));
  EXPECT_FALSE(read(*store, [](Reader& r) { return r.ticket("GONE"); })->has_value());
  EXPECT_TRUE(read(*store, [](Reader& r) { return r.ticket("SECOND"); })->has_value());
  EXPECT_FALSE(read(*store, [](Reader& r) { return r.setting("t", "inner"); })->has_value());
  auto page = read(*store, [](Reader& r) { return r.tickets(TicketQuery{}, everything); });
  EXPECT_EQ(page->items.size(), 2u);
}

TEST_P(StoreTest, UnitsSeeTheirOwnWritesInLists) {
  ASSERT_OK(write(*store, [](Txn& txn) -> Status {
    ANLAN_CHECK(txn.insert_ticket(ticket("A")));
    ANLAN_CHECK(txn.insert_ticket(ticket("B")));
    auto a = ticket("A");
    a.version = 2;
    a.state = "closed";
    a.open = false;
    ANLAN_CHECK(txn.update_ticket(a));
    ANLAN_TRY(auto page, txn.tickets({.open = true}, everything));
    EXPECT_EQ(page.items.size(), 1u);
    EXPECT_EQ(page.items.at(0).number, "B");
    ANLAN_TRY(auto counts, txn.count_open("state", {}, everything));
    EXPECT_EQ(counts, (std::map<std::string, std::int64_t>{{"identified", 1}}));
    return {};
  }));
}

TEST_P(StoreTest, ListenerHearsOfCommitsBeforeDone) {
  std::atomic<app::Position> heard{0};
  store->on_commit([&](app::Position p) { heard = p; });
  ASSERT_OK(write(*store, [](Txn& txn) -> Status {
    ANLAN_CHECK(txn.append(event("platform", "x")));
    return {};
  }));
  EXPECT_EQ(heard, 1);
  heard = -1;
  ASSERT_OK(write(*store, [](Txn&) -> Status { return {}; }));  // wrote nothing
  EXPECT_EQ(heard, -1);
}

TEST_P(StoreTest, StopDrainsAndThenRefuses) {
  std::atomic<int> done{0};
  {
    Gate gate(*store);
    for (int i = 0; i < 50; ++i) {
      store->write([i](Txn& txn) -> Result<Value> { return *txn.insert_ticket(ticket("T" + std::to_string(i))); },
                   [&](Result<Value> r) { done += r.has_value(); });
    }
    EXPECT_EQ(store->condition()["queue_depth"].as_int(), 50);
    EXPECT_EQ(store->condition()["writer"].as_string(), "running");
    std::thread stopper([&] { store->stop(); });
    gate.open();
    stopper.join();
  }
  EXPECT_EQ(done, 50);
  EXPECT_EQ(write(*store, [](Txn&) -> Status { return {}; }).error().code, Code::unavailable);
  store->stop();
  EXPECT_TRUE(read(*store, [](Reader& r) { return r.ticket("T49"); }).value());
  EXPECT_NE(store->condition()["writer"].as_string(), "running");
}

TEST_P(StoreTest, AFullQueueRefuses) {
  store.reset();
  options.queue_max = 5;
  open();
  Gate gate(*store);
  std::atomic<int> limited{0}, fine{0};
  for (int i = 0; i < 8; ++i) {
    store->write([](Txn&) -> Result<Value> { return Value(); },
                 [&](Result<Value> r) {
                   if (r) {
                     ++fine;
                   } else if (r.error().code == Code::limit) {
                     ++limited;
                   }
                 });
  }
  gate.open();
  store->stop();
  EXPECT_EQ(limited, 3);
  EXPECT_EQ(fine, 5);
}

TEST_P(StoreTest, ReadersSeeWholeUnitsDuringWrites) {
  if (!GetParam().durable) GTEST_SKIP() << "reads and batches take turns there";
  std::atomic<bool> end{false};
  std::atomic<int> reads{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 6; ++t) {  // more than there are connections
    readers.emplace_back([&] {
      while (!end) {
        auto status = store->read([&](Reader& r) -> Status {
          // Each unit writes one ticket, one event and moves the "front" state: one snapshot has all or nothing.
          ANLAN_TRY(auto page, r.tickets({.limit = 200}, everything));
          ANLAN_TRY(auto position, r.last_position());
          ANLAN_TRY(auto front, r.tickets({.state = {"front"}}, everything));
          ANLAN_TRY(auto open, r.count_open("state", {}, everything));
          std::int64_t total = 0;
          for (const auto& [state, n] : open) total += n;
          EXPECT_EQ(static_cast<std::int64_t>(page.items.size()), std::min<app::Position>(position, 200));
          if (!page.items.empty()) {
            EXPECT_EQ(page.items[0].id, position);
            EXPECT_EQ(page.items[0].state, "front");
          }
          EXPECT_LE(front.items.size(), 1u);
          return {};
        });
        EXPECT_TRUE(status) << message(status);
        ++reads;
      }
    });
  }
  for (int i = 0; i < 400; ++i) {
    store->write(
        [i](Txn& txn) -> Result<Value> {
          auto row = ticket("T" + std::to_string(i));
          row.state = "front";
          ANLAN_CHECK(txn.insert_ticket(row));
          if (i > 0) {
            auto before = ticket("T" + std::to_string(i - 1));
            before.version = 2;
            ANLAN_CHECK(txn.update_ticket(before));
          }
          ANLAN_CHECK(txn.append(event("ticket:" + row.number, "ticket.opened")));
          return Value();
        },
        [i](Result<Value> r) { EXPECT_TRUE(r) << i << r.error().message; });
    if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(500));  // real time: batches
  }
  ASSERT_OK(write(*store, [](Txn&) -> Status { return {}; }));
  end = true;
  for (auto& reader : readers) reader.join();
  EXPECT_GT(reads, 0);
}

}  // namespace
}  // namespace anlan::storage
