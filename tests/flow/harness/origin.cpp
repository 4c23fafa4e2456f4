#include "flow/harness/origin.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace isrd::flow {

bool RecordedRequest::has(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const auto& f) { return f.first == lower(name); });
}

std::string RecordedRequest::field(std::string_view name) const {
  std::string all;
  for (const auto& [key, value] : fields) {
    if (key == lower(name)) all += (all.empty() ? "" : ", ") + value;
  }
  return all;
}

void Gate::open() {
  std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

bool Gate::wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait(lock, stop, [this] { return open_; });
}

std::string head_of(std::string_view lines, std::string_view status) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(lines) + "\r\n";
}

std::string page(std::string_view body, std::string_view lines, std::string_view status) {
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return head_of(std::string(lines) + length, status) + std::string(body);
}

std::string chunk(std::string_view data) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + std::string(data) + "\r\n";
}

std::string version_of(const RecordedRequest& request) {
  return request.target + " v" + std::to_string(request.count);
}

Script versions(std::string lines) {
  return [lines = std::move(lines)](const RecordedRequest& request) {
    std::string whole = page(version_of(request), lines);
    if (request.method == "HEAD") whole.resize(whole.find("\r\n\r\n") + 4);
    return Reply(std::move(whole));
  };
}

ScriptedOrigin::ScriptedOrigin()
    : script_(versions("")), reserved_(bind_to(0)), port_(port_of(reserved_)) {
  start();
}

ScriptedOrigin::ScriptedOrigin(const std::string& path) : script_(versions("")), path_(path) {
  start();
}

void ScriptedOrigin::start() {
  listener_ = path_.empty() ? bind_to(port_) : bind_to(path_);
  listen_on(listener_);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

void ScriptedOrigin::stop() {
  if (!listener_) return;
  acceptor_.request_stop();
  ::shutdown(*listener_, SHUT_RDWR);
  acceptor_.join();
  listener_.close();
  std::list<Connection> open;
  {
    std::lock_guard lock(mutex_);
    open.swap(open_);
  }
  for (Connection& connection : open) {
    connection.thread.request_stop();
    ::shutdown(*connection.fd, SHUT_RDWR);
  }
  open.clear();  // joins
}

void ScriptedOrigin::accept_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Fd fd(::accept4(*listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) continue;
    std::lock_guard lock(mutex_);
    Connection& connection = open_.emplace_back();
    connection.fd = std::move(fd);
    connection.number = ++connections_;
    changed_.notify_all();
    connection.thread = std::jthread([this, &connection](const std::stop_token& stopped) {
      serve_connection(connection, stopped);
      ::shutdown(*connection.fd, SHUT_RDWR);
      std::lock_guard guard(mutex_);
      ++closed_;
      changed_.notify_all();
    });
  }
}

void ScriptedOrigin::serve_connection(Connection& connection, const std::stop_token& stop) {
  std::string buffer;
  for (;;) {
    RecordedRequest request;
    request.connection = connection.number;
    if (!read_request(connection, buffer, request)) return;
    bool at_head;
    {
      std::lock_guard lock(mutex_);
      at_head = answer_at_head_;
    }
    std::string body;
    if (!at_head && !read_body(connection, buffer, request, request.body)) return;
    const Reply reply = choose(request);
    if (!play(reply, connection, stop)) return;
    {
      std::lock_guard lock(mutex_);
      ++replies_;
      changed_.notify_all();
    }
    if (at_head && !read_body(connection, buffer, request, body)) return;
  }
}

bool ScriptedOrigin::read_more(Connection& connection, std::string& buffer) {
  std::string bytes;
  // A connection may idle for as long as the test runs; stop() ends the wait.
  const Got got = read_some(connection.fd, bytes, Deadline(std::chrono::minutes(10)));
  buffer += bytes;
  std::lock_guard lock(mutex_);
  received_ += bytes;
  changed_.notify_all();
  return got == Got::bytes;
}

bool ScriptedOrigin::read_request(Connection& connection, std::string& buffer,
                                  RecordedRequest& request) {
  std::size_t end;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more(connection, buffer)) return false;
  }
  request.head = buffer.substr(0, end + 4);
  buffer.erase(0, end + 4);
  request.fields = parse_fields(request.head);
  const std::size_t first = request.head.find(' ');
  const std::size_t second = request.head.find(' ', first + 1);
  request.method = request.head.substr(0, first);
  request.target = request.head.substr(first + 1, second - first - 1);
  return true;
}

