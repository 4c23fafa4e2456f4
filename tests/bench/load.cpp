#include "load.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "page.h"

namespace bench {
namespace {

// A server that answers nothing for this long has failed.
constexpr int silence_ms_max = 10'000;
constexpr std::uint64_t errors_max = 1000;

constexpr std::string_view browser_fields =
    " HTTP/1.1\r\n"
    "Host: www.example.org\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua: \"Chromium\";v=\"126\", \"Not.A/Brand\";v=\"8\", \"Google Chrome\";v=\"126\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "DNT: 1\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36\r\n"
    "Accept: "
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Referer: http://www.example.org/blog/index.html?from=start\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7\r\n"
    "\r\n";

}  // namespace

std::string path_of(std::string_view prefix, std::uint64_t number) {
  return std::string(prefix) + std::to_string(number);
}

void append_request(std::string& out, std::string_view path) {
  out += "GET ";
  out += path;
  out += browser_fields;
}

Load::Load(LoadPlan plan) : plan_(std::move(plan)), epoll_(make_epoll()), next_(plan_.first) {
  for (std::size_t i = 0; i < plan_.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>());
    open(*connections_.back());
  }
}

void Load::open(Connection& c) {
  c.fd = connect_to(plan_.port);
  epoll_set(epoll_, EPOLL_CTL_ADD, c.fd.value(), EPOLLIN, &c);
  if (plan_.checks_bodies) {
    c.reader.on_body = [&c](std::string_view part) {
      if (!is_body_part(part, c.path, c.body_bytes)) c.is_wrong = true;
      c.body_bytes += part.size();
    };
  }
}

bool Load::may_ask(const Phase& phase) const {
  return phase.requests + busy_ < requests_max_ && phase.errors < errors_max &&
         now_ns() < deadline_ns_;
}

void Load::ask(Connection& c) {
  c.path = path_of(plan_.prefix, next_++);
  if (plan_.pages != 0 && next_ == plan_.first + plan_.pages) next_ = plan_.first;
  c.request.clear();
  append_request(c.request, c.path);
  c.reader.restart();
  c.body_bytes = 0;
  c.is_wrong = false;
  c.is_busy = true;
  ++busy_;
  c.started_ns = now_ns();
  // A request is smaller than any send buffer; a failure shows when the answer is read.
  [[maybe_unused]] const auto sent =
      send(c.fd.value(), c.request.data(), c.request.size(), MSG_NOSIGNAL);
}

Phase Load::run(std::uint64_t duration_ns, std::uint64_t requests_max) {
  Phase phase;
  const std::uint64_t start = now_ns();
  deadline_ns_ = start + duration_ns;
  requests_max_ = requests_max;
  for (auto& c : connections_) {
    if (may_ask(phase)) ask(*c);
  }
  std::array<epoll_event, 256> events{};
  while (busy_ > 0) {
    const int count = epoll_wait(epoll_.value(), events.data(), events.size(), silence_ms_max);
    if (count <= 0) {
      errno = ETIMEDOUT;
      die("no answer");
    }
    for (int i = 0; i < count; ++i) receive(*static_cast<Connection*>(events[i].data.ptr), phase);
  }
  phase.wall_ns = now_ns() - start;
  return phase;
}

void Load::receive(Connection& c, Phase& phase) {
  static std::array<char, 16 * 1024> buffer;
  while (!c.reader.is_done()) {
    const std::uint64_t skippable = plan_.checks_bodies ? 0 : c.reader.skippable();
    // With MSG_TRUNC the kernel drops the bytes of a TCP connection without copying them.
    const ssize_t n = skippable > 0 ? recv(c.fd.value(), nullptr,
                                           std::min<std::uint64_t>(skippable, 1u << 20), MSG_TRUNC)
                                    : recv(c.fd.value(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return fail(c, phase);
    phase.bytes += static_cast<std::uint64_t>(n);
    if (skippable > 0) {
      c.reader.skip(static_cast<std::uint64_t>(n));
    } else {
      c.reader.feed({buffer.data(), static_cast<std::size_t>(n)});
    }
    if (c.reader.is_broken()) return fail(c, phase);
    // A short read of a body's middle: the rest has not come yet.
    if (skippable > static_cast<std::uint64_t>(n)) return;
  }
  finish(c, phase);
}

void Load::finish(Connection& c, Phase& phase) {
  phase.latency.record(now_ns() - c.started_ns);
  ++phase.requests;
  if (c.reader.status() != 200 || c.is_wrong) ++phase.errors;
  c.is_busy = false;
  --busy_;
  if (c.reader.closes()) open(c);
  if (may_ask(phase)) ask(c);
}

void Load::fail(Connection& c, Phase& phase) {
  const bool was_busy = c.is_busy;
  c.is_busy = false;
  open(c);
  if (!was_busy) return;  // an idle connection that the server closed
  --busy_;
  ++phase.errors;
  if (may_ask(phase)) ask(c);
}

}  // namespace bench
