// The grammar of match.path, checked at load; what a pattern matches is decided in isr/.
#include <cctype>
#include <optional>
#include <set>
#include <string>

#include "config/addresses.h"
#include "config/diagnostic.h"

namespace isrd::config {
namespace {

constexpr std::size_t pattern_bytes_max = 1024;

bool is_word(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) != 0) return false;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') return false;
  }
  return true;
}

/// What is wrong with the `{name}` parts of one segment.
std::optional<std::string> wrong_names(std::string_view segment, std::set<std::string_view>& seen) {
  bool after_name = false;
  for (std::size_t i = 0; i < segment.size();) {
    if (segment[i] == '}') return "has a } without its {";
    if (segment[i] != '{') {
      after_name = false;
      ++i;
      continue;
    }
    if (after_name)
      return "has two names with nothing between them; nobody can tell where one ends";
    const std::size_t close = segment.find('}', i);
    if (close == std::string_view::npos) return "has a { without its }";
    const std::string_view name = segment.substr(i + 1, close - i - 1);
    if (!is_word(name)) return "has a bad name in braces; write one such as {slug}";
    if (!seen.insert(name).second) return "has the name {" + std::string(name) + "} twice";
    after_name = true;
    i = close + 1;
  }
  return std::nullopt;
}

std::optional<std::string> wrong_segment(std::string_view segment, bool last,
                                         std::set<std::string_view>& names) {
  if (segment == "**") {
    return last ? std::nullopt
                : std::optional<std::string>("has ** before its end; it may only come last");
  }
  if (segment != "*" && segment.find('*') != std::string_view::npos) {
    return "has a * within a segment; * is a whole segment, {name} may be a part of one";
  }
  return wrong_names(segment, names);
}

}  // namespace

Result<std::string> parse_path_pattern(std::string_view text) {
  const auto wrong = [&](const std::string& what) {
    return Error{in_quotes(text) + " " + what +
                 "; write a pattern such as /blog/{slug}, /media/* or /account/**"};
  };
  if (!text.starts_with('/')) return wrong("does not begin with /");
  if (text.size() > pattern_bytes_max) return wrong("is longer than 1024 bytes");
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f)
      return wrong("has a space, a control or a byte above 127 (write it as %XX)");
    if (c == '?' || c == '#') return wrong("has a query or a fragment; only the path is matched");
  }
  std::set<std::string_view> names;
  for (std::size_t start = 1; start <= text.size();) {
    const std::size_t end = std::min(text.find('/', start), text.size());
    if (const auto what =
            wrong_segment(text.substr(start, end - start), end == text.size(), names)) {
      return wrong(*what);
    }
    start = end + 1;
  }
  return std::string(text);
}

}  // namespace isrd::config
