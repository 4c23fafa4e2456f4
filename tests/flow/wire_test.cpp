// HTTP/1 as clients speak it: pipelining, versions, and what goes on to the origin in which form.
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

std::string get_request(std::string_view target, std::string_view lines = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: blog.test\r\n" + std::string(lines) +
         "\r\n";
}

TEST(Wire, PipelinedRequestsAreAnsweredInOrder) {
  ScriptedOrigin origin;
  origin.serve(versions("Cache-Control: max-age=60\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/hit");
  Client client = isrd.connect();
  std::string all;
  std::vector<std::string> targets;
  for (int i = 0; i < 50; ++i) {
    targets.push_back(i % 3 == 0 ? "/cold" + std::to_string(i) : "/hit");
    all += get_request(targets.back());
  }
  client.send(all);
  for (const std::string& target : targets) EXPECT_EQ(client.read().body, target + " v1");
}

TEST(Wire, PipelinedHitsOfLargePagesArriveWhole) {
  ScriptedOrigin origin;
  const std::string body(300'000, 'p');
  origin.serve("/big", Reply(page(body, "Cache-Control: max-age=60\r\n")));
  Daemon isrd(rfc_config(origin));
  isrd.get("/big");
  Client client = isrd.connect();
  std::string all;
  for (int i = 0; i < 30; ++i) all += get_request("/big");
  client.send(all);
  for (int i = 0; i < 30; ++i) {
    const Response response = client.read();
    EXPECT_EQ(response.cache(), "HIT");
    EXPECT_TRUE(response.body == body);
  }
}

TEST(Wire, RequestBehindAPostWithABodyIsTheNextOne) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.send("POST /first HTTP/1.1\r\nHost: blog.test\r\nContent-Length: 4\r\n\r\nbody" +
              get_request("/second") +
              "POST /third HTTP/1.1\r\nHost: blog.test\r\nTransfer-Encoding: chunked\r\n\r\n" +
              chunk("more") + "0\r\n\r\n" + get_request("/fourth"));
  for (const std::string target : {"/first", "/second", "/third", "/fourth"}) {
    EXPECT_EQ(client.read().body, target + " v1");
  }
  EXPECT_EQ(origin.request("/first").body, "body");
  EXPECT_EQ(origin.request("/third").body, chunk("more") + "0\r\n\r\n");
}

TEST(Wire, RequestMayComeByteByByte) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  for (char c : get_request("/slow", "X-A: 1\r\n")) client.send(std::string_view(&c, 1));
  EXPECT_EQ(client.read().body, "/slow v1");
  EXPECT_EQ(origin.request("/slow").field("X-A"), "1");
}

TEST(Wire, EmptyLineBeforeARequestIsSkippedAlsoInTwoPieces) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  EXPECT_EQ(client.exchange("\r\n" + get_request("/a")).status, 200);
  client.send("\r");
  isrd.settle();
  EXPECT_EQ(client.exchange("\n" + get_request("/b")).status, 200);
}

TEST(Wire, ConnectionStaysOpenUntilTheClientSaysClose) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.get("/a").status, 200);
  const Response last = client.get("/a", "Connection: close\r\n");
  EXPECT_EQ(lower(last.field("Connection")), "close");
  EXPECT_EQ(client.wait_for_end(), Ending::orderly);
}

TEST(Wire, OldVersionClosesUnlessItAsksToBeKept) {
  ScriptedOrigin origin;
  origin.serve("/chunked",
               Reply(head_of("Cache-Control: no-store\r\nTransfer-Encoding: chunked\r\n") +
                     chunk("one") + chunk("two") + std::string(last_chunk)));
  Daemon isrd(rfc_config(origin));
  const std::string old = "GET /a HTTP/1.0\r\nHost: blog.test\r\n";

  Client closing = isrd.connect();
  EXPECT_EQ(closing.exchange(old + "\r\n").body, "/a v1");
  EXPECT_EQ(closing.wait_for_end(), Ending::orderly);

  Client kept = isrd.connect();
  const Response first = kept.exchange(old + "Connection: keep-alive\r\n\r\n");
  EXPECT_EQ(lower(first.field("Connection")), "keep-alive");
  EXPECT_EQ(kept.exchange(old + "Connection: keep-alive\r\n\r\n").status, 200);

  Client unknown_length = isrd.connect();
  const Response streamed =
      unknown_length.exchange("GET /chunked HTTP/1.0\r\nHost: blog.test\r\n\r\n");
  EXPECT_FALSE(streamed.has("Transfer-Encoding"));
  EXPECT_TRUE(streamed.complete);
  EXPECT_EQ(streamed.body, "onetwo");
}

