// Bodies of POST /v1/invalidate and their answers, without a socket.
#include "admin/invalidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "admin/invalidate_body.h"
#include "unit/admin/fake_control.h"

namespace isrd::admin {
namespace {

using isr::Selector;
using ::testing::HasSubstr;
using Json = nlohmann::json;

struct Outcome {
  int status;
  Json body;
  std::vector<InvalidateRequest> requests;

  std::string code() const { return body.at("error").at("code"); }
  std::string message() const { return body.at("error").at("message"); }
  const InvalidateRequest& request() const { return requests.at(0); }
};

Outcome send(std::string_view body, std::string_view type = "application/json",
             std::string_view query = {}, bool durable = true) {
  test::FakeControl control;
  control.answer = {"17", 3, durable};
  Head head;
  head.content_type = type;
  head.query = query;
  const Answer answer = invalidate({head, body}, control);
  return {answer.status, Json::parse(answer.body), control.requests()};
}

Outcome send_lines(std::string_view body, std::string_view query = {}) {
  return send(body, "application/x-ndjson", query);
}

TEST(Invalidate, a_url) {
  const Outcome outcome = send(R"({"urls":["http://Blog.example/a?b"]})");
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.body, Json::parse(R"({"operation":"17","mode":"refresh","matched":3,
                                          "durable":true,"items":[]})"));
  ASSERT_EQ(outcome.request().selectors.size(), 1u);
  const Selector& selector = outcome.request().selectors[0];
  EXPECT_EQ(selector.kind, Selector::Kind::url);
  EXPECT_EQ(selector.host, "blog.example");
  EXPECT_EQ(selector.target, "/a?b");
  EXPECT_EQ(selector.site, "");
  EXPECT_EQ(outcome.request().mode, isr::Mode::refresh);
}

TEST(Invalidate, everything_at_once_whatever_the_order) {
  const Outcome outcome = send(R"({"prefixes":["/x/"],"urls":["/a","//h/b"],"wait":"applied",
      "site":"blog","mode":"purge","tags":[],"builds":null,"all":false})");
  ASSERT_EQ(outcome.status, 200);
  const auto& selectors = outcome.request().selectors;
  ASSERT_EQ(selectors.size(), 3u);
  EXPECT_EQ(outcome.request().mode, isr::Mode::purge);
  for (const Selector& selector : selectors) EXPECT_EQ(selector.site, "blog");
  EXPECT_EQ(selectors[0].kind, Selector::Kind::prefix);
  EXPECT_EQ(selectors[2].host, "h");
}

TEST(Invalidate, all_of_a_site) {
  const Outcome outcome = send(R"({"all":true,"site":"blog","mode":"expire"})");
  ASSERT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.request().selectors.at(0).kind, Selector::Kind::all);
  EXPECT_EQ(outcome.request().selectors.at(0).site, "blog");
  EXPECT_EQ(outcome.body["mode"], "expire");
}

TEST(Invalidate, a_bad_item_does_not_spoil_the_rest) {
  const Outcome outcome = send(R"({"urls":["/a","ftp://h/",7,null,"/b"],"prefixes":["a b"]})");
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.request().selectors.size(), 2u);
  const Json& items = outcome.body["items"];
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(items[0]["error"]["item"], 1);
  EXPECT_EQ(items[0]["error"]["code"], "bad_selector");
  EXPECT_THAT(items[0]["error"]["message"].get<std::string>(), HasSubstr("ftp://h/"));
  EXPECT_EQ(items[1]["error"]["item"], 2);
  EXPECT_EQ(items[2]["error"]["item"], 3);
  EXPECT_EQ(items[3]["error"]["item"], 0);
  EXPECT_EQ(items[3]["list"], "prefixes");
}

