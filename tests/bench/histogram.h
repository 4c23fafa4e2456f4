// Latencies in buckets of at most 1.6 % width; no allocation while it records.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bench {

class Histogram {
 public:
  void record(std::uint64_t ns);
  /// The upper bound of the bucket that holds this share (0 to 1) of what was recorded; 0 when
  /// nothing was.
  std::uint64_t quantile(double share) const;
  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }

 private:
  static constexpr std::size_t steps = 64;  // in each power of two
  static constexpr std::size_t powers = 40;

  std::array<std::uint32_t, steps * powers> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace bench
