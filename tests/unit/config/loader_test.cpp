// What a good file becomes.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/schema.h"
#include "load.h"

namespace isrd::config::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConfigLoader, one_origin_is_enough) {
  const LoadResult result = load(minimal);
  ASSERT_TRUE(result.config) << ::testing::PrintToString(strings(result.errors));
  const Config& config = *result.config;
  ASSERT_EQ(config.listen.size(), 1u);
  EXPECT_EQ(config.listen[0].host, "0.0.0.0");
  EXPECT_EQ(config.listen[0].port, 8080);
  ASSERT_EQ(config.origins.size(), 1u);
  EXPECT_EQ(config.origins[0].name, "a");
  EXPECT_EQ(config.origins[0].address.port, 8000);
  ASSERT_EQ(config.sites.size(), 1u);
  EXPECT_EQ(config.sites[0].name, "default");
  EXPECT_THAT(config.sites[0].hosts, ElementsAre("*"));
  EXPECT_EQ(config.sites[0].origin, "a");
  EXPECT_FALSE(config.sites[0].windows.fresh);
  EXPECT_THAT(result.warnings, IsEmpty());
}

TEST(ConfigLoader, what_is_not_written_keeps_the_initialisers) {
  const Config config = *load(minimal).config;
  EXPECT_EQ(config.timeouts.head, net::TimeoutOptions{}.head);
  EXPECT_EQ(config.limits.object_bytes, net::LimitOptions{}.object_bytes);
  EXPECT_EQ(config.store.memory_bytes, store::StoreOptions{}.memory_bytes);
  EXPECT_EQ(config.origins[0].timeouts.first_byte, net::OriginTimeouts{}.first_byte);
  EXPECT_EQ(config.sites[0].regenerate_header, isr::SiteOptions{}.regenerate_header);
  EXPECT_EQ(config.admin.purge_from, admin::AdminOptions{}.purge_from);
}

TEST(ConfigLoader, every_group) {
  const LoadResult result = load(R"(
listen: ["127.0.0.1:80", "[::]:80", unix:/run/a.sock]
workers: 3
trusted_proxies: [10.0.0.0/8, "unix:"]
timeouts: {head: 1s, body: 2s, write: 3s, keep_alive: 4s, tunnel: 5s, drain: 6s}
limits: {request_head: 1KiB, connections: 7, object: 1GB, body_rate_min: 0}
admin: {listen: off, token_file: /t, purge_from: [], metrics_open: off}
store: {memory: 64MiB}
log: {level: warn, format: json, access: on}
origins:
  blog:
    url: unix:/run/app.sock
    host: blog.example.org
    connections: 9
    background: 4
    resolve: 1m
    timeouts: {connect: 1s, first_byte: 2s, idle: 3s, keep_alive: 4s, queue: 5s}
sites:
  - name: blog
    hosts: [Blog.Example.org]
    upgrade: websocket
    wait_max: 1s
    uncacheable_for: 2s
    client_directives: on
    purge_mode: expire
    fresh: 1m
    stale: 1h
    error: 1d
    regenerate_header: X-Warm
    routes:
      - {name: post, match: {path: "/blog/{slug}"}, fresh: 2m, override: [cache-control, vary]}
      - {match: {path: "/account/**"}, cache: off}
      - {upgrade: websocket}
)");
  ASSERT_TRUE(result.config) << ::testing::PrintToString(strings(result.errors));
  const Config& config = *result.config;
  EXPECT_EQ(config.listen.size(), 3u);
  EXPECT_EQ(config.listen[2].path, "/run/a.sock");
  EXPECT_EQ(config.workers, 3u);
  EXPECT_EQ(config.timeouts.drain, seconds(6));
  EXPECT_EQ(config.limits.object_bytes, 1'000'000'000u);
  EXPECT_FALSE(config.admin.enabled);
  EXPECT_THAT(config.admin.purge_from, IsEmpty());
  EXPECT_EQ(config.log.level, LogLevel::warn);
  EXPECT_EQ(config.log.format, LogFormat::json);
  EXPECT_EQ(config.origins[0].address.kind, net::Address::Kind::unix_socket);
  EXPECT_EQ(config.origins[0].timeouts.queue, seconds(5));
  const isr::SiteOptions& site = config.sites[0];
  EXPECT_THAT(site.hosts, ElementsAre("blog.example.org"));
  EXPECT_EQ(site.origin, "blog");
  EXPECT_TRUE(site.websocket);
  EXPECT_EQ(site.purge_mode, isr::Mode::expire);
  EXPECT_EQ(site.windows.stale, milliseconds(hours(1)));
  ASSERT_EQ(site.routes.size(), 3u);
  EXPECT_EQ(site.routes[0].windows.fresh, milliseconds(minutes(2)));
  EXPECT_EQ(site.routes[0].overrides, (isr::OverrideOptions{true, false, true}));
  EXPECT_FALSE(site.routes[1].cache);
  EXPECT_EQ(site.routes[1].name, "route-2");
  EXPECT_EQ(site.routes[2].path, "/**");
  EXPECT_TRUE(site.routes[2].websocket);
}

TEST(ConfigLoader, json_is_yaml) {
  const LoadResult result = load(R"({"workers": 2, "origins": {"a": {"url": "http://a"}},
    "sites": [{"name": "s", "hosts": ["*"], "routes": [{"name": "r", "cache": false}]}]})");
  ASSERT_TRUE(result.config) << ::testing::PrintToString(strings(result.errors));
  EXPECT_EQ(result.config->workers, 2u);
  EXPECT_FALSE(result.config->sites[0].routes[0].cache);
}

