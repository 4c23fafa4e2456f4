#include "config/addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "config/diagnostic.h"
#include "config/later.h"

namespace isrd::config {
namespace {

constexpr std::size_t unix_path_bytes_max = 107;  // sun_path with its terminating zero
constexpr std::size_t host_bytes_max = 253;

struct Literal {
  int family = 0;
  std::array<unsigned char, 16> bytes{};
  std::size_t size() const { return family == AF_INET ? 4 : 16; }
};

std::optional<Literal> parse_literal(const std::string& text) {
  Literal literal;
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), literal.bytes.data()) == 1) {
      literal.family = family;
      return literal;
    }
  }
  return std::nullopt;
}

std::string print_literal(const Literal& literal) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(literal.family, literal.bytes.data(), text.data(), text.size());
  return text.data();
}

/// RFC 3986's reg-name without percent-encoding and sub-delims, as names in DNS and in practice
/// are.
bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= host_bytes_max && text.front() != '.' &&
         text.front() != '-' && text.find("..") == std::string_view::npos &&
         std::ranges::all_of(text, [](unsigned char c) {
           return c < 0x80 && (std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_');
         });
}

/// Digits and dots alone are an address or a slip, never a name.
bool looks_numeric(std::string_view text) {
  return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

struct HostPort {
  std::string host;  // without brackets
  bool bracketed = false;
  std::optional<std::string_view> port;
};

/// Splits `host`, `host:port`, `[v6]`, `[v6]:port`; nothing when the brackets or colons do not add
/// up.
std::optional<HostPort> split_host_port(std::string_view text) {
  HostPort result;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    result.host = text.substr(1, close - 1);
    result.bracketed = true;
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    result.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (rest.empty()) return result;
  if (rest.front() != ':' || rest.find(':', 1) != std::string_view::npos) return std::nullopt;
  result.port = rest.substr(1);
  return result;
}

Result<net::Address> parse_unix(std::string_view text) {
  std::string_view path = text.substr(std::string_view("unix:").size());
  while (path.starts_with("//")) path.remove_prefix(1);
  if (path.size() < 2 || path.front() != '/') {
    return Error{in_quotes(text) + " has no absolute path; write unix:/path/of.sock"};
  }
  if (path.size() > unix_path_bytes_max) {
    return Error{in_quotes(text) + " is too long for a socket; its path has at most " +
                 std::to_string(unix_path_bytes_max) + " bytes"};
  }
  net::Address address;
  address.kind = net::Address::Kind::unix_socket;
  address.path = path;
  return address;
}

std::string masked(Literal literal, std::size_t prefix) {
  for (std::size_t i = 0; i < literal.size(); ++i) {
    const std::size_t kept = prefix > i * 8 ? std::min<std::size_t>(8, prefix - i * 8) : 0;
    literal.bytes[i] = static_cast<unsigned char>(literal.bytes[i] & (0xff00u >> kept));
  }
  return print_literal(literal) + "/" + std::to_string(prefix);
}

std::string lowered(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace

Result<net::Address> parse_address(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text);
  const std::string right = "; write 0.0.0.0:8080, [::]:8080, :8080 or unix:/path";
  if (parse_port(text)) {
    return Error{in_quotes(text) + " is only a port; write 0.0.0.0:" + std::string(text) +
                 " or 127.0.0.1:" + std::string(text)};
  }
  const auto parts = split_host_port(text);
  if (!parts) return Error{in_quotes(text) + " is not an address" + right};
  if (!parts->port) return Error{in_quotes(text) + " has no port" + right};
  const auto port = parse_port(*parts->port);
  if (!port) return Error{in_quotes(text) + " has a bad port; it is a number from 0 to 65535"};
  net::Address address;
  address.port = *port;
  address.host = parts->host.empty() && !parts->bracketed ? "0.0.0.0"
                 : parts->host == "localhost"             ? "127.0.0.1"
                                                          : parts->host;
  const auto literal = parse_literal(address.host);
  if (!literal) {
    return Error{in_quotes(text) +
                 " has no IP address before the port (a name is not looked up here)" + right};
  }
  if (parts->bracketed != (literal->family == AF_INET6)) {
    return Error{in_quotes(text) + " has its brackets wrong; IPv6 stands in them, IPv4 does not" +
                 right};
  }
  address.host = print_literal(*literal);
  return address;
}

std::string print_address(const net::Address& address) {
  if (address.kind == net::Address::Kind::unix_socket) return "unix:" + address.path;
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Result<std::string> parse_network(std::string_view text) {
  if (text == "unix:") return std::string(text);
  const std::string right =
      "; write 10.0.0.0/8, ::1/128, a single address, or unix: for unix sockets";
  const std::size_t slash = text.find('/');
  const auto literal = parse_literal(std::string(text.substr(0, slash)));
  if (!literal) return Error{in_quotes(text) + " is not a network" + right};
  const std::size_t bits = literal->size() * 8;
  if (slash == std::string_view::npos) return masked(*literal, bits);
  const auto prefix = parse_port(text.substr(slash + 1));
  if (!prefix || *prefix > bits) {
    return Error{in_quotes(text) + " has a bad prefix length; it is a number from 0 to " +
                 std::to_string(bits)};
  }
  return masked(*literal, *prefix);
}

Result<net::Address> parse_origin_url(std::string_view text) {
  const std::string right = "; write http://127.0.0.1:8000 or unix:/path.sock";
  if (text.starts_with("unix:")) return parse_unix(text);
  for (const std::string_view scheme : {"https:", "fastcgi:"}) {
    if (lowered(text).starts_with(scheme)) {
      return Error{in_quotes(text) + ": " + std::string(scheme.substr(0, scheme.size() - 1)) +
                   " origins " + std::string(come_later) + right};
    }
  }
  constexpr std::string_view http = "http://";
  if (!lowered(text).starts_with(http))
    return Error{in_quotes(text) + " is not the URL of an origin" + right};
  std::string_view authority = text.substr(http.size());
  if (authority.find('@') != std::string_view::npos) {
    return Error{"the URL has a user name or password, which isrd does not send" + right};
  }
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find_first_of("/?#") != std::string_view::npos) {
    return Error{in_quotes(text) + " has a path; an origin is only a host and a port" + right};
  }
  const auto parts = split_host_port(authority);
  if (!parts || parts->host.empty()) return Error{in_quotes(text) + " has no host" + right};
  net::Address address;
  const auto literal = parse_literal(parts->host);
  const bool v6 = literal && literal->family == AF_INET6;
  if (v6 != parts->bracketed ||
      (!literal && (!is_host_name(parts->host) || looks_numeric(parts->host)))) {
    return Error{in_quotes(text) + " has a bad host" + right};
  }
  address.host = literal ? print_literal(*literal) : lowered(parts->host);
  const auto port = parts->port ? parse_port(*parts->port) : std::uint16_t{80};
  if (!port || *port == 0)
    return Error{in_quotes(text) + " has a bad port; it is a number from 1 to 65535"};
  address.port = *port;
  return address;
}

Result<std::string> parse_host_field(std::string_view text) {
  const auto parts = split_host_port(text);
  const bool port_good = parts && (!parts->port || parse_port(*parts->port).value_or(0) != 0);
  const auto literal = parts ? parse_literal(parts->host) : std::nullopt;
  const bool v6 = literal && literal->family == AF_INET6;
  if (!port_good || v6 != parts->bracketed || (!literal && !is_host_name(parts->host))) {
    return Error{in_quotes(text) +
                 " is not a host; write a name such as www.example.org or one with a port"};
  }
  return lowered(text);
}

Result<std::string> parse_host_pattern(std::string_view text) {
  const std::string right = "; write www.example.org, \"*.example.org\" or \"*\"";
  if (text == "*") return std::string(text);
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return Error{in_quotes(text) + " is not ASCII; write the name as browsers send it (xn--...)"};
  }
  const bool wildcard = text.starts_with("*.");
  const auto parts = split_host_port(wildcard ? text.substr(2) : text);
  if (parts && parts->port)
    return Error{in_quotes(text) + " has a port; hosts are compared without one" + right};
  if (!parts) return Error{in_quotes(text) + " is not a host" + right};
  const auto literal = parse_literal(parts->host);
  if (literal && !wildcard && parts->bracketed == (literal->family == AF_INET6))
    return lowered(text);
  if (literal || parts->bracketed || !is_host_name(parts->host) || parts->host.ends_with('.')) {
    return Error{in_quotes(text) + " is not a host" + right};
  }
  return lowered(text);
}

Result<std::string> parse_name(std::string_view text) {
  const bool good =
      !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) != 0 || c == '_' || c == '-');
      });
  if (!good)
    return Error{in_quotes(text) +
                 " is not a name; write 1 to 64 of the characters A-Z a-z 0-9 _ -"};
  return std::string(text);
}

Result<std::string> parse_field_name(std::string_view text) {
  const bool good =
      !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) != 0 ||
                            std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                                std::string_view::npos);
      });
  if (!good)
    return Error{in_quotes(text) +
                 " is not the name of a field; write one such as X-ISR-Regenerate"};
  return std::string(text);
}

}  // namespace isrd::config
