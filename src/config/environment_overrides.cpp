// The ISR_* variables: which key each means, with the elements that the document has at this
// moment.
#include <algorithm>
#include <cctype>
#include <optional>

#include "config/later.h"
#include "config/override.h"
#include "config/overrides.h"
#include "config/schema.h"

namespace isrd::config {
namespace {

/// The key of the tree that a concrete path stands for.
const Key* key_of(const Segments& path) {
  const Key* key = &key_tree();
  for (const std::string& segment : path) {
    key = key->collection != nullptr ? &key->element() : key->find(segment);
    if (key == nullptr || key->later) return key;
  }
  return key;
}

std::string trimmed(const std::string& text) {
  const std::size_t start = text.find_first_not_of(' ');
  if (start == std::string::npos) return {};
  return text.substr(start, text.find_last_not_of(' ') - start + 1);
}

/// A row as it is called in the environment at this moment: elements that exist have their own
/// names.
struct Variable {
  std::string name;
  Segments path;
  bool later = false;
};

void list_variables(const Key& key, const Node* node, const std::string& name, const Segments& path,
                    std::vector<Variable>& found) {
  if (key.row != nullptr || key.later) found.push_back({name, path, key.later});
  const auto into = [&](const Key& child, const Node* value, const std::string& word,
                        const std::string& segment) {
    Segments longer = path;
    longer.push_back(segment);
    list_variables(child, value, name + "_" + word, longer, found);
  };
  if (key.collection == nullptr) {
    for (const auto& child : key.children) {
      into(*child, node != nullptr ? node->find(child->name) : nullptr,
           environment_word(child->name), child->name);
    }
    return;
  }
  if (node == nullptr) return;
  for (const Entry& entry : node->entries)
    into(key.element(), &entry.value, environment_word(entry.key), entry.key);
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const std::string index = std::to_string(i);
    const std::string own = environment_word(own_name(node->items[i]));
    if (!own.empty() && own != index) into(key.element(), &node->items[i], own, index);
    into(key.element(), &node->items[i], index, index);
  }
}

/// The variables that `name` may mean: the row itself, or a later key that it begins with.
std::vector<const Variable*> meant(const std::string& name,
                                   const std::vector<Variable>& variables) {
  std::vector<const Variable*> result;
  for (const Variable& each : variables) {
    if (each.name == name || (each.later && name.starts_with(each.name + "_")))
      result.push_back(&each);
  }
  return result;
}

std::optional<Override> resolve_variable(const std::string& name, const std::string& value,
                                         const std::vector<Variable>& variables,
                                         std::vector<Diagnostic>& errors) {
  const Position from{0, 0, "environment", name};
  const auto found = meant(name, variables);
  if (found.empty()) {
    Segments known;
    for (const Variable& each : variables) {
      if (!each.later) known.push_back(each.name);
    }
    const std::string near = nearest(name, known);
    say(errors, from,
        "is not an option of isrd; " + (near.empty()
                                            ? "unset it (`isrd config --docs` lists the keys)"
                                            : "did you mean " + near + "?"));
    return std::nullopt;
  }
  if (found.front()->later) {
    say(errors, from, std::string(comes_later));
    return std::nullopt;
  }
  if (found.size() > 1) {
    say(errors, from, "may mean several keys; set them in the file");
    return std::nullopt;
  }
  const Key* key = key_of(found.front()->path);
  Override result{found.front()->path, {value}, from};
  if (key->row->list) {
    result.values = value.empty() ? Segments() : split(value, ',');
    for (std::string& each : result.values) each = trimmed(each);
  }
  return result;
}

}  // namespace

void make_origins(Node& root, const Environment& environment) {
  constexpr std::string_view prefix = "ISR_ORIGINS_";
  constexpr std::string_view suffix = "_URL";
  const Node* origins = root.find("origins");
  if (origins != nullptr && !origins->entries.empty()) return;
  for (const std::string& name : environment.names) {
    if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) ||
        !name.ends_with(suffix))
      continue;
    std::string origin = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    std::ranges::transform(origin, origin.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const Position from{0, 0, "environment", name};
    if (Node* node = descend(root, {"origins", origin}, from); node != nullptr)
      node->kind = Node::Kind::map;
  }
}

void apply_environment(bool sites, Node& root, const Environment& environment,
                       std::vector<Diagnostic>& errors) {
  if (environment.names.empty()) return;
  std::vector<Variable> variables;
  list_variables(key_tree(), &root, "ISR", {}, variables);
  for (const std::string& name : environment.names) {
    if (name.starts_with("ISR_SITES_") != sites) continue;
    const std::optional<std::string> value = environment.lookup(name);
    if (!value) continue;
    if (const auto found = resolve_variable(name, *value, variables, errors)) put(root, *found);
  }
}

std::string environment_word(std::string_view name) {
  std::string word(name);
  for (char& c : word) {
    const auto byte = static_cast<unsigned char>(c);
    c = std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return word;
}

}  // namespace isrd::config
