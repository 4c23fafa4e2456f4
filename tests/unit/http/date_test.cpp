#include "http/date.h"

#include <gtest/gtest.h>

namespace isrd::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr Date example = sys_days(1994y / 11 / 6) + 8h + 49min + 37s;
constexpr Date now = sys_days(2026y / 7 / 15) + 12h;

std::optional<Date> parse(std::string_view text) { return parse_date(text, now); }

TEST(ParseDate, accepts_the_three_grammars) {
  struct Row {
    std::string_view text;
    Date date;
  };
  const Row rows[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", example},
      {"Sunday, 06-Nov-94 08:49:37 GMT", example},
      {"Sun Nov  6 08:49:37 1994", example},
      {"Sun Nov 16 08:49:37 1994", example + std::chrono::days(10)},
      {"Sun Nov 06 08:49:37 1994", example},
      // Names and zone in any case.
      {"SUN, 06 nov 1994 08:49:37 gMT", example},
      {"sUNDAY, 06-NOV-94 08:49:37 gmt", example},
      {"sun nOV  6 08:49:37 1994", example},
      // The weekday is not compared with the date.
      {"Mon, 06 Nov 1994 08:49:37 GMT", example},
      {"Friday, 06-Nov-94 08:49:37 GMT", example},
      {"Sat Nov  6 08:49:37 1994", example},
      // No 32-bit limit on either side.
      {"Thu, 18 Aug 2050 02:01:18 GMT", sys_days(2050y / 8 / 18) + 2h + 1min + 18s},
      {"Fri, 31 Dec 9999 23:59:59 GMT", sys_days(9999y / 12 / 31) + 24h - 1s},
      {"Sat, 01 Jan 0000 00:00:00 GMT", Date(sys_days(std::chrono::year(0) / 1 / 1))},
      {"Wed, 11 Jan 1984 05:00:00 GMT", sys_days(1984y / 1 / 11) + 5h},
      {"Thu, 01 Jan 1970 00:00:00 GMT", Date{}},
      {"Thu, 29 Feb 2024 00:00:00 GMT", Date(sys_days(2024y / 2 / 29))},
      // A leap second is in the grammar.
      {"Sat, 31 Dec 2016 23:59:60 GMT", Date(sys_days(2017y / 1 / 1))},
  };
  for (const Row& row : rows) EXPECT_EQ(parse(row.text), row.date) << row.text;
}

