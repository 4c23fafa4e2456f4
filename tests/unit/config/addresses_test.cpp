#include "config/addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isrd::config {
namespace {

using ::testing::HasSubstr;
using Table = std::vector<std::pair<std::string, std::string>>;

TEST(ConfigAddresses, addresses_in_their_normal_form) {
  const Table table = {
      {"0.0.0.0:8080", "0.0.0.0:8080"},
      {":8080", "0.0.0.0:8080"},
      {"[::]:8080", "[::]:8080"},
      {"[0:0::1]:80", "[::1]:80"},
      {"localhost:9090", "127.0.0.1:9090"},
      {"127.0.0.1:0", "127.0.0.1:0"},
      {"unix:/run/isrd/http.sock", "unix:/run/isrd/http.sock"},
      {"unix:///run/isrd.sock", "unix:/run/isrd.sock"},
  };
  for (const auto& [text, expected] : table) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text << ": " << address.error().message;
    EXPECT_EQ(print_address(*address), expected);
  }
}

TEST(ConfigAddresses, addresses_that_are_none) {
  const Table table = {
      {"8080", "'8080' is only a port; write 0.0.0.0:8080 or 127.0.0.1:8080"},
      {"0.0.0.0", "has no port"},
      {"", "has no port"},
      {"0.0.0.0:", "has a bad port; it is a number from 0 to 65535"},
      {"0.0.0.0:65536", "has a bad port"},
      {"0.0.0.0:-1", "has a bad port"},
      {"0.0.0.0:80x", "has a bad port"},
      {"256.0.0.1:80", "has no IP address before the port"},
      {"example.org:80", "has no IP address before the port"},
      {"::1:80", "is not an address"},
      {"[::1:80", "is not an address"},
      {"[127.0.0.1]:80", "has its brackets wrong"},
      {"[]:80", "has no IP address"},
      {"unix:", "has no absolute path; write unix:/path/of.sock"},
      {"unix:run.sock", "has no absolute path"},
      {"unix:/", "has no absolute path"},
      {"unix:/" + std::string(107, 'x'),
       "is too long for a socket; its path has at most 107 bytes"},
  };
  for (const auto& [text, message] : table) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_THAT(address.error().message, HasSubstr(message)) << text;
  }
}

