#include "histogram.h"

#include <algorithm>
#include <bit>

namespace bench {

void Histogram::record(std::uint64_t ns) {
  ++count_;
  max_ = std::max(max_, ns);
  // Below 64 ns each value has a bucket; above, the top seven bits choose one.
  const auto power =
      static_cast<std::size_t>(std::max(6, static_cast<int>(std::bit_width(ns)) - 1));
  const std::size_t index = (power - 6) * steps + static_cast<std::size_t>(ns >> (power - 6));
  ++buckets_[std::min(index, buckets_.size() - 1)];
}

std::uint64_t Histogram::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index < buckets_.size(); ++index) {
    seen += buckets_[index];
    if (seen > wanted || (seen == count_ && seen != 0)) {
      // The inverse of record: values of 64 to 127 steps, shifted.
      const std::size_t shift = index < steps ? 0 : index / steps - 1;
      const std::size_t step = index - shift * steps;
      return std::min<std::uint64_t>((static_cast<std::uint64_t>(step) + 1) << shift, max_);
    }
  }
  return max_;
}

}  // namespace bench
