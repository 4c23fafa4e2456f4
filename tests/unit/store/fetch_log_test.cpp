#include "store/fetch_log.h"

#include <gtest/gtest.h>

namespace isrd::store {
namespace {

using isr::Mode;
using isr::Selector;

constexpr std::uint64_t seed = 3;

Selector url_of(std::string target) {
  Selector selector;
  selector.kind = Selector::Kind::url;
  selector.host = "example.org";
  selector.target = std::move(target);
  return selector;
}

Hash128 id_of(const Selector& selector) {
  return isr::resource_id(selector.host, selector.target, seed);
}

/// The mode that meets a fetch of "/page" that began at `asked`, or "none".
std::string met_by(const FetchLog& log, std::uint64_t asked) {
  std::string buffer;
  const isr::PrimaryKey key = isr::make_key("http", "main", "example.org", "/page", seed, buffer);
  Mode mode = Mode::refresh;
  if (!log.later_than(asked, key, mode)) return "none";
  return mode == Mode::refresh ? "refresh" : mode == Mode::expire ? "expire" : "purge";
}

TEST(FetchLog, numbers_fetches_and_invalidations_in_one_order) {
  FetchLog log;
  const std::uint64_t first = log.begin();
  const std::uint64_t purge = log.add(url_of("/page"), {}, Mode::purge);
  const std::uint64_t second = log.begin();
  EXPECT_LT(first, purge);
  EXPECT_LT(purge, second);
}

TEST(FetchLog, an_invalidation_meets_only_what_began_before_it) {
  FetchLog log;
  const std::uint64_t before = log.begin();
  const Selector page = url_of("/page");
  log.add(page, id_of(page), Mode::expire);
  const std::uint64_t after = log.begin();
  EXPECT_EQ(met_by(log, before), "expire");
  EXPECT_EQ(met_by(log, after), "none");
}

TEST(FetchLog, an_invalidation_of_another_page_meets_nothing) {
  FetchLog log;
  const std::uint64_t asked = log.begin();
  const Selector other = url_of("/other");
  log.add(other, id_of(other), Mode::purge);
  log.add(other, {}, Mode::purge);
  EXPECT_EQ(met_by(log, asked), "none");
}

TEST(FetchLog, the_hardest_mode_wins_in_any_order) {
  const Selector page = url_of("/page");
  const Selector all;
  struct Row {
    std::vector<Mode> modes;
    std::string_view met;
  };
  const Row rows[] = {
      {{Mode::refresh}, "refresh"},
      {{Mode::refresh, Mode::expire}, "expire"},
      {{Mode::expire, Mode::refresh}, "expire"},
      {{Mode::purge, Mode::expire, Mode::refresh}, "purge"},
      {{Mode::refresh, Mode::purge, Mode::refresh}, "purge"},
  };
  for (const Row& row : rows) {
    FetchLog log;
    const std::uint64_t asked = log.begin();
    bool broad = false;
    for (const Mode mode : row.modes) {
      log.add(broad ? all : page, broad ? Hash128{} : id_of(page), mode);
      broad = !broad;
    }
    EXPECT_EQ(met_by(log, asked), row.met);
  }
}

TEST(FetchLog, a_row_lives_until_every_fetch_before_it_has_ended) {
  FetchLog log;
  const std::uint64_t first = log.begin();
  const std::uint64_t second = log.begin();
  log.add({}, {}, Mode::purge);
  log.end(second);
  EXPECT_EQ(met_by(log, first), "purge");
  log.end(first);
  EXPECT_EQ(met_by(log, first), "none");  // nobody may ask any more
}

TEST(FetchLog, without_a_fetch_under_way_nothing_is_kept) {
  FetchLog log;
  log.add({}, {}, Mode::purge);
  EXPECT_EQ(met_by(log, 0), "none");
}

}  // namespace
}  // namespace isrd::store
