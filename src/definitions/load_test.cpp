// A whole set of definitions loads; each kind of mistake is named where it stands.
#include "definitions/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "definitions/sample_for_test.h"

namespace anlan::definitions {
namespace {

std::string all(const std::vector<Problem>& problems) {
  std::string out;
  for (const auto& p : problems) out += text(p) + "\n";
  return out;
}

TEST(Load, WholeSample) {
  auto loaded = load(sample());
  ASSERT_TRUE(loaded.ok()) << all(loaded.problems);
  const auto& d = loaded.definitions;
  const auto* visit = d.process("visit");
  ASSERT_TRUE(visit);
  EXPECT_EQ(visit->opening()->key, "ask");
  EXPECT_EQ(visit->states.front().key, "asked");
  EXPECT_EQ(visit->fields.size(), 7u);
  EXPECT_EQ(visit->field("rank")->decided_by, "rank");
  EXPECT_EQ(visit->field("rank")->type.words, (std::vector<std::string>{"plain", "high"}));
  EXPECT_EQ(visit->field("rank")->type.labels.at("high").zh, "贵宾");
  EXPECT_EQ(visit->field("stays")->type.columns.size(), 3u);
  EXPECT_EQ(visit->role("host")->differs_from.at(0).seat, "gate");
  EXPECT_EQ(visit->role("host")->differs_from.at(0).basis.clause, "1.2");
  const auto* enter = visit->action("enter");
  EXPECT_EQ(enter->guards.at(0).basis.clause, "1.2");
  EXPECT_EQ(enter->guards.at(0).basis.where, "processes/visit.yaml:112:9");
  EXPECT_EQ(enter->guards.at(0).waiver, engine::GuardDef::Waiver::law);
  EXPECT_EQ(enter->effects.at(0).kind, engine::EffectDef::Kind::append);
  EXPECT_EQ(enter->effects.at(1).kind, engine::EffectDef::Kind::record);
  EXPECT_EQ(enter->effects.at(1).state, "open");
  EXPECT_EQ(enter->effects.at(2).acknowledge_within, minutes(10));
  EXPECT_EQ(visit->action("leave")->seat_to.at("host").source(), "actor.id");
  EXPECT_TRUE(visit->action("leave")->comment_required);
  EXPECT_EQ(visit->action("remind")->from, std::vector<std::string>{"open"});
  EXPECT_TRUE(visit->link("again")->many);
  EXPECT_FALSE(visit->link("parcel")->many);
  EXPECT_EQ(visit->task("sign")->quorum.rule, engine::TaskDef::Quorum::Rule::share);
  EXPECT_EQ(visit->task("sign")->quorum.answered_num, 2);
  EXPECT_EQ(visit->task("sign")->quorum.answered_den, 3);
  EXPECT_EQ(visit->clock("paper")->counting, clock::Counting::working_days);
  EXPECT_EQ(visit->clock("leave")->ladder.at(0).offset, -minutes(15));
  EXPECT_EQ(visit->reactions.at(0).result, "agreed");
  EXPECT_EQ(visit->scope.roots.size(), 10u);
  EXPECT_EQ(d.process("parcel")->shape, 1);
  EXPECT_EQ(*d.parameters.at("stay").initial, Value(hours(2)));
  EXPECT_EQ(d.parameters.at("stay").approval_post, "guard");
  EXPECT_EQ(d.records.at("room").guards.size(), 1u);
  EXPECT_EQ(d.records.at("room").unique, (std::vector<std::vector<std::string>>{{"name"}}));
  EXPECT_EQ(d.posts.size(), 2u);
  EXPECT_FALSE(d.posts.at(0).external_allowed);
  EXPECT_TRUE(d.posts.at(1).external_allowed);
  ASSERT_EQ(d.incompatibilities.size(), 1u);
  EXPECT_EQ(d.incompatibilities.at(0).ground.requirement, "1.2-p1-1");
  EXPECT_EQ(d.incompatibilities.at(0).ground.waiver, "exception");
  const auto& office = d.calendars.at("office");
  EXPECT_EQ(office.spec().title, (Text{"办公", "Office"}));
  EXPECT_FALSE(office.spec().holidays_title.empty());
  auto day = [](int d) { return calendar::day(2026, 1, d); };
  EXPECT_FALSE(office.is_workday(day(1)));
  EXPECT_TRUE(office.is_workday(day(4)));   // a Sunday, made up
  EXPECT_TRUE(office.is_workday(day(5)));   // a Monday
  EXPECT_FALSE(office.is_workday(day(7)));  // no hours on Wednesdays
  EXPECT_EQ(d.requirements.at("1.2-a-1").strength, "may");
  EXPECT_EQ(d.plans.at("inspect").warn, (std::vector<Duration>{days(30), days(7)}));
  EXPECT_EQ(d.plans.at("monthly").opens_with.at("what").source(), "\"paper\"");
  EXPECT_EQ(*d.measures.at("stay").target, 60);
  EXPECT_FALSE(d.measures.at("stay").target_at_least);
  EXPECT_EQ(d.reports.at("visit_report").sections.at(0).parts.size(), 2u);
  EXPECT_EQ(d.extra.at("seeds/rooms.yaml")["records"].as_list().at(0)["fields"]["seats"], Value(4));
  EXPECT_TRUE(d.extra.contains("correlation/rules.yaml"));
  EXPECT_TRUE(d.extra.contains("standard/readings.yaml"));
  EXPECT_FALSE(d.extra.contains("standard/area.yaml"));
}

// A change of the sample and what must be said. In `with`, ‸ marks where the problem stands.
struct Mistake {
  const char* name;
  const char* file;
  const char* what;
  const char* with;
  const char* message;     // part of it
  std::size_t others = 0;  // further problems that follow
};
void PrintTo(const Mistake& m, std::ostream* out) { *out << m.name; }
constexpr const char* visit = "processes/visit.yaml";
constexpr const char* parcel = "processes/parcel/1.yaml";
constexpr const char* room = "records/room.yaml";

// One row a mistake, however long.
// clang-format off
const Mistake mistakes[] = {
    // keys and forms
    {"unknown key", visit, "    comment: required", "    ‸coment: required", "unknown key 'coment' in action 'leave' (did you mean 'comment'?)"},
    {"unknown key at top", visit, "severity: rank", "‸severty: rank", "unknown key 'severty' in the process (did you mean 'severity'?)"},
    {"duplicate key", visit, "    comment: required", "    comment: required\n    ‸comment: required", "the key 'comment' stands already in line"},
    {"bad key", visit, "  wish:  {", "  ‸Wish:  {", "'Wish' is no key", 4},
    {"reserved field", visit, "  wish:  {", "  wish:  {type: bool, label: {zh: 甲, en: A}}\n  ‸holder: {", "'holder' is a member that every ticket has", 4},
    {"no mapping", visit, "  gate:\n    title: {zh: 门卫, en: Gate}\n    who: [{post: guard, line: 1}, {duty: ticket.room}]\n    req: 1.2-p1-1", "  gate: ‸guard", "role 'gate' is a mapping of keys to values"},
    {"empty value", visit, "    to: inside", "    ‸to:", "'to' of action 'enter' is empty", 1},
    {"a word for a flag", visit, "    platform: true\n    fields: {title: required, room", "    platform: ‸maybe\n    fields: {title: required, room", "'platform' of action 'ask' is true or false"},
    {"a tag", visit, R"~(where: "!has(row.to)")~", "where: ‸!has(row.to)", "put the whole value in quotes", 0},
    {"text in one language", visit, "else: {zh: 没有座位, en: There is no seat.}", "else: ‸{zh: 没有座位}", "'else' of a guard lacks its en text"},
    {"text without languages", visit, "else: {zh: 没有座位, en: There is no seat.}", "else: ‸没有座位", "said in both languages"},
    {"text with a comma", visit, "en: There is no seat.}", "en: No, ‸not one}", "a comma ends a text"},
    {"text empty", visit, "else: {zh: 没有座位, en: There is no seat.}", "else: {zh: ‸\"\", en: There is no seat.}", "zh of 'else' of a guard is empty"},
    // references
    {"unknown state", visit, "    from: asked", "    from: ‸aksed", "there is no state 'aksed' (did you mean 'asked'?)"},
    {"unknown state in a list", visit, "from: [asked, inside]", "from: [asked, ‸outside]", "there is no state 'outside'", 1},
    {"unknown role", visit, "    by: gate", "    by: ‸gates", "there is no role 'gates' (did you mean 'gate'?); there are: gate, host"},
    {"unknown accountable", visit, "accountable: host", "accountable: ‸hast", "there is no role 'hast'"},
    {"unknown seat", visit, "{seat: gate, by", "{seat: ‸gote, by", "there is no role 'gote'"},
    {"unknown difference", visit, "by: person, req", "by: ‸persons, req", "'by' of an entry of 'differs_from' is one of person, post, department"},
    {"unknown field of an action", visit, "fields: {title: required, room: optional", "fields: {title: required, ‸rom: optional", "there is no field 'rom'"},
    {"required or optional", visit, "fields: {title: required, room: optional", "fields: {title: ‸needed, room: optional", "'title' is required or optional"},
    {"a computed field by hand", visit, "fields: {title: required, room: optional", "fields: {title: required, ‸rank: optional, room: optional", "computed by decision 'rank'"},
    {"unknown post", visit, "posts: [guard]}, text", "posts: [‸gaurd]}, text", "there is no post 'gaurd' (did you mean 'guard'?)"},
    {"unknown register", visit, "room:  {type: ref(room)", "room:  {type: ‸ref(rooms)", "there is no register 'rooms'"},
    {"unknown process", visit, "to: [parcel]", "to: [‸parcels]", "there is no process 'parcels'", 1},
    {"unknown type", visit, "due:   {type: timestamp", "due:   {type: ‸time", "there is no type 'time'"},
    {"unknown link", visit, "link: parcel, with", "link: ‸letter, with", "there is no link 'letter'"},
    {"link leads elsewhere", visit, "link: parcel, with", "link: ‸again, with", "does not lead to process 'parcel'"},
    {"unknown task", visit, "{tasks: sign}", "{tasks: ‸seal}", "there is no task 'seal'"},
    {"unknown action of a step", visit, "action: remind}", "action: ‸warn}", "there is no action of process 'visit' called 'warn'"},
    {"unknown action of a reaction", visit, "when: ticket.open, do: remind", "when: ticket.open, do: ‸rewind", "called 'rewind' (did you mean 'remind'?)"},
    {"people's action in a reaction", visit, "when: ticket.open, do: remind", "when: ticket.open, do: ‸enter", "is for people only"},
    {"unknown field of another process", visit, "with: {what: ticket.title}", "with: {‸that: ticket.title}", "there is no field of the opening action of process 'parcel' called 'that'", 1},
    {"missing field of another process", visit, "{open: parcel, link: parcel, with: {what: ticket.title}}", "{open: ‸parcel, link: parcel}", "requires 'what'"},
    {"unknown column", visit, "row: {place: ticket.room, from: now}", "row: {place: ticket.room, ‸form: now}", "there is no field of table 'stays' called 'form'"},
    {"missing column", visit, "row: {place: ticket.room, from: now}", "row: ‸{from: now}", "the row lacks 'place'"},
    {"no table", visit, "append: stays", "append: ‸title", "field 'title' is no table", 0},
    {"unknown state of a register", visit, "state: open}", "state: ‸opened}", "there is no state of register 'room' called 'opened'"},
    {"unknown requirement", visit, "        waiver: law\n        req: 1.2-p1-1", "        waiver: law\n        req: ‸1.2-p1-9", "there is no requirement '1.2-p1-9'; of this clause there are: 1.2-a-1, 1.2-p1-1"},
    {"unknown requirement in a list", "roles/posts.yaml", "req: [1.2-p1-1]", "req: [1.2-p1-1, ‸7.7-p1-1]", "there is no requirement '7.7-p1-1'"},
    {"unknown decision", visit, "decided_by: rank", "decided_by: ‸level", "there is no decision 'level'"},
    {"decision fills another", visit, "    into: rank\n", "    into: ‸wish\n", "holds enum(a, b), but the decision gives enum(plain, high)", 1},
    {"unknown severity", visit, "severity: rank", "severity: ‸rang", "there is no field 'rang'"},
    {"severity is no choice", visit, "severity: rank", "severity: ‸title", "is no choice"},
    {"unknown field of a guard", visit, "        field: room", "        field: ‸rooms", "there is no field 'rooms'"},
    // expressions
    {"unknown name, plain", visit, "if: size(ticket.hosts) > 2", "if: size(ticket.‸hots) > 2", "'ticket' has no member 'hots'"},
    {"unknown name, single quotes", visit, R"~('tasks_open("sign") == 0 && linked_open("parcel") == 0')~", R"~('tasks_open("sign") == ‸nought')~", "unknown name 'nought'"},
    {"unknown name, double quotes", visit, R"~("!has(row.to)")~", R"~("has(\"x\" in [\"\\\\\"] ? row.to : row.‸too)")~", "'row' has no member 'too'"},
    {"unknown name, folded", visit, "if: decisions.many || reached(stopwatches.inside, 30m)", "if: >-\n          decisions.many ||\n          decisions.‸money || reached(stopwatches.inside, 30m)", "'decisions' has no member 'money'"},
    {"unknown name, plain over two lines", visit, "if: decisions.many || reached(stopwatches.inside, 30m)", "if: decisions.many ||\n          decisions.‸money", "'decisions' has no member 'money'"},
    {"something missing", visit, "when: ticket.wish == \"a\"", "when: ticket.wish ==‸", "something is missing at the end", 0},
    {"a word that is none", visit, "when: ticket.wish == \"a\"", "when: ticket.wish == ‸\"c\"", "'c' is none of the words of 'ticket.wish'"},
    {"a word that is none, set", visit, R"(wish: '"b"')", R"(wish: '‸"c"')", "enum(a, b) is expected"},
    {"guard that is not bool", visit, "if: has(ticket.room) && lookup(\"room\", ticket.room, \"seats\") > 0", "if: ‸ticket.title", "bool is expected"},
    {"wrong type", visit, "amount: params.stay", "amount: ‸ticket.opened_at", "duration is expected"},
    {"wrong type behind Chinese", visit, "if: size(ticket.hosts) > 2", "if: ticket.title == \"贵宾\" && ‸ticket.title", "needs bool"},
    {"days are counted", visit, "    amount: \"2\"", "    amount: ‸params.stay", "'amount' of days or months: int is expected"},
    {"root of another place", visit, "if: has(ticket.room) && lookup(\"room\", ticket.room, \"seats\") > 0", "if: ‸row.place == \"a\"", "row is known in stopwatches and in 'fill'"},
    {"value of another place", room, "if: record.state != \"shut\" || record.seats == null", "if: ‸value == 1", "value is known in the 'check' of a field"},
    {"ticket in a register", room, "if: record.state != \"shut\" || record.seats == null", "if: ‸ticket.open", "ticket is known in processes"},
    {"empty expression", visit, "set: {title: ticket.title + \"!\",", "set: {title: ‸null,", "for the expression null write \"null\""},
    {"list for an expression", visit, "    stop: ticket.state == \"left\"", "    stop: ‸[1]", "put it in quotes"},
    {"type of value", visit, "check: value > now", "check: value ‸> 5", "timestamp and int have no order"},
    {"type of row", visit, "    from: row.from", "    from: row.‸form", "'row' has no member 'form'"},
    {"type of item", visit, "assignee: {person: item}", "assignee: {person: item.‸name}", "has no members"},
    // names inside of expressions
    {"unknown register in a call", visit, "lookup(\"room\", ticket.room, \"seats\")", "lookup(‸\"rom\", ticket.room, \"seats\")", "lookup: there is no register 'rom' (did you mean 'room'?)"},
    {"unknown field in a call", visit, "lookup(\"room\", ticket.room, \"seats\")", "lookup(\"room\", ticket.room, ‸\"seat\")", "there is no field of register 'room' called 'seat'"},
    {"unknown task in a call", visit, "tasks_open(\"sign\")", "tasks_open(‸\"sing\")", "there is no task 'sing'"},
    {"unknown link in a call", visit, "linked_open(\"parcel\")", "linked_open(‸\"parcels\")", "there is no link 'parcels'"},
    {"unknown role in a call", visit, "when: ticket.wish == \"a\"", "when: seat(‸\"gatt\") == actor.id", "there is no role 'gatt'"},
    {"unknown post in a call", visit, "when: ticket.wish == \"a\"", "when: holds(actor.id, ‸\"desk\")", "there is no post 'desk'"},
    {"unknown clock in a call", visit, "when: ticket.wish == \"a\"", "when: clock_breached(‸\"leeve\")", "there is no clock 'leeve'"},
    {"unknown calendar in a call", visit, "when: ticket.wish == \"a\"", "when: in_hours(‸\"cn\", now)", "there is no calendar 'cn'"},
    {"unknown calendar of a clock", visit, "    calendar: '\"office\"'\n    stop", "    calendar: ‸'\"cn\"'\n    stop", "there is no calendar 'cn'"},
    {"unknown plan in a call", visit, "when: ticket.wish == \"a\"", "when: obligation_met(‸\"audit\", ticket.room)", "there is no plan 'audit'"},
    {"unknown state of linked tickets", visit, "when: ticket.wish == \"a\"", "when: linked_all(\"parcel\", ‸\"here_\")", "there is no state 'here_'"},
    {"field not indexed", visit, "when: ticket.wish == \"a\"", "when: open_tickets(\"visit\", ‸\"wish\", ticket.wish) > 0", "is not indexed; give it 'indexed: true'"},
    // decisions
    {"decision reads now", visit, "if: size(ticket.hosts) > 2", "if: ‸now > ticket.due", "a decision cannot read now"},
    {"decision counts", visit, "if: decisions.many || reached(stopwatches.inside, 30m)", "if: ‸counted(stopwatches.inside) > 30m", "ask reached(stopwatch, duration)"},
    {"decision asks the directory", visit, "if: decisions.many || reached(stopwatches.inside, 30m)", "if: ‸holds(ticket.opener, \"guard\")", "a decision cannot call holds()"},
    {"decision reads the actor", visit, "if: size(ticket.hosts) > 2", "if: ‸actor.internal", "a decision cannot read actor"},
    {"decision reads a later one", visit, "if: size(ticket.hosts) > 2", "if: ‸decisions.rank == \"high\"", "move 'rank' before 'many'"},
    {"decision reads itself", visit, "if: size(ticket.hosts) > 2", "if: ‸decisions.many", "cannot read itself"},
    {"priority without order", visit, "    output: bool\n", "    output: bool\n    ‸hit: priority\n", "priority takes the greatest"},
    // the whole of a process
    {"unreachable state", visit, "    to: inside\n", "", "no action leads to state 'inside'", 0},
    {"no way out", parcel, "from: here, to: gone", "from: here", "no action leads out of state 'here'", 1},
    {"no end", parcel, "{title: {zh: 已取, en: Gone}, final: gone}", "{title: {zh: 已取, en: Gone}, accountable: gate}", "no state is final", 1},
    {"nobody accountable", visit, "asked:  {title: {zh: 已请, en: Asked}, accountable: gate}", "asked:  ‸{title: {zh: 已请, en: Asked}}", "has nobody who answers for it"},
    {"accountable at the end", visit, "en: Left}, final: left}", "en: Left}, final: left, ‸accountable: gate}", "a final state has nothing left to answer for"},
    {"nobody may", visit, "    from: open\n    platform: true", "    from: open", "nobody may perform 'remind'"},
    {"two openings", visit, "  enter:\n    title: {zh: 进入, en: Enter}\n    from: asked\n", "  ‸enter:\n    title: {zh: 进入, en: Enter}\n", "'ask' opens the ticket already", 1},
    {"no opening", parcel, "bring: {title: {zh: 送来, en: Bring}, platform: true", "bring: {title: {zh: 送来, en: Bring}, from: here, platform: true", "no action opens a ticket", 1},
    {"duplicate code", visit, "      - {if: 'tasks_open", "      - {if: ticket.open, code: work_open, else: {zh: 未, en: No}}\n      - {if: 'tasks_open", "the code 'work_open' stands twice", 0},
    {"no title", parcel, "  title: {type: string, label: {zh: 标题, en: Title}, initial: '\"parcel\"'}\n", "", "a ticket needs a title"},
    {"number without sequence", visit, "number: VIS-{yyyy}-{seq:4}", "number: ‸VIS-{yyyy}", "exactly one {seq:5}"},
    {"number with an unknown part", visit, "number: VIS-{yyyy}-{seq:4}", "number: VIS-‸{year}-{seq:4}", "'{year}' is no part of a number"},
    {"numbers collide", visit, "number: VIS-{yyyy}-{seq:4}", "number: ‸PAR-{seq:5}", "numbers would collide"},
    {"shape against the file name", parcel, "process: parcel", "process: parcel\nshape: ‸2", "the file name says shape 1"},
    {"working days without calendar", visit, "    counting: working_days\n    amount: \"2\"\n    calendar: '\"office\"'\n", "    counting: ‸working_days\n    amount: \"2\"\n", "counts working days and needs a 'calendar'"},
    {"elapsed with calendar", visit, "    amount: params.stay", "    amount: params.stay\n    ‸calendar: '\"office\"'", "elapsed time runs day and night"},
    {"placeholder", visit, "en: \"{number} is here: {title}\"", "en: \"{number} is here: ‸{titel}\"", "there is no field 'titel' to put here (did you mean 'title'?)"},
    {"placeholder in a step", visit, "text: {zh: 快到了, en: Soon}", "text: ‸{zh: 快到了, en: \"Soon {number}\"}", "placeholders are filled in notices"},
    {"share", visit, "answered: 2/3", "answered: ‸4/3", "a share such as 2/3"},
    {"order without items", visit, "    for_each: ticket.hosts\n    assignee: {person: item}", "    ‸in_order: true\n    assignee: {person: ticket.hosts}", "there is one task only"},
    {"effect without telling key", visit, "      - {tasks: sign}", "      - ‸{task: sign}", "an effect does one of: open, record"},
    {"check without words", visit, ", check_else: {zh: 过去, en: It is past.}", "", "says in 'check_else'"},
    {"reaction without key", visit, "{on: tasks_done, key: sign, result: agreed", "‸{on: tasks_done, result: agreed", "which task"},
    {"reaction with a result", visit, "{on: link_closed, key: parcel,", "{on: link_closed, key: parcel, ‸result: agreed,", "only answered tasks"},
    {"who says nothing", visit, "who: {person: ticket.hosts}", "who: ‸{line: 1}", "'who' says who"},
    {"who says two things", visit, "who: {person: ticket.hosts}", "who: {post: guard, person: ‸ticket.hosts}", "one entry of 'who' says one thing"},
    {"line of a person", visit, "who: {person: ticket.hosts}", "who: {person: ticket.hosts, ‸line: 1}", "only a post or a duty has lines"},
    {"line that is none", visit, "{post: guard, line: 1}", "{post: guard, line: ‸3}", "1 (first) or 2 (second)"},
    // registers, parameters
    {"form of what is no string", room, "{type: int, label: {zh: 座位", "{type: int, ‸form: post, label: {zh: 座位", "only a string of a register has one"},
    {"form that is none", room, "{type: string, label", "{type: string, form: ‸pots, label", "'pots'"},
    {"form in a process", visit, "en: From}}", "en: From}, ‸form: post}", "only a string of a register has one"},
    {"check of a column", visit, "en: From}}", "en: From}, ‸check: value > now}", "check it in a guard"},
    {"initial of a record", room, "en: Until}}", "en: Until}, ‸initial: now}", "a record has no opening"},
    {"state of a record", room, "en: Until}}", "en: Until}, required_in: [‸opened]}", "there is no state 'opened'"},
    {"unique over an unknown field", room, "unique: [[name]]", "unique: [[‸nam]]", "there is no field 'nam'"},
    {"unique that is no list of lists", room, "unique: [[name]]", "unique: [‸name]", "a list of lists"},
    {"choice without words", visit, "words: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}}, ", "", "a choice lists its 'words'", 0},
    {"initial above max", "parameters/all.yaml", "initial: 2h", "initial: ‸5h", "'initial' lies above 'max'"},
    {"initial of another type", "parameters/all.yaml", "initial: 2h", "initial: ‸5", "must be a duration"},
    {"unknown approval post", "parameters/all.yaml", "approval_post: guard", "approval_post: ‸boss", "there is no post 'boss'"},
    // organisation
    {"unknown family", "roles/posts.yaml", "[gate, house]", "[gate, ‸horse]", "there is no family 'horse'", 1},
    {"post without internal", "roles/posts.yaml", "  host:  {title: {zh: 接待, en: Host}, family: house, internal: false}", "  host:  ‸{title: {zh: 接待, en: Host}, family: house}", "post 'host' lacks 'internal'"},
    {"hours", "calendars/office.yaml", "tuesday: [09:00-17:00]", "tuesday: [‸17:00-09:00]", "is no span of hours"},
    {"hours overlap", "calendars/office.yaml", "  office:\n    title: {zh: 办公, en: Office}\n    zone: Asia/Shanghai\n    holidays: days\n    week: {monday: [09:00-17:00]", "  ‸office:\n    title: {zh: 办公, en: Office}\n    zone: Asia/Shanghai\n    holidays: days\n    week: {monday: [09:00-17:00, 16:00-18:00]", "overlap"},
    {"unknown weekday", "calendars/office.yaml", "tuesday:", "‸tusday:", "did you mean 'tuesday'?"},
    {"unknown holidays", "calendars/office.yaml", "holidays: days", "holidays: ‸day", "there is no holiday table 'day'"},
    {"unknown zone", "calendars/office.yaml", "Asia/Shanghai", "‸Asia/Shanghia", "Asia/Shanghia"},
    {"day that is none", "calendars/all.yaml", "[01-04]", "[‸02-30]", "is no day of 2026"},
    {"day off and worked", "calendars/all.yaml", "[01-04]", "[‸01-03]", "is both off and worked"},
    {"holiday without English", "calendars/all.yaml", "work: {元旦: ", "work: {‸春节: ", "has no English name"},
    {"requirement twice", "standard/area.yaml", "{id: 1.2-a-1,", "{id: ‸1.2-p1-1,", "is declared already at standard/area.yaml:3:10", 2},
    {"strength", "standard/area.yaml", "strength: may", "strength: ‸must", "'strength' of a requirement is one of shall, should, may"},
    // plans, measures, reports
    {"plan over an unknown register", "plans/inspect.yaml", "population: room", "population: ‸rooms", "there is no register 'rooms'"},
    {"plan without the member's field", "plans/inspect.yaml", "member_field: room\n", "", "lacks 'member_field'"},
    {"plan with an unknown field", "plans/inspect.yaml", "member_when: record.seats > 0", "member_when: record.‸seat > 0", "'record' has no member 'seat'"},
    {"plan with an unknown qualification", "plans/inspect.yaml", "ticket.wish == \"a\"", "ticket.‸wich == \"a\"", "'ticket' has no member 'wich'"},
    {"recurrence", "plans/inspect.yaml", "\"FREQ=MONTHLY;BYMONTHDAY=1\"", "‸\"EVERY=MONTH\"", "no recurrence of RFC 5545"},
    {"measure at an unknown moment", "measures/stay.yaml", "on: closed", "on: ‸close", "there is no moment 'close' (did you mean 'closed'?)"},
    {"measure of words", "measures/stay.yaml", "value: ticket.closed_at - ticket.opened_at", "value: ‸ticket.title", "double is expected"},
    {"report approved by its drafter", "reports/visit.yaml", "approved_by: host", "approved_by: ‸gate", "does not approve it"},
    {"when a report is public", "reports/visit.yaml", "drafted_by: gate", "public_while: ‸ticket.number\ndrafted_by: gate", "public_while"},
    {"placeholder of a report", "reports/visit.yaml", "en: \"{ticket.number} at {ticket.opened_at}\"", "en: \"{ticket.number} at {ticket.‸open_at}\"", "'ticket' has no member 'open_at'"},
    {"no definition", "measures/stay.yaml", "measure: stay", "‸mesure: stay", "this is no definition (did you mean 'measure'?)"},
    // plain data
    {"alert rule for an unknown process", "correlation/rules.yaml", "process: visit", "process: ‸visits", "there is no process 'visits'"},
    {"seed of an unknown register", "seeds/rooms.yaml", "seed: room", "seed: ‸rom", "there is no register 'rom'"},
    {"seed with an unknown field", "seeds/rooms.yaml", "seats: 4}", "seets: ‸4}", "seets is not known here"},
    {"seed of another type", "seeds/rooms.yaml", "seats: 4}", "seats: ‸four}", "must be a whole number"},
    {"seed without a required field", "seeds/rooms.yaml", "fields: {name: 一号, seats: 4}", "fields: ‸{seats: 4}", "lacks 'name'"},
};

// clang-format on

// Mistakes whose place is not in the text that changes: file line column.
struct Elsewhere {
  const char* name;
  std::size_t line, column;
};
const Elsewhere elsewhere[] = {{"unreachable state", 36, 3},
                               {"no way out", 10, 3},
                               {"no end", 1, 10},
                               {"nobody may", 125, 3},
                               {"no opening", 1, 10},
                               {"duplicate code", 142, 77},
                               {"no title", 1, 10},
                               {"check without words", 17, 10},
                               {"choice without words", 15, 17},
                               {"plan without the member's field", 1, 7}};

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, IsNamedWhereItStands) {
  const Mistake& m = GetParam();
  Files files = sample();
  std::string& file = files.at(m.file);
  auto at = file.find(m.what);
  ASSERT_NE(at, std::string::npos) << m.what;
  file.replace(at, std::string(m.what).size(), m.with);
  Problem expected{m.file, 0, 0, m.message};
  const std::string marker = "‸";
  if (auto mark = file.find(marker); mark != std::string::npos) {
    file.erase(mark, marker.size());
    auto place = Source(m.file, file).place(mark);
    expected.line = place.line;
    expected.column = place.column;
  } else {
    auto it = std::find_if(std::begin(elsewhere), std::end(elsewhere),
                           [&](const auto& e) { return std::string(e.name) == m.name; });
    ASSERT_NE(it, std::end(elsewhere)) << "no place for " << m.name;
    expected.line = it->line;
    expected.column = it->column;
  }
  auto loaded = load(files);
  bool found = std::any_of(loaded.problems.begin(), loaded.problems.end(), [&](const Problem& p) {
    return p.file == expected.file && p.line == expected.line && p.column == expected.column &&
           p.message.find(m.message) != std::string::npos;
  });
  EXPECT_TRUE(found) << "expected " << text(expected) << "\nbut there are:\n" << all(loaded.problems);
  EXPECT_EQ(loaded.problems.size(), 1 + m.others) << all(loaded.problems);
}

INSTANTIATE_TEST_SUITE_P(Load, Mistakes, testing::ValuesIn(mistakes), [](const auto& info) {
  std::string name;
  for (char c : std::string(info.param.name)) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

TEST(Load, ManyAtOnce) {
  Files files = sample();
  auto& file = files.at(visit);
  for (auto [from, to] : {std::pair{"    by: gate", "    by: gates"},
                          {"ticket.wish == \"a\"", "ticket.wich == \"a\""},
                          {"severity: rank", "severity: rang"}})
    file.replace(file.find(from), std::string(from).size(), to);
  files["records/room.yaml"] += "lable: 1\n";
  EXPECT_EQ(load(files).problems.size(), 4u) << all(load(files).problems);
}

TEST(Load, AFileThatCannotBeReadHidesWhatItMayDeclare) {
  Files files = sample();
  files.at(room) = "record: room\n  title: [";
  auto loaded = load(files);
  ASSERT_FALSE(loaded.problems.empty());
  for (const auto& p : loaded.problems) EXPECT_EQ(p.file, room) << text(p);
}

TEST(Load, Shapes) {
  Files files = sample();
  std::string second = files.at(parcel);
  second.replace(second.find("送来"), 6, "送到");
  files["processes/parcel/2.yaml"] = second;
  auto loaded = load(files);
  ASSERT_TRUE(loaded.ok()) << all(loaded.problems);
  EXPECT_EQ(loaded.definitions.process("parcel")->shape, 2);
  EXPECT_EQ(loaded.definitions.process("parcel")->opening()->title.zh, "送到");
  EXPECT_EQ(loaded.definitions.process("parcel", 1)->opening()->title.zh, "送来");
  files["processes/again.yaml"] = second + "shape: 2\n";
  loaded = load(files);
  ASSERT_EQ(loaded.problems.size(), 1u) << all(loaded.problems);
  EXPECT_NE(loaded.problems[0].message.find("process parcel shape 2 is declared already"), std::string::npos);
  EXPECT_EQ(loaded.definitions.process("parcel", 3), nullptr);
}

TEST(Load, PartsThatAreNotThereAreNotMissed) {
  // Without posts, requirements and calendars nothing can be said against their names.
  Files files = sample();
  for (const char* f : {"roles/posts.yaml", "standard/area.yaml", "calendars/office.yaml", "calendars/all.yaml"})
    files.erase(f);
  auto loaded = load(files);
  EXPECT_TRUE(loaded.ok()) << all(loaded.problems);
  EXPECT_EQ(loaded.definitions.process("visit")->role("gate")->basis.clause, "1.2");
}

TEST(Load, OtherFilesAreLeftAlone) {
  Files files = sample();
  files["README.md"] = ": [";
  files["schemas/process.json"] = "{";
  files["records/empty.yaml"] = "# nothing yet\n";
  EXPECT_TRUE(load(files).ok()) << all(load(files).problems);
  files["records/x.yml"] = "record: x";
  auto loaded = load(files);
  ASSERT_EQ(loaded.problems.size(), 1u);
  EXPECT_NE(loaded.problems[0].message.find(".yaml"), std::string::npos);
}

TEST(Load, Directory) {
  EXPECT_EQ(load_directory("no/such/place").error().code, Code::not_found);
  auto files = read_directory("definitions");
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_TRUE(files->contains("roles/posts.yaml"));
}

}  // namespace
}  // namespace anlan::definitions
