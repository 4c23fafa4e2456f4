// The whole configuration as one value: what the loader makes and what App is started with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "admin/options.h"
#include "base/log_options.h"
#include "isr/options.h"
#include "net/options.h"
#include "store/options.h"

namespace isrd::config {

struct Config {
  std::vector<net::Address> listen;  // default: 0.0.0.0:8080 (a literal default in the schema)
  std::uint64_t workers = 0;         // 0: one for each core
  std::vector<std::string> trusted_proxies;  // networks; "unix:" trusts peers on unix sockets
  net::TimeoutOptions timeouts;
  net::LimitOptions limits;
  admin::AdminOptions admin;
  store::StoreOptions store;
  LogOptions log;
  std::vector<net::OriginOptions> origins;
  std::vector<isr::SiteOptions> sites;
};

}  // namespace isrd::config
