#include "serve/spine.h"

#include <algorithm>
#include <array>

#include "http/cache_control.h"
#include "http/lines.h"
#include "serve/forward.h"

namespace isrd::serve {
namespace {

using http::FieldId;
using isr::Use;
using isr::Why;

/// Methods of purge clients. None of them ever reaches an origin (security rule 27).
constexpr std::array<std::string_view, 6> purge_methods = {"PURGE",     "BAN",     "PURGEKEYS",
                                                           "PURGETAGS", "REFRESH", "SOFTPURGE"};

Seconds remaining(const isr::Windows& windows, MonoTime now) {
  return std::chrono::floor<Seconds>(windows.fresh_until - now);
}

}  // namespace

Task<void> Spine::handle(const net::Request& request, net::ResponseSink& sink) {
  const http::RequestHead& head = request.head;
  const isr::Site* site = in_force_->sites->find_host(head.authority);
  if (!site || head.method == http::Method::other || head.present.contains(FieldId::cdn_loop)) {
    if (handle_special(request, site, sink)) return {};
  }
  bool ambiguous = false;
  const isr::Route& route = site->match(head.path, ambiguous);
  const isr::Classification classified = isr::classify(head, route, ambiguous);
  if (classified.plan == isr::Plan::pass) {
    return pass(request, sink, in_force_, *site, route, classified.why);
  }
  const std::string_view scheme = scheme_of(head, *request.peer);
  const isr::PrimaryKey key = isr::make_key(scheme, site->name, head.authority, head.origin_form(),
                                            shared_.store.seed(), key_buffer_);
  store::Found found = shared_.store.find(key, head.fields, now().mono);
  if (found.kind == store::Found::Kind::found) {
    if (head.present.contains(FieldId::authorization) &&
        !found.entry->shareable_with_authorization) {
      return pass(request, sink, in_force_, *site, route, Why::authorization);
    }
    if (serve_found(request, {in_force_, *site, route}, key, found, sink)) return {};
  }
  Lookup lookup;
  lookup.in_force = in_force_;
  lookup.site = site;
  lookup.route = &route;
  lookup.scheme = scheme;
  lookup.key = key.text;
  lookup.id = key.id;
  lookup.found = std::move(found);
  return resolve(request, sink, std::move(lookup));
}

/// Answers with what was found when it may be used as it is. False: it must be asked for first.
bool Spine::serve_found(const net::Request& request, const Matched& matched,
                        const isr::PrimaryKey& key, store::Found& found, net::ResponseSink& sink) {
  if (found.windows.generation != matched.in_force->sites->generation()) rewindow(matched, found);
  isr::Decision decision = isr::decide(found.windows, now().mono);
  if (matched.site.client_directives && client_wants_newer(request, found, decision)) return false;
  Provenance provenance;
  provenance.hit = true;
  provenance.why = decision.why;
  provenance.ttl = remaining(found.windows, now().mono);
  if (decision.use == Use::fresh) {
    count(Resolution::fresh_hit);
    provenance.outcome = Outcome::hit;
    reply_stored(request, matched.site, std::move(found.entry), provenance, sink);
    return true;
  }
  if (decision.use == Use::stale) {
    count(Resolution::follow_stale);
    provenance.outcome = Outcome::stale;
    const bool by_rule = matched.route.policy.windows.stale.has_value();
    if (decision.why == Why::stale_while_revalidate && by_rule) provenance.why = Why::stale_rule;
    reply_stored(request, matched.site, found.entry, provenance, sink);
    regenerate_behind(request, matched, key, found);
    return true;
  }
  return false;
}

/// RFC 9111 section 5.2.1, where the operator lets clients say so.
bool Spine::client_wants_newer(const net::Request& request, const store::Found& found,
                               isr::Decision& decision) const {
  const bool has_control = request.head.present.contains(FieldId::cache_control);
  const http::Field* pragma = request.head.find(FieldId::pragma);
  if (!has_control) return pragma && pragma->value.find("no-cache") != std::string_view::npos;
  const http::CacheControl control = http::parse_cache_control(request.head.fields);
  const Seconds age = found.entry->age(now().mono);
  const Seconds ttl = remaining(found.windows, now().mono);
  if (control.no_cache || control.no_store) return true;
  if (control.max_age && age > *control.max_age) return true;
  if (control.min_fresh && ttl < *control.min_fresh) return true;
  const bool allows_stale = control.max_stale && -ttl <= *control.max_stale;
  if (allows_stale && decision.use == Use::expired && decision.why == Why::expired)
    decision.use = Use::stale;
  return false;
}

/// After a reload: the entry's windows as the configuration in force would have made them.
void Spine::rewindow(const Matched& matched, store::Found& found) {
  const isr::Policy& policy = matched.route.policy;
  const isr::Entry& entry = *found.entry;
  const std::vector<http::Field> fields = http::fields_of_lines(entry.field_lines());
  isr::Lifetime lifetime =
      isr::lifetime_of(entry.status, fields, entry.facts, policy, entry.received_wall, entry.delay);
  // What the stored fields no longer carry is the age that the answer arrived with.
  if (!policy.is_isr())
    lifetime.fresh_for -= entry.initial_age - std::chrono::duration_cast<Seconds>(entry.delay);
  if (policy.is_isr()) lifetime = isr::with_jitter(lifetime, entry.primary);
  const isr::Invalidation invalidated = found.windows.invalidated;
  found.windows =
      isr::windows_from(lifetime, entry.received, matched.in_force->sites->generation());
  shared_.store.rewindow(entry, found.windows);
  found.windows.invalidated = invalidated;
}

void Spine::regenerate_behind(const net::Request& request, const Matched& matched,
                              const isr::PrimaryKey& key, const store::Found& found) {
  const Hash128 id = regen::flight_id(key, found.entry->variant, shared_.store.seed());
  if (shared_.regenerator.backs_off(id, worker_.loop_time())) return;
  regen::FlightTable::Joined joined = shared_.regenerator.flights().join(id, key);
  if (joined.role != regen::FlightTable::Role::lead) return;
  const store::Found now_there = shared_.store.find(key, request.head.fields, now().mono);
  if (now_there.entry && now_there.entry != found.entry) {
    // Another worker published it between the look and the lead.
    joined.flight->lead_on(worker_);
    shared_.regenerator.flights().finish(id, *joined.flight);
    joined.flight->complete(now_there.entry, now_there.windows, false);
    return;
  }
  regen::Fetch fetch = make_fetch(request, matched, key, found, found.entry->vary.names);
  fetch.flight_id = id;
  shared_.regenerator.start_in_background(worker_, std::move(joined.flight), std::move(fetch));
}

/// Requests that are no requests for a page: unknown hosts, loops, purges. True: answered.
bool Spine::handle_special(const net::Request& request, const isr::Site* site,
                           net::ResponseSink& sink) {
  const http::RequestHead& head = request.head;
  if (!site) {
    reply_error(request, nullptr, 421, Why::unknown_site, {}, sink);
    return true;
  }
  if (is_loop(head)) {
    reply_error(request, site, 508, Why::none, {}, sink);
    return true;
  }
  const auto same = [&](std::string_view name) { return http::iequals(name, head.method_name); };
  if (std::any_of(purge_methods.begin(), purge_methods.end(), same)) {
    handle_purge(request, *site, sink);
    return true;
  }
  return false;
}

void Spine::handle_purge(const net::Request& request, const isr::Site& site,
                         net::ResponseSink& sink) {
  const http::RequestHead& head = request.head;
  if (!purge_rule_->from.contains(request.peer->address)) {
    reply_error(request, &site, 403, Why::none, {}, sink);
    return;
  }
  if (!http::iequals(head.method_name, "PURGE")) {
    reply_error(request, &site, 405, Why::none,
                "Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH, PURGE\r\n", sink);
    return;
  }
  isr::Selector selector;
  std::string url(head.authority);
  url.append(head.origin_form());
  if (!isr::parse_selector(url, isr::Selector::Kind::url, selector)) {
    reply_error(request, &site, 400, Why::none, {}, sink);
    return;
  }
  selector.site = site.name;
  const store::Invalidated done = shared_.store.invalidate(selector, site.purge_mode, now().mono);
  metrics().invalidations.add();
  metrics().invalidated_entries.add(done.entries.size());
  if (site.purge_mode == isr::Mode::refresh) shared_.regenerator.refresh(in_force_, done.entries);
  const char* mode = site.purge_mode == isr::Mode::refresh  ? "refresh"
                     : site.purge_mode == isr::Mode::expire ? "expire"
                                                            : "purge";
  reply_with_text(
      200, "application/json",
      fmt::format("{{\"operation\":\"{}\",\"mode\":\"{}\",\"matched\":{},\"durable\":{}}}\n",
                  done.sequence, mode, done.entries.size(), done.durable),
      head, now(), sink);
  account(request, {&site, Outcome::bypass, Why::method, 200, {}}, sink);
}

void Spine::refuse(const http::HeadRefusal& refusal, const net::Peer& peer,
                   net::ResponseSink& sink) {
  metrics().refused_requests.add();
  shared_.refused_log.warn("refused a request from {}: {} ({})", peer.address, refusal.reason,
                           refusal.status);
  const http::RequestHead nothing;
  Provenance provenance;
  provenance.outcome = Outcome::error;
  provenance.fwd = "request";
  const std::string_view extra =
      refusal.status == 405 ? "Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n" : "";
  reply_with_error(refusal.status, provenance, extra, true, nothing, now(), sink);
}

void Spine::reply_stored(const net::Request& request, const isr::Site& site, isr::EntryPtr entry,
                         const Provenance& provenance, net::ResponseSink& sink) {
  const Account done{&site, provenance.outcome, provenance.why, entry->status, entry->primary};
  reply_with_entry(request.head, std::move(entry), provenance, now(), sink);
  account(request, done, sink);
}

void Spine::reply_error(const net::Request& request, const isr::Site* site, int status, Why why,
                        std::string_view extra, net::ResponseSink& sink) {
  Provenance provenance;
  provenance.outcome = Outcome::error;
  provenance.why = why;
  provenance.fwd = "request";
  reply_with_error(status, provenance, extra, false, request.head, now(), sink);
  account(request, {site, Outcome::error, why, status, {}}, sink);
}

void Spine::account(const net::Request& request, const Account& done,
                    const net::ResponseSink& sink) {
  WorkerMetrics& m = metrics();
  const std::size_t outcome = static_cast<std::size_t>(done.outcome);
  m.requests[done.site ? done.site->metrics_slot : site_slots_max - 1][outcome].add();
  const auto duration = std::chrono::steady_clock::now() - request.received;
  m.request_duration[outcome].record(duration);
  m.bytes_sent.add(sink.bytes_sent());
  if (!shared_.access_log.enabled()) return;
  AccessRecord record;
  record.request = &request.head;
  record.client = request.peer->address;
  record.site = done.site ? std::string_view(done.site->name) : std::string_view("-");
  record.status = done.status;
  record.bytes = sink.bytes_sent();
  record.outcome = done.outcome;
  record.why = done.why;
  record.key_id = done.key.high;
  record.duration = duration;
  record.time = std::chrono::system_clock::now();
  shared_.access_log.write(worker_.index(), record);
}

}  // namespace isrd::serve
