#include "http/field_lines.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>

#include "http/chars.h"

namespace isrd::http {
namespace {

/// The first byte from `at` on that a field value may not hold. There is one before `end`: the CR
/// of the empty line.
const char* skip_value(const char* at, [[maybe_unused]] const char* end) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i refused = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), controls),
                                         _mm_cmpeq_epi8(bytes, del));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(refused));
    if (mask != 0) return at + std::countr_zero(mask);
    at += 16;
  }
#endif
  while (is_char(*at, value_char)) ++at;
  return at;
}

HeadRefusal refuse_name(char first, std::size_t length) {
  if (length > 0) return {400, "bad_field_name"};
  if (is_blank(first)) return {400, "folded_line"};
  if (first == '\n') return {400, "bare_lf"};
  return {400, first == ':' ? "empty_field_name" : "bad_field_name"};
}

HeadRefusal refuse_value(char stopped_at) {
  if (stopped_at == '\n') return {400, "bare_lf"};
  if (stopped_at == '\r') return {400, "bare_cr"};
  return {400, "control_byte"};
}

/// Fields that isrd relies on or writes itself: a client may not have them dropped (security rule
/// 8).
constexpr FieldSet kept_fields = FieldSet::of(
    {FieldId::host, FieldId::content_length, FieldId::transfer_encoding, FieldId::cookie,
     FieldId::authorization, FieldId::x_forwarded, FieldId::forwarded, FieldId::via,
     FieldId::cdn_loop, FieldId::age, FieldId::cache_status, FieldId::x_cache, FieldId::date});

void read_connection_option(std::string_view member, ConnectionOptions& out) {
  // The names of options and of fields are one space, so that one lookup tells both.
  const FieldId id = field_id(member);
  if (id == FieldId::keep_alive) {
    out.keep_alive = true;
  } else if (id == FieldId::upgrade) {
    out.upgrade = true;
  } else if (kept_fields.contains(id)) {
    out.names_kept_field = true;
  } else if (iequals(member, "close")) {
    out.close = true;
  }
  if (id == FieldId::other || id == FieldId::x_forwarded) {
    out.only_tokens = out.only_tokens && all_chars(member, token_char);
  }
}

bool read_length(std::string_view value, std::uint64_t& out) {
  // 18 digits cannot overflow 64 bits.
  if (value.empty() || value.size() > 18) return false;
  std::uint64_t length = 0;
  for (char c : value) {
    if (c < '0' || c > '9') return false;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  out = length;
  return true;
}

}  // namespace

bool ends_with_empty_line(std::string_view bytes) { return bytes.ends_with("\r\n\r\n"); }

HeadRefusal read_field_lines(std::string_view bytes, const HeadLimits& limits,
                             std::span<Field> storage, FieldLines& out) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  const std::size_t fields_max = std::min(limits.fields_max, storage.size());
  std::size_t count = 0;
  out.present = {};
  out.repeated = {};
  while (*at != '\r') {
    if (count == fields_max) return {431, "too_many_fields"};
    const char* const name = at;
    while (is_char(*at, token_char)) ++at;
    const auto name_length = static_cast<std::size_t>(at - name);
    if (*at != ':' || name_length == 0) return refuse_name(*at, name_length);
    if (name_length > limits.field_name_bytes) return {431, "field_name_too_long"};
    do ++at;
    while (is_blank(*at));
    const char* const value = at;
    at = skip_value(at, end);
    if (at[0] != '\r' || at[1] != '\n') return refuse_value(*at);
    const char* value_end = at;
    while (value_end != value && is_blank(value_end[-1])) --value_end;
    at += 2;

    Field& field = storage[count];
    field.name = {name, name_length};
    field.value = {value, static_cast<std::size_t>(value_end - value)};
    field.id = field_id(field.name);
    if (out.present.contains(field.id)) out.repeated.insert(field.id);
    out.present.insert(field.id);
    out.last[static_cast<std::size_t>(field.id)] = static_cast<std::uint32_t>(count);
    ++count;
  }
  if (at[1] != '\n') return {400, "bare_cr"};
  if (at + 2 != end) return {400, "bytes_after_head"};
  out.fields = storage.first(count);
  return {};
}

HeadRefusal read_framing(const FieldLines& lines, int version_minor, Framing& out) {
  out = {};
  const bool has_length = lines.present.contains(FieldId::content_length);
  if (lines.present.contains(FieldId::transfer_encoding)) {
    if (has_length) return {400, "length_and_transfer_encoding"};
    if (version_minor == 0) return {400, "transfer_encoding_on_1_0"};
    if (lines.repeated.contains(FieldId::transfer_encoding)) {
      return {400, "repeated_transfer_encoding"};
    }
    if (!iequals(lines.only(FieldId::transfer_encoding), "chunked")) {
      return {501, "unknown_transfer_encoding"};
    }
    out.kind = BodyKind::chunked;
    return {};
  }
  if (!has_length) return {};
  if (lines.repeated.contains(FieldId::content_length)) return {400, "repeated_content_length"};
  if (!read_length(lines.only(FieldId::content_length), out.length)) {
    return {400, "bad_content_length"};
  }
  out.kind = BodyKind::length;
  return {};
}

ConnectionOptions read_connection(const FieldLines& lines) {
  ConnectionOptions options;
  lines.for_each_line(FieldId::connection, [&](std::string_view value) {
    for_each_member(value,
                    [&](std::string_view member) { read_connection_option(member, options); });
  });
  lines.for_each_line(FieldId::proxy_connection, [&](std::string_view value) {
    for_each_member(value, [&](std::string_view member) {
      options.only_tokens = options.only_tokens && all_chars(member, token_char);
    });
  });
  return options;
}

}  // namespace isrd::http
