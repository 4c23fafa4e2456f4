#include "admin/metrics_export.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string_view>

#include "admin/summary.h"
#include "isr/why.h"

namespace isrd::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

const auto process_start = std::chrono::system_clock::now();

/// Everything that one scrape reads, read once.
struct Scrape {
  const Control& control;
  Totals totals;
  std::vector<std::string> sites;
  std::vector<OriginStatus> origins;
  store::StoreStats store;
};

/// Takes the values of one metric as they are found.
class Sink {
 public:
  explicit Sink(MetricFamily& family) : family_(family) {}

  void value(double number, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (family_.type == MetricType::Counter) {
      metric.counter.value = number;
    } else {
      metric.gauge.value = number;
    }
    family_.metric.push_back(std::move(metric));
  }
  void value(std::uint64_t number, Labels labels = {}) {
    value(static_cast<double>(number), std::move(labels));
  }
  void histogram(const HistogramTotal& total, Labels labels = {});

 private:
  MetricFamily& family_;
};

/// Bounds in microseconds, all ends of buckets of Histogram: by 4 up to a millisecond, where hits
/// are, then by 2 up to half a minute, where origins are.
constexpr std::array<std::uint64_t, 20> bounds_us = {
    1u << 2,  1u << 4,  1u << 6,  1u << 8,  1u << 10, 1u << 11, 1u << 12,
    1u << 13, 1u << 14, 1u << 15, 1u << 16, 1u << 17, 1u << 18, 1u << 19,
    1u << 20, 1u << 21, 1u << 22, 1u << 23, 1u << 24, 1u << 25};

void Sink::histogram(const HistogramTotal& total, Labels labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram.sample_count = total.count();
  metric.histogram.sample_sum = static_cast<double>(total.sum_us) / 1e6;
  for (const std::uint64_t bound : bounds_us)
    metric.histogram.bucket.push_back({total.count_below(bound), static_cast<double>(bound) / 1e6});
  family_.metric.push_back(std::move(metric));
}

void requests(const Scrape& scrape, Sink& sink) {
  for (std::size_t site = 0; site < site_slots_max; ++site) {
    const std::string name = site < scrape.sites.size() ? scrape.sites[site] : std::string();
    for (std::size_t i = 0; i < outcome_count; ++i) {
      const std::uint64_t count = scrape.totals.requests[site][i];
      // A slot without a name is counted all the same where it has counts: of a site that a reload
      // took away.
      if (name.empty() && count == 0) continue;
      sink.value(count, {{"site", name}, {"cache", spell(static_cast<Outcome>(i))}});
    }
  }
}

void request_duration(const Scrape& scrape, Sink& sink) {
  for (std::size_t i = 0; i < outcome_count; ++i)
    sink.histogram(scrape.totals.request_duration[i], {{"cache", spell(static_cast<Outcome>(i))}});
}

template <class Each>
void each_why(const WhyTotals& totals, Each each) {
  for (std::size_t i = 0; i < totals.size(); ++i) {
    if (totals[i] > 0) each(std::string(isr::spell(static_cast<isr::Why>(i))), totals[i]);
  }
}

void bypass(const Scrape& scrape, Sink& sink) {
  each_why(scrape.totals.bypass, [&](const std::string& why, std::uint64_t count) {
    sink.value(count, {{"reason", why}});
  });
}

void stored(const Scrape& scrape, Sink& sink) {
  each_why(scrape.totals.stored, [&](const std::string& why, std::uint64_t count) {
    sink.value(count, {{"result", "stored"}, {"reason", why}});
  });
  each_why(scrape.totals.not_stored, [&](const std::string& why, std::uint64_t count) {
    sink.value(count, {{"result", "not_stored"}, {"reason", why}});
  });
}

void fetches(const Scrape& scrape, Sink& sink) {
  constexpr std::array codes = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t kind = 0; kind < fetch_kind_count; ++kind) {
    for (std::size_t code = 0; code < codes.size(); ++code) {
      sink.value(scrape.totals.fetches[kind][code],
                 {{"kind", spell(static_cast<FetchKind>(kind))}, {"code", codes[code]}});
    }
  }
}

