#include "server/rehearse_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "app/incoming.h"
#include "app/rehearse.h"
#include "definitions/load.h"
#include "storage/store.h"

namespace anlan::server {
namespace {
namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::vector<fs::path> yaml_files(const std::vector<std::string>& given) {
  std::vector<fs::path> out;
  for (const auto& one : given) {
    if (fs::is_directory(one)) {
      for (const auto& entry : fs::recursive_directory_iterator(one))
        if (entry.is_regular_file() && entry.path().extension() == ".yaml") out.push_back(entry.path());
    } else {
      out.emplace_back(one);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

// A world file stands beside the scenarios or above them: the nearest one upwards belongs to them.
void add_worlds_above(const std::vector<fs::path>& files, std::set<fs::path>& worlds) {
  for (const auto& file : files)
    for (fs::path folder = fs::absolute(file).parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
      if (fs::exists(folder / "_world.yaml")) {
        worlds.insert(fs::canonical(folder / "_world.yaml"));
        break;
      }
    }
}

struct Play {
  std::vector<app::Scenario> scenarios;
  std::vector<Value> worlds;
};

// Prints what cannot be read; false then.
bool read_scenarios(const RehearseOptions& options, Play& play) {
  bool good = true;
  auto files = yaml_files(options.files);
  std::set<fs::path> worlds;
  add_worlds_above(files, worlds);
  for (const auto& world : worlds) {
    auto documents = definitions::read_values(world.filename().string(), read_file(world));
    if (!documents) {
      fmt::print(stderr, "{}\n", documents.error().message);
      good = false;
      continue;
    }
    for (const auto& document : *documents)
      if (!document["world"].is_null()) play.worlds.push_back(document["world"]);
  }
  for (const auto& file : files) {
    if (file.filename().string().starts_with("_")) continue;
    auto documents = definitions::read_values(file.string(), read_file(file));
    if (!documents) {
      fmt::print(stderr, "{}\n", documents.error().message);
      good = false;
      continue;
    }
    for (const auto& document : *documents) {
      if (document["scenario"].is_null()) continue;  // e.g. the reviewed list of equivalent mutants
      auto scenario = app::scenario_from(document, file.string());
      if (!scenario) {
        fmt::print(stderr, "{}\n", scenario.error().message);
        good = false;
      } else if (options.only.empty() || options.mutate || scenario->name.find(options.only) != std::string::npos ||
                 file.string().find(options.only) != std::string::npos) {
        play.scenarios.push_back(std::move(*scenario));
      }
    }
  }
  return good;
}

app::StoreFactory memory_store() {
  return [](const Clock& clock) {
    storage::Options options;
    options.path = ":memory:";
    options.clock = &clock;
    return storage::open_sqlite(options);
  };
}

std::shared_ptr<const engine::Definitions> load_or_print(const std::string& folder) {
  auto files = definitions::read_directory(folder);
  if (!files) {
    fmt::print(stderr, "{}\n", files.error().message);
    return nullptr;
  }
  auto loaded = definitions::load(*files);
  for (const auto& problem : loaded.problems) fmt::print(stderr, "{}\n", definitions::text(problem));
  if (!loaded.ok()) return nullptr;
  auto definitions = std::make_shared<const engine::Definitions>(std::move(loaded.definitions));
  std::vector<correlation::Problem> problems;
  app::load_correlation(*definitions, problems);
  for (const auto& problem : problems) fmt::print(stderr, "correlation (document {}): {}: {}\n", problem.document + 1, problem.path, problem.message);
  return problems.empty() ? definitions : nullptr;
}

template <class Work>
void in_parallel(int jobs, std::size_t n, Work work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (int j = 0; j < std::max(1, jobs); ++j)
    threads.emplace_back([&] {
      for (std::size_t i = next++; i < n; i = next++) work(i);
    });
  for (auto& thread : threads) thread.join();
}

int mutate(const RehearseOptions& options, const Play& play, const app::Stage& stage, std::shared_ptr<const engine::Definitions> definitions,
           const std::vector<app::Rehearsal>& plain) {
  std::map<std::string, std::string> equivalents;  // mutant -> reason
  if (!options.equivalents.empty() && fs::exists(options.equivalents)) {
    auto documents = definitions::read_values(options.equivalents, read_file(options.equivalents));
    if (!documents) {
      fmt::print(stderr, "{}\n", documents.error().message);
      return 2;
    }
    for (const auto& document : *documents)
      for (const auto& one : document["equivalents"].as_list()) equivalents.emplace(one["mutant"].as_string(), one["why"].as_string());
  }
  auto all = app::mutants(definitions);
  if (!options.only.empty())
    std::erase_if(all, [&](const app::Mutant& m) { return m.id.find(options.only) == std::string::npos; });
  std::vector<int> outcome(all.size(), 0);  // 0 survived, 1 noticed, 2 no mutant, 3 equivalent
  std::vector<std::vector<std::string>> noticed_by(all.size());
  auto factory = memory_store();
  in_parallel(options.jobs, all.size(), [&](std::size_t i) {
    if (equivalents.contains(all[i].id)) {
      outcome[i] = 3;
      return;
    }
    auto changed = all[i].make();
    if (!changed) {
      outcome[i] = 2;
      return;
    }
    auto mutant_stage = stage.with(changed);
    // Scenarios that touched the rule; those that name its requirement first, as they ought to notice.
    std::vector<std::size_t> order;
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t s = 0; s < play.scenarios.size(); ++s) {
        bool names = false;
        for (const auto& id : all[i].req)
          names |= std::find(play.scenarios[s].covers.begin(), play.scenarios[s].covers.end(), id) != play.scenarios[s].covers.end();
        if (names == (pass == 0) && plain[s].touched.contains(all[i].touches)) order.push_back(s);
      }
    for (auto s : order) {
      if (mutant_stage.play(play.scenarios[s], factory).passed) continue;
      outcome[i] = 1;
      noticed_by[i].push_back(play.scenarios[s].name);
      return;
    }
  });
  std::size_t survived = 0, noticed = 0, none = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (outcome[i] == 1) ++noticed;
    if (outcome[i] == 2) ++none;
    if (outcome[i] != 0) continue;
    ++survived;
    fmt::print("survived  {}\n          {} {}\n", all[i].id, all[i].where, all[i].what);
  }
  for (const auto& [id, why] : equivalents)
    if (options.only.empty() && std::none_of(all.begin(), all.end(), [&](const app::Mutant& m) { return m.id == id; }))
      fmt::print("the reviewed list names a mutant that does not exist any more: {}\n", id);
  fmt::print("{} mutants: {} noticed, {} survived, {} equivalent by review, {} do not compile\n", all.size() - none, noticed, survived, equivalents.size(), none);
  fmt::print("{} passed, {} failed\n", noticed, survived);
  return survived == 0 ? 0 : 1;
}

}  // namespace

int check(const std::string& folder) {
  auto definitions = load_or_print(folder);
  if (!definitions) return 1;
  std::size_t actions = 0, guards = 0;
  for (const auto& [key, shapes] : definitions->processes)
    for (const auto& shape : shapes)
      for (const auto& action : shape->actions) ++actions, guards += action.guards.size();
  fmt::print("{} processes with {} actions and {} guards, {} registers, {} parameters, {} calendars, {} requirements: no problem\n",
             definitions->processes.size(), actions, guards, definitions->records.size(), definitions->parameters.size(),
             definitions->calendars.size(), definitions->requirements.size());
  return 0;
}

int rehearse(const RehearseOptions& options) {
  auto definitions = load_or_print(options.definitions);
  if (!definitions) return 2;
  Play play;
  if (!read_scenarios(options, play)) return 2;
  if (play.scenarios.empty()) {
    fmt::print(stderr, "no scenario in {}\n", fmt::join(options.files, " "));
    return 2;
  }
  auto stage = app::Stage::make(definitions, play.worlds);
  if (!stage) {
    fmt::print(stderr, "the world: {}\n", stage.error().message);
    return 2;
  }
  auto factory = memory_store();
  std::vector<app::Rehearsal> results(play.scenarios.size());
  in_parallel(options.jobs, play.scenarios.size(), [&](std::size_t i) { results[i] = stage->play(play.scenarios[i], factory); });
  std::size_t failed = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].passed) continue;
    ++failed;
    fmt::print("FAILED {}: {}\n", play.scenarios[i].file, play.scenarios[i].name);
    for (const auto& failure : results[i].failures) fmt::print("    {}\n", failure);
  }
  if (options.mutate) {
    if (failed) {
      fmt::print("{} scenarios fail as they are; mend them before mutating\n", failed);
      return 1;
    }
    return mutate(options, play, *stage, definitions, results);
  }
  std::set<std::string> covered;
  for (const auto& scenario : play.scenarios) covered.insert(scenario.covers.begin(), scenario.covers.end());
  for (const auto& id : covered)
    if (!definitions->requirements.empty() && !definitions->requirements.contains(id)) {
      fmt::print("a scenario covers '{}', which is no requirement\n", id);
      ++failed;
    }
  fmt::print("{} requirements are named\n", covered.size());
  fmt::print("{} passed, {} failed\n", results.size() - std::min(failed, results.size()), failed);
  return failed ? 1 : 0;
}

}  // namespace anlan::server
