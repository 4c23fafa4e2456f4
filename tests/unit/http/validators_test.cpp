#include "http/validators.h"

#include <gtest/gtest.h>

#include "unit/http/make_fields.h"

namespace isrd::http {
namespace {

using namespace std::chrono_literals;

constexpr Date now = std::chrono::sys_days(2026y / 7 / 15);

constexpr std::string_view before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view modified = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view modified_850 = "Sunday, 06-Nov-94 08:49:37 GMT";
constexpr std::string_view modified_asctime = "Sun Nov  6 08:49:37 1994";
constexpr std::string_view after = "Sun, 06 Nov 1994 08:49:38 GMT";

TEST(Etag, grammar) {
  for (std::string_view text :
       {"\"\"", "\"a\"", "W/\"a\"", "\"a,b\"", "\"\\\"", "\"\xc3\xbc\"", "\"!#~\"", "W/\"\""}) {
    EXPECT_TRUE(is_etag(text)) << text;
  }
  for (std::string_view text :
       {"",         "a",         "\"",       "\"a",    "a\"",      "W/",       "W/a",
        "w/\"a\"",  "W\"a\"",    "W\\\"a\"", "\"a\"b", "\"a\" ",   " \"a\"",   "\"a b\"",
        "\"a\tb\"", "\"a\x7f\"", "\"a\"\"",  "*",      "W/ \"a\"", "W/W/\"a\""}) {
    EXPECT_FALSE(is_etag(text)) << text;
  }
}

TEST(Etag, comparison_of_section_8_8_3_2) {
  struct Row {
    std::string_view a, b;
    bool strong, weak;
  };
  const Row rows[] = {
      {"W/\"1\"", "W/\"1\"", false, true},
      {"W/\"1\"", "W/\"2\"", false, false},
      {"W/\"1\"", "\"1\"", false, true},
      {"\"1\"", "\"1\"", true, true},
      {"\"1\"", "\"2\"", false, false},
      {"\"a\"", "\"A\"", false, false},
      {"1", "1", false, false},
      {"\"1\"", "1", false, false},
      {"", "", false, false},
      {"*", "*", false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(strong_equal(row.a, row.b), row.strong) << row.a << " " << row.b;
    EXPECT_EQ(strong_equal(row.b, row.a), row.strong) << row.a << " " << row.b;
    EXPECT_EQ(weak_equal(row.a, row.b), row.weak) << row.a << " " << row.b;
    EXPECT_EQ(weak_equal(row.b, row.a), row.weak) << row.a << " " << row.b;
  }
}

struct Case {
  std::string_view text;
  Lines request;
  Validators stored;
  bool holds;
};

TEST(NotModified, if_none_match) {
  const Case rows[] = {
      {"same", {{"If-None-Match", "\"a\""}}, {"\"a\"", "", ""}, true},
      {"other", {{"If-None-Match", "\"b\""}}, {"\"a\"", "", ""}, false},
      {"weak in both", {{"If-None-Match", "W/\"a\""}}, {"W/\"a\"", "", ""}, true},
      {"weak in the request", {{"If-None-Match", "W/\"a\""}}, {"\"a\"", "", ""}, true},
      {"weak in the store", {{"If-None-Match", "\"a\""}}, {"W/\"a\"", "", ""}, true},
      {"first of a list", {{"If-None-Match", "\"a\", \"b\", \"c\""}}, {"\"a\"", "", ""}, true},
      {"middle of a list", {{"If-None-Match", "\"b\", \"a\", \"c\""}}, {"\"a\"", "", ""}, true},
      {"last of a list", {{"If-None-Match", "\"b\",\"c\",W/\"a\""}}, {"\"a\"", "", ""}, true},
      {"another line",
       {{"If-None-Match", "\"b\""}, {"If-None-Match", "\"a\""}},
       {"\"a\"", "", ""},
       true},
      {"empty members", {{"If-None-Match", ", \"b\",,\t\"a\" ,"}}, {"\"a\"", "", ""}, true},
      {"comma in a tag", {{"If-None-Match", "\"b,c\", \"a,d\""}}, {"\"a,d\"", "", ""}, true},
      {"part of a tag with a comma", {{"If-None-Match", "\"b,a\""}}, {"\"a\"", "", ""}, false},
      {"backslash before the quote",
       {{"If-None-Match", "\"b\\\", \"a\""}},
       {"\"a\"", "", ""},
       true},
      {"obs-text", {{"If-None-Match", "\"\xc3\xbc\""}}, {"\"\xc3\xbc\"", "", ""}, true},
      {"star", {{"If-None-Match", "*"}}, {"\"a\"", "", ""}, true},
      {"star without ETag", {{"If-None-Match", "*"}}, {"", "", ""}, true},
      {"star is not alone", {{"If-None-Match", "*, \"a\""}}, {"\"a\"", "", ""}, false},
      {"star and a line",
       {{"If-None-Match", "*"}, {"If-None-Match", "\"b\""}},
       {"\"a\"", "", ""},
       false},
      {"star is quoted", {{"If-None-Match", "\"*\""}}, {"\"a\"", "", ""}, false},
      {"no stored tag", {{"If-None-Match", "\"a\""}}, {"", "", ""}, false},
      {"stored tag is malformed", {{"If-None-Match", "\"a\""}}, {"a", "", ""}, false},
      {"unquoted", {{"If-None-Match", "a"}}, {"\"a\"", "", ""}, false},
      {"unquoted on both sides", {{"If-None-Match", "a"}}, {"a", "", ""}, false},
      {"lower-case w", {{"If-None-Match", "w/\"a\""}}, {"\"a\"", "", ""}, false},
      {"empty", {{"If-None-Match", ""}}, {"\"a\"", "", ""}, false},
      {"match, then garbage", {{"If-None-Match", "\"a\", b"}}, {"\"a\"", "", ""}, false},
      {"no comma between", {{"If-None-Match", "\"a\" \"b\""}}, {"\"a\"", "", ""}, false},
      {"open quote", {{"If-None-Match", "\"a\", \"b"}}, {"\"a\"", "", ""}, false},
  };
  for (const Case& row : rows) {
    const auto fields = make_fields(row.request);
    EXPECT_EQ(not_modified(make_request(fields), row.stored, now), row.holds) << row.text;
  }
}

TEST(NotModified, if_none_match_hides_if_modified_since) {
  const Case rows[] = {
      {"tag matches, date does not",
       {{"If-None-Match", "\"a\""}, {"If-Modified-Since", before}},
       {"\"a\"", modified, ""},
       true},
      {"date matches, tag does not",
       {{"If-None-Match", "\"b\""}, {"If-Modified-Since", after}},
       {"\"a\"", modified, ""},
       false},
      {"date matches, no stored tag",
       {{"If-None-Match", "\"b\""}, {"If-Modified-Since", after}},
       {"", modified, ""},
       false},
      {"date matches, tag malformed",
       {{"If-None-Match", "b"}, {"If-Modified-Since", after}},
       {"\"a\"", modified, ""},
       false},
  };
  for (const Case& row : rows) {
    const auto fields = make_fields(row.request);
    EXPECT_EQ(not_modified(make_request(fields), row.stored, now), row.holds) << row.text;
  }
}

TEST(NotModified, if_modified_since) {
  const Case rows[] = {
      {"equal", {{"If-Modified-Since", modified}}, {"", modified, ""}, true},
      {"later", {{"If-Modified-Since", after}}, {"", modified, ""}, true},
      {"earlier", {{"If-Modified-Since", before}}, {"", modified, ""}, false},
      {"RFC 850", {{"If-Modified-Since", modified_850}}, {"", modified, ""}, true},
      {"asctime", {{"If-Modified-Since", modified_asctime}}, {"", modified, ""}, true},
      {"RFC 850 in the store", {{"If-Modified-Since", modified}}, {"", modified_850, ""}, true},
      {"asctime in the store", {{"If-Modified-Since", before}}, {"", modified_asctime, ""}, false},
      {"with an ETag in the store",
       {{"If-Modified-Since", modified}},
       {"\"a\"", modified, ""},
       true},
      {"Date stands in", {{"If-Modified-Since", modified}}, {"", "", modified}, true},
      {"Date stands in, later", {{"If-Modified-Since", modified}}, {"", "", after}, false},
      {"Last-Modified comes before Date",
       {{"If-Modified-Since", modified}},
       {"", modified, after},
       true},
      {"Last-Modified is invalid", {{"If-Modified-Since", modified}}, {"", "x", modified}, false},
      {"nothing to compare with", {{"If-Modified-Since", modified}}, {"\"a\"", "", ""}, false},
      {"invalid",
       {{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 UTC"}},
       {"", modified, ""},
       false},
      {"empty", {{"If-Modified-Since", ""}}, {"", modified, ""}, false},
      {"two lines",
       {{"If-Modified-Since", after}, {"If-Modified-Since", after}},
       {"", modified, ""},
       false},
      {"absent", {{"Accept", "x"}}, {"\"a\"", modified, modified}, false},
  };
  for (const Case& row : rows) {
    const auto fields = make_fields(row.request);
    EXPECT_EQ(not_modified(make_request(fields), row.stored, now), row.holds) << row.text;
  }
}

TEST(NotModified, answers_get_and_head_only) {
  const auto fields = make_fields({{"If-None-Match", "\"a\""}});
  for (Method method : {Method::get, Method::head}) {
    EXPECT_TRUE(not_modified(make_request(fields, method), {"\"a\"", "", ""}, now));
  }
  for (Method method : {Method::post, Method::put, Method::delete_, Method::options, Method::patch,
                        Method::other}) {
    EXPECT_FALSE(not_modified(make_request(fields, method), {"\"a\"", "", ""}, now));
  }
}

TEST(IfRange, needs_a_strong_validator) {
  const Case rows[] = {
      {"absent", {{"Range", "bytes=0-"}}, {"\"a\"", modified, after}, true},
      {"same tag", {{"If-Range", "\"a\""}}, {"\"a\"", "", ""}, true},
      {"other tag", {{"If-Range", "\"b\""}}, {"\"a\"", "", ""}, false},
      {"weak in both", {{"If-Range", "W/\"a\""}}, {"W/\"a\"", "", ""}, false},
      {"weak in the request", {{"If-Range", "W/\"a\""}}, {"\"a\"", "", ""}, false},
      {"weak in the store", {{"If-Range", "\"a\""}}, {"W/\"a\"", "", ""}, false},
      {"a list is no validator", {{"If-Range", "\"a\", \"b\""}}, {"\"a\"", "", ""}, false},
      {"two lines", {{"If-Range", "\"a\""}, {"If-Range", "\"a\""}}, {"\"a\"", "", ""}, false},
      {"star", {{"If-Range", "*"}}, {"\"a\"", "", ""}, false},
      {"garbage", {{"If-Range", "a"}}, {"a", "a", "a"}, false},
      {"same date", {{"If-Range", modified}}, {"", modified, after}, true},
      {"same date in another form", {{"If-Range", modified_850}}, {"", modified, after}, true},
      {"later date", {{"If-Range", after}}, {"", modified, after}, false},
      {"earlier date", {{"If-Range", before}}, {"", modified, after}, false},
      {"date is weak: same second", {{"If-Range", modified}}, {"", modified, modified}, false},
      {"date is weak: no Date", {{"If-Range", modified}}, {"", modified, ""}, false},
      {"no Last-Modified", {{"If-Range", modified}}, {"", "", after}, false},
  };
  for (const Case& row : rows) {
    const auto fields = make_fields(row.request);
    EXPECT_EQ(if_range_holds(make_request(fields), row.stored, now), row.holds) << row.text;
  }
}

}  // namespace
}  // namespace isrd::http
