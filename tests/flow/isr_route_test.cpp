// The ISR profile: a page is served as it is, then stale while it is regenerated, then regenerated
// while the visitor waits.
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

TEST(IsrRoute, FirstVisitMissesAndTheNextOneHits) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));

  const Response first = isrd.get("/a");
  const Response second = isrd.get("/a");

  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.cache(), "MISS");
  EXPECT_EQ(first.body, "/a v1");
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.cache(), "HIT");
  EXPECT_EQ(second.body, "/a v1");
  EXPECT_EQ(origin.count("/a"), 1u);
}

TEST(IsrRoute, StalePageIsServedAtOnceWhileOneFetchRegeneratesIt) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  const GatePtr gate = make_gate();
  origin.next("/a", Reply().wait(gate).then(page("the new one")));

  isrd.advance(61s);
  for (int visit = 0; visit < 10; ++visit) {
    const Response stale = isrd.get("/a");
    EXPECT_EQ(stale.cache(), "STALE");
    EXPECT_EQ(stale.body, "/a v1");
  }
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  gate->open();

  ASSERT_TRUE(isrd.wait_for_cache("/a", "HIT"));
  EXPECT_EQ(isrd.get("/a").body, "the new one");
  EXPECT_EQ(origin.count("/a"), 2u);
}

TEST(IsrRoute, ExpiredPageMakesTheVisitorWaitForTheNewOne) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");

  isrd.advance(2h);
  const Response waited = isrd.get("/a");

  EXPECT_EQ(waited.cache(), "EXPIRED");
  EXPECT_EQ(waited.body, "/a v2");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  EXPECT_EQ(origin.count("/a"), 2u);
}

TEST(IsrRoute, BackgroundRequestSaysWhatItIs) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.advance(61s);
  isrd.get("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));

  EXPECT_FALSE(origin.request("/a", 0).has("X-ISR-Regenerate"));
  EXPECT_EQ(origin.request("/a", 1).field("X-ISR-Regenerate"), "1");
}

TEST(IsrRoute, NameOfTheRegenerationFieldIsTheOperatorsChoice) {
  ScriptedOrigin origin;
  config::Config config = isr_config(origin, usual_windows());
  config.sites[0].regenerate_header = "X-Warmup";
  Daemon isrd(config);
  isrd.get("/a");
  isrd.advance(61s);
  isrd.get("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  EXPECT_EQ(origin.request("/a", 1).field("X-Warmup"), "1");
  // It is isrd's word then, and no client's.
  isrd.post("/form", "x", "X-Warmup: 1\r\n");
  EXPECT_FALSE(origin.request("/form").has("X-Warmup"));
}

TEST(IsrRoute, OriginsOwnLifetimeWinsOverTheRule) {
  ScriptedOrigin origin;
  origin.serve("/short", versions("Cache-Control: max-age=5\r\n"));
  origin.serve("/long", versions("Cache-Control: s-maxage=3600\r\n"));
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/short");
  isrd.get("/long");

  isrd.advance(6s);
  EXPECT_EQ(isrd.get("/short").cache(), "STALE");
  isrd.advance(600s);
  EXPECT_EQ(isrd.get("/long").cache(), "HIT");
}

TEST(IsrRoute, OriginsRefusalsForbidStoring) {
  ScriptedOrigin origin;
  origin.serve("/no-store", versions("Cache-Control: no-store\r\n"));
  origin.serve("/private", versions("Cache-Control: private\r\n"));
  origin.serve("/no-cache", versions("Cache-Control: no-cache\r\n"));
  origin.serve("/zero", versions("Cache-Control: max-age=0\r\n"));
  origin.serve("/cookie", versions("Set-Cookie: id=1\r\n"));
  origin.serve("/vary", versions("Vary: *\r\n"));
  Daemon isrd(isr_config(origin, usual_windows()));

  for (const std::string target :
       {"/no-store", "/private", "/no-cache", "/zero", "/cookie", "/vary"}) {
    EXPECT_EQ(isrd.get(target).body, target + " v1");
    const Response again = isrd.get(target);
    EXPECT_EQ(again.body, target + " v2");
    EXPECT_NE(again.cache(), "HIT") << target;
  }
}

TEST(IsrRoute, OperatorOverrulesARefusalByItsName) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: no-store\r\nSet-Cookie: id=1\r\nVary: *\r\n"));
  config::Config config = isr_config(origin, usual_windows());
  config.sites[0].routes[0].overrides = {true, true, true};
  Daemon isrd(config);

  isrd.get("/a");
  const Response hit = isrd.get("/a");

  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_FALSE(hit.has("Set-Cookie"));
  EXPECT_EQ(origin.count("/a"), 1u);
}

