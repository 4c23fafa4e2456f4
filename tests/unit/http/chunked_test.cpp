#include "http/chunked.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/http/heads.h"

namespace isrd::http {
namespace {

using namespace std::string_literals;
using State = ChunkedDecoder::State;

struct Decoded {
  State state = State::more;
  std::string data;
  std::string error;
  std::string rest;  // what the decoder left after `done`
};

/// Decodes the pieces one after the other, as they would come from a socket.
Decoded decode(const std::vector<std::string_view>& pieces) {
  ChunkedDecoder decoder;
  Decoded out;
  for (std::string_view piece : pieces) {
    while (out.state != State::done && out.state != State::bad) {
      const ChunkedDecoder::Step step = decoder.next(piece);
      out.state = step.state;
      out.data += step.data;
      EXPECT_LE(step.consumed, piece.size());
      EXPECT_EQ(step.state == State::data, !step.data.empty()) << "a slice is never empty";
      piece.remove_prefix(std::min(step.consumed, piece.size()));
      if (step.state == State::more) {
        EXPECT_TRUE(piece.empty()) << "more: all consumed";
        break;
      }
    }
    out.rest += piece;
  }
  if (decoder.error() != nullptr) out.error = decoder.error();
  EXPECT_EQ(out.state == State::bad, !out.error.empty());
  return out;
}

Decoded decode(std::string_view bytes) { return decode(std::vector<std::string_view>{bytes}); }

/// Both at once and cut at every byte, and byte by byte: the outcome may not differ.
void check_splits(const std::string& bytes) {
  const Decoded whole = decode(bytes);
  const std::string_view view = bytes;
  const auto same = [&](const Decoded& cut, std::size_t at) {
    EXPECT_EQ(cut.state, whole.state) << printable(bytes) << " cut at " << at;
    EXPECT_EQ(cut.data, whole.data) << printable(bytes) << " cut at " << at;
    EXPECT_EQ(cut.error, whole.error) << printable(bytes) << " cut at " << at;
    if (whole.state == State::done) {
      EXPECT_EQ(cut.rest, whole.rest) << printable(bytes) << " cut at " << at;
    }
  };
  std::vector<std::string_view> single;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    same(decode({view.substr(0, at), view.substr(at)}), at);
    single.push_back(view.substr(at, 1));
  }
  same(decode(single), bytes.size());
}

void check_good(const std::string& bytes, const std::string& data) {
  const Decoded out = decode(bytes);
  EXPECT_EQ(out.state, State::done) << printable(bytes) << " " << out.error;
  EXPECT_EQ(out.data, data) << printable(bytes);
  EXPECT_EQ(out.rest, "") << printable(bytes);
  check_splits(bytes + "rest");
}

void check_bad(const std::string& bytes, const std::string& error) {
  const Decoded out = decode(bytes);
  EXPECT_EQ(out.state, State::bad) << printable(bytes);
  EXPECT_EQ(out.error, error) << printable(bytes);
  check_splits(bytes);
}

TEST(chunked_decoder, reads_chunks) {
  check_good("0\r\n\r\n", "");
  check_good("5\r\nhello\r\n0\r\n\r\n", "hello");
  check_good("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world");
  check_good("a\r\n0123456789\r\n0\r\n\r\n", "0123456789");
  check_good("A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n");
  check_good("0000000000000001\r\nx\r\n0000000000000000\r\n\r\n", "x");
}

TEST(chunked_decoder, leaves_what_follows) {
  const Decoded out = decode("1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n");
  EXPECT_EQ(out.state, State::done);
  EXPECT_EQ(out.data, "x");
  EXPECT_EQ(out.rest, "GET / HTTP/1.1\r\n");
}

TEST(chunked_decoder, stays_done_or_bad) {
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.next("0\r\n\r\n").state, State::done);
  const auto again = decoder.next("0\r\n\r\n");
  EXPECT_EQ(again.state, State::done);
  EXPECT_EQ(again.consumed, 0u);
  ChunkedDecoder broken;
  EXPECT_EQ(broken.next("x").state, State::bad);
  EXPECT_EQ(broken.next("0\r\n\r\n").state, State::bad);
  EXPECT_STREQ(broken.error(), "bad_chunk_size");
}

TEST(chunked_decoder, wants_more_until_the_last_crlf) {
  const std::string bytes = "5;a=\"b\"\r\nhello\r\n0;c\r\nT: v\r\n\r\n";
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const State state = decode(bytes.substr(0, cut)).state;
    EXPECT_EQ(state, State::more) << cut;
  }
  EXPECT_EQ(decode(bytes).state, State::done);
}

