// `anlan verify`: is the log what the checkpoints say, and are the tables what the log says?
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "app/store.h"
#include "server/checkpoint.h"
#include "storage/archive.h"

namespace anlan::server {

// What was found wrong, in words; empty when all is well.
struct LogFindings {
  app::Position events = 0;              // read
  app::Position covered = 0;             // of them, proved by checkpoints
  std::vector<std::string> wrong;
};

// Compares the log with checkpoints (as read_checkpoints gives them). `log` hands over each event in order of position.
// Finds every change, loss, insertion and reordering among the events that a checkpoint covers, and says between which
// two checkpoints the first one lies; of what no checkpoint covers only gaps and damage can be found.
Result<LogFindings> check_log(const std::function<Status(const std::function<Status(const app::LoggedEvent&)>&)>& log,
                              const std::vector<Checkpoint>& checkpoints);

struct VerifyOptions {
  std::string data;     // folder of the database, or the database file itself
  std::string against;  // file of checkpoints; empty: the one in the data folder
  std::string key;      // public key that must have signed, hexadecimal; empty: that of the first line
  bool tables = true;   // also fold the log and compare it with tickets and records
};

// Prints what was proved, what was found and what is exposed. 0: nothing wrong; 1: something is; 2: unusable input.
int verify(const VerifyOptions&, const Clock&);

}  // namespace anlan::server
