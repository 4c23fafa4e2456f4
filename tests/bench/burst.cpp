#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "load.h"
#include "options.h"
#include "page.h"

namespace bench {
namespace {

constexpr int silence_ms_max = 10'000;

struct Client {
  Fd fd;
  ResponseReader reader;
  std::uint64_t body_bytes = 0;
  bool is_wrong = false;
  std::uint64_t latency_ns = 0;
};

/// True while the answer is not whole.
bool receive(Client& c, std::uint64_t start_ns) {
  std::array<char, 16 * 1024> buffer;
  while (!c.reader.is_done()) {
    const ssize_t n = recv(c.fd.value(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EAGAIN) return true;
    if (n > 0) c.reader.feed({buffer.data(), static_cast<std::size_t>(n)});
    if (n <= 0 || c.reader.is_broken()) {
      c.is_wrong = true;
      break;
    }
  }
  c.latency_ns = now_ns() - start_ns;
  return false;
}

void print(const std::vector<std::unique_ptr<Client>>& clients) {
  std::vector<double> latencies;
  int errors = 0;
  for (const auto& c : clients) {
    latencies.push_back(static_cast<double>(c->latency_ns) / 1e6);
    if (c->is_wrong || c->reader.status() != 200) ++errors;
  }
  std::sort(latencies.begin(), latencies.end());
  std::printf(
      "{\"clients\": %zu, \"errors\": %d, \"slowest_ms\": %.3f, \"fastest_ms\": %.3f, "
      "\"latencies_ms\": [",
      clients.size(), errors, latencies.back(), latencies.front());
  for (std::size_t i = 0; i < latencies.size(); ++i) {
    std::printf("%s%.3f", i == 0 ? "" : ", ", latencies[i]);
  }
  std::printf("]}\n");
}

}  // namespace

int burst_main(int argc, char** argv) {
  const Options options(argc, argv, 2);
  const auto port = static_cast<std::uint16_t>(options.number("port", 0));
  const std::string path = options.text("path", "/keep/1024/0/1");
  const std::size_t count = std::max<std::size_t>(1, options.number("clients", 200));
  std::string request;
  append_request(request, path);

  const Fd epoll = make_epoll();
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<Client>());
    Client* c = clients.back().get();
    c->fd = connect_to(port);
    c->reader.on_body = [c, &path](std::string_view part) {
      if (!is_body_part(part, path, c->body_bytes)) c->is_wrong = true;
      c->body_bytes += part.size();
    };
    epoll_set(epoll, EPOLL_CTL_ADD, c->fd.value(), EPOLLIN, c);
  }

  const std::uint64_t start = now_ns();
  for (auto& c : clients) {
    if (send(c->fd.value(), request.data(), request.size(), MSG_NOSIGNAL) < 0) die("send");
  }
  std::array<epoll_event, 256> events{};
  for (std::size_t left = count; left > 0;) {
    const int ready = epoll_wait(epoll.value(), events.data(), events.size(), silence_ms_max);
    if (ready <= 0) {
      errno = ETIMEDOUT;
      die("no answer");
    }
    for (int i = 0; i < ready; ++i) {
      auto& c = *static_cast<Client*>(events[i].data.ptr);
      if (receive(c, start)) continue;
      epoll_set(epoll, EPOLL_CTL_DEL, c.fd.value(), 0, nullptr);
      --left;
    }
  }
  print(clients);
  return 0;
}

}  // namespace bench
