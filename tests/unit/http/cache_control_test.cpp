#include "http/cache_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/http/make_fields.h"

namespace isrd::http {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr seconds greatest{std::int64_t{1} << 31};

/// Every line is one Cache-Control field line.
CacheControl parse(std::initializer_list<std::string_view> lines) {
  Lines named;
  for (std::string_view line : lines) named.emplace_back("Cache-Control", line);
  return parse_cache_control(make_fields(named));
}

std::optional<CacheControl> targeted(const Lines& lines) {
  return parse_targeted_cache_control(make_fields(lines));
}

std::optional<CacheControl> cdn(std::string_view value) {
  return targeted({{"CDN-Cache-Control", value}});
}

TEST(DeltaSeconds, are_digits_that_saturate) {
  struct Row {
    std::string_view text;
    std::optional<seconds> value;
  };
  const Row rows[] = {
      {"0", seconds(0)},
      {"3600", seconds(3600)},
      {"003600", seconds(3600)},
      {"2147483647", seconds(2147483647)},
      {"2147483648", greatest},
      {"2147483649", greatest},
      {"4294967296", greatest},
      {"99999999999", greatest},
      {"9223372036854775807", greatest},
      {"9223372036854775808", greatest},
      {"18446744073709551616", greatest},
      {"100000000000000000000000000000000000000", greatest},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {"1.0", std::nullopt},
      {"3600.5", std::nullopt},
      {"1 ", std::nullopt},
      {" 1", std::nullopt},
      {"1 2", std::nullopt},
      {"a100", std::nullopt},
      {"100a", std::nullopt},
      {"0x10", std::nullopt},
      {"1e3", std::nullopt},
      {"\"1\"", std::nullopt},
      {"\xd9\xa1", std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(parse_delta_seconds(row.text), row.value) << row.text;
}

TEST(CacheControl, is_absent_without_the_field) {
  const CacheControl control =
      parse_cache_control(make_fields({{"Expires", "0"}, {"Pragma", "no-cache"}}));
  EXPECT_FALSE(control.present);
  EXPECT_FALSE(control.no_cache);
  EXPECT_EQ(control.max_age, std::nullopt);
  EXPECT_TRUE(parse({""}).present);
}

TEST(CacheControl, reads_each_flag) {
  struct Row {
    std::string_view text;
    bool CacheControl::*flag;
  };
  const Row rows[] = {
      {"no-store", &CacheControl::no_store},
      {"no-cache", &CacheControl::no_cache},
      {"private", &CacheControl::is_private},
      {"public", &CacheControl::is_public},
      {"must-revalidate", &CacheControl::must_revalidate},
      {"proxy-revalidate", &CacheControl::proxy_revalidate},
      {"must-understand", &CacheControl::must_understand},
      {"no-transform", &CacheControl::no_transform},
      {"only-if-cached", &CacheControl::only_if_cached},
  };
  for (const Row& row : rows) {
    const CacheControl control = parse({row.text});
    for (const Row& other : rows) {
      EXPECT_EQ(control.*other.flag, row.text == other.text) << row.text << " / " << other.text;
    }
    std::string upper(row.text);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_TRUE(parse({upper}).*row.flag) << upper;
    EXPECT_TRUE(parse({"foo", "bar,\t" + upper + " ,, x=y"}).*row.flag) << upper;
    EXPECT_FALSE(parse({"x=\"" + std::string(row.text) + "\""}).*row.flag) << row.text;
    EXPECT_FALSE(parse({"x=\", " + std::string(row.text) + ",\""}).*row.flag) << row.text;
    EXPECT_FALSE(parse({"x-" + std::string(row.text)}).*row.flag) << row.text;
  }
}

TEST(CacheControl, a_flag_with_an_argument_forbids_but_does_not_permit) {
  EXPECT_TRUE(parse({"no-store=1"}).no_store);
  EXPECT_TRUE(parse({"no-store=\"x\""}).no_store);
  EXPECT_TRUE(parse({"no-store =x"}).no_store);
  EXPECT_TRUE(parse({"must-revalidate=0"}).must_revalidate);
  EXPECT_TRUE(parse({"proxy-revalidate=0"}).proxy_revalidate);
  EXPECT_FALSE(parse({"public=x"}).is_public);
  EXPECT_FALSE(parse({"must-understand=0"}).must_understand);
}

TEST(CacheControl, reads_each_number) {
  struct Row {
    std::string_view name;
    std::optional<seconds> CacheControl::*value;
  };
  const Row rows[] = {
      {"max-age", &CacheControl::max_age},
      {"s-maxage", &CacheControl::s_maxage},
      {"stale-while-revalidate", &CacheControl::stale_while_revalidate},
      {"stale-if-error", &CacheControl::stale_if_error},
      {"min-fresh", &CacheControl::min_fresh},
      {"max-stale", &CacheControl::max_stale},
  };
  for (const Row& row : rows) {
    const std::string name(row.name);
    SCOPED_TRACE(name);
    EXPECT_EQ(parse({name + "=17"}).*row.value, seconds(17));
    EXPECT_EQ(parse({name + "=\"17\""}).*row.value, seconds(17));
    EXPECT_EQ(parse({name + "=99999999999999999999"}).*row.value, greatest);
    EXPECT_EQ(parse({name + "=-17"}).*row.value, std::nullopt);
    EXPECT_EQ(parse({name + "="}).*row.value, std::nullopt);
    EXPECT_EQ(parse({name + "=17", name + "=3"}).*row.value, seconds(17)) << "the first counts";
    EXPECT_EQ(parse({name + "=3, " + name + "=17"}).*row.value, seconds(3)) << "the first counts";
    EXPECT_EQ(parse({name + "=x, " + name + "=17"}).*row.value, std::nullopt) << "the first counts";
    EXPECT_EQ(parse({name + " =17"}).*row.value, std::nullopt);
    EXPECT_EQ(parse({name + "= 17"}).*row.value, std::nullopt);
    EXPECT_EQ(parse({name + "='17'"}).*row.value, std::nullopt);
    EXPECT_EQ(parse({name + "=\"17\"x"}).*row.value, std::nullopt);
    EXPECT_EQ(parse({"x=\"" + name + "=17\""}).*row.value, std::nullopt);
    EXPECT_EQ(parse({"x=\"\\\", " + name + "=17\""}).*row.value, std::nullopt) << "escaped quote";
  }
}

TEST(CacheControl, max_stale_needs_no_value) {
  EXPECT_EQ(parse({"max-stale"}).max_stale, greatest);
  EXPECT_EQ(parse({"max-stale="}).max_stale, std::nullopt);
  EXPECT_EQ(parse({"min-fresh"}).min_fresh, std::nullopt);
}

TEST(CacheControl, a_lifetime_that_is_no_number_is_invalid_freshness) {
  for (std::string_view text :
       {"max-age", "max-age=", "max-age=-1", "max-age=x", "max-age=1.5", "max-age =1", "max-age= 1",
        "max-age='1'", "s-maxage", "s-maxage=x", "max-age=x, max-age=1", "max-age=\"1", "x=\"",
        "max-age=60, x=\"y"}) {
    EXPECT_TRUE(parse({text}).invalid_freshness) << text;
  }
  for (std::string_view text :
       {"", "max-age=1", "max-age=1, max-age=x", "stale-if-error=x", "min-fresh=x",
        "stale-while-revalidate", "x=\"max-age=y\"", "x-max-age=y", "foobar, max-age=3600"}) {
    EXPECT_FALSE(parse({text}).invalid_freshness) << text;
  }
}

TEST(CacheControl, quoted_text_is_opaque) {
  EXPECT_EQ(parse({"extension=\"max-age=100\", max-age=1"}).max_age, seconds(1));
  EXPECT_EQ(parse({"max-age=1, extension=\"max-age=100\""}).max_age, seconds(1));
  EXPECT_EQ(parse({"extension=\"max-age=100\", max-age=\"1\""}).max_age, seconds(1));
  EXPECT_EQ(parse({"extension=\"a, max-age=100, b\", max-age=1"}).max_age, seconds(1));
  EXPECT_EQ(parse({"\"max-age=100\", max-age=1"}).max_age, seconds(1));
}

TEST(CacheControl, a_quote_without_end_hides_no_refusal) {
  EXPECT_TRUE(parse({"x=\"y, no-store"}).no_store);
  EXPECT_TRUE(parse({"x=\"y, private, z"}).is_private);
  EXPECT_TRUE(parse({"x=\"", "no-store"}).no_store) << "a quoted string ends with its line";
  EXPECT_TRUE(parse({"private=\"a"}).is_private);
}

TEST(CacheControl, lines_are_one_list) {
  const CacheControl control = parse({"max-age=3600", "", "s-maxage=1 , public", "no-cache=\"a\""});
  EXPECT_EQ(control.max_age, seconds(3600));
  EXPECT_EQ(control.s_maxage, seconds(1));
  EXPECT_TRUE(control.is_public);
  EXPECT_THAT(control.withheld_fields, ElementsAre("a"));
}

TEST(CacheControl, qualified_directives_withhold_fields) {
  struct Row {
    std::string_view text;
    bool no_cache;
    bool is_private;
    std::vector<std::string> withheld;
  };
  const Row rows[] = {
      {"no-cache=\"a\"", false, false, {"a"}},
      {"no-cache=\"A, b ,C\"", false, false, {"a", "b", "c"}},
      {"no-cache=Set-Cookie", false, false, {"set-cookie"}},
      {"private=\"Set-Cookie\"", false, false, {"set-cookie"}},
      {"private=\"a\", no-cache=\"b\"", false, false, {"a", "b"}},
      {"private=\"a\", private", false, true, {"a"}},
      {"no-cache, no-cache=\"a\"", true, false, {"a"}},
      {"no-cache=", true, false, {}},
      {"no-cache=\"\"", true, false, {}},
      {"private=\" , \"", false, true, {}},
      {"private=\"a b\"", false, true, {}},
      {"private=\"a\"b", false, true, {}},
      {"private =\"a\"", false, true, {}},
      {"private= a", false, true, {}},
      {"no-cache=\"a", true, false, {}},
      {"no-cache=\"a, b", true, false, {}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.text);
    const CacheControl control = parse({row.text});
    EXPECT_EQ(control.no_cache, row.no_cache);
    EXPECT_EQ(control.is_private, row.is_private);
    EXPECT_EQ(control.withheld_fields, row.withheld);
  }
}

TEST(TargetedCacheControl, counts_if_present_valid_and_not_empty) {
  struct Row {
    std::string_view value;
    bool counts;
  };
  const Row rows[] = {
      {"max-age=60", true},
      {"foo", true},
      {"max-age=60, foo;x=1", true},
      {"", false},
      {"   ", false},
      {"max-age=60, &&&&&", false},
      {"max-age =60", false},
      {"max-age= 60", false},
      {"MaX-aGe=60", false},
      {"max-age=60,", false},
      {"max-age=60,,no-store", false},
      {"max-age=", false},
      {"max-age=a b", false},
      {"max-age=99999999999999999", false},
  };
  for (const Row& row : rows) EXPECT_EQ(cdn(row.value).has_value(), row.counts) << row.value;
  EXPECT_EQ(targeted({{"Cache-Control", "max-age=60"}}), std::nullopt);
}

TEST(TargetedCacheControl, our_own_name_comes_before_the_cdns) {
  EXPECT_EQ(
      targeted({{"CDN-Cache-Control", "max-age=1"}, {"ISRD-Cache-Control", "max-age=2"}})->max_age,
      seconds(2));
  EXPECT_EQ(targeted({{"CDN-Cache-Control", "max-age=1"}, {"isrd-cache-control", ""}})->max_age,
            seconds(1));
  EXPECT_EQ(targeted({{"CDN-Cache-Control", "max-age=1"}, {"ISRD-Cache-Control", "&&"}})->max_age,
            seconds(1));
}

TEST(TargetedCacheControl, lines_are_one_dictionary_whose_last_value_counts) {
  EXPECT_EQ(
      targeted({{"CDN-Cache-Control", "max-age=1"}, {"cdn-cache-control", "no-store"}})->no_store,
      true);
  EXPECT_EQ(
      targeted({{"CDN-Cache-Control", "max-age=1"}, {"CDN-Cache-Control", "max-age=2"}})->max_age,
      seconds(2));
  EXPECT_EQ(targeted({{"CDN-Cache-Control", "max-age=1"}, {"CDN-Cache-Control", "&&"}}),
            std::nullopt);
}

TEST(TargetedCacheControl, a_member_of_the_wrong_type_gives_nothing) {
  for (std::string_view value : {"max-age=\"60\"", "max-age", "max-age=60.0", "max-age=?1",
                                 "max-age=(60)", "max-age=@60", "max-age=a60", "max-age=:AAAA:"}) {
    const auto control = cdn(value);
    ASSERT_TRUE(control) << value;
    EXPECT_EQ(control->max_age, std::nullopt) << value;
    EXPECT_FALSE(control->invalid_freshness) << value;
  }
  for (std::string_view value :
       {"no-store=?0", "no-store=1", "no-store=\"x\"", "no-store=token", "no-store=()"}) {
    const auto control = cdn(value);
    ASSERT_TRUE(control) << value;
    EXPECT_FALSE(control->no_store) << value;
  }
}

TEST(TargetedCacheControl, directives_mean_what_they_mean_in_cache_control) {
  EXPECT_EQ(cdn("max-age=99999999999")->max_age, greatest);
  EXPECT_EQ(cdn("max-age=60;a=b")->max_age, seconds(60));
  EXPECT_TRUE(cdn("max-age=-1")->invalid_freshness);
  EXPECT_EQ(cdn("s-maxage=5, stale-while-revalidate=6, stale-if-error=7")->s_maxage, seconds(5));
  EXPECT_EQ(cdn("s-maxage=5, stale-while-revalidate=6, stale-if-error=7")->stale_while_revalidate,
            seconds(6));
  EXPECT_EQ(cdn("s-maxage=5, stale-while-revalidate=6, stale-if-error=7")->stale_if_error,
            seconds(7));
  EXPECT_TRUE(cdn("no-store")->no_store);
  EXPECT_TRUE(cdn("no-store=?1")->no_store);
  EXPECT_TRUE(cdn("no-cache")->no_cache);
  EXPECT_TRUE(cdn("private")->is_private);
  EXPECT_TRUE(cdn("public")->is_public);
  EXPECT_TRUE(cdn("must-revalidate")->must_revalidate);
  EXPECT_TRUE(cdn("proxy-revalidate")->proxy_revalidate);
  EXPECT_TRUE(cdn("must-understand")->must_understand);
  EXPECT_TRUE(cdn("foo")->present);
}

TEST(TargetedCacheControl, qualified_directives_withhold_fields) {
  EXPECT_THAT(cdn("private=\"A, b\"")->withheld_fields, ElementsAre("a", "b"));
  EXPECT_FALSE(cdn("private=\"A, b\"")->is_private);
  EXPECT_THAT(cdn("no-cache=a")->withheld_fields, ElementsAre("a"));
  EXPECT_THAT(cdn("no-cache=(a \"b\")")->withheld_fields, ElementsAre("a", "b"));
  EXPECT_TRUE(cdn("private=\"\"")->is_private);
  EXPECT_TRUE(cdn("private=()")->is_private);
  EXPECT_FALSE(cdn("private=?0")->is_private);
  EXPECT_FALSE(cdn("private=1")->is_private);
  EXPECT_THAT(cdn("private=(1 a)")->withheld_fields, IsEmpty());
}

}  // namespace
}  // namespace isrd::http
