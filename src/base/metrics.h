// Counters and histograms of one worker: written by that worker only, without locked instructions,
// and summed when somebody asks. Names and labels are given to them where they are exported
// (src/admin/metrics_export.cpp).
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace isrd {

class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Durations in buckets of a quarter of a power of two, from 1 us to over an hour: no wider than a
/// quarter of where they begin.
class Histogram {
 public:
  static constexpr std::size_t buckets = 132;

  void record(std::chrono::nanoseconds duration) {
    const auto us = static_cast<std::uint64_t>(duration.count() > 0 ? duration.count() / 1000 : 0);
    counts_[bucket_of(us)].add();
    sum_us_.add(us);
  }
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket].value(); }
  std::uint64_t sum_us() const { return sum_us_.value(); }

  static std::size_t bucket_of(std::uint64_t us) {
    if (us < 4) return us;
    const unsigned exponent = static_cast<unsigned>(std::bit_width(us)) - 1;
    const std::size_t bucket = 4 * (exponent - 1) + ((us >> (exponent - 2)) & 3);
    return bucket < buckets ? bucket : buckets - 1;
  }
  /// The first duration, in microseconds, that no longer falls into the bucket.
  static std::uint64_t bucket_end_us(std::size_t bucket) {
    if (bucket < 4) return bucket + 1;
    const std::size_t exponent = bucket / 4 + 1;
    return (4 + bucket % 4 + 1) << (exponent - 2);
  }

 private:
  std::array<Counter, buckets> counts_;
  Counter sum_us_;
};

/// How a request was answered: X-Cache, and the label `cache` of the metrics.
enum class Outcome : std::uint8_t { hit, stale, miss, expired, revalidated, bypass, error };
inline constexpr std::size_t outcome_count = 7;
const char* spell(Outcome outcome);         // lower case, for metrics
const char* x_cache_word(Outcome outcome);  // upper case

/// The step that answered a request for a cacheable page: the five of the resolution, and 503.
enum class Resolution : std::uint8_t {
  fresh_hit,
  lead,
  follow_stale,
  follow_wait,
  fail_open,
  unavailable
};
inline constexpr std::size_t resolution_count = 6;
const char* spell(Resolution step);

/// What started a fetch.
enum class FetchKind : std::uint8_t { sync, background, pass };
inline constexpr std::size_t fetch_kind_count = 3;
const char* spell(FetchKind kind);

inline constexpr std::size_t why_slots = 64;
inline constexpr std::size_t fault_slots = 16;
inline constexpr std::size_t site_slots_max = 64;  // more sites share the last slot

struct WorkerMetrics {
  std::array<std::array<Counter, outcome_count>, site_slots_max> requests;
  std::array<Histogram, outcome_count> request_duration;
  std::array<Counter, why_slots> bypass;      // by reason
  std::array<Counter, why_slots> stored;      // by reason of storing
  std::array<Counter, why_slots> not_stored;  // by reason of not storing
  std::array<Counter, resolution_count> resolutions;
  std::array<std::array<Counter, 6>, fetch_kind_count> fetches;  // by status class; 0: no answer
  Histogram fetch_duration;                                      // to the end of the answer
  std::array<Counter, fault_slots> faults;
  Counter coalesced;          // followers that a flight served
  Counter duplicate_fetches;  // fail-open fetches beside a flight
  Counter stale_if_error;
  Counter regenerations_ok;
  Counter regenerations_failed;
  Counter refused_requests;  // malformed or over a limit
  Counter invalidations;
  Counter invalidated_entries;
  Counter bytes_sent;
};

/// One for each worker; outlives the workers.
using Metrics = std::vector<std::unique_ptr<WorkerMetrics>>;

}  // namespace isrd
