// Bodies as chains of extents. A BodyChain is immutable once it is shared; blocks are counted one
// by one, so that a growing fill, the entry it becomes and its readers share the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <vector>

namespace isrd {

/// A piece of memory with room to grow into; the bytes below `size` never change.
class Block {
 public:
  /// Throws std::bad_alloc.
  explicit Block(std::size_t capacity)
      : data_(static_cast<char*>(std::malloc(capacity ? capacity : 1))), capacity_(capacity) {
    if (!data_) throw std::bad_alloc();
  }
  ~Block() { std::free(data_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }

 private:
  char* data_;
  std::size_t capacity_;
};

struct Extent {
  std::shared_ptr<const Block> block;
  std::size_t size = 0;
  std::string_view view() const { return {block->data(), size}; }
};

struct BodyChain {
  std::vector<Extent> extents;
  std::uint64_t size = 0;

  /// Bytes of memory that the chain holds.
  std::size_t memory_bytes() const {
    std::size_t sum = extents.capacity() * sizeof(Extent);
    for (const Extent& extent : extents) sum += extent.block->capacity() + sizeof(Block) + 32;
    return sum;
  }
};

/// A part of a chain together with what keeps it alive. An empty slice has no owner.
struct BodySlice {
  std::shared_ptr<const void> owner;
  const BodyChain* chain = nullptr;
  std::string_view whole;  // the whole chain's bytes when they lie in one piece, to save the walk
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

}  // namespace isrd
