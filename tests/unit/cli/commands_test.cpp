// The command line as a client, against a real server.
#include "cli/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/addresses.h"
#include "unit/admin/fake_control.h"
#include "unit/config/load.h"

namespace isrd::cli {
namespace {

using admin::test::test_token;
using config::test::Variables;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

Ran run(const std::vector<std::string_view>& args, const Variables& variables = {}) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_client(args, config::test::environment(variables), out, err);
  return {code, out.str(), err.str()};
}

class Cli : public ::testing::Test {
 protected:
  Cli() {
    char name[] = "/tmp/isrd-cli-XXXXXX";
    directory_ = ::mkdtemp(name);
    token_file_ = directory_ + "/token";
    write(token_file_, test_token + "\n");
  }
  ~Cli() override { std::filesystem::remove_all(directory_); }

  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
  }
  std::string address() const { return config::print_address(server_->listening()); }
  /// With the server's place and token in the environment.
  Ran ask(const std::vector<std::string_view>& args) const {
    return run(args, {{"ISR_ADMIN_LISTEN", address()}, {"ISR_ADMIN_TOKEN", test_token}});
  }

  std::string directory_;
  std::string token_file_;
  admin::test::FakeControl control_;
  std::unique_ptr<admin::Server> server_ = admin::test::start(control_);
};

TEST_F(Cli, purges) {
  const Ran ran = ask({"purge", "http://h/a"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "purged 1 entry\n");
  EXPECT_EQ(ran.err, "");
  ASSERT_EQ(control_.requests().size(), 1u);
  EXPECT_EQ(control_.requests()[0].mode, isr::Mode::purge);
  EXPECT_EQ(control_.requests()[0].selectors.at(0).target, "/a");
}

TEST_F(Cli, refreshes_and_expires) {
  control_.answer.matched = 0;
  EXPECT_EQ(ask({"refresh", "/a", "/b"}).out, "refreshing 0 entries\n");
  control_.answer.matched = 2;
  EXPECT_EQ(ask({"expire", "--prefix", "/a", "--site=blog"}).out, "expired 2 entries\n");
  EXPECT_EQ(ask({"purge", "--all"}).out, "purged 2 entries\n");
  const auto requests = control_.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].selectors.size(), 2u);
  EXPECT_EQ(requests[1].mode, isr::Mode::expire);
  EXPECT_EQ(requests[1].selectors[0].kind, isr::Selector::Kind::prefix);
  EXPECT_EQ(requests[1].selectors[0].site, "blog");
  EXPECT_EQ(requests[2].selectors[0].kind, isr::Selector::Kind::all);
}

TEST_F(Cli, says_which_url_is_none) {
  const Ran some = ask({"purge", "/a", "ftp://h/"});
  EXPECT_EQ(some.code, 1);
  EXPECT_EQ(some.out, "purged 1 entry\n");
  EXPECT_THAT(some.err, StartsWith("isrd: ftp://h/ is no URL"));
  const Ran none = ask({"purge", "ftp://h/"});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, StartsWith("isrd: ftp://h/ is no URL"));
}

