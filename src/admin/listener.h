// The listening socket of the admin port: TCP, or a unix socket that is taken over when nobody
// listens on it any more and removed at the end.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "net/options.h"

namespace isrd::admin {

class Listener {
 public:
  /// Binds and listens. The error is one line that names the address.
  static Result<Listener> open(const net::Address& address);

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  /// With the real port where 0 was asked for.
  const net::Address& address() const { return address_; }
  int family() const;
  /// Gives the descriptor away, which is then the caller's to close; the path stays this object's.
  int release();

 private:
  explicit Listener(net::Address address) : address_(std::move(address)) {}
  Result<Done> open_tcp();
  Result<Done> open_unix();
  Error failed(const char* what) const;

  net::Address address_;
  int fd_ = -1;
  // The socket file that was made; removed only while it is still this one.
  bool made_path_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// "127.0.0.1:9090", "[::1]:9090" or "unix:/path".
std::string print(const net::Address& address);

}  // namespace isrd::admin
