#include "admin/session.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace isrd::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::size_t buffer_bytes_max = 64 * 1024;
constexpr std::size_t drain_bytes_max = 1024 * 1024;
constexpr std::chrono::seconds drain_max{2};

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
  }
  if (address->sa_family != AF_INET6) return false;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
  return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || (mapped && v6->sin6_addr.s6_addr[12] == 127);
}

std::optional<std::string_view> optional_field(const http::fields& fields, http::field name) {
  const auto found = fields.find(name);
  if (found == fields.end()) return std::nullopt;
  return found->value();
}

bool stands_twice(const http::fields& fields) {
  for (const http::field name : {http::field::host, http::field::origin, http::field::authorization,
                                 http::field::content_type}) {
    if (fields.count(name) > 1) return true;
  }
  return false;
}

bool is_grammar_error(const beast::error_code& error) {
  static const beast::error_code any = http::error::bad_method;
  return error.category() == any.category() && error != http::error::end_of_stream &&
         error != http::error::partial_message;
}

http::response<http::string_body> message_of(Answer& answer, unsigned version, bool keep_alive) {
  const auto status = http::int_to_status(static_cast<unsigned>(answer.status));
  http::response<http::string_body> message(status, version);
  message.set(http::field::content_type, answer.content_type);
  message.set(http::field::cache_control, "no-store");
  message.set("X-Content-Type-Options", "nosniff");
  if (!answer.allow.empty()) message.set(http::field::allow, answer.allow);
  if (answer.authenticate)
    message.set(http::field::www_authenticate, "Bearer realm=\"isrd admin\"");
  message.body() = std::move(answer.body);
  message.keep_alive(keep_alive);
  message.prepare_payload();
  return message;
}

}  // namespace

Session::Session(Socket socket, Shared& shared)
    : stream_(std::move(socket)), shared_(shared), buffer_(buffer_bytes_max) {
  beast::error_code error;
  const auto peer = stream_.socket().remote_endpoint(error);
  if (error) return;
  over_unix_socket_ = peer.protocol().family() == AF_UNIX;
  from_this_machine_ = over_unix_socket_ || is_loopback(peer.data());
}

void Session::close() {
  waiting_since_.reset();
  stream_.close();
}

asio::awaitable<void> Session::serve(std::shared_ptr<Session> self) {
  bool open = true;
  while (open) {
    co_await read_head(self);
    if (self->error_) self->refuse_head();
    if (!self->error_) self->decide();
    if (self->endpoint_ != nullptr) {
      co_await read_body(self);
      if (self->error_) self->refuse_body();
      if (!self->error_) self->answer_call();
    }
    if (!self->has_answer_) break;
    co_await write(self);
    if (self->unread_) {
      co_await drain(self);
    }
    open = self->keep_alive_;
  }
  beast::error_code ignored;
  self->stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
  self->close();
}

Session::Task Session::read_head(std::shared_ptr<Session> self) {
  auto token = asio::redirect_error(asio::use_awaitable, self->error_);
  self->parser_.emplace();
  self->parser_->header_limit(head_bytes_max);
  self->parser_->body_limit(boost::none);  // known once the endpoint is
  self->endpoint_ = nullptr;
  self->has_answer_ = self->keep_alive_ = self->unread_ = false;
  self->waiting_since_ = std::chrono::steady_clock::now();
  self->stream_.expires_after(idle_max);
  co_await http::async_read_header(self->stream_, self->buffer_, *self->parser_, token);
  self->waiting_since_.reset();
}

void Session::refuse_head() {
  if (!is_grammar_error(error_)) return;  // the peer is gone or silent: nobody to answer
  const bool too_large =
      error_ == http::error::header_limit || error_ == http::error::buffer_overflow;
  answer_ = too_large ? error_answer(431, "head_too_large", "the request's head has over 16 KiB")
                      : error_answer(400, "bad_request", "no HTTP request: " + error_.message());
  has_answer_ = unread_ = true;
}

