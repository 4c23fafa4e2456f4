#include "admin/gate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "admin/token.h"
#include "http/head.h"
#include "http/url.h"

namespace isrd::admin {
namespace {

bool is_literal(std::string_view host) {
  std::array<unsigned char, 16> bytes{};
  if (host.starts_with('[') && host.ends_with(']')) {
    const std::string inner(host.substr(1, host.size() - 2));
    return ::inet_pton(AF_INET6, inner.c_str(), bytes.data()) == 1;
  }
  return ::inet_pton(AF_INET, std::string(host).c_str(), bytes.data()) == 1;
}

/// The token of "Bearer TOKEN" (RFC 6750 section 2.1); empty when it is something else.
std::string_view bearer(std::string_view field) {
  constexpr std::string_view scheme = "Bearer ";
  if (field.size() <= scheme.size()) return {};
  if (!http::iequals(field.substr(0, scheme.size()), scheme)) return {};
  field.remove_prefix(scheme.size());
  return field.substr(std::min(field.find_first_not_of(' '), field.size()));
}

}  // namespace

std::optional<Answer> Gate::check_browser(const Head& head) const {
  if (head.ambiguous) {
    Answer answer =
        error_answer(400, "bad_request", "a field that may stand once stands there twice");
    answer.close = true;
    return answer;
  }
  const auto authority = http::parse_authority(head.host);
  // Without a name a request cannot come from a page that was tricked by one.
  const bool host_good =
      head.over_unix_socket || head.host.empty() ||
      (authority && (is_literal(authority->host) || http::iequals(authority->host, "localhost") ||
                     http::iequals(authority->host, host_)));
  if (!host_good) {
    return error_answer(403, "foreign_host",
                        "the Host field names neither an IP address nor localhost");
  }
  if (head.origin && !http::iequals(*head.origin, "http://" + std::string(head.host)))
    return error_answer(403, "foreign_origin", "pages of another origin are not answered");
  return std::nullopt;
}

std::optional<Answer> Gate::check_token(const Head& head, Access access) const {
  switch (access) {
    case Access::anybody:
      return std::nullopt;
    case Access::local:
      if (metrics_open_ && head.from_this_machine) return std::nullopt;
      break;
    case Access::token:
      break;
  }
  if (head.authorization && equal_in_constant_time(token_, bearer(*head.authorization)))
    return std::nullopt;
  Answer answer = error_answer(
      401, "unauthorized",
      head.authorization ? "the token is not the one of this isrd (admin.token_file holds it)"
                         : "Authorization: Bearer TOKEN is missing (admin.token_file holds it)");
  answer.authenticate = true;
  return answer;
}

}  // namespace isrd::admin
