#include "server/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "crypto/crypto.h"
#include "json/json.h"

namespace anlan::server {
namespace {

constexpr int at_once = 5000;  // events read in one go

Value unsigned_part(const Checkpoint& checkpoint) {
  return Value(Map{{"at", format_rfc3339(checkpoint.at)},
                   {"checkpoint", 1},
                   {"key", checkpoint.key},
                   {"position", checkpoint.position},
                   {"previous", checkpoint.previous},
                   {"root", crypto::to_hex(checkpoint.root)}});
}

Result<std::string> whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Code::unavailable, "cannot read " + path + ": " + std::strerror(errno));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Created readable by its owner alone, written whole and on the disk, or an error.
Status write_out(int fd, const std::string& text, const std::string& path) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(errno == ENOSPC ? Code::no_space : Code::unavailable, "cannot write " + path + ": " + std::strerror(errno));
    done += static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0) return fail(Code::unavailable, "cannot keep " + path + ": " + std::strerror(errno));
  return {};
}

}  // namespace

std::string signed_line(const Checkpoint& checkpoint, const crypto::SigningKey& key) {
  Value part = unsigned_part(checkpoint);
  std::string signature = crypto::sign(key, json::canonical(part));
  return json::canonical(part.with("signature", crypto::to_hex(signature)));
}

Result<Checkpoint> read_line(std::string_view line) {
  auto value = json::parse_canonical(line);
  if (!value || !value->is(Value::Kind::map) || (*value)["checkpoint"].as_int() != 1 || json::canonical(*value) != line)
    return fail(Code::invalid, "this is no checkpoint");
  Checkpoint out;
  out.position = (*value)["position"].as_int();
  out.previous = (*value)["previous"].as_string();
  out.key = (*value)["key"].as_string();
  auto at = parse_rfc3339((*value)["at"].as_string());
  auto root = crypto::from_hex((*value)["root"].as_string());
  auto key = crypto::from_hex(out.key);
  auto signature = crypto::from_hex((*value)["signature"].as_string());
  if (!at || !root || root->size() != 32 || !key || !signature || out.position < 1)
    return fail(Code::invalid, "this is no checkpoint");
  out.at = *at;
  out.root = *root;
  if (json::canonical(unsigned_part(out).with("signature", (*value)["signature"])) != line)
    return fail(Code::invalid, "this checkpoint says more than a checkpoint does");
  if (!crypto::signed_by(*key, json::canonical(unsigned_part(out)), *signature))
    return fail(Code::invalid, "the signature does not hold");
  return out;
}

Result<std::vector<Checkpoint>> read_checkpoints(std::string_view text, const std::string& key) {
  std::vector<Checkpoint> out;
  std::string previous;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    auto wrong = [&](const std::string& what) {
      return fail(Code::invalid, fmt::format("checkpoint {}: {}", number, what));
    };
    if (end == std::string_view::npos) return wrong("the line is cut off");
    auto checkpoint = read_line(line);
    if (!checkpoint) return wrong(checkpoint.error().message);
    const std::string& expected = !key.empty() ? key : out.empty() ? checkpoint->key : out.front().key;
    if (checkpoint->key != expected) return wrong("it is signed by another key");
    if (checkpoint->previous != previous) return wrong("it does not follow the line before it");
    if (!out.empty() && checkpoint->position <= out.back().position) return wrong("its position does not rise");
    previous = crypto::sha256_hex(line);
    out.push_back(std::move(*checkpoint));
    text.remove_prefix(end + 1);
  }
  return out;
}

Result<crypto::SigningKey> checkpoint_key(const std::string& folder) {
  const std::string path = folder + "/checkpoint.key";
  if (::access(path.c_str(), F_OK) == 0) {
    ANLAN_TRY(std::string text, whole_file(path));
    auto seed = crypto::from_hex(trim(text));
    if (!seed) return fail(Code::invalid, path + " does not hold a signing key (64 hexadecimal digits)");
    return crypto::signing_key(*seed);
  }
  auto key = crypto::make_signing_key();
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return fail(Code::unavailable, "cannot make " + fresh + ": " + std::strerror(errno));
  auto written = write_out(fd, crypto::to_hex(key.seed) + "\n", fresh);
  ::close(fd);
  ANLAN_CHECK(std::move(written));
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    return fail(Code::unavailable, "cannot make " + path + ": " + std::strerror(errno));
  return key;
}

