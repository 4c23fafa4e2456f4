#include "app.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <latch>
#include <map>
#include <mutex>
#include <thread>

#include "admin/server.h"
#include "base/log.h"
#include "config/schema.h"
#include "net/front_end.h"
#include "serve/spine.h"

namespace isrd {
namespace {

using config::Config;

constexpr auto upkeep_interval = std::chrono::seconds(1);

/// Each connection is a descriptor: the soft limit is raised as far as it may be.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t worker_count(const Config& config) {
  if (config.workers > 0) return config.workers;
  return std::max(1u, std::thread::hardware_concurrency());
}

net::ResponseLimits response_limits(const Config& config) {
  net::ResponseLimits limits;
  limits.head.head_bytes = config.limits.response_head_bytes;
  limits.head.fields_max = config.limits.response_fields_max;
  limits.interim_max = config.limits.interim_max;
  return limits;
}

Result<net::FrontEndOptions> front_end_options(const Config& config) {
  auto sessions = std::make_shared<net::SessionOptions>();
  sessions->head.head_bytes = config.limits.request_head_bytes;
  sessions->head.fields_max =
      std::min<std::uint64_t>(config.limits.request_fields_max, http::request_fields_capacity);
  sessions->head.target_bytes = config.limits.target_bytes;
  sessions->timeouts = config.timeouts;
  sessions->request_body_bytes = config.limits.request_body_bytes;
  sessions->body_rate_bytes_min = config.limits.body_rate_bytes_min;
  auto trusted = net::Networks::parse(config.trusted_proxies);
  if (!trusted) return Error{"trusted_proxies: " + trusted.error().message};
  net::FrontEndOptions options;
  options.sessions = std::move(sessions);
  options.trusted = std::make_shared<const net::Networks>(std::move(*trusted));
  options.connections = config.limits.connections;
  return options;
}

class RunningApp final : public App, public admin::Control {
 public:
  explicit RunningApp(Config config, const Clock& clock) : config_(std::move(config)) {
    const std::size_t count = worker_count(config_);
    for (std::size_t i = 0; i < count; ++i) {
      metrics_.push_back(std::make_unique<WorkerMetrics>());
      workers_.push_back(std::make_unique<net::Worker>(i, clock));
    }
    store_ = store::make_memory_store(config_.store, config_.limits.object_bytes);
    regenerator_ = std::make_unique<regen::Regenerator>(workers_, *store_, metrics_);
    regenerator_->flights().limit_waiters(config_.limits.waiters);
    access_log_ = std::make_unique<serve::AccessLog>(count, STDOUT_FILENO);
    access_log_->configure(config_.log);
    shared_.reset(new serve::Shared{*store_, *regenerator_, metrics_, *access_log_, {}, {}});
    for (std::size_t i = 0; i < count; ++i) {
      spines_.push_back(std::make_unique<serve::Spine>(*workers_[i], *shared_));
    }
  }

  ~RunningApp() override {
    admin_.reset();
    {
      std::lock_guard lock(upkeep_mutex_);
      stop_upkeep_ = true;
    }
    upkeep_signal_.notify_one();
    if (upkeep_.joinable()) upkeep_.join();
    for (const auto& worker : workers_) worker->stop();
  }

  Result<Done> launch() {
    auto front = net::FrontEnd::bind(config_.listen);
    if (!front) return front.error();
    front_ = std::move(*front);
    auto options = front_end_options(config_);
    if (!options) return options.error();
    auto made = make_in_force(config_);
    if (!made) return made.error();
    for (const auto& spine : spines_) spine->put_in_force(in_force_, purge_rule_);
    std::vector<net::RequestHandler*> handlers;
    for (const auto& spine : spines_) handlers.push_back(spine.get());
    front_->start(workers_, handlers, std::move(*options));
    if (config_.admin.enabled) {
      auto server = admin::Server::start(config_.admin, *this);
      if (!server) return server.error();
      admin_ = std::move(*server);
      admin_listening_ = admin_->listening();
    }
    for (const auto& worker : workers_) worker->start();
    upkeep_ = std::thread([this] { keep_up(); });
    return Done{};
  }

  // App

  const std::vector<net::Address>& listening() const override { return front_->listening(); }
  const net::Address& admin_listening() const override { return admin_listening_; }
  void on_reload(std::function<admin::ReloadReport()> reload_file) override {
    std::lock_guard lock(reload_mutex_);
    reload_file_ = std::move(reload_file);
  }