TEST(IsrRoute, OneOverrideDoesNotOverruleTheOthers) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: no-store\r\nSet-Cookie: id=1\r\n"));
  config::Config config = isr_config(origin, usual_windows());
  config.sites[0].routes[0].overrides.cache_control = true;
  Daemon isrd(config);

  EXPECT_EQ(isrd.get("/a").field("Set-Cookie"), "id=1");
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
}

TEST(IsrRoute, CookieOfAPersonBypassesTheCacheBothWays) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));

  const Response personal = isrd.get("/a", "Cookie: session=abc\r\n");
  const Response anonymous = isrd.get("/a");
  const Response again = isrd.get("/a", "Cookie: session=abc\r\n");

  EXPECT_EQ(personal.cache(), "BYPASS");
  EXPECT_EQ(anonymous.cache(), "MISS");
  EXPECT_EQ(again.cache(), "BYPASS");
  EXPECT_EQ(origin.request("/a", 0).field("Cookie"), "session=abc");
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
}

TEST(IsrRoute, AnalyticsCookiesMarkNobody) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));

  EXPECT_EQ(isrd.get("/a", "Cookie: _ga=GA1.2.3; _fbp=1\r\n").cache(), "MISS");
  EXPECT_EQ(isrd.get("/a", "Cookie: _gid=4\r\n").cache(), "HIT");
  EXPECT_EQ(isrd.get("/a", "Cookie: _gid=4; session=1\r\n").cache(), "BYPASS");
  EXPECT_FALSE(origin.request("/a", 0).has("Cookie"));
}

TEST(IsrRoute, AuthorizationPassesByTheCache) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  EXPECT_EQ(isrd.get("/a", "Authorization: Basic eDp5\r\n").cache(), "BYPASS");
  EXPECT_EQ(isrd.get("/a").cache(), "MISS");
  EXPECT_EQ(origin.request("/a", 0).field("Authorization"), "Basic eDp5");
}

TEST(IsrRoute, RouteThatIsOffIsNeverCached) {
  ScriptedOrigin origin;
  origin.serve(versions("Cache-Control: max-age=3600\r\n"));
  config::Config config = isr_config(origin, usual_windows());
  isr::RouteOptions off = isr_route("/account/**", {});
  off.name = "account";
  off.cache = false;
  config.sites[0].routes.insert(config.sites[0].routes.begin(), off);
  Daemon isrd(config);

  EXPECT_EQ(isrd.get("/account/me").cache(), "BYPASS");
  EXPECT_EQ(isrd.get("/account/me").body, "/account/me v2");
  isrd.get("/else");
  EXPECT_EQ(isrd.get("/else").cache(), "HIT");
}

TEST(IsrRoute, FillTellsTheOriginNothingThatIsNotInTheKey) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get(
      "/a",
      "User-Agent: visitor\r\nAccept: text/html\r\nAccept-Encoding: gzip, deflate, br\r\n"
      "Cookie: _ga=1\r\nX-Evil: 1\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-For: 6.6.6.6\r\n"
      "Forwarded: for=6.6.6.6\r\nX-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\n"
      "X-HTTP-Method-Override: DELETE\r\nReferer: http://x/\r\nX-ISR-Regenerate: 1\r\n"
      "X-Edge-ISR-Warmup: 1\r\nRange: bytes=0-1\r\nIf-None-Match: \"x\"\r\n"
      "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n");

  const RecordedRequest request = origin.request("/a");
  for (const auto& name :
       {"Cookie", "X-Evil", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "Referer",
        "X-ISR-Regenerate", "X-Edge-ISR-Warmup", "Range", "If-None-Match", "If-Modified-Since"}) {
    EXPECT_FALSE(request.has(name)) << name;
  }
  EXPECT_EQ(request.head.find("evil.test"), std::string::npos);
  EXPECT_EQ(request.head.find("6.6.6.6"), std::string::npos);
  EXPECT_EQ(request.field("User-Agent"), "visitor");
  EXPECT_EQ(request.field("Accept"), "text/html");
  EXPECT_EQ(request.field("Host"), host_name);
}

TEST(IsrRoute, InternalFieldsAreRemovedFromEveryRequest) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  isrd.post("/a", "x", "X-ISR-Regenerate: 1\r\nX-ISR-Anything: 1\r\nX-Edge-ISR-Warmup: 1\r\n");
  isrd.get("/b", "X-ISR-Regenerate: 1\r\nx-edge-isr-warmup: 1\r\n");
  for (const RecordedRequest& request : origin.requests()) {
    EXPECT_EQ(lower(request.head).find("isr-"), std::string::npos) << request.head;
  }
}

