#include "server/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/records.h"
#include "base/text.h"
#include "definitions/yaml.h"
#include "server/stories.h"

namespace anlan::server {
namespace {

namespace fs = std::filesystem;

struct Document {
  std::string file;
  Value value;
};

Result<std::vector<Document>> read_folder(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  if (error) return fail(Code::not_found, folder + ": " + error.message());
  std::sort(files.begin(), files.end());
  std::vector<Document> out;
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in.good() && !in.eof()) return fail(Code::unavailable, "cannot read " + path.string());
    ANLAN_TRY(std::vector<Value> documents, definitions::read_values(path.filename().string(), text));
    for (Value& document : documents) out.push_back({path.filename().string(), std::move(document)});
  }
  return out;
}

// "@now-2h" into that instant, anywhere inside.
Result<Value> in_time(const Value& v, Instant now) {
  if (v.is(Value::Kind::list)) {
    List out;
    for (const Value& item : v.as_list()) {
      ANLAN_TRY(Value moved, in_time(item, now));
      out.push_back(std::move(moved));
    }
    return Value(std::move(out));
  }
  if (v.is(Value::Kind::map)) {
    Map out;
    for (const auto& [key, item] : v.as_map()) {
      ANLAN_TRY(Value moved, in_time(item, now));
      out.emplace(key, std::move(moved));
    }
    return Value(std::move(out));
  }
  if (!v.is(Value::Kind::string) || !v.as_string().starts_with("@now")) return v;
  std::string_view rest = std::string_view(v.as_string()).substr(4);
  if (rest.empty()) return Value(format_rfc3339(now));
  auto by = parse_duration(rest.substr(1));
  if (!by || (rest.front() != '+' && rest.front() != '-'))
    return fail(Code::invalid, fmt::format("'{}' is no time: @now, @now-2h, @now+30d", v.as_string()));
  return Value(format_rfc3339(rest.front() == '+' ? now + *by : now - *by));
}

Error located(Error error, const std::string& where) {
  error.message = where + ": " + error.message;
  for (const Refusal& refusal : error.refusals) error.message += "\n  " + refusal.code + ": " + refusal.text.en;
  return error;
}

// What others refer to comes first: units name people, boards name people, grants need all three.
int turn(const std::string& reg) {
  static const char* const first[] = {"person", "unit", "board", "post_exception", "grant"};
  for (int i = 0; i < 5; ++i)
    if (reg == first[i]) return i;
  return 5;
}

Status write_records(app::Platform& platform, app::Txn& txn, const std::vector<Document>& documents, Instant now) {
  struct Row {
    std::string file, reg;
    Value value;
  };
  std::vector<Row> rows;
  for (const Document& document : documents)
    for (const auto& [reg, list] : document.value["world"]["records"].as_map())
      for (const Value& one : list.as_list()) rows.push_back({document.file, reg, one});
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return turn(a.reg) < turn(b.reg); });
  const engine::Actor actor{"platform", true, false};
  for (const Row& row : rows) {
    const std::string id = describe(row.value["id"]), where = fmt::format("{}: {}/{}", row.file, row.reg, id);
    auto fields = in_time(row.value["fields"], now);
    if (!fields) return std::unexpected(located(fields.error(), where));
    auto written = app::write_record_as_platform(
        platform, txn, actor, {row.reg, id, *fields, row.value["state"].as_string(), {}, "demonstration"});
    if (!written) return std::unexpected(located(written.error(), where));
  }
  return {};
}

}  // namespace

Status load_demo(app::Platform& platform, std::shared_ptr<const engine::Definitions> definitions, app::Sessions& sessions,
                 const std::string& folder, Duration past, const std::string& hash) {
  ANLAN_TRY(std::vector<Document> documents, read_folder(folder));
  const Instant now = platform.now();
  // People and systems are there before the first story is told.
  SimulatedClock earlier(now - past - hours(24));
  app::Platform then(platform.store(), definitions, earlier);
  auto written = then.write([&](app::Txn& txn, const app::World&) -> Result<Value> {
    ANLAN_CHECK(write_records(then, txn, documents, now));
    ANLAN_TRY(app::World world, then.world(txn));
    for (const auto& one : world.directory().parts().people) ANLAN_CHECK(sessions.put_password(txn, one.id, hash));
    ANLAN_CHECK(sessions.put_token(txn, demo_token, {demo_token, {"alerts.write"}, {}}));
    ANLAN_CHECK(txn.put_setting("platform", "demo", Value(Map{{"at", now}})));
    ANLAN_TRY([[maybe_unused]] app::Position position,
              txn.append({0, "platform", "demonstration.loaded", then.now(), "platform", Value(Map{})}));
    return Value();
  });
  if (!written) return std::unexpected(written.error());
  std::vector<app::TimedStep> steps;
  for (const Document& document : documents) {
    ANLAN_TRY(std::vector<app::TimedStep> more, lay_out(document.value, document.file, now, past));
    std::move(more.begin(), more.end(), std::back_inserter(steps));
  }
  std::stable_sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  ANLAN_CHECK(app::play_steps(std::move(definitions), platform.store(), steps, now));
  // What people were told in the past they have seen; what is of today still waits for them.
  auto read = platform.write([&](app::Txn& txn, const app::World& world) -> Result<Value> {
    for (const auto& person : world.directory().parts().people) {
      ANLAN_TRY(std::vector<app::OutboxRow> rows, txn.outbox_of(person.id, 10'000));
      for (app::OutboxRow& row : rows) {
        if (now - row.at < hours(20)) continue;
        row.state = "acknowledged";
        ANLAN_CHECK(txn.update_outbox(row));
      }
    }
    return Value();
  });
  return read ? Status() : std::unexpected(read.error());
}

Result<Value> demo_visits(const std::string& folder) {
  ANLAN_TRY(std::vector<Document> documents, read_folder(folder));
  auto both = [](const Value& text) { return !text["zh"].as_string().empty() && !text["en"].as_string().empty(); };
  List visits;
  for (const Document& document : documents)
    for (const Value& visit : document.value["visits"].as_list()) {
      const std::string where = fmt::format("{}: visit '{}'", document.file, visit["login"].as_string());
      if (!both(visit["who"]) || !both(visit["lead"]))
        return fail(Code::invalid, where + ": 'who' and 'lead' are texts in both languages");
      for (const Value& step : visit["steps"].as_list())
        if (!both(step) || step["go"].as_string().empty() == step["find"].as_string().empty())
          return fail(Code::invalid, where + ": a step has zh, en and either 'go' or 'find'");
      visits.push_back(visit);
    }
  return Value(Map{{"password", demo_password}, {"visits", Value(std::move(visits))}});
}

}  // namespace anlan::server
