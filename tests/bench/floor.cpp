// bench_floor: what the kernel alone costs. One thread, epoll, no parsing beyond the end of the
// request head, and prepared responses sent in turn, each with a body of its own, so that the copy
// comes from as far away as a cache's.
//
//   bench_floor --port N --body BYTES [--pages 1000]
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "options.h"
#include "page.h"
#include "socket.h"

namespace {

struct Connection {
  explicit Connection(bench::Fd socket) : fd(std::move(socket)) {}

  bench::Fd fd;
  std::array<char, 4096> input{};
  std::size_t received = 0;
  const std::string* output = nullptr;  // the response on its way
  std::size_t sent = 0;
};

std::vector<std::string> make_responses(std::size_t pages, std::size_t bytes) {
  std::vector<std::string> responses;
  for (std::size_t i = 0; i < pages; ++i) {
    std::string response =
        "HTTP/1.1 200 OK\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\n"
        "Content-Type: text/html; charset=utf-8\r\nCache-Control: max-age=3600\r\nAge: 17\r\n"
        "Cache-Status: floor; hit; ttl=3583\r\nX-Cache: HIT\r\nVia: 1.1 floor\r\nContent-Length: " +
        std::to_string(bytes) + "\r\n\r\n";
    bench::append_body(response, "/keep/" + std::to_string(i), bytes);
    responses.push_back(std::move(response));
  }
  return responses;
}

class Floor {
 public:
  Floor(std::uint16_t port, std::size_t pages, std::size_t bytes)
      : responses_(make_responses(pages, bytes)), listener_(bench::listen_on(port)) {
    bench::epoll_set(epoll_, EPOLL_CTL_ADD, listener_.value(), EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int count = epoll_wait(epoll_.value(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        auto* connection = static_cast<Connection*>(events[i].data.ptr);
        if (connection == nullptr) {
          accept_all();
        } else if (!serve(*connection, events[i].events)) {
          connections_.erase(connection);
        }
      }
    }
  }

 private:
  void accept_all() {
    for (;;) {
      bench::Fd fd = bench::accept_from(listener_);
      if (fd.value() < 0) return;
      auto connection = std::make_unique<Connection>(std::move(fd));
      Connection* key = connection.get();
      bench::epoll_set(epoll_, EPOLL_CTL_ADD, key->fd.value(), EPOLLIN, key);
      connections_.emplace(key, std::move(connection));
    }
  }

  /// False when the connection is over.
  bool serve(Connection& c, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) return flush(c, true);
    const ssize_t n =
        recv(c.fd.value(), c.input.data() + c.received, c.input.size() - c.received, 0);
    if (n <= 0) return n < 0 && errno == EAGAIN;
    c.received += static_cast<std::size_t>(n);
    if (memmem(c.input.data(), c.received, "\r\n\r\n", 4) == nullptr) {
      return c.received < c.input.size();
    }
    c.received = 0;
    c.output = &responses_[next_];
    c.sent = 0;
    next_ = next_ + 1 == responses_.size() ? 0 : next_ + 1;
    return flush(c, false);
  }

  bool flush(Connection& c, bool was_waiting) {
    const ssize_t n =
        send(c.fd.value(), c.output->data() + c.sent, c.output->size() - c.sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return false;
    if (n > 0) c.sent += static_cast<std::size_t>(n);
    const bool is_done = c.sent == c.output->size();
    if (is_done == was_waiting) {
      bench::epoll_set(epoll_, EPOLL_CTL_MOD, c.fd.value(), is_done ? EPOLLIN : EPOLLOUT, &c);
    }
    return true;
  }

  std::vector<std::string> responses_;
  std::size_t next_ = 0;
  bench::Fd listener_;
  bench::Fd epoll_ = bench::make_epoll();
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options(argc, argv, 1);
  Floor floor(static_cast<std::uint16_t>(options.number("port", 0)), options.number("pages", 1000),
              options.number("body", 1024));
  floor.run();
}
