// Requests that wait for a flight: the five steps of DESIGN.md after the first. Lead the flight;
// follow it; wait no longer than wait_max; fail open with at most one extra fetch; else 503.
#include <algorithm>

#include "http/cache_control.h"
#include "http/lines.h"
#include "serve/forward.h"
#include "serve/spine.h"

namespace isrd::serve {
namespace {

using http::FieldId;
using isr::Why;
using net::LoopTime;
using regen::FlightReader;
using State = regen::Flight::State;

constexpr int attempts_max = 3;  // looks, joins and looks again; then everybody asks for himself

std::string_view forward_reason(const store::Found& found) {
  if (found.kind == store::Found::Kind::found) return "stale";
  return found.vary_miss ? "vary-miss" : "uri-miss";
}

/// A leader's wait is bounded by the origin's own deadlines; this is the net below them.
LoopTime leader_deadline(LoopTime now, const net::OriginTimeouts& timeouts) {
  return now + timeouts.queue + timeouts.connect + timeouts.first_byte + std::chrono::seconds(5);
}

}  // namespace

regen::Fetch Spine::make_fetch(const net::Request& request, const Matched& matched,
                               const isr::PrimaryKey& key, const store::Found& found,
                               const std::vector<std::string>& extra_names) {
  const bool is_isr = matched.route.policy.is_isr();
  const std::string_view scheme = scheme_of(request.head, *request.peer);
  FillFields fill =
      fill_fields(request.head, *request.peer, is_isr, extra_names, matched.site.regenerate_header);
  regen::Fetch fetch;
  fetch.in_force = matched.in_force;
  fetch.site = &matched.site;
  fetch.route = &matched.route;
  fetch.key = key.text;
  fetch.primary = key.id;
  fetch.recipe.site = matched.site.name;
  fetch.recipe.scheme = scheme;
  fetch.recipe.host = request.head.authority;
  fetch.recipe.target = request.head.origin_form();
  fetch.recipe.fields = std::move(fill.lines);
  fetch.own_lines = own_lines(request.head, *request.peer, scheme, !is_isr);
  fetch.facts.authorization = request.head.present.contains(FieldId::authorization);
  fetch.facts.cookie = !is_isr && request.head.present.contains(FieldId::cookie);
  fetch.old = found.entry;
  fetch.old_windows = found.windows;
  fetch.fields_withheld = fill.withheld;
  fetch.withheld_names = std::move(fill.withheld_names);
  return fetch;
}

Task<void> Spine::resolve(const net::Request& request, net::ResponseSink& sink, Lookup lookup) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    if (attempt > 0) {
      lookup.found = shared_.store.find(lookup.primary(), request.head.fields, now().mono);
      const bool found = lookup.found.kind == store::Found::Kind::found;
      if (found && request.head.present.contains(FieldId::authorization) &&
          !lookup.found.entry->shareable_with_authorization) {
        co_await pass(request, sink, lookup.in_force, *lookup.site, *lookup.route,
                      Why::authorization);
        co_return;
      }
      if (found && serve_found(request, lookup.matched(), lookup.primary(), lookup.found, sink))
        co_return;
    }
    const bool answered = co_await resolve_once(request, sink, lookup, attempt);
    if (answered) co_return;
  }
  co_await pass(request, sink, lookup.in_force, *lookup.site, *lookup.route,
                Why::uncacheable_known);
}

/// Requests that look like hits or misses but are answered without a flight. True: answered.
Task<bool> Spine::answer_aside(const net::Request& request, net::ResponseSink& sink,
                               const Lookup& lookup) {
  const http::RequestHead& head = request.head;
  const bool found = lookup.found.kind == store::Found::Kind::found;
  if (lookup.site->client_directives && http::parse_cache_control(head.fields).only_if_cached) {
    reply_error(request, lookup.site, 504, Why::only_if_cached, {}, sink);
    co_return true;
  }
  if (found && head.method == http::Method::head && !lookup.route->policy.is_isr()) {
    co_await pass_head(request, sink, lookup);
    co_return true;
  }
  Why by = Why::none;
  if (!found && lookup.found.uncacheable) by = Why::uncacheable_known;
  if (head.method == http::Method::head) by = Why::method;
  if (!found && head.present.contains(FieldId::range) && !lookup.route->policy.is_isr())
    by = Why::range_miss;
  if (by != Why::none) {
    co_await pass(request, sink, lookup.in_force, *lookup.site, *lookup.route, by);
    co_return true;
  }
  co_return false;
}

