#include "net/http1_session.h"

#include <array>
#include <cstring>

#include "base/log.h"

namespace isrd::net {
namespace {

constexpr std::size_t input_bytes_min = 4 * 1024;
constexpr std::size_t linger_bytes_max = 64 * 1024;
constexpr auto linger_time = std::chrono::seconds(1);

/// Where fields are parsed to. A request that is answered at once never needs them longer; another
/// copies them.
std::span<http::Field> field_storage() {
  thread_local std::array<http::Field, http::request_fields_capacity> storage;
  return storage;
}

}  // namespace

void Http1Session::start(Worker& worker, int fd, Peer peer,
                         std::shared_ptr<const SessionOptions> options, RequestHandler& handler,
                         const std::atomic<bool>& draining) {
  auto session = std::make_unique<Http1Session>(worker, fd, std::move(peer), std::move(options),
                                                handler, draining);
  worker.spawn(run(std::move(session)));
}

Http1Session::Http1Session(Worker& worker, int fd, Peer peer,
                           std::shared_ptr<const SessionOptions> options, RequestHandler& handler,
                           const std::atomic<bool>& draining)
    : worker_(worker),
      socket_(worker, fd),
      peer_(std::move(peer)),
      options_(std::move(options)),
      handler_(handler),
      draining_(draining) {
  request_.peer = &peer_;
  request_.body = this;
  worker_.connections.fetch_add(1, std::memory_order_relaxed);
  worker_.enlist(*this);
}

Http1Session::~Http1Session() {
  worker_.discharge(*this);
  worker_.connections.fetch_sub(1, std::memory_order_relaxed);
}

Task<void> Http1Session::run(std::unique_ptr<Http1Session> session) {
  co_await session->serve_connection();
}

Task<void> Http1Session::serve_connection() {
  for (int steps = 1;; ++steps) {
    if (steps % steps_per_turn == 0) co_await Yield(worker_);
    const Step step = serve_buffered();
    flush(nullptr);
    if (broken_) co_return;
    if (blocked()) {
      const bool drained = co_await write_rest();
      if (!drained) {
        task_ = {};
        co_return;
      }
    }
    if (step == Step::task) {
      Task<void> task = std::move(task_);
      in_task_ = true;
      co_await task;
      in_task_ = false;
      if (!broken_ && blocked()) co_await write_rest();
      if (!finish_request()) break;
      continue;
    }
    if (step == Step::close) break;
    if (step == Step::blocked) continue;
    const bool more = co_await read_more();
    if (!more) break;
  }
  if (!broken_) co_await close_gently();
}

Http1Session::Step Http1Session::serve_buffered() {
  for (;;) {
    if (scanned_ == 0) {
      // An empty line before a request is skipped (RFC 9112 section 2.2); half of one is waited
      // for.
      if (input() == "\r") return Step::need_read;
      if (input().starts_with("\r\n")) begin_ += 2;
    }
    const std::size_t length = http::head_length(input(), scanned_);
    if (length == 0) {
      if (input().size() > options_->head.head_bytes) return refuse({431, "head_too_large"});
      return Step::need_read;
    }
    const Step step = start_request(length);
    if (step != Step::need_read) return step;
    if (blocked()) return Step::blocked;
  }
}

Http1Session::Step Http1Session::start_request(std::size_t length) {
  head_length_ = length;
  body_done_ = true;
  body_end_ = BodyEnd::more;
  begun_ = completed_ = false;
  bytes_sent_ = 0;
  auto refusal = http::parse_request_head(input().substr(0, length), options_->head,
                                          field_storage(), request_.head);
  if (refusal) return refuse(refusal);
  lower_authority();
  const http::Framing& framing = request_.head.framing;
  if (framing.kind != http::BodyKind::none) {
    if (framing.kind == http::BodyKind::length && framing.length > options_->request_body_bytes) {
      return refuse({413, "body_too_large"});
    }
    if (capacity_ - begin_ - length < body_read_bytes) {
      // The buffer may move, so the views are made again.
      reserve_input(length + body_read_bytes);
      http::parse_request_head(input().substr(0, length), options_->head, field_storage(),
                               request_.head);
    }
    body_done_ = false;
    body_left_ = framing.length;
    body_bytes_ = body_read_ = 0;
    body_position_ = begin_ + length;
    body_started_ = worker_.loop_time();
    decoder_ = {};
    expects_continue_ = request_.head.expect_continue;
  }
  keep_alive_ = request_.head.keep_alive;
  request_.received = worker_.loop_time();
  task_ = handler_.handle(request_, *this);
  if (!task_) return finish_request() ? Step::need_read : Step::close;
  fields_.assign(request_.head.fields.begin(), request_.head.fields.end());
  request_.head.fields = fields_;
  return Step::task;
}

/// Host counts in lower case everywhere: in the key and in what the origin is told (security rule
/// 16). The bytes are ours.
void Http1Session::lower_authority() {
  const std::string_view authority = request_.head.authority;
  char* const begin = const_cast<char*>(authority.data());
  for (char* c = begin; c != begin + authority.size(); ++c) {
    if (*c >= 'A' && *c <= 'Z') *c = static_cast<char>(*c + 32);
  }
}

Http1Session::Step Http1Session::refuse(const http::HeadRefusal& refusal) {
  request_.head = {};
  request_.head.keep_alive = false;
  keep_alive_ = false;
  begun_ = completed_ = false;
  handler_.refuse(refusal, peer_, *this);
  return Step::close;
}

/// Ends the request. False: the connection cannot be used again.
bool Http1Session::finish_request() {
  const bool has_body = request_.head.framing.kind != http::BodyKind::none;
  begin_ = has_body ? body_position_ : begin_ + head_length_;
  if (begin_ == end_) begin_ = end_ = 0;
  scanned_ = 0;
  first_request_ = false;
  head_started_ = worker_.loop_time();
  return completed_ && !broken_ && keep_alive_ && body_done_;
}

LoopTime Http1Session::read_deadline() {
  if (begin_ != end_) return head_started_ + options_->timeouts.head;
  return worker_.loop_time() +
         (first_request_ ? options_->timeouts.head : options_->timeouts.keep_alive);
}

void Http1Session::reserve_input(std::size_t free_bytes) {
  if (capacity_ - end_ >= free_bytes) return;
  const std::size_t used = end_ - begin_;
  if (capacity_ - used < free_bytes) {
    capacity_ = std::max({input_bytes_min, capacity_ * 2, used + free_bytes});
    std::unique_ptr<char[]> larger(new char[capacity_]);
    if (used > 0) std::memcpy(larger.get(), input_.get() + begin_, used);
    input_ = std::move(larger);
  } else {
    std::memmove(input_.get(), input_.get() + begin_, used);
  }
  begin_ = 0;
  end_ = used;
}

/// Reads once. False: the connection has ended, idled out or broken.
Task<bool> Http1Session::read_more() {
  for (;;) {
    if (!socket_.may_read()) {
      if (draining_.load(std::memory_order_relaxed) && begin_ == end_) co_return false;
      waiting_for_request_ = begin_ == end_;
      const Wake wake = co_await socket_.readable(read_deadline());
      waiting_for_request_ = false;
      if (wake != Wake::ready) {
        if (wake == Wake::timeout && begin_ != end_) {
          refuse({408, "head_timeout"});
          flush(nullptr);
        }
        co_return false;
      }
    }
    reserve_input(input_bytes_min / 2);
    const IoResult read = socket_.read_some({input_.get() + end_, capacity_ - end_});
    switch (read.kind) {
      case IoResult::Kind::bytes:
        if (begin_ == end_) head_started_ = worker_.loop_time();
        end_ += read.count;
        co_return true;
      case IoResult::Kind::would_block:
        break;
      case IoResult::Kind::error:
        broken_ = true;
        co_return false;
      case IoResult::Kind::end:
        co_return false;
    }
  }
}

/// Closes so that the client still reads the last answer: a close with unread bytes would reset the
/// connection.
Task<void> Http1Session::close_gently() {
  socket_.shutdown_write();
  const LoopTime deadline = worker_.loop_time() + linger_time;
  std::size_t left = linger_bytes_max;
  while (left > 0) {
    const IoResult read =
        socket_.read_some({worker_.scratch(), std::min(left, Worker::scratch_bytes)});
    if (read.kind == IoResult::Kind::end || read.kind == IoResult::Kind::error) co_return;
    if (read.kind == IoResult::Kind::bytes) {
      left -= read.count;
      continue;
    }
    const Wake wake = co_await socket_.readable(deadline);
    if (wake != Wake::ready) co_return;
  }
}

}  // namespace isrd::net
