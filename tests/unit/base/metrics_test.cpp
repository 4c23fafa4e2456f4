#include "base/metrics.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace isrd {
namespace {

using namespace std::chrono_literals;

TEST(Histogram, the_end_of_a_bucket_is_the_first_duration_of_the_next) {
  for (std::size_t bucket = 0; bucket + 1 < Histogram::buckets; ++bucket) {
    const std::uint64_t end = Histogram::bucket_end_us(bucket);
    EXPECT_EQ(Histogram::bucket_of(end - 1), bucket) << end;
    EXPECT_EQ(Histogram::bucket_of(end), bucket + 1) << end;
  }
}

TEST(Histogram, a_longer_duration_never_falls_into_an_earlier_bucket) {
  std::size_t last = 0;
  for (std::uint64_t us = 0; us < 1'000'000; us += 1 + us / 100) {
    const std::size_t bucket = Histogram::bucket_of(us);
    EXPECT_GE(bucket, last);
    last = bucket;
  }
}

TEST(Histogram, a_bucket_is_at_most_a_quarter_of_its_begin_wide) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t us = 4 + (random() >> (31 + random() % 30));
    const std::size_t bucket = Histogram::bucket_of(us);
    if (bucket + 1 == Histogram::buckets) continue;
    const std::uint64_t begin = Histogram::bucket_end_us(bucket - 1);
    const std::uint64_t end = Histogram::bucket_end_us(bucket);
    EXPECT_LE(begin, us);
    EXPECT_LT(us, end);
    EXPECT_LE((end - begin) * 4, begin) << us;
  }
}

TEST(Histogram, reaches_beyond_an_hour_and_keeps_what_is_longer_in_the_last_bucket) {
  EXPECT_GT(Histogram::bucket_end_us(Histogram::buckets - 2), 3'600'000'000u);
  EXPECT_EQ(Histogram::bucket_of(~0ull), Histogram::buckets - 1);
}

TEST(Histogram, counts_and_sums_what_is_recorded) {
  Histogram histogram;
  histogram.record(1500us);
  histogram.record(1500us + 999ns);
  histogram.record(-5ms);  // a clock that stepped back is no duration
  EXPECT_EQ(histogram.count(Histogram::bucket_of(1500)), 2u);
  EXPECT_EQ(histogram.count(0), 1u);
  EXPECT_EQ(histogram.sum_us(), 3000u);
}

TEST(Metrics, every_outcome_and_kind_of_fetch_has_its_own_word) {
  std::set<std::string> words;
  for (std::size_t i = 0; i < outcome_count; ++i) {
    words.insert(spell(static_cast<Outcome>(i)));
    EXPECT_STRNE(x_cache_word(static_cast<Outcome>(i)), "");
  }
  EXPECT_EQ(words.size(), outcome_count);
  words.clear();
  for (std::size_t i = 0; i < fetch_kind_count; ++i) words.insert(spell(static_cast<FetchKind>(i)));
  EXPECT_EQ(words.size(), fetch_kind_count);
  EXPECT_FALSE(words.contains(""));
}

}  // namespace
}  // namespace isrd
