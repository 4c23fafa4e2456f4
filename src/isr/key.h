// The cache key in its two levels. The primary key is a text: host, target, port, scheme, site,
// each with its length before it, so that no two requests share one (security rule 20). Its id is a
// seeded hash of host and target only, so that everything a purge of one URL means (any scheme,
// port, site and variant) lies side by side under one id; the full text is compared on every
// look-up. The variant is what Vary distinguishes below the key.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "http/head.h"
#include "http/vary.h"

namespace isrd::isr {

/// A primary key in the making: the text lives in the caller's buffer.
struct PrimaryKey {
  Hash128 id;
  std::string_view text;
};

/// Writes the key into `buffer` (cleared first; it keeps its capacity, so that a warm caller
/// allocates nothing). `host` is lower-cased on the way; it may carry a port.
PrimaryKey make_key(std::string_view scheme, std::string_view site, std::string_view authority,
                    std::string_view target, std::uint64_t seed, std::string& buffer);

/// The id alone, of a host without port (lower case) and a target.
Hash128 resource_id(std::string_view host, std::string_view target, std::uint64_t seed);

/// `host[:port]` in its two parts; the port without its colon, empty when there is none.
struct HostPort {
  std::string_view host;
  std::string_view port;
};
HostPort split_port(std::string_view authority);

/// The parts of a key text, for selectors and for people.
struct KeyParts {
  std::string_view scheme;
  std::string_view site;
  std::string_view host;
  std::string_view port;
  std::string_view target;
};
KeyParts split_key(std::string_view text);

/// The id of the variant that these request fields select under `rule`; zero when the rule names
/// nothing. Accept-Encoding counts by its reduced class only.
Hash128 variant_id(const http::VaryRule& rule, std::span<const http::Field> request_fields,
                   std::uint64_t seed);

}  // namespace isrd::isr
