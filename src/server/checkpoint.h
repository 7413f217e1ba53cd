// Checkpoints of the one log: what the log was, signed, outside the database, so that nobody who can write the database
// can change the past unseen.
//
// A file of checkpoints holds one JSON object a line, in canonical form:
//   {"at": "2026-03-02T01:00:00Z", "checkpoint": 1, "key": hex, "position": n, "previous": hex, "root": hex,
//    "signature": hex}
// `root` is the Merkle root (RFC 6962, SHA-256) over the stored bytes of the events 1..n; `previous` the SHA-256 of the
// line before (empty in the first), so that no line goes missing in between; `signature` is Ed25519 by `key` over the
// line without it. The file only grows. Keep a copy where the server cannot write: what no copy covers is exposed.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "app/store.h"
#include "base/time.h"
#include "crypto/merkle.h"
#include "crypto/signature.h"

namespace anlan::server {

struct Checkpoint {
  app::Position position = 0;
  std::string root;      // 32 raw bytes
  Instant at{};
  std::string previous;  // hexadecimal; empty in the first
  std::string key;       // public, hexadecimal
};

// The line, without its end.
std::string signed_line(const Checkpoint&, const crypto::SigningKey&);
// Code::invalid, in words, when it is no checkpoint or its signature does not hold.
Result<Checkpoint> read_line(std::string_view line);

// What a file says, read whole. Code::invalid names the line: bad signature, broken chain, another key than the first
// line's (or than `key`, hexadecimal, where one is given), positions that do not rise.
Result<std::vector<Checkpoint>> read_checkpoints(std::string_view text, const std::string& key = {});

// The signing key of the installation, in `<folder>/checkpoint.key`, readable by its owner alone; made when missing.
Result<crypto::SigningKey> checkpoint_key(const std::string& folder);

// Follows the log and writes the file. One thread of its own; store and clock must outlive it.
class Checkpoints {
 public:
  // Takes up the file where it ends. Code::invalid when it cannot be read as checkpoints of this key, Code::unavailable
  // when it cannot be opened for writing.
  static Result<std::unique_ptr<Checkpoints>> open(app::Store&, const Clock&, std::string file, crypto::SigningKey);
  ~Checkpoints();  // stop()

  // A checkpoint every so often, if the log has grown. `failed` hears each new error once.
  void start(Duration every, std::function<void(const Error&)> failed);
  // After a last checkpoint. Idempotent.
  void stop();

  // Reads on and writes a checkpoint if there is anything new. Code::conflict for good once the log contradicts the
  // file: an event under an earlier checkpoint was changed, or the log is shorter than it was. Nothing is written then.
  Status step();

  // {position, at, behind, trouble}: thread-safe. `behind`: events not covered yet.
  Value condition() const;

 private:
  Checkpoints(app::Store& store, const Clock& clock, std::string file, crypto::SigningKey key)
      : store_(store), clock_(clock), file_(std::move(file)), key_(std::move(key)) {}
  Status append(const Checkpoint&);
  Status advance();

  app::Store& store_;
  const Clock& clock_;
  const std::string file_;
  const crypto::SigningKey key_;
  std::vector<Checkpoint> written_;  // those the log was not yet compared with, then the last one only
  std::size_t compared_ = 0;
  std::string previous_;
  crypto::MerkleTree tree_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  app::Position covered_ = 0, seen_ = 0;
  std::optional<Instant> covered_at_;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace anlan::server
