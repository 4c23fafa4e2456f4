#include "net/networks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace isrd::net {
namespace {

std::optional<std::array<std::uint8_t, 16>> to_bytes(std::string_view text, bool& is_v4) {
  const std::string copy(text);
  std::array<std::uint8_t, 16> bytes{};
  in_addr v4;
  is_v4 = inet_pton(AF_INET, copy.c_str(), &v4) == 1;
  if (is_v4) {
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, &v4, 4);
    return bytes;
  }
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

}  // namespace

Result<Networks> Networks::parse(std::span<const std::string> texts) {
  Networks networks;
  for (const std::string& text : texts) {
    if (text == "unix:") {
      networks.unix_peers_ = true;
      continue;
    }
    const std::size_t slash = text.find('/');
    bool is_v4 = false;
    const auto bytes = to_bytes(std::string_view(text).substr(0, slash), is_v4);
    int bits = is_v4 ? 32 : 128;
    if (slash != std::string::npos) {
      const char* end = text.data() + text.size();
      const auto read = std::from_chars(text.data() + slash + 1, end, bits);
      if (read.ec != std::errc() || read.ptr != end || text[slash + 1] == '-') bits = -1;
    }
    if (!bytes || bits < 0 || bits > (is_v4 ? 32 : 128)) return Error{text + " is not a network"};
    networks.networks_.push_back({*bytes, is_v4 ? bits + 96 : bits});
  }
  return networks;
}

bool Networks::contains(std::string_view address) const {
  if (address == "unix:") return unix_peers_;
  if (networks_.empty()) return false;
  bool is_v4 = false;
  const auto bytes = to_bytes(address, is_v4);
  if (!bytes) return false;
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    const std::size_t whole = static_cast<std::size_t>(network.bits) / 8;
    if (std::memcmp(network.bytes.data(), bytes->data(), whole) != 0) return false;
    const int rest = network.bits % 8;
    return rest == 0 || ((network.bytes[whole] ^ (*bytes)[whole]) >> (8 - rest)) == 0;
  });
}

}  // namespace isrd::net
