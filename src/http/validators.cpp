#include "http/validators.h"

namespace isrd::http {
namespace {

bool is_etag_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

/// The length of the entity-tag that `text` begins with, 0 when it begins with none. A backslash is
/// an ordinary character of an entity-tag, which is why a list of them is not split like a list of
/// quoted strings.
std::size_t etag_length(std::string_view text) {
  std::size_t i = text.starts_with("W/") ? 2 : 0;
  if (i >= text.size() || text[i] != '"') return 0;
  for (++i; i < text.size() && is_etag_char(text[i]);) ++i;
  return i < text.size() && text[i] == '"' ? i + 1 : 0;
}

std::string_view opaque_tag(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

bool is_separator(char c) { return c == ',' || c == ' ' || c == '\t'; }

enum class ListMatch { no, yes, malformed };

/// Looks for `etag` in one If-None-Match line by weak comparison. The whole line is read, so that a
/// malformed one is known whether or not a match came before.
ListMatch match_list(std::string_view list, std::string_view etag) {
  ListMatch match = ListMatch::no;
  bool needs_comma = false;
  while (!list.empty()) {
    if (is_separator(list.front())) {
      if (list.front() == ',') needs_comma = false;
      list.remove_prefix(1);
      continue;
    }
    const std::size_t length = needs_comma ? 0 : etag_length(list);
    if (length == 0) return ListMatch::malformed;
    if (weak_equal(list.substr(0, length), etag)) match = ListMatch::yes;
    list.remove_prefix(length);
    needs_comma = true;
  }
  return match;
}

/// The value of a field that may occur once only. nullopt when it is absent or repeated.
std::optional<std::string_view> single_value(const RequestHead& request, FieldId id) {
  std::optional<std::string_view> value;
  for (const Field& field : request.fields) {
    if (field.id != id) continue;
    if (value) return std::nullopt;
    value = field.value;
  }
  return value;
}

bool if_none_match_matches(const RequestHead& request, const Validators& validators) {
  bool matches = false;
  std::size_t lines = 0;
  bool star = false;
  for (const Field& field : request.fields) {
    if (field.id != FieldId::if_none_match) continue;
    ++lines;
    if (field.value == "*") {
      star = true;
      continue;
    }
    const ListMatch match = match_list(field.value, validators.etag);
    if (match == ListMatch::malformed) return false;
    if (match == ListMatch::yes) matches = true;
  }
  // "*" stands alone; next to anything else the field is malformed.
  return star ? lines == 1 : matches;
}

}  // namespace

bool is_etag(std::string_view text) { return !text.empty() && etag_length(text) == text.size(); }

bool weak_equal(std::string_view a, std::string_view b) {
  return is_etag(a) && is_etag(b) && opaque_tag(a) == opaque_tag(b);
}

bool strong_equal(std::string_view a, std::string_view b) {
  return is_etag(a) && a == b && !a.starts_with("W/");
}

bool not_modified(const RequestHead& request, const Validators& validators, Date now) {
  if (request.method != Method::get && request.method != Method::head) return false;
  if (request.present.contains(FieldId::if_none_match)) {
    return if_none_match_matches(request, validators);
  }
  if (!request.present.contains(FieldId::if_modified_since)) return false;
  // RFC 9110 section 13.1.3: ignored unless it is exactly one valid date.
  const auto value = single_value(request, FieldId::if_modified_since);
  const auto since = value ? parse_date(*value, now) : std::nullopt;
  if (!since) return false;
  // RFC 9111 section 4.3.2: without Last-Modified the Date of the stored answer stands in.
  const std::string_view text =
      validators.last_modified.empty() ? validators.date : validators.last_modified;
  const auto modified = parse_date(text, now);
  return modified && *modified <= *since;
}

bool if_range_holds(const RequestHead& request, const Validators& validators, Date now) {
  if (!request.present.contains(FieldId::if_range)) return true;
  const auto value = single_value(request, FieldId::if_range);
  if (!value) return false;
  if (is_etag(*value)) return strong_equal(*value, validators.etag);
  const auto date = parse_date(*value, now);
  const auto modified = parse_date(validators.last_modified, now);
  if (!date || !modified || *date != *modified) return false;
  // Section 8.8.2.2: a Last-Modified is a strong validator only when the answer was made at least a
  // second later.
  const auto made = parse_date(validators.date, now);
  return made && *made >= *modified + std::chrono::seconds(1);
}

}  // namespace isrd::http
