// Visitors who race on many workers: a page that is there is never asked for again.
#include <thread>

#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

constexpr int page_count = 300;
constexpr int visitor_count = 8;

std::string target_of(int page) { return "/p" + std::to_string(page); }

/// All visitors ask for all pages in the same order, each as fast as it can.
void race(const Daemon& isrd) {
  std::vector<std::jthread> visitors;
  for (int v = 0; v < visitor_count; ++v) {
    visitors.emplace_back([&] {
      try {
        Client client = isrd.connect();
        for (int page = 0; page < page_count; ++page) {
          EXPECT_EQ(client.get(target_of(page)).status, 200);
        }
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    });
  }
}

TEST(FlightRace, ColdPageIsFetchedOnce) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  race(isrd);
  for (int page = 0; page < page_count; ++page)
    EXPECT_EQ(origin.count(target_of(page)), 1u) << page;
}

TEST(FlightRace, StalePageIsRegeneratedOnce) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  race(isrd);
  isrd.advance(61s);
  const std::size_t before = origin.count();
  race(isrd);
  for (int page = 0; page < page_count; ++page)
    ASSERT_TRUE(isrd.wait_for_cache(target_of(page), "HIT"));
  EXPECT_EQ(origin.count() - before, static_cast<std::size_t>(page_count));
}

TEST(FlightRace, ExpiredPageIsRegeneratedOnce) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  race(isrd);
  isrd.advance(2h);
  const std::size_t before = origin.count();
  race(isrd);
  EXPECT_EQ(origin.count() - before, static_cast<std::size_t>(page_count));
}

TEST(FlightRace, RefreshedPagesAreRegeneratedOnce) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  race(isrd);
  const std::size_t before = origin.count();
  EXPECT_EQ(isrd.invalidate_all("refresh").status, 200);
  race(isrd);
  for (int page = 0; page < page_count; ++page)
    ASSERT_TRUE(isrd.wait_for_cache(target_of(page), "HIT"));
  EXPECT_EQ(origin.count() - before, static_cast<std::size_t>(page_count));
}

}  // namespace
}  // namespace isrd::flow
