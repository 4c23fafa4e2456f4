// Who may be given a page that was made for another, and what may take a page away from everybody.
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

constexpr std::string_view fresh_minute = "Cache-Control: max-age=60\r\n";
constexpr std::string_view alice = "Authorization: Basic YTpi\r\n";

/// Says whose page it is.
Reply page_of_visitor(const RecordedRequest& request, std::string_view lines) {
  return Reply(page(request.has("Authorization") ? "of alice" : "of anybody", lines));
}

TEST(SharedPage, CookieOnA304IsStrippedWhereTheOperatorSharesThePage) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& request) {
    const std::string lines =
        "ETag: \"one\"\r\nSet-Cookie: id=" + std::to_string(request.count) + "\r\n";
    if (request.has("If-None-Match")) return Reply(head_of(lines, "304 Not Modified"));
    return Reply(page("shared", lines));
  });
  config::Config config = isr_config(origin, usual_windows());
  config.sites[0].routes[0].overrides.set_cookie = true;
  Daemon isrd(config);
  EXPECT_FALSE(isrd.get("/a").has("Set-Cookie"));
  isrd.advance(61s);
  EXPECT_FALSE(isrd.get("/a").has("Set-Cookie"));
  ASSERT_TRUE(isrd.wait_for_cache("/a", "HIT"));
  EXPECT_TRUE(origin.request("/a", 1).has("If-None-Match"));
  const Response hit = isrd.get("/a");
  EXPECT_EQ(hit.body, "shared");
  EXPECT_FALSE(hit.has("Set-Cookie"));
  isrd.advance(2h);
  EXPECT_FALSE(isrd.get("/a").has("Set-Cookie"));
  EXPECT_EQ(origin.count("/a"), 3u);
}

/// The 304 sets a cookie and nobody said that it may be shared.
void expect_cookies_of_their_own(config::Config config, ScriptedOrigin& origin) {
  const GatePtr gate = make_gate();
  origin.serve("/a", [gate](const RecordedRequest& request) {
    const std::string tag = "ETag: \"one\"\r\n" + std::string(fresh_minute);
    if (request.count == 1) return Reply(page("for all", tag));
    const std::string own = tag + "Set-Cookie: id=" + std::to_string(request.count) + "\r\n";
    if (!request.has("If-None-Match")) return Reply(page(version_of(request), own));
    return Reply().wait(gate).then(head_of(own, "304 Not Modified"));
  });
  Daemon isrd(std::move(config));
  isrd.get("/a");
  isrd.advance(2h);
  std::vector<Client> visitors;
  for (int i = 0; i < 5; ++i) {
    visitors.push_back(isrd.connect());
    visitors.back().ask("/a");
  }
  isrd.settle();
  gate->open();
  for (Client& visitor : visitors) {
    const Response response = visitor.read();
    EXPECT_EQ(response.status, 200);
    if (response.body != "for all") {
      EXPECT_EQ("/a v" + response.field("Set-Cookie").substr(3), response.body);
    } else {
      EXPECT_FALSE(response.has("Set-Cookie"));
    }
  }
  const Response next = isrd.get("/a");
  EXPECT_NE(next.cache(), "HIT");
  EXPECT_EQ("/a v" + next.field("Set-Cookie").substr(3), next.body);
}

TEST(SharedPage, CookieOnA304IsNeverSharedByTheRfc) {
  ScriptedOrigin origin;
  expect_cookies_of_their_own(rfc_config(origin), origin);
}

TEST(SharedPage, CookieOnA304IsNeverSharedOnAnIsrRoute) {
  ScriptedOrigin origin;
  expect_cookies_of_their_own(isr_config(origin, usual_windows()), origin);
}

TEST(SharedPage, AgeOfA304Counts) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& request) {
    const std::string lines = "ETag: \"one\"\r\n" + std::string(fresh_minute);
    if (!request.has("If-None-Match")) return Reply(page("aged", lines));
    return Reply(head_of(lines + "Age: 50\r\n", "304 Not Modified"));
  });
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);
  EXPECT_EQ(isrd.get("/a").cache(), "REVALIDATED");
  isrd.advance(8s);
  const Response hit = isrd.get("/a");
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_EQ(hit.field("Age"), "58");
  isrd.advance(3s);
  EXPECT_EQ(isrd.get("/a").cache(), "REVALIDATED");
}

