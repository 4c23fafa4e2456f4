// The real binary: what it says, what it answers with, and how it ends.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "flow/harness/daemon.h"
#include "flow/harness/program.h"

namespace isrd::flow {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::vector<std::string> join(std::vector<std::string> front,
                              const std::vector<std::string>& back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

long lines_of(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

/// `isrd serve` on ports of its own, with what else is given.
class Serving {
 public:
  explicit Serving(const std::vector<std::string>& arguments)
      : program_(join({"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--token-file",
                       token_file()},
                      arguments)) {}

  Program& program() { return program_; }
  Client connect() { return Client(program_.port()); }
  Response get(std::string_view target) { return connect().get(target); }
  std::string token_file() const { return dir_.path() + "/token"; }
  /// A client verb of the same binary, pointed at this one.
  Finished tell(const std::vector<std::string>& words) {
    const std::string admin = "127.0.0.1:" + std::to_string(program_.admin_port());
    return run(join(words, {"--admin", admin, "--token-file", token_file()}));
  }

 private:
  TempDir dir_;
  Program program_;
};

std::string isr_file(const ScriptedOrigin& origin, const std::string& fresh = "1m") {
  return "origins: { blog: { url: \"" + origin.url() + "\" } }\n" +
         "sites:\n  - name: blog\n    hosts: [blog.test]\n    origin: blog\n    wait_max: 30s\n" +
         "    routes:\n      - match: { path: /** }\n        fresh: " + fresh +
         "\n        stale: 1h\n";
}

TEST(Binary, SaysHowItIsUsed) {
  const Finished nothing = run({});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_THAT(nothing.output, HasSubstr("isrd serve --origin"));
  const Finished help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.output, HasSubstr("isrd serve --origin"));
  const Finished nonsense = run({"nonsense"});
  EXPECT_EQ(nonsense.code, 2);
  EXPECT_THAT(nonsense.output, HasSubstr("nonsense"));
  EXPECT_THAT(run({"--version"}).output, MatchesRegex("isrd [0-9.]+\n"));
  for (const std::string verb :
       {"serve", "check", "config", "purge", "refresh", "stats", "reload"}) {
    const Finished of_verb = run({verb, "--help"});
    EXPECT_EQ(of_verb.code, 0) << verb;
    EXPECT_THAT(of_verb.output, HasSubstr("--")) << verb;
  }
}

TEST(Binary, ServesAnOriginWithoutAnyFile) {
  ScriptedOrigin origin;
  Serving isrd({"--origin", origin.url(), "--fresh", "1m", "--stale", "1h"});
  EXPECT_EQ(isrd.get("/a").cache(), "MISS");
  EXPECT_EQ(isrd.get("/a").cache(), "HIT");
  isrd.program().signal(SIGTERM);
  EXPECT_EQ(isrd.program().wait(), 0);
}

TEST(Binary, HoldsTheRfcProfileWithoutFresh) {
  ScriptedOrigin origin;
  Serving isrd({"--origin", origin.url()});
  EXPECT_EQ(isrd.get("/a").body, "/a v1");
  EXPECT_EQ(isrd.get("/a").body, "/a v2");
}

TEST(Binary, WrongOptionIsNamed) {
  const Finished misspelt = run({"serve", "--orign", "http://127.0.0.1:1"});
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.output, HasSubstr("--origin"));
  const Finished no_origin = run({"serve", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(no_origin.code, 2);
  EXPECT_THAT(no_origin.output, HasSubstr("origin"));
}

TEST(Binary, PortInUseIsOneClearLine) {
  ScriptedOrigin origin;
  Serving first({"--origin", origin.url()});
  const std::string address = "127.0.0.1:" + std::to_string(first.program().port());
  TempDir dir;
  const Finished second = run({"serve", "--origin", origin.url(), "--listen", address, "--admin",
                               "127.0.0.1:0", "--token-file", dir.path() + "/token"});
  EXPECT_NE(second.code, 0);
  EXPECT_LT(second.code, 128);
  EXPECT_THAT(second.output, HasSubstr(address));
  EXPECT_EQ(lines_of(second.output), 1) << second.output;

  const std::string admin = "127.0.0.1:" + std::to_string(first.program().admin_port());
  const Finished third = run({"serve", "--origin", origin.url(), "--listen", "127.0.0.1:0",
                              "--admin", admin, "--token-file", dir.path() + "/token"});
  EXPECT_NE(third.code, 0);
  EXPECT_THAT(third.output, HasSubstr(admin));
  EXPECT_EQ(lines_of(third.output), 1) << third.output;
  EXPECT_EQ(first.get("/a").status, 200);
}

TEST(Binary, BadFileIsRefusedWithEverythingThatIsWrong) {
  TempDir dir;
  const std::string file =
      dir.write("isrd.yaml",
                "lisen: [\"127.0.0.1:0\"]\n"
                "origins: { blog: { url: \"nonsense\" } }\n"
                "sites:\n  - name: blog\n    hosts: [blog.test]\n    fresh: soon\n");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"serve", "--config", file}, {"check", file}}) {
    const Finished refused = run(words);
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.output, HasSubstr(file + ":1:1: lisen: "));
    EXPECT_THAT(refused.output, HasSubstr("listen"));
    EXPECT_THAT(refused.output, HasSubstr(file + ":2:"));
    EXPECT_THAT(refused.output, HasSubstr(file + ":6:"));
  }
}

