// The response head of an origin, held to the same grammar as a request (security rule 13): a
// violation is a 502 and never reaches a client or the store.
#include <cstring>

#include "http/chars.h"
#include "http/field_lines.h"
#include "http/head.h"

namespace isrd::http {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// RFC 9112 4. Returns the reason of a refusal or nullptr, and leaves `at` behind the CRLF.
const char* read_status_line(const char*& at, const char* end, ResponseHead& out) {
  // The shortest line is "HTTP/1.1 200" CRLF.
  if (end - at < 14 || std::memcmp(at, "HTTP/1.", 7) != 0 || (at[7] != '0' && at[7] != '1')) {
    return "bad_version";
  }
  out.version_minor = at[7] - '0';
  if (at[8] != ' ' || !is_digit(at[9]) || !is_digit(at[10]) || !is_digit(at[11])) {
    return "bad_status";
  }
  out.status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
  if (out.status < 100 || out.status > 599) return "bad_status";
  at += 12;
  // Many servers leave out the space before an empty reason; nothing depends on it.
  if (*at == ' ')
    ++at;
  else if (*at != '\r')
    return *at == '\n' ? "bare_lf" : "bad_status";
  const char* const reason = at;
  while (is_char(*at, value_char)) ++at;
  out.reason = {reason, static_cast<std::size_t>(at - reason)};
  if (*at == '\n') return "bare_lf";
  if (*at != '\r') return "control_byte";
  if (at[1] != '\n') return "bare_cr";
  at += 2;
  return nullptr;
}

}  // namespace

HeadRefusal parse_response_head(std::string_view bytes, const HeadLimits& limits,
                                std::span<Field> storage, ResponseHead& out) {
  const auto refuse = [](const char* reason) { return HeadRefusal{502, reason}; };
  if (bytes.size() > limits.head_bytes) return refuse("head_too_large");
  if (!ends_with_empty_line(bytes)) return refuse("incomplete_head");
  out = ResponseHead{};
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  if (const char* reason = read_status_line(at, end, out)) return refuse(reason);

  FieldLines lines;
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  if (auto refusal = read_field_lines(rest, limits, storage, lines)) return refuse(refusal.reason);
  out.fields = lines.fields;
  out.present = lines.present;
  if (auto refusal = read_framing(lines, out.version_minor, out.framing)) {
    return refuse(refusal.reason);
  }
  if (out.status < 200 || out.status == 204 || out.status == 304) {
    out.framing = {};
  } else if (out.framing.kind == BodyKind::none) {
    out.framing.kind = BodyKind::until_close;
  }
  const ConnectionOptions connection = read_connection(lines);
  if (!connection.only_tokens) return refuse("bad_connection");
  out.keep_alive = stays_open(connection, out.version_minor);
  return {};
}

}  // namespace isrd::http
