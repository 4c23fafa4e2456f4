// The spine: the way of every request. It reads like the sentence in the README: a request is
// classified, its key made, its entry found, its freshness decided; then it is served at once
// (spine.cpp), resolved through a flight (resolve.cpp), or passed to the origin (pass.cpp). One
// spine for each worker.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "isr/classify.h"
#include "isr/decide.h"
#include "net/networks.h"
#include "net/server.h"
#include "regen/regenerate.h"
#include "serve/access_log.h"
#include "serve/reply.h"

namespace isrd::serve {

/// What the spines of all workers share; outlives them.
struct Shared {
  store::Store& store;
  regen::Regenerator& regenerator;
  Metrics& metrics;
  AccessLog& access_log;
  LogThrottle refused_log;
  LogThrottle origin_log;
};

/// Who may purge on the public port.
struct PurgeRule {
  net::Networks from;
};

class Spine final : public net::RequestHandler {
 public:
  Spine(net::Worker& worker, Shared& shared) : worker_(worker), shared_(shared) {}

  /// Puts a configuration in force for requests from now on. On this worker, or before it runs.
  void put_in_force(std::shared_ptr<const regen::InForce> in_force,
                    std::shared_ptr<const PurgeRule> purge_rule) {
    in_force_ = std::move(in_force);
    purge_rule_ = std::move(purge_rule);
  }

  Task<void> handle(const net::Request& request, net::ResponseSink& sink) override;
  void refuse(const http::HeadRefusal& refusal, const net::Peer& peer,
              net::ResponseSink& sink) override;

 private:
  /// Where a request belongs. The configuration is the one that it was matched by, also after a
  /// reload.
  struct Matched {
    const std::shared_ptr<const regen::InForce>& in_force;
    const isr::Site& site;
    const isr::Route& route;
  };
  /// What is known of a request before it suspends for the first time.
  struct Lookup {
    std::shared_ptr<const regen::InForce> in_force;
    const isr::Site* site = nullptr;
    const isr::Route* route = nullptr;
    std::string_view scheme;
    std::string key;
    Hash128 id;
    store::Found found;
    std::vector<std::string> extra_names;  // request fields that an earlier answer's Vary named
    http::VaryRule known_vary;

    isr::PrimaryKey primary() const { return {id, key}; }
    Matched matched() const { return {in_force, *site, *route}; }
  };
  enum class Followed : std::uint8_t { answered, again, pass, wait_expired, origin_failed };
  /// How a request was answered, for metrics and the access log.
  struct Account {
    const isr::Site* site = nullptr;
    Outcome outcome = Outcome::miss;
    isr::Why why = isr::Why::none;
    int status = 0;
    Hash128 key;
  };

  // spine.cpp: everything that is answered without waiting.
  bool serve_found(const net::Request& request, const Matched& matched, const isr::PrimaryKey& key,
                   store::Found& found, net::ResponseSink& sink);
  bool client_wants_newer(const net::Request& request, const store::Found& found,
                          isr::Decision& decision) const;
  void rewindow(const Matched& matched, store::Found& found);
  void regenerate_behind(const net::Request& request, const Matched& matched,
                         const isr::PrimaryKey& key, const store::Found& found);
  bool handle_special(const net::Request& request, const isr::Site* site, net::ResponseSink& sink);
  void handle_purge(const net::Request& request, const isr::Site& site, net::ResponseSink& sink);
  void reply_stored(const net::Request& request, const isr::Site& site, isr::EntryPtr entry,
                    const Provenance& provenance, net::ResponseSink& sink);
  void reply_error(const net::Request& request, const isr::Site* site, int status, isr::Why why,
                   std::string_view extra, net::ResponseSink& sink);
  void account(const net::Request& request, const Account& account, const net::ResponseSink& sink);

  // resolve.cpp: everything that waits for a flight.
  Task<void> resolve(const net::Request& request, net::ResponseSink& sink, Lookup lookup);
  Task<bool> answer_aside(const net::Request& request, net::ResponseSink& sink,
                          const Lookup& lookup);
  Task<bool> resolve_once(const net::Request& request, net::ResponseSink& sink, Lookup& lookup,
                          int attempt);
  Task<bool> fail_open(const net::Request& request, net::ResponseSink& sink, Lookup& lookup,
                       regen::Flight& slow);
  Task<Followed> follow(const net::Request& request, net::ResponseSink& sink, Lookup& lookup,
                        regen::FlightReader& reader);
  Task<Followed> stream(const net::Request& request, net::ResponseSink& sink, Lookup& lookup,
                        regen::FlightReader& reader);
  Task<bool> relay(const net::Request& request, net::ResponseSink& sink, const Lookup& lookup,
                   std::unique_ptr<regen::Handoff> handoff, isr::Why why);
  bool give_way(const Lookup& lookup, const Hash128& id, std::span<const http::Field> fields,
                regen::Flight& flight);
  bool may_share(const net::Request& request, Lookup& lookup, const isr::Entry& entry);
  void reply_completed(const net::Request& request, const Lookup& lookup,
                       const regen::FlightReader::View& view, bool is_leader,
                       net::ResponseSink& sink);
  bool serve_despite_failure(const net::Request& request, Lookup& lookup, isr::Why why,
                             net::ResponseSink& sink);
  void reply_failed(const net::Request& request, const Lookup& lookup, net::OriginFault fault,
                    int status, net::ResponseSink& sink);
  static regen::Fetch make_fetch(const net::Request& request, const Matched& matched,
                                 const isr::PrimaryKey& key, const store::Found& found,
                                 const std::vector<std::string>& extra_names);

  // pass.cpp: everything that goes by the cache.
  Task<void> pass(const net::Request& request, net::ResponseSink& sink,
                  std::shared_ptr<const regen::InForce> in_force, const isr::Site& site,
                  const isr::Route& route, isr::Why why);
  /// A HEAD for a page whose entry cannot answer: its answer tells whether the entry is still the
  /// page.
  Task<void> pass_head(const net::Request& request, net::ResponseSink& sink, const Lookup& lookup);
  struct Upload;
  Task<void> upload(net::RequestBody& body, net::OriginExchange& exchange, Upload& state);
  /// Called with the head of an answer before it is passed on.
  using HeadHook = std::function<void(const http::ResponseHead&)>;
  Task<void> exchange_and_relay(const net::Request& request, net::ResponseSink& sink,
                                const Matched& matched, isr::Why why, HeadHook on_head);
  Task<bool> relay_response(const net::Request& request, net::ResponseSink& sink,
                            const isr::Site& site, isr::Why why, net::OriginExchange& exchange,
                            bool may_upgrade, const HeadHook& on_head);
  Task<bool> relay_body(const net::Request& request, net::ResponseSink& sink, const isr::Site& site,
                        isr::Why why, const regen::Handoff& answer, net::OriginExchange& exchange,
                        bool upgraded);
  static int request_failure_status(const net::RequestBody& body, net::OriginFault fault);
  void invalidate_after_unsafe(const net::Request& request, const isr::Site& site,
                               const http::ResponseHead& head);

  WorkerMetrics& metrics() { return *shared_.metrics[worker_.index()]; }
  void count(Resolution step) { metrics().resolutions[static_cast<std::size_t>(step)].add(); }
  const Now& now() const { return worker_.now(); }

  net::Worker& worker_;
  Shared& shared_;
  std::shared_ptr<const regen::InForce> in_force_;
  std::shared_ptr<const PurgeRule> purge_rule_;
  std::string key_buffer_;
};

}  // namespace isrd::serve
