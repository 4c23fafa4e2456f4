// Sums over workers and quantiles out of buckets.
#include "admin/summary.h"

#include <gtest/gtest.h>

#include "unit/admin/fake_control.h"

namespace isrd::admin {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

HistogramTotal total_of(const Histogram& histogram) {
  HistogramTotal total;
  total.add(histogram);
  return total;
}

TEST(Summary, nothing_recorded_has_no_quantile) {
  EXPECT_FALSE(HistogramTotal{}.quantile_seconds(0.5));
  EXPECT_EQ(HistogramTotal{}.count(), 0u);
}

TEST(Summary, quantiles_lie_within_a_bucket_of_the_truth) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(milliseconds(i));
  const HistogramTotal total = total_of(histogram);
  EXPECT_EQ(total.count(), 1000u);
  EXPECT_EQ(total.sum_us, 500'500'000u);
  EXPECT_NEAR(*total.quantile_seconds(0.50), 0.500, 0.05);
  EXPECT_NEAR(*total.quantile_seconds(0.95), 0.950, 0.10);
  EXPECT_NEAR(*total.quantile_seconds(0.99), 0.990, 0.10);
}

TEST(Summary, quantiles_grow) {
  Histogram histogram;
  for (int i = 0; i < 40; ++i) histogram.record(microseconds(1ull << (i % 30)));
  const HistogramTotal total = total_of(histogram);
  double before = 0;
  for (const double q : {0.0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0}) {
    const double value = *total.quantile_seconds(q);
    EXPECT_GE(value, before) << q;
    before = value;
  }
}

TEST(Summary, one_value_is_every_quantile) {
  Histogram histogram;
  histogram.record(seconds(1));
  const HistogramTotal total = total_of(histogram);
  for (const double q : {0.01, 0.5, 0.99, 1.0}) EXPECT_NEAR(*total.quantile_seconds(q), 1.0, 0.19);
}

TEST(Summary, counts_below_the_end_of_a_bucket) {
  Histogram histogram;
  for (const int us : {0, 1, 3, 4, 15, 16, 1023, 1024, 5000}) histogram.record(microseconds(us));
  const HistogramTotal total = total_of(histogram);
  EXPECT_EQ(total.count_below(4), 3u);
  EXPECT_EQ(total.count_below(16), 5u);
  EXPECT_EQ(total.count_below(1024), 7u);
  EXPECT_EQ(total.count_below(1u << 25), 9u);
}

TEST(Summary, adds_up_the_workers) {
  test::FakeControl control;
  WorkerMetrics& first = *control.workers[0];
  WorkerMetrics& second = *control.workers[1];
  first.requests[0][static_cast<std::size_t>(Outcome::hit)].add(5);
  second.requests[0][static_cast<std::size_t>(Outcome::hit)].add(6);
  second.requests[63][static_cast<std::size_t>(Outcome::hit)].add(1);
  first.bypass[3].add(2);
  second.bypass[3].add(3);
  first.fetches[1][5].add(4);
  second.fetches[1][5].add(4);
  first.fetch_duration.record(milliseconds(1));
  second.fetch_duration.record(milliseconds(1));
  second.coalesced.add(9);
  first.invalidations.add(1);
  const Totals totals = totals_of(control);
  EXPECT_EQ(totals.requests[0][static_cast<std::size_t>(Outcome::hit)], 11u);
  EXPECT_EQ(totals.by_outcome()[static_cast<std::size_t>(Outcome::hit)], 12u);
  EXPECT_EQ(totals.bypass[3], 5u);
  EXPECT_EQ(totals.fetches[1][5], 8u);
  EXPECT_EQ(totals.fetch_duration.count(), 2u);
  EXPECT_EQ(totals.coalesced, 9u);
  EXPECT_EQ(totals.invalidations, 8u) << "the workers' and those of the admin port";
  EXPECT_EQ(totals.invalidated_entries, 70u);
}

TEST(Summary, the_hit_rate_counts_what_needed_no_new_body) {
  EXPECT_EQ(hit_rate(Totals{}), 0.0);
  Totals totals;
  for (std::size_t i = 0; i < outcome_count; ++i) totals.requests[i][i] = 10;
  EXPECT_DOUBLE_EQ(hit_rate(totals), 30.0 / 70.0);
}

}  // namespace
}  // namespace isrd::admin
