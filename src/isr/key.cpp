#include "isr/key.h"

#include <charconv>

#include "base/assert.h"

namespace isrd::isr {
namespace {

void append_part(std::string& out, std::string_view part) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, part.size()).ptr;
  out.append(digits, end);
  out += ':';
  out.append(part);
}

std::string_view take_part(std::string_view& text) {
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  ISRD_ASSERT(error == std::errc() && end != text.data() + text.size() && *end == ':');
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  ISRD_ASSERT(length <= text.size());
  const std::string_view part = text.substr(0, length);
  text.remove_prefix(length);
  return part;
}

}  // namespace

HostPort split_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.find(']', colon) != std::string_view::npos) {
    return {authority, {}};
  }
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

PrimaryKey make_key(std::string_view scheme, std::string_view site, std::string_view authority,
                    std::string_view target, std::uint64_t seed, std::string& buffer) {
  const HostPort parts = split_port(authority);
  buffer.clear();
  append_part(buffer, parts.host);
  for (char& c : buffer) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  append_part(buffer, target);
  const Hash128 id = hash128(buffer, seed);
  const bool is_default = parts.port == (scheme == "https" ? "443" : "80");
  append_part(buffer, is_default ? std::string_view() : parts.port);
  append_part(buffer, scheme);
  append_part(buffer, site);
  return {id, buffer};
}

Hash128 resource_id(std::string_view host, std::string_view target, std::uint64_t seed) {
  std::string text;
  append_part(text, host);
  append_part(text, target);
  return hash128(text, seed);
}

KeyParts split_key(std::string_view text) {
  KeyParts parts;
  parts.host = take_part(text);
  parts.target = take_part(text);
  parts.port = take_part(text);
  parts.scheme = take_part(text);
  parts.site = take_part(text);
  return parts;
}

Hash128 variant_id(const http::VaryRule& rule, std::span<const http::Field> request_fields,
                   std::uint64_t seed) {
  if (rule.names.empty()) return {};
  std::string text;
  for (const std::string& name : rule.names) {
    append_part(text, name);
    std::string value;
    if (name == "accept-encoding") {
      value = http::reduce_accept_encoding(request_fields);
    } else {
      http::append_vary_value(request_fields, name, value);
    }
    append_part(text, value);
  }
  Hash128 id = hash128(text, seed);
  if (id.is_zero()) id.low = 1;
  return id;
}

}  // namespace isrd::isr
