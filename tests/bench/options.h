// Command lines of the form `--name value` or `--name` alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class Options {
 public:
  /// Reads arguments from `first` on; anything that is not an option ends the program with a
  /// message.
  Options(int argc, char** argv, int first);

  bool has(std::string_view name) const;
  std::string text(std::string_view name, std::string_view fallback) const;
  std::uint64_t number(std::string_view name, std::uint64_t fallback) const;
  double real(std::string_view name, double fallback) const;
  /// A comma-separated list of numbers.
  std::vector<std::uint64_t> numbers(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace bench
