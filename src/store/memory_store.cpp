// The RAM tier: shards of primary keys, each with its variants side by side, evicted by S3-FIFO to
// a byte limit that counts entries, slots, index and fills.
//
// Life of a slot: made by publish, touched by find, taken out by evict, forget, a purge, or the
// next publish of its variant. Readers hold counted references to entries, never to slots.
#include <sys/random.h>

#include <array>
#include <atomic>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <stdexcept>

#include "store/fetch_log.h"
#include "store/s3fifo.h"
#include "store/store.h"

namespace isrd::store {
namespace {

using isr::Invalidation;
using isr::Mode;
using isr::Windows;

constexpr std::size_t shard_count = 64;
constexpr std::size_t variants_max = 64;  // of one key
constexpr std::size_t slots_max =
    256;  // of one host and target: ports, schemes and variants together
constexpr std::size_t uncacheable_max = 4096;       // remembered keys in a shard
constexpr std::uint64_t slot_overhead_bytes = 160;  // slot, its allocation, its share of the index

struct Slot : QueueNode {
  isr::EntryPtr entry;
  Windows windows;
};

/// All entries of one host and target (variants, schemes, ports), newest first.
struct Resource {
  // Nearly always one: it lies in the map itself.
  boost::container::small_vector<std::unique_ptr<Slot>, 1> slots;
};

struct alignas(64) Shard {
  mutable std::mutex mutex;
  // Guarded by mutex.
  boost::unordered_flat_map<Hash128, Resource, Hash128Hasher> resources;
  boost::unordered_flat_map<Hash128, MonoTime, Hash128Hasher> uncacheable;
  S3Fifo queue;
  std::uint64_t entries = 0;

  std::atomic<std::uint64_t> bytes{
      0};  // of the queue, for make_room() to compare shards without their locks
};

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) throw std::runtime_error("getrandom failed");
  return seed;
}

void mark(Windows& windows, Mode mode) {
  // Where nothing allows the old page once it is stale, a refresh must not show it either.
  if (mode == Mode::refresh && !isr::may_be_served_stale(windows)) mode = Mode::expire;
  // A refresh never softens an expire.
  if (mode == Mode::expire) windows.invalidated = Invalidation::expire;
  if (mode == Mode::refresh && windows.invalidated == Invalidation::none) {
    windows.invalidated = Invalidation::refresh;
  }
}

/// std::erase_if for a small_vector.
template <class Slots, class Predicate>
void erase_slots(Slots& slots, Predicate predicate) {
  slots.erase(std::remove_if(slots.begin(), slots.end(), predicate), slots.end());
}

class MemoryStore final : public Store {
 public:
  MemoryStore(const StoreOptions& options, std::uint64_t object_bytes)
      : limit_bytes_(options.memory_bytes),
        object_bytes_max_(std::min(object_bytes, options.memory_bytes / 4)),
        seed_(random_seed()) {}

  std::uint64_t seed() const override { return seed_; }

  Found find(const isr::PrimaryKey& key, std::span<const http::Field> request_fields,
             MonoTime now) override {
    Found found;
    Shard& shard = shard_of(key.id);
    std::lock_guard lock(shard.mutex);
    if (const auto resource = shard.resources.find(key.id); resource != shard.resources.end()) {
      if (Slot* slot = select(resource->second, key, request_fields)) {
        S3Fifo::touch(*slot);
        found.kind = Found::Kind::found;
        found.entry = slot->entry;
        found.windows = slot->windows;
        return found;
      }
      found.sibling = sibling(resource->second, key);
      found.vary_miss = found.sibling != nullptr;
    }
    if (!shard.uncacheable.empty()) {
      const auto known = shard.uncacheable.find(whole_id(key));
      found.uncacheable = known != shard.uncacheable.end() && now < known->second;
    }
    return found;
  }

  bool invalidated_since(std::uint64_t asked, const isr::PrimaryKey& key) const override {
    Mode mode = Mode::refresh;
    return log_.later_than(asked, key, mode);
  }

  FetchTicket begin_fetch() override {
    return FetchTicket(log_.begin(), [this](std::uint64_t sequence) { log_.end(sequence); });
  }

  Published publish(isr::EntryPtr entry, const Windows& windows) override {
    auto slot = std::make_unique<Slot>();
    slot->windows = windows;
    slot->cost = entry->memory_bytes() + slot_overhead_bytes;
    slot->ghost_id = {entry->primary.low ^ entry->variant.low, entry->primary.high};
    if (slot->cost > limit_bytes_ / 2) {
      ++refused_;
      return Published::refused_size;
    }
    Published result = Published::visible;
    Shard& shard = shard_of(entry->primary);
    {
      std::lock_guard lock(shard.mutex);
      // Under the shard's lock, where invalidate() applies its row too: whichever comes second sees
      // the other.
      Mode mode = Mode::refresh;
      if (log_.later_than(entry->asked, {entry->primary, entry->key()}, mode)) {
        if (mode == Mode::purge) return Published::refused_purged;
        mark(slot->windows, mode);
        result = Published::visible_invalidated;
      }
      Resource& resource = shard.resources[entry->primary];
      if (has_newer(resource, *entry)) return Published::refused_older;
      shard.uncacheable.erase(whole_id({entry->primary, entry->key()}));
      drop_replaced(shard, resource, *entry, *slot);
      slot->entry = std::move(entry);
      Slot& placed = **resource.slots.insert(resource.slots.begin(), std::move(slot));
      total_bytes_ += placed.cost;
      shard.queue.insert(placed);
      shard.bytes = shard.queue.bytes();
      ++shard.entries;
    }
    make_room();
    return result;
  }

