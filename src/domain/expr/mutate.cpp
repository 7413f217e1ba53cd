// Small changes of a rule, made in its text: what a test suite must notice.
#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "domain/expr/tree.h"

namespace anlan::expr {
namespace {
using F = Tree::Figure;

// The figure one unit up or down, as it would be written; nothing where the number ends.
std::optional<std::string> shifted(const Tree& t, const std::string& written, int by) {
  std::int64_t n = 0;
  switch (t.figure) {
    case F::none: return {};
    case F::integer:
      if (__builtin_add_overflow(t.value.as_int(), by, &n)) return {};
      return fmt::format("{}", n);
    case F::number: {
      // One unit is one of the last digit written: 99.5 becomes 99.6.
      std::size_t dot = written.find('.');
      bool plain = written.find_first_of("eE") == std::string::npos;
      if (plain && dot != std::string::npos) {
        auto digits = static_cast<int>(written.size() - dot - 1);
        if (digits <= 12 && std::abs(t.value.as_number()) < 1e12)
          return fmt::format("{:.{}f}", t.value.as_number() + by * std::pow(10.0, -digits), digits);
      }
      double d = t.value.as_number(), moved = std::abs(d) < 1e12 ? d + by : d + by * std::abs(d) / 10;
      if (!std::isfinite(moved)) return {};
      std::string out = fmt::format("{}", moved);
      return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
    }
    case F::duration:
    case F::quoted_duration: {
      std::int64_t unit = 86'400'000;
      std::string_view digits = written;
      while (!digits.empty() && (digits.back() == '"' || digits.back() == '\'')) digits.remove_suffix(1);
      if (digits.ends_with("ms")) unit = 1;
      else if (digits.ends_with("s")) unit = 1000;
      else if (digits.ends_with("m")) unit = 60'000;
      else if (digits.ends_with("h")) unit = 3'600'000;
      if (__builtin_add_overflow(t.value.as_duration().ms, by * unit, &n)) return {};
      if (n == std::numeric_limits<std::int64_t>::min()) return {};
      std::string out = format_duration(Duration{n});
      return t.figure == F::duration ? out : "\"" + out + "\"";
    }
    case F::quoted_timestamp: {
      std::string out = format_rfc3339(t.value.as_instant() + seconds(by));
      if (!parse_rfc3339(out)) return {};
      return "\"" + out + "\"";
    }
  }
  return {};
}

struct Mutator {
  const std::string& source;
  std::vector<Mutation> out;

  std::string slice(std::size_t begin, std::size_t end) const { return source.substr(begin, end - begin); }
  std::string text(const Tree& t) const { return slice(t.begin, t.end); }
  void replace(std::string what, std::size_t begin, std::size_t end, std::string_view with) {
    std::string mutant = source.substr(0, begin);
    mutant += with;
    mutant += source.substr(end);
    if (mutant.size() <= source_limit && mutant != source) out.push_back({std::move(what), std::move(mutant)});
  }

  // `up` says what raising this number, or making this condition true, does to the whole: +1 loosens, -1 tightens,
  // 0 is not known.
  void walk(const Tree& t, int up) {
    if (t.figure != F::none) {
      std::string written = slice(t.figure_begin, t.figure_end);
      for (int by : {1, -1}) {
        auto to = shifted(t, written, by);
        if (!to) continue;
        std::string_view verb = up * by > 0 ? "loosen" : up * by < 0 ? "tighten" : by > 0 ? "raise" : "lower";
        replace(fmt::format("{} {} to {}", verb, written, *to), t.figure_begin, t.figure_end, *to);
      }
      return;
    }
    switch (t.op) {
      case Op::all_of:
      case Op::any_of:
        for (std::size_t i = 0; i < t.kids.size(); ++i) {
          std::size_t begin = i + 1 < t.kids.size() ? t.kids[i]->outer_begin : t.kids[i - 1]->outer_end;
          std::size_t end = i + 1 < t.kids.size() ? t.kids[i + 1]->outer_begin : t.kids[i]->outer_end;
          replace(fmt::format("drop '{}'", text(*t.kids[i])), begin, end, "");
        }
        break;
      case Op::equal: turn(t, "!="); break;
      case Op::not_equal: turn(t, "=="); break;
      case Op::less: turn(t, "<="); break;
      case Op::less_equal: turn(t, "<"); break;
      case Op::greater: turn(t, ">="); break;
      case Op::greater_equal: turn(t, ">"); break;
      default: break;
    }
    for (std::size_t i = 0; i < t.kids.size(); ++i) walk(*t.kids[i], direction(t, i, up));
  }

  void turn(const Tree& t, std::string_view to) {
    replace(fmt::format("turn {} to {} in '{}'", slice(t.op_begin, t.op_end), to, text(t)), t.op_begin, t.op_end, to);
  }

  static int direction(const Tree& t, std::size_t kid, int up) {
    switch (t.op) {
      case Op::all_of:
      case Op::any_of:
      case Op::add:
      case Op::minimum:
      case Op::maximum:
      case Op::sum: return up;
      case Op::list: return up;  // reached with a direction only under min, max and sum
      case Op::logical_not:
      case Op::negate: return -up;
      case Op::subtract: return kid == 0 ? up : -up;
      case Op::less:
      case Op::less_equal: return kid == 0 ? -up : up;
      case Op::greater:
      case Op::greater_equal: return kid == 0 ? up : -up;
      case Op::conditional: return kid == 0 ? 0 : up;
      case Op::all:
      case Op::exists: return kid == 1 ? up : 0;
      default: return 0;
    }
  }
};
}  // namespace

std::vector<Mutation> Program::mutations() const {
  if (!body_) return {};
  const Tree& root = *body_->root;
  Mutator mutator{body_->source, {}};
  const bool boolean = body_->type.kind == Type::Kind::boolean;
  mutator.walk(root, boolean ? 1 : 0);
  if (boolean) {
    mutator.replace("negate", root.outer_begin, root.outer_end,
                    "!(" + mutator.slice(root.outer_begin, root.outer_end) + ")");
  }
  return std::move(mutator.out);
}

}  // namespace anlan::expr
