// ISRD_ASSERT: a programmer's error, checked in release builds as well. Never for what a peer or a
// disk may do.
#pragma once

namespace isrd {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;
}

#define ISRD_ASSERT(expression) \
  ((expression) ? void(0) : ::isrd::assertion_failed(#expression, __FILE__, __LINE__))
