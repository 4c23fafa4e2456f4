#include "net/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace isrd::net {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr LoopTime start{1'000'003ms};
constexpr milliseconds turn = TimerWheel::tick * 512;

/// A wheel whose time passes only as it tells its loop to sleep.
class Loop {
 public:
  TimerWheel& wheel() { return wheel_; }
  LoopTime now() const { return now_; }
  const std::vector<const TimerNode*>& fired() const { return fired_; }

  void pass(milliseconds time) {
    now_ += time;
    wheel_.expire(now_, [this](TimerNode& node) { fired_.push_back(&node); });
  }
  /// Sleeps as the wheel says until the node has fired; the time that took.
  milliseconds until_fired(const TimerNode& node) {
    const LoopTime from = now_;
    for (int sleeps = 0; node.armed() && sleeps < 1000; ++sleeps) {
      pass(milliseconds(wheel_.timeout_ms(now_)));
    }
    EXPECT_FALSE(node.armed());
    return std::chrono::duration_cast<milliseconds>(now_ - from);
  }

 private:
  LoopTime now_ = start;
  TimerWheel wheel_{start};
  std::vector<const TimerNode*> fired_;
};

TEST(TimerWheel, fires_never_early_and_at_most_one_tick_late) {
  for (const milliseconds after : {1ms, 15ms, 16ms, 17ms, 100ms, 1000ms, 8191ms, 8192ms, 8193ms,
                                   20'000ms, 90'001ms, 3'600'000ms}) {
    Loop loop;
    TimerNode node;
    loop.wheel().arm(node, loop.now() + after);
    const milliseconds took = loop.until_fired(node);
    EXPECT_GE(took, after);
    EXPECT_LE(took, after + TimerWheel::tick);
  }
}

TEST(TimerWheel, a_deadline_in_the_past_fires_with_the_next_tick) {
  for (const milliseconds ago : {0ms, 1ms, 100ms, 100'000ms}) {
    Loop loop;
    TimerNode node;
    loop.wheel().arm(node, loop.now() - ago);
    EXPECT_LE(loop.until_fired(node), TimerWheel::tick);
  }
}

TEST(TimerWheel, a_loop_that_slept_too_long_finds_all_that_is_due) {
  for (const milliseconds slept : {100ms, 8000ms, 8192ms, 50'000ms}) {
    Loop loop;
    std::vector<std::unique_ptr<TimerNode>> nodes;
    for (milliseconds at = 1ms; at <= 60'000ms; at += 101ms) {
      nodes.push_back(std::make_unique<TimerNode>());
      loop.wheel().arm(*nodes.back(), start + at);
    }
    loop.pass(slept);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const milliseconds at = 1ms + 101ms * static_cast<int>(i);
      // Within one tick of the sleep either is right.
      if (at > slept || at + TimerWheel::tick <= slept) {
        EXPECT_EQ(nodes[i]->armed(), at > slept);
      }
      if (nodes[i]->armed()) loop.wheel().disarm(*nodes[i]);
    }
  }
}

TEST(TimerWheel, sleeps_for_ever_only_when_nothing_is_armed) {
  Loop loop;
  EXPECT_TRUE(loop.wheel().empty());
  EXPECT_EQ(loop.wheel().timeout_ms(loop.now()), -1);
  TimerNode node;
  loop.wheel().arm(node, loop.now() + 1s);
  EXPECT_FALSE(loop.wheel().empty());
  EXPECT_GE(loop.wheel().timeout_ms(loop.now()), 0);
  loop.wheel().disarm(node);
  EXPECT_TRUE(loop.wheel().empty());
  EXPECT_EQ(loop.wheel().timeout_ms(loop.now()), -1);
}

TEST(TimerWheel, sleeps_as_long_as_it_may) {
  Loop loop;
  TimerNode node;
  loop.wheel().arm(node, loop.now() + 5s);
  EXPECT_GE(loop.wheel().timeout_ms(loop.now()), 5000);
}

TEST(TimerWheel, what_was_disarmed_does_not_fire) {
  Loop loop;
  TimerNode stays;
  TimerNode goes;
  loop.wheel().arm(stays, loop.now() + 50ms);
  loop.wheel().arm(goes, loop.now() + 50ms);
  loop.wheel().disarm(goes);
  EXPECT_FALSE(goes.armed());
  loop.pass(1s);
  EXPECT_EQ(loop.fired(), std::vector<const TimerNode*>{&stays});
}

TEST(TimerWheel, a_node_may_be_armed_again_while_it_fires) {
  TimerWheel wheel(start);
  TimerNode node;
  wheel.arm(node, start);
  int fired = 0;
  const auto again = [&](TimerNode& due) {
    ++fired;
    wheel.arm(due, start);  // already past: not before the next tick, or this would never end
  };
  wheel.expire(start + 100ms, again);
  EXPECT_EQ(fired, 1);
  wheel.expire(start + 200ms, again);
  EXPECT_EQ(fired, 2);
  wheel.expire(start + 200ms + 2 * turn, again);
  EXPECT_EQ(fired, 3);
  wheel.disarm(node);
}

TEST(TimerWheel, a_firing_node_may_disarm_another_that_is_due_as_well) {
  TimerWheel wheel(start);
  TimerNode nodes[3];
  for (TimerNode& node : nodes) wheel.arm(node, start + 50ms);
  std::vector<const TimerNode*> fired;
  wheel.expire(start + 100ms, [&](TimerNode& node) {
    fired.push_back(&node);
    for (TimerNode& other : nodes) {
      if (other.armed()) wheel.disarm(other);
    }
  });
  EXPECT_EQ(fired.size(), 1u);
  EXPECT_TRUE(wheel.empty());
}

TEST(TimerWheel, the_stop_finds_every_node) {
  TimerWheel wheel(start);
  TimerNode nodes[100];
  for (int i = 0; i < 100; ++i) wheel.arm(nodes[i], start + i * i * 100ms);
  std::set<const TimerNode*> fired;
  wheel.expire_all([&](TimerNode& node) { fired.insert(&node); });
  EXPECT_EQ(fired.size(), 100u);
  EXPECT_TRUE(wheel.empty());
}

TEST(TimerWheel, random_deadlines_are_all_met) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    TimerWheel wheel(start);
    LoopTime now = start;
    TimerNode nodes[50];
    std::map<const TimerNode*, LoopTime> deadlines;
    for (int step = 0; step < 3000; ++step) {
      TimerNode& node = nodes[random() % 50];
      if (node.armed()) {
        wheel.disarm(node);
        deadlines.erase(&node);
      } else {
        const milliseconds after(random() % (random() % 4 ? 300 : 30'000));
        deadlines[&node] = now + after;
        wheel.arm(node, now + after);
      }
      const int timeout = wheel.timeout_ms(now);
      ASSERT_EQ(timeout == -1, deadlines.empty());
      // The loop sleeps as told, or is woken earlier by a socket.
      const int most = timeout < 0 ? 1000 : timeout;
      now += milliseconds(random() % 2 ? most : static_cast<int>(random() % (most + 1u)));
      wheel.expire(now, [&](TimerNode& due) {
        ASSERT_GE(now, deadlines.at(&due));
        deadlines.erase(&due);
      });
      for (const auto& [armed, deadline] : deadlines) ASSERT_LT(now, deadline + TimerWheel::tick);
    }
    wheel.expire_all([](TimerNode&) {});
  }
}

}  // namespace
}  // namespace isrd::net
