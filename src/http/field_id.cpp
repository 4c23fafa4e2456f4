// Field names to ids: a table ordered by length, so that a name is compared with the few that are
// as long as it. The first and last eight bytes of each name are kept as words; a comparison in any
// case is then two operations.
#include <array>
#include <bit>

#include "http/chars.h"
#include "http/head.h"

namespace isrd::http {
namespace {

/// The first and the last bytes of a name as two words, which overlap in a short one. Up to 16
/// bytes they say it whole.
struct Ends {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

constexpr std::uint64_t word(const char* bytes) {
  std::array<char, 8> copy{};
  for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = bytes[i];
  return std::bit_cast<std::uint64_t>(copy);
}

constexpr std::uint32_t half_word(const char* bytes) {
  std::array<char, 4> copy{};
  for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = bytes[i];
  return std::bit_cast<std::uint32_t>(copy);
}

/// For names of at least two bytes.
constexpr Ends ends_of(std::string_view name) {
  const char* bytes = name.data();
  const std::size_t size = name.size();
  if (size >= 8) return {word(bytes), word(bytes + size - 8)};
  if (size >= 4) return {half_word(bytes), half_word(bytes + size - 4)};
  return {static_cast<unsigned char>(bytes[0]),
          static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[size - 2])) << 8 |
              static_cast<unsigned char>(bytes[size - 1])};
}

struct Name {
  std::string_view text;
  FieldId id;
  Ends ends;
  Ends fold;  // 0x20 under each letter: or-ing it makes a letter small and leaves other bytes alone

  constexpr Name(std::string_view name, FieldId field)
      : text(name), id(field), ends(ends_of(name)) {
    std::array<char, 32> mask{};
    for (std::size_t i = 0; i < name.size(); ++i)
      mask[i] = name[i] >= 'a' && name[i] <= 'z' ? 0x20 : 0;
    fold = ends_of(std::string_view(mask.data(), name.size()));
  }
};

// Ordered by length.
constexpr Name names[] = {
    {"te", FieldId::te},
    {"age", FieldId::age},
    {"via", FieldId::via},
    {"host", FieldId::host},
    {"date", FieldId::date},
    {"etag", FieldId::etag},
    {"vary", FieldId::vary},
    {"range", FieldId::range},
    {"accept", FieldId::accept},
    {"cookie", FieldId::cookie},
    {"server", FieldId::server},
    {"pragma", FieldId::pragma},
    {"origin", FieldId::origin},
    {"expect", FieldId::expect},
    {"expires", FieldId::expires},
    {"upgrade", FieldId::upgrade},
    {"x-cache", FieldId::x_cache},
    {"trailer", FieldId::trailer},
    {"location", FieldId::location},
    {"if-match", FieldId::if_match},
    {"if-range", FieldId::if_range},
    {"cdn-loop", FieldId::cdn_loop},
    {"forwarded", FieldId::forwarded},
    {"user-agent", FieldId::user_agent},
    {"connection", FieldId::connection},
    {"set-cookie", FieldId::set_cookie},
    {"keep-alive", FieldId::keep_alive},
    {"content-type", FieldId::content_type},
    {"cache-status", FieldId::cache_status},
    {"cache-control", FieldId::cache_control},
    {"if-none-match", FieldId::if_none_match},
    {"last-modified", FieldId::last_modified},
    {"authorization", FieldId::authorization},
    {"content-range", FieldId::content_range},
    {"content-length", FieldId::content_length},
    {"http2-settings", FieldId::http2_settings},
    {"accept-encoding", FieldId::accept_encoding},
    {"accept-language", FieldId::accept_language},
    {"content-encoding", FieldId::content_encoding},
    {"content-location", FieldId::content_location},
    {"proxy-connection", FieldId::proxy_connection},
    {"if-modified-since", FieldId::if_modified_since},
    {"transfer-encoding", FieldId::transfer_encoding},
    {"cdn-cache-control", FieldId::cdn_cache_control},
    {"proxy-authenticate", FieldId::proxy_authenticate},
    {"if-unmodified-since", FieldId::if_unmodified_since},
    {"proxy-authorization", FieldId::proxy_authorization},
    {"proxy-authentication-info", FieldId::proxy_authentication_info},
};

constexpr std::size_t longest = 25;

/// Where the names of each length begin; one more at the end.
constexpr auto length_begins = [] {
  std::array<std::uint8_t, longest + 2> begins{};
  for (std::size_t length = 0; length < begins.size(); ++length) {
    std::size_t at = 0;
    while (at < std::size(names) && names[at].text.size() < length) ++at;
    begins[length] = static_cast<std::uint8_t>(at);
  }
  return begins;
}();

constexpr bool ordered_by_length() {
  for (std::size_t i = 1; i < std::size(names); ++i) {
    if (names[i].text.size() < names[i - 1].text.size()) return false;
  }
  return names[std::size(names) - 1].text.size() == longest;
}
static_assert(ordered_by_length());

constexpr Name x_forwarded("x-forwarded-", FieldId::x_forwarded);

bool matches(const Name& name, const Ends& ends) {
  return ((ends.first | name.fold.first) ^ name.ends.first) == 0 &&
         ((ends.last | name.fold.last) ^ name.ends.last) == 0;
}

/// Kept out of field_id, most of whose calls never come here.
FieldId by_prefix(std::string_view name) {
  if (name.size() < x_forwarded.text.size()) return FieldId::other;
  const Ends ends = ends_of(name.substr(0, x_forwarded.text.size()));
  return matches(x_forwarded, ends) ? FieldId::x_forwarded : FieldId::other;
}

}  // namespace

FieldId field_id(std::string_view name) {
  if (name.size() < 2) return FieldId::other;
  if (name.size() > longest) return by_prefix(name);
  const Ends ends = ends_of(name);
  const Name* const end = names + length_begins[name.size() + 1];
  for (const Name* known = names + length_begins[name.size()]; known != end; ++known) {
    if (!matches(*known, ends)) continue;
    if (name.size() <= 16) return known->id;
    // The ends leave out the middle of a long name. No two of the table have the same ends.
    return iequals(name, known->text) ? known->id : by_prefix(name);
  }
  return by_prefix(name);
}

}  // namespace isrd::http
