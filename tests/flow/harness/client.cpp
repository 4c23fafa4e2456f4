#include "flow/harness/client.h"

#include <sys/socket.h>

#include <algorithm>

namespace isrd::flow {

bool Response::has(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const auto& f) { return f.first == lower(name); });
}

std::string Response::field(std::string_view name) const {
  std::string all;
  for (const auto& [key, value] : fields) {
    if (key == lower(name)) all += (all.empty() ? "" : ", ") + value;
  }
  return all;
}

void Client::ask(std::string_view target, std::string_view lines, std::string_view method) {
  std::string bytes;
  bytes.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host_name);
  bytes.append("\r\n").append(lines).append("\r\n");
  send(bytes);
}

Response Client::get(std::string_view target, std::string_view lines) {
  ask(target, lines);
  return read();
}

Response Client::head(std::string_view target, std::string_view lines) {
  ask(target, lines, "HEAD");
  return read(true);
}

Response Client::post(std::string_view target, std::string_view body, std::string_view lines) {
  std::string all(lines);
  all.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  ask(target, all, "POST");
  send(body);
  return read();
}

Response Client::exchange(std::string_view bytes) {
  send(bytes);
  return read();
}

/// False: the connection ended.
bool Client::more() {
  if (last_ != Got::bytes) return false;
  last_ = read_some(fd_, buffer_, Deadline());
  if (last_ == Got::timeout) {
    throw ClientError("no answer within the test's patience; unread: \"" + buffer_ + "\"");
  }
  return last_ == Got::bytes;
}

bool Client::read_final_head(Response& response) {
  for (;;) {
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (more()) continue;
      response.cut_by_reset = last_ == Got::reset;
      return false;
    }
    response.head = buffer_.substr(0, end + 4);
    buffer_.erase(0, end + 4);
    if (!response.head.starts_with("HTTP/1.1 ")) {
      throw ClientError("this is no response: \"" + response.head + "\"");
    }
    response.status = std::stoi(response.head.substr(9, 3));
    if (response.status >= 200 || response.status == 101) break;
    response.interims.push_back(std::move(response.head));
  }
  response.fields = parse_fields(response.head);
  return true;
}

Response Client::read_head() {
  Response response;
  if (!read_final_head(response)) throw ClientError("the connection ended instead of a response");
  return response;
}

Response Client::read(bool to_head) {
  Response response;
  if (!read_final_head(response)) return response;
  response.chunked = lower(response.field("transfer-encoding")) == "chunked";
  if (to_head || response.status == 204 || response.status == 304 || response.status == 101) {
    response.complete = true;
  } else if (response.chunked) {
    read_chunks(response);
  } else if (response.has("content-length")) {
    read_length(response, std::stoul(response.field("content-length")));
  } else {
    read_to_end(response);
  }
  if (!response.complete) response.cut_by_reset = last_ == Got::reset;
  return response;
}

void Client::read_length(Response& response, std::size_t length) {
  while (buffer_.size() < length && more()) {
  }
  response.complete = buffer_.size() >= length;
  response.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
}

void Client::read_chunks(Response& response) {
  for (;;) {
    std::size_t line;
    while ((line = buffer_.find("\r\n")) == std::string::npos) {
      if (!more()) return;
    }
    const std::size_t size = std::stoul(buffer_.substr(0, line), nullptr, 16);
    while (buffer_.size() < line + 2 + size + 2) {
      if (more()) continue;
      response.body += buffer_.substr(line + 2, size);
      return;
    }
    response.body += buffer_.substr(line + 2, size);
    if (buffer_.substr(line + 2 + size, 2) != "\r\n") throw ClientError("a chunk without its end");
    buffer_.erase(0, line + 2 + size + 2);
    if (size == 0) {
      response.complete = true;
      return;
    }
  }
}

void Client::read_to_end(Response& response) {
  while (more()) {
  }
  response.complete = last_ == Got::end;
  response.body = std::move(buffer_);
  buffer_.clear();
}

std::string Client::read_until(std::string_view bytes) {
  std::size_t at;
  while ((at = buffer_.find(bytes)) == std::string::npos) {
    if (!more())
      throw ClientError("the connection ended before \"" + std::string(bytes) + "\" came");
  }
  std::string got = buffer_.substr(0, at + bytes.size());
  buffer_.erase(0, at + bytes.size());
  return got;
}

Ending Client::wait_for_end(std::chrono::milliseconds limit) {
  const Deadline deadline(limit);
  while (last_ == Got::bytes) last_ = read_some(fd_, buffer_, deadline);
  switch (last_) {
    case Got::end:
      return Ending::orderly;
    case Got::reset:
      return Ending::reset;
    case Got::bytes:
    case Got::timeout:
      break;
  }
  last_ = Got::bytes;
  return Ending::still_open;
}

bool Client::has_input() {
  return !buffer_.empty() || wait_readable(fd_, Deadline(std::chrono::milliseconds(0)));
}

void Client::finish_sending() { ::shutdown(*fd_, SHUT_WR); }

}  // namespace isrd::flow
