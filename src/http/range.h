// Range requests (RFC 9110 section 14), bytes only, one range answered. Checked 64-bit arithmetic.
#pragma once

#include <cstdint>
#include <string_view>

namespace isrd::http {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

enum class RangeAnswer { whole, partial, unsatisfiable };

struct RangeResult {
  RangeAnswer answer = RangeAnswer::whole;
  ByteRange range;
};

/// Reads a Range value against a representation of `size` bytes. One range in any of its three
/// forms gives `partial`; a value that is malformed, of another unit or of several ranges gives
/// `whole` (section 14.2: may be ignored).
RangeResult evaluate_range(std::string_view value, std::uint64_t size);

}  // namespace isrd::http
