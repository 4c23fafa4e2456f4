#include "isr/why.h"

namespace isrd::isr {

std::string_view spell(Why why) {
  switch (why) {
    case Why::none:
      return "none";
    case Why::method:
      return "method";
    case Why::request_body:
      return "request_body";
    case Why::route_off:
      return "route_off";
    case Why::authorization:
      return "authorization";
    case Why::cookie:
      return "cookie";
    case Why::upgrade:
      return "upgrade";
    case Why::range_miss:
      return "range_miss";
    case Why::uncacheable_known:
      return "uncacheable_known";
    case Why::client_no_store:
      return "client_no_store";
    case Why::only_if_cached:
      return "only_if_cached";
    case Why::unknown_site:
      return "unknown_site";
    case Why::path_ambiguous:
      return "path_ambiguous";
    case Why::waiters_full:
      return "waiters_full";
    case Why::fresh_headers:
      return "fresh_headers";
    case Why::fresh_rule:
      return "fresh_rule";
    case Why::fresh_heuristic:
      return "fresh_heuristic";
    case Why::validate_each_use:
      return "validate_each_use";
    case Why::no_store:
      return "no_store";
    case Why::private_response:
      return "private_response";
    case Why::no_cache:
      return "no_cache";
    case Why::zero_age:
      return "zero_age";
    case Why::set_cookie:
      return "set_cookie";
    case Why::vary_any:
      return "vary_any";
    case Why::no_freshness:
      return "no_freshness";
    case Why::status_not_storable:
      return "status_not_storable";
    case Why::not_understood:
      return "not_understood";
    case Why::authorization_response:
      return "authorization_response";
    case Why::partial:
      return "partial";
    case Why::too_large:
      return "too_large";
    case Why::incomplete:
      return "incomplete";
    case Why::server_error:
      return "server_error";
    case Why::invalidated_meanwhile:
      return "invalidated_meanwhile";
    case Why::fresh:
      return "fresh";
    case Why::stale_while_revalidate:
      return "stale_while_revalidate";
    case Why::stale_rule:
      return "stale_rule";
    case Why::invalidated:
      return "invalidated";
    case Why::stale_if_error:
      return "stale_if_error";
    case Why::expired:
      return "expired";
    case Why::revalidated:
      return "revalidated";
    case Why::miss:
      return "miss";
    case Why::vary_miss:
      return "vary_miss";
    case Why::collapsed:
      return "collapsed";
    case Why::wait_expired:
      return "wait_expired";
    case Why::origin_error:
      return "origin_error";
  }
  return "unknown";  // no enumerator: a byte that was read from a store of another version
}

}  // namespace isrd::isr
