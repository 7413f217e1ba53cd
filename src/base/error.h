// The one vocabulary of failure. It knows no protocol: http maps codes to statuses in one place.
#pragma once
#include <cassert>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace anlan {

// A text in both languages of the product.
struct Text {
  std::string zh, en;
  bool operator==(const Text&) const = default;
  bool empty() const { return zh.empty() && en.empty(); }
  // `language` is "zh" or "en"; falls back to the other where one is missing.
  const std::string& in(std::string_view language) const {
    return (language == "en" && !en.empty()) || zh.empty() ? en : zh;
  }
};

enum class Code {
  invalid,       // the input is malformed or breaks its schema
  unauthenticated,
  forbidden,     // known person, not allowed
  not_found,
  conflict,      // stale version, duplicate key, idempotency key used for another body
  refused,       // a rule of the house says no: `refusals` says which
  limit,         // too large, too many, too often
  unavailable,   // stopping, overloaded, or a peer is away
  no_space,      // the disk is full; nothing was written
  internal,      // a defect of ours or damaged storage
};
std::string_view name(Code);

// Why an action is not open: a first-class answer (house rule of the twelve words).
struct Refusal {
  std::string clause;       // e.g. "9.1.5.3"; empty for rules that rest on no clause
  std::string code;         // stable, snake_case: "recovery_not_confirmed"
  Text text;                // what is missing and how to mend it
  std::string field;        // the field to mend, if one
  std::string requirement;  // requirement id, e.g. "9.1.5.3-p1-1"
  std::string waiver;       // "" may not be waived; "exception" or "break_glass" otherwise
  bool operator==(const Refusal&) const = default;
};

struct Error {
  Code code = Code::internal;
  std::string message;             // English, for logs and for developers; one sentence
  std::string field;               // which input field, if one ("fields.system", "/steps/2")
  std::vector<Refusal> refusals{};  // for Code::refused (and forbidden, where a rule forbids)
};

// std::expected of libstdc++ 12 has no monadic members; ANLAN_TRY below stands in for and_then.
template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(Code code, std::string message, std::string field = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(field), {}});
}
inline std::unexpected<Error> refuse(std::vector<Refusal> refusals, Code code = Code::refused) {
  std::string message = refusals.empty() ? "refused" : refusals.front().text.en;
  return std::unexpected(Error{code, std::move(message), {}, std::move(refusals)});
}

#define ANLAN_CONCAT_(a, b) a##b
#define ANLAN_CONCAT(a, b) ANLAN_CONCAT_(a, b)
// ANLAN_TRY(auto x, f()); returns the error of f() from the enclosing function, or binds its value to x.
#define ANLAN_TRY(decl, ...)                                                       \
  auto ANLAN_CONCAT(try_, __LINE__) = (__VA_ARGS__);                               \
  if (!ANLAN_CONCAT(try_, __LINE__)) return std::unexpected(std::move(ANLAN_CONCAT(try_, __LINE__)).error()); \
  decl = std::move(*ANLAN_CONCAT(try_, __LINE__))
// ANLAN_CHECK(f()); the same for a Status.
#define ANLAN_CHECK(...)                                                           \
  do {                                                                             \
    if (auto status_ = (__VA_ARGS__); !status_) return std::unexpected(std::move(status_).error()); \
  } while (0)

}  // namespace anlan
