#include "isr/classify.h"

#include <gtest/gtest.h>

#include "unit/http/make_fields.h"

namespace isrd::isr {
namespace {

using http::Lines;
using http::Method;
using namespace std::chrono_literals;

Route route_of(bool is_isr) {
  Route route;
  if (is_isr) route.policy.windows.fresh = 60s;
  return route;
}

std::string outcome(const http::RequestHead& request, const Route& route, bool ambiguous = false) {
  const Classification classified = classify(request, route, ambiguous);
  return classified.plan == Plan::cache ? "cache" : std::string(spell(classified.why));
}

std::string outcome(const Lines& lines, const Route& route, Method method = Method::get) {
  const std::vector<http::Field> fields = http::make_fields(lines);
  return outcome(http::make_request(fields, method), route);
}

TEST(Classify, only_get_and_head_use_the_cache) {
  for (const bool is_isr : {false, true}) {
    EXPECT_EQ(outcome({}, route_of(is_isr), Method::get), "cache");
    EXPECT_EQ(outcome({}, route_of(is_isr), Method::head), "cache");
    for (const Method method : {Method::post, Method::put, Method::delete_, Method::options,
                                Method::patch, Method::other}) {
      EXPECT_EQ(outcome({}, route_of(is_isr), method), "method");
    }
  }
}

TEST(Classify, a_get_with_a_body_never_does) {
  for (const http::BodyKind kind : {http::BodyKind::length, http::BodyKind::chunked}) {
    http::RequestHead request = http::make_request({});
    request.framing = {kind, 5};
    EXPECT_EQ(outcome(request, route_of(false)), "request_body");
    request.method = Method::head;
    EXPECT_EQ(outcome(request, route_of(true)), "request_body");
  }
}

TEST(Classify, tunnels_closed_routes_and_doubtful_paths_pass) {
  http::RequestHead request = http::make_request({});
  request.upgrade_websocket = true;
  EXPECT_EQ(outcome(request, route_of(true)), "upgrade");
  Route off;
  off.cache = false;
  EXPECT_EQ(outcome(http::make_request({}), off), "route_off");
  EXPECT_EQ(outcome(http::make_request({}), route_of(false), true), "path_ambiguous");
}

TEST(Classify, who_the_visitor_is_matters_on_isr_routes_only) {
  struct Row {
    Lines lines;
    std::string_view isr;
  };
  const Row rows[] = {
      {{}, "cache"},
      {{{"Authorization", "Basic x"}}, "authorization"},
      {{{"Cookie", "session=1"}}, "cookie"},
      {{{"Cookie", "_ga=1; session=1"}}, "cookie"},
      {{{"Cookie", "_ga=1"}, {"Cookie", "session=1"}}, "cookie"},
      {{{"Cookie", "_ga=GA1.2; _gid=1;_fbp=fb.1"}}, "cache"},
      {{{"Cookie", ""}}, "cache"},
      {{{"Accept", "*/*"}, {"Range", "bytes=0-1"}}, "cache"},
      {{{"Cache-Control", "no-cache"}, {"Pragma", "no-cache"}}, "cache"},
  };
  for (const Row& row : rows) {
    const std::string shown = row.lines.empty() ? "" : std::string(row.lines[0].second);
    EXPECT_EQ(outcome(row.lines, route_of(true)), row.isr) << shown;
    EXPECT_EQ(outcome(row.lines, route_of(false)), "cache") << shown;
  }
}

TEST(HarmlessCookies, are_those_that_no_origin_reads) {
  struct Row {
    std::string_view cookie;
    bool harmless;
  };
  const Row rows[] = {
      {"", true},
      {"_ga=1", true},
      {"_ga_ABC123=1", true},
      {"_gat_UA-1=1", true},
      {"  _ga=1 ;\t_gid=2", true},
      {"_ga=1;", true},
      {";;", true},
      {"_ga", true},
      {"OptanonConsent=x=y", true},
      {"cookielawinfo-checkbox-necessary=yes", true},
      // A name that only begins or ends like one of them.
      {"_gax=1", false},
      {"x_ga=1", false},
      {"_GA=1", false},
      {"_ga =1", false},
      {"=1", false},
      {"sessionid=1", false},
      {"PHPSESSID=1", false},
      {"_ga=1; wordpress_logged_in_x=1", false},
      {"_ga=1, session=2; _gid=1; x=1", false},
  };
  for (const Row& row : rows) {
    const std::vector<http::Field> fields = http::make_fields({{"Cookie", row.cookie}});
    EXPECT_EQ(has_only_harmless_cookies(http::make_request(fields)), row.harmless) << row.cookie;
  }
}

}  // namespace
}  // namespace isrd::isr
