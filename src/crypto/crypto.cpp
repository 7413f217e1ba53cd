#include "crypto/crypto.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <cstdlib>

namespace anlan::crypto {
namespace {

bool started() {
  static const bool ok = sodium_init() >= 0;
  return ok;
}

void require_started() {
  if (!started()) std::abort();
}

const unsigned char* raw(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
unsigned char* raw(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }

}  // namespace

Status initialise() {
  if (!started()) return fail(Code::internal, "the cryptographic library does not start: no entropy or a broken build");
  return {};
}

std::string random_bytes(std::size_t size) {
  require_started();
  std::string bytes(size, '\0');
  if (size > 0) randombytes_buf(bytes.data(), size);
  return bytes;
}

std::string random_token(std::size_t size) { return to_hex(random_bytes(size)); }

std::string to_hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    hex.push_back(digits[b >> 4]);
    hex.push_back(digits[b & 15]);
  }
  return hex;
}

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  // OpenSSL uses the processor's SHA instructions, libsodium does not: the log digests every event.
  static const EVP_MD* const algorithm = EVP_sha256();
  unsigned int length = 0;
  const int ok = EVP_Digest(bytes.data(), bytes.size(), raw(digest), &length, algorithm, nullptr);
  if (ok != 1 || length != digest.size()) std::abort();
  return digest;
}

std::string sha256_hex(std::string_view bytes) { return to_hex(sha256(bytes)); }

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};
Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) std::abort();
}
Sha256::~Sha256() = default;
void Sha256::add(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) std::abort();
}
std::string Sha256::finish() {
  std::string digest(32, '\0');
  unsigned int length = 0;
  if (EVP_DigestFinal_ex(state_->context, raw(digest), &length) != 1 || length != digest.size()) std::abort();
  return digest;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  require_started();
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, raw(key), key.size());
  crypto_auth_hmacsha256_update(&state, raw(bytes), bytes.size());
  std::string tag(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_final(&state, raw(tag));
  sodium_memzero(&state, sizeof state);
  return to_hex(tag);
}

std::string token_digest(std::string_view secret, std::string_view token) {
  // The prefix keeps this use of the secret apart from every other.
  std::string message = "anlan-token:";
  message.append(token);
  std::string digest = hmac_sha256_hex(secret, message);
  wipe(message);
  return digest;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  require_started();
  return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

void wipe(std::string& secret) {
  if (!secret.empty()) sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace anlan::crypto
