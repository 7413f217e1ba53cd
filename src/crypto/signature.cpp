#include "crypto/signature.h"

#include <sodium.h>

#include "crypto/crypto.h"

namespace anlan::crypto {
namespace {

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

Result<SigningKey> signing_key(std::string_view seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) return fail(Code::invalid, "a signing key has 32 bytes");
  SigningKey key{std::string(seed), std::string(crypto_sign_PUBLICKEYBYTES, '\0')};
  std::string secret(crypto_sign_SECRETKEYBYTES, '\0');
  crypto_sign_seed_keypair(bytes(key.public_), bytes(secret), bytes(seed));
  wipe(secret);
  return key;
}

SigningKey make_signing_key() { return *signing_key(random_bytes(crypto_sign_SEEDBYTES)); }

std::string sign(const SigningKey& key, std::string_view message) {
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0'), secret(crypto_sign_SECRETKEYBYTES, '\0'),
      signature(crypto_sign_BYTES, '\0');
  crypto_sign_seed_keypair(bytes(public_key), bytes(secret), bytes(key.seed));
  crypto_sign_detached(bytes(signature), nullptr, bytes(message), message.size(), bytes(secret));
  wipe(secret);
  return signature;
}

bool signed_by(std::string_view public_key, std::string_view message, std::string_view signature) {
  return public_key.size() == crypto_sign_PUBLICKEYBYTES && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(bytes(signature), bytes(message), message.size(), bytes(public_key)) == 0;
}

Result<std::string> from_hex(std::string_view digits) {
  std::string out(digits.size() / 2, '\0');
  std::size_t written = 0;
  if (digits.size() % 2 != 0 || sodium_hex2bin(bytes(out), out.size(), digits.data(), digits.size(), nullptr, &written,
                                               nullptr) != 0 || written != out.size())
    return fail(Code::invalid, "these are not hexadecimal digits of whole bytes");
  return out;
}

}  // namespace anlan::crypto
