// What an entry may be used for now (RFC 9111 section 4.2, RFC 5861; DESIGN "Freshness and the two
// profiles").
#pragma once

#include "isr/entry.h"

namespace isrd::isr {

enum class Use : std::uint8_t {
  fresh,    // serve it
  stale,    // serve it, regenerate behind it
  expired,  // regenerate first; it may cover an origin that fails
  dead,     // of no use but for its validators
};

struct Decision {
  Use use = Use::dead;
  Why why = Why::none;
};

inline Decision decide(const Windows& windows, MonoTime now) {
  const bool covers_error = now < windows.error_until;
  if (windows.must_validate) return {Use::dead, Why::validate_each_use};
  switch (windows.invalidated) {
    case Invalidation::none:
      break;
    case Invalidation::refresh:
      // As long as it would have been served anyway, it still is, while the new one is being made.
      if (now < std::max(windows.fresh_until, windows.stale_until))
        return {Use::stale, Why::invalidated};
      return {covers_error ? Use::expired : Use::dead, Why::invalidated};
    case Invalidation::expire:
      return {covers_error ? Use::expired : Use::dead, Why::invalidated};
  }
  if (now < windows.fresh_until) return {Use::fresh, Why::fresh};
  if (now < windows.stale_until) return {Use::stale, Why::stale_while_revalidate};
  return {covers_error ? Use::expired : Use::dead, Why::expired};
}

}  // namespace isrd::isr
