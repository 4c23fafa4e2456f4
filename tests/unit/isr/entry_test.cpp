#include "isr/entry.h"

#include <gtest/gtest.h>

#include <random>

#include "unit/isr/entries.h"

namespace isrd::isr {
namespace {

using namespace std::chrono_literals;

Page validated_page(std::string body) {
  Page page;
  page.response = {{"ETag", "\"abc\""},
                   {"Last-Modified", "Sat, 05 Nov 1994 08:49:37 GMT"},
                   {"Date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                   {"Vary", "Accept-Language"},
                   {"Content-Type", "text/html"}};
  page.request_lines = "Accept-Language: de\r\n";
  page.body = std::move(body);
  return page;
}

bool lies_in(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

TEST(Entry, compact_keeps_every_view_valid) {
  // Below and above the size up to which a body lies behind its head.
  for (const std::size_t size : {0u, 1u, 4096u, 4097u, 100'000u}) {
    const std::string body(size, 'b');
    const Page page = validated_page(body);
    const EntryPtr entry = make_entry(page);
    EXPECT_EQ(entry->key(), key_text(page));
    EXPECT_TRUE(entry->head().starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(entry->field_lines().starts_with("ETag: \"abc\"\r\n"));
    EXPECT_TRUE(entry->head().ends_with("Content-Length: " + std::to_string(size) + "\r\n"));
    EXPECT_EQ(entry->etag, "\"abc\"");
    EXPECT_EQ(entry->last_modified, "Sat, 05 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(entry->date, "Sun, 06 Nov 1994 08:49:37 GMT");
    for (std::string_view view : {entry->etag, entry->last_modified, entry->date}) {
      EXPECT_TRUE(lies_in(view, entry->wire));
    }
    EXPECT_EQ(entry->whole_body, body);
    EXPECT_EQ(entry->body.size, size);
    EXPECT_TRUE(entry->text.empty());
  }
}

TEST(Entry, a_compact_entry_outlives_what_it_was_made_of) {
  Entry original = unfinished_entry(validated_page({}));
  seal(original, chain_of("hello"));
  const EntryPtr first = compact(original);
  original = Entry();
  const EntryPtr second = compact(*first);
  EXPECT_EQ(first->etag, "\"abc\"");
  EXPECT_EQ(second->etag, "\"abc\"");
  EXPECT_EQ(second->whole_body, "hello");
  EXPECT_NE(first->wire.data(), second->wire.data());
  EXPECT_NE(first->whole_body.data(), second->whole_body.data());
}

TEST(Entry, absent_validators_stay_absent) {
  const EntryPtr entry = make_entry(Page{});
  EXPECT_TRUE(entry->etag.empty());
  EXPECT_TRUE(entry->last_modified.empty());
  EXPECT_FALSE(entry->has_validator());
  EXPECT_TRUE(make_entry(validated_page("x"))->has_validator());
}

TEST(Entry, memory_counts_all_that_can_grow) {
  const std::size_t base = make_entry(Page{})->memory_bytes();
  EXPECT_GE(base, sizeof(Entry));
  const std::string kilobyte(1024, 'x');
  for (const std::size_t size : {4000u, 5000u, 200'000u}) {
    Page page;
    page.body.assign(size, 'b');
    const std::size_t bytes = make_entry(page)->memory_bytes();
    EXPECT_GE(bytes, base + size - 100);
    EXPECT_LE(bytes, base + size + 300);
  }
  Page long_target;
  long_target.target = "/" + kilobyte;
  EXPECT_GE(make_entry(long_target)->memory_bytes(), base + 2 * 1000);  // in key and recipe
  Page long_field;
  long_field.response.push_back({"X-Long", kilobyte});
  EXPECT_GE(make_entry(long_field)->memory_bytes(), base + 1000);
  Page long_request;
  long_request.request_lines = "Accept: " + kilobyte + "\r\n";
  EXPECT_GE(make_entry(long_request)->memory_bytes(), base + 1000);
  Page varying;
  varying.response.push_back({"Vary", kilobyte});
  EXPECT_GE(make_entry(varying)->memory_bytes(), base + 2 * 1000);  // in head and rule
}

TEST(Entry, age_counts_from_what_it_had_on_arrival) {
  Entry entry;
  entry.received = MonoTime(100s);
  entry.initial_age = 7s;
  EXPECT_EQ(entry.age(MonoTime(100s)), 7s);
  EXPECT_EQ(entry.age(MonoTime(101s + 999ms)), 8s);
}

TEST(Windows, follow_each_other_from_the_time_of_receipt) {
  const MonoTime received(1000s);
  const Windows windows = windows_from({10s, 20s, 30s, true}, received, 5);
  EXPECT_EQ(windows.fresh_until, received + 10s);
  EXPECT_EQ(windows.stale_until, received + 30s);
  EXPECT_EQ(windows.error_until, received + 60s);
  EXPECT_TRUE(windows.must_validate);
  EXPECT_EQ(windows.generation, 5u);
  EXPECT_EQ(windows.invalidated, Invalidation::none);
}

TEST(Windows, may_be_served_stale_only_where_something_allows_it) {
  EXPECT_TRUE(may_be_served_stale(windows_from({10s, 1s, 0s}, MonoTime(1s), 0)));
  EXPECT_TRUE(may_be_served_stale(windows_from({10s, 0s, 1s}, MonoTime(1s), 0)));
  EXPECT_FALSE(may_be_served_stale(windows_from({10s, 0s, 0s}, MonoTime(1s), 0)));
}

TEST(Jitter, only_shortens_and_by_a_tenth_at_most) {
  std::mt19937_64 random(1);
  Millis shortest = 1000s;
  Millis longest = 0s;
  for (int i = 0; i < 10'000; ++i) {
    const Hash128 key{random(), random()};
    const Lifetime lifetime = with_jitter({1000s, 60s, 70s, false}, key);
    EXPECT_LE(lifetime.fresh_for, 1000s);
    EXPECT_GE(lifetime.fresh_for, 900s);
    EXPECT_EQ(lifetime.stale_for, 60s);
    EXPECT_EQ(lifetime.error_for, 70s);
    shortest = std::min(shortest, lifetime.fresh_for);
    longest = std::max(longest, lifetime.fresh_for);
  }
  EXPECT_LT(shortest, 905s);
  EXPECT_GT(longest, 995s);
}

TEST(Jitter, is_the_same_for_the_same_key) {
  const Hash128 key = hash128("/page", 1);
  EXPECT_EQ(with_jitter({1000s}, key).fresh_for, with_jitter({1000s}, key).fresh_for);
}

TEST(Jitter, leaves_short_and_negative_lifetimes_alone) {
  const Hash128 key{~0ull, ~0ull};
  for (const Millis fresh : {Millis(-5s), Millis(0s), Millis(29'999ms)}) {
    EXPECT_EQ(with_jitter({fresh}, key).fresh_for, fresh);
  }
  EXPECT_LT(with_jitter({3650 * 24h}, key).fresh_for, 3650 * 24h);
}

}  // namespace
}  // namespace isrd::isr
