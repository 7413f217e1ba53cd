// Reading one mapping of a definition: every key is asked for by name, what nobody asked for is an error.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "definitions/yaml.h"

namespace anlan::definitions {

// "a, b, c" of what is known, for a message; long lists are cut.
std::string listed(const std::vector<std::string>& known);
// " (did you mean 'x'?)" where one of `known` is near, else "".
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

// Scalars. `what` names the place in messages: "the key 'due'".
std::optional<std::string> read_text(const Node&, const std::string& what, Problems&);
std::optional<bool> read_bool(const Node&, const std::string& what, Problems&);
std::optional<std::int64_t> read_int(const Node&, const std::string& what, Problems&);
std::optional<double> read_number(const Node&, const std::string& what, Problems&);
std::optional<Duration> read_duration(const Node&, const std::string& what, Problems&);
// {zh, en}, both filled.
std::optional<Text> read_both(const Node&, const std::string& what, Problems&);
// One scalar, or a list of them; with the place of each.
struct Word {
  std::string text;
  const Node* node = nullptr;
};
std::vector<Word> read_words(const Node&, const std::string& what, Problems&);
// A key of a definition: small letters, digits and _, beginning with a letter.
bool check_key(const Node& key, Problems&);

class Object {
 public:
  // `what` names the mapping in messages: "a guard". When the node is no mapping, that is a problem, and the object is
  // empty and complains no further.
  Object(const Node& node, std::string what, Problems& problems);
  ~Object();  // complains of unknown keys
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  bool usable() const { return usable_; }
  const Node& node() const { return node_; }
  bool has(std::string_view key) const;
  // The value; null when absent. A value that is empty counts as absent, with a problem.
  const Node* get(std::string_view key);
  const Node* need(std::string_view key);  // absent is a problem

  std::string text(std::string_view key);  // "" when absent
  std::string need_text(std::string_view key);
  bool flag(std::string_view key, bool otherwise = false);
  std::optional<std::int64_t> integer(std::string_view key);
  std::optional<double> number(std::string_view key);
  std::optional<Duration> duration(std::string_view key);
  Text both(std::string_view key);
  Text need_both(std::string_view key);
  std::vector<Word> words(std::string_view key);
  // One of the words given; its index. Absent: `otherwise`.
  std::size_t choice(std::string_view key, const std::vector<std::string>& known, std::size_t otherwise = 0);
  // The items of a list, or the one value in its place. Absent: none.
  std::vector<const Node*> items(std::string_view key);
  // The members of a mapping of named things, keys checked. Absent: none.
  std::vector<std::pair<std::string, const Node::Member*>> named(std::string_view key);
  // Says that the key stands but means nothing here, and why.
  void refuse(std::string_view key, const std::string& why);

 private:
  std::string name(std::string_view key) const;
  const Node& node_;
  std::string what_;
  Problems& problems_;
  bool usable_ = true;
  std::vector<std::string> known_;
};

}  // namespace anlan::definitions
