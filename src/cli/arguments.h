// The command line of the client verbs as values, and from it and the environment the place and
// token of the admin port.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/environment.h"
#include "net/options.h"

namespace isrd::cli {

struct Arguments {
  std::string verb;
  std::vector<std::string> operands;  // URLs, or prefixes
  std::optional<std::string> admin;
  std::optional<std::string> token_file;
  std::optional<std::string> config;
  std::optional<std::string> site;
  bool prefix = false;
  bool all = false;
  bool json = false;
  bool help = false;
};

/// The error is one line that says what is right.
Result<Arguments> parse_arguments(std::span<const std::string_view> args);
/// What --help prints for a verb.
std::string usage(std::string_view verb);

struct Target {
  net::Address address;
  std::string token;       // when the environment holds it
  std::string token_file;  // else
};

/// Options win over ISR_ADMIN_LISTEN, ISR_ADMIN_TOKEN and ISR_ADMIN_TOKEN_FILE, these over the
/// configuration file, that over the defaults.
Result<Target> find_target(const Arguments& arguments, const config::Environment& environment);

}  // namespace isrd::cli
