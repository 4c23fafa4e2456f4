#include "tidy/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace isrd::tidy {
namespace {

namespace fs = std::filesystem;

const fs::path root = ISRD_SOURCE_DIR;

/// A quote between digits separates them: 1'000.
bool is_digit_separator(std::string_view text, std::size_t at) {
  return at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0;
}

/// Where the literal or comment that begins at `at` ends, or `at` when none does.
std::size_t end_of_span(std::string_view text, std::size_t at) {
  const auto end_after = [&](std::string_view mark, std::size_t from) {
    const std::size_t found = text.find(mark, from);
    return found == std::string_view::npos ? text.size() : found + mark.size();
  };
  if (text.substr(at, 2) == "//") return std::min(text.find('\n', at), text.size());
  if (text.substr(at, 2) == "/*") return end_after("*/", at + 2);
  if (text.substr(at, 2) == "R\"") {
    const std::size_t open = text.find('(', at);
    const std::string close = ")" + std::string(text.substr(at + 2, open - at - 2)) + "\"";
    return end_after(close, open);
  }
  if (text[at] != '"' && (text[at] != '\'' || is_digit_separator(text, at))) return at;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == text[at]) {
      return i + 1;
    }
  }
  return text.size();
}

}  // namespace

std::string blank_comments_and_literals(std::string_view text) {
  std::string code(text);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_span(text, at);
    if (end == at) {
      ++at;
      continue;
    }
    // The quotes of a literal stay, so that an argument is still seen to be there.
    const bool literal = text[at] != '/';
    for (std::size_t i = at + (literal ? 1 : 0); i < end - (literal ? 1 : 0); ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
    at = end;
  }
  return code;
}

std::size_t SourceFile::line_at(std::size_t position) const {
  return 1 + static_cast<std::size_t>(std::count(
                 text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

std::string read_file(const std::string& path_from_root) {
  std::ifstream file(root / path_from_root, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<SourceFile> files_below(const std::string& folder) {
  std::vector<SourceFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    const std::string extension = entry.path().extension().string();
    if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
    SourceFile file;
    const fs::path relative = fs::relative(entry.path(), root);
    file.path = relative.string();
    const fs::path inner = fs::relative(entry.path(), root / folder).parent_path();
    file.folder = inner.empty() ? "" : inner.begin()->string();
    file.text = read_file(file.path);
    file.code = blank_comments_and_literals(file.text);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::vector<Include> includes_of(const SourceFile& file) {
  static const std::regex line(R"rx(#include\s+(<[^>]+>|"[^"]+"))rx");
  std::vector<Include> found;
  for (std::sregex_iterator it(file.text.begin(), file.text.end(), line), end; it != end; ++it) {
    found.push_back({(*it)[1], static_cast<std::size_t>(it->position())});
  }
  return found;
}

}  // namespace isrd::tidy