TEST(ConfigAddresses, networks) {
  const Table table = {
      {"127.0.0.0/8", "127.0.0.0/8"},
      {"10.1.2.3/8", "10.0.0.0/8"},
      {"192.0.2.1", "192.0.2.1/32"},
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"::1/128", "::1/128"},
      {"2001:db8:ffff::/33", "2001:db8:8000::/33"},
      {"fe80::1", "fe80::1/128"},
      {"unix:", "unix:"},
      {"172.16.255.1/12", "172.16.0.0/12"},
  };
  for (const auto& [text, expected] : table) {
    const auto network = parse_network(text);
    ASSERT_TRUE(network) << text;
    EXPECT_EQ(*network, expected);
  }
  for (const std::string text : {"", "x", "10.0.0/8", "10.0.0.0/", "10.0.0.0/33", "::/129",
                                 "10.0.0.0/-1", "unix:/x", "10.0.0.0/8/8", "fe80::1%eth0"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
  EXPECT_EQ(parse_network("10.0.0.0/33").error().message,
            "'10.0.0.0/33' has a bad prefix length; it is a number from 0 to 32");
}

TEST(ConfigAddresses, origin_urls) {
  const Table table = {
      {"http://127.0.0.1:8000", "127.0.0.1:8000"},
      {"http://127.0.0.1:8000/", "127.0.0.1:8000"},
      {"http://app", "app:80"},
      {"HTTP://App.Example.org:81", "app.example.org:81"},
      {"http://[::1]:8000", "[::1]:8000"},
      {"unix:/run/app.sock", "unix:/run/app.sock"},
      {"http://my_app-1:80", "my_app-1:80"},
  };
  for (const auto& [text, expected] : table) {
    const auto address = parse_origin_url(text);
    ASSERT_TRUE(address) << text << ": " << address.error().message;
    EXPECT_EQ(print_address(*address), expected);
  }
}

TEST(ConfigAddresses, origin_urls_that_are_none) {
  const Table table = {
      {"", "is not the URL of an origin; write http://127.0.0.1:8000 or unix:/path.sock"},
      {"127.0.0.1:8000", "is not the URL of an origin"},
      {"ftp://x", "is not the URL of an origin"},
      {"https://x", "https origins come with a later version of isrd"},
      {"fastcgi://x", "fastcgi origins come with a later version of isrd"},
      {"http://", "has no host"},
      {"http://:80", "has no host"},
      {"http://x:0", "has a bad port; it is a number from 1 to 65535"},
      {"http://x:99999", "has a bad port"},
      {"http://x:", "has a bad port"},
      {"http://x/y", "has a path"},
      {"http://x?y", "has a path"},
      {"http://a..b", "has a bad host"},
      {"http://1.2.3", "has a bad host"},
      {"http://a b", "has a bad host"},
      {"http://[x]", "has a bad host"},
      {"http://::1:80", "has no host"},
      {"unix:app.sock", "has no absolute path"},
  };
  for (const auto& [text, message] : table) {
    const auto address = parse_origin_url(text);
    ASSERT_FALSE(address) << text;
    EXPECT_THAT(address.error().message, HasSubstr(message)) << text;
  }
}

TEST(ConfigAddresses, a_password_in_a_url_is_not_repeated) {
  const auto address = parse_origin_url("http://user:secret@x");
  ASSERT_FALSE(address);
  EXPECT_THAT(address.error().message, ::testing::Not(HasSubstr("secret")));
}

TEST(ConfigAddresses, hosts_of_sites) {
  const Table table = {{"Blog.Example.ORG", "blog.example.org"},
                       {"*.Example.org", "*.example.org"},
                       {"*", "*"},
                       {"127.0.0.1", "127.0.0.1"},
                       {"[::1]", "[::1]"},
                       {"app_1", "app_1"}};
  for (const auto& [text, expected] : table) {
    const auto host = parse_host_pattern(text);
    ASSERT_TRUE(host) << text;
    EXPECT_EQ(*host, expected);
  }
  const Table wrong = {
      {"", "is not a host"},
      {"a:80", "has a port; hosts are compared without one"},
      {"a.*", "is not a host"},
      {"*a.org", "is not a host"},
      {"**", "is not a host"},
      {"http://a", "has a port"},
      {"a b", "is not a host"},
      {"a,b", "is not a host"},
      {"a.", "is not a host"},
      {"-a", "is not a host"},
      {"*.127.0.0.1", "is not a host"},
      {"[x]", "is not a host"},
      {"m\xc3\xbcller.de", "is not ASCII; write the name as browsers send it (xn--...)"},
  };
  for (const auto& [text, message] : wrong) {
    const auto host = parse_host_pattern(text);
    ASSERT_FALSE(host) << text;
    EXPECT_THAT(host.error().message, HasSubstr(message)) << text;
  }
}

TEST(ConfigAddresses, host_fields) {
  for (const std::string text : {"a", "a.example.org:8080", "[::1]:80", "127.0.0.1"}) {
    EXPECT_TRUE(parse_host_field(text)) << text;
  }
  for (const std::string text : {"", "a:0", "a:x", "a b", "a/b", "::1", "[a]", "a\r\nb", "u@a"}) {
    EXPECT_FALSE(parse_host_field(text)) << text;
  }
}

TEST(ConfigAddresses, path_patterns) {
  for (const std::string text : {"/", "/**", "/blog/{slug}", "/a/*/b", "/{year}-{month}/x.html",
                                 "/a/", "/%C3%BC", "/{a}/{b}", "/p{id}"}) {
    const auto pattern = parse_path_pattern(text);
    EXPECT_TRUE(pattern) << text << ": " << pattern.error().message;
  }
  const Table wrong = {
      {"", "does not begin with /"},
      {"blog",
       "'blog' does not begin with /; write a pattern such as /blog/{slug}, /media/* or "
       "/account/**"},
      {"/a/**/b", "has ** before its end; it may only come last"},
      {"/a*", "has a * within a segment"},
      {"/***", "has a * within a segment"},
      {"/{a", "has a { without its }"},
      {"/a}", "has a } without its {"},
      {"/{}", "has a bad name in braces"},
      {"/{1a}", "has a bad name in braces"},
      {"/{a/b}", "has a { without its }"},
      {"/{a}{b}", "has two names with nothing between them"},
      {"/{a}/{a}", "has the name {a} twice"},
      {"/a?b", "has a query or a fragment"},
      {"/a b", "has a space"},
      {"/\xc3\xbc", "byte above 127"},
      {"/" + std::string(1024, 'x'), "is longer than 1024 bytes"},
  };
  for (const auto& [text, message] : wrong) {
    const auto pattern = parse_path_pattern(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_THAT(pattern.error().message, HasSubstr(message)) << text;
  }
}

TEST(ConfigAddresses, names) {
  for (const std::string text : {"a", "A-b_9", "-"}) EXPECT_TRUE(parse_name(text)) << text;
  EXPECT_TRUE(parse_name(std::string(64, 'x')));
  EXPECT_FALSE(parse_name(std::string(65, 'x')));
  for (const std::string text : {"", "a b", "a.b", "a/b", "\xc3\xbc"})
    EXPECT_FALSE(parse_name(text)) << text;
  EXPECT_TRUE(parse_field_name("X-ISR-Regenerate"));
  for (const std::string text : {"", "a b", "a:", "a\r"})
    EXPECT_FALSE(parse_field_name(text)) << text;
}

}  // namespace
}  // namespace isrd::config
