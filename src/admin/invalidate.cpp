#include "admin/invalidate.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "admin/invalidate_body.h"
#include "base/log.h"
#include "http/head.h"

namespace isrd::admin {
namespace {

using Json = nlohmann::ordered_json;

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

Json item_error(const ItemError& error) {
  Json described = {{"code", error.code}, {"message", error.message}, {"item", error.item}};
  Json item = {{"error", std::move(described)}};
  if (!error.list.empty()) item["list"] = error.list;
  return item;
}

void add_items(const InvalidateBody& body, Json& answer) {
  Json items = Json::array();
  for (const ItemError& error : body.item_errors) items.push_back(item_error(error));
  answer["items"] = std::move(items);
  if (body.item_errors_omitted > 0) answer["items_omitted"] = body.item_errors_omitted;
}

/// Nothing is left to do: the first bad item is the error of the call, all are listed as ever.
Answer nothing_usable(const InvalidateBody& body) {
  if (body.item_errors.empty()) {
    return error_answer(400, "no_selector", "names nothing; give urls, prefixes or \"all\": true");
  }
  Json answer = {{"error", item_error(body.item_errors.front())["error"]}};
  add_items(body, answer);
  return json_answer(400, answer);
}

}  // namespace

MediaType media_type(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  if (http::iequals(type, "application/json")) return MediaType::json;
  if (http::iequals(type, "application/x-ndjson")) return MediaType::ndjson;
  return MediaType::other;
}

Answer invalidate(const Call& call, Control& control) {
  auto body = media_type(call.head.content_type) == MediaType::ndjson
                  ? read_invalidate_lines(call.body, call.head.query)
                  : read_invalidate_json(call.body, call.head.query);
  if (body.refusal)
    return error_answer(body.refusal->status, body.refusal->code, body.refusal->message);
  if (!body.site.empty() && !control.knows_site(body.site))
    return error_answer(404, "unknown_site", "there is no site " + escape(body.site));
  if (body.selectors.empty()) return nothing_usable(body);
  for (isr::Selector& selector : body.selectors) selector.site = body.site;

  InvalidateRequest request;
  request.mode = body.mode;
  request.selectors = std::move(body.selectors);
  const InvalidateAnswer done = control.invalidate(request);
  log_info("admin: {} with {} selectors matched {} entries, operation {}", spell(request.mode),
           request.selectors.size(), done.matched, done.operation);
  Json answer = {{"operation", done.operation},
                 {"mode", spell(request.mode)},
                 {"matched", done.matched},
                 {"durable", done.durable}};
  add_items(body, answer);
  return json_answer(done.durable ? 200 : 503, answer);
}

}  // namespace isrd::admin
