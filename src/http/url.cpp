#include "http/url.h"

#include <arpa/inet.h>

#include <charconv>

#include "http/chars.h"
#include "http/head.h"

namespace isrd::http {
namespace {

/// A percent-encoded byte may be one that a name could hold, or a part of UTF-8: never a delimiter
/// or a control that somebody decodes later.
bool is_harmless_encoding(std::string_view digits) {
  if (digits.size() != 2 || !all_chars(digits, hex_char)) return false;
  const unsigned byte = hex_value(digits[0]) * 16 + hex_value(digits[1]);
  return byte > 0x7f || is_char(static_cast<char>(byte), unreserved_char);
}

bool is_reg_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_char(text[i], host_char)) continue;
    if (text[i] != '%' || !is_harmless_encoding(text.substr(i + 1, 2))) return false;
    i += 2;
  }
  return !text.empty();
}

/// An IPv6 address without brackets or zone.
bool is_ipv6(std::string_view text) {
  char copy[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) {
    return false;
  }
  copy[text.copy(copy, sizeof copy - 1)] = '\0';
  in6_addr address;
  return inet_pton(AF_INET6, copy, &address) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  std::uint32_t port = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  const bool literal = text.starts_with('[');
  const std::size_t host_end = literal ? text.find(']') : text.find(':');
  if (literal && host_end == std::string_view::npos) return std::nullopt;
  Authority authority;
  authority.host = text.substr(0, literal ? host_end + 1 : host_end);
  const std::string_view rest = text.substr(authority.host.size());
  if (literal ? !is_ipv6(text.substr(1, host_end - 1)) : !is_reg_name(authority.host)) {
    return std::nullopt;
  }
  if (rest.empty()) return authority;
  if (rest.front() != ':') return std::nullopt;
  authority.port = parse_port(rest.substr(1));
  if (!authority.port) return std::nullopt;
  return authority;
}

bool is_valid_target(std::string_view target) { return all_chars(target, target_char); }

std::optional<Url> parse_url(std::string_view text) {
  text = text.substr(0, text.find('#'));
  if (!is_valid_target(text)) return std::nullopt;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = to_lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  text.remove_prefix(colon + 3);
  const std::size_t path = std::min(text.find_first_of("/?"), text.size());
  const std::optional<Authority> authority = parse_authority(text.substr(0, path));
  if (!authority) return std::nullopt;
  url.host = to_lower(authority->host);
  url.port = authority->port;
  const std::string_view target = text.substr(path);
  if (!target.starts_with('/')) url.target = '/';
  url.target += target;
  return url;
}

std::string normalised_host(const Url& url) {
  const std::uint16_t default_port = url.scheme == "https" ? 443 : 80;
  std::string host = to_lower(url.host);
  if (url.port && *url.port != default_port) {
    host += ':';
    host += std::to_string(*url.port);
  }
  return host;
}

}  // namespace isrd::http
