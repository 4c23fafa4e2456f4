// From a file, the environment and the command line to a Config, or to everything that is wrong
// with them, at once. Order: YAML tree, ${VAR}, ISR_* and command line into the tree, rows, checks
// over the whole. Nothing here throws.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/diagnostic.h"
#include "config/environment.h"

namespace isrd::config {

struct LoadResult {
  std::optional<Config> config;  // present exactly when there are no errors
  std::vector<Diagnostic> errors;
  std::vector<Diagnostic> warnings;
};

LoadResult load_file(const std::string& path,
                     const Environment& environment = process_environment(),
                     const Overrides& overrides = {});

/// `name` stands for the file in messages.
LoadResult load_text(std::string_view text, const std::string& name, const Environment& environment,
                     const Overrides& overrides = {});

/// No file at all: `isrd serve --origin URL`.
LoadResult load_without_file(const Environment& environment = process_environment(),
                             const Overrides& overrides = {});

}  // namespace isrd::config
