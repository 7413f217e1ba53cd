#include "server/verify_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "base/text.h"
#include "crypto/crypto.h"
#include "domain/engine/engine.h"
#include "server/files.h"

namespace anlan::server {

Result<LogFindings> check_log(const std::function<Status(const std::function<Status(const app::LoggedEvent&)>&)>& log,
                              const std::vector<Checkpoint>& checkpoints) {
  LogFindings found;
  crypto::MerkleTree tree;
  std::size_t next = 0;
  bool broken = false;
  app::Position proved = 0;
  auto status = log([&](const app::LoggedEvent& event) -> Status {
    ++found.events;
    if (event.position != found.events && found.wrong.empty())
      found.wrong.push_back(fmt::format("event {} stands where event {} belongs: something was taken out or put in",
                                        event.position, found.events));
    tree.add(event.bytes);
    while (next < checkpoints.size() && checkpoints[next].position == found.events) {
      const Checkpoint& checkpoint = checkpoints[next++];
      if (checkpoint.root == tree.root() && !broken) {
        proved = checkpoint.position;
      } else if (!broken) {
        broken = true;
        found.wrong.push_back(fmt::format("the log was altered between events {} and {} (checkpoint of {})", proved + 1,
                                          checkpoint.position, format_rfc3339(checkpoint.at, 480)));
      }
    }
    return {};
  });
  ANLAN_CHECK(std::move(status));
  if (next < checkpoints.size())
    found.wrong.push_back(fmt::format("the log ends at event {}, but a checkpoint of {} covers {}: events are missing",
                                      found.events, format_rfc3339(checkpoints.back().at, 480),
                                      checkpoints.back().position));
  found.covered = proved;
  return found;
}

namespace {

// The log folded, against the tables that people read. At most `most` differences are named.
class TableCheck {
 public:
  TableCheck(storage::Archive& archive, std::vector<std::string>& wrong) : archive_(archive), wrong_(wrong) {}

  Status run(const std::set<std::string>& subjects) {
    std::set<std::string> seen;
    ANLAN_CHECK(archive_.tickets([&](const std::string& number, const Value& body) {
      return compare("ticket:" + number, body, seen);
    }));
    ANLAN_CHECK(archive_.records([&](const std::string& name, const Value& fields) {
      return compare("record:" + name, fields, seen);
    }));
    for (const auto& subject : subjects)
      if (!seen.contains(subject)) complain(fmt::format("{}: the log knows it, the table does not", subject));
    if (more_) wrong_.push_back(fmt::format("and {} more", more_));
    return {};
  }
  std::size_t compared() const { return compared_; }

 private:
  Status compare(const std::string& subject, const Value& stored, std::set<std::string>& seen) {
    ++compared_;
    seen.insert(subject);
    ANLAN_TRY(auto events, archive_.events_of(subject));
    Value folded(Map{});
    for (const auto& event : events)
      if (!event.body["patch"].is_null()) folded = engine::merge_apply(folded, event.body["patch"]);
    if (events.empty()) complain(subject + ": stands in the table, but the log has nothing of it");
    else if (!(folded == stored)) complain(subject + ": the table says something else than the log");
    return {};
  }
  void complain(std::string what) {
    constexpr std::size_t most = 20;
    if (named_++ < most) wrong_.push_back(std::move(what));
    else ++more_;
  }

  storage::Archive& archive_;
  std::vector<std::string>& wrong_;
  std::size_t compared_ = 0, named_ = 0, more_ = 0;
};

int unusable(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return 2;
}

}  // namespace

int verify(const VerifyOptions& options, const Clock& clock) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const bool folder = fs::is_directory(options.data, ignored);
  const std::string database = folder ? options.data + "/anlan.db" : options.data;
  std::string file = options.against;
  if (file.empty() && folder) file = options.data + "/checkpoints.jsonl";
  auto archive = storage::open_archive(database);
  if (!archive) return unusable(archive.error());

  std::vector<Checkpoint> checkpoints;
  std::vector<std::string> wrong;
  if (file.empty()) {
    fmt::print("no checkpoints were given: only damage and gaps can be found\n");
  } else {
    std::ifstream in(file, std::ios::binary);
    if (!in) return unusable(Error{Code::unavailable, "cannot read " + file, {}, {}});
    auto read = read_checkpoints(std::string(std::istreambuf_iterator<char>(in), {}), options.key);
    if (!read) wrong.push_back(file + ": " + read.error().message);
    else checkpoints = std::move(*read);
  }

  std::set<std::string> subjects, attached;
  std::size_t damaged = 0;
  auto log = [&](const std::function<Status(const app::LoggedEvent&)>& each) {
    return (*archive)->events([&](const app::LoggedEvent& event) -> Status {
      auto decoded = (*archive)->decode(event);
      if (!decoded || decoded->subject != event.subject) {
        if (++damaged <= 20)
          wrong.push_back(fmt::format("event {}: {}", event.position,
                                      decoded ? "it is filed under another subject" : "its bytes are damaged"));
      } else if (decoded->kind == "ticket.attached") {
        attached.insert(decoded->body["sha256"].as_string());
      }
      if (decoded && options.tables && (event.subject.starts_with("ticket:") || event.subject.starts_with("record:"))) {
        subjects.insert(event.subject);
      }
      return each(event);
    });
  };
  auto found = check_log(log, checkpoints);
  if (!found) return unusable(found.error());
  wrong.insert(wrong.end(), found->wrong.begin(), found->wrong.end());

  fmt::print("{} events read, {} of them proved by {} checkpoints\n", found->events, found->covered, checkpoints.size());
  if (!checkpoints.empty()) {
    fmt::print("signed by key {}{}\n", checkpoints.front().key,
               options.key.empty() ? " (give --key with the key you wrote down, or whoever holds the server could have signed)" : "");
    fmt::print("exposed: {} events since {}, {} ago\n", found->events - std::min(found->covered, found->events),
               format_rfc3339(checkpoints.back().at, 480), format_duration(clock.wall() - checkpoints.back().at));
  }
  if (folder && !attached.empty()) {
    FolderFiles files(options.data + "/attachments");
    for (const auto& digest : attached)
      if (auto bytes = files.fetch(digest); !bytes) wrong.push_back(fmt::format("attachment {}: {}", digest, bytes.error().message));
    fmt::print("{} attached files looked at\n", attached.size());
  }
  if (options.tables && damaged == 0) {
    TableCheck tables(**archive, wrong);
    if (auto done = tables.run(subjects); !done) return unusable(done.error());
    fmt::print("{} tickets and records compared with what the log folds to\n", tables.compared());
  }
  for (const auto& one : wrong) fmt::print("WRONG  {}\n", one);
  fmt::print("{}\n", wrong.empty() ? "nothing wrong was found" : "the data cannot be trusted as they are");
  return wrong.empty() ? 0 : 1;
}

}  // namespace anlan::server
