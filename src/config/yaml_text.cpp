#include "config/yaml_text.h"

#include <algorithm>

namespace isrd::config {
namespace {

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line && !text.empty(); ++i) {
    text.remove_prefix(std::min(text.size(), std::min(text.find('\n'), text.size() - 1) + 1));
  }
  return text.substr(0, text.find('\n'));
}

/// The length of the UTF-8 sequence that begins at `rest`, 0 when it is none. Overlong forms and
/// surrogates are left to yaml-cpp; what matters here is to tell text from something else.
std::size_t utf8_length(std::string_view rest) {
  const auto byte = static_cast<unsigned char>(rest.front());
  if (byte < 0x80) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  const std::size_t length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
  if (length > rest.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(rest[i]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::optional<Position> tab_in_indentation(std::string_view text, const Position& at) {
  const std::string_view line = line_of(text, at.line);
  const std::size_t tab = line.substr(0, line.find_first_not_of(" \t")).find('\t');
  if (tab == std::string_view::npos) return std::nullopt;
  return Position{at.line, static_cast<int>(tab) + 1, {}, {}};
}

bool is_open_quote(std::string_view text, const Position& at) {
  const std::string_view line = line_of(text, at.line);
  if (at.column < 1 || static_cast<std::size_t>(at.column) > line.size()) return false;
  std::string_view rest = text.substr(static_cast<std::size_t>(line.data() - text.data()));
  rest.remove_prefix(static_cast<std::size_t>(at.column - 1));
  const char quote = rest.front();
  if (quote != '"' && quote != '\'') return false;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    const bool escape = quote == '"' ? rest[i] == '\\' : rest.substr(i).starts_with("''");
    if (escape) {
      ++i;
    } else if (rest[i] == quote) {
      return false;
    }
  }
  return true;
}

std::optional<Position> first_bad_byte(std::string_view text) {
  Position at{1, 1, {}, {}};
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool control =
        (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
    const std::size_t length = control ? 0 : utf8_length(text.substr(i));
    if (length == 0) return at;
    i += length;
    if (byte == '\n') {
      ++at.line;
      at.column = 1;
    } else {
      ++at.column;
    }
  }
  return std::nullopt;
}

}  // namespace isrd::config
