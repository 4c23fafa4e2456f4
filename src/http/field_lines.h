// The field lines of a head, read in one pass: what requests and responses have in common. Only the
// two head parsers include this.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "http/head.h"

namespace isrd::http {

/// The fields that were read, and where those are that isrd knows.
struct FieldLines {
  std::span<const Field> fields;
  FieldSet present;
  FieldSet repeated;                   // ids with more than one line
  std::array<std::uint32_t, 64> last;  // the index of the last line of an id that is present

  /// Calls `f(value)` for each line of a field.
  template <class F>
  void for_each_line(FieldId id, F&& f) const {
    if (!present.contains(id)) return;
    if (!repeated.contains(id)) return f(fields[last[static_cast<std::size_t>(id)]].value);
    for (const Field& field : fields) {
      if (field.id == id) f(field.value);
    }
  }
  /// The value of a field that is present and not repeated.
  std::string_view only(FieldId id) const {
    return fields[last[static_cast<std::size_t>(id)]].value;
  }
};

/// Whether the bytes end with an empty line, which the readers below lean on: no scan can run past
/// the end.
bool ends_with_empty_line(std::string_view bytes);

/// Reads the lines after the start line. `bytes` is what follows its CRLF and ends with the empty
/// line. Refusals carry the status for a request.
HeadRefusal read_field_lines(std::string_view bytes, const HeadLimits& limits,
                             std::span<Field> storage, FieldLines& out);

/// What Content-Length and Transfer-Encoding say (RFC 9112 6.3), strictly (security rules 2 and 3).
/// With neither, the kind is none.
HeadRefusal read_framing(const FieldLines& lines, int version_minor, Framing& out);

/// What the lines of Connection say about the connection.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool only_tokens = true;  // Proxy-Connection, which nobody obeys, is held to the same grammar
  bool names_kept_field = false;  // names a field that may not be dropped (security rule 8)
};
ConnectionOptions read_connection(const FieldLines& lines);

/// Whether the connection stays open after a message of that version.
inline bool stays_open(const ConnectionOptions& connection, int version_minor) {
  return !connection.close && (version_minor == 1 || connection.keep_alive);
}

}  // namespace isrd::http
