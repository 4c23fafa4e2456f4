// The admin port: who may use it, and what an invalidation does to the pages.
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

using nlohmann::json;

Response raw(const Daemon& isrd, const std::string& request_line, const std::string& lines,
             const std::string& body = "") {
  return Client(isrd.admin_port()).exchange(request_line + " HTTP/1.1\r\n" + lines + "\r\n" + body);
}

std::string own_host(const Daemon& isrd) {
  return "Host: 127.0.0.1:" + std::to_string(isrd.admin_port()) + "\r\n";
}

TEST(Admin, TokenIsMadeOnFirstStartForTheOwnersEyesOnly) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  struct stat status {};
  ASSERT_EQ(::stat(isrd.config().admin.token_file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_GE(isrd.token().size(), 32u);
}

TEST(Admin, TokenIsKeptByTheNextStart) {
  ScriptedOrigin origin;
  TempDir dir;
  config::Config config = rfc_config(origin);
  config.admin.token_file = dir.path() + "/token";
  std::string first;
  {
    Daemon isrd(config);
    first = isrd.token();
  }
  Daemon again(config);
  EXPECT_EQ(again.token(), first);
  EXPECT_EQ(again.admin("GET", "/v1/stats").status, 200);
}

TEST(Admin, TokenFileThatOthersMayReadIsRefused) {
  ScriptedOrigin origin;
  TempDir dir;
  config::Config config = rfc_config(origin);
  config.admin.token_file = dir.write("token", std::string(64, 'a'));
  ::chmod(config.admin.token_file.c_str(), 0644);
  EXPECT_THROW(Daemon isrd(config), std::runtime_error);
}

TEST(Admin, NothingIsSaidWithoutTheToken) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  const std::string host = own_host(isrd);
  for (const std::string line :
       {"GET /v1/stats", "POST /v1/invalidate", "POST /v1/reload", "GET /unknown"}) {
    EXPECT_EQ(raw(isrd, line, host).status, 401) << line;
    EXPECT_EQ(raw(isrd, line, host + "Authorization: Bearer wrong\r\n").status, 401) << line;
    EXPECT_EQ(raw(isrd, line, host + "Authorization: Basic " + isrd.token() + "\r\n").status, 401)
        << line;
  }
  EXPECT_EQ(raw(isrd, "GET /v1/stats?token=" + isrd.token(), host).status, 401);
  EXPECT_EQ(raw(isrd, "GET /healthz", host).status, 200);
  EXPECT_EQ(raw(isrd, "GET /readyz", host).status, 200);
  EXPECT_EQ(raw(isrd, "GET /metrics", host).status, 200);
}

TEST(Admin, MetricsMayBeClosed) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.admin.metrics_open = false;
  Daemon isrd(config);
  EXPECT_EQ(raw(isrd, "GET /metrics", own_host(isrd)).status, 401);
  EXPECT_NE(isrd.admin("GET", "/metrics").body.find("isrd_requests_total"), std::string::npos);
}

TEST(Admin, BrowsersOfOtherOriginsAreRefused) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  const std::string token = "Authorization: Bearer " + isrd.token() + "\r\n";
  const auto status = [&](const std::string& lines) {
    return raw(isrd, "GET /v1/stats", lines + token).status;
  };
  EXPECT_EQ(status("Host: evil.test\r\n"), 403);
  EXPECT_EQ(status(own_host(isrd) + "Origin: http://evil.test\r\n"), 403);
  EXPECT_EQ(status(own_host(isrd) + "Origin: null\r\n"), 403);
  EXPECT_EQ(status(own_host(isrd)), 200);
}

TEST(Admin, BodiesThatAreNoJsonAreRefused) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  const std::string lines = own_host(isrd) + "Authorization: Bearer " + isrd.token() + "\r\n";
  const auto status = [&](const std::string& type, const std::string& body) {
    return raw(isrd, "POST /v1/invalidate",
               lines + "Content-Type: " + type +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n",
               body)
        .status;
  };
  EXPECT_EQ(status("text/plain", "{\"all\":true}"), 415);
  EXPECT_EQ(status("application/x-www-form-urlencoded", "all=true"), 415);
  EXPECT_EQ(status("application/json", "{nonsense"), 400);
  EXPECT_EQ(status("application/json", "{\"mode\":\"explode\",\"all\":true}"), 400);
  EXPECT_EQ(status("application/json", "{}"), 400);
  EXPECT_EQ(status("application/json; charset=utf-8", "{\"all\":true}"), 200);
}