TEST(ConfigLoader, a_single_value_is_a_list_of_one) {
  const Config config = *load(minimal + "listen: unix:/a\ntrusted_proxies: 10.0.0.1\n").config;
  EXPECT_EQ(config.listen.size(), 1u);
  EXPECT_THAT(config.trusted_proxies, ElementsAre("10.0.0.1/32"));
}

TEST(ConfigLoader, empty_groups_are_nothing) {
  EXPECT_THAT(errors(minimal + "limits:\nadmin: {}\nsites:\n"), IsEmpty());
}

TEST(ConfigLoader, aliases_and_merge_keys) {
  const LoadResult result = load(R"(origins:
  a: &base { url: http://a, connections: 5 }
  b: { <<: *base, url: http://b }
sites:
  - { name: s, hosts: a, origin: a, routes: [ &r { name: x, fresh: 1m } ] }
  - { name: t, hosts: b, origin: b, routes: [ *r ] }
)");
  ASSERT_TRUE(result.config) << ::testing::PrintToString(strings(result.errors));
  EXPECT_EQ(result.config->origins[1].connections, 5u);
  EXPECT_EQ(result.config->origins[1].url, "http://b");
  EXPECT_EQ(result.config->sites[1].routes[0].windows.fresh, milliseconds(minutes(1)));
}

TEST(ConfigLoader, cautions_do_not_hinder) {
  const LoadResult result = load(R"(origins: {a: {url: http://a, connections: 2, background: 3}}
admin: {listen: 0.0.0.0:9090}
trusted_proxies: 0.0.0.0/0
sites:
  - name: s
    hosts: "*"
    routes:
      - {name: all}
      - {name: b, match: {path: /b}}
)");
  EXPECT_TRUE(result.config);
  EXPECT_THAT(strings(result.warnings),
              ElementsAre("f.yaml:1:58: origins.a.background: background fetches (3) can use up "
                          "all connections (2), "
                          "so that visitors wait",
                          "f.yaml:2:17: admin.listen: 0.0.0.0:9090 can be reached from other "
                          "machines; 127.0.0.1 cannot",
                          "f.yaml:3:18: trusted_proxies: 0.0.0.0/0 trusts everyone; any client can "
                          "then claim any address",
                          "f.yaml:9:33: sites.s.routes.b.match.path: never matches: an earlier "
                          "route has the pattern "
                          "/**, first at line 8"));
}

TEST(ConfigReload, names_the_keys_that_need_a_restart) {
  const Config running = *load(minimal + "listen: [':1', ':2']").config;
  EXPECT_THAT(changed_restart_keys(
                  running, *load(minimal + "listen: [':1', ':2']\nlog: {level: warn}").config),
              IsEmpty());
  EXPECT_THAT(
      changed_restart_keys(running, *load(minimal + "workers: 2\nadmin: {listen: off}").config),
      ElementsAre("listen", "workers", "admin.listen"));
}

/// A directory of its own for one test.
class ConfigFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "isrd-config-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string write(const std::string& text) const {
    std::ofstream(directory_ + "/f.yaml") << text;
    return directory_ + "/f.yaml";
  }

  std::string directory_;
};

TEST_F(ConfigFiles, a_file_is_loaded) {
  EXPECT_TRUE(load_file(write(minimal), environment()).config);
}

TEST_F(ConfigFiles, what_cannot_be_read_is_one_line) {
  EXPECT_THAT(strings(load_file(directory_ + "/none", environment()).errors),
              ElementsAre(directory_ + "/none: cannot be read: No such file or directory"));
  EXPECT_THAT(strings(load_file(directory_, environment()).errors),
              ElementsAre(directory_ + ": is a directory; name a file"));
  EXPECT_THAT(strings(load_file("/dev/zero", environment()).errors),
              ElementsAre("/dev/zero: is not a regular file"));
  const std::string fifo = directory_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(strings(load_file(fifo, environment()).errors),
              ElementsAre(fifo + ": is not a regular file"));
}

TEST_F(ConfigFiles, an_unreadable_file_is_one_line) {
  const std::string path = write(minimal);
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  // Root reads everything, so that it steps down for the moment.
  const bool root = geteuid() == 0;
  if (root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const LoadResult result = load_file(path, environment());
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_THAT(strings(result.errors), ElementsAre(path + ": cannot be read: Permission denied"));
}

TEST_F(ConfigFiles, a_huge_file_is_refused) {
  const std::string path = write(minimal + std::string(2 * 1024 * 1024, '#'));
  EXPECT_THAT(strings(load_file(path, environment()).errors),
              ElementsAre(path + ": is larger than 1 MiB; that is not a configuration"));
}

}  // namespace
}  // namespace isrd::config::test