void origin_errors(const Scrape& scrape, Sink& sink) {
  for (std::size_t i = 1; i < net::origin_fault_count; ++i) {
    const auto fault = static_cast<net::OriginFault>(i);
    sink.value(scrape.totals.faults[i], {{"error", std::string(net::spell(fault))}});
  }
}

template <class Read>
void each_origin(const Scrape& scrape, Sink& sink, Read read) {
  for (const OriginStatus& origin : scrape.origins)
    sink.value(read(origin), {{"upstream", origin.name}});
}

std::uint64_t in_use(const OriginStatus& origin) {
  return origin.gauges.connections - std::min(origin.gauges.idle, origin.gauges.connections);
}

double seconds_since_epoch(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

struct Row {
  const char* name;
  MetricType type;
  const char* help;
  void (*read)(const Scrape&, Sink&);
};

constexpr auto counter = MetricType::Counter;
constexpr auto gauge = MetricType::Gauge;
constexpr auto histogram = MetricType::Histogram;
using S = const Scrape&;

constexpr std::array rows = {
    Row{"isrd_requests_total", counter,
        "Requests answered, by site and by how the cache answered them (X-Cache).", requests},
    Row{"isrd_request_duration_seconds", histogram,
        "Time from the head of a request to the end of its response, by how the cache answered.",
        request_duration},
    Row{"isrd_bypass_total", counter, "Requests that passed by the cache, by reason.", bypass},
    Row{"isrd_refused_requests_total", counter, "Requests refused as malformed or over a limit.",
        [](S s, Sink& sink) { sink.value(s.totals.refused_requests); }},
    Row{"isrd_stale_if_error_total", counter, "Stale responses served because the origin failed.",
        [](S s, Sink& sink) { sink.value(s.totals.stale_if_error); }},
    Row{"isrd_sent_bytes_total", counter, "Bytes of responses sent to clients.",
        [](S s, Sink& sink) { sink.value(s.totals.bytes_sent); }},
    Row{"isrd_connections", gauge, "Open connections of clients.",
        [](S s, Sink& sink) { sink.value(s.control.open_connections()); }},
    Row{"isrd_store_total", counter,
        "Responses of origins judged, by whether they were stored and why.", stored},
    Row{"isrd_origin_requests_total", counter,
        "Requests to origins, by what started them and by the class of the status; code none: no "
        "answer.",
        fetches},
    Row{"isrd_origin_request_duration_seconds", histogram,
        "Time from asking an origin to the end of its response.",
        [](S s, Sink& sink) { sink.histogram(s.totals.fetch_duration); }},
    Row{"isrd_origin_errors_total", counter, "Requests to origins that failed, by what went wrong.",
        origin_errors},
    Row{"isrd_origin_inflight", gauge, "Connections to an origin with a request on them.",
        [](S s, Sink& sink) { each_origin(s, sink, in_use); }},
    Row{"isrd_origin_connections", gauge, "Open connections to an origin, idle ones included.",
        [](S s, Sink& sink) {
          each_origin(s, sink, [](const OriginStatus& o) { return o.gauges.connections; });
        }},
    Row{"isrd_origin_connections_max", gauge, "The most connections that an origin is given.",
        [](S s, Sink& sink) {
          each_origin(s, sink, [](const OriginStatus& o) { return o.limit; });
        }},
    Row{"isrd_origin_waiting", gauge, "Requests that wait for a connection to an origin.",
        [](S s, Sink& sink) {
          each_origin(s, sink, [](const OriginStatus& o) { return o.gauges.waiting; });
        }},
    Row{"isrd_origin_up", gauge, "Whether the last request to an origin succeeded.",
        [](S s, Sink& sink) {
          each_origin(s, sink, [](const OriginStatus& o) { return std::uint64_t{!o.failing}; });
        }},
    Row{"isrd_resolutions_total", counter,
        "Steps that requests for cacheable pages came to: served fresh, led a fetch, served stale "
        "behind one, waited for one, fetched beside one, or turned away.",
        [](S s, Sink& sink) {
          for (std::size_t i = 0; i < resolution_count; ++i) {
            sink.value(s.totals.resolutions[i], {{"step", spell(static_cast<Resolution>(i))}});
          }
        }},
    Row{"isrd_coalesced_requests_total", counter,
        "Requests served by a fetch that another request had begun.",
        [](S s, Sink& sink) { sink.value(s.totals.coalesced); }},
    Row{"isrd_duplicate_fetches_total", counter,
        "Fetches made beside one of the same page because its wait expired.",
        [](S s, Sink& sink) { sink.value(s.totals.duplicate_fetches); }},
    Row{"isrd_flights", gauge, "Fetches under way that others may join.",
        [](S s, Sink& sink) { sink.value(s.control.flights()); }},
    Row{"isrd_regenerations_total", counter, "Regenerations in the background, by result.",
        [](S s, Sink& sink) {
          sink.value(s.totals.regenerations_ok, {{"result", "ok"}});
          sink.value(s.totals.regenerations_failed, {{"result", "failed"}});
        }},
    Row{"isrd_regenerations_running", gauge, "Regenerations under way in the background.",
        [](S s, Sink& sink) { sink.value(s.control.running_in_background()); }},
    Row{"isrd_queue_depth", gauge, "Regenerations that wait for their turn.",
        [](S s, Sink& sink) { sink.value(s.control.queued()); }},
    Row{"isrd_invalidations_total", counter, "Invalidations accepted.",
        [](S s, Sink& sink) { sink.value(s.totals.invalidations); }},
    Row{"isrd_invalidated_entries_total", counter, "Entries that invalidations matched.",
        [](S s, Sink& sink) { sink.value(s.totals.invalidated_entries); }},
    Row{"isrd_entries", gauge, "Entries in the cache, by tier.",
        [](S s, Sink& sink) {
          sink.value(s.store.memory.entries, {{"tier", "memory"}});
        }},
    Row{"isrd_bytes", gauge, "Bytes that the cache uses, by tier.",
        [](S s, Sink& sink) {
          sink.value(s.store.memory.bytes, {{"tier", "memory"}});
        }},
    Row{"isrd_bytes_max", gauge, "Bytes that the cache may use, by tier.",
        [](S s, Sink& sink) {
          sink.value(s.store.limit_bytes, {{"tier", "memory"}});
        }},
    Row{"isrd_fill_bytes", gauge, "Bytes of responses that are still coming in from origins.",
        [](S s, Sink& sink) { sink.value(s.store.fill_bytes); }},
    Row{"isrd_evictions_total", counter, "Entries that made room for others, by tier.",
        [](S s, Sink& sink) {
          sink.value(s.store.evictions, {{"tier", "memory"}});
        }},
    Row{"isrd_build_info", gauge, "Always 1; the label tells the version.",
        [](S, Sink& sink) {
          sink.value(std::uint64_t{1}, {{"version", ISRD_VERSION}});
        }},
    Row{"isrd_config_last_reload_success_timestamp_seconds", gauge,
        "When the configuration in force was loaded.",
        [](S s, Sink& sink) { sink.value(seconds_since_epoch(s.control.last_reload())); }},
    Row{"process_start_time_seconds", gauge, "When the process started.",
        [](S, Sink& sink) { sink.value(seconds_since_epoch(process_start)); }},
    Row{"process_cpu_seconds_total", counter, "CPU time that the process used.",
        [](S, Sink& sink) { sink.value(cpu_seconds()); }},
    Row{"process_resident_memory_bytes", gauge, "Memory of the process that is in RAM.",
        [](S, Sink& sink) { sink.value(resident_bytes()); }},
};

}  // namespace

std::string prometheus_text(const Control& control) {
  const Scrape scrape{control, totals_of(control), control.site_slots(), control.origins(),
                      control.store_stats()};
  std::vector<MetricFamily> families;
  for (const Row& row : rows) {
    MetricFamily family;
    family.name = row.name;
    family.help = row.help;
    family.type = row.type;
    Sink sink(family);
    row.read(scrape, sink);
    families.push_back(std::move(family));
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return text.str();
}

}  // namespace isrd::admin
