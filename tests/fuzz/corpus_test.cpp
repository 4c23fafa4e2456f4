// Every file of the corpora, through the same functions that libFuzzer calls: what was once found
// stays fixed, without a fuzzer at hand. A new target gets a row here.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/chunked_body.h"
#include "fuzz/request_head.h"
#include "fuzz/response_head.h"

namespace isrd::fuzz {
namespace {

struct Target {
  const char* name;
  void (*run)(std::string_view input);
};

const Target targets[] = {
    {"request_head", request_head},
    {"response_head", response_head},
    {"chunked_body", chunked_body},
};

const std::filesystem::path corpora = std::filesystem::path(ISRD_SOURCE_DIR) / "tests/fuzz/corpus";

TEST(fuzz_corpus, passes_each_target) {
  for (const Target& target : targets) {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpora / target.name)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string input{std::istreambuf_iterator<char>(file), {}};
      EXPECT_NO_THROW(target.run(input)) << entry.path();
      ++files;
    }
    EXPECT_GT(files, 0) << target.name;
  }
}

TEST(fuzz_corpus, has_a_target_for_each_folder) {
  for (const auto& entry : std::filesystem::directory_iterator(corpora)) {
    if (!entry.is_directory()) continue;
    const bool known =
        std::any_of(std::begin(targets), std::end(targets),
                    [&](const Target& target) { return entry.path().filename() == target.name; });
    EXPECT_TRUE(known) << entry.path();
  }
}

}  // namespace
}  // namespace isrd::fuzz
