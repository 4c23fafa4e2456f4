#include "net/worker.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "unit/net/on_worker.h"

namespace isrd::net {
namespace {

using namespace std::chrono_literals;

TEST(Worker, does_what_is_posted_on_its_own_thread_and_in_order) {
  StartedWorkers workers;
  std::vector<int> order;
  std::thread::id thread;
  for (int i = 0; i < 1000; ++i) {
    workers[0].post([&, i] {
      order.push_back(i);
      thread = std::this_thread::get_id();
      EXPECT_EQ(Worker::current(), &workers[0]);
    });
  }
  ASSERT_TRUE(settle(workers[0]));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.size(), 1000u);
  EXPECT_NE(thread, std::this_thread::get_id());
  EXPECT_EQ(Worker::current(), nullptr);
}

TEST(Worker, loses_nothing_that_many_threads_post_at_once) {
  StartedWorkers workers;
  int sum = 0;  // only on the worker's thread
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) workers[0].post([&sum] { ++sum; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(settle(workers[0]));
  EXPECT_EQ(sum, 20'000);
}

TEST(Worker, work_may_post_further_work) {
  StartedWorkers workers;
  std::promise<void> done;
  std::future<void> end = done.get_future();
  workers[0].post([&] { workers[0].post([&] { workers[0].post([&] { done.set_value(); }); }); });
  EXPECT_TRUE(ends(end));
}

TEST(Worker, shows_the_clock_that_it_was_given) {
  StartedWorkers workers;
  workers.clock().advance(5s);
  Now seen;
  workers[0].post([&] { seen = workers[0].now(); });
  ASSERT_TRUE(settle(workers[0]));
  EXPECT_EQ(seen.mono, workers.clock().now().mono);
  EXPECT_EQ(seen.wall, workers.clock().now().wall);
}

Task<void> throwing() {
  throw std::runtime_error("thrown on purpose");
  co_return;
}

Task<void> nothing() { co_return; }

TEST(Worker, an_exception_ends_only_its_own_task) {
  StartedWorkers workers;
  workers[0].post([&] { workers[0].spawn(throwing()); });
  EXPECT_TRUE(run_on(workers[0], [] { return nothing(); }));
}

Task<void> pause(Worker& worker, LoopTime deadline, Wake& wake, LoopTime& woken) {
  wake = co_await Wait(worker, deadline);
  woken = std::chrono::steady_clock::now();
}

TEST(Wait, a_pause_ends_at_its_deadline_and_not_before) {
  StartedWorkers workers;
  Wake wake = Wake::ready;
  LoopTime woken{};
  const LoopTime deadline = in(30ms);
  ASSERT_TRUE(run_on(workers[0], [&] { return pause(workers[0], deadline, wake, woken); }));
  EXPECT_EQ(wake, Wake::timeout);
  EXPECT_GE(woken, deadline);
}

/// A place where one coroutine waits; only on the worker's thread.
struct Place {
  WaitNode* waiting = nullptr;
  std::vector<Wake> wakes;
};

Task<void> wait_at(Worker& worker, Place& place, LoopTime deadline) {
  const Wake wake = co_await Wait(worker, place.waiting, deadline);
  place.wakes.push_back(wake);
}

TEST(Wait, is_woken_by_whoever_finds_it) {
  for (const Wake wake : {Wake::ready, Wake::cancelled}) {
    StartedWorkers workers;
    Place place;
    const auto end =
        start_on(workers[0], [&] { return wait_at(workers[0], place, in(patience * 2)); });
    workers[0].post([&, wake] {
      ASSERT_TRUE(place.waiting);
      wake_slot(workers[0], place.waiting, wake);
      EXPECT_FALSE(place.waiting);
      wake_slot(workers[0], place.waiting, wake);  // nobody there any more
    });
    ASSERT_TRUE(ends(end));
    EXPECT_EQ(place.wakes, std::vector<Wake>{wake});
  }
}

TEST(Wait, leaves_its_place_when_the_deadline_comes) {
  StartedWorkers workers;
  Place place;
  ASSERT_TRUE(run_on(workers[0], [&] { return wait_at(workers[0], place, in(1ms)); }));
  EXPECT_EQ(place.wakes, std::vector<Wake>{Wake::timeout});
  EXPECT_EQ(place.waiting, nullptr);
}

TEST(Worker, a_stop_cancels_every_wait) {
  StartedWorkers workers;
  Place places[20];
  std::vector<std::future<void>> endings;
  for (Place& place : places) {
    endings.push_back(
        start_on(workers[0], [&] { return wait_at(workers[0], place, in(patience * 100)); }));
  }
  ASSERT_TRUE(settle(workers[0]));
  workers.stop();
  for (const auto& end : endings) EXPECT_EQ(end.wait_for(0s), std::future_status::ready);
  for (const Place& place : places) EXPECT_EQ(place.wakes, std::vector<Wake>{Wake::cancelled});
}

struct Alive {
  explicit Alive(int& count) : count_(count) { ++count_; }
  ~Alive() { --count_; }
  Alive(const Alive&) = delete;
  int& count_;
};

Task<void> finishing_slowly(Worker& worker, int& alive, int& cancelled) {
  const Alive guard(alive);
  for (int i = 0; i < 5; ++i) {
    const Wake wake = co_await Wait(worker, in(patience * 100));
    cancelled += wake == Wake::cancelled;
  }
}

TEST(Worker, a_stop_lets_live_tasks_come_to_their_end) {
  StartedWorkers workers;
  int alive = 0;
  int cancelled = 0;
  for (int i = 0; i < 10; ++i) {
    workers[0].post([&] { workers[0].spawn(finishing_slowly(workers[0], alive, cancelled)); });
  }
  ASSERT_TRUE(settle(workers[0]));
  workers.stop();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(cancelled, 50);
}

TEST(Worker, what_was_posted_before_the_stop_is_done) {
  StartedWorkers workers;
  int done = 0;
  for (int i = 0; i < 100; ++i) workers[0].post([&done] { ++done; });
  workers.stop();
  EXPECT_EQ(done, 100);
}

TEST(Worker, may_be_stopped_twice_and_without_a_start) {
  const ManualClock clock;
  Worker worker(0, clock);
  worker.stop();
  StartedWorkers workers;
  workers.stop();
  workers.stop();
}

class Connection final : public Drainable {
 public:
  int drained = 0;
  void drain() override { ++drained; }
};

TEST(Worker, a_drain_reaches_those_that_are_enlisted) {
  StartedWorkers workers;
  Connection stays;
  Connection leaves;
  workers[0].post([&] {
    workers[0].enlist(stays);
    workers[0].enlist(leaves);
    workers[0].discharge(leaves);
    workers[0].drain();
  });
  ASSERT_TRUE(settle(workers[0]));
  EXPECT_EQ(stays.drained, 1);
  EXPECT_EQ(leaves.drained, 0);
}

}  // namespace
}  // namespace isrd::net
