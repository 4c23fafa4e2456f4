#include "http/chunked.h"

#include <algorithm>
#include <charconv>

#include "http/chars.h"

namespace isrd::http {
namespace {

// Rule 7 holds for trailers too; their names are not worth an option of their own.
constexpr std::size_t field_name_bytes_max = HeadLimits{}.field_name_bytes;

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view bytes) {
  std::size_t at = 0;
  while (where_ != Where::done && where_ != Where::bad && at < bytes.size()) {
    if (where_ == Where::data) {
      const std::size_t length =
          static_cast<std::size_t>(std::min<std::uint64_t>(size_, bytes.size() - at));
      size_ -= length;
      if (size_ == 0) where_ = Where::data_cr;
      return {State::data, at + length, bytes.substr(at, length)};
    }
    error_ = take(bytes[at]);
    if (error_ != nullptr)
      where_ = Where::bad;
    else
      ++at;
  }
  if (where_ == Where::done) return {State::done, at, {}};
  if (where_ == Where::bad) return {State::bad, at, {}};
  return {State::more, at, {}};
}

const char* ChunkedDecoder::take(char c) {
  switch (where_) {
    case Where::size:
      return take_size(c);
    case Where::extension_bws:
    case Where::extension_name_begin:
    case Where::extension_name:
    case Where::extension_name_bws:
      return take_extension(c);
    case Where::extension_value_begin:
    case Where::extension_value:
    case Where::extension_quoted:
    case Where::extension_quoted_pair:
    case Where::extension_quoted_end:
      return take_extension_value(c);
    case Where::size_lf:
      return expect(c, '\n', size_ == 0 ? Where::trailer_begin : Where::data);
    case Where::data_cr:
      return expect(c, '\r', Where::data_lf);
    case Where::data_lf:
      digits_ = 0;
      return expect(c, '\n', Where::size);
    case Where::trailer_begin:
    case Where::trailer_name:
    case Where::trailer_value:
    case Where::trailer_lf:
      return take_trailer(c);
    case Where::end_lf:
      return expect(c, '\n', Where::done);
    case Where::data:
    case Where::done:
    case Where::bad:
      break;
  }
  return "decoder_state";
}

const char* ChunkedDecoder::expect(char c, char wanted, Where next) {
  if (c != wanted)
    return where_ == Where::data_cr || where_ == Where::data_lf ? "missing_crlf_after_chunk"
                                                                : "bare_cr";
  where_ = next;
  return nullptr;
}

const char* ChunkedDecoder::take_size(char c) {
  if (is_char(c, hex_char)) {
    // 16 digits fill 64 bits; leading zeros count, so that no line of them is endless.
    if (digits_ == 16) return "chunk_size_too_long";
    size_ = size_ * 16 + hex_value(c);
    ++digits_;
    return nullptr;
  }
  if (digits_ == 0) return "bad_chunk_size";
  return after_extension_part(c, Where::extension_bws);
}

/// What may follow a chunk size or a whole extension: the next extension, blanks before it, or the
/// end of the line.
const char* ChunkedDecoder::after_extension_part(char c, Where blanks) {
  if (c == '\r') {
    where_ = Where::size_lf;
    return nullptr;
  }
  if (c != ';' && !is_blank(c)) {
    return where_ == Where::size ? "bad_chunk_size" : "bad_chunk_extension";
  }
  if (++extension_bytes_ > chunk_extension_bytes_max) return "chunk_extensions_too_long";
  where_ = c == ';' ? Where::extension_name_begin : blanks;
  return nullptr;
}

const char* ChunkedDecoder::take_extension(char c) {
  if (where_ == Where::extension_name && (c == ';' || c == '\r' || is_blank(c))) {
    return after_extension_part(c, Where::extension_name_bws);
  }
  if (++extension_bytes_ > chunk_extension_bytes_max) return "chunk_extensions_too_long";
  if (where_ == Where::extension_name) {
    if (c == '=')
      where_ = Where::extension_value_begin;
    else if (!is_char(c, token_char))
      return "bad_chunk_extension";
    return nullptr;
  }
  if (is_blank(c)) return nullptr;
  if (where_ == Where::extension_name_begin) {
    if (!is_char(c, token_char)) return "bad_chunk_extension";
    where_ = Where::extension_name;
    return nullptr;
  }
  if (c == ';')
    where_ = Where::extension_name_begin;
  else if (c == '=' && where_ == Where::extension_name_bws)
    where_ = Where::extension_value_begin;
  else
    return "bad_chunk_extension";
  return nullptr;
}

const char* ChunkedDecoder::take_extension_value(char c) {
  const bool token_ends = where_ == Where::extension_value && !is_char(c, token_char);
  if (token_ends || where_ == Where::extension_quoted_end) {
    return after_extension_part(c, Where::extension_bws);
  }
  if (++extension_bytes_ > chunk_extension_bytes_max) return "chunk_extensions_too_long";
  if (where_ == Where::extension_value_begin) {
    if (c == '"')
      where_ = Where::extension_quoted;
    else if (is_char(c, token_char))
      where_ = Where::extension_value;
    else if (!is_blank(c))
      return "bad_chunk_extension";
  } else if (where_ == Where::extension_quoted) {
    if (c == '"')
      where_ = Where::extension_quoted_end;
    else if (c == '\\')
      where_ = Where::extension_quoted_pair;
    else if (!is_char(c, quoted_char))
      return "bad_chunk_extension";
  } else if (where_ == Where::extension_quoted_pair) {
    if (!is_char(c, value_char)) return "bad_chunk_extension";
    where_ = Where::extension_quoted;
  }
  return nullptr;
}

const char* ChunkedDecoder::take_trailer(char c) {
  if (++trailer_bytes_ > trailer_bytes_max) return "trailers_too_long";
  if (where_ == Where::trailer_begin) {
    if (c != '\r' && !is_char(c, token_char)) return "bad_trailer_name";
    trailer_name_bytes_ = 1;
    where_ = c == '\r' ? Where::end_lf : Where::trailer_name;
  } else if (where_ == Where::trailer_name) {
    if (c == ':')
      where_ = Where::trailer_value;
    else if (!is_char(c, token_char))
      return "bad_trailer_name";
    else if (++trailer_name_bytes_ > field_name_bytes_max)
      return "trailer_name_too_long";
  } else if (where_ == Where::trailer_value) {
    if (c == '\r')
      where_ = Where::trailer_lf;
    else if (!is_char(c, value_char))
      return "bad_trailer_value";
  } else {
    return expect(c, '\n', Where::trailer_begin);
  }
  return nullptr;
}

std::size_t write_chunk_size(char* out, std::uint64_t size) {
  char* end = std::to_chars(out, out + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return static_cast<std::size_t>(end - out);
}

}  // namespace isrd::http
