#include "socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace bench {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set_option(int fd, int level, int name) {
  const int on = 1;
  if (setsockopt(fd, level, name, &on, sizeof on) != 0) die("setsockopt");
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

void die(std::string_view what) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(),
               errno != 0 ? std::strerror(errno) : "failed");
  std::exit(1);
}

Fd listen_on(std::uint16_t port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.value() < 0) die("socket");
  set_option(fd.value(), SOL_SOCKET, SO_REUSEADDR);
  const sockaddr_in address = loopback(port);
  if (bind(fd.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    die("bind");
  }
  if (listen(fd.value(), 4096) != 0) die("listen");
  return fd;
}

std::uint16_t local_port(const Fd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(fd.value(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    die("getsockname");
  }
  return ntohs(address.sin_port);
}

Fd connect_to(std::uint16_t port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.value() < 0) die("socket");
  const sockaddr_in address = loopback(port);
  if (connect(fd.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    die("connect");
  }
  if (fcntl(fd.value(), F_SETFL, O_NONBLOCK) != 0) die("fcntl");
  set_option(fd.value(), IPPROTO_TCP, TCP_NODELAY);
  return fd;
}

Fd accept_from(const Fd& listener) {
  Fd fd(accept4(listener.value(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.value() >= 0) set_option(fd.value(), IPPROTO_TCP, TCP_NODELAY);
  return fd;
}

Fd make_epoll() {
  Fd fd(epoll_create1(EPOLL_CLOEXEC));
  if (fd.value() < 0) die("epoll_create1");
  return fd;
}

void epoll_set(const Fd& epoll, int operation, int fd, std::uint32_t events, void* data) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = data;
  if (epoll_ctl(epoll.value(), operation, fd, &event) != 0) die("epoll_ctl");
}

std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace bench