TEST(chunked_decoder, hands_out_views_of_what_it_was_given) {
  const std::string bytes = "5\r\nhello\r\n0\r\n\r\n";
  ChunkedDecoder decoder;
  const auto step = decoder.next(bytes);
  EXPECT_EQ(step.state, State::data);
  EXPECT_EQ(step.data.data(), bytes.data() + 3);
  EXPECT_EQ(step.consumed, 8u);
}

TEST(chunked_decoder, takes_the_largest_size_and_no_larger) {
  const Decoded out = decode("ffffffffffffffff\r\nabc");
  EXPECT_EQ(out.state, State::more);
  EXPECT_EQ(out.data, "abc");
  check_bad("10000000000000000\r\n", "chunk_size_too_long");
  check_bad("00000000000000005\r\nhello\r\n", "chunk_size_too_long");
}

TEST(chunked_decoder, refuses_bad_sizes) {
  for (const char* size :
       {"", "+5", "-5", "0x5", "g", " 5", "\t5", "5 ", "5\t", "5x", "5,", "5 5", "\"5\"", "5_"}) {
    const Decoded out = decode(size + "\r\nhello\r\n0\r\n\r\n"s);
    EXPECT_EQ(out.state, State::bad) << size;
    check_splits(size + "\r\nhello\r\n0\r\n\r\n"s);
  }
  check_bad("5\nhello\r\n0\r\n\r\n", "bad_chunk_size");
  check_bad("5\r\r\nhello\r\n0\r\n\r\n", "bare_cr");
  check_bad("5\rhello\r\n0\r\n\r\n", "bare_cr");
  check_bad("5\0\r\nhello"s, "bad_chunk_size");
}

TEST(chunked_decoder, wants_crlf_after_data) {
  check_bad("5\r\nhello0\r\n\r\n", "missing_crlf_after_chunk");
  check_bad("5\r\nhello\n0\r\n\r\n", "missing_crlf_after_chunk");
  check_bad("5\r\nhello\r0\r\n\r\n", "missing_crlf_after_chunk");
  check_bad("5\r\nhelloXX0\r\n\r\n", "missing_crlf_after_chunk");
  check_bad("4\r\nhello\r\n0\r\n\r\n", "missing_crlf_after_chunk");
  check_bad("6\r\nhello\r\n0\r\n\r\n", "missing_crlf_after_chunk");
  check_bad("0\r\n\rX", "bare_cr");
  check_bad("0\r\n\n", "bad_trailer_name");
}

TEST(chunked_decoder, reads_and_drops_extensions) {
  for (const char* extension :
       {";a", ";a=b", ";a=\"b\"", ";a=\"\"", ";a=\"b;c\\\"\\\\d\"", ";a;b;c=d", " ;a", "\t; a",
        "; a", ";a =b", ";a= b", ";a \t=\t b", ";a ;b", ";a=b ;c", ";a=\"b\" ;c",
        ";a=\"\xc3\xa9\t \"", ";a=\"\\\xc3\"", ";!#$%&'*+-.^_`|~=1"}) {
    check_good("5"s + extension + "\r\nhello\r\n0" + extension + "\r\n\r\n", "hello");
  }
}

TEST(chunked_decoder, refuses_extensions_outside_the_grammar) {
  for (const std::string& extension : {";"s,           "; "s,          ";;a"s,
                                       ";a;"s,         ";=b"s,         ";a="s,
                                       ";a= "s,        ";a=;b"s,       ";a=b=c"s,
                                       ";a b"s,        ";a "s,         ";a=b "s,
                                       ";a=\"b\" "s,   ";a=b c"s,      ";a=\"b"s,
                                       ";a=\"b\\"s,    ";a=\"b\"c"s,   ";a=\"b\"\"c\""s,
                                       ";a=b\"c\""s,   ";\"a\""s,      ";a(b"s,
                                       ";a=\"\n\""s,   ";a=\"\r\n\""s, ";a=\"\x01\""s,
                                       ";a=\"\x7f\""s, ";a=\"\\\n\""s, ";a=\"\\\x7f\""s,
                                       ";a=\"\0\""s,   ";\xc3\xa9"s,   ";a\n"s,
                                       ";a=b\n"s,      " "s,           " a"s,
                                       ";a=\xc3"s}) {
    const Decoded out = decode("5" + extension + "\r\nhello\r\n0\r\n\r\n");
    EXPECT_EQ(out.state, State::bad) << printable(extension);
    EXPECT_EQ(out.error, "bad_chunk_extension") << printable(extension);
    check_splits("5" + extension + "\r\nhello\r\n0\r\n\r\n");
  }
  check_bad("5;a\r\r\nhello", "bare_cr");
}

