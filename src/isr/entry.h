// Entry: what the origin said about one resource, immutable once published, and the recipe that brings it again. What
// changes without a body (windows, invalidation, use) is in the store's slot, not here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/body.h"
#include "base/clock.h"
#include "base/hash.h"
#include "isr/judge.h"

namespace isrd::isr {

/// What to ask the origin so that an entry comes out again. A request yields one; an entry carries its own, so that a
/// regeneration needs no visitor.
struct Recipe {
  std::string site;
  std::string scheme;
  std::string host;    // as it is sent to the origin
  std::string target;  // origin form
  std::string fields;  // the request fields that matter, as lines
};

struct Entry {
  std::string key;      // the primary key's text
  Hash128 primary;
  Hash128 variant;      // zero without Vary
  std::uint64_t asked = 0;  // the sequence number drawn when its fetch began
  int status = 200;
  std::string head;     // status line and stored fields as they are sent, Content-Length among them
  std::size_t fields_begin = 0;  // where the field lines begin in `head`
  BodyChain body;
  http::VaryRule vary;
  Recipe recipe;
  RequestFacts facts;
  Seconds initial_age{0};
  MonoTime received{};
  WallTime received_wall{};
  Millis delay{0};      // between request and answer
  bool shareable_with_authorization = false;  // RFC 9111 section 3.5

  // Views into `head`, empty when absent.
  std::string_view etag;
  std::string_view last_modified;
  std::string_view date;

  std::string_view field_lines() const { return std::string_view(head).substr(fields_begin); }
  Seconds age(MonoTime now) const {
    return initial_age + std::chrono::duration_cast<Seconds>(now - received);
  }
  bool has_validator() const { return !etag.empty() || !last_modified.empty(); }
  /// What the entry costs in memory, all its parts counted.
  std::size_t memory_bytes() const;
};

using EntryPtr = std::shared_ptr<const Entry>;

/// The slot's word about an entry: until when it is what (monotonic), and whether somebody invalidated it.
enum class Invalidation : std::uint8_t { none, refresh, expire };

struct Windows {
  MonoTime fresh_until{};
  MonoTime stale_until{};
  MonoTime error_until{};
  bool must_validate = false;
  Invalidation invalidated = Invalidation::none;
  std::uint32_t generation = 0;  // of the configuration that they were resolved with
};

Windows windows_from(const Lifetime& lifetime, MonoTime received, std::uint32_t generation);

/// Shortens the fresh window by up to a tenth, always by the same part for the same key, so that pages that were filled
/// together do not go stale together.
Lifetime with_jitter(Lifetime lifetime, const Hash128& key);

}  // namespace isrd::isr
