#include "server/vault.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/text.h"
#include "crypto/crypto.h"

namespace anlan::server {

std::string Vault::token() { return crypto::random_token(); }
std::string Vault::digest(std::string_view text) const { return crypto::token_digest(secret_, text); }
Status Vault::check_new_password(std::string_view password, std::string_view login) const {
  return crypto::check_new_password(password, login);
}
void Vault::hash(std::string password, Done<std::string> done) { hasher_->hash(std::move(password), std::move(done)); }
void Vault::verify(std::string password, std::optional<std::string> stored, Done<Verdict> done) {
  hasher_->verify(std::move(password), std::move(stored),
                 [done = std::move(done)](Result<crypto::PasswordHasher::Verdict> verdict) mutable {
                   if (!verdict) return done(std::unexpected(std::move(verdict).error()));
                   done(Verdict{verdict->match, verdict->needs_rehash});
                 });
}

namespace {

Result<std::string> read_secret(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (!in || !std::getline(in, text))
    return fail(Code::unavailable, "cannot read " + path + ": " + std::strerror(errno));
  const std::string secret(trim(text));
  const bool hex = secret.size() == 64 && std::all_of(secret.begin(), secret.end(), [](unsigned char c) {
                     return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                   });
  if (!hex) return fail(Code::invalid, path + " does not hold the secret of an installation (64 hexadecimal digits)");
  return secret;
}

}  // namespace

Result<std::string> installation_secret(const std::string& folder) {
  const std::string path = folder + "/secret";
  if (::access(path.c_str(), F_OK) == 0) return read_secret(path);
  // Written beside and renamed, so that a crash leaves a whole secret or none.
  const std::string fresh = path + ".new", secret = crypto::random_token();
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return fail(Code::unavailable, "cannot make " + fresh + ": " + std::strerror(errno));
  const std::string line = secret + "\n";
  const bool written = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0)
    return fail(Code::unavailable, "cannot write " + path + ": " + std::strerror(written ? errno : error));
  return secret;
}

}  // namespace anlan::server
