// The chunked transfer coding (RFC 9112 section 7.1), strictly (security rules 5 and 6): an
// incremental decoder that never allocates, and the pieces of an encoder.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/limits.h"

namespace isrd::http {

/// Feed it the bytes as they were read; it hands back slices of them.
class ChunkedDecoder {
 public:
  enum class State : std::uint8_t { more, data, done, bad };

  struct Step {
    State state = State::more;
    std::size_t consumed = 0;  // of the bytes that were given
    std::string_view data;     // when state is data: a view into them
  };

  /// One step: at most one slice of data. Call again with the rest until `more` (all consumed),
  /// `done` (the last chunk and its trailer section were read; the rest belongs to the next
  /// message) or `bad`.
  Step next(std::string_view bytes);

  /// A short word for logs once the state is bad.
  const char* error() const { return error_; }

 private:
  /// What the next byte belongs to; `bws` are the blanks that RFC 9112 allows around ';' and '='
  /// only.
  enum class Where : std::uint8_t {
    size,
    extension_bws,         // before a ';'
    extension_name_begin,  // after it, blanks included
    extension_name,
    extension_name_bws,  // before '=' or ';'
    extension_value_begin,
    extension_value,
    extension_quoted,
    extension_quoted_pair,
    extension_quoted_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_begin,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done,
    bad
  };
  // Each takes one byte and returns why it is refused, or nullptr.
  const char* take(char c);
  const char* take_size(char c);
  const char* take_extension(char c);
  const char* take_extension_value(char c);
  const char* take_trailer(char c);
  const char* expect(char c, char wanted, Where next);
  const char* after_extension_part(char c, Where blanks);

  Where where_ = Where::size;
  std::uint8_t digits_ = 0;
  std::uint64_t size_ = 0;  // of the chunk, then what is left of it
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t trailer_name_bytes_ = 0;
  const char* error_ = nullptr;
};

/// Writes "<hex size>\r\n" into `out` (at least 18 bytes) and returns its length.
std::size_t write_chunk_size(char* out, std::uint64_t size);
inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace isrd::http
