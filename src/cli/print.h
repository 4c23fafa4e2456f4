// The answers of the admin port in words. Each returns whether everything that was asked for was
// done.
#pragma once

#include <iosfwd>

#include "cli/arguments.h"
#include "cli/client.h"

namespace isrd::cli {

bool print_invalidated(const Arguments& arguments, const Reply& reply, std::ostream& out,
                       std::ostream& err);
bool print_stats(const Arguments& arguments, const Reply& reply, std::ostream& out,
                 std::ostream& err);
bool print_reloaded(const Arguments& arguments, const Reply& reply, std::ostream& out,
                    std::ostream& err);

}  // namespace isrd::cli
