#include "net/origin_pool.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace isrd::net {
namespace {

std::vector<ResolvedAddress> look_up(const Address& address) {
  std::vector<ResolvedAddress> found;
  if (address.kind == Address::Kind::unix_socket) {
    ResolvedAddress one;
    auto* un = reinterpret_cast<sockaddr_un*>(&one.storage);
    un->sun_family = AF_UNIX;
    address.path.copy(un->sun_path, sizeof(un->sun_path) - 1);
    one.length = sizeof(sockaddr_un);
    found.push_back(one);
    return found;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  std::string host = address.host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (getaddrinfo(host.c_str(), std::to_string(address.port).c_str(), &hints, &list) != 0)
    return found;
  for (const addrinfo* item = list; item; item = item->ai_next) {
    ResolvedAddress one;
    std::memcpy(&one.storage, item->ai_addr, item->ai_addrlen);
    one.length = item->ai_addrlen;
    found.push_back(one);
  }
  freeaddrinfo(list);
  return found;
}

/// Whether an idle connection is as quiet as it must be: readable means closed or out of step
/// (security rule 11).
bool is_quiet(OriginConnection& connection) {
  return !connection.socket.peer_finished() && connection.socket.is_silent();
}

}  // namespace

OriginPool::OriginPool(const OriginOptions& options, const Workers& workers)
    : options_(options), workers_(workers), locals_(workers.size()) {
  resolve();
}

void OriginPool::resolve() {
  {
    std::lock_guard lock(mutex_);
    const LoopTime now = std::chrono::steady_clock::now();
    if (!addresses_.empty() && now - resolved_at_ < options_.resolve) return;
    resolved_at_ = now;
  }
  std::vector<ResolvedAddress> found = look_up(options_.address);
  if (found.empty()) {
    log_warn("origin {}: the name {} cannot be resolved", options_.name,
             escape(options_.address.host));
    return;  // an address that worked is kept
  }
  std::lock_guard lock(mutex_);
  addresses_ = std::move(found);
}

std::unique_ptr<OriginConnection> OriginPool::take_idle(Worker& worker) {
  Local& local = locals_[worker.index()];
  while (!local.idle.empty()) {
    std::unique_ptr<OriginConnection> connection = std::move(local.idle.back());
    local.idle.pop_back();
    idle_count_.fetch_sub(1, std::memory_order_relaxed);
    if (is_quiet(*connection)) {
      connection->reused = true;
      return connection;
    }
    connection.reset();
    free_place();
  }
  return nullptr;
}

bool OriginPool::take_place() {
  std::lock_guard lock(mutex_);
  if (places_taken_ >= options_.connections) return false;
  ++places_taken_;
  return true;
}

void OriginPool::free_place() {
  Worker* next = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --places_taken_;
      return;
    }
    next = waiting_.front();
    waiting_.pop_front();
  }
  next->post([this, next] { granted(*next); });
}

void OriginPool::granted(Worker& worker) {
  Local& local = locals_[worker.index()];
  if (local.line.empty()) {
    free_place();  // who waited gave up, or got a connection meanwhile
    return;
  }
  Local::Ticket& ticket = *local.line.front();
  local.line.pop_front();
  ticket.granted = true;
  wake_slot(worker, *ticket.wait, Wake::ready);
}

void OriginPool::shed_idle(const Worker& except) {
  if (idle_count_.load(std::memory_order_relaxed) == 0) return;
  for (const auto& worker : workers_) {
    if (worker.get() == &except && locals_[except.index()].idle.empty()) continue;
    worker->post([this, w = worker.get()] {
      Local& local = locals_[w->index()];
      if (local.idle.empty()) return;
      local.idle.erase(local.idle.begin());
      idle_count_.fetch_sub(1, std::memory_order_relaxed);
      free_place();
    });
  }
}

Task<OriginPool::Acquired> OriginPool::wait_in_line(Worker& worker, CancelPoint& point) {
  Local& local = locals_[worker.index()];
  Local::Ticket ticket;
  {
    std::lock_guard lock(mutex_);
    // Looked at again under the lock that free_place() takes: a place that became free meanwhile
    // has woken nobody.
    if (places_taken_ < options_.connections) {
      ++places_taken_;
      co_return Acquired{};
    }
    waiting_.push_back(&worker);
  }
  ticket.wait = &point.in_line;
  local.line.push_back(&ticket);
  shed_idle(worker);
  const Wake wake =
      co_await Wait(worker, point.in_line, worker.loop_time() + options_.timeouts.queue);
  Acquired acquired;
  if (ticket.granted) {
    acquired.connection = std::move(ticket.connection);
    co_return std::move(acquired);
  }
  std::erase(local.line, &ticket);
  forget_waiting(worker);
  acquired.fault = wake == Wake::timeout ? OriginFault::queue_timeout : OriginFault::cancelled;
  co_return std::move(acquired);
}

