#include "config/command_line.h"

#include <algorithm>
#include <array>

#include "config/later.h"

namespace isrd::config {
namespace {

struct Option {
  std::string_view name;
  std::string_view argument;  // empty: a switch
  std::string_view key;       // the configuration key that it is short for
  std::string_view text;
  bool repeatable = false;
  bool later = false;
};

constexpr std::array options = {
    Option{"--config", "FILE", "", "the configuration; without it the options below say it all"},
    Option{"--listen", "ADDR:PORT", "listen",
           "where clients connect (repeatable; default 0.0.0.0:8080)", true},
    Option{"--admin", "ADDR:PORT", "admin.listen",
           "the admin port (default 127.0.0.1:9090), or off"},
    Option{"--origin", "URL", "origins.*.url", "the origin: http://host:port or unix:/path"},
    Option{"--store", "DIR", "store.path", "comes with a later version", false, true},
    Option{"--memory", "SIZE", "store.memory", "the memory of the cache (default 512MiB)"},
    Option{"--disk", "SIZE", "store.disk", "comes with a later version", false, true},
    Option{"--workers", "N", "workers", "threads, or auto"},
    Option{"--preset", "NAME", "sites.*.preset", "comes with a later version", false, true},
    Option{"--fresh", "DURATION", "sites.*.fresh",
           "how long a page is served as it is, for every site outside of its routes"},
    Option{"--stale", "DURATION", "sites.*.stale",
           "how long after that it is served while it is regenerated behind"},
    Option{"--token-file", "FILE", "admin.token_file", "the file of the admin port's token"},
};
constexpr Option docs_option{"--docs", "", "", "print the reference of all keys (Markdown)"};
constexpr Option effective_option{"--effective", "", "",
                                  "print what is in force, secrets masked (YAML)"};
constexpr Option help_option{"--help", "", "", "print this"};

std::string_view name_of(Command command) {
  switch (command) {
    case Command::serve:
      return "serve";
    case Command::check:
      return "check";
    case Command::config:
      return "config";
  }
  return "";
}

std::vector<Option> options_of(Command command) {
  std::vector<Option> result(options.begin(), options.end());
  if (command == Command::config) {
    result.push_back(docs_option);
    result.push_back(effective_option);
  }
  result.push_back(help_option);
  return result;
}

class Reader {
 public:
  Reader(Command command, const std::vector<std::string>& arguments)
      : command_(command), arguments_(arguments), known_(options_of(command)) {}

  Result<CommandLine> run() {
    while (next_ < arguments_.size()) {
      const std::string& argument = arguments_[next_++];
      const bool is_option = argument.starts_with("-") && argument != "-";
      const std::string wrong = is_option ? option(argument) : operand(argument);
      if (!wrong.empty()) return Error{wrong};
    }
    const std::string wrong = whole();
    if (!wrong.empty()) return Error{wrong};
    return std::move(line_);
  }

 private:
  /// Takes one option with its value; the answer is what is wrong, or empty. So are those below.
  std::string option(const std::string& argument) {
    const std::size_t equals = argument.find('=');
    const std::string name = argument == "-h" ? "--help" : argument.substr(0, equals);
    const auto found = std::ranges::find(known_, name, &Option::name);
    if (found == known_.end()) return unknown(name);
    if (found->later) {
      return name + " (" + std::string(found->key) +
             ") comes with a later version of isrd; leave it out until then";
    }
    if (found->argument.empty()) {
      if (equals != std::string::npos) return name + " takes no value; write it alone";
      return flag(*found);
    }
    std::optional<std::string> value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (next_ < arguments_.size() && !arguments_[next_].starts_with("--")) {
      value = arguments_[next_++];
    }
    if (!value || value->empty())
      return name + " needs a value; write " + name + " " + std::string(found->argument);
    return take(*found, *value);
  }

  std::string take(const Option& option, const std::string& value) {
    if (!option.repeatable && std::ranges::find(seen_, option.name) != seen_.end()) {
      return std::string(option.name) + " stands there twice; write it once";
    }
    seen_.push_back(option.name);
    if (option.key.empty()) return file(value);
    line_.overrides.settings.push_back({std::string(option.key), value, std::string(option.name)});
    return {};
  }

  std::string flag(const Option& option) {
    if (option.name == docs_option.name) line_.docs = true;
    if (option.name == effective_option.name) line_.effective = true;
    if (option.name == help_option.name) line_.help = true;
    return {};
  }

  std::string operand(const std::string& argument) {
    if (command_ == Command::serve) {
      return "serve takes no argument " + in_quotes(argument) +
             "; write --config FILE or --origin URL";
    }
    return file(argument);
  }

  std::string file(const std::string& path) {
    if (line_.file) return "a second file " + in_quotes(path) + "; name one configuration file";
    if (path.empty()) return "the name of the file is empty; name a configuration file";
    line_.file = path;
    return {};
  }

  std::string unknown(const std::string& name) const {
    std::vector<std::string> names;
    for (const Option& each : known_) names.emplace_back(each.name);
    const std::string near = nearest(name, names);
    const std::string command(name_of(command_));
    return name + " is not an option of " + command + "; " +
           (near.empty() ? "see isrd " + command + " --help" : "did you mean " + near + "?");
  }

  /// What only the whole can show.
  std::string whole() const {
    if (line_.help) return {};
    if (command_ == Command::check && !line_.file)
      return "check needs a file; write isrd check FILE";
    if (command_ == Command::config && line_.docs == line_.effective) {
      return "config needs --docs or --effective, one of them";
    }
    return {};
  }

  Command command_;
  const std::vector<std::string>& arguments_;
  std::vector<Option> known_;
  std::size_t next_ = 0;
  std::vector<std::string_view> seen_;
  CommandLine line_;
};

}  // namespace

Result<CommandLine> parse_command_line(Command command, const std::vector<std::string>& arguments) {
  return Reader(command, arguments).run();
}

std::string usage(Command command) {
  const std::string name(name_of(command));
  std::string text = "usage: isrd " + name;
  if (command == Command::check) text += " FILE";
  if (command == Command::config) text += " (--docs | --effective) [FILE]";
  text += " [options]\n\n";
  for (const Option& option : options_of(command)) {
    std::string left = "  " + std::string(option.name);
    if (!option.argument.empty()) left += " " + std::string(option.argument);
    left.resize(std::max<std::size_t>(left.size() + 1, 24), ' ');
    text += left + std::string(option.text) + "\n";
  }
  return text;
}

LoadResult load(const CommandLine& line, const Environment& environment) {
  if (line.file) return load_file(*line.file, environment, line.overrides);
  return load_without_file(environment, line.overrides);
}

}  // namespace isrd::config