bool ScriptedOrigin::read_body(Connection& connection, std::string& buffer,
                               const RecordedRequest& request, std::string& body) {
  std::size_t size = 0;
  if (request.has("content-length")) {
    size = std::stoul(request.field("content-length"));
    while (buffer.size() < size) {
      if (!read_more(connection, buffer)) return false;
    }
  } else if (request.has("transfer-encoding")) {
    for (;;) {
      std::size_t line;
      while ((line = buffer.find("\r\n", size)) == std::string::npos) {
        if (!read_more(connection, buffer)) return false;
      }
      const std::size_t length = std::stoul(buffer.substr(size, line - size), nullptr, 16);
      size = line + 2 + length + 2;  // the last chunk is followed by an empty line
      while (buffer.size() < size) {
        if (!read_more(connection, buffer)) return false;
      }
      if (length == 0) break;
    }
  }
  body = buffer.substr(0, size);
  buffer.erase(0, size);
  return true;
}

Reply ScriptedOrigin::choose(RecordedRequest& request) {
  Script script;
  {
    std::lock_guard lock(mutex_);
    request.count = ++counts_[request.target];
    requests_.push_back(request);
    changed_.notify_all();
    std::deque<Reply>& queue = queued_[request.target];
    if (!queue.empty()) {
      Reply reply = std::move(queue.front());
      queue.pop_front();
      return reply;
    }
    const auto own = scripts_.find(request.target);
    script = own != scripts_.end() ? own->second : script_;
  }
  return script(request);
}

bool ScriptedOrigin::play(const Reply& reply, Connection& connection, const std::stop_token& stop) {
  for (const Reply::Step& step : reply.steps()) {
    if (const auto* bytes = std::get_if<std::string>(&step)) {
      if (!send_all(connection.fd, *bytes)) return false;
    } else if (const auto* gate = std::get_if<GatePtr>(&step)) {
      if (!(*gate)->wait(stop)) return false;
    } else if (std::holds_alternative<Reply::Close>(step)) {
      return false;
    } else if (std::holds_alternative<Reply::Reset>(step)) {
      const linger now{1, 0};
      ::setsockopt(*connection.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      // The descriptor itself stays with its owner; the reset goes out by disconnecting.
      const sockaddr none{AF_UNSPEC, {}};
      ::connect(*connection.fd, &none, sizeof none);
      return false;
    } else if (std::holds_alternative<Reply::Silence>(step)) {
      std::string ignored;
      while (read_more(connection, ignored)) {
      }
      return false;
    } else {
      std::string bytes_back;
      while (read_more(connection, bytes_back)) {
        send_all(connection.fd, bytes_back);
        bytes_back.clear();
      }
      return false;
    }
  }
  return true;
}

void ScriptedOrigin::serve(Script script) {
  std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void ScriptedOrigin::serve(const std::string& target, Script script) {
  std::lock_guard lock(mutex_);
  scripts_[target] = std::move(script);
}

void ScriptedOrigin::serve(const std::string& target, Reply reply) {
  serve(target, [reply = std::move(reply)](const RecordedRequest&) { return reply; });
}

void ScriptedOrigin::next(const std::string& target, Reply reply) {
  std::lock_guard lock(mutex_);
  queued_[target].push_back(std::move(reply));
}

void ScriptedOrigin::answer_at_head(bool on) {
  std::lock_guard lock(mutex_);
  answer_at_head_ = on;
}

std::vector<RecordedRequest> ScriptedOrigin::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t ScriptedOrigin::count() const {
  std::lock_guard lock(mutex_);
  return requests_.size();
}

std::size_t ScriptedOrigin::count(const std::string& target) const {
  std::lock_guard lock(mutex_);
  const auto found = counts_.find(target);
  return found == counts_.end() ? 0 : found->second;
}

std::uint64_t ScriptedOrigin::connections() const {
  std::lock_guard lock(mutex_);
  return connections_;
}

std::string ScriptedOrigin::received() const {
  std::lock_guard lock(mutex_);
  return received_;
}

bool ScriptedOrigin::wait_for_requests(std::size_t n) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return requests_.size() >= n; });
}

bool ScriptedOrigin::wait_for_requests(const std::string& target, std::size_t n) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] {
    const auto found = counts_.find(target);
    return (found == counts_.end() ? 0 : found->second) >= n;
  });
}

bool ScriptedOrigin::wait_until_received(const std::string& bytes) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience,
                           [&] { return received_.find(bytes) != std::string::npos; });
}

bool ScriptedOrigin::wait_for_closed(std::uint64_t n) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return closed_ >= n; });
}

bool ScriptedOrigin::wait_for_replies(std::uint64_t n) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return replies_ >= n; });
}

RecordedRequest ScriptedOrigin::request(const std::string& target, std::size_t index) const {
  std::lock_guard lock(mutex_);
  for (const RecordedRequest& request : requests_) {
    if (request.target == target && index-- == 0) return request;
  }
  throw std::runtime_error("the origin got no such request for " + target);
}

}  // namespace isrd::flow
