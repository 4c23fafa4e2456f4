// Hosts, authorities and targets as strings: comparison and checks, no decoding of what is
// forwarded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace isrd::http {

struct Authority {
  std::string_view host;  // IPv6 literals with their brackets
  std::optional<std::uint16_t> port;
};

/// `host[:port]` of RFC 3986 without userinfo; nullopt when it is anything else (security rule 16).
std::optional<Authority> parse_authority(std::string_view text);

/// Whether a target is not empty and holds only bytes that isrd forwards (security rule 17): the
/// visible ones of ASCII but
/// '#', '"', '<', '>' and '\\'. RFC 3986 excludes '^', '`', '{', '|' and '}' as well, but browsers
/// send these raw in queries. What a '%' is followed by is the origin's business: nothing is
/// decoded.
bool is_valid_target(std::string_view target);

struct Url {
  std::string scheme;  // lower case
  std::string host;    // lower case, brackets kept
  std::optional<std::uint16_t> port;
  std::string target;  // path and query, at least "/"
};

/// An absolute http or https URL without userinfo; a fragment is dropped.
std::optional<Url> parse_url(std::string_view text);

/// The host in lower case with the port when it is not the scheme's default.
std::string normalised_host(const Url& url);

}  // namespace isrd::http
