// The HTTP/1 origin client: one exchange is one request and its response over a pooled connection.
//
// Life of an exchange: start (connect, send the head), head (read interim and final heads), body
// (by its framing), done. Its connection goes back to the pool only when both messages were whole,
// nothing is left over and both sides want to go on (security rule 11). Destroying an exchange
// earlier closes the connection.
#include <array>
#include <cstring>

#include "http/chunked.h"
#include "net/origin_pool.h"

namespace isrd::net {
namespace {

constexpr std::size_t buffer_bytes = 32 * 1024;

/// Read buffers are dear to make and short in use: each thread keeps a few.
class BufferPool {
 public:
  std::unique_ptr<char[]> take() {
    if (free_.empty()) return std::unique_ptr<char[]>(new char[buffer_bytes]);
    auto buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void give(std::unique_ptr<char[]> buffer) {
    if (free_.size() < 32) free_.push_back(std::move(buffer));
  }

 private:
  std::vector<std::unique_ptr<char[]>> free_;
};

BufferPool& buffers() {
  thread_local BufferPool pool;
  return pool;
}

std::span<http::Field> response_fields(std::size_t count) {
  thread_local std::vector<http::Field> storage;
  if (storage.size() < count) storage.resize(count);
  return storage;
}

OriginEvent failed(OriginFault fault) {
  OriginEvent event;
  event.kind = OriginEvent::Kind::error;
  event.fault = fault;
  return event;
}

class Http1Exchange final : public OriginExchange {
 public:
  Http1Exchange(OriginPool& pool, const ResponseLimits& limits, Worker& worker,
                const OutgoingRequest& request)
      : pool_(pool), limits_(limits), worker_(worker), request_(request) {
    request_sent_ = request.body.kind == http::BodyKind::none;
  }
  ~Http1Exchange() override {
    if (connection_) pool_.release(worker_, std::move(connection_), false);
    if (capacity_ == buffer_bytes) buffers().give(std::move(buffer_));
  }

  Task<OriginEvent> next(std::span<char> room) override {
    for (;;) {
      switch (state_) {
        case State::start: {
          const OriginFault fault = co_await start();
          if (fault != OriginFault::none) co_return fail(fault);
          state_ = State::head;
          continue;
        }
        case State::head: {
          const OriginFault fault = co_await read_head();
          if (fault == OriginFault::closed && may_try_again()) {
            try_again();
            continue;
          }
          if (fault != OriginFault::none) co_return fail(fault);
          co_return take_head();
        }
        case State::body:
          break;
        case State::done: {
          OriginEvent event;
          event.kind = OriginEvent::Kind::end;
          co_return event;
        }
        case State::failed:
          co_return failed(fault_);
      }
      OriginEvent event;
      if (take_body(event)) co_return event;
      const OriginFault fault = co_await read_body(room, event);
      if (fault != OriginFault::none) co_return fail(fault);
      if (event.kind == OriginEvent::Kind::data) co_return event;
    }
  }

  bool ready() const override {
    if (state_ != State::body || begin_ == end_) return false;
    if (framing_.kind != http::BodyKind::chunked) return true;
    // Bytes of the chunks' own grammar alone bring nothing.
    http::ChunkedDecoder ahead = decoder_;
    return ahead.next(upgraded_leftover()).state != http::ChunkedDecoder::State::more;
  }

  Task<OriginFault> connect() override {
    if (state_ != State::start) co_return OriginFault::none;
    const OriginFault fault = co_await start();
    if (fault == OriginFault::none) {
      state_ = State::head;
    } else {
      fail(fault);
    }
    co_return fault;
  }

  Task<bool> send(std::string_view data, bool last) override {
    if (!connection_ || request_sent_) co_return false;
    char chunk_head[20];
    std::array<iovec, 3> parts;
    std::size_t count = 0;
    const bool chunked = request_.body.kind == http::BodyKind::chunked;
    if (chunked && !data.empty()) {
      parts[count++] = {chunk_head, http::write_chunk_size(chunk_head, data.size())};
    }
    if (!data.empty()) parts[count++] = {const_cast<char*>(data.data()), data.size()};
    const std::string_view tail = !chunked       ? ""
                                  : data.empty() ? (last ? http::last_chunk : "")
                                  : last         ? "\r\n0\r\n\r\n"
                                                 : http::chunk_end;
    if (!tail.empty()) parts[count++] = {const_cast<char*>(tail.data()), tail.size()};
    const std::span<iovec> all(parts.data(), count);
    const bool written = co_await write_all(all);
    if (written && last) request_sent_ = true;
    first_byte_from_ = worker_.loop_time();
    co_return written;
  }

