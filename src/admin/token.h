// The bearer token of the admin port: where it lies, how it is made, when a file is refused. Server
// and command line both come here, so that `isrd purge` on the same machine finds the token without
// options.
#pragma once

#include <string>
#include <string_view>

#include "admin/options.h"
#include "base/result.h"

namespace isrd::admin {

/// The least bytes of a token (security rule 33).
inline constexpr std::size_t token_bytes_min = 32;

/// Where the token lies when nothing says otherwise: $XDG_RUNTIME_DIR/isrd, /run/isrd for root, or
/// /tmp/isrd-UID.
std::string default_token_file();

/// The same for a reader: where that file is missing, another of these places that has one. A login
/// has $XDG_RUNTIME_DIR, the service that it asks has none.
std::string find_default_token_file();

/// Reads a token file: regular, no symbolic link, not accessible to group or others, of this user
/// or root. The error is one line for an operator.
Result<std::string> read_token(const std::string& path);

/// The same, but makes the file with 32 random bytes in hex when it is missing, mode 0600, and its
/// directory, mode 0700, when that is missing.
Result<std::string> read_or_make_token(const std::string& path);

/// What the server wants to see: options.token, or the file's.
Result<std::string> server_token(const AdminOptions& options);

/// Takes as long for every `given` of one length, whatever it holds. False when `secret` is empty.
bool equal_in_constant_time(std::string_view secret, std::string_view given);

}  // namespace isrd::admin
