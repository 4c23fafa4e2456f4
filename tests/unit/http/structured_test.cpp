#include "http/structured.h"

#include <gtest/gtest.h>

namespace isrd::http {
namespace {

/// The value of a list of exactly one item without parameters.
std::optional<BareItem> bare(std::string_view text) {
  const auto list = parse_list(text);
  if (!list || list->size() != 1 || (*list)[0].is_inner_list) return std::nullopt;
  if (!(*list)[0].items[0].parameters.empty()) return std::nullopt;
  return (*list)[0].items[0].value;
}

BareItem string(std::string text) {
  return BareItem(std::in_place_type<std::string>, std::move(text));
}

struct Row {
  std::string_view text;
  std::optional<BareItem> value;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(bare(row.text), row.value) << row.text;
}

BareItem integer(std::int64_t value) { return BareItem(value); }

TEST(StructuredItem, integers) {
  check({{"0", integer(0)},
         {"42", integer(42)},
         {"-42", integer(-42)},
         {"-0", integer(0)},
         {"0042", integer(42)},
         {"999999999999999", integer(999999999999999)},
         {"-999999999999999", integer(-999999999999999)},
         {"1000000000000000", std::nullopt},
         {"-1000000000000000", std::nullopt},
         {"-", std::nullopt},
         {"--1", std::nullopt},
         {"- 1", std::nullopt},
         {"+1", std::nullopt},
         {"1a", std::nullopt},
         {"1 2", std::nullopt},
         {"  42  ", integer(42)},
         {"\t42", std::nullopt},
         {"42\t", std::nullopt}});
}

TEST(StructuredItem, decimals) {
  check({{"1.5", BareItem(1.5)},
         {"-1.5", BareItem(-1.5)},
         {"0.001", BareItem(0.001)},
         {"0.1", BareItem(0.1)},
         {"00.10", BareItem(0.1)},
         {"123456789012.1", BareItem(123456789012.1)},
         {"999999999999.999", BareItem(999999999999.999)},
         {"1234567890123.1", std::nullopt},
         {"1.1234", std::nullopt},
         {"1.", std::nullopt},
         {"-1.", std::nullopt},
         {".1", std::nullopt},
         {"-.1", std::nullopt},
         {"1.2.3", std::nullopt},
         {"1..4", std::nullopt},
         {"1.-1", std::nullopt},
         {"1e5", std::nullopt}});
}

TEST(StructuredItem, strings) {
  check({{"\"\"", string("")},
         {"\"foo bar\"", string("foo bar")},
         {"\"a, b; c=d\"", string("a, b; c=d")},
         {"\"b\\\"a\\\\r\"", string("b\"a\\r")},
         {"\"foo", std::nullopt},
         {"\"foo\\", std::nullopt},
         {"\"foo\\\"", std::nullopt},
         {"\"\\n\"", std::nullopt},
         {"\"a\tb\"", std::nullopt},
         {"\"a\x7f\"", std::nullopt},
         {"\"\xc3\xbc\"", std::nullopt},
         {"'foo'", std::nullopt},
         {"\"a\"b", std::nullopt},
         {"\"a\" \"b\"", std::nullopt}});
}

TEST(StructuredItem, tokens) {
  check({{"a", BareItem(Token{"a"})},
         {"A", BareItem(Token{"A"})},
         {"*", BareItem(Token{"*"})},
         {"*a", BareItem(Token{"*a"})},
         {"a_b-c.d3:f%00/*", BareItem(Token{"a_b-c.d3:f%00/*"})},
         {"fooBar", BareItem(Token{"fooBar"})},
         {"!#$%&'*+-.^_`|~", std::nullopt},
         {"a!#$%&'*+-.^_`|~", BareItem(Token{"a!#$%&'*+-.^_`|~"})},
         {"_a", std::nullopt},
         {"/a", std::nullopt},
         {"a\"b", std::nullopt},
         {"&&&&&", std::nullopt},
         {"\xc3\xbc", std::nullopt}});
}

TEST(StructuredItem, byte_sequences) {
  const auto bytes = [](std::string text) { return BareItem(ByteSequence{std::move(text)}); };
  check({{":aGVsbG8=:", bytes("hello")},
         {":aGVsbG8:", bytes("hello")},  // section 4.2.7: missing padding is not an error
         {":iZ==:", bytes("\x89")},      // nor are bits that are left over
         {"::", bytes("")},
         {":/+Ah:", bytes("\xff\xe0\x21")},
         {":AAEC:", bytes(std::string("\0\1\2", 3))},
         {":aGVsbG8=", std::nullopt},
         {":aGVsbG8=", std::nullopt},
         {":=aGVsbG8=:", std::nullopt},
         {":a=GVsbG8=:", std::nullopt},
         {":aGVsbG8==:", std::nullopt},
         {":====:", std::nullopt},
         {":=:", std::nullopt},
         {":a:", std::nullopt},
         {":aGVsb G8=:", std::nullopt},
         {":aGVsbG!8:", std::nullopt},
         {":_-Ah:", std::nullopt},
         {":aGVsbG8=:x", std::nullopt},
         {":", std::nullopt}});
}

TEST(StructuredItem, booleans) {
  check({{"?1", BareItem(true)},
         {"?0", BareItem(false)},
         {"?", std::nullopt},
         {"?2", std::nullopt},
         {"?T", std::nullopt},
         {"? 1", std::nullopt},
         {"?10", std::nullopt}});
}

TEST(StructuredItem, dates) {
  check({{"@0", BareItem(SfDate{0})},
         {"@1659578233", BareItem(SfDate{1659578233})},
         {"@-1659578233", BareItem(SfDate{-1659578233})},
         {"@253402300800", BareItem(SfDate{253402300800})},
         {"@1659578233.12", std::nullopt},
         {"@", std::nullopt},
         {"@a", std::nullopt},
         {"@ 1", std::nullopt},
         {"@@1", std::nullopt}});
}

TEST(StructuredItem, display_strings) {
  const auto display = [](std::string text) { return BareItem(DisplayString{std::move(text)}); };
  check({{"%\"\"", display("")},
         {"%\"foo bar\"", display("foo bar")},
         {"%\"f%c3%bc%c3%bc\"", display("f\xc3\xbc\xc3\xbc")},
         {"%\"%22%25\\\"", display("\"%\\")},
         {"%\"%f0%9f%98%80\"", display("\xf0\x9f\x98\x80")},
         {"%\"%e2%82%ac\"", display("\xe2\x82\xac")},
         {"%\"%C3%BC\"", std::nullopt},  // upper case
         {"%\"%fc\"", std::nullopt},
         {"%\"%c3\"", std::nullopt},
         {"%\"%c3(\"", std::nullopt},
         {"%\"%c0%af\"", std::nullopt},        // overlong
         {"%\"%e0%80%af\"", std::nullopt},     // overlong
         {"%\"%f0%80%80%af\"", std::nullopt},  // overlong
         {"%\"%ed%a0%80\"", std::nullopt},     // surrogate
         {"%\"%f4%90%80%80\"", std::nullopt},  // above U+10FFFF
         {"%\"%f5%80%80%80\"", std::nullopt},
         {"%\"%80\"", std::nullopt},
         {"%\"%0g\"", std::nullopt},
         {"%\"%2\"", std::nullopt},
         {"%\"%", std::nullopt},
         {"%\"foo", std::nullopt},
         {"%foo", std::nullopt},
         {"%", std::nullopt},
         {"%\"\xc3\xbc\"", std::nullopt},
         {"%\"a\tb\"", std::nullopt}});
}

TEST(StructuredList, members) {
  const auto list = parse_list("a,  1\t,\t\"x\" ,(b;q=1 2);p");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 4u);
  EXPECT_EQ((*list)[0].items[0].value, BareItem(Token{"a"}));
  EXPECT_EQ((*list)[1].items[0].value, integer(1));
  EXPECT_EQ((*list)[2].items[0].value, string("x"));
  const Member& inner = (*list)[3];
  EXPECT_TRUE(inner.is_inner_list);
  ASSERT_EQ(inner.items.size(), 2u);
  EXPECT_EQ(inner.items[0].value, BareItem(Token{"b"}));
  EXPECT_EQ(inner.items[0].parameters, (Parameters{{"q", integer(1)}}));
  EXPECT_EQ(inner.items[1].value, integer(2));
  EXPECT_EQ(inner.parameters, (Parameters{{"p", BareItem(true)}}));
}

TEST(StructuredList, grammar) {
  for (std::string_view text : {"", "  ", "a", "a,b", "a, b ", "()", "( )", "(  a   b  )", "(),()",
                                "a;b;c=1", "a; b", "a;  b=?0", "(a);x=:AA==:", "a,a"}) {
    EXPECT_TRUE(parse_list(text)) << text;
  }
  for (std::string_view text :
       {",",      "a,",    "a, ",   "a,\t",   ",a",     "a,,b",   "a b",          "a ;b",
        "a;",     "a;=1",  "a;B",   "a;b=",   "a;b =1", "a;b= 1", "a;b=()",       "(",
        ")",      "(a",    "(a,b)", "(a\tb)", "((a))",  "(a)b",   "(\"a\"\"b\")", "a\n",
        "a, b\t", "a;\tb", "(a",    "(a "}) {
    EXPECT_FALSE(parse_list(text)) << text;
  }
}

TEST(StructuredDictionary, members) {
  const auto dictionary = parse_dictionary("a=1, b;x=2;y,  c=?0;z, *d.e_f-1*=(1 2);w=@5");
  ASSERT_TRUE(dictionary);
  ASSERT_EQ(dictionary->size(), 4u);
  EXPECT_EQ((*dictionary)[0].first, "a");
  EXPECT_EQ((*dictionary)[0].second.items[0].value, integer(1));
  EXPECT_EQ((*dictionary)[1].first, "b");
  EXPECT_EQ((*dictionary)[1].second.items[0].value, BareItem(true));
  EXPECT_EQ((*dictionary)[1].second.items[0].parameters,
            (Parameters{{"x", integer(2)}, {"y", BareItem(true)}}));
  EXPECT_EQ((*dictionary)[2].second.items[0].value, BareItem(false));
  EXPECT_EQ((*dictionary)[2].second.items[0].parameters, (Parameters{{"z", BareItem(true)}}));
  EXPECT_EQ((*dictionary)[3].first, "*d.e_f-1*");
  EXPECT_TRUE((*dictionary)[3].second.is_inner_list);
  EXPECT_EQ((*dictionary)[3].second.parameters, (Parameters{{"w", BareItem(SfDate{5})}}));
}

TEST(StructuredDictionary, a_repeated_key_keeps_its_place_and_takes_the_last_value) {
  const auto dictionary = parse_dictionary("a=1,b=2,a=3");
  ASSERT_TRUE(dictionary);
  ASSERT_EQ(dictionary->size(), 2u);
  EXPECT_EQ((*dictionary)[0].first, "a");
  EXPECT_EQ((*dictionary)[0].second.items[0].value, integer(3));
  const auto list = parse_list("x;a=1;b=2;a=3");
  ASSERT_TRUE(list);
  EXPECT_EQ((*list)[0].items[0].parameters, (Parameters{{"a", integer(3)}, {"b", integer(2)}}));
}

TEST(StructuredDictionary, grammar) {
  for (std::string_view text : {"", " ", "a", "a=b", "a=b ,\tc", "*=1", "a=()", " a "}) {
    EXPECT_TRUE(parse_dictionary(text)) << text;
  }
  for (std::string_view text :
       {"A",    "a=",      "a =1",     "a= 1",     "a,",   "a,,b",  ",a",
        "a b",  "1=a",     "-a",       "_a",       ".a",   "a=1=2", "=",
        "a=1;", "a=1 b=2", "a=1;b,\t", "\xc3\xbc", "a==1", "a=(1",  "\ta"}) {
    EXPECT_FALSE(parse_dictionary(text)) << text;
  }
}

TEST(StructuredDictionary, every_prefix_and_every_byte_is_survived) {
  const std::string text = "a=1.5;x=\"y\\\"\", b=(t %\"%c3%bc\" :AAEC:);z=?1, c=@-5, d";
  for (std::size_t n = 0; n <= text.size(); ++n) (void)parse_dictionary(text.substr(0, n));
  for (std::size_t n = 0; n < text.size(); ++n) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[n] = static_cast<char>(byte);
      (void)parse_dictionary(changed);
      (void)parse_list(changed);
    }
  }
}

}  // namespace
}  // namespace isrd::http
