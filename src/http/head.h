// The heads of HTTP/1 messages as flat values: views into the bytes that were read, nothing
// allocated. A head exists only after its raw bytes were validated whole (security rule 1); nothing
// else reads fields from the wire.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/limits.h"

namespace isrd::http {

/// The fields that isrd itself looks at; everything else is `other`. Fewer than 64, so that a set
/// is one word.
enum class FieldId : std::uint8_t {
  other,
  accept,
  accept_encoding,
  accept_language,
  age,
  authorization,
  cache_control,
  cache_status,
  cdn_cache_control,
  cdn_loop,
  connection,
  content_encoding,
  content_length,
  content_location,
  content_range,
  content_type,
  cookie,
  date,
  etag,
  expect,
  expires,
  forwarded,
  host,
  http2_settings,
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  keep_alive,
  last_modified,
  location,
  origin,
  pragma,
  proxy_authenticate,
  proxy_authentication_info,
  proxy_authorization,
  proxy_connection,
  range,
  server,
  set_cookie,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  vary,
  via,
  x_cache,
  x_forwarded,  // every name that begins with "x-forwarded-"
};

/// The id of a field name in any case.
FieldId field_id(std::string_view name);

struct Field {
  std::string_view name;
  std::string_view value;  // without surrounding white space
  FieldId id = FieldId::other;
};

/// Which of the known fields a head carries.
class FieldSet {
 public:
  void insert(FieldId id) { bits_ |= bit(id); }
  bool contains(FieldId id) const { return (bits_ & bit(id)) != 0; }
  bool intersects(FieldSet other) const { return (bits_ & other.bits_) != 0; }
  static constexpr FieldSet of(std::initializer_list<FieldId> ids) {
    FieldSet set;
    for (FieldId id : ids) set.bits_ |= bit(id);
    return set;
  }

 private:
  static constexpr std::uint64_t bit(FieldId id) { return 1ull << static_cast<unsigned>(id); }
  std::uint64_t bits_ = 0;
};

enum class Method : std::uint8_t { get, head, post, put, delete_, options, patch, other };

enum class BodyKind : std::uint8_t { none, length, chunked, until_close };

struct Framing {
  BodyKind kind = BodyKind::none;
  std::uint64_t length = 0;  // when kind is length; a length of zero is `none` for requests
};

/// A validated request head. The views point into the buffer it was parsed from, `fields` into the
/// storage that the caller lent to the parser.
struct RequestHead {
  Method method = Method::other;
  std::string_view method_name;
  std::string_view target;     // as sent
  std::string_view authority;  // host[:port] in the case it was sent; of an absolute target, else
                               // of Host; "" on 1.0
  std::string_view path;       // begins with '/', or is "*"; as sent, never decoded
  std::string_view query;      // after '?', without it
  bool has_query = false;
  int version_minor = 1;
  bool keep_alive = true;  // by version and Connection
  bool upgrade_websocket =
      false;                     // Connection: upgrade with Upgrade: websocket, on GET and HTTP/1.1
  bool expect_continue = false;  // Expect: 100-continue on HTTP/1.1
  Framing framing;
  std::span<const Field> fields;
  FieldSet present;

  /// The first field of that id, or nullptr.
  const Field* find(FieldId id) const;
  /// The path and query as one view: what is forwarded to the origin in origin form.
  std::string_view origin_form() const;
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  int version_minor = 1;
  bool keep_alive = true;
  Framing framing;  // for an answer to a method that has a body; the caller knows about HEAD
  std::span<const Field> fields;
  FieldSet present;

  const Field* find(FieldId id) const;
};

/// Why a head was refused: `status` is what a client is answered with, `reason` a short word for
/// logs and metrics.
struct HeadRefusal {
  int status = 0;
  const char* reason = nullptr;

  explicit operator bool() const { return reason != nullptr; }
};

/// The length of the head at the start of `bytes` with its empty line, or 0 when it is not
/// complete. `scanned` remembers how far an earlier call looked, so that the cost stays linear; it
/// starts at 0. Empty lines before a request line are not skipped here.
std::size_t head_length(std::string_view bytes, std::size_t& scanned);

/// Validates and reads the request head in `bytes` (exactly one head with its empty line): security
/// rules 2 to 5, 7, 8, 12, 14 to 17. `storage` receives the fields. On refusal `out` is not to be
/// looked at.
HeadRefusal parse_request_head(std::string_view bytes, const HeadLimits& limits,
                               std::span<Field> storage, RequestHead& out);

/// The same for a response head (security rule 13). Every refusal is a 502 for the client.
HeadRefusal parse_response_head(std::string_view bytes, const HeadLimits& limits,
                                std::span<Field> storage, ResponseHead& out);

/// A request head that owns its bytes, for work that outlives the session's read buffer.
class OwnedRequestHead {
 public:
  /// `bytes` is what `head` was parsed from.
  OwnedRequestHead(const RequestHead& head, std::string_view bytes);
  OwnedRequestHead(const OwnedRequestHead&) = delete;
  OwnedRequestHead& operator=(const OwnedRequestHead&) = delete;
  const RequestHead& operator*() const { return head_; }
  const RequestHead* operator->() const { return &head_; }

 private:
  std::string bytes_;
  std::vector<Field> fields_;
  RequestHead head_;
};

/// Whether two field names or tokens are equal in any case.
bool iequals(std::string_view a, std::string_view b);

/// Calls `f(string_view member)` for each non-empty member of a comma-separated list, white space
/// removed; commas inside quoted strings do not separate.
template <class F>
void for_each_member(std::string_view list, F&& f) {
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size()) {
      if (quoted && list[i] == '\\' && i + 1 < list.size()) {
        ++i;
        continue;
      }
      if (list[i] == '"') quoted = !quoted;
      if (list[i] != ',' || quoted) continue;
    }
    std::string_view member = list.substr(begin, i - begin);
    while (!member.empty() && (member.front() == ' ' || member.front() == '\t'))
      member.remove_prefix(1);
    while (!member.empty() && (member.back() == ' ' || member.back() == '\t'))
      member.remove_suffix(1);
    if (!member.empty()) f(member);
    begin = i + 1;
  }
}

}  // namespace isrd::http
