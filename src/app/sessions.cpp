#include "app/sessions.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "app/records.h"

namespace anlan::app {
namespace {

constexpr const char* credential_table = "credential";
constexpr const char* session_table = "session";
constexpr const char* token_table = "token";
constexpr const char* invitation_table = "invitation";
constexpr const char* preference_table = "preference";
constexpr const char* platform_table = "platform";
constexpr const char* first_start_key = "first_start";
constexpr const char* idle_parameter = "session_idle";
// What administers the house: the first person gets the first post that carries the former.
constexpr const char* may_set_platform = "platform.settings";
constexpr std::size_t sessions_per_person = 20;  // the oldest ends when one more is opened

std::unexpected<Error> sign_in_failed() {
  return refuse({{"",
                  "sign_in_failed",
                  {"登录名或密码不正确，或账号已停用。连续 5 次失败后该登录名锁定 15 分钟。",
                   "The login or the password is wrong, or the account is disabled. After five failures in a row a "
                   "login is locked for 15 minutes."},
                  "",
                  "",
                  ""}},
                Code::unauthenticated);
}

std::unexpected<Error> link_void() {
  return refuse({{"",
                  "link_void",
                  {"链接已使用或已过期，请向管理员另要一个。",
                   "The link was used or is over; ask an administrator for another."},
                  "token",
                  "",
                  ""}},
                Code::not_found);
}

Status note(Txn& txn, const char* kind, Instant at, const std::string& actor, Map body) {
  ANLAN_TRY([[maybe_unused]] Position position, txn.append({0, "platform", kind, at, actor, Value(std::move(body))}));
  return {};
}

bool plain_name(std::string_view text, std::string_view others, std::size_t longest) {
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

Value optional(const std::optional<Instant>& t) { return t ? Value(*t) : Value(); }

std::optional<Instant> instant_of(const Value& v) {
  return v.is(Value::Kind::instant) ? std::optional(v.as_instant()) : std::nullopt;
}

Value words(const std::set<std::string>& in) { return Value(List(in.begin(), in.end())); }

}  // namespace

const std::set<std::string>& Sessions::known_scopes() {
  static const std::set<std::string> scopes{"alerts.write", "tickets.read", "tickets.write", "records.read"};
  return scopes;
}

Sessions::Sessions(Platform& platform, Secrets& secrets, Options options)
    : platform_(platform), secrets_(secrets), options_(options), idle_ms_(options.idle.ms) {}

Value Sessions::to_value(const Session& s) {
  return Value(Map{{"person", s.person},
                   {"opened_at", s.opened_at},
                   {"last_seen", s.last_seen},
                   {"expires_at", s.expires_at},
                   {"remote", s.remote}});
}

Value Sessions::Token::to_value() const {
  return Value(Map{{"id", id},
                   {"name", name},
                   {"scopes", words(scopes)},
                   {"created_by", created_by},
                   {"created_at", created_at},
                   {"expires_at", optional(expires_at)}});
}

Duration Sessions::idle() const { return {idle_ms_.load(std::memory_order_relaxed)}; }

bool Sessions::over(const Session& session, Instant now) const {
  return now >= session.expires_at || now - session.last_seen >= idle();
}

Status Sessions::load() {
  std::map<std::string, Session, std::less<>> sessions;
  std::map<std::string, Token, std::less<>> tokens;
  ANLAN_CHECK(platform_.read([&](Reader& reader, const World& world) -> Status {
    ANLAN_TRY(auto stored, reader.settings(session_table));
    for (const auto& [digest, v] : stored) {
      const Instant seen = v["last_seen"].as_instant();
      sessions.emplace(digest, Session{v["person"].as_string(), v["opened_at"].as_instant(), seen, seen,
                                       v["expires_at"].as_instant(), v["remote"].as_string()});
    }
    ANLAN_TRY(auto machines, reader.settings(token_table));
    for (const auto& [digest, v] : machines) {
      Token token{v["id"].as_string(), v["name"].as_string(), v["created_by"].as_string(), {},
                  v["created_at"].as_instant(), instant_of(v["expires_at"])};
      for (const Value& scope : v["scopes"].as_list()) token.scopes.insert(scope.as_string());
      tokens.emplace(digest, std::move(token));
    }
    if (const Value& idle = world.parameters()[idle_parameter]; idle.is(Value::Kind::duration))
      idle_ms_ = idle.as_duration().ms;
    return {};
  }));
  std::unique_lock lock(mutex_);
  sessions_ = std::move(sessions);
  tokens_ = std::move(tokens);
  return {};
}

// ---- sign in and out -----------------------------------------------------------------------------------------

// A stranger who tries passwords shuts the door for his own address; the person gets in from another. Many strangers
// together shut it for everybody.
namespace {
std::optional<Instant> locked_until(const Value& credential, const std::string& remote) {
  const auto here = instant_of(credential["from"][remote]["locked_until"]), everywhere = instant_of(credential["locked_until"]);
  return !here ? everywhere : !everywhere ? here : std::max(here, everywhere);
}
Value with_failure(const Value& credential, const std::string& remote, Instant now, const Sessions::Options& options, std::optional<Instant>& locked) {
  Map from;
  for (const auto& [address, state] : credential["from"].as_map()) {  // what is over is forgotten, and the rest kept short
    const auto until = instant_of(state["locked_until"]);
    if ((until && *until <= now) || (!until && from.size() >= 64)) continue;
    from.emplace(address, state);
  }
  const std::int64_t here = from[remote]["failures"].as_int() + 1, all = credential["failures"].as_int() + 1;
  if (here >= options.failures_max) {
    locked = now + options.locked_for;
    from[remote] = Value(Map{{"locked_until", *locked}});
  } else {
    from[remote] = Value(Map{{"failures", here}});
  }
  Value next = credential.with("from", Value(std::move(from))).with("failures", all);
  if (all >= options.failures_all) {
    locked = now + options.locked_for;
    next = next.with("failures", Value()).with("locked_until", *locked);
  }
  return next;
}
Value with_success(const Value& credential, const std::string& remote) {
  Map from = credential["from"].as_map();
  from.erase(remote);
  return credential.with("failures", Value()).with("locked_until", Value()).with("from", from.empty() ? Value() : Value(std::move(from)));
}
}  // namespace

struct Sessions::Attempt {
  std::string person, remote, replaces, password, stored;
  Done<Opened> done;
};

void Sessions::sign_in(std::string login, std::string password, std::string remote, std::string replaces,
                       Done<Opened> done) {
  std::string person, stored, why = "unknown";
  auto status = platform_.read([&](Reader& reader, const World& world) -> Status {
    const identity::Person* found = world.directory().by_login(login);
    if (!found) return {};
    ANLAN_TRY(std::optional<Value> credential, reader.setting(credential_table, found->id));
    if (!credential) return {};
    person = found->id;
    why = "wrong";
    if (!found->enabled) {
      why = "disabled";
    } else if (auto until = locked_until(*credential, remote); until && platform_.now() < *until) {
      why = "locked";
    } else {
      stored = (*credential)["hash"].as_string();
    }
    return {};
  });
  if (!status) return done(std::unexpected(status.error()));
  auto attempt = std::make_shared<Attempt>(Attempt{std::move(person), std::move(remote),
                                                   replaces.empty() ? "" : secrets_.digest(replaces), password, stored,
                                                   std::move(done)});
  secrets_.verify(
      std::move(password), stored.empty() ? std::nullopt : std::optional(stored),
      [this, attempt, why](Result<Secrets::Verdict> verdict) {
        if (!verdict) return attempt->done(std::unexpected(verdict.error()));
        if (!verdict->match) return failed(attempt->person, why, attempt->remote, std::move(attempt->done));
        const bool rehash = verdict->needs_rehash;
        const std::string token = secrets_.token(), digest = secrets_.digest(token);
        auto session = std::make_shared<Session>();
        platform_.write(
            [this, attempt, session, digest](Txn& txn, const World& world) -> Result<Value> {
              // The password was compared with what was stored some time ago: it must still be that, and still open.
              ANLAN_TRY(std::optional<Value> credential, txn.setting(credential_table, attempt->person));
              const auto locked = credential ? locked_until(*credential, attempt->remote) : std::nullopt;
              if (!credential || (*credential)["hash"].as_string() != attempt->stored ||
                  !world.directory().is_enabled(attempt->person) || (locked && platform_.now() < *locked))
                return sign_in_failed();
              ANLAN_CHECK(txn.put_setting(credential_table, attempt->person,
                                          with_success(*credential, attempt->remote)));
              List ended;
              if (!attempt->replaces.empty()) {
                ANLAN_CHECK(txn.put_setting(session_table, attempt->replaces, Value()));
                ended.emplace_back(attempt->replaces);
              }
              ANLAN_TRY(auto stored_sessions, txn.settings(session_table));
              std::vector<std::pair<Instant, std::string>> own;
              for (const auto& [key, v] : stored_sessions)
                if (v["person"].as_string() == attempt->person) own.emplace_back(v["opened_at"].as_instant(), key);
              std::sort(own.begin(), own.end());
              for (std::size_t i = 0; own.size() - i >= sessions_per_person; ++i) {
                ANLAN_CHECK(txn.put_setting(session_table, own[i].second, Value()));
                ended.emplace_back(own[i].second);
              }
              ANLAN_TRY(*session, open_in(txn, attempt->person, attempt->remote, digest));
              return Value(std::move(ended));
            },
            [this, attempt, session, token, digest, rehash](Result<Value> result) {
              if (!result) {
                refused_ += result.error().code == Code::unauthenticated ? 1 : 0;
                return attempt->done(std::unexpected(result.error()));
              }
              forget(*result);
              {
                std::unique_lock lock(mutex_);
                sessions_.insert_or_assign(digest, *session);
              }
              ++signed_in_;
              attempt->done(Opened{token, session->person, session->expires_at});
              if (!rehash) return;
              // Stored with other costs than today's: made anew now that the password is at hand.
              secrets_.hash(std::move(attempt->password), [this, attempt](Result<std::string> hash) {
                if (!hash) return;
                platform_.write(
                    [attempt, fresh = *hash](Txn& txn, const World&) -> Result<Value> {
                      ANLAN_TRY(std::optional<Value> credential, txn.setting(credential_table, attempt->person));
                      if (credential && (*credential)["hash"].as_string() == attempt->stored)
                        ANLAN_CHECK(
                            txn.put_setting(credential_table, attempt->person, credential->with("hash", fresh)));
                      return Value();
                    },
                    [](Result<Value>) {});
              });
            });
      });
}

void Sessions::failed(std::string person, std::string why, std::string remote, Done<Opened> done) {
  platform_.write(
      [this, person, why, remote](Txn& txn, const World&) -> Result<Value> {
        const Instant now = platform_.now();
        std::optional<Instant> locked;
        if (why == "wrong") {
          ANLAN_TRY(std::optional<Value> credential, txn.setting(credential_table, person));
          if (credential)
            ANLAN_CHECK(txn.put_setting(credential_table, person, with_failure(*credential, remote, now, options_, locked)));
        }
        // A login that does not exist is not written down: people type passwords into the wrong box.
        Map body{{"why", why}, {"remote", remote}};
        if (!person.empty()) body.emplace("person", person);
        if (locked) body.emplace("locked_until", *locked);
        ANLAN_CHECK(note(txn, "session.refused", now, person, std::move(body)));
        return Value();
      },
      [this, done = std::move(done)](Result<Value> result) mutable {
        ++refused_;
        if (!result) return done(std::unexpected(result.error()));
        done(sign_in_failed());
      });
}

Result<Sessions::Session> Sessions::open_in(Txn& txn, const std::string& person, const std::string& remote,
                                            const std::string& digest) {
  const Instant now = platform_.now();
  Session session{person, now, now, now, now + options_.absolute, remote};
  ANLAN_CHECK(txn.put_setting(session_table, digest, to_value(session)));
  ANLAN_CHECK(note(txn, "session.opened", now, person, Map{{"person", person}, {"remote", remote}}));
  return session;
}

void Sessions::forget(const Value& ended) {
  if (ended.as_list().empty()) return;
  std::unique_lock lock(mutex_);
  for (const Value& digest : ended.as_list()) sessions_.erase(digest.as_string());
}

void Sessions::sign_out(const std::string& session, std::move_only_function<void(Status)> done) {
  platform_.write(
      [this, session](Txn& txn, const World&) -> Result<Value> {
        ANLAN_TRY(std::optional<Value> stored, txn.setting(session_table, session));
        if (!stored) return Value(List{session});
        ANLAN_CHECK(txn.put_setting(session_table, session, Value()));
        const std::string& person = (*stored)["person"].as_string();
        ANLAN_CHECK(note(txn, "session.closed", platform_.now(), person, Map{{"person", person}}));
        return Value(List{session});
      },
      [this, done = std::move(done)](Result<Value> result) mutable {
        if (!result) return done(std::unexpected(result.error()));
        forget(*result);
        done({});
      });
}

Result<Sessions::Caller> Sessions::by_session(std::string_view token, bool by_itself) {
  const std::string digest = secrets_.digest(token);
  const Instant now = platform_.now();
  Caller caller;
  bool touch = false;
  {
    std::shared_lock lock(mutex_);
    auto it = sessions_.find(digest);
    if (it == sessions_.end() || over(it->second, now))
      return fail(Code::unauthenticated, "there is no such session, or it is over; sign in again");
    caller.principal.person = it->second.person;
    // Each sign of life would make readers wait for each other; a coarse one is enough for an idle time of minutes.
    touch = !by_itself && now - it->second.last_seen >= seconds(10);
  }
  if (touch) {
    std::unique_lock lock(mutex_);
    if (auto it = sessions_.find(digest); it != sessions_.end())
      it->second.last_seen = std::max(it->second.last_seen, now);
  }
  caller.session = digest;
  return caller;
}

bool Sessions::stands(const Caller& caller) const {
  const Instant now = platform_.now();
  std::shared_lock lock(mutex_);
  if (!caller.token.empty()) {
    auto it = tokens_.find(caller.token);
    return it != tokens_.end() && !(it->second.expires_at && now >= *it->second.expires_at);
  }
  auto it = sessions_.find(caller.session);
  return it != sessions_.end() && !over(it->second, now);
}

// ---- passwords -----------------------------------------------------------------------------------------------

Status Sessions::put_password(Txn& txn, const std::string& person, const std::string& hash) {
  return txn.put_setting(credential_table, person, Value(Map{{"hash", hash}, {"changed_at", platform_.now()}}));
}

Status Sessions::end_sessions_of(Txn& txn, const std::string& person, const std::string& but, List& ended) {
  ANLAN_TRY(auto stored, txn.settings(session_table));
  for (const auto& [digest, v] : stored) {
    if (v["person"].as_string() != person || digest == but) continue;
    ANLAN_CHECK(txn.put_setting(session_table, digest, Value()));
    ended.emplace_back(digest);
  }
  return {};
}

void Sessions::change_password(const Caller& caller, std::string current, std::string next, Done<bool> done) {
  const std::string person = caller.principal.person;
  std::string login, stored;
  bool locked = false;
  auto status = platform_.read([&](Reader& reader, const World& world) -> Status {
    if (const auto* found = world.directory().person(person)) login = found->login;
    ANLAN_TRY(std::optional<Value> credential, reader.setting(credential_table, person));
    if (!credential) return {};
    stored = (*credential)["hash"].as_string();
    const auto until = locked_until(*credential, "");
    locked = until && platform_.now() < *until;
    return {};
  });
  if (!status) return done(std::unexpected(status.error()));
  if (auto taken = secrets_.check_new_password(next, login); !taken) return done(std::unexpected(taken.error()));
  secrets_.verify(
      std::move(current), stored.empty() || locked ? std::nullopt : std::optional(stored),
      [this, person, session = caller.session, stored, next = std::move(next),
       done = std::move(done)](Result<Secrets::Verdict> verdict) mutable {
        if (!verdict) return done(std::unexpected(verdict.error()));
        if (!verdict->match)
          return failed(person, "wrong", "", [done = std::move(done)](Result<Opened> result) mutable {
            done(std::unexpected(result.error()));
          });
        secrets_.hash(std::move(next), [this, person, session, stored,
                                        done = std::move(done)](Result<std::string> hash) mutable {
          if (!hash) return done(std::unexpected(hash.error()));
          platform_.write(
              [this, person, session, stored, fresh = *hash](Txn& txn, const World&) -> Result<Value> {
                ANLAN_TRY(std::optional<Value> credential, txn.setting(credential_table, person));
                if (!credential || (*credential)["hash"].as_string() != stored)
                  return fail(Code::conflict, "the password was changed meanwhile");
                ANLAN_CHECK(put_password(txn, person, fresh));
                List ended;
                ANLAN_CHECK(end_sessions_of(txn, person, session, ended));
                ANLAN_CHECK(note(txn, "credential.changed", platform_.now(), person, Map{{"person", person}}));
                return Value(std::move(ended));
              },
              [this, done = std::move(done)](Result<Value> result) mutable {
                if (!result) return done(std::unexpected(result.error()));
                forget(*result);
                done(true);
              });
        });
      });
}

void Sessions::invite(const Principal& principal, const std::string& person, Done<Link> done) {
  const std::string token = secrets_.token();
  const Instant expires = platform_.now() + options_.invitation;
  platform_.write(
      [this, principal, person, expires, digest = secrets_.digest(token)](Txn& txn,
                                                                          const World& world) -> Result<Value> {
        ANLAN_CHECK(platform_.permitted(principal, world, may_manage_people));
        if (!world.directory().is_enabled(person))
          return fail(Code::not_found, "there is no enabled person '" + person + "'", "id");
        ANLAN_TRY(auto stored, txn.settings(invitation_table));
        for (const auto& [key, v] : stored)
          if (v["person"].as_string() == person) ANLAN_CHECK(txn.put_setting(invitation_table, key, Value()));
        ANLAN_CHECK(txn.put_setting(
            invitation_table, digest,
            Value(Map{{"person", person}, {"created_by", principal.id()}, {"expires_at", expires}})));
        ANLAN_CHECK(note(txn, "invitation.created", platform_.now(), principal.id(),
                         Map{{"person", person}, {"expires_at", expires}}));
        return Value();
      },
      [token, expires, done = std::move(done)](Result<Value> result) mutable {
        if (!result) return done(std::unexpected(result.error()));
        done(Link{token, expires});
      });
}

void Sessions::store_and_open(
    std::string login, std::string password, std::string remote,
    std::move_only_function<Result<std::string>(Txn&, const World&, const std::string& hash)> prepare,
    Done<Opened> done) {
  if (auto taken = secrets_.check_new_password(password, login); !taken) return done(std::unexpected(taken.error()));
  secrets_.hash(std::move(password), [this, remote = std::move(remote), prepare = std::move(prepare),
                                      done = std::move(done)](Result<std::string> hash) mutable {
    if (!hash) return done(std::unexpected(hash.error()));
    const std::string token = secrets_.token(), digest = secrets_.digest(token);
    auto session = std::make_shared<Session>();
    platform_.write(
        [this, session, digest, remote = std::move(remote), prepare = std::move(prepare), fresh = *hash](
            Txn& txn, const World& world) mutable -> Result<Value> {
          ANLAN_TRY(std::string person, prepare(txn, world, fresh));
          ANLAN_CHECK(put_password(txn, person, fresh));
          List ended;
          ANLAN_CHECK(end_sessions_of(txn, person, {}, ended));
          ANLAN_CHECK(note(txn, "credential.changed", platform_.now(), person, Map{{"person", person}}));
          ANLAN_TRY(*session, open_in(txn, person, remote, digest));
          return Value(std::move(ended));
        },
        [this, session, token, digest, done = std::move(done)](Result<Value> result) mutable {
          if (!result) return done(std::unexpected(result.error()));
          forget(*result);
          {
            std::unique_lock lock(mutex_);
            sessions_.insert_or_assign(digest, *session);
          }
          ++signed_in_;
          done(Opened{token, session->person, session->expires_at});
        });
  });
}

void Sessions::accept(std::string token, std::string password, std::string remote, Done<Opened> done) {
  const std::string digest = secrets_.digest(token);
  std::string login;
  auto status = platform_.read([&](Reader& reader, const World& world) -> Status {
    ANLAN_TRY(std::optional<Value> stored, reader.setting(invitation_table, digest));
    if (!stored || platform_.now() >= (*stored)["expires_at"].as_instant()) return link_void();
    if (const auto* person = world.directory().person((*stored)["person"].as_string())) login = person->login;
    return {};
  });
  if (!status) return done(std::unexpected(status.error()));
  store_and_open(
      login, std::move(password), std::move(remote),
      [this, digest](Txn& txn, const World& world, const std::string&) -> Result<std::string> {
        ANLAN_TRY(std::optional<Value> stored, txn.setting(invitation_table, digest));
        if (!stored || platform_.now() >= (*stored)["expires_at"].as_instant()) return link_void();
        std::string person = (*stored)["person"].as_string();
        if (!world.directory().is_enabled(person)) return link_void();
        ANLAN_CHECK(txn.put_setting(invitation_table, digest, Value()));
        return person;
      },
      std::move(done));
}

Result<std::optional<std::string>> Sessions::first_start_token() {
  bool somebody = false;
  ANLAN_CHECK(platform_.read([&](Reader& reader, const World&) -> Status {
    ANLAN_TRY(auto stored, reader.settings(credential_table));
    somebody = !stored.empty();
    return {};
  }));
  if (somebody) return std::optional<std::string>();
  const std::string token = secrets_.token();
  auto written = platform_.write([this, digest = secrets_.digest(token)](Txn& txn, const World&) -> Result<Value> {
    ANLAN_CHECK(txn.put_setting(platform_table, first_start_key, Value(Map{{"digest", digest}})));
    return Value();
  });
  if (!written) return std::unexpected(written.error());
  return std::optional(token);
}

void Sessions::first_start(std::string token, std::string login, std::string name, std::string password,
                           std::string remote, Done<Opened> done) {
  if (!plain_name(login, "._@-", 64))
    return done(fail(Code::invalid, "login must be 1 to 64 letters, digits or . _ @ -", "login"));
  if (name.empty() || name.size() > 100) return done(fail(Code::invalid, "name must be 1 to 100 bytes", "name"));
  const std::string digest = secrets_.digest(token);
  // Asked before the costly hash, so that guessing costs us nothing; asked again in the unit.
  auto current = [digest](Reader& reader) -> Status {
    ANLAN_TRY(auto credentials, reader.settings(credential_table));
    if (!credentials.empty()) return link_void();
    ANLAN_TRY(std::optional<Value> stored, reader.setting(platform_table, first_start_key));
    if (!stored || (*stored)["digest"].as_string() != digest) return link_void();
    return {};
  };
  auto status = platform_.read([&](Reader& reader, const World&) { return current(reader); });
  if (!status) return done(std::unexpected(status.error()));
  store_and_open(
      login, std::move(password), std::move(remote),
      [this, login, name = std::move(name), current](Txn& txn, const World& world,
                                                     const std::string&) -> Result<std::string> {
        ANLAN_CHECK(current(txn));
        ANLAN_CHECK(txn.put_setting(platform_table, first_start_key, Value()));
        const auto posts = world.directory().posts_with(may_manage_people);
        if (posts.empty())
          return fail(Code::unavailable, "no post of the definitions carries the permission people.manage");
        const engine::Actor actor{"platform", true, false};
        RecordWrite person{"person", login, {}, {}, {}, "first start"};
        person.fields = Value(Map{{"login", login}, {"name", name}, {"internal", true}, {"enabled", true}});
        ANLAN_CHECK(write_record_as_platform(platform_, txn, actor, person));
        RecordWrite grant{"grant", login + "-" + posts.front(), {}, {}, {}, "first start"};
        grant.fields = Value(Map{{"person", login}, {"post", posts.front()}});
        ANLAN_CHECK(write_record_as_platform(platform_, txn, actor, grant));
        return login;
      },
      std::move(done));
}

// ---- machines ------------------------------------------------------------------------------------------------

Result<Sessions::Caller> Sessions::by_token(std::string_view text) {
  const std::string digest = secrets_.digest(text);
  std::shared_lock lock(mutex_);
  auto it = tokens_.find(digest);
  if (it == tokens_.end() || (it->second.expires_at && platform_.now() >= *it->second.expires_at))
    return fail(Code::unauthenticated, "there is no such token, or it is over");
  Caller caller;
  caller.principal.machine = it->second.name;
  caller.principal.scopes = it->second.scopes;
  caller.token = digest;
  return caller;
}

void Sessions::create_token(const Principal& principal, TokenRequest request, Done<Value> done) {
  if (!plain_name(request.name, "-._", 64))
    return done(fail(Code::invalid, "name must be 1 to 64 letters, digits or - . _", "name"));
  if (request.scopes.empty()) return done(fail(Code::invalid, "give at least one scope", "scopes"));
  for (const auto& scope : request.scopes)
    if (!known_scopes().contains(scope))
      return done(fail(Code::invalid, "there is no scope '" + scope + "'", "scopes"));
  if (request.expires_at && *request.expires_at <= platform_.now())
    return done(fail(Code::invalid, "the token would be over already", "expires_at"));
  const std::string text = secrets_.token(), digest = secrets_.digest(text);
  auto token = std::make_shared<Token>(Token{secrets_.token().substr(0, 16), request.name, principal.id(),
                                             std::move(request.scopes), platform_.now(), request.expires_at});
  platform_.write(
      [this, principal, token, digest](Txn& txn, const World& world) -> Result<Value> {
        ANLAN_CHECK(platform_.permitted(principal, world, may_set_platform));
        ANLAN_TRY(auto stored, txn.settings(token_table));
        for (const auto& [key, v] : stored)
          if (v["name"].as_string() == token->name)
            return fail(Code::conflict, "a token of this name stands; revoke it first", "name");
        ANLAN_CHECK(txn.put_setting(token_table, digest, token->to_value()));
        ANLAN_CHECK(note(txn, "token.created", platform_.now(), principal.id(), token->to_value().as_map()));
        return Value();
      },
      [this, token, text, digest, done = std::move(done)](Result<Value> result) mutable {
        if (!result) return done(std::unexpected(result.error()));
        {
          std::unique_lock lock(mutex_);
          tokens_.insert_or_assign(digest, *token);
        }
        done(token->to_value().with("token", text));
      });
}

Result<Value> Sessions::list_tokens(const World& world, const Principal& principal) const {
  ANLAN_CHECK(platform_.permitted(principal, world, may_set_platform));
  List items;
  std::shared_lock lock(mutex_);
  for (const auto& [digest, token] : tokens_) items.push_back(token.to_value());
  std::sort(items.begin(), items.end(), [](const Value& a, const Value& b) { return a["name"] < b["name"]; });
  return Value(std::move(items));
}

void Sessions::revoke_token(const Principal& principal, const std::string& id, Done<bool> done) {
  platform_.write(
      [this, principal, id](Txn& txn, const World& world) -> Result<Value> {
        ANLAN_CHECK(platform_.permitted(principal, world, may_set_platform));
        ANLAN_TRY(auto stored, txn.settings(token_table));
        for (const auto& [digest, v] : stored) {
          if (v["id"].as_string() != id) continue;
          ANLAN_CHECK(txn.put_setting(token_table, digest, Value()));
          ANLAN_CHECK(
              note(txn, "token.revoked", platform_.now(), principal.id(), Map{{"id", id}, {"name", v["name"]}}));
          return Value(digest);
        }
        return fail(Code::not_found, "there is no token '" + id + "'");
      },
      [this, done = std::move(done)](Result<Value> result) mutable {
        if (!result) return done(std::unexpected(result.error()));
        {
          std::unique_lock lock(mutex_);
          tokens_.erase(result->as_string());
        }
        done(true);
      });
}

Status Sessions::put_token(Txn& txn, const std::string& text, const TokenRequest& request) {
  const std::string digest = secrets_.digest(text);
  Token token{digest.substr(0, 16), request.name, "platform", request.scopes, platform_.now(), request.expires_at};
  return txn.put_setting(token_table, digest, token.to_value());
}

// ---- preferences and housekeeping ----------------------------------------------------------------------------

Result<std::string> Sessions::language(Reader& reader, const std::string& person) const {
  ANLAN_TRY(std::optional<Value> stored, reader.setting(preference_table, person));
  return stored && (*stored)["language"].as_string() == "en" ? std::string("en") : std::string("zh");
}

Status Sessions::set_language(Txn& txn, const std::string& person, const std::string& language) {
  if (language != "zh" && language != "en") return fail(Code::invalid, "language must be zh or en", "language");
  ANLAN_TRY(std::optional<Value> stored, txn.setting(preference_table, person));
  return txn.put_setting(preference_table, person, stored.value_or(Value(Map{})).with("language", language));
}

Status Sessions::housekeep() {
  const Instant now = platform_.now();
  ANLAN_CHECK(platform_.read([&](Reader&, const World& world) -> Status {
    const Value& idle = world.parameters()[idle_parameter];
    idle_ms_ = idle.is(Value::Kind::duration) ? idle.as_duration().ms : options_.idle.ms;
    return {};
  }));
  std::vector<std::pair<std::string, Session>> seen;
  List ended;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [digest, session] : sessions_) {
      if (over(session, now)) ended.emplace_back(digest);
      else if (session.last_seen - session.stored_seen >= options_.seen_every) seen.emplace_back(digest, session);
    }
  }
  auto written = platform_.write([&](Txn& txn, const World&) -> Result<Value> {
    for (const Value& digest : ended) ANLAN_CHECK(txn.put_setting(session_table, digest.as_string(), Value()));
    for (const auto& [digest, session] : seen) {
      // One that was signed out since must not come back.
      ANLAN_TRY(std::optional<Value> stored, txn.setting(session_table, digest));
      if (stored) ANLAN_CHECK(txn.put_setting(session_table, digest, to_value(session)));
    }
    ANLAN_TRY(auto invitations, txn.settings(invitation_table));
    for (const auto& [digest, v] : invitations)
      if (now >= v["expires_at"].as_instant()) ANLAN_CHECK(txn.put_setting(invitation_table, digest, Value()));
    return Value();
  });
  if (!written) return std::unexpected(written.error());
  forget(Value(std::move(ended)));
  std::unique_lock lock(mutex_);
  for (const auto& [digest, session] : seen)
    if (auto it = sessions_.find(digest); it != sessions_.end()) it->second.stored_seen = session.last_seen;
  return {};
}

Value Sessions::condition() const {
  std::shared_lock lock(mutex_);
  return Value(Map{{"sessions", static_cast<std::int64_t>(sessions_.size())},
                   {"tokens", static_cast<std::int64_t>(tokens_.size())},
                   {"sign_ins", signed_in_.load()},
                   {"refused", refused_.load()}});
}

}  // namespace anlan::app
