// The admin port over real sockets: who is let in, which calls there are, what bodies may be, and
// how it stops.
#include "admin/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "unit/admin/raw_client.h"

namespace isrd::admin::test {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class AdminServer : public ::testing::Test {
 protected:
  Response ask(std::string_view bytes) {
    RawClient client(server_->listening());
    return client.ask(bytes);
  }
  int status(std::string_view bytes) { return ask(bytes).status; }

  FakeControl control_;
  std::unique_ptr<Server> server_ = start(control_);
};

TEST_F(AdminServer, tells_health_to_anybody) {
  const Response response = ask(get("/healthz", ""));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"status\":\"ok\"}\n");
  EXPECT_TRUE(response.has("Content-Type: application/json\r\n"));
  EXPECT_TRUE(response.has("Cache-Control: no-store\r\n"));
}

TEST_F(AdminServer, tells_readiness_to_anybody) {
  EXPECT_EQ(ask(get("/readyz", "")).body,
            R"({"ready":true,"checks":{"config":{"status":"ok"},"store":{"status":"ok"}}})"
            "\n");
  control_.checks.push_back({"origin:blog", false, "refused"});
  const Response failing = ask(get("/readyz", ""));
  EXPECT_EQ(failing.status, 200) << "stale pages are served without an origin";
  EXPECT_EQ(Json::parse(failing.body)["checks"]["origin:blog"],
            Json::parse(R"({"status":"failing","detail":"refused"})"));
  control_.checks[1] = {"store", false, "the disk is full"};
  const Response response = ask(get("/readyz", ""));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(Json::parse(response.body)["ready"], false);
}

TEST_F(AdminServer, wants_the_token_for_everything_else) {
  for (const std::string_view target : {"/v1/stats", "/v1/invalidate", "/v1/reload", "/nothing"}) {
    const Response response = ask(get(target, ""));
    EXPECT_EQ(response.status, 401) << target;
    EXPECT_TRUE(response.has("WWW-Authenticate: Bearer")) << response.head;
    EXPECT_EQ(Json::parse(response.body)["error"]["code"], "unauthorized");
  }
  EXPECT_EQ(status(get("/v1/stats")), 200);
  EXPECT_EQ(status(get("/v1/stats", "authorization: bearer  " + test_token + "\r\n")), 200);
}

TEST_F(AdminServer, takes_no_other_token) {
  std::string wrong = test_token;
  wrong.back() = 'x';
  const std::string values[] = {"Bearer " + wrong,
                                "Bearer " + test_token + "0",
                                "Bearer " + test_token.substr(1),
                                "Bearer",
                                "Bearer ",
                                "Basic " + test_token,
                                test_token,
                                "Bearer" + test_token,
                                "Bearer " + test_token + " " + test_token};
  for (const std::string& value : values)
    EXPECT_EQ(status(get("/v1/stats", "Authorization: " + value + "\r\n")), 401) << value;
  EXPECT_EQ(status(get("/v1/stats?token=" + test_token, "")), 401) << "only in the field";
  EXPECT_EQ(status(get("/v1/stats", authorized + authorized)), 400) << "one of two is none";
}

