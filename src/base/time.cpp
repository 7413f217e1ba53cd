#include "base/time.h"

#include <chrono>

namespace anlan {
namespace {
class SystemClock final : public Clock {
 public:
  Instant wall() const override {
    using namespace std::chrono;
    return {duration_cast<std::chrono::milliseconds>(system_clock::now().time_since_epoch()).count()};
  }
  Duration monotonic() const override {
    using namespace std::chrono;
    return {duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch()).count()};
  }
};
}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}
}  // namespace anlan
