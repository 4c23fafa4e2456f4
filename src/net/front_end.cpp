#include "net/front_end.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <latch>

#include "base/log.h"

namespace isrd::net {
namespace {

constexpr int backlog = 4096;
constexpr int accepts_per_turn = 64;

std::string error_text() { return std::strerror(errno); }

bool is_live_socket(const sockaddr_un& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool live =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return live;
}

Result<int> bind_unix(const Address& address) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof un.sun_path) return Error{"the path is too long for a socket"};
  address.path.copy(un.sun_path, sizeof(un.sun_path) - 1);
  struct stat status {};
  if (::lstat(address.path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return Error{"the path exists and is no socket"};
    if (is_live_socket(un)) return Error{"another program listens there"};
    ::unlink(address.path.c_str());
  }
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error{error_text()};
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&un), sizeof un) < 0 ||
      ::listen(fd, backlog) < 0) {
    Error error{error_text()};
    ::close(fd);
    return error;
  }
  ::chmod(address.path.c_str(), 0666);
  return fd;
}

Result<int> bind_tcp(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  std::string host = address.host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const int looked_up = getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                    std::to_string(address.port).c_str(), &hints, &list);
  if (looked_up != 0) return Error{gai_strerror(looked_up)};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  const int fd = ::socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error{error_text()};
  const int on = 1;
  // No SO_REUSEPORT: with it a second isrd would share the port without a word.
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (list->ai_family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd, list->ai_addr, list->ai_addrlen) < 0 || ::listen(fd, backlog) < 0) {
    Error error{errno == EADDRINUSE ? "the port is in use by another program (perhaps another isrd)"
                                    : error_text()};
    ::close(fd);
    return error;
  }
  return fd;
}

std::uint16_t port_of(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
  if (storage.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
  return 0;
}

std::string address_of(const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text, sizeof text);
  } else if (storage.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, text,
              sizeof text);
  } else {
    return "unix:";
  }
  const std::string_view view(text);
  return std::string(view.starts_with("::ffff:") ? view.substr(7) : view);
}

}  // namespace

std::string to_string(const Address& address) {
  if (address.kind == Address::Kind::unix_socket) return "unix:" + address.path;
  const bool bare_v6 =
      address.host.find(':') != std::string::npos && !address.host.starts_with('[');
  return (bare_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

/// One listener as seen by one worker.
class FrontEnd::Acceptor final : public ReadyHandler {
 public:
  Acceptor(FrontEnd& front, Worker& worker, int listener, const Address& address)
      : front_(front), worker_(worker), listener_(listener), address_(address) {}
  void on_ready(std::uint32_t) override { front_.accept_on(worker_, listener_, address_); }

 private:
  FrontEnd& front_;
  Worker& worker_;
  const int listener_;
  const Address& address_;
};

Result<std::unique_ptr<FrontEnd>> FrontEnd::bind(std::span<const Address> addresses) {
  std::unique_ptr<FrontEnd> front(new FrontEnd);
  for (const Address& address : addresses) {
    const bool is_unix = address.kind == Address::Kind::unix_socket;
    Result<int> fd = is_unix ? bind_unix(address) : bind_tcp(address);
    if (!fd) return Error{"cannot listen on " + to_string(address) + ": " + fd.error().message};
    front->listeners_.push_back(*fd);
    Address actual = address;
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (!is_unix && ::getsockname(*fd, reinterpret_cast<sockaddr*>(&storage), &length) == 0) {
      actual.port = port_of(storage);
    }
    front->listening_.push_back(std::move(actual));
  }
  return front;
}

FrontEnd::~FrontEnd() {
  for (const Local& local : locals_) {
    if (local.spare >= 0) ::close(local.spare);
  }
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i] >= 0) ::close(listeners_[i]);
    if (listening_[i].kind == Address::Kind::unix_socket) ::unlink(listening_[i].path.c_str());
  }
}

void FrontEnd::start(const Workers& workers, std::span<RequestHandler* const> handlers,
                     FrontEndOptions options) {
  workers_ = &workers;
  locals_.resize(workers.size());
  for (const auto& worker : workers) {
    Local& local = locals_[worker->index()];
    local.options = options;
    local.handler = handlers[worker->index()];
    local.spare = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      local.acceptors.push_back(
          std::make_unique<Acceptor>(*this, *worker, listeners_[i], listening_[i]));
      worker->watch(listeners_[i], EPOLLIN | EPOLLEXCLUSIVE, *local.acceptors.back());
    }
  }
}

void FrontEnd::set_options(const FrontEndOptions& options) {
  for (const auto& worker : *workers_) {
    worker->post([this, index = worker->index(), options] { locals_[index].options = options; });
  }
}

void FrontEnd::accept_on(Worker& worker, int listener, const Address& address) {
  for (int i = 0; i < accepts_per_turn; ++i) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&storage), &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE) {
        static LogThrottle throttle;
        throttle.warn("no descriptor is left for a new connection (ulimit -n)");
        shed_connection(locals_[worker.index()], listener);
      }
      return;
    }
    std::uint64_t open = 0;
    for (const auto& w : *workers_)
      open += static_cast<std::uint64_t>(w->connections.load(std::memory_order_relaxed));
    if (open >= locals_[worker.index()].options.connections) {
      static LogThrottle throttle;
      throttle.warn("limits.connections is reached: a connection was closed");
      ::close(fd);
      continue;
    }
    Peer peer;
    peer.address = address_of(storage);
    peer.port = port_of(storage);
    peer.local_port = address.port;
    place(worker, fd, std::move(peer));
  }
}

/// With no descriptor left the listener would stay readable for ever: the spare one takes the
/// connection and closes it.
void FrontEnd::shed_connection(Local& local, int listener) {
  if (local.spare >= 0) ::close(local.spare);
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  local.spare = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void FrontEnd::place(Worker& here, int fd, Peer peer) {
  Worker* best = &here;
  for (const auto& worker : *workers_) {
    if (worker->connections.load(std::memory_order_relaxed) <
        best->connections.load(std::memory_order_relaxed)) {
      best = worker.get();
    }
  }
  if (best == &here) {
    start_session(here, fd, std::move(peer));
    return;
  }
  best->post([this, best, fd, peer = std::move(peer)]() mutable {
    start_session(*best, fd, std::move(peer));
  });
}

void FrontEnd::start_session(Worker& worker, int fd, Peer peer) {
  Local& local = locals_[worker.index()];
  if (worker.stopping()) {
    ::close(fd);
    return;
  }
  peer.trusted_proxy = local.options.trusted->contains(peer.address);
  try {
    Http1Session::start(worker, fd, std::move(peer), local.options.sessions, *local.handler,
                        draining_);
  } catch (const std::exception& error) {
    log_warn("a connection could not be served: {}", error.what());
  }
}

void FrontEnd::drain() {
  if (draining_.exchange(true)) return;
  std::latch left(static_cast<std::ptrdiff_t>(workers_->size()));
  for (const auto& worker : *workers_) {
    worker->post([this, w = worker.get(), &left] {
      for (const int listener : listeners_) w->unwatch(listener);
      w->drain();
      left.count_down();
    });
  }
  left.wait();
  for (int& listener : listeners_) {
    ::close(listener);
    listener = -1;
  }
}

}  // namespace isrd::net
