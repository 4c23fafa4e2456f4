#include "isr/selector.h"

#include <gtest/gtest.h>

namespace isrd::isr {
namespace {

using Kind = Selector::Kind;

std::string parsed(std::string_view text, Kind kind = Kind::url) {
  Selector selector;
  if (!parse_selector(text, kind, selector)) return "none";
  return (selector.host.empty() ? "any" : selector.host) + " " + selector.target;
}

TEST(ParseSelector, reads_a_url_in_each_of_its_forms) {
  struct Row {
    std::string_view text;
    std::string_view parsed;
  };
  const Row rows[] = {
      {"http://example.org/page?a=1", "example.org /page?a=1"},
      {"https://example.org/page", "example.org /page"},
      {"HTTP://EXAMPLE.org/Page", "example.org /Page"},
      {"//example.org/page", "example.org /page"},
      {"example.org/page", "example.org /page"},
      {"/page", "any /page"},
      {"/", "any /"},
      {"http://example.org", "example.org /"},
      {"http://example.org?a=1", "example.org /?a=1"},
      {"http://example.org/page#top", "example.org /page"},
      // Purge clients mean a page however it is reached: the usual ports are none.
      {"http://example.org:80/page", "example.org /page"},
      {"https://example.org:443/page", "example.org /page"},
      {"http://example.org:8080/page", "example.org:8080 /page"},
      {"http://[::1]:80/page", "[::1] /page"},
      // A URL inside a query is none of the selector's own.
      {"/login?next=http://x.test/a", "any /login?next=http://x.test/a"},
      {"example.org/login?next=https://x.test/", "example.org /login?next=https://x.test/"},
      {"http://example.org/a?b=ftp://x", "example.org /a?b=ftp://x"},
      {"http://[2001:DB8::1]/page", "[2001:db8::1] /page"},
  };
  for (const Row& row : rows) EXPECT_EQ(parsed(row.text), row.parsed) << row.text;
}

TEST(ParseSelector, refuses_what_is_none_of_these) {
  for (std::string_view text : {"", "ftp://example.org/", "http://", "http:///page",
                                "http://user@example.org/", "http://example.org:99999/",
                                "http://exa mple.org/", "/a b", "/a\\b", "/a\nb", "/\xc3\xa4"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

TEST(ParseSelector, keeps_the_kind_it_is_told) {
  Selector selector;
  ASSERT_TRUE(parse_selector("/blog/", Kind::prefix, selector));
  EXPECT_EQ(selector.kind, Kind::prefix);
  ASSERT_TRUE(parse_selector("/blog/", Kind::url, selector));
  EXPECT_EQ(selector.kind, Kind::url);
}

bool selects(const Selector& selector, std::string_view scheme, std::string_view site,
             std::string_view authority, std::string_view target) {
  std::string key;
  make_key(scheme, site, authority, target, 1, key);
  return isr::selects(selector, key);
}

Selector selector_of(std::string_view text, Kind kind, std::string site = {}) {
  Selector selector;
  EXPECT_TRUE(parse_selector(text, kind, selector));
  selector.site = std::move(site);
  return selector;
}

TEST(Selects, a_url_means_every_scheme_port_and_site) {
  const Selector selector = selector_of("http://example.org/page", Kind::url);
  EXPECT_TRUE(selects(selector, "http", "main", "example.org", "/page"));
  EXPECT_TRUE(selects(selector, "https", "main", "example.org", "/page"));
  EXPECT_TRUE(selects(selector, "http", "other", "EXAMPLE.org:8080", "/page"));
  EXPECT_FALSE(selects(selector, "http", "main", "example.com", "/page"));
  EXPECT_FALSE(selects(selector, "http", "main", "example.org", "/page?a=1"));
  EXPECT_FALSE(selects(selector, "http", "main", "example.org", "/page/"));
}

TEST(Selects, a_port_that_is_named_must_be_met) {
  const Selector selector = selector_of("example.org:8080/page", Kind::url);
  EXPECT_TRUE(selects(selector, "http", "main", "example.org:8080", "/page"));
  EXPECT_FALSE(selects(selector, "http", "main", "example.org", "/page"));
  EXPECT_FALSE(selects(selector, "http", "main", "example.org:80", "/page"));
}

TEST(Selects, a_site_or_host_that_is_named_must_be_met) {
  const Selector anywhere = selector_of("/page", Kind::url);
  EXPECT_TRUE(selects(anywhere, "http", "main", "one.test", "/page"));
  EXPECT_TRUE(selects(anywhere, "http", "main", "two.test", "/page"));
  const Selector of_site = selector_of("/page", Kind::url, "main");
  EXPECT_TRUE(selects(of_site, "http", "main", "one.test", "/page"));
  EXPECT_FALSE(selects(of_site, "http", "other", "one.test", "/page"));
}

TEST(Selects, a_prefix_means_all_that_begins_with_it) {
  const Selector blog = selector_of("example.org/blog/", Kind::prefix);
  EXPECT_TRUE(selects(blog, "http", "main", "example.org", "/blog/"));
  EXPECT_TRUE(selects(blog, "http", "main", "example.org", "/blog/a?b"));
  EXPECT_FALSE(selects(blog, "http", "main", "example.org", "/blog"));
  EXPECT_FALSE(selects(blog, "http", "main", "example.org", "/blogs/"));
}

TEST(Selects, all_means_all_of_the_site_and_host_that_are_named) {
  Selector all;
  EXPECT_TRUE(selects(all, "https", "main", "example.org:1", "/x"));
  all.site = "main";
  EXPECT_FALSE(selects(all, "https", "other", "example.org", "/x"));
  all.host = "example.org";
  EXPECT_TRUE(selects(all, "https", "main", "example.org", "/x"));
  EXPECT_FALSE(selects(all, "https", "main", "www.example.org", "/x"));
}

}  // namespace
}  // namespace isrd::isr
