#include "admin/endpoints.h"

#include <array>
#include <nlohmann/json.hpp>

#include "admin/invalidate.h"
#include "admin/metrics_export.h"
#include "admin/stats.h"
#include "base/log.h"

namespace isrd::admin {
namespace {

using Json = nlohmann::ordered_json;

Answer healthz(const Call&, Control&) { return json_answer(200, {{"status", "ok"}}); }

/// A failing origin is told but does not count: stale pages are served all the same, and a balancer
/// that took isrd away for it would also take away the requests that find it well again.
bool counts(const Check& check) { return !check.name.starts_with("origin:"); }

Answer readyz(const Call&, Control& control) {
  bool ready = true;
  Json checks = Json::object();
  for (const Check& check : control.readiness()) {
    ready = ready && (check.ok || !counts(check));
    Json& row = checks[check.name];
    row["status"] = check.ok ? "ok" : "failing";
    if (!check.detail.empty()) row["detail"] = check.detail;
  }
  return json_answer(ready ? 200 : 503, {{"ready", ready}, {"checks", checks}});
}

Answer metrics(const Call&, Control& control) {
  Answer answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = prometheus_text(control);
  return answer;
}

Answer stats(const Call&, Control& control) {
  Answer answer;
  answer.body = stats_json(control);
  return answer;
}

Answer reload(const Call&, Control& control) {
  const ReloadReport report = control.reload();
  if (report.ok) return json_answer(200, {{"changed", report.changed}});
  Json errors = Json::array();
  for (const ReloadError& error : report.errors) {
    errors.push_back({{"file", error.file},
                      {"line", error.line},
                      {"column", error.column},
                      {"key", error.key},
                      {"message", error.message}});
  }
  return json_answer(422, {{"errors", errors}});
}

constexpr std::array table = {
    Endpoint{"GET", "/healthz", Access::anybody, 0, healthz},
    Endpoint{"GET", "/readyz", Access::anybody, 0, readyz},
    Endpoint{"GET", "/metrics", Access::local, 0, metrics},
    Endpoint{"GET", "/v1/stats", Access::token, 0, stats},
    Endpoint{"POST", "/v1/invalidate", Access::token, body_bytes_max, invalidate},
    Endpoint{"POST", "/v1/reload", Access::token, body_bytes_max, reload},
};

bool has_method(const Endpoint& endpoint, std::string_view method) {
  return endpoint.method == method || (endpoint.method == "GET" && method == "HEAD");
}

Answer wrong_method(std::string_view path) {
  Answer answer = error_answer(405, "method_not_allowed", "the path has other methods");
  for (const Endpoint& each : table) {
    if (each.path != path) continue;
    if (!answer.allow.empty()) answer.allow += ", ";
    answer.allow += each.method;
    if (each.method == "GET") answer.allow += ", HEAD";
  }
  return answer;
}

std::optional<Answer> check_body(const Head& head, const Endpoint& endpoint) {
  if (!head.has_body) return std::nullopt;
  if (endpoint.body_bytes == 0) return error_answer(400, "bad_body", "this call has no body");
  const MediaType type = media_type(head.content_type);
  if (type == MediaType::other) {
    return error_answer(415, "unsupported_media_type",
                        "the body is application/json or application/x-ndjson");
  }
  if (head.body_bytes > endpoint.body_bytes)
    return error_answer(413, "body_too_large", "the body has more than 16 MiB");
  return std::nullopt;
}

}  // namespace

std::span<const Endpoint> endpoints() { return table; }

Admitted admit(const Head& head, const Gate& gate) {
  if (auto refusal = gate.check_browser(head)) return {nullptr, std::move(*refusal)};
  const Endpoint* on_path = nullptr;
  const Endpoint* found = nullptr;
  for (const Endpoint& each : table) {
    if (each.path != head.path) continue;
    on_path = &each;
    if (has_method(each, head.method)) found = &each;
  }
  // Which paths there are is nobody's business without the token either.
  const Access access = on_path != nullptr ? on_path->access : Access::token;
  if (auto refusal = gate.check_token(head, access)) return {nullptr, std::move(*refusal)};
  if (on_path == nullptr) return {nullptr, error_answer(404, "not_found", "there is no such call")};
  if (found == nullptr) return {nullptr, wrong_method(head.path)};
  if (auto refusal = check_body(head, *found)) return {nullptr, std::move(*refusal)};
  return {found, {}};
}

Answer run(const Endpoint& endpoint, const Call& call, Control& control) {
  try {
    return endpoint.answer(call, control);
  } catch (const std::exception& error) {
    log_error("admin: {} {} failed: {}", endpoint.method, endpoint.path, escape(error.what()));
  }
  Answer answer = error_answer(500, "internal", "the call failed; the log says why");
  answer.close = true;
  return answer;
}

}  // namespace isrd::admin
