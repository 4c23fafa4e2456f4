#include "config/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/diagnostic.h"

namespace isrd::config {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

TEST(ConfigValues, durations) {
  const std::vector<std::pair<std::string, std::int64_t>> table = {
      {"900ms", 900},    {"90s", 90'000},     {"1m", 60'000},
      {"1h", 3'600'000}, {"7d", 604'800'000}, {"0", 0},
      {"0s", 0},         {"007s", 7000},      {"3650d", 3650ll * 86'400'000},
  };
  for (const auto& [text, expected] : table) {
    const auto value = parse_duration(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(value->count(), expected) << text;
  }
}

TEST(ConfigValues, durations_that_are_none) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "'' is not a duration such as 900ms, 90s, 1m, 1h or 7d"},
      {"90", "'90' has no unit; write 90s for seconds"},
      {"-1s", "'-1s' is negative"},
      {"1.5s", "'1.5s' is not a duration"},
      {"1 s", "'1 s' is not a duration"},
      {"1S", "'1S' is not a duration"},
      {"1w", "'1w' is not a duration"},
      {"s", "'s' is not a duration"},
      {"1h30m", "'1h30m' is not a duration"},
      {"3651d", "'3651d' is too long; write at most 3650d"},
      {"18446744073709551615d", "is too long"},
      {"99999999999999999999s", "is too long"},
      {"+1s", "'+1s' is not a duration"},
  };
  for (const auto& [text, message] : table) {
    const auto value = parse_duration(text);
    ASSERT_FALSE(value) << text;
    EXPECT_THAT(value.error().message, HasSubstr(message));
  }
}

TEST(ConfigValues, durations_are_printed_in_their_largest_unit) {
  for (const std::string text : {"900ms", "90s", "1m", "1h", "7d", "0s", "1001ms", "61s"}) {
    EXPECT_EQ(print_duration(*parse_duration(text)), text);
  }
  EXPECT_EQ(print_duration(milliseconds(3'600'000)), "1h");
  EXPECT_EQ(print_duration(*parse_duration("24h")), "1d");
}

TEST(ConfigValues, sizes) {
  const std::vector<std::pair<std::string, std::uint64_t>> table = {
      {"0", 0},
      {"512", 512},
      {"512B", 512},
      {"64KiB", 65536},
      {"64kib", 65536},
      {"256MiB", 256ull << 20},
      {"20GiB", 20ull << 30},
      {"1TiB", 1ull << 40},
      {"1GB", 1'000'000'000},
      {"1kB", 1000},
      {"1MB", 1'000'000},
      {"18446744073709551615", 18446744073709551615ull},
  };
  for (const auto& [text, expected] : table) {
    const auto value = parse_size(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(*value, expected) << text;
  }
}

TEST(ConfigValues, sizes_that_are_none) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "'' is not a size such as"},
      {"64K", "'64K' leaves open which unit is meant; write 64KiB (1024) or 64KB (1000)"},
      {"2g", "write 2GiB (1024) or 2GB (1000)"},
      {"-1", "'-1' is negative"},
      {"1.5GiB", "'1.5GiB' is not a size"},
      {"1 GiB", "'1 GiB' is not a size"},
      {"GiB", "'GiB' is not a size"},
      {"18446744073709551616", "is too large"},
      {"18446744073709551615KiB", "is too large"},
      {"0x10", "'0x10' is not a size"},
  };
  for (const auto& [text, message] : table) {
    const auto value = parse_size(text);
    ASSERT_FALSE(value) << text;
    EXPECT_THAT(value.error().message, HasSubstr(message));
  }
}

TEST(ConfigValues, sizes_are_printed_in_binary_units_or_bytes) {
  for (const std::string text : {"0", "1", "1000", "64KiB", "512MiB", "1GiB", "3TiB", "1025"}) {
    EXPECT_EQ(print_size(*parse_size(text)), text);
  }
}

TEST(ConfigValues, integers) {
  EXPECT_EQ(*parse_integer("20000"), 20000u);
  EXPECT_EQ(*parse_integer("18446744073709551615"), 18446744073709551615ull);
  EXPECT_EQ(parse_integer("18446744073709551616").error().message,
            "'18446744073709551616' is too large; write a smaller whole number");
  EXPECT_EQ(parse_integer("-1").error().message, "'-1' is negative; write a whole number");
  for (const std::string text : {"", "1e3", "0x10", "1.0", "1_000", " 1", "x"}) {
    EXPECT_THAT(parse_integer(text).error().message, HasSubstr("is not a whole number")) << text;
  }
}

TEST(ConfigValues, switches) {
  for (const std::string text : {"true", "on", "yes", "True", "ON"})
    EXPECT_TRUE(*parse_boolean(text)) << text;
  for (const std::string text : {"false", "off", "no", "FALSE"})
    EXPECT_FALSE(*parse_boolean(text)) << text;
  EXPECT_EQ(parse_boolean("1").error().message,
            "'1' is not a switch; write on or off (true or false)");
}

TEST(ConfigValues, messages_escape_and_cut_what_was_written) {
  EXPECT_EQ(in_quotes("a\nb\x7f"), "'a\\x0ab\\x7f'");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
}

TEST(ConfigValues, the_nearest_word) {
  const std::vector<std::string> words = {"listen", "limits", "log", "origins", "first_byte"};
  const std::vector<std::pair<std::string, std::string>> table = {
      {"lisen", "listen"},         {"LISTEN", "listen"}, {"lsiten", "listen"},
      {"limit", "limits"},         {"lgo", "log"},       {"origin", "origins"},
      {"firstbyte", "first_byte"}, {"colour", ""},       {"", ""},
      {std::string(200, 'l'), ""},
  };
  for (const auto& [word, expected] : table) EXPECT_EQ(nearest(word, words), expected) << word;
}

TEST(ConfigValues, alternatives_are_a_sentence) {
  EXPECT_EQ(alternatives({}), "");
  EXPECT_EQ(alternatives({"a"}), "a");
  EXPECT_EQ(alternatives({"a", "b", "c"}), "a, b or c");
}

}  // namespace
}  // namespace isrd::config
