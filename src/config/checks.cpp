#include "config/checks.h"

#include <algorithm>
#include <optional>

#include "config/addresses.h"

namespace isrd::config {
namespace {

class Checker {
 public:
  Checker(Bound& bound, const std::string& file, std::vector<Diagnostic>& errors,
          std::vector<Diagnostic>& warnings)
      : config_(bound.config),
        mentions_(bound.mentions),
        file_(file),
        errors_(errors),
        warnings_(warnings) {}

  void run() {
    listeners();
    origins();
    sites();
    cautions();
  }

 private:
  bool written(const std::string& path) const { return mentions_.contains(path); }

  /// A diagnostic at the path, or at the nearest key above it that was written.
  Diagnostic at(const std::string& path, std::string message) const {
    std::string above = path;
    std::string below;
    for (;;) {
      if (const auto found = mentions_.find(above); found != mentions_.end()) {
        return diagnostic_at(found->second.at, file_, found->second.shown + below,
                             std::move(message));
      }
      const std::size_t dot = above.rfind('.');
      if (dot == std::string::npos) break;
      below.insert(0, above, dot);
      above.resize(dot);
    }
    return diagnostic_at(
        file_.empty() ? Position{0, 0, "command line", {}} : Position{1, 1, {}, {}}, file_, path,
        std::move(message));
  }

  void error(const std::string& path, std::string message) {
    errors_.push_back(at(path, std::move(message)));
  }
  void warning(const std::string& path, std::string message) {
    warnings_.push_back(at(path, std::move(message)));
  }

  /// ", first at line 7" where that can be said.
  std::string first_at(std::string path) const {
    while (!path.empty() && !written(path))
      path.resize(path.rfind('.') == std::string::npos ? 0 : path.rfind('.'));
    const auto found = mentions_.find(path);
    if (found == mentions_.end() || found->second.at.line == 0) return {};
    return ", first at line " + std::to_string(found->second.at.line);
  }

  void listeners() {
    if (config_.listen.empty() && !failed("listen")) {
      error("listen", "is empty; name at least one address such as 0.0.0.0:8080");
    }
    std::vector<std::string> seen;
    for (const net::Address& address : config_.listen) {
      const bool any_port = address.kind == net::Address::Kind::tcp && address.port == 0;
      const std::string text = print_address(address);
      if (!any_port && std::ranges::find(seen, text) != seen.end())
        error("listen", text + " stands there twice");
      if (!any_port && config_.admin.enabled && address == config_.admin.listen) {
        error(written("admin.listen") ? "admin.listen" : "listen",
              text +
                  " is both a public address and the admin port; choose another port for one of "
                  "them");
      }
      seen.push_back(text);
    }
  }

  /// Whether something is wrong with the value itself, which was said already.
  bool failed(const std::string& path) const {
    const auto found = mentions_.find(path);
    return found != mentions_.end() && found->second.failed;
  }

  void origins() {
    if (config_.origins.empty()) {
      error("origins",
            "is missing; write `origins: { app: { url: \"http://127.0.0.1:8000\" } }` or start "
            "with --origin URL");
    }
    for (std::size_t i = 0; i < config_.origins.size(); ++i) {
      const net::OriginOptions& origin = config_.origins[i];
      const std::string path = "origins." + std::to_string(i);
      if (auto name = parse_name(origin.name); !name) error(path, name.error().message);
      if (origin.background > origin.connections) {
        warning(written(path + ".background") ? path + ".background" : path + ".connections",
                "background fetches (" + std::to_string(origin.background) +
                    ") can use up all connections (" + std::to_string(origin.connections) +
                    "), so that visitors wait");
      }
    }
  }

  void sites() {
    if (config_.sites.empty() && config_.origins.size() > 1) {
      error("sites", "is missing; with several origins each site says its `origin`");
    }
    std::map<std::string, std::string> names;
    std::map<std::string, std::string> hosts;
    for (std::size_t i = 0; i < config_.sites.size(); ++i) {
      isr::SiteOptions& site = config_.sites[i];
      const std::string path = "sites." + std::to_string(i);
      const auto [first, fresh] = names.emplace(site.name, path + ".name");
      if (!fresh && !site.name.empty()) {
        error(path + ".name", "another site is named " + in_quotes(site.name) +
                                  first_at(first->second) + "; names are unique");
      }
      hosts_of(site, path, hosts);
      origin_of(site, path);
      windows(site.windows, path);
      routes_of(site, path);
    }
  }

