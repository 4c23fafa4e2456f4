// Daemon: one isrd in this process, in front of a scripted origin, with a clock that the test
// moves.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "app.h"
#include "flow/harness/client.h"
#include "flow/harness/origin.h"

namespace isrd::flow {

using namespace std::chrono_literals;

/// A directory of its own that vanishes with it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  /// Writes a file in it and returns its path.
  std::string write(const std::string& name, std::string_view text) const;

 private:
  std::string path_;
};

std::string read_text(const std::string& path);

/// One origin, one site for `host_name` by the RFC profile, waits long enough for any machine.
config::Config rfc_config(const ScriptedOrigin& origin);
/// The same with one ISR route for every path.
config::Config isr_config(const ScriptedOrigin& origin, isr::WindowOptions windows);
/// 60 s fresh, one hour stale, one day for errors.
isr::WindowOptions usual_windows();
isr::RouteOptions isr_route(const std::string& path, isr::WindowOptions windows);

class Daemon {
 public:
  /// Throws when it does not start.
  explicit Daemon(config::Config config);
  /// With another clock than its own, which must outlive it.
  Daemon(config::Config config, const Clock& clock);
  ~Daemon();

  std::uint16_t port() const;
  std::uint16_t admin_port() const;
  Client connect() const { return Client(port()); }
  /// On a connection of its own.
  Response get(std::string_view target, std::string_view lines = "") const;
  Response head(std::string_view target, std::string_view lines = "") const;
  Response post(std::string_view target, std::string_view body, std::string_view lines = "") const;
  /// Sends raw bytes on a new connection, reads the answer, and sees the connection closed orderly
  /// without another byte.
  Response refused(std::string_view bytes) const;

  /// Lets every worker take a few turns, so that what was sent before this has been read by now.
  void settle() const;

  /// Workers read the clock once for each turn; when this returns, none is left in an older one.
  void advance(std::chrono::milliseconds by) {
    clock_.advance(by);
    settle();
  }
  void jump_wall(std::chrono::milliseconds by) { clock_.jump_wall(by); }
  App& app() { return *app_; }
  const config::Config& config() const { return config_; }
  Result<Done> reload(config::Config config);

  /// With the token; `body` is JSON.
  Response admin(std::string_view method, std::string_view path, std::string_view body = "") const;
  std::string token() const;
  Response purge(const std::string& url) const { return invalidate("purge", "urls", url); }
  Response invalidate(const std::string& mode, const std::string& kind,
                      const std::string& what) const;
  Response invalidate_all(const std::string& mode) const;

  /// A number of /v1/stats, by its path: "by_cache.hit".
  std::uint64_t stat(const std::string& path) const;
  /// Waits until the number is at least this. False: it did not get there.
  bool wait_for_stat(const std::string& path, std::uint64_t at_least) const;
  /// Asks until X-Cache says so. False: it never did.
  bool wait_for_cache(std::string_view target, std::string_view word) const;

 private:
  TempDir dir_;
  ManualClock clock_;
  config::Config config_;
  std::unique_ptr<App> app_;
};

inline std::string url_of(std::string_view target) {
  return "http://" + std::string(host_name) + std::string(target);
}

}  // namespace isrd::flow
