// ${VAR}, ISR_* variables and the settings of the command line.
#include <cstdlib>

#include "config/expand.h"
#include "load.h"

namespace isrd::config::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(ConfigExpansion, values) {
  const Environment env =
      environment({{"A", "x"}, {"EMPTY", ""}, {"_B1", "y"}, {"NESTED", "${A}"}});
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", ""},
      {"plain $ $A $5", "plain $ $A $5"},
      {"${A}", "x"},
      {"<${A}${_B1}>", "<xy>"},
      {"${NOPE:-d}", "d"},
      {"${EMPTY:-d}", "d"},
      {"${A:-d}", "x"},
      {"${NOPE:-}", ""},
      {"${EMPTY}", ""},
      {"${NOPE:-a:-b}", "a:-b"},
      {"$${A}", "${A}"},
      {"$$${A}", "$${A}"},
      {"$$", "$$"},
      {"${NESTED}", "${A}"},
  };
  for (const auto& [text, expected] : table) {
    const auto value = expand(text, env);
    ASSERT_TRUE(value) << text << ": " << value.error().message;
    EXPECT_EQ(*value, expected) << text;
  }
}

TEST(ConfigExpansion, what_goes_wrong) {
  const Environment env = environment({{"BIG", std::string(40'000, 'x')}});
  const std::vector<std::pair<std::string, std::string>> table = {
      {"${NOPE}", "the environment variable NOPE is not set; set it, or write ${NOPE:-default}"},
      {"a${A", "'${A' has no closing }; write ${NAME}, or $${ for a plain ${"},
      {"${}", "'${}' is no variable; write ${NAME}, ${NAME:-default}, or $${ for a plain ${"},
      {"${1A}", "'${1A}' is no variable; write ${NAME}, ${NAME:-default}, or $${ for a plain ${"},
      {"${A-b}", "'${A-b}' is no variable; write ${NAME}, ${NAME:-default}, or $${ for a plain ${"},
      {"${BIG}${BIG}", "is longer than 64 KiB once its variables are expanded"},
  };
  for (const auto& [text, message] : table) {
    const auto value = expand(text, env);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().message, message);
  }
}

TEST(ConfigExpansion, escaping_is_the_inverse) {
  const Environment env = environment();
  for (const std::string text : {"", "${", "$${", "$$${A}", "a${b}c$", "$"}) {
    EXPECT_EQ(*expand(escape_expansion(text), env), text);
  }
}

TEST(ConfigExpansion, in_a_file) {
  const LoadResult result =
      load("origins: {a: {url: \"http://${APP_HOST:-app}:${APP_PORT}\"}}", {{"APP_PORT", "81"}});
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->origins[0].url, "http://app:81");
  EXPECT_THAT(errors(minimal + "listen:\n  - 127.0.0.1:1\n  - ${X}"),
              ElementsAre("f.yaml:4:5: listen: the environment variable X is not set; set it, or "
                          "write ${X:-default}"));
}

const std::string two_sites = R"(origins: {my-blog: {url: http://a}, shop: {url: http://b}}
sites:
  - {name: blog, hosts: a, origin: my-blog, fresh: 5s, routes: [{name: post, fresh: 1m}]}
  - {name: shop, hosts: b, origin: shop}
)";

TEST(ConfigEnvironment, overrides_scalars_and_lists) {
  const LoadResult result =
      load(two_sites, {{"ISR_STORE_MEMORY", "64MiB"},
                       {"ISR_ADMIN_LISTEN", "127.0.0.1:1"},
                       {"ISR_LOG_LEVEL", "debug"},
                       {"ISR_LIMITS_REQUEST_HEAD", "32KiB"},
                       {"ISR_LISTEN", "127.0.0.1:2, [::1]:2"},
                       {"ISR_TRUSTED_PROXIES", ""},
                       {"ISR_ORIGINS_MY_BLOG_URL", "http://c:3"},
                       {"ISR_ORIGINS_SHOP_TIMEOUTS_FIRST_BYTE", "3s"},
                       {"ISR_SITES_BLOG_FRESH", "10s"},
                       {"ISR_SITES_1_WAIT_MAX", "1s"},
                       {"ISR_SITES_BLOG_ROUTES_POST_STALE", "2s"},
                       {"ISR_ADMIN_TOKEN", "0123456789abcdef0123456789abcdef"}});
  ASSERT_TRUE(result.config) << ::testing::PrintToString(strings(result.errors));
  const Config& config = *result.config;
  EXPECT_EQ(config.store.memory_bytes, 64u << 20);
  EXPECT_EQ(config.admin.listen.port, 1);
  EXPECT_EQ(config.log.level, LogLevel::debug);
  EXPECT_EQ(config.listen.size(), 2u);
  EXPECT_EQ(config.origins[0].url, "http://c:3");
  EXPECT_EQ(config.origins[1].timeouts.first_byte, seconds(3));
  EXPECT_EQ(config.sites[0].windows.fresh, milliseconds(10'000));
  EXPECT_EQ(config.sites[1].wait_max, seconds(1));
  EXPECT_EQ(config.sites[0].routes[0].windows.stale, milliseconds(2000));
  EXPECT_EQ(config.admin.token, "0123456789abcdef0123456789abcdef");
}

TEST(ConfigEnvironment, a_container_needs_no_file) {
  const LoadResult result = load_without_file(environment({{"ISR_ORIGINS_APP_URL", "http://app"},
                                                           {"ISR_ORIGINS_APP_CONNECTIONS", "9"},
                                                           {"ISR_SITES_DEFAULT_FRESH", "1s"}}));
  ASSERT_TRUE(result.config) << ::testing::PrintToString(strings(result.errors));
  EXPECT_EQ(result.config->origins[0].name, "app");
  EXPECT_EQ(result.config->origins[0].connections, 9u);
  EXPECT_EQ(result.config->sites[0].windows.fresh, milliseconds(1000));
}

TEST(ConfigEnvironment, errors_name_the_variable) {
  EXPECT_THAT(
      errors(two_sites, {{"ISR_LOG_LEVL", "info"},
                         {"ISR_NOTHING_LIKE_IT", ""},
                         {"ISR_STORE_PATH", "/x"},
                         {"ISR_EVENTS_A_MODE", "purge"},
                         {"ISR_WORKERS", "0"},
                         {"ISR_ORIGINS_BLOG_URL", "http://x"},
                         {"ISR_SITES_SHOP_STALE", "1s"},
                         {"ISR_ADMIN_TOKEN", "short"}}),
      ElementsAre(
          "environment: ISR_EVENTS_A_MODE: comes with a later version of isrd; leave the key out "
          "until then",
          "environment: ISR_LOG_LEVL: is not an option of isrd; did you mean ISR_LOG_LEVEL?",
          "environment: ISR_NOTHING_LIKE_IT: is not an option of isrd; unset it (`isrd config "
          "--docs` lists the "
          "keys)",
          "environment: ISR_ORIGINS_BLOG_URL: is not an option of isrd; did you mean "
          "ISR_ORIGINS_MY_BLOG_URL?",
          "environment: ISR_STORE_PATH: comes with a later version of isrd; leave the key out "
          "until then",
          "environment: ISR_ADMIN_TOKEN: is too short; a token has 32 characters or more",
          "environment: ISR_WORKERS: '0' is too small; write 1 to 256, or auto",
          ::testing::HasSubstr("environment: ISR_SITES_SHOP_STALE: needs `fresh` beside it")));
}

TEST(ConfigEnvironment, names_that_look_alike_are_ambiguous) {
  EXPECT_THAT(
      errors("origins: {a-b: {url: http://a}, a_b: {url: http://b}}\nsites: [{name: s, hosts: a, "
             "origin: a-b}]",
             {{"ISR_ORIGINS_A_B_URL", "http://c"}}),
      ElementsAre("environment: ISR_ORIGINS_A_B_URL: may mean several keys; set them in the file"));
}

TEST(ConfigEnvironment, of_the_process) {
  ASSERT_EQ(setenv("ISR_TEST_OF_CONFIG", "1", 1), 0);
  const Environment env = process_environment();
  EXPECT_THAT(env.names, ::testing::Contains("ISR_TEST_OF_CONFIG"));
  EXPECT_EQ(env.lookup("ISR_TEST_OF_CONFIG"), "1");
  EXPECT_EQ(env.lookup("ISR_TEST_OF_CONFIG_NOT"), std::nullopt);
  unsetenv("ISR_TEST_OF_CONFIG");
}

Overrides settings(std::vector<Setting> list) { return {std::move(list)}; }

TEST(ConfigSettings, without_a_file) {
  const LoadResult result = load_without_file(
      environment(), settings({{"origins.*.url", "http://127.0.0.1:8000", "--origin"},
                               {"sites.*.fresh", "10s", "--fresh"},
                               {"sites.*.stale", "1h", "--stale"},
                               {"listen", "127.0.0.1:1", "--listen"},
                               {"listen", "127.0.0.1:2", "--listen"}}));
  ASSERT_TRUE(result.config) << ::testing::PrintToString(strings(result.errors));
  EXPECT_EQ(result.config->origins[0].name, "default");
  EXPECT_EQ(result.config->sites[0].name, "default");
  EXPECT_EQ(result.config->sites[0].windows.fresh, milliseconds(10'000));
  EXPECT_EQ(result.config->listen.size(), 2u);
}

TEST(ConfigSettings, win_over_environment_and_file) {
  const LoadResult result = load(minimal + "workers: 1", {{"ISR_WORKERS", "2"}},
                                 settings({{"workers", "3", "--workers"}}));
  EXPECT_EQ(result.config->workers, 3u);
}

TEST(ConfigSettings, concern_every_site_and_leave_routes_alone) {
  const LoadResult result = load(two_sites, {}, settings({{"sites.*.fresh", "9s", "--fresh"}}));
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->sites[0].windows.fresh, milliseconds(9000));
  EXPECT_EQ(result.config->sites[1].windows.fresh, milliseconds(9000));
  EXPECT_EQ(result.config->sites[0].routes[0].windows.fresh, milliseconds(60'000));
}

TEST(ConfigSettings, name_elements_by_name_or_index) {
  const LoadResult result = load(two_sites, {},
                                 settings({{"sites.shop.fresh", "9s", ""},
                                           {"sites.0.routes.post.fresh", "8s", ""},
                                           {"origins.shop.connections", "7", ""}}));
  ASSERT_TRUE(result.config);
  EXPECT_EQ(result.config->sites[1].windows.fresh, milliseconds(9000));
  EXPECT_EQ(result.config->sites[0].routes[0].windows.fresh, milliseconds(8000));
  EXPECT_EQ(result.config->origins[1].connections, 7u);
}

TEST(ConfigSettings, errors_name_the_option) {
  EXPECT_THAT(
      errors(two_sites, {},
             settings({{"origins.*.url", "http://x", "--origin"},
                       {"store.memory", "3", "--memory"},
                       {"store.path", "/x", "--store"},
                       {"nonsense", "1", ""}})),
      ElementsAre(
          "command line: --origin: may mean any of the origins my-blog or shop; set url of each in "
          "the "
          "file",
          "command line: --store: comes with a later version of isrd; leave the key out until then",
          "command line: nonsense: 'nonsense' is not a key",
          "command line: --memory: '3' is too small; write 1MiB to 1TiB"));
  EXPECT_THAT(strings(load_without_file(environment()).errors),
              ElementsAre("command line: origins: is missing; write `origins: { app: { url: "
                          "\"http://127.0.0.1:8000\" } "
                          "}` or start with --origin URL"));
}

TEST(ConfigSettings, what_is_in_the_way_is_said_once) {
  EXPECT_THAT(
      errors("origins: x", {{"ISR_ORIGINS_A_URL", "http://a"}},
             settings({{"origins.*.url", "http://b", "--origin"}})),
      ::testing::Contains(
          "f.yaml:1:10: origins: is a single value; it must be a map: the name of each, then its "
          "keys"));
}

}  // namespace
}  // namespace isrd::config::test
