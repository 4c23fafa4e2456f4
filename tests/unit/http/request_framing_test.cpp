// What the framing fields of a request say: length, coding, Host, Connection, Expect, Upgrade.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/http/heads.h"

namespace isrd::http {
namespace {

using namespace std::string_literals;

std::string post(const std::string& fields, const std::string& version = "1.1") {
  return "POST / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n";
}

std::string bare(const std::string& fields, const std::string& version = "1.1") {
  return "GET / HTTP/" + version + "\r\n" + fields + "\r\n";
}

struct Refusal {
  std::string bytes;
  int status;
  std::string reason;
};

void check(const std::vector<Refusal>& refusals) {
  for (const Refusal& wanted : refusals) {
    const auto parsed = parse_request(wanted.bytes);
    EXPECT_EQ(parsed->reason(), wanted.reason) << printable(wanted.bytes);
    EXPECT_EQ(parsed->refusal.status, wanted.status) << printable(wanted.bytes);
  }
}

void check_accepted(const std::vector<std::string>& requests) {
  for (const std::string& request : requests) {
    EXPECT_EQ(parse_request(request)->reason(), "") << printable(request);
  }
}

TEST(request_framing, takes_one_plain_content_length) {
  const std::pair<const char*, std::uint64_t> lengths[] = {
      {"1", 1}, {"007", 7}, {"999999999999999999", 999999999999999999ull}, {" \t12 ", 12}};
  for (const auto& [text, length] : lengths) {
    const auto parsed = parse_request(post("Content-Length:"s + text + "\r\n"));
    ASSERT_EQ(parsed->reason(), "") << text;
    EXPECT_EQ(parsed->head.framing.kind, BodyKind::length);
    EXPECT_EQ(parsed->head.framing.length, length);
  }
  EXPECT_EQ(parse_request(post("Content-Length: 0\r\n"))->head.framing.kind, BodyKind::none);
  EXPECT_EQ(parse_request(post(""))->head.framing.kind, BodyKind::none);
}

TEST(request_framing, refuses_every_other_content_length) {
  for (const std::string& value : {""s, "+1"s, "-1"s, "1 1"s, "1,1"s, "1, 1"s, ",1"s, "1;"s, "0x1"s,
                                   "1.0"s, "1e1"s, "a"s, "\"1\""s, "1000000000000000000"s,
                                   "0000000000000000001"s, "\xd9\xa1"s, "18446744073709551617"s}) {
    check({{post("Content-Length: " + value + "\r\n"), 400, "bad_content_length"}});
  }
  check({
      {post("Content-Length: 1\r\nContent-Length: 1\r\n"), 400, "repeated_content_length"},
      {post("Content-Length: 1\r\ncontent-length: 2\r\n"), 400, "repeated_content_length"},
      {post("Content-Length: 0\r\nContent-Length: 0\r\n"), 400, "repeated_content_length"},
      {post("Content-Length : 1\r\n"), 400, "bad_field_name"},
  });
}

TEST(request_framing, takes_chunked_alone) {
  for (const char* value : {"chunked", "Chunked", "CHUNKED", " chunked\t"}) {
    const auto parsed = parse_request(post("Transfer-Encoding:"s + value + "\r\n"));
    ASSERT_EQ(parsed->reason(), "") << value;
    EXPECT_EQ(parsed->head.framing.kind, BodyKind::chunked);
  }
}

TEST(request_framing, refuses_every_other_transfer_encoding) {
  for (const std::string& value :
       {"identity"s, "gzip"s, "gzip, chunked"s, "identity, chunked"s, "chunked, chunked"s,
        "chunked, identity"s, ""s, "chunked,"s, ",chunked"s, "xchunked"s, "chunked;q=1"s,
        "\"chunked\""s, "chunke"s, "x"s}) {
    check({{post("Transfer-Encoding: " + value + "\r\n"), 501, "unknown_transfer_encoding"}});
  }
  check({
      {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400,
       "repeated_transfer_encoding"},
      {post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), 400,
       "repeated_transfer_encoding"},
      {post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), 400,
       "length_and_transfer_encoding"},
      {post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400,
       "length_and_transfer_encoding"},
      {post("Content-Length: 1\r\nTransfer-Encoding: x\r\n"), 400, "length_and_transfer_encoding"},
      {post("Transfer-Encoding: chunked\r\n", "1.0"), 400, "transfer_encoding_on_1_0"},
      {post("Transfer-Encoding: gzip\r\n", "1.0"), 400, "transfer_encoding_on_1_0"},
      {post("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       400, "control_byte"},
      {post("Transfer-Encoding:\r\n chunked\r\n"), 400, "folded_line"},
      {post("Transfer-Encoding : chunked\r\n"), 400, "bad_field_name"},
  });
}

TEST(request_framing, counts_for_every_method) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "DELETE", "BREW"}) {
    const std::string line = std::string(method) + " / HTTP/1.1\r\nHost: a\r\n";
    EXPECT_EQ(parse_request(line + "Content-Length: 3\r\n\r\n")->head.framing.kind,
              BodyKind::length);
    EXPECT_EQ(parse_request(line + "Transfer-Encoding: chunked\r\n\r\n")->head.framing.kind,
              BodyKind::chunked);
  }
}

