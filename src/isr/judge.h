// Judging an origin's answer: may it be stored, and for how long is it what (RFC 9111 sections 3
// and 4.2, RFC 5861, RFC 9213; DESIGN "Freshness and the two profiles"). Pure: values in, values
// out.
#pragma once

#include <span>

#include "base/clock.h"
#include "http/head.h"
#include "http/vary.h"
#include "isr/options.h"
#include "isr/why.h"

namespace isrd::isr {

/// What a route says, resolved: the only thing of the configuration that judging needs.
struct Policy {
  WindowOptions windows;
  OverrideOptions overrides;
  bool is_isr() const { return windows.fresh.has_value(); }
};

/// The facts about the request that led to the answer.
struct RequestFacts {
  bool authorization = false;
  bool cookie = false;
};

/// How long an answer is what, counted from when it was received (monotonic). Negative or zero
/// fresh_for: stale at birth.
struct Lifetime {
  Millis fresh_for{0};  // what remains of the freshness lifetime after the age it arrived with
  Millis stale_for{0};  // after fresh_for: served at once, regenerated behind
  Millis error_for{0};  // after fresh_for + stale_for: served only if the origin fails
  bool must_validate = false;  // no-cache: every use is validated first
};

struct Judgement {
  bool store = false;
  Why why = Why::none;     // why it is stored, or why not
  Seconds initial_age{0};  // the age it had when it was received (RFC 9111 section 4.2.3)
  Lifetime lifetime;
  http::VaryRule vary;  // empty where the operator overrules it
  bool strip_set_cookie = false;
  std::vector<std::string> withheld_fields;  // by qualified no-cache or private
};

/// `received` is the wall time of receipt, `delay` the time between request and answer. GET answers
/// only; the caller has already excluded 1xx and 304.
Judgement judge(int status, std::span<const http::Field> fields, const RequestFacts& request,
                const Policy& policy, WallTime received, Millis delay);

/// The lifetime alone, for an entry that is kept: after a reload, or a 304.
Lifetime lifetime_of(int status, std::span<const http::Field> fields, const RequestFacts& request,
                     const Policy& policy, WallTime received, Millis delay);

}  // namespace isrd::isr