  void abandon_body() override { abandoned_ = true; }

  void cancel() override {
    cancelled_ = true;
    point_.cancel(worker_);
    if (connection_) connection_->socket.cancel();
  }

  Socket* upgraded_socket() override { return connection_ ? &connection_->socket : nullptr; }
  std::string_view upgraded_leftover() const override {
    return {buffer_.get() + begin_, end_ - begin_};
  }

 private:
  enum class State : std::uint8_t { start, head, body, done, failed };

  OriginEvent fail(OriginFault fault) {
    state_ = State::failed;
    fault_ = cancelled_ ? OriginFault::cancelled : fault;
    if (!cancelled_) pool_.note_health(fault_);
    if (connection_) {
      // An upload may be waiting on the socket; it must not be there when the socket goes.
      connection_->socket.cancel();
      pool_.release(worker_, std::move(connection_), false);
    }
    return failed(fault_);
  }

  bool may_try_again() const {
    return request_.may_retry && !tried_again_ && connection_->reused && end_ == begin_ &&
           interims_ == 0 && !cancelled_;
  }

  void try_again() {
    tried_again_ = true;
    pool_.release(worker_, std::move(connection_), false);
    state_ = State::start;
  }

  Task<OriginFault> start() {
    OriginPool::Acquired acquired = co_await pool_.acquire(worker_, tried_again_, point_);
    if (!acquired.connection) co_return acquired.fault;
    connection_ = std::move(acquired.connection);
    if (cancelled_) co_return OriginFault::cancelled;
    if (!buffer_) {
      buffer_ = buffers().take();
      capacity_ = buffer_bytes;
    }
    begin_ = end_ = scanned_ = 0;
    std::string head = compose_head();
    iovec part{head.data(), head.size()};
    const std::span<iovec> all(&part, 1);
    const bool written = co_await write_all(all);
    first_byte_from_ = worker_.loop_time();
    if (written) co_return OriginFault::none;
    if (may_try_again()) {
      try_again();
      co_return co_await start();
    }
    co_return OriginFault::write;
  }

  std::string compose_head() const {
    std::string head;
    head.reserve(request_.method.size() + request_.target.size() + request_.host.size() +
                 request_.lines.size() + 96);
    head.append(request_.method).append(" ").append(request_.target).append(" HTTP/1.1\r\nHost: ");
    head.append(request_.host).append("\r\n").append(request_.lines);
    if (request_.body.kind == http::BodyKind::chunked) {
      head += "Transfer-Encoding: chunked\r\n";
    } else if (request_.body.kind == http::BodyKind::length) {
      head.append("Content-Length: ").append(std::to_string(request_.body.length)).append("\r\n");
    }
    head += request_.upgrade ? "Connection: upgrade\r\n\r\n" : "\r\n";
    return head;
  }

  Task<bool> write_all(std::span<iovec> parts) {
    while (!parts.empty()) {
      if (!connection_ || cancelled_) co_return false;
      Socket& socket = connection_->socket;
      const IoResult written = socket.write_some(parts);
      if (written.kind == IoResult::Kind::would_block) {
        const LoopTime deadline = worker_.loop_time() + pool_.options().timeouts.idle;
        const Wake wake = co_await socket.writable(deadline);
        if (wake != Wake::ready) co_return false;
        continue;
      }
      if (written.kind != IoResult::Kind::bytes) co_return false;
      std::size_t left = written.count;
      while (!parts.empty() && left >= parts.front().iov_len) {
        left -= parts.front().iov_len;
        parts = parts.subspan(1);
      }
      if (!parts.empty()) {
        parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + left;
        parts.front().iov_len -= left;
      }
    }
    co_return true;
  }

