// The origin seam: a request as a value goes in, a stream of events comes out, one for each call of
// next(), so that demand is the caller's. HTTP/1 over TCP and unix sockets is the implementation
// here; TLS, FastCGI and a balancer will be others.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/head.h"
#include "net/options.h"
#include "net/socket.h"

namespace isrd::net {

/// What went wrong with an exchange, and at which phase.
enum class OriginFault : std::uint8_t {
  none,
  resolve,
  refused,
  connect_timeout,
  queue_timeout,
  write,
  first_byte_timeout,
  idle_timeout,
  closed,  // the connection ended before a whole head
  bad_head,
  truncated,  // the body ended before its framing said so
  bad_body,
  cancelled,
};
inline constexpr std::size_t origin_fault_count = 13;

/// The word for logs and metrics.
std::string_view spell(OriginFault fault);
/// The error type of Proxy-Status (RFC 9209 section 2.3).
std::string_view proxy_status_error(OriginFault fault);
/// What a client is answered with.
int status_for(OriginFault fault);

/// A request to an origin. The views must stay valid until the head of the answer has come.
struct OutgoingRequest {
  std::string_view method;
  std::string_view target;  // origin form
  std::string_view host;
  std::string_view lines;  // all other fields but framing, as lines, validated
  http::Framing body;      // none, length or chunked; its bytes come through send()
  bool is_head = false;
  bool may_retry =
      false;  // safe and without a body: once more when a pooled connection turns out dead
  bool upgrade = false;  // a 101 is welcome
};

struct OriginEvent {
  enum class Kind : std::uint8_t { interim, head, data, end, error };
  Kind kind = Kind::error;
  bool last = false;  // data: the end comes with it, next() need not be called again
  OriginFault fault = OriginFault::none;
  const http::ResponseHead* head = nullptr;  // interim and head; valid until the next await
  std::string_view data;                     // valid until the next call
};

class OriginExchange : public Cancellable {
 public:
  /// Destroying it before the end closes the connection.
  virtual ~OriginExchange() = default;

  /// Connects and sends the head of the request, unless that was done.
  virtual Task<OriginFault> connect() = 0;

  /// The next event; connects first where connect() was not called. Data is put into `room` when
  /// that saves a copy.
  virtual Task<OriginEvent> next(std::span<char> room) = 0;

  /// Whether bytes of the response are here already, so that next() will not wait.
  virtual bool ready() const = 0;

  /// One piece of the request body, framed here; waits until it is written. After connect(); may be
  /// called while next() waits, from another coroutine of the same worker. False: the origin does
  /// not take more.
  virtual Task<bool> send(std::string_view data, bool last) = 0;
  /// The request body will not be completed: the connection cannot be used again.
  virtual void abandon_body() = 0;

  /// Ends a waiting next() or send() as cancelled. Same worker.
  void cancel() override = 0;

  /// After a head with status 101: the connection itself and what was read of it already.
  virtual Socket* upgraded_socket() = 0;
  virtual std::string_view upgraded_leftover() const = 0;
};

struct OriginGauges {
  std::uint64_t connections = 0;
  std::uint64_t idle = 0;
  std::uint64_t waiting = 0;
};

/// What the last exchange said of the origin.
struct OriginHealth {
  bool failing = false;
  OriginFault fault = OriginFault::none;
};

struct ResponseLimits {
  http::HeadLimits head;
  std::uint64_t interim_max = 8;

  bool operator==(const ResponseLimits&) const = default;
};

/// One configured origin. Thread-safe; exchanges belong to the worker that opens them.
class Origin {
 public:
  virtual ~Origin() = default;
  virtual const OriginOptions& options() const = 0;
  virtual const ResponseLimits& limits() const = 0;
  virtual std::unique_ptr<OriginExchange> open(Worker& worker, const OutgoingRequest& request) = 0;
  virtual OriginGauges gauges() const = 0;
  virtual OriginHealth health() const = 0;
  /// Looks the name up again when it is older than `resolve`. Blocks: not on a worker.
  virtual void resolve() = 0;
  /// Closes idle connections that are over their time. Posts to the workers.
  virtual void sweep() = 0;
};

/// `workers` outlives the origin's exchanges.
std::shared_ptr<Origin> make_http1_origin(const OriginOptions& options,
                                          const ResponseLimits& limits, const Workers& workers);

}  // namespace isrd::net