  void hosts_of(const isr::SiteOptions& site, const std::string& path,
                std::map<std::string, std::string>& hosts) {
    const std::string key = path + ".hosts";
    if (site.hosts.empty() && written(key) && !failed(key)) {
      error(key, "is empty; name a host, or write [\"*\"] for every host");
    }
    for (const std::string& host : site.hosts) {
      const auto [first, fresh] = hosts.emplace(host, key);
      if (fresh) continue;
      error(key, in_quotes(host) + (first->second == key
                                        ? " stands there twice"
                                        : " belongs to another site already" +
                                              first_at(first->second) + "; a host has one site"));
    }
  }

  void origin_of(isr::SiteOptions& site, const std::string& path) {
    std::vector<std::string> names;
    for (const net::OriginOptions& origin : config_.origins) names.push_back(origin.name);
    if (site.origin.empty()) {
      if (written(path + ".origin") || names.empty()) return;  // said already
      if (names.size() == 1) {
        site.origin = names.front();
      } else {
        error(path + ".origin", "is missing; there are several: " + alternatives(names));
      }
      return;
    }
    if (names.empty() || std::ranges::find(names, site.origin) != names.end()) return;
    const std::string near = nearest(site.origin, names);
    error(path + ".origin",
          "there is no origin " + in_quotes(site.origin) + "; " +
              (near.empty() ? "write " + alternatives(names) : "did you mean " + near + "?"));
  }

  void windows(const isr::WindowOptions& windows, const std::string& path) {
    if (windows.stale && !written(path + ".fresh")) {
      error(path + ".stale",
            "needs `fresh` beside it: without it the headers of the origin alone say how long a "
            "page may be used "
            "(RFC 9111), and `stale` has no beginning. Add `fresh`, or remove `stale`");
    }
  }

  void routes_of(isr::SiteOptions& site, const std::string& site_path) {
    std::map<std::string, std::string> names;
    std::map<std::string, std::string> patterns;
    for (std::size_t i = 0; i < site.routes.size(); ++i) {
      isr::RouteOptions& route = site.routes[i];
      const std::string path = site_path + ".routes." + std::to_string(i);
      if (route.name.empty() && !written(path + ".name"))
        route.name = "route-" + std::to_string(i + 1);
      const auto [first, fresh] = names.emplace(route.name, path + ".name");
      if (!fresh && !route.name.empty()) {
        error(path + ".name", "another route of the site is named " + in_quotes(route.name) +
                                  first_at(first->second) + "; names are unique");
      }
      overshadowed(route, path, patterns);
      windows(route.windows, path);
      if (!route.cache) without_cache(route, path);
    }
  }

  /// The first route that matches decides, so what follows the same pattern or /** is dead.
  void overshadowed(const isr::RouteOptions& route, const std::string& path,
                    std::map<std::string, std::string>& patterns) {
    const std::string key = path + ".match.path";
    if (failed(key)) return;
    for (const std::string& pattern : {route.path, std::string("/**")}) {
      const auto earlier = patterns.find(pattern);
      if (earlier == patterns.end()) continue;
      warning(key, "never matches: an earlier route has the pattern " + pattern +
                       first_at(earlier->second));
      return;
    }
    patterns.emplace(route.path, key);
  }

  void without_cache(const isr::RouteOptions& route, const std::string& path) {
    const bool timed = route.windows.fresh || route.windows.stale || route.windows.error;
    if (timed || route.overrides != isr::OverrideOptions{}) {
      error(path + ".cache",
            "is off, which contradicts the route's times or `override`; remove one of the two");
    }
  }

  /// What is allowed and probably not wanted.
  void cautions() {
    const net::Address& admin = config_.admin.listen;
    if (config_.admin.enabled && admin.kind == net::Address::Kind::tcp &&
        !admin.host.starts_with("127.") && admin.host != "::1") {
      warning("admin.listen",
              print_address(admin) + " can be reached from other machines; 127.0.0.1 cannot");
    }
    for (const std::string& network : config_.trusted_proxies) {
      if (network.ends_with("/0")) {
        warning("trusted_proxies",
                network + " trusts everyone; any client can then claim any address");
      }
    }
  }

  Config& config_;
  const Mentions& mentions_;
  const std::string& file_;
  std::vector<Diagnostic>& errors_;
  std::vector<Diagnostic>& warnings_;
};

}  // namespace

void check(Bound& bound, const std::string& file, std::vector<Diagnostic>& errors,
           std::vector<Diagnostic>& warnings) {
  Checker(bound, file, errors, warnings).run();
}

}  // namespace isrd::config
