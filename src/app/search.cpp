#include "app/search.h"

#include <charconv>
#include <set>

#include "app/tickets.h"
#include "base/text.h"

namespace anlan::app {
namespace {

using engine::FieldType;
using K = FieldType::Kind;

constexpr int events_a_step = 500;
constexpr int hits_a_page = 1000;  // judged by rights for one page

void add(std::string& out, std::string_view text) {
  if (text.empty()) return;
  if (!out.empty()) out += '\n';
  out += text;
}

void add(std::string& out, const World& world, const Value& v, const FieldType& type) {
  switch (v.kind()) {
    case Value::Kind::list:
      for (const Value& item : v.as_list()) {
        if (type.kind == K::table && item.is(Value::Kind::map)) {
          for (const auto& column : type.columns)
            if (auto it = item.as_map().find(column.key); it != item.as_map().end()) add(out, world, it->second, column.type);
        } else if (type.element) {
          add(out, world, item, *type.element);
        }
      }
      return;
    case Value::Kind::string: break;
    default: return;
  }
  const std::string& word = v.as_string();
  auto name = [&](const std::string& reg) {
    const Value known = world.record(reg, word)["name"];
    if (known.is(Value::Kind::string)) add(out, known.as_string());
    add(out, word);
  };
  switch (type.kind) {
    case K::string: case K::text: case K::ticket: return add(out, word);
    case K::ref: return name(type.reg);
    case K::person: return name("person");
    case K::choice:
      if (auto label = type.labels.find(word); label != type.labels.end()) {
        add(out, label->second.zh);
        add(out, label->second.en);
      }
      return;
    default: return;
  }
}

// What anybody who may see the ticket may read in it.
Result<SearchIndex::Document> document(Platform& platform, Reader& reader, const World& world, const TicketRow& row) {
  ANLAN_TRY(engine::Ticket ticket, ticket_for_anybody(platform, reader, world, row.number));
  const auto* process = platform.definitions().process(ticket.process, ticket.shape);
  SearchIndex::Document out{row.id, row.number, row.number + " " + row.title, {}};
  if (process)
    for (const auto& field : process->fields) {
      if (!field.read_when.empty()) continue;  // a hit would tell what is written there
      add(out.body, world, ticket.fields[field.key], field.type);
    }
  ANLAN_TRY(auto events, reader.events_of("ticket:" + row.number));
  for (const auto& event : events)
    if (event.kind == "ticket.commented" && event.body["text"].is(Value::Kind::string)) add(out.body, event.body["text"].as_string());
  return out;
}

}  // namespace

Result<bool> catch_up(Platform& platform, SearchIndex& index) {
  ANLAN_TRY(Position position, index.position());
  std::vector<SearchIndex::Document> documents;
  bool more = false;
  auto status = platform.read([&](Reader& reader, const World& world) -> Status {
    ANLAN_TRY(auto events, reader.events_after(position, events_a_step));
    if (events.empty()) return {};
    std::set<std::string> numbers;
    for (const auto& event : events)
      if (event.subject.starts_with("ticket:")) numbers.insert(event.subject.substr(7));
    for (const std::string& number : numbers) {
      ANLAN_TRY(auto row, reader.ticket(number));
      if (!row) continue;
      ANLAN_TRY(auto one, document(platform, reader, world, *row));
      documents.push_back(std::move(one));
    }
    position = events.back().position;
    more = events.size() == static_cast<std::size_t>(events_a_step);
    return {};
  });
  if (!status) return std::unexpected(status.error());
  ANLAN_TRY(Position known, index.position());
  if (position == known) return false;
  ANLAN_CHECK(index.put(documents, position));
  return more;
}

Result<Value> search(Platform& platform, Reader& reader, const World& world, const Principal& principal, SearchIndex& index,
                     const SearchQuery& query) {
  const std::string text(trim(query.text));
  if (text.empty() || text.size() > 600) return fail(Code::invalid, "say what to find, in at most 200 characters", "text");
  if (query.limit < 1 || query.limit > 50) return fail(Code::invalid, "limit is 1 to 50", "limit");
  std::int64_t from = 0;
  if (!query.cursor.empty()) {
    const char* end = query.cursor.data() + query.cursor.size();
    auto [at, problem] = std::from_chars(query.cursor.data(), end, from);
    if (problem != std::errc() || at != end || from < 1) return fail(Code::invalid, "the cursor is of no page", "cursor");
  }
  const Scope scope = platform.scope(principal, world);
  std::vector<TicketRow> rows;
  List excerpts;
  std::string next;
  int looked = 0;
  for (bool done = false; !done;) {
    const int want = 100;
    ANLAN_TRY(auto hits, query.best_first ? index.best(text, static_cast<int>(from), want) : index.newest(text, from, want));
    done = static_cast<int>(hits.size()) < want;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      from = query.best_first ? from + 1 : hits[i].id;
      ++looked;
      bool may = scope.all;
      if (!may) {
        ANLAN_TRY(may, reader.visible(hits[i].number, scope));
      }
      // The index is some moments behind: what it found may be gone.
      if (may) {
        ANLAN_TRY(auto row, reader.ticket(hits[i].number));
        if (row) {
          ANLAN_TRY(auto excerpt, index.excerpt(hits[i].id, text));
          excerpts.push_back(excerpt.match.empty() ? Value()
                                                   : Value(Map{{"before", excerpt.before},
                                                               {"match", excerpt.match},
                                                               {"after", excerpt.after}}));
          rows.push_back(std::move(*row));
        }
      }
      if (static_cast<int>(rows.size()) == query.limit || looked == hits_a_page) {
        if (!done || i + 1 < hits.size()) next = std::to_string(from);
        done = true;
        break;
      }
    }
    if (query.best_first && from >= hits_a_page) {
      next.clear();
      done = true;
    }
  }
  List items = rows_of_list(platform, world, rows);
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = items[i].with("excerpt", excerpts[i]);
  ANLAN_TRY(Position last, reader.last_position());
  ANLAN_TRY(Position known, index.position());
  return Value(Map{{"items", Value(std::move(items))},
                   {"next_cursor", next.empty() ? Value() : Value(next)},
                   {"behind", last > known ? last - known : 0}});
}

}  // namespace anlan::app
