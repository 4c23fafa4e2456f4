// The groups of the schema, each in its own file. Included by schema.cpp and them only.
#pragma once

#include "config/schema.h"

namespace isrd::config {

Group listening_group();
Group timeout_group();
Group limit_group();
Group admin_group();
Group store_group();
Group log_group();
Group origin_group();
Group site_group();
Group route_group();

}  // namespace isrd::config
