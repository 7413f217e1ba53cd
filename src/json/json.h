// JSON text <-> Value. Boost.JSON reads and writes; nobody else in the house sees its types.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/value.h"

namespace anlan::json {

struct Limits {
  std::size_t bytes = 1 << 20;
  int depth = 32;
};

// Reads one JSON text (RFC 8259, UTF-8). Instants and durations arrive as strings: the reader's schema converts them.
// Code::invalid with the byte offset on malformed text, duplicate keys, lone surrogates or too deep nesting;
// Code::limit when too long. Integers beyond 64 bits become numbers.
Result<Value> parse(std::string_view text, Limits limits = {});

// Wire form: instants as RFC 3339 in the given offset, durations as "1h30m". Map keys in order. Null members are kept.
std::string write(const Value&, int offset_minutes = 480);

// Canonical form for the log and for stored bodies, version 1: one line, keys sorted by bytes, no spaces, instants as
// {"$t":ms}, durations as {"$d":ms}; a string is escaped only where JSON demands it; numbers in shortest round-trip form.
// The same value always gives the same bytes, and parse_canonical(canonical(v)) == v.
std::string canonical(const Value&);
Result<Value> parse_canonical(std::string_view bytes);

}  // namespace anlan::json