TEST(SharedPage, VaryThatComesWithA304HoldsFromThenOn) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& request) {
    std::string lines = "ETag: \"one\"\r\n" + std::string(fresh_minute);
    if (request.count > 1) lines += "Vary: Accept-Language\r\n";
    if (request.has("If-None-Match")) return Reply(head_of(lines, "304 Not Modified"));
    return Reply(page("in " + request.field("Accept-Language"), lines));
  });
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a", "Accept-Language: de\r\n").body, "in de");
  isrd.advance(61s);
  EXPECT_EQ(isrd.get("/a", "Accept-Language: de\r\n").cache(), "REVALIDATED");
  EXPECT_EQ(isrd.get("/a", "Accept-Language: en\r\n").body, "in en");
  for (const std::string language : {"de", "en"}) {
    const Response hit = isrd.get("/a", "Accept-Language: " + language + "\r\n");
    EXPECT_EQ(hit.cache(), "HIT");
    EXPECT_EQ(hit.body, "in " + language);
    EXPECT_EQ(hit.field("Vary"), "Accept-Language");
  }
}

TEST(SharedPage, RegenerationOfASecurePageIsSecure) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& request) {
    if (request.field("X-Forwarded-Proto") == "https") return Reply(page(version_of(request)));
    return Reply(page("", "Location: https://blog.test/a\r\n", "301 Moved Permanently"));
  });
  config::Config config = isr_config(origin, usual_windows());
  config.trusted_proxies = {"127.0.0.0/8"};
  Daemon isrd(config);
  const std::string_view secure = "X-Forwarded-Proto: https\r\n";
  EXPECT_EQ(isrd.get("/a", secure).body, "/a v1");
  EXPECT_EQ(isrd.invalidate("refresh", "urls", url_of("/a")).status, 200);
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  EXPECT_EQ(origin.request("/a", 1).field("X-Forwarded-Proto"), "https");
  ASSERT_TRUE(eventually([&] { return isrd.get("/a", secure).body == "/a v2"; }));
  EXPECT_EQ(isrd.get("/a", secure).cache(), "HIT");
}

TEST(SharedPage, ManySitesAreServedAndMeasured) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  for (int i = 0; i < 70; ++i) {
    isr::SiteOptions site = config.sites[0];
    site.name = "site" + std::to_string(i);
    site.hosts = {site.name + ".test"};
    config.sites.push_back(site);
  }
  Daemon isrd(config);
  for (int i = 0; i < 70; ++i) {
    const std::string host = "Host: site" + std::to_string(i) + ".test\r\n";
    EXPECT_EQ(isrd.connect().exchange("GET /a HTTP/1.1\r\n" + host + "\r\n").status, 200);
  }
  const Response metrics = isrd.admin("GET", "/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_NE(metrics.body.find("site=\"site0\""), std::string::npos);
}

/// Three visitors come together to a page that varies by their address. What they got, in order;
/// nobody after them gets any of it.
std::vector<std::string> pages_by_address(config::Config config, ScriptedOrigin& origin) {
  const GatePtr gate = make_gate();
  origin.serve("/a", [gate](const RecordedRequest& request) {
    const std::string lines = "Vary: X-Forwarded-For\r\n" + std::string(fresh_minute);
    const std::string body = version_of(request) + " for " + request.field("X-Forwarded-For");
    return Reply().wait(gate).then(page(body, lines));
  });
  config.trusted_proxies = {"127.0.0.0/8"};
  Daemon isrd(std::move(config));
  std::vector<Client> visitors;
  for (int i = 0; i < 3; ++i) {
    visitors.push_back(isrd.connect());
    visitors.back().ask("/a", "X-Forwarded-For: 9.9.9." + std::to_string(i) + "\r\n");
    EXPECT_TRUE(origin.wait_for_requests("/a", 1));
  }
  isrd.settle();
  gate->open();
  std::vector<std::string> bodies;
  for (Client& visitor : visitors) bodies.push_back(visitor.read().body);
  EXPECT_NE(isrd.get("/a", "X-Forwarded-For: 9.9.9.0\r\n").cache(), "HIT");
  EXPECT_THAT(isrd.get("/a", "X-Forwarded-For: 9.9.9.7\r\n").body,
              testing::EndsWith(" for 9.9.9.7, 127.0.0.1"));
  return bodies;
}

