// The entry of libFuzzer for one target: a file fuzz_<name>.cpp includes the target's header and
// names the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#define ISRD_FUZZ_TARGET(target)                                                      \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    target(std::string_view(reinterpret_cast<const char*>(data), size));              \
    return 0;                                                                         \
  }
