// Target: any bytes as a response head.
#pragma once

#include <string>
#include <vector>

#include "fuzz/beast_reference.h"

namespace isrd::fuzz {

/// Beast wants the space that may be left out before an empty reason.
inline std::string with_reason_space(std::string_view bytes) {
  constexpr std::size_t status_end = std::string_view("HTTP/1.1 200").size();
  std::string result(bytes);
  if (result[status_end] == '\r') result.insert(status_end, 1, ' ');
  return result;
}

inline void require_same_as_beast(const http::ResponseHead& head, std::string_view bytes) {
  BeastReference<false> beast;
  const std::string spaced = with_reason_space(bytes);
  const std::size_t taken = beast.read(spaced, false);
  require(!beast.error, "accepted, but refused by Beast");
  require(beast.is_header_done() && taken == spaced.size(), "Beast ends the head elsewhere");
  require(beast.status == head.status, "Beast reads another status");
  require(beast.reason == head.reason, "Beast reads another reason");
  require(beast.version == 10 + head.version_minor, "Beast reads another version");
  require_same_fields(beast, head.fields);
  switch (head.framing.kind) {
    case http::BodyKind::none:
      require(head.status < 200 || head.status == 204 || head.status == 304, "no body by no rule");
      break;
    case http::BodyKind::length:
      require(beast.content_length() == head.framing.length, "Beast reads another length");
      break;
    case http::BodyKind::chunked:
      require(beast.chunked(), "Beast frames otherwise");
      break;
    case http::BodyKind::until_close:
      require(beast.need_eof(), "Beast sees an end where ours waits for the close");
      break;
  }
}

inline void response_head(std::string_view input) {
  std::vector<char> copy(input.begin(), input.end());
  const std::string_view bytes(copy.data(), copy.size());
  std::vector<http::Field> storage(500);
  http::HeadLimits limits;
  limits.head_bytes = 256 * 1024;
  limits.fields_max = 500;
  http::ResponseHead head;
  if (const auto refusal = http::parse_response_head(bytes, limits, storage, head)) {
    require(refusal.status == 502, "an origin's fault is always a 502");
    return;
  }
  for (const http::Field& field : head.fields) {
    require(field.id == http::field_id(field.name), "a field with a wrong id");
    require(head.present.contains(field.id), "a field that the set misses");
  }
  require_same_as_beast(head, bytes);
}

}  // namespace isrd::fuzz
