// Cache-Control (RFC 9111 section 5.2) and the fields that speak like it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace isrd::http {

/// All Cache-Control lines of one message as one list. delta-seconds saturate at 2^31; of two
/// values the first counts, of contradictory directives the stricter.
struct CacheControl {
  bool present = false;
  bool no_store = false;
  bool no_cache = false;    // unqualified
  bool is_private = false;  // unqualified
  bool is_public = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;
  bool must_understand = false;
  bool no_transform = false;
  bool only_if_cached = false;
  bool invalid_freshness =
      false;  // max-age or s-maxage is there but is no number: stale (section 4.2.1)
  std::optional<std::chrono::seconds> max_age;
  std::optional<std::chrono::seconds> s_maxage;
  std::optional<std::chrono::seconds> stale_while_revalidate;
  std::optional<std::chrono::seconds> stale_if_error;
  std::optional<std::chrono::seconds> min_fresh;
  std::optional<std::chrono::seconds> max_stale;  // without a value: the greatest
  /// The field names of qualified no-cache and private (sections 5.2.2.4 and 5.2.2.7): not to be
  /// stored.
  std::vector<std::string> withheld_fields;
};

/// Reads every field of id cache_control.
CacheControl parse_cache_control(std::span<const Field> fields);

/// RFC 9213: reads the targeted fields ("ISRD-Cache-Control", then "CDN-Cache-Control"; the first
/// that is present, valid and not empty). nullopt: there is none that counts, so Cache-Control
/// decides.
std::optional<CacheControl> parse_targeted_cache_control(std::span<const Field> fields);

/// A delta-seconds value: digits only, saturating at 2^31; nullopt for anything else.
std::optional<std::chrono::seconds> parse_delta_seconds(std::string_view text);

}  // namespace isrd::http
