// The connections to one origin: a limit for all workers together, idle connections kept by the
// worker that made them. Who finds the limit reached waits in line; a place that becomes free is
// granted to the worker that has waited longest.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "net/origin.h"

namespace isrd::net {

/// A connection and the buffer it reads through.
struct OriginConnection {
  explicit OriginConnection(Worker& worker, int fd) : socket(worker, fd, true) {}
  Socket socket;
  LoopTime idle_since{};
  bool reused = false;
};

struct ResolvedAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

/// Where a wait inside acquire() can be ended from outside.
struct CancelPoint {
  WaitNode* in_line = nullptr;
  Socket* connecting = nullptr;

  void cancel(Worker& worker) {
    wake_slot(worker, in_line, Wake::cancelled);
    if (connecting) connecting->cancel();
  }
};

class OriginPool {
 public:
  OriginPool(const OriginOptions& options, const Workers& workers);

  struct Acquired {
    std::unique_ptr<OriginConnection> connection;
    OriginFault fault = OriginFault::none;
  };
  /// An idle connection that is still quiet, or a new one; `fresh_only` refuses idle ones.
  Task<Acquired> acquire(Worker& worker, bool fresh_only, CancelPoint& point);
  /// Takes a connection back. `usable`: the whole exchange went by its framing and both sides want
  /// to go on.
  void release(Worker& worker, std::unique_ptr<OriginConnection> connection, bool usable);

  OriginGauges gauges() const;
  OriginHealth health() const {
    const OriginFault fault = last_fault_.load(std::memory_order_relaxed);
    return {fault != OriginFault::none, fault};
  }
  void note_health(OriginFault fault) {
    if (last_fault_.load(std::memory_order_relaxed) != fault)
      last_fault_.store(fault, std::memory_order_relaxed);
  }
  void resolve();
  void sweep();
  const OriginOptions& options() const { return options_; }

 private:
  /// What one worker has; only on its thread.
  struct Local {
    std::vector<std::unique_ptr<OriginConnection>> idle;
    /// Somebody in line: granted is a place to connect in, or a connection.
    struct Ticket {
      bool granted = false;
      std::unique_ptr<OriginConnection> connection;
      WaitNode** wait = nullptr;
    };
    std::deque<Ticket*> line;
  };

  std::unique_ptr<OriginConnection> take_idle(Worker& worker);
  Task<Acquired> wait_in_line(Worker& worker, CancelPoint& point);
  Task<Acquired> connect(Worker& worker, CancelPoint& point);
  void forget_waiting(Worker& worker);
  bool hand_over(Worker& worker, std::unique_ptr<OriginConnection>& connection);
  bool take_place();
  /// A place became free: hands it to whoever waits longest.
  void free_place();
  void granted(Worker& worker);
  void shed_idle(const Worker& except);

  const OriginOptions options_;
  const Workers& workers_;
  std::vector<Local> locals_;
  std::atomic<std::uint64_t> idle_count_{0};
  std::atomic<OriginFault> last_fault_{OriginFault::none};

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::uint64_t places_taken_ = 0;
  std::deque<Worker*> waiting_;
  std::vector<ResolvedAddress> addresses_;
  LoopTime resolved_at_{};
};

}  // namespace isrd::net
