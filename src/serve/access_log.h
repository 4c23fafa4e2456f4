// The access log: one line for each request, formatted by hand into a buffer of its worker and
// written by a thread of its own, so that no request waits for it. When a buffer is full because
// nobody reads stdout, lines are dropped and counted.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log_options.h"
#include "base/metrics.h"
#include "http/head.h"
#include "isr/why.h"

namespace isrd::serve {

struct AccessRecord {
  const http::RequestHead* request = nullptr;
  std::string_view client;
  std::string_view site;
  int status = 0;
  std::uint64_t bytes = 0;
  Outcome outcome = Outcome::miss;
  isr::Why why = isr::Why::none;
  std::uint64_t key_id = 0;
  std::chrono::nanoseconds duration{};
  std::chrono::system_clock::time_point time{};
};

class AccessLog {
 public:
  /// Writes to `fd` (stdout).
  AccessLog(std::size_t workers, int fd);
  ~AccessLog();

  void configure(const LogOptions& options) {
    enabled_.store(options.access, std::memory_order_relaxed);
    json_.store(options.format == LogFormat::json, std::memory_order_relaxed);
  }
  bool enabled() const { return enabled_.load(std::memory_order_relaxed); }
  /// On worker `index`'s thread.
  void write(std::size_t index, const AccessRecord& record);
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Buffer {
    std::mutex mutex;
    std::string lines;  // guarded by mutex
  };
  void run();
  void flush();

  const int fd_;
  std::atomic<bool> enabled_{false};
  std::atomic<bool> json_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::mutex mutex_;
  std::condition_variable stop_signal_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace isrd::serve
