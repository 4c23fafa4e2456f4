// What of the conventions can be checked, is: who may include whom, who may write the store, how
// coroutines are written, and how long things are.
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tidy/source_tree.h"

namespace isrd::tidy {
namespace {

using Folders = std::set<std::string>;

/// DESIGN.md, "Folders, lowest first".
const std::map<std::string, Folders> may_include = {
    {"base", {"base"}},
    {"http", {"http", "base"}},
    {"isr", {"isr", "http", "base"}},
    {"store", {"store", "isr", "http", "base"}},
    {"net", {"net", "http", "base"}},
    {"regen", {"regen", "store", "isr", "net", "http", "base"}},
    {"serve", {"serve", "regen", "store", "isr", "net", "http", "base"}},
    {"admin", {"admin", "regen", "store", "isr", "net", "http", "base"}},
    {"config", {"config", "base"}},  // and the options and limits of everybody
    {"cli", {"cli", "admin", "config", "net", "base"}},
};

bool is_options(const std::string& name) {
  return name.ends_with("/options.h") || name.ends_with("_options.h") ||
         name.ends_with("/limits.h");
}

bool begins(const std::string& text, std::string_view with) { return text.starts_with(with); }

TEST(Includes, GoDownwardOnly) {
  for (const SourceFile& file : files_below("src")) {
    if (file.folder.empty()) continue;  // app.* and main.cpp join everything
    const auto row = may_include.find(file.folder);
    ASSERT_NE(row, may_include.end())
        << file.path << " lies in a folder that DESIGN.md does not know";
    for (const Include& include : includes_of(file)) {
      if (include.name.front() != '"') continue;
      const std::string name = include.name.substr(1, include.name.size() - 2);
      const std::string folder = name.substr(0, name.find('/'));
      const bool options = file.folder == "config" && is_options(name);
      EXPECT_TRUE(options || row->second.contains(folder))
          << file.place(include.position) << " includes " << name;
    }
  }
}

TEST(Includes, ArePathsFromTheRootOfTheSources) {
  for (const SourceFile& file : files_below("src")) {
    if (file.is_header()) {
      EXPECT_NE(file.text.find("#pragma once"), std::string::npos) << file.path;
    }
    for (const Include& include : includes_of(file)) {
      EXPECT_EQ(include.name.find("../"), std::string::npos) << file.place(include.position);
    }
  }
}

/// Where each library's headers may be included.
struct Library {
  const char* prefix;
  std::vector<std::string> homes;  // folders of src, or files
};

TEST(Includes, OfLibrariesStandWhereTheyBelong) {
  const std::vector<Library> libraries = {
      {"<boost/asio",
       {"src/net/", "src/admin/", "src/cli/", "src/base/asio_impl.cpp", "src/pch.h"}},
      {"<boost/beast",
       {"src/net/", "src/admin/", "src/cli/", "src/base/asio_impl.cpp", "src/pch.h"}},
      {"<yaml-cpp", {"src/config/"}},
      {"<prometheus", {"src/admin/"}},
      {"<spdlog", {"src/base/log.cpp", "src/pch.h"}},
  };
  for (const SourceFile& file : files_below("src")) {
    for (const Include& include : includes_of(file)) {
      for (const Library& library : libraries) {
        if (!begins(include.name, library.prefix)) continue;
        bool at_home = false;
        for (const std::string& home : library.homes) at_home = at_home || begins(file.path, home);
        EXPECT_TRUE(at_home) << file.place(include.position) << " includes " << include.name;
      }
    }
  }
}

TEST(Includes, OfAsioAreInHeadersOfNetAndAdminOnly) {
  for (const SourceFile& file : files_below("src")) {
    if (!file.is_header() || file.folder == "net" || file.folder == "admin" ||
        file.path == "src/pch.h")
      continue;
    for (const Include& include : includes_of(file)) {
      EXPECT_FALSE(begins(include.name, "<boost/asio") || begins(include.name, "<boost/beast"))
          << file.place(include.position);
    }
  }
}

/// Every place of the code that matches.
void expect_nowhere(const SourceFile& file, const std::regex& pattern, const std::string& what) {
  for (std::sregex_iterator it(file.code.begin(), file.code.end(), pattern), end; it != end; ++it) {
    ADD_FAILURE() << file.place(static_cast<std::size_t>(it->position())) << ": " << what;
  }
}

TEST(Rules, OnlyRegenPublishesToTheStore) {
  const std::regex call(R"((->|\.)publish\s*\()");
  for (const SourceFile& file : files_below("src")) {
    if (file.folder == "regen") continue;
    expect_nowhere(file, call, "only src/regen publishes entries");
  }
}

TEST(Rules, TheEnvironmentIsReadByTheConfigurationOnly) {
  const std::regex call(R"(\bgetenv\s*\()");
  for (const SourceFile& file : files_below("src")) {
    const bool allowed = file.folder == "config" || file.folder == "cli" ||
                         begins(file.path, "src/admin/token") || file.path == "src/main.cpp";
    if (!allowed) expect_nowhere(file, call, "modules see options, not the environment");
  }
}

TEST(Rules, DecisionsReadNoClock) {
  const std::regex clock(R"(_clock::now\s*\(|\btime\s*\(\s*(nullptr|0|NULL)\s*\))");
  for (const SourceFile& file : files_below("src")) {
    if (file.folder == "isr" || file.folder == "http")
      expect_nowhere(file, clock, "time comes in as a value");
  }
}

TEST(Rules, NoShellIsStarted) {
  const std::regex shell(R"(\b(std::system|popen|execl|execlp|execvp)\s*\()");
  for (const SourceFile& file : files_below("src")) expect_nowhere(file, shell, "security rule 38");
}

/// The statement around a co_await: from behind the last ; { or } up to the next ;
struct Statement {
  std::string before;  // up to the co_await
  std::string after;   // from it on
};

Statement statement_around(const std::string& code, std::size_t at) {
  const std::size_t begin = code.find_last_of(";{}", at);
  const std::size_t from = begin == std::string::npos ? 0 : begin + 1;
  std::size_t end = at;
  int depth = 0;
  for (; end < code.size(); ++end) {
    if (code[end] == '(' || code[end] == '{') ++depth;
    if (code[end] == ')' || code[end] == '}') --depth;
    if (code[end] == ';' && depth <= 0) break;
  }
  return {code.substr(from, at - from), code.substr(at, end - at)};
}

/// Takes a whole `if (...)`, `while (...)`, `for (...)` or `else` away from the front.
std::string without_control(std::string text) {
  static const std::regex word(R"(^\s*(else\s+)?(if|while|for|switch)\s*(constexpr\s*)?\()");
  std::smatch match;
  while (std::regex_search(text, match, word)) {
    std::size_t at = static_cast<std::size_t>(match.length());
    int depth = 1;
    while (at < text.size() && depth > 0) {
      if (text[at] == '(') ++depth;
      if (text[at] == ')') --depth;
      ++at;
    }
    if (depth > 0) return text;  // the co_await itself is inside of the condition
    text = text.substr(at);
  }
  return text;
}

/// reference/hotpath.md section 5: what GCC 12.2 compiles wrongly.
TEST(Coroutines, AwaitOnlyInPlainStatements) {
  static const std::regex wrong_before(R"([(?!]|&&|\|\|)");
  static const std::regex lambda_with_captures(R"([(,=]\s*\[[^\]&]*\w[^\]]*\]\s*[({])");
  static const std::regex braced_argument(R"([(,]\s*\{)");
  for (const SourceFile& file : files_below("src")) {
    for (std::size_t at = file.code.find("co_await"); at != std::string::npos;
         at = file.code.find("co_await", at + 1)) {
      const Statement statement = statement_around(file.code, at);
      EXPECT_FALSE(std::regex_search(without_control(statement.before), wrong_before))
          << file.place(at) << ": co_await inside of a condition or expression";
      EXPECT_FALSE(std::regex_search(statement.after, lambda_with_captures))
          << file.place(at) << ": a capturing lambda in a co_await expression";
      EXPECT_FALSE(std::regex_search(statement.after, braced_argument))
          << file.place(at) << ": a braced temporary in a co_await expression";
    }
  }
}

constexpr std::size_t file_lines_max = 500;
constexpr std::size_t function_lines_max = 70;

std::vector<SourceFile> all_of(std::initializer_list<const char*> folders) {
  std::vector<SourceFile> all;
  for (const char* folder : folders) {
    for (SourceFile& file : files_below(folder)) all.push_back(std::move(file));
  }
  return all;
}

TEST(Length, NoFileIsTooLong) {
  for (const SourceFile& file : all_of({"src", "tests/flow", "tests/tidy", "tests/unit"})) {
    EXPECT_LE(file.line_at(file.text.size()), file_lines_max + 1) << file.path;
  }
}

/// The lines of a function but for those of a table of words: `case x:` and `return "x";`.
std::size_t counted_lines(const std::string& function) {
  static const std::regex row(R"(^\s*(case [^;]*:|return " *";|case .*: return " *";)\s*$)");
  std::istringstream lines(function);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!std::regex_match(line, row)) ++count;
  }
  return count;
}

