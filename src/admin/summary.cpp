#include "admin/summary.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace isrd::admin {
namespace {

template <class Sums, class Counters>
void add_each(Sums& sums, const Counters& counters) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += counters[i].value();
}

}  // namespace

void HistogramTotal::add(const Histogram& histogram) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += histogram.count(i);
  sum_us += histogram.sum_us();
}

void HistogramTotal::add(const HistogramTotal& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  sum_us += other.sum_us;
}

std::uint64_t HistogramTotal::count() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::uint64_t HistogramTotal::count_below(std::uint64_t end_us) const {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size() && Histogram::bucket_end_us(i) <= end_us; ++i)
    below += counts[i];
  return below;
}

std::optional<double> HistogramTotal::quantile_seconds(double q) const {
  const std::uint64_t all = count();
  if (all == 0) return std::nullopt;
  const double wanted = std::clamp(q, 0.0, 1.0) * static_cast<double>(all);
  double below = 0;
  double begin_us = 0;
  double result_us = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto here = static_cast<double>(counts[i]);
    const auto end_us = static_cast<double>(Histogram::bucket_end_us(i));
    if (counts[i] > 0) {
      if (below + here >= wanted) {
        result_us = begin_us + (end_us - begin_us) * (wanted - below) / here;
        break;
      }
      result_us = end_us;
    }
    below += here;
    begin_us = end_us;
  }
  return result_us / 1e6;
}

std::array<std::uint64_t, outcome_count> Totals::by_outcome() const {
  std::array<std::uint64_t, outcome_count> result{};
  for (const auto& site : requests) {
    for (std::size_t i = 0; i < outcome_count; ++i) result[i] += site[i];
  }
  return result;
}

Totals sum(const Metrics& workers) {
  Totals totals;
  for (const auto& worker : workers) {
    for (std::size_t i = 0; i < site_slots_max; ++i)
      add_each(totals.requests[i], worker->requests[i]);
    for (std::size_t i = 0; i < outcome_count; ++i)
      totals.request_duration[i].add(worker->request_duration[i]);
    for (std::size_t i = 0; i < fetch_kind_count; ++i)
      add_each(totals.fetches[i], worker->fetches[i]);
    add_each(totals.resolutions, worker->resolutions);
    add_each(totals.bypass, worker->bypass);
    add_each(totals.stored, worker->stored);
    add_each(totals.not_stored, worker->not_stored);
    add_each(totals.faults, worker->faults);
    totals.fetch_duration.add(worker->fetch_duration);
    totals.coalesced += worker->coalesced.value();
    totals.duplicate_fetches += worker->duplicate_fetches.value();
    totals.stale_if_error += worker->stale_if_error.value();
    totals.regenerations_ok += worker->regenerations_ok.value();
    totals.regenerations_failed += worker->regenerations_failed.value();
    totals.refused_requests += worker->refused_requests.value();
    totals.invalidations += worker->invalidations.value();
    totals.invalidated_entries += worker->invalidated_entries.value();
    totals.bytes_sent += worker->bytes_sent.value();
  }
  return totals;
}

Totals totals_of(const Control& control) {
  Totals totals = sum(control.metrics());
  const AdminCounts counts = control.admin_counts();
  totals.invalidations += counts.invalidations;
  totals.invalidated_entries += counts.invalidated_entries;
  return totals;
}

double hit_rate(const Totals& totals) {
  const auto by = totals.by_outcome();
  const auto of = [&](Outcome outcome) { return by[static_cast<std::size_t>(outcome)]; };
  const std::uint64_t all = std::accumulate(by.begin(), by.end(), std::uint64_t{0});
  const std::uint64_t served = of(Outcome::hit) + of(Outcome::stale) + of(Outcome::revalidated);
  return all == 0 ? 0.0 : static_cast<double>(served) / static_cast<double>(all);
}

}  // namespace isrd::admin
