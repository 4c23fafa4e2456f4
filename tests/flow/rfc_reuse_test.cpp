// The RFC profile: how stored answers are used, validated, varied and invalidated (RFC 9111
// sections 4 and 4.1 to 4.4).
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

constexpr std::string_view fresh_minute = "Cache-Control: max-age=60\r\n";

std::string lines(std::initializer_list<std::string_view> fields) {
  std::string all;
  for (std::string_view field : fields) all.append(field).append("\r\n");
  return all;
}

/// Answers 304 to a matching If-None-Match and the whole page otherwise.
Script validating(std::string etag, std::string fields, std::string fields_of_304) {
  return [=](const RecordedRequest& request) {
    const std::string tag = "ETag: " + etag + "\r\n";
    if (request.field("If-None-Match") == etag) {
      return Reply(head_of(fields_of_304 + tag, "304 Not Modified"));
    }
    return Reply(page(version_of(request), fields + tag));
  };
}

TEST(RfcReuse, ExpiredPageIsValidatedAndFreshenedByA304) {
  ScriptedOrigin origin;
  origin.serve(
      "/a", validating("\"one\"", lines({"Cache-Control: max-age=60", "X-Old: 1", "X-New: before"}),
                       lines({"Cache-Control: max-age=60", "X-New: after"})));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);

  const Response revalidated = isrd.get("/a");
  EXPECT_EQ(revalidated.cache(), "REVALIDATED");
  EXPECT_EQ(revalidated.status, 200);
  EXPECT_EQ(revalidated.body, "/a v1");
  EXPECT_EQ(revalidated.field("X-New"), "after");
  EXPECT_EQ(revalidated.field("X-Old"), "1");

  isrd.advance(59s);
  const Response hit = isrd.get("/a");
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_EQ(hit.field("X-New"), "after");
  EXPECT_EQ(hit.body, "/a v1");
  EXPECT_EQ(origin.count("/a"), 2u);
  EXPECT_EQ(origin.request("/a", 1).field("If-None-Match"), "\"one\"");
}

TEST(RfcReuse, LastModifiedIsSentBackAsTheCondition) {
  ScriptedOrigin origin;
  const std::string date = "Mon, 13 Nov 2023 22:13:20 GMT";
  origin.serve("/a", versions(lines({"Cache-Control: max-age=60", "Last-Modified: " + date})));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);
  isrd.get("/a");
  EXPECT_EQ(origin.request("/a", 1).field("If-Modified-Since"), date);
}

TEST(RfcReuse, NoCacheIsStoredButAskedForAtEachUse) {
  ScriptedOrigin origin;
  origin.serve("/a", validating("\"one\"", "Cache-Control: no-cache, max-age=60\r\n",
                                "Cache-Control: no-cache, max-age=60\r\n"));
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a").cache(), "MISS");
  for (int use = 0; use < 3; ++use) {
    const Response used = isrd.get("/a");
    EXPECT_EQ(used.cache(), "REVALIDATED");
    EXPECT_EQ(used.body, "/a v1");
  }
  EXPECT_EQ(origin.count("/a"), 4u);
}

TEST(RfcReuse, FullAnswerToAValidationReplacesThePage) {
  ScriptedOrigin origin;
  origin.serve("/a", versions(lines({"Cache-Control: max-age=60", "ETag: \"x\""})));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
}

TEST(RfcReuse, ClientsOwnConditionIsJudgedAfterTheValidation) {
  ScriptedOrigin origin;
  origin.serve("/a", validating("\"one\"", std::string(fresh_minute), std::string(fresh_minute)));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);
  const Response not_modified = isrd.get("/a", "If-None-Match: \"one\"\r\n");
  EXPECT_EQ(not_modified.status, 304);
  isrd.advance(61s);
  const Response whole = isrd.get("/a", "If-None-Match: \"other\"\r\n");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, "/a v1");
}