/// A function that is defined outside of a class begins and ends at the left margin.
TEST(Length, NoFunctionIsTooLong) {
  static const std::regex opening(R"(\n([A-Za-z_][^\n;=]*\([^;{}]*)\{\n)");
  for (const SourceFile& file : all_of({"src", "tests/flow", "tests/tidy"})) {
    for (std::sregex_iterator it(file.code.begin(), file.code.end(), opening), end; it != end;
         ++it) {
      const auto begin = static_cast<std::size_t>(it->position()) + 1;
      const std::size_t close = file.code.find("\n}", begin);
      if (close == std::string::npos) continue;
      EXPECT_LE(counted_lines(file.code.substr(begin, close + 2 - begin)), function_lines_max)
          << file.place(begin);
    }
  }
}

TEST(TestsThemselves, WaitForEventsAndAreAllRun) {
  // The words are put together here, so that this file does not hold them.
  const std::string words = std::string("(sleep") + "_for|sleep" + "_until|u" + "sleep|nano" +
                            "sleep|GTEST_" + "SKIP|DIS" + "ABLED_)";
  const std::regex forbidden(words);
  for (const SourceFile& file : all_of({"tests/unit", "tests/flow", "tests/tidy"})) {
    expect_nowhere(file, forbidden, "tests wait for events, and none is left out");
  }
}