TEST(Wire, OldVersionWithoutHostIsNoKnownHost) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.connect().exchange("GET /a HTTP/1.0\r\n\r\n").status, 421);
  EXPECT_EQ(origin.count(), 0u);
}

TEST(Wire, UnknownHostIsMisdirected) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  EXPECT_EQ(client.exchange("GET /a HTTP/1.1\r\nHost: other.test\r\n\r\n").status, 421);
  EXPECT_EQ(origin.count(), 0u);
}

TEST(Wire, SuffixAndAnyHostsAreKnown) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.sites[0].hosts = {"*.blog.test"};
  Daemon isrd(config);
  const auto status = [&](std::string_view host) {
    return isrd.connect()
        .exchange("GET /a HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n")
        .status;
  };
  EXPECT_EQ(status("www.blog.test"), 200);
  EXPECT_EQ(status("a.b.BLOG.test:8080"), 200);
  EXPECT_EQ(status("blog.test"), 421);
  EXPECT_EQ(status("evilblog.test"), 421);
}

TEST(Wire, AuthorityOfAnAbsoluteTargetReplacesHost) {
  ScriptedOrigin origin;
  origin.serve(versions("Cache-Control: max-age=60\r\n"));
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  EXPECT_EQ(
      client.exchange("GET http://blog.test/a?b=1 HTTP/1.1\r\nHost: ignored.test\r\n\r\n").status,
      200);
  const RecordedRequest request = origin.request("/a?b=1");
  EXPECT_EQ(request.field("Host"), "blog.test");
  EXPECT_EQ(client.get("/a?b=1").cache(), "HIT");
  EXPECT_EQ(client.exchange("GET http://other.test/a HTTP/1.1\r\nHost: blog.test\r\n\r\n").status,
            421);
}

TEST(Wire, OptionsForTheServerAsAWhole) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.connect().exchange("OPTIONS * HTTP/1.1\r\nHost: blog.test\r\n\r\n").status, 200);
  EXPECT_EQ(origin.count("*"), 1u);
}

TEST(Wire, UnknownMethodIsForwarded) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/a", "", "PROPFIND");
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(origin.request("/a").method, "PROPFIND");
}

TEST(Wire, HopByHopFieldsAndThoseThatConnectionNamesAreDropped) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  isrd.get("/a",
           "Connection: keep-alive, X-Private\r\nX-Private: secret\r\nKeep-Alive: timeout=9\r\n"
           "Proxy-Connection: keep-alive\r\nTE: trailers\r\nTrailer: X-T\r\nUpgrade: h2c\r\n"
           "HTTP2-Settings: AAA\r\nProxy-Authorization: Basic eDp5\r\nX-Kept: yes\r\n");
  const RecordedRequest request = origin.request("/a");
  for (const auto& name : {"X-Private", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
                           "Upgrade", "HTTP2-Settings", "Proxy-Authorization"}) {
    EXPECT_FALSE(request.has(name)) << name;
  }
  EXPECT_EQ(request.field("X-Kept"), "yes");
}

TEST(Wire, NamesWithAnUnderscoreAreRemoved) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  isrd.get("/a", "X_Forwarded_For: 6.6.6.6\r\nContent_Length: 7\r\nX-Good: 1\r\n");
  isrd.post("/b", "x", "Content_Length: 7\r\n");
  EXPECT_EQ(origin.received().find('_'), std::string::npos);
  EXPECT_EQ(origin.request("/a").field("X-Good"), "1");
}

