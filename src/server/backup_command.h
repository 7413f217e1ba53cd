// `anlan backup` and `anlan restore`: a whole copy of an installation, taken while it serves, and put back.
//
// A copy is a folder: anlan.db (one consistent state), attachments, checkpoints.jsonl, secret, checkpoint.key, and
// manifest.json with the SHA-256 of each. It holds what opens the house; keep it as safely as the house.
#pragma once
#include <string>

#include "base/time.h"

namespace anlan::server {

struct BackupOptions {
  std::string data;         // folder of the installation
  std::string to;           // a folder that does not exist yet, or is empty
  std::string checkpoints;  // the file the server writes to, if not the one in the data folder
};
// The server may go on serving: the copy is the state of one moment, later writes are not in it. The copy is checked
// (integrity, log against checkpoints) before it counts; a copy that fails is left with the name and the words say why.
// 0: done; 1: the copy is not good; 2: unusable input.
int backup(const BackupOptions&, const Clock&);

struct RestoreOptions {
  std::string from;  // a folder that backup made, or the folder of a copy that follows (serve --copy-to)
  std::string data;  // where the installation will live: a folder that does not exist yet, or is empty
};
// 0: done; 1: the copy is damaged, nothing was put in place; 2: unusable input.
int restore(const RestoreOptions&, const Clock&);

}  // namespace anlan::server
