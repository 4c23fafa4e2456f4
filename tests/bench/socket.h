// Sockets, epoll and the clock for the benchmark's programs: loopback only, errors end the program.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace bench {

/// Owns a descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  int value() const { return fd_; }

 private:
  int fd_ = -1;
};

/// Prints what failed and errno's text, then exits with 1.
[[noreturn]] void die(std::string_view what);

/// A non-blocking listener on 127.0.0.1; port 0 picks one.
Fd listen_on(std::uint16_t port);
std::uint16_t local_port(const Fd& fd);

/// A connection to 127.0.0.1, made blocking, then non-blocking with TCP_NODELAY.
Fd connect_to(std::uint16_t port);

/// The next waiting connection, non-blocking, or a negative descriptor when there is none.
Fd accept_from(const Fd& listener);

Fd make_epoll();
void epoll_set(const Fd& epoll, int operation, int fd, std::uint32_t events, void* data);

/// Monotonic nanoseconds.
std::uint64_t now_ns();

}  // namespace bench
