// Bytes to the admin port and bytes back, through a plain socket.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include "net/options.h"
#include "unit/admin/fake_control.h"

namespace isrd::admin::test {

struct Response {
  int status = 0;
  std::string head;
  std::string body;

  bool has(std::string_view line) const { return head.find(line) != std::string::npos; }
};

class RawClient {
 public:
  explicit RawClient(const net::Address& address) {
    const bool tcp = address.kind == net::Address::Kind::tcp;
    fd_ = ::socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    std::strncpy(local.sun_path, address.path.c_str(), sizeof local.sun_path - 1);
    // A server that never answers fails the test instead of stopping it.
    const timeval patience{8, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int result =
        tcp ? ::connect(fd_, reinterpret_cast<const sockaddr*>(&v4), sizeof v4)
            : ::connect(fd_, reinterpret_cast<const sockaddr*>(&local), sizeof local);
    if (result != 0) throw std::runtime_error("cannot connect to the server under test");
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void finish() { ::shutdown(fd_, SHUT_WR); }

  /// One response by its Content-Length; a status of 0 when the connection ended before.
  Response receive(bool head_only = false) {
    Response response;
    while (pending_.find("\r\n\r\n") == std::string::npos) {
      if (!fill()) return response;
    }
    const std::size_t end = pending_.find("\r\n\r\n") + 4;
    response.head = pending_.substr(0, end);
    pending_.erase(0, end);
    std::size_t length = 0;
    const std::size_t field = response.head.find("Content-Length: ");
    if (field != std::string::npos && !head_only)
      length = std::stoul(response.head.substr(field + 16));
    while (pending_.size() < length) {
      if (!fill()) return response;
    }
    response.body = pending_.substr(0, length);
    pending_.erase(0, length);
    response.status = std::stoi(response.head.substr(9, 3));
    return response;
  }
  Response ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }
  /// Whether the server ended the connection and sent nothing more.
  bool ended() {
    while (fill()) {
    }
    return at_end_ && pending_.empty();
  }

 private:
  bool fill() {
    char chunk[16384];
    const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
    at_end_ = got == 0 || (got < 0 && errno == ECONNRESET);
    if (got > 0) pending_.append(chunk, static_cast<std::size_t>(got));
    return got > 0;
  }

  int fd_ = -1;
  std::string pending_;
  bool at_end_ = false;
};

inline const std::string authorized = "Authorization: Bearer " + test_token + "\r\n";

inline std::string get(std::string_view target, std::string_view fields = authorized,
                       std::string_view host = "localhost") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" +
         std::string(fields) + "\r\n";
}

inline std::string post(std::string_view target, std::string_view body,
                        std::string_view type = "application/json") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + authorized +
         "Content-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace isrd::admin::test
