#include "config/environment.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace isrd::config {

Environment process_environment() {
  Environment result;
  result.lookup = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view entry = *each;
    if (entry.starts_with("ISR_")) result.names.emplace_back(entry.substr(0, entry.find('=')));
  }
  return result;
}

}  // namespace isrd::config
