// The cryptography of sessions: the crypto room behind the port of app.
#pragma once
#include <memory>
#include <string>

#include "app/sessions.h"
#include "crypto/password.h"

namespace anlan::server {

class Vault final : public app::Secrets {
 public:
  // `secret`: of the installation; digests of tokens are keyed with it.
  Vault(std::string secret, crypto::PasswordHasher::Options options)
      : secret_(std::move(secret)), hasher_(std::make_unique<crypto::PasswordHasher>(options)) {}

  std::string token() override;
  std::string digest(std::string_view text) const override;
  Status check_new_password(std::string_view password, std::string_view login) const override;
  void hash(std::string password, Done<std::string>) override;
  void verify(std::string password, std::optional<std::string> stored, Done<Verdict>) override;

  // Waits; for setting up.
  Result<std::string> hash_and_wait(std::string password) { return hasher_->hash_and_wait(std::move(password)); }
  std::size_t waiting() const { return hasher_->waiting(); }
  // Ends the pool; what waits is answered. Nothing may be asked afterwards.
  void close() { hasher_.reset(); }

 private:
  const std::string secret_;
  std::unique_ptr<crypto::PasswordHasher> hasher_;
};

// The secret of the installation, kept in `<folder>/secret`, readable by its owner alone; made when it is missing.
// Code::unavailable when it cannot be read or made, Code::invalid when the file holds something else.
Result<std::string> installation_secret(const std::string& folder);

}  // namespace anlan::server