TEST(SharedPage, PageThatVariesByTheClientsAddressIsNeverSharedByTheRfc) {
  ScriptedOrigin origin;
  const std::vector<std::string> bodies = pages_by_address(rfc_config(origin), origin);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_THAT(bodies[i], testing::EndsWith(" for 9.9.9." + std::to_string(i) + ", 127.0.0.1"));
  }
}

TEST(SharedPage, PageThatVariesByTheClientsAddressIsNeverSharedOnAnIsrRoute) {
  ScriptedOrigin origin;
  const std::vector<std::string> bodies =
      pages_by_address(isr_config(origin, usual_windows()), origin);
  // The fill tells no address: what the first one gets may be made for nobody, never for another.
  EXPECT_THAT(bodies[0],
              testing::AnyOf("/a v1 for ", testing::EndsWith(" for 9.9.9.0, 127.0.0.1")));
  for (std::size_t i = 1; i < bodies.size(); ++i) {
    EXPECT_THAT(bodies[i], testing::EndsWith(" for 9.9.9." + std::to_string(i) + ", 127.0.0.1"));
  }
}

TEST(SharedPage, PageThatVariesByHostIsAHitTheSecondTime) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Vary: Host\r\n" + std::string(fresh_minute)));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
}

TEST(SharedPage, RefusalOfOneVisitorsProgramTakesThePageFromNobody) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& request) {
    if (request.field("User-Agent") == "evil") return Reply(page("no", "", "403 Forbidden"));
    return Reply(page("good"));
  });
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.advance(61s);
  EXPECT_EQ(isrd.get("/a", "User-Agent: evil\r\n").body, "good");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  isrd.settle();
  for (int visit = 0; visit < 5; ++visit) {
    const Response response = isrd.get("/a");
    EXPECT_EQ(response.body, "good");
    EXPECT_THAT(response.cache(), testing::AnyOf("STALE", "HIT"));
  }
  EXPECT_TRUE(isrd.wait_for_cache("/a", "HIT"));
  EXPECT_EQ(origin.count("/a"), 3u);
}

TEST(SharedPage, AuthorizedRequestLeavesTheAbsentPageCacheable) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& r) { return page_of_visitor(r, fresh_minute); });
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a", alice).body, "of alice");
  EXPECT_EQ(isrd.get("/a").body, "of anybody");
  const Response hit = isrd.get("/a");
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_EQ(hit.body, "of anybody");
  EXPECT_EQ(isrd.get("/a", alice).body, "of alice");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
}

TEST(SharedPage, AuthorizedFollowerNeverGetsTheAnonymousPage) {
  for (const bool before_head : {true, false}) {
    ScriptedOrigin origin;
    const GatePtr gate = make_gate();
    const std::string head = head_of("Content-Length: 10\r\n" + std::string(fresh_minute));
    Reply anonymous = before_head ? Reply().wait(gate).then(head + "of anybody")
                                  : Reply(head + "of ").wait(gate).then("anybody");
    origin.next("/a", anonymous);
    origin.serve("/a", [](const RecordedRequest& r) { return page_of_visitor(r, fresh_minute); });
    Daemon isrd(rfc_config(origin));
    Client first = isrd.connect();
    first.ask("/a");
    ASSERT_TRUE(origin.wait_for_requests("/a", 1));
    if (!before_head) first.read_until("of ");
    Client second = isrd.connect();
    second.ask("/a", alice);
    isrd.settle();
    gate->open();
    EXPECT_EQ(second.read().body, "of alice");
    first.read_until("anybody");
    ASSERT_TRUE(isrd.wait_for_cache("/a", "HIT"));
    EXPECT_EQ(isrd.get("/a", alice).body, "of alice");
    EXPECT_EQ(isrd.get("/a").body, "of anybody");
  }
}

TEST(SharedPage, AnonymousFollowerNeverGetsTheAuthorizedPage) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.next("/a", Reply().wait(gate).then(page("of alice", fresh_minute)));
  origin.serve("/a", [](const RecordedRequest& r) { return page_of_visitor(r, fresh_minute); });
  Daemon isrd(rfc_config(origin));
  Client first = isrd.connect();
  first.ask("/a", alice);
  ASSERT_TRUE(origin.wait_for_requests("/a", 1));
  Client second = isrd.connect();
  second.ask("/a");
  isrd.settle();
  gate->open();
  EXPECT_EQ(first.read().body, "of alice");
  EXPECT_EQ(second.read().body, "of anybody");
  isrd.get("/a");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
}

