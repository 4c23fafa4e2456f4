// The written form of where things are: addresses, networks, origin URLs, host names, and the
// patterns and names that sites and routes are told apart by. Errors as in values.h.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/options.h"

namespace isrd::config {

/// Where to listen: `0.0.0.0:8080`, `[::]:8080`, `:8080` (every IPv4 address), `localhost:8080`,
/// `unix:/path`. Port 0 lets the kernel choose.
Result<net::Address> parse_address(std::string_view text);
std::string print_address(const net::Address& address);

/// `10.0.0.0/8`, `::1/128`, a single address, or `unix:` for every peer on a unix socket. The
/// result is normal: always with a prefix length, host bits zero.
Result<std::string> parse_network(std::string_view text);

/// Where an origin is: `http://host:port` or `unix:/path.sock`. A port that is left out is 80.
Result<net::Address> parse_origin_url(std::string_view text);

/// What is sent as Host: a name or literal, with or without a port.
Result<std::string> parse_host_field(std::string_view text);

/// The hosts of a site: `blog.example.org`, `*.example.org` or `*`; lower-cased, without a port.
Result<std::string> parse_host_pattern(std::string_view text);

/// `/blog/{slug}`, `/media/*`, `/account/**`: `{name}` is a segment or a part of one, `*` one
/// segment, `**` all that follows and only last.
Result<std::string> parse_path_pattern(std::string_view text);

/// The name of a site, route or origin: 1 to 64 of A-Z a-z 0-9 _ -
Result<std::string> parse_name(std::string_view text);

/// The name of a request field (a token of RFC 9110).
Result<std::string> parse_field_name(std::string_view text);

}  // namespace isrd::config
