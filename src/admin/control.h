// What the admin port may see and do. The application implements it; every call is thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/metrics.h"
#include "isr/options.h"
#include "isr/selector.h"
#include "net/origin.h"
#include "store/store.h"

namespace isrd::admin {

struct Check {
  std::string name;  // "config", "store", "origin:blog"
  bool ok = true;
  std::string detail;  // when it is not
};

struct ReloadError {
  std::string file;
  int line = 0;
  int column = 0;
  std::string key;
  std::string message;
};

struct ReloadReport {
  bool ok = false;
  std::vector<std::string> changed;  // top-level keys whose value is another now
  std::vector<ReloadError> errors;   // when not ok
};

struct OriginStatus {
  std::string name;
  net::OriginGauges gauges;
  std::uint64_t limit = 0;  // connections
  bool failing = false;     // its last fetch failed
  std::string detail;
};

struct InvalidateRequest {
  std::vector<isr::Selector> selectors;
  isr::Mode mode = isr::Mode::refresh;
};

struct InvalidateAnswer {
  std::string operation;  // id
  std::uint64_t matched = 0;
  bool durable = true;
};

/// What came through the admin port itself, beside the workers' counters.
struct AdminCounts {
  std::uint64_t invalidations = 0;
  std::uint64_t invalidated_entries = 0;
};

class Control {
 public:
  virtual ~Control() = default;
  virtual std::vector<Check> readiness() = 0;
  virtual const Metrics& metrics() const = 0;
  /// Names by metrics slot (WorkerMetrics::requests); an empty name is an unused slot.
  virtual std::vector<std::string> site_slots() const = 0;
  virtual bool knows_site(std::string_view name) const = 0;
  virtual std::vector<OriginStatus> origins() const = 0;
  virtual store::StoreStats store_stats() const = 0;
  virtual std::uint64_t running_in_background() const = 0;
  virtual std::uint64_t queued() const = 0;
  virtual std::uint64_t open_connections() const = 0;
  virtual std::uint64_t flights() const = 0;
  virtual std::chrono::system_clock::time_point last_reload() const = 0;
  /// Applies the selectors; mode refresh starts the regenerations.
  virtual InvalidateAnswer invalidate(const InvalidateRequest& request) = 0;
  virtual AdminCounts admin_counts() const = 0;
  /// Reads the configuration file again and puts it in force; without a file that is an error.
  virtual ReloadReport reload() = 0;
};

}  // namespace isrd::admin
