// The small decoders of the request line and of headers. Pure; they accept any bytes.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace anlan::http {

// "%E9%87%8D" -> "重". nullopt when an escape is malformed, or when the outcome holds a NUL or is no UTF-8.
std::optional<std::string> percent_decode(std::string_view, bool plus_is_space = false);
// Everything but unreserved characters and '/' escaped: a path that may stand in a URI.
std::string percent_encode_path(std::string_view);

struct Target {
  std::string_view path;   // still escaped, begins with '/'
  std::string_view query;  // without '?'
};
// Origin form "/path?query" or absolute form "http://host/path?query". nullopt for the other forms and for fragments.
std::optional<Target> split_target(std::string_view);

// "a=1&b&c=%20" into {a: 1, b: "", c: " "}. False when a name or a value is malformed (see percent_decode).
bool decode_query(std::string_view, std::multimap<std::string, std::string, std::less<>>&);
// The Cookie header. Pairs without '=' or with an empty name are passed over; the first of a name counts.
void decode_cookies(std::string_view, std::map<std::string, std::string, std::less<>>&);

// The characters of RFC 9110 tokens: header names, methods.
bool is_token(std::string_view);
// A header value that may be sent: no control characters but tab.
bool is_field_value(std::string_view);
std::string lower(std::string_view);

}  // namespace anlan::http