  void rewindow(const isr::Entry& entry, const Windows& windows) override {
    Shard& shard = shard_of(entry.primary);
    std::lock_guard lock(shard.mutex);
    if (Slot* slot = slot_of(shard, entry)) {
      const Invalidation invalidated = slot->windows.invalidated;
      slot->windows = windows;
      slot->windows.invalidated = invalidated;
    }
  }

  void forget(const isr::Entry& entry) override {
    Shard& shard = shard_of(entry.primary);
    std::lock_guard lock(shard.mutex);
    if (Slot* slot = slot_of(shard, entry)) drop(shard, *slot);
  }

  void remember_uncacheable(const isr::PrimaryKey& key, MonoTime until) override {
    Shard& shard = shard_of(key.id);
    std::lock_guard lock(shard.mutex);
    if (shard.uncacheable.size() >= uncacheable_max)
      shard.uncacheable.erase(shard.uncacheable.begin());
    shard.uncacheable[whole_id(key)] = until;
  }

  Invalidated invalidate(const isr::Selector& selector, Mode mode, MonoTime) override {
    Invalidated result;
    Hash128 only;
    if (selector.kind == isr::Selector::Kind::url && !selector.host.empty()) {
      only = isr::resource_id(isr::split_port(selector.host).host, selector.target, seed_);
    }
    result.sequence = log_.add(selector, only, mode);
    const Order order{selector, mode, result.sequence};
    if (!only.is_zero()) {
      Shard& shard = shard_of(only);
      std::lock_guard lock(shard.mutex);
      if (const auto found = shard.resources.find(only); found != shard.resources.end()) {
        if (apply(shard, found->second, order, result.entries)) shard.resources.erase(found);
      }
      return result;
    }
    for (Shard& shard : shards_) {
      std::lock_guard lock(shard.mutex);
      boost::unordered::erase_if(shard.resources, [&](auto& resource) {
        return apply(shard, resource.second, order, result.entries);
      });
    }
    return result;
  }

  bool reserve_fill(std::uint64_t bytes) override {
    const std::uint64_t filling = fill_bytes_.fetch_add(bytes) + bytes;
    total_bytes_ += bytes;
    make_room();
    return filling <= std::max(limit_bytes_ / 4, object_bytes_max_);
  }

  void release_fill(std::uint64_t bytes) override {
    fill_bytes_ -= bytes;
    total_bytes_ -= bytes;
  }

  std::uint64_t object_bytes_max() const override { return object_bytes_max_; }

  StoreStats stats() const override {
    StoreStats stats;
    for (const Shard& shard : shards_) {
      std::lock_guard lock(shard.mutex);
      stats.memory.entries += shard.entries;
      stats.uncacheable += shard.uncacheable.size();
    }
    stats.memory.bytes = total_bytes_;
    stats.fill_bytes = fill_bytes_;
    stats.limit_bytes = limit_bytes_;
    stats.evictions = evictions_;
    stats.refused = refused_;
    return stats;
  }

  void each(const std::function<bool(const isr::Entry&, const Windows&)>& f) const override {
    for (const Shard& shard : shards_) {
      std::lock_guard lock(shard.mutex);
      for (const auto& [id, resource] : shard.resources) {
        for (const auto& slot : resource.slots) {
          if (!f(*slot->entry, slot->windows)) return;
        }
      }
    }
  }

 private:
  Shard& shard_of(const Hash128& id) { return shards_[id.high % shard_count]; }
  Hash128 whole_id(const isr::PrimaryKey& key) const { return hash128(key.text, seed_); }

  Slot* select(Resource& resource, const isr::PrimaryKey& key,
               std::span<const http::Field> request_fields) const {
    const http::VaryRule* rule = nullptr;
    Hash128 variant;
    for (const auto& slot : resource.slots) {
      const isr::Entry& entry = *slot->entry;
      // The variant is zero exactly where Vary names nothing.
      const bool varies = !entry.variant.is_zero();
      if (varies && (!rule || !(*rule == entry.vary))) {
        rule = &entry.vary;
        variant = isr::variant_id(*rule, request_fields, seed_);
      }
      const Hash128 wanted = varies ? variant : Hash128{};
      if (entry.variant == wanted && entry.key() == key.text) return slot.get();
    }
    return nullptr;
  }

  static isr::EntryPtr sibling(const Resource& resource, const isr::PrimaryKey& key) {
    for (const auto& slot : resource.slots) {
      if (slot->entry->key() == key.text) return slot->entry;
    }
    return nullptr;
  }

