// Reads the tree into the option structs, row by row, and remembers where each key stood, for the
// checks that follow.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/document.h"

namespace isrd::config {

/// Where a key stands and how it is called in messages: `sites.blog.fresh` for the third site.
struct Mention {
  Position at;
  std::string shown;
  bool failed = false;  // its value could not be read
};

/// By concrete path with indexes: `sites.2.fresh`, `origins.0.url`.
using Mentions = std::map<std::string, Mention>;

struct Bound {
  Config config;
  Mentions mentions;
};

Bound read_tree(const Node& root, const std::string& file, std::vector<Diagnostic>& errors);

/// A diagnostic for a key at a position, in the file or outside of it.
Diagnostic diagnostic_at(const Position& at, const std::string& file, const std::string& key,
                         std::string message);

}  // namespace isrd::config
