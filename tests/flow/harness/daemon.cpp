#include "flow/harness/daemon.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/log.h"

namespace isrd::flow {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "isrd-flow-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::write(const std::string& name, std::string_view text) const {
  const std::string file = path_ + "/" + name;
  std::ofstream(file) << text;
  return file;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

config::Config rfc_config(const ScriptedOrigin& origin) {
  config::Config config;
  config.listen = {{net::Address::Kind::tcp, "127.0.0.1", 0, {}}};
  config.workers = 2;
  config.admin.listen = {net::Address::Kind::tcp, "127.0.0.1", 0, {}};
  config.log.level = LogLevel::error;
  net::OriginOptions there;
  there.name = "blog";
  there.url = origin.url();
  there.address = {net::Address::Kind::tcp, "127.0.0.1", origin.port(), {}};
  config.origins = {there};
  isr::SiteOptions site;
  site.name = "blog";
  site.hosts = {std::string(host_name)};
  site.origin = "blog";
  site.wait_max = 30s;  // a test that is about waiting says so
  config.sites = {site};
  return config;
}

isr::RouteOptions isr_route(const std::string& path, isr::WindowOptions windows) {
  isr::RouteOptions route;
  route.name = "pages";
  route.path = path;
  route.windows = windows;
  return route;
}

isr::WindowOptions usual_windows() {
  isr::WindowOptions windows;
  windows.fresh = 60s;
  windows.stale = 1h;
  windows.error = 24h;
  return windows;
}

config::Config isr_config(const ScriptedOrigin& origin, isr::WindowOptions windows) {
  config::Config config = rfc_config(origin);
  config.sites[0].routes = {isr_route("/**", windows)};
  return config;
}

Daemon::Daemon(config::Config config) : Daemon(std::move(config), clock_) {}

Daemon::Daemon(config::Config config, const Clock& clock) : config_(std::move(config)) {
  if (config_.admin.token_file.empty()) config_.admin.token_file = dir_.path() + "/admin.token";
  configure_log(config_.log);
  auto started = App::start(config_, clock);
  if (!started) throw std::runtime_error("isrd does not start: " + started.error().message);
  app_ = std::move(*started);
}

Daemon::~Daemon() = default;

std::uint16_t Daemon::port() const { return app_->listening().front().port; }
std::uint16_t Daemon::admin_port() const { return app_->admin_listening().port; }

Response Daemon::get(std::string_view target, std::string_view lines) const {
  return connect().get(target, lines);
}

Response Daemon::head(std::string_view target, std::string_view lines) const {
  return connect().head(target, lines);
}

Response Daemon::post(std::string_view target, std::string_view body,
                      std::string_view lines) const {
  return connect().post(target, body, lines);
}

Response Daemon::refused(std::string_view bytes) const {
  Client client = connect();
  Response response = client.exchange(bytes);
  if (!response.complete) throw ClientError("no whole answer to: \"" + std::string(bytes) + "\"");
  const Ending ending = client.wait_for_end();
  if (ending != Ending::orderly || !client.surplus().empty()) {
    throw ClientError("not closed cleanly after: \"" + std::string(bytes) + "\", surplus \"" +
                      client.surplus() + "\"");
  }
  return response;
}

void Daemon::settle() const {
  std::vector<Client> turns;
  for (std::size_t i = 0; i < 4 * std::max<std::size_t>(config_.workers, 2); ++i)
    turns.push_back(connect());
  for (Client& turn : turns) turn.exchange("GET / HTTP/1.1\r\nHost: nobody.invalid\r\n\r\n");
}

Result<Done> Daemon::reload(config::Config config) {
  config.admin.token_file = config_.admin.token_file;
  return app_->reload(std::move(config));
}

std::string Daemon::token() const {
  std::string text = read_text(config_.admin.token_file);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Response Daemon::admin(std::string_view method, std::string_view path,
                       std::string_view body) const {
  Client client(admin_port());
  std::string bytes;
  bytes.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1:");
  bytes.append(std::to_string(admin_port())).append("\r\nAuthorization: Bearer ").append(token());
  bytes.append("\r\nConnection: close\r\n");
  if (!body.empty() || method == "POST") {
    bytes.append("Content-Type: application/json\r\nContent-Length: ");
    bytes.append(std::to_string(body.size())).append("\r\n");
  }
  bytes.append("\r\n").append(body);
  return client.exchange(bytes);
}

Response Daemon::invalidate(const std::string& mode, const std::string& kind,
                            const std::string& what) const {
  const nlohmann::json body = {{"mode", mode}, {kind, nlohmann::json::array({what})}};
  return admin("POST", "/v1/invalidate", body.dump());
}

Response Daemon::invalidate_all(const std::string& mode) const {
  const nlohmann::json body = {{"mode", mode}, {"all", true}};
  return admin("POST", "/v1/invalidate", body.dump());
}

std::uint64_t Daemon::stat(const std::string& path) const {
  const Response response = admin("GET", "/v1/stats");
  nlohmann::json value = nlohmann::json::parse(response.body);
  std::istringstream parts(path);
  for (std::string part; std::getline(parts, part, '.');) value = nlohmann::json(value.at(part));
  return value.get<std::uint64_t>();
}

bool Daemon::wait_for_stat(const std::string& path, std::uint64_t at_least) const {
  return eventually([&] { return stat(path) >= at_least; });
}

bool Daemon::wait_for_cache(std::string_view target, std::string_view word) const {
  return eventually([&] { return get(target).cache() == word; });
}

}  // namespace isrd::flow
