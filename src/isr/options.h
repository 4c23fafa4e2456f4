// The operator's word about sites and routes, as plain values (src/config fills them).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace isrd::isr {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What an invalidation does to an entry (docs: "Invalidation").
enum class Mode { refresh, expire, purge };

/// How long an entry is what. The profile of a route is ISR when `fresh` is set, else RFC 9111.
struct WindowOptions {
  std::optional<milliseconds> fresh;
  std::optional<milliseconds> stale;
  std::optional<milliseconds> error;
};

/// Which refusals of the origin the operator overrules by name.
struct OverrideOptions {
  bool cache_control = false;
  bool set_cookie = false;
  bool vary = false;

  bool operator==(const OverrideOptions&) const = default;
};

struct RouteOptions {
  std::string name;
  std::string path = "/**";  // the pattern of match.path: literal, {name}, *, **
  bool cache = true;
  WindowOptions windows;
  OverrideOptions overrides;
  bool websocket = false;  // upgrade: websocket
};

struct SiteOptions {
  std::string name;
  std::vector<std::string> hosts;  // exact, "*.suffix" or "*"
  std::string origin;
  bool websocket = false;
  bool client_directives = false;  // obey the request's Cache-Control (RFC 9111 section 5.2.1)
  milliseconds wait_max = milliseconds(900);
  milliseconds uncacheable_for = seconds(120);
  Mode purge_mode = Mode::refresh;
  WindowOptions windows;  // for requests that no route matches
  std::string regenerate_header = "X-ISR-Regenerate";
  std::vector<RouteOptions> routes;
};

}  // namespace isrd::isr
