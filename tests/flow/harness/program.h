// Program: the real binary as a child process, with its output and its end under the test's eyes.
#pragma once

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

#include "flow/harness/wire.h"

namespace isrd::flow {

class Program {
 public:
  /// `environment` holds NAME=value; beside it the child has a PATH only.
  explicit Program(std::vector<std::string> arguments, std::vector<std::string> environment = {});
  /// Ends it, if it still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Reads on until stdout and stderr together contain this `times` times. False: they never did.
  bool wait_for_output(const std::string& text, std::size_t times = 1);
  /// Waits for the end. The exit code, or 1000 + the signal. Throws when it does not end.
  int wait();
  /// Everything it printed up to its end, or so far.
  const std::string& output() const { return output_; }
  void signal(int number) const;

  /// The ports of a daemon that was told to listen on port 0; waits until it listens.
  std::uint16_t port() { return port_after(" listens on 127.0.0.1:"); }
  std::uint16_t admin_port() { return port_after("admin port: 127.0.0.1:"); }

 private:
  std::uint16_t port_after(const std::string& text);

  pid_t pid_ = -1;
  Fd read_end_;
  std::string output_;
  bool ended_ = false;
};

/// Runs it to its end.
struct Finished {
  int code = 0;
  std::string output;
};
Finished run(std::vector<std::string> arguments, std::vector<std::string> environment = {});

}  // namespace isrd::flow
