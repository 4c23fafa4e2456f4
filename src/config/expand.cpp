#include "config/expand.h"

#include <algorithm>
#include <cctype>

namespace isrd::config {
namespace {

bool is_variable_name(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::ranges::all_of(
             name, [](unsigned char c) { return c < 0x80 && (std::isalnum(c) != 0 || c == '_'); });
}

/// What stands between `${` and `}`.
Result<std::string> value_of(std::string_view inner, const Environment& environment) {
  const std::size_t colon = inner.find(":-");
  const std::string name(inner.substr(0, colon));
  if (!is_variable_name(name)) {
    return Error{in_quotes("${" + std::string(inner) + "}") +
                 " is no variable; write ${NAME}, ${NAME:-default}, or $${ for a plain ${"};
  }
  const std::optional<std::string> value = environment.lookup(name);
  if (colon != std::string_view::npos) {
    // As in the shell: an empty variable counts as absent here.
    return value && !value->empty() ? *value : std::string(inner.substr(colon + 2));
  }
  if (!value) {
    return Error{"the environment variable " + name + " is not set; set it, or write ${" + name +
                 ":-default}"};
  }
  return *value;
}

}  // namespace

Result<std::string> expand(std::string_view text, const Environment& environment) {
  std::string result;
  while (!text.empty()) {
    if (text.starts_with("$${")) {
      result += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const std::size_t close = text.find('}');
      if (close == std::string_view::npos) {
        return Error{in_quotes(text) + " has no closing }; write ${NAME}, or $${ for a plain ${"};
      }
      auto value = value_of(text.substr(2, close - 2), environment);
      if (!value) return value;
      result += *value;
      text.remove_prefix(close + 1);
    } else {
      const std::size_t next = std::max<std::size_t>(1, std::min(text.find('$'), text.size()));
      result += text.substr(0, next);
      text.remove_prefix(next);
    }
    if (result.size() > document_bytes_max) break;
  }
  if (result.size() > expanded_bytes_max)
    return Error{"is longer than 64 KiB once its variables are expanded"};
  return result;
}

void expand(Node& node, const Environment& environment) {
  if (node.kind == Node::Kind::scalar && node.text.find("${") != std::string::npos) {
    auto value = expand(node.text, environment);
    if (value) {
      node.text = *value;
    } else {
      node.wrong = value.error().message;
    }
  }
  for (Node& item : node.items) expand(item, environment);
  for (Entry& entry : node.entries) expand(entry.value, environment);
}

std::string escape_expansion(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) result += '$';
    result += text[i];
  }
  return result;
}

}  // namespace isrd::config
