// What is seen in the bytes of a file and not in the parser's events: that they are no text, and
// what really stands behind some of yaml-cpp's messages.
#pragma once

#include <optional>
#include <string_view>

#include "config/diagnostic.h"

namespace isrd::config {

/// The first byte that no text file has: a control, or what is not UTF-8.
std::optional<Position> first_bad_byte(std::string_view text);

/// A tab in the indentation of a line, which most often stands behind an error that speaks of
/// something else.
std::optional<Position> tab_in_indentation(std::string_view text, const Position& at);

/// Whether the value there has a quote that never closes: yaml-cpp takes the end of the file for
/// its end. Only the last value of a file can be such a one.
bool is_open_quote(std::string_view text, const Position& at);

}  // namespace isrd::config
