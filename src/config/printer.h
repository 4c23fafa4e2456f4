// What the schema prints: the reference of all keys, and the configuration that is in force.
#pragma once

#include <string>

#include "config/config.h"

namespace isrd::config {

/// `isrd config --docs`: the reference in Markdown, which docs/configuration.md holds byte for
/// byte.
std::string docs();

/// `isrd config --effective`: YAML that the loader accepts again. Secrets are masked, in comments.
std::string effective(const Config& config);

}  // namespace isrd::config
