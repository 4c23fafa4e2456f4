// Bytes that must pass at once: events, interim answers, uploads, tunnels.
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

TEST(Streaming, EventsArrivePieceByPiece) {
  ScriptedOrigin origin;
  const GatePtr second = make_gate();
  const GatePtr end = make_gate();
  origin.serve("/events",
               Reply(head_of("Content-Type: text/event-stream\r\nCache-Control: no-store\r\n"
                             "Transfer-Encoding: chunked\r\n") +
                     chunk("data: one\n\n"))
                   .wait(second)
                   .then(chunk("data: two\n\n"))
                   .wait(end)
                   .then(std::string(last_chunk)));
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/events");
  EXPECT_EQ(client.read_head().field("Content-Type"), "text/event-stream");
  client.read_until("data: one\n\n");
  second->open();
  client.read_until("data: two\n\n");
  end->open();
  client.read_until("0\r\n\r\n");
}

TEST(Streaming, EventsOnAnIsrRouteArrivePieceByPieceToo) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/events",
               Reply(head_of("Cache-Control: no-store\r\nTransfer-Encoding: chunked\r\n") +
                     chunk("data: one\n\n"))
                   .wait(gate)
                   .then(std::string(last_chunk)));
  Daemon isrd(isr_config(origin, usual_windows()));
  Client client = isrd.connect();
  client.ask("/events", "Cookie: session=1\r\n");
  client.read_until("data: one\n\n");
  gate->open();
  client.read_until("0\r\n\r\n");
}

TEST(Streaming, ClientThatLeavesEndsAStreamAtTheOrigin) {
  ScriptedOrigin origin;
  origin.serve("/events",
               Reply(head_of("Cache-Control: no-store\r\nTransfer-Encoding: chunked\r\n") +
                     chunk("data: one\n\n"))
                   .silence());
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/events");
  client.read_until("data: one\n\n");
  client.leave_with_reset();
  EXPECT_TRUE(origin.wait_for_closed(1));
}

TEST(Streaming, InterimAnswersAreForwardedAtOnceAndStayOutOfTheFinalOne) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/a", Reply(head_of("Link: </x.css>; rel=preload\r\n", "103 Early Hints"))
                         .wait(gate)
                         .then(page("final", "Cache-Control: max-age=60\r\n")));
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/a");
  const std::string interim = client.read_until("\r\n\r\n");
  EXPECT_TRUE(interim.starts_with("HTTP/1.1 103 ")) << interim;
  EXPECT_NE(interim.find("Link: </x.css>; rel=preload\r\n"), std::string::npos);
  gate->open();
  const Response final = client.read();
  EXPECT_EQ(final.body, "final");
  EXPECT_FALSE(final.has("Link"));
  const Response hit = client.get("/a");
  EXPECT_EQ(hit.cache(), "HIT");
  EXPECT_TRUE(hit.interims.empty());
  EXPECT_FALSE(hit.has("Link"));
}

TEST(Streaming, InterimInOneReadWithTheFinalAnswerIsForwarded) {
  ScriptedOrigin origin;
  const std::string hint = head_of("Link: </x>\r\n", "103 Early Hints");
  origin.serve([hint](const RecordedRequest&) {
    return Reply(hint + hint + page("final", "Cache-Control: no-store\r\n"));
  });
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a").interims.size(), 2u);
  EXPECT_EQ(isrd.post("/a", "x").interims.size(), 2u);
  const Response old = isrd.connect().exchange("GET /b HTTP/1.0\r\nHost: blog.test\r\n\r\n");
  EXPECT_TRUE(old.interims.empty());
  EXPECT_EQ(old.body, "final");
}

TEST(Streaming, TooManyInterimAnswersAreABadOrigin) {
  ScriptedOrigin origin;
  std::string many;
  for (int i = 0; i < 20; ++i) many += head_of("", "103 Early Hints");
  origin.serve("/a", Reply(many + page("final")));
  Daemon isrd(rfc_config(origin));
  EXPECT_EQ(isrd.get("/a").status, 502);
}

TEST(Streaming, UploadIsPassedOnWhileItComes) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/up", "Transfer-Encoding: chunked\r\n", "POST");
  client.send(chunk("first piece"));
  ASSERT_TRUE(origin.wait_until_received("first piece"));
  client.send("6;ext=\"a;b\"\r\nsecond\r\n" + std::string("0\r\nX-Trailer: evil\r\n\r\n"));
  EXPECT_EQ(client.read().status, 200);
  const RecordedRequest request = origin.request("/up");
  EXPECT_EQ(request.field("Transfer-Encoding"), "chunked");
  EXPECT_FALSE(request.has("Content-Length"));
  EXPECT_EQ(origin.received().find("X-Trailer"), std::string::npos);
  EXPECT_EQ(origin.received().find("ext"), std::string::npos);
  EXPECT_NE(request.body.find("first piece"), std::string::npos);
  EXPECT_NE(request.body.find("second"), std::string::npos);
}

TEST(Streaming, LargeUploadArrivesWhole) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  std::string body;
  while (body.size() < 2'000'000) body += std::to_string(body.size()) + ",";
  EXPECT_EQ(isrd.post("/up", body).status, 200);
  EXPECT_TRUE(origin.request("/up").body == body);
  EXPECT_EQ(origin.request("/up").field("Content-Length"), std::to_string(body.size()));
}

