#include "server/copier.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "crypto/crypto.h"

namespace anlan::server {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t head_size = 32, chunk = 1 << 20;

class File {
 public:
  static Result<File> open(const std::string& path, int flags) {
    File file;
    file.path_ = path;
    file.descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file.descriptor_ < 0) return file.failed("cannot open", errno);
    return file;
  }
  File(File&& other) noexcept : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  // As much as there is, up to `size`.
  Result<std::string> read(std::int64_t offset, std::int64_t size) const {
    std::string bytes(static_cast<std::size_t>(size), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = ::pread(descriptor_, bytes.data() + done, bytes.size() - done, offset + static_cast<std::int64_t>(done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("cannot read", errno);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    bytes.resize(done);
    return bytes;
  }
  Status write(std::int64_t offset, std::string_view bytes) const {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t n = ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, offset + static_cast<std::int64_t>(done));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return failed("cannot write", n < 0 ? errno : EIO);
      done += static_cast<std::size_t>(n);
    }
    return {};
  }
  Status keep() const {
    if (::fsync(descriptor_) != 0) return failed("cannot keep", errno);
    return {};
  }
  Status cut(std::int64_t size) const {
    if (::ftruncate(descriptor_, size) != 0) return failed("cannot cut", errno);
    return {};
  }

 private:
  File() = default;
  std::unexpected<Error> failed(const char* what, int error) const {
    return fail(error == ENOSPC || error == EDQUOT ? Code::no_space : Code::unavailable, std::string(what) + " " + path_ + ": " + std::strerror(error));
  }
  std::string path_;
  int descriptor_ = -1;
};

Status keep_folder(const std::string& path) {
  ANLAN_TRY(File folder, File::open(path, O_RDONLY | O_DIRECTORY));
  return folder.keep();
}

Status make_folder(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  fs::create_directories(path, error);
  if (error) return fail(Code::unavailable, "cannot make " + path + ": " + error.message());
  fs::permissions(path, fs::perms::owner_all, error);
  return keep_folder(fs::path(path).parent_path().string());
}

// Whole or not at all under its name.
Status copy_whole(const std::string& from, const std::string& to, const std::function<bool()>& go_on = {}, std::int64_t* size = nullptr) {
  ANLAN_TRY(File source, File::open(from, O_RDONLY));
  ANLAN_TRY(File target, File::open(to + ".part", O_WRONLY | O_CREAT | O_TRUNC));
  std::int64_t done = 0;
  for (;;) {
    ANLAN_TRY(std::string bytes, source.read(done, chunk));
    if (bytes.empty()) break;
    ANLAN_CHECK(target.write(done, bytes));
    done += static_cast<std::int64_t>(bytes.size());
    if (go_on && !go_on()) return fail(Code::unavailable, "given up");
  }
  ANLAN_CHECK(target.keep());
  if (::rename((to + ".part").c_str(), to.c_str()) != 0) return fail(Code::unavailable, "cannot name " + to + ": " + std::strerror(errno));
  if (size) *size = done;
  return keep_folder(fs::path(to).parent_path().string());
}

// What lies in a folder; nothing, when it cannot be read.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), none; !error && it != none; it.increment(error)) out.push_back(it->path().filename().string());
  return out;
}

std::int64_t size_of(const std::string& path) {
  struct stat there {};
  return ::stat(path.c_str(), &there) == 0 ? static_cast<std::int64_t>(there.st_size) : -1;
}

}  // namespace

// --- called by the writer of the store ---

void Copier::give_up(const std::string& why) {
  following_ = false;
  pieces_.clear();
  waiting_ = 0;
  trouble_ = why;
}

