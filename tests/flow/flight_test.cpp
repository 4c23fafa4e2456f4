// Flights: one fetch for one key, and everybody who waits for it.
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

std::vector<Client> clients(const Daemon& isrd, std::size_t count) {
  std::vector<Client> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(isrd.connect());
  return all;
}

/// Asks on all of them, and gives isrd the time to read it.
void ask_together(const Daemon& isrd, std::vector<Client>& all, std::string_view target) {
  for (Client& client : all) client.ask(target);
  isrd.settle();
}

TEST(Flight, ManyVisitorsOfAColdPageMakeOneFetch) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/a", Reply().wait(gate).then(page("made once")));
  Daemon isrd(isr_config(origin, usual_windows()));
  std::vector<Client> visitors = clients(isrd, 40);

  ask_together(isrd, visitors, "/a");
  gate->open();

  for (Client& visitor : visitors) {
    const Response response = visitor.read();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "made once");
  }
  EXPECT_EQ(origin.count("/a"), 1u);
}

TEST(Flight, FollowersAreFedWhileThePageGrows) {
  ScriptedOrigin origin;
  const GatePtr length = make_gate();
  const GatePtr chunked = make_gate();
  origin.serve("/length",
               Reply(head_of("Content-Length: 10\r\n") + "first").wait(length).then("secnd"));
  origin.serve("/chunked", Reply(head_of("Transfer-Encoding: chunked\r\n") + chunk("first"))
                               .wait(chunked)
                               .then(chunk("secnd") + std::string(last_chunk)));
  Daemon isrd(isr_config(origin, usual_windows()));
  for (const auto& [target, gate] :
       {std::pair(std::string("/length"), length), {"/chunked", chunked}}) {
    std::vector<Client> visitors = clients(isrd, 6);
    ask_together(isrd, visitors, target);
    for (Client& visitor : visitors) {
      EXPECT_EQ(visitor.read_head().status, 200);
      visitor.read_until("first");
    }
    // One who comes late gets what is there already, and the rest with the others.
    Client late = isrd.connect();
    late.ask(target);
    late.read_until("first");
    gate->open();
    for (Client& visitor : visitors) visitor.read_until("secnd");
    late.read_until("secnd");
    EXPECT_EQ(origin.count(target), 1u);
    EXPECT_EQ(isrd.get(target).body, "firstsecnd");
  }
}

TEST(Flight, LeaderWhoLeavesDoesNotEndTheFill) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/a", Reply(head_of("Content-Length: 10\r\n") + "first").wait(gate).then("secnd"));
  Daemon isrd(isr_config(origin, usual_windows()));
  Client leader = isrd.connect();
  leader.ask("/a");
  leader.read_until("first");
  Client follower = isrd.connect();
  follower.ask("/a");
  follower.read_until("first");

  leader.leave_with_reset();
  gate->open();

  follower.read_until("secnd");
  ASSERT_TRUE(isrd.wait_for_cache("/a", "HIT"));
  EXPECT_EQ(isrd.get("/a").body, "firstsecnd");
  EXPECT_EQ(origin.count("/a"), 1u);
}

TEST(Flight, FillIsFinishedWhenNobodyWaitsAnyMore) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/a", Reply().wait(gate).then(page("finished alone")));
  Daemon isrd(isr_config(origin, usual_windows()));
  {
    Client only = isrd.connect();
    only.ask("/a");
    ASSERT_TRUE(origin.wait_for_requests("/a", 1));
    only.leave_with_reset();
  }
  gate->open();
  ASSERT_TRUE(eventually([&] { return isrd.stat("tiers.memory.entries") == 1; }));
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  EXPECT_EQ(origin.count("/a"), 1u);
}

