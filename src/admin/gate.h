// Who may come in: checks of a request's head, before a byte of its body is read (security rule
// 33).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "admin/answer.h"
#include "net/options.h"

namespace isrd::admin {

/// Who may call an endpoint.
enum class Access : std::uint8_t {
  anybody,  // says nothing but that isrd lives
  local,    // a peer on this machine, where the option admin.metrics_open allows it; else as token
  token,
};

/// The head of a request, as far as the gate and the endpoint table look at it. Views into the
/// server's parser.
struct Head {
  std::string_view method;
  std::string_view path;
  std::string_view query;  // without the '?'
  std::string_view host;
  std::optional<std::string_view> origin;
  std::optional<std::string_view> authorization;
  std::string_view content_type;
  bool ambiguous = false;  // a field that may stand once stands twice
  bool has_body = false;
  std::uint64_t body_bytes = 0;  // as announced; 0 when chunked
  bool from_this_machine = false;
  bool over_unix_socket = false;
};

class Gate {
 public:
  /// `token`: the secret. `host`: of the configured address, allowed as a Host beside literals.
  Gate(std::string token, std::string host, bool metrics_open)
      : token_(std::move(token)), host_(std::move(host)), metrics_open_(metrics_open) {}

  /// Refuses what a browser could be tricked into: foreign names that resolve to us, pages of
  /// another origin.
  std::optional<Answer> check_browser(const Head& head) const;
  std::optional<Answer> check_token(const Head& head, Access access) const;
  const std::string& token() const { return token_; }

 private:
  const std::string token_;
  const std::string host_;
  const bool metrics_open_;
};

}  // namespace isrd::admin
