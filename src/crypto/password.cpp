#include "crypto/password.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <future>

#include "base/text.h"
#include "crypto/crypto.h"

namespace anlan::crypto {
namespace {

constexpr std::size_t longest_password_bytes = 1024;

// Passwords of twelve and more characters that stand high in published lists of leaked ones, in lower case. Shorter
// ones are refused by their length; runs and repetitions by rule.
constexpr std::array common{
    std::string_view{"password1234"}, std::string_view{"password12345"}, std::string_view{"password123456"},
    std::string_view{"p@ssw0rd1234"}, std::string_view{"passw0rd1234"}, std::string_view{"p@ssword1234"},
    std::string_view{"p@ssw0rd123456"}, std::string_view{"mypassword123"}, std::string_view{"thisisapassword"},
    std::string_view{"secretpassword"}, std::string_view{"administrator"}, std::string_view{"administrator1"},
    std::string_view{"administrator123"}, std::string_view{"admin1234567"}, std::string_view{"admin12345678"},
    std::string_view{"admin123456789"}, std::string_view{"admin@123456"}, std::string_view{"admin@12345678"},
    std::string_view{"root12345678"}, std::string_view{"test12345678"}, std::string_view{"user12345678"},
    std::string_view{"changeme1234"}, std::string_view{"letmein12345"}, std::string_view{"welcome12345"},
    std::string_view{"welcome123456"}, std::string_view{"iloveyou1234"}, std::string_view{"iloveyou123456"},
    std::string_view{"sunshine1234"}, std::string_view{"princess1234"}, std::string_view{"football1234"},
    std::string_view{"baseball1234"}, std::string_view{"superman1234"}, std::string_view{"monkey123456"},
    std::string_view{"dragon123456"}, std::string_view{"michael12345"}, std::string_view{"master123456"},
    std::string_view{"shadow123456"}, std::string_view{"qwerty123456"}, std::string_view{"qwerty1234567"},
    std::string_view{"qwerty12345678"}, std::string_view{"qwertyuiop12"}, std::string_view{"qwertyuiop123"},
    std::string_view{"qwertyuiop[]"}, std::string_view{"qwertyuiopasdfghjkl"}, std::string_view{"qwertyuiopasdf"},
    std::string_view{"qwertyuiopasdfghjklzxcvbnm"}, std::string_view{"asdfghjkl123"}, std::string_view{"asdfghjkl;'"},
    std::string_view{"asdfghjklzxcvbnm"}, std::string_view{"zxcvbnm12345"}, std::string_view{"zxcvbnm123456"},
    std::string_view{"1q2w3e4r5t6y"}, std::string_view{"1q2w3e4r5t6y7u8i"}, std::string_view{"q1w2e3r4t5y6"},
    std::string_view{"1qaz2wsx3edc"}, std::string_view{"1qaz2wsx3edc4rfv"}, std::string_view{"!qaz2wsx3edc"},
    std::string_view{"!qaz@wsx#edc"}, std::string_view{"1qaz@wsx3edc"}, std::string_view{"zaq12wsxcde3"},
    std::string_view{"zaq1xsw2cde3"}, std::string_view{"qazwsxedcrfv"}, std::string_view{"qazwsxedc123"},
    std::string_view{"qazwsx123456"}, std::string_view{"1qazxsw23edc"}, std::string_view{"qwer1234asdf"},
    std::string_view{"1234qwerasdf"}, std::string_view{"1234qwerasdfzxcv"}, std::string_view{"qwerasdfzxcv"},
    std::string_view{"qweasdzxc123"}, std::string_view{"123qweasdzxc"}, std::string_view{"asd123456789"},
    std::string_view{"zxc123456789"}, std::string_view{"qwe123456789"}, std::string_view{"abc123456789"},
    std::string_view{"abcd12345678"}, std::string_view{"abcd123456789"}, std::string_view{"abc@12345678"},
    std::string_view{"aa1234567890"}, std::string_view{"aa123456789."}, std::string_view{"a1234567890."},
    std::string_view{"a12345678900"}, std::string_view{"aa12345678910"}, std::string_view{"qq1234567890"},
    std::string_view{"a1b2c3d4e5f6"}, std::string_view{"112233445566"}, std::string_view{"11223344556677"},
    std::string_view{"123123456456"}, std::string_view{"111222333444"}, std::string_view{"147258369147"},
    std::string_view{"147258369000"}, std::string_view{"147852369147"}, std::string_view{"159357258456"},
    std::string_view{"123456789abc"}, std::string_view{"123456789qwe"}, std::string_view{"1234567890qwertyuiop"},
    std::string_view{"1234567890-="}, std::string_view{"123456abcdef"}, std::string_view{"123456qwerty"},
    std::string_view{"woaini123456"}, std::string_view{"woaini1314520"}, std::string_view{"woaini5201314"},
    std::string_view{"woaiwojia123"}, std::string_view{"wodemima1234"}, std::string_view{"5201314woaini"},
    std::string_view{"huawei123456"}, std::string_view{"huawei@123456"}, std::string_view{"zhongguo1234"},
    std::string_view{"trustno1trustno1"}, std::string_view{"correcthorsebatterystaple"},
    std::string_view{"whatever1234"}, std::string_view{"computer1234"}, std::string_view{"internet1234"}};

std::string lower_ascii(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Characters of valid UTF-8.
std::size_t characters(std::string_view s) {
  return static_cast<std::size_t>(
      std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// abcdef..., 987654...; digits may pass from 9 to 0 and back.
bool is_run(std::string_view s) {
  for (const int step : {1, -1}) {
    bool all = s.size() > 1;
    for (std::size_t i = 1; i < s.size() && all; ++i) {
      const char a = step > 0 ? s[i - 1] : s[i], b = step > 0 ? s[i] : s[i - 1];
      all = b == a + 1 || (a == '9' && b == '0');
    }
    if (all) return true;
  }
  return false;
}

// One block of at most 8 bytes over and over, the last time perhaps cut short: aaaaaaaaaaaa, abc1abc1abc1.
bool is_repetition(std::string_view s) {
  for (std::size_t period = 1; period <= 8 && period * 2 <= s.size(); ++period) {
    if (s.substr(period) == s.substr(0, s.size() - period)) return true;
  }
  return false;
}

bool has_control(std::string_view s) {
  return std::any_of(s.begin(), s.end(), [](char c) {
    const auto b = static_cast<unsigned char>(c);
    return b < 0x20 || b == 0x7F;
  });
}

Refusal no(std::string code, std::string zh, std::string en) {
  return Refusal{{}, std::move(code), {std::move(zh), std::move(en)}, "password", {}, {}};
}

std::unexpected<Error> invalid(std::vector<Refusal> reasons) {
  auto refused = refuse(std::move(reasons), Code::invalid);
  refused.error().field = "password";
  return refused;
}

// The costs written in a stored form: "$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$...".
struct Costs {
  std::uint64_t memory_kib = 0, passes = 0, lanes = 0;
};
std::optional<Costs> read_costs(std::string_view form) {
  if (form.size() >= crypto_pwhash_STRBYTES || form.find('\0') != std::string_view::npos) return std::nullopt;
  Costs costs;
  const auto expect = [&form](std::string_view prefix) {
    if (!form.starts_with(prefix)) return false;
    form.remove_prefix(prefix.size());
    return true;
  };
  const auto number = [&form](std::uint64_t& out) {
    const auto [end, error] = std::from_chars(form.data(), form.data() + form.size(), out);
    if (error != std::errc{}) return false;
    form.remove_prefix(static_cast<std::size_t>(end - form.data()));
    return true;
  };
  if (!expect("$argon2id$v=19$m=") || !number(costs.memory_kib) || !expect(",t=") || !number(costs.passes) ||
      !expect(",p=") || !number(costs.lanes) || !expect("$")) {
    return std::nullopt;
  }
  return costs;
}

std::string base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
  text.pop_back();  // the terminating zero that the length counts
  return text;
}

PasswordHasher::Options bounded(PasswordHasher::Options o) {
  o.threads = std::clamp(o.threads, 1, 64);
  o.passes = std::clamp<std::uint64_t>(o.passes, crypto_pwhash_argon2id_OPSLIMIT_MIN, 1000);
  o.memory_bytes = std::max<std::size_t>(o.memory_bytes, crypto_pwhash_argon2id_MEMLIMIT_MIN);
  return o;
}

}  // namespace

Status check_new_password(std::string_view password, std::string_view login) {
  std::vector<Refusal> reasons;
  if (!valid_utf8(password) || has_control(password)) {
    reasons.push_back(no("password_characters", "密码含有无法识别的字符或控制字符",
                         "The password has malformed or control characters"));
    return invalid(std::move(reasons));
  }
  const std::size_t length = characters(password);
  if (length < 12) {
    reasons.push_back(no("password_short", "密码至少12个字符", "The password needs at least 12 characters"));
  }
  if (length > 128) {
    reasons.push_back(no("password_long", "密码最多128个字符", "The password may have at most 128 characters"));
  }
  const std::string folded = lower_ascii(password);
  if (!login.empty() && folded == lower_ascii(login)) {
    reasons.push_back(no("password_is_login", "密码不得与登录名相同", "The password must not be the login"));
  }
  if (std::find(common.begin(), common.end(), folded) != common.end() || is_run(folded) || is_repetition(folded)) {
    reasons.push_back(no("password_common", "该密码过于常见或有规律，容易被猜中",
                         "This password is too common or too regular: it is among the first to be guessed"));
  }
  if (reasons.empty()) return {};
  return invalid(std::move(reasons));
}

void PasswordHasher::Job::answer(Error error) {
  if (is_hash) {
    hashed(std::unexpected(std::move(error)));
  } else {
    verified(std::unexpected(std::move(error)));
  }
}

PasswordHasher::PasswordHasher(Options options)
    : options_(bounded(options)),
      dummy_(fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", options_.memory_bytes / 1024, options_.passes,
                         base64(random_bytes(crypto_pwhash_SALTBYTES)), base64(random_bytes(32)))) {
  threads_.reserve(static_cast<std::size_t>(options_.threads));
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

PasswordHasher::~PasswordHasher() {
  std::deque<Job> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(queue_);
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  for (Job& job : left) {
    wipe(job.password);
    job.answer({Code::unavailable, "the password pool is stopping"});
  }
}

void PasswordHasher::hash(std::string password, Done<std::string> done) {
  Job job;
  job.password = std::move(password);
  job.hashed = std::move(done);
  submit(std::move(job));
}

void PasswordHasher::verify(std::string password, std::optional<std::string> stored, Done<Verdict> done) {
  Job job;
  job.is_hash = false;
  job.password = std::move(password);
  job.known = stored.has_value();
  if (stored) job.stored = std::move(*stored);
  job.verified = std::move(done);
  submit(std::move(job));
}

Result<std::string> PasswordHasher::hash_and_wait(std::string password) {
  std::promise<Result<std::string>> promise;
  auto future = promise.get_future();
  hash(std::move(password), [&promise](Result<std::string> result) { promise.set_value(std::move(result)); });
  return future.get();
}

std::size_t PasswordHasher::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void PasswordHasher::submit(Job job) {
  Error error;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      error = {Code::unavailable, "the password pool is stopping"};
    } else if (queue_.size() >= options_.queue) {
      error = {Code::limit, "too many sign-ins at once"};
    } else {
      queue_.push_back(std::move(job));
      wake_.notify_one();
      return;
    }
  }
  wipe(job.password);
  job.answer(std::move(error));
}

void PasswordHasher::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work(job);
    lock.lock();
  }
}