TEST(Binary, GoodFileIsSaidToBeGood) {
  ScriptedOrigin origin;
  TempDir dir;
  EXPECT_EQ(run({"check", dir.write("isrd.yaml", isr_file(origin))}).code, 0);
  EXPECT_EQ(run({"check", ISRD_SOURCE_DIR "/config/isrd.yaml"}).code, 0);
}

TEST(Binary, UnreadableFileIsOneClearLine) {
  TempDir dir;
  for (const std::string& path : {dir.path() + "/absent.yaml", dir.path()}) {
    const Finished refused = run({"serve", "--config", path});
    EXPECT_NE(refused.code, 0);
    EXPECT_LT(refused.code, 128);
    EXPECT_THAT(refused.output, HasSubstr(path));
    EXPECT_EQ(lines_of(refused.output), 1) << refused.output;
  }
}

TEST(Binary, DocumentationIsWhatItPrints) {
  const Finished docs = run({"config", "--docs"});
  EXPECT_EQ(docs.code, 0);
  EXPECT_EQ(docs.output, read_text(ISRD_SOURCE_DIR "/docs/configuration.md"));
}

TEST(Binary, EffectiveConfigurationHidesSecrets) {
  const std::string secret(40, 's');
  const Finished effective = run({"config", "--effective", ISRD_SOURCE_DIR "/config/isrd.yaml"},
                                 {"ISR_ADMIN_TOKEN=" + secret});
  EXPECT_EQ(effective.code, 0);
  EXPECT_THAT(effective.output, HasSubstr("listen:"));
  EXPECT_THAT(effective.output, testing::Not(HasSubstr(secret)));
}

TEST(Binary, TerminationLetsOpenRequestsFinish) {
  ScriptedOrigin origin;
  const GatePtr gate = make_gate();
  origin.serve("/slow", Reply().wait(gate).then(page("finished")));
  Serving isrd({"--origin", origin.url()});
  Client idle = isrd.connect();
  idle.get("/a");
  Client busy = isrd.connect();
  busy.ask("/slow");
  ASSERT_TRUE(origin.wait_for_requests("/slow", 1));
  isrd.program().signal(SIGTERM);
  EXPECT_EQ(idle.wait_for_end(), Ending::orderly);
  gate->open();
  EXPECT_EQ(busy.read().body, "finished");
  EXPECT_EQ(isrd.program().wait(), 0);
}

TEST(Binary, HangupReadsTheFileAgainAndKeepsConnectionsAndPages) {
  ScriptedOrigin origin;
  TempDir dir;
  const std::string file = dir.write("isrd.yaml", isr_file(origin));
  Serving isrd({"--config", file});
  Client client = isrd.connect();
  client.get("/a");

  dir.write("isrd.yaml", isr_file(origin, "2m") + "nonsense: 1\n");
  isrd.program().signal(SIGHUP);
  ASSERT_TRUE(isrd.program().wait_for_output("reload refused"));
  ASSERT_TRUE(isrd.program().wait_for_output("nonsense"));
  EXPECT_EQ(client.get("/a").cache(), "HIT");

  dir.write("isrd.yaml",
            isr_file(origin) + "  - name: second\n    hosts: [second.test]\n    origin: blog\n");
  isrd.program().signal(SIGHUP);
  ASSERT_TRUE(isrd.program().wait_for_output("reloaded"));
  EXPECT_EQ(client.get("/a").cache(), "HIT");
  EXPECT_EQ(client.exchange("GET /a HTTP/1.1\r\nHost: second.test\r\n\r\n").status, 200);
}

