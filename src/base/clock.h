// The time seam. Lifetimes are counted on the monotonic clock, so that a jump of the wall clock
// moves no expiry; the wall clock is for HTTP dates and logs. I/O deadlines are not behind this
// seam: they use steady_clock directly.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace isrd {

using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;
using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// One reading of both clocks.
struct Now {
  MonoTime mono;
  WallTime wall;
};

class Clock {
 public:
  virtual ~Clock() = default;
  /// Callable from any thread, cheap (no system call).
  virtual Now now() const = 0;
};

/// The process's real clock.
const Clock& system_clock();

/// A clock that moves only when told, for tests. `advance` and `jump_wall` may be called from any
/// thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime wall = WallTime(std::chrono::milliseconds(1'700'000'000'000)));
  Now now() const override;
  void advance(Millis by);
  /// Moves the wall clock only, as an operator or NTP would.
  void jump_wall(Millis by);

 private:
  std::atomic<std::int64_t> mono_ms_;
  std::atomic<std::int64_t> wall_ms_;
};

}  // namespace isrd