TEST(Wire, ForwardingFieldsAreIsrdsOwn) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  const std::string lies =
      "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\n"
      "X-Forwarded-Port: 666\r\nX-Forwarded-Prefix: /evil\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: "
      "6.6.6.6\r\n"
      "Proxy: http://evil.test\r\n";
  isrd.get("/get", lies);
  isrd.post("/post", "x", lies);
  for (const std::string target : {"/get", "/post"}) {
    const RecordedRequest request = origin.request(target);
    EXPECT_EQ(request.field("X-Forwarded-For"), "127.0.0.1") << target;
    EXPECT_EQ(request.field("X-Forwarded-Proto"), "http");
    EXPECT_EQ(request.field("X-Forwarded-Host"), "blog.test");
    EXPECT_EQ(request.field("X-Forwarded-Port"), std::to_string(isrd.port()));
    EXPECT_NE(request.field("Forwarded").find("for=127.0.0.1"), std::string::npos);
    EXPECT_NE(request.field("Via").find("1.1 isrd"), std::string::npos);
    EXPECT_NE(request.field("CDN-Loop").find("isrd"), std::string::npos);
    EXPECT_EQ(request.head.find("evil"), std::string::npos) << request.head;
    EXPECT_EQ(request.head.find("6.6.6.6"), std::string::npos) << request.head;
  }
}

TEST(Wire, ConfiguredProxyIsBelieved) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.trusted_proxies = {"127.0.0.0/8"};
  Daemon isrd(config);
  isrd.get("/a", "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n");
  const RecordedRequest request = origin.request("/a");
  EXPECT_EQ(request.field("X-Forwarded-For"), "9.9.9.9, 127.0.0.1");
  EXPECT_EQ(request.field("X-Forwarded-Proto"), "https");
}

TEST(Wire, RequestThatHasBeenHereIsALoop) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a", "CDN-Loop: other, isrd\r\n").status, 508);
  EXPECT_EQ(isrd.get("/a", "CDN-Loop: isrd; v=1\r\n").status, 508);
  EXPECT_EQ(isrd.get("/a", "CDN-Loop: other\r\n").status, 200);
  EXPECT_EQ(origin.count(), 1u);
  EXPECT_EQ(origin.request("/a").field("CDN-Loop"), "other, isrd");
}

TEST(Wire, OriginThatIsIsrdItselfIsALoop) {
  ScriptedOrigin origin;
  Daemon inner(rfc_config(origin));
  config::Config config = rfc_config(origin);
  config.origins[0].address.port = inner.port();
  Daemon outer(config);
  EXPECT_EQ(outer.get("/a").status, 508);
  EXPECT_EQ(origin.count(), 0u);
}

TEST(Wire, ConfiguredHostIsSentToTheOrigin) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.origins[0].host = "internal.test:81";
  Daemon isrd(config);
  isrd.get("/a");
  EXPECT_EQ(origin.request("/a").field("Host"), "internal.test:81");
  EXPECT_EQ(origin.request("/a").field("X-Forwarded-Host"), "blog.test");
}

TEST(Wire, HeadIsPassedOnAsHeadAndLeavesTheConnectionInStep) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  const Response head = client.head("/a");
  EXPECT_EQ(head.field("Content-Length"), "5");
  EXPECT_EQ(client.get("/b").body, "/b v1");
  EXPECT_EQ(origin.request("/a").method, "HEAD");
}

TEST(Wire, TargetIsForwardedAsItWasWritten) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  for (const std::string target :
       {"/a/../b", "//double", "/%41%2f", "/a;p=1?x=%20&y", "/?", "/a?b?c"}) {
    EXPECT_EQ(isrd.get(target).status, 200);
    EXPECT_EQ(origin.count(target), 1u) << target;
  }
}

TEST(Wire, SlowHeadEndsInATimeout) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.timeouts.head = 150ms;
  Daemon isrd(config);
  Client client = isrd.connect();
  client.send("GET /x HTTP/1.1\r\nHost: blog.test\r\n");
  EXPECT_EQ(client.read().status, 408);
  EXPECT_NE(client.wait_for_end(), Ending::still_open);
  EXPECT_EQ(origin.count(), 0u);
}

