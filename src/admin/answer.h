// What an endpoint answers, as a value; the server writes it to the wire.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace isrd::admin {

struct Answer {
  int status = 200;
  std::string body;
  std::string_view content_type = "application/json";
  std::string allow;          // 405: the methods that the path has
  bool authenticate = false;  // 401: says which scheme is wanted
  bool close = false;         // the connection ends after this answer
};

/// The text of a JSON value and a line feed. Bytes that are no UTF-8 (what an origin or a file
/// said) are replaced.
std::string json_text(const nlohmann::ordered_json& value);
Answer json_answer(int status, const nlohmann::ordered_json& value);

/// {"error":{"code":...,"message":...}}
Answer error_answer(int status, std::string_view code, std::string_view message);

}  // namespace isrd::admin
