// What a fuzz target demands. A breach is an exception: libFuzzer stops at it with the input,
// GoogleTest reports it.
#pragma once

#include <stdexcept>

namespace isrd::fuzz {

inline void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

}  // namespace isrd::fuzz
