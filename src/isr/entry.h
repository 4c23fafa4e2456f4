// Entry: what the origin said about one resource, immutable once published, and the recipe that
// brings it again. What changes without a body (windows, invalidation, use) is in the store's slot,
// not here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/body.h"
#include "base/clock.h"
#include "base/hash.h"
#include "isr/judge.h"

namespace isrd::isr {

/// What to ask the origin so that an entry comes out again. A request yields one; an entry carries
/// its own, so that a regeneration needs no visitor.
struct Recipe {
  std::string site;
  std::string scheme;
  std::string host;    // as it is sent to the origin
  std::string target;  // origin form
  std::string fields;  // the request fields that matter, as lines
};

/// The first members are what a hit reads; they share as few cache lines as they can.
struct Entry {
  std::string_view wire;  // key, then head: what is compared, and what is sent behind it
  std::uint32_t key_size = 0;
  std::uint32_t fields_begin = 0;  // where the field lines begin in the head
  std::string_view whole_body;     // the body when it lies in one piece
  Hash128 variant;                 // zero without Vary
  MonoTime received{};
  Seconds initial_age{0};
  int status = 200;
  bool shareable_with_authorization = false;  // RFC 9111 section 3.5

  std::string text;  // what `wire` views while the entry is being built; empty once it is compact
  BodyChain body;
  Hash128 primary;
  std::uint64_t asked = 0;  // the sequence number drawn when its fetch began
  http::VaryRule vary;
  Recipe recipe;
  RequestFacts facts;
  WallTime received_wall{};
  Millis delay{0};  // between request and answer

  // Views into `wire`, empty when absent.
  std::string_view etag;
  std::string_view last_modified;
  std::string_view date;

  /// The primary key's text.
  std::string_view key() const { return wire.substr(0, key_size); }
  /// Status line and stored fields as they are sent, Content-Length among them.
  std::string_view head() const { return wire.substr(key_size); }
  std::string_view field_lines() const { return head().substr(fields_begin); }
  Seconds age(MonoTime now) const {
    return initial_age + std::chrono::duration_cast<Seconds>(now - received);
  }
  bool has_validator() const { return !etag.empty() || !last_modified.empty(); }
  /// What the entry costs in memory, all its parts counted.
  std::size_t memory_bytes() const;
};

using EntryPtr = std::shared_ptr<const Entry>;

/// The finished entry in one allocation: its counters, its members, key, head and a small body lie
/// behind each other, so that a hit follows one pointer instead of five.
EntryPtr compact(Entry entry);

/// The slot's word about an entry: until when it is what (monotonic), and whether somebody
/// invalidated it.
enum class Invalidation : std::uint8_t { none, refresh, expire };

struct Windows {
  MonoTime fresh_until{};
  MonoTime stale_until{};
  MonoTime error_until{};
  bool must_validate = false;
  Invalidation invalidated = Invalidation::none;
  std::uint32_t generation = 0;  // of the configuration that they were resolved with
};

/// Whether anything (the origin's directives, the operator's windows) lets the entry be used after
/// its freshness.
inline bool may_be_served_stale(const Windows& windows) {
  return windows.error_until > windows.fresh_until;
}

Windows windows_from(const Lifetime& lifetime, MonoTime received, std::uint32_t generation);

/// Shortens the fresh window by up to a tenth, always by the same part for the same key, so that
/// pages that were filled together do not go stale together.
Lifetime with_jitter(Lifetime lifetime, const Hash128& key);

}  // namespace isrd::isr
