// Fields for tests, with their ids, as the head parser would give them.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "http/head.h"

namespace isrd::http {

using Lines = std::vector<std::pair<std::string_view, std::string_view>>;

/// The views must outlive the result; string literals do.
inline std::vector<Field> make_fields(const Lines& lines) {
  std::vector<Field> fields;
  for (const auto& [name, value] : lines) fields.push_back({name, value, field_id(name)});
  return fields;
}

/// A GET with these fields, which must outlive it.
inline RequestHead make_request(const std::vector<Field>& fields, Method method = Method::get) {
  RequestHead request;
  request.method = method;
  request.fields = fields;
  for (const Field& field : fields) request.present.insert(field.id);
  return request;
}

}  // namespace isrd::http