  admin::ReloadReport reload_from_file() override { return reload(); }

  Result<Done> reload(Config config) override {
    std::lock_guard lock(config_mutex_);
    const std::vector<std::string> fixed = config::changed_restart_keys(config_, config);
    if (!fixed.empty()) return Error{fixed.front() + " cannot change while isrd runs: restart it"};
    auto options = front_end_options(config);
    if (!options) return options.error();
    auto made = make_in_force(config);
    if (!made) return made.error();
    regenerator_->flights().limit_waiters(config.limits.waiters);
    std::latch taken(static_cast<std::ptrdiff_t>(workers_.size()));
    for (const auto& worker : workers_) {
      worker->post(
          [this, index = worker->index(), in_force = in_force_, rule = purge_rule_, &taken] {
            spines_[index]->put_in_force(in_force, rule);
            taken.count_down();
          });
    }
    taken.wait();
    front_->set_options(*options);
    access_log_->configure(config.log);
    configure_log(config.log);
    config_ = std::move(config);
    last_reload_ = std::chrono::system_clock::now();
    return Done{};
  }

  std::chrono::milliseconds drain_limit() const override {
    std::lock_guard lock(config_mutex_);
    return config_.timeouts.drain;
  }

  void drain(std::chrono::milliseconds limit) override {
    front_->drain();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (open_connections() > 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  // admin::Control

  std::vector<admin::Check> readiness() override {
    std::vector<admin::Check> checks{{"config", true, ""}, {"store", true, ""}};
    for (const admin::OriginStatus& origin : origins()) {
      checks.push_back({"origin:" + origin.name, !origin.failing, origin.detail});
    }
    return checks;
  }
  const Metrics& metrics() const override { return metrics_; }
  std::vector<std::string> site_slots() const override {
    std::lock_guard lock(config_mutex_);
    std::vector<std::string> names(site_slots_max);
    for (const auto& [name, slot] : slots_) {
      if (slot < site_slots_max - 1) names[slot] = name;
    }
    names[site_slots_max - 1] = "other";
    return names;
  }
  bool knows_site(std::string_view name) const override {
    std::lock_guard lock(config_mutex_);
    return in_force_->sites->find_name(name) != nullptr;
  }
  std::vector<admin::OriginStatus> origins() const override {
    std::lock_guard lock(config_mutex_);
    std::vector<admin::OriginStatus> statuses;
    for (const auto& origin : in_force_->origins) {
      const net::OriginHealth health = origin->health();
      statuses.push_back({origin->options().name, origin->gauges(), origin->options().connections,
                          health.failing,
                          std::string(health.failing ? net::spell(health.fault) : "")});
    }
    return statuses;
  }
  store::StoreStats store_stats() const override { return store_->stats(); }
  std::uint64_t running_in_background() const override {
    return regenerator_->running_in_background();
  }
  std::uint64_t queued() const override { return regenerator_->queued(); }
  std::uint64_t open_connections() const override {
    std::uint64_t sum = 0;
    for (const auto& worker : workers_) {
      sum += static_cast<std::uint64_t>(worker->connections.load(std::memory_order_relaxed));
    }
    return sum;
  }
  std::uint64_t flights() const override { return regenerator_->flights().size(); }
  std::chrono::system_clock::time_point last_reload() const override {
    std::lock_guard lock(config_mutex_);
    return last_reload_;
  }

  admin::InvalidateAnswer invalidate(const admin::InvalidateRequest& request) override {
    std::shared_ptr<const regen::InForce> in_force;
    {
      std::lock_guard lock(config_mutex_);
      in_force = in_force_;
    }
    admin::InvalidateAnswer answer;
    for (const isr::Selector& selector : request.selectors) {
      const store::Invalidated done =
          store_->invalidate(selector, request.mode, system_clock().now().mono);
      answer.matched += done.entries.size();
      answer.durable = answer.durable && done.durable;
      answer.operation = std::to_string(done.sequence);
      if (request.mode == isr::Mode::refresh) regenerator_->refresh(in_force, done.entries);
    }
    admin_invalidations_.fetch_add(request.selectors.size(), std::memory_order_relaxed);
    admin_invalidated_.fetch_add(answer.matched, std::memory_order_relaxed);
    return answer;
  }
  admin::AdminCounts admin_counts() const override {
    return {admin_invalidations_.load(std::memory_order_relaxed),
            admin_invalidated_.load(std::memory_order_relaxed)};
  }

  admin::ReloadReport reload() override {
    std::lock_guard lock(reload_mutex_);
    if (reload_file_) return reload_file_();
    admin::ReloadReport report;
    report.errors.push_back({"", 0, 0, "", "isrd was started without a configuration file"});
    return report;
  }

 private:
  /// Compiles sites and origins of a configuration into in_force_. Caller holds config_mutex_ or is
  /// alone.
  Result<Done> make_in_force(const Config& config) {
    std::vector<std::string> names;
    for (const net::OriginOptions& origin : config.origins) names.push_back(origin.name);
    auto sites = isr::SiteTable::compile(config.sites, names, generation_ + 1, slots_);
    if (!sites) return sites.error();
    auto purge_from = net::Networks::parse(config.admin.purge_from);
    if (!purge_from) return Error{"admin.purge_from: " + purge_from.error().message};
    auto next = std::make_shared<regen::InForce>();
    next->sites = std::move(*sites);
    for (const net::OriginOptions& options : config.origins) {
      next->origins.push_back(origin_for(options, response_limits(config)));
    }
    ++generation_;
    in_force_ = std::move(next);
    purge_rule_ =
        std::make_shared<const serve::PurgeRule>(serve::PurgeRule{std::move(*purge_from)});
    return Done{};
  }

  /// The origin that runs with these options already, or a new one. None is destroyed while isrd
  /// runs: connections of it belong to workers.
  std::shared_ptr<net::Origin> origin_for(const net::OriginOptions& options,
                                          const net::ResponseLimits& limits) {
    std::lock_guard lock(upkeep_mutex_);
    for (const auto& origin : origins_) {
      if (origin->options() == options && origin->limits() == limits) return origin;
    }
    origins_.push_back(net::make_http1_origin(options, limits, workers_));
    return origins_.back();
  }

  void keep_up() {
    std::unique_lock lock(upkeep_mutex_);
    while (!stop_upkeep_) {
      upkeep_signal_.wait_for(lock, upkeep_interval);
      if (stop_upkeep_) break;
      const std::vector<std::shared_ptr<net::Origin>> all = origins_;
      lock.unlock();
      for (const auto& origin : all) {
        origin->resolve();
        origin->sweep();
      }
      lock.lock();
    }
  }

  // Made in the constructor; the workers go before what they use.
  Metrics metrics_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<serve::AccessLog> access_log_;
  std::vector<std::shared_ptr<net::Origin>>
      origins_;  // guarded by upkeep_mutex_; all that ever were
  net::Workers workers_;
  std::unique_ptr<regen::Regenerator> regenerator_;
  std::unique_ptr<serve::Shared> shared_;
  std::vector<std::unique_ptr<serve::Spine>> spines_;
  std::unique_ptr<net::FrontEnd> front_;
  std::unique_ptr<admin::Server> admin_;
  net::Address admin_listening_;
  std::atomic<std::uint64_t> admin_invalidations_{0};
  std::atomic<std::uint64_t> admin_invalidated_{0};

  mutable std::mutex config_mutex_;
  // Guarded by config_mutex_.
  Config config_;
  std::shared_ptr<const regen::InForce> in_force_;
  std::shared_ptr<const serve::PurgeRule> purge_rule_;
  std::map<std::string, std::size_t> slots_;
  std::uint32_t generation_ = 0;
  std::chrono::system_clock::time_point last_reload_ = std::chrono::system_clock::now();

  std::mutex reload_mutex_;
  std::function<admin::ReloadReport()> reload_file_;  // guarded by reload_mutex_

  std::mutex upkeep_mutex_;
  std::condition_variable upkeep_signal_;
  bool stop_upkeep_ = false;  // guarded by upkeep_mutex_
  std::thread upkeep_;
};

}  // namespace

Result<std::unique_ptr<App>> App::start(Config config, const Clock& clock) {
  raise_descriptor_limit();
  try {
    auto app = std::make_unique<RunningApp>(std::move(config), clock);
    auto launched = app->launch();
    if (!launched) return launched.error();
    return std::unique_ptr<App>(std::move(app));
  } catch (const std::exception& error) {
    return Error{error.what()};
  }
}

}  // namespace isrd
