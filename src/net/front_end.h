// The listeners and who gets a new connection: every worker accepts from the same sockets, and
// hands each connection to the worker that has the fewest.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "net/http1_session.h"
#include "net/networks.h"

namespace isrd::net {

/// What new connections are served by; replaced whole at a reload.
struct FrontEndOptions {
  std::shared_ptr<const SessionOptions> sessions;
  std::shared_ptr<const Networks> trusted;
  std::uint64_t connections = 0;
};

class FrontEnd {
 public:
  /// Binds all addresses. The error names the one that failed and why.
  static Result<std::unique_ptr<FrontEnd>> bind(std::span<const Address> addresses);
  ~FrontEnd();

  const std::vector<Address>& listening() const { return listening_; }

  /// Starts to accept. Before the workers run; `handlers` has one for each.
  void start(const Workers& workers, std::span<RequestHandler* const> handlers,
             FrontEndOptions options);
  /// For new connections. Posts to the workers.
  void set_options(const FrontEndOptions& options);
  /// Stops accepting and closes the listeners, then ends idle connections; open requests go on.
  void drain();

 private:
  FrontEnd() = default;
  class Acceptor;
  /// What one worker needs to start sessions; only on its thread once it runs.
  struct Local {
    FrontEndOptions options;
    RequestHandler* handler = nullptr;
    int spare = -1;  // a descriptor in hand for the moment when none is left
    std::vector<std::unique_ptr<Acceptor>> acceptors;
  };
  void accept_on(Worker& worker, int listener, const Address& address);
  static void shed_connection(Local& local, int listener);
  void place(Worker& here, int fd, Peer peer);
  void start_session(Worker& worker, int fd, Peer peer);

  std::vector<Address> listening_;
  std::vector<int> listeners_;
  const Workers* workers_ = nullptr;
  std::vector<Local> locals_;
  std::atomic<bool> draining_{false};
};

/// "127.0.0.1:8080", "[::1]:8080" or "unix:/path".
std::string to_string(const Address& address);

}  // namespace isrd::net
