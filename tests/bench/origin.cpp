// bench_origin: the origin behind every measured server. It answers the pages of page.h, after
// their delay, and counts its requests, so that a run can prove that a hit was one.
//
//   bench_origin --port N
//   GET /__count        {"total": 12}         all pages asked for
//   GET /__count/PATH   {"total": 1}          this page alone (the first 100,000 pages are told
//   apart)
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "options.h"
#include "page.h"
#include "socket.h"

namespace {

constexpr std::size_t counted_pages_max = 100'000;
constexpr std::size_t request_bytes_max = 64 * 1024;

struct Connection {
  explicit Connection(bench::Fd socket) : fd(std::move(socket)) {}

  bench::Fd fd;
  std::string input;
  std::string output;
  std::size_t sent = 0;
  bool is_delayed = false;  // an answer waits for its time
  bool is_writing = false;  // the socket was full
  bool keeps_alive = true;
  std::uint64_t id = 0;
};

class Origin {
 public:
  explicit Origin(std::uint16_t port) : listener_(bench::listen_on(port)) {
    bench::epoll_set(epoll_, EPOLL_CTL_ADD, listener_.value(), EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int count = epoll_wait(epoll_.value(), events.data(), events.size(), wait_ms());
      for (int i = 0; i < count; ++i) {
        auto* connection = static_cast<Connection*>(events[i].data.ptr);
        if (connection == nullptr) {
          accept_all();
        } else if (!handle(*connection, events[i].events)) {
          connections_.erase(connection->id);
        }
      }
      answer_due();
    }
  }

 private:
  void accept_all();
  bool handle(Connection& c, std::uint32_t events);
  bool take_requests(Connection& c);
  bool answer(Connection& c, std::string_view method, std::string_view path);
  bool flush(Connection& c);
  void answer_due();
  int wait_ms() const;
  std::string count_of(std::string_view path) const;

  bench::Fd listener_;
  bench::Fd epoll_ = bench::make_epoll();
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_id_ = 0;
  std::multimap<std::uint64_t, std::uint64_t> due_;  // when (ns), which connection
  std::unordered_map<std::string, std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

void Origin::accept_all() {
  for (;;) {
    bench::Fd fd = bench::accept_from(listener_);
    if (fd.value() < 0) return;
    auto connection = std::make_unique<Connection>(std::move(fd));
    connection->id = ++last_id_;
    bench::epoll_set(epoll_, EPOLL_CTL_ADD, connection->fd.value(), EPOLLIN, connection.get());
    connections_.emplace(connection->id, std::move(connection));
  }
}

bool Origin::handle(Connection& c, std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) return flush(c) && take_requests(c);
  std::array<char, 16 * 1024> buffer;
  const ssize_t n = recv(c.fd.value(), buffer.data(), buffer.size(), 0);
  if (n <= 0) return n < 0 && errno == EAGAIN;
  c.input.append(buffer.data(), static_cast<std::size_t>(n));
  return c.input.size() <= request_bytes_max && take_requests(c);
}

/// Answers what has come whole, one after the other; a delayed answer holds up the next. Requests
/// have no bodies.
bool Origin::take_requests(Connection& c) {
  while (!c.is_delayed && !c.is_writing && c.keeps_alive) {
    const std::size_t end = c.input.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    const std::string head = c.input.substr(0, end + 2);
    c.input.erase(0, end + 4);
    const std::size_t path_at = head.find(' ') + 1;
    const std::size_t path_end = head.find(' ', path_at);
    if (path_at == 0 || path_end == std::string::npos) return false;
    c.keeps_alive = head.compare(path_end, 11, " HTTP/1.1\r\n") == 0 &&
                    head.find("\r\nConnection: close\r\n") == std::string::npos;
    const std::string_view line = head;
    if (!answer(c, line.substr(0, path_at - 1), line.substr(path_at, path_end - path_at))) {
      return false;
    }
  }
  return true;
}

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

bool Origin::answer(Connection& c, std::string_view method, std::string_view path) {
  // Made new only when the second changes.
  static std::time_t date_of = 0;
  static std::string date;
  if (std::time(nullptr) != date_of) {
    date_of = std::time(nullptr);
    date = date_now();
  }
  c.output = "HTTP/1.1 ";
  c.sent = 0;
  if (path.starts_with("/__count")) {
    const std::string body = count_of(path.substr(8));
    c.output +=
        "200 OK\r\nCache-Control: no-store\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    return flush(c);
  }
  const auto page = bench::page_of(path);
  if (!page) {
    c.output += "404 Not Found\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n";
    return flush(c);
  }
  ++total_;
  if (counts_.size() < counted_pages_max || counts_.contains(std::string(path))) {
    ++counts_[std::string(path)];
  }
  c.output += "200 OK\r\nDate: ";
  c.output += date;
  c.output += "\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: ";
  c.output += page->cache_control;
  c.output += "\r\nContent-Length: " + std::to_string(page->bytes) + "\r\n\r\n";
  if (method != "HEAD") bench::append_body(c.output, path, page->bytes);
  if (page->delay_ms == 0) return flush(c);
  c.is_delayed = true;
  due_.emplace(bench::now_ns() + page->delay_ms * 1'000'000ull, c.id);
  return true;
}

/// False when the connection is over.
bool Origin::flush(Connection& c) {
  const ssize_t n =
      send(c.fd.value(), c.output.data() + c.sent, c.output.size() - c.sent, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) return false;
  if (n > 0) c.sent += static_cast<std::size_t>(n);
  const bool was_writing = c.is_writing;
  c.is_writing = c.sent < c.output.size();
  if (c.is_writing != was_writing) {
    bench::epoll_set(epoll_, EPOLL_CTL_MOD, c.fd.value(), c.is_writing ? EPOLLOUT : EPOLLIN, &c);
  }
  return c.is_writing || c.keeps_alive;
}

void Origin::answer_due() {
  const std::uint64_t now = due_.empty() ? 0 : bench::now_ns();
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto found = connections_.find(due_.begin()->second);
    due_.erase(due_.begin());
    if (found == connections_.end()) continue;
    found->second->is_delayed = false;
    if (!flush(*found->second) || !take_requests(*found->second)) connections_.erase(found);
  }
}

int Origin::wait_ms() const {
  if (due_.empty()) return -1;
  const std::uint64_t now = bench::now_ns();
  const std::uint64_t when = due_.begin()->first;
  return when <= now ? 0 : static_cast<int>((when - now + 999'999) / 1'000'000);
}

std::string Origin::count_of(std::string_view path) const {
  std::uint64_t count = total_;
  if (!path.empty()) {
    const auto found = counts_.find(std::string(path));
    count = found == counts_.end() ? 0 : found->second;
  }
  return "{\"total\": " + std::to_string(count) + "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options(argc, argv, 1);
  Origin origin(static_cast<std::uint16_t>(options.number("port", 0)));
  origin.run();
}