TEST_F(AdminServer, metrics_are_open_to_this_machine) {
  const Response response = ask(get("/metrics", ""));
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.has("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(response.body, HasSubstr("# TYPE isrd_requests_total counter"));
}

TEST_F(AdminServer, metrics_are_closed_by_option) {
  AdminOptions options = test_options();
  options.metrics_open = false;
  server_ = start(control_, options);
  EXPECT_EQ(status(get("/metrics", "")), 401);
  EXPECT_EQ(status(get("/metrics")), 200);
}

TEST_F(AdminServer, knows_its_paths_and_methods) {
  EXPECT_EQ(status(get("/")), 404);
  EXPECT_EQ(status(get("/v1/stats/")), 404);
  EXPECT_EQ(status(get("/v1/entries")), 404);
  EXPECT_EQ(Json::parse(ask(get("/nothing")).body)["error"]["code"], "not_found");
  const Response wrong = ask(get("/v1/invalidate"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_TRUE(wrong.has("Allow: POST\r\n"));
  const Response posted = ask("POST /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(posted.status, 405);
  EXPECT_TRUE(posted.has("Allow: GET, HEAD\r\n"));
}

TEST_F(AdminServer, answers_head_without_a_body) {
  RawClient client(server_->listening());
  client.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/healthz", ""));
  const Response head = client.receive(true);
  EXPECT_TRUE(head.has("Content-Length: 16\r\n"));
  EXPECT_EQ(client.receive().body, "{\"status\":\"ok\"}\n") << "the next answer follows at once";
}

TEST_F(AdminServer, refuses_names_that_a_page_may_have_rebound) {
  for (const std::string_view host : {"localhost", "LOCALHOST:9090", "127.0.0.1", "127.0.0.1:1",
                                      "10.1.2.3:9090", "[::1]", "[::1]:9090", ""})
    EXPECT_EQ(status(get("/v1/stats", authorized, host)), 200) << host;
  for (const std::string_view host : {"evil.example", "evil.example:9090", "localhost.evil.example",
                                      "127.0.0.1.evil.example", "user@localhost", "a,b"})
    EXPECT_EQ(status(get("/v1/stats", authorized, host)), 403) << host;
  EXPECT_EQ(status(get("/healthz", "", "evil.example")), 403);
  EXPECT_EQ(status(get("/healthz", "Host: localhost\r\n")), 400) << "two Host fields";
}

TEST_F(AdminServer, refuses_pages_of_another_origin) {
  const auto from = [](const std::string& origin) {
    return get("/v1/stats", authorized + "Origin: " + origin + "\r\n", "localhost:9090");
  };
  EXPECT_EQ(status(from("http://localhost:9090")), 200);
  for (const std::string origin : {"http://evil.example", "http://localhost", "null",
                                   "https://localhost:9090", "http://127.0.0.1:9090", ""}) {
    const Response response = ask(from(origin));
    EXPECT_EQ(response.status, 403) << origin;
    EXPECT_EQ(Json::parse(response.body)["error"]["code"], "foreign_origin");
  }
}

TEST_F(AdminServer, invalidates) {
  const Response response =
      ask(post("/v1/invalidate", R"({"mode":"purge","urls":["http://h/a","nonsense url"]})"));
  EXPECT_EQ(response.status, 200);
  const Json body = Json::parse(response.body);
  EXPECT_EQ(body["matched"], 1);
  EXPECT_EQ(body["items"][0]["error"]["item"], 1);
  ASSERT_EQ(control_.requests().size(), 1u);
  EXPECT_EQ(control_.requests()[0].mode, isr::Mode::purge);
}

TEST_F(AdminServer, invalidates_by_lines) {
  const Response response =
      ask(post("/v1/invalidate?mode=expire&site=blog", "{\"url\":\"/a\"}\n{\"prefix\":\"/b\"}\n",
               "application/x-ndjson"));
  EXPECT_EQ(response.status, 200) << response.body;
  ASSERT_EQ(control_.requests().size(), 1u);
  EXPECT_EQ(control_.requests()[0].selectors.size(), 2u);
}

TEST_F(AdminServer, reads_chunked_bodies) {
  const std::string head = "POST /v1/invalidate HTTP/1.1\r\nHost: localhost\r\n" + authorized +
                           "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(status(head + "8\r\n{\"all\":t\r\n4\r\nrue}\r\n0\r\n\r\n"), 200);
  EXPECT_EQ(control_.requests().size(), 1u);
  EXPECT_EQ(status(head + "zz\r\n"), 400);
}

TEST_F(AdminServer, refuses_other_content_types) {
  for (const std::string_view type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""})
    EXPECT_EQ(status(post("/v1/invalidate", R"({"all":true})", type)), 415) << type;
  EXPECT_TRUE(control_.requests().empty());
}

TEST_F(AdminServer, refuses_an_announced_body_that_is_too_large) {
  RawClient client(server_->listening());
  const Response response =
      client.ask("POST /v1/invalidate HTTP/1.1\r\nHost: localhost\r\n" + authorized +
                 "Content-Type: application/json\r\nContent-Length: 16777217\r\n\r\n");
  EXPECT_EQ(response.status, 413);
  EXPECT_TRUE(response.has("Connection: close\r\n"));
  client.finish();
  EXPECT_TRUE(client.ended());
}

TEST_F(AdminServer, refuses_a_growing_body_that_is_too_large) {
  RawClient client(server_->listening());
  client.send("POST /v1/invalidate HTTP/1.1\r\nHost: localhost\r\n" + authorized +
              "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "100000\r\n" + std::string(0x100000, ' ') + "\r\n";
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(client.send(chunk));
  EXPECT_EQ(client.ask("1\r\n").status, 413);
}

TEST_F(AdminServer, takes_a_body_of_the_limit) {
  std::string body = R"({"all":true})";
  body.append(16 * 1024 * 1024 - body.size(), ' ');
  EXPECT_EQ(status(post("/v1/invalidate", body)), 200);
}

TEST_F(AdminServer, refuses_before_it_reads_a_body) {
  const Response response =
      ask("POST /v1/invalidate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
          "Content-Length: 16000000\r\n\r\n");
  EXPECT_EQ(response.status, 401);
  EXPECT_TRUE(response.has("Connection: close\r\n"));
  EXPECT_EQ(status("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"), 400);
}

TEST_F(AdminServer, says_continue_when_asked) {
  RawClient client(server_->listening());
  client.send("POST /v1/invalidate HTTP/1.1\r\nHost: localhost\r\n" + authorized +
              "Content-Type: application/json\r\nContent-Length: 12\r\n"
              "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100);
  EXPECT_EQ(client.ask(R"({"all":true})").status, 200);
}

TEST_F(AdminServer, refuses_heads_that_are_too_large_or_none) {
  EXPECT_EQ(status(get("/healthz", "A: " + std::string(17 * 1024, 'a') + "\r\n")), 431);
  EXPECT_EQ(status("nonsense\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /healthz HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400);
  EXPECT_EQ(status("\x16\x03\x01\x02"), 400) << "a client that speaks TLS";
}

TEST_F(AdminServer, keeps_connections_and_answers_in_order) {
  RawClient client(server_->listening());
  client.send(get("/healthz", "") + get("/v1/stats") + get("/nothing") +
              post("/v1/invalidate", R"({"all":true})") + get("/readyz", "Connection: close\r\n"));
  for (const int expected : {200, 200, 404, 200, 200}) EXPECT_EQ(client.receive().status, expected);
  EXPECT_TRUE(client.ended());
}

TEST_F(AdminServer, closes_for_old_clients) {
  RawClient client(server_->listening());
  EXPECT_EQ(client.ask("GET /healthz HTTP/1.0\r\n\r\n").status, 200);
  EXPECT_TRUE(client.ended());
}

TEST_F(AdminServer, a_call_that_throws_is_500) {
  control_.throws = true;
  const Response response = ask(post("/v1/invalidate", R"({"all":true})"));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("a fault of the test"), std::string::npos);
  EXPECT_EQ(status(get("/healthz", "")), 200) << "and the server lives on";
}

TEST_F(AdminServer, reloads) {
  control_.report = {true, {"sites", "log"}, {}};
  EXPECT_EQ(ask(post("/v1/reload", "{}")).body, "{\"changed\":[\"sites\",\"log\"]}\n");
  control_.report = {false, {}, {{"/etc/isrd.yaml", 3, 7, "store.memory", "is too small"}}};
  const Response refused =
      ask("POST /v1/reload HTTP/1.1\r\nHost: localhost\r\n" + authorized + "\r\n");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(Json::parse(refused.body), Json::parse(R"({"errors":[{"file":"/etc/isrd.yaml","line":3,
      "column":7,"key":"store.memory","message":"is too small"}]})"));
}

TEST_F(AdminServer, the_connection_that_waits_longest_gives_way) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->listening()));
    EXPECT_EQ(clients.back()->ask(get("/healthz", "")).status, 200);
  }
  EXPECT_EQ(status(get("/healthz", "")), 200) << "the 65th is answered";
  EXPECT_TRUE(clients.front()->ended());
  EXPECT_EQ(clients.back()->ask(get("/healthz", "")).status, 200);
}

TEST_F(AdminServer, a_second_one_on_the_port_says_so) {
  AdminOptions options = test_options();
  options.listen = server_->listening();
  const auto second = Server::start(options, control_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "admin port 127.0.0.1:" + std::to_string(options.listen.port) +
                                        " is in use by another process");
}

TEST_F(AdminServer, stops_with_connections_open) {
  RawClient idle(server_->listening());
  RawClient used(server_->listening());
  RawClient halfway(server_->listening());
  EXPECT_EQ(used.ask(get("/healthz", "")).status, 200);
  halfway.send("POST /v1/invalidate HTTP/1.1\r\nHost: localhost\r\n" + authorized +
               "Content-Type: application/json\r\nExpect: 100-continue\r\n"
               "Content-Length: 100\r\n\r\n");
  EXPECT_EQ(halfway.receive().status, 100);
  server_->stop();
  EXPECT_TRUE(used.ended());
  EXPECT_TRUE(halfway.ended());
  EXPECT_THROW(RawClient(server_->listening()), std::runtime_error);
  server_->stop();
}

TEST_F(AdminServer, stops_from_two_threads_and_right_after_its_start) {
  std::thread other([&] { server_->stop(); });
  server_->stop();
  other.join();
  for (int i = 0; i < 20; ++i) start(control_);
}

TEST_F(AdminServer, many_clients_at_once) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        if (status(post("/v1/invalidate", R"({"urls":["/a"]})")) == 200) ++good;
        if (status(get("/metrics")) == 200) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
  EXPECT_EQ(control_.requests().size(), 200u);
}

