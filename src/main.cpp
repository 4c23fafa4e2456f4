// The program: `isrd serve` runs the daemon, `isrd check` and `isrd config` look at a
// configuration, the other verbs talk to a running isrd through its admin port.
#include <csignal>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "app.h"
#include "base/log.h"
#include "cli/commands.h"
#include "config/command_line.h"
#include "config/printer.h"
#include "net/front_end.h"

namespace {

using isrd::config::Command;

constexpr int exit_config = 2;

constexpr std::string_view usage_text = R"(isrd: an ISR cache in front of any origin

  isrd serve --origin http://127.0.0.1:8000 [--fresh 10s --stale 1h]
  isrd serve --config /etc/isrd/isrd.yaml
  isrd check FILE              say everything that is wrong with a configuration
  isrd config --docs           the reference of all options
  isrd config --effective      what is in force, secrets masked
  isrd purge|refresh|expire URL...
  isrd stats                   what a running isrd has done
  isrd reload                  read the configuration file again
  isrd version

`isrd VERB --help` says more.
)";

void print(const std::vector<isrd::config::Diagnostic>& diagnostics) {
  for (const auto& diagnostic : diagnostics) {
    std::fprintf(stderr, "%s\n", isrd::config::to_string(diagnostic).c_str());
  }
}

/// The effective configuration by top-level key, as printed.
std::map<std::string, std::string> sections(const isrd::config::Config& config) {
  std::map<std::string, std::string> found;
  std::istringstream text(isrd::config::effective(config));
  std::string key;
  for (std::string line; std::getline(text, line);) {
    const bool is_key = !line.empty() && line[0] >= 'a' && line[0] <= 'z';
    if (is_key) key = line.substr(0, line.find(':'));
    found[key] += line + "\n";
  }
  return found;
}

/// The top-level keys whose values differ.
std::vector<std::string> changed_keys(const isrd::config::Config& before,
                                      const isrd::config::Config& after) {
  const auto old = sections(before);
  std::vector<std::string> changed;
  for (const auto& [key, text] : sections(after)) {
    const auto found = old.find(key);
    if (found == old.end() || found->second != text) changed.push_back(key);
  }
  return changed;
}

isrd::admin::ReloadReport reload_file(isrd::App& app, const isrd::config::CommandLine& line,
                                      isrd::config::Config& in_force) {
  isrd::admin::ReloadReport report;
  isrd::config::LoadResult loaded = isrd::config::load(line);
  for (const auto& error : loaded.errors) {
    report.errors.push_back({error.file, error.line, error.column, error.key, error.message});
  }
  if (loaded.config) {
    const auto done = app.reload(*loaded.config);
    if (done) {
      report.ok = true;
      report.changed = changed_keys(in_force, *loaded.config);
      in_force = std::move(*loaded.config);
    } else {
      report.errors.push_back({line.file.value_or(""), 0, 0, "", done.error().message});
    }
  }
  if (report.ok) {
    isrd::log_info("reloaded the configuration");
  } else {
    for (const auto& error : report.errors) {
      isrd::log_error("reload refused: {}",
                      isrd::config::to_string(isrd::config::Diagnostic{
                          error.file, error.line, error.column, error.key, error.message}));
    }
  }
  return report;
}

/// Waits for signals until one ends the program.
void run_until_told(isrd::App& app, const isrd::config::CommandLine& line,
                    isrd::config::Config config, const sigset_t& signals) {
  app.on_reload([&] { return reload_file(app, line, config); });
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGHUP) {
      app.reload_from_file();
      continue;
    }
    const auto drain_limit = app.drain_limit();
    isrd::log_info("stopping: open requests have {} s",
                   std::chrono::duration<double>(drain_limit).count());
    app.drain(drain_limit);
    app.on_reload({});  // it refers to what ends here
    return;
  }
}

int serve(const std::vector<std::string>& arguments) {
  auto line = isrd::config::parse_command_line(Command::serve, arguments);
  if (!line) {
    std::fprintf(stderr, "isrd serve: %s\n", line.error().message.c_str());
    return exit_config;
  }
  if (line->help) {
    std::fputs(isrd::config::usage(Command::serve).c_str(), stdout);
    return 0;
  }
  isrd::config::LoadResult loaded = isrd::config::load(*line);
  print(loaded.warnings);
  if (!loaded.config) {
    print(loaded.errors);
    return exit_config;
  }
  // Blocked in every thread, so that only sigwait sees them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  isrd::configure_log(loaded.config->log);
  auto app = isrd::App::start(*loaded.config);
  if (!app) {
    std::fprintf(stderr, "isrd: %s\n", app.error().message.c_str());
    return 1;
  }
  for (const auto& address : (*app)->listening()) {
    isrd::log_info("isrd {} listens on {}", ISRD_VERSION, isrd::net::to_string(address));
  }
  if (loaded.config->admin.enabled) {
    isrd::log_info("admin port: {}", isrd::net::to_string((*app)->admin_listening()));
  }
  run_until_told(**app, *line, *loaded.config, signals);
  return 0;
}

int check(const std::vector<std::string>& arguments) {
  auto line = isrd::config::parse_command_line(Command::check, arguments);
  if (!line) {
    std::fprintf(stderr, "isrd check: %s\n", line.error().message.c_str());
    return exit_config;
  }
  if (line->help) {
    std::fputs(isrd::config::usage(Command::check).c_str(), stdout);
    return 0;
  }
  const isrd::config::LoadResult loaded = isrd::config::load(*line);
  print(loaded.warnings);
  print(loaded.errors);
  if (!loaded.config) return exit_config;
  std::printf("%s: ok\n", line->file.value_or("configuration").c_str());
  return 0;
}

int show_config(const std::vector<std::string>& arguments) {
  auto line = isrd::config::parse_command_line(Command::config, arguments);
  if (!line) {
    std::fprintf(stderr, "isrd config: %s\n", line.error().message.c_str());
    return exit_config;
  }
  if (line->docs) {
    std::fputs(isrd::config::docs().c_str(), stdout);
    return 0;
  }
  if (line->help || !line->effective) {
    std::fputs(isrd::config::usage(Command::config).c_str(), line->help ? stdout : stderr);
    return line->help ? 0 : exit_config;
  }
  const isrd::config::LoadResult loaded = isrd::config::load(*line);
  print(loaded.errors);
  if (!loaded.config) return exit_config;
  std::fputs(isrd::config::effective(*loaded.config).c_str(), stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> all(argv + 1, argv + argc);
  if (all.empty()) {
    std::fputs(usage_text.data(), stderr);
    return exit_config;
  }
  const std::string& verb = all[0];
  const std::vector<std::string> rest(all.begin() + 1, all.end());
  if (verb == "help" || verb == "--help" || verb == "-h") {
    std::fputs(usage_text.data(), stdout);
    return 0;
  }
  if (verb == "version" || verb == "--version") {
    std::printf("isrd %s\n", ISRD_VERSION);
    return 0;
  }
  if (verb == "serve") return serve(rest);
  if (verb == "check") return check(rest);
  if (verb == "config") return show_config(rest);
  for (const std::string_view client : {"purge", "refresh", "expire", "stats", "reload"}) {
    if (verb == client) {
      const std::vector<std::string_view> views(all.begin(), all.end());
      return isrd::cli::run_client(views);
    }
  }
  std::fprintf(stderr, "isrd: unknown verb '%s'\n\n%s", isrd::escape(verb).c_str(),
               usage_text.data());
  return exit_config;
}
