// Seeded XXH3-128: ids of keys and variants. Not collision-proof against an attacker who knows the
// seed, so the full key is compared wherever an id was found (security rule 20).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace isrd {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  auto operator<=>(const Hash128&) const = default;
  bool is_zero() const { return (low | high) == 0; }
  /// 32 hexadecimal digits, the form in logs and the admin API.
  std::string hex() const;
};

/// For hash tables: the id is already well mixed.
struct Hash128Hasher {
  using is_avalanching = void;
  std::size_t operator()(const Hash128& hash) const { return hash.low; }
};

Hash128 hash128(std::string_view bytes, std::uint64_t seed);

}  // namespace isrd
