// The options of `isrd serve`, `isrd check` and `isrd config`. Each option of serve is the short
// form of a configuration key; the other two take the same ones, so that what is checked or printed
// is what would be served.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/environment.h"
#include "config/loader.h"

namespace isrd::config {

enum class Command { serve, check, config };

struct CommandLine {
  std::optional<std::string> file;  // --config FILE, or the FILE of check and config
  Overrides overrides;
  bool help = false;       // --help: print usage() and stop
  bool docs = false;       // config --docs
  bool effective = false;  // config --effective
};

/// The arguments after the command's word. The error is one line that names the option and says
/// what is right.
Result<CommandLine> parse_command_line(Command command, const std::vector<std::string>& arguments);

/// What `--help` prints: one line for each option.
std::string usage(Command command);

/// Loads what the command line says: its file, or none.
LoadResult load(const CommandLine& line, const Environment& environment = process_environment());

}  // namespace isrd::config
