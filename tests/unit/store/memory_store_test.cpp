// Look-up, publication and invalidation; limits and eviction are in memory_limit_test.cpp, random
// sequences against a model in memory_model_test.cpp.
#include <gtest/gtest.h>

#include "isr/decide.h"
#include "unit/store/stores.h"

namespace isrd::store {
namespace {

using namespace std::chrono_literals;

TEST(MemoryStore, finds_what_was_published) {
  const auto store = make_store();
  EntryPtr entry;
  EXPECT_FALSE(holds(*store, page_of("/a")));
  EXPECT_EQ(publish(*store, page_of("/a"), &entry), Published::visible);
  const Found found = find(*store, page_of("/a"));
  EXPECT_EQ(found.entry, entry);
  EXPECT_EQ(found.windows.fresh_until, usual_windows().fresh_until);
  EXPECT_EQ(found.windows.invalidated, Invalidation::none);
  EXPECT_FALSE(holds(*store, page_of("/b")));
}

TEST(MemoryStore, scheme_port_and_site_are_told_apart) {
  const auto store = make_store();
  Page page = page_of("/a");
  publish(*store, page);
  Page https = page;
  https.scheme = "https";
  Page port = page;
  port.host = "example.org:8080";
  Page site = page;
  site.site = "other";
  for (const Page& other : {https, port, site}) {
    const Found found = find(*store, other);
    EXPECT_EQ(found.kind, Found::Kind::absent);
    EXPECT_FALSE(found.vary_miss);
  }
  https.body = "secure";
  publish(*store, https);
  EXPECT_EQ(body_for(*store, page), "hello");
  EXPECT_EQ(body_for(*store, https), "secure");
}

TEST(MemoryStore, a_newer_answer_replaces_the_older_one) {
  const auto store = make_store();
  publish(*store, page_of("/a", "one"));
  publish(*store, page_of("/a", "two"));
  EXPECT_EQ(body_for(*store, page_of("/a")), "two");
  EXPECT_EQ(store->stats().memory.entries, 1u);
}

Page in_language(std::string language) {
  Page page = page_of("/a", "page in " + language);
  page.response = {{"Vary", "Accept-Language"}};
  page.request_lines = "Accept-Language: " + language + "\r\n";
  return page;
}

TEST(MemoryStore, variants_lie_side_by_side) {
  const auto store = make_store();
  publish(*store, in_language("de"));
  publish(*store, in_language("en"));
  const Page page = page_of("/a");
  EXPECT_EQ(body_for(*store, page, {{"Accept-Language", "de"}}), "page in de");
  EXPECT_EQ(body_for(*store, page, {{"Accept-Language", "EN"}}), "page in en");
  EXPECT_EQ(store->stats().memory.entries, 2u);
  const Found found = find(*store, page, {{"Accept-Language", "fr"}});
  EXPECT_EQ(found.kind, Found::Kind::absent);
  EXPECT_TRUE(found.vary_miss);
  ASSERT_TRUE(found.sibling);
  EXPECT_EQ(found.sibling->vary.names, std::vector<std::string>{"accept-language"});
}

TEST(MemoryStore, an_answer_that_no_longer_varies_stands_for_all) {
  const auto store = make_store();
  publish(*store, in_language("de"));
  publish(*store, in_language("en"));
  publish(*store, page_of("/a", "for all"));
  EXPECT_EQ(body_for(*store, page_of("/a"), {{"Accept-Language", "de"}}), "for all");
  EXPECT_EQ(store->stats().memory.entries, 1u);
}

TEST(MemoryStore, an_answer_that_begins_to_vary_ends_the_one_for_all) {
  const auto store = make_store();
  publish(*store, page_of("/a", "for all"));
  publish(*store, in_language("de"));
  EXPECT_EQ(body_for(*store, page_of("/a"), {{"Accept-Language", "de"}}), "page in de");
  EXPECT_FALSE(holds(*store, page_of("/a"), {{"Accept-Language", "en"}}));
}

TEST(MemoryStore, the_variants_of_one_page_are_limited) {
  const auto store = make_store();
  for (int i = 0; i < 500; ++i) publish(*store, in_language("x-" + std::to_string(i)));
  EXPECT_LE(store->stats().memory.entries, 64u);
  EXPECT_TRUE(holds(*store, page_of("/a"), {{"Accept-Language", "x-499"}}));
}

TEST(MemoryStore, an_older_fetch_never_replaces_a_newer_entry) {
  const auto store = make_store();
  const FetchTicket slow = store->begin_fetch();
  publish(*store, page_of("/a", "newer"));
  EXPECT_EQ(publish_for(*store, slow, page_of("/a", "older")), Published::refused_older);
  EXPECT_EQ(body_for(*store, page_of("/a")), "newer");
}

TEST(MemoryStore, an_older_fetch_never_replaces_a_newer_entry_that_varies_otherwise) {
  for (const bool newer_varies : {true, false}) {
    const auto store = make_store();
    const FetchTicket slow = store->begin_fetch();
    Page newer = newer_varies ? in_language("de") : page_of("/a");
    Page older = newer_varies ? page_of("/a") : in_language("de");
    newer.body = "newer";
    publish(*store, newer);
    EXPECT_EQ(publish_for(*store, slow, older), Published::refused_older);
    EXPECT_EQ(body_for(*store, page_of("/a"), {{"Accept-Language", "de"}}), "newer");
  }
}

TEST(Invalidate, each_mode_does_what_it_says) {
  const auto store = make_store();
  struct Row {
    Mode mode;
    Invalidation invalidated;
  };
  for (const Row row :
       {Row{Mode::refresh, Invalidation::refresh}, Row{Mode::expire, Invalidation::expire}}) {
    publish(*store, page_of("/a"));
    EXPECT_EQ(invalidate(*store, url_selector("example.org/a"), row.mode), 1u);
    ASSERT_TRUE(holds(*store, page_of("/a")));
    EXPECT_EQ(find(*store, page_of("/a")).windows.invalidated, row.invalidated);
    EXPECT_EQ(isr::decide(find(*store, page_of("/a")).windows, test_now).use,
              row.mode == Mode::refresh ? isr::Use::stale : isr::Use::expired);
  }
  EXPECT_EQ(invalidate(*store, url_selector("example.org/a"), Mode::purge), 1u);
  EXPECT_FALSE(holds(*store, page_of("/a")));
  EXPECT_EQ(store->stats().memory.entries, 0u);
  EXPECT_EQ(store->stats().memory.bytes, 0u);
}

TEST(Invalidate, a_refresh_never_softens_an_expire) {
  const auto store = make_store();
  publish(*store, page_of("/a"));
  invalidate(*store, url_selector("/a"), Mode::expire);
  invalidate(*store, url_selector("/a"), Mode::refresh);
  EXPECT_EQ(find(*store, page_of("/a")).windows.invalidated, Invalidation::expire);
}

TEST(Invalidate, a_refresh_of_what_may_not_be_stale_is_an_expire) {
  const auto store = make_store();
  publish(*store, page_of("/a"), nullptr, isr::windows_from({60s, 0s, 0s}, test_now, 1));
  invalidate(*store, url_selector("/a"), Mode::refresh);
  EXPECT_EQ(find(*store, page_of("/a")).windows.invalidated, Invalidation::expire);
}

TEST(Invalidate, a_url_means_all_its_variants_schemes_and_ports) {
  const auto store = make_store();
  Page https = page_of("/a");
  https.scheme = "https";
  Page port = page_of("/a");
  port.host = "example.org:8080";
  publish(*store, https);
  publish(*store, port);
  publish(*store, in_language("de"));
  publish(*store, in_language("en"));
  publish(*store, page_of("/ab"));
  EXPECT_EQ(invalidate(*store, url_selector("http://example.org/a"), Mode::purge), 4u);
  EXPECT_TRUE(holds(*store, page_of("/ab")));
}

TEST(Invalidate, selectors_mean_no_more_than_they_say) {
  struct Row {
    Selector selector;
    std::size_t entries;
  };
  Selector all;
  Selector of_site;
  of_site.site = "other";
  const Row rows[] = {
      {url_selector("/blog/1"), 2},
      {url_selector("example.com/blog/1"), 1},
      {url_selector("example.net/blog/1"), 0},
      {prefix_selector("/blog/"), 3},
      {prefix_selector("example.org/blog/"), 2},
      {of_site, 1},
      {all, 4},
  };
  for (const Row& row : rows) {
    const auto store = make_store();
    Page other = page_of("/blog/1");
    other.host = "example.com";
    other.site = "other";
    publish(*store, other);
    for (const char* target : {"/blog/1", "/blog/2", "/about"}) publish(*store, page_of(target));
    EXPECT_EQ(invalidate(*store, row.selector, Mode::purge), row.entries);
    EXPECT_EQ(store->stats().memory.entries, 4 - row.entries);
  }
}

TEST(Invalidate, a_fetch_that_began_before_is_published_invalidated) {
  const auto store = make_store();
  for (const Selector& selector :
       {url_selector("example.org/a"), prefix_selector("/"), Selector()}) {
    const FetchTicket fetch = store->begin_fetch();
    invalidate(*store, selector, Mode::refresh);
    EXPECT_EQ(publish_for(*store, fetch, page_of("/a")), Published::visible_invalidated);
    EXPECT_EQ(find(*store, page_of("/a")).windows.invalidated, Invalidation::refresh);
    invalidate(*store, {}, Mode::purge);
  }
}

TEST(Invalidate, a_fetch_that_began_before_a_purge_stays_out) {
  const auto store = make_store();
  const FetchTicket fetch = store->begin_fetch();
  invalidate(*store, url_selector("example.org/a"), Mode::refresh);
  invalidate(*store, url_selector("example.org/a"), Mode::purge);
  EXPECT_EQ(publish_for(*store, fetch, page_of("/a")), Published::refused_purged);
  EXPECT_FALSE(holds(*store, page_of("/a")));
  EXPECT_EQ(publish_for(*store, fetch, page_of("/b")), Published::visible);
}

TEST(Invalidate, a_fetch_that_begins_afterwards_is_good) {
  const auto store = make_store();
  const FetchTicket earlier = store->begin_fetch();
  invalidate(*store, {}, Mode::purge);
  EXPECT_EQ(publish(*store, page_of("/a")), Published::visible);
  EXPECT_EQ(find(*store, page_of("/a")).windows.invalidated, Invalidation::none);
}

TEST(Invalidate, is_seen_by_whoever_asks_for_the_fetch) {
  const auto store = make_store();
  const FetchTicket fetch = store->begin_fetch();
  std::string buffer;
  const isr::PrimaryKey key =
      isr::make_key("http", "main", "example.org", "/a", store->seed(), buffer);
  invalidate(*store, url_selector("/b"), Mode::purge);
  EXPECT_FALSE(store->invalidated_since(fetch.sequence(), key));
  invalidate(*store, url_selector("/a"), Mode::refresh);
  EXPECT_TRUE(store->invalidated_since(fetch.sequence(), key));
}

TEST(MemoryStore, other_windows_keep_the_invalidation) {
  const auto store = make_store();
  EntryPtr entry;
  publish(*store, page_of("/a"), &entry);
  invalidate(*store, url_selector("/a"), Mode::expire);
  store->rewindow(*entry, isr::windows_from({5s, 5s, 5s}, test_now, 2));
  const Windows windows = find(*store, page_of("/a")).windows;
  EXPECT_EQ(windows.fresh_until, test_now + 5s);
  EXPECT_EQ(windows.generation, 2u);
  EXPECT_EQ(windows.invalidated, Invalidation::expire);
}

TEST(MemoryStore, forgets_only_the_very_entry) {
  const auto store = make_store();
  EntryPtr first;
  publish(*store, page_of("/a", "first"), &first);
  publish(*store, page_of("/a", "second"));
  store->forget(*first);
  store->rewindow(*first, {});
  EXPECT_EQ(body_for(*store, page_of("/a")), "second");
  store->forget(*find(*store, page_of("/a")).entry);
  EXPECT_FALSE(holds(*store, page_of("/a")));
  EXPECT_EQ(store->stats().memory.bytes, 0u);
  EXPECT_EQ(isr::body_text(*first), "first");  // a reader keeps what it has
}

TEST(MemoryStore, remembers_for_a_while_what_cannot_be_stored) {
  const auto store = make_store();
  std::string buffer;
  const isr::PrimaryKey key =
      isr::make_key("http", "main", "example.org", "/a", store->seed(), buffer);
  store->remember_uncacheable(key, test_now + 10s);
  EXPECT_TRUE(store->find(key, {}, test_now + 9s).uncacheable);
  EXPECT_FALSE(store->find(key, {}, test_now + 10s).uncacheable);
  EXPECT_FALSE(find(*store, page_of("/b")).uncacheable);
  publish(*store, page_of("/a"));
  invalidate(*store, {}, Mode::purge);
  EXPECT_FALSE(store->find(key, {}, test_now).uncacheable);
}

TEST(MemoryStore, walks_every_entry_until_told_to_end) {
  const auto store = make_store();
  for (int i = 0; i < 100; ++i) publish(*store, page_of("/" + std::to_string(i)));
  std::size_t seen = 0;
  store->each([&](const isr::Entry&, const Windows&) { return ++seen > 0; });
  EXPECT_EQ(seen, 100u);
  seen = 0;
  store->each([&](const isr::Entry&, const Windows&) { return ++seen < 7; });
  EXPECT_EQ(seen, 7u);
}

}  // namespace
}  // namespace isrd::store
