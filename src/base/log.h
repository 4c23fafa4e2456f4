// The operational log: spdlog behind a small face, so that its headers stay out of most files.
// Never used on the hot path. Values are escaped by escape(), one line each (security rule 37).
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/log_options.h"

namespace isrd {

/// Sets format and level; callable again at reload.
void configure_log(const LogOptions& options);
bool log_enabled(LogLevel level);
void log_line(LogLevel level, std::string_view message);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::debug))
    log_line(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::info))
    log_line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::warn))
    log_line(LogLevel::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::error))
    log_line(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
}

/// Text from outside as it may stand in a line: controls, quotes and bytes above 126 as \xNN, cut
/// at 200 bytes.
std::string escape(std::string_view text);
/// The same as the inside of a JSON string, valid UTF-8 or not.
std::string json_escape(std::string_view text);

/// Lets one warning of a kind through each second and counts the rest (security rule 37). One
/// object for each kind; any thread.
class LogThrottle {
 public:
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    const std::uint64_t held_back = admit();
    if (held_back == refused) return;
    std::string line = fmt::format(format, std::forward<Args>(args)...);
    if (held_back > 0) line += fmt::format(" (and {} more like this)", held_back);
    log_line(LogLevel::warn, line);
  }

 private:
  static constexpr std::uint64_t refused = ~0ull;
  std::uint64_t admit();
  std::int64_t last_second_ = -1;
  std::uint64_t held_back_ = 0;
};

}  // namespace isrd
