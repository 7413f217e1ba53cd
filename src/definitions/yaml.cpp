#include "definitions/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <istream>
#include <map>
#include <streambuf>

#include "base/text.h"

namespace anlan::definitions {

std::string text(const Problem& p) { return fmt::format("{}:{}:{}: {}", p.file, p.line, p.column, p.message); }

// ---- source ----

Source::Source(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
  lines_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') lines_.push_back(i + 1);
}

namespace {
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
}  // namespace

Source::Place Source::place(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  std::size_t line =
      static_cast<std::size_t>(std::upper_bound(lines_.begin(), lines_.end(), offset) - lines_.begin()) - 1;
  std::size_t column = 1;
  for (std::size_t i = lines_[line]; i < offset; ++i) column += !continues(text_[i]);
  return {line + 1, column};
}

std::size_t Source::line_start(std::size_t line) const { return line < lines_.size() ? lines_[line] : text_.size(); }

// ---- node ----

const Node* Node::find(std::string_view key) const {
  for (const Member& m : members)
    if (m.key->text == key) return m.value.get();
  return nullptr;
}

std::size_t Node::offset_of(std::size_t byte) const {
  std::string_view raw = source->text();
  if (kind != Kind::scalar || offset >= raw.size()) return offset;
  byte = std::min(byte, text.size());
  std::size_t at = offset;
  char style = raw[at];
  if (plain) {
    style = 'p';
  } else if (style == '|' || style == '>') {
    // Behind the header, which ends with its line.
    at = std::min(raw.find('\n', at), raw.size() - 1) + 1;
  } else {
    ++at;  // the quote
  }
  // Folding turns line ends into spaces, so blanks are no guide: the nth other byte of the text is the nth other byte
  // of the file.
  auto skip_blanks = [&] {
    while (at < raw.size()) {
      bool escaped = style == '"' && raw[at] == '\\' && at + 1 < raw.size() &&
                     (blank(raw[at + 1]) || raw[at + 1] == 'n' || raw[at + 1] == 't' || raw[at + 1] == 'r');
      if (escaped) at += 2;
      else if (blank(raw[at])) ++at;
      else return;
    }
  };
  for (std::size_t seen = 0;;) {
    while (seen < byte && blank(text[seen])) ++seen;
    if (seen >= byte) {
      if (byte < text.size() && !blank(text[byte])) skip_blanks();
      return std::min(at, raw.size());
    }
    skip_blanks();
    if (at >= raw.size()) return raw.size();
    bool escape = style == '"' && raw[at] == '\\' && at + 1 < raw.size();
    if (!escape) {
      at += style == '\'' && raw[at] == '\'' ? 2 : 1;
      ++seen;
      continue;
    }
    // One code point, which may be several bytes of the text.
    char c = raw[at + 1];
    at += c == 'x' ? 4 : c == 'u' ? 6 : c == 'U' ? 10 : 2;
    for (++seen; seen < text.size() && continues(text[seen]);) ++seen;
  }
}

// ---- problems ----

void Problems::add(Problem p) {
  if (!quiet) all_.insert(std::move(p));
}
void Problems::add(const Source& source, std::size_t offset, std::string message) {
  if (quiet) return;
  auto place = source.place(offset);
  add(Problem{source.path(), place.line, place.column, std::move(message)});
}
void Problems::add(const Node& node, std::string message) { add(*node.source, node.offset, std::move(message)); }

// ---- building ----

namespace {

// Leaves yaml-cpp's parser in the middle; caught by parse() below and nowhere else.
struct Stop {
  std::size_t offset;
  std::string message;
};

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(std::shared_ptr<const Source> source, Problems& problems)
      : source_(std::move(source)), problems_(problems) {}

  NodePtr take() {
    auto root = std::move(root_);
    root_ = nullptr;
    stack_.clear();
    anchors_.clear();
    return root;
  }

  // yaml-cpp 0.7 offers an empty document again and again where it cannot go on (a file of ", ").
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (mark.pos <= last_) throw Stop{at(mark), "not readable as YAML: this cannot begin a value"};
    last_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = make(Node::Kind::null, mark, anchor);
    value(anchor, std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto it = anchors_.find(anchor);
    if (it == anchors_.end()) throw Stop{at(mark), "an alias cannot stand inside what it repeats"};
    if (!stack_.empty() && stack_.back().node->kind == Node::Kind::map && !stack_.back().key)
      throw Stop{at(mark), "a key must be written out; an alias cannot be one"};
    if (stack_.size() + it->second->height > depth_limit)
      throw Stop{at(mark), fmt::format("nested deeper than {}", depth_limit)};
    add(it->second);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value_text) override {
    check_tag(mark, tag);
    auto node = make(Node::Kind::scalar, mark, anchor);
    node->text = value_text;
    node->plain = tag == "?";
    value(anchor, std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor;
    NodePtr key;
    std::map<std::string, std::size_t, std::less<>> seen;  // key -> where it stood first
  };

  std::size_t at(const YAML::Mark& mark) const { return mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos); }

  std::shared_ptr<Node> make(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) const {
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->source = source_;
    node->offset = std::min(at(mark), source_->text().size());
    if (anchor && kind == Node::Kind::scalar) {
      auto raw = source_->text();
      std::size_t i = node->offset;
      if (i < raw.size() && raw[i] == '&') {
        while (i < raw.size() && !blank(raw[i])) ++i;
        while (i < raw.size() && blank(raw[i])) ++i;
        node->offset = i;
      }
    }
    return node;
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw Stop{at(mark), "a value that begins with ! is a tag in YAML; put the whole value in quotes"};
  }

  void value(YAML::anchor_t anchor, std::shared_ptr<Node> node) {
    if (anchor) anchors_[anchor] = node;
    add(std::move(node));
  }

