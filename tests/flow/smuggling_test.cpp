// Security rules 1 to 19 on the client's side: one unambiguous reading of every request or a
// refusal, of which the origin hears nothing.
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

struct Refused {
  const char* name;
  std::string bytes;
  std::vector<int> statuses;
};

std::string with(std::string_view lines, std::string_view body = "") {
  return "POST /x HTTP/1.1\r\nHost: blog.test\r\n" + std::string(lines) + "\r\n" +
         std::string(body);
}

std::string line(std::string_view request_line) {
  return std::string(request_line) + "\r\nHost: blog.test\r\n\r\n";
}

constexpr std::string_view smuggled = "GET /smuggled HTTP/1.1\r\nHost: blog.test\r\n\r\n";

/// Every request is refused with its status, the connection ends, and neither it nor what follows
/// it reaches the origin.
void expect_refused(const std::vector<Refused>& rows) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  for (const Refused& row : rows) {
    SCOPED_TRACE(row.name);
    try {
      const Response response = isrd.refused(row.bytes + std::string(smuggled));
      EXPECT_THAT(row.statuses, testing::Contains(response.status));
      EXPECT_EQ(lower(response.field("Connection")), "close");
    } catch (const ClientError& error) {
      ADD_FAILURE() << error.what();
    }
  }
  EXPECT_EQ(isrd.get("/healthy").status, 200);
  EXPECT_EQ(origin.count(), 1u) << origin.received();
}

TEST(Smuggling, ContentLengthThatIsNotOnePlainNumber) {
  expect_refused({
      {"two equal", with("Content-Length: 5\r\nContent-Length: 5\r\n", "abcde"), {400}},
      {"two different", with("Content-Length: 5\r\nContent-Length: 0\r\n", "abcde"), {400}},
      {"list", with("Content-Length: 5, 5\r\n", "abcde"), {400}},
      {"plus", with("Content-Length: +5\r\n", "abcde"), {400}},
      {"minus", with("Content-Length: -5\r\n", "abcde"), {400}},
      {"hex", with("Content-Length: 0x5\r\n", "abcde"), {400}},
      {"space inside", with("Content-Length: 5 5\r\n", "abcde"), {400}},
      {"empty", with("Content-Length: \r\n"), {400}},
      {"letters", with("Content-Length: five\r\n", "abcde"), {400}},
      {"19 digits", with("Content-Length: 1000000000000000000\r\n"), {400, 413}},
      {"overflow", with("Content-Length: 18446744073709551617\r\n", "a"), {400, 413}},
      {"on GET too", "GET /x HTTP/1.1\r\nHost: blog.test\r\nContent-Length: 1, 1\r\n\r\na", {400}},
  });
}

TEST(Smuggling, TransferEncodingThatIsNotChunkedAlone) {
  const std::string body = "0\r\n\r\n";
  expect_refused({
      {"with length", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body), {400}},
      {"length after", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", body), {400}},
      {"identity", with("Transfer-Encoding: identity\r\n", body), {400, 501}},
      {"gzip, chunked", with("Transfer-Encoding: gzip, chunked\r\n", body), {400, 501}},
      {"chunked, chunked", with("Transfer-Encoding: chunked, chunked\r\n", body), {400, 501}},
      {"two lines",
       with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", body),
       {400, 501}},
      {"quoted", with("Transfer-Encoding: \"chunked\"\r\n", body), {400, 501}},
      {"parameter", with("Transfer-Encoding: chunked;q=1\r\n", body), {400, 501}},
      {"vertical tab",
       with("Transfer-Encoding: \x0b"
            "chunked\r\n",
            body),
       {400}},
      {"space before colon", with("Transfer-Encoding : chunked\r\n", body), {400}},
      {"empty", with("Transfer-Encoding: \r\n", body), {400, 501}},
      {"on 1.0",
       "POST /x HTTP/1.0\r\nHost: blog.test\r\nTransfer-Encoding: chunked\r\n\r\n" + body,
       {400, 501}},
      {"on GET", "GET /x HTTP/1.1\r\nHost: blog.test\r\nTransfer-Encoding: x\r\n\r\n", {400, 501}},
  });
}

TEST(Smuggling, FieldLinesThatAreNone) {
  using namespace std::string_literals;
  expect_refused({
      {"folded", with("X-A: 1\r\n folded: 2\r\n"), {400}},
      {"tab folded", with("X-A: 1\r\n\tfolded\r\n"), {400}},
      {"first line folded",
       "GET /x HTTP/1.1\r\n Host: blog.test\r\nHost: blog.test\r\n\r\n",
       {400}},
      {"bare LF", with("X-A: 1\nX-B: 2\r\n"), {400}},
      {"bare CR", with("X-A: 1\rX-B: 2\r\n"), {400}},
      {"NUL", with("X-A: a\0b\r\n"s), {400}},
      {"DEL", with("X-A: a\x7f\r\n"), {400}},
      {"control", with("X-A: a\x01\r\n"), {400}},
      {"empty name", with(": x\r\n"), {400}},
      {"no colon", with("X-A\r\n"), {400}},
      {"space in name", with("X A: 1\r\n"), {400}},
      {"name with parenthesis", with("X(A): 1\r\n"), {400}},
      {"name above 127", with("X-\xc3\xa4: 1\r\n"), {400}},
      {"long name", with(std::string(300, 'n') + ": 1\r\n"), {400, 431}},
      {"LF head", "GET /x HTTP/1.1\nHost: blog.test\n\n", {400}},
  });
}

