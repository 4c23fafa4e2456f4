#include "page.h"

#include <algorithm>
#include <charconv>

namespace bench {
namespace {

template <class Number>
bool take_number(std::string_view& rest, Number& out) {
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out);
  if (error != std::errc{} || end == rest.data() + rest.size() || *end != '/') return false;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
  return true;
}

}  // namespace

std::optional<Page> page_of(std::string_view path) {
  Page page;
  if (path.starts_with("/keep/")) {
    page.cache_control = "max-age=3600";
  } else if (path.starts_with("/pass/")) {
    page.cache_control = "no-store";
  } else if (path.starts_with("/brief/")) {
    page.cache_control = "max-age=1, stale-while-revalidate=600";
  } else {
    return std::nullopt;
  }
  path.remove_prefix(path.find('/', 1) + 1);
  if (!take_number(path, page.bytes) || !take_number(path, page.delay_ms)) return std::nullopt;
  if (page.bytes > page_bytes_max || path.empty()) return std::nullopt;
  return page;
}

void append_body(std::string& out, std::string_view path, std::size_t bytes) {
  const std::size_t end = out.size() + bytes;
  while (out.size() < end) {
    out.append(path.substr(0, end - out.size()));
    if (out.size() < end) out.push_back('\n');
  }
}

bool is_body_part(std::string_view part, std::string_view path, std::size_t offset) {
  const std::size_t period = path.size() + 1;
  while (!part.empty()) {
    const std::size_t at = offset % period;
    if (at == path.size()) {
      if (part.front() != '\n') return false;
      part.remove_prefix(1);
      offset += 1;
      continue;
    }
    const std::string_view expected = path.substr(at, std::min(part.size(), path.size() - at));
    if (!part.starts_with(expected)) return false;
    part.remove_prefix(expected.size());
    offset += expected.size();
  }
  return true;
}

}  // namespace bench
