// Closed-loop load: each of N keep-alive connections sends its next request when the last answer is
// whole.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "histogram.h"
#include "response_reader.h"
#include "socket.h"

namespace bench {

/// The path of page `number` below a prefix, and the whole request of a browser for it: 15 fields,
/// about 700 bytes.
std::string path_of(std::string_view prefix, std::uint64_t number);
void append_request(std::string& out, std::string_view path);

struct LoadPlan {
  std::uint16_t port = 0;
  std::string prefix;
  std::size_t connections = 64;
  std::uint64_t first = 0;     // number of the first page
  std::uint64_t pages = 1000;  // then again from the first; 0: never the same page twice
  bool checks_bodies = false;
};

struct Phase {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  // other status, broken answer, wrong body, lost connection
  std::uint64_t bytes = 0;   // of everything received
  std::uint64_t wall_ns = 0;
  Histogram latency;
};

class Load {
 public:
  explicit Load(LoadPlan plan);

  /// Runs until the time is over or `requests_max` have been answered, and then until nothing is
  /// under way.
  Phase run(std::uint64_t duration_ns, std::uint64_t requests_max);
  /// The number of the first page that was not asked for yet.
  std::uint64_t next() const { return next_; }

 private:
  struct Connection {
    Fd fd;
    ResponseReader reader;
    std::string path;
    std::string request;
    std::uint64_t started_ns = 0;
    std::uint64_t body_bytes = 0;
    bool is_busy = false;
    bool is_wrong = false;
  };

  void open(Connection& c);
  void ask(Connection& c);
  void receive(Connection& c, Phase& phase);
  void finish(Connection& c, Phase& phase);
  void fail(Connection& c, Phase& phase);
  bool may_ask(const Phase& phase) const;

  LoadPlan plan_;
  Fd epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::uint64_t next_ = 0;
  std::size_t busy_ = 0;
  std::uint64_t deadline_ns_ = 0;
  std::uint64_t requests_max_ = 0;
};

/// `bench_load burst`: all clients ask for one page at the same instant; prints JSON.
int burst_main(int argc, char** argv);

}  // namespace bench