TEST(Smuggling, RequestLinesThatAreNone) {
  using namespace std::string_literals;
  expect_refused({
      {"version 2.0", line("GET /x HTTP/2.0"), {505}},
      {"version 1.2", line("GET /x HTTP/1.2"), {505, 400}},
      {"version 0.9", line("GET /x HTTP/0.9"), {505, 400}},
      {"no version", "GET /x\r\n\r\n", {400}},
      {"lower version", line("GET /x http/1.1"), {400}},
      {"two spaces", line("GET  /x HTTP/1.1"), {400}},
      {"tab", line("GET\t/x\tHTTP/1.1"), {400}},
      {"space after", line("GET /x HTTP/1.1 "), {400}},
      {"empty method", line(" /x HTTP/1.1"), {400}},
      {"bad method", line("GE(T /x HTTP/1.1"), {400}},
      {"long method", line(std::string(64, 'M') + " /x HTTP/1.1"), {501, 400}},
      {"CONNECT", line("CONNECT blog.test:443 HTTP/1.1"), {405, 501, 400}},
      {"TRACE", line("TRACE /x HTTP/1.1"), {405, 501}},
      {"star", line("GET * HTTP/1.1"), {400}},
      {"relative", line("GET x HTTP/1.1"), {400}},
      {"fragment", line("GET /x#y HTTP/1.1"), {400}},
      {"above 127", line("GET /\xc3\xa4 HTTP/1.1"), {400}},
      {"NUL", line("GET /\0 HTTP/1.1"s), {400}},
      {"control", line("GET /\x01 HTTP/1.1"), {400}},
      {"space in target", line("GET /a b HTTP/1.1"), {400}},
      {"ftp", line("GET ftp://blog.test/ HTTP/1.1"), {400}},
      {"userinfo", line("GET http://u:p@blog.test/ HTTP/1.1"), {400}},
      {"absolute fragment", line("GET http://blog.test/#f HTTP/1.1"), {400}},
      {"absolute empty", line("GET http:///x HTTP/1.1"), {400}},
      {"absolute comma", line("GET http://a,blog.test/ HTTP/1.1"), {400}},
  });
}

