#include "serve/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"

namespace isrd::serve {
namespace {

constexpr std::size_t buffer_bytes_max = 4 * 1024 * 1024;
constexpr auto flush_interval = std::chrono::milliseconds(200);

}  // namespace

AccessLog::AccessLog(std::size_t workers, int fd) : fd_(fd) {
  for (std::size_t i = 0; i < workers; ++i) buffers_.push_back(std::make_unique<Buffer>());
  thread_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stop_signal_.notify_one();
  thread_.join();
}

void AccessLog::write(std::size_t index, const AccessRecord& r) {
  const auto time = std::chrono::time_point_cast<std::chrono::milliseconds>(r.time);
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(time);
  const auto millis = (time - seconds).count();
  const std::time_t t = std::chrono::system_clock::to_time_t(seconds);
  const double duration_ms = static_cast<double>(r.duration.count()) / 1e6;
  Buffer& buffer = *buffers_[index];
  std::lock_guard lock(buffer.mutex);
  if (buffer.lines.size() > buffer_bytes_max) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (json_.load(std::memory_order_relaxed)) {
    fmt::format_to(
        std::back_inserter(buffer.lines),
        R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","client":"{}","site":"{}","method":"{}","host":"{}",)"
        R"("target":"{}","status":{},"bytes":{},"cache":"{}","why":"{}","key":"{:016x}","ms":{:.3f}}})"
        "\n",
        fmt::gmtime(t), millis, r.client, r.site, json_escape(r.request->method_name),
        json_escape(r.request->authority), json_escape(r.request->target), r.status, r.bytes,
        spell(r.outcome), isr::spell(r.why), r.key_id, duration_ms);
    return;
  }
  fmt::format_to(
      std::back_inserter(buffer.lines),
      "{:%Y-%m-%dT%H:%M:%S}.{:03}Z {} {} \"{} {}\" {} {} cache={} why={} key={:016x} ms={:.3f}\n",
      fmt::gmtime(t), millis, r.client,
      r.request->authority.empty() ? "-" : escape(r.request->authority),
      escape(r.request->method_name), escape(r.request->target), r.status, r.bytes,
      spell(r.outcome), isr::spell(r.why), r.key_id, duration_ms);
}

void AccessLog::flush() {
  std::string lines;
  for (const auto& buffer : buffers_) {
    lines.clear();
    {
      std::lock_guard lock(buffer->mutex);
      lines.swap(buffer->lines);
    }
    std::size_t written = 0;
    while (written < lines.size()) {
      const ssize_t count = ::write(fd_, lines.data() + written, lines.size() - written);
      if (count <= 0) break;
      written += static_cast<std::size_t>(count);
    }
  }
}

void AccessLog::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    stop_signal_.wait_for(lock, flush_interval);
    lock.unlock();
    flush();
    lock.lock();
  }
}

}  // namespace isrd::serve
