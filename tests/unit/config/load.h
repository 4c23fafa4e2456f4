// Loading in a test: a text, an environment and settings in; messages as an operator sees them out.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "config/loader.h"

namespace isrd::config::test {

using Variables = std::map<std::string, std::string>;

inline Environment environment(const Variables& variables = {}) {
  Environment result;
  result.lookup = [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  for (const auto& [name, value] : variables) {
    if (name.starts_with("ISR_")) result.names.push_back(name);
  }
  return result;
}

inline LoadResult load(const std::string& text, const Variables& variables = {},
                       const Overrides& overrides = {}) {
  return load_text(text, "f.yaml", environment(variables), overrides);
}

inline std::vector<std::string> strings(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> result;
  result.reserve(diagnostics.size());
  for (const Diagnostic& each : diagnostics) result.push_back(to_string(each));
  return result;
}

inline std::vector<std::string> errors(const std::string& text, const Variables& variables = {},
                                       const Overrides& overrides = {}) {
  const LoadResult result = load(text, variables, overrides);
  EXPECT_EQ(result.config.has_value(), result.errors.empty());
  return strings(result.errors);
}

/// The least that loads, to which a test adds its lines.
inline const std::string minimal = "origins: {a: {url: http://127.0.0.1:8000}}\n";

}  // namespace isrd::config::test
