// Entries for tests, built as a fetch would build them.
#pragma once

#include <cstring>
#include <string>

#include "http/end_to_end.h"
#include "http/lines.h"
#include "isr/build_entry.h"
#include "isr/key.h"
#include "unit/http/make_fields.h"

namespace isrd::isr {

inline constexpr std::uint64_t test_seed = 4711;

struct Page {
  std::string scheme = "http";
  std::string site = "main";
  std::string host = "example.org";
  std::string target = "/page";
  http::Lines response = {{"Content-Type", "text/html"}};
  std::string request_lines = {};  // as they were sent to the origin
  std::string body = "hello";
  int status = 200;
  std::uint64_t asked = 1;
  MonoTime received{std::chrono::hours(1)};
};

inline BodyChain chain_of(std::string_view text) {
  auto block = std::make_shared<Block>(text.size());
  std::memcpy(block->data(), text.data(), text.size());
  BodyChain chain;
  chain.extents.push_back({std::move(block), text.size()});
  chain.size = text.size();
  return chain;
}

inline std::string key_text(const Page& page) {
  std::string buffer;
  make_key(page.scheme, page.site, page.host, page.target, test_seed, buffer);
  return buffer;
}

/// Everything but the body, as it is while the body arrives.
inline Entry unfinished_entry(const Page& page, std::uint64_t seed = test_seed,
                              Judgement judgement = {}) {
  const std::vector<http::Field> fields = http::make_fields(page.response);
  http::ResponseHead head;
  head.status = page.status;
  head.fields = fields;
  for (const http::Field& field : fields) head.present.insert(field.id);
  judgement.vary = http::parse_vary(fields);
  std::string buffer;
  const PrimaryKey key = make_key(page.scheme, page.site, page.host, page.target, seed, buffer);
  const Recipe recipe{page.site, page.scheme, page.host, page.target, page.request_lines};
  Receipt receipt;
  receipt.mono = page.received;
  receipt.wall = WallTime(std::chrono::seconds(784111777));  // Sun, 06 Nov 1994 08:49:37 GMT
  receipt.asked = page.asked;
  Entry entry = build_entry(key.text, head, judgement, recipe, {}, receipt);
  entry.primary = key.id;
  entry.variant = variant_id(judgement.vary, http::fields_of_lines(page.request_lines), seed);
  return entry;
}

inline EntryPtr make_entry(const Page& page, std::uint64_t seed = test_seed) {
  Entry entry = unfinished_entry(page, seed);
  seal(entry, chain_of(page.body));
  return compact(std::move(entry));
}

inline std::string body_text(const Entry& entry) {
  if (!entry.whole_body.empty()) return std::string(entry.whole_body);
  std::string text;
  for (const Extent& extent : entry.body.extents) text.append(extent.view());
  return text;
}

}  // namespace isrd::isr
