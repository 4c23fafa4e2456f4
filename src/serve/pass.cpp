// Requests that go by the cache: unsafe methods, bodies, uncacheable pages, tunnels. Streamed both
// ways with one buffer between; what is too slow or leaves is cut by deadlines.
#include "http/end_to_end.h"
#include "http/lines.h"
#include "http/url.h"
#include "serve/forward.h"
#include "serve/spine.h"

namespace isrd::serve {
namespace {

using http::FieldId;
using isr::Why;
using net::OriginEvent;
using net::OriginFault;

bool is_safe(http::Method method) {
  return method == http::Method::get || method == http::Method::head ||
         method == http::Method::options;
}

std::string_view forward_reason(Why why) {
  if (why == Why::method) return "method";
  if (why == Why::request_body) return "request";
  if (why == Why::range_miss) return "partial";
  if (why == Why::uncacheable_known) return "miss";
  return "bypass";
}

}  // namespace

/// The request body on its way to the origin, beside the response.
struct Spine::Upload {
  bool done = false;
  net::BodyEnd end = net::BodyEnd::more;
  net::WaitNode* waiter = nullptr;
};

Task<void> Spine::upload(net::RequestBody& body, net::OriginExchange& exchange, Upload& state) {
  for (int steps = 1;; ++steps) {
    if (steps % net::steps_per_turn == 0) co_await net::Yield(worker_);
    const net::RequestBody::Piece piece = co_await body.next();
    if (piece.end != net::BodyEnd::more && piece.end != net::BodyEnd::complete) {
      // The client did not keep its word: the origin must not take a part for the whole.
      state.end = piece.end;
      exchange.abandon_body();
      exchange.cancel();
      break;
    }
    const bool sent = co_await exchange.send(piece.data, piece.end == net::BodyEnd::complete);
    state.end = piece.end;
    if (!sent || piece.end == net::BodyEnd::complete) break;
  }
  state.done = true;
  net::wake_slot(worker_, state.waiter, net::Wake::ready);
}

Task<void> Spine::pass(const net::Request& request, net::ResponseSink& sink,
                       std::shared_ptr<const regen::InForce> in_force, const isr::Site& site,
                       const isr::Route& route, Why why) {
  const Matched matched{in_force, site, route};
  const bool unsafe = !is_safe(request.head.method);
  HeadHook on_head;
  if (unsafe)
    on_head = [&](const http::ResponseHead& head) { invalidate_after_unsafe(request, site, head); };
  co_await exchange_and_relay(request, sink, matched, why, std::move(on_head));
}

Task<void> Spine::pass_head(const net::Request& request, net::ResponseSink& sink,
                            const Lookup& lookup) {
  const store::FetchTicket ticket = shared_.store.begin_fetch();
  regen::Fetch fetch = make_fetch(request, lookup.matched(), lookup.primary(), lookup.found, {});
  const net::LoopTime started = worker_.loop_time();
  HeadHook on_head = [&](const http::ResponseHead& head) {
    if (head.status != 200) return;
    isr::Receipt receipt;
    receipt.wall = now().wall;
    receipt.mono = now().mono;
    receipt.delay = std::chrono::duration_cast<Millis>(worker_.loop_time() - started);
    receipt.asked = ticket.sequence();
    shared_.regenerator.note_head(worker_, fetch, head, receipt);
  };
  co_await exchange_and_relay(request, sink, lookup.matched(), Why::method, std::move(on_head));
}

Task<void> Spine::exchange_and_relay(const net::Request& request, net::ResponseSink& sink,
                                     const Matched& matched, Why why, HeadHook on_head) {
  const http::RequestHead& head = request.head;
  const isr::Site& site = matched.site;
  const isr::Route& route = matched.route;
  const std::string_view scheme = scheme_of(head, *request.peer);
  const bool may_upgrade = head.upgrade_websocket && route.websocket;
  metrics().bypass[static_cast<std::size_t>(why)].add();
  std::string lines = pass_lines(head, *request.peer, may_upgrade, site.regenerate_header);
  lines += own_lines(head, *request.peer, scheme, true);
  net::OutgoingRequest outgoing;
  outgoing.method = head.method_name;
  outgoing.target = head.path == "*" ? head.path : head.origin_form();
  const net::OriginOptions& origin = matched.in_force->origins[site.origin_index]->options();
  outgoing.host = origin.host.empty() ? head.authority : std::string_view(origin.host);
  outgoing.lines = lines;
  outgoing.body = head.framing;
  outgoing.is_head = head.method == http::Method::head;
  outgoing.may_retry = is_safe(head.method) && head.framing.kind == http::BodyKind::none;
  outgoing.upgrade = may_upgrade;
  std::unique_ptr<net::OriginExchange> exchange =
      matched.in_force->origins[site.origin_index]->open(worker_, outgoing);
  if (is_safe(head.method)) sink.watch_client(exchange.get());

  Upload state;
  state.done = head.framing.kind == http::BodyKind::none;
  if (!state.done) {
    const OriginFault fault = co_await exchange->connect();
    if (fault == OriginFault::none) {
      worker_.spawn(upload(*request.body, *exchange, state));
    } else {
      state.done = true;
    }
  }
  try {
    co_await relay_response(request, sink, site, why, *exchange, may_upgrade, on_head);
  } catch (const std::exception& error) {
    // The upload refers to what this frame holds: it must end first.
    log_error("a relay ended by an exception: {}", error.what());
    sink.abort();
  }
  sink.watch_client(nullptr);
  while (!state.done) {
    request.body->stop();
    exchange->cancel();
    co_await net::Wait(worker_, state.waiter, worker_.loop_time() + std::chrono::seconds(1));
  }
}

/// From the origin's first event to the end of the response. False: it was cut.
Task<bool> Spine::relay_response(const net::Request& request, net::ResponseSink& sink,
                                 const isr::Site& site, Why why, net::OriginExchange& exchange,
                                 bool may_upgrade, const HeadHook& on_head) {
  const net::LoopTime started = worker_.loop_time();
  OriginEvent event = co_await exchange.next(std::span<char>());
  while (event.kind == OriginEvent::Kind::interim) {
    std::string lines = http::status_line(event.head->status);
    http::append_response_lines(event.head->fields, {}, false, lines);
    // 100 Continue is isrd's own word to its client.
    if (event.head->status != 100) {
      const std::string_view text = lines;
      co_await sink.interim(text);
    }
    event = co_await exchange.next(std::span<char>());
  }
  WorkerMetrics& m = metrics();
  auto& fetches = m.fetches[static_cast<std::size_t>(FetchKind::pass)];
  if (event.kind != OriginEvent::Kind::head) {
    fetches[0].add();
    m.faults[static_cast<std::size_t>(event.fault)].add();
    if (event.fault == OriginFault::cancelled && sink.client_left()) {
      sink.abort();
      co_return false;
    }
    Lookup lookup;
    lookup.site = &site;
    const int status = request_failure_status(*request.body, event.fault);
    if (status != 0) {
      reply_error(request, &site, status, why, {}, sink);
    } else {
      reply_failed(request, lookup, event.fault, 0, sink);
    }
    co_return false;
  }
  const http::ResponseHead& head = *event.head;
  fetches[static_cast<std::size_t>(head.status / 100)].add();
  if (on_head) on_head(head);
  regen::Handoff answer;
  answer.status = head.status;
  answer.head = http::status_line(head.status);
  http::append_response_lines(head.fields, {}, false, answer.head);
  answer.framing = head.framing;
  answer.whole = event.last;
  if (const http::Field* age = head.find(FieldId::age)) answer.age = age->value;
  if (const http::Field* length = head.find(FieldId::content_length);
      length && (request.head.method == http::Method::head || head.status == 304)) {
    http::append_line(answer.head, "Content-Length", length->value);
  }
  const bool upgraded = head.status == 101 && may_upgrade;
  const bool whole = co_await relay_body(request, sink, site, why, answer, exchange, upgraded);
  m.fetch_duration.record(worker_.loop_time() - started);
  co_return whole;
}

/// Sends the head of an answer that is not stored, and its body as it comes.
Task<bool> Spine::relay_body(const net::Request& request, net::ResponseSink& sink,
                             const isr::Site& site, Why why, const regen::Handoff& answer,
                             net::OriginExchange& exchange, bool upgraded) {
  Provenance provenance;
  provenance.outcome = Outcome::bypass;
  provenance.why = why;
  provenance.fwd = forward_reason(why);
  provenance.fwd_status = answer.status;
  DynamicFields dynamic;
  if (!answer.age.empty()) {
    dynamic.add("Age: ");
    dynamic.add(std::string_view(answer.age).substr(0, 64));
    dynamic.add("\r\n");
  }
  append_provenance(provenance, dynamic);
  std::string prepared = answer.head;
  if (upgraded) prepared += "Upgrade: websocket\r\n";
  net::ReplyHead head;
  head.status = answer.status;
  head.dynamic = dynamic.view();
  const bool has_body =
      request.head.method != http::Method::head && answer.framing.kind != http::BodyKind::none;
  if (has_body) {
    head.framing = http::BodyKind::chunked;
    if (answer.framing.kind == http::BodyKind::length) {
      head.framing = http::BodyKind::length;
      http::append_line(prepared, "Content-Length", std::to_string(answer.framing.length));
    }
  }
  head.prepared = prepared;
  sink.begin(head);
  const Account done{&site, Outcome::bypass, why, answer.status, {}};
  if (upgraded) {
    co_await sink.tunnel(exchange);
    account(request, done, sink);
    co_return true;
  }
  bool last = answer.whole || !has_body;
  std::span<const std::string_view> nothing;
  if (last) {
    const bool sent = co_await sink.body(nothing, true);
    account(request, done, sink);
    co_return sent;
  }
  // A stream's head must not wait for its first byte.
  bool head_sent = false;
  for (int steps = 1; !last; ++steps) {
    if (steps % net::steps_per_turn == 0) co_await net::Yield(worker_);
    if (!head_sent && !exchange.ready()) co_await sink.body(nothing, false);
    head_sent = true;
    const OriginEvent event = co_await exchange.next(std::span<char>());
    if (event.kind == OriginEvent::Kind::error) {
      metrics().faults[static_cast<std::size_t>(event.fault)].add();
      sink.abort();
      break;
    }
    last = event.last || event.kind == OriginEvent::Kind::end;
    const std::span<const std::string_view> parts(&event.data, event.data.empty() ? 0 : 1);
    const bool sent = co_await sink.body(parts, last);
    if (!sent) break;
  }
  account(request, done, sink);
  co_return last;
}

/// What the client is told when its own body is why the exchange failed; 0 when it is not.
int Spine::request_failure_status(const net::RequestBody& body, OriginFault fault) {
  if (fault != OriginFault::cancelled) return 0;
  switch (body.last_end()) {
    case net::BodyEnd::broken:
      return 400;
    case net::BodyEnd::too_slow:
      return 408;
    case net::BodyEnd::too_large:
      return 413;
    case net::BodyEnd::more:
    case net::BodyEnd::complete:
      return 0;
  }
  return 0;
}

/// The rest of an answer that a flight could not share, for its leader.
Task<bool> Spine::relay(const net::Request& request, net::ResponseSink& sink, const Lookup& lookup,
                        std::unique_ptr<regen::Handoff> handoff, Why why) {
  sink.watch_client(handoff->exchange.get());
  const bool whole =
      co_await relay_body(request, sink, *lookup.site, why, *handoff, *handoff->exchange, false);
  sink.watch_client(nullptr);
  co_return whole;
}

/// RFC 9111 section 4.4: a successful unsafe request invalidates its target, and what Location and
/// Content-Location name on the same host.
void Spine::invalidate_after_unsafe(const net::Request& request, const isr::Site& site,
                                    const http::ResponseHead& head) {
  if (head.status >= 400) return;
  const std::string_view scheme = scheme_of(request.head, *request.peer);
  const auto expire = [&](std::string_view authority, std::string_view target) {
    isr::Selector selector;
    std::string url(authority);
    url.append(target);
    if (!isr::parse_selector(url, isr::Selector::Kind::url, selector)) return;
    selector.site = site.name;
    const store::Invalidated done =
        shared_.store.invalidate(selector, isr::Mode::expire, now().mono);
    metrics().invalidated_entries.add(done.entries.size());
  };
  if (request.head.path != "*") expire(request.head.authority, request.head.origin_form());
  for (const FieldId id : {FieldId::location, FieldId::content_location}) {
    const http::Field* field = head.find(id);
    if (!field) continue;
    if (field->value.starts_with('/') && !field->value.starts_with("//")) {
      expire(request.head.authority, field->value);
    } else if (const auto url = http::parse_url(field->value)) {
      const bool same = url->scheme == scheme &&
                        http::iequals(http::normalised_host(*url), request.head.authority);
      if (same) expire(request.head.authority, url->target);
    }
  }
}

}  // namespace isrd::serve
