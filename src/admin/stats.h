// GET /v1/stats: the numbers a person asks for, as JSON.
#pragma once

#include <string>

#include "admin/control.h"

namespace isrd::admin {

std::string stats_json(const Control& control);

}  // namespace isrd::admin
