// Selectors: which entries an invalidation means. Pure matching over key texts; the store applies
// it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "isr/key.h"

namespace isrd::isr {

struct Selector {
  enum class Kind : std::uint8_t { url, prefix, all };
  Kind kind = Kind::all;
  std::string site;    // empty: every site
  std::string host;    // lower case; empty: every host. Without a port it matches any port.
  std::string target;  // url: path and query; prefix: the begin of it
};

/// Whether a key text is meant. Schemes are ignored; so are ports where the selector has none.
bool selects(const Selector& selector, std::string_view key);

/// Reads "http://host/path", "//host/path", "host/path" or "/path" (any host) as a URL or prefix
/// selector. False: it is none of these.
bool parse_selector(std::string_view text, Selector::Kind kind, Selector& out);

}  // namespace isrd::isr
