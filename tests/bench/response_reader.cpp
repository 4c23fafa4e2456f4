#include "response_reader.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace bench {
namespace {

constexpr std::size_t head_bytes_max = 64 * 1024;

bool is_field(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         strncasecmp(line.data(), name.data(), name.size()) == 0;
}

std::string_view value_of(std::string_view line, std::size_t name_bytes) {
  line.remove_prefix(name_bytes + 1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

}  // namespace

void ResponseReader::restart() {
  state_ = State::head;
  partial_.clear();
  left_ = 0;
  status_ = 0;
  chunked_ = has_length_ = closes_ = false;
}

void ResponseReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::head:
        take_head(bytes);
        break;
      case State::sized_body:
      case State::chunk_body:
        take_body(bytes);
        break;
      case State::chunk_size:
      case State::chunk_end:
      case State::trailer:
        take_line(bytes);
        break;
      case State::done:
        state_ = State::broken;
        return;
      case State::broken:
        return;
    }
  }
}

std::uint64_t ResponseReader::skippable() const {
  return state_ == State::sized_body || state_ == State::chunk_body ? left_ : 0;
}

void ResponseReader::skip(std::uint64_t bytes) {
  left_ -= bytes;
  if (left_ == 0) body_ended();
}

void ResponseReader::take_head(std::string_view& bytes) {
  std::string_view head = bytes;
  if (!partial_.empty()) {
    partial_.append(bytes);
    head = partial_;
  }
  const std::size_t end = head.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (partial_.empty()) partial_.assign(bytes);
    if (partial_.size() > head_bytes_max) state_ = State::broken;
    bytes = {};
    return;
  }
  const std::size_t after = head.size() - (end + 4);
  bytes.remove_prefix(bytes.size() - after);
  if (!head.starts_with("HTTP/1.") || head.size() < 12 ||
      std::from_chars(head.data() + 9, head.data() + 12, status_).ec != std::errc{}) {
    state_ = State::broken;
    return;
  }
  std::size_t at = head.find("\r\n") + 2;
  while (at < end) {
    const std::size_t line_end = head.find("\r\n", at);
    take_field(head.substr(at, line_end - at));
    at = line_end + 2;
  }
  partial_.clear();
  if (status_ / 100 == 1) return;  // an interim response: the next head follows
  if (status_ == 204 || status_ == 304) {
    state_ = State::done;
  } else if (chunked_) {
    state_ = State::chunk_size;
  } else if (!has_length_) {
    state_ = State::broken;
  } else {
    state_ = left_ == 0 ? State::done : State::sized_body;
  }
}

void ResponseReader::take_field(std::string_view line) {
  const char first = static_cast<char>(line.empty() ? 0 : line.front() | 0x20);
  if (first == 'c' && is_field(line, "content-length")) {
    const std::string_view value = value_of(line, 14);
    has_length_ =
        std::from_chars(value.data(), value.data() + value.size(), left_).ec == std::errc{};
  } else if (first == 'c' && is_field(line, "connection")) {
    const std::string_view value = value_of(line, 10);
    closes_ = value.size() == 5 && strncasecmp(value.data(), "close", 5) == 0;
  } else if (first == 't' && is_field(line, "transfer-encoding")) {
    chunked_ = true;
  }
}

void ResponseReader::take_body(std::string_view& bytes) {
  const auto part =
      bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  if (on_body) on_body(part);
  bytes.remove_prefix(part.size());
  skip(part.size());
}

void ResponseReader::take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  partial_.append(bytes.substr(0, end));
  if (end == std::string_view::npos) {
    if (partial_.size() > head_bytes_max) state_ = State::broken;
    bytes = {};
    return;
  }
  bytes.remove_prefix(end + 1);
  if (!partial_.empty() && partial_.back() == '\r') partial_.pop_back();
  if (state_ == State::chunk_size) {
    const bool is_number =
        std::from_chars(partial_.data(), partial_.data() + partial_.size(), left_, 16).ec ==
        std::errc{};
    state_ = !is_number ? State::broken : left_ == 0 ? State::trailer : State::chunk_body;
  } else if (!partial_.empty() && state_ == State::chunk_end) {
    state_ = State::broken;
  } else if (partial_.empty()) {
    state_ = state_ == State::chunk_end ? State::chunk_size : State::done;
  }
  partial_.clear();
}

void ResponseReader::body_ended() {
  state_ = state_ == State::chunk_body ? State::chunk_end : State::done;
}

}  // namespace bench