TEST(Flight, UncacheableAnswerReleasesItsFollowersAtOnce) {
  ScriptedOrigin origin;
  const GatePtr head = make_gate();
  const GatePtr rest = make_gate();
  origin.next("/a",
              Reply()
                  .wait(head)
                  .then(head_of("Cache-Control: no-store\r\nContent-Length: 10\r\n") + "lead ")
                  .wait(rest)
                  .then("only."));
  origin.serve("/a", versions("Cache-Control: no-store\r\n"));
  Daemon isrd(isr_config(origin, usual_windows()));
  std::vector<Client> visitors = clients(isrd, 10);
  ask_together(isrd, visitors, "/a");

  head->open();
  // The first answer is held open, and yet the others get their own.
  ASSERT_TRUE(origin.wait_for_requests("/a", 10));
  int own = 0;
  Client* leader = nullptr;
  for (Client& visitor : visitors) {
    const Response begun = visitor.read_head();
    EXPECT_EQ(begun.status, 200);
    if (begun.field("Content-Length") == "10") {
      leader = &visitor;
    } else {
      ++own;
    }
  }
  EXPECT_EQ(own, 9);
  ASSERT_TRUE(leader);
  rest->open();
  leader->read_until("lead only.");
  EXPECT_EQ(origin.count("/a"), 10u);
}

TEST(Flight, UncacheablePageIsRememberedAndNotSerialised) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.next("/a", Reply(page("one", "Cache-Control: no-store\r\n")));
  origin.serve("/a", Reply().wait(gate).then(page("own", "Cache-Control: no-store\r\n")));
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  std::vector<Client> visitors = clients(isrd, 8);
  for (Client& visitor : visitors) visitor.ask("/a");
  // All eight are at the origin at the same time.
  EXPECT_TRUE(origin.wait_for_requests("/a", 9));
  gate->open();
  for (Client& visitor : visitors) EXPECT_EQ(visitor.read().body, "own");
}

TEST(Flight, UncacheableMemoryFades) {
  ScriptedOrigin origin;
  origin.next("/a", Reply(page("mine", "Cache-Control: no-store\r\n")));
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.advance(121s);
  isrd.get("/a");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
}

TEST(Flight, WhenTheFetchDiesOneOfThoseWhoWaitLeadsNext) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.next("/a", Reply().wait(gate).close());
  origin.serve("/a", Reply(page("second try")));
  Daemon isrd(isr_config(origin, usual_windows()));
  std::vector<Client> visitors = clients(isrd, 10);
  ask_together(isrd, visitors, "/a");
  gate->open();

  int good = 0;
  for (Client& visitor : visitors) {
    const Response response = visitor.read();
    EXPECT_TRUE(response.status == 200 || response.status == 502) << response.status;
    if (response.status == 200) {
      ++good;
      EXPECT_EQ(response.body, "second try");
    }
  }
  EXPECT_GE(good, 9);
  EXPECT_EQ(origin.count("/a"), 2u);
}

TEST(Flight, BoundedWaitEndsInOneMoreFetchAndRefusals) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/a", Reply().wait(gate).then(page("late")));
  config::Config config = isr_config(origin, usual_windows());
  config.sites[0].wait_max = 50ms;
  Daemon isrd(config);
  Client leader = isrd.connect();
  leader.ask("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 1));
  std::vector<Client> waiting = clients(isrd, 6);
  for (Client& client : waiting) client.ask("/a");

  // One of the six makes the extra fetch and stays; the others are turned away.
  ASSERT_TRUE(eventually([&] {
    std::erase_if(waiting, [](Client& client) {
      if (!client.has_input()) return false;
      const Response response = client.read();
      EXPECT_EQ(response.status, 503);
      EXPECT_TRUE(response.has("Retry-After"));
      return true;
    });
    return waiting.size() == 1;
  }));
  EXPECT_LE(origin.count("/a"), 2u);
  gate->open();
  EXPECT_EQ(leader.read().body, "late");
  EXPECT_EQ(waiting.front().read().body, "late");
}

TEST(Flight, WaitIsCoveredByAStalePageWhereOneMayCover) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  config::Config config = isr_config(origin, usual_windows());
  config.sites[0].wait_max = 50ms;
  Daemon isrd(config);
  isrd.get("/a");
  isrd.advance(2h);
  origin.next("/a", Reply().wait(gate).then(page("late")));
  Client leader = isrd.connect();
  leader.ask("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  const Response second = isrd.get("/a");
  EXPECT_EQ(second.status, 200);
  gate->open();
  leader.read();
}

