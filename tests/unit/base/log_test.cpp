#include "base/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace isrd {
namespace {

using namespace std::string_view_literals;

std::string every_byte() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

TEST(LogEscape, what_could_forge_a_line_or_a_field_is_written_in_hex) {
  struct Row {
    std::string_view text;
    std::string_view escaped;
  };
  const Row rows[] = {
      {"", ""},
      {"/page?a=1&b=~", "/page?a=1&b=~"},
      {"a\r\nb", R"(a\x0d\x0ab)"},
      {"say \"hi\"", R"(say \x22hi\x22)"},
      {R"(back\slash)", R"(back\x5cslash)"},
      {"\x1b[31mred", R"(\x1b[31mred)"},
      {"nul\0byte"sv, R"(nul\x00byte)"},
      {"\x7f\x80\xff", R"(\x7f\x80\xff)"},
      {"\xc3\xa4", R"(\xc3\xa4)"},
  };
  for (const Row& row : rows) EXPECT_EQ(escape(row.text), row.escaped);
}

TEST(LogEscape, is_cut_at_200_bytes) {
  EXPECT_EQ(escape(std::string(200, 'a')), std::string(200, 'a'));
  EXPECT_EQ(escape(std::string(201, 'a')), std::string(200, 'a').append("..."));
}

TEST(LogEscape, whatever_comes_in_one_printable_line_comes_out) {
  for (const char c : escape(every_byte())) {
    EXPECT_GE(c, ' ');
    EXPECT_LE(c, '~');
  }
}

TEST(JsonEscape, makes_the_inside_of_a_json_string) {
  struct Row {
    std::string_view text;
    std::string_view escaped;
  };
  const Row rows[] = {
      {"", ""},
      {"plain /text", "plain /text"},
      {"say \"hi\"", R"(say \"hi\")"},
      {R"(back\slash)", R"(back\\slash)"},
      {"a\nb", R"(a\u000ab)"},
      {"\x7f", R"(\u007f)"},
      {"\xff", R"(\u00ff)"},
  };
  for (const Row& row : rows) EXPECT_EQ(json_escape(row.text), row.escaped);
}

TEST(JsonEscape, is_valid_json_whatever_the_bytes_are) {
  const std::string text = '"' + json_escape(every_byte() + "\xc3\xa4 \xed\xa0\x80") + '"';
  EXPECT_TRUE(nlohmann::json::accept(text)) << text;
}

TEST(JsonEscape, is_not_cut) { EXPECT_EQ(json_escape(std::string(5000, 'a')).size(), 5000u); }

}  // namespace
}  // namespace isrd
