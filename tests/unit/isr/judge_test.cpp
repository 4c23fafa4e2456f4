// The rules of judging that do not depend on what the origin says in Cache-Control: status,
// cookies, Vary, authorization. The directives are in judge_directives_test.cpp, ages and clocks in
// judge_lifetime_test.cpp.
#include "isr/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/isr/judging.h"

namespace isrd::isr {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Lines max_age = {{"Cache-Control", "max-age=600"}};
const Lines silent = {};
const Lines validators_only = {
    {"ETag", "\"a\""}, {"Date", date_now}, {"Last-Modified", "Sun, 06 Nov 1994 07:49:37 GMT"}};

TEST(JudgeStatus, explicit_freshness_allows_any_final_status) {
  for (int status : {200, 201, 202, 203, 204, 205, 299, 300, 301, 302, 303, 307,
                     308, 400, 401, 403, 404, 405, 410, 414, 418, 451, 499}) {
    EXPECT_EQ(outcome(max_age, rfc_profile(), status), "fresh_headers 600/0/86400") << status;
    EXPECT_EQ(outcome(max_age, isr_route(), status), "fresh_headers 600/3600/7200") << status;
  }
}

TEST(JudgeStatus, a_stored_error_gets_no_window_by_rule_or_default) {
  const Lines permitted = {
      {"Cache-Control", "max-age=600, stale-while-revalidate=30, stale-if-error=60"}};
  for (int status : {500, 501, 502, 503, 504, 505, 599}) {
    for (const Policy& policy : {rfc_profile(), isr_route(), isr_route_fresh_only()}) {
      EXPECT_EQ(outcome(max_age, policy, status), "fresh_headers 600/0/0") << status;
      EXPECT_EQ(outcome(permitted, policy, status), "fresh_headers 600/30/0") << status;
    }
  }
}

TEST(JudgeStatus, some_are_never_stored) {
  struct Row {
    int status;
    std::string_view outcome;
  };
  const Row rows[] = {
      {206, "no partial"},
      {100, "no status_not_storable"},
      {103, "no status_not_storable"},
      {304, "no status_not_storable"},
      {600, "no status_not_storable"},
      // They answer this request's own condition, range or expectation.
      {412, "no status_not_storable"},
      {416, "no status_not_storable"},
      {417, "no status_not_storable"},
      // RFC 6585: MUST NOT be stored by a cache.
      {428, "no status_not_storable"},
      {429, "no status_not_storable"},
      {431, "no status_not_storable"},
      {511, "no status_not_storable"},
  };
  for (const Row& row : rows) {
    for (const Policy& policy :
         {rfc_profile(), isr_route(), overriding(isr_route(), &OverrideOptions::cache_control)}) {
      EXPECT_EQ(outcome(max_age, policy, row.status), row.outcome) << row.status;
      EXPECT_EQ(outcome(validators_only, policy, row.status), row.outcome) << row.status;
    }
  }
}

TEST(JudgeStatus, heuristics_for_the_statuses_of_rfc_9110_15_1) {
  for (int status : {200, 203, 204, 300, 301, 308}) {
    EXPECT_EQ(outcome(validators_only, rfc_profile(), status), "fresh_heuristic 360/0/86400")
        << status;
  }
  for (int status : {404, 405, 410, 414}) {
    EXPECT_EQ(outcome(validators_only, rfc_profile(), status), "fresh_heuristic 60/0/86400")
        << status;
  }
  EXPECT_EQ(outcome(validators_only, rfc_profile(), 501), "fresh_heuristic 60/0/0");
  for (int status : {201, 202, 205, 299, 302, 303, 307, 400, 401, 403, 418, 422, 499}) {
    EXPECT_EQ(outcome(validators_only, rfc_profile(), status), "no status_not_storable") << status;
  }
  for (int status : {500, 502, 503, 504, 505, 599}) {
    EXPECT_EQ(outcome(validators_only, rfc_profile(), status), "no server_error") << status;
  }
}

TEST(JudgeStatus, public_extends_heuristics_but_not_to_a_failing_origin) {
  Lines lines = validators_only;
  lines.push_back({"Cache-Control", "public"});
  for (int status : {200, 201, 299, 302}) {
    EXPECT_EQ(outcome(lines, rfc_profile(), status), "fresh_heuristic 360/0/86400") << status;
  }
  EXPECT_EQ(outcome(lines, rfc_profile(), 403), "fresh_heuristic 60/0/86400");
  EXPECT_EQ(outcome(lines, rfc_profile(), 599), "fresh_heuristic 60/0/0");
  for (int status : {500, 502, 503, 504}) {
    EXPECT_EQ(outcome(lines, rfc_profile(), status), "no server_error") << status;
  }
  EXPECT_EQ(outcome({{"Cache-Control", "public"}, {"ETag", "\"a\""}}, rfc_profile(), 599),
            "no server_error");
}

TEST(JudgeStatus, without_freshness_and_validator_nothing_is_stored_by_the_headers) {
  for (int status : {200, 203, 204, 301, 404, 410}) {
    EXPECT_EQ(outcome(silent, rfc_profile(), status), "no no_freshness") << status;
  }
  EXPECT_EQ(outcome(silent, rfc_profile(), 302), "no status_not_storable");
  EXPECT_EQ(outcome(silent, rfc_profile(), 500), "no server_error");
  EXPECT_EQ(outcome({{"ETag", "\"a\""}}, rfc_profile(), 501), "no server_error");
}

TEST(JudgeStatus, a_rule_applies_to_six_statuses) {
  for (const Lines& lines : {silent, validators_only}) {
    for (int status : {200, 203, 301, 308}) {
      EXPECT_EQ(outcome(lines, isr_route(), status), "fresh_rule 60/3600/7200") << status;
    }
    for (int status :
         {201, 202, 204, 205, 299, 300, 302, 303, 307, 400, 401, 403, 405, 414, 451, 499}) {
      EXPECT_EQ(outcome(lines, isr_route(), status), "no status_not_storable") << status;
    }
    for (int status : {500, 501, 502, 503, 504, 505, 599}) {
      EXPECT_EQ(outcome(lines, isr_route(), status), "no server_error") << status;
    }
  }
}

TEST(JudgeStatus, a_rule_keeps_404_and_410_fresh_for_a_minute_at_most) {
  const Policy hour = {{1h, 10min, 20min}, {}};
  const Policy short_one = {{5s, 10min, 20min}, {}};
  for (int status : {404, 410}) {
    EXPECT_EQ(outcome(silent, hour, status), "fresh_rule 60/600/1200") << status;
    EXPECT_EQ(outcome(silent, short_one, status), "fresh_rule 5/600/1200") << status;
    EXPECT_EQ(outcome(max_age, hour, status), "fresh_headers 600/600/1200") << status;
    EXPECT_EQ(outcome(max_age, overriding(hour, &OverrideOptions::cache_control), status),
              "fresh_rule 60/600/1200");
  }
  EXPECT_EQ(outcome(silent, hour, 301), "fresh_rule 3600/600/1200");
}

TEST(JudgeStatus, override_makes_a_rule_win_but_not_wider) {
  const Policy policy = overriding(isr_route(), &OverrideOptions::cache_control);
  for (int status : {302, 307, 201}) {
    EXPECT_EQ(outcome(max_age, policy, status), "no status_not_storable") << status;
  }
  for (int status : {500, 501, 503, 599})
    EXPECT_EQ(outcome(max_age, policy, status), "no server_error") << status;
}

TEST(JudgeCookies, set_cookie_is_not_stored_unless_overruled_by_name) {
  const Lines lines = {{"Cache-Control", "max-age=600"}, {"Set-Cookie", "a=1"}};
  for (const Policy& policy : {rfc_profile(), isr_route()}) {
    EXPECT_EQ(outcome(lines, policy), "no set_cookie");
    EXPECT_EQ(outcome(lines, overriding(policy, &OverrideOptions::cache_control)), "no set_cookie");
    EXPECT_EQ(outcome(lines, overriding(policy, &OverrideOptions::vary)), "no set_cookie");
    const Judgement stripped = judge_lines(lines, overriding(policy, &OverrideOptions::set_cookie));
    EXPECT_TRUE(stripped.store);
    EXPECT_TRUE(stripped.strip_set_cookie);
    EXPECT_FALSE(
        judge_lines(max_age, overriding(policy, &OverrideOptions::set_cookie)).strip_set_cookie);
  }
}

TEST(JudgeCookies, set_cookie2_is_an_ordinary_field) {
  EXPECT_EQ(outcome({{"Cache-Control", "max-age=600"}, {"Set-Cookie2", "a=1"}}, rfc_profile()),
            "fresh_headers 600/0/86400");
}

TEST(JudgeCookies, a_withheld_set_cookie_does_not_forbid) {
  for (std::string_view value :
       {"max-age=600, private=\"Set-Cookie\"", "max-age=600, no-cache=\"x, set-cookie\""}) {
    for (const Policy& policy : {rfc_profile(), isr_route()}) {
      const Judgement judgement =
          judge_lines({{"Cache-Control", value}, {"Set-Cookie", "a=1"}}, policy);
      EXPECT_TRUE(judgement.store) << value;
      EXPECT_TRUE(judgement.strip_set_cookie) << value;
    }
  }
  EXPECT_EQ(outcome({{"Cache-Control", "max-age=600, private=\"x\""}, {"Set-Cookie", "a=1"}},
                    rfc_profile()),
            "no set_cookie");
}

TEST(JudgeCookies, nothing_is_guessed_for_a_request_with_cookies) {
  const RequestFacts cookie = {.cookie = true};
  EXPECT_EQ(outcome(max_age, rfc_profile(), 200, cookie), "fresh_headers 600/0/86400");
  EXPECT_EQ(outcome(validators_only, rfc_profile(), 200, cookie), "no no_freshness");
  EXPECT_EQ(outcome({{"ETag", "\"a\""}}, rfc_profile(), 200, cookie), "no no_freshness");
  EXPECT_EQ(outcome({{"ETag", "\"a\""}, {"Cache-Control", "no-cache"}}, rfc_profile(), 200, cookie),
            "no no_freshness");
  EXPECT_EQ(
      outcome({{"ETag", "\"a\""}, {"Cache-Control", "max-age=0"}}, rfc_profile(), 200, cookie),
      "validate_each_use 0/0/86400");
  // On an ISR route classification decides about cookies before anything is fetched.
  EXPECT_EQ(outcome(silent, isr_route(), 200, cookie), "fresh_rule 60/3600/7200");
}

TEST(JudgeVary, is_kept_unless_overruled) {
  const Lines lines = {{"Cache-Control", "max-age=600"}, {"Vary", "B, a"}, {"Vary", "A"}};
  for (const Policy& policy : {rfc_profile(), isr_route()}) {
    EXPECT_THAT(judge_lines(lines, policy).vary.names, ElementsAre("a", "b"));
    EXPECT_THAT(judge_lines(max_age, policy).vary.names, IsEmpty());
    EXPECT_EQ(judge_lines(lines, overriding(policy, &OverrideOptions::vary)).vary,
              http::VaryRule());
  }
}

TEST(JudgeVary, star_is_not_stored_unless_overruled_by_name) {
  for (std::string_view value : {"*", "a, *", ", *"}) {
    const Lines lines = {{"Cache-Control", "max-age=600"}, {"Vary", value}};
    for (const Policy& policy : {rfc_profile(), isr_route()}) {
      EXPECT_EQ(outcome(lines, policy), "no vary_any");
      EXPECT_EQ(outcome(lines, overriding(policy, &OverrideOptions::cache_control)), "no vary_any");
      EXPECT_EQ(outcome(lines, overriding(policy, &OverrideOptions::set_cookie)), "no vary_any");
      const Judgement judgement = judge_lines(lines, overriding(policy, &OverrideOptions::vary));
      EXPECT_TRUE(judgement.store);
      EXPECT_EQ(judgement.vary, http::VaryRule());
    }
  }
}

TEST(JudgeAuthorization, needs_the_origins_permission) {
  struct Row {
    std::string_view value;
    bool stored;
  };
  const Row rows[] = {
      {"max-age=600", false},
      {"max-age=600, public", true},
      {"max-age=600, must-revalidate", true},
      {"s-maxage=600", true},
      {"max-age=600, proxy-revalidate", false},
      {"max-age=600, no-transform, foo", false},
      {"max-age=600, s-maxage=x", false},
  };
  for (const Row& row : rows) {
    const Lines lines = {{"Cache-Control", row.value}};
    for (const Policy& policy :
         {rfc_profile(), isr_route(), overriding(isr_route(), &OverrideOptions::cache_control)}) {
      const Judgement judgement = judge_lines(lines, policy, 200, {.authorization = true});
      EXPECT_EQ(judgement.store, row.stored) << row.value;
      EXPECT_EQ(judgement.why == Why::authorization_response, !row.stored) << row.value;
      EXPECT_NE(judge_lines(lines, policy).why, Why::authorization_response) << row.value;
    }
  }
  // The targeted field alone decides here too.
  EXPECT_EQ(outcome({{"CDN-Cache-Control", "max-age=600"}, {"Cache-Control", "public"}},
                    rfc_profile(), 200, {.authorization = true}),
            "no authorization_response");
  EXPECT_EQ(outcome(silent, isr_route(), 200, {.authorization = true}),
            "no authorization_response");
}

TEST(JudgeWithheld, field_names_are_handed_on) {
  const Lines lines = {{"Cache-Control", "max-age=600, no-cache=\"A\", private=\"b, C\""}};
  EXPECT_THAT(judge_lines(lines, rfc_profile()).withheld_fields, ElementsAre("a", "b", "c"));
  EXPECT_THAT(judge_lines(lines, isr_route()).withheld_fields, ElementsAre("a", "b", "c"));
  // An overruled directive decides nothing about the lifetime, but what it names stays out.
  EXPECT_THAT(
      judge_lines(lines, overriding(isr_route(), &OverrideOptions::cache_control)).withheld_fields,
      ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace isrd::isr
