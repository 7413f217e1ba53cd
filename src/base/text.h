// Text forms of times and durations, and the checks that text from outside must pass.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace anlan {

// RFC 3339 with the offset given in minutes east of UTC: 2026-03-02T09:00:00+08:00; milliseconds only when not zero;
// offset 0 prints Z.
std::string format_rfc3339(Instant, int offset_minutes = 0);
// Reads RFC 3339 (date, 'T' or space, time with optional seconds and fraction, 'Z' or offset). The offset is required.
// nullopt when malformed or out of the years 1900..2999.
std::optional<Instant> parse_rfc3339(std::string_view);

// "1h30m", "45s", "-15m", "2d", "1500ms"; zero is "0s". Units ms, s, m, h, d (24 h each), each at most once, falling.
std::string format_duration(Duration);
std::optional<Duration> parse_duration(std::string_view);

// Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, no code point above 10FFFF).
bool valid_utf8(std::string_view);
void append_utf8(std::string& out, std::uint32_t code_point);

std::vector<std::string_view> split(std::string_view, char separator);
std::string_view trim(std::string_view);
// Equal but for the case of A to Z.
bool iequals(std::string_view, std::string_view);

}  // namespace anlan
