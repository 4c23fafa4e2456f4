// Sets of networks, as trusted_proxies and purge_from name them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace isrd::net {

class Networks {
 public:
  /// Each is an address, address/bits, or "unix:" for peers on unix sockets.
  static Result<Networks> parse(std::span<const std::string> texts);
  /// `address` is a textual IPv4 or IPv6 address (a v4-mapped one counts as IPv4), or "unix:".
  bool contains(std::string_view address) const;

 private:
  struct Network {
    std::array<std::uint8_t, 16> bytes{};
    int bits = 0;  // of 128; IPv4 is mapped
  };
  std::vector<Network> networks_;
  bool unix_peers_ = false;
};

}  // namespace isrd::net
