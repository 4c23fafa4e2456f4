#include "admin/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace isrd::admin {
namespace {

constexpr int backlog = 128;

/// A literal, or localhost, as a socket address; 0: it is neither.
socklen_t to_sockaddr(const net::Address& address, sockaddr_storage& out) {
  const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    return sizeof *v4;
  }
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    return sizeof *v6;
  }
  return 0;
}

/// The port is at the same place in both families.
std::uint16_t bound_port(int fd) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0) return 0;
  return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

bool somebody_listens(const sockaddr_un& name) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return true;
  const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name);
  const bool refused = result != 0 && (errno == ECONNREFUSED || errno == ENOENT);
  ::close(fd);
  return !refused;
}

}  // namespace

std::string print(const net::Address& address) {
  if (address.kind == net::Address::Kind::unix_socket) return "unix:" + address.path;
  const bool v6 = address.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address.host, v6 ? "]" : "", address.port);
}

Listener::Listener(Listener&& other) noexcept
    : address_(std::move(other.address_)),
      fd_(std::exchange(other.fd_, -1)),
      made_path_(std::exchange(other.made_path_, false)),
      device_(other.device_),
      inode_(other.inode_) {}

Listener::~Listener() {
  if (fd_ >= 0) ::close(fd_);
  struct stat status {};
  if (made_path_ && ::lstat(address_.path.c_str(), &status) == 0 && status.st_dev == device_ &&
      status.st_ino == inode_) {
    ::unlink(address_.path.c_str());
  }
}

int Listener::family() const {
  if (address_.kind == net::Address::Kind::unix_socket) return AF_UNIX;
  return address_.host.find(':') != std::string::npos ? AF_INET6 : AF_INET;
}

int Listener::release() { return std::exchange(fd_, -1); }

Error Listener::failed(const char* what) const {
  return Error{
      fmt::format("admin port {}: cannot {}: {}", print(address_), what, std::strerror(errno))};
}

Result<Listener> Listener::open(const net::Address& address) {
  Listener listener(address);
  const auto done =
      address.kind == net::Address::Kind::tcp ? listener.open_tcp() : listener.open_unix();
  if (!done) return done.error();
  if (::listen(listener.fd_, backlog) != 0) {
    if (errno != EADDRINUSE) return listener.failed("listen");
    return Error{"admin port " + print(address) + " is in use by another process"};
  }
  return listener;
}

Result<Done> Listener::open_tcp() {
  sockaddr_storage name{};
  const socklen_t length = to_sockaddr(address_, name);
  if (length == 0)
    return Error{"admin port " + print(address_) + ": the host is no IP address; write one"};
  fd_ = ::socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return failed("make a socket");
  // Connections of an earlier process that are still closing do not keep the port.
  const int on = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&name), length) != 0) {
    if (errno != EADDRINUSE) return failed("bind");
    return Error{"admin port " + print(address_) + " is in use by another process"};
  }
  address_.port = bound_port(fd_);
  return Done{};
}

Result<Done> Listener::open_unix() {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address_.path.empty() || address_.path.size() >= sizeof name.sun_path)
    return Error{"admin port " + print(address_) + ": the path is empty or too long for a socket"};
  std::memcpy(name.sun_path, address_.path.c_str(), address_.path.size() + 1);
  struct stat status {};
  if (::lstat(address_.path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode))
      return Error{"admin port " + print(address_) + ": the path is taken by a file"};
    if (somebody_listens(name))
      return Error{"admin port " + print(address_) + " is in use by another process"};
    ::unlink(address_.path.c_str());
  }
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return failed("make a socket");
  // Before bind(), so that the file never has another mode: who may not read the token may not
  // connect.
  ::fchmod(fd_, 0600);
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    return failed("bind");
  made_path_ = ::lstat(address_.path.c_str(), &status) == 0;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return Done{};
}

}  // namespace isrd::admin
