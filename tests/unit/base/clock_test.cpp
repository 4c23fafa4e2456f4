#include "base/clock.h"

#include <gtest/gtest.h>

namespace isrd {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, stands_still_until_told) {
  const ManualClock clock;
  const Now first = clock.now();
  const Now second = clock.now();
  EXPECT_EQ(first.mono, second.mono);
  EXPECT_EQ(first.wall, second.wall);
}

TEST(ManualClock, begins_at_the_wall_time_it_is_given) {
  const ManualClock clock(WallTime(5s));
  EXPECT_EQ(clock.now().wall, WallTime(5s));
}

TEST(ManualClock, advances_both_clocks_together) {
  ManualClock clock;
  const Now before = clock.now();
  clock.advance(1500ms);
  EXPECT_EQ(clock.now().mono - before.mono, 1500ms);
  EXPECT_EQ(clock.now().wall - before.wall, 1500ms);
}

TEST(ManualClock, a_jump_of_the_wall_clock_moves_no_expiry) {
  ManualClock clock;
  const Now before = clock.now();
  clock.jump_wall(-1h);
  EXPECT_EQ(clock.now().mono, before.mono);
  EXPECT_EQ(clock.now().wall - before.wall, -1h);
}

TEST(SystemClock, its_monotonic_reading_never_goes_back) {
  MonoTime last = system_clock().now().mono;
  for (int i = 0; i < 1000; ++i) {
    const MonoTime now = system_clock().now().mono;
    EXPECT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace isrd