class UnixAdminServer : public ::testing::Test {
 protected:
  UnixAdminServer() {
    char name[] = "/tmp/isrd-admin-XXXXXX";
    directory_ = ::mkdtemp(name);
    options_.listen = {net::Address::Kind::unix_socket, {}, 0, directory_ + "/admin.sock"};
  }
  ~UnixAdminServer() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  AdminOptions options_ = test_options();
  FakeControl control_;
};

TEST_F(UnixAdminServer, answers_under_any_name_but_wants_the_token) {
  const auto server = start(control_, options_);
  RawClient client(server->listening());
  EXPECT_EQ(client.ask(get("/v1/stats", authorized, "any.example")).status, 200);
  EXPECT_EQ(client.ask(get("/v1/stats", "", "any.example")).status, 401);
  EXPECT_EQ(client.ask(get("/metrics", "", "any.example")).status, 200);
  EXPECT_EQ(client.ask(get("/metrics", "Origin: http://evil.example\r\n")).status, 403);
}

TEST_F(UnixAdminServer, the_socket_is_for_its_owner_and_goes_with_the_server) {
  auto server = start(control_, options_);
  struct stat status {};
  ASSERT_EQ(::stat(options_.listen.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(options_.listen.path));
}

TEST_F(UnixAdminServer, takes_over_a_socket_that_nobody_listens_on) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, options_.listen.path.c_str(), sizeof name.sun_path - 1);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ::close(dead);
  ASSERT_TRUE(std::filesystem::exists(options_.listen.path));
  const auto server = start(control_, options_);
  const auto second = Server::start(options_, control_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message,
            "admin port unix:" + options_.listen.path + " is in use by another process");
  EXPECT_EQ(RawClient(server->listening()).ask(get("/healthz", "")).status, 200);
}

TEST_F(UnixAdminServer, does_not_replace_a_file) {
  options_.listen.path = directory_ + "/file";
  std::fclose(std::fopen(options_.listen.path.c_str(), "w"));
  const auto server = Server::start(options_, control_);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().message, HasSubstr("the path is taken by a file"));
}

TEST(AdminServerStart, says_what_is_wrong) {
  FakeControl control;
  AdminOptions options = test_options();
  options.token = "short";
  EXPECT_THAT(Server::start(options, control).error().message, HasSubstr("too short"));
  options = test_options();
  options.listen.host = "192.0.2.1";
  EXPECT_THAT(Server::start(options, control).error().message,
              HasSubstr("admin port 192.0.2.1:0: cannot bind: "));
  options.listen.host = "not-an-address";
  EXPECT_THAT(Server::start(options, control).error().message, HasSubstr("no IP address"));
}

}  // namespace
}  // namespace isrd::admin::test
