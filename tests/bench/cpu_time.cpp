#include "cpu_time.h"

#include <filesystem>
#include <fstream>
#include <string>

namespace bench {

std::uint64_t cpu_ns(const std::vector<std::uint64_t>& pids) {
  std::uint64_t sum = 0;
  for (const std::uint64_t pid : pids) {
    std::error_code error;
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
      std::ifstream file(task.path() / "schedstat");
      std::uint64_t run_ns = 0;
      if (file >> run_ns) sum += run_ns;
    }
  }
  return sum;
}

}  // namespace bench
