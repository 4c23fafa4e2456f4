// The origin's side of the wire: strict heads, honest framing, connections that are used again only
// when both sides agree about every byte (security rules 11, 13, 14, 18, 19).
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

TEST(OriginWire, MalformedHeadsAreABadGateway) {
  using namespace std::string_literals;
  const std::vector<std::pair<const char*, std::string>> rows = {
      {"status 000", "HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n"},
      {"status 099", "HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n"},
      {"status 600", "HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n"},
      {"two digits", "HTTP/1.1 20 X\r\nContent-Length: 0\r\n\r\n"},
      {"version 2", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"},
      {"version 1.2", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"},
      {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
      {"two lengths", head_of("Content-Length: 1\r\nContent-Length: 2\r\n") + "ab"},
      {"equal lengths", head_of("Content-Length: 1\r\nContent-Length: 1\r\n") + "a"},
      {"list length", head_of("Content-Length: 1, 1\r\n") + "a"},
      {"signed length", head_of("Content-Length: +1\r\n") + "a"},
      {"huge length", head_of("Content-Length: 99999999999999999999\r\n") + "a"},
      {"length and chunked",
       head_of("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n"},
      {"chunked twice", head_of("Transfer-Encoding: chunked, chunked\r\n") + "0\r\n\r\n"},
      {"gzip, chunked", head_of("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n"},
      {"identity", head_of("Transfer-Encoding: identity\r\n") + "a"},
      {"chunked on 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"folded", head_of("X-A: 1\r\n folded\r\nContent-Length: 0\r\n")},
      {"NUL", head_of("X-A: a\0b\r\nContent-Length: 0\r\n"s)},
      {"no colon", head_of("X-A\r\nContent-Length: 0\r\n")},
      {"space before colon", head_of("X-A : 1\r\nContent-Length: 0\r\n")},
      {"empty name", head_of(": 1\r\nContent-Length: 0\r\n")},
      {"control in reason", "HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n"},
      {"large head", head_of("X-A: " + std::string(300'000, 'a') + "\r\nContent-Length: 0\r\n")},
      {"garbage", "\x16\x03\x01 garbage\r\n\r\n"},
  };
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  int number = 0;
  for (const auto& [name, bytes] : rows) {
    SCOPED_TRACE(name);
    const std::string target = "/bad" + std::to_string(++number);
    origin.next(target, Reply(bytes).close());
    const Response response = client.get(target);
    EXPECT_EQ(response.status, 502);
    EXPECT_TRUE(response.has("Proxy-Status"));
    origin.next(target, Reply(bytes).close());
    EXPECT_EQ(isrd.post(target, "x").status, 502);
  }
  EXPECT_EQ(client.get("/healthy").status, 200);
}

TEST(OriginWire, TooManyFieldsAreABadGateway) {
  ScriptedOrigin origin;
  std::string many;
  for (int i = 0; i < 501; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  origin.next("/a", Reply(page("a", many)));
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a").status, 502);
}

TEST(OriginWire, BrokenChunksCutTheAnswerAndAreNeverStored) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  int number = 0;
  for (const std::string chunks :
       {"+5\r\nabcde\r\n0\r\n\r\n", "0x5\r\nabcde\r\n0\r\n\r\n", "5\r\nabcdeXX0\r\n\r\n",
        "5\nabcde\r\n0\r\n\r\n", "5 \r\nabcde\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabcde\r\n0\r\n\r\n"}) {
    SCOPED_TRACE(chunks);
    const std::string target = "/bad" + std::to_string(++number);
    origin.next(target, Reply(head_of("Transfer-Encoding: chunked\r\n") + chunks));
    Client client = isrd.connect();
    client.ask(target);
    const Response response = client.read();
    EXPECT_TRUE(response.status == 502 || !response.complete) << response.status;
    EXPECT_EQ(isrd.get(target).body, target + " v2");
  }
}

TEST(OriginWire, SurplusBytesAreNeverAnAnswer) {
  ScriptedOrigin origin;
  origin.next("/a", Reply(page("/a good") + page("injected")));
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a").body, "/a good");
  EXPECT_TRUE(origin.wait_for_closed(1));
  EXPECT_EQ(isrd.get("/b").body, "/b v1");
  EXPECT_EQ(origin.connections(), 2u);
}

TEST(OriginWire, BytesThatComeLateOnAnIdleConnectionCloseIt) {
  ScriptedOrigin origin;
  const GatePtr late = make_gate();
  origin.next("/a", Reply(page("/a good")).wait(late).then(page("injected")));
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a").body, "/a good");
  late->open();
  ASSERT_TRUE(origin.wait_for_replies(1));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(isrd.get("/b").body.substr(0, 4), "/b v");
}

TEST(OriginWire, TrailersAreDropped) {
  ScriptedOrigin origin;
  origin.serve(
      "/a",
      Reply(head_of("Cache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n") +
            chunk("body") + "0\r\nX-T: 1\r\nSet-Cookie: a=b\r\n\r\n"));
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  for (const std::string word : {"MISS", "HIT"}) {
    const Response response = client.get("/a");
    EXPECT_EQ(response.cache(), word);
    EXPECT_EQ(response.body, "body");
    EXPECT_FALSE(response.has("X-T"));
    EXPECT_FALSE(response.has("Set-Cookie"));
    EXPECT_FALSE(response.has("Trailer"));
  }
  EXPECT_EQ(client.surplus(), "");
}

TEST(OriginWire, ConnectionIsUsedAgain) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.workers = 1;
  Daemon isrd(config);
  for (int i = 0; i < 5; ++i) isrd.get("/a");
  isrd.post("/a", "x");
  EXPECT_EQ(origin.connections(), 1u);
}

TEST(OriginWire, ConnectionIsNotUsedAgainWhenTheOriginCloses) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Connection: close\r\n"));
  origin.serve("/old", [](const RecordedRequest&) {
    return Reply("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold");
  });
  config::Config config = rfc_config(origin);
  config.workers = 1;
  Daemon isrd(config);
  isrd.get("/a");
  isrd.get("/a");
  EXPECT_EQ(isrd.get("/old").body, "old");
  EXPECT_EQ(isrd.get("/old").body, "old");
  EXPECT_EQ(origin.connections(), 4u);
}

TEST(OriginWire, BodyUpToTheEndOfTheConnectionIsWhole) {
  ScriptedOrigin origin;
  origin.serve("/a", Reply(head_of("Cache-Control: max-age=60\r\n") + "to the end").close());
  Daemon isrd(rfc_config(origin));
  const Response response = isrd.get("/a");
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.body, "to the end");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
}

TEST(OriginWire, PooledConnectionThatDiedIsTriedOnceMoreForSafeRequestsOnly) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.workers = 1;
  Daemon isrd(config);
  isrd.get("/warm");
  // The origin takes the request on the old connection and ends it without a byte.
  origin.next("/get", Reply().close());
  const Response again = isrd.get("/get");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, "/get v2");

  origin.next("/post", Reply().close());
  EXPECT_EQ(isrd.post("/post", "x").status, 502);
  EXPECT_EQ(origin.count("/post"), 1u);
}

TEST(OriginWire, RetryIsMadeOnceOnly) {
  ScriptedOrigin origin;
  origin.serve("/get", Reply().close());
  config::Config config = rfc_config(origin);
  config.workers = 1;
  Daemon isrd(config);
  isrd.get("/warm");
  EXPECT_EQ(isrd.get("/get").status, 502);
  EXPECT_EQ(origin.count("/get"), 2u);
}

TEST(OriginWire, RestartedOriginIsFoundAgain) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(isrd.get("/a").status, 200);
    origin.stop();
    origin.start();
    EXPECT_EQ(isrd.post("/b", "x").status, 200);
  }
}

TEST(OriginWire, NoContentAndNotModifiedHaveNoBody) {
  ScriptedOrigin origin;
  origin.serve("/204", Reply(head_of("Cache-Control: max-age=60\r\n", "204 No Content")));
  origin.serve("/304", Reply(head_of("ETag: \"e\"\r\n", "304 Not Modified")));
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  EXPECT_EQ(client.get("/204").status, 204);
  const Response hit = client.get("/204");
  EXPECT_EQ(hit.status, 204);
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_FALSE(hit.has("Content-Length"));
  EXPECT_EQ(client.get("/next").body, "/next v1");
}

TEST(OriginWire, LengthOfNothingIsAnAnswer) {
  ScriptedOrigin origin;
  origin.serve("/a", Reply(page("", "Cache-Control: max-age=60\r\n")));
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  for (const std::string word : {"MISS", "HIT"}) {
    const Response response = client.get("/a");
    EXPECT_EQ(response.cache(), word);
    EXPECT_TRUE(response.complete);
    EXPECT_EQ(response.field("Content-Length"), "0");
  }
}

TEST(OriginWire, RequestsWaitForAFreeConnectionAndThenGiveUp) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/hold", Reply().wait(gate).then(page("held")));
  config::Config config = rfc_config(origin);
  config.origins[0].connections = 1;
  config.origins[0].timeouts.queue = 200ms;
  Daemon isrd(config);
  Client holder = isrd.connect();
  holder.ask("/hold");
  ASSERT_TRUE(origin.wait_for_requests(1));
  const Response turned_away = isrd.get("/other");
  EXPECT_TRUE(turned_away.status == 503 || turned_away.status == 504) << turned_away.status;
  gate->open();
  EXPECT_EQ(holder.read().body, "held");
  EXPECT_EQ(isrd.get("/other").status, 200);
}

TEST(OriginWire, SilenceInTheMiddleOfABodyCutsTheAnswer) {
  ScriptedOrigin origin;
  origin.serve("/a", Reply(head_of("Content-Length: 10\r\n") + "half").silence());
  config::Config config = rfc_config(origin);
  config.origins[0].timeouts.idle = 150ms;
  Daemon isrd(config);
  const Response response = isrd.get("/a");
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.complete);
}

}  // namespace
}  // namespace isrd::flow
