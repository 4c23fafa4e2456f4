// Field lines as text, "Name: value\r\n" each: the form in which an entry and a recipe keep their
// fields. Only isrd writes such text, from validated fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace isrd::http {

inline void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// The fields of such a text, as views into it.
inline std::vector<Field> fields_of_lines(std::string_view lines) {
  std::vector<Field> fields;
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    const std::string_view line = lines.substr(0, end);
    const std::size_t colon = line.find(": ");
    const std::string_view name = line.substr(0, colon);
    fields.push_back({name, line.substr(colon + 2), field_id(name)});
    lines.remove_prefix(end + 2);
  }
  return fields;
}

/// Whether such a text has a field of that id.
inline bool has_line(std::string_view lines, FieldId id) {
  for (const Field& field : fields_of_lines(lines)) {
    if (field.id == id) return true;
  }
  return false;
}

}  // namespace isrd::http
