// The admin port: its own thread, its own listener (TCP or a unix socket), HTTP/1.1 through
// Boost.Beast. Never a part of the public port. The calls are in endpoints.h, who may make them in
// gate.h.
//
// Limits: 64 connections (the one that has waited longest for a request gives way), 16 KiB of head,
// 16 MiB of body, 10 s without progress.
#pragma once

#include <memory>
#include <string>

#include "admin/control.h"
#include "admin/options.h"
#include "base/result.h"
#include "net/options.h"

namespace isrd::admin {

class Server {
 public:
  /// Binds, then reads or makes the token, then answers. `control` outlives the server. The error
  /// is one line.
  static Result<std::unique_ptr<Server>> start(const AdminOptions& options, Control& control);
  /// Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// With the real port where 0 was asked for.
  const net::Address& listening() const;
  const std::string& token() const;
  /// Accepts nothing more, lets answers under way be written for at most a second, then returns: it
  /// waits for nothing but a call of Control that is running. Any thread but the server's own, so
  /// not from such a call.
  void stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace isrd::admin
