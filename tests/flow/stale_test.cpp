// What is stale and when it may be shown: stale-while-revalidate, stale-if-error, and the
// directives that forbid both.
#include "flow/harness/daemon.h"

namespace isrd::flow {
namespace {

/// An origin whose timeouts a test can wait for.
config::Config hurried(config::Config config) {
  config.origins[0].timeouts.first_byte = 200ms;
  config.origins[0].timeouts.idle = 200ms;
  return config;
}

TEST(Stale, WhileRevalidateServesAtOnceThenWaitsAfterTheWindow) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=60, stale-while-revalidate=30\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");

  isrd.advance(70s);
  const Response stale = isrd.get("/a");
  EXPECT_EQ(stale.cache(), "STALE");
  EXPECT_EQ(stale.body, "/a v1");
  ASSERT_TRUE(isrd.wait_for_cache("/a", "HIT"));
  EXPECT_EQ(isrd.get("/a").body, "/a v2");

  isrd.advance(91s);
  const Response waited = isrd.get("/a");
  EXPECT_EQ(waited.cache(), "EXPIRED");
  EXPECT_EQ(waited.body, "/a v3");
}

TEST(Stale, SharedMaxAgeWithStaleWhileRevalidateIsAPermission) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: s-maxage=30, stale-while-revalidate=31535970\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(31s);
  EXPECT_EQ(isrd.get("/a").cache(), "STALE");
}

