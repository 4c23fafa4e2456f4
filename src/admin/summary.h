// The counters of all workers as one set of plain numbers, and quantiles from their histograms.
// What /metrics and /v1/stats are made of.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "admin/control.h"
#include "base/metrics.h"

namespace isrd::admin {

struct HistogramTotal {
  std::array<std::uint64_t, Histogram::buckets> counts{};
  std::uint64_t sum_us = 0;

  void add(const Histogram& histogram);
  void add(const HistogramTotal& other);
  std::uint64_t count() const;
  /// How many were shorter than `end_us`, which must be the end of a bucket.
  std::uint64_t count_below(std::uint64_t end_us) const;
  /// The duration in seconds that a share `q` (0 to 1) of all stayed below, interpolated within its
  /// bucket; nothing when nothing was recorded.
  std::optional<double> quantile_seconds(double q) const;
};

using WhyTotals = std::array<std::uint64_t, why_slots>;

/// WorkerMetrics, summed. The numbers are read one after the other while the workers go on, so that
/// two of them may differ by the requests of that moment.
struct Totals {
  std::array<std::array<std::uint64_t, outcome_count>, site_slots_max> requests{};
  std::array<HistogramTotal, outcome_count> request_duration{};
  WhyTotals bypass{};
  WhyTotals stored{};
  WhyTotals not_stored{};
  std::array<std::array<std::uint64_t, 6>, fetch_kind_count> fetches{};
  std::array<std::uint64_t, resolution_count> resolutions{};
  HistogramTotal fetch_duration{};
  std::array<std::uint64_t, fault_slots> faults{};
  std::uint64_t coalesced = 0;
  std::uint64_t duplicate_fetches = 0;
  std::uint64_t stale_if_error = 0;
  std::uint64_t regenerations_ok = 0;
  std::uint64_t regenerations_failed = 0;
  std::uint64_t refused_requests = 0;
  std::uint64_t invalidations = 0;
  std::uint64_t invalidated_entries = 0;
  std::uint64_t bytes_sent = 0;

  /// Over all sites.
  std::array<std::uint64_t, outcome_count> by_outcome() const;
};

Totals sum(const Metrics& workers);
/// The workers' and what came through the admin port.
Totals totals_of(const Control& control);

/// The share of all requests that were answered from the cache without a new body of the origin:
/// hit, stale and revalidated over everything, bypasses and errors included. 0 without requests.
double hit_rate(const Totals& totals);

}  // namespace isrd::admin
