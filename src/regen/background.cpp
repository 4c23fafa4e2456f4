// The background work of the regenerator: a budget for each origin, a queue behind it, back-off
// after failures, and the regeneration of what was invalidated.
#include <algorithm>
#include <optional>

#include "http/lines.h"
#include "regen/regenerate.h"

namespace isrd::regen {
namespace {

using net::OriginFault;

constexpr std::size_t failures_max = 4096;
constexpr auto back_off_first = std::chrono::milliseconds(500);
constexpr auto back_off_max = std::chrono::seconds(30);
constexpr std::size_t queue_max = 100'000;  // jobs of one origin

/// The forwarding fields of a fetch that no visitor asked for.
std::string lines_of_recipe(const isr::Recipe& recipe) {
  const isr::HostPort host = isr::split_port(recipe.host);
  std::string lines;
  http::append_line(lines, "X-Forwarded-Proto", recipe.scheme);
  http::append_line(lines, "X-Forwarded-Host", recipe.host);
  http::append_line(
      lines, "X-Forwarded-Port",
      !host.port.empty() ? host.port : std::string_view(recipe.scheme == "https" ? "443" : "80"));
  http::append_line(lines, "Forwarded", "host=\"" + recipe.host + "\";proto=" + recipe.scheme);
  http::append_line(lines, "Via", "1.1 isrd");
  http::append_line(lines, "CDN-Loop", "isrd");
  return lines;
}

}  // namespace

void Regenerator::start_in_background(net::Worker& worker, std::shared_ptr<Flight> flight,
                                      Fetch fetch) {
  fetch.background = true;
  flight->lead_on(worker);
  {
    std::lock_guard lock(mutex_);
    Lane& lane = lanes_[fetch.origin_options().name];
    if (lane.running >= fetch.origin_options().background) {
      if (lane.queue.size() >= queue_max) {
        flights_.finish(fetch.flight_id, *flight);
        flight->fail(OriginFault::queue_timeout, 0);
        return;
      }
      lane.queue.push_back({&worker, std::move(flight), std::move(fetch)});
      return;
    }
    ++lane.running;
  }
  worker.spawn(run(worker, std::move(flight), std::move(fetch)));
}

void Regenerator::promote(net::Worker& worker, const Flight& flight) {
  if (flight.asked() != 0) return;  // it runs already
  std::optional<Job> job;
  {
    std::lock_guard lock(mutex_);
    for (auto& [name, lane] : lanes_) {
      const auto found = std::find_if(lane.queue.begin(), lane.queue.end(),
                                      [&](const Job& j) { return j.flight.get() == &flight; });
      if (found == lane.queue.end()) continue;
      job = std::move(*found);
      lane.queue.erase(found);
      break;
    }
  }
  if (!job) return;
  job->fetch.background = false;
  start(worker, std::move(job->flight), std::move(job->fetch));
}

void Regenerator::finish_background(const std::string& origin) {
  Job next;
  {
    std::lock_guard lock(mutex_);
    Lane& lane = lanes_[origin];
    if (lane.queue.empty()) {
      --lane.running;
      return;
    }
    next = std::move(lane.queue.front());
    lane.queue.pop_front();
  }
  net::Worker& worker = *next.worker;
  auto job = std::make_shared<Job>(std::move(next));
  worker.post([this, job] {
    job->worker->spawn(run(*job->worker, std::move(job->flight), std::move(job->fetch)));
  });
}

void Regenerator::refresh(const std::shared_ptr<const InForce>& in_force,
                          const std::vector<isr::EntryPtr>& entries) {
  for (const isr::EntryPtr& entry : entries) {
    const isr::Site* site = in_force->sites->find_name(entry->recipe.site);
    if (!site) continue;
    net::Worker& worker = *workers_[entry->primary.low % workers_.size()];
    worker.post([this, in_force, entry, site, &worker] {
      bool ambiguous = false;
      const std::string_view target = entry->recipe.target;
      const isr::PrimaryKey key{entry->primary, entry->key()};
      Fetch fetch;
      fetch.in_force = in_force;
      fetch.site = site;
      fetch.route = &site->match(target.substr(0, target.find('?')), ambiguous);
      fetch.key = entry->key();
      fetch.primary = entry->primary;
      fetch.flight_id = flight_id(key, entry->variant, store_.seed());
      fetch.recipe = entry->recipe;
      fetch.facts = entry->facts;
      fetch.old = entry;
      fetch.own_lines = lines_of_recipe(entry->recipe);
      const std::vector<http::Field> fields = http::fields_of_lines(entry->recipe.fields);
      const store::Found found = store_.find(key, fields, worker.now().mono);
      if (found.entry == entry) fetch.old_windows = found.windows;
      if (entry->facts.authorization || !fetch.route->cache) return;  // needs its visitor
      FlightTable::Joined joined = flights_.join(fetch.flight_id, key);
      if (joined.role == FlightTable::Role::lead) {
        start_in_background(worker, std::move(joined.flight), std::move(fetch));
      }
    });
  }
}

bool Regenerator::backs_off(const Hash128& flight_id, net::LoopTime now) const {
  std::lock_guard lock(mutex_);
  if (failures_.empty()) return false;
  const auto found = failures_.find(flight_id);
  return found != failures_.end() && now < found->second.not_before;
}

void Regenerator::note_failure(const Hash128& flight_id, net::LoopTime now) {
  std::lock_guard lock(mutex_);
  if (failures_.size() >= failures_max) failures_.erase(failures_.begin());
  Failure& failure = failures_[flight_id];
  ++failure.count;
  auto pause = std::min<std::chrono::milliseconds>(
      back_off_first * (1u << std::min(failure.count - 1, 10u)), back_off_max);
  // Jitter by the key: the pages of one origin do not all come back in the same moment.
  pause -= pause * static_cast<int>(flight_id.low % 256) / 1024;
  failure.not_before = now + pause;
}

void Regenerator::note_success(const Hash128& flight_id) {
  std::lock_guard lock(mutex_);
  if (!failures_.empty()) failures_.erase(flight_id);
}

std::uint64_t Regenerator::running_in_background() const {
  std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [name, lane] : lanes_) sum += lane.running;
  return sum;
}

std::uint64_t Regenerator::queued() const {
  std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [name, lane] : lanes_) sum += lane.queue.size();
  return sum;
}

}  // namespace isrd::regen