TEST(Flight, ServerErrorNeverReplacesAGoodPage) {
  ScriptedOrigin origin;
  origin.next("/a", Reply(page("good")));
  const std::string cacheable_error = page("bad", "Cache-Control: max-age=600\r\n", "503 Down");
  origin.serve("/a", Reply(cacheable_error));
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.advance(61s);
  EXPECT_EQ(isrd.get("/a").body, "good");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  isrd.advance(3600s);
  EXPECT_EQ(isrd.get("/a").body, "good");
}

TEST(Flight, TruncatedPageIsCutForTheClientAndNeverStored) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.next("/length", Reply(head_of("Content-Length: 10\r\n") + "half").wait(gate).close());
  origin.next("/chunked",
              Reply(head_of("Transfer-Encoding: chunked\r\n") + chunk("half")).wait(gate).close());
  origin.next("/reset", Reply(head_of("") + "half").wait(gate).reset());
  Daemon isrd(isr_config(origin, usual_windows()));
  std::vector<Client> visitors = clients(isrd, 3);
  visitors[0].ask("/length");
  visitors[1].ask("/chunked");
  visitors[2].ask("/reset");
  for (Client& visitor : visitors) {
    EXPECT_EQ(visitor.read_head().status, 200);
    visitor.read_until("half");
  }
  gate->open();
  for (Client& visitor : visitors) {
    EXPECT_NE(visitor.wait_for_end(), Ending::still_open);
    EXPECT_EQ(visitor.surplus().find(last_chunk), std::string::npos);
  }
  for (const std::string target : {"/length", "/chunked", "/reset"}) {
    EXPECT_EQ(isrd.get(target).body, target + " v2");
  }
}

TEST(Flight, TruncatedRefreshKeepsTheOldPage) {
  ScriptedOrigin origin;
  origin.next("/a", Reply(page("whole")));
  origin.serve("/a", Reply(head_of("Content-Length: 100\r\n") + "half").close());
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.advance(61s);
  EXPECT_EQ(isrd.get("/a").body, "whole");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  for (int visit = 0; visit < 10; ++visit) {
    const Response still = isrd.get("/a");
    EXPECT_EQ(still.cache(), "STALE");
    EXPECT_EQ(still.body, "whole");
  }
}

TEST(Flight, PageAskedForBeforeAPurgeIsNotServedAfterIt) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.next("/a", Reply().wait(gate).then(page("from before")));
  Daemon isrd(isr_config(origin, usual_windows()));
  Client early = isrd.connect();
  early.ask("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 1));

  EXPECT_EQ(isrd.purge(url_of("/a")).status, 200);
  // Who comes now gets a fetch of his own, although the first one is still under way.
  const Response late = isrd.get("/a");
  EXPECT_EQ(late.body, "/a v2");
  gate->open();
  EXPECT_EQ(early.read().status, 200);
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
}

TEST(Flight, PurgeDuringTheOnlyFetchLeavesNothingFresh) {
  ScriptedOrigin origin;
  Daemon isrd(isr_config(origin, usual_windows()));
  for (const std::string mode : {"purge", "expire", "refresh"}) {
    const GatePtr gate = make_gate();
    const std::string target = "/" + mode;
    origin.next(target, Reply().wait(gate).then(page("from before")));
    Client early = isrd.connect();
    early.ask(target);
    ASSERT_TRUE(origin.wait_for_requests(target, 1));
    EXPECT_EQ(isrd.invalidate(mode, "urls", url_of(target)).status, 200);
    gate->open();
    EXPECT_EQ(early.read().status, 200);
    const Response next = isrd.get(target);
    if (next.body == "from before") {
      EXPECT_EQ(mode, "refresh");
      EXPECT_NE(next.cache(), "HIT");
    }
    ASSERT_TRUE(eventually([&] { return isrd.get(target).body == target + " v2"; })) << mode;
  }
}

