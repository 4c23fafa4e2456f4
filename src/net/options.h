// The options of listeners, sessions and origins as plain values. src/config fills them; nothing
// here knows YAML.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace isrd::net {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Where to listen or connect: a TCP address (host is a literal or a name) or a unix socket path.
struct Address {
  enum class Kind { tcp, unix_socket };
  Kind kind = Kind::tcp;
  std::string host;
  std::uint16_t port = 0;
  std::string path;

  bool operator==(const Address&) const = default;
};

/// Deadlines of the client side (security rule 35); none is infinite.
struct TimeoutOptions {
  milliseconds head = seconds(10);        // a whole request head
  milliseconds body = seconds(10);        // between two reads of a request body
  milliseconds write = seconds(30);       // between two writes that make progress
  milliseconds keep_alive = seconds(15);  // an idle connection
  milliseconds tunnel = seconds(300);     // an idle WebSocket tunnel
  milliseconds drain = seconds(30);       // how long a stop waits for open requests
};

struct LimitOptions {
  std::uint64_t request_head_bytes = 64 * 1024;
  std::uint64_t request_fields_max = 100;
  std::uint64_t target_bytes = 8 * 1024;
  std::uint64_t request_body_bytes = 1024ull * 1024 * 1024;
  std::uint64_t response_head_bytes = 256 * 1024;
  std::uint64_t response_fields_max = 500;
  std::uint64_t interim_max = 8;
  std::uint64_t object_bytes = 1024ull * 1024 * 1024;
  std::uint64_t connections = 20000;
  std::uint64_t waiters = 1000;              // followers of one flight
  std::uint64_t body_rate_bytes_min = 1024;  // a second, of a request body
};

struct OriginTimeouts {
  milliseconds connect = seconds(2);
  milliseconds first_byte = seconds(30);
  milliseconds idle = seconds(30);        // between two reads of a response
  milliseconds keep_alive = seconds(60);  // an idle pooled connection
  milliseconds queue = seconds(5);        // waiting for a free connection

  bool operator==(const OriginTimeouts&) const = default;
};

struct OriginOptions {
  std::string name;
  std::string url;  // as written
  Address address;  // parsed from url
  /// The Host that is sent; empty: the client's own.
  std::string host;
  std::uint64_t connections = 64;
  std::uint64_t background = 8;
  milliseconds resolve = seconds(30);  // how long a resolved name is believed
  OriginTimeouts timeouts;

  bool operator==(const OriginOptions&) const = default;
};

}  // namespace isrd::net
