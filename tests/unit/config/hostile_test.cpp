// Documents that were made to harm: each is refused with a message, in bounded time and memory.
#include <random>

#include "config/document.h"
#include "load.h"

namespace isrd::config::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

TEST(ConfigHostile, deep_nesting) {
  EXPECT_THAT(errors("a: " + repeated("[", 100) + repeated("]", 100)),
              ElementsAre("f.yaml:1:35: nested deeper than 32 levels"));
  for (const std::string_view part : {"[", "{a: ", "- ", "? ", "{", "[[", "- - ", "&a [", "!t ["}) {
    EXPECT_THAT(errors(repeated(part, 20'000)), SizeIs(1)) << part;
  }
}

TEST(ConfigHostile, billion_laughs) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last +
            repeated("," + last, 9) + "]\n";
  }
  EXPECT_THAT(errors(text),
              ElementsAre(HasSubstr("more than 100000 values, its aliases included")));
}

TEST(ConfigHostile, merge_keys_are_counted) {
  std::string text = "a: &a {";
  for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + ": 1, ";
  text += "}\nb: [";
  for (int i = 0; i < 1000; ++i) text += "{<<: *a}, ";
  EXPECT_THAT(errors(text + "]"), ElementsAre(HasSubstr("more than 100000 values")));
}

TEST(ConfigHostile, an_alias_of_itself) {
  EXPECT_THAT(
      errors("a: &a [*a]"),
      ElementsAre("f.yaml:1:8: the alias stands inside of what it refers to; that has no end"));
  EXPECT_THAT(errors("a: &a {b: *a}"), ElementsAre(HasSubstr("that has no end")));
}

TEST(ConfigHostile, too_many_values) {
  EXPECT_THAT(errors("a:\n" + repeated(" - x\n", 150'000)),
              ElementsAre(HasSubstr("more than 100000 values")));
}

TEST(ConfigHostile, bytes_that_are_no_text) {
  EXPECT_THAT(errors(std::string("a: b\nc: \0", 9)),
              ElementsAre("f.yaml:2:4: this byte is no text; the file must be YAML in UTF-8"));
  EXPECT_THAT(errors("\x7f"
                     "ELF\x02\x01\x01"),
              ElementsAre(HasSubstr("f.yaml:1:1: this byte is no text")));
  EXPECT_THAT(errors(std::string("\xff\xfe"
                                 "a\0:\0",
                                 6)),
              ElementsAre(HasSubstr("f.yaml:1:1: this byte is no text")));
  EXPECT_THAT(errors("a: \xc3"), ElementsAre(HasSubstr("f.yaml:1:4: this byte is no text")));
  EXPECT_THAT(errors("a: \xc3\xbc \x80"),
              ElementsAre(HasSubstr("f.yaml:1:6: this byte is no text")));
  EXPECT_THAT(errors("\xef\xbb\xbf" + minimal), ::testing::IsEmpty());
}

TEST(ConfigHostile, long_keys_and_values) {
  const std::string longest(200'000, 'x');
  EXPECT_THAT(errors(minimal + "? " + longest + "\n: 1\n"), SizeIs(1));
  EXPECT_THAT(errors(minimal + "workers: " + longest), SizeIs(1));
}

/// Prints its seed; whatever the bytes are, loading ends, with a configuration or with errors.
TEST(ConfigHostile, mutations_of_a_good_file) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string good =
      minimal +
      "listen: [\":1\", unix:/a]\nsites:\n  - &s {name: s, hosts: [\"*.a\", b], fresh: 1m}\n"
      "  - name: 't'\n    hosts: |\n      x\n    routes:\n      - {match: {path: /a/**}, stale: "
      "${X:-1s}}\n      - <<: *s\n";
  const std::string alphabet = "[]{}:,-?&*!|>'\"%@`#~<$\n\t .a1";
  for (int round = 0; round < 3000; ++round) {
    std::string text = good;
    for (unsigned change = random() % 6 + 1; change > 0; --change) {
      const std::size_t at = random() % text.size();
      const char byte =
          random() % 8 == 0 ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
      if (random() % 3 == 0) {
        text.insert(at, 1, byte);
      } else if (random() % 2 == 0 && text.size() > 1) {
        text.erase(at, random() % 4 + 1);
      } else {
        text[at] = byte;
      }
      if (text.empty()) text = "a";
    }
    const LoadResult result = load(text);
    ASSERT_EQ(result.config.has_value(), result.errors.empty()) << text;
    for (const Diagnostic& each : result.errors) {
      ASSERT_FALSE(each.message.empty()) << text;
      ASSERT_EQ(each.file, "f.yaml") << text;
    }
  }
}

}  // namespace
}  // namespace isrd::config::test
