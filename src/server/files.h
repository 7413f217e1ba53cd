// The bytes of attachments: a folder, each file named by its digest, written once; or memory, for a house without a
// folder.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "app/attachments.h"

namespace anlan::server {

class FolderFiles final : public app::Files {
 public:
  // `folder` is made when something is kept; empty: in memory.
  // `kept` hears the path of each new file, once it is on the disk.
  explicit FolderFiles(std::string folder, std::function<void(const std::string&)> kept = {}) : folder_(std::move(folder)), kept_(std::move(kept)) {}
  Result<std::string> keep(std::string_view bytes) override;
  Result<std::string> fetch(const std::string& digest) override;

 private:
  std::string path(const std::string& digest) const;
  const std::string folder_;
  const std::function<void(const std::string&)> kept_;
  std::mutex mutex_;
  std::map<std::string, std::string> memory_;
};

}  // namespace anlan::server