TEST(RfcReuse, VariantsLieSideBySide) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& r) {
    const std::string language = r.has("Accept-Language") ? r.field("Accept-Language") : "none";
    return Reply(page(language, lines({"Cache-Control: max-age=60", "Vary: Accept-Language"})));
  });
  Daemon isrd(rfc_config(origin));
  const std::string german = "Accept-Language: de\r\n";
  const std::string english = "Accept-Language: en\r\n";
  EXPECT_EQ(isrd.get("/a", german).body, "de");
  EXPECT_EQ(isrd.get("/a", english).body, "en");
  EXPECT_EQ(isrd.get("/a").body, "none");
  for (const auto& [field, body] :
       {std::pair(german, "de"), {english, "en"}, {std::string(), "none"}}) {
    const Response hit = isrd.get("/a", field + "X-Unnamed: 1\r\n");
    EXPECT_EQ(hit.cache(), "HIT");
    EXPECT_EQ(hit.body, body);
  }
  EXPECT_EQ(origin.count("/a"), 3u);
}

TEST(RfcReuse, AcceptEncodingIsReducedBeforeItIsKeyedAndSent) {
  ScriptedOrigin origin;
  origin.serve("/a", versions(lines({"Cache-Control: max-age=60", "Vary: Accept-Encoding"})));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a", "Accept-Encoding: gzip, deflate\r\n");
  EXPECT_EQ(isrd.get("/a", "Accept-Encoding: deflate;q=0.1, gzip;q=1\r\n").cache(), "HIT");
  EXPECT_EQ(isrd.get("/a", "Accept-Encoding: gzip\r\n").cache(), "HIT");
  EXPECT_EQ(isrd.get("/a").cache(), "MISS");
  EXPECT_EQ(origin.request("/a", 0).field("Accept-Encoding"), "gzip");
}

TEST(RfcReuse, HeadIsAnsweredFromTheStoredPage) {
  ScriptedOrigin origin;
  origin.serve("/a", versions(std::string(fresh_minute)));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  Client client = isrd.connect();
  const Response head = client.head("/a");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.cache(), "HIT");
  EXPECT_EQ(head.field("Content-Length"), "5");
  EXPECT_EQ(client.get("/a").body, "/a v1");
  EXPECT_EQ(origin.count("/a"), 1u);
}

TEST(RfcReuse, HeadOnNothingCreatesNothing) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& r) {
    const std::string whole = page("/a v1", fresh_minute);
    return Reply(r.method == "HEAD" ? whole.substr(0, whole.find("\r\n\r\n") + 4) : whole);
  });
  Daemon isrd(rfc_config(origin));
  const Response head = isrd.head("/a");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Length"), "5");
  const Response get = isrd.get("/a");
  EXPECT_EQ(get.cache(), "MISS");
  EXPECT_EQ(get.body, "/a v1");
}

TEST(RfcReuse, ConditionalRequestsAreAnsweredFromTheStore) {
  ScriptedOrigin origin;
  origin.serve("/a", Reply(page("whole", lines({"Cache-Control: max-age=60", "ETag: W/\"e\"",
                                                "Last-Modified: Mon, 13 Nov 2023 22:13:20 GMT",
                                                "Vary: Accept-Language", "X-Other: 1"}))));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  const auto status = [&](std::string_view field) { return isrd.get("/a", field).status; };
  EXPECT_EQ(status("If-None-Match: \"e\"\r\n"), 304);
  EXPECT_EQ(status("If-None-Match: \"x\", W/\"e\"\r\n"), 304);
  EXPECT_EQ(status("If-None-Match: *\r\n"), 304);
  EXPECT_EQ(status("If-None-Match: \"x\"\r\nIf-Modified-Since: Mon, 13 Nov 2023 22:13:20 GMT\r\n"),
            200);
  EXPECT_EQ(status("If-Modified-Since: Mon, 13 Nov 2023 22:13:20 GMT\r\n"), 304);
  EXPECT_EQ(status("If-Modified-Since: Monday, 13-Nov-23 22:13:21 GMT\r\n"), 304);
  EXPECT_EQ(status("If-Modified-Since: Mon, 13 Nov 2023 22:13:19 GMT\r\n"), 200);
  const Response not_modified = isrd.get("/a", "If-None-Match: \"e\"\r\n");
  EXPECT_EQ(not_modified.field("ETag"), "W/\"e\"");
  EXPECT_EQ(not_modified.field("Vary"), "Accept-Language");
  EXPECT_TRUE(not_modified.has("Cache-Control"));
  EXPECT_TRUE(not_modified.has("Date"));
  EXPECT_EQ(origin.count("/a"), 1u);
}

