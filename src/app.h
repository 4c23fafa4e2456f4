// App: the wiring of one running isrd. main() starts one; flow tests start one in process, with a
// manual clock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "admin/control.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"

namespace isrd {

class App {
 public:
  /// Binds every listener and the admin port and starts the threads. The error is one line for an
  /// operator. The clock decides freshness only and must outlive the App.
  static Result<std::unique_ptr<App>> start(config::Config config,
                                            const Clock& clock = system_clock());

  /// Stops at once: open requests are cut.
  virtual ~App() = default;

  /// The addresses in use, in the order of config.listen, with the real port where 0 was asked for.
  virtual const std::vector<net::Address>& listening() const = 0;
  virtual const net::Address& admin_listening() const = 0;

  /// Puts a new configuration in force without losing a connection or the cache. What cannot change
  /// while running (listen, workers, admin.listen) is an error that names the key. Any thread.
  virtual Result<Done> reload(config::Config config) = 0;

  /// How SIGHUP and POST /v1/reload read the configuration file again.
  virtual void on_reload(std::function<admin::ReloadReport()> reload_file) = 0;
  virtual admin::ReloadReport reload_from_file() = 0;

  /// timeouts.drain of the configuration in force.
  virtual std::chrono::milliseconds drain_limit() const = 0;

  /// Stops accepting, lets open requests finish until the deadline, then returns. Any thread but a
  /// worker.
  virtual void drain(std::chrono::milliseconds limit) = 0;
};

}  // namespace isrd
