#include "http/ticket_query.h"

#include <algorithm>

#include "base/text.h"

namespace anlan::http::api {
namespace {

// What a person owes comes to them by name or through a post on a board and line; all of it counts for `owes=me`.
void add_post_seats(const app::Platform& platform, const World& world, const std::string& person,
                    std::vector<std::string>& owes) {
  auto add = [&](std::string one) {
    if (std::find(owes.begin(), owes.end(), one) == owes.end()) owes.push_back(std::move(one));
  };
  for (const auto& grant : world.directory().posts_of(person, platform.now())) {
    std::vector<std::string> places{""};
    if (!grant.board.empty()) places.push_back("@" + grant.board);
    else
      for (const auto& board : world.directory().parts().boards) places.push_back("@" + board.id);
    for (const auto& place : places) {
      add("post:" + grant.post + place);
      for (int line = 1; line <= 2; ++line)
        if (grant.line == 0 || grant.line == line) add("post:" + grant.post + place + "#" + std::to_string(line));
    }
  }
}

}  // namespace

Result<app::TicketQuery> ticket_query(const app::Platform& platform, const World& world, const Request& request,
                                      const Caller& caller) {
  using Sort = app::TicketQuery::Sort;
  static const std::map<std::string, Sort, std::less<>> sorts{{"-opened_at", Sort::opened_desc},
                                                              {"opened_at", Sort::opened_asc},
                                                              {"-updated_at", Sort::updated_desc},
                                                              {"-severity", Sort::severity_desc},
                                                              {"next_due", Sort::due_asc}};
  app::TicketQuery query;
  std::string words;
  // Severities are ranked within the processes asked for, wherever those stand in the query.
  auto [first, last] = request.query.equal_range("process");
  for (auto it = first; it != last; ++it) query.process.push_back(it->second);
  for (const auto& process : query.process)
    if (!platform.definitions().process(process))
      return fail(Code::invalid, "there is no process '" + process + "'", "process");
  auto person = [&](const std::string& text) { return text == "me" ? caller.principal.id() : text; };
  for (const auto& [key, value] : request.query) {
    if (key == "process" || key == "limit" || key == "cursor" || key == "open" || key == "drill") continue;
    if (key == "state") query.state.push_back(value);
    else if (key == "holder") query.holder.push_back(person(value));
    else if (key == "board") query.board.push_back(value);
    else if (key == "unit") query.unit.push_back(value);
    else if (key == "participant") query.participant.push_back(person(value));
    else if (key == "q") words = value;
    else if (key == "severity") {
      ANLAN_TRY(query.severity_min, app::severity_rank(platform.definitions(), query.process, value));
    } else if (key == "sort") {
      auto it = sorts.find(value);
      if (it == sorts.end())
        return fail(Code::invalid, "sort is one of -opened_at, opened_at, -updated_at, -severity, next_due", "sort");
      query.sort = it->second;
    } else if (key == "opened_from" || key == "opened_to") {
      auto at = parse_rfc3339(value);
      if (!at) return fail(Code::invalid, "'" + key + "' must be RFC 3339", key);
      (key == "opened_from" ? query.opened_from : query.opened_to) = *at;
    } else if (key == "owes") {
      query.owes.push_back(person(value));
    } else if (app::is_indexed(platform.definitions(), key)) {
      query.indexed.emplace_back(key, value);
    } else {
      return fail(Code::invalid, "'" + key + "' is neither a filter nor an indexed field of a process", key);
    }
  }
  ANLAN_TRY(query.open, flag(request, "open"));
  if (request.query.contains("drill")) {
    // "any" shows drills among the rest.
    if (request.query.find("drill")->second == "any") query.drill.reset();
    else {
      ANLAN_TRY(query.drill, flag(request, "drill"));
    }
  }
  ANLAN_TRY(std::int64_t limit, number(request, "limit", 50, 1, 200));
  query.limit = static_cast<int>(limit);
  ANLAN_TRY(std::optional<std::string> cursor, one(request, "cursor"));
  query.cursor = cursor.value_or("");
  // The line last: what it says, it says for the processes named beside it.
  ANLAN_TRY(query, app::read_query(platform, world, caller.principal, words, std::move(query)));
  if (std::find(query.owes.begin(), query.owes.end(), caller.principal.id()) != query.owes.end())
    add_post_seats(platform, world, caller.principal.person, query.owes);
  return query;
}

const std::vector<Parameter>& ticket_filters() {
  static const std::vector<Parameter> all{
      {"process", "string", "may be repeated, like state, holder, board, unit, owes, participant"},
      {"state", "string", ""},
      {"open", "boolean", ""},
      {"holder", "string", "a person, or me"},
      {"board", "string", ""},
      {"unit", "string", ""},
      {"severity", "string", "at least this word or rank"},
      {"owes", "string", "who owes the next act: a person, or me"},
      {"participant", "string", "a person, or me"},
      {"opened_from", "string", "RFC 3339"},
      {"opened_to", "string", "RFC 3339, not included"},
      {"drill", "string", "true, false (as when absent) or any"},
      {"q", "string", "a line such as: state:open severity>=major holder:me opened>=7d words of the title"},
      {"sort", "string", "-opened_at, opened_at, -updated_at, -severity, next_due"},
      {"limit", "integer", ""},
      {"cursor", "string", ""}};
  return all;
}

}  // namespace anlan::http::api
