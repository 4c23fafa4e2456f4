#include "base/clock.h"

#include <time.h>

namespace isrd {
namespace {

class SystemClock final : public Clock {
 public:
  Now now() const override {
    timespec wall;
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    return {
        std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now()),
        WallTime(Millis(wall.tv_sec * 1000 + wall.tv_nsec / 1'000'000))};
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

ManualClock::ManualClock(WallTime wall)
    : mono_ms_(1'000'000'000), wall_ms_(wall.time_since_epoch().count()) {}

Now ManualClock::now() const {
  return {MonoTime(Millis(mono_ms_.load(std::memory_order_acquire))),
          WallTime(Millis(wall_ms_.load(std::memory_order_acquire)))};
}

void ManualClock::advance(Millis by) {
  wall_ms_.fetch_add(by.count(), std::memory_order_acq_rel);
  mono_ms_.fetch_add(by.count(), std::memory_order_acq_rel);
}

void ManualClock::jump_wall(Millis by) {
  wall_ms_.fetch_add(by.count(), std::memory_order_acq_rel);
}

}  // namespace isrd