TEST(request_framing, wants_one_valid_host) {
  check({
      {bare(""), 400, "missing_host"},
      {bare("Host: a\r\nHost: a\r\n"), 400, "repeated_host"},
      {bare("Host: a\r\nHost: b\r\n", "1.0"), 400, "repeated_host"},
      {bare("Host: a\r\nhost: b\r\n"), 400, "repeated_host"},
  });
  for (const char* value :
       {"",         "a b",   "a,b", "a/b",    "u@a",      "a:",    "a:b",  "a:65536",
        "a:123456", "\"a\"", "'a'", "a\\b",   "a?b",      "a#b",   "[::1", "::1",
        "[::1]a",   "a:1:2", ":80", "[v1.a]", "\xc3\xa9", "a%2fb", "a%",   "http://a"}) {
    for (const char* version : {"1.1", "1.0"}) {
      check({{bare("Host: "s + value + "\r\n", version), 400, "bad_host"}});
    }
  }
  for (const char* value : {"a", "A.example", "a:80", "a:0", "a:65535", "127.0.0.1:8080", "[::1]",
                            "[2001:db8::1]:443", "a_b", "xn--a", "a.", "%C3%A9.example"}) {
    const auto parsed = parse_request(bare("Host: "s + value + "\r\n"));
    ASSERT_EQ(parsed->reason(), "") << value;
    EXPECT_EQ(parsed->head.authority, value);
  }
}

TEST(request_framing, lets_1_0_go_without_host) {
  const auto parsed = parse_request(bare("", "1.0"));
  ASSERT_EQ(parsed->reason(), "");
  EXPECT_EQ(parsed->head.authority, "");
  EXPECT_EQ(parse_request(bare("Host: b\r\n", "1.0"))->head.authority, "b");
  EXPECT_EQ(parse_request("GET http://c/ HTTP/1.0\r\n\r\n")->head.authority, "c");
}

TEST(request_framing, refuses_connection_that_drops_what_counts) {
  for (const std::string& name :
       {"Host"s, "content-length"s, "Transfer-Encoding"s, "COOKIE"s, "Authorization"s,
        "X-Forwarded-For"s, "x-forwarded-anything"s, "Forwarded"s, "Via"s, "CDN-Loop"s, "Age"s,
        "Cache-Status"s, "X-Cache"s, "Date"s}) {
    check({
        {post("Connection: " + name + "\r\n"), 400, "connection_names_kept_field"},
        {post("Connection: close, " + name + "\r\n"), 400, "connection_names_kept_field"},
        {post("Connection: close\r\nConnection: x,," + name + "\r\n"), 400,
         "connection_names_kept_field"},
    });
  }
  check_accepted({post("Connection: keep-alive, TE, Upgrade, HTTP2-Settings\r\n"),
                  post("Connection: Accept, User-Agent, X-Mine\r\n"),
                  post("Connection: Content-Lengths, Hos, Cookies\r\n"),
                  post("Connection: ,, close ,\r\n"), post("Connection:\r\n")});
}

TEST(request_framing, refuses_connection_options_that_are_no_tokens) {
  check({
      {post("Connection: a b\r\n"), 400, "bad_connection"},
      {post("Connection: \"close\"\r\n"), 400, "bad_connection"},
      {post("Connection: \"a, Host\"\r\n"), 400, "bad_connection"},
      {post("Connection: close; Host\r\n"), 400, "bad_connection"},
      {post("Connection: x-forwarded-a b\r\n"), 400, "bad_connection"},
      {post("Proxy-Connection: a b\r\n"), 400, "bad_connection"},
  });
  check_accepted({post("Connection: a-b\r\n"), post("Proxy-Connection: keep-alive\r\n")});
}

