#include <gtest/gtest.h>

#include "isr/route.h"

namespace isrd::isr {
namespace {

TEST(PathPattern, matches_what_it_says) {
  struct Row {
    std::string_view pattern;
    std::string_view path;
    bool matches;
  };
  const Row rows[] = {
      {"/", "/", true},
      {"/", "/a", false},
      {"/about", "/about", true},
      {"/about", "/about/", false},
      {"/about", "/About", false},
      {"/**", "/", true},
      {"/**", "/a/b.html", true},
      // The section's own page belongs to the section, its namesake does not.
      {"/shop/**", "/shop", true},
      {"/shop/**", "/shop/", true},
      {"/shop/**", "/shop/a/b", true},
      {"/shop/**", "/shopping", false},
      {"/shop**", "/shopping/a", true},
      // A wildcard takes one segment or a part of one, and never nothing.
      {"/a/*", "/a/b", true},
      {"/a/*", "/a/", false},
      {"/a/*", "/a/b/c", false},
      {"/a/*/c", "/a/b/c", true},
      {"/a/*/c", "/a/b/d/c", false},
      {"/a/*/c", "/a//c", false},
      {"/post/{slug}", "/post/hello", true},
      {"/post/{slug}", "/post/hello/", false},
      {"/post/{slug}/", "/post/hello/", true},
      {"/{year}/{month}", "/2026/05", true},
      {"/{year}/{month}", "/2026", false},
      {"/img-*.png", "/img-1.png", true},
      {"/img-*.png", "/img-.png", false},
      {"/img-*.png", "/img-1.png.png", true},
      {"/img-*.png", "/img-1/2.png", false},
      {"/*-*-b", "/a-c-b", true},
      {"/*-*-b", "/a-b", false},
      {"/*ab*ab", "/xabab", false},
      {"/*ab*ab", "/xab1ab", true},
      {"/{lang}/docs/**", "/de/docs/a/b", true},
      {"/{lang}/docs/**", "/de/dox/a", false},
      {"/a/*", "*", false},
  };
  for (const Row& row : rows) {
    auto pattern = PathPattern::compile(row.pattern);
    ASSERT_TRUE(pattern) << row.pattern;
    EXPECT_EQ(pattern->matches(row.path), row.matches) << row.pattern << " on " << row.path;
  }
}

TEST(PathPattern, says_what_is_wrong_with_it) {
  for (std::string_view pattern :
       {"", "about", "*", "/a/**/b", "/a/{name", "/a/{}", "/**/b", "/***"}) {
    const auto compiled = PathPattern::compile(pattern);
    ASSERT_FALSE(compiled) << pattern;
    EXPECT_NE(compiled.error().message, "") << pattern;
  }
}

TEST(PathPattern, is_as_fast_on_a_hostile_path_as_on_another) {
  auto pattern = PathPattern::compile("/*a*a*a*a*a*a*a*a*a*a*b");
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->matches("/" + std::string(8000, 'a')));
}

TEST(NormalisedPath, is_what_an_origin_may_make_of_a_path) {
  struct Row {
    std::string_view path;
    std::string_view normalised;
  };
  const Row rows[] = {
      {"/", "/"},         {"/a/b", "/a/b"},       {"/a/b/", "/a/b/"}, {"/a//b", "/a/b"},
      {"/a/./b", "/a/b"}, {"/a/../b", "/b"},      {"/../../b", "/b"}, {"/a/%2e%2E/b", "/b"},
      {"/a%2fb", "/a/b"}, {"/a%2f..%2Fb", "/b"},  {"/a\\b", "/a/b"},  {"/a;v=1/b", "/a/b"},
      {"/a/..;/b", "/b"}, {"/%61dmin", "/admin"}, {"/a%", "/a%"},     {"/a%2", "/a%2"},
      {"/a%zz", "/a%zz"}, {"/a/..", "/"},
  };
  for (const Row& row : rows) EXPECT_EQ(normalised_path(row.path), row.normalised) << row.path;
}

}  // namespace
}  // namespace isrd::isr
