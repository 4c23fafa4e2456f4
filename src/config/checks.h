// What no single row can see: names that are given twice or to nothing, times that contradict each
// other.
#pragma once

#include <string>
#include <vector>

#include "config/binder.h"

namespace isrd::config {

/// Also fills in what follows from the rest: the only origin, the names of nameless routes.
void check(Bound& bound, const std::string& file, std::vector<Diagnostic>& errors,
           std::vector<Diagnostic>& warnings);

}  // namespace isrd::config