TEST(ParseDate, refuses_everything_else) {
  for (std::string_view text : {
           "",
           "0",
           "-1",
           "x",
           "Sun",
           "Sun,",
           "1994-11-06T08:49:37Z",
           "784111777",
           "Sun, 06 Nov 1994 08:49:37 UTC",
           "Sun, 06 Nov 1994 08:49:37 EST",
           "Sun, 06 Nov 1994 08:49:37 +0000",
           "Sun, 06 Nov 1994 08:49:37 Z",
           "Fri, 20 Nov 2026 07:51:16",
           "Sun, 06 Nov 1994 08:49:37",
           "Sun, 06 Nov 1994 08:49:37 GMT ",
           " Sun, 06 Nov 1994 08:49:37 GMT",
           "Sun, 06 Nov 1994 08:49:37 GMT+1",
           "Thu, 18 Aug 50 02:01:18 GMT",
           "Thu 18 Aug 2050 02:01:18 GMT",
           "Thu, 18  Aug  2050 02:01:18 GMT",
           "Thu, 18-Aug-2050 02:01:18 GMT",
           "Thu, 18 Aug 2050 02.01.18 GMT",
           "Thu, 18 Aug 2050 2:01:18 GMT",
           "Thu,18 Aug 2050 02:01:18 GMT",
           "Thursday, 18 Aug 2050 02:01:18 GMT",
           "Thu, 18-Aug-50 02:01:18 GMT",
           "Thursday, 18-Aug-2050 02:01:18 GMT",
           "Thursday, 8-Aug-50 02:01:18 GMT",
           "Thursday, 18-Aug-50 02:01:18",
           "Thu, 8 Aug 2050 02:01:18 GMT",
           "Xxx, 18 Aug 2050 02:01:18 GMT",
           "Thu, 18 Xxx 2050 02:01:18 GMT",
           "Thu, 18 August 2050 02:01:18 GMT",
           "Thu, 00 Aug 2050 02:01:18 GMT",
           "Thu, 32 Aug 2050 02:01:18 GMT",
           "Thu, 31 Jun 2050 02:01:18 GMT",
           "Thu, 29 Feb 2023 02:01:18 GMT",
           "Thu, 18 Aug 2050 24:00:00 GMT",
           "Thu, 18 Aug 2050 02:60:18 GMT",
           "Thu, 18 Aug 2050 02:01:61 GMT",
           "Thu, 18 Aug 2050 02:01 GMT",
           "Thu, 18 Aug 20500 02:01:18 GMT",
           "Thu, -8 Aug 2050 02:01:18 GMT",
           "Thu, 18 Aug +050 02:01:18 GMT",
           "Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT",
           "Sun Nov 6 08:49:37 1994",
           "Sun Nov  6 08:49:37 94",
           "Sun Nov  6 08:49:37 1994 GMT",
           "Sun Nov   6 08:49:37 1994",
           "Sun, Nov  6 08:49:37 1994",
           "Sunday Nov  6 08:49:37 1994",
           "Wed Jun 31 08:49:37 1994",
       }) {
    EXPECT_EQ(parse(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse(std::string_view("Sun, 06 Nov 1994 08:49:37\0GMT", 29)), std::nullopt);
}

TEST(ParseDate, every_prefix_is_invalid) {
  for (std::string_view text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                "Sun Nov  6 08:49:37 1994"}) {
    for (std::size_t n = 0; n < text.size(); ++n)
      EXPECT_EQ(parse(text.substr(0, n)), std::nullopt) << n;
  }
}

TEST(ParseDate, two_digit_years_go_at_most_50_years_ahead) {
  struct Row {
    std::string_view text;
    Date now;
    Date date;
  };
  const Date in_2099 = sys_days(2099y / 1 / 1);
  const Date leap_day = sys_days(2024y / 2 / 29);
  const Row rows[] = {
      {"Sunday, 06-Nov-94 00:00:00 GMT", now, Date(sys_days(1994y / 11 / 6))},
      {"Sunday, 06-Nov-26 00:00:00 GMT", now, Date(sys_days(2026y / 11 / 6))},
      {"Sunday, 06-Nov-50 00:00:00 GMT", now, Date(sys_days(2050y / 11 / 6))},
      {"Wednesday, 15-Jul-76 12:00:00 GMT", now,
       now + (sys_days(2076y / 7 / 15) - sys_days(2026y / 7 / 15))},
      {"Wednesday, 15-Jul-76 12:00:01 GMT", now, sys_days(1976y / 7 / 15) + 12h + 1s},
      {"Sunday, 06-Nov-99 00:00:00 GMT", now, Date(sys_days(1999y / 11 / 6))},
      {"Tuesday, 29-Feb-00 00:00:00 GMT", now, Date(sys_days(2000y / 2 / 29))},
      {"Thursday, 06-Nov-01 00:00:00 GMT", in_2099, Date(sys_days(2101y / 11 / 6))},
      {"Thursday, 06-Nov-98 00:00:00 GMT", in_2099, Date(sys_days(2098y / 11 / 6))},
      {"Friday, 28-Feb-74 00:00:00 GMT", leap_day, Date(sys_days(2074y / 2 / 28))},
      {"Friday, 02-Mar-74 00:00:00 GMT", leap_day, Date(sys_days(1974y / 3 / 2))},
  };
  for (const Row& row : rows) EXPECT_EQ(parse_date(row.text, row.now), row.date) << row.text;
  EXPECT_EQ(parse_date("Tuesday, 29-Feb-23 00:00:00 GMT", now), std::nullopt);
}

TEST(WriteDate, writes_imf_fixdate) {
  EXPECT_EQ(format_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(Date{}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_date(sys_days(2024y / 2 / 29) + 23h + 59min + 59s),
            "Thu, 29 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(format_date(sys_days(1969y / 12 / 31) + 23h), "Wed, 31 Dec 1969 23:00:00 GMT");
}

TEST(WriteDate, has_four_digits_for_a_year_and_stays_within_them) {
  EXPECT_EQ(format_date(sys_days(12000y / 1 / 1)), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_date(sys_days(std::chrono::year(-5) / 1 / 1)), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(WriteDate, is_read_back) {
  for (Date date = sys_days(1980y / 1 / 1); date < Date(sys_days(2080y / 1 / 1));
       date += 1000003s) {
    ASSERT_EQ(parse(format_date(date)), date);
  }
}

}  // namespace
}  // namespace isrd::http
