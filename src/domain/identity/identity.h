// The nouns of an organisation, and Directory: an immutable snapshot of them with fast, total look-ups.
// Identifiers are stable strings; "" means none. Intervals hold [from, until). Codes of posts and the grounds of rules
// come from definitions: no post is known here by name.
#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace anlan::identity {

struct Person {
  std::string id, login;
  Text name;
  bool internal = true;  // employed by the organisation; false for supplier and external accounts
  std::string unit;
  bool enabled = true;
  std::string email;
};

struct Unit {
  std::string id;
  Text name;
  std::string parent;    // "" at the top
  std::string head;      // person who leads it
  std::string deputy;    // the registered stand-in of the head
  std::string entity;    // legal entity
  std::string province;  // "" where it serves no single one
};

// A technical or application field with its own operations.
struct Board {
  std::string id;
  Text name;
  std::string manager;  // person accountable for it
  std::string unit;
};

// Where a rule comes from, and so what a refusal cites.
struct Ground {
  std::string requirement, clause;
  Text basis;          // added to the refusal, e.g. that it is a rule of the house
  std::string waiver;  // as in Refusal: "", "exception" or "break_glass"
  bool operator==(const Ground&) const = default;
};

struct Post {
  std::string code;
  Text title;
  std::string family;                 // posts of one family go together; "" belongs to none
  std::set<std::string> permissions;  // a person has permissions only through posts
  bool external_allowed = false;      // whether a person who is not internal may hold it
};

// Two posts that one person may not hold together. The order of the two says nothing.
struct Incompatibility {
  std::string a, b;  // post codes
  Ground ground;
};

// The incompatibilities of families that exclude each other: every pair of posts from two different ones of them.
std::vector<Incompatibility> between_families(const std::vector<Post>&, const std::vector<std::string>& families,
                                              const Ground&);

// A post given to a person. What is left empty bounds nothing: no board covers every board, a unit covers the units
// below it, line 0 both lines.
struct Grant {
  std::string id;
  std::string person, post;
  std::string board, unit;
  int line = 0;               // 1 or 2; 0: not graded
  Instant from = far_past;
  std::optional<Instant> until;
  std::string through;        // "" directly; else "group:<id>" or, in grants the directory derives, "delegation:<id>"
  std::string exception;      // the approved exception on which an incompatible post was given
  bool active(Instant now) const { return from <= now && (!until || now < *until); }
  bool operator==(const Grant&) const = default;
};

// A written, approved, expiring exception to the incompatibility of two posts, for one person.
struct Exception {
  std::string id, person;
  std::string post_a, post_b;
  std::string approved_by;  // counts only when set and not the person
  Instant until{};
};

struct RotaSlot {
  std::string board;
  int line = 0;  // 0: serves both lines
  std::string person;
  Instant from{}, until{};
};

// One post of the giver, lent to the taker for a time. The taker holds it as the giver does (board, unit, line), while
// the giver is enabled and holds it. What was lent is not lent on.
struct Delegation {
  std::string id;
  std::string giver, taker;
  std::string post;
  std::string board;  // "" all boards on which the giver holds it
  Instant from{}, until{};
  bool active(Instant now) const { return from <= now && now < until; }
};

// Where somebody is to act. An empty member asks nothing.
struct Place {
  std::string board, unit;
  int line = 0;
};

// What a directory is built from. Where two entries share an id (code, login) the later one counts.
struct Parts {
  std::vector<Person> people;
  std::vector<Unit> units;
  std::vector<Board> boards;
  std::vector<Post> posts;
  std::vector<Incompatibility> incompatibilities;
  std::vector<Grant> grants;
  std::vector<Exception> exceptions;
  std::vector<RotaSlot> rota;
  std::vector<Delegation> delegations;
};

// Immutable, cheap to copy, safe to read from any thread. Every look-up is total: unknown ids, cycles of units and
// dangling references give nullptr or an empty list. Pointers live as long as any copy of the directory.
// Whatever answers "who acts" never names a disabled person; person() and by_login() find those too.
class Directory {
 public:
  Directory();
  explicit Directory(Parts);

  const Parts& parts() const;
  const Person* person(std::string_view id) const;
  const Person* by_login(std::string_view login) const;
  const Unit* unit(std::string_view id) const;
  const Board* board(std::string_view id) const;
  const Post* post(std::string_view code) const;
  Text title_of_post(std::string_view code) const;  // the code itself where the post is unknown
  Text name_of(std::string_view person) const;      // the id itself where the person is unknown

  bool is_enabled(std::string_view person) const;
  bool is_internal(std::string_view person) const;  // false for an unknown person

  // The grants in force: stored ones, then those lent by delegation. None for a disabled person, for a post that no
  // definition knows, and for an external person on a post that is internal only.
  std::vector<Grant> posts_of(std::string_view person, Instant now) const;
  // Whether what the grant is bounded to takes in the place.
  bool covers(const Grant&, const Place&) const;
  // Whether the person holds the post at that place.
  bool holds(std::string_view person, std::string_view post, const Place&, Instant now) const;
  // Ids of all who hold the post at that place, in order of id, each once.
  std::vector<std::string> holders(std::string_view post, const Place&, Instant now) const;
  // The permissions of all posts in force.
  std::set<std::string> permissions_of(std::string_view person, Instant now) const;
  // Codes of the posts that carry the permission, in order.
  std::vector<std::string> posts_with(std::string_view permission) const;

  // On duty for the board now, each once: slots of just that line first, then by start, then by id. Line 0: any line.
  std::vector<std::string> on_duty(std::string_view board, int line, Instant now) const;
  const Person* manager_of(std::string_view board) const;
  const Person* head_of(std::string_view unit) const;
  const Person* deputy_of(std::string_view unit) const;
  // The n-th superior (from 1): going up from the person's unit, the heads that are enabled, each counted once, never
  // the person. nullptr when there are fewer.
  const Person* superior(std::string_view person, int n = 1) const;
  // The unit and the units above it, nearest first. Empty for an unknown unit.
  std::vector<const Unit*> chain_of(std::string_view unit) const;
  // Whether the unit is `ancestor` or lies below it.
  bool within(std::string_view unit, std::string_view ancestor) const;

  // The rule by which the two posts exclude each other; nullptr when they do not, and for one post twice.
  const Incompatibility* incompatibility(std::string_view post_a, std::string_view post_b) const;
  // An approved exception that covers the two posts now; where several do, the one that lasts longest.
  const Exception* exception_for(std::string_view person, std::string_view post_a, std::string_view post_b,
                                 Instant now) const;
  // The approved exception for the two posts that expires last, be it expired or not.
  const Exception* last_exception(std::string_view person, std::string_view post_a, std::string_view post_b) const;

  // Stored grants of the person, in force or not.
  std::vector<const Grant*> stored_grants_of(std::string_view person) const;
  // Delegations to the person, in force or not.
  std::vector<const Delegation*> delegations_to(std::string_view person) const;
  // Grants lent by delegation and in force, also those that do not count (see posts_of) because of who holds them.
  std::vector<Grant> lent_to(std::string_view person, Instant now) const;

 private:
  struct Index;
  bool usable(const Person&, std::string_view post) const;
  const Person* enabled(std::string_view id) const;
  std::shared_ptr<const Index> index_;
};

}  // namespace anlan::identity
