// The RFC profile: which answers are stored and for how long (RFC 9111 sections 3 and 4.2).
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

TEST(RfcStoring, MaxAgeMakesAHitUntilItHasPassed) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=60\r\n"));
  Daemon isrd(rfc_config(origin));

  EXPECT_EQ(isrd.get("/a").cache(), "MISS");
  isrd.advance(59s);
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  isrd.advance(2s);
  const Response expired = isrd.get("/a");
  EXPECT_EQ(expired.cache(), "EXPIRED");
  EXPECT_EQ(expired.body, "/a v2");
}

TEST(RfcStoring, SharedMaxAgeWinsOverMaxAge) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=1, s-maxage=600\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(500s);
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
}

TEST(RfcStoring, TargetedFieldDecidesAlone) {
  ScriptedOrigin origin;
  origin.serve("/keep", versions("CDN-Cache-Control: max-age=600\r\nCache-Control: no-store\r\n"));
  origin.serve("/drop", versions("CDN-Cache-Control: no-store\r\nCache-Control: max-age=600\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/keep");
  isrd.get("/drop");
  const Response hit = isrd.get("/keep");
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_EQ(hit.field("CDN-Cache-Control"), "max-age=600");
  EXPECT_EQ(isrd.get("/drop").body, "/drop v2");
}

TEST(RfcStoring, WhatMayNotBeSharedIsAskedForEachTime) {
  ScriptedOrigin origin;
  origin.serve("/no-store", versions("Cache-Control: no-store, max-age=60\r\n"));
  origin.serve("/private", versions("Cache-Control: private, max-age=60\r\n"));
  origin.serve("/cookie", versions("Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n"));
  origin.serve("/vary", versions("Cache-Control: max-age=60\r\nVary: *\r\n"));
  origin.serve("/silent", versions(""));
  Daemon isrd(rfc_config(origin));
  for (const std::string target : {"/no-store", "/private", "/cookie", "/vary", "/silent"}) {
    EXPECT_EQ(isrd.get(target).body, target + " v1");
    EXPECT_EQ(isrd.get(target).body, target + " v2");
  }
  EXPECT_EQ(isrd.get("/cookie").field("Set-Cookie"), "a=b");
}

TEST(RfcStoring, QueryStringsAreDifferentEntries) {
  ScriptedOrigin origin;
  origin.serve(versions("Cache-Control: max-age=60\r\n"));
  Daemon isrd(rfc_config(origin));
  for (const std::string target : {"/a", "/a?", "/a?x=1", "/a?x=2", "/a?x=1&utm_source=n"}) {
    EXPECT_EQ(isrd.get(target).cache(), "MISS") << target;
    const Response hit = isrd.get(target);
    EXPECT_EQ(hit.cache(), "HIT") << target;
    EXPECT_EQ(hit.body, target + " v1");
  }
}

TEST(RfcStoring, HostIsPartOfTheKeyInAnyCase) {
  ScriptedOrigin origin;
  origin.serve([](const RecordedRequest& r) {
    return Reply(page(lower(r.field("Host")), "Cache-Control: max-age=60\r\n"));
  });
  config::Config config = rfc_config(origin);
  config.sites[0].hosts = {"*"};
  Daemon isrd(config);
  const auto ask = [&](std::string host) {
    return isrd.connect().exchange("GET /a HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  };
  EXPECT_EQ(ask("one.test").body, "one.test");
  EXPECT_EQ(ask("two.test").body, "two.test");
  EXPECT_EQ(ask("ONE.test").cache(), "HIT");
  EXPECT_EQ(ask("two.test").body, "two.test");
}

TEST(RfcStoring, AuthorizationIsSharedOnlyByTheOriginsWord) {
  ScriptedOrigin origin;
  origin.serve("/plain", versions("Cache-Control: max-age=60\r\n"));
  origin.serve("/public", versions("Cache-Control: public, max-age=60\r\n"));
  Daemon isrd(rfc_config(origin));
  const std::string_view key = "Authorization: Basic eDp5\r\n";

  isrd.get("/plain", key);
  EXPECT_EQ(isrd.get("/plain").body, "/plain v2");
  EXPECT_EQ(isrd.get("/plain", key).body, "/plain v3");
  isrd.get("/public", key);
  EXPECT_EQ(isrd.get("/public", key).cache(), "HIT");
  EXPECT_EQ(isrd.get("/public").cache(), "HIT");
}

TEST(RfcStoring, RequestCookieAloneDoesNotPreventAHit) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=60\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a", "Cookie: session=1\r\n");
  EXPECT_EQ(isrd.get("/a", "Cookie: session=2\r\n").cache(), "HIT");
  EXPECT_EQ(origin.request("/a").field("Cookie"), "session=1");
}

TEST(RfcStoring, AnyStatusWithExplicitFreshnessIsStored) {
  ScriptedOrigin origin;
  const std::string fresh = "Cache-Control: max-age=60\r\n";
  origin.serve("/404", Reply(page("no", fresh, "404 Not Found")));
  origin.serve("/302", Reply(page("", fresh + "Location: /x\r\n", "302 Found")));
  origin.serve("/499", Reply(page("odd", fresh, "499 Strange")));
  origin.serve("/500", Reply(page("sorry", fresh, "500 Internal Server Error")));
  Daemon isrd(rfc_config(origin));
  for (const std::string target : {"/404", "/302", "/499", "/500"}) {
    isrd.get(target);
    const Response hit = isrd.get(target);
    EXPECT_EQ("/" + std::to_string(hit.status), target);
    EXPECT_EQ(hit.cache(), "HIT") << target;
  }
}

TEST(RfcStoring, ErrorWithoutFreshnessIsNotStored) {
  ScriptedOrigin origin;
  origin.serve("/a", Reply(page("sorry", "ETag: \"e\"\r\n", "500 Internal Server Error")));
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a").status, 500);
  EXPECT_EQ(isrd.get("/a").status, 500);
  EXPECT_EQ(origin.count("/a"), 2u);
}

TEST(RfcStoring, LastModifiedAloneIsGuessedATenth) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
                              "Last-Modified: Tue, 14 Nov 2023 20:33:20 GMT\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(590s);
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  isrd.advance(20s);
  EXPECT_NE(isrd.get("/a").cache(), "HIT");
}

TEST(RfcStoring, AgeGrowsFromWhatTheOriginSaid) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=600\r\nAge: 100\r\n"));
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a").field("Age"), "100");
  isrd.advance(42s);
  EXPECT_EQ(isrd.get("/a").field("Age"), "142");
  isrd.advance(459s);
  EXPECT_EQ(isrd.get("/a").cache(), "EXPIRED");
}

