// YAML text to a tree that remembers where everything stands. yaml-cpp reads; nobody else in the house sees its types.
// Refused: duplicate keys, keys that are no plain words, tags, recursive anchors, trees deeper than 64, files larger
// than 1 MiB, aliases that blow a document up beyond 200,000 nodes. Nothing throws.
#pragma once
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/value.h"

namespace anlan::definitions {

constexpr std::size_t file_limit = 1 << 20;
constexpr std::size_t depth_limit = 64;
constexpr std::size_t node_limit = 200'000;

// A mistake, and how to mend it. Lines and columns count from 1, columns in Unicode code points.
struct Problem {
  std::string file;
  std::size_t line = 1, column = 1;
  std::string message;
  auto operator<=>(const Problem&) const = default;
};
std::string text(const Problem&);  // "processes/incident.yaml:12:7: ..."

// The text of one file. Lives as long as any node of it.
class Source {
 public:
  Source(std::string path, std::string text);
  const std::string& path() const { return path_; }
  std::string_view text() const { return text_; }
  // Line and column of a byte offset; an offset beyond the end counts as the end.
  struct Place {
    std::size_t line = 1, column = 1;
  };
  Place place(std::size_t offset) const;
  // Byte offset of the first column of a line that counts from 0.
  std::size_t line_start(std::size_t line) const;

 private:
  std::string path_, text_;
  std::vector<std::size_t> lines_;
};

struct Node;
using NodePtr = std::shared_ptr<const Node>;

// An aliased node is shared: it stands where its anchor stands.
struct Node {
  enum class Kind { null, scalar, list, map } kind = Kind::null;
  std::shared_ptr<const Source> source;
  std::size_t offset = 0;  // of the first character, behind an anchor
  std::string text;        // scalar
  bool plain = true;       // scalar: written without quotes and not as a block
  std::vector<NodePtr> items;
  struct Member {
    NodePtr key, value;
  };
  std::vector<Member> members;  // in the order of the file
  std::size_t weight = 1, height = 1;

  const Node* find(std::string_view key) const;  // of a map; null when absent
  // Byte offset in the file of a byte of `text`: exact for every style of scalar.
  std::size_t offset_of(std::size_t byte_of_text) const;
};

// Where problems go: each place and message once.
class Problems {
 public:
  void add(const Node&, std::string message);
  void add(const Source&, std::size_t offset, std::string message);
  void add(Problem);
  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }
  bool quiet = false;  // take nothing
  std::vector<Problem> sorted() const { return {all_.begin(), all_.end()}; }

 private:
  std::set<Problem> all_;
};

// The documents of one file, those before a mistake in the syntax too. False when there was such a mistake.
bool parse(std::shared_ptr<const Source>, Problems&, std::vector<NodePtr>& documents);

// The plain datum of a node by the core schema of YAML 1.2: null, true/false, integers, numbers, else strings. Times
// and durations stay strings. Quoted scalars are always strings.
Value plain_value(const Node&);

// Documents of a file that is no definition (a scenario): as plain data. Code::invalid with every problem in the
// message.
Result<std::vector<Value>> read_values(const std::string& path, const std::string& text);

}  // namespace anlan::definitions
