// The reference, the example and the configuration in force must say the same as the schema.
#include "config/printer.h"

#include <fstream>
#include <sstream>

#include "config/document.h"
#include "config/schema.h"
#include "load.h"

namespace isrd::config::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string read(const std::string& path) {
  std::ifstream in(std::string(ISRD_SOURCE_DIR) + path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(ConfigPrinter, the_reference_page_is_what_the_program_prints) {
  EXPECT_TRUE(read("/docs/configuration.md") == docs())
      << "docs/configuration.md is out of date: isrd config --docs > docs/configuration.md";
}

TEST(ConfigPrinter, the_reference_names_every_key) {
  const std::string text = docs();
  for (const Group& group : schema()) {
    for (const Row& row : group.rows) {
      EXPECT_THAT(text, HasSubstr("| `" + row.path + "` |"));
      EXPECT_FALSE(row.text.empty()) << row.path;
      EXPECT_FALSE(row.type.empty()) << row.path;
    }
  }
}

/// Whether some element of the example has the key of a row.
bool contains(const Node& node, std::string_view path) {
  if (path.empty()) return true;
  const std::size_t dot = path.find('.');
  const std::string_view first = path.substr(0, dot);
  const std::string_view rest =
      dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  if (first != "*") {
    const Node* child = node.find(first);
    return child != nullptr && contains(*child, rest);
  }
  for (const Entry& entry : node.entries) {
    if (contains(entry.value, rest)) return true;
  }
  for (const Node& item : node.items) {
    if (contains(item, rest)) return true;
  }
  return false;
}

TEST(ConfigPrinter, the_example_loads_and_names_every_key) {
  const std::string text = read("/config/isrd.yaml");
  const LoadResult result = load(text);
  EXPECT_THAT(strings(result.errors), IsEmpty());
  EXPECT_THAT(strings(result.warnings), IsEmpty());
  std::vector<Diagnostic> errors;
  const auto root = parse_document(text, "isrd.yaml", errors);
  ASSERT_TRUE(root);
  for (const Group& group : schema()) {
    for (const Row& row : group.rows) {
      // A secret has no place in a file; a comment says where it comes from.
      EXPECT_TRUE(row.secret || contains(*root, row.path)) << row.path;
    }
  }
}

TEST(ConfigPrinter, every_default_is_a_value_that_the_row_accepts) {
  for (const Group& group : schema()) {
    for (const Row& row : group.rows) {
      if (row.required) continue;
      Config config = default_elements();
      for (const std::string& value : row.get(default_elements(), {})) {
        EXPECT_EQ(row.set(config, {}, value), "") << row.path;
      }
    }
  }
}

TEST(ConfigPrinter, what_is_in_force_loads_again_as_the_same) {
  const std::vector<std::string> texts = {
      minimal,
      read("/config/isrd.yaml"),
      minimal +
          "listen: ['[::1]:80', 'unix:/tmp/a b.sock']\nadmin: {listen: off, token_file: \"/a: b "
          "$${X} #\\\"\\\\\"}\n"
          "sites: [{name: 'null', hosts: ['*.a', '[::1]'], routes: [{match: {path: "
          "'/{a}-{b}/*'}}]}]",
      "origins: {'1': {url: unix:/a}, true: {url: http://b:1}}\nsites: [{name: '-', hosts: '*', "
      "origin: true}]",
  };
  for (const std::string& text : texts) {
    const LoadResult first = load(text);
    ASSERT_TRUE(first.config) << ::testing::PrintToString(strings(first.errors));
    const std::string printed = effective(*first.config);
    const LoadResult second = load(printed);
    ASSERT_TRUE(second.config) << printed << ::testing::PrintToString(strings(second.errors));
    EXPECT_EQ(effective(*second.config), printed);
    EXPECT_EQ(second.config->admin.token_file, first.config->admin.token_file);
    EXPECT_EQ(second.config->listen, first.config->listen);
    EXPECT_EQ(second.config->sites.size(), first.config->sites.size());
    EXPECT_EQ(second.config->sites[0].name, first.config->sites[0].name);
  }
}

TEST(ConfigPrinter, secrets_are_masked) {
  const std::string token = "0123456789abcdef0123456789abcdef";
  const LoadResult result = load(minimal, {{"ISR_ADMIN_TOKEN", token}});
  ASSERT_TRUE(result.config);
  const std::string printed = effective(*result.config);
  EXPECT_THAT(printed, HasSubstr("  # token: ********\n"));
  EXPECT_THAT(printed, Not(HasSubstr(token)));
}

TEST(ConfigPrinter, no_two_rows_have_one_path) {
  std::vector<std::string> paths;
  for (const Group& group : schema()) {
    for (const Row& row : group.rows) paths.push_back(row.path);
  }
  std::ranges::sort(paths);
  EXPECT_EQ(std::ranges::adjacent_find(paths), paths.end());
}

}  // namespace
}  // namespace isrd::config::test
