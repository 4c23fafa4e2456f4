#include "options.h"

#include <cerrno>
#include <cstdlib>

#include "socket.h"

namespace bench {

Options::Options(int argc, char** argv, int first) {
  for (int i = first; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (!name.starts_with("--")) {
      errno = EINVAL;
      die(name);
    }
    const bool has_value = i + 1 < argc && !std::string_view(argv[i + 1]).starts_with("--");
    values_[std::string(name.substr(2))] = has_value ? argv[++i] : "";
  }
}

bool Options::has(std::string_view name) const { return values_.contains(name); }

std::string Options::text(std::string_view name, std::string_view fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string(fallback) : found->second;
}

std::uint64_t Options::number(std::string_view name, std::uint64_t fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? fallback : std::strtoull(found->second.c_str(), nullptr, 10);
}

double Options::real(std::string_view name, double fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? fallback : std::strtod(found->second.c_str(), nullptr);
}

std::vector<std::uint64_t> Options::numbers(std::string_view name) const {
  std::vector<std::uint64_t> list;
  const std::string value = text(name, "");
  const char* at = value.c_str();
  while (*at != '\0') {
    char* end = nullptr;
    list.push_back(std::strtoull(at, &end, 10));
    if (end == at) break;
    at = *end == ',' ? end + 1 : end;
  }
  return list;
}

}  // namespace bench
