// The language of ticket lists, one line that people type and share:
//   state:open severity>=重大 holder:me system:CORE-POLICY opened>=7d 批改 "两个 词"
//
// Tokens stand side by side; all must hold. A token is a word (part of the title or the number), words in quotes, or
// key, operator and values: `:` is one of several values with commas; `>=` and `<=` go with severity and opened.
// Keys are said in English or Chinese, values as keys, as titles in either language, or as names: both
// `state:handling` and `状态:事件处置` are understood. A field declared `indexed` is a key under its own name and label.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "app/platform.h"

namespace anlan::app {

// Adds what the text says to `into`. Code::invalid (field "q") names the token that is not understood and what is known
// there. Severities are ranked within the processes that `into` or the text names.
Result<TicketQuery> read_query(const Platform&, const World&, const Principal&, std::string_view text, TicketQuery into);

// The rank of a severity said as a word, as its label in either language or as a number from 1; within these processes,
// or all when there are none. Code::invalid (field "severity").
Result<int> severity_rank(const engine::Definitions&, const std::vector<std::string>& processes, std::string_view text);

// Whether some process declares the field `indexed`.
bool is_indexed(const engine::Definitions&, std::string_view field);

struct Completion {
  std::string insert;  // in the place of `replace`
  Text label;          // for people; the key or value in words
  std::string kind;    // "key" or "value"
};
struct Completions {
  std::string replace;  // the end of the text that a completion takes the place of
  std::vector<Completion> items;
};
// What could stand at the end of the text, at most twenty. People and records are offered only when `names`.
Completions complete_query(const Platform&, const World&, std::string_view text, bool names);

}  // namespace anlan::app
