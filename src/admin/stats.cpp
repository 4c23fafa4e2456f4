#include "admin/stats.h"

#include <nlohmann/json.hpp>
#include <numeric>

#include "admin/answer.h"
#include "admin/summary.h"

namespace isrd::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t server_errors = 5;  // status class of FetchKind counters

Json by_cache(const Totals& totals) {
  const auto by = totals.by_outcome();
  Json result = Json::object();
  for (std::size_t i = 0; i < outcome_count; ++i) result[spell(static_cast<Outcome>(i))] = by[i];
  return result;
}

/// null where nothing was measured: 0 would be a claim.
Json quantile(const HistogramTotal& histogram, double q) {
  const auto seconds = histogram.quantile_seconds(q);
  return seconds ? Json(*seconds) : Json(nullptr);
}

Json quantiles(const HistogramTotal& histogram) {
  return {{"p50", quantile(histogram, 0.50)},
          {"p95", quantile(histogram, 0.95)},
          {"p99", quantile(histogram, 0.99)}};
}

Json latency(const Totals& totals) {
  Json result = Json::object();
  for (std::size_t i = 0; i < outcome_count; ++i)
    result[spell(static_cast<Outcome>(i))] = quantiles(totals.request_duration[i]);
  return result;
}

/// How fetches failed, and how many answers had a 5xx status.
Json errors(const Totals& totals) {
  Json result = Json::object();
  for (std::size_t i = 1; i < net::origin_fault_count; ++i)
    result[std::string(net::spell(static_cast<net::OriginFault>(i)))] = totals.faults[i];
  std::uint64_t failed = 0;
  for (const auto& kind : totals.fetches) failed += kind[server_errors];
  result["5xx"] = failed;
  return result;
}

Json origins(const Control& control) {
  Json result = Json::object();
  for (const OriginStatus& origin : control.origins()) {
    const net::OriginGauges& gauges = origin.gauges;
    const std::uint64_t in_use = gauges.connections - std::min(gauges.idle, gauges.connections);
    const double share =
        origin.limit == 0 ? 0.0 : static_cast<double>(in_use) / static_cast<double>(origin.limit);
    result[origin.name] = {{"connections", gauges.connections},
                           {"idle", gauges.idle},
                           {"in_use", in_use},
                           {"waiting", gauges.waiting},
                           {"limit", origin.limit},
                           {"utilisation", share},
                           {"status", origin.failing ? "failing" : "ok"}};
    if (!origin.detail.empty()) result[origin.name]["detail"] = origin.detail;
  }
  return result;
}

Json tiers(const store::StoreStats& store) {
  Json memory = {{"entries", store.memory.entries},  {"bytes", store.memory.bytes},
                 {"limit_bytes", store.limit_bytes}, {"fill_bytes", store.fill_bytes},
                 {"evictions", store.evictions},     {"uncacheable", store.uncacheable},
                 {"refused", store.refused}};
  Json disk = {{"entries", 0}, {"bytes", 0}};
  return {{"memory", std::move(memory)}, {"disk", std::move(disk)}};
}

}  // namespace

std::string stats_json(const Control& control) {
  const Totals totals = totals_of(control);
  const auto by = totals.by_outcome();
  Json stats;
  stats["requests"] = std::accumulate(by.begin(), by.end(), std::uint64_t{0});
  stats["hit_rate"] = hit_rate(totals);
  stats["by_cache"] = by_cache(totals);
  stats["coalesced"] = totals.coalesced;
  stats["duplicate_fetches"] = totals.duplicate_fetches;
  stats["stale_if_error"] = totals.stale_if_error;
  stats["refused_requests"] = totals.refused_requests;
  stats["errors"] = errors(totals);
  stats["latency"] = latency(totals);
  stats["generation"] = quantiles(totals.fetch_duration);
  stats["regenerations"] = {{"ok", totals.regenerations_ok},
                            {"failed", totals.regenerations_failed}};
  stats["invalidations"] = {{"accepted", totals.invalidations},
                            {"entries", totals.invalidated_entries}};
  stats["origins"] = origins(control);
  stats["tiers"] = tiers(control.store_stats());
  stats["queue"] = {{"running", control.running_in_background()}, {"waiting", control.queued()}};
  stats["connections"] = control.open_connections();
  stats["flights"] = control.flights();
  return json_text(stats);
}

}  // namespace isrd::admin
