// Target: any bytes as a request head.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fuzz/beast_reference.h"
#include "http/url.h"

namespace isrd::fuzz {

inline void require_consistent(const http::RequestHead& head) {
  require(http::is_valid_target(head.target), "a target with refused bytes");
  require(head.path == "*" || head.path.starts_with('/'), "a path that is none");
  require(head.target.ends_with(head.origin_form()) || head.path.data() < head.target.data() ||
              head.path.data() > head.target.data() + head.target.size(),
          "an origin form that is not the target's end");
  require(head.authority.empty() ? head.version_minor == 0
                                 : http::parse_authority(head.authority).has_value(),
          "an authority that is none");
  for (const http::Field& field : head.fields) {
    require(field.id == http::field_id(field.name), "a field with a wrong id");
    require(head.present.contains(field.id), "a field that the set misses");
    require(head.find(field.id) != nullptr, "a field that is not found");
  }
}

inline void require_same_as_beast(const http::RequestHead& head, std::string_view bytes) {
  BeastReference<true> beast;
  const std::size_t taken = beast.read(bytes, false);
  require(!beast.error, "accepted, but refused by Beast");
  require(beast.is_header_done() && taken == bytes.size(), "Beast ends the head elsewhere");
  require(beast.method == head.method_name, "Beast reads another method");
  require(beast.target == head.target, "Beast reads another target");
  require(beast.version == 10 + head.version_minor, "Beast reads another version");
  require_same_fields(beast, head.fields);
  require(beast.chunked() == (head.framing.kind == http::BodyKind::chunked),
          "Beast frames otherwise");
  require(beast.content_length().value_or(0) == head.framing.length, "Beast reads another length");
}

inline void require_same(const http::RequestHead& a, const http::RequestHead& b) {
  require(a.method_name == b.method_name && a.target == b.target && a.authority == b.authority &&
              a.path == b.path && a.query == b.query && a.fields.size() == b.fields.size() &&
              a.origin_form() == b.origin_form(),
          "an owned head differs from the head it was made of");
  for (std::size_t i = 0; i < a.fields.size(); ++i) {
    require(a.fields[i].name == b.fields[i].name && a.fields[i].value == b.fields[i].value,
            "a field of an owned head differs");
  }
}

inline void parse_one_request(std::string_view input) {
  // On the heap and exactly as long as the input, so that the address sanitizer sees a read beyond
  // its end.
  std::vector<char> copy(input.begin(), input.end());
  const std::string_view bytes(copy.data(), copy.size());
  std::vector<http::Field> storage(http::request_fields_capacity);
  http::RequestHead head;
  if (const auto refusal = http::parse_request_head(bytes, {}, storage, head)) {
    const int status = refusal.status;
    require(status == 400 || status == 405 || status == 414 || status == 417 || status == 431 ||
                status == 501 || status == 505,
            "refused with a status that is none for this");
    return;
  }
  require_consistent(head);
  require_same_as_beast(head, bytes);
  const http::OwnedRequestHead owned(head, bytes);
  require_same(head, *owned);
}

inline void request_head(std::string_view input) {
  std::size_t scanned = 0;
  const std::size_t length = http::head_length(input, scanned);
  require(length <= input.size(), "a head that is longer than its bytes");
  scanned = 0;
  std::size_t piecewise = 0;
  for (std::size_t size = 0; size <= input.size() && piecewise == 0; ++size) {
    piecewise = http::head_length(input.substr(0, size), scanned);
  }
  require(piecewise == length, "the end of the head depends on how it came");
  parse_one_request(input);
  if (length != 0 && length != input.size()) parse_one_request(input.substr(0, length));
}

}  // namespace isrd::fuzz