TEST(IsrRoute, ConditionAndRangeAreAnsweredFromTheStoredPage) {
  ScriptedOrigin origin;
  origin.serve("/a", Reply(page("0123456789", "ETag: \"v1\"\r\n")));
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");

  EXPECT_EQ(isrd.get("/a", "If-None-Match: \"v1\"\r\n").status, 304);
  EXPECT_EQ(isrd.get("/a", "If-None-Match: \"v2\"\r\n").status, 200);
  const Response part = isrd.get("/a", "Range: bytes=2-4\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(origin.count("/a"), 1u);
}

TEST(IsrRoute, NotFoundIsKeptAMinuteAtMost) {
  ScriptedOrigin origin;
  origin.serve("/gone", Reply(page("nothing here", "", "404 Not Found")));
  isr::WindowOptions windows = usual_windows();
  windows.fresh = 24h;
  windows.stale = 0s;
  Daemon isrd(isr_config(origin, windows));

  EXPECT_EQ(isrd.get("/gone").status, 404);
  isrd.advance(30s);
  const Response hit = isrd.get("/gone");
  EXPECT_EQ(hit.status, 404);
  EXPECT_EQ(hit.cache(), "HIT");
  isrd.advance(31s);
  EXPECT_NE(isrd.get("/gone").cache(), "HIT");
  EXPECT_EQ(origin.count("/gone"), 2u);
}

TEST(IsrRoute, GoneReplacesAPage) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  origin.serve("/a", Reply(page("no more", "", "404 Not Found")));
  isrd.advance(61s);
  EXPECT_EQ(isrd.get("/a").cache(), "STALE");
  ASSERT_TRUE(eventually([&] { return isrd.get("/a").status == 404; }));
}

TEST(IsrRoute, SiteWindowsHoldWhereNoRouteMatches) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.sites[0].windows = usual_windows();
  Daemon isrd(config);
  isrd.get("/anything");
  isrd.advance(10s);
  EXPECT_EQ(isrd.get("/anything").cache(), "HIT");
}

TEST(IsrRoute, WallClockJumpMovesNoExpiry) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.jump_wall(std::chrono::hours(24 * 3650));
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  isrd.jump_wall(-std::chrono::hours(2 * 24 * 3650));
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  isrd.advance(61s);
  EXPECT_EQ(isrd.get("/a").cache(), "STALE");
}

TEST(IsrRoute, PathWithTwoReadingsIsNotCached) {
  ScriptedOrigin origin;
  config::Config config = isr_config(origin, usual_windows());
  isr::RouteOptions off = isr_route("/account/**", {});
  off.name = "account";
  off.cache = false;
  config.sites[0].routes.insert(config.sites[0].routes.begin(), off);
  Daemon isrd(config);
  for (const std::string target : {"/blog/..%2faccount/me", "/x/../account/me", "/%61ccount/me"}) {
    isrd.get(target);
    EXPECT_EQ(isrd.get(target).body, target + " v2");
  }
}

TEST(IsrRoute, VisitorWhoseFieldsWereWithheldGetsNoAnswerThatWasMadeWithoutThem) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& r) {
    return Reply(page("for " + r.field("X-User"), "Cache-Control: no-store\r\n"));
  });
  Daemon isrd(isr_config(origin, usual_windows()));
  EXPECT_EQ(isrd.get("/a", "X-User: bob\r\n").body, "for bob");
  EXPECT_EQ(isrd.get("/a", "X-User: eve\r\n").body, "for eve");
}

TEST(IsrRoute, FieldThatVaryNamesIsSentAndKeyed) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& r) {
    return Reply(page("in " + r.field("Accept-Language"), "Vary: Accept-Language\r\n"));
  });
  Daemon isrd(isr_config(origin, usual_windows()));
  for (const std::string language : {"de", "en", "fr"}) {
    const std::string field = "Accept-Language: " + language + "\r\n";
    EXPECT_EQ(isrd.get("/a", field).body, "in " + language);
    const Response hit = isrd.get("/a", field);
    EXPECT_EQ(hit.cache(), "HIT");
    EXPECT_EQ(hit.body, "in " + language);
  }
  isrd.advance(61s);
  for (const std::string language : {"de", "en", "fr"}) {
    const std::string field = "Accept-Language: " + language + "\r\n";
    EXPECT_EQ(isrd.get("/a", field).cache(), "STALE");
    ASSERT_TRUE(eventually([&] { return isrd.get("/a", field).cache() == "HIT"; }));
    EXPECT_EQ(isrd.get("/a", field).body, "in " + language);
  }
}

}  // namespace
}  // namespace isrd::flow