TEST(Invalidate, only_bad_items_are_an_error) {
  const Outcome outcome = send(R"({"urls":["ftp://h/","x y"]})");
  EXPECT_EQ(outcome.status, 400);
  EXPECT_EQ(outcome.code(), "bad_selector");
  EXPECT_EQ(outcome.body["error"]["item"], 0);
  EXPECT_EQ(outcome.body["items"].size(), 2u);
  EXPECT_TRUE(outcome.requests.empty());
}

TEST(Invalidate, what_could_not_be_written_down_is_503) {
  const Outcome outcome = send(R"({"all":true})", "application/json", {}, false);
  EXPECT_EQ(outcome.status, 503);
  EXPECT_EQ(outcome.body["durable"], false);
}

TEST(Invalidate, refusals) {
  struct Row {
    std::string_view body;
    int status;
    std::string_view code;
  };
  const Row rows[] = {
      {"", 400, "bad_json"},
      {"{", 400, "bad_json"},
      {R"({"urls":["/a"]} x)", 400, "bad_json"},
      {R"({"urls":["/a"]}{})", 400, "bad_json"},
      {"{\"urls\":[\"/\xff\"]}", 400, "bad_json"},
      {"[]", 400, "bad_body"},
      {"\"/a\"", 400, "bad_body"},
      {"7", 400, "bad_body"},
      {"null", 400, "bad_body"},
      {"{}", 400, "no_selector"},
      {R"({"urls":[]})", 400, "no_selector"},
      {R"({"all":false})", 400, "no_selector"},
      {R"({"mode":"purge"})", 400, "no_selector"},
      {R"({"url":["/a"]})", 400, "unknown_member"},
      {R"({"urls":["/a"],"modes":1})", 400, "unknown_member"},
      {R"({"urls":"/a"})", 400, "bad_body"},
      {R"({"urls":{"a":1}})", 400, "bad_body"},
      {R"({"urls":["/a",["/b"]]})", 400, "bad_body"},
      {R"({"urls":["/a",{"u":"/b"}]})", 400, "bad_body"},
      {R"({"all":"yes"})", 400, "bad_body"},
      {R"({"all":1})", 400, "bad_body"},
      {R"({"all":["/a"]})", 400, "bad_body"},
      {R"({"mode":true,"urls":["/a"]})", 400, "bad_body"},
      {R"({"mode":"delete","urls":["/a"]})", 400, "bad_mode"},
      {R"({"wait":"forever","urls":["/a"]})", 400, "bad_body"},
      {R"({"urls":["/a"],"urls":["/b"]})", 400, "bad_body"},
      {R"({"site":"","urls":["/a"]})", 400, "bad_body"},
      {R"({"site":"nowhere","urls":["/a"]})", 404, "unknown_site"},
  };
  for (const Row& row : rows) {
    const Outcome outcome = send(row.body);
    EXPECT_EQ(outcome.status, row.status) << row.body;
    EXPECT_EQ(outcome.code(), row.code) << row.body;
    EXPECT_TRUE(outcome.requests.empty()) << row.body;
  }
}

TEST(Invalidate, later_selectors_say_so) {
  for (const std::string name : {"tags", "globs", "regexes", "keys", "hosts", "routes", "builds"}) {
    const Outcome outcome = send(R"({"urls":["/a"],")" + name + R"(":["x"]})");
    EXPECT_EQ(outcome.status, 400);
    EXPECT_EQ(outcome.code(), "not_yet") << name;
    EXPECT_THAT(outcome.message(), HasSubstr(name + " come with a later version"));
  }
}

TEST(Invalidate, nesting_costs_nothing) {
  EXPECT_EQ(send(std::string(1 << 20, '[')).code(), "bad_body");
  EXPECT_EQ(send(R"({"urls":)" + std::string(1 << 20, '[')).code(), "bad_body");
}

TEST(Invalidate, has_a_limit_of_items) {
  std::string body = R"({"urls":["/a")";
  for (std::size_t i = 0; i < selectors_max; ++i) body += R"(,"/a")";
  const Outcome outcome = send(body + "]}");
  EXPECT_EQ(outcome.status, 413);
  EXPECT_EQ(outcome.code(), "too_many_items");
}

TEST(Invalidate, tells_a_limited_number_of_bad_items) {
  std::string body = R"({"urls":["/a")";
  for (std::size_t i = 0; i < item_errors_max + 5; ++i) body += ",1";
  const Outcome outcome = send(body + "]}");
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.body["items"].size(), item_errors_max);
  EXPECT_EQ(outcome.body["items_omitted"], 5);
}

