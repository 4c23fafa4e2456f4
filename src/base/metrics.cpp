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

const char* spell(Resolution step) {
  switch (step) {
    case Resolution::fresh_hit:
      return "fresh_hit";
    case Resolution::lead:
      return "lead";
    case Resolution::follow_stale:
      return "follow_stale";
    case Resolution::follow_wait:
      return "follow_wait";
    case Resolution::fail_open:
      return "fail_open";
    case Resolution::unavailable:
      return "unavailable";
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
