// Any bytes as a file of definitions, beside a whole set that it may refer to or clash with, and as a scenario.
// The first line of the input names the file that the rest stands for; a name unknown to the set adds a new file.
#include <cstdint>
#include <cstdlib>

#include "definitions/load.h"
#include "definitions/sample_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace anlan::definitions;
  static const Files whole = sample();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  std::string path(input.substr(0, line)), text(input.substr(line + 1));
  if (!whole.contains(path)) path = "processes/new.yaml";
  // A whole set takes a hundred times as long as a file, so it waits until the file can be read at all. A file that
  // cannot stands alone; calendars, most of the time of a load, are there only when it is their turn.
  const auto values = read_values(path, text);
  Files files;
  if (values) files = whole;
  if (!path.starts_with("calendars/")) files.erase("calendars/office.yaml");
  files[path] = std::move(text);
  auto loaded = load(files);
  if (!values && loaded.ok()) std::abort();
  for (const auto& problem : loaded.problems)
    if (problem.line < 1 || problem.column < 1 || problem.message.empty() || !files.contains(problem.file))
      std::abort();
  return 0;
}
