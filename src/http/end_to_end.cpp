#include "http/end_to_end.h"

#include <algorithm>

#include "http/lines.h"

namespace isrd::http {

bool is_hop_by_hop(FieldId id) {
  static constexpr FieldSet set =
      FieldSet::of({FieldId::connection, FieldId::keep_alive, FieldId::proxy_connection,
                    FieldId::te, FieldId::trailer, FieldId::transfer_encoding, FieldId::upgrade,
                    FieldId::http2_settings, FieldId::proxy_authenticate,
                    FieldId::proxy_authentication_info, FieldId::proxy_authorization});
  return set.contains(id);
}

bool is_named_by_connection(std::span<const Field> fields, std::string_view name) {
  bool named = false;
  for (const Field& field : fields) {
    if (field.id != FieldId::connection) continue;
    for_each_member(field.value,
                    [&](std::string_view member) { named = named || iequals(member, name); });
  }
  return named;
}

void append_response_lines(std::span<const Field> fields, std::span<const std::string> withheld,
                           bool strip_set_cookie, std::string& out) {
  const bool has_connection = std::any_of(
      fields.begin(), fields.end(), [](const Field& f) { return f.id == FieldId::connection; });
  for (const Field& field : fields) {
    if (is_hop_by_hop(field.id)) continue;
    if (field.id == FieldId::age || field.id == FieldId::content_length ||
        field.id == FieldId::x_cache)
      continue;
    if (field.id == FieldId::set_cookie && strip_set_cookie) continue;
    if (has_connection && is_named_by_connection(fields, field.name)) continue;
    const auto same = [&](const std::string& name) { return iequals(name, field.name); };
    if (std::any_of(withheld.begin(), withheld.end(), same)) continue;
    append_line(out, field.name, field.value);
  }
}

std::string_view reason_phrase(int status) {
  struct Row {
    int status;
    std::string_view phrase;
  };
  static constexpr Row rows[] = {{100, "Continue"},
                                 {101, "Switching Protocols"},
                                 {103, "Early Hints"},
                                 {200, "OK"},
                                 {201, "Created"},
                                 {202, "Accepted"},
                                 {203, "Non-Authoritative Information"},
                                 {204, "No Content"},
                                 {205, "Reset Content"},
                                 {206, "Partial Content"},
                                 {300, "Multiple Choices"},
                                 {301, "Moved Permanently"},
                                 {302, "Found"},
                                 {303, "See Other"},
                                 {304, "Not Modified"},
                                 {307, "Temporary Redirect"},
                                 {308, "Permanent Redirect"},
                                 {400, "Bad Request"},
                                 {401, "Unauthorized"},
                                 {403, "Forbidden"},
                                 {404, "Not Found"},
                                 {405, "Method Not Allowed"},
                                 {406, "Not Acceptable"},
                                 {408, "Request Timeout"},
                                 {409, "Conflict"},
                                 {410, "Gone"},
                                 {411, "Length Required"},
                                 {412, "Precondition Failed"},
                                 {413, "Content Too Large"},
                                 {414, "URI Too Long"},
                                 {415, "Unsupported Media Type"},
                                 {416, "Range Not Satisfiable"},
                                 {417, "Expectation Failed"},
                                 {421, "Misdirected Request"},
                                 {422, "Unprocessable Content"},
                                 {425, "Too Early"},
                                 {426, "Upgrade Required"},
                                 {428, "Precondition Required"},
                                 {429, "Too Many Requests"},
                                 {431, "Request Header Fields Too Large"},
                                 {451, "Unavailable For Legal Reasons"},
                                 {500, "Internal Server Error"},
                                 {501, "Not Implemented"},
                                 {502, "Bad Gateway"},
                                 {503, "Service Unavailable"},
                                 {504, "Gateway Timeout"},
                                 {505, "HTTP Version Not Supported"},
                                 {508, "Loop Detected"}};
  for (const Row& row : rows) {
    if (row.status == status) return row.phrase;
  }
  return "";
}

std::string status_line(int status) {
  std::string line = "HTTP/1.1 ";
  line.append(std::to_string(status)).append(" ").append(reason_phrase(status)).append("\r\n");
  return line;
}

}  // namespace isrd::http