TEST(Binary, AdminPortReloadsToo) {
  ScriptedOrigin origin;
  TempDir dir;
  const std::string file = dir.write("isrd.yaml", isr_file(origin));
  Serving isrd({"--config", file});
  EXPECT_EQ(isrd.tell({"reload"}).code, 0);
  dir.write("isrd.yaml", "sites: 1\n");
  const Finished refused = isrd.tell({"reload"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.output, HasSubstr(file + ":1:"));
  EXPECT_EQ(isrd.get("/a").status, 200);
}

TEST(Binary, IsItsOwnClient) {
  ScriptedOrigin origin;
  TempDir dir;
  Serving isrd({"--config", dir.write("isrd.yaml", isr_file(origin))});
  isrd.get("/a");
  const Finished refreshed = isrd.tell({"refresh", url_of("/a")});
  EXPECT_EQ(refreshed.code, 0) << refreshed.output;
  EXPECT_TRUE(origin.wait_for_requests("/a", 2));
  ASSERT_TRUE(eventually([&] { return isrd.get("/a").body == "/a v2"; }));

  EXPECT_EQ(isrd.tell({"purge", url_of("/a")}).code, 0);
  EXPECT_EQ(isrd.get("/a").cache(), "MISS");
  const Finished stats = isrd.tell({"stats"});
  EXPECT_EQ(stats.code, 0);
  EXPECT_THAT(stats.output, HasSubstr("hit"));
  EXPECT_THAT(isrd.tell({"stats", "--json"}).output, StartsWith("{"));
}

TEST(Binary, ClientSaysWhenNobodyIsThere) {
  ScriptedOrigin nobody;
  nobody.stop();
  TempDir dir;
  const std::string token = dir.write("token", std::string(64, 'a'));
  ::chmod(token.c_str(), 0600);
  const Finished finished = run(
      {"stats", "--admin", "127.0.0.1:" + std::to_string(nobody.port()), "--token-file", token});
  EXPECT_EQ(finished.code, 1);
  EXPECT_EQ(lines_of(finished.output), 1) << finished.output;
}

TEST(Binary, TokenFromTheEnvironmentIsObeyed) {
  ScriptedOrigin origin;
  const std::string token(48, 't');
  Program program(
      {"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--origin", origin.url()},
      {"ISR_ADMIN_TOKEN=" + token});
  const std::string admin = "127.0.0.1:" + std::to_string(program.admin_port());
  EXPECT_EQ(run({"stats", "--admin", admin}, {"ISR_ADMIN_TOKEN=" + token}).code, 0);
  EXPECT_EQ(run({"stats", "--admin", admin}, {"ISR_ADMIN_TOKEN=" + std::string(48, 'x')}).code, 1);
}

TEST(Binary, EnvironmentOverridesTheFile) {
  ScriptedOrigin origin;
  TempDir dir;
  const std::string file = dir.write("isrd.yaml", isr_file(origin));
  Program program({"serve", "--config", file},
                  {"ISR_LISTEN=127.0.0.1:0", "ISR_ADMIN_LISTEN=127.0.0.1:0",
                   "ISR_ADMIN_TOKEN_FILE=" + dir.path() + "/token"});
  EXPECT_EQ(Client(program.port()).get("/a").status, 200);
}

TEST(Binary, AccessLogHasOneLineForEachRequest) {
  ScriptedOrigin origin;
  TempDir dir;
  Serving isrd({"--config", dir.write("isrd.yaml", isr_file(origin) + "log: { access: on }\n")});
  isrd.get("/page?x=1");
  isrd.get("/page?x=1");
  ASSERT_TRUE(isrd.program().wait_for_output("\"GET /page?x=1\" 200 ", 2));
  EXPECT_TRUE(isrd.program().wait_for_output("cache=miss why=", 1));
  EXPECT_TRUE(isrd.program().wait_for_output("cache=hit why=fresh", 1));
}

TEST(Binary, RefusedRequestIsLoggedWithItsReason) {
  ScriptedOrigin origin;
  Serving isrd({"--origin", origin.url()});
  EXPECT_EQ(isrd.connect().exchange("GET /x HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_TRUE(isrd.program().wait_for_output("missing_host"));
}

}  // namespace
}  // namespace isrd::flow
