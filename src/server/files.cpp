#include "server/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "crypto/crypto.h"

namespace anlan::server {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> failed(const std::string& what, int error) {
  return fail(error == ENOSPC || error == EDQUOT ? Code::no_space : Code::unavailable, what + ": " + std::strerror(error));
}

Status sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) return failed("cannot keep " + folder, error);
  return {};
}

}  // namespace

std::string FolderFiles::path(const std::string& digest) const { return folder_ + "/" + digest.substr(0, 2) + "/" + digest; }

Result<std::string> FolderFiles::keep(std::string_view bytes) {
  const std::string digest = crypto::sha256_hex(bytes);
  const std::lock_guard lock(mutex_);
  if (folder_.empty()) {
    memory_.emplace(digest, bytes);
    return digest;
  }
  const std::string place = path(digest), within = folder_ + "/" + digest.substr(0, 2);
  if (::access(place.c_str(), F_OK) == 0) return digest;
  std::error_code error;
  fs::create_directories(within, error);
  if (error) return failed("cannot make " + within, error.value());
  fs::permissions(folder_, fs::perms::owner_all, error);
  // Beside and renamed: under the digest stands the whole file or none.
  const std::string fresh = place + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return failed("cannot make " + fresh, errno);
  int wrong = 0;
  for (std::size_t done = 0; done < bytes.size() && wrong == 0;) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) wrong = n < 0 ? errno : EIO;
    else done += static_cast<std::size_t>(n);
  }
  if (wrong == 0 && ::fsync(fd) != 0) wrong = errno;
  ::close(fd);
  if (wrong == 0 && ::rename(fresh.c_str(), place.c_str()) != 0) wrong = errno;
  if (wrong != 0) {
    ::unlink(fresh.c_str());
    return failed("cannot keep an attachment", wrong);
  }
  ANLAN_CHECK(sync_folder(within));
  ANLAN_CHECK(sync_folder(folder_));
  if (kept_) kept_(place);
  return digest;
}

Result<std::string> FolderFiles::fetch(const std::string& digest) {
  if (folder_.empty()) {
    const std::lock_guard lock(mutex_);
    if (auto it = memory_.find(digest); it != memory_.end()) return it->second;
    return fail(Code::not_found, "there is no file of that digest");
  }
  if (digest.size() != 64 || digest.find_first_not_of("0123456789abcdef") != std::string::npos)
    return fail(Code::not_found, "there is no file of that digest");
  std::ifstream in(path(digest), std::ios::binary);
  if (!in) return fail(Code::not_found, "there is no file of that digest");
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  if (crypto::sha256_hex(bytes) != digest) return fail(Code::internal, "attachment " + digest + " is damaged");
  return bytes;
}

}  // namespace anlan::server
