// Reload: a new configuration in force without losing a connection or the cache. And the orderly
// stop.
#include <thread>

#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

TEST(Reload, WindowsOfStoredPagesAreResolvedAgain) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.advance(40s);
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");

  config::Config shorter = isrd.config();
  shorter.sites[0].routes[0].windows.fresh = 30s;
  ASSERT_TRUE(isrd.reload(shorter));
  EXPECT_EQ(isrd.get("/a").cache(), "STALE");
  ASSERT_TRUE(isrd.wait_for_cache("/a", "HIT"));

  isrd.advance(31s);
  config::Config longer = isrd.config();
  longer.sites[0].routes[0].windows.fresh = 10min;
  ASSERT_TRUE(isrd.reload(longer));
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
}

TEST(Reload, PageThatMayNotBeStoredAnyMoreIsNotServed) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: no-store\r\n"));
  config::Config config = isr_config(origin, usual_windows());
  config.sites[0].routes[0].overrides.cache_control = true;
  Daemon isrd(config);
  isrd.get("/a");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  config::Config strict = isrd.config();
  strict.sites[0].routes[0].overrides.cache_control = false;
  ASSERT_TRUE(isrd.reload(strict));
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
}

TEST(Reload, RouteThatIsSwitchedOffBypassesAtOnce) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  config::Config off = isrd.config();
  off.sites[0].routes[0].cache = false;
  ASSERT_TRUE(isrd.reload(off));
  EXPECT_EQ(isrd.get("/a").cache(), "BYPASS");
}

TEST(Reload, OpenConnectionsLiveOnUnderTheNewRules) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  Client client = isrd.connect();
  EXPECT_EQ(client.get("/a").status, 200);
  config::Config other = isrd.config();
  other.sites[0].hosts = {"new.test"};
  ASSERT_TRUE(isrd.reload(other));
  EXPECT_EQ(client.get("/a").status, 421);
  EXPECT_EQ(client.exchange("GET /a HTTP/1.1\r\nHost: new.test\r\n\r\n").status, 200);
}

TEST(Reload, RequestsUnderWayAreFinished) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/slow",
               Reply(head_of("Content-Length: 10\r\n") + "first").wait(gate).then("secnd"));
  origin.serve("/pass",
               Reply(head_of("Cache-Control: no-store\r\nContent-Length: 10\r\n") + "first")
                   .wait(gate)
                   .then("secnd"));
  Daemon isrd(isr_config(origin, usual_windows()));
  Client filling = isrd.connect();
  Client passing = isrd.connect();
  filling.ask("/slow");
  passing.ask("/pass");
  filling.read_until("first");
  passing.read_until("first");
  ScriptedOrigin elsewhere;
  config::Config moved = isrd.config();
  moved.origins[0].address.port = elsewhere.port();
  moved.origins[0].url = elsewhere.url();
  ASSERT_TRUE(isrd.reload(moved));
  EXPECT_EQ(isrd.get("/new").status, 200);
  EXPECT_EQ(elsewhere.count("/new"), 1u);
  gate->open();
  filling.read_until("secnd");
  passing.read_until("secnd");
  EXPECT_EQ(isrd.get("/slow").body, "firstsecnd");
}

TEST(Reload, WhatCannotChangeIsRefusedByName) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  config::Config workers = isrd.config();
  workers.workers = 3;
  const Result<Done> refused = isrd.reload(workers);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("workers"), std::string::npos);
  config::Config listen = isrd.config();
  listen.listen[0].port = 1;
  const Result<Done> refused_too = isrd.reload(listen);
  ASSERT_FALSE(refused_too);
  EXPECT_NE(refused_too.error().message.find("listen"), std::string::npos);
  EXPECT_EQ(isrd.get("/a").status, 200);
}

TEST(Reload, ManyUnderTrafficLoseNothing) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  std::atomic<bool> stop{false};
  std::atomic<int> served{0};
  std::vector<std::jthread> visitors;
  for (int v = 0; v < 4; ++v) {
    visitors.emplace_back([&, v] {
      try {
        Client client = isrd.connect();
        for (int i = 0; !stop; ++i) {
          const std::string target = "/p" + std::to_string((i + v) % 7);
          const Response response = client.get(target);
          EXPECT_EQ(response.status, 200);
          EXPECT_EQ(response.body, target + " v1");
          ++served;
        }
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    });
  }
  config::Config config = isrd.config();
  for (int i = 0; i < 50; ++i) {
    config.sites[0].routes[0].windows.fresh = std::chrono::minutes(1 + i);
    EXPECT_TRUE(isrd.reload(config));
    const int before = served;
    EXPECT_TRUE(eventually([&] { return served > before + 4; }));
  }
  stop = true;
}

TEST(Drain, OpenRequestsFinishAndIdleConnectionsClose) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/slow", Reply().wait(gate).then(page("finished")));
  Daemon isrd(isr_config(origin, usual_windows()));
  Client idle = isrd.connect();
  idle.get("/a");
  Client busy = isrd.connect();
  busy.ask("/slow");
  ASSERT_TRUE(origin.wait_for_requests("/slow", 1));
  std::jthread stopping([&] { isrd.app().drain(30s); });
  EXPECT_EQ(idle.wait_for_end(), Ending::orderly);
  gate->open();
  const Response last = busy.read();
  EXPECT_EQ(last.body, "finished");
  EXPECT_EQ(lower(last.field("Connection")), "close");
  EXPECT_EQ(busy.wait_for_end(), Ending::orderly);
}

TEST(Drain, EndsAtItsLimit) {
  ScriptedOrigin origin;
  origin.serve("/never", Reply().silence());
  Daemon isrd(isr_config(origin, usual_windows()));
  Client busy = isrd.connect();
  busy.ask("/never");
  ASSERT_TRUE(origin.wait_for_requests("/never", 1));
  const auto before = std::chrono::steady_clock::now();
  isrd.app().drain(200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 15s);
}

TEST(Drain, StoppingWithEverythingUnderWayIsQuiet) {
  ScriptedOrigin origin;
  origin.serve("/never", Reply().silence());
  origin.serve("/stream", Reply(head_of("Cache-Control: no-store\r\n") + "first").silence());
  std::vector<Client> clients;
  {
    Daemon isrd(isr_config(origin, usual_windows()));
    for (int i = 0; i < 20; ++i) {
      clients.push_back(isrd.connect());
      clients.back().ask(i % 2 == 0 ? "/never" : "/stream");
    }
    clients.push_back(isrd.connect());
    clients.back().ask("/up", "Content-Length: 10\r\n", "POST");
    ASSERT_TRUE(origin.wait_for_requests(5));
  }
  for (Client& client : clients) EXPECT_NE(client.wait_for_end(), Ending::still_open);
}

}  // namespace
}  // namespace isrd::flow
