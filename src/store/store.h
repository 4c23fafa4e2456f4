// The store as the rest of isrd sees it: one interface over all tiers. Thread-safe; nothing here
// blocks a network thread.
//
// Sequence: one counter, drawn when a fetch begins and when an invalidation is accepted. An entry
// whose fetch began before an invalidation that matches it is published already invalidated, or not
// at all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "isr/entry.h"
#include "isr/key.h"
#include "isr/selector.h"
#include "store/options.h"

namespace isrd::store {

/// The answer of a look-up. A miss is an answer, not an error.
struct Found {
  enum class Kind : std::uint8_t { absent, found, pending };
  Kind kind = Kind::absent;
  bool vary_miss = false;    // absent, but the resource is known in other variants
  bool uncacheable = false;  // absent, and its last answer could not be stored: do not wait for one
  isr::EntryPtr entry;
  isr::Windows windows;
  isr::EntryPtr sibling;  // when vary_miss: another variant of the resource
};

/// How a publication ended. `visible` is known at once; a durable tier will answer later through
/// its own call.
enum class Published : std::uint8_t {
  visible,
  visible_invalidated,
  refused_purged,
  refused_older,
  refused_size
};

struct Invalidated {
  std::uint64_t sequence = 0;
  std::vector<isr::EntryPtr> entries;  // what matched, for regeneration
  bool durable = true;
};

struct TierStats {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

struct StoreStats {
  TierStats memory;
  std::uint64_t limit_bytes = 0;
  std::uint64_t fill_bytes = 0;
  std::uint64_t evictions = 0;
  std::uint64_t uncacheable = 0;
  std::uint64_t refused = 0;
};

/// A fetch under way: as long as it lives, invalidations later than its sequence number are
/// remembered.
class FetchTicket {
 public:
  FetchTicket() = default;
  FetchTicket(std::uint64_t sequence, std::function<void(std::uint64_t)> release)
      : sequence_(sequence), release_(std::move(release)) {}
  FetchTicket(FetchTicket&& other) noexcept
      : sequence_(std::exchange(other.sequence_, 0)), release_(std::move(other.release_)) {}
  FetchTicket& operator=(FetchTicket&&) = delete;
  ~FetchTicket() {
    if (sequence_) release_(sequence_);
  }
  std::uint64_t sequence() const { return sequence_; }

 private:
  std::uint64_t sequence_ = 0;
  std::function<void(std::uint64_t)> release_;
};

class Store {
 public:
  virtual ~Store() = default;

  /// The secret that ids are seeded with.
  virtual std::uint64_t seed() const = 0;

  /// Looks the variant up that `request_fields` select. Counts as a use of the entry.
  virtual Found find(const isr::PrimaryKey& key, std::span<const http::Field> request_fields,
                     MonoTime now) = 0;

  /// Draws a sequence number for a fetch that begins now.
  virtual FetchTicket begin_fetch() = 0;

  /// Whether an invalidation that means the key was accepted after the fetch with this number
  /// began. The fetch's ticket must still be alive.
  virtual bool invalidated_since(std::uint64_t asked, const isr::PrimaryKey& key) const = 0;

  /// Makes an entry visible, replacing its older self. Only regen/ calls this (one writer). An
  /// entry that was asked for before the one in place stays out: a slow fetch never brings an older
  /// version back.
  virtual Published publish(isr::EntryPtr entry, const isr::Windows& windows) = 0;

  /// Gives an entry that is still in place other windows: after a reload. Keeps its invalidation.
  virtual void rewindow(const isr::Entry& entry, const isr::Windows& windows) = 0;

  /// Forgets one entry: its resource turned out to be gone from the cacheable world.
  virtual void forget(const isr::Entry& entry) = 0;

  /// Remembers until `until` that the answer for this key cannot be stored.
  virtual void remember_uncacheable(const isr::PrimaryKey& key, MonoTime until) = 0;

  /// Applies one invalidation: visible to every look-up when this returns, and to every publication
  /// of a fetch that began before.
  virtual Invalidated invalidate(const isr::Selector& selector, isr::Mode mode, MonoTime now) = 0;

  /// Memory of a growing fill, counted against the limit: entries make room for it. False: fills
  /// have too large a part of the memory already (it is counted all the same, until release_fill);
  /// the fill should keep no more than a window.
  virtual bool reserve_fill(std::uint64_t bytes) = 0;
  virtual void release_fill(std::uint64_t bytes) = 0;
  /// The largest body that may be stored.
  virtual std::uint64_t object_bytes_max() const = 0;

  virtual StoreStats stats() const = 0;
  /// Up to `count` entries for a person to look at or a search to walk: calls f for each; false
  /// from f ends it.
  virtual void each(const std::function<bool(const isr::Entry&, const isr::Windows&)>& f) const = 0;
};

/// `object_bytes`: the largest body that is stored, where the memory itself allows more.
std::unique_ptr<Store> make_memory_store(const StoreOptions& options, std::uint64_t object_bytes);

}  // namespace isrd::store
