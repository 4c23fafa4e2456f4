// The token file: made once with the right mode, refused when others could read or replace it.
#include "admin/token.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace isrd::admin {
namespace {

using ::testing::HasSubstr;

class TokenFile : public ::testing::Test {
 protected:
  TokenFile() {
    char name[] = "/tmp/isrd-token-XXXXXX";
    directory_ = ::mkdtemp(name);
    path_ = directory_ + "/admin.token";
  }
  ~TokenFile() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), mode);
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    ::lstat(path.c_str(), &status);
    return status.st_mode & 07777;
  }
  std::string refusal() const {
    const auto token = read_or_make_token(path_);
    if (token) return "no refusal";
    EXPECT_THAT(token.error().message, HasSubstr(path_));
    EXPECT_EQ(token.error().message.find('\n'), std::string::npos);
    return token.error().message;
  }

  const std::string good_ = std::string(40, 'k');
  std::string directory_;
  std::string path_;
};

TEST_F(TokenFile, is_made_with_its_directory) {
  path_ = directory_ + "/run/admin.token";
  const auto token = read_or_make_token(path_);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->size(), 64u);
  EXPECT_EQ(token->find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(mode_of(path_), 0600u);
  EXPECT_EQ(mode_of(directory_ + "/run"), 0700u);
  EXPECT_EQ(*read_or_make_token(path_), *token) << "the second start reads it";
  EXPECT_EQ(*read_token(path_), *token);
}

TEST_F(TokenFile, two_files_hold_two_tokens) {
  EXPECT_NE(*read_or_make_token(path_), *read_or_make_token(directory_ + "/other"));
}

TEST_F(TokenFile, the_mask_of_the_process_does_not_matter) {
  const mode_t before = ::umask(0277);
  const auto token = read_or_make_token(path_);
  ::umask(before);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(mode_of(path_), 0600u);
}

TEST_F(TokenFile, a_line_feed_at_the_end_does_not_count) {
  write(good_ + "\r\n");
  EXPECT_EQ(*read_or_make_token(path_), good_);
}

TEST_F(TokenFile, refuses_what_others_may_use) {
  for (const mode_t mode : {0640, 0604, 0620, 0666}) {
    write(good_, mode);
    EXPECT_THAT(refusal(), HasSubstr("chmod 600")) << mode;
  }
}

TEST_F(TokenFile, refuses_a_symbolic_link) {
  const std::string real = directory_ + "/real";
  ASSERT_TRUE(read_or_make_token(real));
  std::filesystem::create_symlink(real, path_);
  EXPECT_THAT(refusal(), HasSubstr("symbolic link"));
}

TEST_F(TokenFile, a_link_to_nowhere_is_not_filled) {
  std::filesystem::create_symlink(directory_ + "/nowhere", path_);
  EXPECT_THAT(refusal(), HasSubstr("symbolic link"));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/nowhere"));
}

TEST_F(TokenFile, refuses_what_is_no_file) {
  std::filesystem::create_directory(path_);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
}

TEST_F(TokenFile, refuses_a_weak_or_unsendable_token) {
  write("");
  EXPECT_THAT(refusal(), HasSubstr("holds 0 characters"));
  write(std::string(31, 'k'));
  EXPECT_THAT(refusal(), HasSubstr("holds 31 characters"));
  write(std::string(5000, 'k'));
  EXPECT_THAT(refusal(), HasSubstr("a token has 32 to 4095"));
  write(good_ + " " + good_);
  EXPECT_THAT(refusal(), HasSubstr("a space"));
  write(good_ + "\n" + good_);
  EXPECT_THAT(refusal(), HasSubstr("a space"));
}

TEST_F(TokenFile, says_when_the_directory_cannot_be_made) {
  path_ = directory_ + "/a/b/admin.token";
  EXPECT_THAT(refusal(), HasSubstr("directory cannot be made: No such file"));
}

TEST_F(TokenFile, reading_makes_nothing) {
  const auto token = read_token(path_);
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error().message, HasSubstr("No such file"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(TokenFile, the_token_of_the_environment_wins) {
  AdminOptions options;
  options.token_file = path_;
  options.token = good_;
  EXPECT_EQ(*server_token(options), good_);
  EXPECT_FALSE(std::filesystem::exists(path_));
  options.token = "short";
  EXPECT_FALSE(server_token(options));
  options.token.clear();
  const std::string made = *server_token(options);
  EXPECT_EQ(*read_token(path_), made);
}

/// Sets XDG_RUNTIME_DIR for one test.
class DefaultTokenFile : public TokenFile {
 protected:
  DefaultTokenFile() {
    if (const char* before = std::getenv("XDG_RUNTIME_DIR")) before_ = before;
    ::setenv("XDG_RUNTIME_DIR", directory_.c_str(), 1);
  }
  ~DefaultTokenFile() override {
    if (before_.empty()) {
      ::unsetenv("XDG_RUNTIME_DIR");
    } else {
      ::setenv("XDG_RUNTIME_DIR", before_.c_str(), 1);
    }
  }
  std::string before_;
};

TEST_F(DefaultTokenFile, lies_in_the_run_directory) {
  EXPECT_EQ(default_token_file(), directory_ + "/isrd/admin.token");
  const auto token = server_token({});
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(*read_token(default_token_file()), *token);
  ::setenv("XDG_RUNTIME_DIR", "not/absolute", 1);
  EXPECT_TRUE(default_token_file() == "/run/isrd/admin.token" ||
              default_token_file().starts_with("/tmp/isrd-"));
}

TEST_F(DefaultTokenFile, is_found_by_a_reader_only_where_it_is) {
  EXPECT_NE(find_default_token_file(), "");
  ASSERT_TRUE(server_token({}));
  EXPECT_EQ(find_default_token_file(), directory_ + "/isrd/admin.token");
}

TEST_F(DefaultTokenFile, is_not_made_in_a_directory_that_others_may_write) {
  path_ = default_token_file();
  std::filesystem::create_directory(directory_ + "/isrd");
  ::chmod((directory_ + "/isrd").c_str(), 0777);
  EXPECT_THAT(refusal(), HasSubstr("not one of this user alone"));
}

TEST(ConstantTime, compares_every_byte) {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  EXPECT_TRUE(equal_in_constant_time(secret, secret));
  for (std::size_t i = 0; i < secret.size(); ++i) {
    std::string other = secret;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(equal_in_constant_time(secret, other)) << i;
  }
}

TEST(ConstantTime, compares_the_length) {
  const std::string secret(32, 'a');
  EXPECT_FALSE(equal_in_constant_time(secret, ""));
  EXPECT_FALSE(equal_in_constant_time(secret, std::string(31, 'a')));
  EXPECT_FALSE(equal_in_constant_time(secret, std::string(33, 'a')));
  // Repeating the secret is not the secret: the index wraps, the length does not.
  EXPECT_FALSE(equal_in_constant_time(secret, secret + secret));
  EXPECT_FALSE(equal_in_constant_time(secret, std::string(32 + 256, 'a')));
  EXPECT_FALSE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time("", "a"));
}

}  // namespace
}  // namespace isrd::admin
