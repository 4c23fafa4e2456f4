// How long an answer is fresh by Age, Date, Expires and heuristics, and the lifetime of a kept
// entry.
#include <gtest/gtest.h>

#include "unit/isr/judging.h"

namespace isrd::isr {
namespace {

TEST(JudgeAge, counts_against_the_origins_lifetime) {
  struct Row {
    Lines lines;
    Millis delay;
    Seconds age;
    std::string_view outcome;
  };
  const Row rows[] = {
      {{{"Age", "100"}}, 0ms, 100s, "fresh_headers 500/0/86400"},
      {{{"Age", "0100"}}, 0ms, 100s, "fresh_headers 500/0/86400"},
      {{{"Age", "100, 0"}}, 0ms, 100s, "fresh_headers 500/0/86400"},
      {{{"Age", "100"}, {"Age", "0"}}, 0ms, 100s, "fresh_headers 500/0/86400"},
      {{{"Age", "0, 7200"}}, 0ms, 0s, "fresh_headers 600/0/86400"},
      {{{"Age", "0"}, {"Age", "7200"}}, 0ms, 0s, "fresh_headers 600/0/86400"},
      {{{"Age", "-7200"}}, 0ms, 0s, "fresh_headers 600/0/86400"},
      {{{"Age", "abc"}}, 0ms, 0s, "fresh_headers 600/0/86400"},
      {{{"Age", "abc, 7200"}}, 0ms, 0s, "fresh_headers 600/0/86400"},
      {{{"Age", "7200.0"}}, 0ms, 0s, "fresh_headers 600/0/86400"},
      {{{"Age", "7200;a=b"}}, 0ms, 0s, "fresh_headers 600/0/86400"},
      {{{"Age", ""}, {"Age", "100"}}, 0ms, 100s, "fresh_headers 500/0/86400"},
      {{{"Age", ""}}, 0ms, 0s, "fresh_headers 600/0/86400"},
      {{{"Age", "600"}}, 0ms, 600s, "no zero_age"},
      {{{"Age", "700"}}, 0ms, 700s, "no zero_age"},
      {{{"Age", "700"}, {"ETag", "\"a\""}}, 0ms, 700s, "validate_each_use -100/0/86400"},
      {{{"Age", "99999999999999999999"}, {"ETag", "\"a\""}},
       0ms,
       2147483648s,
       "validate_each_use -2147483048/0/86400"},
      {{}, 1500ms, 1s, "fresh_headers 598500ms/0/86400"},
      {{{"Age", "100"}}, 250ms, 100s, "fresh_headers 499750ms/0/86400"},
      {{}, -5s, 0s, "fresh_headers 600/0/86400"},
  };
  for (Row row : rows) {
    row.lines.push_back({"Cache-Control", "max-age=600"});
    const Judgement judgement = judge_lines(row.lines, rfc_profile(), 200, {}, row.delay);
    EXPECT_EQ(describe(judgement), row.outcome) << row.lines[0].second;
    EXPECT_EQ(judgement.initial_age, row.age) << row.lines[0].second;
  }
}

TEST(JudgeAge, a_stale_birth_within_a_window_is_stored) {
  EXPECT_EQ(outcome({{"Age", "610"}, {"Cache-Control", "max-age=600, stale-while-revalidate=30"}},
                    rfc_profile()),
            "fresh_headers -10/30/86400");
  EXPECT_EQ(outcome({{"Age", "640"}, {"Cache-Control", "max-age=600, stale-while-revalidate=30"}},
                    rfc_profile()),
            "no zero_age");
  EXPECT_EQ(
      outcome({{"Age", "640"}, {"Cache-Control", "max-age=600, stale-if-error=60"}}, rfc_profile()),
      "validate_each_use -40/0/60");
  EXPECT_EQ(outcome({{"Age", "640"}, {"Cache-Control", "max-age=600"}}, isr_route()),
            "fresh_headers -40/3600/7200");
}

TEST(JudgeAge, a_rule_counts_from_the_birth_of_the_entry) {
  const Judgement judgement = judge_lines({{"Age", "100"}}, isr_route(), 200, {}, 90s);
  EXPECT_EQ(describe(judgement), "fresh_rule 60/3600/7200");
  EXPECT_EQ(judgement.initial_age, 190s);
}

TEST(JudgeAge, saturates) {
  EXPECT_EQ(outcome({{"Cache-Control",
                      "max-age=99999999999999999999, stale-while-revalidate=99999999999, "
                      "stale-if-error=99999999999"}},
                    rfc_profile()),
            "fresh_headers 2147483648/2147483648/0");
  EXPECT_EQ(outcome({{"Expires", "Fri, 31 Dec 9999 23:59:59 GMT"},
                     {"Date", "Sat, 01 Jan 0000 00:00:00 GMT"}},
                    rfc_profile()),
            "fresh_headers 2147483648/0/86400");
  EXPECT_EQ(outcome({{"Expires", "Sat, 01 Jan 0000 00:00:00 GMT"},
                     {"Date", "Fri, 31 Dec 9999 23:59:59 GMT"},
                     {"ETag", "\"a\""}},
                    rfc_profile()),
            "validate_each_use 0/0/86400");
}

TEST(JudgeExpires, is_compared_with_date_whatever_the_local_clock_says) {
  struct Row {
    std::string_view expires;
    std::string_view date;
    std::string_view outcome;
  };
  const Row rows[] = {
      {"Sun, 06 Nov 1994 08:59:37 GMT", date_now, "fresh_headers 600/0/86400"},
      {"Sunday, 06-Nov-94 08:59:37 GMT", date_now, "fresh_headers 600/0/86400"},
      {"Sun Nov  6 08:59:37 1994", date_now, "fresh_headers 600/0/86400"},
      // The origin's clock is years ahead or behind.
      {"Thu, 18 Aug 2050 02:11:18 GMT", "Thu, 18 Aug 2050 02:01:18 GMT",
       "fresh_headers 600/0/86400"},
      {"Fri, 01 Jan 1971 00:10:00 GMT", "Fri, 01 Jan 1971 00:00:00 GMT",
       "fresh_headers 600/0/86400"},
      {"Thu, 18 Aug 2050 02:01:17 GMT", "Thu, 18 Aug 2050 02:01:18 GMT", "no zero_age"},
      {date_now, date_now, "no zero_age"},
      {"Wed, 11 Jan 1984 05:00:00 GMT", date_now, "no zero_age"},
      // Invalid: already expired.
      {"0", date_now, "no zero_age"},
      {"-1", date_now, "no zero_age"},
      {"", date_now, "no zero_age"},
      {"Thu, 18 Aug 2050 02:01:18 UTC", date_now, "no zero_age"},
      {"Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT", date_now, "no zero_age"},
      // Date is invalid: the time of receipt.
      {"Sun, 06 Nov 1994 08:59:37 GMT", "foo", "fresh_headers 600/0/86400"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(outcome({{"Expires", row.expires}, {"Date", row.date}}, rfc_profile()), row.outcome)
        << row.expires;
  }
  EXPECT_EQ(outcome({{"Expires", "Sun, 06 Nov 1994 08:59:37 GMT"}}, rfc_profile()),
            "fresh_headers 600/0/86400");
}

TEST(JudgeExpires, the_first_of_two_lines_counts) {
  const std::string_view later = "Sun, 06 Nov 1994 08:59:37 GMT";
  EXPECT_EQ(outcome({{"Expires", later}, {"Expires", "0"}}, rfc_profile()),
            "fresh_headers 600/0/86400");
  EXPECT_EQ(outcome({{"Expires", "0"}, {"Expires", later}}, rfc_profile()), "no zero_age");
}

TEST(JudgeExpires, age_counts_whether_the_clock_is_ahead_or_behind) {
  EXPECT_EQ(outcome({{"Date", "Sun, 06 Nov 1994 08:49:27 GMT"},
                     {"Expires", "Sun, 06 Nov 1994 08:49:47 GMT"},
                     {"Age", "25"}},
                    rfc_profile()),
            "no zero_age");
  EXPECT_EQ(outcome({{"Date", "Sun, 06 Nov 1994 08:49:47 GMT"},
                     {"Expires", "Sun, 06 Nov 1994 08:49:57 GMT"},
                     {"Age", "15"}},
                    rfc_profile()),
            "no zero_age");
}

TEST(JudgeExpires, a_slow_clock_of_the_origin_takes_nothing_away) {
  EXPECT_EQ(outcome({{"Date", "Sun, 06 Nov 1994 08:39:37 GMT"}, {"Cache-Control", "max-age=60"}},
                    rfc_profile()),
            "fresh_headers 60/0/86400");
}

TEST(JudgeHeuristics, a_tenth_of_the_time_since_last_modified) {
  struct Row {
    Lines lines;
    std::string_view outcome;
  };
  const std::string_view day_before = "Sat, 05 Nov 1994 08:49:37 GMT";
  const Row rows[] = {
      {{{"Last-Modified", day_before}, {"Date", date_now}}, "fresh_heuristic 8640/0/86400"},
      {{{"Last-Modified", day_before}}, "fresh_heuristic 8640/0/86400"},
      {{{"Last-Modified", day_before}, {"Date", "x"}}, "fresh_heuristic 8640/0/86400"},
      {{{"Last-Modified", day_before}, {"Age", "8000"}}, "fresh_heuristic 640/0/86400"},
      {{{"Last-Modified", day_before}, {"Age", "9000"}}, "validate_each_use -360/0/86400"},
      {{{"Last-Modified", "Sun, 06 Nov 1994 08:49:32 GMT"}, {"Date", date_now}},
       "fresh_heuristic 500ms/0/86400"},
      // Up to Date, not up to now.
      {{{"Last-Modified", day_before}, {"Date", "Sat, 05 Nov 1994 09:49:37 GMT"}},
       "fresh_heuristic 360/0/86400"},
      {{{"Last-Modified", date_now}, {"Date", date_now}}, "validate_each_use 0/0/86400"},
      {{{"Last-Modified", date_now}, {"Date", day_before}}, "validate_each_use 0/0/86400"},
      {{{"Last-Modified", "x"}}, "no no_freshness"},
      {{{"ETag", "W/\"a\""}}, "validate_each_use 0/0/86400"},
      {{{"ETag", "a"}}, "no no_freshness"},
      // Explicit freshness comes first, also when it is none.
      {{{"Last-Modified", day_before}, {"Cache-Control", "max-age=1"}}, "fresh_headers 1/0/86400"},
      {{{"Last-Modified", day_before}, {"Cache-Control", "max-age=0"}},
       "validate_each_use 0/0/86400"},
      {{{"Last-Modified", day_before}, {"Cache-Control", "max-age=x"}},
       "validate_each_use 0/0/86400"},
      {{{"Last-Modified", day_before}, {"Expires", "0"}}, "validate_each_use 0/0/86400"},
      {{{"Last-Modified", day_before}, {"Cache-Control", "no-cache"}},
       "validate_each_use 8640/0/0 each"},
      {{{"Last-Modified", day_before}, {"Cache-Control", "must-revalidate"}},
       "fresh_heuristic 8640/0/0"},
      {{{"Last-Modified", day_before}, {"Cache-Control", "stale-while-revalidate=5"}},
       "fresh_heuristic 8640/5/86400"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(outcome(row.lines, rfc_profile()), row.outcome)
        << row.lines[0].second << " " << row.lines.back().second;
    const std::string by_rule = outcome(row.lines, isr_route());
    EXPECT_EQ(by_rule.find("heuristic"), std::string::npos) << "never on an ISR route";
  }
}

TEST(LifetimeOf, is_that_of_judging) {
  const auto fields = http::make_fields({{"Cache-Control", "max-age=600"}});
  EXPECT_EQ(describe(lifetime_of(200, fields, {}, rfc_profile(), received, 0ms)), "600/0/86400");
  EXPECT_EQ(describe(lifetime_of(200, fields, {}, isr_route(), received, 100ms)),
            "599900ms/3600/7200");
}

TEST(LifetimeOf, what_would_not_be_stored_any_more_is_validated_each_time) {
  for (const Lines& lines : {Lines{{"Cache-Control", "no-store, max-age=600"}},
                             Lines{{"Cache-Control", "private"}}, Lines{}}) {
    const auto fields = http::make_fields(lines);
    EXPECT_EQ(describe(lifetime_of(200, fields, {}, rfc_profile(), received, 0ms)), "0/0/0 each");
  }
}

TEST(Judge, every_status_and_extreme_time_is_survived) {
  const Lines lines = {{"Cache-Control", "max-age=9999999999, stale-if-error=9999999999"},
                       {"Age", "9999999999"},
                       {"Expires", "Fri, 31 Dec 9999 23:59:59 GMT"},
                       {"Last-Modified", "Sat, 01 Jan 0000 00:00:00 GMT"}};
  const auto fields = http::make_fields(lines);
  const Policy widest = {{Millis(1LL << 50), Millis(1LL << 50), Millis(1LL << 50)}, {}};
  for (int status = -1; status < 1000; ++status) {
    for (const Policy& policy : {rfc_profile(), isr_route(), widest}) {
      (void)judge(status, fields, {true, true}, policy, received, Millis(1LL << 50));
      (void)judge(status, fields, {}, policy, WallTime{}, 0ms);
    }
  }
}

}  // namespace
}  // namespace isrd::isr