TEST(chunked_decoder, counts_extensions_over_the_whole_body) {
  const auto body = [](std::size_t first, std::size_t second) {
    return "1;" + std::string(first - 1, 'a') + "\r\nx\r\n1;" + std::string(second - 1, 'b') +
           "\r\ny\r\n0\r\n\r\n";
  };
  EXPECT_EQ(decode(body(96, 4000)).data, "xy");
  EXPECT_EQ(decode(body(97, 4000)).error, "chunk_extensions_too_long");
  EXPECT_EQ(decode("1;a=\"" + std::string(4096, 'b')).error, "chunk_extensions_too_long");
  EXPECT_EQ(decode("1;a=" + std::string(4096, 'b')).error, "chunk_extensions_too_long");
  EXPECT_EQ(decode("1" + std::string(4097, ' ')).error, "chunk_extensions_too_long");
  EXPECT_EQ(decode("1;a" + std::string(4097, ' ')).error, "chunk_extensions_too_long");
}

TEST(chunked_decoder, reads_and_drops_trailers) {
  check_good("0\r\nA: b\r\n\r\n", "");
  check_good("1\r\nx\r\n0\r\nHost: evil\r\nX-Forwarded-For: 1\r\n\r\n", "x");
  check_good("0\r\nA:\r\nB: \t\xc3\xa9\r\n\r\n", "");
  check_good("0\r\n" + std::string(256, 'n') + ": v\r\n\r\n", "");
}

TEST(chunked_decoder, refuses_trailers_outside_the_grammar) {
  check_bad("0\r\nA : b\r\n\r\n", "bad_trailer_name");
  check_bad("0\r\n: b\r\n\r\n", "bad_trailer_name");
  check_bad("0\r\nA\r\n\r\n", "bad_trailer_name");
  check_bad("0\r\n A: b\r\n\r\n", "bad_trailer_name");
  check_bad("0\r\nA: b\r\n c\r\n\r\n", "bad_trailer_name");
  check_bad("0\r\nA: b\nC: d\r\n\r\n", "bad_trailer_value");
  check_bad("0\r\nA: \0\r\n\r\n"s, "bad_trailer_value");
  check_bad("0\r\nA: \x7f\r\n\r\n", "bad_trailer_value");
  check_bad("0\r\nA: b\rC\r\n\r\n", "bare_cr");
  check_bad("0\r\n" + std::string(257, 'n') + ": v\r\n\r\n", "trailer_name_too_long");
}

TEST(chunked_decoder, counts_trailers) {
  const auto body = [](std::size_t bytes) {
    // With the line's name, colon and CRLF, and the CR of the empty line.
    return "0\r\nA:" + std::string(bytes - 5, 'v') + "\r\n\r\n";
  };
  EXPECT_EQ(decode(body(trailer_bytes_max)).state, State::done);
  EXPECT_EQ(decode(body(trailer_bytes_max + 1)).error, "trailers_too_long");
  std::string many = "0\r\n";
  while (many.size() < 9000) many += "A: b\r\n";
  EXPECT_EQ(decode(many).error, "trailers_too_long");
}

TEST(write_chunk_size, writes_hex_and_crlf) {
  const std::pair<std::uint64_t, const char*> sizes[] = {
      {0, "0\r\n"}, {10, "a\r\n"}, {255, "ff\r\n"}, {~0ull, "ffffffffffffffff\r\n"}};
  for (const auto& [size, text] : sizes) {
    char out[18];
    EXPECT_EQ(std::string(out, write_chunk_size(out, size)), text);
  }
}

TEST(write_chunk_size, is_read_back) {
  const std::string page(70'000, 'p');
  char size[18];
  std::string body;
  for (std::size_t at = 0; at < page.size(); at += 33'333) {
    const std::string part = page.substr(at, 33'333);
    body.append(size, write_chunk_size(size, part.size())).append(part).append(chunk_end);
  }
  body += last_chunk;
  const Decoded out = decode(body);
  EXPECT_EQ(out.state, State::done);
  EXPECT_EQ(out.data, page);
}

}  // namespace
}  // namespace isrd::http
