// `isrd config --effective`.
#include <algorithm>
#include <cctype>

#include "config/expand.h"
#include "config/printer.h"
#include "config/schema.h"

namespace isrd::config {
namespace {

/// Whether YAML reads the text back as it is, without quotes, also within [ ].
bool is_plain(const std::string& text) {
  if (text.empty() || text == "null" || text == "Null" || text == "NULL") return false;
  if (std::isalnum(static_cast<unsigned char>(text.front())) == 0 && text.front() != '/')
    return false;
  if (text.ends_with(':')) return false;
  return std::ranges::all_of(text, [](unsigned char c) {
    return c < 0x80 &&
           (std::isalnum(c) != 0 ||
            std::string_view("._/-:+").find(static_cast<char>(c)) != std::string_view::npos);
  });
}

std::string yaml(const std::string& value) {
  std::string text = escape_expansion(value);
  if (is_plain(text)) return text;
  static constexpr char digits[] = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') result += '\\';
    if (byte < 0x20 || byte == 0x7f) {
      result += "\\x";
      result += digits[byte >> 4];
      result += digits[byte & 15];
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string yaml(const std::vector<std::string>& values) {
  std::string result = "[";
  for (const std::string& value : values) result += (result.size() > 1 ? ", " : "") + yaml(value);
  return result + "]";
}

class Writer {
 public:
  explicit Writer(const Config& config) : config_(config) {}

  std::string run() { return children(key_tree(), {}, 0); }

 private:
  std::string children(const Key& key, const Place& place, std::size_t indent) const {
    std::string text;
    for (const auto& child : key.children) {
      if (child->later) continue;
      if (child->row != nullptr) {
        text += row(*child, place, indent);
      } else if (child->collection != nullptr) {
        text += collection(*child, place, indent);
      } else if (const std::string below = children(*child, place, indent + 2); !below.empty()) {
        text += std::string(indent, ' ') + child->name + ":\n" + below;
      }
    }
    return text;
  }

  std::string row(const Key& key, const Place& place, std::size_t indent) const {
    const std::vector<std::string> values = key.row->get(config_, place);
    const std::string margin(indent, ' ');
    if (key.row->list) return margin + key.name + ": " + yaml(values) + "\n";
    if (values.empty()) return {};
    if (key.row->secret) return margin + "# " + key.name + ": ********\n";
    return margin + key.name + ": " + yaml(values.front()) + "\n";
  }

  std::string collection(const Key& key, Place place, std::size_t indent) const {
    const Collection& all = *key.collection;
    const std::string head = std::string(indent, ' ') + key.name + ":";
    const std::size_t size = all.size(config_, place);
    if (size == 0) return head + (all.named_by_key ? " {}\n" : " []\n");
    const bool inner = key.path.find('*') != std::string::npos;
    std::string text = head + "\n";
    for (std::size_t i = 0; i < size; ++i) {
      (inner ? place.second : place.first) = i;
      std::string element = children(key.element(), place, indent + 4);
      if (all.named_by_key) {
        text += std::string(indent + 2, ' ') + yaml(all.name(config_, place)) + ":\n";
      } else {
        element[indent + 2] = '-';
      }
      text += element;
    }
    return text;
  }

  const Config& config_;
};

}  // namespace

std::string effective(const Config& config) { return Writer(config).run(); }

}  // namespace isrd::config