TEST(Documents, EveryOptionIsInTheCompleteExample) {
  const std::string docs = read_file("docs/configuration.md");
  const std::string example = read_file("config/isrd.yaml");
  static const std::regex key(R"(\n\| `([a-z_.*]+)` \|)");
  std::size_t keys = 0;
  for (std::sregex_iterator it(docs.begin(), docs.end(), key), end; it != end; ++it) {
    const std::string path = (*it)[1];
    std::string name = path.substr(path.rfind('.') + 1);
    if (name == "*") continue;
    ++keys;
    EXPECT_TRUE(std::regex_search(example, std::regex("\\b" + name + ":"))) << path;
  }
  EXPECT_GT(keys, 30u);
}

TEST(Blanking, LeavesCodeAndTakesCommentsAndLiterals) {
  EXPECT_EQ(blank_comments_and_literals("a; // b\nc"), "a;     \nc");
  EXPECT_EQ(blank_comments_and_literals("f(\"x//y\", 'z')"), "f(\"    \", ' ')");
  EXPECT_EQ(blank_comments_and_literals("1'000 /* q */ + 2"), "1'000         + 2");
  EXPECT_EQ(blank_comments_and_literals("R\"(a\"b)\";"), "R      \";");
}

}  // namespace
}  // namespace isrd::tidy