TEST(Streaming, ExpectedContinueComesBeforeTheBodyIsSent) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/up", "Content-Length: 4\r\nExpect: 100-continue\r\n", "POST");
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 100 "));
  client.send("body");
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(origin.request("/up").body, "body");
}

TEST(Streaming, EarlyAnswerToAnUploadReachesTheClient) {
  ScriptedOrigin origin;
  origin.answer_at_head(true);
  origin.serve("/up", Reply(page("too much", "Connection: close\r\n", "413 Content Too Large")));
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/up", "Content-Length: 100000\r\n", "POST");
  client.send("the beginning of a long body");
  const Response response = client.read();
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.body, "too much");
}

TEST(Streaming, UploadThatIsCutIsNotAWholeRequestForTheOrigin) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/up", "Transfer-Encoding: chunked\r\n", "POST");
  client.send(chunk("half"));
  ASSERT_TRUE(origin.wait_until_received("half"));
  client.leave_with_reset();
  EXPECT_TRUE(origin.wait_for_closed(1));
  EXPECT_EQ(origin.count("/up"), 0u);
  EXPECT_EQ(origin.received().find("0\r\n\r\n"), std::string::npos);
}

constexpr std::string_view websocket_fields =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

std::string switching() {
  return head_of("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n",
                 "101 Switching Protocols");
}

TEST(Tunnel, BytesPassBothWaysWhereWebsocketsAreAllowed) {
  ScriptedOrigin origin;
  origin.serve("/chat", Reply(switching() + "hello first").echo());
  config::Config config = rfc_config(origin);
  config.sites[0].websocket = true;
  Daemon isrd(config);
  Client client = isrd.connect();
  client.ask("/chat", websocket_fields);
  const Response response = client.read();
  EXPECT_EQ(response.status, 101);
  EXPECT_EQ(lower(response.field("Upgrade")), "websocket");
  client.read_until("hello first");
  for (const std::string& message :
       {std::string("ping"), std::string("pong"), std::string(100'000, 'm')}) {
    client.send(message);
    client.read_until(message);
  }
  client.finish_sending();
  EXPECT_EQ(client.wait_for_end(), Ending::orderly);
  EXPECT_EQ(lower(origin.request("/chat").field("Upgrade")), "websocket");
  EXPECT_EQ(origin.request("/chat").field("Sec-WebSocket-Version"), "13");
}

TEST(Tunnel, IsNotOpenedWhereItIsNotAllowed) {
  ScriptedOrigin origin;
  origin.serve("/chat", [](const RecordedRequest& r) {
    return r.has("Upgrade") ? Reply(switching()).echo() : Reply(page("plain"));
  });
  Daemon isrd(rfc_config(origin));
  const Response response = isrd.get("/chat", websocket_fields);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "plain");
  EXPECT_FALSE(origin.request("/chat").has("Upgrade"));
  EXPECT_FALSE(origin.request("/chat").has("Connection") &&
               lower(origin.request("/chat").field("Connection")).find("upgrade") !=
                   std::string::npos);
}

TEST(Tunnel, OtherStatusThan101GoesTheNormalWay) {
  ScriptedOrigin origin;
  origin.serve("/chat", Reply(page("no", "", "403 Forbidden")));
  config::Config config = rfc_config(origin);
  config.sites[0].websocket = true;
  Daemon isrd(config);
  Client client = isrd.connect();
  client.ask("/chat", websocket_fields);
  EXPECT_EQ(client.read().status, 403);
  // What follows is a request again, not bytes for the origin's eyes.
  EXPECT_EQ(client.get("/next").status, 200);
}

TEST(Tunnel, UninvitedOrForeign101IsABadAnswer) {
  ScriptedOrigin origin;
  origin.serve("/plain", Reply(switching() + "smuggled"));
  origin.serve("/chat",
               Reply(head_of("Connection: Upgrade\r\nUpgrade: h2c\r\n", "101 Switching Protocols") +
                     "smuggled"));
  config::Config config = rfc_config(origin);
  config.sites[0].websocket = true;
  Daemon isrd(config);
  EXPECT_EQ(isrd.get("/plain").status, 502);
  EXPECT_EQ(isrd.get("/chat", websocket_fields).status, 502);
}

TEST(Tunnel, IdleOneIsClosed) {
  ScriptedOrigin origin;
  origin.serve("/chat", Reply(switching()).echo());
  config::Config config = rfc_config(origin);
  config.sites[0].websocket = true;
  config.timeouts.tunnel = 150ms;
  Daemon isrd(config);
  Client client = isrd.connect();
  client.ask("/chat", websocket_fields);
  EXPECT_EQ(client.read().status, 101);
  EXPECT_NE(client.wait_for_end(), Ending::still_open);
  EXPECT_TRUE(origin.wait_for_closed(1));
}

TEST(Streaming, LateReaderOfAnUnstorableBodyGetsItWhole) {
  ScriptedOrigin origin;
  const std::string body(30'000'000, 'u');
  origin.serve("/big", Reply(page(body, "Cache-Control: no-store\r\n")));
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/big");
  ASSERT_TRUE(origin.wait_for_requests("/big", 1));
  EXPECT_EQ(isrd.get("/other").status, 200);
  EXPECT_TRUE(client.read().body == body);
}

}  // namespace
}  // namespace isrd::flow
