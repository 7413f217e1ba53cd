#include "storage/sqlite/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace anlan::storage::sqlite {
namespace {

std::unexpected<Error> system_failure(const std::string& what) {
  int number = errno;
  Code code = number == ENOSPC || number == EDQUOT ? Code::no_space : Code::unavailable;
  return fail(code, what + ": " + std::strerror(number));
}

}  // namespace

Result<std::unique_ptr<FileLock>> FileLock::take(const std::string& path) {
  int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_failure("cannot open " + path);
  std::unique_ptr<FileLock> lock(new FileLock(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail(Code::unavailable, "another process holds the data: " + path + " is locked");
    return system_failure("cannot lock " + path);
  }
  return lock;
}

FileLock::~FileLock() { ::close(descriptor_); }

Status make_folder(const std::string& path) {
  if (path.empty() || path == "/") return {};
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return {};
    return fail(Code::conflict, path + " is no folder");
  }
  auto slash = path.find_last_of('/');
  std::string above = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  ANLAN_CHECK(make_folder(above));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_failure("cannot make " + path);
  int descriptor = ::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("cannot open " + above);
  int synced = ::fsync(descriptor);
  ::close(descriptor);
  if (synced != 0) return system_failure("cannot sync " + above);
  return {};
}

}  // namespace anlan::storage::sqlite
