// Any bytes as a file of definitions, beside a whole set that it may refer to or clash with.
#include <cstdint>
#include <cstdlib>

#include "definitions/load.h"
#include "definitions/sample_for_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace anlan::definitions;
  static const Files whole = sample();
  if (size == 0) return 0;
  // The first byte says which file the rest stands for; beyond the last one it is a new file. Calendars take most of the
  // time of a load, so they are there only when it is their turn.
  Files files = whole;
  std::size_t index = data[0] % (whole.size() + 1);
  std::string path = "processes/new.yaml";
  if (index < whole.size()) path = std::next(whole.begin(), static_cast<std::ptrdiff_t>(index))->first;
  if (!path.starts_with("calendars/")) files.erase("calendars/office.yaml");
  files[path].assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto loaded = load(files);
  for (const auto& problem : loaded.problems)
    if (problem.line < 1 || problem.column < 1 || problem.message.empty() || !files.contains(problem.file))
      std::abort();
  return 0;
}
