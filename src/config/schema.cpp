#include "config/schema.h"

#include <algorithm>

#include "config/later.h"
#include "config/schema_groups.h"

namespace isrd::config {
namespace {

/// The child of that name, made when it is missing.
Key& child_of(Key& parent, std::string_view name) {
  for (const auto& child : parent.children) {
    if (child->name == name) return *child;
  }
  auto child = std::make_unique<Key>();
  child->name = name;
  child->path = parent.path.empty() ? child->name : parent.path + "." + child->name;
  parent.children.push_back(std::move(child));
  return *parent.children.back();
}

Key& plant(Key& root, std::string_view path) {
  Key* key = &root;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    key = &child_of(*key, path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return *key;
}

Key make_tree() {
  Key root;
  for (const Group& group : schema()) {
    for (const Row& row : group.rows) plant(root, row.path).row = &row;
  }
  for (const Collection& each : collections()) plant(root, each.path).collection = &each;
  for (const std::string_view path : later_keys) plant(root, path).later = true;
  return root;
}

std::vector<Collection> make_collections() {
  std::vector<Collection> result;
  result.push_back(
      {"origins", true, "an origin",
       [](Config& config, const Place&, const std::string& name) {
         config.origins.emplace_back().name = name;
         return config.origins.size() - 1;
       },
       [](const Config& config, const Place&) { return config.origins.size(); },
       [](const Config& config, const Place& at) { return config.origins[at.first].name; }});
  result.push_back(
      {"sites", false, "a site",
       [](Config& config, const Place&, const std::string&) {
         config.sites.emplace_back();
         return config.sites.size() - 1;
       },
       [](const Config& config, const Place&) { return config.sites.size(); },
       [](const Config& config, const Place& at) { return config.sites[at.first].name; }});
  result.push_back(
      {"sites.*.routes", false, "a route",
       [](Config& config, const Place& at, const std::string&) {
         config.sites[at.first].routes.emplace_back();
         return config.sites[at.first].routes.size() - 1;
       },
       [](const Config& config, const Place& at) { return config.sites[at.first].routes.size(); },
       [](const Config& config, const Place& at) {
         return config.sites[at.first].routes[at.second].name;
       }});
  return result;
}

}  // namespace

const Key* Key::find(std::string_view child) const {
  const auto found =
      std::ranges::find_if(children, [&](const auto& each) { return each->name == child; });
  return found == children.end() ? nullptr : found->get();
}

std::vector<std::string> Key::child_names() const {
  std::vector<std::string> names;
  for (const auto& child : children) {
    if (!child->later) names.push_back(child->name);
  }
  return names;
}

const std::vector<Group>& schema() {
  static const std::vector<Group> groups = {listening_group(), timeout_group(), limit_group(),
                                            admin_group(),     store_group(),   log_group(),
                                            origin_group(),    site_group(),    route_group()};
  return groups;
}

const std::vector<Collection>& collections() {
  static const std::vector<Collection> all = make_collections();
  return all;
}

const Key& key_tree() {
  static const Key root = make_tree();
  return root;
}

Config defaults() {
  Config config;
  config.listen = {net::Address{net::Address::Kind::tcp, "0.0.0.0", 8080, {}}};
  return config;
}

const Config& default_elements() {
  static const Config config = [] {
    Config made = defaults();
    made.origins.emplace_back();
    made.sites.emplace_back().routes.emplace_back();
    return made;
  }();
  return config;
}

std::vector<std::string> changed_restart_keys(const Config& running, const Config& wanted) {
  std::vector<std::string> paths;
  for (const Group& group : schema()) {
    for (const Row& row : group.rows) {
      if (row.restart && row.get(running, {}) != row.get(wanted, {})) paths.push_back(row.path);
    }
  }
  return paths;
}

std::vector<std::string> paths_ending_in(std::string_view segment) {
  std::vector<std::string> paths;
  for (const Group& group : schema()) {
    for (const Row& row : group.rows) {
      if (row.path.substr(row.path.rfind('.') + 1) == segment) paths.push_back(row.path);
    }
  }
  return paths;
}

}  // namespace isrd::config
