// isrd as the client of a running isrd: purge, refresh, expire, stats, reload.
#pragma once

#include <iosfwd>
#include <span>
#include <string_view>

#include "config/environment.h"

namespace isrd::cli {

/// Whether run_client() knows the verb.
bool is_client_verb(std::string_view verb);

/// args[0] is the verb. The answer is the exit code: 0 done, 1 refused or nobody there, 2 used
/// wrongly.
int run_client(std::span<const std::string_view> args);

/// The same with the streams and the environment of a test.
int run_client(std::span<const std::string_view> args, const config::Environment& environment,
               std::ostream& out, std::ostream& err);

}  // namespace isrd::cli
