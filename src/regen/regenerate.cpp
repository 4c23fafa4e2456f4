#include "regen/regenerate.h"

#include <algorithm>

#include "base/log.h"
#include "http/end_to_end.h"
#include "http/lines.h"
#include "isr/build_entry.h"

namespace isrd::regen {
namespace {

using isr::Why;
using net::OriginEvent;
using net::OriginFault;

Millis between(net::LoopTime from, net::LoopTime to) {
  return std::chrono::duration_cast<Millis>(to - from);
}

void count_fetch(WorkerMetrics& metrics, FetchKind kind, int status) {
  const std::size_t status_class =
      status >= 100 && status < 600 ? static_cast<std::size_t>(status / 100) : 0;
  metrics.fetches[static_cast<std::size_t>(kind)][status_class].add();
}

/// The names that both Vary and the withheld fields have: the answer is not the one this visitor
/// would have got.
std::vector<std::string> unheard_names(const http::VaryRule& vary,
                                       const std::vector<std::string>& withheld) {
  std::vector<std::string> both;
  for (const std::string& name : vary.names) {
    if (name != "cookie" && std::find(withheld.begin(), withheld.end(), name) != withheld.end()) {
      both.push_back(name);
    }
  }
  return both;
}

/// Takes out of Vary what the key holds anyway, or what a fill never sends. False: it names
/// something that isrd writes itself or never passes on, so that no later request could be compared
/// with this one.
bool settle_vary(http::VaryRule& vary, bool is_isr) {
  static constexpr std::string_view in_key[] = {"host", "x-forwarded-proto", "x-forwarded-host",
                                                "x-forwarded-port"};
  static constexpr std::string_view never_compared[] = {
      "forwarded",         "via",     "cdn-loop",  "connection", "te",
      "transfer-encoding", "upgrade", "keep-alive"};
  const auto is_one_of = [](std::span<const std::string_view> list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  std::erase_if(vary.names, [&](const std::string& name) {
    return is_one_of(in_key, name) || (is_isr && name == "cookie");
  });
  return std::none_of(vary.names.begin(), vary.names.end(), [&](const std::string& name) {
    return is_one_of(never_compared, name) || name.starts_with("x-forwarded-") ||
           name.starts_with("x-isr-") || name.find('_') != std::string::npos;
  });
}

/// Whether an answer that cannot be stored says something of the page, rather than of the one who
/// asked or of the moment: only then is the old page given up and the key remembered as
/// uncacheable.
bool tells_of_page(int status, Why why, const isr::RequestFacts& facts) {
  if (why == Why::server_error || why == Why::vary_miss || why == Why::authorization_response)
    return false;
  if (why == Why::no_freshness && facts.cookie) return false;
  return status < 400 || status == 404 || status == 410;
}

}  // namespace

/// What a fetch has learnt so far.
struct Regenerator::Answer {
  std::unique_ptr<net::OriginExchange> exchange;
  std::string lines;  // what the exchange's request refers to
  const http::ResponseHead* head = nullptr;
  bool whole = false;  // nothing follows the head
  isr::Judgement judgement;
  isr::Receipt receipt;
  net::LoopTime started{};
};

void Regenerator::start(net::Worker& worker, std::shared_ptr<Flight> flight, Fetch fetch) {
  flight->lead_on(worker);
  worker.spawn(run(worker, std::move(flight), std::move(fetch)));
}

Task<void> Regenerator::run(net::Worker& worker, std::shared_ptr<Flight> flight,
                            Fetch fetch_order) {
  flight->lead_on(worker);
  const std::string origin = fetch_order.origin_options().name;
  const bool background = fetch_order.background;
  bool threw = false;
  try {
    co_await fetch(worker, *flight, fetch_order);
  } catch (const std::exception& error) {
    log_error("a fetch ended by an exception: {}", error.what());
    threw = true;
  }
  if (threw) failed(worker, *flight, fetch_order, OriginFault::cancelled, 0);
  flights_.finish(fetch_order.flight_id, *flight);
  if (background) finish_background(origin);
}

Task<void> Regenerator::fetch(net::Worker& worker, Flight& flight, Fetch& fetch) {
  const store::FetchTicket ticket = store_.begin_fetch();
  flight.set_asked(ticket.sequence());
  Answer answer;
  answer.started = worker.loop_time();
  answer.receipt.asked = ticket.sequence();
  answer.lines = fetch.recipe.fields + fetch.own_lines;
  if (fetch.old && fetch.old->has_validator()) answer.lines += isr::condition_lines(*fetch.old);
  if (fetch.background) http::append_line(answer.lines, fetch.site->regenerate_header, "1");

  net::OutgoingRequest request;
  request.method = "GET";
  request.target = fetch.recipe.target;
  const net::OriginOptions& origin = fetch.origin_options();
  request.host = origin.host.empty() ? fetch.recipe.host : origin.host;
  request.lines = answer.lines;
  request.may_retry = true;
  answer.exchange = fetch.in_force->origins[fetch.site->origin_index]->open(worker, request);
  for (;;) {
    const OriginEvent event = co_await answer.exchange->next(std::span<char>());
    if (event.kind == OriginEvent::Kind::interim) {
      std::string lines = http::status_line(event.head->status);
      http::append_response_lines(event.head->fields, {}, true, lines);
      flight.add_interim(std::move(lines));
      continue;
    }
    if (event.kind != OriginEvent::Kind::head) {
      failed(worker, flight, fetch, event.fault, 0);
      co_return;
    }
    answer.head = event.head;
    answer.whole = event.last;
    break;
  }
  answer.receipt.mono = worker.now().mono;
  answer.receipt.wall = worker.now().wall;
  answer.receipt.delay = between(answer.started, worker.loop_time());
  const FetchKind kind = fetch.background ? FetchKind::background : FetchKind::sync;
  count_fetch(metrics(worker), kind, answer.head->status);
  co_await store_answer(worker, flight, fetch, answer);
  metrics(worker).fetch_duration.record(worker.loop_time() - answer.started);
}

Task<void> Regenerator::store_answer(net::Worker& worker, Flight& flight, Fetch& fetch,
                                     Answer& answer) {
  const http::ResponseHead& head = *answer.head;
  if (head.status == 304 && fetch.old) {
    answer_not_modified(worker, flight, fetch, answer);
    co_return;
  }
  answer.judgement = isr::judge(head.status, head.fields, fetch.facts, fetch.route->policy,
                                answer.receipt.wall, answer.receipt.delay);
  isr::Judgement& judgement = answer.judgement;
  const bool server_error = head.status >= 500;
  if (server_error && (!judgement.store || fetch.old)) {
    // A good entry is never replaced by an error.
    const bool covered = fetch.old && worker.now().mono < fetch.old_windows.error_until;
    if (fetch.background || covered) {
      failed(worker, flight, fetch, OriginFault::none, head.status);
    } else {
      hand_off(worker, flight, fetch, answer, Why::server_error, {});
    }
    co_return;
  }
  if (judgement.store && head.framing.kind == http::BodyKind::length &&
      head.framing.length > store_.object_bytes_max()) {
    judgement.store = false;
    judgement.why = Why::too_large;
  }
  if (judgement.store && !settle_vary(judgement.vary, fetch.route->policy.is_isr())) {
    judgement.store = false;
    judgement.why = Why::vary_any;
  }
  std::vector<std::string> unheard = unheard_names(judgement.vary, fetch.withheld_names);
  if (!judgement.store || !unheard.empty()) {
    hand_off(worker, flight, fetch, answer, judgement.store ? Why::vary_miss : judgement.why,
             std::move(unheard));
    co_return;
  }
  isr::Entry entry =
      isr::build_entry(fetch.key, head, judgement, fetch.recipe, fetch.facts, answer.receipt);
  entry.primary = fetch.primary;
  entry.variant =
      isr::variant_id(judgement.vary, http::fields_of_lines(fetch.recipe.fields), store_.seed());
  const bool received = co_await receive(worker, flight, fetch, answer, entry);
  if (!received) co_return;
  isr::seal(entry, flight.take_body());
  Freshened done = store(worker, fetch, std::move(entry), judgement);
  complete(worker, flight, fetch, std::move(done), false);
}

/// Reads the body into the flight; readers are fed as soon as there is something to wait for.
/// False: it did not come whole or will not be stored, and the flight has been told.
Task<bool> Regenerator::receive(net::Worker& worker, Flight& flight, Fetch& fetch, Answer& answer,
                                isr::Entry& entry) {
  bool streaming = false;
  bool windowed = false;
  bool last = answer.whole;
  std::optional<std::uint64_t> length;
  if (answer.head->framing.kind == http::BodyKind::length) length = answer.head->framing.length;
  for (int steps = 1; !last; ++steps) {
    if (steps % net::steps_per_turn == 0) co_await net::Yield(worker);
    if (!streaming && !answer.exchange->ready()) {
      flight.begin_streaming(isr::announce(entry, length), length);
      streaming = true;
    }
    if (windowed) {
      const bool wanted = co_await flight.wait_for_readers();
      if (!wanted) {
        failed(worker, flight, fetch, OriginFault::cancelled, 0);
        co_return false;
      }
    }
    const std::span<char> room = streaming ? flight.room() : std::span<char>();
    const OriginEvent event = co_await answer.exchange->next(room);
    if (event.kind == OriginEvent::Kind::error) {
      failed(worker, flight, fetch, event.fault, 0);
      co_return false;
    }
    if (event.data.data() == room.data() && !event.data.empty() && streaming) {
      flight.commit(event.data.size());
    } else {
      flight.append(event.data);
    }
    last = event.last || event.kind == OriginEvent::Kind::end;
    if (!windowed && (flight.size() > store_.object_bytes_max() || flight.memory_refused())) {
      // It turns out too large to be stored: whoever reads it is served, and nothing is kept.
      if (!streaming) flight.begin_streaming(isr::announce(entry, length), length);
      streaming = windowed = true;
      flight.keep_window_only();
    }
    if (streaming && !last) flight.notify();
  }
  if (!windowed) co_return true;
  metrics(worker).not_stored[static_cast<std::size_t>(Why::too_large)].add();
  store_.remember_uncacheable({fetch.primary, fetch.key},
                              worker.now().mono + fetch.site->uncacheable_for);
  flight.complete(nullptr, {}, false);
  co_return false;
}

void Regenerator::answer_not_modified(net::Worker& worker, Flight& flight, Fetch& fetch,
                                      Answer& answer) {
  Freshened done = freshen(worker, fetch, answer.head->fields, answer.receipt);
  if (done.entry) {
    complete(worker, flight, fetch, std::move(done), true);
    return;
  }
  // The page may not be shared any more: everybody asks for himself.
  store_.remember_uncacheable({fetch.primary, fetch.key},
                              worker.now().mono + fetch.site->uncacheable_for);
  flights_.finish(fetch.flight_id, flight);
  flight.release(nullptr, Why::none, {});
}

/// The old entry with the fields of a 304, or of a HEAD's 200, put in place. Without an entry:
/// those fields forbid it, and the old one is gone.
Regenerator::Freshened Regenerator::freshen(net::Worker& worker, const Fetch& fetch,
                                            std::span<const http::Field> fields,
                                            const isr::Receipt& receipt) {
  const std::string plain = isr::freshened_lines(*fetch.old, fields);
  std::vector<http::Field> merged = http::fields_of_lines(plain);
  for (const http::Field& field : fields) {
    if (field.id == http::FieldId::age) merged.push_back(field);  // not stored, but it counts
  }
  isr::Judgement judgement = isr::judge(fetch.old->status, merged, fetch.facts, fetch.route->policy,
                                        receipt.wall, receipt.delay);
  if (!settle_vary(judgement.vary, fetch.route->policy.is_isr())) judgement.store = false;
  if (!judgement.store) {
    store_.forget(*fetch.old);
    metrics(worker).not_stored[static_cast<std::size_t>(judgement.why)].add();
    return {};
  }
  isr::Entry entry = isr::freshen(*fetch.old, isr::freshened_lines(*fetch.old, fields, judgement),
                                  judgement, receipt);
  entry.variant =
      isr::variant_id(judgement.vary, http::fields_of_lines(fetch.recipe.fields), store_.seed());
  return store(worker, fetch, std::move(entry), judgement);
}

Regenerator::Freshened Regenerator::store(net::Worker& worker, const Fetch& fetch, isr::Entry entry,
                                          const isr::Judgement& judgement) {
  const isr::Lifetime lifetime = fetch.route->policy.is_isr()
                                     ? isr::with_jitter(judgement.lifetime, fetch.primary)
                                     : judgement.lifetime;
  Freshened done;
  done.windows = isr::windows_from(lifetime, entry.received, fetch.in_force->sites->generation());
  done.entry = isr::compact(std::move(entry));
  store_.publish(done.entry, done.windows);
  metrics(worker).stored[static_cast<std::size_t>(judgement.why)].add();
  return done;
}

void Regenerator::complete(net::Worker& worker, Flight& flight, const Fetch& fetch, Freshened done,
                           bool revalidated) {
  note_success(fetch.flight_id);
  if (fetch.background) metrics(worker).regenerations_ok.add();
  // Out of the table first: who comes now finds the entry, not a flight that has ended.
  flights_.finish(fetch.flight_id, flight);
  flight.complete(std::move(done.entry), done.windows, revalidated);
}

void Regenerator::note_head(net::Worker& worker, const Fetch& fetch, const http::ResponseHead& head,
                            const isr::Receipt& receipt) {
  const isr::Entry& old = *fetch.old;
  const auto agrees = [&](http::FieldId id, std::string_view stored) {
    const http::Field* field = head.find(id);
    return !field || field->value == stored;
  };
  // A validator must be there and agree; one that differs tells of another page.
  const bool same = agrees(http::FieldId::etag, old.etag) &&
                    agrees(http::FieldId::last_modified, old.last_modified) &&
                    agrees(http::FieldId::content_length, std::to_string(old.body.size));
  const bool validated = (!old.etag.empty() && head.find(http::FieldId::etag)) ||
                         (!old.last_modified.empty() && head.find(http::FieldId::last_modified));
  if (same && validated) freshen(worker, fetch, head.fields, receipt);
  if (!same) store_.forget(old);
}

void Regenerator::hand_off(net::Worker& worker, Flight& flight, Fetch& fetch, Answer& answer,
                           Why why, std::vector<std::string> vary_names) {
  metrics(worker).not_stored[static_cast<std::size_t>(why)].add();
  if (tells_of_page(answer.head->status, why, fetch.facts) && vary_names.empty()) {
    if (fetch.old) store_.forget(*fetch.old);
    store_.remember_uncacheable({fetch.primary, fetch.key},
                                worker.now().mono + fetch.site->uncacheable_for);
  }
  if (fetch.background) {
    if (!tells_of_page(answer.head->status, why, fetch.facts))
      note_failure(fetch.flight_id, worker.loop_time());
    answer.exchange.reset();
    flights_.finish(fetch.flight_id, flight);
    flight.release(nullptr, why, std::move(vary_names));
    return;
  }
  std::unique_ptr<Handoff> handoff;
  if (!fetch.fields_withheld) {
    handoff = std::make_unique<Handoff>();
    handoff->status = answer.head->status;
    handoff->head = http::status_line(answer.head->status);
    http::append_response_lines(answer.head->fields, {}, false, handoff->head);
    handoff->framing = answer.head->framing;
    handoff->whole = answer.whole;
    if (const http::Field* age = answer.head->find(http::FieldId::age)) handoff->age = age->value;
    handoff->exchange = std::move(answer.exchange);
  }
  flights_.finish(fetch.flight_id, flight);
  flight.release(std::move(handoff), why, std::move(vary_names));
}

void Regenerator::failed(net::Worker& worker, Flight& flight, const Fetch& fetch, OriginFault fault,
                         int status) {
  WorkerMetrics& m = metrics(worker);
  if (fault != OriginFault::none) {
    count_fetch(m, fetch.background ? FetchKind::background : FetchKind::sync, 0);
    m.faults[static_cast<std::size_t>(fault)].add();
  }
  if (fetch.background) m.regenerations_failed.add();
  if (fault != OriginFault::cancelled) note_failure(fetch.flight_id, worker.loop_time());
  flights_.finish(fetch.flight_id, flight);
  flight.fail(fault, status);
}

}  // namespace isrd::regen
