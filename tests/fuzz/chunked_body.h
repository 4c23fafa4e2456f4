// Target: any bytes as a chunked body, which the decoder must read alike however they are cut.
#pragma once

#include <algorithm>
#include <string>

#include "fuzz/beast_reference.h"
#include "http/chunked.h"

namespace isrd::fuzz {

struct DecodedBody {
  http::ChunkedDecoder::State state = http::ChunkedDecoder::State::more;
  std::string data;
  std::string error;
  std::size_t consumed = 0;
};

/// Decodes in pieces whose lengths a small generator picks; 0 gives one piece.
inline DecodedBody decode_body(std::string_view input, std::uint32_t seed) {
  using State = http::ChunkedDecoder::State;
  http::ChunkedDecoder decoder;
  DecodedBody out;
  while (!input.empty() && out.state != State::done && out.state != State::bad) {
    seed = seed * 1664525u + (seed != 0 ? 1013904223u : 0u);
    const std::size_t length = seed != 0 ? 1 + (seed >> 16) % 7 : input.size();
    // A copy of its own, so that a view that outlives its piece is seen by the address sanitizer.
    const std::string piece(input.substr(0, length));
    std::string_view rest = piece;
    do {
      const auto step = decoder.next(rest);
      require(step.consumed <= rest.size(), "more consumed than given");
      require((step.state == State::data) == !step.data.empty(), "data without the state for it");
      out.state = step.state;
      out.data += step.data;
      out.consumed += step.consumed;
      rest.remove_prefix(step.consumed);
    } while (out.state == State::data);
    require(out.state != State::more || rest.empty(), "more wanted with bytes left");
    input.remove_prefix(piece.size());
  }
  if (decoder.error() != nullptr) out.error = decoder.error();
  return out;
}

inline bool contains_in_any_case(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
           return http::iequals({&a, 1}, {&b, 1});
         }) != text.end();
}

/// Whether a line may begin like a trailer field that Beast obeys.
inline bool may_steer_beast(std::string_view body) {
  for (std::string_view name :
       {"\ncontent-length:", "\ntransfer-encoding:", "\nconnection:", "\nproxy-connection:"}) {
    if (contains_in_any_case(body, name)) return true;
  }
  return false;
}

inline void chunked_body(std::string_view input) {
  using State = http::ChunkedDecoder::State;
  const DecodedBody whole = decode_body(input, 0);
  for (std::uint32_t seed : {1u, 77u, static_cast<std::uint32_t>(input.size()) + 1000u}) {
    const DecodedBody cut = decode_body(input, seed);
    require(cut.state == whole.state && cut.data == whole.data && cut.error == whole.error &&
                cut.consumed == whole.consumed,
            "the outcome depends on how the bytes came");
  }
  require((whole.state == State::bad) == !whole.error.empty(), "bad without a reason");
  if (whole.state != State::done || may_steer_beast(input.substr(0, whole.consumed))) return;
  const std::string message = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                              std::string(input.substr(0, whole.consumed));
  BeastReference<true> beast;
  const std::size_t taken = beast.read(message, true);
  require(!beast.error, "accepted, but refused by Beast");
  require(beast.is_done() && taken == message.size(), "Beast ends the body elsewhere");
  require(beast.body == whole.data, "Beast reads another body");
}

}  // namespace isrd::fuzz
