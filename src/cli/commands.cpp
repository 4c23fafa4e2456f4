#include "cli/commands.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "admin/token.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/print.h"

namespace isrd::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int done = 0;
constexpr int failed = 1;
constexpr int used_wrongly = 2;

/// What a verb sends, and how its answer is said.
struct Verb {
  std::string_view name;
  Call (*call)(const Arguments&);
  bool (*print)(const Arguments&, const Reply&, std::ostream& out, std::ostream& err);
};

Call invalidate_call(const Arguments& arguments) {
  Json body = {{"mode", arguments.verb}};
  if (arguments.site) body["site"] = *arguments.site;
  if (arguments.all) {
    body["all"] = true;
  } else {
    body[arguments.prefix ? "prefixes" : "urls"] = arguments.operands;
  }
  return {"POST", "/v1/invalidate", body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Call stats_call(const Arguments&) { return {"GET", "/v1/stats", {}}; }
Call reload_call(const Arguments&) { return {"POST", "/v1/reload", {}}; }

constexpr std::array verbs = {
    Verb{"purge", invalidate_call, print_invalidated},
    Verb{"refresh", invalidate_call, print_invalidated},
    Verb{"expire", invalidate_call, print_invalidated},
    Verb{"stats", stats_call, print_stats},
    Verb{"reload", reload_call, print_reloaded},
};

/// Connects before it looks for the token: where nothing runs, that is what is to be said.
Result<Reply> ask(const Target& target, const Call& call) {
  auto client = Client::connect(target.address);
  if (!client) return client.error();
  if (!target.token.empty()) return client->send(call, target.token);
  const auto token = admin::read_token(target.token_file);
  if (!token)
    return Error{token.error().message + " (--token-file or ISR_ADMIN_TOKEN_FILE names another)"};
  return client->send(call, *token);
}

}  // namespace

bool is_client_verb(std::string_view verb) {
  return std::ranges::find(verbs, verb, &Verb::name) != verbs.end();
}

int run_client(std::span<const std::string_view> args) {
  return run_client(args, config::process_environment(), std::cout, std::cerr);
}

int run_client(std::span<const std::string_view> args, const config::Environment& environment,
               std::ostream& out, std::ostream& err) {
  const auto verb = args.empty() ? verbs.end() : std::ranges::find(verbs, args[0], &Verb::name);
  if (verb == verbs.end()) {
    err << "isrd: no such command\n";
    return used_wrongly;
  }
  const auto arguments = parse_arguments(args);
  if (!arguments) {
    err << "isrd: " << arguments.error().message << "\n";
    return used_wrongly;
  }
  if (arguments->help) {
    out << usage(verb->name);
    return done;
  }
  const auto target = find_target(*arguments, environment);
  if (!target) {
    err << "isrd: " << target.error().message << "\n";
    return used_wrongly;
  }
  const auto reply = ask(*target, verb->call(*arguments));
  if (!reply) {
    err << "isrd: " << reply.error().message << "\n";
    return failed;
  }
  const bool good = verb->print(*arguments, *reply, out, err);
  out.flush();
  return good && out ? done : failed;
}

}  // namespace isrd::cli
