// Reads one response after the other from a connection's bytes: head, then a body by Content-Length
// or chunks. Body bytes can be skipped without being seen, so that the load generator need not copy
// them out of the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bench {

class ResponseReader {
 public:
  enum class State { head, sized_body, chunk_size, chunk_body, chunk_end, trailer, done, broken };

  /// Gets every body byte that was fed (not those that were skipped), when set.
  std::function<void(std::string_view)> on_body;

  void restart();
  /// Takes what came from the connection. Bytes after the response break it: nothing is pipelined
  /// here.
  void feed(std::string_view bytes);
  /// How many of the next bytes are body and need not be fed.
  std::uint64_t skippable() const;
  void skip(std::uint64_t bytes);

  bool is_done() const { return state_ == State::done; }
  bool is_broken() const { return state_ == State::broken; }
  int status() const { return status_; }
  bool closes() const { return closes_; }

 private:
  void take_head(std::string_view& bytes);
  void take_field(std::string_view line);
  void take_body(std::string_view& bytes);
  void take_line(std::string_view& bytes);
  void body_ended();

  State state_ = State::head;
  std::string partial_;  // an unfinished head or line
  std::uint64_t left_ = 0;
  int status_ = 0;
  bool chunked_ = false;
  bool has_length_ = false;
  bool closes_ = false;
};

}  // namespace bench
