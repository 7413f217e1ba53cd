// How texts become words that a full-text index knows, and how what a person types becomes a question to it. Chinese has no
// spaces: it is indexed by every two neighbouring characters, so that any part of a text is found; other scripts by words
// without regard to case and width.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace anlan::storage::search {

// Words separated by spaces. Malformed UTF-8 ends the text.
std::string index_words(std::string_view text);

// A match expression of FTS5 in which every part must hold; empty when nothing is asked for. A part in Latin letters or
// digits matches words that begin so ("polic" finds Policy), a single Chinese character every word it begins.
std::string match_of(std::string_view asked);

// Where the first of the parts asked for stands in the text, in bytes; length 0: in none.
struct Place {
  std::size_t begin = 0, length = 0;
};
Place find_part(std::string_view text, std::string_view asked);

}  // namespace anlan::storage::search
