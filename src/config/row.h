// How rows are written: one builder for each type of value. Included by the schema_*.cpp files
// only.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/addresses.h"
#include "config/diagnostic.h"
#include "config/schema.h"
#include "config/values.h"

namespace isrd::config {

/// The way from a Config to one member, as pointers to members: of the whole, of an origin, a site,
/// a route.
template <auto... Members>
inline constexpr auto top = [](auto& config, const Place&) -> auto& {
  return (config.*....*Members);
};
template <auto... Members>
inline constexpr auto of_origin = [](auto& config, const Place& at) -> auto& {
  return (config.origins[at.first].*....*Members);
};
template <auto... Members>
inline constexpr auto of_site = [](auto& config, const Place& at) -> auto& {
  return (config.sites[at.first].*....*Members);
};
template <auto... Members>
inline constexpr auto of_route = [](auto& config, const Place& at) -> auto& {
  return (config.sites[at.first].routes[at.second].*....*Members);
};

template <class T>
struct Bounds {
  T min;
  T max;
};

/// A row whose value `parse` reads and `print` writes.
template <class Access, class Parse, class Print>
Row scalar(std::string path, std::string type, Access access, Parse parse, Print print,
           std::string text) {
  Row row;
  row.path = std::move(path);
  row.type = std::move(type);
  row.text = std::move(text);
  row.set = [=](Config& config, const Place& at, std::string_view written) -> std::string {
    auto value = parse(written);
    if (!value) return value.error().message;
    access(config, at) = *value;
    return {};
  };
  row.get = [=](const Config& config, const Place& at) { return print(access(config, at)); };
  return row;
}

template <class T, class Parse, class Print>
auto bounded(Bounds<T> bounds, Parse parse, Print print) {
  return [=](std::string_view written) -> Result<T> {
    auto value = parse(written);
    if (!value) return value;
    if (*value < bounds.min || *value > bounds.max) {
      return Error{in_quotes(written) + (*value < bounds.min ? " is too small" : " is too large") +
                   "; write " + print(bounds.min) + " to " + print(bounds.max)};
    }
    return value;
  };
}

template <class T, class Print>
std::string print_bounds(Bounds<T> bounds, Print print) {
  return print(bounds.min) + " to " + print(bounds.max);
}

inline std::string print_integer(std::uint64_t value) { return std::to_string(value); }

template <class Access>
Row duration(std::string path, Access access, Bounds<std::chrono::milliseconds> bounds,
             std::string text) {
  Row row = scalar(
      std::move(path), "duration", access, bounded(bounds, parse_duration, print_duration),
      [](std::chrono::milliseconds value) { return std::vector{print_duration(value)}; },
      std::move(text));
  row.bounds = print_bounds(bounds, print_duration);
  return row;
}

/// A duration that may be absent.
template <class Access>
Row window(std::string path, Access access, std::string text) {
  Row row = scalar(
      std::move(path), "duration", access, parse_duration,
      [](const std::optional<std::chrono::milliseconds>& value) {
        return value ? std::vector{print_duration(*value)} : std::vector<std::string>();
      },
      std::move(text));
  row.bounds = "0s to " + print_duration(duration_max);
  return row;
}

template <class Access>
Row size(std::string path, Access access, Bounds<std::uint64_t> bounds, std::string text) {
  Row row = scalar(
      std::move(path), "size", access, bounded(bounds, parse_size, print_size),
      [](std::uint64_t value) { return std::vector{print_size(value)}; }, std::move(text));
  row.bounds = print_bounds(bounds, print_size);
  return row;
}

template <class Access>
Row integer(std::string path, Access access, Bounds<std::uint64_t> bounds, std::string text) {
  Row row = scalar(
      std::move(path), "integer", access, bounded(bounds, parse_integer, print_integer),
      [](std::uint64_t value) { return std::vector{print_integer(value)}; }, std::move(text));
  row.bounds = print_bounds(bounds, print_integer);
  return row;
}

template <class Access>
Row boolean(std::string path, Access access, std::string text) {
  return scalar(
      std::move(path), "on or off", access, parse_boolean,
      [](bool value) { return std::vector<std::string>{value ? "on" : "off"}; }, std::move(text));
}

/// Free text in the form that `parse` checks; an empty value in force counts as none.
template <class Access, class Parse>
Row string(std::string path, std::string type, Access access, Parse parse, std::string text) {
  return scalar(
      std::move(path), std::move(type), access, parse,
      [](const std::string& value) {
        return value.empty() ? std::vector<std::string>() : std::vector{value};
      },
      std::move(text));
}

template <class Access, class Parse>
Row strings(std::string path, std::string type, Access access, Parse parse, std::string text) {
  Row row;
  row.path = std::move(path);
  row.type = std::move(type);
  row.text = std::move(text);
  row.list = true;
  row.set = [=](Config& config, const Place& at, std::string_view written) -> std::string {
    auto value = parse(written);
    if (!value) return value.error().message;
    access(config, at).push_back(*value);
    return {};
  };
  row.clear = [=](Config& config, const Place& at) { access(config, at).clear(); };
  row.get = [=](const Config& config, const Place& at) { return access(config, at); };
  return row;
}

template <class T>
using Words = std::vector<std::pair<std::string, T>>;

template <class T>
std::vector<std::string> spellings(const Words<T>& words) {
  std::vector<std::string> result;
  for (const auto& word : words) result.push_back(word.first);
  return result;
}

/// The error for a word that none of the known ones is.
inline Error unknown_word(std::string_view written, const std::vector<std::string>& known) {
  const std::string near = nearest(written, known);
  return Error{in_quotes(written) + " is not known here; write " + alternatives(known) +
               (near.empty() ? "" : " (did you mean " + near + "?)")};
}

/// One of several words, each of which stands for a value of T.
template <class T, class Access>
Row word(std::string path, Access access, Words<T> words, std::string text) {
  const std::vector<std::string> known = spellings(words);
  return scalar(
      std::move(path), alternatives(known), access,
      [=](std::string_view written) -> Result<T> {
        for (const auto& each : words) {
          if (each.first == written) return each.second;
        }
        return unknown_word(written, known);
      },
      [=](const T& value) {
        const auto found = std::ranges::find(words, value, &std::pair<std::string, T>::second);
        return std::vector{found->first};
      },
      std::move(text));
}

}  // namespace isrd::config
