// What /metrics and /v1/stats say: every line of the grammar, and the numbers behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "admin/metrics_export.h"
#include "admin/stats.h"
#include "isr/why.h"
#include "unit/admin/fake_control.h"

namespace isrd::admin {
namespace {

using std::chrono::milliseconds;
using ::testing::MatchesRegex;
using Json = nlohmann::json;

std::size_t index(auto enumerator) { return static_cast<std::size_t>(enumerator); }

/// A little of everything.
void fill(test::FakeControl& control) {
  WorkerMetrics& a = *control.workers[0];
  WorkerMetrics& b = *control.workers[1];
  a.requests[0][index(Outcome::hit)].add(90);
  b.requests[1][index(Outcome::hit)].add(6);
  b.requests[0][index(Outcome::stale)].add(1);
  b.requests[0][index(Outcome::miss)].add(3);
  for (int i = 0; i < 100; ++i) a.request_duration[index(Outcome::hit)].record(milliseconds(1));
  for (int i = 0; i < 4; ++i) b.fetch_duration.record(milliseconds(300));
  a.bypass[index(isr::Why::cookie)].add(4);
  a.stored[index(isr::Why::fresh_rule)].add(3);
  b.not_stored[index(isr::Why::no_store)].add(2);
  a.fetches[index(FetchKind::sync)][2].add(3);
  a.fetches[index(FetchKind::background)][5].add(2);
  a.faults[index(net::OriginFault::refused)].add(8);
  a.coalesced.add(11);
  b.duplicate_fetches.add(1);
  a.regenerations_ok.add(5);
  a.regenerations_failed.add(1);
  b.stale_if_error.add(2);
  b.refused_requests.add(9);
  control.origin_statuses = {{"blog", {10, 4, 1}, 12, true, "refused"}, {"api", {}, 0, false, {}}};
  control.store.memory = {33, 4096};
  control.store.limit_bytes = 1 << 20;
  control.store.evictions = 2;
}

class MetricsText : public ::testing::Test {
 protected:
  MetricsText() {
    fill(control_);
    text_ = prometheus_text(control_);
  }
  bool has(const std::string& line) const {
    return text_.find("\n" + line + "\n") != std::string::npos;
  }
  test::FakeControl control_;
  std::string text_;
};

TEST_F(MetricsText, every_line_is_one_of_the_format) {
  // Not std::regex, which g++ 12 does not compile without warnings under ASan.
  const auto comment = MatchesRegex("# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))");
  const auto sample =
      MatchesRegex(R"re([a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? ([-+0-9.e]+|\+Inf))re");
  std::istringstream lines(text_);
  std::set<std::string> series;
  std::size_t samples = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) {
      EXPECT_THAT(line, comment);
      continue;
    }
    EXPECT_THAT(line, sample);
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << "twice: " << line;
    ++samples;
  }
  EXPECT_GT(samples, 100u);
  EXPECT_TRUE(text_.ends_with('\n'));
}

TEST_F(MetricsText, every_name_has_help_and_a_unit) {
  std::istringstream lines(text_);
  std::map<std::string, int> told;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, kind, name, type;
    words >> hash >> kind >> name >> type;
    if (hash != "#") continue;
    ++told[name];
    if (kind == "TYPE") {
      EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
    }
  }
  for (const auto& [name, count] : told) EXPECT_EQ(count, 2) << name;
}

TEST_F(MetricsText, counters_are_summed_and_labelled) {
  EXPECT_TRUE(has(R"(isrd_requests_total{site="blog",cache="hit"} 90)")) << text_;
  EXPECT_TRUE(has(R"(isrd_requests_total{site="shop",cache="hit"} 6)"));
  EXPECT_TRUE(has(R"(isrd_requests_total{site="shop",cache="error"} 0)"));
  EXPECT_TRUE(has(R"(isrd_bypass_total{reason="cookie"} 4)"));
  EXPECT_TRUE(has(R"(isrd_store_total{result="stored",reason="fresh_rule"} 3)"));
  EXPECT_TRUE(has(R"(isrd_store_total{result="not_stored",reason="no_store"} 2)"));
  EXPECT_TRUE(has(R"(isrd_origin_requests_total{kind="background",code="5xx"} 2)"));
  EXPECT_TRUE(has(R"(isrd_origin_errors_total{error="refused"} 8)"));
  EXPECT_TRUE(has("isrd_coalesced_requests_total 11"));
  EXPECT_TRUE(has("isrd_duplicate_fetches_total 1"));
  EXPECT_TRUE(has(R"(isrd_regenerations_total{result="failed"} 1)"));
  EXPECT_TRUE(has("isrd_refused_requests_total 9"));
  EXPECT_TRUE(has("isrd_invalidations_total 7"));
  EXPECT_TRUE(has("isrd_invalidated_entries_total 70"));
  EXPECT_TRUE(has(R"(isrd_entries{tier="memory"} 33)"));
  EXPECT_TRUE(has(R"(isrd_bytes{tier="memory"} 4096)"));
  EXPECT_TRUE(has(R"(isrd_evictions_total{tier="memory"} 2)"));
  EXPECT_TRUE(has(R"(isrd_origin_inflight{upstream="blog"} 6)"));
  EXPECT_TRUE(has(R"(isrd_origin_connections{upstream="blog"} 10)"));
  EXPECT_TRUE(has(R"(isrd_origin_up{upstream="blog"} 0)"));
  EXPECT_TRUE(has("isrd_connections 41"));
  EXPECT_TRUE(has(R"(isrd_build_info{version=")" ISRD_VERSION R"("} 1)"));
  EXPECT_TRUE(has("isrd_config_last_reload_success_timestamp_seconds 1700000000"));
}

