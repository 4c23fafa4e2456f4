// Worker: one thread with its epoll set, its deadlines and its coroutines. A connection and
// everything that waits for it stay on one worker; other threads speak to it only through post().
//
// One turn: epoll_wait, note readiness, expire deadlines, run what became ready. Nothing is resumed
// while events are being noted, so that no socket dies under an event of the same turn.
#pragma once

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "base/task.h"
#include "net/timer_wheel.h"

namespace isrd::net {

/// How a wait ended. `cancelled`: the worker stops, or somebody called cancel().
enum class Wake : std::uint8_t { ready, timeout, cancelled };

/// A suspended coroutine with its deadline. Lives in the awaiter, that is in the coroutine's frame.
struct WaitNode {
  TimerNode timer;  // first, so that a TimerNode& leads back to its WaitNode
  std::coroutine_handle<> handle;
  Wake result = Wake::ready;
  WaitNode** slot = nullptr;  // where the waiter is registered; cleared when it is woken
};

/// What a worker's epoll set calls with ready descriptors.
class ReadyHandler {
 public:
  virtual void on_ready(std::uint32_t events) = 0;

 protected:
  ~ReadyHandler() = default;
};

/// Something that ends by itself when it is told that the server drains.
class Drainable {
 public:
  virtual void drain() = 0;

 protected:
  ~Drainable() = default;
};

class Worker {
 public:
  /// Creates the descriptors; throws std::system_error when there are none left. The clock outlives
  /// the worker.
  Worker(std::size_t index, const Clock& clock);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  /// Cancels every wait, lets all coroutines end, joins the thread. From any other thread, once.
  void stop();

  /// Runs `work` on this worker's thread. Any thread.
  void post(std::function<void()> work);

  // The rest: only on this worker's thread.

  std::size_t index() const { return index_; }
  /// Both clocks as read at the begin of this turn.
  const Now& now() const { return now_; }
  LoopTime loop_time() const { return loop_time_; }
  bool stopping() const { return stopping_; }

  /// Edge-triggered, once for the life of the descriptor.
  void watch(int fd, std::uint32_t events, ReadyHandler& handler);

  void unwatch(int fd);

  /// Who wants to be told when the server drains; for the life of a connection.
  void enlist(Drainable& connection) { drainables_.insert(&connection); }
  void discharge(Drainable& connection) { drainables_.erase(&connection); }
  void drain() {
    for (Drainable* connection : drainables_) connection->drain();
  }

  /// Starts a coroutine that nobody awaits. An exception in it is logged and ends only it.
  void spawn(Task<void> task);

  /// Parks `node` until wake() or the deadline; `node.slot`, when set, is where wakers find it.
  void park(WaitNode& node, LoopTime deadline);
  /// Ends a wait: its coroutine is resumed later in this turn.
  void wake(WaitNode& node, Wake result);

  /// Resumes the node in the next turn, after new events were noted.
  void defer(WaitNode& node) { deferred_.push_back(&node); }

  /// 64 KiB of memory that no suspension may cross.
  static constexpr std::size_t scratch_bytes = 64 * 1024;
  char* scratch() { return scratch_.get(); }

  /// Connections of this worker, read by others to balance.
  std::atomic<int> connections{0};

  static Worker* current();

 private:
  struct Detached;
  static Detached run_detached(Worker* worker, Task<void> task);
  class Mailbox final : public ReadyHandler {
   public:
    explicit Mailbox(Worker& worker) : worker_(worker) {}
    void on_ready(std::uint32_t events) override;

   private:
    Worker& worker_;
  };

  void run();
  void turn();
  void run_ready();
  static void run_posted(const std::function<void()>& work);
  void read_clocks();

  const std::size_t index_;
  const Clock& clock_;
  int epoll_fd_ = -1;
  int event_fd_ = -1;
  std::thread thread_;

  // Guarded by mutex_.
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  bool signalled_ = false;

  // Only on the worker's thread.
  Now now_;
  LoopTime loop_time_;
  TimerWheel wheel_;
  Mailbox mailbox_{*this};
  std::vector<WaitNode*> ready_;
  std::vector<WaitNode*> running_;
  std::vector<WaitNode*> deferred_;
  std::vector<std::function<void()>> taken_;
  std::unique_ptr<char[]> scratch_;
  std::size_t live_tasks_ = 0;
  std::unordered_set<Drainable*> drainables_;
  bool stopping_ = false;
};

/// Awaits the wake of a registered node: `auto wake = co_await Wait(worker, slot, deadline);`
class Wait {
 public:
  /// `slot` is where a waker finds this wait; it must be empty.
  Wait(Worker& worker, WaitNode*& slot, LoopTime deadline)
      : worker_(worker), slot_(&slot), deadline_(deadline) {}
  /// A plain pause until the deadline.
  Wait(Worker& worker, LoopTime deadline) : worker_(worker), slot_(nullptr), deadline_(deadline) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    node_.handle = handle;
    if (worker_.stopping()) {
      worker_.wake(node_,
                   Wake::cancelled);  // suspended all the same, so that others get their turn
      return;
    }
    node_.slot = slot_;
    if (slot_) {
      ISRD_ASSERT(*slot_ == nullptr);
      *slot_ = &node_;
    }
    worker_.park(node_, deadline_);
  }
  Wake await_resume() const { return node_.result; }

 private:
  Worker& worker_;
  WaitNode** slot_;
  LoopTime deadline_;
  WaitNode node_;
};

/// Lets everybody else have a turn: `co_await Yield(worker);` for loops that might never have to
/// wait.
class Yield {
 public:
  explicit Yield(Worker& worker) : worker_(worker) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    node_.handle = handle;
    worker_.defer(node_);
  }
  void await_resume() const {}

 private:
  Worker& worker_;
  WaitNode node_;
};

/// After how many steps without a wait a loop yields.
inline constexpr int steps_per_turn = 64;

/// Wakes the wait that is registered in `slot`, if there is one.
inline void wake_slot(Worker& worker, WaitNode*& slot, Wake result) {
  if (slot) worker.wake(*slot, result);
}

/// The threads of one isrd.
using Workers = std::vector<std::unique_ptr<Worker>>;

}  // namespace isrd::net