/// One round: joins the flight and follows it. False: look again.
Task<bool> Spine::resolve_once(const net::Request& request, net::ResponseSink& sink, Lookup& lookup,
                               int attempt) {
  const http::RequestHead& head = request.head;
  const bool found = lookup.found.kind == store::Found::Kind::found;
  const bool aside = co_await answer_aside(request, sink, lookup);
  if (aside) co_return true;
  if (lookup.found.sibling && lookup.extra_names.empty()) {
    lookup.known_vary = lookup.found.sibling->vary;
    lookup.extra_names = lookup.known_vary.names;
  }
  const std::uint64_t seed = shared_.store.seed();
  const Hash128 variant =
      found ? lookup.found.entry->variant : isr::variant_id(lookup.known_vary, head.fields, seed);
  const Hash128 id = regen::flight_id(lookup.primary(), variant, seed);
  if (found && shared_.regenerator.backs_off(id, worker_.loop_time()) &&
      serve_despite_failure(request, lookup, Why::stale_if_error, sink)) {
    co_return true;
  }
  regen::FlightTable::Joined joined = shared_.regenerator.flights().join(id, lookup.primary());
  const bool lead = joined.role == regen::FlightTable::Role::lead;
  if (joined.role == regen::FlightTable::Role::full) {
    count(Resolution::unavailable);
    reply_error(request, lookup.site, 503, Why::waiters_full, "Retry-After: 1\r\n", sink);
    co_return true;
  }
  if (lead && give_way(lookup, id, request.head.fields, *joined.flight)) co_return false;
  std::optional<FlightReader> reader(std::in_place, joined.flight, worker_, lead);
  if (lead) {
    count(Resolution::lead);
    const std::vector<std::string>& names =
        found ? lookup.found.entry->vary.names : lookup.extra_names;
    regen::Fetch fetch =
        make_fetch(request, lookup.matched(), lookup.primary(), lookup.found, names);
    fetch.flight_id = id;
    shared_.regenerator.start(worker_, joined.flight, std::move(fetch));
  } else {
    count(Resolution::follow_wait);
    shared_.regenerator.promote(worker_, *joined.flight);
  }
  const Followed followed = co_await follow(request, sink, lookup, *reader);
  switch (followed) {
    case Followed::answered:
      co_return true;
    case Followed::again:
      co_return false;
    case Followed::pass:
      break;
    case Followed::wait_expired: {
      reader.reset();  // who no longer reads must not hold a fill back
      const bool answered = co_await fail_open(request, sink, lookup, *joined.flight);
      co_return answered;
    }
    case Followed::origin_failed: {
      if (serve_despite_failure(request, lookup, Why::stale_if_error, sink)) co_return true;
      // The leader died without an answer for its followers: one of them leads next, once.
      if (!lead && attempt == 0) co_return false;
      const FlightReader::View view = reader->look();
      reply_failed(request, lookup, view.fault, view.failed_status, sink);
      co_return true;
    }
  }
  reader.reset();
  co_await pass(request, sink, lookup.in_force, *lookup.site, *lookup.route,
                Why::uncacheable_known);
  co_return true;
}

/// Somebody may have published between this request's look and its lead: then there is nothing left
/// to fetch. True: the flight has ended with what is there.
bool Spine::give_way(const Lookup& lookup, const Hash128& id, std::span<const http::Field> fields,
                     regen::Flight& flight) {
  store::Found now_there = shared_.store.find(lookup.primary(), fields, now().mono);
  const bool newer = now_there.kind == store::Found::Kind::found &&
                     now_there.entry != lookup.found.entry &&
                     isr::decide(now_there.windows, now().mono).use == isr::Use::fresh;
  if (!newer) return false;
  flight.lead_on(worker_);
  shared_.regenerator.flights().finish(id, flight);
  flight.complete(std::move(now_there.entry), now_there.windows, false);
  return true;
}