Status Copier::take(std::int64_t most) {
  if (!following_ || anew_ || read_ >= end_) return {};
  ANLAN_TRY(File log, File::open(options_.data + "/anlan.db-wal", O_RDONLY));
  for (std::int64_t left = std::min(most, end_ - read_); left > 0;) {
    ANLAN_TRY(std::string bytes, log.read(read_, std::min(left, chunk)));
    if (bytes.empty()) return fail(Code::unavailable, "the log is shorter than it was");
    const auto got = static_cast<std::int64_t>(bytes.size());
    pieces_.push_back({log_, read_, std::move(bytes)});
    read_ += got;
    waiting_ += got;
    left -= got;
  }
  return {};
}

void Copier::grown(std::int64_t bytes) {
  std::lock_guard lock(mutex_);
  end_ = bytes;
  if (!anew_) {
    if (following_ && head_.empty()) anew_ = true;  // the first commit into an empty log
    else return;
  }
  anew_ = false;
  if (!following_) return;
  auto log = File::open(options_.data + "/anlan.db-wal", O_RDONLY);
  auto head = log ? log->read(0, head_size) : Result<std::string>(std::unexpected(log.error()));
  if (!head || static_cast<std::int64_t>(head->size()) != head_size) return give_up("the log cannot be read");
  if (*head == head_) return;  // a reader held it: it goes on
  head_ = std::move(*head);
  ++log_;
  read_ = 0;
}

bool Copier::may_move() {
  std::lock_guard lock(mutex_);
  if (following_ && beginning_) {
    if (end_ - read_ < options_.log_most) return false;
    give_up("the log grew too large before the copy had begun");
  }
  if (following_) {
    if (waiting_ + end_ - read_ > options_.memory_most) {
      give_up("the copy has been out of reach for too long");
    } else if (auto taken = take(end_ - read_); !taken) {
      give_up(taken.error().message);
    }
  }
  moving_ = true;
  return true;
}

void Copier::moved(bool all) {
  std::lock_guard lock(mutex_);
  moving_ = false;
  if (all) {
    anew_ = true;
    if (!following_) end_ = 0;
  }
  rest_.notify_all();
}

void Copier::kept(const std::string& path) {
  std::lock_guard lock(mutex_);
  files_.push_back(path);
}

// --- the thread that ships ---

std::string Copier::generation() const { return options_.to + "/" + std::to_string(number_) + (whole_ ? "" : ".new"); }

// Old generations are removed from it, so the folder must be ours: empty at first, then marked by whose copy it holds.
Status Copier::own_folder() {
  ANLAN_CHECK(make_folder(options_.to));
  const std::string marker = options_.to + "/copy-of", key = options_.data + "/checkpoint.key";
  std::string whose = "an installation without a key";
  if (size_of(key) >= 0) {
    ANLAN_TRY(File file, File::open(key, O_RDONLY));
    ANLAN_TRY(std::string bytes, file.read(0, 4096));
    whose = crypto::sha256_hex(bytes);
  }
  if (size_of(marker) < 0) {
    if (!names_in(options_.to).empty()) return fail(Code::conflict, options_.to + " is not empty and holds no copy of ours; name an empty folder");
    ANLAN_TRY(File file, File::open(marker, O_WRONLY | O_CREAT));
    ANLAN_CHECK(file.write(0, whose));
    ANLAN_CHECK(file.keep());
    return keep_folder(options_.to);
  }
  ANLAN_TRY(File file, File::open(marker, O_RDONLY));
  ANLAN_TRY(std::string before, file.read(0, 4096));
  if (before != whose) return fail(Code::conflict, options_.to + " holds the copy of another installation; name another folder");
  return {};
}

