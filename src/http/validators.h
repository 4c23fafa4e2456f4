// Entity-tags and conditional requests (RFC 9110 sections 8.8 and 13).
#pragma once

#include <optional>
#include <string_view>

#include "http/date.h"
#include "http/head.h"

namespace isrd::http {

/// Whether `text` is one entity-tag: optional W/, a quoted opaque tag.
bool is_etag(std::string_view text);
bool weak_equal(std::string_view a, std::string_view b);  // section 8.8.3.2
bool strong_equal(std::string_view a, std::string_view b);

/// What is known of the stored or fresh representation. Empty views: absent.
struct Validators {
  std::string_view etag;
  std::string_view last_modified;
  std::string_view date;
};

/// Section 13.2.2 for GET and HEAD: whether a 304 answers the request. If-None-Match present:
/// If-Modified-Since is ignored. Without Last-Modified, If-Modified-Since is compared with Date. A
/// malformed If-None-Match does not match.
bool not_modified(const RequestHead& request, const Validators& validators, Date now);

/// Whether If-Range (absent: true) lets a Range request be answered with 206 (section 13.1.5,
/// strong comparison).
bool if_range_holds(const RequestHead& request, const Validators& validators, Date now);

}  // namespace isrd::http
