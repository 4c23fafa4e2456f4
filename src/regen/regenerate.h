// Regeneration: what a flight does. It asks the origin by the recipe, judges the answer, and
// publishes it; nothing else in isrd publishes an entry. A visitor's miss, a background refresh and
// a warm-up all end here.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/metrics.h"
#include "isr/build_entry.h"
#include "isr/route.h"
#include "regen/flight.h"

namespace isrd::regen {

/// Sites and origins of one configuration; immutable, replaced whole at a reload.
struct InForce {
  std::shared_ptr<const isr::SiteTable> sites;
  std::vector<std::shared_ptr<net::Origin>> origins;  // by Site::origin_index
};

/// One fetch to be made.
struct Fetch {
  std::shared_ptr<const InForce> in_force;
  const isr::Site* site = nullptr;
  const isr::Route* route = nullptr;
  std::string key;  // the primary key's text
  Hash128 primary;
  Hash128 flight_id;
  isr::Recipe recipe;
  std::string own_lines;  // forwarding fields; not part of the recipe
  isr::RequestFacts facts;
  isr::EntryPtr old;  // what it replaces, if anything; its validators are used
  isr::Windows old_windows;
  bool background = false;
  bool fields_withheld = false;  // the leader's request had fields that the recipe leaves out
  std::vector<std::string> withheld_names;  // of them, lower case

  const net::OriginOptions& origin_options() const {
    return in_force->origins[site->origin_index]->options();
  }
};

class Regenerator {
 public:
  Regenerator(const net::Workers& workers, store::Store& store, Metrics& metrics)
      : workers_(workers), store_(store), metrics_(metrics), flights_(workers, store) {}

  FlightTable& flights() { return flights_; }

  /// Starts a flight that a visitor leads, on the calling worker.
  void start(net::Worker& worker, std::shared_ptr<Flight> flight, Fetch fetch);
  /// Starts a background flight, or queues it when the origin's budget is used up. Any worker; it
  /// runs there.
  void start_in_background(net::Worker& worker, std::shared_ptr<Flight> flight, Fetch fetch);
  /// A queued flight that a visitor waits for is started now.
  void promote(net::Worker& worker, const Flight& flight);

  /// Regenerates entries that were invalidated. Any thread; the work goes to the workers.
  void refresh(const std::shared_ptr<const InForce>& in_force,
               const std::vector<isr::EntryPtr>& entries);

  /// What a HEAD that went to the origin says about the entry of its GET (RFC 9111 section 4.3.5):
  /// the same representation is freshened, another one is forgotten. `asked` was drawn before the
  /// HEAD was sent.
  void note_head(net::Worker& worker, const Fetch& fetch, const http::ResponseHead& head,
                 const isr::Receipt& receipt);

  /// After a failed regeneration of this flight id: whether another try must wait (security rule
  /// 29).
  bool backs_off(const Hash128& flight_id, net::LoopTime now) const;

  std::uint64_t running_in_background() const;
  std::uint64_t queued() const;

 private:
  struct Job {
    net::Worker* worker;
    std::shared_ptr<Flight> flight;
    Fetch fetch;
  };
  /// The background work of one origin, by its name.
  struct Lane {
    std::uint64_t running = 0;
    std::deque<Job> queue;
  };
  struct Failure {
    unsigned count = 0;
    net::LoopTime not_before{};
  };

  Task<void> run(net::Worker& worker, std::shared_ptr<Flight> flight, Fetch fetch);
  Task<void> fetch(net::Worker& worker, Flight& flight, Fetch& fetch);
  struct Answer;
  Task<void> store_answer(net::Worker& worker, Flight& flight, Fetch& fetch, Answer& answer);
  Task<bool> receive(net::Worker& worker, Flight& flight, Fetch& fetch, Answer& answer,
                     isr::Entry& entry);
  void answer_not_modified(net::Worker& worker, Flight& flight, Fetch& fetch, Answer& answer);
  struct Freshened {
    isr::EntryPtr entry;
    isr::Windows windows;
  };
  Freshened freshen(net::Worker& worker, const Fetch& fetch, std::span<const http::Field> fields,
                    const isr::Receipt& receipt);
  Freshened store(net::Worker& worker, const Fetch& fetch, isr::Entry entry,
                  const isr::Judgement& judgement);
  void hand_off(net::Worker& worker, Flight& flight, Fetch& fetch, Answer& answer, isr::Why why,
                std::vector<std::string> vary_names);
  void failed(net::Worker& worker, Flight& flight, const Fetch& fetch, net::OriginFault fault,
              int status);
  void complete(net::Worker& worker, Flight& flight, const Fetch& fetch, Freshened done,
                bool revalidated);
  void finish_background(const std::string& origin);
  void note_failure(const Hash128& flight_id, net::LoopTime now);
  void note_success(const Hash128& flight_id);
  WorkerMetrics& metrics(const net::Worker& worker) { return *metrics_[worker.index()]; }

  const net::Workers& workers_;
  store::Store& store_;
  Metrics& metrics_;
  FlightTable flights_;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, Lane> lanes_;
  std::unordered_map<Hash128, Failure, Hash128Hasher> failures_;
};

}  // namespace isrd::regen
