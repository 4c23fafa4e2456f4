// What the origin says about freshness, under each profile and each override: the complete table of
// DESIGN's "Freshness and the two profiles" and of the sections of http-semantics.md about
// freshness, refusals, stale use and targeted fields.
#include <gtest/gtest.h>

#include "unit/isr/judging.h"

namespace isrd::isr {
namespace {

struct Row {
  std::string_view text;
  Lines lines;
  std::string_view rfc;         // no `fresh`
  std::string_view isr;         // fresh 60 s, stale 1 h, error 2 h
  std::string_view fresh_only;  // fresh 60 s
};

constexpr std::string_view rule = "fresh_rule 60/3600/7200";
constexpr std::string_view bare_rule = "fresh_rule 60/0/86400";
constexpr std::string_view later = "Sun, 06 Nov 1994 08:59:37 GMT";  // 600 s after date_now
constexpr std::string_view past = "Wed, 11 Jan 1984 05:00:00 GMT";
constexpr std::pair<std::string_view, std::string_view> etag = {"ETag", "\"a\""};

Lines cc(std::string_view value) { return {{"Cache-Control", value}}; }
Lines cc_etag(std::string_view value) { return {{"Cache-Control", value}, etag}; }

void check(std::string_view column, const Row& row, const Policy& policy,
           std::string_view expected) {
  EXPECT_EQ(outcome(row.lines, policy), expected) << row.text << ", " << column;
}

/// Each row under each profile and each single override: those that it does not concern change
/// nothing, and `cache-control` makes the rule of an ISR route win over everything.
void check_all(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (bool OverrideOptions::*name : {&OverrideOptions::set_cookie, &OverrideOptions::vary}) {
      check("rfc, override", row, overriding(rfc_profile(), name), row.rfc);
      check("isr, override", row, overriding(isr_route(), name), row.isr);
      check("fresh only, override", row, overriding(isr_route_fresh_only(), name), row.fresh_only);
    }
    check("rfc", row, rfc_profile(), row.rfc);
    check("isr", row, isr_route(), row.isr);
    check("fresh only", row, isr_route_fresh_only(), row.fresh_only);
    const auto name = &OverrideOptions::cache_control;
    check("rfc, override cache-control", row, overriding(rfc_profile(), name), row.rfc);
    check("isr, override cache-control", row, overriding(isr_route(), name), rule);
    check("fresh only, override cache-control", row, overriding(isr_route_fresh_only(), name),
          bare_rule);
  }
}

TEST(JudgeDirectives, silence) {
  check_all({
      {"nothing", {}, "no no_freshness", rule, bare_rule},
      {"Date alone", {{"Date", date_now}}, "no no_freshness", rule, bare_rule},
      {"ETag alone", {etag}, "validate_each_use 0/0/86400", rule, bare_rule},
      {"unknown directive", cc("foo, bar=1"), "no no_freshness", rule, bare_rule},
      {"empty field", cc(""), "no no_freshness", rule, bare_rule},
      {"public", cc("public"), "no no_freshness", rule, bare_rule},
      {"public, ETag", cc_etag("public"), "validate_each_use 0/0/86400", rule, bare_rule},
      {"no-transform", cc("no-transform"), "no no_freshness", rule, bare_rule},
      {"Pragma means nothing", {{"Pragma", "no-cache"}}, "no no_freshness", rule, bare_rule},
      {"max-age in quotes", cc("x=\"max-age=600\""), "no no_freshness", rule, bare_rule},
  });
}

TEST(JudgeDirectives, lifetimes) {
  check_all({
      {"max-age", cc("max-age=600"), "fresh_headers 600/0/86400", "fresh_headers 600/3600/7200",
       "fresh_headers 600/0/86400"},
      {"max-age quoted", cc("max-age=\"600\""), "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/86400"},
      {"max-age with Pragma",
       {{"Cache-Control", "max-age=600"}, {"Pragma", "no-cache"}},
       "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200",
       "fresh_headers 600/0/86400"},
      {"s-maxage implies proxy-revalidate", cc("s-maxage=600"), "fresh_headers 600/0/0",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/0"},
      {"s-maxage over longer max-age", cc("max-age=3600, s-maxage=600"), "fresh_headers 600/0/0",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/0"},
      {"s-maxage over shorter max-age", cc("s-maxage=600, max-age=1"), "fresh_headers 600/0/0",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/0"},
      {"s-maxage over max-age=0", cc("s-maxage=600, max-age=0"), "fresh_headers 600/0/0",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/0"},
      {"s-maxage on another line",
       {{"Cache-Control", "max-age=1"}, {"Cache-Control", "s-maxage=600"}},
       "fresh_headers 600/0/0",
       "fresh_headers 600/3600/7200",
       "fresh_headers 600/0/0"},
      {"s-maxage over past Expires",
       {{"Cache-Control", "s-maxage=600"}, {"Expires", past}},
       "fresh_headers 600/0/0",
       "fresh_headers 600/3600/7200",
       "fresh_headers 600/0/0"},
      {"max-age over past Expires",
       {{"Cache-Control", "max-age=600"}, {"Expires", past}},
       "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200",
       "fresh_headers 600/0/86400"},
      {"max-age over invalid Expires",
       {{"Expires", "0"}, {"Cache-Control", "max-age=600"}},
       "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200",
       "fresh_headers 600/0/86400"},
      {"Expires",
       {{"Expires", later}, {"Date", date_now}},
       "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200",
       "fresh_headers 600/0/86400"},
      {"Expires with other directives",
       {{"Expires", later}, {"Cache-Control", "public, foo"}},
       "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200",
       "fresh_headers 600/0/86400"},
      {"first max-age", cc("max-age=600, max-age=1"), "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/86400"},
  });
}

TEST(JudgeDirectives, zero_lifetimes) {
  check_all({
      {"max-age=0", cc("max-age=0"), "no zero_age", "no zero_age", "no zero_age"},
      {"max-age=0, ETag", cc_etag("max-age=0"), "validate_each_use 0/0/86400", "no zero_age",
       "no zero_age"},
      {"s-maxage=0", cc("s-maxage=0"), "no zero_age", "no zero_age", "no zero_age"},
      {"s-maxage=0, max-age", cc("s-maxage=0, max-age=600"), "no zero_age", "no zero_age",
       "no zero_age"},
      {"s-maxage=0, ETag", cc_etag("max-age=600, s-maxage=0"), "validate_each_use 0/0/0",
       "no zero_age", "no zero_age"},
      {"max-age=0 beats Expires",
       {{"Cache-Control", "max-age=0"}, {"Expires", later}},
       "no zero_age",
       "no zero_age",
       "no zero_age"},
      {"max-age=0, must-revalidate, ETag", cc_etag("max-age=0, must-revalidate"),
       "validate_each_use 0/0/0", "no zero_age", "no zero_age"},
      {"max-age=0 with a stale window", cc("max-age=0, stale-while-revalidate=30"),
       "fresh_headers 0/30/86400", "no zero_age", "no zero_age"},
      {"s-maxage=0 with a stale window", cc("s-maxage=0, stale-while-revalidate=30"),
       "fresh_headers 0/30/0", "no zero_age", "no zero_age"},
      {"max-age=0 with an error window", cc("max-age=0, stale-if-error=30"),
       "validate_each_use 0/0/30", "no zero_age", "no zero_age"},
      {"max-age is no number", cc("max-age=x"), "no zero_age", "no zero_age", "no zero_age"},
      {"max-age is no number, ETag", cc_etag("max-age=-1"), "validate_each_use 0/0/86400",
       "no zero_age", "no zero_age"},
      {"max-age is no number, Expires",
       {{"Cache-Control", "max-age=x"}, {"Expires", later}},
       "no zero_age",
       "no zero_age",
       "no zero_age"},
      {"s-maxage is no number", cc("s-maxage=x, max-age=600"), "no zero_age", "no zero_age",
       "no zero_age"},
      {"Expires has passed", {{"Expires", past}}, "no zero_age", "no zero_age", "no zero_age"},
      {"Expires has passed, ETag",
       {{"Expires", past}, etag},
       "validate_each_use 0/0/86400",
       "no zero_age",
       "no zero_age"},
      {"Expires is now",
       {{"Expires", date_now}, {"Date", date_now}},
       "no zero_age",
       "no zero_age",
       "no zero_age"},
      {"Expires is invalid", {{"Expires", "0"}}, "no zero_age", "no zero_age", "no zero_age"},
  });
}

TEST(JudgeDirectives, refusals) {
  check_all({
      {"no-store", cc("no-store"), "no no_store", "no no_store", "no no_store"},
      {"no-store with a lifetime",
       {{"Cache-Control", "max-age=600, No-Store"}, {"Expires", later}, etag},
       "no no_store",
       "no no_store",
       "no no_store"},
      {"private", cc("private"), "no private_response", "no private_response",
       "no private_response"},
      {"private with a lifetime", cc_etag("PRIVATE, s-maxage=600, public"), "no private_response",
       "no private_response", "no private_response"},
      {"private="
       " is unqualified",
       cc("private=\"\", max-age=600"), "no private_response", "no private_response",
       "no private_response"},
      {"no-cache, no validator", cc("no-cache"), "no no_freshness", "no no_cache", "no no_cache"},
      {"no-cache with a lifetime, no validator", cc("max-age=600, no-cache"), "no no_cache",
       "no no_cache", "no no_cache"},
      {"no-cache, ETag", cc_etag("no-cache"), "validate_each_use 0/0/0 each", "no no_cache",
       "no no_cache"},
      {"no-cache with a lifetime",
       {{"Cache-Control", "max-age=600, no-cache"}, {"Expires", later}, etag},
       "validate_each_use 600/0/0 each",
       "no no_cache",
       "no no_cache"},
      {"no-cache next to permissions",
       cc_etag("no-cache, s-maxage=600, stale-while-revalidate=30, stale-if-error=60"),
       "validate_each_use 600/0/0 each", "no no_cache", "no no_cache"},
      {"on separate lines",
       {{"Cache-Control", "max-age=600"}, {"Cache-Control", "private"}},
       "no private_response",
       "no private_response",
       "no private_response"},
  });
}

TEST(JudgeDirectives, qualified_refusals_forbid_nothing) {
  check_all({
      {"no-cache=a", cc("max-age=600, no-cache=\"a\""), "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/86400"},
      {"private=a", cc("max-age=600, private=\"a\""), "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/86400"},
      {"private=a, silent", cc("private=\"a\""), "no no_freshness", rule, bare_rule},
  });
}

TEST(JudgeDirectives, revalidation) {
  check_all({
      {"must-revalidate", cc("max-age=600, must-revalidate"), "fresh_headers 600/0/0",
       "fresh_headers 600/0/0", "fresh_headers 600/0/0"},
      {"proxy-revalidate", cc("max-age=600, proxy-revalidate"), "fresh_headers 600/0/0",
       "fresh_headers 600/0/0", "fresh_headers 600/0/0"},
      {"must-revalidate, silent", cc("must-revalidate"), "no no_freshness", "fresh_rule 60/0/0",
       "fresh_rule 60/0/0"},
      {"must-revalidate, silent, ETag", cc_etag("must-revalidate"), "validate_each_use 0/0/0",
       "fresh_rule 60/0/0", "fresh_rule 60/0/0"},
      {"MediaWiki", cc("s-maxage=18000, must-revalidate, max-age=0"), "fresh_headers 18000/0/0",
       "fresh_headers 18000/0/0", "fresh_headers 18000/0/0"},
      {"must-revalidate next to permissions",
       cc("max-age=600, must-revalidate, stale-while-revalidate=30, stale-if-error=60"),
       "fresh_headers 600/0/0", "fresh_headers 600/0/0", "fresh_headers 600/0/0"},
      {"proxy-revalidate next to permissions",
       cc("s-maxage=600, proxy-revalidate, stale-while-revalidate=30, stale-if-error=60"),
       "fresh_headers 600/0/0", "fresh_headers 600/0/0", "fresh_headers 600/0/0"},
  });
}

TEST(JudgeDirectives, stale_permissions) {
  check_all({
      {"stale-while-revalidate", cc("max-age=600, stale-while-revalidate=30"),
       "fresh_headers 600/30/86400", "fresh_headers 600/3600/7200", "fresh_headers 600/30/86400"},
      {"Next.js", cc("s-maxage=600, stale-while-revalidate=30"), "fresh_headers 600/30/0",
       "fresh_headers 600/3600/7200", "fresh_headers 600/30/0"},
      {"stale-if-error", cc("max-age=600, stale-if-error=100"), "fresh_headers 600/0/100",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/100"},
      {"stale-if-error next to s-maxage", cc("s-maxage=600, stale-if-error=100"),
       "fresh_headers 600/0/100", "fresh_headers 600/3600/7200", "fresh_headers 600/0/100"},
      {"stale-if-error=0", cc("max-age=600, stale-if-error=0"), "fresh_headers 600/0/0",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/0"},
      {"stale-if-error counts from stale",
       cc("max-age=600, stale-while-revalidate=30, stale-if-error=100"), "fresh_headers 600/30/70",
       "fresh_headers 600/3600/7200", "fresh_headers 600/30/70"},
      {"stale-if-error within stale-while-revalidate",
       cc("max-age=600, stale-while-revalidate=100, stale-if-error=30"), "fresh_headers 600/100/0",
       "fresh_headers 600/3600/7200", "fresh_headers 600/100/0"},
      {"no numbers", cc("max-age=600, stale-while-revalidate=x, stale-if-error=x"),
       "fresh_headers 600/0/86400", "fresh_headers 600/3600/7200", "fresh_headers 600/0/86400"},
      {"silent, stale-while-revalidate", cc("stale-while-revalidate=30"), "no no_freshness", rule,
       "fresh_rule 60/30/86400"},
      {"silent, stale-if-error", cc("stale-if-error=100"), "no no_freshness", rule,
       "fresh_rule 60/0/100"},
      {"silent, ETag, stale-while-revalidate", cc_etag("stale-while-revalidate=30"),
       "validate_each_use 0/30/86400", rule, "fresh_rule 60/30/86400"},
  });
}

TEST(JudgeDirectives, must_understand) {
  check_all({
      {"lifts no-store", cc("must-understand, no-store, max-age=600"), "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/86400"},
      {"does not lift private", cc("must-understand, private, max-age=600"), "no private_response",
       "no private_response", "no private_response"},
      {"alone", cc("must-understand, max-age=600"), "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/86400"},
  });
  for (const Policy& policy : {rfc_profile(), isr_route()}) {
    for (int status : {299, 499, 599, 451}) {
      EXPECT_EQ(outcome(cc("must-understand, no-store, max-age=600"), policy, status),
                "no not_understood")
          << status;
      EXPECT_EQ(outcome(cc("must-understand, max-age=600"), policy, status), "no not_understood")
          << status;
    }
    for (int status : {200, 203, 204, 301, 302, 404, 410}) {
      EXPECT_EQ(judge_lines(cc("must-understand, no-store, max-age=600"), policy, status).why,
                Why::fresh_headers)
          << status;
    }
  }
}

TEST(JudgeDirectives, a_targeted_field_decides_alone) {
  const auto with_cdn = [](std::string_view cdn, std::string_view control) {
    return Lines{{"CDN-Cache-Control", cdn},
                 {"Cache-Control", control},
                 {"Expires", later},
                 {"Date", date_now}};
  };
  check_all({
      {"allows", with_cdn("max-age=300", "no-store"), "fresh_headers 300/0/86400",
       "fresh_headers 300/3600/7200", "fresh_headers 300/0/86400"},
      {"longer", with_cdn("max-age=3000", "max-age=1"), "fresh_headers 3000/0/86400",
       "fresh_headers 3000/3600/7200", "fresh_headers 3000/0/86400"},
      {"shorter", with_cdn("max-age=1", "max-age=3600"), "fresh_headers 1/0/86400",
       "fresh_headers 1/3600/7200", "fresh_headers 1/0/86400"},
      {"hides must-revalidate", with_cdn("max-age=300", "must-revalidate, s-maxage=1"),
       "fresh_headers 300/0/86400", "fresh_headers 300/3600/7200", "fresh_headers 300/0/86400"},
      {"hides permissions", with_cdn("max-age=300", "stale-while-revalidate=30, stale-if-error=1"),
       "fresh_headers 300/0/86400", "fresh_headers 300/3600/7200", "fresh_headers 300/0/86400"},
      {"gives permissions", with_cdn("max-age=300, stale-while-revalidate=30", "no-store"),
       "fresh_headers 300/30/86400", "fresh_headers 300/3600/7200", "fresh_headers 300/30/86400"},
      {"forbids: no-store", with_cdn("no-store", "max-age=600"), "no no_store", "no no_store",
       "no no_store"},
      {"forbids: private", with_cdn("private", "max-age=600"), "no private_response",
       "no private_response", "no private_response"},
      {"forbids: no-cache", with_cdn("no-cache", "max-age=600"), "no no_freshness", "no no_cache",
       "no no_cache"},
      {"forbids: max-age=0", with_cdn("max-age=0", "max-age=600"), "no zero_age", "no zero_age",
       "no zero_age"},
      {"negative", with_cdn("max-age=-1", "max-age=600"), "no zero_age", "no zero_age",
       "no zero_age"},
      {"says nothing", with_cdn("foo", "max-age=600"), "no no_freshness", rule, bare_rule},
      {"wrong type says nothing", with_cdn("max-age=\"300\"", "max-age=600"), "no no_freshness",
       rule, bare_rule},
      {"invalid is ignored", with_cdn("max-age=300, &&&&&", "max-age=600"),
       "fresh_headers 600/0/86400", "fresh_headers 600/3600/7200", "fresh_headers 600/0/86400"},
      {"invalid next to no-store", with_cdn("max-age=300, &&&&&", "no-store"), "no no_store",
       "no no_store", "no no_store"},
      {"empty is ignored", with_cdn("", "max-age=600"), "fresh_headers 600/0/86400",
       "fresh_headers 600/3600/7200", "fresh_headers 600/0/86400"},
      {"our own name first",
       {{"ISRD-Cache-Control", "max-age=5"}, {"CDN-Cache-Control", "max-age=300"}},
       "fresh_headers 5/0/86400",
       "fresh_headers 5/3600/7200",
       "fresh_headers 5/0/86400"},
      {"no-cache, ETag",
       {{"CDN-Cache-Control", "no-cache, max-age=300"}, etag},
       "validate_each_use 300/0/0 each",
       "no no_cache",
       "no no_cache"},
  });
  EXPECT_EQ(outcome({{"CDN-Cache-Control", "max-age=300"}, {"Age", "100"}}, rfc_profile()),
            "fresh_headers 200/0/86400");
  EXPECT_EQ(outcome({{"CDN-Cache-Control", "max-age=300"}, {"Age", "400"}}, rfc_profile()),
            "no zero_age");
}

TEST(JudgeDirectives, the_operators_error_window_in_the_rfc_profile) {
  const Policy policy = {{std::nullopt, std::nullopt, 10min}, {}};
  const std::pair<Lines, std::string_view> rows[] = {
      {cc("max-age=600"), "fresh_headers 600/0/600"},
      {cc("max-age=600, stale-if-error=100"), "fresh_headers 600/0/100"},
      {cc("max-age=600, stale-if-error=10000"), "fresh_headers 600/0/600"},
      {cc("s-maxage=600"), "fresh_headers 600/0/0"},
      {cc("s-maxage=600, stale-if-error=100"), "fresh_headers 600/0/100"},
      {cc("max-age=600, must-revalidate"), "fresh_headers 600/0/0"},
      {cc("max-age=600, proxy-revalidate"), "fresh_headers 600/0/0"},
      {cc_etag("max-age=600, no-cache"), "validate_each_use 600/0/0 each"},
      {cc("max-age=0"), "validate_each_use 0/0/600"},
      {cc_etag(""), "validate_each_use 0/0/600"},
  };
  for (const auto& [lines, expected] : rows)
    EXPECT_EQ(outcome(lines, policy), expected) << lines[0].second;
  const Policy none = {{std::nullopt, std::nullopt, 0s}, {}};
  EXPECT_EQ(outcome(cc("max-age=600"), none), "fresh_headers 600/0/0");
  EXPECT_EQ(outcome(cc("max-age=0"), none), "no zero_age");
}

TEST(JudgeDirectives, a_stale_window_without_fresh_does_nothing) {
  const Policy policy = {{std::nullopt, 1h, std::nullopt}, {}};
  EXPECT_EQ(outcome(cc("max-age=600"), policy), "fresh_headers 600/0/86400");
}

TEST(JudgeDirectives, windows_of_zero_are_an_operators_word) {
  const Policy policy = {{60s, 0s, 0s}, {}};
  EXPECT_EQ(outcome({}, policy), "fresh_rule 60/0/0");
  EXPECT_EQ(outcome(cc("max-age=600, stale-while-revalidate=30, stale-if-error=60"), policy),
            "fresh_headers 600/0/0");
  EXPECT_EQ(outcome({}, {{0s, 0s, 0s}, {}}), "no zero_age");
  EXPECT_EQ(outcome({}, {{0s, 1h, 0s}, {}}), "fresh_rule 0/3600/0");
  EXPECT_EQ(outcome({etag}, {{0s, 0s, 0s}, {}}), "validate_each_use 0/0/0");
}

TEST(JudgeDirectives, overrides_add_up) {
  Policy policy = isr_route();
  policy.overrides = {true, true, true};
  const Lines lines = {{"Cache-Control", "private, no-store, no-cache, max-age=0, must-revalidate"},
                       {"CDN-Cache-Control", "no-store"},
                       {"Expires", past},
                       {"Pragma", "no-cache"},
                       {"Set-Cookie", "a=1"},
                       {"Vary", "*"}};
  const Judgement judgement = judge_lines(lines, policy);
  EXPECT_EQ(describe(judgement), rule);
  EXPECT_TRUE(judgement.strip_set_cookie);
  EXPECT_EQ(judgement.vary, http::VaryRule());
  for (bool OverrideOptions::*name :
       {&OverrideOptions::cache_control, &OverrideOptions::set_cookie, &OverrideOptions::vary}) {
    Policy without = policy;
    without.overrides.*name = false;
    EXPECT_FALSE(judge_lines(lines, without).store);
  }
}

}  // namespace
}  // namespace isrd::isr