/// The wait was too long: an old page if one may be shown, one extra fetch for the key, else 503.
Task<bool> Spine::fail_open(const net::Request& request, net::ResponseSink& sink, Lookup& lookup,
                            regen::Flight& slow) {
  // The origin is slow, it has not failed: only an operator's own windows let the old page be shown
  // for that.
  const bool operator_allows = lookup.route->policy.is_isr() &&
                               lookup.found.windows.invalidated != isr::Invalidation::expire;
  if (operator_allows && serve_despite_failure(request, lookup, Why::wait_expired, sink))
    co_return true;
  if (!slow.take_extra()) {
    count(Resolution::unavailable);
    reply_error(request, lookup.site, 503, Why::wait_expired, "Retry-After: 1\r\n", sink);
    co_return true;
  }
  count(Resolution::fail_open);
  metrics().duplicate_fetches.add();
  std::shared_ptr<regen::Flight> flight = shared_.regenerator.flights().alone();
  FlightReader reader(flight, worker_, true);
  regen::Fetch fetch =
      make_fetch(request, lookup.matched(), lookup.primary(), lookup.found, lookup.extra_names);
  shared_.regenerator.start(worker_, flight, std::move(fetch));
  const Followed followed = co_await follow(request, sink, lookup, reader);
  if (followed == Followed::answered) co_return true;
  if (followed == Followed::origin_failed) {
    const FlightReader::View view = reader.look();
    reply_failed(request, lookup, view.fault, view.failed_status, sink);
    co_return true;
  }
  co_await pass(request, sink, lookup.in_force, *lookup.site, *lookup.route,
                Why::uncacheable_known);
  co_return true;
}

Task<Spine::Followed> Spine::follow(const net::Request& request, net::ResponseSink& sink,
                                    Lookup& lookup, FlightReader& reader) {
  const net::OriginTimeouts& timeouts =
      lookup.in_force->origins[lookup.site->origin_index]->options().timeouts;
  const LoopTime deadline = reader.is_leader() ? leader_deadline(worker_.loop_time(), timeouts)
                                               : worker_.loop_time() + lookup.site->wait_max;
  for (;;) {
    FlightReader::View view = reader.look();
    for (const std::string& lines : view.interims) {
      const std::string_view text = lines;
      const bool sent = co_await sink.interim(text);
      if (!sent) co_return Followed::answered;
    }
    switch (view.state) {
      case State::pending: {
        const net::Wake wake = co_await reader.news(deadline);
        if (wake == net::Wake::cancelled) {
          sink.abort();
          co_return Followed::answered;
        }
        if (wake == net::Wake::timeout) {
          co_return reader.is_leader() ? Followed::origin_failed : Followed::wait_expired;
        }
        continue;
      }
      case State::streaming: {
        const Followed streamed = co_await stream(request, sink, lookup, reader);
        co_return streamed;
      }
      case State::complete:
        if (!view.entry) {
          // It was too large to be stored; those who were there are fed to its end.
          if (!view.draft) co_return Followed::again;
          const Followed streamed = co_await stream(request, sink, lookup, reader);
          co_return streamed;
        }
        if (!may_share(request, lookup, *view.entry)) co_return Followed::again;
        reply_completed(request, lookup, view, reader.is_leader(), sink);
        co_return Followed::answered;
      case State::released: {
        lookup.extra_names = view.vary_names;
        std::unique_ptr<regen::Handoff> handoff = reader.take_handoff();
        if (handoff) {
          co_await relay(request, sink, lookup, std::move(handoff), view.why);
          co_return Followed::answered;
        }
        co_return view.vary_names.empty() ? Followed::pass : Followed::again;
      }
      case State::failed:
        co_return Followed::origin_failed;
    }
  }
}

/// Whether an answer that was fetched for another request is the one for this.
bool Spine::may_share(const net::Request& request, Lookup& lookup, const isr::Entry& entry) {
  if (request.head.present.contains(FieldId::authorization) &&
      !entry.shareable_with_authorization) {
    return false;
  }
  if (isr::variant_id(entry.vary, request.head.fields, shared_.store.seed()) == entry.variant)
    return true;
  lookup.known_vary = entry.vary;
  lookup.extra_names = entry.vary.names;
  return false;
}

void Spine::reply_completed(const net::Request& request, const Lookup& lookup,
                            const FlightReader::View& view, bool is_leader,
                            net::ResponseSink& sink) {
  Provenance provenance;
  const bool had_old = lookup.found.kind == store::Found::Kind::found;
  provenance.outcome = view.revalidated ? Outcome::revalidated
                       : had_old        ? Outcome::expired
                                        : Outcome::miss;
  provenance.fwd = forward_reason(lookup.found);
  provenance.fwd_status = view.revalidated ? 304 : view.entry->status;
  provenance.stored = true;
  provenance.collapsed = !is_leader;
  provenance.why = view.revalidated ? Why::revalidated : had_old ? Why::expired : Why::miss;
  if (!is_leader) metrics().coalesced.add();
  reply_stored(request, *lookup.site, view.entry, provenance, sink);
}

