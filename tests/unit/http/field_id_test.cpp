#include <gtest/gtest.h>

#include <string>

#include "http/head.h"

namespace isrd::http {
namespace {

struct Known {
  const char* name;
  FieldId id;
};

const Known known_names[] = {
    {"accept", FieldId::accept},
    {"accept-encoding", FieldId::accept_encoding},
    {"accept-language", FieldId::accept_language},
    {"age", FieldId::age},
    {"authorization", FieldId::authorization},
    {"cache-control", FieldId::cache_control},
    {"cache-status", FieldId::cache_status},
    {"cdn-cache-control", FieldId::cdn_cache_control},
    {"cdn-loop", FieldId::cdn_loop},
    {"connection", FieldId::connection},
    {"content-encoding", FieldId::content_encoding},
    {"content-length", FieldId::content_length},
    {"content-location", FieldId::content_location},
    {"content-range", FieldId::content_range},
    {"content-type", FieldId::content_type},
    {"cookie", FieldId::cookie},
    {"date", FieldId::date},
    {"etag", FieldId::etag},
    {"expect", FieldId::expect},
    {"expires", FieldId::expires},
    {"forwarded", FieldId::forwarded},
    {"host", FieldId::host},
    {"http2-settings", FieldId::http2_settings},
    {"if-match", FieldId::if_match},
    {"if-modified-since", FieldId::if_modified_since},
    {"if-none-match", FieldId::if_none_match},
    {"if-range", FieldId::if_range},
    {"if-unmodified-since", FieldId::if_unmodified_since},
    {"keep-alive", FieldId::keep_alive},
    {"last-modified", FieldId::last_modified},
    {"location", FieldId::location},
    {"origin", FieldId::origin},
    {"pragma", FieldId::pragma},
    {"proxy-authenticate", FieldId::proxy_authenticate},
    {"proxy-authentication-info", FieldId::proxy_authentication_info},
    {"proxy-authorization", FieldId::proxy_authorization},
    {"proxy-connection", FieldId::proxy_connection},
    {"range", FieldId::range},
    {"server", FieldId::server},
    {"set-cookie", FieldId::set_cookie},
    {"te", FieldId::te},
    {"trailer", FieldId::trailer},
    {"transfer-encoding", FieldId::transfer_encoding},
    {"upgrade", FieldId::upgrade},
    {"user-agent", FieldId::user_agent},
    {"vary", FieldId::vary},
    {"via", FieldId::via},
    {"x-cache", FieldId::x_cache},
    {"x-forwarded-for", FieldId::x_forwarded},
};

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 0x20);
  }
  return text;
}

TEST(field_id, knows_each_name_in_any_case) {
  for (const Known& known : known_names) {
    std::string mixed = known.name;
    mixed[0] = upper(mixed)[0];
    EXPECT_EQ(field_id(known.name), known.id) << known.name;
    EXPECT_EQ(field_id(mixed), known.id) << mixed;
    EXPECT_EQ(field_id(upper(known.name)), known.id) << known.name;
  }
}

TEST(field_id, has_a_name_for_each_id) {
  // x_forwarded is the last enumerator; `other` has no name.
  EXPECT_EQ(std::size(known_names), static_cast<std::size_t>(FieldId::x_forwarded));
}

TEST(field_id, tells_neighbours_apart) {
  for (const Known& known : known_names) {
    const std::string name = known.name;
    for (std::size_t i = 0; i < name.size(); ++i) {
      for (int flip : {0x01, 0x02, 0x10, 0x40, 0x80}) {
        std::string changed = name;
        changed[i] = static_cast<char>(changed[i] ^ flip);
        if (changed.starts_with("x-forwarded-")) continue;
        EXPECT_EQ(field_id(changed), FieldId::other) << name << " at " << i << " ^ " << flip;
      }
    }
    if (known.id == FieldId::x_forwarded) continue;
    EXPECT_EQ(field_id(name + "x"), FieldId::other) << name;
    EXPECT_EQ(field_id("x" + name), FieldId::other) << name;
    EXPECT_EQ(field_id(name.substr(0, name.size() - 1)), FieldId::other) << name;
  }
}

TEST(field_id, folds_letters_only) {
  // Or-ing 0x20 into these bytes would give '-' and '2'.
  EXPECT_EQ(field_id("user\ragent"), FieldId::other);
  EXPECT_EQ(field_id("http\x12-settings"), FieldId::other);
  EXPECT_EQ(field_id("user_agent"), FieldId::other);
  EXPECT_EQ(field_id("content_length"), FieldId::other);
}

TEST(field_id, takes_every_forwarding_field_by_its_prefix) {
  EXPECT_EQ(field_id("X-Forwarded-Host"), FieldId::x_forwarded);
  EXPECT_EQ(field_id("x-forwarded-"), FieldId::x_forwarded);
  EXPECT_EQ(field_id("x-forwarded-something-very-long-and-unknown"), FieldId::x_forwarded);
  EXPECT_EQ(field_id("x-forwarded"), FieldId::other);
  EXPECT_EQ(field_id("xx-forwarded-for"), FieldId::other);
}

TEST(field_id, takes_names_of_any_length) {
  for (std::size_t length = 0; length <= 300; ++length) {
    EXPECT_EQ(field_id(std::string(length, 'z')), FieldId::other) << length;
  }
}

TEST(iequals, compares_ascii_in_any_case) {
  EXPECT_TRUE(iequals("", ""));
  EXPECT_TRUE(iequals("Keep-Alive", "kEEP-aLIVE"));
  EXPECT_FALSE(iequals("close", "closed"));
  EXPECT_FALSE(iequals("a[", "a{"));
  EXPECT_FALSE(iequals("\xc4", "\xe4"));
}

}  // namespace
}  // namespace isrd::http
