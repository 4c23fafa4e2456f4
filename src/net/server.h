// The seam between the front end and the spine: what a session hands upward, and what it takes
// back.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/body.h"
#include "http/head.h"
#include "net/socket.h"

namespace isrd::net {

class OriginExchange;

/// Who sent a request, as far as the connection tells.
struct Peer {
  std::string address;  // without port; "unix:" for a unix socket
  std::uint16_t port = 0;
  std::uint16_t local_port = 0;
  bool trusted_proxy = false;  // its forwarding fields count
};

/// How the bytes of a request body came to their end.
enum class BodyEnd : std::uint8_t { more, complete, broken, too_slow, too_large };

/// The body of the current request, pulled by whoever passes it on. The first pull sends 100
/// Continue when it is awaited.
class RequestBody {
 public:
  struct Piece {
    std::string_view data;  // valid until the next pull
    BodyEnd end = BodyEnd::more;
  };
  virtual Task<Piece> next() = 0;
  virtual const http::Framing& framing() const = 0;
  /// How the last pull ended.
  virtual BodyEnd last_end() const = 0;
  /// Ends a waiting next() as broken: nobody wants the rest.
  virtual void stop() = 0;

 protected:
  ~RequestBody() = default;
};

/// The head of a response in the form of the HTTP/1 sink: whole lines, each with its CRLF, without
/// framing fields that the sink writes itself (Transfer-Encoding, Connection).
struct ReplyHead {
  int status = 200;
  std::string_view prepared;  // status line and fields, prepared once for each entry
  std::string_view dynamic;   // fields of this response only
  /// none: no body follows (HEAD, 304, 204). length: Content-Length stands in the fields. chunked:
  /// the length is unknown.
  http::BodyKind framing = http::BodyKind::none;
  std::uint64_t length = 0;
  bool close = false;  // the connection cannot be used afterwards
};

/// Where the response of one request goes. One response for each request, head first. Views that
/// are passed are read before the call (or its await) ends, except where an owner is passed.
class ResponseSink {
 public:
  /// A whole response in one go; `body` is kept alive by the sink until it is written.
  virtual void reply(const ReplyHead& head, BodySlice body) = 0;
  /// An interim response (1xx): its status line and fields. False: the client is gone.
  virtual Task<bool> interim(std::string_view lines) = 0;
  /// Starts a streamed response; nothing is written before the first body().
  virtual void begin(const ReplyHead& head) = 0;
  /// Writes up to 16 parts and waits until the kernel has taken everything; `last` completes the
  /// response. False: the client is gone or too slow.
  virtual Task<bool> body(std::span<const std::string_view> parts, bool last) = 0;
  /// The response cannot be completed: the connection is cut so that the client sees it (security
  /// rule 19).
  virtual void abort() = 0;
  /// After a 101 was sent with begin(): passes bytes both ways until one side ends.
  virtual Task<void> tunnel(OriginExchange& exchange) = 0;

  virtual bool begun() const = 0;
  /// Bytes written for the current response, head included.
  virtual std::uint64_t bytes_sent() const = 0;
  /// The client closed its side; a response may still be wanted by a half-closed client.
  virtual bool client_left() const = 0;
  /// Whom to cancel when the client leaves; nullptr to take it back.
  virtual void watch_client(Cancellable* work) = 0;

 protected:
  ~ResponseSink() = default;
};

/// One request as the spine sees it. Valid until its response is complete.
struct Request {
  http::RequestHead head;
  const Peer* peer = nullptr;
  RequestBody* body = nullptr;
  MonoTime received{};  // real time of this turn, for durations
};

/// What stands above the front end.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  /// Answers at once through the sink and returns an empty task, or returns the (not yet started)
  /// task that will answer. Views in `request.head` are stable while the task runs;
  /// `request.head.fields` only from the moment it is started.
  virtual Task<void> handle(const Request& request, ResponseSink& sink) = 0;
  /// A request whose head was refused: answer for it (the session closes afterwards).
  virtual void refuse(const http::HeadRefusal& refusal, const Peer& peer, ResponseSink& sink) = 0;
};

}  // namespace isrd::net