Result<std::unique_ptr<Checkpoints>> Checkpoints::open(app::Store& store, const Clock& clock, std::string file,
                                                       crypto::SigningKey key) {
  std::unique_ptr<Checkpoints> self(new Checkpoints(store, clock, std::move(file), std::move(key)));
  if (::access(self->file_.c_str(), F_OK) == 0) {
    ANLAN_TRY(std::string text, whole_file(self->file_));
    // A line that a crash cut short was never finished; it goes.
    if (auto whole = text.rfind('\n') + 1; whole != text.size()) {
      text.resize(whole);
      if (::truncate(self->file_.c_str(), static_cast<off_t>(whole)) != 0)
        return fail(Code::unavailable, "cannot mend " + self->file_ + ": " + std::strerror(errno));
    }
    auto before = read_checkpoints(text, crypto::to_hex(self->key_.public_));
    if (!before) return fail(Code::invalid, self->file_ + ": " + before.error().message);
    self->written_ = std::move(*before);
    if (!text.empty()) {
      text.pop_back();
      const auto start = text.rfind('\n');
      self->previous_ = crypto::sha256_hex(start == std::string::npos ? text : text.substr(start + 1));
      self->covered_ = self->written_.back().position;
      self->covered_at_ = self->written_.back().at;
    }
  } else if (const int fd = ::open(self->file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP);
             fd < 0) {
    return fail(Code::unavailable, "cannot make " + self->file_ + ": " + std::strerror(errno));
  } else {
    ::close(fd);
  }
  return self;
}

Checkpoints::~Checkpoints() { stop(); }

void Checkpoints::start(Duration every, std::function<void(const Error&)> failed) {
  thread_ = std::thread([this, every, failed = std::move(failed)] {
    std::string said;
    for (;;) {
      if (auto done = step(); !done) {
        if (done.error().message != said) failed(done.error());
        said = done.error().message;
      } else {
        said.clear();
      }
      std::unique_lock lock(mutex_);
      if (stopping_) return;
      wake_.wait_for(lock, std::chrono::milliseconds(every.ms), [this] { return stopping_; });
    }
  });
}

void Checkpoints::stop() {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  // What failed was said; what is not covered now is at the next start.
  (void)step();
}

Status Checkpoints::step() {
  auto done = advance();
  std::lock_guard lock(mutex_);
  if (!done && done.error().code == Code::conflict) trouble_ = done.error().message;
  seen_ = static_cast<app::Position>(tree_.size());
  return done;
}

Status Checkpoints::advance() {
  {
    std::lock_guard lock(mutex_);
    if (!trouble_.empty()) return fail(Code::conflict, trouble_);
  }
  for (;;) {
    std::vector<app::LoggedEvent> events;
    ANLAN_CHECK(store_.read([&](app::Reader& reader) -> Status {
      ANLAN_TRY(events, reader.logged_after(static_cast<app::Position>(tree_.size()), at_once));
      return {};
    }));
    for (const auto& event : events) {
      if (event.position != static_cast<app::Position>(tree_.size()) + 1)
        return fail(Code::conflict, fmt::format("event {} is missing from the log", tree_.size() + 1));
      tree_.add(event.bytes);
      if (compared_ < written_.size() && written_[compared_].position == event.position) {
        if (written_[compared_].root != tree_.root())
          return fail(Code::conflict, fmt::format("the log up to event {} is not what the checkpoint of {} says",
                                                  event.position, format_rfc3339(written_[compared_].at)));
        ++compared_;
      }
    }
    if (events.size() < static_cast<std::size_t>(at_once)) break;
  }
  const auto size = static_cast<app::Position>(tree_.size());
  if (compared_ < written_.size())
    return fail(Code::conflict, fmt::format("the log ends at event {}, but a checkpoint covers {}", size,
                                            written_.back().position));
  if (size == 0 || (!written_.empty() && written_.back().position == size)) return {};
  Checkpoint next{size, tree_.root(), clock_.wall(), previous_, crypto::to_hex(key_.public_)};
  ANLAN_CHECK(append(next));
  written_.assign(1, std::move(next));
  compared_ = 1;
  return {};
}

Status Checkpoints::append(const Checkpoint& checkpoint) {
  const std::string line = signed_line(checkpoint, key_);
  const int fd = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP);
  if (fd < 0) return fail(Code::unavailable, "cannot open " + file_ + ": " + std::strerror(errno));
  const off_t before = ::lseek(fd, 0, SEEK_END);
  auto written = write_out(fd, line + "\n", file_);
  // Half a line would spoil all that follows it.
  if (!written && before >= 0 && ::ftruncate(fd, before) != 0) written.error().message += "; half a line is left in it";
  ::close(fd);
  ANLAN_CHECK(std::move(written));
  previous_ = crypto::sha256_hex(line);
  std::lock_guard lock(mutex_);
  covered_ = checkpoint.position;
  covered_at_ = checkpoint.at;
  return {};
}

Value Checkpoints::condition() const {
  std::lock_guard lock(mutex_);
  return Value(Map{{"position", covered_},
                   {"at", covered_at_ ? Value(*covered_at_) : Value()},
                   {"behind", std::max<app::Position>(seen_ - covered_, 0)},
                   {"trouble", trouble_.empty() ? Value() : Value(trouble_)}});
}

}  // namespace anlan::server
