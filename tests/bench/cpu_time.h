// CPU time of other processes, from the scheduler's own account.
#pragma once

#include <cstdint>
#include <vector>

namespace bench {

/// Nanoseconds that all threads of these processes have run, user and kernel together.
std::uint64_t cpu_ns(const std::vector<std::uint64_t>& pids);

}  // namespace bench