TEST(Smuggling, HostThatIsMissingTwiceOrMalformed) {
  const auto host = [](std::string_view value) {
    return "GET /x HTTP/1.1\r\nHost: " + std::string(value) + "\r\n\r\n";
  };
  expect_refused({
      {"missing", "GET /x HTTP/1.1\r\n\r\n", {400}},
      {"twice", "GET /x HTTP/1.1\r\nHost: blog.test\r\nHost: blog.test\r\n\r\n", {400}},
      {"two", "GET /x HTTP/1.1\r\nHost: blog.test\r\nHost: evil.test\r\n\r\n", {400}},
      {"twice on 1.0", "GET /x HTTP/1.0\r\nHost: blog.test\r\nHost: evil.test\r\n\r\n", {400}},
      {"userinfo", host("user@blog.test"), {400}},
      {"comma", host("blog.test, evil.test"), {400}},
      {"space", host("blog.test evil.test"), {400}},
      {"backslash", host("blog.test\\evil"), {400}},
      {"quote", host("\"blog.test\""), {400}},
      {"path", host("blog.test/x"), {400}},
      {"port letters", host("blog.test:http"), {400}},
      {"two ports", host("blog.test:1:2"), {400}},
      {"two with absolute", "GET http://blog.test/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400}},
  });
}

TEST(Smuggling, ConnectionMayNotTakeAwayWhatIsNeeded) {
  std::vector<Refused> rows;
  for (const char* name : {"Host", "Content-Length", "Transfer-Encoding", "Cookie", "Authorization",
                           "X-Forwarded-For", "Via", "CDN-Loop", "Forwarded"}) {
    rows.push_back({name, with("Connection: close, " + std::string(name) + "\r\n"), {400}});
  }
  expect_refused(rows);
}

TEST(Smuggling, HeadsOverTheLimits) {
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  std::string wide;
  for (int i = 0; i < 20; ++i)
    wide += "X-" + std::to_string(i) + ": " + std::string(4000, 'w') + "\r\n";
  expect_refused({
      {"long target", line("GET /" + std::string(9000, 't') + " HTTP/1.1"), {414}},
      {"many fields", with(many), {431}},
      {"large head", with(wide), {431}},
      {"one large field", with("X-A: " + std::string(70'000, 'a') + "\r\n"), {431}},
      {"unknown expectation", with("Expect: 200-maybe\r\n"), {417}},
  });
}

TEST(Smuggling, HeadThatNeverEndsIsCutOffAtTheLimit) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.send("GET /x HTTP/1.1\r\nHost: blog.test\r\nX-A: ");
  const std::string piece(16 * 1024, 'a');
  for (int i = 0; i < 64 && !client.has_input(); ++i) client.send(piece);
  EXPECT_EQ(client.read().status, 431);
  EXPECT_EQ(origin.count(), 0u);
}

/// A body whose framing breaks after the head was good: never whole at the origin, never kept
/// alive.
void expect_body_refused(const std::string& name, const std::string& chunks) {
  SCOPED_TRACE(name);
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.send(with("Transfer-Encoding: chunked\r\n", chunks) + std::string(smuggled));
  const Response response = client.read();
  // The refusal may come before or after the origin's own view of the cut request.
  EXPECT_TRUE(response.status == 0 || response.status == 400) << response.status;
  EXPECT_NE(client.wait_for_end(), Ending::still_open);
  EXPECT_EQ(origin.count("/smuggled"), 0u);
  EXPECT_EQ(origin.count("/x"), 0u) << "the origin took a broken body for a whole one";
  EXPECT_EQ(isrd.get("/healthy").status, 200);
}

TEST(Smuggling, ChunkSizesThatAreNone) {
  expect_body_refused("sign", "+5\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("minus", "-5\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("prefix", "0x5\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("space before", " 5\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("tab after", "5\t\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("empty", "\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("17 digits", "00000000000000005\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("overflow", "fffffffffffffffff\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("letters", "5g\r\nabcde\r\n0\r\n\r\n");
}

TEST(Smuggling, ChunkBoundariesThatAreNone) {
  expect_body_refused("LF after size", "5\nabcde\r\n0\r\n\r\n");
  expect_body_refused("no CRLF after data", "5\r\nabcdeX\r\n0\r\n\r\n");
  expect_body_refused("LF after data", "5\r\nabcde\n0\r\n\r\n");
  expect_body_refused("LF in extension", "5;a\nb\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("CR in extension", "5;a=\"\r\"\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("bad trailer", "0\r\nX A: 1\r\n\r\n");
  expect_body_refused("folded trailer", "0\r\nX: 1\r\n 2\r\n\r\n");
  expect_body_refused("long extension", "5;a=" + std::string(6000, 'e') + "\r\nabcde\r\n0\r\n\r\n");
  expect_body_refused("long trailers", "0\r\nX: " + std::string(9000, 't') + "\r\n\r\n");
}

TEST(Smuggling, BodyOverTheLimitIsRefused) {
  ScriptedOrigin origin;
  config::Config config = rfc_config(origin);
  config.limits.request_body_bytes = 1000;
  Daemon isrd(config);
  EXPECT_EQ(isrd.refused(with("Content-Length: 1001\r\n")).status, 413);
  EXPECT_EQ(origin.count(), 0u);
  EXPECT_EQ(isrd.post("/fits", std::string(1000, 'b')).status, 200);

  Client client = isrd.connect();
  client.send(with("Transfer-Encoding: chunked\r\n"));
  client.send(chunk(std::string(600, 'b')) + chunk(std::string(600, 'b')));
  EXPECT_EQ(client.read().status, 413);
  EXPECT_NE(client.wait_for_end(), Ending::still_open);
  EXPECT_EQ(origin.count("/x"), 0u);
}

TEST(Smuggling, OneConnectionIsNotReadOnAfterARefusal) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.send("GET /good HTTP/1.1\r\nHost: blog.test\r\n\r\n" + with("Content-Length: x\r\n") +
              std::string(smuggled));
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(client.read().status, 400);
  EXPECT_EQ(client.wait_for_end(), Ending::orderly);
  EXPECT_EQ(client.surplus(), "");
  EXPECT_EQ(origin.count(), 1u);
}

TEST(Smuggling, BodyOfAGetIsNeverTheNextRequest) {
  ScriptedOrigin origin;
  origin.serve(versions("Cache-Control: max-age=60\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  Client client = isrd.connect();
  const std::string length = "Content-Length: " + std::to_string(smuggled.size()) + "\r\n";
  for (const std::string method : {"GET", "HEAD", "OPTIONS", "DELETE"}) {
    client.ask("/a", length, method);
    client.send(smuggled);
    const Response response = client.read(method == "HEAD");
    EXPECT_NE(response.cache(), "HIT") << method;
    if (lower(response.field("Connection")) == "close") client = isrd.connect();
  }
  EXPECT_EQ(origin.count("/smuggled"), 0u);
}

TEST(Smuggling, OwnAnswerWhileABodyIsUnreadEndsTheConnection) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  const std::string body(smuggled);
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  const std::string unknown_host = "POST /x HTTP/1.1\r\nHost: other.test\r\n" + length + "\r\n";
  EXPECT_EQ(isrd.refused(unknown_host + body).status, 421);
  EXPECT_EQ(isrd.refused(with(length + "CDN-Loop: isrd\r\n", body)).status, 508);
  const std::string purge = "PURGE /x HTTP/1.1\r\nHost: blog.test\r\n" + length + "\r\n";
  EXPECT_EQ(isrd.refused(purge + body).status, 200);
  EXPECT_EQ(origin.count(), 0u);
}

}  // namespace
}  // namespace isrd::flow
