#include "config/values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>

#include "config/diagnostic.h"

namespace isrd::config {
namespace {

constexpr std::string_view a_duration = "a duration such as 900ms, 90s, 1m, 1h or 7d";
constexpr std::string_view a_size = "a size such as 64KiB, 256MiB or 1GB, or a number of bytes";

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
// Largest first: printing takes the first that divides.
constexpr std::array duration_units = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000},
                                       Unit{"m", 60'000}, Unit{"s", 1000}, Unit{"ms", 1}};
constexpr std::uint64_t kib = 1024;
constexpr std::array size_units = {Unit{"tib", kib* kib* kib* kib},
                                   Unit{"gib", kib* kib* kib},
                                   Unit{"mib", kib* kib},
                                   Unit{"kib", kib},
                                   Unit{"tb", 1'000'000'000'000},
                                   Unit{"gb", 1'000'000'000},
                                   Unit{"mb", 1'000'000},
                                   Unit{"kb", 1000},
                                   Unit{"b", 1}};

struct Quantity {
  std::uint64_t number = 0;
  std::string_view unit;
};

Error is_no(std::string_view text, std::string_view what) {
  return Error{in_quotes(text) + " is not " + std::string(what)};
}

/// A number and what follows it; nothing when there is no number, an overflow is told by
/// `too_large`.
std::optional<Quantity> split(std::string_view text, bool& too_large) {
  Quantity result;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.number);
  too_large = error == std::errc::result_out_of_range;
  if (error == std::errc::invalid_argument) return std::nullopt;
  result.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return result;
}

std::optional<std::uint64_t> scaled(std::uint64_t number, std::uint64_t factor) {
  if (number > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
  return number * factor;
}

std::string lowered(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

/// What to say of a text that begins like a number but is none: the sign and the fraction are the
/// usual slips.
Error no_number(std::string_view text, std::string_view what) {
  if (text.starts_with('-'))
    return Error{in_quotes(text) + " is negative; write " + std::string(what)};
  return is_no(text, what);
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  bool too_large = false;
  const auto quantity = split(text, too_large);
  if (!quantity) return no_number(text, a_duration);
  if (!too_large && quantity->unit.empty()) {
    if (quantity->number == 0) return std::chrono::milliseconds(0);
    return Error{in_quotes(text) + " has no unit; write " + std::string(text) +
                 "s for seconds, or " + std::string(a_duration)};
  }
  const auto unit = std::ranges::find(duration_units, quantity->unit, &Unit::name);
  if (unit == duration_units.end()) return is_no(text, a_duration);
  const auto value = scaled(quantity->number, unit->factor);
  if (too_large || !value || *value > static_cast<std::uint64_t>(duration_max.count())) {
    return Error{in_quotes(text) + " is too long; write at most " + print_duration(duration_max)};
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::string print_duration(std::chrono::milliseconds value) {
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.count()));
  if (count == 0) return "0s";
  const auto unit = std::ranges::find_if(
      duration_units, [&](const Unit& each) { return count % each.factor == 0; });
  return std::to_string(count / unit->factor) + std::string(unit->name);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  bool too_large = false;
  const auto quantity = split(text, too_large);
  if (!quantity) return no_number(text, a_size);
  std::string name = lowered(quantity->unit);
  if (name.size() == 1 && std::string_view("kmgt").find(name[0]) != std::string_view::npos) {
    const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
    const std::string number(text.substr(0, text.size() - 1));
    return Error{in_quotes(text) + " leaves open which unit is meant; write " + number + letter +
                 "iB (1024) or " + number + letter + "B (1000)"};
  }
  const auto unit = std::ranges::find(size_units, name.empty() ? "b" : name, &Unit::name);
  if (unit == size_units.end()) return is_no(text, a_size);
  const auto value = scaled(quantity->number, unit->factor);
  if (too_large || !value)
    return Error{in_quotes(text) + " is too large; write " + std::string(a_size)};
  return *value;
}

std::string print_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> names = {"TiB", "GiB", "MiB", "KiB"};
  for (std::size_t i = 0; bytes != 0 && i < names.size(); ++i) {
    if (bytes % size_units[i].factor == 0) {
      return std::to_string(bytes / size_units[i].factor) + std::string(names[i]);
    }
  }
  return std::to_string(bytes);
}

Result<std::uint64_t> parse_integer(std::string_view text) {
  bool too_large = false;
  const auto quantity = split(text, too_large);
  if (!quantity) return no_number(text, "a whole number");
  if (!quantity->unit.empty()) return is_no(text, "a whole number");
  if (too_large) return Error{in_quotes(text) + " is too large; write a smaller whole number"};
  return quantity->number;
}

Result<bool> parse_boolean(std::string_view text) {
  const std::string word = lowered(text);
  if (word == "true" || word == "on" || word == "yes") return true;
  if (word == "false" || word == "off" || word == "no") return false;
  return is_no(text, "a switch; write on or off (true or false)");
}

}  // namespace isrd::config
