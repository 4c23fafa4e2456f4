// The source tree as tests read it: every file with its text, with and without comments and
// strings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace isrd::tidy {

struct SourceFile {
  std::string path;    // from the root of the project: src/net/worker.h
  std::string folder;  // net; "" for src/app.cpp and its like
  std::string text;
  std::string code;  // the same length and lines, comments and the inside of literals blanked

  bool is_header() const { return path.ends_with(".h"); }
  /// The line (from 1) of a place in the text.
  std::size_t line_at(std::size_t position) const;
  std::string place(std::size_t position) const {
    return path + ":" + std::to_string(line_at(position));
  }
};

/// All .h and .cpp files below a folder of the project, in order of their paths.
std::vector<SourceFile> files_below(const std::string& folder);
std::string read_file(const std::string& path_from_root);

/// What is included: "net/worker.h" or <sys/socket.h>, with quotes or brackets.
struct Include {
  std::string name;
  std::size_t position;
};
std::vector<Include> includes_of(const SourceFile& file);

/// Comments and the inside of string and character literals become spaces.
std::string blank_comments_and_literals(std::string_view text);

}  // namespace isrd::tidy
