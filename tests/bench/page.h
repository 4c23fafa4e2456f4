// The pages of the benchmark. A page's path says everything about it, so that origin and load agree
// without talking:
//
//   /KIND/SIZE/DELAY/NUMBER      KIND: keep | pass | brief, SIZE in bytes, DELAY in milliseconds
//
// keep may be stored for an hour, pass never, brief for one second and then served stale while it
// is regenerated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

inline constexpr std::size_t page_bytes_max = 64u * 1024 * 1024;

struct Page {
  std::string_view cache_control;
  std::size_t bytes = 0;
  std::uint32_t delay_ms = 0;
};

/// Nothing for a path of another shape.
std::optional<Page> page_of(std::string_view path);

/// The body repeats the path and a line end, cut at `bytes`: a wrong or torn page is seen.
void append_body(std::string& out, std::string_view path, std::size_t bytes);
bool is_body_part(std::string_view part, std::string_view path, std::size_t offset);

}  // namespace bench
