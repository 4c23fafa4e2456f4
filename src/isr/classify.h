// Classification: which requests the cache may answer, and why the others pass by it. Pure.
#pragma once

#include "http/head.h"
#include "isr/route.h"

namespace isrd::isr {

enum class Plan : std::uint8_t { cache, pass };

struct Classification {
  Plan plan = Plan::cache;
  Why why = Why::none;  // of a pass
};

/// `ambiguous` is Site::match's word about the path.
Classification classify(const http::RequestHead& request, const Route& route, bool ambiguous);

/// Whether every cookie of the request is one of the built-in analytics and consent cookies, which
/// mark nobody.
bool has_only_harmless_cookies(const http::RequestHead& request);

}  // namespace isrd::isr
