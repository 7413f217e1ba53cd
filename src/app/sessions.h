// Who asks: passwords, sessions, one-time links and machine tokens.
//
// Only digests of tokens are stored. The live sessions and tokens are also held in memory, where each request finds
// its principal without touching the store; memory follows the store after each commit and is read from it at start.
// Everything that happens leaves an event of subject "platform"; none holds a secret.
//
// Stored settings: "credential"/<person> {hash, failures, locked_until,
// from: {address: {failures, locked_until}}, changed_at}; "session"/<digest> {person,
// opened_at, last_seen, expires_at, remote}; "token"/<digest> {id, name, scopes, created_by, created_at, expires_at};
// "invitation"/<digest> {person, created_by, expires_at}; "preference"/<person> {language};
// "platform"/"first_start" {digest}.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "app/platform.h"

namespace anlan::app {

// The cryptography that sessions need; the server wires it in. Thread-safe. `Done` as in crypto: called exactly once,
// perhaps on another thread, perhaps before the call returns.
class Secrets {
 public:
  template <class T>
  using Done = std::move_only_function<void(Result<T>)>;
  struct Verdict {
    bool match = false;
    bool needs_rehash = false;
  };
  virtual ~Secrets() = default;
  virtual std::string token() = 0;                                  // 32 unpredictable bytes as hexadecimal digits
  virtual std::string digest(std::string_view text) const = 0;      // keyed with the installation's secret
  virtual Status check_new_password(std::string_view password, std::string_view login) const = 0;
  virtual void hash(std::string password, Done<std::string>) = 0;
  // nullopt: takes as long and never matches.
  virtual void verify(std::string password, std::optional<std::string> stored, Done<Verdict>) = 0;
};

class Sessions {
 public:
  struct Options {
    Duration idle = minutes(30);      // unless parameter "session_idle" is declared and set
    Duration absolute = hours(12);
    Duration invitation = hours(24);
    Duration seen_every = minutes(5); // how old a stored last_seen may be
    int failures_max = 5;             // in a row from one address, then the login is locked for that address
    int failures_all = 50;            // from all addresses since the last success, then it is locked for everybody
    Duration locked_for = minutes(15);
  };
  struct Opened {
    std::string token;  // for the cookie; never stored
    std::string person;
    Instant expires_at{};
  };
  // What a request came with. `session` or `token` names what it rests on, by digest.
  struct Caller {
    Principal principal;
    std::string session, token;
  };
  struct Link {
    std::string token;
    Instant expires_at{};
  };
  template <class T>
  using Done = std::move_only_function<void(Result<T>)>;

  Sessions(Platform&, Secrets&, Options);
  Sessions(Platform& platform, Secrets& secrets) : Sessions(platform, secrets, Options{}) {}

  // Reads what is stored. To be called once, before anything else.
  Status load();

  // --- people ---

  // Wrong password, unknown login, locked login and disabled account all answer alike: Code::unauthenticated.
  // `replaces` is the token the browser already had: that session ends.
  void sign_in(std::string login, std::string password, std::string remote, std::string replaces, Done<Opened>);
  void sign_out(const std::string& session, std::move_only_function<void(Status)>);
  // Code::unauthenticated when there is no such session or it is over. Counts as a sign of life, unless it was a page
  // that asked by itself: an unattended screen must not keep its session.
  Result<Caller> by_session(std::string_view token, bool by_itself = false);
  // Whether the session or token still stands; no sign of life. For streams.
  bool stands(const Caller&) const;
  // Ends all other sessions of the person. Code::unauthenticated for a wrong current password (counted as a failure of
  // the login), Code::invalid for a new one that is not taken.
  void change_password(const Caller&, std::string current, std::string next, Done<bool>);
  // A link with which the person sets a password, made by who may manage people; ends earlier links for that person.
  void invite(const Principal&, const std::string& person, Done<Link>);
  // Sets the password and signs in. Code::not_found when the link is unknown, used or over.
  void accept(std::string token, std::string password, std::string remote, Done<Opened>);

  // A token for the first administrator when nobody can sign in yet; nullopt when somebody can. The link before it is
  // void from then on.
  Result<std::optional<std::string>> first_start_token();
  // Creates the person and grants the first post that may manage people, then signs in. The token is void afterwards.
  void first_start(std::string token, std::string login, std::string name, std::string password, std::string remote,
                   Done<Opened>);

  // --- machines ---

  Result<Caller> by_token(std::string_view token);
  struct TokenRequest {
    std::string name;
    std::set<std::string> scopes;
    std::optional<Instant> expires_at;
  };
  // {id, name, scopes, created_by, created_at, expires_at, token}: the token is shown this once. Needs permission
  // platform.settings, like list and revoke. Code::conflict when a token of that name stands.
  void create_token(const Principal&, TokenRequest, Done<Value>);
  Result<Value> list_tokens(const World&, const Principal&) const;
  void revoke_token(const Principal&, const std::string& id, Done<bool>);
  static const std::set<std::string>& known_scopes();

  // --- set-up of demonstrations: inside a unit, with a hash made before ---

  Status put_password(Txn&, const std::string& person, const std::string& hash);
  Status put_token(Txn&, const std::string& text, const TokenRequest&);

  // --- preferences ---

  Result<std::string> language(Reader&, const std::string& person) const;  // "zh" unless chosen otherwise
  Status set_language(Txn&, const std::string& person, const std::string& language);

  // Stores signs of life and removes what is over. About once a minute; waits for its unit.
  Status housekeep();
  // {sessions, tokens, sign_ins, refused} for metrics.
  Value condition() const;

 private:
  struct Session {
    std::string person;
    Instant opened_at{}, last_seen{}, stored_seen{}, expires_at{};
    std::string remote;
  };
  struct Token {
    std::string id, name, created_by;
    std::set<std::string> scopes;
    Instant created_at{};
    std::optional<Instant> expires_at;
    Value to_value() const;
  };
  struct Attempt;

  static Value to_value(const Session&);
  bool over(const Session&, Instant now) const;
  Duration idle() const;
  Result<Session> open_in(Txn&, const std::string& person, const std::string& remote, const std::string& digest);
  void failed(std::string person, std::string why, std::string remote, Done<Opened>);
  void store_and_open(std::string login, std::string password, std::string remote,
                      std::move_only_function<Result<std::string>(Txn&, const World&, const std::string& hash)> prepare,
                      Done<Opened>);
  Status end_sessions_of(Txn&, const std::string& person, const std::string& but, List& ended);
  void forget(const Value& ended);

  Platform& platform_;
  Secrets& secrets_;
  const Options options_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Session, std::less<>> sessions_;  // by digest
  std::map<std::string, Token, std::less<>> tokens_;      // by digest
  std::atomic<std::int64_t> idle_ms_;
  std::atomic<std::int64_t> signed_in_{0}, refused_{0};
};

}  // namespace anlan::app