  /// Reads until a whole head is at begin_.
  Task<OriginFault> read_head() {
    for (;;) {
      head_length_ = http::head_length(upgraded_leftover(), scanned_);
      if (head_length_ > 0) co_return OriginFault::none;
      if (end_ - begin_ > limits_.head.head_bytes) co_return OriginFault::bad_head;
      make_room();
      if (cancelled_) co_return OriginFault::cancelled;
      Socket& socket = connection_->socket;
      const IoResult read = socket.read_some({buffer_.get() + end_, capacity_ - end_});
      if (read.kind == IoResult::Kind::bytes) {
        end_ += read.count;
        continue;
      }
      if (read.kind != IoResult::Kind::would_block) co_return OriginFault::closed;
      const LoopTime deadline = first_byte_from_ + pool_.options().timeouts.first_byte;
      // While the request body is still being sent the clock of the first byte does not run.
      const LoopTime idle = worker_.loop_time() + pool_.options().timeouts.first_byte;
      const Wake wake = co_await socket.readable(request_sent_ ? deadline : idle);
      if (wake == Wake::timeout &&
          worker_.loop_time() >= first_byte_from_ + pool_.options().timeouts.first_byte) {
        co_return OriginFault::first_byte_timeout;
      }
      if (wake == Wake::cancelled) co_return OriginFault::cancelled;
    }
  }

  void make_room() {
    if (end_ < capacity_) return;
    if (begin_ > 0) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      return;
    }
    std::unique_ptr<char[]> larger(new char[capacity_ * 2]);
    std::memcpy(larger.get(), buffer_.get(), end_);
    buffer_ = std::move(larger);
    capacity_ *= 2;
  }

  OriginEvent take_head() {
    const std::string_view bytes = upgraded_leftover().substr(0, head_length_);
    if (http::parse_response_head(bytes, limits_.head, response_fields(limits_.head.fields_max),
                                  head_)) {
      return fail(OriginFault::bad_head);
    }
    begin_ += head_length_;
    scanned_ = 0;
    OriginEvent event;
    event.head = &head_;
    if (head_.status == 101) {
      const http::Field* protocol = head_.find(http::FieldId::upgrade);
      if (!request_.upgrade || !protocol || !http::iequals(protocol->value, "websocket")) {
        return fail(OriginFault::bad_head);
      }
      state_ = State::done;
      event.kind = OriginEvent::Kind::head;
      return event;
    }
    if (head_.status < 200) {
      if (++interims_ > limits_.interim_max) return fail(OriginFault::bad_head);
      event.kind = OriginEvent::Kind::interim;
      return event;
    }
    event.kind = OriginEvent::Kind::head;
    framing_ = head_.framing;
    if (request_.is_head) framing_ = {};
    left_ = framing_.length;
    state_ = State::body;
    pool_.note_health(OriginFault::none);
    if (framing_.kind == http::BodyKind::none ||
        (framing_.kind == http::BodyKind::length && left_ == 0)) {
      event.last = true;
      complete();
    }
    return event;
  }

  /// One slice of the body from the buffer. False: nothing is there.
  bool take_body(OriginEvent& event) {
    std::string_view bytes = upgraded_leftover();
    event.kind = OriginEvent::Kind::data;
    switch (framing_.kind) {
      case http::BodyKind::none:
        complete();
        event.last = true;
        return true;
      case http::BodyKind::length:
        if (bytes.empty()) return false;
        event.data =
            bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
        begin_ += event.data.size();
        left_ -= event.data.size();
        if (left_ == 0) {
          event.last = true;
          complete();
        }
        return true;
      case http::BodyKind::until_close:
        if (bytes.empty()) return false;
        event.data = bytes;
        begin_ = end_;
        return true;
      case http::BodyKind::chunked:
        return take_chunk(bytes, event);
    }
    return false;
  }

  bool take_chunk(std::string_view bytes, OriginEvent& event) {
    http::ChunkedDecoder::Step step = decoder_.next(bytes);
    begin_ += step.consumed;
    if (step.state == http::ChunkedDecoder::State::data) {
      event.data = step.data;
      // Looking ahead: an end that has arrived already is told together with the data.
      bytes.remove_prefix(step.consumed);
      http::ChunkedDecoder ahead = decoder_;
      const http::ChunkedDecoder::Step after = ahead.next(bytes);
      if (after.state == http::ChunkedDecoder::State::done) {
        decoder_ = ahead;
        begin_ += after.consumed;
        event.last = true;
        complete();
      }
      return true;
    }
    if (step.state == http::ChunkedDecoder::State::done) {
      event.last = true;
      complete();
      return true;
    }
    if (step.state == http::ChunkedDecoder::State::bad) {
      event = fail(OriginFault::bad_body);
      return true;
    }
    return false;
  }

