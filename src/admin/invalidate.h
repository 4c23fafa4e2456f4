// POST /v1/invalidate: from a JSON or NDJSON body to selectors, item by item, and from the outcome
// to the answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "admin/answer.h"
#include "admin/control.h"
#include "admin/endpoints.h"

namespace isrd::admin {

enum class MediaType : std::uint8_t { json, ndjson, other };

/// Without its parameters, in any case.
MediaType media_type(std::string_view content_type);

/// Answers POST /v1/invalidate.
Answer invalidate(const Call& call, Control& control);

}  // namespace isrd::admin
