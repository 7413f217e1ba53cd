// Ed25519 signatures (RFC 8032). Keys and signatures are raw bytes.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace anlan::crypto {

struct SigningKey {
  std::string seed;     // 32 bytes; whoever knows it signs in our name
  std::string public_;  // 32 bytes
};

SigningKey make_signing_key();
// Code::invalid unless `seed` has 32 bytes.
Result<SigningKey> signing_key(std::string_view seed);
// 64 bytes.
std::string sign(const SigningKey&, std::string_view message);
// False also for a key or signature of the wrong length.
bool signed_by(std::string_view public_key, std::string_view message, std::string_view signature);

// The bytes that hexadecimal digits stand for; Code::invalid for anything else.
Result<std::string> from_hex(std::string_view digits);

}  // namespace anlan::crypto
