// Which fields go on, and which end at this hop (RFC 9110 section 7.6.1, RFC 9111 section 3.1).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/head.h"

namespace isrd::http {

/// Fields of one hop only, whatever Connection says.
bool is_hop_by_hop(FieldId id);

/// Whether a Connection field among `fields` names this one.
bool is_named_by_connection(std::span<const Field> fields, std::string_view name);

/// Appends, as lines, what of a response goes on to clients and into the store: everything but
/// hop-by-hop fields, Age, Content-Length and X-Cache, which isrd writes itself. `withheld` are
/// further names to leave out.
void append_response_lines(std::span<const Field> fields, std::span<const std::string> withheld,
                           bool strip_set_cookie, std::string& out);

/// The standard reason phrase, or "" for an unregistered status.
std::string_view reason_phrase(int status);

/// "HTTP/1.1 200 OK\r\n".
std::string status_line(int status);

}  // namespace isrd::http
