// The request line, the target and the field lines. Each refusal stands beside a neighbour that is
// accepted.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/http/heads.h"

namespace isrd::http {
namespace {

using namespace std::string_literals;

std::string get(const std::string& target, const std::string& fields = "Host: a\r\n") {
  return "GET " + target + " HTTP/1.1\r\n" + fields + "\r\n";
}

/// A GET with these field lines after a Host.
std::string with(const std::string& fields) { return get("/", "Host: a\r\n" + fields); }

struct Pair {
  std::string refused;
  int status;
  std::string reason;
  std::string accepted;
};

void check(const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) {
    const auto refused = parse_request(pair.refused);
    EXPECT_EQ(refused->reason(), pair.reason) << printable(pair.refused);
    EXPECT_EQ(refused->refusal.status, pair.status) << printable(pair.refused);
    if (pair.accepted.empty()) continue;
    const auto accepted = parse_request(pair.accepted);
    EXPECT_EQ(accepted->reason(), "") << printable(pair.accepted);
  }
}

TEST(request_head, reads_what_a_browser_sends) {
  const auto parsed = parse_request(
      "GET /a/b%20c?x=1&y=%zz HTTP/1.1\r\n"
      "Host: www.Example.com:8080\r\n"
      "Accept:text/html\r\n"
      "Empty:\r\n"
      "Blank: \t \r\n"
      "User-Agent: \t Mozilla/5.0 (\xc3\xa9)\t\r\n"
      "x_y: 1\r\n"
      "Accept: */*\r\n\r\n");
  ASSERT_EQ(parsed->reason(), "");
  const RequestHead& head = parsed->head;
  EXPECT_EQ(head.method, Method::get);
  EXPECT_EQ(head.method_name, "GET");
  EXPECT_EQ(head.target, "/a/b%20c?x=1&y=%zz");
  EXPECT_EQ(head.path, "/a/b%20c");
  EXPECT_EQ(head.query, "x=1&y=%zz");
  EXPECT_TRUE(head.has_query);
  EXPECT_EQ(head.origin_form(), "/a/b%20c?x=1&y=%zz");
  EXPECT_EQ(head.authority, "www.Example.com:8080");
  EXPECT_EQ(head.version_minor, 1);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.upgrade_websocket);
  EXPECT_FALSE(head.expect_continue);
  EXPECT_EQ(head.framing.kind, BodyKind::none);
  ASSERT_EQ(head.fields.size(), 7u);
  EXPECT_EQ(head.fields[1].value, "text/html");
  EXPECT_EQ(head.fields[2].value, "");
  EXPECT_EQ(head.fields[3].value, "");
  EXPECT_EQ(head.fields[4].value, "Mozilla/5.0 (\xc3\xa9)");
  EXPECT_EQ(head.fields[5].name, "x_y");
  EXPECT_EQ(head.fields[5].id, FieldId::other);
  ASSERT_NE(head.find(FieldId::accept), nullptr);
  EXPECT_EQ(head.find(FieldId::accept)->value, "text/html") << "the first of two";
  EXPECT_EQ(head.find(FieldId::cookie), nullptr);
  EXPECT_TRUE(head.present.contains(FieldId::user_agent));
}

