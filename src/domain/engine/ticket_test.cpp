// The stored form of a ticket, the patches of the log, input from outside, numbers.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "domain/engine/small_house_for_test.h"

namespace anlan::engine {
namespace {

using T = FieldType::Kind;

// ---- random data ---------------------------------------------------------------------------------------------

std::string some_word() {
  static const std::vector<std::string> words{"", "a", "b", "重大", "浙江", "a/b", "~", "0", "x y"};
  return *rc::gen::elementOf(words);
}
bool coin() { return *rc::gen::inRange(0, 2) == 1; }
int up_to(int n) { return *rc::gen::inRange(0, n); }
Instant some_time() { return {*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000)}; }
std::optional<Instant> maybe_time() { return coin() ? std::optional(some_time()) : std::nullopt; }

// Never null, nor with a null inside.
Value some_value(int depth) {
  switch (up_to(depth > 0 ? 9 : 6)) {
    case 0: return coin();
    case 1: return *rc::gen::inRange<std::int64_t>(-3, 4);
    case 2: return up_to(100) / 4.0;
    case 3: return some_word();
    case 4: return some_time();
    case 5: return Duration{*rc::gen::inRange<std::int64_t>(-100'000, 100'000)};
    case 6: {
      List list;
      for (int i = up_to(3); i > 0; --i) list.push_back(some_value(depth - 1));
      return Value(std::move(list));
    }
    default: {
      Map map;
      for (int i = up_to(4); i > 0; --i) map.insert_or_assign("k" + std::to_string(up_to(5)), some_value(depth - 1));
      return Value(std::move(map));
    }
  }
}
Value some_map(int depth) {
  Map map;
  for (int i = up_to(5); i > 0; --i) map.insert_or_assign("f" + std::to_string(up_to(6)), some_value(depth));
  return Value(std::move(map));
}

template <class F>
auto some(int most, F one) {
  std::vector<decltype(one())> out;
  for (int i = up_to(most + 1); i > 0; --i) out.push_back(one());
  return out;
}

Ticket some_ticket() {
  Ticket t;
  t.number = "N-" + std::to_string(up_to(3));
  t.process = "p";
  t.shape = 1 + up_to(2);
  t.state = some_word();
  t.open = coin();
  t.drill = coin();
  t.opener = some_word();
  t.opened_at = some_time();
  t.updated_at = some_time();
  t.closed_at = maybe_time();
  t.state_since = some_time();
  t.fields = some_map(2);
  t.seats = some(3, [] {
    return identity::Seat{some_word(), some_word(), some_word(), some_word(), some_word(), some_time(), maybe_time()};
  });
  for (int i = up_to(3); i > 0; --i) {
    ClockState c;
    c.facts.anchor = maybe_time();
    c.facts.targets = some(2, [] {
      return clock::Target{some_time(), up_to(9) - 4, static_cast<clock::Counting>(up_to(5)), some_word()};
    });
    c.facts.pauses = some(2, [] { return calendar::Span{some_time(), maybe_time()}; });
    c.facts.stopped = maybe_time();
    c.armed = coin();
    c.withdrawn = coin();
    c.due = maybe_time();
    c.fired = some(2, some_word);
    t.clocks["c" + std::to_string(up_to(3))] = c;
  }
  for (int i = up_to(3); i > 0; --i) {
    DecisionState d;
    if (coin()) d.value = some_value(1);
    if (coin()) d.computed = some_value(1);
    d.rows = some(2, [] { return static_cast<std::size_t>(up_to(4)); });
    d.flips_at = maybe_time();
    if (coin()) d.flips_to = some_value(0);
    d.since = some_time();
    t.decisions["d" + std::to_string(up_to(3))] = d;
  }
  t.tasks = some(2, [] {
    TaskState k;
    k.id = some_word();
    k.key = some_word();
    if (coin()) k.item = some_value(1);
    k.assignees = some(2, some_word);
    k.state = some_word();
    k.answer = some_word();
    k.by = some_word();
    k.at = maybe_time();
    k.due = maybe_time();
    k.comment = some_word();
    k.fields = some_map(1);
    k.digest = some_word();
    k.made = some_time();
    return k;
  });
  t.overrides = some(2, [] {
    return Override{some_word(), some_word(), some_word(), some_word(), some_word(), some_word(), some_word(), some_word(),
                    some_time(), maybe_time(), maybe_time(), maybe_time()};
  });
  t.holder = some_word();
  t.holder_why = {some_word(), some_word()};
  t.owes = some(2, some_word);
  t.version = up_to(100);
  return t;
}

// ---- patches and the stored form -----------------------------------------------------------------------------

TEST(Patch, LeadsFromBeforeToAfter) {
  EXPECT_TRUE(rc::check([] {
    Value before = some_map(3), after = some_map(3);
    Value patch = merge_diff(before, after);
    RC_ASSERT(merge_apply(before, patch) == after);
    RC_ASSERT(merge_diff(after, after).as_map().empty());
  }));
}

TEST(Patch, OfTicketsFoldsToTheLast) {
  EXPECT_TRUE(rc::check([] {
    Value folded = Value(Map{}), last = folded;
    for (int i = 1 + up_to(4); i > 0; --i) {
      Value next = to_value(some_ticket());
      folded = merge_apply(folded, merge_diff(last, next));
      last = next;
    }
    RC_ASSERT(folded == last);
  }));
}

TEST(Patch, HoldsOnlyWhatChanged) {
  Value before(Map{{"a", 1}, {"b", Value(Map{{"x", 1}, {"y", 2}})}, {"c", "gone"}});
  Value after(Map{{"a", 1}, {"b", Value(Map{{"x", 1}, {"y", 3}})}, {"d", Value(List{1})}});
  EXPECT_EQ(describe(merge_diff(before, after)),
            describe(Value(Map{{"b", Value(Map{{"y", 3}})}, {"c", Value()}, {"d", Value(List{1})}})));
  // A map takes the place of a scalar, and the other way round.
  Value one(Map{{"a", "text"}}), two(Map{{"a", Value(Map{{"k", 1}})}});
  EXPECT_EQ(merge_apply(one, merge_diff(one, two)), two);
  EXPECT_EQ(merge_apply(two, merge_diff(two, one)), one);
}

TEST(Stored, TicketComesBackAsItWas) {
  EXPECT_TRUE(rc::check([] {
    Ticket ticket = some_ticket();
    auto back = ticket_from(to_value(ticket));
    RC_ASSERT(back.has_value());
    RC_ASSERT(to_value(*back) == to_value(ticket));
    RC_ASSERT(back->fields == ticket.fields);
    RC_ASSERT(back->seats == ticket.seats);
    RC_ASSERT(back->clocks == ticket.clocks);
    RC_ASSERT((back->open == ticket.open && back->drill == ticket.drill && back->version == ticket.version));
    RC_ASSERT((back->closed_at == ticket.closed_at && back->owes == ticket.owes && back->holder_why == ticket.holder_why));
    RC_ASSERT(back->decisions.size() == ticket.decisions.size());
    for (const auto& [key, d] : ticket.decisions) {
      const auto& other = back->decisions[key];
      RC_ASSERT((other.value == d.value && other.computed == d.computed && other.rows == d.rows));
      RC_ASSERT((other.flips_at == d.flips_at && other.flips_to == d.flips_to && other.since == d.since));
    }
    RC_ASSERT(back->tasks.size() == ticket.tasks.size());
    for (std::size_t i = 0; i < ticket.tasks.size(); ++i) {
      RC_ASSERT(back->tasks[i].item == ticket.tasks[i].item);
      RC_ASSERT(back->tasks[i].assignees == ticket.tasks[i].assignees);
      RC_ASSERT((back->tasks[i].due == ticket.tasks[i].due && back->tasks[i].at == ticket.tasks[i].at));
    }
    RC_ASSERT(back->overrides.size() == ticket.overrides.size());
    for (std::size_t i = 0; i < ticket.overrides.size(); ++i)
      RC_ASSERT((back->overrides[i].used == ticket.overrides[i].used && back->overrides[i].expires == ticket.overrides[i].expires));
  }));
}

TEST(Stored, WhatIsNoTicketIsRefused) {
  for (const Value& wrong : {Value(), Value("x"), Value(Map{}), Value(Map{{"number", "N"}}), Value(Map{{"process", "p"}})})
    EXPECT_EQ(ticket_from(wrong).error().code, Code::internal);
}

// ---- input ---------------------------------------------------------------------------------------------------

std::vector<FieldDef> takes() {
  FieldType table = type_of(T::table);
  table.columns = {field_of("what", type_of(T::string)), field_of("n", type_of(T::integer))};
  table.columns[0].required = true;
  FieldType ref = type_of(T::ref);
  ref.reg = "system";
  return {field_of("string", type_of(T::string)),       field_of("text", type_of(T::text)),
          field_of("integer", type_of(T::integer)),     field_of("number", type_of(T::number)),
          field_of("boolean", type_of(T::boolean)),     field_of("timestamp", type_of(T::timestamp)),
          field_of("date", type_of(T::date)),           field_of("duration", type_of(T::duration)),
          field_of("choice", words_of({"low", "high"})), field_of("person", type_of(T::person)),
          field_of("board", type_of(T::board)),         field_of("unit", type_of(T::unit)),
          field_of("ref", ref),                         field_of("ticket", type_of(T::ticket)),
          field_of("interval", type_of(T::interval)),   field_of("list", list_of(type_of(T::timestamp))),
          field_of("words", list_of(words_of({"a", "b"}))), field_of("table", table),
          field_of("any", type_of(T::any))};
}
Result<Value> decoded(const char* field, Value v) {
  return decode_fields(Value(Map{{field, std::move(v)}}), takes(), "fields", calendar::Zone::shanghai());
}
const Instant noon = time_at("2026-03-02T12:00:00+08:00"), midnight = time_at("2026-03-02T00:00:00+08:00");

TEST(Input, EveryTypeIsRead) {
  struct Case {
    const char* field;
    Value given, want;
  };
  Value row(Map{{"what", "x"}, {"n", 2}});
  const std::vector<Case> cases{
      {"string", "甲", "甲"},
      {"string", "  ", Value()},
      {"string", "", Value()},
      {"string", std::string(1000, 'a'), std::string(1000, 'a')},
      {"text", "# title\n", "# title\n"},
      {"text", std::string(100'000, 'a'), std::string(100'000, 'a')},
      {"integer", 7, 7},
      {"integer", -7, -7},
      {"number", 7, 7},
      {"number", 7.5, 7.5},
      {"boolean", false, false},
      {"timestamp", noon, noon},
      {"timestamp", "2026-03-02T12:00:00+08:00", noon},
      {"timestamp", "2026-03-02T04:00:00Z", noon},
      {"date", "2026-03-02", midnight},
      {"date", "2026-03-02T12:00:00+08:00", midnight},
      {"date", "2026-03-01T23:00:00Z", midnight},
      {"duration", "1h30m", minutes(90)},
      {"duration", minutes(5), minutes(5)},
      {"choice", "high", "high"},
      {"person", "ann", "ann"},
      {"ref", "CORE", "CORE"},
      {"ticket", "INC-1", "INC-1"},
      {"interval", Value(Map{{"start", "2026-03-02T00:00:00+08:00"}, {"end", "2026-03-02T12:00:00+08:00"}}),
       Value(Map{{"start", midnight}, {"end", noon}})},
      {"interval", Value(Map{{"start", noon}, {"end", Value()}}), Value(Map{{"start", noon}})},
      {"interval", Value(Map{{"start", noon}, {"end", noon}}), Value(Map{{"start", noon}, {"end", noon}})},
      {"list", Value(List{"2026-03-02T12:00:00+08:00", noon}), Value(List{noon})},  // the same instant once
      {"list", Value(List{}), Value()},
      {"words", Value(List{"b", "a", "b"}), Value(List{"b", "a"})},
      {"table", Value(List{row, row}), Value(List{row, row})},
      {"table", Value(List{}), Value()},
      {"any", Value(List{1, "x"}), Value(List{1, "x"})},
      {"integer", Value(), Value()},
  };
  for (const Case& c : cases) {
    auto got = decoded(c.field, c.given);
    ASSERT_TRUE(got.has_value()) << c.field << " " << describe(c.given).substr(0, 80) << ": " << got.error().message;
    EXPECT_EQ((*got)[c.field], c.want) << c.field << " " << describe(c.given).substr(0, 80);
  }
}

TEST(Input, WhatDoesNotFitNamesItsPlace) {
  struct Case {
    const char* field;
    Value given;
    const char* place;
  };
  std::string nul("a\0b", 3);
  const std::vector<Case> cases{
      {"string", 1, "fields.string"},
      {"string", std::string(1001, 'a'), "fields.string"},
      {"string", nul, "fields.string"},
      {"text", std::string(100'001, 'a'), "fields.text"},
      {"text", nul, "fields.text"},
      {"integer", 1.5, "fields.integer"},
      {"integer", "1", "fields.integer"},
      {"integer", true, "fields.integer"},
      {"number", "1", "fields.number"},
      {"boolean", "true", "fields.boolean"},
      {"boolean", 1, "fields.boolean"},
      {"timestamp", "2026-03-02", "fields.timestamp"},
      {"timestamp", "2026-03-02T12:00:00", "fields.timestamp"},  // without an offset nobody knows when
      {"timestamp", 5, "fields.timestamp"},
      {"date", "2026-02-30", "fields.date"},
      {"date", "tomorrow", "fields.date"},
      {"duration", "soon", "fields.duration"},
      {"duration", 5, "fields.duration"},
      {"choice", "middle", "fields.choice"},
      {"choice", "", "fields.choice"},
      {"person", Value(List{"ann"}), "fields.person"},
      {"board", 1, "fields.board"},
      {"unit", Value(Map{}), "fields.unit"},
      {"ref", 12, "fields.ref"},
      {"ticket", false, "fields.ticket"},
      {"interval", "x", "fields.interval"},
      {"interval", Value(Map{{"start", noon}, {"end", midnight}}), "fields.interval"},
      {"interval", Value(Map{{"from", noon}}), "fields.interval.from"},
      {"interval", Value(Map{{"start", "x"}}), "fields.interval.start"},
      {"list", noon, "fields.list"},
      {"list", Value(List{noon, "x"}), "fields.list[1]"},
      {"list", Value(List{noon, Value()}), "fields.list"},
      {"words", Value(List{"a", "c"}), "fields.words[1]"},
      {"words", Value(List(2001, Value("a"))), "fields.words"},
      {"table", Value(Map{}), "fields.table"},
      {"table", Value(List{"x"}), "fields.table[0]"},
      {"table", Value(List{Value(Map{{"what", "x"}}), Value(Map{{"n", 1}})}), "fields.table[1].what"},
      {"table", Value(List{Value(Map{{"what", "x"}, {"n", "1"}})}), "fields.table[0].n"},
      {"table", Value(List{Value(Map{{"what", "x"}, {"m", 1}})}), "fields.table[0].m"},
      {"table", Value(List(2001, Value(Map{{"what", "x"}}))), "fields.table"},
      {"nothing", 1, "fields.nothing"},
  };
  for (const Case& c : cases) {
    auto got = decoded(c.field, c.given);
    ASSERT_FALSE(got.has_value()) << c.field << " " << describe(c.given).substr(0, 80);
    EXPECT_EQ(got.error().code, Code::invalid);
    EXPECT_EQ(got.error().field, c.place) << c.field << " " << describe(c.given).substr(0, 80);
    EXPECT_FALSE(got.error().message.empty());
  }
  EXPECT_EQ(decode_fields(Value("x"), takes(), "fields", calendar::Zone::shanghai()).error().field, "fields");
  EXPECT_EQ(decode_fields(Value(), takes(), "fields", calendar::Zone::shanghai())->as_map().size(), 0u);
}

TEST(Input, AnyTakesNoNullsIntoTheTicket) {
  // A patch cannot say null: what holds one would not come back from the log.
  auto got = decoded("any", Value(Map{{"a", Value()}, {"b", Value(Map{{"c", Value()}, {"d", 1}})}}));
  ASSERT_TRUE(got.has_value());
  Value before(Map{});
  EXPECT_EQ(merge_apply(before, merge_diff(before, *got)), *got);
}

// ---- numbers -------------------------------------------------------------------------------------------------

TEST(Numbers, AreMadeFromPatterns) {
  auto zone = calendar::Zone::shanghai();
  Instant t = time_at("2026-01-31T16:30:00Z");  // already 1 February in Shanghai
  auto number = [&](const char* pattern, std::int64_t seq) { return format_number(pattern, t, zone, seq); };
  EXPECT_EQ(number("INC-{yyyy}{mm}-{seq:5}", 7), "INC-202602-00007");
  EXPECT_EQ(number("INC-{yyyy}{mm}-{seq:5}", 1'234'567), "INC-202602-1234567");  // never cut
  EXPECT_EQ(number("R{yy}{mm}{dd}/{seq}", 12), "R260201/12");
  EXPECT_EQ(number("PLAIN-{seq:1}", 3), "PLAIN-3");
  EXPECT_EQ(number("odd{", 3), "odd{");
  // The sequence restarts with the date parts, and only with them.
  EXPECT_EQ(sequence_name("INC-{yyyy}{mm}-{seq:5}", t, zone), "INC-202602-");
  EXPECT_EQ(sequence_name("INC-{yyyy}{mm}-{seq:5}", t + days(1), zone), "INC-202602-");
  EXPECT_EQ(sequence_name("INC-{yyyy}{mm}-{seq:5}", t + days(28), zone), "INC-202603-");
  EXPECT_EQ(sequence_name("DRILL-INC-{yyyy}-{seq:5}", t, zone), "DRILL-INC-2026-");
}

}  // namespace
}  // namespace anlan::engine