  static bool has_newer(const Resource& resource, const isr::Entry& entry) {
    return std::any_of(resource.slots.begin(), resource.slots.end(), [&](const auto& slot) {
      const bool same_variant = slot->entry->variant == entry.variant ||
                                slot->entry->variant.is_zero() || entry.variant.is_zero();
      return same_variant && slot->entry->asked > entry.asked && slot->entry->key() == entry.key();
    });
  }

  static Slot* slot_of(Shard& shard, const isr::Entry& entry) {
    const auto resource = shard.resources.find(entry.primary);
    if (resource == shard.resources.end()) return nullptr;
    for (const auto& slot : resource->second.slots) {
      if (slot->entry.get() == &entry) return slot.get();
    }
    return nullptr;
  }

  /// Takes out what the new entry replaces: its own variant, whose standing goes over to
  /// `successor`, variants of a Vary that is gone, and one of too many.
  void drop_replaced(Shard& shard, Resource& resource, const isr::Entry& entry, Slot& successor) {
    std::size_t of_key = 0;
    erase_slots(resource.slots, [&](const std::unique_ptr<Slot>& slot) {
      if (slot->entry->key() != entry.key()) return false;
      const bool same_variant =
          slot->entry->variant == entry.variant && slot->entry->vary == entry.vary;
      // An answer without Vary stands for all: the variants of an earlier Vary are of no use beside
      // it.
      const bool outlived = slot->entry->variant.is_zero() != entry.variant.is_zero();
      if (!same_variant && !outlived && ++of_key < variants_max) return false;
      if (same_variant) {
        successor.uses = slot->uses;
        successor.in_main = slot->in_main;
      }
      take_out(shard, *slot);
      return true;
    });
    if (resource.slots.size() < slots_max) return;
    // Too many ports or schemes: one that nobody asked for again goes, or else the oldest.
    auto victim = std::find_if(resource.slots.rbegin(), resource.slots.rend(),
                               [](const auto& slot) { return slot->uses == 0; });
    if (victim == resource.slots.rend()) victim = resource.slots.rbegin();
    take_out(shard, **victim);
    resource.slots.erase(std::next(victim).base());
  }

  void take_out(Shard& shard, Slot& slot) {
    shard.queue.remove(slot);
    total_bytes_ -= slot.cost;
    --shard.entries;
  }

  void drop(Shard& shard, Slot& slot) {
    take_out(shard, slot);
    erase_slot(shard, slot);
  }

  static void erase_slot(Shard& shard, Slot& slot) {
    const auto resource = shard.resources.find(slot.entry->primary);
    erase_slots(resource->second.slots, [&](const auto& s) { return s.get() == &slot; });
    if (resource->second.slots.empty()) shard.resources.erase(resource);
  }

  struct Order {
    const isr::Selector& selector;
    Mode mode;
    std::uint64_t sequence;
  };

  /// Applies an invalidation to what it means of one resource. True: nothing is left of it.
  bool apply(Shard& shard, Resource& resource, const Order& order,
             std::vector<isr::EntryPtr>& entries) {
    erase_slots(resource.slots, [&](const std::unique_ptr<Slot>& slot) {
      // An entry whose fetch began after the invalidation was accepted is new already.
      if (slot->entry->asked > order.sequence) return false;
      if (!isr::selects(order.selector, slot->entry->key())) return false;
      entries.push_back(slot->entry);
      if (order.mode != Mode::purge) {
        mark(slot->windows, order.mode);
        return false;
      }
      take_out(shard, *slot);
      return true;
    });
    return resource.slots.empty();
  }

  void make_room() {
    std::size_t empty_shards = 0;
    while (total_bytes_.load(std::memory_order_relaxed) > limit_bytes_ &&
           empty_shards < shard_count) {
      // The fuller of two, so that no shard is emptied while another is full.
      const std::size_t at = cursor_.fetch_add(1, std::memory_order_relaxed);
      Shard& one = shards_[at % shard_count];
      Shard& other = shards_[(at * 29 + 17) % shard_count];
      Shard& shard = other.bytes > one.bytes ? other : one;
      std::lock_guard lock(shard.mutex);
      QueueNode* victim = shard.queue.evict();
      shard.bytes = shard.queue.bytes();
      if (!victim) {
        ++empty_shards;
        continue;
      }
      empty_shards = 0;
      Slot& slot = static_cast<Slot&>(*victim);
      total_bytes_ -= slot.cost;
      --shard.entries;
      erase_slot(shard, slot);
      ++evictions_;
    }
  }

  const std::uint64_t limit_bytes_;
  const std::uint64_t object_bytes_max_;
  const std::uint64_t seed_;
  FetchLog log_;
  std::array<Shard, shard_count> shards_;
  std::atomic<std::uint64_t> total_bytes_{0};
  std::atomic<std::uint64_t> fill_bytes_{0};
  std::atomic<std::uint64_t> evictions_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::size_t> cursor_{0};
};

}  // namespace

std::unique_ptr<Store> make_memory_store(const StoreOptions& options, std::uint64_t object_bytes) {
  return std::make_unique<MemoryStore>(options, object_bytes);
}

}  // namespace isrd::store