TEST(Stale, BackgroundAnswersDirectivesHoldFromThenOn) {
  ScriptedOrigin origin;
  origin.next("/a",
              Reply(page("old", "Cache-Control: max-age=60, stale-while-revalidate=600\r\n")));
  origin.serve("/a", versions("Cache-Control: no-store\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);
  EXPECT_EQ(isrd.get("/a").body, "old");
  ASSERT_TRUE(eventually([&] { return isrd.get("/a").body != "old"; }));
  EXPECT_NE(isrd.get("/a").cache(), "STALE");
}

TEST(Stale, ExpiredPageCoversAnOriginThatAnswersWithAServerError) {
  ScriptedOrigin origin;
  Daemon isrd(rfc_config(origin));
  for (const std::string status : {"500 A", "502 B", "503 C", "504 D"}) {
    const std::string target = "/" + status.substr(0, 3);
    origin.serve(target, Reply(page("broken", "", status)));
    origin.next(target, Reply(page("good", "Cache-Control: max-age=60, stale-if-error=600\r\n")));
    isrd.get(target);
  }
  isrd.advance(61s);
  for (const std::string target : {"/500", "/502", "/503", "/504"}) {
    const Response covered = isrd.get(target);
    EXPECT_EQ(covered.status, 200) << target;
    EXPECT_EQ(covered.body, "good");
    EXPECT_EQ(covered.cache(), "STALE");
  }
}

TEST(Stale, ExpiredPageCoversAnOriginThatIsGone) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=60, stale-if-error=600\r\n"));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(61s);
  origin.stop();
  const Response covered = isrd.get("/a");
  EXPECT_EQ(covered.status, 200);
  EXPECT_EQ(covered.body, "/a v1");
  EXPECT_EQ(covered.cache(), "STALE");
}

TEST(Stale, ExpiredPageCoversAnOriginThatIsSilentOrCutsItsAnswer) {
  ScriptedOrigin origin;
  const std::string good = page("good", "Cache-Control: max-age=60, stale-if-error=600\r\n");
  origin.serve("/silent", Reply().silence());
  origin.serve("/closed", Reply().close());
  origin.serve("/reset", Reply().reset());
  origin.serve("/garbage", Reply("not http at all\r\n\r\n").close());
  Daemon isrd(hurried(rfc_config(origin)));
  for (const std::string target : {"/silent", "/closed", "/reset", "/garbage"}) {
    origin.next(target, Reply(good));
    isrd.get(target);
  }
  isrd.advance(61s);
  for (const std::string target : {"/silent", "/closed", "/reset", "/garbage"}) {
    const Response covered = isrd.get(target);
    EXPECT_EQ(covered.status, 200) << target;
    EXPECT_EQ(covered.body, "good") << target;
  }
}

TEST(Stale, IfErrorWindowEnds) {
  ScriptedOrigin origin;
  origin.next("/a", Reply(page("good", "Cache-Control: max-age=60, stale-if-error=600\r\n")));
  origin.serve("/a", Reply(page("broken", "", "503 Down")));
  Daemon isrd(rfc_config(origin));
  isrd.get("/a");
  isrd.advance(661s);
  EXPECT_EQ(isrd.get("/a").status, 503);
}

TEST(Stale, MustRevalidateGivesAnErrorAndNoClosedConnection) {
  ScriptedOrigin origin;
  origin.serve("/a", versions("Cache-Control: max-age=60, must-revalidate\r\n"));
  origin.serve("/b", versions("Cache-Control: s-maxage=60\r\n"));
  origin.next("/c", Reply(page("once", "Cache-Control: max-age=60, proxy-revalidate\r\n")));
  origin.serve("/c", Reply().silence());
  Daemon isrd(hurried(rfc_config(origin)));
  for (const std::string target : {"/a", "/b", "/c"}) isrd.get(target);
  isrd.advance(61s);
  const Response timeout = isrd.get("/c");
  EXPECT_EQ(timeout.status, 504);
  EXPECT_TRUE(timeout.has("Proxy-Status"));
  origin.stop();
  for (const std::string target : {"/a", "/b"}) {
    const Response refused = isrd.get(target);
    EXPECT_EQ(refused.status, 502) << target;
    EXPECT_TRUE(refused.complete);
    EXPECT_TRUE(refused.has("Proxy-Status"));
  }
}

TEST(Stale, NothingStoredAndABrokenOriginGivesAnErrorPage) {
  ScriptedOrigin origin;
  origin.serve("/silent", Reply().silence());
  origin.serve("/closed", Reply().close());
  Daemon isrd(hurried(isr_config(origin, usual_windows())));
  EXPECT_EQ(isrd.get("/silent").status, 504);
  EXPECT_EQ(isrd.get("/closed").status, 502);
  origin.stop();
  const Response refused = isrd.get("/a");
  EXPECT_EQ(refused.status, 502);
  EXPECT_TRUE(refused.field("Proxy-Status").starts_with("isrd; error=")) << refused.head;
  origin.start();
  EXPECT_EQ(isrd.get("/a").status, 200);
}

TEST(Stale, OriginsErrorPageGoesThroughWhenNothingCoversIt) {
  ScriptedOrigin origin;
  origin.serve("/a", Reply(page("my own error page", "X-Mine: 1\r\n", "503 Busy")));
  Daemon isrd(isr_config(origin, usual_windows()));
  const Response error = isrd.get("/a");
  EXPECT_EQ(error.status, 503);
  EXPECT_EQ(error.body, "my own error page");
  EXPECT_EQ(error.field("X-Mine"), "1");
}

TEST(Stale, RouteSaysHowLongABrokenOriginIsPaperedOver) {
  ScriptedOrigin origin;
  isr::WindowOptions windows = usual_windows();
  windows.error = 1h;
  origin.next("/a", Reply(page("good")));
  origin.serve("/a", Reply(page("broken", "", "500 Down")));
  Daemon isrd(isr_config(origin, windows));
  isrd.get("/a");

  isrd.advance(90min);
  EXPECT_EQ(isrd.get("/a").body, "good");
  isrd.advance(45min);
  EXPECT_EQ(isrd.get("/a").status, 500);
}

TEST(Stale, ErrorDuringTheStaleWindowIsNeverSeen) {
  ScriptedOrigin origin;
  origin.next("/a", Reply(page("good")));
  origin.serve("/a", Reply(page("broken", "", "500 Down")));
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.advance(61s);
  isrd.get("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  for (int visit = 0; visit < 20; ++visit) {
    const Response response = isrd.get("/a");
    EXPECT_EQ(response.body, "good");
    EXPECT_EQ(response.cache(), "STALE");
  }
}

TEST(Stale, FailedBackgroundFetchBacksOff) {
  ScriptedOrigin origin;
  origin.next("/a", Reply(page("good")));
  origin.serve("/a", Reply(page("broken", "", "500 Down")));
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.advance(61s);
  isrd.get("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  // Each visit would ask again, hundreds of times, if failures were not waited out.
  Client client = isrd.connect();
  for (int visit = 0; visit < 300; ++visit) EXPECT_EQ(client.get("/a").body, "good");
  EXPECT_LE(origin.count("/a"), 12u);
}

TEST(Stale, RecoveredOriginIsSeenAgain) {
  ScriptedOrigin origin;
  origin.next("/a", Reply(page("good")));
  origin.next("/a", Reply(page("broken", "", "500 Down")));
  Daemon isrd(isr_config(origin, usual_windows()));
  isrd.get("/a");
  isrd.advance(61s);
  isrd.get("/a");
  ASSERT_TRUE(origin.wait_for_requests("/a", 2));
  ASSERT_TRUE(isrd.wait_for_cache("/a", "HIT"));
  EXPECT_EQ(isrd.get("/a").body, "/a v3");
}

}  // namespace
}  // namespace isrd::flow
