// An advisory lock on a file: one process at a time has the data.
#pragma once
#include <memory>
#include <string>

#include "base/error.h"

namespace anlan::storage::sqlite {

class FileLock {
 public:
  // Creates `path` if need be. Code::unavailable when another process (or another store of this one) holds it.
  static Result<std::unique_ptr<FileLock>> take(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Makes the folder and those above it, each entered durably in the one above. Nothing happens when it is there.
Status make_folder(const std::string& path);

}  // namespace anlan::storage::sqlite