TEST(Admin, IsNotReachableOnThePublicPort) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  const Response response = isrd.get("/v1/stats", "Authorization: Bearer " + isrd.token() + "\r\n");
  EXPECT_EQ(response.body, "/v1/stats v1");
  EXPECT_EQ(isrd.get("/healthz").body, "/healthz v1");
}

TEST(Admin, ReadinessSpeaksOfTheOrigin) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  const json ready = json::parse(isrd.admin("GET", "/readyz").body);
  EXPECT_EQ(ready.at("ready"), true);
  EXPECT_TRUE(ready.at("checks").contains("config"));
  EXPECT_TRUE(ready.at("checks").contains("store"));
  EXPECT_EQ(ready.at("checks").at("origin:blog").at("status"), "ok");
  origin.stop();
  isrd.get("/b");
  EXPECT_TRUE(eventually([&] {
    const json now = json::parse(isrd.admin("GET", "/readyz").body);
    return now.at("checks").at("origin:blog").at("status") == "failing";
  }));
}

TEST(Admin, StatsCountWhatHappened) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.get("/a");
  isrd.get("/a");
  isrd.post("/a", "x");
  EXPECT_EQ(isrd.stat("by_cache.hit"), 2u);
  EXPECT_EQ(isrd.stat("by_cache.miss"), 1u);
  EXPECT_EQ(isrd.stat("by_cache.bypass"), 1u);
  EXPECT_EQ(isrd.stat("requests"), 4u);
  EXPECT_EQ(isrd.stat("tiers.memory.entries"), 1u);
  const json stats = json::parse(isrd.admin("GET", "/v1/stats").body);
  EXPECT_NEAR(stats.at("hit_rate").get<double>(), 0.5, 0.2);
  for (const char* member :
       {"coalesced", "duplicate_fetches", "errors", "latency", "generation", "origins", "queue"}) {
    EXPECT_TRUE(stats.contains(member)) << member;
  }
}

TEST(Invalidate, RefreshServesTheOldPageUntilTheNewOneIsThere) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  const GatePtr gate = make_gate();
  origin.next("/a", Reply().wait(gate).then(page("refreshed")));

  const Response answer = isrd.invalidate("refresh", "urls", url_of("/a"));
  EXPECT_EQ(answer.status, 200);
  const json said = json::parse(answer.body);
  EXPECT_EQ(said.at("matched"), 1);
  EXPECT_EQ(said.at("mode"), "refresh");
  EXPECT_EQ(said.at("durable"), true);

  // It is asked for at once, without a visitor.
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  EXPECT_EQ(origin.request("/a", 1).field("X-ISR-Regenerate"), "1");
  const Response old = isrd.get("/a");
  EXPECT_EQ(old.cache(), "STALE");
  EXPECT_EQ(old.body, "/a v1");
  gate->open();
  ASSERT_TRUE(isrd.wait_for_cache("/a", "HIT"));
  EXPECT_EQ(isrd.get("/a").body, "refreshed");
  EXPECT_EQ(origin.count("/a"), 2u);
}

TEST(Invalidate, RefreshIsTheDefault) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  const Response answer =
      isrd.admin("POST", "/v1/invalidate", R"({"urls":["http://blog.test/a"]})");
  EXPECT_EQ(json::parse(answer.body).at("mode"), "refresh");
  EXPECT_TRUE(origin.wait_for_requests("/a", 2));
}

TEST(Invalidate, ExpireMakesTheNextVisitorWaitAndKeepsTheOldPageForErrors) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  EXPECT_EQ(isrd.invalidate("expire", "urls", url_of("/a")).status, 200);
  EXPECT_EQ(origin.count("/a"), 1u);
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");

  isrd.invalidate("expire", "urls", url_of("/a"));
  origin.next("/a", Reply(page("broken", "", "500 Down")));
  const Response covered = isrd.get("/a");
  EXPECT_EQ(covered.body, "/a v2");
  EXPECT_EQ(covered.cache(), "STALE");
}

TEST(Invalidate, PurgedPageIsGoneEvenWhenTheOriginFails) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  EXPECT_EQ(isrd.purge(url_of("/a")).status, 200);
  EXPECT_EQ(isrd.stat("tiers.memory.entries"), 0u);
  origin.next("/a", Reply(page("broken", "", "500 Down")));
  EXPECT_EQ(isrd.get("/a").status, 500);
  EXPECT_EQ(isrd.get("/a").cache(), "MISS");
}

