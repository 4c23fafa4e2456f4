#include "serve/reply.h"

#include <charconv>
#include <cstring>

#include "http/date.h"
#include "http/end_to_end.h"
#include "http/lines.h"
#include "http/range.h"
#include "http/validators.h"

namespace isrd::serve {
namespace {

using http::FieldId;
using http::FieldSet;

constexpr FieldSet conditions = FieldSet::of({FieldId::if_none_match, FieldId::if_modified_since});

http::Date date_of(const Now& now) { return std::chrono::floor<std::chrono::seconds>(now.wall); }

http::Validators validators_of(const isr::Entry& entry) {
  return {entry.etag, entry.last_modified, entry.date};
}

BodySlice body_of(isr::EntryPtr entry, std::uint64_t offset, std::uint64_t length) {
  BodySlice slice;
  slice.chain = &entry->body;
  slice.whole = entry->whole_body;
  slice.offset = offset;
  slice.length = length;
  slice.owner = std::move(entry);
  return slice;
}

/// The fields of a 304 (RFC 9110 section 15.4.5): what the entry has of them.
std::string not_modified_head(const isr::Entry& entry) {
  static constexpr FieldSet kept =
      FieldSet::of({FieldId::cache_control, FieldId::cdn_cache_control, FieldId::content_location,
                    FieldId::date, FieldId::etag, FieldId::expires, FieldId::vary,
                    FieldId::last_modified, FieldId::set_cookie, FieldId::via});
  std::string head = http::status_line(304);
  for (const http::Field& field : http::fields_of_lines(entry.field_lines())) {
    if (kept.contains(field.id)) http::append_line(head, field.name, field.value);
  }
  return head;
}

std::string without_length(const isr::Entry& entry, int status) {
  std::string head = http::status_line(status);
  for (const http::Field& field : http::fields_of_lines(entry.field_lines())) {
    if (field.id != FieldId::content_length) http::append_line(head, field.name, field.value);
  }
  return head;
}

/// 206 or 416 for a Range that applies. False: the whole answer is right.
bool reply_with_range(const http::RequestHead& request, const isr::EntryPtr& entry,
                      std::string_view dynamic, const Now& now, net::ResponseSink& sink) {
  const http::Field* range = request.find(FieldId::range);
  if (!range || request.method != http::Method::get || entry->status != 200) return false;
  if (!http::if_range_holds(request, validators_of(*entry), date_of(now))) return false;
  const std::uint64_t size = entry->body.size;
  const http::RangeResult result = http::evaluate_range(range->value, size);
  if (result.answer == http::RangeAnswer::whole) return false;
  const bool partial = result.answer == http::RangeAnswer::partial;
  const std::uint64_t first = result.range.first;
  const std::uint64_t length = partial ? result.range.length : 0;
  std::string head = without_length(*entry, partial ? 206 : 416);
  http::append_line(head, "Content-Range",
                    partial ? "bytes " + std::to_string(first) + "-" +
                                  std::to_string(first + length - 1) + "/" + std::to_string(size)
                            : "bytes */" + std::to_string(size));
  http::append_line(head, "Content-Length", std::to_string(length));
  net::ReplyHead reply;
  reply.status = partial ? 206 : 416;
  reply.prepared = head;
  reply.dynamic = dynamic;
  reply.framing = length > 0 ? http::BodyKind::length : http::BodyKind::none;
  reply.length = length;
  sink.reply(reply, length > 0 ? body_of(entry, first, length) : BodySlice{});
  return true;
}

}  // namespace

void DynamicFields::add(std::string_view text) {
  if (text.empty()) return;
  const std::size_t size = std::min(text.size(), sizeof buffer_ - size_);
  std::memcpy(buffer_ + size_, text.data(), size);
  size_ += size;
}

void DynamicFields::add_number(std::int64_t number) {
  const auto result = std::to_chars(buffer_ + size_, buffer_ + sizeof buffer_, number);
  if (result.ec == std::errc()) size_ = static_cast<std::size_t>(result.ptr - buffer_);
}

void append_provenance(const Provenance& provenance, DynamicFields& out) {
  if (provenance.hit) {
    out.add("Cache-Status: isrd; hit; ttl=");
    out.add_number(provenance.ttl.count());
  } else {
    out.add("Cache-Status: isrd; fwd=");
    out.add(provenance.fwd);
    if (provenance.fwd_status != 0) {
      out.add("; fwd-status=");
      out.add_number(provenance.fwd_status);
    }
    if (provenance.stored) out.add("; stored");
    if (provenance.collapsed) out.add("; collapsed");
  }
  if (provenance.why != isr::Why::none) {
    out.add("; detail=");
    out.add(isr::spell(provenance.why));
  }
  out.add("\r\nX-Cache: ");
  out.add(x_cache_word(provenance.outcome));
  out.add("\r\n");
}

bool is_not_modified(const http::RequestHead& request, const isr::Entry& entry, const Now& now) {
  if (!request.present.intersects(conditions) || entry.status != 200) return false;
  return http::not_modified(request, validators_of(entry), date_of(now));
}

void reply_with_entry(const http::RequestHead& request, isr::EntryPtr entry,
                      const Provenance& provenance, const Now& now, net::ResponseSink& sink) {
  DynamicFields dynamic;
  const Seconds age = entry->age(now.mono);
  if (provenance.hit || age.count() > 0) {
    dynamic.add("Age: ");
    dynamic.add_number(age.count());
    dynamic.add("\r\n");
  }
  append_provenance(provenance, dynamic);
  net::ReplyHead reply;
  reply.dynamic = dynamic.view();
  if (is_not_modified(request, *entry, now)) {
    const std::string head = not_modified_head(*entry);
    reply.status = 304;
    reply.prepared = head;
    sink.reply(reply, {});
    return;
  }
  if (request.present.contains(FieldId::range) &&
      reply_with_range(request, entry, dynamic.view(), now, sink)) {
    return;
  }
  reply.status = entry->status;
  reply.prepared = entry->head();
  const std::uint64_t size = entry->body.size;
  if (request.method == http::Method::head || size == 0) {
    sink.reply(reply, {});
    return;
  }
  reply.framing = http::BodyKind::length;
  reply.length = size;
  sink.reply(reply, body_of(std::move(entry), 0, size));
}

namespace {

/// A body of isrd's own words.
BodySlice body_of_text(std::string_view text) {
  auto block = std::make_shared<Block>(text.size());
  std::memcpy(block->data(), text.data(), text.size());
  auto chain = std::make_shared<BodyChain>();
  chain->extents.push_back({std::move(block), text.size()});
  chain->size = text.size();
  BodySlice slice;
  slice.chain = chain.get();
  slice.length = text.size();
  slice.owner = std::move(chain);
  return slice;
}

void reply_with_own_body(net::ReplyHead reply, std::string_view content_type, std::string_view text,
                         std::string_view extra, const http::RequestHead& request, const Now& now,
                         net::ResponseSink& sink) {
  std::string head = http::status_line(reply.status);
  http::append_line(head, "Date", http::format_date(date_of(now)));
  http::append_line(head, "Content-Type", content_type);
  http::append_line(head, "Cache-Control", "no-store");
  head.append(extra);
  http::append_line(head, "Content-Length", std::to_string(text.size()));
  reply.prepared = head;
  const bool with_body = request.method != http::Method::head && !text.empty();
  if (with_body) {
    reply.framing = http::BodyKind::length;
    reply.length = text.size();
  }
  sink.reply(reply, with_body ? body_of_text(text) : BodySlice{});
}

}  // namespace

void reply_with_error(int status, const Provenance& provenance, std::string_view extra, bool close,
                      const http::RequestHead& request, const Now& now, net::ResponseSink& sink) {
  DynamicFields dynamic;
  append_provenance(provenance, dynamic);
  std::string text = std::to_string(status);
  text.append(" ").append(http::reason_phrase(status)).append("\n");
  net::ReplyHead reply;
  reply.status = status;
  reply.dynamic = dynamic.view();
  reply.close = close;
  reply_with_own_body(reply, "text/plain; charset=utf-8", text, extra, request, now, sink);
}

void reply_with_text(int status, std::string_view content_type, std::string_view text,
                     const http::RequestHead& request, const Now& now, net::ResponseSink& sink) {
  net::ReplyHead reply;
  reply.status = status;
  reply_with_own_body(reply, content_type, text, {}, request, now, sink);
}

}  // namespace isrd::serve
