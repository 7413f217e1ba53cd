// The tree and its places; and that no text at all makes the loader fall over.
#include "definitions/yaml.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "definitions/load.h"
#include "definitions/sample_for_test.h"

namespace anlan::definitions {
namespace {

struct Tree {
  std::vector<NodePtr> documents;
  std::vector<Problem> problems;
};
Tree read(std::string text) {
  Tree out;
  Problems problems;
  parse(std::make_shared<const Source>("t.yaml", std::move(text)), problems, out.documents);
  out.problems = problems.sorted();
  return out;
}
std::string only_problem(std::string text_of_file) {
  auto tree = read(std::move(text_of_file));
  return tree.problems.size() == 1 ? text(tree.problems[0]) : std::to_string(tree.problems.size()) + " problems";
}

TEST(Yaml, PlainData) {
  auto values = read_values(
      "t", "a: 1\nb: [true, ~, 1.5, \"2\", 1.2.3, 30m, 2026-03-02, -4, +5, 0x1, 1e3, .5, on, 9.1.5-a-1]\n---\nx\n");
  ASSERT_TRUE(values) << values.error().message;
  ASSERT_EQ(values->size(), 2u);
  EXPECT_EQ((*values)[0]["a"], Value(1));
  EXPECT_EQ((*values)[0]["b"], Value(List{true, Value(), 1.5, "2", "1.2.3", "30m", "2026-03-02", -4, 5, "0x1", 1000.0,
                                          0.5, "on", "9.1.5-a-1"}));
  EXPECT_EQ((*values)[1], Value("x"));
  EXPECT_EQ(read_values("t", "a: 1\na: 2").error().message,
            "t:2:1: the key 'a' stands already in line 1; keep one of the two");
}

TEST(Yaml, AliasesAreShared) {
  auto tree = read("a: &x {k: [1, 2]}\nb: *x\nc: [*x, *x]\n");
  ASSERT_TRUE(tree.problems.empty());
  const Node& root = *tree.documents.at(0);
  EXPECT_EQ(root.find("a"), root.find("b"));
  EXPECT_EQ(root.find("c")->items.at(1).get(), root.find("a"));
}

TEST(Yaml, Refused) {
  EXPECT_EQ(only_problem("a: {b: 1, b: 2}"), "t.yaml:1:11: the key 'b' stands already in line 1; keep one of the two");
  EXPECT_EQ(only_problem("[a]: b"), "t.yaml:1:1: a key must be a word, not a list or a mapping");
  EXPECT_EQ(only_problem("a: &x 1\n? *x\n: 2"), "t.yaml:2:3: a key must be written out; an alias cannot be one");
  EXPECT_EQ(only_problem("a: !!int 3"),
            "t.yaml:1:4: a value that begins with ! is a tag in YAML; put the whole value in quotes");
  EXPECT_EQ(only_problem("a: &x [*x]"), "t.yaml:1:8: an alias cannot stand inside what it repeats");
  EXPECT_EQ(only_problem("a: *x"), "t.yaml:1:4: not readable as YAML: the referenced anchor is not defined");
  EXPECT_EQ(only_problem(", "), "t.yaml:1:1: not readable as YAML: this cannot begin a value");
  EXPECT_EQ(only_problem("---\n---\n...\n---\n"), "0 problems");
  EXPECT_EQ(only_problem("a: [1"), "t.yaml:1:6: not readable as YAML: end of sequence flow not found");
  EXPECT_EQ(only_problem("a: 甲\nb: \xff\n"), "t.yaml:2:1: this line is not UTF-8; save the file as UTF-8");
  EXPECT_EQ(only_problem(std::string("a: 1\nb: \x01")), "t.yaml:2:4: a control character; delete it");
  EXPECT_EQ(only_problem(std::string(depth_limit + 1, '[') + std::string(depth_limit + 1, ']')),
            "t.yaml:1:65: nested deeper than 64");
  EXPECT_EQ(only_problem("a: \"" + std::string(file_limit, 'x') + "\""),
            "t.yaml:1:1: the file has 1048581 bytes; at most 1048576 are read. Split it");
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) laughs += (k ? ", *a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  EXPECT_NE(only_problem(laughs).find("aliases make this larger than"), std::string::npos);
}

TEST(Yaml, PlacesInsideScalars) {
  // Each text holds one X; its place must be found from the text of the scalar.
  for (const char* file : {"a: oneX", "a: 'it''s X'", "a: \"q\\\"\\u4e2d\\n X\"", "a: >-\n  one\n\n  two X\n",
                           "a: |\n  one\n   X\n", "a: one\n  two\n   X\n", "a: \"one\n  two \\\n   X\"",
                           "a: &anchor \"中文 X\"", "- {b: 'X'}", "a: \"\\x41\\tX\"", "a: &anchor\n  'X'"}) {
    auto tree = read(file);
    ASSERT_TRUE(tree.problems.empty()) << file << text(tree.problems.at(0));
    const Node* scalar = tree.documents.at(0).get();
    while (scalar->kind != Node::Kind::scalar)
      scalar = scalar->kind == Node::Kind::list ? scalar->items.at(0).get() : scalar->members.at(0).value.get();
    auto x = scalar->text.find('X');
    ASSERT_NE(x, std::string::npos) << file;
    EXPECT_EQ(scalar->offset_of(x), std::string(file).find('X')) << file;
    EXPECT_LE(scalar->offset_of(scalar->text.size()), std::string(file).size());
  }
}

TEST(Yaml, ByteOrderMarkAndLineEnds) {
  auto tree = read(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: {c: *x}\r\n");
  ASSERT_EQ(tree.problems.size(), 1u);
  EXPECT_EQ(tree.problems[0].line, 2u);
  EXPECT_EQ(tree.problems[0].column, 8u);
}

// What the shipped definitions turn into when a line goes missing, a word is swapped, an indent slips.
std::string mutated(const std::string& file) {
  using namespace rc;
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < file.size()) {
    auto end = std::min(file.find('\n', begin), file.size() - 1);
    lines.push_back(file.substr(begin, end - begin + 1));
    begin = end + 1;
  }
  if (lines.empty()) return file;
  int changes = *gen::inRange(1, 4);
  for (int i = 0; i < changes; ++i) {
    auto at = *gen::inRange<std::size_t>(0, lines.size());
    auto other = *gen::inRange<std::size_t>(0, lines.size());
    std::string& line = lines[at];
    switch (*gen::inRange(0, 6)) {
      case 0:
        line.clear();
        break;
      case 1:
        std::swap(line, lines[other]);
        break;
      case 2:
        line.insert(0, "  ");
        break;
      case 3: {  // a word of another line in the place of one of this
        auto word = [](const std::string& s) {
          std::vector<std::pair<std::size_t, std::size_t>> words;
          for (std::size_t b = s.find_first_not_of(" \n"); b != std::string::npos; b = s.find_first_not_of(" \n", b)) {
            auto e = std::min(s.find_first_of(" \n", b), s.size());
            words.emplace_back(b, e - b);
            b = e;
          }
          return words;
        };
        auto mine = word(line), theirs = word(lines[other]);
        if (mine.empty() || theirs.empty()) break;
        auto [b, n] = mine[*gen::inRange<std::size_t>(0, mine.size())];
        auto [b2, n2] = theirs[*gen::inRange<std::size_t>(0, theirs.size())];
        line.replace(b, n, std::string(lines[other], b2, n2));
        break;
      }
      case 4:
        line.erase(*gen::inRange<std::size_t>(0, line.size() + 1) % (line.size() + 1), 1);
        break;
      default:
        line.insert(*gen::inRange<std::size_t>(0, line.size() + 1) % (line.size() + 1), 1,
                    "{}[]&*!|>'\":,-#"[*gen::inRange(0, 15)]);
    }
  }
  std::string out;
  for (const auto& line : lines) out += line;
  return out;
}

void survives(Files files) {
  auto names = *rc::gen::elementOf([&] {
    std::vector<std::string> all;
    for (const auto& [path, text] : files) all.push_back(path);
    return all;
  }());
  files[names] = mutated(files[names]);
  auto loaded = load(files);
  for (const auto& p : loaded.problems) {
    RC_ASSERT(files.contains(p.file));
    RC_ASSERT((p.line >= 1 && p.column >= 1 && !p.message.empty()));
    RC_ASSERT(p.line <= static_cast<std::size_t>(std::count(files[p.file].begin(), files[p.file].end(), '\n')) + 1);
  }
}

TEST(Loader, SurvivesSlipsInTheSample) {
  rc::check([] { survives(sample()); });
}

TEST(Loader, SurvivesSlipsInWhatIsShipped) {
  auto files = read_directory("definitions");
  ASSERT_TRUE(files);
  // The requirements are many and alike: without them each load is short.
  std::erase_if(*files, [](const auto& f) { return f.first.starts_with("standard/"); });
  rc::check([&] { survives(*files); });
}

}  // namespace
}  // namespace anlan::definitions
