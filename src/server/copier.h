// A copy of the installation that follows it: `anlan serve --copy-to FOLDER`, best on another machine's disk.
//
//   FOLDER/<n>/anlan.db            the database file as it stood when generation n began
//   FOLDER/<n>/log-<k>             the write-ahead logs since then, k = 1, 2, ..., each whole but the last
//   FOLDER/attachments/...         as in the data folder
//   FOLDER/secret, checkpoint.key, checkpoints.jsonl
//   FOLDER/copy-of                 whose copy it is: the folder must be empty at first and is nobody else's
//
// A generation ends with the server's run, or when its logs outweigh its database; the next one counts, and the older go,
// when it holds all that they held. `anlan restore --from FOLDER` puts the newest together: at most what was written
// after the last step is missing (the recovery point), never a half of a write.
//
// The writer never waits for FOLDER: before the log begins anew, what was not shipped is kept in memory. When FOLDER is
// away for so long that this grows too large, the generation is given up and another begun when FOLDER is back.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/value.h"
#include "storage/store.h"

namespace anlan::server {

struct CopierOptions {
  std::string data;         // the data folder
  std::string to;           // FOLDER; made when missing
  std::string checkpoints;  // the file the server writes checkpoints to
  Duration every = seconds(1);
  std::int64_t memory_most = 64 << 20;  // bytes of the log that wait in memory
  std::int64_t log_most = 1 << 30;      // bytes of the log that may wait while a generation begins
  std::int64_t rebase = 256 << 20;      // logs of a generation weigh at least this before it ends by weight
};

class Copier final : public storage::LogFollower {
 public:
  Copier(CopierOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
  ~Copier() override { stop(); }

  // A step every so often. `failed` hears each new error once.
  void start(std::function<void(const Error&)> failed);
  // After a last step; the store has stopped and not yet closed. Idempotent.
  void stop();

  // Ships what there is. Code::unavailable when FOLDER cannot be written; the next step goes on from there.
  Status step();
  // {at, behind_bytes, generation, trouble}: all that was acknowledged before `at` is in the copy. Thread-safe.
  Value condition() const;
  // How old that moment is, in seconds; since the start, while there is no copy at all.
  double age() const;

  void grown(std::int64_t bytes) override;
  bool may_move() override;
  void moved(bool all) override;
  // A file was kept under this path, and will be named in the log. Any thread.
  void kept(const std::string& path);

 private:
  struct Piece {
    std::int64_t log = 0, offset = 0;
    std::string bytes;
  };
  Status own_folder();
  Status begin();
  Status ship();
  Status attachments();
  std::string generation() const;
  // With the mutex held:
  Status take(std::int64_t most);
  void give_up(const std::string& why);

  const CopierOptions options_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable wake_, rest_;
  bool stopping_ = false, moving_ = false;
  bool following_ = false;           // a generation is fed
  bool beginning_ = false;           // its database file is being copied: no pages may be moved
  bool anew_ = false;                // the log may have begun anew with the next commit: do not read it before
  std::string head_;                 // of the log that is followed
  std::int64_t log_ = 0;             // its k
  std::int64_t end_ = 0, read_ = 0;  // bytes of it that count; that were taken
  std::int64_t waiting_ = 0;         // bytes in `pieces_`
  std::deque<Piece> pieces_;
  std::vector<std::string> files_;   // attachments to copy
  std::optional<Instant> at_;
  Instant since_{};
  std::string trouble_;

  // Of the thread that steps alone:
  std::int64_t number_ = 0, base_ = 0, shipped_ = 0;  // generation, bytes of its database file and of its logs
  bool whole_ = false;                                // the generation counts
  bool looked_ = false;                               // what was kept before this run was compared
  std::thread thread_;
};

}  // namespace anlan::server