TEST(request_head, knows_methods_by_their_exact_case) {
  const std::pair<const char*, Method> methods[] = {
      {"GET", Method::get},        {"HEAD", Method::head},
      {"POST", Method::post},      {"PUT", Method::put},
      {"DELETE", Method::delete_}, {"OPTIONS", Method::options},
      {"PATCH", Method::patch},    {"PURGE", Method::other},
      {"get", Method::other},      {"M-SEARCH", Method::other},
      {"TRACES", Method::other},   {"CONNEC", Method::other},
      {"PROPFIND", Method::other}, {"!#$%&'*+-.^_`|~09", Method::other}};
  for (const auto& [name, method] : methods) {
    const auto parsed = parse_request(std::string(name) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_EQ(parsed->reason(), "") << name;
    EXPECT_EQ(parsed->head.method, method) << name;
    EXPECT_EQ(parsed->head.method_name, name);
  }
}

TEST(request_head, refuses_a_bad_request_line) {
  const std::string end = " HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string fields = "\r\nHost: a\r\n\r\n";
  check({
      {" / HTTP/1.1" + fields, 400, "bad_method", "X / HTTP/1.1" + fields},
      {" GET /" + end, 400, "bad_method", "GET /" + end},
      {"\r\nGET /" + end, 400, "bad_method", "GET /" + end},
      {"G(T /" + end, 400, "bad_method", "G!T /" + end},
      {"G\xc3T /" + end, 400, "bad_method", ""},
      {"G\0T /"s + end, 400, "bad_method", ""},
      {"GET\t/" + end, 400, "bad_method", ""},
      {std::string(33, 'M') + " /" + end, 501, "method_too_long",
       std::string(32, 'M') + " /" + end},
      {"GET  /" + end, 400, "bad_target", "GET /" + end},
      {"GET /  HTTP/1.1" + fields, 400, "bad_version", ""},
      {"GET /\tHTTP/1.1" + fields, 400, "bad_target", ""},
      {"GET / a HTTP/1.1" + fields, 400, "bad_version", "GET /%20a HTTP/1.1" + fields},
      {"GET /" + fields, 400, "bad_request_line", ""},
      {"GET" + fields, 400, "bad_method", ""},
      {"GET / HTTP/1.1 " + fields, 400, "bad_request_line", ""},
      {"GET / HTTP/1.10" + fields, 400, "bad_request_line", ""},
      {"GET / HTTP/1.1\r" + fields, 400, "bad_request_line", ""},
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bare_lf", ""},
      {"GET /\nHost: a\r\n\r\n", 400, "bare_lf", ""},
  });
}

TEST(request_head, refuses_other_versions) {
  const auto line = [](const char* version) { return "GET / "s + version + "\r\nHost: a\r\n\r\n"; };
  check({
      {line("HTTP/2.0"), 505, "unknown_version", line("HTTP/1.1")},
      {line("HTTP/1.2"), 505, "unknown_version", line("HTTP/1.0")},
      {line("HTTP/0.9"), 505, "unknown_version", ""},
      {"PRI * HTTP/2.0\r\n\r\n", 505, "unknown_version", ""},
      {line("HTTP/2"), 400, "bad_version", ""},
      {line("http/1.1"), 400, "bad_version", ""},
      {line("HTTP/1,1"), 400, "bad_version", ""},
      {line("HTTP/+1.1"), 400, "bad_version", ""},
      {line("HTTP/x.1"), 400, "bad_version", ""},
      {line("HTTPS/1.1"), 400, "bad_version", ""},
      {line(""), 400, "bad_version", ""},
  });
}

TEST(request_head, takes_no_part_in_connect_and_trace) {
  const std::string end = " HTTP/1.1\r\nHost: a\r\n\r\n";
  check({
      {"CONNECT a:443" + end, 405, "forbidden_method", "CONNECTS /" + end},
      {"CONNECT /" + end, 405, "forbidden_method", ""},
      {"connect a:443" + end, 405, "forbidden_method", ""},
      {"TRACE /" + end, 405, "forbidden_method", "TRACK /" + end},
      {"Trace /" + end, 405, "forbidden_method", ""},
  });
}

TEST(request_head, refuses_targets_that_an_origin_may_read_otherwise) {
  check({
      {get("a"), 400, "bad_target", get("/a")},
      {get("?a"), 400, "bad_target", get("/?a")},
      {get("a:80"), 400, "bad_target", ""},
      {get("a@b"), 400, "bad_target", get("/a@b")},
      {get("*"), 400, "asterisk_target", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target", ""},
      {"OPTIONS *?a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_target", ""},
      {get("/#a"), 400, "bad_target", get("/%23a")},
      {get("/\""), 400, "bad_target", get("/'")},
      {get("/<"), 400, "bad_target", get("/;")},
      {get("/>"), 400, "bad_target", get("/=")},
      {get("/a\\b"), 400, "bad_target", get("/a|b{}^`~[]")},
      {get("/\xc3\xa9"), 400, "bad_target", get("/%C3%A9")},
      {get("/\x7f"), 400, "bad_target", get("/~")},
      {get("/\x01"), 400, "bad_target", ""},
      {get("/a\0b"s), 400, "bad_target", get("/a%00b")},
      {get("/" + std::string(8192, 'a')), 414, "target_too_long",
       get("/" + std::string(8191, 'a'))},
      {get("/" + std::string(100'000, 'a')), 414, "target_too_long", ""},
  });
}

TEST(request_head, refuses_absolute_targets_but_plain_http) {
  check({
      {get("ftp://b/"), 400, "bad_target", get("http://b/")},
      {get("httpx://b/"), 400, "bad_target", get("HTTPS://b/")},
      {get("http:/b/"), 400, "bad_target", ""},
      {get("http:b"), 400, "bad_target", ""},
      {get("http://"), 400, "bad_target_authority", get("http://b")},
      {get("http:///a"), 400, "bad_target_authority", ""},
      {get("http://u@b/"), 400, "bad_target_authority", get("http://b/@")},
      {get("http://u:p@b/"), 400, "bad_target_authority", get("http://b:1/")},
      {get("http://b,c/"), 400, "bad_target_authority", get("http://b/,c")},
      {get("http://b:/"), 400, "bad_target_authority", get("http://b:65535/")},
      {get("http://b:65536/"), 400, "bad_target_authority", ""},
      {get("http://b/#f"), 400, "bad_target", get("http://b/")},
      {get("http://b#f"), 400, "bad_target", ""},
      {get("http://b?q"), 400, "bad_target", get("http://b/?q")},
      {get("http://[::1/"), 400, "bad_target_authority", get("http://[::1]/")},
  });
}

TEST(request_head, gives_an_absolute_authority_the_place_of_host) {
  const auto parsed = parse_request(get("http://B.example:81/p?q=/?"));
  ASSERT_EQ(parsed->reason(), "");
  EXPECT_EQ(parsed->head.authority, "B.example:81");
  EXPECT_EQ(parsed->head.path, "/p");
  EXPECT_EQ(parsed->head.query, "q=/?");
  EXPECT_EQ(parsed->head.origin_form(), "/p?q=/?");
  EXPECT_EQ(parsed->head.target, "http://B.example:81/p?q=/?");

  EXPECT_EQ(parse_request(get("http://b"))->head.origin_form(), "/");
  const auto options = parse_request("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(options->head.origin_form(), "*") << "RFC 9112 3.2.4";
  // Host is still checked.
  EXPECT_EQ(parse_request(get("http://b/", ""))->reason(), "missing_host");
  EXPECT_EQ(parse_request(get("http://b/", "Host: a,b\r\n"))->reason(), "bad_host");
}

TEST(request_head, keeps_an_empty_query) {
  const auto parsed = parse_request(get("/p?"));
  EXPECT_TRUE(parsed->head.has_query);
  EXPECT_EQ(parsed->head.query, "");
  EXPECT_EQ(parsed->head.origin_form(), "/p?");
  EXPECT_FALSE(parse_request(get("/p"))->head.has_query);
  EXPECT_EQ(parse_request(get("//p//?a?b"))->head.origin_form(), "//p//?a?b");
}

TEST(request_head, refuses_bad_field_names) {
  check({
      {with("A : b\r\n"), 400, "bad_field_name", with("A: b\r\n")},
      {with("A\t: b\r\n"), 400, "bad_field_name", ""},
      {with(": b\r\n"), 400, "empty_field_name", with("_: b\r\n")},
      {with(":\r\n"), 400, "empty_field_name", ""},
      {with("A\r\n"), 400, "bad_field_name", with("A:\r\n")},
      {with("A b: c\r\n"), 400, "bad_field_name", with("A-b: c\r\n")},
      {with("A\0b: c\r\n"s), 400, "bad_field_name", ""},
      {with("A(: c\r\n"), 400, "bad_field_name", with("A!#$%&'*+-.^_`|~: c\r\n")},
      {with("\xc3\xa9: c\r\n"), 400, "bad_field_name", ""},
      {with("\"A\": c\r\n"), 400, "bad_field_name", ""},
      {with(std::string(257, 'n') + ": c\r\n"), 431, "field_name_too_long",
       with(std::string(256, 'n') + ": c\r\n")},
      {get("/", " Host: a\r\n"), 400, "folded_line", ""},
      {get("/", "\tHost: a\r\n"), 400, "folded_line", ""},
      {with("A: b\r\n c\r\n"), 400, "folded_line", with("A: b c\r\n")},
      {with("A: b\r\n\tc: d\r\n"), 400, "folded_line", with("A: b\r\nc: d\r\n")},
      {with("A:\r\n b\r\n"), 400, "folded_line", ""},
      {with("A: b\r\n \r\n"), 400, "folded_line", ""},
  });
}

TEST(request_head, refuses_bad_field_values) {
  check({
      {with("A: b\nC: d\r\n"), 400, "bare_lf", with("A: b\r\nC: d\r\n")},
      {with("A: b\n\r\n"), 400, "bare_lf", ""},
      {with("\nA: b\r\n"), 400, "bare_lf", ""},
      {with("A: b\rC: d\r\n"), 400, "bare_cr", ""},
      {with("A: b\r\r\n"), 400, "bare_cr", ""},
      {with("A: \0\r\n"s), 400, "control_byte", with("A: \t\r\n")},
      {with("A: b\x7f\r\n"), 400, "control_byte", with("A: b\x80\r\n")},
      {with("A: b\x1f\r\n"), 400, "control_byte", with("A: b \r\n")},
      {with("A: b\x0b"
            "c\r\n"),
       400, "control_byte",
       with("A: b\t"
            "c\r\n")},
      {with("\rA: b\r\n"), 400, "bare_cr", ""},
  });
}

TEST(request_head, finds_a_control_byte_at_every_place_of_a_value) {
  // The scan looks at 16 bytes at once, so that each place in a block and in the rest behind it is
  // tried.
  for (std::size_t length = 1; length <= 50; ++length) {
    for (std::size_t i = 0; i < length; ++i) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string value(length, 'v');
        value[i] = static_cast<char>(byte);
        const bool allowed = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
        const bool accepted = parse_request(with("A: " + value + "\r\n"))->reason().empty();
        ASSERT_EQ(accepted, allowed) << "byte " << byte << " at " << i << " of " << length;
      }
    }
  }
}

TEST(request_head, wants_exactly_one_head) {
  check({
      {"", 400, "incomplete_head", ""},
      {"GET / HTTP/1.1\r\nHost: a\r\n", 400, "incomplete_head", ""},
      {"GET / HTTP/1.1\nHost: a\n\n", 400, "bare_lf", ""},
      {"\n", 400, "bare_lf", ""},
      {"\r\n\r\n", 400, "bad_method", ""},
      {with("") + "A: b\r\n\r\n", 400, "bytes_after_head", with("A: b\r\n")},
  });
}

TEST(request_head, counts_against_its_limits) {
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "A: b\r\n";
  EXPECT_EQ(parse_request(with(fields))->reason(), "");
  EXPECT_EQ(parse_request(with(fields + "A: b\r\n"))->reason(), "too_many_fields");
  EXPECT_EQ(parse_request(with(fields + "A: b\r\n"))->refusal.status, 431);

  HeadLimits limits;
  limits.fields_max = 1000;
  std::string more;
  for (int i = 0; i < 255; ++i) more += "A: b\r\n";
  EXPECT_EQ(parse_request(with(more), limits)->reason(), "");
  EXPECT_EQ(parse_request(with(more + "A: b\r\n"), limits)->reason(), "too_many_fields")
      << "more than the storage holds";

  const std::size_t frame = with("A: \r\n").size();
  EXPECT_EQ(parse_request(with("A: " + std::string(65536 - frame, 'v') + "\r\n"))->reason(), "");
  const auto large = parse_request(with("A: " + std::string(65537 - frame, 'v') + "\r\n"));
  EXPECT_EQ(large->reason(), "head_too_large");
  EXPECT_EQ(large->refusal.status, 431);

  limits = {};
  limits.target_bytes = 3;
  limits.method_bytes = 3;
  limits.field_name_bytes = 4;
  EXPECT_EQ(parse_request(get("/ab"), limits)->reason(), "");
  EXPECT_EQ(parse_request(get("/abc"), limits)->reason(), "target_too_long");
  EXPECT_EQ(parse_request("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", limits)->refusal.status, 501);
  EXPECT_EQ(parse_request(with("Names: b\r\n"), limits)->reason(), "field_name_too_long");
}

TEST(request_head, forgets_the_request_before) {
  auto parsed =
      parse_request("GET /a?b HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nCookie: c\r\n\r\n");
  ASSERT_EQ(parsed->reason(), "");
  parsed->bytes = "POST /c HTTP/1.1\r\nHost: d\r\n\r\n";
  ASSERT_FALSE(parse_request_head(parsed->bytes, {}, parsed->storage, parsed->head));
  EXPECT_FALSE(parsed->head.has_query);
  EXPECT_TRUE(parsed->head.keep_alive);
  EXPECT_EQ(parsed->head.query, "");
  EXPECT_EQ(parsed->head.authority, "d");
  EXPECT_EQ(parsed->head.framing.kind, BodyKind::none);
  EXPECT_FALSE(parsed->head.present.contains(FieldId::cookie));
  EXPECT_EQ(parsed->head.fields.size(), 1u);
}

TEST(owned_request_head, outlives_the_buffer) {
  for (const std::string& target : {"/p?q"s, "http://b.example/p?q"s, "http://b.example"s}) {
    auto parsed = parse_request(get(target, "Host: a\r\nEmpty:\r\nCookie: c=1\r\n"));
    ASSERT_EQ(parsed->reason(), "");
    const RequestHead& head = parsed->head;
    const std::string path(head.path);
    const std::string form(head.origin_form());
    const std::string authority(head.authority);
    const OwnedRequestHead owned(head, parsed->bytes);
    std::fill(parsed->bytes.begin(), parsed->bytes.end(), '?');
    parsed.reset();
    EXPECT_EQ(owned->path, path);
    EXPECT_EQ(owned->origin_form(), form);
    EXPECT_EQ(owned->authority, authority);
    EXPECT_EQ(owned->target, target);
    EXPECT_EQ(owned->method_name, "GET");
    ASSERT_EQ((*owned).fields.size(), 3u);
    EXPECT_EQ(owned->find(FieldId::cookie)->value, "c=1");
    EXPECT_EQ(owned->fields[1].name, "Empty");
  }
}

}  // namespace
}  // namespace isrd::http
