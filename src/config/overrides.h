// Puts the environment and the command line into the tree of the document, before anything is read
// from it, so that every rule holds for a value wherever it came from. The command line wins over
// the environment, both over the file.
#pragma once

#include <string>
#include <vector>

#include "config/document.h"
#include "config/environment.h"

namespace isrd::config {

/// Also adds the site `default` for every host where the document has no site and exactly one
/// origin.
void apply_overrides(Node& root, const Environment& environment, const Overrides& overrides,
                     std::vector<Diagnostic>& errors);

/// The value of a name in an ISR_* variable: upper-cased, everything else than letters and digits
/// as `_`.
std::string environment_word(std::string_view name);

}  // namespace isrd::config
