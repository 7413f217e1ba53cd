// Random tokens, digests and constant-time comparison. Everything here is thread-safe and keeps no state but the
// one-time start of the cryptographic library, which the first call does by itself.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace anlan::crypto {

// Starts the cryptographic library. The server calls it first, to report a machine without entropy or an unusable
// library in words (Code::internal); every function below would end the program in that case, since no answer it could
// give would be safe. Idempotent.
Status initialise();

// `size` unpredictable bytes.
std::string random_bytes(std::size_t size);

// `size` unpredictable bytes as 2 × size lower-case hexadecimal digits; 32 for sessions and API tokens.
std::string random_token(std::size_t size = 32);

// Lower-case hexadecimal digits of arbitrary bytes.
std::string to_hex(std::string_view bytes);

// SHA-256 (FIPS 180-4): 32 raw bytes, and the same as 64 hexadecimal digits.
std::string sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

// The same over what comes piece by piece. finish() gives the 32 raw bytes and may be called once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// HMAC-SHA-256 (RFC 2104) as 64 hexadecimal digits. A key of any length is lawful, the empty one too.
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

// What is stored of a session or API token. Keyed with the secret of the installation, so that a stolen copy of the
// database alone neither opens a session nor shows which known token stands in it.
std::string token_digest(std::string_view secret, std::string_view token);

// Whether both are equal, in a time that depends only on their lengths.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// Overwrites the text with zeros, in a way the compiler does not drop, and empties it.
void wipe(std::string& secret);

}  // namespace anlan::crypto
