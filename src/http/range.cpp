#include "http/range.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "http/head.h"

namespace isrd::http {
namespace {

constexpr std::uint64_t position_max = std::numeric_limits<std::uint64_t>::max();

/// Digits only; a value beyond 64 bits is beyond every representation and saturates.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (position_max - digit) / 10 ? position_max : value * 10 + digit;
  }
  return value;
}

RangeResult whole() { return {}; }
RangeResult unsatisfiable() { return {RangeAnswer::unsatisfiable, {}}; }
RangeResult partial(std::uint64_t first, std::uint64_t length) {
  return {RangeAnswer::partial, {first, length}};
}

/// `-n`: the last n bytes.
RangeResult evaluate_suffix(std::string_view digits, std::uint64_t size) {
  const auto wanted = parse_position(digits);
  if (!wanted) return whole();
  if (*wanted == 0) return unsatisfiable();
  // The last bytes of nothing are the whole of it, and Content-Range has no form for an empty
  // range.
  if (size == 0) return whole();
  const std::uint64_t length = std::min(*wanted, size);
  return partial(size - length, length);
}

RangeResult evaluate_spec(std::string_view spec, std::uint64_t size) {
  if (spec.starts_with('-')) return evaluate_suffix(spec.substr(1), size);
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return whole();
  const auto first = parse_position(spec.substr(0, dash));
  if (!first) return whole();
  std::uint64_t last = position_max;
  if (dash + 1 < spec.size()) {
    const auto stated = parse_position(spec.substr(dash + 1));
    if (!stated || *stated < *first) return whole();
    last = *stated;
  }
  if (*first >= size) return unsatisfiable();
  return partial(*first, std::min(last, size - 1) - *first + 1);
}

}  // namespace

RangeResult evaluate_range(std::string_view value, std::uint64_t size) {
  const std::size_t equals = value.find('=');
  if (equals == std::string_view::npos || !iequals(value.substr(0, equals), "bytes"))
    return whole();
  std::string_view spec;
  std::size_t specs = 0;
  for_each_member(value.substr(equals + 1), [&](std::string_view member) {
    spec = member;
    ++specs;
  });
  return specs == 1 ? evaluate_spec(spec, size) : whole();
}

}  // namespace isrd::http