void PasswordHasher::work(Job& job) const {
  if (job.is_hash) {
    auto result = make_hash(job.password);
    wipe(job.password);
    job.hashed(std::move(result));
  } else {
    auto result = compare(job.password, job.stored, job.known);
    wipe(job.password);
    job.verified(std::move(result));
  }
}

Result<std::string> PasswordHasher::make_hash(const std::string& password) const {
  if (password.size() > longest_password_bytes) return fail(Code::invalid, "the password is too long", "password");
  std::string form(crypto_pwhash_STRBYTES, '\0');
  if (crypto_pwhash_str_alg(form.data(), password.data(), password.size(), options_.passes, options_.memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(Code::unavailable, "no memory to hash a password");
  }
  form.resize(form.find('\0'));
  return form;
}

Result<PasswordHasher::Verdict> PasswordHasher::compare(const std::string& password, const std::string& stored,
                                                        bool known) const {
  if (!known || password.size() > longest_password_bytes) {
    // The work is done for its time alone. Nobody may learn from the clock which logins exist.
    const auto size = std::min(password.size(), longest_password_bytes);
    [[maybe_unused]] const int never = crypto_pwhash_str_verify(dummy_.c_str(), password.data(), size);
    return Verdict{};
  }
  const auto costs = read_costs(stored);
  if (!costs) return fail(Code::internal, "a stored password is not in a known form");
  // The stored form says what it costs: without this bound a damaged or imported one would break the pool's.
  if (costs->memory_kib > options_.memory_bytes / 1024 || costs->passes > options_.passes * 4) {
    return fail(Code::internal, "a stored password costs more than the pool grants");
  }
  Verdict verdict;
  errno = 0;
  verdict.match = crypto_pwhash_str_verify(stored.c_str(), password.data(), password.size()) == 0;
  // A mismatch is EINVAL. Anything else is no answer, and must not count as a wrong password.
  if (!verdict.match && errno == ENOMEM) return fail(Code::unavailable, "no memory to verify a password");
  if (!verdict.match && errno != EINVAL) return fail(Code::internal, "a stored password is damaged");
  verdict.needs_rehash =
      verdict.match && crypto_pwhash_str_needs_rehash(stored.c_str(), options_.passes, options_.memory_bytes) != 0;
  return verdict;
}

}  // namespace anlan::crypto
