#include "admin/answer.h"

#include <nlohmann/json.hpp>

namespace isrd::admin {

std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Answer json_answer(int status, const nlohmann::ordered_json& value) {
  Answer answer;
  answer.status = status;
  answer.body = json_text(value);
  return answer;
}

Answer error_answer(int status, std::string_view code, std::string_view message) {
  return json_answer(status, {{"error", {{"code", code}, {"message", message}}}});
}

}  // namespace isrd::admin
