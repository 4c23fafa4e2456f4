#include "serve/forward.h"

#include <algorithm>
#include <array>

#include "http/end_to_end.h"
#include "http/lines.h"
#include "http/vary.h"

namespace isrd::serve {
namespace {

using http::Field;
using http::FieldId;
using http::FieldSet;

constexpr FieldSet written_by_isrd =
    FieldSet::of({FieldId::host, FieldId::content_length, FieldId::via, FieldId::cdn_loop,
                  FieldId::x_forwarded, FieldId::forwarded, FieldId::expect});
constexpr FieldSet conditions_and_ranges =
    FieldSet::of({FieldId::if_match, FieldId::if_modified_since, FieldId::if_none_match,
                  FieldId::if_range, FieldId::if_unmodified_since, FieldId::range});

/// Fields by which some origins let themselves be told another URL, method or address than the
/// request's.
constexpr std::array<std::string_view, 12> misleading_names = {
    "x-original-url",  "x-rewrite-url",     "x-http-method-override",
    "x-http-method",   "x-method-override", "x-host",
    "x-original-host", "x-real-ip",         "x-client-ip",
    "true-client-ip",  "client-ip",         "proxy"};

bool starts_with_any_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && http::iequals(text.substr(0, prefix.size()), prefix);
}

/// Whether a client's field may go on at all.
bool goes_on(const Field& field, std::span<const Field> all, bool has_connection, bool trusted,
             std::string_view internal_name) {
  if (http::is_hop_by_hop(field.id) || written_by_isrd.contains(field.id)) return false;
  if (field.name.find('_') != std::string_view::npos) return false;
  if (field.id == FieldId::other) {
    if (starts_with_any_case(field.name, "x-isr-") ||
        http::iequals(field.name, "x-edge-isr-warmup"))
      return false;
    if (!internal_name.empty() && http::iequals(field.name, internal_name)) return false;
    const auto same = [&](std::string_view name) { return http::iequals(name, field.name); };
    if (!trusted && std::any_of(misleading_names.begin(), misleading_names.end(), same))
      return false;
  }
  return !has_connection || !http::is_named_by_connection(all, field.name);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

void append_joined(const http::RequestHead& request, FieldId id, std::string_view name,
                   std::string_view own, bool keep, std::string& out) {
  std::string value;
  for (const Field& field : request.fields) {
    if (!keep || field.id != id || !http::iequals(field.name, name)) continue;
    value.append(field.value).append(", ");
  }
  http::append_line(out, name, value.append(own));
}

const Field* find_name(const http::RequestHead& request, std::string_view name) {
  for (const Field& field : request.fields) {
    if (http::iequals(field.name, name)) return &field;
  }
  return nullptr;
}

}  // namespace

std::string pass_lines(const http::RequestHead& request, const net::Peer& peer, bool upgrade,
                       std::string_view internal_name) {
  const bool has_connection = request.present.contains(FieldId::connection);
  std::string lines;
  for (const Field& field : request.fields) {
    if (goes_on(field, request.fields, has_connection, peer.trusted_proxy, internal_name)) {
      http::append_line(lines, field.name, field.value);
    }
  }
  if (upgrade) http::append_line(lines, "Upgrade", "websocket");
  return lines;
}

FillFields fill_fields(const http::RequestHead& request, const net::Peer& peer, bool is_isr,
                       const std::vector<std::string>& extra_names,
                       std::string_view internal_name) {
  static constexpr FieldSet isr_list = FieldSet::of({FieldId::accept, FieldId::user_agent});
  const bool has_connection = request.present.contains(FieldId::connection);
  FillFields fill;
  for (const Field& field : request.fields) {
    if (field.id == FieldId::accept_encoding || conditions_and_ranges.contains(field.id)) continue;
    if (!goes_on(field, request.fields, has_connection, peer.trusted_proxy, internal_name))
      continue;
    const auto same = [&](const std::string& name) { return http::iequals(name, field.name); };
    if (is_isr && !isr_list.contains(field.id) &&
        std::none_of(extra_names.begin(), extra_names.end(), same)) {
      fill.withheld = true;
      fill.withheld_names.push_back(lower(field.name));
      continue;
    }
    http::append_line(fill.lines, field.name, field.value);
  }
  const std::string_view coding = http::reduce_accept_encoding(request.fields);
  if (!coding.empty()) http::append_line(fill.lines, "Accept-Encoding", coding);
  return fill;
}

std::string own_lines(const http::RequestHead& request, const net::Peer& peer,
                      std::string_view scheme, bool for_client) {
  // A fill is for nobody in particular: nothing of its chain is told but what the key holds.
  const bool trusted = peer.trusted_proxy && for_client;
  const bool is_ip = peer.address != "unix:";
  std::string lines;
  if (for_client && is_ip) {
    append_joined(request, FieldId::x_forwarded, "X-Forwarded-For", peer.address, trusted, lines);
  }
  http::append_line(lines, "X-Forwarded-Proto", scheme);
  const Field* host = trusted ? find_name(request, "X-Forwarded-Host") : nullptr;
  http::append_line(lines, "X-Forwarded-Host", host ? host->value : request.authority);
  const Field* port = trusted ? find_name(request, "X-Forwarded-Port") : nullptr;
  http::append_line(lines, "X-Forwarded-Port",
                    port ? port->value : std::to_string(peer.local_port));

  std::string forwarded;
  if (for_client && is_ip) {
    const bool v6 = peer.address.find(':') != std::string::npos;
    forwarded.append(v6 ? "for=\"[" : "for=").append(peer.address).append(v6 ? "]\";" : ";");
  }
  forwarded.append("host=\"").append(request.authority).append("\";proto=").append(scheme);
  append_joined(request, FieldId::forwarded, "Forwarded", forwarded, trusted, lines);
  append_joined(request, FieldId::via, "Via", request.version_minor == 0 ? "1.0 isrd" : "1.1 isrd",
                for_client, lines);
  append_joined(request, FieldId::cdn_loop, "CDN-Loop", "isrd", for_client, lines);
  return lines;
}

std::string_view scheme_of(const http::RequestHead& request, const net::Peer& peer) {
  if (!peer.trusted_proxy || !request.present.contains(FieldId::x_forwarded)) return "http";
  const Field* proto = find_name(request, "X-Forwarded-Proto");
  return proto && http::iequals(proto->value, "https") ? "https" : "http";
}

bool is_loop(const http::RequestHead& request) {
  if (!request.present.contains(FieldId::cdn_loop)) return false;
  bool loop = false;
  for (const Field& field : request.fields) {
    if (field.id != FieldId::cdn_loop) continue;
    http::for_each_member(field.value, [&](std::string_view member) {
      std::string_view id = member.substr(0, member.find(';'));
      while (id.ends_with(' ') || id.ends_with('\t')) id.remove_suffix(1);
      loop = loop || http::iequals(id, "isrd");
    });
  }
  return loop;
}

}  // namespace isrd::serve
