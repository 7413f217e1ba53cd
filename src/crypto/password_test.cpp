#include "crypto/password.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <future>
#include <thread>

namespace anlan::crypto {
namespace {

using Verdict = PasswordHasher::Verdict;

PasswordHasher::Options cheap() { return {.threads = 1, .queue = 64, .passes = 1, .memory_bytes = 64 * 1024}; }

Result<Verdict> verify(PasswordHasher& pool, std::string password, std::optional<std::string> stored) {
  std::promise<Result<Verdict>> promise;
  pool.verify(std::move(password), std::move(stored), [&](Result<Verdict> v) { promise.set_value(std::move(v)); });
  return promise.get_future().get();
}

TEST(PasswordHasher, HashesAndVerifies) {
  PasswordHasher pool(cheap());
  const auto stored = pool.hash_and_wait("安澜 says: calm waters");
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << *stored;
  EXPECT_NE(*stored, *pool.hash_and_wait("安澜 says: calm waters"));

  const auto right = verify(pool, "安澜 says: calm waters", *stored);
  ASSERT_TRUE(right);
  EXPECT_TRUE(right->match);
  EXPECT_FALSE(right->needs_rehash);
  EXPECT_FALSE(verify(pool, "安澜 says: calm Waters", *stored)->match);
  EXPECT_FALSE(verify(pool, "", *stored)->match);
  EXPECT_FALSE(verify(pool, std::string("安澜 says: calm waters\0", 23), *stored)->match);
}

TEST(PasswordHasher, DefaultsAreTwoPassesOver64MiB) {
  PasswordHasher pool;
  const auto stored = pool.hash_and_wait("calm waters");
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << *stored;
  EXPECT_TRUE(verify(pool, "calm waters", *stored)->match);
}

TEST(PasswordHasher, AsksForRehashWhenCostsChanged) {
  PasswordHasher weak(cheap());
  const auto stored = weak.hash_and_wait("calm waters");
  auto options = cheap();
  options.memory_bytes *= 2;
  PasswordHasher strong(options);
  const auto verdict = verify(strong, "calm waters", *stored);
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->match);
  EXPECT_TRUE(verdict->needs_rehash);
  EXPECT_FALSE(verify(strong, "wrong", *stored)->needs_rehash);
}

TEST(PasswordHasher, UnknownLoginNeverMatchesAndTakesAsLong) {
  auto options = cheap();
  options.memory_bytes = 16 << 20;
  PasswordHasher pool(options);
  const auto stored = pool.hash_and_wait("calm waters");
  const auto time = [&](std::optional<std::string> form) {
    // The processor time of this process: a busy machine does not change it as it changes the time on the wall.
    const auto start = std::clock();
    for (int i = 0; i < 7; ++i) EXPECT_FALSE(verify(pool, "wrong", form)->match);
    return static_cast<double>(std::clock() - start);
  };
  const double known = time(*stored), unknown = time(std::nullopt);
  EXPECT_LT(unknown, known * 2);
  EXPECT_GT(unknown, known / 2);
}

TEST(PasswordHasher, RefusesFormsBeyondItsBounds) {
  PasswordHasher pool(cheap());
  for (const char* form :
       {"", "secret", "$2b$10$abc", "$argon2id$v=19$m=64,t=1,p=1", "$argon2id$v=19$m=,t=1,p=1$a$b",
        "$argon2id$v=19$m=64,t=1,p=1$!!$!!",
        "$argon2id$v=19$m=1048576,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=99,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    const auto verdict = verify(pool, "calm waters", form);
    ASSERT_FALSE(verdict) << form;
    EXPECT_EQ(verdict.error().code, Code::internal);
  }
}

TEST(PasswordHasher, LongPasswordsNeitherHashNorMatch) {
  PasswordHasher pool(cheap());
  const auto stored = pool.hash_and_wait(std::string(1024, 'x'));
  ASSERT_TRUE(stored);
  EXPECT_TRUE(verify(pool, std::string(1024, 'x'), *stored)->match);
  EXPECT_FALSE(verify(pool, std::string(1025, 'x'), *stored)->match);
  EXPECT_EQ(pool.hash_and_wait(std::string(1025, 'x')).error().code, Code::invalid);
}

TEST(PasswordHasher, FullQueueAnswersAtOnceAndStoppingAnswersTheRest) {
  std::promise<void> inside, go;
  std::atomic<int> hashed = 0, limited = 0, stopped = 0;
  const auto count = [&](Result<std::string> r) {
    if (r) {
      ++hashed;
    } else if (r.error().code == Code::limit) {
      EXPECT_EQ(r.error().message, "too many sign-ins at once");
      ++limited;
    } else {
      EXPECT_EQ(r.error().code, Code::unavailable);
      ++stopped;
    }
  };
  std::thread opener;
  {
    auto options = cheap();
    options.queue = 3;
    PasswordHasher pool(options);
    pool.hash("calm waters", [&](Result<std::string> r) {
      inside.set_value();
      go.get_future().wait();
      count(std::move(r));
    });
    inside.get_future().wait();  // the only thread is busy now
    for (int i = 0; i < 5; ++i) pool.hash("calm waters", count);
    EXPECT_EQ(limited, 2);
    EXPECT_EQ(pool.waiting(), 3u);
    opener = std::thread([&] {
      // The destructor has taken the queue once nothing waits; only then may the busy thread go on.
      while (pool.waiting() != 0) std::this_thread::yield();
      go.set_value();
    });
  }
  opener.join();
  EXPECT_EQ(hashed, 1);
  EXPECT_EQ(stopped, 3);
}

std::vector<std::string> reasons(std::string_view password, std::string_view login = "duty") {
  const auto status = check_new_password(password, login);
  std::vector<std::string> codes;
  if (!status) {
    EXPECT_EQ(status.error().code, Code::invalid);
    EXPECT_EQ(status.error().field, "password");
    for (const Refusal& r : status.error().refusals) {
      EXPECT_FALSE(r.text.zh.empty() || r.text.en.empty());
      EXPECT_EQ(r.field, "password");
      codes.push_back(r.code);
    }
  }
  return codes;
}

TEST(PasswordPolicy, LengthCountsCharactersNotBytes) {
  using Codes = std::vector<std::string>;
  EXPECT_EQ(reasons("kvz81 mopelt"), Codes{});
  EXPECT_EQ(reasons("kvz81 mopel"), Codes{"password_short"});
  EXPECT_EQ(reasons("海纳百川有容乃大壁立千仞"), Codes{});
  EXPECT_EQ(reasons("海纳百川"), Codes{"password_short"});
  std::string longest = "start of it ";
  while (longest.size() < 128) longest += static_cast<char>('a' + longest.size() * longest.size() % 23);
  EXPECT_EQ(reasons(longest), Codes{});
  EXPECT_EQ(reasons(longest + "q"), Codes{"password_long"});
}

TEST(PasswordPolicy, CharactersLoginAndCommonOnes) {
  using Codes = std::vector<std::string>;
  EXPECT_EQ(reasons("broken \xff\xfe utf-8 text"), Codes{"password_characters"});
  EXPECT_EQ(reasons("line\nbreak in it"), Codes{"password_characters"});
  EXPECT_EQ(reasons("Zhang.Xiaoming", "zhang.xiaoming"), Codes{"password_is_login"});
  EXPECT_EQ(reasons("zhang.xiaoming", ""), Codes{});
  EXPECT_EQ(reasons("Administrator"), Codes{"password_common"});
  EXPECT_EQ(reasons("123456789012"), Codes{"password_common"});
  EXPECT_EQ(reasons("210987654321"), Codes{"password_common"});
  EXPECT_EQ(reasons("abcdefghijklm"), Codes{"password_common"});
  EXPECT_EQ(reasons("aaaaaaaaaaaaaa"), Codes{"password_common"});
  EXPECT_EQ(reasons("PasswordPassword"), Codes{"password_common"});
  EXPECT_EQ(reasons("anlananlananl"), Codes{"password_common"});
  EXPECT_EQ(reasons("duty", "duty"), (Codes{"password_short", "password_is_login"}));
  EXPECT_EQ(reasons(""), Codes{"password_short"});
}

}  // namespace
}  // namespace anlan::crypto
