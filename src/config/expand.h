// `${VAR}` and `${VAR:-default}` in the scalar values of a document; `$${` stands for a plain `${`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/document.h"
#include "config/environment.h"

namespace isrd::config {

inline constexpr std::size_t expanded_bytes_max = 64 * 1024;  // of one value

Result<std::string> expand(std::string_view text, const Environment& environment);

/// Expands every value of the tree; keys stay as they are. What fails is noted in the node, so that
/// the message gets its key, and is none where the value is overridden.
void expand(Node& node, const Environment& environment);

/// The inverse for values that must be read back as they are.
std::string escape_expansion(std::string_view text);

}  // namespace isrd::config
