// Separation of duty: when a post is granted or lent, when a person acts, and in the periodic report.
// Pure functions over one snapshot; thread-safe.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "domain/identity/identity.h"

namespace anlan::identity {

// Whether this grant may be added to the directory now.
// - Code::not_found: unknown person, post, board or unit (`field` says which).
// - Code::invalid: line not 0..2, an interval that is empty or over.
// - Code::refused: "internal_only", an external person on a post for internal staff; "incompatible_posts", one refusal
//   for each post held, to be held or lent in an overlapping time that excludes this one, naming both posts and the
//   grant, unless an approved exception covers the pair now; "exception_not_valid", the grant names an exception that
//   covers none of its conflicts now.
// Whether the person is enabled does not matter: a post granted today acts the day the account opens.
Status may_grant(const Directory&, const Grant&, Instant now);

// Whether a person may lend a post: as may_grant for the taker, and "not_holder" when the giver holds no grant of his
// own to the post in that time; Code::invalid when giver and taker are one.
Status may_delegate(const Directory&, const Delegation&, Instant now);

// Why the person may not act in that post now: it excludes another post in force (also one that came through a group or
// a delegation) and no approved exception covers the two. Empty: no conflict, or the post is not held.
std::vector<Refusal> acts_in_conflict(const Directory&, std::string_view person, std::string_view post, Instant now);

// The grant through which the person may use the permission at that place: direct before lent, a post without conflict
// before any other. Code::forbidden otherwise: "no_post" (cites `ground`, names the posts that carry the permission) or
// the refusals of acts_in_conflict.
Result<Grant> may_perform(const Directory&, std::string_view person, std::string_view permission, const Place&,
                          Instant now, const Ground& ground);

// One line of the report on posts.
struct Finding {
  enum class Kind {
    incompatible,       // two posts that exclude each other, no exception
    exception_expired,  // the same, and the exception for them is over
    excepted,           // covered by an exception: no violation, listed with its expiry
    internal_only,      // an external person on a post for internal staff; the grant does not count
    unknown_post,       // no definition knows the post; the grant does not count
  };
  Kind kind = Kind::incompatible;
  std::string person;
  Grant grant;                   // the grant concerned; for pairs the one whose post comes first in order of code
  Grant other;                   // the other grant of a pair
  std::string exception;         // id
  std::optional<Instant> until;  // expiry of that exception
  Refusal refusal;               // the rule and the words
  bool violation() const { return kind != Kind::excepted; }
};
std::string_view name(Finding::Kind);

// All findings on enabled persons, one for each person and pair of posts, in order of person, then posts. Disabled
// persons hold nothing in force and are not listed.
std::vector<Finding> conflicts(const Directory&, Instant now);

}  // namespace anlan::identity