  void add(NodePtr node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& top = stack_.back();
    if (top.node->kind == Node::Kind::map && !top.key) {
      if (node->kind != Node::Kind::scalar) throw Stop{node->offset, "a key must be a word"};
      auto [it, fresh] = top.seen.emplace(node->text, node->offset);
      if (!fresh)
        problems_.add(*node, fmt::format("the key '{}' stands already in line {}; keep one of the two", node->text,
                                         source_->place(it->second).line));
      top.key = std::move(node);
      return;
    }
    top.node->weight += node->weight;
    top.node->height = std::max(top.node->height, node->height + 1);
    total_ += node->weight;
    if (top.node->weight > node_limit || total_ > 4 * node_limit)
      throw Stop{node->offset, fmt::format("aliases make this larger than {} values", node_limit)};
    if (top.node->kind == Node::Kind::list) {
      top.node->items.push_back(std::move(node));
    } else {
      bool first = top.seen.at(top.key->text) == top.key->offset;
      if (first) top.node->members.push_back({std::move(top.key), std::move(node)});
      top.key = nullptr;
    }
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(mark, tag);
    if (stack_.size() + 1 > depth_limit) throw Stop{at(mark), fmt::format("nested deeper than {}", depth_limit)};
    if (!stack_.empty() && stack_.back().node->kind == Node::Kind::map && !stack_.back().key)
      throw Stop{at(mark), "a key must be a word, not a list or a mapping"};
    stack_.push_back({make(kind, mark, anchor), anchor, nullptr, {}});
  }

  void close() {
    Frame top = std::move(stack_.back());
    stack_.pop_back();
    if (top.anchor) anchors_[top.anchor] = top.node;
    add(std::move(top.node));
  }

  std::shared_ptr<const Source> source_;
  Problems& problems_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
  NodePtr root_;
  std::size_t total_ = 0;
  int last_ = -1;
};

// Reads the text in place.
class View final : public std::streambuf {
 public:
  explicit View(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // a get area is never written to
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

bool parse(std::shared_ptr<const Source> source, Problems& problems, std::vector<NodePtr>& documents) {
  auto raw = source->text();
  if (raw.size() > file_limit) {
    problems.add(*source, 0,
                 fmt::format("the file has {} bytes; at most {} are read. Split it", raw.size(), file_limit));
    return false;
  }
  if (!valid_utf8(raw)) {
    std::size_t good = 0;
    // The first line that is not well-formed.
    while (good < raw.size() && valid_utf8(raw.substr(0, raw.find('\n', good)))) {
      auto next = raw.find('\n', good);
      if (next == std::string_view::npos) break;
      good = next + 1;
    }
    problems.add(*source, good, "this line is not UTF-8; save the file as UTF-8");
    return false;
  }
  for (std::size_t i = 0; i < raw.size(); ++i)
    if (static_cast<unsigned char>(raw[i]) < 0x20 && !blank(raw[i])) {
      problems.add(*source, i, "a control character; delete it");
      return false;
    }
  Builder builder(source, problems);
  try {
    View view(raw);
    std::istream stream(&view);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder))
      if (auto root = builder.take()) documents.push_back(std::move(root));
    return true;
  } catch (const Stop& stop) {
    problems.add(*source, stop.offset, stop.message);
  } catch (const YAML::Exception& e) {
    std::size_t at = e.mark.is_null() || e.mark.pos < 0 ? 0 : static_cast<std::size_t>(e.mark.pos);
    problems.add(*source, at, "not readable as YAML: " + e.msg);
  } catch (const std::exception& e) {
    problems.add(*source, 0, std::string("not readable as YAML: ") + e.what());
  }
  return false;
}

// ---- plain data ----

namespace {
Value plain_scalar(const std::string& s) {
  if (s.empty() || s == "~" || s == "null" || s == "Null" || s == "NULL") return {};
  if (s == "true" || s == "True" || s == "TRUE") return true;
  if (s == "false" || s == "False" || s == "FALSE") return false;
  const char* begin = s.data();
  const char* end = begin + s.size();
  if (*begin == '+') ++begin;
  bool digits = begin < end && (std::isdigit(static_cast<unsigned char>(*begin)) || *begin == '-' || *begin == '.');
  if (!digits || (s[0] == '+' && *begin == '-')) return s;
  std::int64_t whole = 0;
  if (auto r = std::from_chars(begin, end, whole); r.ec == std::errc{} && r.ptr == end) return whole;
  double number = 0;
  if (auto r = std::from_chars(begin, end, number); r.ec == std::errc{} && r.ptr == end && std::isfinite(number))
    return number;
  return s;
}
}  // namespace

Value plain_value(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return {};
    case Node::Kind::scalar:
      return node.plain ? plain_scalar(node.text) : Value(node.text);
    case Node::Kind::list: {
      List out;
      for (const auto& item : node.items) out.push_back(plain_value(*item));
      return Value(std::move(out));
    }
    case Node::Kind::map: {
      Map out;
      for (const auto& member : node.members) out.insert_or_assign(member.key->text, plain_value(*member.value));
      return Value(std::move(out));
    }
  }
  return {};
}

Result<std::vector<Value>> read_values(const std::string& path, const std::string& text_of_file) {
  Problems problems;
  std::vector<NodePtr> documents;
  parse(std::make_shared<const Source>(path, text_of_file), problems, documents);
  if (!problems.empty()) {
    std::string message;
    for (const Problem& p : problems.sorted()) message += (message.empty() ? "" : "\n") + text(p);
    return fail(Code::invalid, std::move(message), path);
  }
  std::vector<Value> out;
  for (const auto& document : documents) out.push_back(plain_value(*document));
  return out;
}

}  // namespace anlan::definitions