TEST(request_framing, keeps_alive_by_version_and_connection) {
  const auto stays = [](const std::string& fields, const std::string& version) {
    return parse_request(post(fields, version))->head.keep_alive;
  };
  EXPECT_TRUE(stays("", "1.1"));
  EXPECT_FALSE(stays("", "1.0"));
  EXPECT_FALSE(stays("Connection: close\r\n", "1.1"));
  EXPECT_FALSE(stays("Connection: x, Close\r\n", "1.1"));
  EXPECT_FALSE(stays("Connection: keep-alive\r\nConnection: close\r\n", "1.1"));
  EXPECT_TRUE(stays("Connection: Keep-Alive\r\n", "1.0"));
  EXPECT_FALSE(stays("Connection: keep-alive, close\r\n", "1.0"));
  EXPECT_TRUE(stays("Connection: closed\r\n", "1.1"));
  EXPECT_FALSE(stays("Proxy-Connection: keep-alive\r\n", "1.0"));
}

TEST(request_framing, knows_one_expectation) {
  EXPECT_TRUE(parse_request(post("Expect: 100-continue\r\n"))->head.expect_continue);
  EXPECT_TRUE(parse_request(post("Expect: 100-Continue\r\n"))->head.expect_continue);
  EXPECT_FALSE(parse_request(post("Expect: 100-continue\r\n", "1.0"))->head.expect_continue);
  for (const char* value : {"", "200-ok", "100-continue, 100-continue", "100-continue;a", "100"}) {
    check({{post("Expect: "s + value + "\r\n"), 417, "unknown_expectation"}});
  }
  check({{post("Expect: 100-continue\r\nExpect: x\r\n"), 417, "unknown_expectation"},
         {post("Expect: x\r\nExpect: 100-continue\r\n"), 417, "unknown_expectation"}});
}

TEST(request_framing, recognises_a_websocket_handshake) {
  const std::string upgrade =
      "Host: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
  EXPECT_TRUE(parse_request(bare(upgrade))->head.upgrade_websocket);
  EXPECT_FALSE(parse_request(bare(upgrade, "1.0"))->head.upgrade_websocket);
  for (const std::string& other :
       {"POST / HTTP/1.1\r\n"s + upgrade + "\r\n", bare("Host: a\r\nUpgrade: websocket\r\n"),
        bare("Host: a\r\nConnection: upgrade\r\n"),
        bare("Host: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n"),
        bare("Host: a\r\nConnection: upgrade\r\nUpgrade: websocket, h2c\r\n"),
        bare(upgrade + "Upgrade: websocket\r\n"), bare(upgrade + "Content-Length: 1\r\n"),
        bare(upgrade + "Transfer-Encoding: chunked\r\n")}) {
    const auto parsed = parse_request(other);
    EXPECT_EQ(parsed->reason(), "") << printable(other);
    EXPECT_FALSE(parsed->head.upgrade_websocket) << printable(other);
  }
}

TEST(head_length, finds_the_empty_line_however_the_bytes_come) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string bytes = head + "body\r\n\r\n";
  std::size_t scanned = 0;
  EXPECT_EQ(head_length(bytes, scanned), head.size());
  for (std::size_t cut = 0; cut < head.size(); ++cut) {
    scanned = 0;
    EXPECT_EQ(head_length(std::string_view(bytes).substr(0, cut), scanned), 0u) << cut;
    EXPECT_EQ(scanned, cut);
    EXPECT_EQ(head_length(bytes, scanned), head.size()) << cut;
  }
  scanned = 0;
  for (std::size_t size = 0; size < head.size(); ++size) {
    ASSERT_EQ(head_length(std::string_view(head).substr(0, size), scanned), 0u);
  }
  EXPECT_EQ(head_length(head, scanned), head.size());
}

TEST(head_length, ends_at_a_bare_lf_so_that_the_refusal_comes_at_once) {
  for (const std::string& bytes :
       {"GET / HTTP/1.1\nHost: a"s, "\n"s, "A\r\nb\r\n\n"s, "A\r\r\n\nx"s}) {
    std::size_t scanned = 0;
    const std::size_t length = head_length(bytes, scanned);
    ASSERT_GT(length, 0u) << printable(bytes);
    EXPECT_EQ(bytes[length - 1], '\n');
    EXPECT_EQ(parse_request(bytes.substr(0, length))->refusal.status, 400) << printable(bytes);
  }
  std::size_t scanned = 0;
  EXPECT_EQ(head_length("\r\n\r\n", scanned), 4u);
  scanned = 0;
  EXPECT_EQ(head_length("\r\n", scanned), 0u);
}

}  // namespace
}  // namespace isrd::http
