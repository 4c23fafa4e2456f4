#include "isr/classify.h"

#include <algorithm>
#include <array>

namespace isrd::isr {
namespace {

/// Cookies that scripts in the browser set and origins do not read. A trailing '*' stands for any
/// rest.
constexpr std::array<std::string_view, 36> harmless_cookies = {"_ga",
                                                               "_ga_*",
                                                               "_gid",
                                                               "_gat*",
                                                               "_gcl_*",
                                                               "_gac_*",
                                                               "__utm*",
                                                               "_fbp",
                                                               "_fbc",
                                                               "_hj*",
                                                               "_pk_*",
                                                               "_clck",
                                                               "_clsk",
                                                               "__hstc",
                                                               "__hssc",
                                                               "__hssrc",
                                                               "hubspotutk",
                                                               "_uet*",
                                                               "_mkto_trk",
                                                               "_scid",
                                                               "_ttp",
                                                               "_tt_*",
                                                               "ajs_*",
                                                               "mp_*",
                                                               "amp_*",
                                                               "__gads",
                                                               "__gpi",
                                                               "_dc_gtm_*",
                                                               "_pin_unauth",
                                                               "_rdt_uuid",
                                                               "OptanonConsent",
                                                               "OptanonAlertBoxClosed",
                                                               "CookieConsent",
                                                               "cookieconsent_status",
                                                               "cookielawinfo-*",
                                                               "_ym_*"};

bool is_harmless(std::string_view name) {
  return std::any_of(harmless_cookies.begin(), harmless_cookies.end(), [&](std::string_view known) {
    if (known.ends_with('*')) return name.starts_with(known.substr(0, known.size() - 1));
    return name == known;
  });
}

}  // namespace

bool has_only_harmless_cookies(const http::RequestHead& request) {
  for (const http::Field& field : request.fields) {
    if (field.id != http::FieldId::cookie) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      while (!pair.empty() && (pair.front() == ' ' || pair.front() == '\t')) pair.remove_prefix(1);
      if (!pair.empty() && !is_harmless(pair.substr(0, pair.find('=')))) return false;
    }
  }
  return true;
}

Classification classify(const http::RequestHead& request, const Route& route, bool ambiguous) {
  using http::FieldId;
  if (request.method != http::Method::get && request.method != http::Method::head) {
    return {Plan::pass, Why::method};
  }
  if (request.framing.kind != http::BodyKind::none) return {Plan::pass, Why::request_body};
  if (request.upgrade_websocket) return {Plan::pass, Why::upgrade};
  if (!route.cache) return {Plan::pass, Why::route_off};
  if (ambiguous) return {Plan::pass, Why::path_ambiguous};
  if (!route.policy.is_isr()) return {};
  if (request.present.contains(FieldId::authorization)) return {Plan::pass, Why::authorization};
  if (request.present.contains(FieldId::cookie) && !has_only_harmless_cookies(request)) {
    return {Plan::pass, Why::cookie};
  }
  return {};
}

}  // namespace isrd::isr
