// What is wrong with a file: each message whole, with its line and column.
#include "load.h"

namespace isrd::config::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Case {
  std::string text;  // after the minimal file, so that its first line is line 2
  std::string error;
};

class ConfigErrors : public ::testing::TestWithParam<Case> {};

TEST_P(ConfigErrors, is_said_at_its_place) {
  EXPECT_THAT(errors(minimal + GetParam().text), ElementsAre(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    keys, ConfigErrors,
    ::testing::Values(
        Case{"lisen: x", "f.yaml:2:1: lisen: is not a key of isrd; did you mean listen?"},
        Case{"log:\n  lvel: info",
             "f.yaml:3:3: log.lvel: is not a key of isrd; did you mean level?"},
        Case{"colour: red",
             "f.yaml:2:1: colour: is not a key of isrd; here stand listen, workers, "
             "trusted_proxies, timeouts, limits, "
             "admin, store, log, origins or sites"},
        Case{"fresh: 1m",
             "f.yaml:2:1: fresh: is not a key here; it belongs to sites.*.fresh or "
             "sites.*.routes.*.fresh"},
        Case{"store: {path: /x}",
             "f.yaml:2:9: store.path: comes with a later version of isrd; leave the key out until "
             "then"},
        Case{
            "events: {a: {mode: refresh}}",
            "f.yaml:2:1: events: comes with a later version of isrd; leave the key out until then"},
        Case{"sites: [{name: s, hosts: a, preset: wordpress}]",
             "f.yaml:2:29: sites.s.preset: comes with a later version of isrd; leave the key out "
             "until then"},
        Case{"sites: [{name: s, hosts: a, routes: [{name: r, match: {host: a}}]}]",
             "f.yaml:2:56: sites.s.routes.r.match.host: comes with a later version of isrd; leave "
             "the key out until "
             "then"},
        Case{"log: {level: info, level: warn}",
             "f.yaml:2:20: log.level: stands twice in the same map; keep one of the two"},
        Case{"workers: 1\nworkers: 1",
             "f.yaml:3:1: workers: stands twice in the same map; keep one of the two"},
        Case{"admin: {token: 0123456789abcdef0123456789abcdef}",
             "f.yaml:2:9: admin.token: secrets come from a file or the environment, not from here; "
             "write "
             "admin.token_file or set ISR_ADMIN_TOKEN"}));

INSTANTIATE_TEST_SUITE_P(
    types, ConfigErrors,
    ::testing::Values(
        Case{"workers: many", "f.yaml:2:10: workers: 'many' is not a whole number, or auto"},
        Case{"workers: 0", "f.yaml:2:10: workers: '0' is too small; write 1 to 256, or auto"},
        Case{"workers: [1]", "f.yaml:2:10: workers: is a list; it must be integer or auto"},
        Case{"workers:",
             "f.yaml:2:1: workers: has no value; write integer or auto or leave the key out"},
        Case{"workers: {a: 1}", "f.yaml:2:10: workers: is a map; it must be integer or auto"},
        Case{"timeouts: {head: 10}",
             "f.yaml:2:18: timeouts.head: '10' has no unit; write 10s for seconds, or a duration "
             "such as 900ms, 90s, "
             "1m, 1h or 7d"},
        Case{"timeouts: {head: -1s}",
             "f.yaml:2:18: timeouts.head: '-1s' is negative; write a duration such as 900ms, 90s, "
             "1m, 1h or 7d"},
        Case{"timeouts: {head: 2h}",
             "f.yaml:2:18: timeouts.head: '2h' is too large; write 10ms to 1h"},
        Case{"timeouts: {head: [1s]}",
             "f.yaml:2:18: timeouts.head: is a list; it must be a duration"},
        Case{"timeouts: 10s",
             "f.yaml:2:11: timeouts: is a single value; it must be a map with the keys head, body, "
             "write, keep_alive, "
             "tunnel or drain"},
        Case{"limits: {request_head: 1}",
             "f.yaml:2:24: limits.request_head: '1' is too small; write 256 to 1MiB"},
        Case{"limits: {connections: 99999999999999999999}",
             "f.yaml:2:23: limits.connections: '99999999999999999999' is too large; write a "
             "smaller whole number"},
        Case{"log: {access: maybe}",
             "f.yaml:2:15: log.access: 'maybe' is not a switch; write on or off (true or false)"},
        Case{"log: {level: warning}",
             "f.yaml:2:14: log.level: 'warning' is not known here; write debug, info, warn or "
             "error"},
        Case{"log: {format: jsn}",
             "f.yaml:2:15: log.format: 'jsn' is not known here; write text or json (did you mean "
             "json?)"},
        Case{"listen: [[a]]",
             "f.yaml:2:10: listen: has a list within; it must be a list of addresses"},
        Case{"listen: {a: b}", "f.yaml:2:9: listen: is a map; it must be a list of addresses"},
        Case{"listen: []",
             "f.yaml:2:9: listen: is empty; name at least one address such as 0.0.0.0:8080"},
        Case{"admin: {listen: nowhere}",
             "f.yaml:2:17: admin.listen: 'nowhere' has no port; write 0.0.0.0:8080, [::]:8080, "
             ":8080 or unix:/path, or "
             "off"},
        Case{"sites: {name: s}",
             "f.yaml:2:8: sites: is a map; it must be a list: one `- name: ...` for each"}));

INSTANTIATE_TEST_SUITE_P(
    whole, ConfigErrors,
    ::testing::Values(
        Case{"listen: [\":1\", \"0.0.0.0:1\"]", "f.yaml:2:9: listen: 0.0.0.0:1 stands there twice"},
        Case{"listen: 127.0.0.1:9090",
             "f.yaml:2:9: listen: 127.0.0.1:9090 is both a public address and the admin port; "
             "choose another port for "
             "one of them"},
        Case{"sites: [{name: s, hosts: a, origin: aa}]",
             "f.yaml:2:37: sites.s.origin: there is no origin 'aa'; did you mean a?"},
        Case{"sites: [{name: s, hosts: a}, {name: s, hosts: b}]",
             "f.yaml:2:37: sites.s.name: another site is named 's', first at line 2; names are "
             "unique"},
        Case{"sites: [{name: s, hosts: [a, A]}]",
             "f.yaml:2:26: sites.s.hosts: 'a' stands there twice"},
        Case{"sites:\n- {name: s, hosts: a}\n- {name: t, hosts: a}",
             "f.yaml:4:20: sites.t.hosts: 'a' belongs to another site already, first at line 3; a "
             "host has one site"},
        Case{"sites: [{name: a b, hosts: a}]",
             "f.yaml:2:16: sites.a b.name: 'a b' is not a name; write 1 to 64 of the characters "
             "A-Z a-z 0-9 _ -"},
        Case{"sites: [{hosts: a}]",
             "f.yaml:2:9: sites.0.name: is missing: The site's name: part of the key of its pages, "
             "of metrics and of "
             "the admin port."},
        Case{"sites: [{name: s, hosts: []}]",
             "f.yaml:2:26: sites.s.hosts: is empty; name a host, or write [\"*\"] for every host"},
        Case{"sites: [{name: s, hosts: a, stale: 1m}]",
             "f.yaml:2:36: sites.s.stale: needs `fresh` beside it: without it the headers of the "
             "origin alone say how "
             "long a page may be used (RFC 9111), and `stale` has no beginning. Add `fresh`, or "
             "remove `stale`"},
        Case{"sites: [{name: s, hosts: a, routes: [{name: r}, {name: r, match: {path: /x}}]}]",
             "f.yaml:2:56: sites.s.routes.r.name: another route of the site is named 'r', first at "
             "line 2; names are "
             "unique"},
        Case{"sites: [{name: s, hosts: a, routes: [{name: r, match: {path: x}}]}]",
             "f.yaml:2:62: sites.s.routes.r.match.path: 'x' does not begin with /; write a pattern "
             "such as "
             "/blog/{slug}, /media/* or /account/**"},
        Case{"sites: [{name: s, hosts: a, routes: [{name: r, override: [cookie]}]}]",
             "f.yaml:2:59: sites.s.routes.r.override: 'cookie' is not known here; write "
             "cache-control, set-cookie or "
             "vary"},
        Case{"sites: [{name: s, hosts: a, routes: [{name: r, cache: off, fresh: 1m}]}]",
             "f.yaml:2:55: sites.s.routes.r.cache: is off, which contradicts the route's times or "
             "`override`; remove "
             "one of the two"}));

TEST(ConfigErrorsTogether, all_are_said_at_once_in_the_order_of_the_file) {
  EXPECT_THAT(
      errors("lisen: x\n"
             "workers: 0\n"
             "origins:\n"
             "  a: {url: https://x}\n"
             "  b:\n"
             "sites:\n"
             "  - name: s\n"
             "    hosts: [\"*\"]\n"
             "    fresh: ${NOPE}\n"
             "    stale: 1m\n"),
      ElementsAre(
          HasSubstr("f.yaml:1:1: lisen:"), HasSubstr("f.yaml:2:10: workers:"),
          HasSubstr("f.yaml:4:12: origins.a.url:"),
          HasSubstr("f.yaml:5:3: origins.b.url: is missing"),
          HasSubstr("f.yaml:7:5: sites.s.origin: is missing; there are several: a or b"),
          HasSubstr("f.yaml:9:12: sites.s.fresh: the environment variable NOPE is not set")));
}

TEST(ConfigErrorsTogether, no_origin) {
  EXPECT_THAT(errors("workers: 1"),
              ElementsAre("f.yaml:1:1: origins: is missing; write `origins: { app: { url: "
                          "\"http://127.0.0.1:8000\" } }` or start with --origin URL"));
  EXPECT_THAT(errors("workers: 1\norigins: {}"),
              ElementsAre(HasSubstr("f.yaml:2:10: origins: is missing")));
  EXPECT_THAT(
      errors("origins: {a: {url: http://a}, b: {url: http://b}}"),
      ElementsAre(
          "f.yaml:1:1: sites: is missing; with several origins each site says its `origin`"));
  EXPECT_THAT(errors("origins: {a b: {url: http://a}}"),
              ElementsAre("f.yaml:1:11: origins.a b: 'a b' is not a name; write 1 to 64 of the "
                          "characters A-Z a-z 0-9 "
                          "_ -"));
}

TEST(ConfigErrorsTogether, error_alone_is_fine_in_the_rfc_profile) {
  EXPECT_THAT(errors(minimal + "sites: [{name: s, hosts: a, error: 1d}]"), IsEmpty());
}

TEST(ConfigErrorsTogether, an_override_wins_over_a_variable_that_is_not_set) {
  EXPECT_THAT(errors(minimal + "workers: ${NOPE}", {{"ISR_WORKERS", "2"}}), IsEmpty());
}

class ConfigSyntax : public ::testing::TestWithParam<Case> {};

TEST_P(ConfigSyntax, is_said_at_its_place) {
  EXPECT_THAT(errors(GetParam().text), ElementsAre(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    yaml, ConfigSyntax,
    ::testing::Values(
        Case{"", "f.yaml:1:1: the file is empty; config/isrd.yaml shows what it may hold"},
        Case{"\n# nothing\n",
             "f.yaml:1:1: the file is empty; config/isrd.yaml shows what it may hold"},
        Case{"null", "f.yaml:1:1: the file is empty; config/isrd.yaml shows what it may hold"},
        Case{"- a",
             "f.yaml: holds no map of keys at its top; write lines such as `listen: 0.0.0.0:8080`"},
        Case{"hello",
             "f.yaml: holds no map of keys at its top; write lines such as `listen: 0.0.0.0:8080`"},
        Case{"a:\n\tb: 1", "f.yaml:2:1: a tab indents here; YAML wants spaces"},
        Case{"log: {level: info\n", "f.yaml:2:1: the map in braces is not closed; write }"},
        Case{"listen: [a, b\n", "f.yaml:2:1: the list is not closed; write ]"},
        Case{"log: \"x\n", "f.yaml:1:6: the quote is not closed"},
        Case{"log: 'it''s\n", "f.yaml:1:6: the quote is not closed"},
        Case{"a: b: c",
             "f.yaml:1:5: a `:` that YAML cannot place; put the value in quotes, or check the "
             "indentation"},
        Case{"a: @b", "f.yaml:1:4: YAML cannot read this character here; put the value in quotes"},
        Case{
            "hosts: *.example.org",
            "f.yaml:1:8: a value that begins with * is an alias in YAML; put it in quotes, such as "
            "\"*.example.org\""},
        Case{"workers: 1\n---\nworkers: 2",
             "f.yaml:2:1: a second document begins here; the file must hold one"},
        Case{"[a]: b", "f.yaml:1:1: a key must be a word, not a list or a map"},
        Case{"a: {<<: b}", "f.yaml:1:9: << must be given a map, such as *name"}));

}  // namespace
}  // namespace isrd::config::test
