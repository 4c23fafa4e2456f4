#include "config/override.h"

namespace isrd::config {

Segments split(std::string_view text, char separator) {
  Segments parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string own_name(const Node& element) {
  const Node* name = element.find("name");
  return name != nullptr && name->kind == Node::Kind::scalar ? name->text : std::string();
}

Node* descend(Node& root, const Segments& path, const Position& from) {
  Node* node = &root;
  for (const std::string& segment : path) {
    if (node->kind == Node::Kind::null) {
      node->kind = Node::Kind::map;
      node->at = from;
    }
    if (node->kind == Node::Kind::sequence) {
      std::size_t index = 0;
      while (index < node->items.size() && std::to_string(index) != segment) ++index;
      if (index == node->items.size()) return nullptr;
      node = &node->items[index];
      continue;
    }
    if (node->kind != Node::Kind::map) return nullptr;
    Node* child = node->find(segment);
    if (child == nullptr) {
      node->entries.push_back({segment, from, {}});
      child = &node->entries.back().value;
      child->at = from;
    }
    node = child;
  }
  return node;
}

void put(Node& root, const Override& each) {
  Node* node = descend(root, each.path, each.from);
  if (node == nullptr) return;
  *node = Node{};
  node->at = each.from;
  if (each.values.size() == 1) {
    node->kind = Node::Kind::scalar;
    node->text = each.values.front();
    return;
  }
  node->kind = Node::Kind::sequence;
  for (const std::string& value : each.values) {
    Node item;
    item.kind = Node::Kind::scalar;
    item.at = each.from;
    item.text = value;
    node->items.push_back(std::move(item));
  }
}

void say(std::vector<Diagnostic>& errors, const Position& from, std::string message) {
  errors.push_back({from.source, 0, 0, from.label, std::move(message)});
}

}  // namespace isrd::config
