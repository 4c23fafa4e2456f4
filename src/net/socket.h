// A non-blocking stream socket of one worker. It is watched once, edge-triggered; readiness is
// remembered here, so that a read or write that found the kernel's buffer empty or full costs no
// further system call until the next event.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "net/worker.h"

namespace isrd::net {

/// Work that may be told that nobody wants its result any more.
class Cancellable {
 public:
  virtual void cancel() = 0;

 protected:
  ~Cancellable() = default;
};

struct IoResult {
  enum class Kind : std::uint8_t { bytes, end, would_block, error };
  Kind kind = Kind::bytes;
  std::size_t count = 0;
  int error = 0;
};

class Socket final : public ReadyHandler {
 public:
  /// Takes over `fd`, which must be non-blocking; `connecting`: its connect() is still under way.
  /// Throws std::system_error when it cannot be watched.
  Socket(Worker& worker, int fd, bool connecting = false);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  Worker& worker() const { return worker_; }
  int fd() const { return fd_; }

  /// One recv at the most. `would_block` without a system call when nothing is known to be there.
  IoResult read_some(std::span<char> into);
  /// One sendmsg at the most; `more`: another write follows at once (MSG_MORE).
  IoResult write_some(std::span<const iovec> parts, bool more = false);

  /// Waits until a read, or a write, may make progress. One waiter for each direction.
  Wait readable(LoopTime deadline) { return Wait(worker_, reader_, deadline); }
  Wait writable(LoopTime deadline) { return Wait(worker_, writer_, deadline); }
  bool may_read() const { return may_read_; }
  bool may_write() const { return may_write_; }

  /// Whether nothing waits to be read: no byte, no end, no error. Asks the kernel.
  bool is_silent() const;

  /// The peer closed both directions or the connection broke: nothing that is written will be read.
  bool is_dead() const { return dead_; }
  /// The peer sent its FIN (it may still read).
  bool peer_finished() const { return peer_finished_; }

  /// Whom to cancel when the peer finishes or dies, though nobody reads or writes; nullptr for
  /// nobody.
  void on_gone(Cancellable* work) { gone_ = work; }
  /// Wakes the waits of this socket as cancelled.
  void cancel();
  void cancel_read() { wake_slot(worker_, reader_, Wake::cancelled); }
  void shutdown_write();

 private:
  void on_ready(std::uint32_t events) override;

  Worker& worker_;
  int fd_;
  bool may_read_ = true;
  bool may_write_ = true;
  bool peer_finished_ = false;
  bool dead_ = false;
  WaitNode* reader_ = nullptr;
  WaitNode* writer_ = nullptr;
  Cancellable* gone_ = nullptr;
};

/// Makes the descriptor non-blocking and close-on-exec.
void make_non_blocking(int fd);

}  // namespace isrd::net
