#include "domain/expr/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace anlan::expr {

std::size_t column_of(std::string_view source, std::size_t offset) {
  std::size_t column = 1;
  for (std::size_t i = 0; i < offset && i < source.size(); ++i) column += (source[i] & 0xC0) != 0x80;
  return column;
}

namespace {
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// A Chinese input method yields these without being asked; the message says what to type instead.
constexpr std::array<std::pair<std::string_view, std::string_view>, 20> wide{{
    {"（", "("}, {"）", ")"}, {"，", ","}, {"＜", "<"}, {"＞", ">"}, {"＝", "="}, {"！", "!"},
    {"“", "\""}, {"”", "\""}, {"‘", "'"}, {"’", "'"}, {"：", ":"}, {"？", "?"}, {"＋", "+"},
    {"－", "-"}, {"。", "."}, {"【", "["}, {"】", "]"}, {"＆", "&"}, {"　", " "},
}};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : s_(source) {}

  std::expected<std::vector<Token>, CompileError> run() {
    std::vector<Token> out;
    for (;;) {
      skip_space();
      Token token;
      token.begin = p_;
      if (p_ == s_.size()) {
        token.end = p_;
        out.push_back(std::move(token));
        return out;
      }
      if (!next(token)) return std::unexpected(std::move(error_));
      token.end = p_;
      token.text = s_.substr(token.begin, token.end - token.begin);
      out.push_back(std::move(token));
    }
  }

 private:
  char at(std::size_t i) const { return i < s_.size() ? s_[i] : '\0'; }

  bool fail(std::size_t offset, std::string message) {
    error_ = {column_of(s_, offset), std::move(message)};
    return false;
  }

  void skip_space() {
    while (p_ < s_.size()) {
      char c = s_[p_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++p_;
      } else if (c == '/' && at(p_ + 1) == '/') {
        while (p_ < s_.size() && s_[p_] != '\n') ++p_;
      } else {
        return;
      }
    }
  }

  bool next(Token& token) {
    char c = s_[p_];
    if (digit(c)) return number(token);
    if (letter(c)) {
      while (letter(at(p_)) || digit(at(p_))) ++p_;
      token.kind = Token::Kind::identifier;
      return true;
    }
    if (c == '"' || c == '\'') return string(token);
    token.kind = Token::Kind::symbol;
    for (std::string_view two : {"&&", "||", "<=", ">=", "==", "!="}) {
      if (s_.substr(p_).starts_with(two)) {
        p_ += 2;
        return true;
      }
    }
    if (std::string_view("?:<>+-*/%!.,[](){}").find(c) != std::string_view::npos) {
      ++p_;
      return true;
    }
    if (c == '=') return fail(p_, "'=' alone means nothing here; write == to compare");
    if (c == '&' || c == '|') return fail(p_, fmt::format("'{0}' alone means nothing here; write {0}{0}", c));
    for (const auto& [from, to] : wide)
      if (s_.substr(p_).starts_with(from))
        return fail(p_, fmt::format("'{}' is a full-width character; write {}", from, to == " " ? "a space" : to));
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return fail(p_, "a control character may not stand here");
    std::size_t n = 1;
    while ((at(p_ + n) & 0xC0) == 0x80) ++n;
    return fail(p_, fmt::format("'{}' may not stand here", s_.substr(p_, n)));
  }

  bool number(Token& token) {
    std::size_t begin = p_;
    while (digit(at(p_))) ++p_;
    bool real = false;
    if (at(p_) == '.' && digit(at(p_ + 1))) {
      real = true;
      ++p_;
      while (digit(at(p_))) ++p_;
    }
    if (at(p_) == 'e' || at(p_) == 'E') {
      std::size_t q = p_ + 1;
      if (at(q) == '+' || at(q) == '-') ++q;
      if (digit(at(q))) {
        real = true;
        p_ = q;
        while (digit(at(p_))) ++p_;
      }
    }
    if (letter(at(p_))) {
      while (letter(at(p_)) || digit(at(p_))) ++p_;
      std::string_view text = s_.substr(begin, p_ - begin);
      auto d = parse_duration(text);
      if (!d) return fail(begin, fmt::format("'{}' is neither a number nor a duration such as 1h30m", text));
      token.kind = Token::Kind::duration;
      token.value = *d;
      return true;
    }
    std::string_view text = s_.substr(begin, p_ - begin);
    if (real) {
      double d = 0;
      auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), d);
      if (ec != std::errc() || !std::isfinite(d)) return fail(begin, fmt::format("{} is out of range", text));
      token.kind = Token::Kind::number;
      token.value = d;
      return true;
    }
    std::uint64_t n = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    constexpr std::uint64_t top = std::uint64_t{1} << 63;
    if (ec != std::errc() || n > top) return fail(begin, fmt::format("{} is out of range", text));
    token.kind = Token::Kind::integer;
    token.too_large = n == top;
    token.value = static_cast<std::int64_t>(token.too_large ? top - 1 : n);
    return true;
  }

  bool string(Token& token) {
    std::size_t begin = p_;
    char quote = s_[p_++];
    std::string out;
    for (;;) {
      if (p_ == s_.size() || s_[p_] == '\n' || s_[p_] == '\r') return fail(begin, "the text is not closed");
      char c = s_[p_];
      if (c == quote) {
        ++p_;
        break;
      }
      if (c != '\\') {
        out += c;
        ++p_;
        continue;
      }
      std::size_t escape = p_++;
      char e = at(p_);
      ++p_;
      std::size_t hex = 0;
      switch (e) {
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        case '\\': case '"': case '\'': out += e; break;
        case 'x': hex = 2; break;
        case 'u': hex = 4; break;
        case 'U': hex = 8; break;
        default: return fail(escape, "unknown escape; known are \\n \\t \\r \\\\ \\\" \\' \\xHH \\uHHHH \\UHHHHHHHH");
      }
      if (hex == 0) continue;
      std::uint32_t code = 0;
      std::string_view digits = p_ < s_.size() ? s_.substr(p_, hex) : std::string_view();
      auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
      if (digits.size() != hex || ec != std::errc() || end != digits.data() + digits.size() || code > 0x10FFFF ||
          (code >= 0xD800 && code < 0xE000))
        return fail(escape, "malformed escape");
      p_ += hex;
      append_utf8(out, code);
    }
    token.kind = Token::Kind::string;
    token.value = std::move(out);
    return true;
  }

  std::string_view s_;
  std::size_t p_ = 0;
  CompileError error_;
};
}  // namespace

std::expected<std::vector<Token>, CompileError> tokenize(std::string_view source) { return Lexer(source).run(); }

}  // namespace anlan::expr
