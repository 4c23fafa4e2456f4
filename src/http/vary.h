// Vary (RFC 9110 section 12.5.5, RFC 9111 section 4.1).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace isrd::http {

/// The field names of all Vary lines, lower-cased, sorted, each once.
struct VaryRule {
  bool any = false;  // '*' is among them: never reused
  std::vector<std::string> names;

  bool operator==(const VaryRule&) const = default;
};

VaryRule parse_vary(std::span<const Field> fields);

/// Appends the request's values for `name` in the form that is compared: lines joined by ", ",
/// white space around list members removed, Accept-Language in lower case. Appends a leading '+'
/// when the field is there, '-' when it is absent, so that absent matches absent only.
void append_vary_value(std::span<const Field> request_fields, std::string_view name,
                       std::string& out);

/// Accept-Encoding reduced to the class that is forwarded and keyed: "br", "zstd", "gzip" or ""
/// (identity), by what the field accepts with q > 0, in that order of preference gzip last but
/// before identity (security rule 23).
std::string_view reduce_accept_encoding(std::span<const Field> request_fields);

}  // namespace isrd::http
