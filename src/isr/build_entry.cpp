#include "isr/build_entry.h"

#include <algorithm>

#include "http/cache_control.h"
#include "http/date.h"
#include "http/end_to_end.h"
#include "http/lines.h"

namespace isrd::isr {
namespace {

/// Of the request fields that were sent, what a regeneration without a visitor sends again: those
/// that Vary names, and those that say which forms are understood. A visitor's cookies and
/// credentials are kept only where Vary names them.
std::string kept_fields(std::string_view lines, const http::VaryRule& vary) {
  std::string kept;
  for (const http::Field& field : http::fields_of_lines(lines)) {
    const bool named =
        std::any_of(vary.names.begin(), vary.names.end(),
                    [&](const std::string& name) { return http::iequals(name, field.name); });
    if (named || field.id == http::FieldId::accept || field.id == http::FieldId::accept_encoding) {
      http::append_line(kept, field.name, field.value);
    }
  }
  return kept;
}

/// Sets the views into the head anew: after it was made, moved or copied.
void index_head(Entry& entry) {
  entry.wire = entry.text;
  entry.etag = entry.last_modified = entry.date = {};
  for (const http::Field& field : http::fields_of_lines(entry.field_lines())) {
    if (field.id == http::FieldId::etag) entry.etag = field.value;
    if (field.id == http::FieldId::last_modified) entry.last_modified = field.value;
    if (field.id == http::FieldId::date) entry.date = field.value;
  }
}

bool allows_authorization(std::span<const http::Field> fields) {
  const http::CacheControl control = http::parse_cache_control(fields);
  return control.is_public || control.must_revalidate || control.s_maxage.has_value();
}

void take_judgement(Entry& entry, const Judgement& judgement, const Receipt& receipt) {
  entry.asked = receipt.asked;
  entry.vary = judgement.vary;
  entry.initial_age = judgement.initial_age;
  entry.received = receipt.mono;
  entry.received_wall = receipt.wall;
  entry.delay = receipt.delay;
}

}  // namespace

Entry build_entry(std::string_view key, const http::ResponseHead& head, const Judgement& judgement,
                  const Recipe& recipe, const RequestFacts& facts, const Receipt& receipt) {
  Entry entry;
  take_judgement(entry, judgement, receipt);
  entry.status = head.status;
  entry.facts = facts;
  entry.recipe = recipe;
  entry.recipe.fields = kept_fields(recipe.fields, judgement.vary);
  entry.shareable_with_authorization = allows_authorization(head.fields);
  const std::string status = http::status_line(head.status);
  entry.text.reserve(key.size() + status.size() + 64 * head.fields.size() + 64);
  entry.text.append(key).append(status);
  entry.key_size = static_cast<std::uint32_t>(key.size());
  entry.fields_begin = static_cast<std::uint32_t>(status.size());
  if (!head.present.contains(http::FieldId::date)) {
    http::append_line(entry.text, "Date",
                      http::format_date(std::chrono::floor<std::chrono::seconds>(receipt.wall)));
  }
  http::append_response_lines(head.fields, judgement.withheld_fields, judgement.strip_set_cookie,
                              entry.text);
  return entry;
}

std::shared_ptr<const Entry> announce(const Entry& entry, std::optional<std::uint64_t> length) {
  auto draft = std::make_shared<Entry>(entry);
  if (length) http::append_line(draft->text, "Content-Length", std::to_string(*length));
  index_head(*draft);
  return draft;
}

void seal(Entry& entry, BodyChain body) {
  entry.body = std::move(body);
  if (entry.status != 204) {
    http::append_line(entry.text, "Content-Length", std::to_string(entry.body.size));
  }
  if (entry.body.extents.size() == 1) entry.whole_body = entry.body.extents[0].view();
  index_head(entry);
}

std::string freshened_lines(const Entry& old, std::span<const http::Field> fields,
                            const Judgement& judgement) {
  std::string replacing;
  http::append_response_lines(fields, judgement.withheld_fields, judgement.strip_set_cookie,
                              replacing);
  const std::vector<http::Field> news = http::fields_of_lines(replacing);
  std::string lines;
  for (const http::Field& field : http::fields_of_lines(old.field_lines())) {
    const bool replaced = std::any_of(news.begin(), news.end(), [&](const http::Field& f) {
      return http::iequals(f.name, field.name);
    });
    if (!replaced) http::append_line(lines, field.name, field.value);
  }
  return lines + replacing;
}

Entry freshen(const Entry& old, std::string lines, const Judgement& judgement,
              const Receipt& receipt) {
  Entry entry = old;
  take_judgement(entry, judgement, receipt);
  entry.shareable_with_authorization = allows_authorization(http::fields_of_lines(lines));
  entry.text.assign(old.wire.substr(0, old.key_size + old.fields_begin)).append(lines);
  index_head(entry);
  return entry;
}

std::string condition_lines(const Entry& entry) {
  std::string lines;
  if (!entry.etag.empty()) http::append_line(lines, "If-None-Match", entry.etag);
  if (!entry.last_modified.empty())
    http::append_line(lines, "If-Modified-Since", entry.last_modified);
  return lines;
}

}  // namespace isrd::isr
