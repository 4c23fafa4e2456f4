#include "http/vary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/http/make_fields.h"

namespace isrd::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

VaryRule rule_of(const Lines& lines) { return parse_vary(make_fields(lines)); }

std::string value_of(const Lines& request, std::string_view name) {
  std::string out = "before:";
  append_vary_value(make_fields(request), name, out);
  EXPECT_TRUE(out.starts_with("before:"));
  return out.substr(7);
}

TEST(Vary, names_are_lower_case_sorted_and_unique) {
  EXPECT_THAT(rule_of({}).names, IsEmpty());
  EXPECT_THAT(rule_of({{"Vary", ""}}).names, IsEmpty());
  EXPECT_THAT(rule_of({{"Vary", "Foo"}}).names, ElementsAre("foo"));
  EXPECT_THAT(rule_of({{"Vary", "Foo, Bar ,,\tbaz"}}).names, ElementsAre("bar", "baz", "foo"));
  EXPECT_THAT(rule_of({{"Vary", "Foo"}, {"X", "y"}, {"vary", "Bar, FOO"}}).names,
              ElementsAre("bar", "foo"));
  EXPECT_EQ(rule_of({{"Vary", "a, b"}}), rule_of({{"Vary", "B"}, {"Vary", "A"}}));
  EXPECT_FALSE(rule_of({{"Vary", "Foo, Bar"}}).any);
}

TEST(Vary, star_anywhere_means_never) {
  const Lines rows[] = {
      {{"Vary", "*"}},
      {{"Vary", "*, *"}},
      {{"Vary", "*"}, {"Vary", "*"}},
      {{"Vary", ", *"}},
      {{"Vary", ""}, {"Vary", "*"}},
      {{"Vary", "*, Foo"}},
      {{"Vary", "Foo, *"}},
      {{"Vary", "Foo"}, {"Vary", "*"}},
  };
  for (const Lines& row : rows) EXPECT_TRUE(rule_of(row).any) << row[0].second;
}

TEST(Vary, what_is_no_field_name_means_never) {
  for (std::string_view value :
       {"Accept-Encoding Cookie", "\"Foo\"", "Foo;Bar", "\"Foo, *", "F\xc3\xb6o", "Foo:"}) {
    EXPECT_TRUE(rule_of({{"Vary", value}}).any) << value;
  }
}

TEST(VaryValue, absent_matches_absent_only) {
  EXPECT_EQ(value_of({}, "foo"), "-");
  EXPECT_EQ(value_of({{"Foobar", "1"}}, "foo"), "-");
  EXPECT_EQ(value_of({{"Foo", ""}}, "foo"), "+");
  EXPECT_EQ(value_of({{"Foo", "-"}}, "foo"), "+-");
}

TEST(VaryValue, is_normalised_where_the_meaning_is_the_same) {
  EXPECT_EQ(value_of({{"FOO", "1"}}, "foo"), "+1");
  EXPECT_EQ(value_of({{"Foo", "1"}, {"Bar", "x"}, {"foo", "2"}}, "foo"), "+1, 2");
  EXPECT_EQ(value_of({{"Foo", "1,2"}}, "foo"), "+1, 2");
  EXPECT_EQ(value_of({{"Foo", "1 ,\t 2"}}, "foo"), "+1, 2");
  EXPECT_EQ(value_of({{"Foo", " 1 , 2 "}}, "foo"), "+1, 2");
  EXPECT_EQ(value_of({{"Accept-Language", "EN-gb;Q=0.8,De"}}, "accept-language"),
            "+en-gb;q=0.8, de");
}

TEST(VaryValue, keeps_what_may_mean_something_else) {
  EXPECT_EQ(value_of({{"Foo", "A"}}, "foo"), "+A");
  EXPECT_EQ(value_of({{"Foo", "2, 1"}}, "foo"), "+2, 1");
  EXPECT_EQ(value_of({{"Foo", "1,,2"}}, "foo"), "+1, , 2");
  EXPECT_EQ(value_of({{"Foo", "1,"}}, "foo"), "+1, ");
  EXPECT_EQ(value_of({{"Foo", "a  b"}}, "foo"), "+a  b");
  EXPECT_EQ(value_of({{"Foo", "\"a ,b\" ,c"}}, "foo"), "+\"a ,b\", c");
  EXPECT_EQ(value_of({{"Foo", "\"a\\\" ,b\",c"}}, "foo"), "+\"a\\\" ,b\", c");
  EXPECT_EQ(value_of({{"Foo", "\"a\\"}}, "foo"), "+\"a\\");
  EXPECT_EQ(value_of({{"Cookie", "A=1; b=2"}}, "cookie"), "+A=1; b=2");
}

TEST(VaryValue, appends_without_touching_what_is_there) {
  std::string out = "Key: ABC ";
  append_vary_value(make_fields({{"Accept-Language", "DE"}}), "Accept-Language", out);
  append_vary_value(make_fields({{"Foo", " , x"}}), "Foo", out);
  append_vary_value({}, "Foo", out);
  EXPECT_EQ(out, "Key: ABC +de+, x-");
}

TEST(AcceptEncoding, is_reduced_to_a_class) {
  struct Row {
    std::string_view value;
    std::string_view coding;
  };
  const Row rows[] = {
      {"", ""},
      {"identity", ""},
      {"deflate", ""},
      {"gzip", "gzip"},
      {"GZIP", "gzip"},
      {"x-gzip", "gzip"},
      {"gzip, deflate", "gzip"},
      {"gzip, deflate, br", "br"},
      {"gzip, deflate, br, zstd", "br"},
      {"gzip, zstd", "zstd"},
      {"zstd;q=0.1, gzip;q=1", "zstd"},
      {"br;q=0, gzip", "gzip"},
      {"br;q=0.0, zstd;q=0.00, gzip;q=0.000", ""},
      {"br;q=0.001", "br"},
      {"br ; q=0.5", "br"},
      {"br;Q=1.000", "br"},
      {"br;q=1.", "br"},
      {"br;q=0.", ""},
      {"br;q=1.5", ""},
      {"br;q=2", ""},
      {"br;q=", ""},
      {"br;q=x", ""},
      {"br;q=-1", ""},
      {"br;q=0.0001", ""},
      {"br;x=1", ""},
      {"br;", ""},
      {"br, br;q=0", ""},
      {"br;q=0, br", ""},
      {"*", "br"},
      {"*;q=0", ""},
      {"br;q=0, *", "zstd"},
      {"gzip, *;q=0", "gzip"},
      {"gzip;q=0, identity, *;q=0", ""},
      {"brotli", ""},
      {"br gzip", ""},
      {"\"br\"", ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(reduce_accept_encoding(make_fields({{"Accept-Encoding", row.value}})), row.coding)
        << row.value;
  }
  EXPECT_EQ(reduce_accept_encoding({}), "");
  EXPECT_EQ(reduce_accept_encoding(make_fields({{"Accept", "gzip"}})), "");
  EXPECT_EQ(
      reduce_accept_encoding(make_fields({{"Accept-Encoding", "gzip"}, {"accept-encoding", "br"}})),
      "br");
}

}  // namespace
}  // namespace isrd::http