TEST(Invalidate, an_item_has_a_limit) {
  const std::string longest = "/" + std::string(item_bytes_max, 'a');
  EXPECT_EQ(send(R"({"urls":[")" + longest + R"("]})").code(), "bad_selector");
}

TEST(Invalidate, lines) {
  const Outcome outcome = send_lines(
      "{\"url\":\"/a\"}\n\r\n{\"prefix\":\"http://h/b/"
      "\"}\r\n{\"tag\":\"t\"}\nnonsense\n{\"url\":7}\n"
      "{\"url\":\"/c\",\"prefix\":\"/d\"}\n{\"path\":\"/e\"}\n{\"url\":\"/f\"}",
      "mode=purge&site=blog");
  EXPECT_EQ(outcome.status, 200);
  const auto& selectors = outcome.request().selectors;
  ASSERT_EQ(selectors.size(), 3u);
  EXPECT_EQ(selectors[1].kind, Selector::Kind::prefix);
  EXPECT_EQ(selectors[1].host, "h");
  EXPECT_EQ(selectors[2].target, "/f");
  EXPECT_EQ(selectors[2].site, "blog");
  EXPECT_EQ(outcome.request().mode, isr::Mode::purge);
  const Json& items = outcome.body["items"];
  ASSERT_EQ(items.size(), 5u);
  EXPECT_EQ(items[0]["error"]["code"], "not_yet");
  EXPECT_EQ(items[0]["error"]["item"], 3) << "the line, counted from 0";
  for (std::size_t i = 1; i < items.size(); ++i)
    EXPECT_EQ(items[i]["error"]["code"], "bad_item") << items[i];
}

TEST(Invalidate, lines_have_limits) {
  const std::string longest(item_bytes_max, ' ');
  EXPECT_EQ(send_lines("{\"url\":\"/a\"" + longest + "}").code(), "bad_item");
  EXPECT_EQ(send_lines(std::string(item_bytes_max, '[')).code(), "bad_item");
  std::string many;
  for (std::size_t i = 0; i <= selectors_max; ++i) many += "{\"url\":\"/a\"}\n";
  EXPECT_EQ(send_lines(many).code(), "too_many_items");
}

TEST(Invalidate, queries) {
  const std::string_view line = "{\"url\":\"/a\"}";
  EXPECT_EQ(send_lines(line, "mode=nothing").code(), "bad_mode");
  EXPECT_EQ(send_lines(line, "site=nowhere").code(), "unknown_site");
  EXPECT_EQ(send_lines(line, "mod=purge").code(), "bad_query");
  EXPECT_EQ(send_lines("", "mode=purge").code(), "no_selector");
  EXPECT_EQ(send(R"({"urls":["/a"]})", "application/json", "mode=purge").code(), "bad_query");
}

TEST(Invalidate, media_types) {
  EXPECT_EQ(media_type("application/json"), MediaType::json);
  EXPECT_EQ(media_type("Application/JSON ; charset=utf-8"), MediaType::json);
  EXPECT_EQ(media_type("application/x-ndjson;a"), MediaType::ndjson);
  for (const std::string_view other :
       {"", "text/plain", "application/jsonx", "application/x-www-form-urlencoded", ";"})
    EXPECT_EQ(media_type(other), MediaType::other) << other;
}

}  // namespace
}  // namespace isrd::admin
