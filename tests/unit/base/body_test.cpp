#include "base/body.h"

#include <gtest/gtest.h>

#include <cstring>

namespace isrd {
namespace {

Extent extent_of(std::string_view text, std::size_t capacity) {
  auto block = std::make_shared<Block>(capacity);
  std::memcpy(block->data(), text.data(), text.size());
  return {std::move(block), text.size()};
}

TEST(Body, an_extent_shows_what_is_filled_and_not_the_room_behind_it) {
  const Extent extent = extent_of("hello", 4096);
  EXPECT_EQ(extent.view(), "hello");
  EXPECT_EQ(extent.block->capacity(), 4096u);
}

TEST(Body, a_block_without_room_can_be_made) {
  const Block block(0);
  EXPECT_EQ(block.capacity(), 0u);
  EXPECT_NE(block.data(), nullptr);
}

TEST(Body, memory_is_counted_by_capacity_not_by_what_is_filled) {
  BodyChain chain;
  EXPECT_EQ(chain.memory_bytes(), 0u);
  chain.extents.push_back(extent_of("hello", 4096));
  chain.extents.push_back(extent_of("world", 100));
  EXPECT_GE(chain.memory_bytes(), 4096u + 100u);
  EXPECT_LE(chain.memory_bytes(), 4096u + 100u + 400u);
}

TEST(Body, a_copy_of_a_chain_shares_its_blocks) {
  BodyChain chain;
  chain.extents.push_back(extent_of("hello", 16));
  const BodyChain copy = chain;
  EXPECT_EQ(copy.extents[0].block, chain.extents[0].block);
}

TEST(Body, a_slice_keeps_its_owner_alive) {
  auto chain = std::make_shared<BodyChain>();
  chain->extents.push_back(extent_of("hello", 16));
  const std::weak_ptr<BodyChain> watch = chain;
  {
    BodySlice slice;
    slice.chain = chain.get();
    slice.owner = std::move(chain);
    ASSERT_FALSE(watch.expired());
    EXPECT_EQ(slice.chain->extents[0].view(), "hello");
  }
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace isrd
