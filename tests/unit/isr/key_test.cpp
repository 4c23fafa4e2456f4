#include "isr/key.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "unit/http/make_fields.h"

namespace isrd::isr {
namespace {

using http::make_fields;

constexpr std::uint64_t seed = 7;

struct MadeKey {
  std::string text;
  Hash128 id;
};

MadeKey key_of(std::string_view scheme, std::string_view site, std::string_view authority,
               std::string_view target) {
  MadeKey made;
  made.id = make_key(scheme, site, authority, target, seed, made.text).id;
  return made;
}

TEST(Key, scheme_port_and_site_stand_in_the_text_but_not_in_the_id) {
  const MadeKey base = key_of("http", "main", "example.org", "/page");
  const MadeKey others[] = {
      key_of("https", "main", "example.org", "/page"),
      key_of("http", "other", "example.org", "/page"),
      key_of("http", "main", "example.org:8080", "/page"),
  };
  for (const MadeKey& other : others) {
    EXPECT_EQ(other.id, base.id) << other.text;
    EXPECT_NE(other.text, base.text);
  }
}

TEST(Key, host_and_target_make_the_id) {
  const MadeKey base = key_of("http", "main", "example.org", "/page");
  EXPECT_NE(key_of("http", "main", "example.com", "/page").id, base.id);
  EXPECT_NE(key_of("http", "main", "example.org", "/page?").id, base.id);
  EXPECT_NE(key_of("http", "main", "example.org", "/Page").id, base.id);
}

TEST(Key, a_host_is_the_same_in_any_case_and_a_target_is_not) {
  const MadeKey base = key_of("http", "main", "example.org", "/page");
  EXPECT_EQ(key_of("http", "main", "EXAMPLE.Org", "/page").text, base.text);
  EXPECT_NE(key_of("http", "main", "example.org", "/PAGE").text, base.text);
}

TEST(Key, the_id_is_that_of_the_resource_alone) {
  EXPECT_EQ(key_of("https", "main", "Example.org:8443", "/page?a=1").id,
            resource_id("example.org", "/page?a=1", seed));
  EXPECT_NE(resource_id("example.org", "/page", seed), resource_id("example.org", "/page", 8));
}

TEST(Key, the_default_port_of_the_scheme_is_no_port) {
  EXPECT_EQ(key_of("http", "main", "example.org:80", "/").text, key_of("http", "main", "example.org", "/").text);
  EXPECT_EQ(key_of("https", "main", "example.org:443", "/").text, key_of("https", "main", "example.org", "/").text);
  EXPECT_NE(key_of("http", "main", "example.org:443", "/").text, key_of("http", "main", "example.org", "/").text);
}

TEST(Key, no_two_requests_share_a_text) {
  // Parts that would run into each other if they were only written one after another.
  const std::string_view pieces[] = {"", "a", "1:a", "a1:", "/", "a/", "0:", "3:a/b", "/a0:4:http"};
  std::map<std::string, std::string> seen;
  for (std::string_view scheme : {"http", "https"}) {
    for (std::string_view site : pieces) {
      for (std::string_view host : {"a", "b", "ab", "a1"}) {
        for (std::string_view port : {"", ":1", ":11", ":444"}) {
          for (std::string_view target : pieces) {
            const std::string authority = std::string(host).append(port);
            const MadeKey key = key_of(scheme, site, authority, target);
            std::string parts;
            for (std::string_view part : {scheme, site, host, port, target}) {
              parts.append(part).append("\n");
            }
            EXPECT_TRUE(seen.emplace(key.text, parts).second) << parts << "shares its text with\n"
                                                              << seen[key.text];
          }
        }
      }
    }
  }
}

TEST(Key, is_taken_apart_into_what_it_was_made_of) {
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    std::string site;
    std::string target = "/";
    for (unsigned n = random() % 12; n > 0; --n) site += static_cast<char>(' ' + random() % 95);
    for (unsigned n = random() % 300; n > 0; --n) target += static_cast<char>('!' + random() % 94);
    const MadeKey key = key_of("https", site, "[::1]:8443", target);
    const KeyParts parts = split_key(key.text);
    EXPECT_EQ(parts.scheme, "https");
    EXPECT_EQ(parts.site, site);
    EXPECT_EQ(parts.host, "[::1]");
    EXPECT_EQ(parts.port, "8443");
    EXPECT_EQ(parts.target, target);
  }
}

TEST(Key, its_buffer_is_written_anew) {
  std::string buffer = "what an earlier request left";
  const PrimaryKey key = make_key("http", "main", "example.org", "/", seed, buffer);
  EXPECT_EQ(key.text, key_of("http", "main", "example.org", "/").text);
}

TEST(SplitPort, an_address_in_brackets_keeps_its_colons) {
  struct Row {
    std::string_view authority;
    std::string_view host;
    std::string_view port;
  };
  const Row rows[] = {
      {"example.org", "example.org", ""},
      {"example.org:8080", "example.org", "8080"},
      {"[::1]", "[::1]", ""},
      {"[::1]:80", "[::1]", "80"},
      {"example.org:", "example.org", ""},
      {"", "", ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(split_port(row.authority).host, row.host) << row.authority;
    EXPECT_EQ(split_port(row.authority).port, row.port) << row.authority;
  }
}

Hash128 variant(const std::vector<std::string>& names, const http::Lines& request) {
  return variant_id({false, names}, make_fields(request), seed);
}

TEST(Variant, is_zero_exactly_where_nothing_varies) {
  EXPECT_TRUE(variant({}, {{"Accept-Language", "de"}}).is_zero());
  EXPECT_FALSE(variant({"accept-language"}, {}).is_zero());
}

TEST(Variant, is_made_of_the_named_fields_only) {
  const std::vector<std::string> names = {"accept-language"};
  const Hash128 german = variant(names, {{"Accept-Language", "de"}});
  EXPECT_EQ(variant(names, {{"Cookie", "a=1"}, {"accept-language", "de"}}), german);
  EXPECT_NE(variant(names, {{"Accept-Language", "en"}}), german);
}

TEST(Variant, an_absent_field_equals_an_absent_one_only) {
  EXPECT_EQ(variant({"x-device"}, {}), variant({"x-device"}, {{"X-Other", "a"}}));
  EXPECT_NE(variant({"x-device"}, {}), variant({"x-device"}, {{"X-Device", ""}}));
}

TEST(Variant, a_value_cannot_pass_for_that_of_another_name) {
  const std::vector<std::string> names = {"x-a", "x-b"};
  EXPECT_NE(variant(names, {{"X-A", "1"}, {"X-B", "2"}}),
            variant(names, {{"X-A", "12"}, {"X-B", ""}}));
  EXPECT_NE(variant(names, {{"X-A", "1"}}), variant(names, {{"X-B", "1"}}));
  EXPECT_NE(variant({"x-a"}, {{"X-A", "1"}}), variant({"x-b"}, {{"X-B", "1"}}));
}

TEST(Variant, accept_encoding_counts_by_its_class) {
  const std::vector<std::string> names = {"accept-encoding"};
  const Hash128 gzip = variant(names, {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(variant(names, {{"Accept-Encoding", "gzip, deflate"}}), gzip);
  EXPECT_EQ(variant(names, {{"Accept-Encoding", "identity"}}), variant(names, {}));
  EXPECT_NE(variant(names, {{"Accept-Encoding", "br"}}), gzip);
}

}  // namespace
}  // namespace isrd::isr
