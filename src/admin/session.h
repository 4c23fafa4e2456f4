// One connection to the admin port and the coroutine that serves it. Included by server.cpp and
// session.cpp only, so that Asio and Beast stay out of every other file.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "admin/control.h"
#include "admin/endpoints.h"
#include "admin/gate.h"
#include "base/log.h"

namespace isrd::admin {

inline constexpr std::uint32_t head_bytes_max = 16 * 1024;
inline constexpr std::chrono::seconds idle_max{10};

/// What the sessions of one server share; only on its thread.
struct Shared {
  Control& control;
  const Gate gate;
  LogThrottle refusals;
  bool stopping = false;
};

/// All members belong to the server's thread. The coroutine holds a reference as long as it runs.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Protocol = boost::asio::generic::stream_protocol;
  using Socket = boost::asio::basic_stream_socket<Protocol>;

  Session(Socket socket, Shared& shared);

  /// Answers requests until one side ends the connection.
  static boost::asio::awaitable<void> serve(std::shared_ptr<Session> self);

  /// Cuts the connection; serve() ends soon.
  void close();
  /// Since when it has no whole request; nothing while one is answered.
  std::optional<std::chrono::steady_clock::time_point> waiting_since() const {
    return waiting_since_;
  }

 private:
  using Task = boost::asio::awaitable<void>;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  // Each step leaves its outcome in the members; they are named functions with plain parameters
  // because g++ 12 miscompiles much else (docs/adr, coroutines).
  static Task read_head(std::shared_ptr<Session> self);
  static Task read_body(std::shared_ptr<Session> self);
  static Task write(std::shared_ptr<Session> self);
  static Task write_continue(std::shared_ptr<Session> self);
  static Task drain(std::shared_ptr<Session> self);

  Head head() const;
  void refuse_head();
  void refuse_body();
  void decide();
  void answer_call();

  boost::beast::basic_stream<Protocol> stream_;
  Shared& shared_;
  bool from_this_machine_ = false;
  bool over_unix_socket_ = false;
  boost::beast::flat_buffer buffer_;
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;

  // Of the request at hand; made new for each.
  std::optional<Parser> parser_;
  boost::beast::error_code error_;
  const Endpoint* endpoint_ = nullptr;
  Answer answer_;
  bool has_answer_ = false;
  bool keep_alive_ = false;
  bool unread_ = false;  // the peer may still be sending: closing at once could lose the answer
};

}  // namespace isrd::admin
