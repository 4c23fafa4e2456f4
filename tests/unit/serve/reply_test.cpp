#include "serve/reply.h"

#include <gtest/gtest.h>

#include "unit/isr/entries.h"
#include "unit/serve/recording_sink.h"

namespace isrd::serve {
namespace {

using http::BodyKind;
using http::Lines;
using http::Method;
using isr::Why;
using namespace std::chrono_literals;

constexpr std::string_view etag = "\"v1\"";
constexpr std::string_view modified = "Sat, 05 Nov 1994 08:49:37 GMT";
constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string provenance_lines(const Provenance& provenance) {
  DynamicFields out;
  append_provenance(provenance, out);
  return std::string(out.view());
}

Provenance hit_of(Seconds ttl, Why why, Outcome outcome) {
  Provenance provenance;
  provenance.hit = true;
  provenance.ttl = ttl;
  provenance.why = why;
  provenance.outcome = outcome;
  return provenance;
}

TEST(Provenance, is_told_as_cache_status_and_x_cache) {
  Provenance miss;
  miss.fwd = "miss";
  Provenance stored = miss;
  stored.fwd_status = 200;
  stored.stored = true;
  stored.why = Why::fresh_headers;
  Provenance followed = miss;
  followed.collapsed = true;
  followed.fwd = "stale";
  followed.fwd_status = 304;
  followed.outcome = Outcome::revalidated;
  Provenance bypass;
  bypass.fwd = "bypass";
  bypass.why = Why::cookie;
  bypass.outcome = Outcome::bypass;
  struct Row {
    Provenance provenance;
    std::string_view status;
    std::string_view word;
  };
  const Row rows[] = {
      {hit_of(60s, Why::fresh, Outcome::hit), "hit; ttl=60; detail=fresh", "HIT"},
      {hit_of(0s, Why::none, Outcome::hit), "hit; ttl=0", "HIT"},
      {hit_of(-5s, Why::stale_while_revalidate, Outcome::stale),
       "hit; ttl=-5; detail=stale_while_revalidate", "STALE"},
      {miss, "fwd=miss", "MISS"},
      {stored, "fwd=miss; fwd-status=200; stored; detail=fresh_headers", "MISS"},
      {followed, "fwd=stale; fwd-status=304; collapsed", "REVALIDATED"},
      {bypass, "fwd=bypass; detail=cookie", "BYPASS"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(provenance_lines(row.provenance), "Cache-Status: isrd; " + std::string(row.status) +
                                                    "\r\nX-Cache: " + std::string(row.word) +
                                                    "\r\n");
  }
}

TEST(DynamicFields, hold_the_longest_answer_there_is) {
  Provenance provenance;
  provenance.fwd = "uri-miss";
  provenance.fwd_status = 599;
  provenance.stored = provenance.collapsed = true;
  provenance.outcome = Outcome::revalidated;
  for (int why = 0; why <= static_cast<int>(Why::origin_error); ++why) {
    provenance.why = static_cast<Why>(why);
    DynamicFields out;
    out.add("Age: ");
    out.add_number(INT64_MAX);
    out.add("\r\n");
    append_provenance(provenance, out);
    EXPECT_TRUE(out.view().ends_with("X-Cache: REVALIDATED\r\n"));
  }
}

TEST(DynamicFields, what_has_no_room_is_cut_and_harms_nobody) {
  DynamicFields out;
  for (int i = 0; i < 100; ++i) out.add("0123456789");
  out.add_number(123456);
  EXPECT_EQ(out.view().size(), 512u);
}

isr::EntryPtr page_entry(int status = 200, std::string body = "hello world") {
  isr::Page page;
  page.status = status;
  page.body = std::move(body);
  page.response = {{"Date", date},
                   {"ETag", etag},
                   {"Last-Modified", modified},
                   {"Cache-Control", "max-age=60"},
                   {"Expires", "0"},
                   {"Vary", "Accept"},
                   {"Content-Location", "/page"},
                   {"Content-Type", "text/html"},
                   {"X-Other", "1"}};
  return isr::make_entry(page);
}

/// What a request gets from the entry, seven seconds after it was received.
RecordingSink reply_to(const Lines& lines, const isr::EntryPtr& entry, Method method = Method::get,
                       Provenance provenance = hit_of(53s, Why::fresh, Outcome::hit)) {
  const std::vector<http::Field> fields = http::make_fields(lines);
  RecordingSink sink;
  const Now now{entry->received + 7s, WallTime(784111784s)};
  reply_with_entry(http::make_request(fields, method), entry, provenance, now, sink);
  EXPECT_EQ(sink.replies, 1);
  return sink;
}

TEST(Reply, a_hit_is_the_stored_head_and_body_with_its_age) {
  const isr::EntryPtr entry = page_entry();
  const RecordingSink sink = reply_to({}, entry);
  EXPECT_EQ(sink.status, 200);
  EXPECT_EQ(sink.prepared, entry->head());
  EXPECT_EQ(sink.field("Content-Length"), "11");
  EXPECT_EQ(sink.field("Age"), "7");
  EXPECT_EQ(sink.field("Cache-Status"), "isrd; hit; ttl=53; detail=fresh");
  EXPECT_EQ(sink.framing, BodyKind::length);
  EXPECT_EQ(sink.length, 11u);
  EXPECT_EQ(sink.body_text, "hello world");
  EXPECT_FALSE(sink.close);
}

TEST(Reply, age_is_there_on_every_hit_and_on_a_miss_that_came_with_one) {
  const isr::EntryPtr entry = page_entry();
  const Now now{entry->received, WallTime(784111777s)};
  Provenance miss;
  miss.fwd = "miss";
  RecordingSink sink;
  reply_with_entry(http::make_request({}), entry, miss, now, sink);
  EXPECT_EQ(sink.field("Age"), "none");
  reply_with_entry(http::make_request({}), entry, hit_of(60s, Why::fresh, Outcome::hit), now, sink);
  EXPECT_EQ(sink.field("Age"), "0");
  isr::Entry aged = *entry;
  aged.initial_age = 30s;
  reply_with_entry(http::make_request({}), isr::compact(std::move(aged)), miss, now, sink);
  EXPECT_EQ(sink.field("Age"), "30");
}

TEST(Reply, head_gets_the_length_but_no_body) {
  for (const std::string& body : {std::string("hello world"), std::string(10'000, 'b')}) {
    const isr::EntryPtr entry = page_entry(200, body);
    const RecordingSink sink = reply_to({}, entry, Method::head);
    EXPECT_EQ(sink.prepared, entry->head());
    EXPECT_EQ(sink.field("Content-Length"), std::to_string(body.size()));
    EXPECT_EQ(sink.framing, BodyKind::none);
    EXPECT_EQ(sink.body_text, "");
  }
}

TEST(Reply, other_statuses_and_empty_bodies_are_replayed_as_they_came) {
  const RecordingSink gone = reply_to({}, page_entry(410, "gone"));
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(gone.body_text, "gone");
  const RecordingSink empty = reply_to({}, page_entry(200, ""));
  EXPECT_EQ(empty.field("Content-Length"), "0");
  EXPECT_EQ(empty.framing, BodyKind::none);
  const RecordingSink no_content = reply_to({}, page_entry(204, ""));
  EXPECT_EQ(no_content.field("Content-Length"), "none");
  EXPECT_EQ(no_content.framing, BodyKind::none);
}

TEST(Reply, a_condition_that_holds_is_answered_304) {
  struct Row {
    Lines lines;
    int status;
  };
  const Row rows[] = {
      {{{"If-None-Match", "\"v1\""}}, 304},
      {{{"If-None-Match", "W/\"v1\""}}, 304},
      {{{"If-None-Match", "\"x\", \"v1\""}}, 304},
      {{{"If-None-Match", "*"}}, 304},
      {{{"If-None-Match", "\"v2\""}}, 200},
      {{{"If-Modified-Since", modified}}, 304},
      {{{"If-Modified-Since", date}}, 304},
      {{{"If-Modified-Since", "Fri, 04 Nov 1994 08:49:37 GMT"}}, 200},
      {{{"If-Modified-Since", "yesterday"}}, 200},
      // If-None-Match present: the date is not looked at.
      {{{"If-None-Match", "\"v2\""}, {"If-Modified-Since", date}}, 200},
      {{{"If-None-Match", "\"v1\""}, {"Range", "bytes=0-1"}}, 304},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(reply_to(row.lines, page_entry()).status, row.status) << row.lines[0].second;
    EXPECT_EQ(reply_to(row.lines, page_entry(), Method::head).status, row.status);
    EXPECT_EQ(reply_to(row.lines, page_entry(404)).status, 404);
  }
}

TEST(Reply, a_304_carries_what_the_200_would_have_said_of_the_page) {
  const RecordingSink sink = reply_to({{"If-None-Match", "*"}}, page_entry());
  EXPECT_EQ(sink.prepared, "HTTP/1.1 304 Not Modified\r\nDate: " + std::string(date) +
                               "\r\nETag: " + std::string(etag) +
                               "\r\nLast-Modified: " + std::string(modified) +
                               "\r\nCache-Control: max-age=60\r\nExpires: 0\r\nVary: Accept\r\n"
                               "Content-Location: /page\r\n");
  EXPECT_EQ(sink.field("Age"), "7");
  EXPECT_EQ(sink.framing, BodyKind::none);
  EXPECT_EQ(sink.body_text, "");
}

TEST(Reply, one_range_is_answered_206) {
  struct Row {
    std::string_view range;
    std::string_view content_range;
    std::string_view body;
  };
  const Row rows[] = {
      {"bytes=0-4", "bytes 0-4/11", "hello"},        {"bytes=6-", "bytes 6-10/11", "world"},
      {"bytes=-3", "bytes 8-10/11", "rld"},          {"bytes=6-99", "bytes 6-10/11", "world"},
      {"bytes=-99", "bytes 0-10/11", "hello world"},
  };
  for (const Row& row : rows) {
    const RecordingSink sink = reply_to({{"Range", row.range}}, page_entry());
    EXPECT_EQ(sink.status, 206) << row.range;
    EXPECT_TRUE(sink.prepared.starts_with("HTTP/1.1 206 Partial Content\r\n"));
    EXPECT_EQ(sink.field("Content-Range"), row.content_range);
    EXPECT_EQ(sink.field("Content-Length"), std::to_string(row.body.size()));
    EXPECT_EQ(sink.field("ETag"), etag);
    EXPECT_EQ(sink.field("X-Other"), "1");
    EXPECT_EQ(sink.field("Age"), "7");
    EXPECT_EQ(sink.framing, BodyKind::length);
    EXPECT_EQ(sink.length, row.body.size());
    EXPECT_EQ(sink.body_text, row.body);
    EXPECT_EQ(sink.prepared.find("Content-Length: 11\r\n") != std::string::npos,
              row.body.size() == 11);
  }
}

TEST(Reply, a_range_behind_the_end_is_answered_416) {
  const RecordingSink sink = reply_to({{"Range", "bytes=11-"}}, page_entry());
  EXPECT_EQ(sink.status, 416);
  EXPECT_EQ(sink.field("Content-Range"), "bytes */11");
  EXPECT_EQ(sink.field("Content-Length"), "0");
  EXPECT_EQ(sink.framing, BodyKind::none);
  EXPECT_EQ(sink.body_text, "");
}

TEST(Reply, where_a_range_does_not_apply_the_whole_page_is_right) {
  const Lines many[] = {
      {{"Range", "bytes=0-1,3-4"}},
      {{"Range", "items=0-1"}},
      {{"Range", "bytes=4-1"}},
      {{"Range", "bytes=0-1"}, {"If-Range", "\"v2\""}},
      {{"Range", "bytes=0-1"}, {"If-Range", "W/\"v1\""}},
  };
  for (const Lines& lines : many) {
    const RecordingSink sink = reply_to(lines, page_entry());
    EXPECT_EQ(sink.status, 200) << lines[0].second;
    EXPECT_EQ(sink.body_text, "hello world");
  }
  EXPECT_EQ(reply_to({{"Range", "bytes=0-1"}, {"If-Range", etag}}, page_entry()).status, 206);
  EXPECT_EQ(reply_to({{"Range", "bytes=0-1"}}, page_entry(), Method::head).status, 200);
  EXPECT_EQ(reply_to({{"Range", "bytes=0-1"}}, page_entry(404)).status, 404);
}

TEST(Reply, an_error_page_is_never_stored_anywhere) {
  Provenance provenance;
  provenance.outcome = Outcome::error;
  provenance.fwd = "miss";
  provenance.why = Why::origin_error;
  RecordingSink sink;
  const Now now{MonoTime(1s), WallTime(784111777s)};
  reply_with_error(502, provenance, "Retry-After: 1\r\n", true, http::make_request({}), now, sink);
  EXPECT_EQ(sink.prepared,
            "HTTP/1.1 502 Bad Gateway\r\nDate: " + std::string(date) +
                "\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
                "Retry-After: 1\r\nContent-Length: 16\r\n");
  EXPECT_EQ(sink.body_text, "502 Bad Gateway\n");
  EXPECT_EQ(sink.length, 16u);
  EXPECT_TRUE(sink.close);
  EXPECT_EQ(sink.field("Cache-Status"), "isrd; fwd=miss; detail=origin_error");
  reply_with_error(502, provenance, "", false, http::make_request({}, Method::head), now, sink);
  EXPECT_EQ(sink.field("Content-Length"), "16");
  EXPECT_EQ(sink.framing, BodyKind::none);
  EXPECT_EQ(sink.body_text, "");
  EXPECT_FALSE(sink.close);
}

}  // namespace
}  // namespace isrd::serve
