#include "json/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"

namespace anlan::json {
namespace {

// Stored bodies come from this house; the bound only keeps damaged bytes from exhausting memory or the stack.
constexpr Limits stored_limits{.bytes = std::size_t{1} << 30, .depth = 256};

enum class Form { wire, canonical };

// Builds Values straight from the parser's events: one pass, no intermediate document, and the only place where a
// repeated key can still be seen (Boost's own document type keeps the last one in silence).
class Builder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  explicit Builder(Form form) : form_(form) {}

  Value take() { return std::move(result_); }
  const std::string& problem() const { return problem_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open(true); }
  bool on_array_begin(error_code&) { return open(false); }
  bool on_object_end(std::size_t, error_code& ec) {
    Map members = std::move(frames_.back().members);
    frames_.pop_back();
    if (form_ == Form::canonical) {
      auto dollar = members.lower_bound("$");
      if (dollar != members.end() && dollar->first[0] == '$') return unfold(std::move(members), ec);
    }
    return put(Value(std::move(members)), ec);
  }
  bool on_array_end(std::size_t, error_code& ec) {
    List items = std::move(frames_.back().items);
    frames_.pop_back();
    return put(Value(std::move(items)), ec);
  }
  bool on_key_part(string_view part, std::size_t, error_code&) { return append(part); }
  bool on_key(string_view rest, std::size_t, error_code&) {
    append(rest);
    frames_.back().key = std::exchange(text_, {});
    return true;
  }
  bool on_string_part(string_view part, std::size_t, error_code&) { return append(part); }
  bool on_string(string_view rest, std::size_t, error_code& ec) {
    append(rest);
    return put(Value(std::exchange(text_, {})), ec);
  }
  bool on_number_part(string_view part, error_code&) { return append(part); }
  bool on_int64(std::int64_t n, string_view, error_code& ec) {
    text_.clear();
    return put(Value(n), ec);
  }
  bool on_uint64(std::uint64_t n, string_view, error_code& ec) {
    text_.clear();
    return put(Value(static_cast<double>(n)), ec);
  }
  bool on_double(double approximate, string_view rest, error_code& ec) {
    append(rest);
    std::string digits = std::exchange(text_, {});
    // Boost 1.81 may be off by one unit in the last place; from_chars is exact, which round trips need.
    double exact = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), exact).ec == std::errc::result_out_of_range) {
      if (std::abs(approximate) > 1) return refuse("a number is too large", ec);
      exact = 0;
    }
    return put(Value(exact), ec);
  }
  bool on_bool(bool b, error_code& ec) { return put(Value(b), ec); }
  bool on_null(error_code& ec) { return put(Value(), ec); }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  struct Frame {
    bool map = false;
    Map members;
    List items;
    std::string key;
  };

  bool append(string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool open(bool map) {
    frames_.emplace_back().map = map;
    if (map) frames_.back().members.reserve(8);
    return true;
  }
  bool refuse(std::string why, error_code& ec) {
    problem_ = std::move(why);
    ec = boost::json::error::syntax;
    return false;
  }
  bool put(Value value, error_code& ec) {
    if (frames_.empty()) {
      result_ = std::move(value);
      return true;
    }
    Frame& top = frames_.back();
    if (!top.map) {
      top.items.push_back(std::move(value));
      return true;
    }
    auto before = top.members.size();
    auto at = top.members.emplace_hint(top.members.end(), std::move(top.key), std::move(value));
    if (top.members.size() == before) return refuse("the key \"" + at->first + "\" stands twice", ec);
    return true;
  }

  // An object of the canonical form in which a key begins with '$': either the one tagged datum {"$t":...}, or a map
  // of the house whose own '$' was doubled.
  bool unfold(Map members, error_code& ec) {
    if (members.size() == 1) {
      const auto& [tag, datum] = *members.begin();
      if (tag == "$t" && datum.is(Value::Kind::integer)) return put(Value(Instant{datum.as_int()}), ec);
      if (tag == "$d" && datum.is(Value::Kind::integer)) return put(Value(Duration{datum.as_int()}), ec);
      if (tag == "$n") {
        if (datum == Value("inf")) return put(Value(std::numeric_limits<double>::infinity()), ec);
        if (datum == Value("-inf")) return put(Value(-std::numeric_limits<double>::infinity()), ec);
        if (datum == Value("nan")) return put(Value(std::numeric_limits<double>::quiet_NaN()), ec);
      }
    }
    Map plain;
    for (auto& [key, member] : members) {
      if (key[0] == '$' && !key.starts_with("$$")) return refuse("unknown tag \"" + key + "\"", ec);
      plain.emplace_hint(plain.end(), key.starts_with("$$") ? key.substr(1) : key, std::move(member));
    }
    return put(Value(std::move(plain)), ec);
  }

  Form form_;
  std::vector<Frame> frames_;
  std::string text_;  // parts of the string or number being read
  std::string problem_;
  Value result_;
};

