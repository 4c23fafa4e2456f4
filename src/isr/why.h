// Every reason for a decision, each spelled once. The same word goes to Cache-Status, logs, metrics
// and explain.
#pragma once

#include <cstdint>
#include <string_view>

namespace isrd::isr {

enum class Why : std::uint8_t {
  none,
  // classification: why a request passes by the cache
  method,
  request_body,
  route_off,
  authorization,
  cookie,
  upgrade,
  range_miss,
  uncacheable_known,
  client_no_store,
  only_if_cached,
  unknown_site,
  path_ambiguous,
  waiters_full,
  // judging: why an answer is stored or not
  fresh_headers,
  fresh_rule,
  fresh_heuristic,
  validate_each_use,
  no_store,
  private_response,
  no_cache,
  zero_age,
  set_cookie,
  vary_any,
  no_freshness,
  status_not_storable,
  not_understood,
  authorization_response,
  partial,
  too_large,
  incomplete,
  server_error,
  invalidated_meanwhile,
  // use of an entry
  fresh,
  stale_while_revalidate,
  stale_rule,
  invalidated,
  stale_if_error,
  expired,
  revalidated,
  miss,
  vary_miss,
  collapsed,
  wait_expired,
  origin_error,
};

/// The word for it, lower case with underscores.
std::string_view spell(Why why);

}  // namespace isrd::isr
