#include "base/task.h"

#include <array>
#include <cstdlib>
#include <new>

namespace isrd::detail {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool pooled = false;  // the sanitizers shall see each frame's own life
#else
constexpr bool pooled = true;
#endif

constexpr std::size_t class_bytes = 128;
constexpr std::size_t classes = 32;  // frames up to 4 KiB
constexpr std::size_t kept_per_class = 64;

class FramePool {
 public:
  ~FramePool() {
    for (Class& c : classes_) {
      while (c.head) std::free(std::exchange(c.head, c.head->next));
    }
  }
  void* take(std::size_t index) {
    Class& c = classes_[index];
    if (!c.head) return nullptr;
    --c.count;
    return std::exchange(c.head, c.head->next);
  }
  bool give(void* frame, std::size_t index) {
    Class& c = classes_[index];
    if (c.count == kept_per_class) return false;
    ++c.count;
    c.head = new (frame) Free{c.head};
    return true;
  }

 private:
  struct Free {
    Free* next;
  };
  struct Class {
    Free* head = nullptr;
    std::size_t count = 0;
  };
  std::array<Class, classes> classes_;
};

thread_local FramePool pool;

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t index = (size - 1) / class_bytes;
  if (pooled && index < classes) {
    if (void* frame = pool.take(index)) return frame;
    size = (index + 1) * class_bytes;
  }
  if (void* frame = std::malloc(size)) return frame;
  throw std::bad_alloc();
}

void release_frame(void* frame, std::size_t size) noexcept {
  const std::size_t index = (size - 1) / class_bytes;
  if (pooled && index < classes && pool.give(frame, index)) return;
  std::free(frame);
}

}  // namespace isrd::detail
