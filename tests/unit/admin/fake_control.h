// A Control in memory, and a server in front of it, for the tests of the admin port and of the
// command line.
#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "admin/control.h"
#include "admin/server.h"

namespace isrd::admin::test {

class FakeControl : public Control {
 public:
  FakeControl() {
    workers.push_back(std::make_unique<WorkerMetrics>());
    workers.push_back(std::make_unique<WorkerMetrics>());
  }

  std::vector<Check> readiness() override { return checks; }
  const Metrics& metrics() const override { return workers; }
  std::vector<std::string> site_slots() const override { return {"blog", "shop", ""}; }
  bool knows_site(std::string_view name) const override { return name == "blog"; }
  std::vector<OriginStatus> origins() const override { return origin_statuses; }
  store::StoreStats store_stats() const override { return store; }
  std::uint64_t running_in_background() const override { return 2; }
  std::uint64_t queued() const override { return 3; }
  std::uint64_t open_connections() const override { return 41; }
  std::uint64_t flights() const override { return 5; }
  std::chrono::system_clock::time_point last_reload() const override {
    return std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));
  }
  InvalidateAnswer invalidate(const InvalidateRequest& request) override {
    if (throws) throw std::runtime_error("a fault of the test");
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
    return answer;
  }
  AdminCounts admin_counts() const override { return {7, 70}; }
  ReloadReport reload() override { return report; }

  std::vector<InvalidateRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

  // Set before the server runs, or between its calls.
  Metrics workers;
  std::vector<Check> checks = {{"config", true, {}}, {"store", true, {}}};
  std::vector<OriginStatus> origin_statuses;
  store::StoreStats store;
  InvalidateAnswer answer{"17", 1, true};
  ReloadReport report{true, {}, {}};
  bool throws = false;

 private:
  mutable std::mutex mutex_;
  std::vector<InvalidateRequest> requests_;  // guarded by mutex_
};

inline const std::string test_token = "0123456789abcdef0123456789abcdef";

inline AdminOptions test_options() {
  AdminOptions options;
  options.listen.port = 0;
  options.token = test_token;
  return options;
}

inline std::unique_ptr<Server> start(Control& control,
                                     const AdminOptions& options = test_options()) {
  auto server = Server::start(options, control);
  if (!server) throw std::runtime_error(server.error().message);
  return std::move(*server);
}

}  // namespace isrd::admin::test
