// An outcome of judging as one line of text, so that the rows of a table read like what they
// promise: "fresh_headers 600/30/0" is stored, fresh for 600 s, then stale for 30 s, then for 0 s
// in case of errors; "validate_each_use 600/0/0 each" must be validated on each use; "no
// private_response" is not stored.
#pragma once

#include <string>

#include "isr/judge.h"
#include "unit/http/make_fields.h"

namespace isrd::isr {

using http::Lines;
using namespace std::chrono_literals;

/// 6 November 1994, 08:49:37 GMT, the time of receipt in all tables.
inline constexpr WallTime received =
    std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;
inline constexpr std::string_view date_now = "Sun, 06 Nov 1994 08:49:37 GMT";

inline std::string in_seconds(Millis time) {
  if (time % 1s == 0ms) return std::to_string(time / 1s);
  return std::to_string(time.count()) + "ms";
}

inline std::string describe(const Lifetime& lifetime) {
  return in_seconds(lifetime.fresh_for) + "/" + in_seconds(lifetime.stale_for) + "/" +
         in_seconds(lifetime.error_for) + (lifetime.must_validate ? " each" : "");
}

inline std::string describe(const Judgement& judgement) {
  const std::string why(spell(judgement.why));
  return judgement.store ? why + " " + describe(judgement.lifetime) : "no " + why;
}

inline Judgement judge_lines(const Lines& lines, const Policy& policy, int status = 200,
                             const RequestFacts& request = {}, Millis delay = 0ms) {
  return judge(status, http::make_fields(lines), request, policy, received, delay);
}

inline std::string outcome(const Lines& lines, const Policy& policy, int status = 200,
                           const RequestFacts& request = {}, Millis delay = 0ms) {
  return describe(judge_lines(lines, policy, status, request, delay));
}

/// The profiles of the tables.
inline Policy rfc_profile() { return {}; }
inline Policy isr_route() { return {{60s, 1h, 2h}, {}}; }
inline Policy isr_route_fresh_only() { return {{60s, std::nullopt, std::nullopt}, {}}; }

inline Policy overriding(Policy policy, bool OverrideOptions::*name) {
  policy.overrides.*name = true;
  return policy;
}

}  // namespace isrd::isr
