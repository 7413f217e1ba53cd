#include "server/backup_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "server/verify_command.h"
#include "storage/archive.h"

namespace anlan::server {
namespace {

namespace fs = std::filesystem;
// Beside the database; a house in the making may lack the later ones.
constexpr const char* small_files[] = {"checkpoints.jsonl", "secret", "checkpoint.key"};

int unusable(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  return 2;
}

Status on_disk(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool kept = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!kept) return fail(Code::unavailable, "cannot keep " + path + ": " + std::strerror(error));
  return {};
}

Status copy_file(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(fs::path(to).parent_path(), error);
  fs::copy_file(from, to, error);
  if (error) return fail(Code::unavailable, "cannot copy " + from + " to " + to + ": " + error.message());
  fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, error);
  return on_disk(to, O_RDONLY);
}

Result<std::string> digest_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Code::unavailable, "cannot read " + path + ": " + std::strerror(errno));
  crypto::Sha256 digest;
  std::string block(1 << 20, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0)
    digest.add(std::string_view(block.data(), static_cast<std::size_t>(in.gcount())));
  return crypto::to_hex(digest.finish());
}

// A folder to write into: made, or there and empty.
Status empty_folder(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error) && (!fs::is_directory(path, error) || !fs::is_empty(path, error)))
    return fail(Code::conflict, path + " exists and is not an empty folder");
  fs::create_directories(path, error);
  if (error) return fail(Code::unavailable, "cannot make " + path + ": " + error.message());
  fs::permissions(path, fs::perms::owner_all, error);
  return {};
}

}  // namespace

int backup(const BackupOptions& options, const Clock& clock) {
  const std::string database = options.data + "/anlan.db";
  if (auto room = empty_folder(options.to); !room) return unusable(room.error().message);
  // Checkpoints first: what they cover is then in the copy of the database, which is taken later.
  Map files;
  for (const char* name : small_files) {
    std::string from = options.data + "/" + name;
    if (name == std::string_view("checkpoints.jsonl") && !options.checkpoints.empty()) from = options.checkpoints;
    if (::access(from.c_str(), F_OK) != 0) continue;
    if (auto copied = copy_file(from, options.to + "/" + name); !copied) return unusable(copied.error().message);
  }
  if (auto copied = storage::copy_database(database, options.to + "/anlan.db"); !copied)
    return unusable(copied.error().message);
  if (auto kept = on_disk(options.to + "/anlan.db", O_RDONLY); !kept) return unusable(kept.error().message);

  // Attachments after it: what the copy knows of was kept before, so it is there.
  std::error_code error;
  if (fs::is_directory(options.data + "/attachments", error)) {
    fs::copy(options.data + "/attachments", options.to + "/attachments", fs::copy_options::recursive, error);
    if (error) return unusable("cannot copy the attachments: " + error.message());
    for (const auto& entry : fs::recursive_directory_iterator(options.to + "/attachments"))
      if (auto kept = on_disk(entry.path().string(), entry.is_directory() ? O_RDONLY | O_DIRECTORY : O_RDONLY); !kept)
        return unusable(kept.error().message);
  }

  const int verdict = verify({options.to, {}, {}, false}, clock);
  if (verdict != 0) {
    fmt::print("the copy in {} is NOT good; do not rely on it\n", options.to);
    return 1;
  }
  for (const auto& entry : fs::recursive_directory_iterator(options.to)) {
    if (!entry.is_regular_file()) continue;
    auto digest = digest_of(entry.path().string());
    if (!digest) return unusable(digest.error().message);
    files.emplace(fs::relative(entry.path(), options.to).string(), *digest);
  }
  const std::string manifest = options.to + "/manifest.json";
  std::ofstream(manifest, std::ios::binary)
      << json::write(Value(Map{{"made_at", clock.wall()}, {"sha256", Value(std::move(files))}})) << '\n';
  for (const auto& [path, flags] : {std::pair{manifest, O_RDONLY}, std::pair{options.to, O_RDONLY | O_DIRECTORY}})
    if (auto kept = on_disk(path, flags); !kept) return unusable(kept.error().message);
  fmt::print("copied to {}\n", options.to);
  return 0;
}

namespace {

// The newest whole generation of a copy that followed; 0: there is none.
std::int64_t newest_generation(const std::string& folder) {
  std::int64_t newest = 0;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), none; !error && it != none; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.empty() && name.size() < 18 && name.find_first_not_of("0123456789") == std::string::npos) newest = std::max<std::int64_t>(newest, std::stoll(name));
  }
  return newest;
}