Result<Value> read(std::string_view text, Limits limits, Form form) {
  if (text.size() > limits.bytes) {
    return fail(Code::limit, "the JSON text is longer than " + std::to_string(limits.bytes) + " bytes");
  }
  boost::json::parse_options options;
  options.max_depth = static_cast<std::size_t>(limits.depth < 0 ? 0 : limits.depth);
  boost::json::basic_parser<Builder> parser(options, form);
  boost::json::error_code error;
  std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = boost::json::error::extra_data;
  if (!error) return parser.handler().take();
  std::string why = parser.handler().problem().empty() ? error.message() : parser.handler().problem();
  return fail(Code::invalid, "malformed JSON at byte " + std::to_string(used) + ": " + why);
}

class Writer {
 public:
  Writer(Form form, int offset_minutes) : form_(form), offset_minutes_(offset_minutes) { out_.reserve(2048); }

  std::string take() { return std::move(out_); }

  void write(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::null: out_ += "null"; return;
      case Value::Kind::boolean: out_ += value.as_bool() ? "true" : "false"; return;
      case Value::Kind::integer: integer(value.as_int()); return;
      case Value::Kind::number: number(value.as_number()); return;
      case Value::Kind::string: string(value.as_string()); return;
      case Value::Kind::instant:
        if (form_ == Form::canonical) return tagged("t", value.as_instant().ms);
        return string(format_rfc3339(value.as_instant(), offset_minutes_));
      case Value::Kind::duration:
        if (form_ == Form::canonical) return tagged("d", value.as_duration().ms);
        return string(format_duration(value.as_duration()));
      case Value::Kind::list: {
        char before = '[';
        for (const Value& item : value.as_list()) {
          out_ += before;
          write(item);
          before = ',';
        }
        if (before == '[') out_ += '[';
        out_ += ']';
        return;
      }
      case Value::Kind::map: {
        char before = '{';
        for (const auto& [key, member] : value.as_map()) {
          out_ += before;
          if (form_ == Form::canonical && key.starts_with('$')) {
            string('$' + key);
          } else {
            string(key);
          }
          out_ += ':';
          write(member);
          before = ',';
        }
        if (before == '{') out_ += '{';
        out_ += '}';
        return;
      }
    }
  }

 private:
  void integer(std::int64_t n) {
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
  }
  void number(double d) {
    // An integer equals a number of the same size, so both must have the same bytes (and -0 those of 0).
    if (d >= -0x1p63 && d < 0x1p63 && d == std::trunc(d)) return integer(static_cast<std::int64_t>(d));
    if (!std::isfinite(d)) {  // JSON has no word for these
      if (form_ == Form::wire) {
        out_ += "null";
      } else {
        out_ += std::isnan(d) ? R"({"$n":"nan"})" : d > 0 ? R"({"$n":"inf"})" : R"({"$n":"-inf"})";
      }
      return;
    }
    char digits[40];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, d).ptr);
  }
  void tagged(const char* tag, std::int64_t n) {
    out_ += "{\"$";
    out_ += tag;
    out_ += "\":";
    integer(n);
    out_ += '}';
  }
  void string(std::string_view s) {
    // What needs no mark of its own is found first; it is nearly always the whole text.
    std::size_t i = 0;
    while (i < s.size() && plain(s[i])) ++i;
    out_ += '"';
    if (i == s.size()) {
      out_.append(s);
    } else if (valid_utf8(s)) {
      escaped(s);
    } else {
      escaped(mended(s));
    }
    out_ += '"';
  }
  static bool plain(char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 && u < 0x80 && c != '"' && c != '\\';
  }
  void escaped(std::string_view s) {
    std::size_t start = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
      const char c = s[i];
      if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
      out_.append(s.substr(start, i - start));
      escape(c);
      start = i + 1;
    }
    out_.append(s.substr(start));
  }
  void escape(char c) {
    out_ += '\\';
    switch (c) {
      case '"': out_ += '"'; return;
      case '\\': out_ += '\\'; return;
      case '\b': out_ += 'b'; return;
      case '\f': out_ += 'f'; return;
      case '\n': out_ += 'n'; return;
      case '\r': out_ += 'r'; return;
      case '\t': out_ += 't'; return;
      default: {
        constexpr char hex[] = "0123456789abcdef";
        out_ += "u00";
        out_ += hex[(c >> 4) & 15];
        out_ += hex[c & 15];
      }
    }
  }
  // The edges refuse malformed UTF-8; should some slip in all the same, what is written must stay readable.
  static std::string mended(std::string_view s) {
    std::string out;
    while (!s.empty()) {
      std::size_t n = 1;
      while (n < 4 && n < s.size() && !valid_utf8(s.substr(0, n))) ++n;
      if (valid_utf8(s.substr(0, n))) {
        out += s.substr(0, n);
        s.remove_prefix(n);
      } else {
        out += "\xEF\xBF\xBD";
        s.remove_prefix(1);
      }
    }
    return out;
  }

  Form form_;
  int offset_minutes_;
  std::string out_;
};

}  // namespace

Result<Value> parse(std::string_view text, Limits limits) { return read(text, limits, Form::wire); }

Result<Value> parse_canonical(std::string_view bytes) { return read(bytes, stored_limits, Form::canonical); }

std::string write(const Value& value, int offset_minutes) {
  Writer writer(Form::wire, offset_minutes);
  writer.write(value);
  return writer.take();
}

std::string canonical(const Value& value) {
  Writer writer(Form::canonical, 0);
  writer.write(value);
  return writer.take();
}

}  // namespace anlan::json
