#include "config/overrides.h"

#include <algorithm>
#include <cctype>

#include "config/later.h"
#include "config/schema.h"

namespace isrd::config {
namespace {

using Segments = std::vector<std::string>;

/// One value from outside, resolved to the place where it belongs.
struct Override {
  Segments path;
  std::vector<std::string> values;
  Position from;
};

Segments split(std::string_view text, char separator) {
  Segments parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string trimmed(const std::string& text) {
  const std::size_t start = text.find_first_not_of(' ');
  if (start == std::string::npos) return {};
  return text.substr(start, text.find_last_not_of(' ') - start + 1);
}

/// The name that an element of a list gives itself.
std::string own_name(const Node& element) {
  const Node* name = element.find("name");
  return name != nullptr && name->kind == Node::Kind::scalar ? name->text : std::string();
}

/// Walks to the node of a path and makes the maps that are missing. Null when something else is in
/// the way, which the binder reports by itself.
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

/// The key of the tree that a concrete path stands for.
const Key* key_of(const Segments& path) {
  const Key* key = &key_tree();
  for (const std::string& segment : path) {
    key = key->collection != nullptr ? &key->element() : key->find(segment);
    if (key == nullptr || key->later) return key;
  }
  return key;
}

// The environment.

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

void say(std::vector<Diagnostic>& errors, const Position& from, std::string message) {
  errors.push_back({from.source, 0, 0, from.label, std::move(message)});
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

/// Without an origin in the file, ISR_ORIGINS_NAME_URL makes one, so that a container needs no
/// file.
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

// The command line.

/// The elements that one segment of a setting's key stands for (see Setting). Nothing, and a
/// message, where `*` would have to choose between several.
std::vector<std::string> elements(const Setting& setting, const std::string& segment,
                                  const Key& key, const Node* node, const Position& from,
                                  std::vector<Diagnostic>& errors) {
  if (node == nullptr || key.collection == nullptr) return {segment};
  std::vector<std::string> found;
  if (key.collection->named_by_key) {
    if (segment != "*") return {segment};
    if (node->entries.size() < 2)
      return {node->entries.empty() ? "default" : node->entries.front().key};
    for (const Entry& entry : node->entries) found.push_back(entry.key);
    say(errors, from,
        "may mean any of the " + key.name + " " + alternatives(found) + "; set " +
            setting.key.substr(key.path.size() + 3) + " of each in the file");
    return {};
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const std::string index = std::to_string(i);
    if (segment == "*" || segment == index || own_name(node->items[i]) == segment)
      found.push_back(index);
  }
  return found;
}

/// Adds what a setting means: one override for each element that it concerns.
void resolve_setting(const Setting& setting, Node& root, std::vector<Override>& result,
                     std::vector<Diagnostic>& errors) {
  const Position from{0, 0, "command line", setting.label.empty() ? setting.key : setting.label};
  const Key* key = &key_tree();
  std::vector<Segments> paths = {{}};
  for (const std::string& segment : split(setting.key, '.')) {
    std::vector<Segments> longer;
    for (const Segments& path : paths) {
      for (std::string& each :
           elements(setting, segment, *key, descend(root, path, from), from, errors)) {
        longer.push_back(path);
        longer.back().push_back(std::move(each));
      }
    }
    paths = std::move(longer);
    key = key->collection != nullptr ? &key->element() : key->find(segment);
    if (key == nullptr || key->later) break;
  }
  if (key == nullptr || key->row == nullptr) {
    say(errors, from,
        key != nullptr && key->later ? std::string(comes_later)
                                     : in_quotes(setting.key) + " is not a key");
    return;
  }
  for (Segments& path : paths) {
    const auto same = std::ranges::find(result, path, &Override::path);
    if (same == result.end()) {
      result.push_back({std::move(path), {setting.value}, from});
    } else if (key->row->list) {
      same->values.push_back(setting.value);
    } else {
      same->values = {setting.value};
    }
  }
}

/// Applies what concerns the sites, or all else.
void apply(bool sites, Node& root, const Environment& environment, const Overrides& overrides,
           std::vector<Diagnostic>& errors) {
  std::vector<Variable> variables;
  if (!environment.names.empty()) list_variables(key_tree(), &root, "ISR", {}, variables);
  for (const std::string& name : environment.names) {
    if (name.starts_with("ISR_SITES_") != sites) continue;
    const std::optional<std::string> value = environment.lookup(name);
    if (!value) continue;
    if (const auto found = resolve_variable(name, *value, variables, errors)) put(root, *found);
  }
  std::vector<Override> resolved;
  for (const Setting& setting : overrides.settings) {
    if (setting.key.starts_with("sites.") != sites) continue;
    resolve_setting(setting, root, resolved, errors);
  }
  for (const Override& each : resolved) put(root, each);
}

/// One origin and no site: the site `default` takes every host.
void add_default_site(Node& root) {
  const Node* origins = root.find("origins");
  const Node* sites = root.find("sites");
  if (origins == nullptr || origins->entries.size() != 1) return;
  if (sites != nullptr && (sites->kind == Node::Kind::map || sites->kind == Node::Kind::scalar))
    return;
  if (sites != nullptr && !sites->items.empty()) return;
  const Position at = origins->entries.front().at;
  Node site;
  site.kind = Node::Kind::map;
  site.at = at;
  put(site, {{"name"}, {"default"}, at});
  put(site, {{"hosts"}, {"*"}, at});
  Node* list = descend(root, {"sites"}, at);
  list->kind = Node::Kind::sequence;
  list->at = at;
  list->items = {std::move(site)};
}

}  // namespace

std::string environment_word(std::string_view name) {
  std::string word(name);
  for (char& c : word) {
    const auto byte = static_cast<unsigned char>(c);
    c = std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return word;
}

void apply_overrides(Node& root, const Environment& environment, const Overrides& overrides,
                     std::vector<Diagnostic>& errors) {
  make_origins(root, environment);
  apply(false, root, environment, overrides, errors);
  add_default_site(root);
  apply(true, root, environment, overrides, errors);
}

}  // namespace isrd::config
