// Sockets as tests need them: blocking calls with a deadline, nothing that waits without one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace isrd::flow {

/// How long a test waits for what must happen. Far more than it takes, since the sanitizers on a
/// busy machine are slow; reached only when the promise is broken.
inline constexpr auto patience = std::chrono::seconds(20);

/// A moment after which waiting is pointless.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds from_now = patience)
      : at_(std::chrono::steady_clock::now() + from_now) {}
  bool passed() const { return std::chrono::steady_clock::now() >= at_; }
  int left_ms() const;

 private:
  std::chrono::steady_clock::time_point at_;
};

/// A file descriptor that is closed with its owner.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { close(); }
  int operator*() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

/// Bound to loopback without listening; port 0 lets the kernel choose.
Fd bind_to(std::uint16_t port);
/// Begins to listen.
void listen_on(const Fd& bound);
std::uint16_t port_of(const Fd& bound);
Fd connect_to(std::uint16_t port);
/// The same for a unix socket.
Fd bind_to(const std::string& path);
Fd connect_to(const std::string& path);
/// Closes with a reset instead of an orderly end.
void reset_connection(Fd& fd);

/// Waits until there is something to read (an end counts). False: the deadline passed.
bool wait_readable(const Fd& fd, const Deadline& deadline);

/// One read. Bytes, an orderly end, or a reset.
enum class Got { bytes, end, reset, timeout };
Got read_some(const Fd& fd, std::string& into, const Deadline& deadline);

/// False: the peer is gone.
bool send_all(const Fd& fd, std::string_view bytes);

/// Whether the condition holds before the deadline, looked at every few milliseconds. For events
/// that another thread brings about and nobody announces.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = patience);

/// The lines of a head without the first one, as name (lower case) and value.
using Fields = std::vector<std::pair<std::string, std::string>>;
Fields parse_fields(std::string_view head);
std::string lower(std::string_view text);

}  // namespace isrd::flow