TEST(RfcReuse, SingleRangeIsCutFromTheStoredPage) {
  ScriptedOrigin origin;
  origin.serve("/a", Reply(page("0123456789", lines({"Cache-Control: max-age=60", "X-Kept: 1"}))));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  const auto part = [&](std::string_view range) {
    const Response response = isrd.get("/a", "Range: bytes=" + std::string(range) + "\r\n");
    return std::to_string(response.status) + " " + response.field("Content-Range") + " " +
           response.body;
  };
  EXPECT_EQ(part("0-3"), "206 bytes 0-3/10 0123");
  EXPECT_EQ(part("7-"), "206 bytes 7-9/10 789");
  EXPECT_EQ(part("-2"), "206 bytes 8-9/10 89");
  EXPECT_EQ(part("8-99999999999999999999"), "206 bytes 8-9/10 89");
  EXPECT_EQ(isrd.get("/a", "Range: bytes=0-3\r\n").field("X-Kept"), "1");
  EXPECT_EQ(isrd.get("/a", "Range: bytes=10-\r\n").status, 416);
  EXPECT_EQ(isrd.get("/a", "Range: lines=1-2\r\n").body, "0123456789");
  EXPECT_EQ(origin.count("/a"), 1u);
}

TEST(RfcReuse, RangeOnNothingGoesToTheOriginAndIsNotStoredAsThePage) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& r) {
    if (!r.has("Range")) return Reply(page("0123456789", fresh_minute));
    return Reply(page("0123", lines({"Cache-Control: max-age=60", "Content-Range: bytes 0-3/10"}),
                      "206 Partial Content"));
  });
  Daemon isrd(rfc_config(origin));
  const Response part = isrd.get("/a", "Range: bytes=0-3\r\n");
  EXPECT_EQ(part.body, "0123");
  EXPECT_EQ(part.status, 206);
  const Response whole = isrd.get("/a");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, "0123456789");
}

TEST(RfcReuse, SuccessfulUnsafeRequestInvalidatesItsUrl) {
  ScriptedOrigin origin;
  origin.serve([](const RecordedRequest& r) {
    return Reply(page(r.method + " " + version_of(r), r.method == "GET" ? fresh_minute : ""));
  });
  Daemon isrd(rfc_config(origin));
  for (const std::string method : {"POST", "PUT", "DELETE", "PATCH", "STRANGE"}) {
    const std::string target = "/" + method;
    isrd.get(target);
    EXPECT_EQ(isrd.get(target).cache(), "HIT");
    Client client = isrd.connect();
    client.ask(target, "Content-Length: 0\r\n", method);
    EXPECT_EQ(client.read().body, method + " " + target + " v2");
    EXPECT_EQ(isrd.get(target).body, "GET " + target + " v3");
  }
}

TEST(RfcReuse, FailedUnsafeRequestInvalidatesNothing) {
  ScriptedOrigin origin;
  origin.serve([](const RecordedRequest& r) {
    return Reply(r.method == "GET" ? page("ok", fresh_minute) : page("no", "", "403 Forbidden"));
  });
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  EXPECT_EQ(isrd.post("/a", "x").status, 403);
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
}

