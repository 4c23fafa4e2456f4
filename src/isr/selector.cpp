#include "isr/selector.h"

#include <algorithm>

#include "http/url.h"

namespace isrd::isr {
namespace {

bool same_host(std::string_view wanted, const KeyParts& parts) {
  if (wanted.empty()) return true;
  const HostPort pair = split_port(wanted);
  return pair.host == parts.host && (pair.port.empty() || pair.port == parts.port);
}

}  // namespace

bool selects(const Selector& selector, std::string_view key) {
  const KeyParts parts = split_key(key);
  if (!selector.site.empty() && selector.site != parts.site) return false;
  if (!same_host(selector.host, parts)) return false;
  switch (selector.kind) {
    case Selector::Kind::url:
      return parts.target == selector.target;
    case Selector::Kind::prefix:
      return parts.target.starts_with(selector.target);
    case Selector::Kind::all:
      return true;
  }
  return false;
}

bool parse_selector(std::string_view text, Selector::Kind kind, Selector& out) {
  out.kind = kind;
  std::string_view rest = text;
  const std::size_t scheme = rest.find("://");
  // In a path or query the three characters say nothing.
  if (scheme != std::string_view::npos && rest.find_first_of("/?") == scheme + 1) {
    const std::string_view name = rest.substr(0, scheme);
    if (!http::iequals(name, "http") && !http::iequals(name, "https")) return false;
    rest.remove_prefix(scheme + 3);
    if (rest.empty() || rest[0] == '/') return false;
  } else if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (rest.empty() || rest[0] == '/') return false;
  }
  const std::size_t slash = rest.find_first_of("/?");
  const std::string_view host = rest.substr(0, slash);
  std::string_view target = slash == std::string_view::npos ? "/" : rest.substr(slash);
  if (!host.empty() && !http::parse_authority(host)) return false;
  if (text.empty()) return false;
  target = target.substr(0, target.find('#'));
  out.host.assign(host);
  std::transform(out.host.begin(), out.host.end(), out.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool http_port = out.host.ends_with(":80") || out.host.ends_with(":443");
  if (http_port) out.host.resize(out.host.rfind(':'));
  out.target = target.starts_with('?') ? "/" + std::string(target) : std::string(target);
  return http::is_valid_target(out.target);
}

}  // namespace isrd::isr
