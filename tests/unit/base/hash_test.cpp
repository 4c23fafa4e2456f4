#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>

namespace isrd {
namespace {

TEST(Hash, the_same_bytes_and_seed_give_the_same_id) {
  EXPECT_EQ(hash128("/page", 7), hash128(std::string("/page"), 7));
}

TEST(Hash, another_seed_gives_another_id) {
  EXPECT_NE(hash128("/page", 7), hash128("/page", 8));
  EXPECT_NE(hash128("", 7), hash128("", 8));
}

TEST(Hash, both_halves_depend_on_the_bytes) {
  std::set<std::uint64_t> low;
  std::set<std::uint64_t> high;
  for (int i = 0; i < 10'000; ++i) {
    const Hash128 hash = hash128("/page/" + std::to_string(i), 1);
    low.insert(hash.low);
    high.insert(hash.high);
  }
  EXPECT_EQ(low.size(), 10'000u);
  EXPECT_EQ(high.size(), 10'000u);
}

TEST(Hash, hex_is_32_digits_high_half_first) {
  EXPECT_EQ(Hash128{}.hex(), "00000000000000000000000000000000");
  const Hash128 hash{0x0123456789abcdef, 0xfedcba9876543210};
  EXPECT_EQ(hash.hex(), "fedcba98765432100123456789abcdef");
}

TEST(Hash, only_the_empty_value_is_zero) {
  EXPECT_TRUE(Hash128{}.is_zero());
  EXPECT_FALSE((Hash128{1, 0}).is_zero());
  EXPECT_FALSE((Hash128{0, 1}).is_zero());
}

}  // namespace
}  // namespace isrd
