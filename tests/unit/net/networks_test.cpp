#include "net/networks.h"

#include <gtest/gtest.h>

namespace isrd::net {
namespace {

Networks networks_of(const std::vector<std::string>& texts) {
  auto networks = Networks::parse(texts);
  EXPECT_TRUE(networks);
  return *networks;
}

TEST(Networks, contain_what_their_bits_say) {
  struct Row {
    std::string network;
    std::string_view address;
    bool contains;
  };
  const Row rows[] = {
      {"10.1.2.3", "10.1.2.3", true},
      {"10.1.2.3", "10.1.2.4", false},
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.1.2.3/8", "10.200.0.1", true},  // bits behind the prefix do not count
      {"192.168.16.0/20", "192.168.31.255", true},
      {"192.168.16.0/20", "192.168.32.0", false},
      {"192.168.16.0/31", "192.168.16.1", true},
      {"192.168.16.0/31", "192.168.16.2", false},
      {"0.0.0.0/0", "255.1.2.3", true},
      {"0.0.0.0/0", "::1", false},
      {"::1", "::1", true},
      {"::1", "::2", false},
      {"2001:db8::/32", "2001:db8:ffff::1", true},
      {"2001:db8::/32", "2001:db9::1", false},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "10.0.0.1", true},
      // A v4-mapped address is the IPv4 address that it maps.
      {"10.0.0.0/8", "::ffff:10.1.2.3", true},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
      {"10.0.0.0/8", "unix:", false},
      {"10.0.0.0/8", "", false},
      {"10.0.0.0/8", "10.1.2", false},
      {"10.0.0.0/8", "10.1.2.3:80", false},
      {"10.0.0.0/8", "localhost", false},
      {"unix:", "unix:", true},
      {"unix:", "127.0.0.1", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(networks_of({row.network}).contains(row.address), row.contains)
        << row.network << " and " << row.address;
  }
}

TEST(Networks, a_set_contains_what_any_of_them_does) {
  const Networks set = networks_of({"10.0.0.0/8", "unix:", "2001:db8::/32"});
  for (std::string_view address : {"10.1.1.1", "unix:", "2001:db8::5"}) {
    EXPECT_TRUE(set.contains(address)) << address;
  }
  EXPECT_FALSE(set.contains("127.0.0.1"));
}

TEST(Networks, none_contain_nothing) {
  const Networks none = networks_of({});
  EXPECT_FALSE(none.contains("127.0.0.1"));
  EXPECT_FALSE(none.contains("unix:"));
}

TEST(Networks, refuse_what_is_none) {
  for (const char* text :
       {"", "localhost", "10.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
        "10.0.0.0/x", "2001:db8::/129", "[::1]", "unix", "unix:/tmp/x", "10.0.0.0/8/8", "::g"}) {
    const std::vector<std::string> texts = {"10.0.0.0/8", text};
    const auto parsed = Networks::parse(texts);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace isrd::net