TEST(RfcStoring, EveryAnswerFromTheStoreCarriesAgeAndTheOriginsDate) {
  ScriptedOrigin origin;
  const std::string date = "Tue, 14 Nov 2023 22:13:00 GMT";
  origin.serve("/a", versions("Cache-Control: max-age=600\r\nDate: " + date + "\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  const Response hit = isrd.get("/a");
  EXPECT_TRUE(hit.has("Age"));
  EXPECT_EQ(hit.field("Date"), date);
}

TEST(RfcStoring, UnknownFieldsAreReplayedByteForByte) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=60\r\nX-One: a  b\r\nx-One: c\r\n"
                              "Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
                              "Content-Encoding: weird\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  const Response hit = isrd.get("/a");
  EXPECT_EQ(hit.field("X-One"), "a  b, c");
  EXPECT_EQ(hit.field("Content-Encoding"), "weird");
  EXPECT_FALSE(hit.has("X-Hop"));
  EXPECT_FALSE(hit.has("Keep-Alive"));
}

TEST(RfcStoring, FieldThatIsPrivateByNameIsNotShared) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=60, private=\"X-User\"\r\nX-User: bob\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  const Response hit = isrd.get("/a");
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_FALSE(hit.has("X-User"));
}

TEST(RfcStoring, CacheStatusNamesTheReason) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=60\r\n"));
  Daemon isrd(rfc_config(origin));
  const std::string miss = isrd.get("/a").field("Cache-Status");
  const std::string hit = isrd.get("/a").field("Cache-Status");
  EXPECT_TRUE(miss.starts_with("isrd; fwd=uri-miss")) << miss;
  EXPECT_NE(miss.find("stored"), std::string::npos) << miss;
  EXPECT_TRUE(hit.starts_with("isrd; hit; ttl=")) << hit;
}

TEST(RfcStoring, LargeBodyIsStoredWhole) {
  ScriptedOrigin origin;
  std::string body;
  while (body.size() < 3'000'000) body += "line " + std::to_string(body.size()) + "\n";
  origin.serve("/big", Reply(page(body, "Cache-Control: max-age=60\r\n")));
  Daemon isrd(rfc_config(origin));
  EXPECT_TRUE(isrd.get("/big").body == body);
  const Response hit = isrd.get("/big");
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_TRUE(hit.body == body);
}

TEST(RfcStoring, BodyOverTheObjectLimitPassesThroughUnstored) {
  ScriptedOrigin origin;
  const std::string body(200'000, 'x');
  origin.serve("/announced", Reply(page(body, "Cache-Control: max-age=60\r\n")));
  origin.serve("/grown",
               Reply(head_of("Cache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n") +
                     chunk(body) + std::string(last_chunk)));
  config::Config config = rfc_config(origin);
  config.limits.object_bytes = 100'000;
  Daemon isrd(config);
  for (const std::string target : {"/announced", "/grown"}) {
    EXPECT_TRUE(isrd.get(target).body == body) << target;
    const Response again = isrd.get(target);
    EXPECT_TRUE(again.body == body) << target;
    EXPECT_NE(again.cache(), "HIT") << target;
    EXPECT_EQ(origin.count(target), 2u) << target;
  }
}

TEST(RfcStoring, EntriesMakeRoomWhenMemoryIsFull) {
  ScriptedOrigin origin;
  const std::string body(50'000, 'x');
  origin.serve([body](const RecordedRequest& r) {
    return Reply(page(r.target + body, "Cache-Control: max-age=60\r\n"));
  });
  config::Config config = rfc_config(origin);
  config.store.memory_bytes = 2 * 1024 * 1024;
  Daemon isrd(config);
  for (int i = 0; i < 100; ++i) {
    const std::string target = "/p" + std::to_string(i);
    EXPECT_TRUE(isrd.get(target).body == target + body);
  }
  EXPECT_LE(isrd.stat("tiers.memory.bytes"), config.store.memory_bytes);
  EXPECT_GT(isrd.stat("tiers.memory.entries"), 5u);
}

}  // namespace
}  // namespace isrd::flow
