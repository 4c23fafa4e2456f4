// Started workers for tests, and a way to run a task on one of them and to wait for its end.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>

#include "net/worker.h"

namespace isrd::net {

/// Far beyond what any test takes; reached only when something hangs.
inline constexpr std::chrono::seconds patience{20};

inline LoopTime in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

class StartedWorkers {
 public:
  explicit StartedWorkers(std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<Worker>(i, clock_));
      workers_.back()->start();
    }
  }
  ~StartedWorkers() { stop(); }
  void stop() {
    for (auto& worker : workers_) worker->stop();
  }
  Worker& operator[](std::size_t i) { return *workers_[i]; }
  const Workers& all() const { return workers_; }
  ManualClock& clock() { return clock_; }

 private:
  ManualClock clock_;
  Workers workers_;
};

inline Task<void> then_tell(Task<void> task, std::shared_ptr<std::promise<void>> done) {
  co_await task;
  done->set_value();
}

/// Starts the task that `make` makes, on the worker; the future tells its end.
template <class Make>
std::future<void> start_on(Worker& worker, Make make) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> end = done->get_future();
  worker.post([&worker, make, done] { worker.spawn(then_tell(make(), done)); });
  return end;
}

inline bool ends(const std::future<void>& end) {
  return end.wait_for(patience) == std::future_status::ready;
}

/// False: the task did not end.
template <class Make>
bool run_on(Worker& worker, Make make) {
  return ends(start_on(worker, make));
}

/// Waits until the worker has done all that was posted to it before.
inline bool settle(Worker& worker) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> end = done->get_future();
  worker.post([done] { done->set_value(); });
  return ends(end);
}

}  // namespace isrd::net