Task<OriginPool::Acquired> OriginPool::acquire(Worker& worker, bool fresh_only,
                                               CancelPoint& point) {
  Acquired acquired;
  if (!fresh_only) {
    acquired.connection = take_idle(worker);
    if (acquired.connection) co_return std::move(acquired);
  }
  if (!take_place()) {
    acquired = co_await wait_in_line(worker, point);
    if (acquired.connection || acquired.fault != OriginFault::none) co_return std::move(acquired);
  }
  try {
    acquired = co_await connect(worker, point);
  } catch (...) {
    free_place();
    throw;
  }
  if (!acquired.connection) free_place();
  co_return std::move(acquired);
}

Task<OriginPool::Acquired> OriginPool::connect(Worker& worker, CancelPoint& point) {
  std::vector<ResolvedAddress> addresses;
  {
    std::lock_guard lock(mutex_);
    addresses = addresses_;
  }
  Acquired acquired;
  acquired.fault = OriginFault::resolve;
  const LoopTime deadline = worker.loop_time() + options_.timeouts.connect;
  for (const ResolvedAddress& address : addresses) {
    acquired.fault = OriginFault::refused;
    const int fd =
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    if (address.storage.ss_family != AF_UNIX) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    const int result =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length);
    if (result < 0 && errno != EINPROGRESS) {
      ::close(fd);
      continue;
    }
    auto connection = std::make_unique<OriginConnection>(worker, fd);
    if (!connection->socket.may_write()) {
      point.connecting = &connection->socket;
      const Wake wake = co_await connection->socket.writable(deadline);
      point.connecting = nullptr;
      if (wake != Wake::ready) {
        acquired.fault =
            wake == Wake::timeout ? OriginFault::connect_timeout : OriginFault::cancelled;
        break;
      }
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) {
      acquired.fault = OriginFault::none;
      acquired.connection = std::move(connection);
      break;
    }
  }
  co_return std::move(acquired);
}

void OriginPool::forget_waiting(Worker& worker) {
  std::lock_guard lock(mutex_);
  const auto mine = std::find(waiting_.begin(), waiting_.end(), &worker);
  if (mine != waiting_.end()) waiting_.erase(mine);
}

/// Gives the connection to the first who waits on this worker. False: nobody does.
bool OriginPool::hand_over(Worker& worker, std::unique_ptr<OriginConnection>& connection) {
  Local& local = locals_[worker.index()];
  if (local.line.empty() || !is_quiet(*connection)) return false;
  // When it is not there a place is on its way to this worker; granted() passes that on.
  forget_waiting(worker);
  Local::Ticket& ticket = *local.line.front();
  local.line.pop_front();
  connection->reused = true;
  ticket.connection = std::move(connection);
  ticket.granted = true;
  wake_slot(worker, *ticket.wait, Wake::ready);
  return true;
}

void OriginPool::release(Worker& worker, std::unique_ptr<OriginConnection> connection,
                         bool usable) {
  usable = usable && !worker.stopping() && !connection->socket.peer_finished();
  if (usable && hand_over(worker, connection)) return;
  bool kept = false;
  if (usable) {
    // Counted under the lock, so that who begins to wait either sees it or is seen here.
    std::lock_guard lock(mutex_);
    kept = waiting_.empty();
    if (kept) idle_count_.fetch_add(1, std::memory_order_relaxed);
  }
  if (kept) {
    connection->idle_since = worker.loop_time();
    locals_[worker.index()].idle.push_back(std::move(connection));
    return;
  }
  connection.reset();
  free_place();
}

OriginGauges OriginPool::gauges() const {
  std::lock_guard lock(mutex_);
  return {places_taken_, idle_count_.load(std::memory_order_relaxed), waiting_.size()};
}

void OriginPool::sweep() {
  for (const auto& worker : workers_) {
    worker->post([this, w = worker.get()] {
      Local& local = locals_[w->index()];
      for (std::size_t i = 0; i < local.idle.size();) {
        OriginConnection& connection = *local.idle[i];
        const bool old = w->loop_time() - connection.idle_since >= options_.timeouts.keep_alive;
        if (!old && is_quiet(connection)) {
          ++i;
          continue;
        }
        local.idle.erase(local.idle.begin() + static_cast<std::ptrdiff_t>(i));
        idle_count_.fetch_sub(1, std::memory_order_relaxed);
        free_place();
      }
    });
  }
}

}  // namespace isrd::net
