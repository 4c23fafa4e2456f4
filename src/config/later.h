// What the contract of the configuration names already but this version of isrd does not do yet.
#pragma once

#include <array>
#include <string_view>

namespace isrd::config {

inline constexpr std::string_view come_later = "come with a later version of isrd";
inline constexpr std::string_view comes_later =
    "comes with a later version of isrd; leave the key out until then";

/// Keys; what stands below one of them is refused with it.
inline constexpr std::array<std::string_view, 25> later_keys = {
    "store.path",
    "store.disk",
    "store.compression",
    "store.sync",
    "events",
    "sites.*.preset",
    "sites.*.tags",
    "sites.*.downstream",
    "sites.*.query",
    "sites.*.variants",
    "sites.*.guard",
    "sites.*.routes.*.preset",
    "sites.*.routes.*.tags",
    "sites.*.routes.*.downstream",
    "sites.*.routes.*.query",
    "sites.*.routes.*.variants",
    "sites.*.routes.*.guard",
    "sites.*.routes.*.match.host",
    "sites.*.routes.*.match.method",
    "sites.*.routes.*.match.query",
    "sites.*.routes.*.match.header",
    "sites.*.routes.*.match.cookie",
    "sites.*.routes.*.match.prefix",
    "sites.*.routes.*.match.glob",
    "sites.*.routes.*.match.regex",
};

}  // namespace isrd::config
