// GET /metrics: every metric of isrd in Prometheus' text format. Names are a contract
// (invalidation-wire.md section 9).
#pragma once

#include <string>

#include "admin/control.h"

namespace isrd::admin {

std::string prometheus_text(const Control& control);

}  // namespace isrd::admin
