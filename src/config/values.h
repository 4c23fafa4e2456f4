// The written form of single values: durations, sizes, numbers, switches. Each parser's error says
// what is wrong and what would be right, as the second half of a sentence that begins with the key.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace isrd::config {

/// `900ms`, `90s`, `1m`, `1h`, `7d`; `0` needs no unit. At most ten years, so that sums never
/// overflow.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string print_duration(std::chrono::milliseconds value);
inline constexpr std::chrono::milliseconds duration_max = std::chrono::hours(24 * 3650);

/// `64KiB`, `256MiB`, `20GiB`, `1TiB`, or decimal `1GB`; a bare number counts bytes.
Result<std::uint64_t> parse_size(std::string_view text);
std::string print_size(std::uint64_t bytes);

Result<std::uint64_t> parse_integer(std::string_view text);

/// `true`, `on`, `yes` and their opposites.
Result<bool> parse_boolean(std::string_view text);

}  // namespace isrd::config
