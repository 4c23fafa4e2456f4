// The character classes of HTTP and URI grammars as one table of bits, so that a scan costs one
// load a byte and asks no locale.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace isrd::http {

enum CharClass : std::uint8_t {
  token_char = 1,  // tchar of RFC 9110 5.6.2
  value_char =
      2,  // what a field value may hold: tab, space, visible bytes and obs-text (RFC 9110 5.5)
  target_char = 4,      // what isrd forwards in a target; see is_valid_target
  host_char = 8,        // reg-name of RFC 3986 3.2.2 without '%', ',' and '\''
  hex_char = 16,        // HEXDIG in either case
  quoted_char = 32,     // qdtext of RFC 9110 5.6.4
  unreserved_char = 64  // unreserved of RFC 3986 2.3
};

namespace detail {

constexpr bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

constexpr std::array<std::uint8_t, 256> make_char_classes() {
  std::array<std::uint8_t, 256> table{};
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool digit = i >= '0' && i <= '9';
    const bool alpha = (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z');
    const bool text = i == '\t' || (i >= 0x20 && i != 0x7f);
    int bits = 0;
    if (digit || alpha || (c != '\0' && is_one_of(c, "!#$%&'*+-.^_`|~"))) bits |= token_char;
    if (text) bits |= value_char;
    if (i > 0x20 && i < 0x7f && !is_one_of(c, "#\"<>\\")) bits |= target_char;
    if (digit || alpha || (c != '\0' && is_one_of(c, "-._~"))) bits |= unreserved_char;
    if ((bits & unreserved_char) != 0 || (c != '\0' && is_one_of(c, "!$&()*+;="))) {
      bits |= host_char;
    }
    if (digit || (i >= 'a' && i <= 'f') || (i >= 'A' && i <= 'F')) bits |= hex_char;
    if (text && c != '"' && c != '\\') bits |= quoted_char;
    table[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(bits);
  }
  return table;
}

}  // namespace detail

inline constexpr std::array<std::uint8_t, 256> char_classes = detail::make_char_classes();

inline constexpr bool is_char(char c, CharClass kind) {
  return (char_classes[static_cast<unsigned char>(c)] & kind) != 0;
}

inline constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Whether every byte of a text that is not empty is of that class.
inline constexpr bool all_chars(std::string_view text, CharClass kind) {
  for (char c : text) {
    if (!is_char(c, kind)) return false;
  }
  return !text.empty();
}

/// ASCII only: a locale has no say in a protocol.
inline constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// The value of a byte of class hex_char.
inline constexpr unsigned hex_value(char c) {
  return c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a' + 10);
}

}  // namespace isrd::http
