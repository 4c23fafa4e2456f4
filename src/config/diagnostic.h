// What is wrong with a configuration, said at the place where it is wrong, and the word that was
// probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace isrd::config {

/// The place of a value: line and column count from 1. A value that came from outside the file has
/// a source
/// ("environment", "command line") and the name that the operator typed there instead.
struct Position {
  int line = 0;
  int column = 0;
  std::string source;
  std::string label;
};

struct Diagnostic {
  std::string file;
  int line = 0;  // 0: the message belongs to no line (the environment, the command line, a file
                 // that is not there)
  int column = 0;
  std::string key;
  std::string message;  // what is wrong, what would be right

  bool operator==(const Diagnostic&) const = default;
};

/// "file:line:column: key: message", without the parts that are absent.
std::string to_string(const Diagnostic& diagnostic);

/// The candidate with the smallest edit distance, or nothing when none is near enough to be
/// meant.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// A value as it may stand in a message: quoted, control bytes escaped, cut at 60 bytes.
std::string in_quotes(std::string_view value);

/// "a, b or c"
std::string alternatives(const std::vector<std::string>& words);

}  // namespace isrd::config
