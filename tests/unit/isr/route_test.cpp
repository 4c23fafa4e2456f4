// Sites by host and routes by path; patterns alone are in path_pattern_test.cpp.
#include "isr/route.h"

#include <gtest/gtest.h>

#include "base/metrics.h"

namespace isrd::isr {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const SiteTable> table_of(const std::vector<SiteOptions>& sites) {
  const std::vector<std::string> origins = {"app", "files"};
  std::map<std::string, std::size_t> slots;
  auto table = SiteTable::compile(sites, origins, 3, slots);
  EXPECT_TRUE(table);
  return *table;
}

SiteOptions site_of(std::string name, std::vector<std::string> hosts) {
  SiteOptions site;
  site.name = std::move(name);
  site.hosts = std::move(hosts);
  site.origin = "app";
  return site;
}

RouteOptions route_of(std::string name, std::string path) {
  RouteOptions route;
  route.name = std::move(name);
  route.path = std::move(path);
  return route;
}

std::string site_name(const SiteTable& table, std::string_view authority) {
  const Site* site = table.find_host(authority);
  return site ? site->name : "none";
}

TEST(SiteTable, the_nearest_host_wins) {
  const auto table =
      table_of({site_of("any", {"*"}), site_of("exact", {"www.example.org"}),
                site_of("wild", {"*.example.org"}), site_of("deep", {"*.shop.example.org"})});
  struct Row {
    std::string_view authority;
    std::string_view site;
  };
  const Row rows[] = {
      {"www.example.org", "exact"},
      {"WWW.Example.ORG", "exact"},
      {"www.example.org:8080", "exact"},
      {"blog.example.org", "wild"},
      {"a.b.example.org", "wild"},
      {"BLOG.EXAMPLE.ORG:80", "wild"},
      {"de.shop.example.org", "deep"},
      {"shop.example.org", "wild"},
      // A wildcard needs something in its place.
      {"example.org", "any"},
      {".example.org", "any"},
      {"notexample.org", "any"},
      {"www.example.org.evil.test", "any"},
      {"[::1]:8080", "any"},
      {"", "any"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(site_name(*table, row.authority), row.site) << row.authority;
}

TEST(SiteTable, without_a_default_an_unknown_host_has_no_site) {
  const auto table = table_of({site_of("a", {"example.org", "[2001:db8::1]"})});
  EXPECT_EQ(site_name(*table, "example.org"), "a");
  EXPECT_EQ(site_name(*table, "example.com"), "none");
  EXPECT_EQ(site_name(*table, ""), "none");
  EXPECT_EQ(site_name(*table, "[2001:DB8::1]:8080"), "a");
  EXPECT_EQ(site_name(*table, std::string(5000, 'a')), "none");
}

TEST(SiteTable, a_lone_default_site_takes_every_host) {
  const auto table = table_of({site_of("only", {"*"})});
  EXPECT_EQ(site_name(*table, "whatever.test"), "only");
  EXPECT_EQ(site_name(*table, ""), "only");
}

TEST(SiteTable, a_site_carries_what_its_options_say) {
  SiteOptions options = site_of("main", {"example.org"});
  options.origin = "files";
  options.wait_max = 5s;
  options.windows.fresh = 10s;
  options.routes = {route_of("all", "/**")};
  options.routes[0].windows.fresh = 60s;
  options.routes[0].overrides.vary = true;
  const auto table = table_of({site_of("first", {"*"}), options});
  const Site* site = table->find_name("main");
  ASSERT_TRUE(site);
  EXPECT_EQ(site->index, 1u);
  EXPECT_EQ(site->origin_index, 1u);
  EXPECT_EQ(site->wait_max, 5s);
  EXPECT_EQ(site->fallback.policy.windows.fresh, 10s);
  EXPECT_EQ(site->routes[0].policy.windows.fresh, 60s);
  EXPECT_TRUE(site->routes[0].policy.overrides.vary);
  EXPECT_EQ(table->generation(), 3u);
  EXPECT_EQ(table->find_name("nobody"), nullptr);
}

TEST(SiteTable, an_unknown_origin_is_an_error) {
  SiteOptions options = site_of("main", {"*"});
  options.origin = "nowhere";
  const std::vector<SiteOptions> sites = {options};
  const std::vector<std::string> origins = {"app"};
  std::map<std::string, std::size_t> slots;
  const auto table = SiteTable::compile(sites, origins, 1, slots);
  ASSERT_FALSE(table);
  EXPECT_NE(table.error().message.find("nowhere"), std::string::npos);
}

TEST(SiteTable, a_name_keeps_its_metrics_slot_over_reloads) {
  const std::vector<std::string> origins = {"app"};
  std::map<std::string, std::size_t> slots;
  const std::vector<SiteOptions> before = {site_of("a", {"a"}), site_of("b", {"b"})};
  const std::vector<SiteOptions> after = {site_of("c", {"c"}), site_of("b", {"b"})};
  const auto first = SiteTable::compile(before, origins, 1, slots);
  const auto second = SiteTable::compile(after, origins, 2, slots);
  ASSERT_TRUE(first && second);
  EXPECT_EQ((*first)->find_name("b")->metrics_slot, (*second)->find_name("b")->metrics_slot);
  EXPECT_NE((*first)->find_name("a")->metrics_slot, (*second)->find_name("c")->metrics_slot);
}

TEST(SiteTable, more_sites_than_slots_share_the_last_one) {
  std::vector<SiteOptions> sites;
  for (std::size_t i = 0; i < site_slots_max + 5; ++i) {
    sites.push_back(site_of("s" + std::to_string(i), {"h" + std::to_string(i)}));
  }
  const auto table = table_of(sites);
  EXPECT_EQ(table->sites().back().metrics_slot, site_slots_max - 1);
  EXPECT_EQ(table->sites()[site_slots_max].metrics_slot, site_slots_max - 1);
}

std::shared_ptr<const SiteTable> shop() {
  SiteOptions site = site_of("shop", {"*"});
  site.routes = {route_of("account", "/account/**"), route_of("static", "/static/**"),
                 route_of("post", "/post/{slug}")};
  return table_of({site});
}

TEST(Site, the_first_route_that_matches_is_taken) {
  SiteOptions options = site_of("main", {"*"});
  options.routes = {route_of("one", "/a/*"), route_of("two", "/a/**"), route_of("three", "/**")};
  const auto table = table_of({options});
  const Site& site = table->sites()[0];
  bool ambiguous = true;
  EXPECT_EQ(site.match("/a/b", ambiguous).name, "one");
  EXPECT_FALSE(ambiguous);
  EXPECT_EQ(site.match("/a/b/c", ambiguous).name, "two");
  EXPECT_EQ(site.match("/x", ambiguous).name, "three");
}

TEST(Site, a_path_with_two_readings_is_not_trusted) {
  const auto table = shop();
  struct Row {
    std::string_view path;
    bool ambiguous;
  };
  const Row rows[] = {
      {"/static/app.js", false},
      {"/static/../account/orders", true},
      {"/static/%2e%2e/account/orders", true},
      {"/static/..%2faccount", true},
      {"/static/..;/account", true},
      {"/static/..\\account", true},
      {"//account/orders", true},
      {"/./account", true},
      {"/%61ccount", true},
      {"/account%2forders", true},
      {"/account;x=1", true},
      {"/x/../account", true},
      {"/post/a%2fb", true},
      // Other readings that lead to the same route do no harm.
      {"/static/a%20b.js", false},
      {"/static//app.js", false},
      {"/static/./app.js", false},
      {"/account/%61", false},
      {"/post/a%20b", false},
      {"/other/../another", false},
      {"/.well-known/x", false},
  };
  for (const Row& row : rows) {
    bool ambiguous = false;
    table->sites()[0].match(row.path, ambiguous);
    EXPECT_EQ(ambiguous, row.ambiguous) << row.path;
  }
}

TEST(Site, without_routes_no_path_is_ambiguous) {
  const auto table = table_of({site_of("main", {"*"})});
  bool ambiguous = true;
  const Route& route = table->sites()[0].match("/a/%2e%2e/b", ambiguous);
  EXPECT_FALSE(ambiguous);
  EXPECT_EQ(&route, &table->sites()[0].fallback);
}

}  // namespace
}  // namespace isrd::isr
