#include "http/url.h"

#include <gtest/gtest.h>

#include <string>

namespace isrd::http {
namespace {

using namespace std::string_literals;

TEST(parse_authority, splits_host_and_port) {
  struct Case {
    const char* text;
    const char* host;
    int port;  // -1: none
  };
  const Case cases[] = {
      {"example.com", "example.com", -1},
      {"Example.COM:8080", "Example.COM", 8080},
      {"a:0", "a", 0},
      {"a:00080", "a", 80},
      {"a:65535", "a", 65535},
      {"127.0.0.1", "127.0.0.1", -1},
      {"[::1]", "[::1]", -1},
      {"[2001:DB8::1]:443", "[2001:DB8::1]", 443},
      {"[::ffff:10.0.0.1]", "[::ffff:10.0.0.1]", -1},
      {"a_b-c.d~e", "a_b-c.d~e", -1},
      {"a!$&()*+;=b", "a!$&()*+;=b", -1},
      {"%C3%A9.example", "%C3%A9.example", -1},
      {"a%2Db", "a%2Db", -1},
      {"a.", "a.", -1},
  };
  for (const Case& wanted : cases) {
    const auto authority = parse_authority(wanted.text);
    ASSERT_TRUE(authority) << wanted.text;
    EXPECT_EQ(authority->host, wanted.host);
    EXPECT_EQ(authority->port ? *authority->port : -1, wanted.port) << wanted.text;
  }
}

TEST(parse_authority, refuses_anything_else) {
  for (const std::string& text : {""s,
                                  ":"s,
                                  ":80"s,
                                  "a:"s,
                                  "a:b"s,
                                  "a:65536"s,
                                  "a:99999"s,
                                  "a:000080"s,
                                  "a:-1"s,
                                  "a:+1"s,
                                  "a: 1"s,
                                  "a:1 "s,
                                  "a:1:2"s,
                                  "a b"s,
                                  " a"s,
                                  "a,b"s,
                                  "a\\b"s,
                                  "a\"b"s,
                                  "a'b"s,
                                  "u@a"s,
                                  "u:p@a"s,
                                  "a/b"s,
                                  "a?b"s,
                                  "a#b"s,
                                  "a<b"s,
                                  "a[b"s,
                                  "a]"s,
                                  "a|b"s,
                                  "a{b}"s,
                                  "a^b"s,
                                  "a`b"s,
                                  "a%"s,
                                  "a%4"s,
                                  "a%4g"s,
                                  "a%00"s,
                                  "a%2f"s,
                                  "a%40b"s,
                                  "a%0d%0a"s,
                                  "a%20b"s,
                                  "a%2c"s,
                                  "a\tb"s,
                                  "a\0b"s,
                                  "a\x7f"s,
                                  "\xc3\xa9"s,
                                  "::1"s,
                                  "[::1"s,
                                  "[]"s,
                                  "[::1]a"s,
                                  "[::1]:"s,
                                  "[::1]:x"s,
                                  "[::1%eth0]"s,
                                  "[::1%25a]"s,
                                  "[v1.a]"s,
                                  "[1.2.3.4]"s,
                                  "[:::]"s,
                                  "[12345::]"s,
                                  "[1:2:3:4:5:6:7]"s,
                                  "[1:2:3:4:5:6:7:8:9]"s,
                                  "[::1\0]"s,
                                  "[[::1]]"s,
                                  "["s + std::string(100, '1') + "]"}) {
    EXPECT_FALSE(parse_authority(text)) << text;
  }
}

TEST(is_valid_target, takes_visible_ascii_but_five) {
  EXPECT_FALSE(is_valid_target(""));
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool wanted =
        byte > 0x20 && byte < 0x7f && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\';
    EXPECT_EQ(is_valid_target("/a"s + c), wanted) << byte;
  }
  EXPECT_TRUE(is_valid_target("/100%"));
}

TEST(parse_url, reads_absolute_http_urls) {
  struct Case {
    const char* text;
    const char* host;
    const char* target;
    const char* normalised;
  };
  const Case cases[] = {
      {"http://example.com", "example.com", "/", "example.com"},
      {"HTTP://Example.COM/A?B#c", "example.com", "/A?B", "example.com"},
      {"http://example.com:80/", "example.com", "/", "example.com"},
      {"http://example.com:443/", "example.com", "/", "example.com:443"},
      {"https://example.com:443/", "example.com", "/", "example.com"},
      {"https://example.com:80?q", "example.com", "/?q", "example.com:80"},
      {"https://[::FFFF:1]:8443/x", "[::ffff:1]", "/x", "[::ffff:1]:8443"},
      {"http://a#b", "a", "/", "a"},
      {"http://a/b#c#d", "a", "/b", "a"},
      {"http://a/b@c:d//e", "a", "/b@c:d//e", "a"},
      {"http://a?/b", "a", "/?/b", "a"},
  };
  for (const Case& wanted : cases) {
    const auto url = parse_url(wanted.text);
    ASSERT_TRUE(url) << wanted.text;
    EXPECT_EQ(url->host, wanted.host) << wanted.text;
    EXPECT_EQ(url->target, wanted.target) << wanted.text;
    EXPECT_EQ(normalised_host(*url), wanted.normalised) << wanted.text;
  }
  EXPECT_EQ(parse_url("HTTPS://a")->scheme, "https");
  EXPECT_EQ(parse_url("http://a:81")->port, 81);
  EXPECT_EQ(parse_url("http://a")->port, std::nullopt);
}

TEST(parse_url, refuses_anything_else) {
  for (const char* text : {"",
                           "/",
                           "a",
                           "a/b",
                           "//a/b",
                           "http:",
                           "http:a",
                           "http:/a",
                           "http://",
                           "http:///a",
                           "://a",
                           "ftp://a",
                           "httpss://a",
                           "http://u@a",
                           "http://u:p@a/",
                           "http://a:b",
                           "http://a:70000/",
                           "http://a b",
                           "http://a/ b",
                           "http://a/\xc3\xa9",
                           "http://a/\n",
                           "http://a\\b",
                           "http://a,b/",
                           " http://a",
                           "http://[::1",
                           "http://#a",
                           "http://?a"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

}  // namespace
}  // namespace isrd::http
