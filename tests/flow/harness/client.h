// Client: a raw HTTP/1 connection to isrd. It sends what the test says and reads strictly.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "flow/harness/wire.h"

namespace isrd::flow {

/// What an impatient reader gets: the test fails with this text.
struct ClientError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Response {
  int status = 0;
  std::string head;  // raw, with its empty line
  Fields fields;
  std::string body;                   // decoded
  std::vector<std::string> interims;  // raw heads that came before
  /// The framing was fulfilled. False: the connection ended early, and `cut_by_reset` says how.
  bool complete = false;
  bool cut_by_reset = false;
  bool chunked = false;

  bool has(std::string_view name) const;
  /// All values of that name, joined by ", ".
  std::string field(std::string_view name) const;
  std::string cache() const { return field("x-cache"); }
};

/// How the daemon ended a connection.
enum class Ending { orderly, reset, still_open };

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(connect_to(port)) {}
  /// On a unix socket.
  explicit Client(const std::string& path) : fd_(connect_to(path)) {}

  /// False: the peer does not take more.
  bool send(std::string_view bytes) { return send_all(fd_, bytes); }
  /// "GET TARGET" with Host and these field lines, without waiting.
  void ask(std::string_view target, std::string_view lines = "", std::string_view method = "GET");

  /// The next response. `to_head`: it answers a HEAD, nothing follows its head.
  Response read(bool to_head = false);
  Response get(std::string_view target, std::string_view lines = "");
  Response head(std::string_view target, std::string_view lines = "");
  Response post(std::string_view target, std::string_view body, std::string_view lines = "");
  /// Sends raw bytes and reads one response.
  Response exchange(std::string_view bytes);

  /// Only the head of the next response; the body is then read by read_until().
  Response read_head();
  /// Reads on until the unread bytes contain this, and consumes them up to its end.
  std::string read_until(std::string_view bytes);

  /// Waits for the end; bytes that come before it are kept in surplus().
  Ending wait_for_end(std::chrono::milliseconds limit = patience);
  const std::string& surplus() const { return buffer_; }
  /// Whether something is there to be read right now.
  bool has_input();

  void finish_sending();
  void leave() { fd_.close(); }
  void leave_with_reset() { reset_connection(fd_); }
  const Fd& fd() const { return fd_; }

 private:
  bool more();
  bool read_final_head(Response& response);
  void read_length(Response& response, std::size_t length);
  void read_chunks(Response& response);
  void read_to_end(Response& response);

  Fd fd_;
  std::string buffer_;
  Got last_ = Got::bytes;
};

/// The Host that every request of the harness carries, and that every configuration of it knows.
inline constexpr std::string_view host_name = "blog.test";

}  // namespace isrd::flow
