// Heads of origins: as strict as requests, always 502 for the client (security rule 13).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/http/heads.h"

namespace isrd::http {
namespace {

using namespace std::string_literals;

/// A 200 with these field lines.
std::string ok(const std::string& fields, const std::string& version = "1.1") {
  return "HTTP/" + version + " 200 OK\r\n" + fields + "\r\n";
}

std::string line(const std::string& text) { return text + "\r\nA: b\r\n\r\n"; }

struct Pair {
  std::string refused;
  std::string reason;
  std::string accepted;
};

void check(const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) {
    const auto refused = parse_response(pair.refused);
    EXPECT_EQ(refused->reason(), pair.reason) << printable(pair.refused);
    EXPECT_EQ(refused->refusal.status, 502) << printable(pair.refused);
    if (pair.accepted.empty()) continue;
    const auto accepted = parse_response(pair.accepted);
    EXPECT_EQ(accepted->reason(), "") << printable(pair.accepted);
  }
}

TEST(response_head, reads_what_an_origin_sends) {
  const auto parsed = parse_response(
      "HTTP/1.1 404 Not  Found \xc3\xa9\t!\r\n"
      "Content-Type: text/html\r\n"
      "Set-Cookie: a=1\r\n"
      "Set-Cookie: b=2\r\n"
      "Content-Length: 12\r\n\r\n");
  ASSERT_EQ(parsed->reason(), "");
  EXPECT_EQ(parsed->head.status, 404);
  EXPECT_EQ(parsed->head.reason, "Not  Found \xc3\xa9\t!");
  EXPECT_EQ(parsed->head.version_minor, 1);
  EXPECT_TRUE(parsed->head.keep_alive);
  EXPECT_EQ(parsed->head.framing.kind, BodyKind::length);
  EXPECT_EQ(parsed->head.framing.length, 12u);
  ASSERT_EQ(parsed->head.fields.size(), 4u);
  EXPECT_EQ(parsed->head.find(FieldId::set_cookie)->value, "a=1");
  EXPECT_EQ(parsed->head.find(FieldId::etag), nullptr);
}

TEST(response_head, takes_an_empty_reason_with_and_without_its_space) {
  for (const char* text : {"HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.0 200"}) {
    const auto parsed = parse_response(line(text));
    ASSERT_EQ(parsed->reason(), "") << text;
    EXPECT_EQ(parsed->head.reason, "");
    EXPECT_EQ(parsed->head.status, 200);
  }
  EXPECT_EQ(parse_response("HTTP/1.1 200\r\n\r\n")->reason(), "");
}

TEST(response_head, refuses_a_bad_status_line) {
  check({
      {line("HTTP/1.1 099 X"), "bad_status", line("HTTP/1.1 100 X")},
      {line("HTTP/1.1 000 X"), "bad_status", ""},
      {line("HTTP/1.1 600 X"), "bad_status", line("HTTP/1.1 599 X")},
      {line("HTTP/1.1 999 X"), "bad_status", ""},
      {line("HTTP/1.1 20 X"), "bad_status", line("HTTP/1.1 200 X")},
      {line("HTTP/1.1 2000 X"), "bad_status", ""},
      {line("HTTP/1.1 2x0 X"), "bad_status", ""},
      {line("HTTP/1.1 +20 X"), "bad_status", ""},
      {line("HTTP/1.1  200 X"), "bad_status", ""},
      {line("HTTP/1.1 200\tX"), "bad_status", line("HTTP/1.1 200 \tX")},
      {line("HTTP/1.1\t200 X"), "bad_status", ""},
      {line("HTTP/1.1 200X"), "bad_status", ""},
      {line("HTTP/1.1 OK"), "bad_status", ""},
      {line("HTTP/1.1"), "bad_status", ""},
      {line("HTTP/1.2 200 X"), "bad_version", line("HTTP/1.0 200 X")},
      {line("HTTP/2 200 X"), "bad_version", ""},
      {line("HTTP/2.0 200 X"), "bad_version", ""},
      {line("HTTP/0.9 200 X"), "bad_version", ""},
      {line("http/1.1 200 X"), "bad_version", ""},
      {line("ICY 200 OK"), "bad_version", ""},
      {line(" HTTP/1.1 200 X"), "bad_version", ""},
      {"\r\n" + line("HTTP/1.1 200 X"), "bad_version", ""},
      {"\r\n\r\n", "bad_version", ""},
      {"HTTP/1.1 20\r\n\r\n", "bad_status", ""},
      {line("HTTP/1.1 200 X\0"s), "control_byte", line("HTTP/1.1 200 X\x80")},
      {line("HTTP/1.1 200 X\x7f"), "control_byte", ""},
      {line("HTTP/1.1 200 \x1b[1m"), "control_byte", line("HTTP/1.1 200 [1m")},
      {"HTTP/1.1 200 X\nA: b\r\n\r\n", "bare_lf", ""},
      {"HTTP/1.1 200\nA: b\r\n\r\n", "bare_lf", ""},
      {line("HTTP/1.1 200 X\rY"), "bare_cr", ""},
      {line("HTTP/1.1 200\r"), "bare_cr", ""},
  });
}

TEST(response_head, refuses_bad_fields) {
  check({
      {ok("A : b\r\n"), "bad_field_name", ok("A: b\r\n")},
      {ok(": b\r\n"), "empty_field_name", ok("a: \r\n")},
      {ok("A: b\r\n c\r\n"), "folded_line", ok("A: b c\r\n")},
      {ok(" A: b\r\n"), "folded_line", ""},
      {ok("A: b\nC: d\r\n"), "bare_lf", ok("A: b\r\nC: d\r\n")},
      {ok("A: b\rc\r\n"), "bare_cr", ""},
      {ok("A: b\0c\r\n"s), "control_byte", ok("A: b\tc\r\n")},
      {ok("no colon\r\n"), "bad_field_name", ""},
      {ok(std::string(257, 'n') + ": b\r\n"), "field_name_too_long",
       ok(std::string(256, 'n') + ": b\r\n")},
      {ok("Connection: a b\r\n"), "bad_connection", ok("Connection: Content-Length, close\r\n")},
      {ok("A: b\r\n") + "\r\n", "bytes_after_head", ""},
      {"HTTP/1.1 200 OK\r\nA: b\r\n", "incomplete_head", ""},
      {"", "incomplete_head", ""},
  });
}

TEST(response_head, refuses_doubtful_framing) {
  check({
      {ok("Content-Length: 1\r\nContent-Length: 1\r\n"), "repeated_content_length",
       ok("Content-Length: 1\r\n")},
      {ok("Content-Length: 1, 1\r\n"), "bad_content_length", ok("Content-Length: 11\r\n")},
      {ok("Content-Length:\r\n"), "bad_content_length", ok("Content-Length:0\r\n")},
      {ok("Content-Length: -1\r\n"), "bad_content_length", ""},
      {ok("Content-Length: 1000000000000000000\r\n"), "bad_content_length",
       ok("Content-Length: 100000000000000000\r\n")},
      {ok("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), "length_and_transfer_encoding",
       ok("Transfer-Encoding: chunked\r\n")},
      {ok("Transfer-Encoding: chunked\r\n", "1.0"), "transfer_encoding_on_1_0",
       ok("Content-Length: 1\r\n", "1.0")},
      {ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       "repeated_transfer_encoding", ok("Transfer-Encoding: CHUNKED\r\n")},
      {ok("Transfer-Encoding: chunked, chunked\r\n"), "unknown_transfer_encoding", ""},
      {ok("Transfer-Encoding: gzip, chunked\r\n"), "unknown_transfer_encoding", ""},
      {ok("Transfer-Encoding: identity\r\n"), "unknown_transfer_encoding", ""},
      {"HTTP/1.1 304 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       "repeated_content_length", "HTTP/1.1 304 X\r\nContent-Length: 1\r\n\r\n"},
  });
}

TEST(response_head, frames_by_status_and_fields) {
  const auto kind = [](const std::string& bytes) {
    const auto parsed = parse_response(bytes);
    EXPECT_EQ(parsed->reason(), "") << printable(bytes);
    return parsed->head.framing.kind;
  };
  EXPECT_EQ(kind(ok("")), BodyKind::until_close);
  EXPECT_EQ(kind(ok("", "1.0")), BodyKind::until_close);
  EXPECT_EQ(kind(ok("Content-Length: 0\r\n")), BodyKind::length);
  EXPECT_EQ(kind(ok("Content-Length: 7\r\n")), BodyKind::length);
  EXPECT_EQ(kind(ok("Transfer-Encoding: chunked\r\n")), BodyKind::chunked);
  for (const char* status : {"100", "101", "103", "199", "204", "304"}) {
    for (const char* field : {"", "Content-Length: 7\r\n", "Transfer-Encoding: chunked\r\n"}) {
      EXPECT_EQ(kind("HTTP/1.1 "s + status + " X\r\n" + field + "\r\n"), BodyKind::none) << status;
    }
  }
  for (const char* status : {"200", "205", "206", "303", "500"}) {
    EXPECT_EQ(kind("HTTP/1.1 "s + status + " X\r\n\r\n"), BodyKind::until_close) << status;
  }
}

TEST(response_head, keeps_alive_by_version_and_connection) {
  const auto stays = [](const std::string& fields, const std::string& version) {
    return parse_response(ok(fields, version))->head.keep_alive;
  };
  EXPECT_TRUE(stays("", "1.1"));
  EXPECT_FALSE(stays("", "1.0"));
  EXPECT_FALSE(stays("Connection: Close\r\n", "1.1"));
  EXPECT_TRUE(stays("Connection: keep-alive\r\n", "1.0"));
}

TEST(response_head, counts_against_its_limits) {
  std::string fields;
  for (int i = 0; i < 500; ++i) fields += "A: b\r\n";
  EXPECT_EQ(parse_response(ok(fields))->reason(), "");
  EXPECT_EQ(parse_response(ok(fields + "A: b\r\n"))->reason(), "too_many_fields");

  const std::size_t frame = ok("A: \r\n").size();
  EXPECT_EQ(parse_response(ok("A: " + std::string(256 * 1024 - frame, 'v') + "\r\n"))->reason(),
            "");
  EXPECT_EQ(parse_response(ok("A: " + std::string(256 * 1024 - frame + 1, 'v') + "\r\n"))->reason(),
            "head_too_large");
}

TEST(response_head, forgets_the_response_before) {
  auto parsed = parse_response("HTTP/1.0 404 Not Found\r\nContent-Length: 5\r\nAge: 1\r\n\r\n");
  ASSERT_EQ(parsed->reason(), "");
  parsed->bytes = "HTTP/1.1 200\r\n\r\n";
  ASSERT_FALSE(parse_response_head(parsed->bytes, {}, parsed->storage, parsed->head));
  EXPECT_EQ(parsed->head.status, 200);
  EXPECT_EQ(parsed->head.reason, "");
  EXPECT_TRUE(parsed->head.keep_alive);
  EXPECT_TRUE(parsed->head.fields.empty());
  EXPECT_FALSE(parsed->head.present.contains(FieldId::age));
  EXPECT_EQ(parsed->head.framing.kind, BodyKind::until_close);
}

}  // namespace
}  // namespace isrd::http
