#include "isr/entry.h"

#include <cstring>
#include <memory>
#include <new>

namespace isrd::isr {

namespace {

constexpr std::size_t inline_body_bytes_max = 4 * 1024;

/// Allocates room for `extra` bytes behind the object and tells where they are.
template <class T>
struct TailAllocator {
  using value_type = T;
  std::size_t extra;
  char** tail;

  TailAllocator(std::size_t e, char** t) : extra(e), tail(t) {}
  template <class U>
  TailAllocator(const TailAllocator<U>& other) : extra(other.extra), tail(other.tail) {}

  T* allocate(std::size_t n) {
    auto* memory = static_cast<char*>(::operator new(n * sizeof(T) + extra));
    *tail = memory + n * sizeof(T);
    return reinterpret_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory); }
};

std::string_view moved(std::string_view view, std::string_view from, const char* to) {
  return view.empty() ? view : std::string_view(to + (view.data() - from.data()), view.size());
}

}  // namespace

EntryPtr compact(Entry entry) {
  const std::string text = std::move(entry.text);
  const std::string_view from =
      entry.wire.data() == text.data() ? std::string_view(text) : entry.wire;
  const std::string_view body =
      entry.body.size <= inline_body_bytes_max ? entry.whole_body : std::string_view();
  entry.text = {};
  char* tail = nullptr;
  auto shared = std::allocate_shared<Entry>(TailAllocator<Entry>(from.size() + body.size(), &tail),
                                            std::move(entry));
  std::memcpy(tail, from.data(), from.size());
  Entry& made = *shared;
  made.etag = moved(made.etag, from, tail);
  made.last_modified = moved(made.last_modified, from, tail);
  made.date = moved(made.date, from, tail);
  made.wire = {tail, from.size()};
  if (!body.empty()) {
    std::memcpy(tail + from.size(), body.data(), body.size());
    made.whole_body = {tail + from.size(), body.size()};
    made.body.extents = {};
  }
  return shared;
}

std::size_t Entry::memory_bytes() const {
  std::size_t names = 0;
  for (const std::string& name : vary.names) names += sizeof(name) + name.capacity();
  return sizeof(Entry) + 64 + wire.size() + (body.extents.empty() ? body.size : 0) +
         body.memory_bytes() + recipe.site.capacity() + recipe.host.capacity() +
         recipe.target.capacity() + recipe.fields.capacity() + names;
}

Windows windows_from(const Lifetime& lifetime, MonoTime received, std::uint32_t generation) {
  Windows windows;
  windows.fresh_until = received + lifetime.fresh_for;
  windows.stale_until = windows.fresh_until + lifetime.stale_for;
  windows.error_until = windows.stale_until + lifetime.error_for;
  windows.must_validate = lifetime.must_validate;
  windows.generation = generation;
  return windows;
}

Lifetime with_jitter(Lifetime lifetime, const Hash128& key) {
  // Only long windows: a tenth of a short one would be noticed and would spread nothing.
  if (lifetime.fresh_for < std::chrono::seconds(30)) return lifetime;
  const auto tenth = lifetime.fresh_for.count() / 10;
  lifetime.fresh_for -= Millis(static_cast<std::int64_t>(key.high % 1024) * tenth / 1024);
  return lifetime;
}

}  // namespace isrd::isr
