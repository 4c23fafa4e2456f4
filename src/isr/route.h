// Sites and routes compiled for look-up: host to site, path to route. Immutable; a reload makes a
// new table.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "isr/judge.h"
#include "isr/options.h"

namespace isrd::isr {

/// A path pattern: literal text, `{name}` and `*` for one segment or a part of one, `**` at the end
/// for any rest.
class PathPattern {
 public:
  /// The error says what is wrong with the pattern.
  static Result<PathPattern> compile(std::string_view pattern);
  bool matches(std::string_view path) const;

 private:
  bool matches_whole(std::string_view path) const;
  std::vector<std::string> literals_;  // between the wildcards, first and last included
  bool open_end_ = false;
};

struct Route {
  std::string name;
  PathPattern pattern;
  bool cache = true;
  bool websocket = false;
  Policy policy;
};

struct Site {
  std::size_t index = 0;  // in the table
  std::size_t metrics_slot =
      0;  // where its requests are counted; the same for one name over reloads
  std::string name;
  std::string origin;
  std::size_t origin_index = 0;
  bool client_directives = false;
  Millis wait_max{900};
  Millis uncacheable_for{120'000};
  Mode purge_mode = Mode::refresh;
  std::string regenerate_header;
  std::vector<Route> routes;
  Route fallback;  // for paths that no route matches

  /// The first route that matches. `ambiguous` is set when another reading of the path
  /// (percent-decoded, dot segments and double slashes resolved) would match another route: then
  /// neither can be trusted (security rule 21).
  const Route& match(std::string_view path, bool& ambiguous) const;
};

class SiteTable {
 public:
  /// `origin_names` gives the origins' indices; `slots` remembers the metrics slot of each name
  /// over reloads. The options were validated by the loader.
  static Result<std::shared_ptr<const SiteTable>> compile(
      std::span<const SiteOptions> sites, std::span<const std::string> origin_names,
      std::uint32_t generation, std::map<std::string, std::size_t>& slots);

  /// The site of a Host value in any case, with or without port; nullptr when none matches.
  const Site* find_host(std::string_view authority) const;
  const Site* find_name(std::string_view name) const;
  const std::vector<Site>& sites() const { return sites_; }
  std::uint32_t generation() const { return generation_; }

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::uint32_t generation_ = 0;
  std::vector<Site> sites_;
  std::unordered_map<std::string, std::size_t, StringHash, std::equal_to<>> exact_;
  std::vector<std::pair<std::string, std::size_t>> suffixes_;  // ".example.org", longest first
  std::size_t any_ = npos;
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
};

/// The path with percent-encoded octets decoded, double slashes and dot segments resolved: what an
/// origin may make of it.
std::string normalised_path(std::string_view path);

}  // namespace isrd::isr
