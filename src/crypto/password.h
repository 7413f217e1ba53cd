// Passwords: which ones are taken, and the pool that hashes them.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"

namespace anlan::crypto {

// Whether a new password may be taken: 12 to 128 characters of UTF-8 without control characters; not the login; not
// one of the passwords that are tried first (a list, runs like 123456789012, one short block repeated). No rule asks
// for kinds of characters. ASCII letters compare without case. Otherwise Code::invalid for field "password" with one
// refusal for each reason.
Status check_new_password(std::string_view password, std::string_view login);

// Hashes and verifies passwords with argon2id on a bounded pool of its own threads, so that sign-ins take at most
// threads × memory_bytes, whatever comes in, and never hold up a thread that serves requests.
//
// `Done` is called exactly once for each call: on a thread of the pool, or on the calling thread, before the call
// returns, when the work cannot be queued (Code::limit: too many wait; Code::unavailable: stopping). It must not
// throw, must be short, and must not destroy the pool. Thread-safe.
class PasswordHasher {
 public:
  struct Options {
    int threads = 1;                          // at least 1
    std::size_t queue = 64;                   // sign-ins that may wait, beside those being worked on
    std::uint64_t passes = 2;                 // argon2id cost in time, at least 1
    std::size_t memory_bytes = 64ull << 20;   // argon2id cost in memory, at least 8 KiB
  };
  struct Verdict {
    bool match = false;
    bool needs_rehash = false;  // it matches, but was stored with other costs: hash again and store
  };
  template <class T>
  using Done = std::move_only_function<void(Result<T>)>;

  explicit PasswordHasher(Options);
  PasswordHasher() : PasswordHasher(Options{}) {}
  // Ends the work in hand, answers what waits with Code::unavailable.
  ~PasswordHasher();
  PasswordHasher(const PasswordHasher&) = delete;
  PasswordHasher& operator=(const PasswordHasher&) = delete;

  // The form to store: "$argon2id$v=19$m=65536,t=2,p=1$salt$hash", at most 127 characters of ASCII.
  // Code::invalid for a password of more than 1 KiB, Code::unavailable when the memory is not to be had.
  void hash(std::string password, Done<std::string> done);

  // Compares with a stored form. nullopt stands for an unknown login: it takes as long as a known one and never
  // matches; a password of more than 1 KiB likewise. Code::internal when `stored` is no argon2id form, or one that
  // costs more than four times the passes or any more memory than this pool grants.
  void verify(std::string password, std::optional<std::string> stored, Done<Verdict> done);

  // The same as hash(), waiting; for the command line and for setting up. Never to be called from a `Done`.
  Result<std::string> hash_and_wait(std::string password);

  std::size_t waiting() const;  // for metrics

 private:
  struct Job {
    bool is_hash = true;
    std::string password;
    std::string stored;
    bool known = true;
    Done<std::string> hashed;
    Done<Verdict> verified;
    void answer(Error);
  };

  void submit(Job);
  void run();
  void work(Job&) const;
  Result<std::string> make_hash(const std::string& password) const;
  Result<Verdict> compare(const std::string& password, const std::string& stored, bool known) const;

  const Options options_;
  const std::string dummy_;  // a well-formed form with our costs that no password matches
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace anlan::crypto