Task<Spine::Followed> Spine::stream(const net::Request& request, net::ResponseSink& sink,
                                    Lookup& lookup, FlightReader& reader) {
  FlightReader::View view = reader.look();
  const std::shared_ptr<const isr::Entry> draft = view.draft;
  if (!may_share(request, lookup, *draft)) co_return Followed::again;
  Provenance provenance;
  const bool had_old = lookup.found.kind == store::Found::Kind::found;
  provenance.outcome = had_old ? Outcome::expired : Outcome::miss;
  provenance.fwd = forward_reason(lookup.found);
  provenance.fwd_status = draft->status;
  provenance.stored = true;
  provenance.collapsed = !reader.is_leader();
  provenance.why = had_old ? Why::expired : Why::miss;
  if (!reader.is_leader()) metrics().coalesced.add();
  if (is_not_modified(request.head, *draft, now())) {
    reply_stored(request, *lookup.site, draft, provenance, sink);
    co_return Followed::answered;
  }
  DynamicFields dynamic;
  if (draft->initial_age.count() > 0) {
    dynamic.add("Age: ");
    dynamic.add_number(draft->initial_age.count());
    dynamic.add("\r\n");
  }
  append_provenance(provenance, dynamic);
  net::ReplyHead head;
  head.status = draft->status;
  head.prepared = draft->head();
  head.dynamic = dynamic.view();
  const bool has_length = http::has_line(draft->field_lines(), FieldId::content_length);
  head.framing = has_length ? http::BodyKind::length : http::BodyKind::chunked;
  sink.begin(head);
  const net::OriginTimeouts& timeouts =
      lookup.in_force->origins[lookup.site->origin_index]->options().timeouts;
  for (;;) {
    const std::span<const std::string_view> parts(view.parts.data(), view.part_count);
    if (view.part_count > 0 || view.is_last) {
      const bool sent = co_await sink.body(parts, view.is_last);
      reader.consume();
      if (!sent || view.is_last) break;
    } else if (view.state == State::failed || view.state == State::released) {
      sink.abort();
      break;
    } else {
      const net::Wake wake =
          co_await reader.news(worker_.loop_time() + timeouts.idle + std::chrono::seconds(5));
      if (wake != net::Wake::ready) {
        sink.abort();
        break;
      }
    }
    view = reader.look();
  }
  account(request, {lookup.site, provenance.outcome, provenance.why, draft->status, lookup.id},
          sink);
  co_return Followed::answered;
}

/// An entry that is past its time, where it may cover an origin that fails or is too slow.
bool Spine::serve_despite_failure(const net::Request& request, Lookup& lookup, Why why,
                                  net::ResponseSink& sink) {
  const store::Found& found = lookup.found;
  if (found.kind != store::Found::Kind::found || now().mono >= found.windows.error_until ||
      found.windows.must_validate) {
    return false;
  }
  Provenance provenance;
  provenance.hit = true;
  provenance.outcome = Outcome::stale;
  provenance.why = why;
  provenance.ttl = std::chrono::floor<Seconds>(found.windows.fresh_until - now().mono);
  metrics().stale_if_error.add();
  reply_stored(request, *lookup.site, found.entry, provenance, sink);
  return true;
}

void Spine::reply_failed(const net::Request& request, const Lookup& lookup, net::OriginFault fault,
                         int status, net::ResponseSink& sink) {
  std::string extra = "Proxy-Status: isrd; error=";
  extra.append(net::proxy_status_error(fault)).append("\r\n");
  const int answer =
      fault == net::OriginFault::none && status >= 500 ? 502 : net::status_for(fault);
  shared_.origin_log.warn("origin {}: {} for {}{}", lookup.site->origin, net::spell(fault),
                          escape(request.head.authority), escape(request.head.target));
  if (answer == 503) extra += "Retry-After: 1\r\n";
  Provenance provenance;
  provenance.outcome = Outcome::error;
  provenance.why = Why::origin_error;
  provenance.fwd = forward_reason(lookup.found);
  reply_with_error(answer, provenance, extra, false, request.head, now(), sink);
  account(request, {lookup.site, Outcome::error, Why::origin_error, answer, lookup.id}, sink);
}

}  // namespace isrd::serve
