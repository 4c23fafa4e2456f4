#include "isr/why.h"

#include <gtest/gtest.h>

#include <set>

namespace isrd::isr {
namespace {

TEST(Why, every_word_is_there_once) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Why::origin_error); ++i) {
    const std::string_view word = spell(static_cast<Why>(i));
    EXPECT_FALSE(word.empty()) << i;
    EXPECT_NE(word, "unknown") << i;
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
        << word;
    EXPECT_TRUE(words.insert(word).second) << word;
  }
  EXPECT_EQ(spell(Why::stale_while_revalidate), "stale_while_revalidate");
  EXPECT_EQ(spell(static_cast<Why>(255)), "unknown");
}

}  // namespace
}  // namespace isrd::isr
