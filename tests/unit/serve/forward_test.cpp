// What an origin is asked: security rules 18, 25 and 26 as tables.
#include "serve/forward.h"

#include <gtest/gtest.h>

#include "unit/http/make_fields.h"

namespace isrd::serve {
namespace {

using http::Lines;

net::Peer visitor() {
  net::Peer peer;
  peer.address = "192.0.2.7";
  peer.port = 40'000;
  peer.local_port = 8080;
  return peer;
}

net::Peer trusted_proxy() {
  net::Peer peer = visitor();
  peer.trusted_proxy = true;
  return peer;
}

std::string passed(const Lines& lines, const net::Peer& peer = visitor(), bool upgrade = false) {
  const std::vector<http::Field> fields = http::make_fields(lines);
  return pass_lines(http::make_request(fields), peer, upgrade);
}

FillFields filled(const Lines& lines, bool is_isr, const std::vector<std::string>& extra = {}) {
  const std::vector<http::Field> fields = http::make_fields(lines);
  return fill_fields(http::make_request(fields), visitor(), is_isr, extra);
}

TEST(PassLines, end_to_end_fields_go_on_as_they_came) {
  EXPECT_EQ(passed({{"accept", "a,b"},
                    {"Cookie", "a=1"},
                    {"X-Unknown", "1"},
                    {"x-unknown", "2"},
                    {"If-None-Match", "\"a\""},
                    {"Range", "bytes=0-1"},
                    {"Authorization", "Basic x"}}),
            "accept: a,b\r\nCookie: a=1\r\nX-Unknown: 1\r\nx-unknown: 2\r\n"
            "If-None-Match: \"a\"\r\nRange: bytes=0-1\r\nAuthorization: Basic x\r\n");
}

TEST(PassLines, fields_of_one_hop_and_those_that_isrd_writes_do_not) {
  for (const char* name : {"Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
                           "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Proxy-Authorization",
                           "Host", "Content-Length", "Via", "CDN-Loop", "X-Forwarded-For",
                           "x-forwarded-host", "X-Forwarded-Anything", "Forwarded", "Expect"}) {
    for (const net::Peer& peer : {visitor(), trusted_proxy()}) {
      EXPECT_EQ(passed({{name, "x"}, {"X-Kept", "1"}}, peer), "X-Kept: 1\r\n") << name;
    }
  }
}

TEST(PassLines, what_connection_names_ends_here) {
  EXPECT_EQ(passed({{"Connection", "close, X-Hop"}, {"x-hop", "1"}, {"X-Hops", "2"}}),
            "X-Hops: 2\r\n");
}

TEST(PassLines, fields_that_mislead_origins_are_removed) {
  for (const char* name :
       {"X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method",
        "X-Method-Override", "X-Host", "X-Original-Host", "X-Real-IP", "X-Client-IP",
        "True-Client-IP", "Client-IP", "Proxy", "x-ORIGINAL-url"}) {
    EXPECT_EQ(passed({{name, "x"}}), "") << name;
    EXPECT_NE(passed({{name, "x"}}, trusted_proxy()), "") << name;
  }
}

TEST(PassLines, names_with_an_underscore_and_isrds_own_are_removed_from_everybody) {
  for (const char* name : {"X_Forwarded_For", "Content_Length", "a_b", "X-ISR-Regenerate",
                           "x-isr-anything", "X-Edge-ISR-Warmup"}) {
    EXPECT_EQ(passed({{name, "x"}}), "") << name;
    EXPECT_EQ(passed({{name, "x"}}, trusted_proxy()), "") << name;
  }
}

TEST(PassLines, a_tunnel_is_asked_for_only_where_it_is_allowed) {
  const Lines lines = {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"X-Kept", "1"}};
  EXPECT_EQ(passed(lines), "X-Kept: 1\r\n");
  EXPECT_EQ(passed(lines, visitor(), true), "X-Kept: 1\r\nUpgrade: websocket\r\n");
}

TEST(FillFields, the_rfc_profile_sends_all_but_conditions_and_ranges) {
  const FillFields fill = filled({{"Accept", "text/html"},
                                  {"Accept-Encoding", "gzip, br;q=0"},
                                  {"Cookie", "a=1"},
                                  {"X-Any", "1"},
                                  {"If-Match", "\"a\""},
                                  {"If-None-Match", "\"a\""},
                                  {"If-Modified-Since", "x"},
                                  {"If-Unmodified-Since", "x"},
                                  {"If-Range", "\"a\""},
                                  {"Range", "bytes=0-1"},
                                  {"X-Original-URL", "/x"}},
                                 false);
  EXPECT_EQ(fill.lines,
            "Accept: text/html\r\nCookie: a=1\r\nX-Any: 1\r\nAccept-Encoding: gzip\r\n");
  EXPECT_FALSE(fill.withheld);
  EXPECT_TRUE(fill.withheld_names.empty());
}

TEST(FillFields, an_isr_route_sends_the_allow_list_and_what_vary_named) {
  const Lines lines = {{"Accept", "text/html"},   {"User-Agent", "test"}, {"Cookie", "_ga=1"},
                       {"Accept-Language", "de"}, {"X-Device", "phone"},  {"Authorization", "x"},
                       {"Range", "bytes=0-1"}};
  FillFields fill = filled(lines, true);
  EXPECT_EQ(fill.lines, "Accept: text/html\r\nUser-Agent: test\r\n");
  EXPECT_TRUE(fill.withheld);
  EXPECT_EQ(fill.withheld_names,
            (std::vector<std::string>{"cookie", "accept-language", "x-device", "authorization"}));
  fill = filled(lines, true, {"accept-language", "x-device"});
  EXPECT_EQ(fill.lines,
            "Accept: text/html\r\nUser-Agent: test\r\nAccept-Language: de\r\nX-Device: phone\r\n");
  EXPECT_EQ(fill.withheld_names, (std::vector<std::string>{"cookie", "authorization"}));
}

TEST(FillFields, no_name_that_vary_may_choose_brings_a_forbidden_field) {
  const std::vector<std::string> names = {
      "x-forwarded-host", "x-original-url",  "connection", "range", "host",
      "x_device",         "x-isr-regenerate"};
  EXPECT_EQ(filled({{"X-Forwarded-Host", "evil.test"},
                    {"X-Original-URL", "/admin"},
                    {"Connection", "close"},
                    {"Range", "bytes=0-1"},
                    {"X_Device", "x"},
                    {"X-ISR-Regenerate", "1"}},
                   true, names)
                .lines,
            "");
}

TEST(FillFields, accept_encoding_is_sent_as_it_is_keyed) {
  struct Row {
    std::string_view sent;
    std::string_view line;
  };
  const Row rows[] = {
      {"gzip, deflate", "Accept-Encoding: gzip\r\n"},
      {"br, gzip", "Accept-Encoding: br\r\n"},
      {"identity", ""},
      {"gzip;q=0", ""},
      {"nonsense \x01", ""},
  };
  for (const bool is_isr : {false, true}) {
    for (const Row& row : rows) {
      EXPECT_EQ(filled({{"Accept-Encoding", row.sent}}, is_isr).lines, row.line) << row.sent;
    }
  }
}

std::string own(const Lines& lines, const net::Peer& peer, bool for_client = true,
                int version_minor = 1) {
  const std::vector<http::Field> fields = http::make_fields(lines);
  http::RequestHead request = http::make_request(fields);
  request.authority = "example.org:8080";
  request.version_minor = version_minor;
  return own_lines(request, peer, "http", for_client);
}

TEST(OwnLines, tell_the_origin_who_asked_and_how) {
  EXPECT_EQ(own({}, visitor()),
            "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n"
            "X-Forwarded-Host: example.org:8080\r\nX-Forwarded-Port: 8080\r\n"
            "Forwarded: for=192.0.2.7;host=\"example.org:8080\";proto=http\r\n"
            "Via: 1.1 isrd\r\nCDN-Loop: isrd\r\n");
}

TEST(OwnLines, a_fill_for_nobody_names_nobody) {
  const std::string lines = own({}, visitor(), false);
  EXPECT_EQ(lines.find("192.0.2.7"), std::string::npos);
  EXPECT_EQ(lines.find("X-Forwarded-For"), std::string::npos);
}

TEST(OwnLines, a_visitor_cannot_say_who_he_is) {
  const std::string lines = own({{"X-Forwarded-For", "10.0.0.1"},
                                 {"X-Forwarded-Host", "evil.test"},
                                 {"X-Forwarded-Port", "1"},
                                 {"X-Forwarded-Proto", "https"},
                                 {"Forwarded", "for=10.0.0.1"}},
                                visitor());
  EXPECT_EQ(lines, own({}, visitor()));
}

TEST(OwnLines, a_trusted_proxy_can) {
  const std::string lines = own({{"X-Forwarded-For", "10.0.0.1"},
                                 {"x-forwarded-for", "10.0.0.2"},
                                 {"X-Forwarded-Host", "www.example.org"},
                                 {"X-Forwarded-Port", "443"},
                                 {"Forwarded", "for=10.0.0.1"}},
                                trusted_proxy());
  for (const char* line : {"X-Forwarded-For: 10.0.0.1, 10.0.0.2, 192.0.2.7\r\n",
                           "X-Forwarded-Host: www.example.org\r\n", "X-Forwarded-Port: 443\r\n",
                           "Forwarded: for=10.0.0.1, for=192.0.2.7;"}) {
    EXPECT_NE(lines.find(line), std::string::npos) << line << " in\n" << lines;
  }
}

TEST(OwnLines, an_ipv6_address_is_quoted_and_a_unix_socket_has_none) {
  net::Peer v6 = visitor();
  v6.address = "2001:db8::7";
  EXPECT_NE(own({}, v6).find("Forwarded: for=\"[2001:db8::7]\";"), std::string::npos);
  net::Peer unix_peer = visitor();
  unix_peer.address = "unix:";
  EXPECT_EQ(own({}, unix_peer).find("X-Forwarded-For"), std::string::npos);
  EXPECT_EQ(own({}, unix_peer).find("unix:"), std::string::npos);
}

TEST(OwnLines, via_and_cdn_loop_name_every_hop) {
  const std::string lines = own({{"Via", "1.1 a"}, {"CDN-Loop", "b; x=1"}}, visitor(), true, 0);
  EXPECT_NE(lines.find("Via: 1.1 a, 1.0 isrd\r\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find("CDN-Loop: b; x=1, isrd\r\n"), std::string::npos) << lines;
}

TEST(SchemeOf, is_what_a_trusted_proxy_says) {
  struct Row {
    Lines lines;
    net::Peer peer;
    std::string_view scheme;
  };
  const Row rows[] = {
      {{}, trusted_proxy(), "http"},
      {{{"X-Forwarded-Proto", "https"}}, trusted_proxy(), "https"},
      {{{"x-forwarded-proto", "HTTPS"}}, trusted_proxy(), "https"},
      {{{"X-Forwarded-Proto", "wss"}}, trusted_proxy(), "http"},
      {{{"X-Forwarded-Proto", "https"}}, visitor(), "http"},
  };
  for (const Row& row : rows) {
    const std::vector<http::Field> fields = http::make_fields(row.lines);
    EXPECT_EQ(scheme_of(http::make_request(fields), row.peer), row.scheme);
  }
}

TEST(IsLoop, knows_its_own_name_only) {
  struct Row {
    Lines lines;
    bool loop;
  };
  const Row rows[] = {
      {{}, false},
      {{{"CDN-Loop", "isrd"}}, true},
      {{{"CDN-Loop", "other, ISRD; v=1"}}, true},
      {{{"CDN-Loop", "other"}, {"cdn-loop", "isrd ;x"}}, true},
      {{{"CDN-Loop", "isrd2, x-isrd"}}, false},
      {{{"CDN-Loop", "\"a, isrd\""}}, false},
      {{{"Via", "1.1 isrd"}}, false},
  };
  for (const Row& row : rows) {
    const std::vector<http::Field> fields = http::make_fields(row.lines);
    const std::string shown = row.lines.empty() ? "" : std::string(row.lines[0].second);
    EXPECT_EQ(is_loop(http::make_request(fields)), row.loop) << shown;
  }
}

}  // namespace
}  // namespace isrd::serve