Status Copier::begin() {
  ANLAN_CHECK(own_folder());
  std::int64_t last = 0;
  for (const std::string& name : names_in(options_.to)) last = std::max<std::int64_t>(last, std::atoll(name.c_str()));
  {
    std::unique_lock lock(mutex_);
    rest_.wait(lock, [this] { return !moving_; });
    pieces_.clear();
    waiting_ = log_ = read_ = 0;
    head_.clear();
    // A log that may begin anew holds nothing that the file does not; it is not read before the next commit says what it is.
    if (anew_) end_ = 0;
    following_ = beginning_ = true;
    if (end_ > 0) {
      auto log = File::open(options_.data + "/anlan.db-wal", O_RDONLY);
      auto head = log ? log->read(0, head_size) : Result<std::string>(std::unexpected(log.error()));
      if (!head) {
        following_ = beginning_ = false;
        return std::unexpected(head.error());
      }
      head_ = std::move(*head);
      log_ = 1;
    }
  }
  number_ = last + 1;
  shipped_ = 0;
  whole_ = false;
  auto go_on = [this] {
    std::lock_guard lock(mutex_);
    return following_;
  };
  std::error_code error;
  fs::remove_all(generation(), error);
  Status copied = make_folder(generation());
  if (copied) copied = copy_whole(options_.data + "/anlan.db", generation() + "/anlan.db", go_on, &base_);
  std::lock_guard lock(mutex_);
  beginning_ = false;
  if (!copied) following_ = false;
  return copied;
}

Status Copier::attachments() {
  const std::string folder = options_.data + "/attachments";
  std::vector<std::string> fresh;
  if (!looked_) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), none; !error && it != none; it.increment(error))
      if (std::error_code gone; it->is_regular_file(gone) && it->path().extension().empty()) fresh.push_back(it->path().string());
    looked_ = true;
  }
  {
    std::lock_guard lock(mutex_);
    fresh.insert(fresh.end(), std::make_move_iterator(files_.begin()), std::make_move_iterator(files_.end()));
    files_.clear();
  }
  while (!fresh.empty()) {
    const std::string& path = fresh.back();
    const std::string target = options_.to + "/attachments" + path.substr(folder.size());
    Status done = make_folder(options_.to + "/attachments");
    if (done) done = make_folder(fs::path(target).parent_path().string());
    if (done && size_of(target) != size_of(path)) done = copy_whole(path, target);
    if (!done) {
      std::lock_guard lock(mutex_);
      files_.insert(files_.end(), std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
      return done;
    }
    fresh.pop_back();
  }
  return {};
}

// Pieces in order, each log kept whole before the next begins.
Status Copier::ship() {
  std::int64_t log = 0, end = 0;
  {
    std::lock_guard lock(mutex_);
    log = log_;
    end = read_ >= end_ || anew_ ? read_ : end_;
  }
  std::optional<File> file;
  std::int64_t open = 0;
  // What was written and then not kept is nowhere any more: the generation ends.
  auto keep = [&]() -> Status {
    Status kept = file ? file->keep() : Status();
    if (!kept) {
      std::lock_guard lock(mutex_);
      give_up(kept.error().message);
    }
    return kept;
  };
  for (;;) {
    std::optional<Piece> piece;
    {
      std::lock_guard lock(mutex_);
      if (!following_) return fail(Code::unavailable, trouble_.empty() ? "the generation was given up" : trouble_);
      if (pieces_.empty()) ANLAN_CHECK(take(chunk));
      if (!pieces_.empty()) {
        piece = std::move(pieces_.front());
        pieces_.pop_front();
      }
    }
    if (!piece) break;
    Status done;
    if (open != piece->log) {
      ANLAN_CHECK(keep());
      file.reset();
      if (done) {
        const std::string path = generation() + "/log-" + std::to_string(piece->log);
        const bool there = size_of(path) >= 0;
        auto opened = File::open(path, O_WRONLY | O_CREAT);
        if (!opened) done = std::unexpected(opened.error());
        else file.emplace(std::move(*opened));
        if (done && !there) done = keep_folder(generation());
        open = piece->log;
      }
    }
    if (done) done = file->write(piece->offset, piece->bytes);
    const auto size = static_cast<std::int64_t>(piece->bytes.size());
    const bool reached = piece->log > log || (piece->log == log && piece->offset + size >= end);
    std::lock_guard lock(mutex_);
    if (!done) {
      if (following_) pieces_.push_front(std::move(*piece));
      return done;
    }
    waiting_ -= size;
    shipped_ += size;
    if (reached) break;  // what came meanwhile is for the next step
  }
  return keep();
}