TEST(RfcReuse, LocationOfAnUnsafeAnswerIsInvalidatedOnTheSameOriginOnly) {
  ScriptedOrigin origin;
  origin.serve([](const RecordedRequest& r) {
    if (r.method == "GET") return Reply(page(version_of(r), fresh_minute));
    return Reply(page("", lines({"Location: /made", "Content-Location: http://other.test/kept"}),
                      "201 Created"));
  });
  config::Config config = rfc_config(origin);
  config.sites[0].hosts.push_back("other.test");
  Daemon isrd(config);
  const auto other = [&] {
    return isrd.connect().exchange("GET /kept HTTP/1.1\r\nHost: other.test\r\n\r\n");
  };
  isrd.get("/made");
  other();
  isrd.post("/form", "x");
  EXPECT_EQ(isrd.get("/made").body, "/made v2");
  EXPECT_EQ(other().cache(), "HIT");
}

TEST(RfcReuse, ClientCannotForceAFetch) {
  ScriptedOrigin origin;
  origin.serve("/a", versions(std::string(fresh_minute)));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  EXPECT_EQ(isrd.get("/a", "Cache-Control: no-cache\r\nPragma: no-cache\r\n").cache(), "HIT");
  EXPECT_EQ(isrd.get("/a", "Cache-Control: max-age=0\r\n").cache(), "HIT");
}

TEST(RfcReuse, OnlyIfCachedIsAnsweredWhereDirectivesAreObeyed) {
  ScriptedOrigin origin;
  origin.serve("/a", versions(std::string(fresh_minute)));
  config::Config config = rfc_config(origin);
  config.sites[0].client_directives = true;
  Daemon isrd(config);
  EXPECT_EQ(isrd.get("/a", "Cache-Control: only-if-cached\r\n").status, 504);
  EXPECT_EQ(origin.count(), 0u);
  isrd.get("/a");
  EXPECT_EQ(isrd.get("/a", "Cache-Control: only-if-cached\r\n").cache(), "HIT");
  EXPECT_EQ(isrd.get("/a", "Cache-Control: no-cache\r\n").body, "/a v2");
}

TEST(RfcReuse, HeadThatAgreesFreshensTheStoredPage) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& r) {
    std::string whole =
        page("whole", lines({"Cache-Control: max-age=60", "ETag: \"e\"", "X-From: " + r.method}));
    if (r.method == "HEAD") whole.resize(whole.find("\r\n\r\n") + 4);
    return Reply(whole);
  });
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);
  EXPECT_EQ(isrd.head("/a").field("X-From"), "HEAD");
  const Response hit = isrd.get("/a");
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_EQ(hit.field("X-From"), "HEAD");
  EXPECT_EQ(hit.body, "whole");
  EXPECT_EQ(origin.request("/a", 1).method, "HEAD");
}

TEST(RfcReuse, HeadThatDisagreesEndsTheStoredPage) {
  ScriptedOrigin origin;
  origin.serve("/a", [](const RecordedRequest& r) {
    std::string whole = page(
        version_of(r), lines({"Cache-Control: max-age=60", "ETag: \"" + version_of(r) + "\""}));
    if (r.method == "HEAD") whole.resize(whole.find("\r\n\r\n") + 4);
    return Reply(whole);
  });
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);
  isrd.head("/a");
  EXPECT_EQ(isrd.get("/a").body, "/a v3");
}

TEST(RfcReuse, HeadThatFailsTouchesNothing) {
  ScriptedOrigin origin;
  origin.next(
      "/a", Reply(page("good", lines({"Cache-Control: max-age=60, stale-while-revalidate=600"}))));
  origin.serve("/a", Reply(head_of("Content-Length: 3\r\n", "500 Down")));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);
  isrd.head("/a");
  EXPECT_EQ(isrd.get("/a").body, "good");
}

}  // namespace
}  // namespace isrd::flow