TEST_F(MetricsText, histograms_are_cumulative_and_end_with_all) {
  const std::string name = R"(isrd_request_duration_seconds_bucket{cache="hit",le=")";
  std::uint64_t before = 0;
  std::size_t buckets = 0;
  for (std::size_t at = text_.find(name); at != std::string::npos; at = text_.find(name, at + 1)) {
    const std::size_t value = text_.find("\"} ", at) + 3;
    const std::uint64_t count = std::stoull(text_.substr(value));
    EXPECT_GE(count, before);
    before = count;
    ++buckets;
  }
  EXPECT_EQ(buckets, 21u);
  EXPECT_EQ(before, 100u);
  EXPECT_TRUE(has(R"(isrd_request_duration_seconds_count{cache="hit"} 100)"));
  EXPECT_TRUE(has(R"(isrd_request_duration_seconds_bucket{cache="hit",le="+Inf"} 100)"));
  EXPECT_TRUE(has("isrd_origin_request_duration_seconds_count 4"));
}

TEST_F(MetricsText, a_slot_without_a_name_shows_only_what_it_counted) {
  EXPECT_EQ(text_.find(R"(site="")"), std::string::npos);
  control_.workers[0]->requests[9][index(Outcome::miss)].add();
  const std::string text = prometheus_text(control_);
  EXPECT_NE(text.find(R"(isrd_requests_total{site="",cache="miss"} 1)"), std::string::npos);
}

TEST(Stats, has_the_numbers_of_the_contract) {
  test::FakeControl control;
  fill(control);
  const Json stats = Json::parse(stats_json(control));
  EXPECT_EQ(stats["requests"], 100);
  EXPECT_DOUBLE_EQ(stats["hit_rate"].get<double>(), 0.97);
  EXPECT_EQ(stats["by_cache"], Json::parse(R"({"hit":96,"stale":1,"miss":3,"expired":0,
      "revalidated":0,"bypass":0,"error":0})"));
  EXPECT_EQ(stats["coalesced"], 11);
  EXPECT_EQ(stats["duplicate_fetches"], 1);
  EXPECT_EQ(stats["stale_if_error"], 2);
  EXPECT_EQ(stats["refused_requests"], 9);
  EXPECT_EQ(stats["errors"]["refused"], 8);
  EXPECT_EQ(stats["errors"]["truncated"], 0);
  EXPECT_EQ(stats["errors"]["5xx"], 2);
  EXPECT_NEAR(stats["latency"]["hit"]["p50"].get<double>(), 0.001, 0.0002);
  EXPECT_TRUE(stats["latency"]["bypass"]["p99"].is_null()) << "nothing was measured";
  EXPECT_NEAR(stats["generation"]["p95"].get<double>(), 0.3, 0.06);
  EXPECT_EQ(stats["regenerations"], Json::parse(R"({"ok":5,"failed":1})"));
  EXPECT_EQ(stats["origins"]["blog"]["in_use"], 6);
  EXPECT_DOUBLE_EQ(stats["origins"]["blog"]["utilisation"].get<double>(), 0.5);
  EXPECT_EQ(stats["origins"]["blog"]["status"], "failing");
  EXPECT_EQ(stats["origins"]["api"]["utilisation"], 0.0) << "no limit, no division";
  EXPECT_EQ(stats["tiers"]["memory"]["entries"], 33);
  EXPECT_EQ(stats["tiers"]["disk"], Json::parse(R"({"entries":0,"bytes":0})"));
  EXPECT_EQ(stats["queue"], Json::parse(R"({"running":2,"waiting":3})"));
  EXPECT_EQ(stats["connections"], 41);
  EXPECT_EQ(stats["flights"], 5);
}

TEST(Stats, bytes_that_are_no_utf8_do_no_harm) {
  test::FakeControl control;
  control.origin_statuses = {{"blog", {}, 1, true, "\xff\xfe"}};
  EXPECT_TRUE(Json::accept(stats_json(control)));
}

}  // namespace
}  // namespace isrd::admin
