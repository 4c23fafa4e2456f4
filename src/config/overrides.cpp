#include "config/overrides.h"

#include <algorithm>

#include "config/later.h"
#include "config/override.h"
#include "config/schema.h"

namespace isrd::config {
namespace {

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
  apply_environment(sites, root, environment, errors);
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
void apply_overrides(Node& root, const Environment& environment, const Overrides& overrides,
                     std::vector<Diagnostic>& errors) {
  make_origins(root, environment);
  apply(false, root, environment, overrides, errors);
  add_default_site(root);
  apply(true, root, environment, overrides, errors);
}

}  // namespace isrd::config
