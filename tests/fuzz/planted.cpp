// The control of the fuzz suite: a fuzzer with a bug planted behind a real reader of the house. tests/fuzz/run must find
// each of them, or it would not find a real one either. The bug stands behind text that only a search guided by the
// coverage of the reader comes upon: from the single input "x" it takes a negative duration of more than a day, and not of
// whole hours.
//
// PLANTED says which bug: 1 a promise broken, 2 memory read past its end (for AddressSanitizer), 3 an overflow (for
// UndefinedBehaviorSanitizer), 4 no end.
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string_view>

#include "base/text.h"

namespace {
bool deep_enough(std::string_view text) {
  const auto duration = anlan::parse_duration(text);
  if (!duration || duration->ms >= 0) return false;
  if (duration->ms > -anlan::days(1).ms) return false;
  return duration->ms % anlan::hours(1).ms != 0;
}

[[maybe_unused]] volatile int sink = std::numeric_limits<int>::max();
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (!deep_enough({reinterpret_cast<const char*>(data), size})) return 0;
#if PLANTED == 1
  std::abort();
#elif PLANTED == 2
  auto copy = std::make_unique<std::uint8_t[]>(size);
  sink = copy.get()[size];
#elif PLANTED == 3
  int most = sink;
  sink = most + 1;
#elif PLANTED == 4
  while (sink != 0) sink = 1;
#endif
  return 0;
}