Head Session::head() const {
  const auto& message = parser_->get();
  Head head;
  head.method = message.method_string();
  const std::string_view target = message.target();
  const std::size_t mark = target.find('?');
  head.path = target.substr(0, mark);
  if (mark != std::string_view::npos) head.query = target.substr(mark + 1);
  head.host = message[http::field::host];
  head.origin = optional_field(message, http::field::origin);
  head.authorization = optional_field(message, http::field::authorization);
  head.content_type = message[http::field::content_type];
  head.ambiguous = stands_twice(message);
  // With the whole message here at once there is a body all the same.
  const auto length = parser_->content_length();
  head.has_body = parser_->chunked() || length.value_or(0) > 0;
  head.body_bytes = length.value_or(0);
  head.from_this_machine = from_this_machine_;
  head.over_unix_socket = over_unix_socket_;
  return head;
}

/// From the head to the endpoint, or to a refusal that needs no body.
void Session::decide() {
  const Head request = head();
  Admitted admitted = admit(request, shared_.gate);
  keep_alive_ = parser_->get().keep_alive() && !shared_.stopping;
  endpoint_ = admitted.endpoint;
  if (endpoint_ != nullptr) return;
  answer_ = std::move(admitted.refusal);
  if (answer_.status == 401 || answer_.status == 403) {
    shared_.refusals.warn("admin: {} {} refused with {}", escape(request.method),
                          escape(request.path), answer_.status);
  }
  has_answer_ = true;
  unread_ = request.has_body;
  keep_alive_ = keep_alive_ && !request.has_body && !answer_.close;
}

Session::Task Session::read_body(std::shared_ptr<Session> self) {
  auto token = asio::redirect_error(asio::use_awaitable, self->error_);
  Parser& parser = *self->parser_;
  parser.body_limit(self->endpoint_->body_bytes);
  parser.eager(true);
  const bool awaits_word = beast::iequals(parser.get()[http::field::expect], "100-continue");
  if (awaits_word && !parser.is_done() && self->buffer_.size() == 0) {
    co_await write_continue(self);
  }
  while (!self->error_ && !parser.is_done()) {
    self->stream_.expires_after(idle_max);
    co_await http::async_read_some(self->stream_, self->buffer_, parser, token);
  }
}

Session::Task Session::write_continue(std::shared_ptr<Session> self) {
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  auto token = asio::redirect_error(asio::use_awaitable, self->error_);
  const auto bytes = asio::buffer(text);
  self->stream_.expires_after(idle_max);
  co_await asio::async_write(self->stream_, bytes, token);
}

void Session::refuse_body() {
  if (!is_grammar_error(error_)) return;
  answer_ = error_ == http::error::body_limit
                ? error_answer(413, "body_too_large", "the body has more than 16 MiB")
                : error_answer(400, "bad_request", "no HTTP body: " + error_.message());
  has_answer_ = unread_ = true;
  keep_alive_ = false;
}

void Session::answer_call() {
  const Head request = head();
  const Call call{request, parser_->get().body()};
  answer_ = run(*endpoint_, call, shared_.control);
  has_answer_ = true;
  keep_alive_ = keep_alive_ && !answer_.close && !shared_.stopping;
}

Session::Task Session::write(std::shared_ptr<Session> self) {
  auto token = asio::redirect_error(asio::use_awaitable, self->error_);
  self->error_ = {};
  auto message = message_of(self->answer_, self->parser_->get().version(), self->keep_alive_);
  http::response_serializer<http::string_body> serializer(message);
  const bool head_only = self->parser_->get().method() == http::verb::head;
  serializer.split(head_only);
  while (!self->error_ && !serializer.is_done() && !(head_only && serializer.is_header_done())) {
    self->stream_.expires_after(idle_max);
    co_await http::async_write_some(self->stream_, serializer, token);
  }
  if (self->error_) self->keep_alive_ = false;
}

/// Reads what the peer still sends for a while: closing with unread bytes makes the kernel send a
/// reset, which may reach the peer before the answer.
Session::Task Session::drain(std::shared_ptr<Session> self) {
  auto token = asio::redirect_error(asio::use_awaitable, self->error_);
  beast::error_code ignored;
  self->stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  self->buffer_.clear();
  const auto room = self->buffer_.prepare(buffer_bytes_max);
  self->stream_.expires_after(drain_max);
  std::size_t drained = 0;
  while (!self->error_ && drained < drain_bytes_max) {
    const std::size_t count = co_await self->stream_.async_read_some(room, token);
    drained += count;
  }
}

}  // namespace isrd::admin
