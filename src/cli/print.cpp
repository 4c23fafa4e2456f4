#include "cli/print.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/log.h"
#include "config/diagnostic.h"

namespace isrd::cli {
namespace {

using Json = nlohmann::ordered_json;

Json parse(const Reply& reply) { return Json::parse(reply.body, nullptr, false); }

/// A member of any depth ("/tiers/memory/bytes"), or a null where the answer has none.
const Json& at(const Json& value, const char* pointer) {
  static const Json none;
  const Json::json_pointer path(pointer);
  return value.contains(path) ? value[path] : none;
}

std::uint64_t number(const Json& value, const char* pointer) {
  const Json& found = at(value, pointer);
  return found.is_number() ? found.get<std::uint64_t>() : 0;
}

std::string text(const Json& value, const char* pointer) {
  const Json& found = at(value, pointer);
  return found.is_string() ? found.get<std::string>() : std::string();
}

void print_error(const Reply& reply, std::ostream& err) {
  const std::string message = text(parse(reply), "/error/message");
  err << "isrd: "
      << (message.empty() ? fmt::format("the admin port answers {}", reply.status)
                          : escape(message))
      << "\n";
}

std::string seconds(const Json& value) {
  if (!value.is_number()) return "-";
  const auto s = value.get<double>();
  if (s < 0.001) return fmt::format("{:.0f} us", s * 1e6);
  return s < 1 ? fmt::format("{:.1f} ms", s * 1e3) : fmt::format("{:.2f} s", s);
}

/// Rounded to one decimal, unlike config::print_size, which prints only what it can read again.
std::string size_words(std::uint64_t bytes) {
  constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string quantiles(const Json& value) {
  return fmt::format("p50 {}, p95 {}, p99 {}", seconds(at(value, "/p50")),
                     seconds(at(value, "/p95")), seconds(at(value, "/p99")));
}

void print_items(const Arguments& arguments, const Json& items, std::ostream& err) {
  for (const Json& item : items) {
    const std::uint64_t index = number(item, "/error/item");
    const bool known = index < arguments.operands.size();
    const std::string message = text(item, "/error/message");
    err << "isrd: " << (message.empty() && known ? arguments.operands[index] : escape(message))
        << "\n";
  }
}

void print_origins(const Json& origins, std::ostream& out) {
  if (!origins.is_object()) return;
  for (const auto& [name, origin] : origins.items()) {
    out << fmt::format("origin         {}: {}, {} of {} connections in use, {} idle\n",
                       escape(name), escape(text(origin, "/status")), number(origin, "/in_use"),
                       number(origin, "/limit"), number(origin, "/idle"));
  }
}

}  // namespace

bool print_invalidated(const Arguments& arguments, const Reply& reply, std::ostream& out,
                       std::ostream& err) {
  const Json answer = parse(reply);
  const Json& items = at(answer, "/items");
  if (reply.status != 200) {
    if (items.is_array() && !items.empty() && reply.status == 400) {
      print_items(arguments, items, err);
    } else if (at(answer, "/durable") == Json(false)) {
      err << "isrd: done in memory, but it could not be written down; it may not outlive a "
             "restart\n";
    } else {
      print_error(reply, err);
    }
    return false;
  }
  const std::string_view doing = arguments.verb == "purge"    ? "purged"
                                 : arguments.verb == "expire" ? "expired"
                                                              : "refreshing";
  if (at(answer, "/matched").is_null()) {
    out << doing << ": accepted, goes on in the background\n";
  } else {
    const std::uint64_t matched = number(answer, "/matched");
    out << fmt::format("{} {} {}\n", doing, matched, matched == 1 ? "entry" : "entries");
  }
  print_items(arguments, items, err);
  return items.empty();
}

bool print_stats(const Arguments& arguments, const Reply& reply, std::ostream& out,
                 std::ostream& err) {
  const Json stats = parse(reply);
  if (reply.status != 200 || !stats.is_object()) {
    print_error(reply, err);
    return false;
  }
  if (arguments.json) {
    out << reply.body;
    return true;
  }
  const Json& rate = at(stats, "/hit_rate");
  out << fmt::format("requests       {}, {:.1f} % from the cache\n", number(stats, "/requests"),
                     rate.is_number() ? rate.get<double>() * 100 : 0.0);
  out << "by cache       ";
  std::string_view separator;
  for (const auto& [name, count] : at(stats, "/by_cache").items()) {
    out << separator << escape(name) << ' ' << (count.is_number() ? count.get<std::uint64_t>() : 0);
    separator = ", ";
  }
  out << fmt::format("\nhits           {}\n", quantiles(at(stats, "/latency/hit")));
  out << fmt::format("generation     {}\n", quantiles(at(stats, "/generation")));
  out << fmt::format("joined         {} waited for another's fetch, {} fetched beside one\n",
                     number(stats, "/coalesced"), number(stats, "/duplicate_fetches"));
  out << fmt::format("regenerations  {} done, {} failed, {} running, {} waiting\n",
                     number(stats, "/regenerations/ok"), number(stats, "/regenerations/failed"),
                     number(stats, "/queue/running"), number(stats, "/queue/waiting"));
  out << fmt::format("memory         {} entries, {} of {}\n",
                     number(stats, "/tiers/memory/entries"),
                     size_words(number(stats, "/tiers/memory/bytes")),
                     size_words(number(stats, "/tiers/memory/limit_bytes")));
  out << fmt::format("connections    {}\n", number(stats, "/connections"));
  print_origins(at(stats, "/origins"), out);
  return true;
}

bool print_reloaded(const Arguments&, const Reply& reply, std::ostream& out, std::ostream& err) {
  const Json answer = parse(reply);
  if (reply.status == 200) {
    std::string names;
    for (const Json& name : at(answer, "/changed")) {
      if (name.is_string()) names += (names.empty() ? "" : ", ") + escape(name.get<std::string>());
    }
    out << (names.empty() ? "reloaded: nothing changed" : "reloaded: " + names) << "\n";
    return true;
  }
  const Json& errors = at(answer, "/errors");
  if (!errors.is_array() || errors.empty()) {
    print_error(reply, err);
    return false;
  }
  for (const Json& error : errors) {
    config::Diagnostic diagnostic;
    diagnostic.file = escape(text(error, "/file"));
    diagnostic.line = static_cast<int>(number(error, "/line"));
    diagnostic.column = static_cast<int>(number(error, "/column"));
    diagnostic.key = escape(text(error, "/key"));
    diagnostic.message = escape(text(error, "/message"));
    err << config::to_string(diagnostic) << "\n";
  }
  err << "isrd: the configuration in force stays as it was\n";
  return false;
}

}  // namespace isrd::cli
