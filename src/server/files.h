// The bytes of attachments: a folder, each file named by its digest, written once; or memory, for a house without a
// folder.
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "app/attachments.h"

namespace anlan::server {

class FolderFiles final : public app::Files {
 public:
  // `folder` is made when something is kept; empty: in memory.
  explicit FolderFiles(std::string folder) : folder_(std::move(folder)) {}
  Result<std::string> keep(std::string_view bytes) override;
  Result<std::string> fetch(const std::string& digest) override;

 private:
  std::string path(const std::string& digest) const;
  const std::string folder_;
  std::mutex mutex_;
  std::map<std::string, std::string> memory_;
};

}  // namespace anlan::server
