#pragma once

#include <cstdint>

namespace isrd::store {

struct StoreOptions {
  std::uint64_t memory_bytes = 512ull * 1024 * 1024;  // entries, index and fills together
};

}  // namespace isrd::store
