#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>

namespace anlan {
using namespace std::chrono;

std::string format_rfc3339(Instant t, int offset_minutes) {
  std::int64_t local = t.ms + std::int64_t{offset_minutes} * 60'000;
  std::int64_t day = local / 86'400'000, rest = local % 86'400'000;
  if (rest < 0) --day, rest += 86'400'000;
  year_month_day ymd{sys_days{std::chrono::days{day}}};
  // Every answer holds dozens of these, so the digits are set one by one.
  std::string out;
  out.reserve(29);
  auto put = [&out](std::int64_t n, int width) {
    char digits[4];
    for (int i = width - 1; i >= 0; --i, n /= 10) digits[i] = static_cast<char>('0' + n % 10);
    out.append(digits, static_cast<std::size_t>(width));
  };
  const int y = static_cast<int>(ymd.year());
  if (y < 0 || y > 9999) out += fmt::format("{:04}", y);
  else put(y, 4);
  out += '-', put(static_cast<unsigned>(ymd.month()), 2);
  out += '-', put(static_cast<unsigned>(ymd.day()), 2);
  out += 'T', put(rest / 3'600'000, 2);
  out += ':', put(rest / 60'000 % 60, 2);
  out += ':', put(rest / 1000 % 60, 2);
  if (rest % 1000) out += '.', put(rest % 1000, 3);
  if (offset_minutes == 0) return out += 'Z';
  const int a = offset_minutes < 0 ? -offset_minutes : offset_minutes;
  out += offset_minutes < 0 ? '-' : '+', put(a / 60, 2);
  out += ':', put(a % 60, 2);
  return out;
}

namespace {
// Reads exactly `n` digits at `pos`; advances pos. -1 when there are none.
int digits(std::string_view s, std::size_t& pos, std::size_t n) {
  if (pos + n > s.size()) return -1;
  int value = 0;
  for (std::size_t i = 0; i < n; ++i) {
    char c = s[pos + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  pos += n;
  return value;
}
bool eat(std::string_view s, std::size_t& pos, char c) {
  if (pos < s.size() && s[pos] == c) return ++pos, true;
  return false;
}
}  // namespace

std::optional<Instant> parse_rfc3339(std::string_view s) {
  std::size_t p = 0;
  int y = digits(s, p, 4);
  if (y < 1900 || y > 2999 || !eat(s, p, '-')) return {};
  int mo = digits(s, p, 2);
  if (mo < 1 || !eat(s, p, '-')) return {};
  int d = digits(s, p, 2);
  if (d < 1) return {};
  year_month_day ymd{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!ymd.ok()) return {};
  if (!eat(s, p, 'T') && !eat(s, p, 't') && !eat(s, p, ' ')) return {};
  int h = digits(s, p, 2);
  if (h < 0 || h > 23 || !eat(s, p, ':')) return {};
  int mi = digits(s, p, 2);
  if (mi < 0 || mi > 59) return {};
  int sec = 0;
  std::int64_t ms = 0;
  if (eat(s, p, ':')) {
    sec = digits(s, p, 2);
    if (sec < 0 || sec > 59) return {};
    if (eat(s, p, '.')) {
      std::int64_t scale = 100;
      std::size_t start = p;
      while (p < s.size() && s[p] >= '0' && s[p] <= '9') {
        ms += (s[p] - '0') * scale;
        scale /= 10;
        ++p;
      }
      if (p == start || p - start > 9) return {};
    }
  }
  int offset = 0;
  if (!eat(s, p, 'Z') && !eat(s, p, 'z')) {
    int sign = eat(s, p, '+') ? 1 : eat(s, p, '-') ? -1 : 0;
    if (!sign) return {};
    int oh = digits(s, p, 2);
    if (oh < 0 || oh > 23 || !eat(s, p, ':')) return {};
    int om = digits(s, p, 2);
    if (om < 0 || om > 59) return {};
    offset = sign * (oh * 60 + om);
  }
  if (p != s.size()) return {};
  std::int64_t day_number = sys_days{ymd}.time_since_epoch().count();
  return Instant{((day_number * 24 + h) * 60 + mi - offset) * 60'000 + sec * 1000 + ms};
}

namespace {
struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 5> units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
}  // namespace

std::string format_duration(Duration d) {
  if (d.ms == 0) return "0s";
  std::string out = d.ms < 0 ? "-" : "";
  std::uint64_t left = d.ms < 0 ? 0 - static_cast<std::uint64_t>(d.ms) : static_cast<std::uint64_t>(d.ms);
  for (const Unit& u : units) {
    auto unit = static_cast<std::uint64_t>(u.ms);
    if (left >= unit) {
      out += fmt::format("{}{}", left / unit, u.name);
      left %= unit;
    }
  }
  return out;
}

std::optional<Duration> parse_duration(std::string_view s) {
  std::size_t p = 0;
  bool negative = eat(s, p, '-');
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  if (p == s.size()) return {};
  while (p < s.size()) {
    std::int64_t n = 0;
    auto [end, ec] = std::from_chars(s.data() + p, s.data() + s.size(), n);
    if (ec != std::errc() || n < 0) return {};
    p = static_cast<std::size_t>(end - s.data());
    std::size_t start = p;
    while (p < s.size() && s[p] >= 'a' && s[p] <= 'z') ++p;
    std::string_view unit = s.substr(start, p - start);
    std::size_t i = next_unit;
    while (i < units.size() && units[i].name != unit) ++i;
    if (i == units.size()) return {};
    next_unit = i + 1;
    std::int64_t part = 0;
    if (__builtin_mul_overflow(n, units[i].ms, &part) || __builtin_add_overflow(total, part, &total)) return {};
  }
  return Duration{negative ? -total : total};
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool valid_utf8(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    auto c = static_cast<unsigned char>(s[i]);
    if (c < 0x80) {
      ++i;
      continue;
    }
    std::size_t n = c >= 0xF0 && c <= 0xF4 ? 3 : c >= 0xE0 && c < 0xF0 ? 2 : c >= 0xC2 && c < 0xE0 ? 1 : 0;
    if (n == 0 || i + n >= s.size()) return false;
    std::uint32_t code = c & (0x3F >> n);
    for (std::size_t k = 1; k <= n; ++k) {
      auto t = static_cast<unsigned char>(s[i + k]);
      if ((t & 0xC0) != 0x80) return false;
      code = (code << 6) | (t & 0x3F);
    }
    if ((n == 2 && code < 0x800) || (n == 3 && (code < 0x10000 || code > 0x10FFFF)) || (code >= 0xD800 && code < 0xE000))
      return false;
    i += n + 1;
  }
  return true;
}

std::vector<std::string_view> split(std::string_view s, char separator) {
  std::vector<std::string_view> out;
  for (std::size_t start = 0;;) {
    auto end = s.find(separator, start);
    out.push_back(s.substr(start, end - start));
    if (end == std::string_view::npos) return out;
    start = end + 1;
  }
}

std::string_view trim(std::string_view s) {
  auto space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!s.empty() && space(s.front())) s.remove_prefix(1);
  while (!s.empty() && space(s.back())) s.remove_suffix(1);
  return s;
}

bool iequals(std::string_view a, std::string_view b) {
  auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return small(x) == small(y); });
}

}  // namespace anlan
