// Feeds arbitrary bytes to both readers. What is read must survive both writers unchanged.
#include <cstdint>
#include <cstdlib>

#include "json/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace anlan;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto value = json::parse(text)) {
    std::string bytes = json::canonical(*value);
    auto again = json::parse_canonical(bytes);
    if (!again || !(*again == *value) || json::canonical(*again) != bytes) std::abort();
    auto wire = json::parse(json::write(*value), {.bytes = std::size_t{1} << 30});
    if (!wire || !(*wire == *value)) std::abort();
  }
  if (auto value = json::parse_canonical(text)) {
    std::string bytes = json::canonical(*value);  // not compared with ==: a stored NaN is unlike itself
    auto again = json::parse_canonical(bytes);
    if (!again || json::canonical(*again) != bytes) std::abort();
  }
  return 0;
}