  /// Waits for body bytes: into `room` when they need no decoding, else into the buffer.
  Task<OriginFault> read_body(std::span<char> room, OriginEvent& event) {
    begin_ = end_ = 0;
    event.kind = OriginEvent::Kind::error;
    const bool direct = framing_.kind == http::BodyKind::length &&
                        room.size() >= std::min<std::uint64_t>(left_, capacity_);
    for (;;) {
      if (cancelled_) co_return OriginFault::cancelled;
      Socket& socket = connection_->socket;
      const std::span<char> into =
          direct ? room.subspan(
                       0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, room.size())))
                 : std::span<char>(buffer_.get(), capacity_);
      const IoResult read = socket.read_some(into);
      switch (read.kind) {
        case IoResult::Kind::bytes:
          if (!direct) {
            end_ = read.count;
            co_return OriginFault::none;
          }
          event.kind = OriginEvent::Kind::data;
          event.data = {into.data(), read.count};
          left_ -= read.count;
          if (left_ == 0) {
            event.last = true;
            complete();
          }
          co_return OriginFault::none;
        case IoResult::Kind::end:
          if (framing_.kind != http::BodyKind::until_close) co_return OriginFault::truncated;
          event.kind = OriginEvent::Kind::data;
          event.last = true;
          complete();
          co_return OriginFault::none;
        case IoResult::Kind::error:
          co_return OriginFault::truncated;
        case IoResult::Kind::would_block:
          break;
      }
      const Wake wake =
          co_await socket.readable(worker_.loop_time() + pool_.options().timeouts.idle);
      if (wake == Wake::timeout) co_return OriginFault::idle_timeout;
      if (wake == Wake::cancelled) co_return OriginFault::cancelled;
    }
  }

  /// The response is whole: decides what becomes of the connection.
  void complete() {
    state_ = State::done;
    const bool usable = request_sent_ && !abandoned_ && head_.keep_alive && begin_ == end_ &&
                        framing_.kind != http::BodyKind::until_close;
    // A request body that is still on its way needs the connection; the destructor closes it.
    if (request_sent_ || abandoned_) pool_.release(worker_, std::move(connection_), usable);
  }

  OriginPool& pool_;
  const ResponseLimits& limits_;
  Worker& worker_;
  const OutgoingRequest request_;
  std::unique_ptr<OriginConnection> connection_;
  CancelPoint point_;
  State state_ = State::start;
  OriginFault fault_ = OriginFault::none;
  bool request_sent_ = false;
  bool abandoned_ = false;
  bool cancelled_ = false;
  bool tried_again_ = false;
  LoopTime first_byte_from_{};
  std::uint64_t interims_ = 0;

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;
  std::size_t head_length_ = 0;
  http::ResponseHead head_;
  http::Framing framing_;
  std::uint64_t left_ = 0;
  http::ChunkedDecoder decoder_;
};

class Http1Origin final : public Origin {
 public:
  Http1Origin(const OriginOptions& options, const ResponseLimits& limits, const Workers& workers)
      : pool_(options, workers), limits_(limits) {}
  const OriginOptions& options() const override { return pool_.options(); }
  const ResponseLimits& limits() const override { return limits_; }
  std::unique_ptr<OriginExchange> open(Worker& worker, const OutgoingRequest& request) override {
    return std::make_unique<Http1Exchange>(pool_, limits_, worker, request);
  }
  OriginGauges gauges() const override { return pool_.gauges(); }
  OriginHealth health() const override { return pool_.health(); }
  void resolve() override { pool_.resolve(); }
  void sweep() override { pool_.sweep(); }

 private:
  OriginPool pool_;
  const ResponseLimits limits_;
};

}  // namespace

std::shared_ptr<Origin> make_http1_origin(const OriginOptions& options,
                                          const ResponseLimits& limits, const Workers& workers) {
  return std::make_shared<Http1Origin>(options, limits, workers);
}

}  // namespace isrd::net
