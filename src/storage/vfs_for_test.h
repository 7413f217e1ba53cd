// A SQLite VFS over the usual one that tells a test of every call which changes a file, and fails those that the test
// wants to fail. One for the process; the hooks may be called from any thread.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace anlan::storage::harness {

struct Call {
  enum class Kind { write, truncate, sync, remove };
  Kind kind;
  std::string file;  // full path
  const char* data = nullptr;
  std::int64_t size = 0;  // bytes to write; for truncate the size afterwards
  std::int64_t at = 0;
};
// What the call answers instead of being done; SQLITE_OK: it is done.
inline std::function<int(const Call&)> before_call;

struct WatchedFile {
  sqlite3_file base;
  const char* name;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
inline sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<WatchedFile*>(file)->real(); }
inline int ask(sqlite3_file* file, Call::Kind kind, const void* data = nullptr, std::int64_t size = 0,
               std::int64_t at = 0) {
  const char* name = reinterpret_cast<WatchedFile*>(file)->name;
  if (!before_call || !name) return SQLITE_OK;
  return before_call({kind, name, static_cast<const char*>(data), size, at});
}

inline const sqlite3_io_methods watched_methods = {
    3,
    [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); },
    [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), to, n, at); },
    [](sqlite3_file* f, const void* data, int n, sqlite3_int64 at) {
      int code = ask(f, Call::Kind::write, data, n, at);
      return code != SQLITE_OK ? code : real(f)->pMethods->xWrite(real(f), data, n, at);
    },
    [](sqlite3_file* f, sqlite3_int64 size) {
      int code = ask(f, Call::Kind::truncate, nullptr, size);
      return code != SQLITE_OK ? code : real(f)->pMethods->xTruncate(real(f), size);
    },
    [](sqlite3_file* f, int flags) {
      int code = ask(f, Call::Kind::sync);
      return code != SQLITE_OK ? code : real(f)->pMethods->xSync(real(f), flags);
    },
    [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
    [](sqlite3_file* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); },
    [](sqlite3_file* f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); },
    [](sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); },
    [](sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); },
    [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
    [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
    [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
    },
    [](sqlite3_file* f, int at, int n, int flags) { return real(f)->pMethods->xShmLock(real(f), at, n, flags); },
    [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
    [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); },
    [](sqlite3_file* f, sqlite3_int64 at, int n, void** out) {
      return real(f)->pMethods->xFetch(real(f), at, n, out);
    },
    [](sqlite3_file* f, sqlite3_int64 at, void* page) { return real(f)->pMethods->xUnfetch(real(f), at, page); }};

// The name to open a store with.
inline const char* watched_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs copy = *sqlite3_vfs_find(nullptr);
    copy.zName = "watched";
    copy.szOsFile += static_cast<int>(sizeof(WatchedFile));
    copy.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
      sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
      file->pMethods = nullptr;
      int code = usual->xOpen(usual, name, real(file), flags, out);
      reinterpret_cast<WatchedFile*>(file)->name = name;
      if (real(file)->pMethods) file->pMethods = &watched_methods;
      return code;
    };
    copy.xDelete = [](sqlite3_vfs*, const char* name, int sync_folder) {
      sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
      if (before_call)
        if (int code = before_call({Call::Kind::remove, name}); code != SQLITE_OK) return code;
      return usual->xDelete(usual, name, sync_folder);
    };
    sqlite3_vfs_register(&copy, 0);
    return copy;
  }();
  sqlite3_vfs_register(&vfs, 0);
  return "watched";
}

}  // namespace anlan::storage::harness
