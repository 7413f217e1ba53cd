// Words of the language, with the bytes of the source they stand on. Internal to this room.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "domain/expr/expr.h"

namespace anlan::expr {

struct Token {
  enum class Kind { end, identifier, integer, number, string, duration, symbol };
  Kind kind = Kind::end;
  std::size_t begin = 0, end = 0;  // bytes of the source
  std::string_view text;           // as written
  Value value;                     // of a literal
  // The integer 9223372036854775808 is lawful only after a minus.
  bool too_large = false;
};

// The tokens, closed by one of kind `end`. The source must be valid UTF-8 and within the limit.
std::expected<std::vector<Token>, CompileError> tokenize(std::string_view source);

// The column, in code points from 1, of a byte offset.
std::size_t column_of(std::string_view source, std::size_t offset);

}  // namespace anlan::expr
