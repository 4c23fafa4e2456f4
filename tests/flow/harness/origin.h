// ScriptedOrigin: a real server on loopback that keeps the raw bytes of every request and answers
// as the test says, byte by byte where that matters. One thread for each connection.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "flow/harness/wire.h"

namespace isrd::flow {

struct RecordedRequest {
  std::string head;  // raw, with its empty line
  std::string body;  // raw: with the chunk framing, if there was one
  std::string method;
  std::string target;
  Fields fields;
  std::uint64_t connection = 0;  // from 1, in the order they were accepted
  std::uint64_t count = 0;       // how many requests for this target there were, this one included

  bool has(std::string_view name) const;
  /// All values of that name, joined by ", "; "" when there is none.
  std::string field(std::string_view name) const;
};

/// Holds a reply back until the test opens it.
class Gate {
 public:
  void open();
  /// False: the origin stops.
  bool wait(const std::stop_token& stop);

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool open_ = false;
};
using GatePtr = std::shared_ptr<Gate>;
inline GatePtr make_gate() { return std::make_shared<Gate>(); }

/// What the origin does after a request was read: a list of steps.
class Reply {
 public:
  struct Close {};
  struct Reset {};
  struct Silence {};  // nothing, until the peer or the test ends it
  struct Echo {};     // everything that comes is sent back, until the peer ends
  using Step = std::variant<std::string, GatePtr, Close, Reset, Silence, Echo>;

  Reply() = default;
  explicit Reply(std::string bytes) { steps_.emplace_back(std::move(bytes)); }
  Reply& then(std::string bytes) { return add(std::move(bytes)); }
  Reply& wait(GatePtr gate) { return add(std::move(gate)); }
  Reply& close() { return add(Close{}); }
  Reply& reset() { return add(Reset{}); }
  Reply& silence() { return add(Silence{}); }
  Reply& echo() { return add(Echo{}); }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  Reply& add(Step step) {
    steps_.push_back(std::move(step));
    return *this;
  }
  std::vector<Step> steps_;
};

/// "HTTP/1.1 200 OK" with Content-Length. `lines` are whole field lines, each with its CRLF.
std::string page(std::string_view body, std::string_view lines = "",
                 std::string_view status = "200 OK");
/// The head alone, without any framing field.
std::string head_of(std::string_view lines, std::string_view status = "200 OK");
std::string chunk(std::string_view data);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// "TARGET vCOUNT": what the origin's pages say, so that a test sees which one it got.
std::string version_of(const RecordedRequest& request);

using Script = std::function<Reply(const RecordedRequest&)>;
/// Pages that say their version, with these field lines.
Script versions(std::string lines);

class ScriptedOrigin {
 public:
  /// Answers every request with `page("TARGET vCOUNT")`, without any caching field, unless told.
  ScriptedOrigin();
  /// On a unix socket.
  explicit ScriptedOrigin(const std::string& path);
  ~ScriptedOrigin() { stop(); }

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// From now on every request without a queued reply is answered by this.
  void serve(Script script);
  /// The same for one target only.
  void serve(const std::string& target, Script script);
  void serve(const std::string& target, Reply reply);
  /// The next request for this target, once.
  void next(const std::string& target, Reply reply);
  /// The reply is sent as soon as the head is there; the body is read afterwards.
  void answer_at_head(bool on);

  void stop();
  /// Listens on the same port again.
  void start();

  std::vector<RecordedRequest> requests() const;
  std::size_t count() const;
  std::size_t count(const std::string& target) const;
  std::uint64_t connections() const;
  /// Every byte that was received on any connection, in the order of arrival.
  std::string received() const;

  /// False: they did not come.
  bool wait_for_requests(std::size_t n) const;
  bool wait_for_requests(const std::string& target, std::size_t n) const;
  bool wait_until_received(const std::string& bytes) const;
  bool wait_for_closed(std::uint64_t n) const;
  /// So many replies were played to their end.
  bool wait_for_replies(std::uint64_t n) const;

  /// The first, or only, request for the target. Throws when there is none.
  RecordedRequest request(const std::string& target, std::size_t index = 0) const;

 private:
  struct Connection {
    Fd fd;
    std::uint64_t number = 0;
    std::jthread thread;
  };
  void accept_all(const std::stop_token& stop);
  void serve_connection(Connection& connection, const std::stop_token& stop);
  bool read_request(Connection& connection, std::string& buffer, RecordedRequest& request);
  bool read_body(Connection& connection, std::string& buffer, const RecordedRequest& request,
                 std::string& body);
  bool read_more(Connection& connection, std::string& buffer);
  Reply choose(RecordedRequest& request);
  bool play(const Reply& reply, Connection& connection, const std::stop_token& stop);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<RecordedRequest> requests_;
  std::map<std::string, std::size_t> counts_;
  std::string received_;
  std::uint64_t connections_ = 0;
  std::uint64_t closed_ = 0;
  std::uint64_t replies_ = 0;
  Script script_;
  std::map<std::string, Script> scripts_;
  std::map<std::string, std::deque<Reply>> queued_;
  bool answer_at_head_ = false;
  std::list<Connection> open_;

  /// Bound and never listening: while the origin is stopped nobody else gets its port, and who
  /// connects is refused.
  Fd reserved_;
  std::uint16_t port_ = 0;
  std::string path_;  // of a unix socket
  Fd listener_;
  std::jthread acceptor_;
};

}  // namespace isrd::flow