TEST(Flight, SlowOldFetchNeverReplacesANewerPage) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.next("/a", Reply().wait(gate).then(page("old and slow")));
  config::Config config = isr_config(origin, usual_windows());
  config.sites[0].wait_max = 20ms;  // the second visitor does not wait but fetches
  Daemon isrd(config);
  Client slow = isrd.connect();
  slow.ask("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 1));
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
  ASSERT_TRUE(isrd.wait_for_cache("/a", "HIT"));
  gate->open();
  EXPECT_EQ(slow.read().status, 200);
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
}

TEST(Flight, SlowReaderDoesNotHoldTheOthers) {
  ScriptedOrigin origin;
  const std::string body(4'000'000, 'b');
  origin.serve("/big", Reply(page(body)));
  Daemon isrd(isr_config(origin, usual_windows()));
  Client slow = isrd.connect();
  slow.ask("/big");
  ASSERT_TRUE(isrd.wait_for_cache("/big", "HIT"));
  EXPECT_TRUE(isrd.get("/big").body == body);
  EXPECT_TRUE(slow.read().body == body);
}

TEST(Flight, BackgroundFetchesStayWithinTheirBudget) {
  ScriptedOrigin origin;
  config::Config config = isr_config(origin, usual_windows());
  config.origins[0].background = 2;
  Daemon isrd(config);
  std::vector<std::string> targets;
  for (int i = 0; i < 8; ++i) targets.push_back("/p" + std::to_string(i));
  for (const std::string& target : targets) isrd.get(target);
  const GatePtr gate = make_gate();
  origin.serve(
      [gate](const RecordedRequest& r) { return Reply().wait(gate).then(page(version_of(r))); });
  isrd.advance(61s);
  for (const std::string& target : targets) EXPECT_EQ(isrd.get(target).cache(), "STALE");
  ASSERT_TRUE(origin.wait_for_requests(10));
  // A visitor comes before background work: his request is not behind the two that hang.
  Client visitor = isrd.connect();
  visitor.ask("/cold");
  ASSERT_TRUE(origin.wait_for_requests("/cold", 1));
  EXPECT_EQ(origin.count(), 11u);
  gate->open();
  EXPECT_EQ(visitor.read().status, 200);
  for (const std::string& target : targets) {
    ASSERT_TRUE(isrd.wait_for_cache(target, "HIT"));
    EXPECT_EQ(origin.count(target), 2u);
  }
}

TEST(Flight, PageThatOutgrowsTheStoreReachesAllWhoFollowIt) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  const std::string more(300'000, 'm');
  origin.next("/a", Reply(head_of("Transfer-Encoding: chunked\r\n") + chunk("first"))
                        .wait(gate)
                        .then(chunk(more) + chunk("the end") + std::string(last_chunk)));
  config::Config config = isr_config(origin, usual_windows());
  config.limits.object_bytes = 100'000;
  Daemon isrd(config);
  std::vector<Client> visitors = clients(isrd, 5);
  ask_together(isrd, visitors, "/a");
  for (Client& visitor : visitors) visitor.read_until("first");
  gate->open();
  for (Client& visitor : visitors) visitor.read_until("the end\r\n0\r\n\r\n");
  EXPECT_EQ(origin.count("/a"), 1u);
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
}

TEST(Flight, UnsafeRequestIsFinishedAlthoughItsClientLeft) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  origin.next("/a", Reply().wait(gate).then(page("changed")));
  Client client = isrd.connect();
  client.ask("/a", "Content-Length: 1\r\n", "POST");
  client.send("x");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  client.leave_with_reset();
  isrd.settle();
  gate->open();
  ASSERT_TRUE(eventually([&] { return isrd.get("/a").body == "/a v3"; }));
}

TEST(Flight, WhoComesWhenTooManyWaitDoesNotWait) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.next("/a", Reply().wait(gate).then(page("for those who waited")));
  config::Config config = isr_config(origin, usual_windows());
  config.limits.waiters = 3;
  Daemon isrd(config);
  std::vector<Client> waiting = clients(isrd, 4);
  ask_together(isrd, waiting, "/a");
  const Response more = isrd.get("/a");
  EXPECT_THAT(more.status, testing::AnyOf(200, 503));
  gate->open();
  for (Client& client : waiting) EXPECT_EQ(client.read().body, "for those who waited");
}

}  // namespace
}  // namespace isrd::flow
