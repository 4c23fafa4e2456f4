// The use of an entry over its life, as one line for each moment: windows are fresh until 10 s,
// stale until 20 s, and cover an origin that fails until 30 s, unless a row says otherwise.
#include "isr/decide.h"

#include <gtest/gtest.h>

namespace isrd::isr {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime start{1000s};

Windows windows_of(Seconds fresh, Seconds stale, Seconds error) {
  Windows windows;
  windows.fresh_until = start + fresh;
  windows.stale_until = start + stale;
  windows.error_until = start + error;
  return windows;
}

std::string use_word(Use use) {
  switch (use) {
    case Use::fresh:
      return "fresh";
    case Use::stale:
      return "stale";
    case Use::expired:
      return "expired";
    case Use::dead:
      return "dead";
  }
  return "";
}

/// The use at 0, 9, 10, 19, 20, 29 and 30 seconds.
std::string life(const Windows& windows) {
  std::string words;
  for (const Seconds at : {0s, 9s, 10s, 19s, 20s, 29s, 30s}) {
    words += (words.empty() ? "" : " ") + use_word(decide(windows, start + at).use);
  }
  return words;
}

TEST(Decide, the_life_of_an_entry) {
  struct Row {
    Windows windows;
    Invalidation invalidated;
    std::string_view life;
  };
  const Windows all = windows_of(10s, 20s, 30s);
  const Windows no_stale = windows_of(10s, 10s, 30s);
  const Windows fresh_only = windows_of(10s, 10s, 10s);
  const Windows stale_only = windows_of(0s, 20s, 20s);
  const Row rows[] = {
      {all, Invalidation::none, "fresh fresh stale stale expired expired dead"},
      {no_stale, Invalidation::none, "fresh fresh expired expired expired expired dead"},
      {fresh_only, Invalidation::none, "fresh fresh dead dead dead dead dead"},
      {stale_only, Invalidation::none, "stale stale stale stale dead dead dead"},
      // A refresh shows the old page for as long as it would have been shown anyway.
      {all, Invalidation::refresh, "stale stale stale stale expired expired dead"},
      {no_stale, Invalidation::refresh, "stale stale expired expired expired expired dead"},
      // After an expire it only serves if the origin fails.
      {all, Invalidation::expire, "expired expired expired expired expired expired dead"},
      {fresh_only, Invalidation::expire, "expired expired dead dead dead dead dead"},
  };
  for (const Row& row : rows) {
    Windows windows = row.windows;
    windows.invalidated = row.invalidated;
    EXPECT_EQ(life(windows), row.life);
  }
}

TEST(Decide, what_must_be_validated_each_time_is_never_served_unasked) {
  for (const Invalidation invalidated :
       {Invalidation::none, Invalidation::refresh, Invalidation::expire}) {
    Windows windows = windows_of(10s, 20s, 30s);
    windows.must_validate = true;
    windows.invalidated = invalidated;
    EXPECT_EQ(life(windows), "dead dead dead dead dead dead dead");
    EXPECT_EQ(decide(windows, start).why, Why::validate_each_use);
  }
}

TEST(Decide, every_use_carries_its_reason) {
  Windows windows = windows_of(10s, 20s, 30s);
  EXPECT_EQ(decide(windows, start).why, Why::fresh);
  EXPECT_EQ(decide(windows, start + 10s).why, Why::stale_while_revalidate);
  EXPECT_EQ(decide(windows, start + 20s).why, Why::expired);
  EXPECT_EQ(decide(windows, start + 30s).why, Why::expired);
  windows.invalidated = Invalidation::refresh;
  EXPECT_EQ(decide(windows, start).why, Why::invalidated);
  windows.invalidated = Invalidation::expire;
  EXPECT_EQ(decide(windows, start).why, Why::invalidated);
}

}  // namespace
}  // namespace isrd::isr