Status Copier::step() {
  const Instant moment = clock_.wall();
  // The checkpoints as they are before the log is read: so none ever covers what the copy of the log lacks.
  const std::string checkpoints = options_.checkpoints.empty() ? options_.data + "/checkpoints.jsonl" : options_.checkpoints;
  const std::int64_t covered = size_of(checkpoints);
  ANLAN_CHECK(make_folder(options_.to));
  bool fed = false;
  {
    std::lock_guard lock(mutex_);
    fed = following_;
  }
  if (!fed || (whole_ && shipped_ > std::max(options_.rebase, base_))) ANLAN_CHECK(begin());
  // Files before the log that names them.
  ANLAN_CHECK(attachments());
  ANLAN_CHECK(ship());
  for (const char* name : {"secret", "checkpoint.key"}) {
    const std::string from = options_.data + "/" + name, to = options_.to + "/" + name;
    if (size_of(from) >= 0 && size_of(to) != size_of(from)) ANLAN_CHECK(copy_whole(from, to));
  }
  if (const std::string to = options_.to + "/checkpoints.jsonl"; covered > size_of(to) || (covered >= 0 && covered < size_of(to))) {
    ANLAN_TRY(File source, File::open(checkpoints, O_RDONLY));
    ANLAN_TRY(File target, File::open(to, O_WRONLY | O_CREAT));
    std::int64_t done = covered < size_of(to) ? 0 : size_of(to);
    ANLAN_CHECK(target.cut(done));
    while (done < covered) {
      ANLAN_TRY(std::string bytes, source.read(done, std::min(chunk, covered - done)));
      if (bytes.empty()) break;
      ANLAN_CHECK(target.write(done, bytes));
      done += static_cast<std::int64_t>(bytes.size());
    }
    ANLAN_CHECK(target.keep());
  }
  if (!whole_) {
    const std::string fresh = generation();
    whole_ = true;
    if (::rename(fresh.c_str(), generation().c_str()) != 0) {
      whole_ = false;
      return fail(Code::unavailable, "cannot name " + fresh + ": " + std::strerror(errno));
    }
    ANLAN_CHECK(keep_folder(options_.to));
    std::error_code error;
    for (const std::string& name : names_in(options_.to))
      if (name.find_first_not_of("0123456789") == name.find(".new") && name != std::to_string(number_)) fs::remove_all(options_.to + "/" + name, error);
  }
  std::lock_guard lock(mutex_);
  at_ = moment;
  trouble_.clear();
  return {};
}

void Copier::start(std::function<void(const Error&)> failed) {
  since_ = clock_.wall();
  thread_ = std::thread([this, failed = std::move(failed)] {
    std::string said;
    for (bool last = false; !last;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, std::chrono::milliseconds(options_.every.ms), [this] { return stopping_; });
        last = stopping_;
      }
      Status done = step();
      if (done) {
        said.clear();
        continue;
      }
      {
        std::lock_guard lock(mutex_);
        trouble_ = done.error().message;
      }
      if (said != done.error().message) failed(done.error());
      said = done.error().message;
    }
  });
}

void Copier::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Value Copier::condition() const {
  std::lock_guard lock(mutex_);
  return Value(Map{{"at", at_ ? Value(*at_) : Value()},
                   {"behind_bytes", waiting_ + std::max<std::int64_t>(0, end_ - read_)},
                   {"trouble", trouble_.empty() ? Value() : Value(trouble_)}});
}

double Copier::age() const {
  std::lock_guard lock(mutex_);
  return static_cast<double>((clock_.wall() - at_.value_or(since_)).ms) / 1000.0;
}

}  // namespace anlan::server