TEST(Wire, IdleConnectionIsClosedQuietly) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.timeouts.keep_alive = 150ms;
  Daemon isrd(config);
  Client client = isrd.connect();
  EXPECT_EQ(client.get("/a").status, 200);
  EXPECT_EQ(client.wait_for_end(), Ending::orderly);
  EXPECT_EQ(client.surplus(), "");
}

TEST(Wire, StalledUploadEndsAndTheOriginSeesNoWholeRequest) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.timeouts.body = 150ms;
  Daemon isrd(config);
  Client client = isrd.connect();
  client.ask("/up", "Content-Length: 100\r\n", "POST");
  client.send("only a part");
  const Response response = client.read();
  EXPECT_TRUE(response.status == 408 || response.status == 0) << response.status;
  EXPECT_NE(client.wait_for_end(), Ending::still_open);
  EXPECT_EQ(origin.count("/up"), 0u);
}

TEST(Wire, ClientThatDoesNotReadIsCutOff) {
  ScriptedOrigin origin;
  const std::string body(20'000'000, 'x');
  origin.serve("/big", Reply(page(body, "Cache-Control: max-age=600\r\n")));
  config::Config config = rfc_config(origin);
  config.timeouts.write = 200ms;
  Daemon isrd(config);
  isrd.get("/big");
  Client client = isrd.connect();
  client.ask("/big");
  ASSERT_TRUE(wait_readable(client.fd(), Deadline()));
  ASSERT_TRUE(eventually([&] { return isrd.stat("connections") == 0; }));
  EXPECT_FALSE(client.read().complete);
}

TEST(Wire, ConnectionsOverTheLimitAreTurnedAwayAndOthersServed) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.limits.connections = 4;
  Daemon isrd(config);
  std::vector<Client> open;
  for (int i = 0; i < 4; ++i) {
    open.push_back(isrd.connect());
    EXPECT_EQ(open.back().get("/a").status, 200);
  }
  Client over = isrd.connect();
  over.ask("/a");
  const Response response = over.read();
  EXPECT_TRUE(response.status == 0 || response.status == 503) << response.status;
  EXPECT_EQ(open.front().get("/a").status, 200);
  open.clear();
  EXPECT_TRUE(eventually([&] { return isrd.get("/a").status == 200; }));
}

TEST(Wire, EarlierRequestLeavesNothingForTheNextOne) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.get("/a", "X-Secret: one\r\nCookie: a=1\r\nAuthorization: Basic eDp5\r\n");
  client.get("/b");
  const RecordedRequest second = origin.request("/b");
  for (const auto& name : {"X-Secret", "Cookie", "Authorization"}) EXPECT_FALSE(second.has(name));
}

TEST(Wire, DripOfABodyIsTooSlow) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.timeouts.body = 1s;
  config.limits.body_rate_bytes_min = 1'000'000;
  Daemon isrd(config);
  Client client = isrd.connect();
  client.ask("/up", "Content-Length: 100000\r\n", "POST");
  const Deadline deadline;
  // Never a pause that is too long in itself.
  while (!deadline.passed() && !wait_readable(client.fd(), Deadline(50ms))) client.send("x");
  const Response response = client.read();
  EXPECT_TRUE(response.status == 408 || response.status == 0) << response.status;
  EXPECT_EQ(origin.count("/up"), 0u);
}

TEST(Wire, UnixSocketsOnBothSides) {
  TempDir dir;
  ScriptedOrigin origin(dir.path() + "/origin.sock");
  config::Config config = isr_config(origin, usual_windows());
  config.listen.push_back({net::Address::Kind::unix_socket, {}, 0, dir.path() + "/isrd.sock"});
  config.origins[0].address = {net::Address::Kind::unix_socket, {}, 0, dir.path() + "/origin.sock"};
  config.origins[0].url = "unix:" + dir.path() + "/origin.sock";
  Daemon isrd(config);
  EXPECT_EQ(Client(dir.path() + "/isrd.sock").get("/a").cache(), "MISS");
  EXPECT_EQ(Client(dir.path() + "/isrd.sock").get("/a").cache(), "HIT");
  EXPECT_EQ(isrd.post("/b", "x").status, 200);
}

}  // namespace
}  // namespace isrd::flow
