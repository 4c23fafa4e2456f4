#include "cli/arguments.h"

#include <algorithm>
#include <array>

#include "admin/options.h"
#include "admin/token.h"
#include "config/addresses.h"
#include "config/diagnostic.h"
#include "config/loader.h"

namespace isrd::cli {
namespace {

/// The verbs that an option belongs to.
enum Verbs : unsigned { invalidations = 1, stats = 2, reload = 4, every = 7 };

struct Option {
  std::string_view name;
  std::string_view argument;  // empty: a switch
  unsigned verbs;
  std::string_view text;
  std::optional<std::string> Arguments::*value;
  bool Arguments::*flag;
};

constexpr std::array options = {
    Option{"--prefix", "", invalidations, "the arguments are prefixes: every URL that begins so",
           nullptr, &Arguments::prefix},
    Option{"--all", "", invalidations, "every entry, of one site with --site", nullptr,
           &Arguments::all},
    Option{"--site", "NAME", invalidations, "only of this site", &Arguments::site, nullptr},
    Option{"--json", "", stats, "print what the admin port answers", nullptr, &Arguments::json},
    Option{"--admin", "ADDR:PORT", every, "the admin port, or unix:/path (default 127.0.0.1:9090)",
           &Arguments::admin, nullptr},
    Option{"--token-file", "FILE", every, "the file of its token", &Arguments::token_file, nullptr},
    Option{"--config", "FILE", every, "the configuration that names both", &Arguments::config,
           nullptr},
    Option{"--help", "", every, "print this", nullptr, &Arguments::help},
};

Verbs group_of(std::string_view verb) {
  if (verb == "stats") return stats;
  return verb == "reload" ? reload : invalidations;
}

std::string unknown(const std::string& name, const std::string& verb) {
  std::vector<std::string> names;
  for (const Option& each : options) {
    if ((each.verbs & group_of(verb)) != 0) names.emplace_back(each.name);
  }
  const std::string near = config::nearest(name, names);
  return config::in_quotes(name) + " is not an option of " + verb + "; " +
         (near.empty() ? "see isrd " + verb + " --help" : "did you mean " + near + "?");
}

/// Takes args[next] and its value, if it has one. The answer is what is wrong, or empty.
std::string take_option(std::span<const std::string_view> args, std::size_t& next,
                        Arguments& result) {
  const std::string_view argument = args[next++];
  const std::size_t equals = argument.find('=');
  const std::string name(argument == "-h" ? "--help" : argument.substr(0, equals));
  const auto found = std::ranges::find(options, name, &Option::name);
  if (found == options.end() || (found->verbs & group_of(result.verb)) == 0)
    return unknown(name, result.verb);
  if (found->flag != nullptr) {
    if (equals != std::string_view::npos) return name + " takes no value; write it alone";
    result.*found->flag = true;
    return {};
  }
  std::optional<std::string>& value = result.*found->value;
  if (value) return name + " stands there twice; write it once";
  if (equals != std::string_view::npos) {
    value = argument.substr(equals + 1);
  } else if (next < args.size()) {
    value = args[next++];
  }
  if (!value || value->empty())
    return name + " needs a value; write " + name + " " + std::string(found->argument);
  return {};
}

/// What only the whole can show.
std::string check_whole(const Arguments& arguments) {
  if (arguments.help) return {};
  const std::string& verb = arguments.verb;
  if (group_of(verb) != invalidations) {
    if (arguments.operands.empty()) return {};
    return verb + " takes no argument " + config::in_quotes(arguments.operands.front());
  }
  if (arguments.all && (arguments.prefix || !arguments.operands.empty()))
    return "--all stands alone; URLs and prefixes are a part of it";
  if (!arguments.all && arguments.operands.empty())
    return verb + " needs a URL; write isrd " + verb + " http://www.example.org/page, or --all";
  return {};
}

Result<net::Address> read_address(const std::string& text, const std::string& from) {
  auto address = config::parse_address(text);
  if (!address) return Error{from + ": " + address.error().message};
  return address;
}

Result<admin::AdminOptions> read_config(const std::string& file,
                                        const config::Environment& environment) {
  const config::LoadResult loaded = config::load_file(file, environment);
  if (loaded.config) return loaded.config->admin;
  std::string message = config::to_string(loaded.errors.front());
  if (loaded.errors.size() > 1) message += " (isrd check tells all errors)";
  return Error{message};
}

}  // namespace

Result<Arguments> parse_arguments(std::span<const std::string_view> args) {
  Arguments result;
  result.verb = args.front();
  bool only_operands = false;
  for (std::size_t next = 1; next < args.size();) {
    const std::string_view argument = args[next];
    if (only_operands || !argument.starts_with('-')) {
      result.operands.emplace_back(argument);
      ++next;
    } else if (argument == "--") {
      only_operands = true;
      ++next;
    } else if (std::string wrong = take_option(args, next, result); !wrong.empty()) {
      return Error{std::move(wrong)};
    }
  }
  std::string wrong = check_whole(result);
  if (!wrong.empty()) return Error{std::move(wrong)};
  return result;
}

std::string usage(std::string_view verb) {
  const Verbs group = group_of(verb);
  std::string text = "usage: isrd " + std::string(verb);
  if (group == invalidations) text += " (URL... | --prefix PREFIX... | --all)";
  text += " [options]\n\n";
  for (const Option& option : options) {
    if ((option.verbs & group) == 0) continue;
    std::string left = "  " + std::string(option.name) + " " + std::string(option.argument);
    left.resize(std::max<std::size_t>(left.size() + 1, 24), ' ');
    text += left + std::string(option.text) + "\n";
  }
  return text;
}

Result<Target> find_target(const Arguments& arguments, const config::Environment& environment) {
  admin::AdminOptions known;
  if (arguments.config) {
    auto configured = read_config(*arguments.config, environment);
    if (!configured) return configured.error();
    known = std::move(*configured);
  }
  Target target{known.listen, known.token, known.token_file};
  const auto variable = [&](const char* name) {
    auto value = environment.lookup(name);
    return value && !value->empty() ? value : std::nullopt;
  };
  const auto listen = variable("ISR_ADMIN_LISTEN");
  if (arguments.admin || listen) {
    auto address = arguments.admin ? read_address(*arguments.admin, "--admin")
                                   : read_address(*listen, "ISR_ADMIN_LISTEN");
    if (!address) return address.error();
    target.address = std::move(*address);
  } else if (!known.enabled) {
    return Error{"the admin port is off in " + *arguments.config + " (admin.listen)"};
  }
  if (const auto file = variable("ISR_ADMIN_TOKEN_FILE")) target.token_file = *file;
  if (const auto token = variable("ISR_ADMIN_TOKEN")) target.token = *token;
  if (arguments.token_file) {
    target.token_file = *arguments.token_file;
    target.token.clear();
  }
  if (target.token_file.empty()) target.token_file = admin::find_default_token_file();
  return target;
}

}  // namespace isrd::cli