// Puts a copy that followed together: database file, then log after log.
int follow_up(const RestoreOptions& options, std::int64_t generation, const Clock& clock) {
  const std::string from = fmt::format("{}/{}", options.from, generation), database = options.data + "/anlan.db";
  if (auto room = empty_folder(options.data); !room) return unusable(room.error().message);
  std::error_code error;
  for (fs::recursive_directory_iterator it(options.from + "/attachments", error), none; !error && it != none; it.increment(error)) {
    if (!it->is_regular_file() || !it->path().extension().empty()) continue;
    if (auto copied = copy_file(it->path().string(), options.data + "/" + fs::relative(it->path(), options.from).string()); !copied)
      return unusable(copied.error().message);
  }
  for (const char* name : small_files)
    if (::access((options.from + "/" + name).c_str(), F_OK) == 0)
      if (auto copied = copy_file(options.from + "/" + name, options.data + "/" + name); !copied) return unusable(copied.error().message);
  // Under its own name only when it is whole: an installation without a database is none.
  const std::string making = database + ".making";
  auto bad = [&](const std::string& why) {
    for (const char* tail : {"", "-wal", "-shm"}) fs::remove(making + tail, error);
    fmt::print("{}\nthe copy in {} is NOT good\n", why, options.from);
    return 1;
  };
  if (auto copied = copy_file(from + "/anlan.db", making); !copied) return unusable(copied.error().message);
  std::int64_t logs = 0;
  for (std::uint32_t before = 0;; ++logs) {
    const std::string log = fmt::format("{}/log-{}", from, logs + 1);
    if (::access(log.c_str(), F_OK) != 0) break;
    auto number = storage::log_number(log);
    if (!number && ::access(fmt::format("{}/log-{}", from, logs + 2).c_str(), F_OK) != 0) break;  // the last, hardly begun
    if (!number) return bad(number.error().message);
    if (logs > 0 && *number != before + 1) return bad(fmt::format("between log-{} and log-{} a log is missing", logs, logs + 1));
    before = *number;
    if (auto applied = storage::apply_log(making, log); !applied) return bad(applied.error().message);
  }
  if (auto whole = storage::sound(making); !whole) return bad(whole.error().message);
  for (const char* tail : {"-wal", "-shm"}) fs::remove(making + tail, error);
  if (auto kept = on_disk(making, O_RDONLY); !kept) return unusable(kept.error().message);
  fs::rename(making, database, error);
  if (error) return unusable("cannot name " + database + ": " + error.message());
  if (auto kept = on_disk(options.data, O_RDONLY | O_DIRECTORY); !kept) return unusable(kept.error().message);
  if (::access((options.data + "/checkpoints.jsonl").c_str(), F_OK) != 0) {
    fmt::print("the copy holds no checkpoints yet, so its log is not proved\n");
  } else if (verify({options.data, {}, {}, true}, clock) != 0) {
    fs::rename(database, making, error);
    return bad("what the logs make is not what the checkpoints signed");
  }
  fmt::print("restored to {} from generation {} and {} logs; start the server there\n", options.data, generation, logs);
  return 0;
}

}  // namespace

int restore(const RestoreOptions& options, const Clock& clock) {
  if (const std::int64_t generation = newest_generation(options.from); generation > 0 && ::access((options.from + "/manifest.json").c_str(), F_OK) != 0)
    return follow_up(options, generation, clock);
  std::ifstream in(options.from + "/manifest.json", std::ios::binary);
  auto manifest = in ? json::parse(std::string(std::istreambuf_iterator<char>(in), {})) : Result<Value>(Value());
  if (!manifest || !(*manifest)["sha256"].is(Value::Kind::map) || (*manifest)["sha256"]["anlan.db"].is_null())
    return unusable(options.from + " is no copy that backup made: it has no manifest.json that can be read");
  for (const auto& [name, digest] : (*manifest)["sha256"].as_map()) {
    if (name.starts_with('/') || name.find("..") != std::string::npos)
      return unusable("manifest.json names a file outside the copy");
    auto actual = digest_of(options.from + "/" + name);
    if (!actual || *actual != digest.as_string()) {
      fmt::print("{} is not what was copied{}; nothing was put in place\n", name, actual ? "" : " (it cannot be read)");
      return 1;
    }
  }
  if (verify({options.from, {}, {}, true}, clock) != 0) {
    fmt::print("nothing was put in place\n");
    return 1;
  }
  if (auto room = empty_folder(options.data); !room) return unusable(room.error().message);
  // The database last: an installation without it is none, so a restore cut short is seen as such.
  for (const auto& [name, digest] : (*manifest)["sha256"].as_map())
    if (name != "anlan.db")
      if (auto copied = copy_file(options.from + "/" + name, options.data + "/" + name); !copied)
        return unusable(copied.error().message);
  if (auto copied = copy_file(options.from + "/anlan.db", options.data + "/anlan.db"); !copied)
    return unusable(copied.error().message);
  if (auto kept = on_disk(options.data, O_RDONLY | O_DIRECTORY); !kept) return unusable(kept.error().message);
  fmt::print("restored to {}: the state of {}; start the server there\n", options.data,
             (*manifest)["made_at"].as_string());
  return 0;
}

}  // namespace anlan::server
