// The byte limit counts entries, their slots and fills, and eviction keeps what is used.
#include <gtest/gtest.h>

#include <random>

#include "unit/store/stores.h"

namespace isrd::store {
namespace {

std::string target(int i) { return "/page/" + std::to_string(i); }

TEST(MemoryLimit, is_never_exceeded_by_entries) {
  constexpr std::uint64_t limit = 1 << 20;
  const auto store = make_store(limit);
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    publish(*store, page_of(target(i), std::string(random() % 20'000, 'b')));
    EXPECT_LE(store->stats().memory.bytes, limit);
  }
  const StoreStats stats = store->stats();
  EXPECT_EQ(stats.limit_bytes, limit);
  EXPECT_GT(stats.evictions, 0u);
  EXPECT_GT(stats.memory.bytes, limit / 2);
  EXPECT_EQ(stats.memory.entries + stats.evictions, 3000u);
}

TEST(MemoryLimit, what_is_counted_is_at_least_what_the_entries_hold) {
  const auto store = make_store();
  std::uint64_t bytes = 0;
  for (int i = 0; i < 100; ++i) {
    EntryPtr entry;
    publish(*store, page_of(target(i), std::string(1000, 'b')), &entry);
    bytes += entry->memory_bytes();
  }
  EXPECT_GE(store->stats().memory.bytes, bytes);
}

TEST(MemoryLimit, a_fill_takes_its_room_from_entries) {
  constexpr std::uint64_t limit = 1 << 20;
  const auto store = make_store(limit);
  for (int i = 0; i < 500; ++i) publish(*store, page_of(target(i), std::string(2000, 'b')));
  for (int i = 0; i < 12; ++i) {
    store->reserve_fill(64 << 10);
    EXPECT_LE(store->stats().memory.bytes, limit);
  }
  EXPECT_EQ(store->stats().fill_bytes, 12u * (64 << 10));
  EXPECT_LT(store->stats().memory.entries, 200u);
  for (int i = 0; i < 12; ++i) store->release_fill(64 << 10);
  EXPECT_EQ(store->stats().fill_bytes, 0u);
  std::uint64_t bytes = store->stats().memory.bytes;
  invalidate(*store, {}, Mode::purge);
  EXPECT_LT(store->stats().memory.bytes, bytes);
  EXPECT_EQ(store->stats().memory.bytes, 0u);
}

TEST(MemoryLimit, fills_beyond_the_limit_empty_the_store_and_end_there) {
  const auto store = make_store(1 << 20);
  publish(*store, page_of("/a"));
  store->reserve_fill(2 << 20);
  EXPECT_EQ(store->stats().memory.entries, 0u);
  EXPECT_EQ(publish(*store, page_of("/b")), Published::visible);
  EXPECT_FALSE(holds(*store, page_of("/b")));
  store->release_fill(2 << 20);
  publish(*store, page_of("/c"));
  EXPECT_TRUE(holds(*store, page_of("/c")));
}

TEST(MemoryLimit, an_object_larger_than_half_of_it_is_refused) {
  const auto store = make_store(1 << 20);
  EXPECT_EQ(publish(*store, page_of("/a", std::string(600'000, 'b'))), Published::refused_size);
  EXPECT_FALSE(holds(*store, page_of("/a")));
  EXPECT_EQ(store->stats().refused, 1u);
  EXPECT_EQ(store->stats().memory.bytes, 0u);
}

TEST(MemoryLimit, the_largest_object_is_the_smaller_of_option_and_a_quarter) {
  EXPECT_EQ(make_store(1 << 20, 1000)->object_bytes_max(), 1000u);
  EXPECT_EQ(make_store(1 << 20, 1 << 30)->object_bytes_max(), (1u << 20) / 4);
}

TEST(Eviction, one_hit_wonders_do_not_push_out_what_is_used) {
  const auto store = make_store(4 << 20);
  for (int i = 0; i < 300; ++i) publish(*store, page_of(target(i), std::string(1000, 'b')));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 300; ++i) EXPECT_TRUE(holds(*store, page_of(target(i))));
  }
  for (int i = 0; i < 5'000; ++i) {
    publish(*store, page_of(target(10'000 + i), std::string(1000, 'b')));
    if (i % 10 == 0) find(*store, page_of(target(i / 10 % 300)));
  }
  int kept = 0;
  for (int i = 0; i < 300; ++i) kept += holds(*store, page_of(target(i)));
  // Each shard has its own queues, and the ids are seeded anew in each run.
  EXPECT_GE(kept, 270);
}

TEST(Eviction, a_reader_keeps_the_entry_it_has) {
  const auto store = make_store(1 << 20);
  publish(*store, page_of("/a", "kept"));
  const Found found = find(*store, page_of("/a"));
  for (int i = 0; i < 2000; ++i) publish(*store, page_of(target(i), std::string(1000, 'b')));
  EXPECT_FALSE(holds(*store, page_of("/a")));
  EXPECT_EQ(isr::body_text(*found.entry), "kept");
}

}  // namespace
}  // namespace isrd::store
