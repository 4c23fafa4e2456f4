// The request body and the tunnel of the HTTP/1 session.
#include "net/http1_session.h"
#include "net/origin.h"

namespace isrd::net {

/// One piece of what is in the buffer; an empty one with `more` when there is nothing.
RequestBody::Piece Http1Session::take_buffered_body() {
  std::string_view bytes(input_.get() + body_position_, end_ - body_position_);
  if (request_.head.framing.kind == http::BodyKind::length) {
    const std::string_view data = bytes.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes.size())));
    body_position_ += data.size();
    body_left_ -= data.size();
    body_done_ = body_left_ == 0;
    return {data, body_done_ ? BodyEnd::complete : BodyEnd::more};
  }
  for (;;) {
    const http::ChunkedDecoder::Step step = decoder_.next(bytes);
    body_position_ += step.consumed;
    bytes.remove_prefix(step.consumed);
    switch (step.state) {
      case http::ChunkedDecoder::State::data:
        body_bytes_ += step.data.size();
        if (body_bytes_ > options_->request_body_bytes) return {{}, BodyEnd::too_large};
        return {step.data, BodyEnd::more};
      case http::ChunkedDecoder::State::done:
        body_done_ = true;
        return {{}, BodyEnd::complete};
      case http::ChunkedDecoder::State::bad:
        return {{}, BodyEnd::broken};
      case http::ChunkedDecoder::State::more:
        return {{}, BodyEnd::more};
    }
  }
}

Task<RequestBody::Piece> Http1Session::next() {
  Piece piece{std::string_view(), BodyEnd::complete};
  while (!body_done_) {
    piece = take_buffered_body();
    if (!piece.data.empty() || piece.end != BodyEnd::more) break;
    const BodyEnd read = co_await read_body();
    if (read == BodyEnd::more) continue;
    piece.end = read;
    break;
  }
  body_end_ = piece.end;
  co_return piece;
}

Task<BodyEnd> Http1Session::read_body() {
  if (std::exchange(expects_continue_, false) && !begun_) {
    // Without waiting: the relay of an early answer may be waiting to write at the same time, and
    // writes the rest first.
    put("HTTP/1.1 100 Continue\r\n\r\n");
    flush(nullptr);
    if (broken_) co_return BodyEnd::broken;
  }
  // Everything before was consumed: the room behind the head is free again.
  body_position_ = end_ = begin_ + head_length_;
  for (;;) {
    const IoResult read = socket_.read_some({input_.get() + end_, capacity_ - end_});
    if (read.kind == IoResult::Kind::bytes) {
      end_ += read.count;
      body_read_ += read.count;
      co_return BodyEnd::more;
    }
    if (read.kind != IoResult::Kind::would_block) co_return BodyEnd::broken;
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::seconds>(worker_.loop_time() - body_started_);
    const auto grace = std::chrono::duration_cast<std::chrono::seconds>(options_->timeouts.body);
    if (elapsed > grace &&
        body_read_ < options_->body_rate_bytes_min * static_cast<std::uint64_t>(elapsed.count())) {
      co_return BodyEnd::too_slow;
    }
    const Wake wake = co_await socket_.readable(worker_.loop_time() + options_->timeouts.body);
    if (wake == Wake::timeout) co_return BodyEnd::too_slow;
    if (wake == Wake::cancelled) co_return BodyEnd::broken;
  }
}

/// Copies one direction of a tunnel until its sender ends or either side breaks.
Task<void> Http1Session::copy_tunnel(Socket& from, Socket& to, std::string leftover,
                                     Tunnel& tunnel) {
  std::string buffer = std::move(leftover);
  std::size_t size = buffer.size();
  buffer.resize(std::max(size, body_read_bytes));
  bool open = true;
  for (int steps = 1; open && !tunnel.broken; ++steps) {
    if (steps % steps_per_turn == 0) co_await Yield(worker_);
    std::size_t written = 0;
    while (written < size && !tunnel.broken) {
      const iovec part{buffer.data() + written, size - written};
      const IoResult out = to.write_some({&part, 1});
      if (out.kind == IoResult::Kind::bytes) {
        written += out.count;
        tunnel.active = worker_.loop_time();
      } else if (out.kind == IoResult::Kind::would_block) {
        const Wake wake = co_await to.writable(worker_.loop_time() + options_->timeouts.write);
        tunnel.broken = tunnel.broken || wake != Wake::ready;
      } else {
        tunnel.broken = true;
      }
    }
    if (tunnel.broken) break;
    const IoResult in = from.read_some({buffer.data(), buffer.size()});
    size = in.count;
    if (in.kind == IoResult::Kind::bytes) {
      tunnel.active = worker_.loop_time();
    } else if (in.kind == IoResult::Kind::would_block) {
      const Wake wake = co_await from.readable(worker_.loop_time() + options_->timeouts.tunnel);
      const bool idle =
          wake == Wake::timeout && worker_.loop_time() - tunnel.active >= options_->timeouts.tunnel;
      tunnel.broken = tunnel.broken || idle || wake == Wake::cancelled;
    } else {
      tunnel.broken = tunnel.broken || in.kind == IoResult::Kind::error;
      open = false;
    }
  }
  to.shutdown_write();
  if (tunnel.broken) {
    from.cancel();
    to.cancel();
  }
  --tunnel.open_sides;
  wake_slot(worker_, tunnel.finished, Wake::ready);
}

Task<void> Http1Session::tunnel(OriginExchange& exchange) {
  const std::span<const std::string_view> nothing;
  const bool started = co_await body(nothing, false);
  keep_alive_ = false;
  completed_ = true;
  Socket* origin = exchange.upgraded_socket();
  if (!started || !origin) co_return;
  Tunnel tunnel;
  tunnel.active = worker_.loop_time();
  const std::size_t consumed = begin_ + head_length_;
  std::string from_client(input_.get() + consumed, end_ - consumed);
  end_ = consumed;
  std::string from_origin(exchange.upgraded_leftover());
  worker_.spawn(copy_tunnel(*origin, socket_, std::move(from_origin), tunnel));
  co_await copy_tunnel(socket_, *origin, std::move(from_client), tunnel);
  while (tunnel.open_sides > 0) {
    // The other direction ends by its own deadline, or at once when this one broke.
    co_await Wait(worker_, tunnel.finished, worker_.loop_time() + options_->timeouts.tunnel);
    if (worker_.stopping() && tunnel.open_sides > 0) origin->cancel();
  }
}

}  // namespace isrd::net
