#include "flow/harness/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace isrd::flow {
namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++count;
  return count;
}

}  // namespace

Program::Program(std::vector<std::string> arguments, std::vector<std::string> environment) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  read_end_ = Fd(ends[0]);
  const Fd write_end(ends[1]);
  arguments.insert(arguments.begin(), ISRD_BINARY);
  environment.emplace_back("PATH=/usr/bin:/bin");
  // What a sanitizer was told holds for the child too.
  for (const char* name : {"TSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const char* value = ::getenv(name)) environment.push_back(std::string(name) + "=" + value);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, *write_end, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, *write_end, STDERR_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  const int error = ::posix_spawn(&pid_, ISRD_BINARY, &actions, nullptr, pointers(arguments).data(),
                                  pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("the binary does not start: " ISRD_BINARY);
}

Program::~Program() {
  if (ended_) return;
  signal(SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

void Program::signal(int number) const { ::kill(pid_, number); }

bool Program::wait_for_output(const std::string& text, std::size_t times) {
  const Deadline deadline;
  while (occurrences(output_, text) < times) {
    if (!wait_readable(read_end_, deadline)) return false;
    char buffer[4096];
    const ssize_t size = ::read(*read_end_, buffer, sizeof buffer);
    if (size <= 0) return false;
    output_.append(buffer, static_cast<std::size_t>(size));
  }
  return true;
}

int Program::wait() {
  // Its output ends when it does; reading it keeps it from being blocked by a full pipe.
  wait_for_output(std::string(1, '\0'));
  int status = 0;
  const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
  if (!ended) throw std::runtime_error("it does not end; it said: " + output_);
  ended_ = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

std::uint16_t Program::port_after(const std::string& text) {
  if (!wait_for_output(text)) throw std::runtime_error("it does not listen; it said: " + output_);
  const std::size_t at = output_.find(text) + text.size();
  wait_for_output("\n", occurrences(output_.substr(0, at), "\n") + 1);
  return static_cast<std::uint16_t>(std::stoul(output_.substr(at)));
}

Finished run(std::vector<std::string> arguments, std::vector<std::string> environment) {
  Program program(std::move(arguments), std::move(environment));
  Finished finished;
  finished.code = program.wait();
  finished.output = program.output();
  return finished;
}

}  // namespace isrd::flow
