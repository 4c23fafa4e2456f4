#include "isr/route.h"

#include <algorithm>

#include "base/metrics.h"

namespace isrd::isr {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool may_have_other_reading(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%' || path[i] == ';' || path[i] == '\\') return true;
    if (path[i] == '/' && i + 1 < path.size() && (path[i + 1] == '/' || path[i + 1] == '.'))
      return true;
  }
  return false;
}

}  // namespace

std::string normalised_path(std::string_view path) {
  std::string decoded;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%' && i + 2 < path.size() && hex_digit(path[i + 1]) >= 0 &&
        hex_digit(path[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_digit(path[i + 1]) * 16 + hex_digit(path[i + 2]));
      i += 2;
    } else {
      decoded += path[i] == '\\' ? '/' : path[i];
    }
  }
  std::vector<std::string_view> segments;
  std::string_view rest = decoded;
  bool slash_at_end = false;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    slash_at_end = slash != std::string_view::npos && rest.empty();
    segment = segment.substr(0, segment.find(';'));  // path parameters, as Java origins read them
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : segments) out.append("/").append(segment);
  if (out.empty() || slash_at_end) out += '/';
  return out;
}

Result<PathPattern> PathPattern::compile(std::string_view pattern) {
  if (pattern.empty() || pattern[0] != '/') return Error{"a path pattern begins with '/'"};
  PathPattern compiled;
  std::string literal;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern.substr(i) == "**") {
      compiled.open_end_ = true;
      break;
    }
    if (pattern[i] == '*') {
      if (pattern.substr(i).starts_with("**")) return Error{"'**' may stand at the end only"};
      compiled.literals_.push_back(std::exchange(literal, {}));
    } else if (pattern[i] == '{') {
      const std::size_t close = pattern.find('}', i);
      if (close == std::string_view::npos) return Error{"'{' without '}'"};
      if (close == i + 1) return Error{"'{}' needs a name"};
      compiled.literals_.push_back(std::exchange(literal, {}));
      i = close;
    } else {
      literal += pattern[i];
    }
  }
  compiled.literals_.push_back(std::move(literal));
  return compiled;
}

bool PathPattern::matches(std::string_view path) const {
  if (matches_whole(path)) return true;
  // "/a/**" matches "/a" as well: the section's own page belongs to it.
  char with_slash[1024];
  if (!open_end_ || !literals_.back().ends_with('/') || path.size() >= sizeof with_slash)
    return false;
  std::copy(path.begin(), path.end(), with_slash);
  with_slash[path.size()] = '/';
  return matches_whole({with_slash, path.size() + 1});
}

bool PathPattern::matches_whole(std::string_view path) const {
  const std::string& begin = literals_[0];
  if (!path.starts_with(begin)) return false;
  path.remove_prefix(literals_[0].size());
  for (std::size_t i = 1; i < literals_.size(); ++i) {
    // A wildcard takes one or more bytes, but no slash; the shortest way to its literal is tried
    // first.
    const std::string& literal = literals_[i];
    const bool last = i + 1 == literals_.size() && !open_end_;
    const std::size_t segment_end = std::min(path.find('/'), path.size());
    std::size_t at;
    if (last) {
      if (path.size() < literal.size() + 1 || !path.ends_with(literal)) return false;
      at = path.size() - literal.size();
      if (at > segment_end) return false;
    } else if (literal.empty()) {
      at = segment_end;
    } else {
      at = path.find(literal, 1);
      if (at == std::string_view::npos || at > segment_end) return false;
    }
    if (at == 0) return false;
    path.remove_prefix(at + literal.size());
  }
  return open_end_ || path.empty();
}

const Route& Site::match(std::string_view path, bool& ambiguous) const {
  const auto first = [this](std::string_view p) -> const Route& {
    for (const Route& route : routes) {
      if (route.pattern.matches(p)) return route;
    }
    return fallback;
  };
  ambiguous = false;
  if (routes.empty()) return fallback;
  const Route& route = first(path);
  if (may_have_other_reading(path) && &first(normalised_path(path)) != &route) ambiguous = true;
  return route;
}

Result<std::shared_ptr<const SiteTable>> SiteTable::compile(
    std::span<const SiteOptions> sites, std::span<const std::string> origin_names,
    std::uint32_t generation, std::map<std::string, std::size_t>& slots) {
  auto table = std::make_shared<SiteTable>();
  table->generation_ = generation;
  for (const SiteOptions& options : sites) {
    Site site;
    site.index = table->sites_.size();
    site.name = options.name;
    // The last slot is shared by all that come after.
    site.metrics_slot =
        std::min(slots.try_emplace(options.name, slots.size()).first->second, site_slots_max - 1);
    site.origin = options.origin;
    const auto origin = std::find(origin_names.begin(), origin_names.end(), options.origin);
    if (origin == origin_names.end())
      return Error{"site " + options.name + ": no origin " + options.origin};
    site.origin_index = static_cast<std::size_t>(origin - origin_names.begin());
    site.client_directives = options.client_directives;
    site.wait_max = options.wait_max;
    site.uncacheable_for = options.uncacheable_for;
    site.purge_mode = options.purge_mode;
    site.regenerate_header = options.regenerate_header;
    site.fallback.policy.windows = options.windows;
    site.fallback.websocket = options.websocket;
    for (const RouteOptions& r : options.routes) {
      auto pattern = PathPattern::compile(r.path);
      if (!pattern) return Error{"route " + r.name + ": " + pattern.error().message};
      site.routes.push_back({r.name, std::move(*pattern), r.cache, r.websocket || options.websocket,
                             Policy{r.windows, r.overrides}});
    }
    for (std::string host : options.hosts) {
      std::transform(host.begin(), host.end(), host.begin(), lower);
      if (host == "*") {
        table->any_ = site.index;
      } else if (host.starts_with("*.")) {
        table->suffixes_.emplace_back(host.substr(1), site.index);
      } else {
        table->exact_.emplace(host, site.index);
      }
    }
    table->sites_.push_back(std::move(site));
  }
  std::sort(table->suffixes_.begin(), table->suffixes_.end(),
            [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  return std::shared_ptr<const SiteTable>(std::move(table));
}

const Site* SiteTable::find_host(std::string_view authority) const {
  // The one-site case of a default host costs nothing.
  if (exact_.empty() && suffixes_.empty()) return any_ == npos ? nullptr : &sites_[any_];
  char buffer[256];
  std::string_view host = authority;
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    host = host.substr(0, colon);
  }
  if (host.size() > sizeof buffer) return any_ == npos ? nullptr : &sites_[any_];
  std::transform(host.begin(), host.end(), buffer, lower);
  const std::string_view name(buffer, host.size());
  if (const auto found = exact_.find(name); found != exact_.end()) return &sites_[found->second];
  for (const auto& [suffix, index] : suffixes_) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) return &sites_[index];
  }
  return any_ == npos ? nullptr : &sites_[any_];
}

const Site* SiteTable::find_name(std::string_view name) const {
  for (const Site& site : sites_) {
    if (site.name == name) return &site;
  }
  return nullptr;
}

}  // namespace isrd::isr
