// The process environment as a value, so that tests bring their own, and what comes from outside
// the file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace isrd::config {

struct Environment {
  std::function<std::optional<std::string>(const std::string&)> lookup;
  std::vector<std::string> names;  // every name that begins with ISR_
};

Environment process_environment();

/// One setting of the command line.
struct Setting {
  /// The path of a schema row, elements by name or index: `sites.blog.fresh`, `sites.0.fresh`. `*`
  /// in a list means every element, in a map its only one (which is made, named `default`, when
  /// there is none).
  std::string key;
  std::string value;  // several settings of one list key make the list
  std::string label;  // as typed, for messages: `--fresh`
};

struct Overrides {
  std::vector<Setting> settings;
};

}  // namespace isrd::config
