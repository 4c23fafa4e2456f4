#include "net/worker.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <exception>
#include <system_error>

#include "base/log.h"

namespace isrd::net {
namespace {

thread_local Worker* current_worker = nullptr;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

}  // namespace

/// The frame around a spawned task: it counts the task as live and catches what escapes from it.
struct Worker::Detached {
  struct promise_type {
    static void* operator new(std::size_t size) { return detail::allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept {
      detail::release_frame(frame, size);
    }
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

Worker* Worker::current() { return current_worker; }

Worker::Worker(std::size_t index, const Clock& clock)
    : index_(index),
      clock_(clock),
      epoll_fd_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      event_fd_(checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
      loop_time_(std::chrono::steady_clock::now()),
      wheel_(loop_time_),
      scratch_(new char[scratch_bytes]) {
  read_clocks();
  watch(event_fd_, EPOLLIN | EPOLLET, mailbox_);
}

Worker::~Worker() {
  ISRD_ASSERT(!thread_.joinable());
  ::close(event_fd_);
  ::close(epoll_fd_);
}

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  post([this] { stopping_ = true; });
  thread_.join();
}

void Worker::post(std::function<void()> work) {
  bool signal;
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    signal = !std::exchange(signalled_, true);
  }
  if (signal) {
    const std::uint64_t one = 1;
    // A full counter cannot happen: it is reset at every read, and signalled_ lets one write
    // through between two reads.
    [[maybe_unused]] const auto written = ::write(event_fd_, &one, sizeof one);
  }
}

void Worker::Mailbox::on_ready(std::uint32_t) {
  std::uint64_t count;
  [[maybe_unused]] const auto read = ::read(worker_.event_fd_, &count, sizeof count);
  {
    std::lock_guard lock(worker_.mutex_);
    worker_.signalled_ = false;
    for (auto& work : worker_.posted_) worker_.taken_.push_back(std::move(work));
    worker_.posted_.clear();
  }
}

void Worker::watch(int fd, std::uint32_t events, ReadyHandler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  checked(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void Worker::park(WaitNode& node, LoopTime deadline) { wheel_.arm(node.timer, deadline); }

void Worker::wake(WaitNode& node, Wake result) {
  if (node.timer.armed()) wheel_.disarm(node.timer);
  if (node.slot) *std::exchange(node.slot, nullptr) = nullptr;
  node.result = result;
  ready_.push_back(&node);
}

Worker::Detached Worker::run_detached(Worker* worker, Task<void> task) {
  ++worker->live_tasks_;
  try {
    co_await task;
  } catch (const std::exception& error) {
    log_error("a task ended by an exception: {}", error.what());
  }
  --worker->live_tasks_;
}

void Worker::unwatch(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

void Worker::spawn(Task<void> task) { run_detached(this, std::move(task)); }

void Worker::read_clocks() {
  loop_time_ = std::chrono::steady_clock::now();
  now_ = clock_.now();
}

void Worker::run_posted(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    log_error("posted work ended by an exception: {}", error.what());
  }
}

void Worker::run_ready() {
  while (!ready_.empty() || !taken_.empty()) {
    auto work = std::move(taken_);
    taken_.clear();
    for (auto& w : work) run_posted(w);
    running_.swap(ready_);
    for (std::size_t i = 0; i < running_.size(); ++i) running_[i]->handle.resume();
    running_.clear();
  }
}

void Worker::turn() {
  epoll_event events[256];
  const int timeout = deferred_.empty() ? wheel_.timeout_ms(std::chrono::steady_clock::now()) : 0;
  const int count = epoll_wait(epoll_fd_, events, 256, timeout);
  read_clocks();
  for (int i = 0; i < count; ++i) {
    static_cast<ReadyHandler*>(events[i].data.ptr)->on_ready(events[i].events);
  }
  wheel_.expire(loop_time_, [this](TimerNode& timer) {
    wake(*reinterpret_cast<WaitNode*>(&timer), Wake::timeout);
  });
  ready_.insert(ready_.end(), deferred_.begin(), deferred_.end());
  deferred_.clear();
  run_ready();
}

void Worker::run() {
  current_worker = this;
  read_clocks();
  while (!stopping_) turn();
  // Every wait ends as cancelled and every new one at once, so the coroutines come to their end.
  for (int rounds = 0; live_tasks_ > 0 && rounds < 1000; ++rounds) {
    wheel_.expire_all(
        [this](TimerNode& timer) { wake(*reinterpret_cast<WaitNode*>(&timer), Wake::cancelled); });
    mailbox_.on_ready(0);
    ready_.insert(ready_.end(), deferred_.begin(), deferred_.end());
    deferred_.clear();
    run_ready();
  }
  mailbox_.on_ready(0);
  run_ready();
  if (live_tasks_ > 0)
    log_error("worker {} stops with {} tasks that did not end", index_, live_tasks_);
  current_worker = nullptr;
}

}  // namespace isrd::net
