// Structured Fields (RFC 9651): dictionaries and lists with parameters, parsed by the grammar. A
// failure anywhere makes the whole field invalid.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace isrd::http {

struct Token {
  std::string text;
  bool operator==(const Token&) const = default;
};
struct ByteSequence {
  std::string bytes;
  bool operator==(const ByteSequence&) const = default;
};
struct SfDate {
  std::int64_t seconds = 0;
  bool operator==(const SfDate&) const = default;
};
struct DisplayString {
  std::string text;
  bool operator==(const DisplayString&) const = default;
};
using BareItem = std::variant<bool, std::int64_t, double, std::string, Token, ByteSequence, SfDate,
                              DisplayString>;
using Parameters = std::vector<std::pair<std::string, BareItem>>;

struct Item {
  BareItem value;
  Parameters parameters;
};
/// A member of a list or dictionary: one item, or an inner list.
struct Member {
  bool is_inner_list = false;
  std::vector<Item> items;  // exactly one unless is_inner_list
  Parameters parameters;    // of the inner list
};

using Dictionary = std::vector<std::pair<std::string, Member>>;

/// `text` is all lines of the field joined by ", ". nullopt: does not parse.
std::optional<Dictionary> parse_dictionary(std::string_view text);
std::optional<std::vector<Member>> parse_list(std::string_view text);

}  // namespace isrd::http
