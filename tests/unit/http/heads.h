// What the tests of heads share: a parsed head together with the bytes and the storage that it
// looks into.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace isrd::http {

struct ParsedRequest {
  std::string bytes;
  std::vector<Field> storage = std::vector<Field>(request_fields_capacity);
  RequestHead head;
  HeadRefusal refusal;

  std::string reason() const { return refusal ? refusal.reason : ""; }
};

/// On the heap, since the head points into it.
inline std::unique_ptr<ParsedRequest> parse_request(std::string bytes,
                                                    const HeadLimits& limits = {}) {
  auto parsed = std::make_unique<ParsedRequest>();
  parsed->bytes = std::move(bytes);
  parsed->refusal = parse_request_head(parsed->bytes, limits, parsed->storage, parsed->head);
  return parsed;
}

struct ParsedResponse {
  std::string bytes;
  std::vector<Field> storage = std::vector<Field>(500);
  ResponseHead head;
  HeadRefusal refusal;

  std::string reason() const { return refusal ? refusal.reason : ""; }
};

/// The documented limits of a response head (security rule 14).
inline HeadLimits response_limits() {
  HeadLimits limits;
  limits.head_bytes = 256 * 1024;
  limits.fields_max = 500;
  return limits;
}

inline std::unique_ptr<ParsedResponse> parse_response(
    std::string bytes, const HeadLimits& limits = response_limits()) {
  auto parsed = std::make_unique<ParsedResponse>();
  parsed->bytes = std::move(bytes);
  parsed->refusal = parse_response_head(parsed->bytes, limits, parsed->storage, parsed->head);
  return parsed;
}

/// A failing case prints the bytes that would disturb a terminal or cannot be told apart.
inline std::string printable(std::string_view bytes) {
  std::string out;
  for (char c : bytes.substr(0, 300)) {
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (c >= 0x20 && c < 0x7f)
      out += c;
    else
      out += "\\x" + std::to_string(static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace isrd::http
