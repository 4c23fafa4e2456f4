#include "isr/build_entry.h"

#include <gtest/gtest.h>

#include "unit/isr/entries.h"

namespace isrd::isr {
namespace {

using http::Lines;
using http::make_fields;

std::string stored_lines(const Lines& response, Judgement judgement = {}) {
  Page page;
  page.response = response;
  const Entry entry = unfinished_entry(page, test_seed, std::move(judgement));
  return entry.text.substr(entry.key_size + entry.fields_begin);
}

constexpr std::pair<std::string_view, std::string_view> date = {"Date",
                                                                "Sun, 06 Nov 1994 08:49:37 GMT"};
const std::string date_line = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

TEST(BuildEntry, end_to_end_fields_are_kept_byte_for_byte) {
  EXPECT_EQ(stored_lines({date,
                          {"content-TYPE", "text/html;  charset=utf-8"},
                          {"X-Unknown", "a,b ;c"},
                          {"Content-Encoding", "gzip"},
                          {"Content-Range", "bytes 0-1/2"},
                          {"Content-MD5", "x"},
                          {"Set-Cookie2", "old"},
                          {"X-Unknown", "again"}}),
            date_line +
                "content-TYPE: text/html;  charset=utf-8\r\nX-Unknown: a,b ;c\r\n"
                "Content-Encoding: gzip\r\nContent-Range: bytes 0-1/2\r\nContent-MD5: x\r\n"
                "Set-Cookie2: old\r\nX-Unknown: again\r\n");
}

TEST(BuildEntry, fields_of_one_hop_are_not_stored) {
  EXPECT_EQ(stored_lines({date,
                          {"Connection", "close, X-Hop"},
                          {"x-hop", "1"},
                          {"Keep-Alive", "timeout=5"},
                          {"Proxy-Connection", "close"},
                          {"TE", "trailers"},
                          {"Transfer-Encoding", "chunked"},
                          {"Upgrade", "h2c"},
                          {"Proxy-Authenticate", "Basic"},
                          {"Proxy-Authentication-Info", "x"},
                          {"Proxy-Authorization", "x"},
                          {"X-Kept", "1"}}),
            date_line + "X-Kept: 1\r\n");
}

TEST(BuildEntry, what_isrd_writes_itself_is_not_stored) {
  EXPECT_EQ(stored_lines({date, {"Age", "5"}, {"Content-Length", "9"}, {"X-Cache", "HIT"}}),
            date_line);
}

TEST(BuildEntry, an_answer_without_date_gets_that_of_its_receipt) {
  EXPECT_EQ(stored_lines({{"X-Kept", "1"}}), date_line + "X-Kept: 1\r\n");
  EXPECT_EQ(stored_lines({{"Date", "not a date"}}), "Date: not a date\r\n");
}

TEST(BuildEntry, what_judging_withholds_is_left_out) {
  Judgement judgement;
  judgement.strip_set_cookie = true;
  judgement.withheld_fields = {"x-user"};
  EXPECT_EQ(
      stored_lines({date, {"Set-Cookie", "a=1"}, {"X-User", "bob"}, {"X-Users", "3"}}, judgement),
      date_line + "X-Users: 3\r\n");
}

TEST(BuildEntry, the_recipe_keeps_what_brings_the_same_answer_again) {
  Page page;
  page.response = {{"Vary", "Accept-Language, X-Device"}};
  page.request_lines =
      "Accept: text/html\r\nAccept-Encoding: gzip\r\naccept-language: de\r\n"
      "Authorization: Basic x\r\nCookie: session=1\r\nUser-Agent: test\r\nX-Device: phone\r\n";
  EXPECT_EQ(unfinished_entry(page).recipe.fields,
            "Accept: text/html\r\nAccept-Encoding: gzip\r\naccept-language: de\r\n"
            "X-Device: phone\r\n");
}

TEST(BuildEntry, says_whether_authorised_visitors_may_share_it) {
  struct Row {
    std::string_view control;
    bool shareable;
  };
  const Row rows[] = {
      {"max-age=60", false},     {"public, max-age=60", true}, {"s-maxage=60", true},
      {"must-revalidate", true}, {"proxy-revalidate", false},
  };
  for (const Row& row : rows) {
    Page page;
    page.response = {{"Cache-Control", row.control}};
    EXPECT_EQ(unfinished_entry(page).shareable_with_authorization, row.shareable) << row.control;
  }
}

TEST(Seal, writes_the_length_that_the_body_has) {
  Entry entry = unfinished_entry({});
  seal(entry, chain_of("hello"));
  EXPECT_TRUE(entry.head().ends_with("Content-Length: 5\r\n"));
  EXPECT_EQ(entry.whole_body, "hello");
}

TEST(Seal, a_204_has_no_length) {
  Page page;
  page.status = 204;
  Entry entry = unfinished_entry(page);
  seal(entry, {});
  EXPECT_TRUE(entry.head().starts_with("HTTP/1.1 204 No Content\r\n"));
  EXPECT_EQ(entry.head().find("Content-Length"), std::string_view::npos);
}

TEST(Announce, shows_the_head_before_the_body_is_there) {
  Page page;
  page.response = {{"ETag", "\"a\""}};
  Entry entry = unfinished_entry(page);
  const auto known = announce(entry, 99);
  EXPECT_TRUE(known->head().ends_with("Content-Length: 99\r\n"));
  EXPECT_EQ(known->etag, "\"a\"");
  const auto unknown = announce(entry, std::nullopt);
  EXPECT_EQ(unknown->head().find("Content-Length"), std::string_view::npos);
  // The draft changes nothing of the entry in the making.
  EXPECT_EQ(entry.text.find("Content-Length"), std::string::npos);
}

EntryPtr old_entry() {
  Page page;
  page.response = {date,
                   {"ETag", "\"a\""},
                   {"Cache-Control", "max-age=1"},
                   {"Content-Type", "text/html"},
                   {"X-Kept", "1"},
                   {"X-Twice", "1"},
                   {"X-Twice", "2"}};
  return make_entry(page);
}

std::string freshened(const Entry& old, const Lines& fields, const Judgement& judgement = {}) {
  return freshened_lines(old, make_fields(fields), judgement);
}

TEST(Freshening, a_304_replaces_the_fields_it_carries_and_no_others) {
  EXPECT_EQ(freshened(*old_entry(), {{"Date", "Sun, 06 Nov 1994 09:00:00 GMT"},
                                     {"cache-control", "max-age=600"},
                                     {"Content-Type", "text/plain"},
                                     {"x-twice", "3"},
                                     {"X-New", "n"}}),
            "ETag: \"a\"\r\nX-Kept: 1\r\nContent-Length: 5\r\n"
            "Date: Sun, 06 Nov 1994 09:00:00 GMT\r\ncache-control: max-age=600\r\n"
            "Content-Type: text/plain\r\nx-twice: 3\r\nX-New: n\r\n");
}

TEST(Freshening, a_304_changes_no_length_and_brings_no_field_of_one_hop) {
  EXPECT_EQ(freshened(*old_entry(), {{"Content-Length", "0"},
                                     {"Connection", "X-Hop"},
                                     {"X-Hop", "1"},
                                     {"Transfer-Encoding", "chunked"},
                                     {"Age", "4"}}),
            std::string(old_entry()->field_lines()));
}

TEST(Freshening, what_judging_withholds_does_not_come_in_by_a_304) {
  Judgement judgement;
  judgement.strip_set_cookie = true;
  judgement.withheld_fields = {"x-user"};
  const Lines fields = {{"Set-Cookie", "session=somebody"}, {"X-User", "bob"}, {"X-New", "n"}};
  EXPECT_EQ(freshened(*old_entry(), fields, judgement),
            std::string(old_entry()->field_lines()) + "X-New: n\r\n");
}

TEST(Freshening, the_body_stays_and_time_begins_anew) {
  for (const std::size_t size : {5u, 100'000u}) {
    Page page;
    page.body.assign(size, 'b');
    EntryPtr old = make_entry(page);
    Judgement judgement;
    judgement.initial_age = Seconds(3);
    Receipt receipt;
    receipt.mono = MonoTime(std::chrono::hours(5));
    receipt.asked = 77;
    const std::string lines = freshened(*old, {{"ETag", "\"b\""}});
    const EntryPtr fresh = compact(freshen(*old, lines, judgement, receipt));
    old.reset();
    EXPECT_EQ(fresh->key(), key_text(page));
    EXPECT_EQ(fresh->field_lines(), lines);
    EXPECT_TRUE(fresh->head().starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(fresh->etag, "\"b\"");
    EXPECT_EQ(body_text(*fresh), page.body);
    EXPECT_EQ(fresh->asked, 77u);
    EXPECT_EQ(fresh->initial_age, Seconds(3));
    EXPECT_EQ(fresh->received, receipt.mono);
  }
}

TEST(ConditionLines, ask_by_every_validator_there_is) {
  Page page;
  EXPECT_EQ(condition_lines(*make_entry(page)), "");
  page.response = {{"ETag", "W/\"a\""}};
  EXPECT_EQ(condition_lines(*make_entry(page)), "If-None-Match: W/\"a\"\r\n");
  page.response.push_back({"Last-Modified", "Sat, 05 Nov 1994 08:49:37 GMT"});
  EXPECT_EQ(condition_lines(*make_entry(page)),
            "If-None-Match: W/\"a\"\r\nIf-Modified-Since: Sat, 05 Nov 1994 08:49:37 GMT\r\n");
}

}  // namespace
}  // namespace isrd::isr
