#include "admin/token.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "base/log.h"

namespace isrd::admin {
namespace {

constexpr std::size_t token_bytes_max = 4096;

/// In the order of preference.
std::vector<std::string> default_places() {
  std::vector<std::string> places;
  const char* run = std::getenv("XDG_RUNTIME_DIR");
  if (run != nullptr && run[0] == '/') places.push_back(std::string(run) + "/isrd/admin.token");
  if (::geteuid() == 0) places.emplace_back("/run/isrd/admin.token");
  places.push_back(fmt::format("/tmp/isrd-{}/admin.token", ::geteuid()));
  return places;
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error wrong(const std::string& path, const std::string& what) {
  return Error{fmt::format("admin token file {}: {}", escape(path), what)};
}

Error failed(const std::string& path, const char* what) {
  return wrong(path, fmt::format("cannot be {}: {}", what, std::strerror(errno)));
}

Result<Done> check_content(const std::string& path, std::string_view token) {
  if (token.size() < token_bytes_min || token.size() >= token_bytes_max) {
    return wrong(path, fmt::format("holds {} characters; a token has {} to {}; remove the file "
                                   "and isrd makes a new one",
                                   token.size(), token_bytes_min, token_bytes_max - 1));
  }
  if (!std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; })) {
    return wrong(path,
                 "holds a space or a character outside of ASCII; a token travels in a header");
  }
  return Done{};
}

Result<Done> check_status(const std::string& path, int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return failed(path, "examined");
  if (!S_ISREG(status.st_mode)) return wrong(path, "is not a regular file");
  if ((status.st_mode & 077) != 0) {
    return wrong(path, fmt::format("has mode {:04o}, so that others than its owner may use it; "
                                   "run chmod 600 on it",
                                   status.st_mode & 07777));
  }
  const uid_t user = ::geteuid();
  if (user != 0 && status.st_uid != user && status.st_uid != 0) {
    return wrong(path, fmt::format("belongs to another user ({})", status.st_uid));
  }
  return Done{};
}

/// 32 random bytes in hex.
Result<std::string> random_token() {
  std::array<unsigned char, 32> bytes{};
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{fmt::format("no random bytes: {}", std::strerror(errno))};
    filled += static_cast<std::size_t>(got);
  }
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<Done> make_directory(const std::string& path) {
  const std::string directory = directory_of(path);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return wrong(path, fmt::format("its directory cannot be made: {}", std::strerror(errno)));
  }
  if (path != default_token_file()) return Done{};
  // The default may lie in /tmp, where anybody could have made the directory before us.
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) return failed(directory, "examined");
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 022) != 0) {
    return wrong(path,
                 "its directory is not one of this user alone; name another file "
                 "(admin.token_file)");
  }
  return Done{};
}

Result<std::string> make_token(const std::string& path) {
  const auto directory = make_directory(path);
  if (!directory) return directory.error();
  const auto token = random_token();
  if (!token) return token.error();
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.fd() < 0) {
    // Another isrd may have made it in this moment.
    if (errno == EEXIST) return read_token(path);
    return failed(path, "made");
  }
  if (::fchmod(file.fd(), 0600) != 0 || !write_all(file.fd(), *token + "\n")) {
    const auto error = failed(path, "written");
    ::unlink(path.c_str());  // an empty file would be refused by every later start
    return error;
  }
  log_info("made the admin token file {}", escape(path));
  return *token;
}

}  // namespace

std::string default_token_file() { return default_places().front(); }

std::string find_default_token_file() {
  const auto places = default_places();
  const auto is_there = [](const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
  };
  const auto found = std::ranges::find_if(places, is_there);
  return found == places.end() ? places.front() : *found;
}

Result<std::string> read_token(const std::string& path) {
  // O_NONBLOCK: a named pipe must not stop the start.
  const File file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (file.fd() < 0 && errno == ELOOP)
    return wrong(path, "is a symbolic link; name the file that it points to");
  if (file.fd() < 0) return failed(path, "read");
  const auto status = check_status(path, file.fd());
  if (!status) return status.error();
  std::string text(token_bytes_max + 1, '\0');
  const ssize_t got = ::pread(file.fd(), text.data(), text.size(), 0);
  if (got < 0) return failed(path, "read");
  text.resize(static_cast<std::size_t>(got));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  const auto content = check_content(path, text);
  if (!content) return content.error();
  return text;
}

Result<std::string> read_or_make_token(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) return make_token(path);
  return read_token(path);
}

Result<std::string> server_token(const AdminOptions& options) {
  if (options.token.empty()) {
    return read_or_make_token(options.token_file.empty() ? default_token_file()
                                                         : options.token_file);
  }
  if (options.token.size() < token_bytes_min) {
    return Error{
        fmt::format("the admin token is too short; it has {} characters or more", token_bytes_min)};
  }
  return options.token;
}

bool equal_in_constant_time(std::string_view secret, std::string_view given) {
  if (secret.empty()) return false;
  // volatile: the compiler may not leave the loop at the first difference.
  volatile unsigned char difference = secret.size() == given.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto bits = static_cast<unsigned char>(secret[i % secret.size()] ^ given[i]);
    difference = static_cast<unsigned char>(difference | bits);
  }
  return difference == 0;
}

}  // namespace isrd::admin
