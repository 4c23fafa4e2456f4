#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace isrd {

Hash128 hash128(std::string_view bytes, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

std::string Hash128::hex() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(32, '0');
  for (int i = 0; i < 16; ++i) {
    out[i] = digits[(high >> (60 - 4 * i)) & 15];
    out[16 + i] = digits[(low >> (60 - 4 * i)) & 15];
  }
  return out;
}

}  // namespace isrd
