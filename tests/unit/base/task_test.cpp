// Task without a worker: a driver that starts a task at once, and an event that a test fires by
// hand.
#include "base/task.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace isrd {
namespace {

struct Driver {
  struct promise_type {
    Driver get_return_object() { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

template <class T>
Driver drive(Task<T> task, std::optional<T>& result) {
  result = co_await task;
}

Driver drive(Task<void> task, bool& done) {
  co_await task;
  done = true;
}

Driver drive_to_error(Task<void> task, std::string& message) {
  try {
    co_await task;
  } catch (const std::exception& error) {
    message = error.what();
  }
}

struct Event {
  std::coroutine_handle<> waiter;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiter = handle; }
  void await_resume() const {}
  void fire() { std::exchange(waiter, {}).resume(); }
};

Task<int> answer_after(Event& event) {
  co_await event;
  co_return 42;
}

Task<int> twice(Event& event) {
  const int first = co_await answer_after(event);
  const int second = co_await answer_after(event);
  co_return first + second;
}

Task<void> note(bool& started) {
  started = true;
  co_return;
}

TEST(Task, does_nothing_before_it_is_awaited) {
  bool started = false;
  {
    Task<void> task = note(started);
    EXPECT_TRUE(task);
  }
  EXPECT_FALSE(started);
  bool done = false;
  drive(note(started), done);
  EXPECT_TRUE(started);
  EXPECT_TRUE(done);
}

TEST(Task, gives_its_value_after_every_suspension_of_those_it_awaits) {
  Event event;
  std::optional<int> result;
  drive(twice(event), result);
  EXPECT_FALSE(result);
  event.fire();
  EXPECT_FALSE(result);
  event.fire();
  EXPECT_EQ(result, 84);
}

Task<std::unique_ptr<std::string>> move_only() { co_return std::make_unique<std::string>("moved"); }

TEST(Task, gives_a_value_that_can_only_be_moved) {
  std::optional<std::unique_ptr<std::string>> result;
  drive(move_only(), result);
  ASSERT_TRUE(result && *result);
  EXPECT_EQ(**result, "moved");
}

Task<int> failing_value(Event& event) {
  co_await event;
  throw std::runtime_error("out of luck");
}

Task<void> failing_through_two_levels(Event& event) {
  const int never = co_await failing_value(event);
  ADD_FAILURE() << "resumed with " << never;
}

TEST(Task, an_exception_reaches_whoever_awaits) {
  Event event;
  std::string message;
  drive_to_error(failing_through_two_levels(event), message);
  EXPECT_EQ(message, "");
  event.fire();
  EXPECT_EQ(message, "out of luck");
}

struct Alive {
  explicit Alive(int& count) : count_(count) { ++count_; }
  ~Alive() { --count_; }
  Alive(const Alive&) = delete;
  int& count_;
};

Task<void> holding(int& alive, Event& event) {
  const Alive first(alive);
  co_await event;
  const Alive second(alive);
  co_await event;
}

TEST(Task, destroyed_while_suspended_it_ends_what_it_holds) {
  int alive = 0;
  Event event;
  {
    Task<void> task = holding(alive, event);
    EXPECT_EQ(alive, 0);
    task.await_suspend(std::noop_coroutine()).resume();
    EXPECT_EQ(alive, 1);
    event.fire();
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Task, moving_one_leaves_nothing_behind) {
  bool started = false;
  Task<void> task = note(started);
  Task<void> other = std::move(task);
  EXPECT_FALSE(task);
  EXPECT_TRUE(other);
  other = Task<void>();
  EXPECT_FALSE(other);
  EXPECT_FALSE(started);
}

Task<int> one() { co_return 1; }

Task<int> sum_of(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    const int value = co_await one();
    sum += value;
  }
  co_return sum;
}

TEST(Task, awaits_a_thousand_tasks_that_are_ready_at_once) {
  std::optional<int> result;
  drive(sum_of(1000), result);
  EXPECT_EQ(result, 1000);
}

TEST(Task, frames_of_every_size_are_whole_and_apart) {
  std::vector<std::pair<char*, std::size_t>> frames;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t size = 1; size <= 8192; size += 61) {
      auto* frame = static_cast<char*>(detail::allocate_frame(size));
      std::memset(frame, static_cast<int>(size % 251), size);
      frames.emplace_back(frame, size);
    }
    for (const auto& [frame, size] : frames) {
      const char expected = static_cast<char>(size % 251);
      EXPECT_EQ(frame[0], expected);
      EXPECT_EQ(frame[size - 1], expected);
      detail::release_frame(frame, size);
    }
    frames.clear();
  }
}

}  // namespace
}  // namespace isrd