TEST(Invalidate, UrlMeansAllItsVariantsAndNoOtherPage) {
  ScriptedOrigin origin;
  origin.serve(versions("Cache-Control: max-age=600\r\nVary: Accept-Language\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a", "Accept-Language: de\r\n");
  isrd.get("/a", "Accept-Language: en\r\n");
  isrd.get("/a?x=1");
  isrd.get("/ab");
  const json said = json::parse(isrd.purge(url_of("/a")).body);
  EXPECT_EQ(said.at("matched"), 2);
  EXPECT_EQ(isrd.get("/a", "Accept-Language: de\r\n").cache(), "MISS");
  EXPECT_EQ(isrd.get("/a", "Accept-Language: en\r\n").cache(), "MISS");
  EXPECT_EQ(isrd.get("/a?x=1").cache(), "HIT");
  EXPECT_EQ(isrd.get("/ab").cache(), "HIT");
}

TEST(Invalidate, PrefixMeansWhatBeginsSo) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  for (const std::string target : {"/blog/1", "/blog/2?page=3", "/shop/1"}) isrd.get(target);
  const Response answer = isrd.invalidate("purge", "prefixes", url_of("/blog/"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(isrd.get("/blog/1").cache(), "MISS");
  EXPECT_EQ(isrd.get("/blog/2?page=3").cache(), "MISS");
  EXPECT_EQ(isrd.get("/shop/1").cache(), "HIT");
}

TEST(Invalidate, EverythingMeansEverything) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  for (const std::string target : {"/a", "/b", "/c"}) isrd.get(target);
  EXPECT_EQ(isrd.invalidate_all("purge").status, 200);
  for (const std::string target : {"/a", "/b", "/c"}) EXPECT_EQ(isrd.get(target).cache(), "MISS");
}

TEST(Invalidate, ForbiddenStaleTurnsRefreshIntoExpire) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=600, must-revalidate\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  const GatePtr gate = make_gate();
  origin.next("/a", Reply().wait(gate).then(page("new", "Cache-Control: max-age=600\r\n")));
  isrd.invalidate("refresh", "urls", url_of("/a"));
  Client visitor = isrd.connect();
  visitor.ask("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  gate->open();
  EXPECT_EQ(visitor.read().body, "new");
}

Response purge_verb(const Daemon& isrd, std::string_view target,
                    std::string_view method = "PURGE") {
  Client client = isrd.connect();
  client.ask(target, "", method);
  return client.read();
}

TEST(PurgeVerb, HasTheSitesMode) {
  ScriptedOrigin origin;
  Daemon refreshing(isr_config(origin, usual_windows()));
  refreshing.get("/a");
  EXPECT_EQ(purge_verb(refreshing, "/a").status, 200);
  EXPECT_TRUE(origin.wait_for_requests("/a", 2));

  config::Config config = isr_config(origin, usual_windows());
  config.sites[0].purge_mode = isr::Mode::purge;
  Daemon purging(config);
  purging.get("/b");
  EXPECT_EQ(purge_verb(purging, "/b").status, 200);
  EXPECT_EQ(purging.get("/b").cache(), "MISS");
  for (const RecordedRequest& request : origin.requests()) EXPECT_EQ(request.method, "GET");
}

TEST(PurgeVerb, IsRefusedFromElsewhereAndNothingReachesTheOrigin) {
  ScriptedOrigin origin;
  config::Config config = isr_config(origin, usual_windows());
  config.admin.purge_from = {"10.0.0.0/8"};
  Daemon isrd(config);
  isrd.get("/a");
  for (const std::string method : {"PURGE", "BAN", "REFRESH", "PURGEKEYS", "PURGETAGS", "purge"}) {
    EXPECT_THAT(purge_verb(isrd, "/a", method).status, testing::AnyOf(403, 405)) << method;
  }
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  EXPECT_EQ(origin.count(), 1u);
}

TEST(PurgeVerb, IsNotBelievedFromAForwardedAddress) {
  ScriptedOrigin origin;
  config::Config config = isr_config(origin, usual_windows());
  config.admin.purge_from = {"10.0.0.0/8"};
  Daemon isrd(config);
  Client client = isrd.connect();
  client.ask("/a", "X-Forwarded-For: 10.0.0.1\r\n", "PURGE");
  EXPECT_THAT(client.read().status, testing::AnyOf(403, 405));
}

}  // namespace
}  // namespace isrd::flow
