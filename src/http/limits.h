// The limits of one HTTP/1 head (security rule 14). Defaults are the documented ones.
#pragma once

#include <cstddef>

namespace isrd::http {

struct HeadLimits {
  std::size_t head_bytes = 64 * 1024;
  std::size_t fields_max = 100;
  std::size_t target_bytes = 8 * 1024;
  std::size_t method_bytes = 32;
  std::size_t field_name_bytes = 256;

  bool operator==(const HeadLimits&) const = default;
};

/// The most fields that a parsed request head can hold, whatever the option says.
inline constexpr std::size_t request_fields_capacity = 256;
inline constexpr std::size_t chunk_extension_bytes_max = 4 * 1024;
inline constexpr std::size_t trailer_bytes_max = 8 * 1024;

}  // namespace isrd::http
