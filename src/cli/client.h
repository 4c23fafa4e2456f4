// One connection from the command line to the admin port of a running isrd.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/options.h"

namespace isrd::cli {

struct Reply {
  int status = 0;
  std::string body;
};

struct Call {
  std::string_view method;
  std::string target;
  std::string body;  // JSON; empty: none
};

/// Every step ends after 10 s at the latest. Errors are one line for an operator.
class Client {
 public:
  static Result<Client> connect(const net::Address& address);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  Result<Reply> send(const Call& call, const std::string& token);

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace isrd::cli
