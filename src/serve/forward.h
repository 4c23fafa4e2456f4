// What the origin is asked: the request that isrd writes from the validated parts (security rules
// 18, 25, 26). No client byte goes on without a rule that lets it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"
#include "net/server.h"

namespace isrd::serve {

/// The request fields of a pass: all end-to-end fields but those that isrd writes itself.
/// `upgrade`: a tunnel is allowed and asked for.
std::string pass_lines(const http::RequestHead& request, const net::Peer& peer, bool upgrade,
                       std::string_view internal_name = {});

/// The request fields of a fill, and what was left out of them.
struct FillFields {
  std::string lines;
  bool withheld = false;                    // something was left out that might have mattered
  std::vector<std::string> withheld_names;  // lower case
};
/// RFC profile: everything end-to-end but conditions and ranges. ISR routes: the allow-list and
/// `extra_names`, which an earlier answer's Vary named.
FillFields fill_fields(const http::RequestHead& request, const net::Peer& peer, bool is_isr,
                       const std::vector<std::string>& extra_names,
                       std::string_view internal_name = {});

/// The fields that isrd adds to every request: X-Forwarded-*, Forwarded, Via, CDN-Loop.
/// `for_client`: tell the origin which client it is (not on fills of ISR routes, which are for
/// nobody in particular).
std::string own_lines(const http::RequestHead& request, const net::Peer& peer,
                      std::string_view scheme, bool for_client);

/// "https" when a trusted proxy says so, else "http".
std::string_view scheme_of(const http::RequestHead& request, const net::Peer& peer);

/// Whether the request has been through this isrd before (RFC 8586).
bool is_loop(const http::RequestHead& request);

}  // namespace isrd::serve