TEST_F(Cli, passes_on_what_the_server_says) {
  const Ran ran = ask({"purge", "/a", "--site", "nowhere"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "isrd: there is no site nowhere\n");
  control_.answer.durable = false;
  const Ran unsafe = ask({"purge", "/a"});
  EXPECT_EQ(unsafe.code, 1);
  EXPECT_THAT(unsafe.err, HasSubstr("could not be written down"));
}

TEST_F(Cli, prints_stats) {
  control_.workers[0]->requests[0][0].add(3);
  control_.workers[0]->requests[0][static_cast<std::size_t>(Outcome::miss)].add(1);
  control_.workers[0]->fetch_duration.record(std::chrono::milliseconds(300));
  control_.origin_statuses = {{"blog", {3, 1, 0}, 64, false, {}}};
  control_.store.memory = {5, 3 << 20};
  const Ran ran = ask({"stats"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("requests       4, 75.0 % from the cache\n"));
  EXPECT_THAT(ran.out, HasSubstr("hit 3, stale 0, miss 1"));
  EXPECT_THAT(ran.out, HasSubstr("memory         5 entries, 3.0 MiB of"));
  EXPECT_THAT(ran.out, HasSubstr("hits           p50 -, p95 -, p99 -\n"));
  EXPECT_THAT(ran.out, HasSubstr("origin         blog: ok, 2 of 64 connections in use, 1 idle\n"));
  const Ran json = ask({"stats", "--json"});
  EXPECT_EQ(json.code, 0);
  EXPECT_THAT(json.out, StartsWith("{\"requests\":4,"));
}

TEST_F(Cli, reloads) {
  EXPECT_EQ(ask({"reload"}).out, "reloaded: nothing changed\n");
  control_.report = {true, {"sites", "log"}, {}};
  EXPECT_EQ(ask({"reload"}).out, "reloaded: sites, log\n");
  control_.report = {false, {}, {{"f.yaml", 3, 7, "store.memory", "is too small"}}};
  const Ran ran = ask({"reload"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err,
            "f.yaml:3:7: store.memory: is too small\n"
            "isrd: the configuration in force stays as it was\n");
}

TEST_F(Cli, finds_the_port_and_the_token) {
  const std::string config = directory_ + "/isrd.yaml";
  write(config, "admin: {listen: \"" + address() + "\", token_file: " + token_file_ +
                    "}\norigins: {a: {url: http://127.0.0.1:8000}}\n");
  const std::string place = address();
  EXPECT_EQ(run({"stats", "--admin", place, "--token-file", token_file_}).code, 0);
  EXPECT_EQ(run({"stats", "--config", config}).code, 0);
  EXPECT_EQ(
      run({"stats"}, {{"ISR_ADMIN_LISTEN", place}, {"ISR_ADMIN_TOKEN_FILE", token_file_}}).code, 0);
  // Options win over the environment, and that over the file.
  EXPECT_EQ(run({"stats", "--config", config}, {{"ISR_ADMIN_TOKEN", std::string(32, 'x')}}).code,
            1);
  EXPECT_EQ(run({"stats", "--config", config, "--token-file", token_file_},
                {{"ISR_ADMIN_TOKEN", std::string(32, 'x')}})
                .code,
            0);
  EXPECT_EQ(run({"stats", "--admin", place, "--token-file", token_file_},
                {{"ISR_ADMIN_LISTEN", "127.0.0.1:1"}})
                .code,
            0);
}

TEST_F(Cli, a_wrong_token_is_one_line) {
  const Ran ran =
      run({"purge", "/a", "--admin", address()}, {{"ISR_ADMIN_TOKEN", std::string(32, 'x')}});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, StartsWith("isrd: the token is not the one of this isrd"));
  EXPECT_TRUE(control_.requests().empty());
}

TEST_F(Cli, a_missing_token_file_is_one_line) {
  const std::string place = address();
  const Ran ran = run({"stats", "--admin", place, "--token-file", directory_ + "/none"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("/none: cannot be read: No such file or directory "
                                 "(--token-file or ISR_ADMIN_TOKEN_FILE names another)"));
}

TEST_F(Cli, nobody_there_is_one_line) {
  const std::string place = address();
  server_.reset();
  const Ran ran = run({"stats", "--admin", place});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err,
            "isrd: isrd does not answer at " + place + ": is it running? (--admin says where)\n");
  const Ran local = run({"stats", "--admin", "unix:" + directory_ + "/none.sock"});
  EXPECT_EQ(local.code, 1);
  EXPECT_THAT(local.err, HasSubstr("is it running?"));
}

TEST_F(Cli, talks_over_a_unix_socket) {
  admin::AdminOptions options = admin::test::test_options();
  options.listen = {net::Address::Kind::unix_socket, {}, 0, directory_ + "/admin.sock"};
  const auto server = admin::test::start(control_, options);
  const Ran ran = run({"purge", "--all", "--admin", "unix:" + options.listen.path},
                      {{"ISR_ADMIN_TOKEN", test_token}});
  EXPECT_EQ(ran.out, "purged 1 entry\n") << ran.err;
}

TEST_F(Cli, an_address_of_every_interface_is_asked_on_loopback) {
  admin::AdminOptions options = admin::test::test_options();
  options.listen.host = "0.0.0.0";
  const auto server = admin::test::start(control_, options);
  const std::string place = config::print_address(server->listening());
  EXPECT_EQ(run({"reload", "--admin", place}, {{"ISR_ADMIN_TOKEN", test_token}}).code, 0);
}

TEST(CliUsage, wrong_use_is_2_and_one_line) {
  struct Row {
    std::vector<std::string_view> args;
    std::string_view says;
  };
  const Row rows[] = {
      {{"purge"}, "purge needs a URL"},
      {{"refresh", "--prefix"}, "refresh needs a URL"},
      {{"purge", "--all", "/a"}, "--all stands alone"},
      {{"purge", "--al", "/a"}, "did you mean --all?"},
      {{"purge", "--json", "/a"}, "is not an option of purge"},
      {{"stats", "--site", "a"}, "is not an option of stats"},
      {{"stats", "x"}, "stats takes no argument"},
      {{"reload", "--admin"}, "--admin needs a value; write --admin ADDR:PORT"},
      {{"reload", "--admin", "a", "--admin", "b"}, "twice"},
      {{"reload", "--help=1"}, "takes no value"},
      {{"reload", "--admin", "nowhere"}, "--admin: "},
      {{"reload", "--config", "/nonexistent.yaml"}, "/nonexistent.yaml: cannot be read"},
  };
  for (const Row& row : rows) {
    const Ran ran = run(row.args);
    EXPECT_EQ(ran.code, 2) << row.says;
    EXPECT_THAT(ran.err, HasSubstr(std::string(row.says)));
    EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
  EXPECT_EQ(run({}).code, 2);
  EXPECT_EQ(run({"serve"}).code, 2);
}

TEST(CliUsage, help_names_every_option_of_the_verb) {
  const Ran ran = run({"purge", "--help"});
  EXPECT_EQ(ran.code, 0);
  for (const std::string option :
       {"--prefix", "--all", "--site", "--admin", "--token-file", "--config"})
    EXPECT_THAT(ran.out, HasSubstr(option));
  EXPECT_EQ(ran.out.find("--json"), std::string::npos);
  EXPECT_THAT(run({"stats", "-h"}).out, HasSubstr("--json"));
}

TEST(CliUsage, knows_its_verbs) {
  for (const std::string_view verb : {"purge", "refresh", "expire", "stats", "reload"})
    EXPECT_TRUE(is_client_verb(verb));
  EXPECT_FALSE(is_client_verb("serve"));
  EXPECT_FALSE(is_client_verb(""));
}

}  // namespace
}  // namespace isrd::cli
