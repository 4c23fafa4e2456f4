// HTTP dates (RFC 9110 section 5.6.7).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace isrd::http {

using Date = std::chrono::sys_seconds;

/// The three grammars, names in any case, GMT only; a two-digit year is read by the 50-year rule
/// against `now`. The weekday is not compared with the date. nullopt: invalid.
std::optional<Date> parse_date(std::string_view text, Date now);

/// Writes the 29 bytes of an IMF-fixdate.
void write_date(char* out, Date date);
std::string format_date(Date date);

}  // namespace isrd::http
