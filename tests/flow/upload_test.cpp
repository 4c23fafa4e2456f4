// Uploads to an origin that fails in the middle of them, and what an origin sends too much while
// others wait in line for its connection.
#include <poll.h>
#include <sys/socket.h>

#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

constexpr std::string_view endless_body = "Content-Length: 200000000\r\n";

/// Sends body bytes until nobody on the way takes any more. False: the connection ended.
bool fill_every_buffer(const Client& client) {
  const std::string piece(64 * 1024, 'u');
  for (;;) {
    pollfd entry{*client.fd(), POLLOUT, 0};
    const int ready = ::poll(&entry, 1, 200);
    if (ready == 0) return true;
    if (ready < 0 || (entry.revents & (POLLERR | POLLHUP))) return false;
    const ssize_t sent =
        ::send(*client.fd(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
  }
}

/// The daemon is stuck in the middle of an upload when the origin does this. What the client gets.
Response answer_to_stuck_upload(const std::function<void(Reply&)>& then) {
  ScriptedOrigin origin;
  origin.answer_at_head(true);
  const GatePtr full = make_gate();
  Reply reply;
  reply.wait(full);
  then(reply);
  origin.serve("/up", reply);
  Daemon isrd(rfc_config(origin));
  Client client = isrd.connect();
  client.ask("/up", endless_body, "POST");
  EXPECT_TRUE(origin.wait_for_requests("/up", 1));
  EXPECT_TRUE(fill_every_buffer(client));
  full->open();
  const Response response = client.read();
  EXPECT_EQ(isrd.get("/alive").body, "/alive v1");
  return response;
}

TEST(Upload, OriginThatDoesNotReadAndClosesIsABadGateway) {
  EXPECT_EQ(answer_to_stuck_upload([](Reply& reply) { reply.close(); }).status, 502);
}

TEST(Upload, OriginThatDoesNotReadAndResetsIsABadGateway) {
  EXPECT_EQ(answer_to_stuck_upload([](Reply& reply) { reply.reset(); }).status, 502);
}

TEST(Upload, OriginThatDoesNotReadAndSendsABadHeadIsABadGateway) {
  const GatePtr never = make_gate();
  const Response response = answer_to_stuck_upload(
      [&](Reply& reply) { reply.then("this is no head\r\n\r\n").wait(never); });
  EXPECT_EQ(response.status, 502);
}

TEST(Upload, OriginThatDoesNotReadAndAnswersIsHeard) {
  const GatePtr never = make_gate();
  const Response response = answer_to_stuck_upload([&](Reply& reply) {
    reply.then(page("too much", "Connection: close\r\n", "413 Content Too Large")).wait(never);
  });
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.body, "too much");
}

TEST(Upload, OriginThatDiesInTheMiddleGivesNobodyAnothersBytes) {
  constexpr std::size_t rounds = 20;
  constexpr std::size_t uploads = 8;
  constexpr std::size_t hits = 10;
  ScriptedOrigin origin;
  origin.answer_at_head(true);
  std::string body;
  while (body.size() < 3000) body += "the cached page ";
  origin.serve("/hit", Reply(page(body, "Cache-Control: max-age=600\r\n")));
  config::Config config = rfc_config(origin);
  config.workers = 1;
  Daemon isrd(config);
  isrd.get("/hit");
  std::vector<Client> readers;
  for (std::size_t i = 0; i < 4; ++i) readers.push_back(isrd.connect());

  for (std::size_t round = 0; round < rounds; ++round) {
    const GatePtr gate = make_gate();
    origin.serve("/up", Reply().wait(gate).close());
    std::vector<Client> halves;
    for (std::size_t i = 0; i < uploads; ++i) {
      halves.push_back(isrd.connect());
      halves.back().ask("/up", "Content-Length: 1000\r\n", "POST");
      halves.back().send("abc");
    }
    ASSERT_TRUE(origin.wait_for_requests("/up", uploads * (round + 1)));
    gate->open();
    for (std::size_t i = 0; i < hits; ++i) {
      for (Client& reader : readers) reader.ask("/hit");
    }
    for (Client& half : halves) {
      const Response response = half.read();
      EXPECT_EQ(response.status, 502);
      EXPECT_EQ(response.body.find("cached"), std::string::npos) << response.body;
    }
    for (std::size_t i = 0; i < hits; ++i) {
      for (Client& reader : readers) {
        const Response response = reader.read();
        EXPECT_EQ(response.cache(), "HIT");
        EXPECT_TRUE(response.body == body);
      }
    }
  }
  EXPECT_EQ(origin.count("/hit"), 1u);
}

/// `too_much` answers a request while another one waits for the only connection: what that one, and
/// who comes after it, gets.
void expect_next_in_line_gets_its_own(std::string_view method, const std::string& too_much) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/held", Reply().wait(gate).then(too_much));
  origin.serve("/next", versions("Cache-Control: max-age=99\r\n"));
  config::Config config = rfc_config(origin);
  config.workers = 1;
  config.origins[0].connections = 1;
  config.origins[0].timeouts.queue = 30s;
  Daemon isrd(config);
  Client holder = isrd.connect();
  holder.ask("/held", "", method);
  ASSERT_TRUE(origin.wait_for_requests("/held", 1));
  Client waiting = isrd.connect();
  waiting.ask("/next");
  isrd.settle();
  EXPECT_EQ(origin.count("/next"), 0u);
  gate->open();
  EXPECT_EQ(holder.read(method == "HEAD").status / 100, 2);
  EXPECT_EQ(waiting.read().body, "/next v1");
  EXPECT_EQ(isrd.get("/next").body, "/next v1");
  EXPECT_EQ(origin.connections(), 2u);
}

const std::string injected = page("injected", "Cache-Control: max-age=99\r\n");

TEST(NextInLine, SurplusBehindABodyIsNotItsAnswer) {
  expect_next_in_line_gets_its_own("GET", page("held") + injected);
}

TEST(NextInLine, SurplusBehindChunksIsNotItsAnswer) {
  const std::string chunked =
      head_of("Transfer-Encoding: chunked\r\n") + chunk("held") + std::string(last_chunk);
  expect_next_in_line_gets_its_own("GET", chunked + injected);
}

TEST(NextInLine, SurplusBehindALargeStoredBodyIsNotItsAnswer) {
  const std::string large(300'000, 'l');
  expect_next_in_line_gets_its_own("GET", page(large, "Cache-Control: max-age=99\r\n") + injected);
}

TEST(NextInLine, BodyOfAnAnswerToHeadIsNotItsAnswer) {
  expect_next_in_line_gets_its_own("HEAD", head_of("Content-Length: 70\r\n") + injected);
}

TEST(NextInLine, BodyOfANoContentIsNotItsAnswer) {
  expect_next_in_line_gets_its_own("GET", head_of("", "204 No Content") + injected);
}

}  // namespace
}  // namespace isrd::flow
