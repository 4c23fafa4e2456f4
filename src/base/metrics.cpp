#include "base/metrics.h"

namespace isrd {

const char* spell(Outcome outcome) {
  switch (outcome) {
    case Outcome::hit:
      return "hit";
    case Outcome::stale:
      return "stale";
    case Outcome::miss:
      return "miss";
    case Outcome::expired:
      return "expired";
    case Outcome::revalidated:
      return "revalidated";
    case Outcome::bypass:
      return "bypass";
    case Outcome::error:
      return "error";
  }
  return "";
}

const char* x_cache_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::hit:
      return "HIT";
    case Outcome::stale:
      return "STALE";
    case Outcome::miss:
      return "MISS";
    case Outcome::expired:
      return "EXPIRED";
    case Outcome::revalidated:
      return "REVALIDATED";
    case Outcome::bypass:
      return "BYPASS";
    case Outcome::error:
      return "BYPASS";
  }
  return "";
}

const char* spell(FetchKind kind) {
  switch (kind) {
    case FetchKind::sync:
      return "sync";
    case FetchKind::background:
      return "background";
    case FetchKind::pass:
      return "pass";
  }
  return "";
}

}  // namespace isrd
