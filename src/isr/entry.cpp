#include "isr/entry.h"

namespace isrd::isr {

std::size_t Entry::memory_bytes() const {
  std::size_t names = 0;
  for (const std::string& name : vary.names) names += sizeof(name) + name.capacity();
  return sizeof(Entry) + 64 + text.capacity() + body.memory_bytes() +
         recipe.site.capacity() + recipe.host.capacity() + recipe.target.capacity() +
         recipe.fields.capacity() + names;
}

Windows windows_from(const Lifetime& lifetime, MonoTime received, std::uint32_t generation) {
  Windows windows;
  windows.fresh_until = received + lifetime.fresh_for;
  const MonoTime stale_from = std::max(windows.fresh_until, received);
  windows.stale_until = stale_from + lifetime.stale_for;
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
