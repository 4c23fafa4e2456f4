// The request head, read in one pass over its bytes and then judged by its few framing fields. What
// is refused, and why so strictly, is security rules 2 to 5, 7, 8, 12 and 14 to 17; each refusal
// has a neighbour in request_head_test.cpp that is accepted.
#include <cstring>

#include "http/chars.h"
#include "http/field_lines.h"
#include "http/head.h"
#include "http/url.h"

namespace isrd::http {
namespace {

Method method_of(std::string_view name) {
  switch (name.size()) {
    case 3:
      return name == "GET" ? Method::get : name == "PUT" ? Method::put : Method::other;
    case 4:
      return name == "HEAD" ? Method::head : name == "POST" ? Method::post : Method::other;
    case 5:
      return name == "PATCH" ? Method::patch : Method::other;
    case 6:
      return name == "DELETE" ? Method::delete_ : Method::other;
    case 7:
      return name == "OPTIONS" ? Method::options : Method::other;
  }
  return Method::other;
}

/// Methods in which isrd never takes part (security rule 12). 405 rather than 501: they are known,
/// and allowed for no resource here. Some origins do not mind the case, so neither does this.
bool is_forbidden_method(std::string_view name) {
  return iequals(name, "CONNECT") || iequals(name, "TRACE");
}

/// "HTTP/1.1" CRLF at the end of the request line.
HeadRefusal read_version(const char*& at, const char* end, int& minor) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (end - at < 10 || std::memcmp(at, "HTTP/", 5) != 0 || !is_digit(at[5]) || at[6] != '.' ||
      !is_digit(at[7])) {
    return {400, "bad_version"};
  }
  if (at[8] == '\n') return {400, "bare_lf"};
  if (at[8] != '\r' || at[9] != '\n') return {400, "bad_request_line"};
  if (at[5] != '1' || at[7] > '1') return {505, "unknown_version"};
  minor = at[7] - '0';
  at += 10;
  return {};
}

void split_path(std::string_view path_and_query, RequestHead& out) {
  const std::size_t mark = path_and_query.find('?');
  out.path = path_and_query.substr(0, mark);
  out.has_query = mark != std::string_view::npos;
  if (out.has_query) out.query = path_and_query.substr(mark + 1);
}

/// The length of "http://" or "https://" at the start of a target, or 0.
std::size_t scheme_length(std::string_view target) {
  for (std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (iequals(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

/// RFC 9112 3.2, without authority-form, which only CONNECT has.
HeadRefusal read_target(RequestHead& out) {
  const std::string_view target = out.target;
  if (target.front() == '/') {
    split_path(target, out);
    return {};
  }
  if (target == "*") {
    if (out.method != Method::options) return {400, "asterisk_target"};
    out.path = target;
    return {};
  }
  const std::size_t begin = scheme_length(target);
  if (begin == 0) return {400, "bad_target"};
  const std::size_t path = std::min(target.find_first_of("/?", begin), target.size());
  out.authority = target.substr(begin, path - begin);
  if (!parse_authority(out.authority)) return {400, "bad_target_authority"};
  if (path == target.size()) {
    // RFC 9112 3.2.4: an OPTIONS request for a server as a whole.
    out.path = out.method == Method::options ? "*" : "/";
    return {};
  }
  // "http://h?q" has no path to send on, and no client writes it: refused, so that path and query
  // stay one view.
  if (target[path] == '?') return {400, "bad_target"};
  split_path(target.substr(path), out);
  return {};
}

/// Leaves `at` behind the CRLF of the request line.
HeadRefusal read_request_line(const char*& at, const char* end, const HeadLimits& limits,
                              RequestHead& out) {
  const char* const method = at;
  while (is_char(*at, token_char)) ++at;
  out.method_name = {method, static_cast<std::size_t>(at - method)};
  if (out.method_name.size() > limits.method_bytes) return {501, "method_too_long"};
  if (*at != ' ' || out.method_name.empty()) return {400, "bad_method"};
  if (is_forbidden_method(out.method_name)) return {405, "forbidden_method"};
  out.method = method_of(out.method_name);

  const char* const target = ++at;
  while (is_char(*at, target_char)) ++at;
  out.target = {target, static_cast<std::size_t>(at - target)};
  if (out.target.size() > limits.target_bytes) return {414, "target_too_long"};
  if (*at == '\n') return {400, "bare_lf"};
  if (*at == '\r') return {400, "bad_request_line"};
  if (*at != ' ' || out.target.empty()) return {400, "bad_target"};
  ++at;
  if (auto refusal = read_version(at, end, out.version_minor)) return refusal;
  return read_target(out);
}

/// Exactly one Host on 1.1, at most one on 1.0, always valid (security rule 16, RFC 9112 3.2). The
/// authority of an absolute target stands before it (RFC 9112 3.2.2).
HeadRefusal read_host(const FieldLines& lines, RequestHead& out) {
  if (!lines.present.contains(FieldId::host)) {
    if (out.version_minor == 1) return {400, "missing_host"};
    return {};
  }
  if (lines.repeated.contains(FieldId::host)) return {400, "repeated_host"};
  const std::string_view host = lines.only(FieldId::host);
  if (!parse_authority(host)) return {400, "bad_host"};
  if (out.authority.empty()) out.authority = host;
  return {};
}

HeadRefusal read_expect(const FieldLines& lines, RequestHead& out) {
  bool known = true;
  lines.for_each_line(FieldId::expect, [&](std::string_view value) {
    known = known && iequals(value, "100-continue");
  });
  if (!known) return {417, "unknown_expectation"};
  // RFC 9110 10.1.1: on 1.0 the expectation is ignored.
  out.expect_continue = out.version_minor == 1 && lines.present.contains(FieldId::expect);
  return {};
}

/// A body before the handshake would be read by one side and not by the other: such a request is no
/// websocket.
bool wants_websocket(const FieldLines& lines, const RequestHead& head) {
  return head.method == Method::get && head.version_minor == 1 &&
         head.framing.kind == BodyKind::none && lines.present.contains(FieldId::upgrade) &&
         !lines.repeated.contains(FieldId::upgrade) &&
         iequals(lines.only(FieldId::upgrade), "websocket");
}

}  // namespace

HeadRefusal parse_request_head(std::string_view bytes, const HeadLimits& limits,
                               std::span<Field> storage, RequestHead& out) {
  if (!ends_with_empty_line(bytes)) {
    const std::size_t lf = bytes.find('\n');
    const bool bare = lf != std::string_view::npos && (lf == 0 || bytes[lf - 1] != '\r');
    return {400, bare ? "bare_lf" : "incomplete_head"};
  }
  out = RequestHead{};
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  if (auto refusal = read_request_line(at, end, limits, out)) return refusal;
  if (bytes.size() > limits.head_bytes) return {431, "head_too_large"};

  FieldLines lines;
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  if (auto refusal = read_field_lines(rest, limits, storage, lines)) return refusal;
  out.fields = lines.fields;
  out.present = lines.present;
  if (auto refusal = read_framing(lines, out.version_minor, out.framing)) return refusal;
  if (out.framing.kind == BodyKind::length && out.framing.length == 0) out.framing = {};
  if (auto refusal = read_host(lines, out)) return refusal;
  if (auto refusal = read_expect(lines, out)) return refusal;

  const ConnectionOptions connection = read_connection(lines);
  if (!connection.only_tokens) return {400, "bad_connection"};
  if (connection.names_kept_field) return {400, "connection_names_kept_field"};
  out.keep_alive = stays_open(connection, out.version_minor);
  out.upgrade_websocket = connection.upgrade && wants_websocket(lines, out);
  return {};
}

}  // namespace isrd::http
