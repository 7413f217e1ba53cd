#include "definitions/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "definitions/context.h"
#include "domain/correlation/rules.h"

namespace anlan::definitions {

namespace {

// The words a document may be, in the order in which they are read: what others lean on comes first.
struct Reader {
  const char* key;
  void (Context::*read)(const Document&);
  bool kept;  // also as plain data
};
constexpr Reader readers[] = {
    {"requirements", &Context::requirements, false},
    {"readings", &Context::readings, true},
    {"terms", &Context::terms, true},
    {"posts", &Context::posts_of, false},
    {"incompatible", &Context::incompatible, false},
    {"holidays", &Context::holidays, false},
    {"calendars", &Context::calendars, false},
    {"parameters", &Context::parameters, false},
    {"record", &Context::record, false},
    {"process", &Context::process, false},
    {"plan", &Context::plan, false},
    {"measure", &Context::measure, false},
    {"report", &Context::report, false},
};

// The node that a path of the alert rules leads to ("rules[2].match.severity"), or the nearest above it.
const Node* node_at(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (!path.empty()) {
    if (path[0] == '.') path.remove_prefix(1);
    const Node* next = nullptr;
    if (!path.empty() && path[0] == '[') {
      auto end = path.find(']');
      std::size_t index = 0;
      for (char c : path.substr(1, end == std::string_view::npos ? end : end - 1))
        index =
            c >= '0' && c <= '9' && index < node_limit ? index * 10 + static_cast<std::size_t>(c - '0') : node_limit;
      if (node->kind == Node::Kind::list && index < node->items.size()) next = node->items[index].get();
      path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    } else {
      auto end = path.find_first_of(".[");
      next = node->find(path.substr(0, end));
      path = end == std::string_view::npos ? std::string_view() : path.substr(end);
    }
    if (!next) return node;
    node = next;
  }
  return node;
}

void check_alert_rules(const std::vector<Document>& documents, const engine::Definitions& definitions, bool complete,
                       Problems& problems) {
  std::vector<Value> values;
  for (const auto& d : documents) values.push_back(plain_value(*d.node));
  std::vector<correlation::Problem> found;
  auto rules = correlation::load_rules(values, found);
  for (const auto& p : found)
    if (p.document < documents.size()) problems.add(*node_at(*documents[p.document].node, p.path), p.message);
  if (!complete) return;
  for (const auto& d : documents)
    if (const Node* list = d.node->find("rules"))
      for (const auto& rule : list->items)
        if (const Node* process = rule->find("process"); process && !definitions.processes.contains(process->text))
          problems.add(*process, fmt::format("there is no process '{}'; there are: {}", process->text,
                                             listed(keys_of(definitions.processes))));
}

// Records that an installation starts with.
void check_seeds(const Document& document, const engine::Definitions& definitions, bool complete, Problems& problems) {
  Object o(*document.node, "the file of first records", problems);
  const Node* key = o.need("seed");
  const Node* records = o.need("records");
  if (!key || !records || !complete) return;
  auto reg = definitions.records.find(key->text);
  if (reg == definitions.records.end()) {
    problems.add(
        *key, fmt::format("there is no register '{}'{}; there are: {}", key->text,
                          suggestion(key->text, keys_of(definitions.records)), listed(keys_of(definitions.records))));
    return;
  }
  std::map<std::string, std::size_t> seen;
  for (const Node* item : o.items("records")) {
    Object r(*item, "a record", problems);
    if (!r.usable()) continue;
    const Node* id = r.need("id");
    if (id && !seen.emplace(id->text, 0).second) problems.add(*id, fmt::format("record '{}' stands twice", id->text));
    if (const Node* state = r.get("state")) {
      const auto& states = reg->second.states;
      if (std::find(states.begin(), states.end(), state->text) == states.end() &&
          !(states.empty() && state->text == "active"))
        problems.add(*state, fmt::format("register '{}' has no state '{}'; there are: {}", reg->first, state->text,
                                         listed(states)));
    }
    const Node* fields = r.need("fields");
    if (!fields) continue;
    auto decoded = engine::decode_fields(plain_value(*fields), reg->second.fields, "", calendar::Zone::shanghai());
    if (!decoded) {
      problems.add(*node_at(*fields, decoded.error().field), decoded.error().message);
      continue;
    }
    for (const auto& field : reg->second.fields)
      if (field.required && field.required_when.empty() && (*decoded)[field.key].is_null())
        problems.add(*fields,
                     fmt::format("the record lacks '{}', which register '{}' requires", field.key, reg->first));
  }
}

}  // namespace

Loaded load(const Files& files) {
  Loaded out;
  Problems problems;
  bool complete = true;
  std::map<std::string, std::vector<Document>> words;
  std::vector<Document> alert_rules, seeds;
  std::map<std::string, Value> extra;

  for (const auto& [path, text] : files) {
    if (path.ends_with(".yml")) {
      problems.add({path, 1, 1, "rename the file to end with .yaml; this one is not read"});
      continue;
    }
    if (!path.ends_with(".yaml")) continue;
    auto source = std::make_shared<const Source>(path, text);
    std::vector<NodePtr> nodes;
    if (!parse(source, problems, nodes)) complete = false;
    std::size_t count = 0;
    auto keep = [&](const Node& node) {
      extra.emplace(count > 1 ? fmt::format("{}#{}", path, count) : path, plain_value(node));
    };
    for (const auto& node : nodes) {
      if (node->kind == Node::Kind::null) continue;  // a document of comments only
      ++count;
      if (node->kind != Node::Kind::map) {
        problems.add(*node, "a file of definitions is a mapping of keys to values");
        continue;
      }
      if (path.starts_with("correlation/") || path.starts_with("seeds/")) {
        (path[0] == 'c' ? alert_rules : seeds).push_back({source, node});
        keep(*node);
        continue;
      }
      // The key at the top says which word it is; a file of requirements names its area first.
      const Reader* reader = nullptr;
      for (const Reader& r : readers)
        if (!node->members.empty() &&
            (node->members.front().key->text == r.key || (&r == &readers[0] && node->find(r.key))))
          reader = &r;
      if (!reader) {
        std::vector<std::string> names;
        for (const Reader& r : readers) names.emplace_back(r.key);
        std::string first = node->members.empty() ? "" : node->members.front().key->text;
        problems.add(*node, fmt::format("this is no definition{}; a document begins with one of the keys {}",
                                        suggestion(first, names), listed(names)));
        continue;
      }
      words[reader->key].push_back({source, node});
      if (reader->kept) keep(*node);
    }
  }

  auto read = [&](Context& context) {
    for (const Reader& reader : readers)
      for (const Document& document : words[reader.key]) (context.*reader.read)(document);
    context.finish();
  };
  static const engine::Definitions nothing;
  problems.quiet = true;
  Context names(problems, nothing, false, complete);
  read(names);
  problems.quiet = false;
  Context whole(problems, names.out, true, complete);
  whole.process_skeletons = names.process_skeletons;
  whole.record_skeletons = names.record_skeletons;
  whole.initial_ = names.initial_;
  whole.calendar_names_ = names.calendar_names_;
  read(whole);
  check_alert_rules(alert_rules, names.out, complete, problems);
  for (const Document& document : seeds) check_seeds(document, whole.out, complete, problems);

  out.definitions = std::move(whole.out);
  out.definitions.extra = std::move(extra);
  out.problems = problems.sorted();
  return out;
}

Result<Files> read_directory(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code ec;
  fs::path root(directory);
  if (!fs::is_directory(root, ec)) return fail(Code::not_found, fmt::format("there is no directory '{}'", directory));
  Files out;
  fs::recursive_directory_iterator it(root, fs::directory_options::none, ec), end;
  for (; !ec && it != end; it.increment(ec)) {
    auto extension = it->path().extension();
    if ((extension != ".yaml" && extension != ".yml") || !it->is_regular_file(ec)) continue;
    if (out.size() >= 5000) return fail(Code::limit, fmt::format("'{}' holds more than 5,000 files", directory));
    std::string path = it->path().lexically_relative(root).generic_string();
    std::ifstream file(it->path(), std::ios::binary);
    // One byte beyond the limit is enough to be refused.
    std::string text(file_limit + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (!file && !file.eof()))
      return fail(Code::unavailable, fmt::format("'{}' cannot be read", it->path().string()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    out.emplace(std::move(path), std::move(text));
  }
  if (ec) return fail(Code::unavailable, fmt::format("'{}' cannot be read: {}", directory, ec.message()));
  return out;
}

Result<std::shared_ptr<const engine::Definitions>> load_directory(const std::string& directory) {
  ANLAN_TRY(Files files, read_directory(directory));
  Loaded loaded = load(files);
  if (!loaded.ok()) {
    std::string message;
    for (const Problem& p : loaded.problems) message += (message.empty() ? "" : "\n") + text(p);
    return fail(Code::invalid, std::move(message), directory);
  }
  return std::make_shared<const engine::Definitions>(std::move(loaded.definitions));
}

}  // namespace anlan::definitions