/// Three come for an expired page whose origin is slow; the second and the third do not wait long.
std::vector<Response> visits_at_a_slow_origin(config::Config config, ScriptedOrigin& origin) {
  config.sites[0].wait_max = 50ms;
  origin.serve("/a", versions(std::string(fresh_minute)));
  Daemon isrd(std::move(config));
  isrd.get("/a");
  isrd.advance(2h);
  const GatePtr gate = make_gate();
  origin.next("/a", Reply().wait(gate).then(page("/a v2", fresh_minute)));
  origin.next("/a", Reply().wait(gate).then(page("/a v3", fresh_minute)));
  std::vector<Client> visitors;
  for (int i = 0; i < 3; ++i) {
    visitors.push_back(isrd.connect());
    visitors.back().ask("/a");
    if (i > 0) continue;
    EXPECT_TRUE(origin.wait_for_requests("/a", 2));
  }
  // At least one of them is answered although the origin still holds everything back.
  EXPECT_TRUE(eventually([&] { return visitors[1].has_input() || visitors[2].has_input(); }));
  gate->open();
  std::vector<Response> responses;
  for (Client& visitor : visitors) responses.push_back(visitor.read());
  return responses;
}

TEST(SharedPage, SlowOriginDoesNotBringAnExpiredPageBackByTheRfc) {
  ScriptedOrigin origin;
  int refused = 0;
  for (const Response& response : visits_at_a_slow_origin(rfc_config(origin), origin)) {
    EXPECT_NE(response.body, "/a v1");
    if (response.status != 503) continue;
    ++refused;
    EXPECT_TRUE(response.has("Retry-After"));
  }
  EXPECT_EQ(refused, 1);
}

TEST(SharedPage, SlowOriginIsCoveredByTheOldPageOnAnIsrRoute) {
  ScriptedOrigin origin;
  const std::vector<Response> responses =
      visits_at_a_slow_origin(isr_config(origin, usual_windows()), origin);
  int old = 0;
  for (const Response& response : responses) {
    EXPECT_EQ(response.status, 200);
    if (response.body == "/a v1") ++old;
  }
  EXPECT_GE(old, 1);
}

TEST(SharedPage, PurgeOfAUrlWithAUrlInItsQueryMeansThatUrl) {
  ScriptedOrigin origin;
  origin.serve(versions(std::string(fresh_minute)));
  config::Config config = rfc_config(origin);
  config.sites[0].purge_mode = isr::Mode::purge;
  Daemon isrd(config);
  const std::string target = "/a?next=http://x/";
  isrd.get(target);
  isrd.get("/a");
  EXPECT_EQ(isrd.get(target).cache(), "HIT");
  Client client = isrd.connect();
  client.ask(target, "", "PURGE");
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(isrd.get(target).body, target + " v2");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  EXPECT_EQ(isrd.post(target, "x").status, 200);
  EXPECT_EQ(isrd.get(target).body, target + " v4");
}

TEST(SharedPage, PortsThatSomebodyInventsDoNotEvictThePage) {
  ScriptedOrigin origin;
  origin.serve(versions(std::string(fresh_minute)));
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a").cache(), "MISS");
  Client client = isrd.connect();
  for (int port = 1000; port < 1100; ++port) {
    const std::string host = "Host: blog.test:" + std::to_string(port) + "\r\n";
    EXPECT_EQ(client.exchange("GET /a HTTP/1.1\r\n" + host + "\r\n").status, 200);
  }
  const Response hit = isrd.get("/a");
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_EQ(hit.body, "/a v1");
}

TEST(SharedPage, WhoComesWhenTooManyWaitIsToldWhenToComeAgain) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/a", Reply().wait(gate).then(page("for those who waited")));
  config::Config config = isr_config(origin, usual_windows());
  config.limits.waiters = 3;
  Daemon isrd(config);
  std::vector<Client> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(isrd.connect());
    waiting.back().ask("/a");
  }
  isrd.settle();
  const Response more = isrd.get("/a");
  EXPECT_EQ(more.status, 503);
  EXPECT_TRUE(more.has("Retry-After"));
  gate->open();
  for (Client& client : waiting) EXPECT_EQ(client.read().body, "for those who waited");
  EXPECT_EQ(origin.count("/a"), 1u);
}

}  // namespace
}  // namespace isrd::flow
