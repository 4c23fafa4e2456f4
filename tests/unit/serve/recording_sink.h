// A response sink that remembers what it was given.
#pragma once

#include <string>

#include "net/server.h"

namespace isrd::serve {

inline std::string bytes_of(const BodySlice& slice) {
  std::string whole;
  if (slice.chain) {
    if (!slice.whole.empty()) {
      whole = slice.whole;
    } else {
      for (const Extent& extent : slice.chain->extents) whole.append(extent.view());
    }
  }
  return whole.substr(static_cast<std::size_t>(slice.offset),
                      static_cast<std::size_t>(slice.length));
}

class RecordingSink final : public net::ResponseSink {
 public:
  int replies = 0;
  int status = 0;
  std::string prepared;
  std::string dynamic;
  std::string body_text;
  http::BodyKind framing = http::BodyKind::none;
  std::uint64_t length = 0;
  bool close = false;

  /// The value of a field, "none" without one.
  std::string field(std::string_view name) const {
    const std::string lines = prepared + dynamic;
    const std::string begin = "\r\n" + std::string(name) + ": ";
    const std::size_t at = ("\r\n" + lines).find(begin);
    if (at == std::string::npos) return "none";
    const std::string rest = lines.substr(at + begin.size() - 2);
    return rest.substr(0, rest.find("\r\n"));
  }

  void reply(const net::ReplyHead& head, BodySlice slice) override {
    ++replies;
    status = head.status;
    prepared = head.prepared;
    dynamic = head.dynamic;
    framing = head.framing;
    length = head.length;
    close = head.close;
    body_text = bytes_of(slice);
  }
  Task<bool> interim(std::string_view) override { co_return true; }
  void begin(const net::ReplyHead&) override {}
  Task<bool> body(std::span<const std::string_view>, bool) override { co_return true; }
  void abort() override {}
  Task<void> tunnel(net::OriginExchange&) override { co_return; }
  bool begun() const override { return replies > 0; }
  std::uint64_t bytes_sent() const override { return prepared.size() + dynamic.size(); }
  bool client_left() const override { return false; }
  void watch_client(net::Cancellable*) override {}
};

}  // namespace isrd::serve
