// The rows of origins, sites and routes.
#include "config/row.h"
#include "config/schema_groups.h"

namespace isrd::config {
namespace {

using isr::OverrideOptions;
using isr::RouteOptions;
using isr::SiteOptions;
using isr::WindowOptions;
using net::OriginOptions;
using net::OriginTimeouts;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Bounds<milliseconds> deadline = {milliseconds(10), hours(1)};

Row url_row() {
  Row row;
  row.path = "origins.*.url";
  row.type = "URL";
  row.text =
      "Where the origin is: `http://host:port` (port 80 when left out) or `unix:/path.sock`.";
  row.required = true;
  row.set = [](Config& config, const Place& at, std::string_view written) -> std::string {
    auto address = parse_origin_url(written);
    if (!address) return address.error().message;
    config.origins[at.first].url = written;
    config.origins[at.first].address = *address;
    return {};
  };
  row.get = [](const Config& config, const Place& at) {
    return std::vector{config.origins[at.first].url};
  };
  return row;
}

/// `override`: a list of words, each of which is one switch.
Row override_row() {
  static const Words<bool OverrideOptions::*> words = {
      {"cache-control", &OverrideOptions::cache_control},
      {"set-cookie", &OverrideOptions::set_cookie},
      {"vary", &OverrideOptions::vary}};
  Row row;
  row.path = "sites.*.routes.*.override";
  row.type = "list of " + alternatives(spellings(words));
  row.text =
      "Which refusals of the origin the route overrules by name. With `cache-control` the route's "
      "times win "
      "over the origin's; an overruled Set-Cookie is stripped.";
  row.list = true;
  row.set = [](Config& config, const Place& at, std::string_view written) -> std::string {
    for (const auto& [spelling, member] : words) {
      if (spelling != written) continue;
      config.sites[at.first].routes[at.second].overrides.*member = true;
      return {};
    }
    return unknown_word(written, spellings(words)).message;
  };
  row.clear = [](Config& config, const Place& at) {
    config.sites[at.first].routes[at.second].overrides = {};
  };
  row.get = [](const Config& config, const Place& at) {
    std::vector<std::string> written;
    for (const auto& [spelling, member] : words) {
      if (config.sites[at.first].routes[at.second].overrides.*member) written.push_back(spelling);
    }
    return written;
  };
  return row;
}

const Words<bool> upgrades = {{"none", false}, {"websocket", true}};

Row with_absent(Row row, std::string absent) {
  row.absent = std::move(absent);
  return row;
}

Row required(Row row) {
  row.required = true;
  return row;
}

}  // namespace

Group origin_group() {
  return {
      "origins",
      "A map: the key is the origin's name, which sites refer to.",
      {url_row(),
       with_absent(
           string("origins.*.host", "host", of_origin<&OriginOptions::host>, parse_host_field,
                  "The Host that is sent to the origin, in place of the client's own."),
           "the client's own"),
       integer("origins.*.connections", of_origin<&OriginOptions::connections>, {1, 10'000},
               "The most connections to the origin at once."),
       integer("origins.*.background", of_origin<&OriginOptions::background>, {1, 10'000},
               "The most fetches at once for regeneration in the background."),
       duration("origins.*.resolve", of_origin<&OriginOptions::resolve>, {seconds(1), hours(24)},
                "How long the address of a host name is believed before it is looked up again."),
       duration("origins.*.timeouts.connect",
                of_origin<&OriginOptions::timeouts, &OriginTimeouts::connect>, deadline,
                "How long connecting may take."),
       duration("origins.*.timeouts.first_byte",
                of_origin<&OriginOptions::timeouts, &OriginTimeouts::first_byte>, deadline,
                "How long the origin may take to begin its answer."),
       duration("origins.*.timeouts.idle",
                of_origin<&OriginOptions::timeouts, &OriginTimeouts::idle>, deadline,
                "How long the origin may pause within its answer."),
       duration("origins.*.timeouts.keep_alive",
                of_origin<&OriginOptions::timeouts, &OriginTimeouts::keep_alive>, deadline,
                "How long an idle connection to the origin is kept."),
       duration("origins.*.timeouts.queue",
                of_origin<&OriginOptions::timeouts, &OriginTimeouts::queue>, deadline,
                "How long a request waits for a free connection to the origin.")}};
}

Group site_group() {
  return {
      "sites",
      "A list. A request belongs to the site that names its host: exactly, else by the longest "
      "`*.` suffix, else "
      "by `*`. Without any site, and with one origin, there is one site `default` for every host.",
      {required(string(
           "sites.*.name", "name", of_site<&SiteOptions::name>, parse_name,
           "The site's name: part of the key of its pages, of metrics and of the admin port.")),
       required(strings("sites.*.hosts", "list of hosts", of_site<&SiteOptions::hosts>,
                        parse_host_pattern,
                        "The hosts of the site: `www.example.org`, `\"*.example.org\"` or `\"*\"` "
                        "for all others.")),
       with_absent(
           string("sites.*.origin", "name of an origin", of_site<&SiteOptions::origin>, parse_name,
                  "The origin of the site; may be left out when there is only one."),
           "the only origin"),
       word<bool>("sites.*.upgrade", of_site<&SiteOptions::websocket>, upgrades,
                  "Whether clients may open WebSocket tunnels on the whole site."),
       duration(
           "sites.*.wait_max", of_site<&SiteOptions::wait_max>, {milliseconds(0), hours(1)},
           "How long a request waits for a fetch of the same page that another one has begun."),
       duration("sites.*.uncacheable_for", of_site<&SiteOptions::uncacheable_for>,
                {seconds(0), hours(24)},
                "How long a page that proved uncacheable is remembered as such, so that its "
                "requests do not wait for "
                "each other."),
       boolean("sites.*.client_directives", of_site<&SiteOptions::client_directives>,
               "Obeys the Cache-Control of requests (RFC 9111 section 5.2.1). Off, since it lets "
               "any client force "
               "fetches."),
       word<isr::Mode>("sites.*.purge_mode", of_site<&SiteOptions::purge_mode>,
                       {{"refresh", isr::Mode::refresh},
                        {"expire", isr::Mode::expire},
                        {"purge", isr::Mode::purge}},
                       "What an invalidation does unless it says so itself: serve the old page "
                       "until the new one is there, let "
                       "the next visitor wait, or remove the page."),
       window("sites.*.fresh", of_site<&SiteOptions::windows, &WindowOptions::fresh>,
              "For pages that no route matches: how long a page is served as it is where the "
              "origin says nothing. "
              "Without it they follow RFC 9111."),
       window("sites.*.stale", of_site<&SiteOptions::windows, &WindowOptions::stale>,
              "How long after that it is served at once while it is regenerated behind. Needs "
              "`fresh`."),
       window("sites.*.error", of_site<&SiteOptions::windows, &WindowOptions::error>,
              "How long after that a broken origin is papered over with the old page. Unset: a "
              "day, where nothing that the origin says forbids it."),
       string("sites.*.regenerate_header", "field name", of_site<&SiteOptions::regenerate_header>,
              parse_field_name,
              "The request field, with the value 1, by which the origin can tell a regeneration in "
              "the background.")}};
}

Group route_group() {
  return {"routes",
          "A list in a site; the first route whose pattern matches decides. A route has its own "
          "times and takes none "
          "from its site.",
          {with_absent(string("sites.*.routes.*.name", "name", of_route<&RouteOptions::name>,
                              parse_name, "The route's name in logs, metrics and tags."),
                       "`route-1`, `route-2`, ..."),
           string("sites.*.routes.*.match.path", "pattern", of_route<&RouteOptions::path>,
                  parse_path_pattern,
                  "The paths of the route. `{name}` is a segment or a part of one, `*` one "
                  "segment, `**` all that follows "
                  "(only at the end)."),
           boolean("sites.*.routes.*.cache", of_route<&RouteOptions::cache>,
                   "`off` passes every request of the route to the origin and stores nothing."),
           window("sites.*.routes.*.fresh", of_route<&RouteOptions::windows, &WindowOptions::fresh>,
                  "How long a page is served as it is where the origin says nothing. Without it "
                  "the route follows RFC 9111."),
           window("sites.*.routes.*.stale", of_route<&RouteOptions::windows, &WindowOptions::stale>,
                  "How long after that it is served at once while it is regenerated behind. Needs "
                  "`fresh`."),
           window("sites.*.routes.*.error", of_route<&RouteOptions::windows, &WindowOptions::error>,
                  "How long after that a broken origin is papered over with the old page. Unset: a "
                  "day, where nothing that the origin says forbids it."),
           override_row(),
           word<bool>("sites.*.routes.*.upgrade", of_route<&RouteOptions::websocket>, upgrades,
                      "Whether clients may open WebSocket tunnels on this route.")}};
}

}  // namespace isrd::config
