#pragma once

#include <string>
#include <vector>

#include "net/options.h"

namespace isrd::admin {

struct AdminOptions {
  bool enabled = true;
  net::Address listen{net::Address::Kind::tcp, "127.0.0.1", 9090, {}};
  /// The bearer token's file; created with mode 0600 when it is missing. Empty: a file in the run
  /// directory.
  std::string token_file;
  /// The token itself, from ISR_ADMIN_TOKEN; wins over the file. A secret: never printed or logged.
  std::string token;
  std::vector<std::string> purge_from = {"127.0.0.1/32", "::1/128"};
  bool metrics_open = true;  // GET /metrics without a token, from loopback only
};

}  // namespace isrd::admin
