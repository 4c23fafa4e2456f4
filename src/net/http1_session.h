// One client connection over HTTP/1: reads heads, hands requests upward, writes what comes back. It
// is the HTTP/1 response sink; pipelining, framing and partial writes live here and nowhere else.
//
// Life: start() spawns run(), which owns the session until the connection is closed. Hits are
// answered without suspending: all complete heads in the buffer are served into the worker's
// scratch memory, which is flushed before the next wait.
#pragma once

#include <memory>
#include <string>

#include "http/chunked.h"
#include "net/options.h"
#include "net/server.h"
#include "net/socket.h"

namespace isrd::net {

/// What the sessions of one configuration share.
struct SessionOptions {
  http::HeadLimits head;
  TimeoutOptions timeouts;
  std::uint64_t request_body_bytes = 0;
  std::uint64_t body_rate_bytes_min = 0;
};

class Http1Session final : public ResponseSink, public RequestBody, public Drainable {
 public:
  /// Takes over the connected, non-blocking `fd`. `draining` turns true when the server stops.
  static void start(Worker& worker, int fd, Peer peer,
                    std::shared_ptr<const SessionOptions> options, RequestHandler& handler,
                    const std::atomic<bool>& draining);

  Http1Session(Worker& worker, int fd, Peer peer, std::shared_ptr<const SessionOptions> options,
               RequestHandler& handler, const std::atomic<bool>& draining);
  ~Http1Session();

  // ResponseSink
  void reply(const ReplyHead& head, BodySlice body) override;
  Task<bool> interim(std::string_view lines) override;
  void begin(const ReplyHead& head) override;
  Task<bool> body(std::span<const std::string_view> parts, bool last) override;
  void abort() override;
  Task<void> tunnel(OriginExchange& exchange) override;
  bool begun() const override { return begun_; }
  std::uint64_t bytes_sent() const override { return bytes_sent_; }
  bool client_left() const override { return socket_.peer_finished(); }
  void watch_client(Cancellable* work) override { socket_.on_gone(work); }

  // Drainable: a connection between two requests ends; another ends after its request.
  void drain() override {
    if (waiting_for_request_) socket_.cancel_read();
  }

  // RequestBody
  Task<Piece> next() override;
  BodyEnd last_end() const override { return body_end_; }
  void stop() override { socket_.cancel_read(); }
  const http::Framing& framing() const override { return request_.head.framing; }

 private:
  enum class Step : std::uint8_t { need_read, blocked, task, close };

  static Task<void> run(std::unique_ptr<Http1Session> session);
  Task<void> serve_connection();
  Step serve_buffered();
  /// Parses the head of `length` bytes at the front of the buffer and starts its request.
  Step start_request(std::size_t length);
  void lower_authority();
  Step refuse(const http::HeadRefusal& refusal);
  bool finish_request();
  Task<bool> read_more();
  Task<void> close_gently();
  LoopTime read_deadline();

  void reserve_input(std::size_t free_bytes);
  std::string_view input() const { return {input_.get() + begin_, end_ - begin_}; }

  // The body of the current request.
  Piece take_buffered_body();
  Task<BodyEnd> read_body();

  // Output: bytes in scratch, then what the socket would not take.
  std::size_t connection_lines(char* out, const ReplyHead& head);
  void put(std::string_view bytes);
  void flush(BodySlice* body);
  bool write_pending();
  bool blocked() const { return !pending_.empty() || pending_body_.length > 0; }
  Task<bool> write_rest();
  Task<bool> write_all(std::span<iovec> parts);

  /// The two directions of a tunnel and what they know of each other.
  struct Tunnel {
    int open_sides = 2;
    bool broken = false;
    LoopTime active{};
    WaitNode* finished = nullptr;
  };
  Task<void> copy_tunnel(Socket& from, Socket& to, std::string leftover, Tunnel& tunnel);

  static constexpr std::size_t body_read_bytes = 16 * 1024;

  Worker& worker_;
  Socket socket_;
  const Peer peer_;
  const std::shared_ptr<const SessionOptions> options_;
  RequestHandler& handler_;
  const std::atomic<bool>& draining_;

  std::unique_ptr<char[]> input_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // of what was not consumed
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;  // how far head_length() has looked
  LoopTime head_started_{};
  bool first_request_ = true;
  bool waiting_for_request_ = false;

  Request request_;
  std::vector<http::Field> fields_;  // of a request that is not answered at once
  Task<void> task_;
  std::size_t head_length_ = 0;
  bool body_done_ = true;
  BodyEnd body_end_ = BodyEnd::more;
  bool expects_continue_ = false;
  std::uint64_t body_left_ = 0;    // of a body with a length
  std::uint64_t body_bytes_ = 0;   // of a chunked body, decoded
  std::uint64_t body_read_ = 0;    // as read from the socket
  std::size_t body_position_ = 0;  // of the next unread body byte in the buffer
  LoopTime body_started_{};
  http::ChunkedDecoder decoder_;

  bool begun_ = false;
  bool completed_ = false;
  bool broken_ = false;  // nothing more can be sent
  bool keep_alive_ = true;
  bool chunked_out_ = false;
  std::uint64_t bytes_sent_ = 0;
  std::string stream_head_;  // of a streamed response, until its first body()

  bool in_task_ = false;  // scratch memory must not be kept: the task may suspend
  std::size_t scratch_used_ = 0;
  std::string pending_;
  std::size_t pending_offset_ = 0;
  BodySlice pending_body_;
};

}  // namespace isrd::net
