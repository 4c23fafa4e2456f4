// The rows of the daemon itself: where it listens, its deadlines and limits, its admin port, its
// store, its logs.
#include "config/row.h"
#include "config/schema_groups.h"
#include "http/limits.h"

namespace isrd::config {
namespace {

using admin::AdminOptions;
using net::LimitOptions;
using net::TimeoutOptions;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::size_t token_bytes_min = 32;
constexpr Bounds<milliseconds> deadline = {milliseconds(10), hours(1)};

Row listen_row() {
  Row row;
  row.path = "listen";
  row.type = "list of addresses";
  row.text =
      "Where clients connect: `0.0.0.0:8080`, `[::]:8080`, `:8080` (every IPv4 address) or "
      "`unix:/path`. "
      "IPv6 has its own socket: name both for both.";
  row.list = true;
  row.restart = true;
  row.set = [](Config& config, const Place&, std::string_view written) -> std::string {
    auto address = parse_address(written);
    if (!address) return address.error().message;
    config.listen.push_back(*address);
    return {};
  };
  row.clear = [](Config& config, const Place&) { config.listen.clear(); };
  row.get = [](const Config& config, const Place&) {
    std::vector<std::string> written;
    for (const net::Address& address : config.listen) written.push_back(print_address(address));
    return written;
  };
  return row;
}

Row needs_restart(Row row) {
  row.restart = true;
  return row;
}

Row workers_row() {
  constexpr Bounds<std::uint64_t> bounds = {1, 256};
  Row row = scalar(
      "workers", "integer or auto", top<&Config::workers>,
      [=](std::string_view written) -> Result<std::uint64_t> {
        if (written == "auto") return std::uint64_t{0};
        auto value = bounded(bounds, parse_integer, print_integer)(written);
        if (!value) return Error{value.error().message + ", or auto"};
        return value;
      },
      [](std::uint64_t value) { return std::vector{value == 0 ? "auto" : print_integer(value)}; },
      "Threads; `auto` is one for each core.");
  row.bounds = print_bounds(bounds, print_integer);
  row.restart = true;
  return row;
}

Row admin_listen_row() {
  Row row;
  row.path = "admin.listen";
  row.type = "address or off";
  row.text =
      "The admin port: health, metrics, statistics, invalidation, reload. Keep it on loopback; "
      "`off` closes it.";
  row.restart = true;
  row.set = [](Config& config, const Place&, std::string_view written) -> std::string {
    config.admin.enabled = written != "off" && written != "false";
    if (!config.admin.enabled) return {};
    auto address = parse_address(written);
    if (!address) return address.error().message + ", or off";
    config.admin.listen = *address;
    return {};
  };
  row.get = [](const Config& config, const Place&) {
    return std::vector{config.admin.enabled ? print_address(config.admin.listen) : "off"};
  };
  return row;
}

Result<std::string> parse_file_name(std::string_view written) {
  if (written.empty()) return Error{"is empty; write the path of a file"};
  return std::string(written);
}

/// The value is never repeated in a message.
Result<std::string> parse_token(std::string_view written) {
  if (written.size() < token_bytes_min)
    return Error{"is too short; a token has 32 characters or more"};
  const bool good = std::ranges::all_of(written, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!good)
    return Error{"has a space or a character outside of ASCII; a token travels in a header"};
  return std::string(written);
}

}  // namespace

Group listening_group() {
  return {
      "Listening",
      "",
      {listen_row(), workers_row(),
       strings("trusted_proxies", "list of networks", top<&Config::trusted_proxies>, parse_network,
               "Peers whose `X-Forwarded-*` and `Forwarded` are believed; from all others they are "
               "dropped. "
               "`unix:` means every peer on a unix socket.")}};
}

Group timeout_group() {
  return {
      "timeouts",
      "Deadlines of the client's side. None is infinite.",
      {duration("timeouts.head", top<&Config::timeouts, &TimeoutOptions::head>, deadline,
                "How long a whole request head may take."),
       duration("timeouts.body", top<&Config::timeouts, &TimeoutOptions::body>, deadline,
                "How long a client may pause within a request body."),
       duration("timeouts.write", top<&Config::timeouts, &TimeoutOptions::write>, deadline,
                "How long a client may take no byte of its response."),
       duration("timeouts.keep_alive", top<&Config::timeouts, &TimeoutOptions::keep_alive>,
                deadline, "How long an idle connection of a client stays open."),
       duration("timeouts.tunnel", top<&Config::timeouts, &TimeoutOptions::tunnel>,
                {seconds(1), hours(24 * 7)},
                "How long a WebSocket tunnel may be silent in both directions."),
       duration("timeouts.drain", top<&Config::timeouts, &TimeoutOptions::drain>,
                {seconds(0), hours(1)}, "How long a stop waits for requests that are under way.")}};
}

Group limit_group() {
  return {
      "limits",
      "",
      {size("limits.request_head", top<&Config::limits, &LimitOptions::request_head_bytes>,
            {256, mib}, "The largest request head; above it the answer is 431."),
       integer("limits.request_fields", top<&Config::limits, &LimitOptions::request_fields_max>,
               {8, http::request_fields_capacity},
               "The most field lines of a request; above it the answer is 431."),
       size("limits.target", top<&Config::limits, &LimitOptions::target_bytes>, {256, 64 * kib},
            "The longest request target; above it the answer is 414."),
       size("limits.request_body", top<&Config::limits, &LimitOptions::request_body_bytes>,
            {0, 1024 * gib}, "The largest request body; above it the answer is 413."),
       size("limits.response_head", top<&Config::limits, &LimitOptions::response_head_bytes>,
            {kib, 4 * mib}, "The largest response head of an origin; above it the answer is 502."),
       integer("limits.response_fields", top<&Config::limits, &LimitOptions::response_fields_max>,
               {8, 5000},
               "The most field lines of an origin's response; above it the answer is 502."),
       integer("limits.interim", top<&Config::limits, &LimitOptions::interim_max>, {0, 100},
               "The most interim (1xx) answers before an origin's response."),
       needs_restart(size("limits.object", top<&Config::limits, &LimitOptions::object_bytes>,
                          {0, 1024 * gib},
                          "The largest body that is stored; larger ones pass through.")),
       integer("limits.connections", top<&Config::limits, &LimitOptions::connections>,
               {1, 1'000'000}, "The most connections of clients at once."),
       integer("limits.waiters", top<&Config::limits, &LimitOptions::waiters>, {1, 1'000'000},
               "The most requests that wait for one fetch; more are answered 503."),
       size("limits.body_rate_min", top<&Config::limits, &LimitOptions::body_rate_bytes_min>,
            {0, gib},
            "The least bytes a second of a request body; a slower client is cut off. 0 allows "
            "any.")}};
}

Group admin_group() {
  Row token_file = string("admin.token_file", "path",
                          top<&Config::admin, &AdminOptions::token_file>, parse_file_name,
                          "The file of the bearer token, made with mode 0600 on the first start.");
  token_file.absent = "a file in the run directory";
  Row token =
      string("admin.token", "secret", top<&Config::admin, &AdminOptions::token>, parse_token,
             "The bearer token itself, in place of the file. Only as `ISR_ADMIN_TOKEN` in the "
             "environment.");
  token.bounds = "32 characters or more";
  token.secret = true;
  return {"admin",
          "",
          {admin_listen_row(), token_file, token,
           strings("admin.purge_from", "list of networks",
                   top<&Config::admin, &AdminOptions::purge_from>, parse_network,
                   "Who may send `PURGE` on the public port."),
           boolean("admin.metrics_open", top<&Config::admin, &AdminOptions::metrics_open>,
                   "Answers `GET /metrics` without a token, to loopback only.")}};
}

Group store_group() {
  return {"store",
          "",
          {needs_restart(
              size("store.memory", top<&Config::store, &store::StoreOptions::memory_bytes>,
                   {mib, 1024 * gib},
                   "The memory of the cache: entries, index and fetches under way together."))}};
}

Group log_group() {
  return {"log",
          "",
          {word<LogLevel>("log.level", top<&Config::log, &LogOptions::level>,
                          {{"debug", LogLevel::debug},
                           {"info", LogLevel::info},
                           {"warn", LogLevel::warn},
                           {"error", LogLevel::error}},
                          "The least severe lines that are written."),
           word<LogFormat>("log.format", top<&Config::log, &LogOptions::format>,
                           {{"text", LogFormat::text}, {"json", LogFormat::json}},
                           "Lines for people, or one JSON object for each line."),
           boolean("log.access", top<&Config::log, &LogOptions::access>,
                   "One line for each request, on standard output.")}};
}

}  // namespace isrd::config
