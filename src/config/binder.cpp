#include "config/binder.h"

#include "config/later.h"
#include "config/schema.h"

namespace isrd::config {
namespace {

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "empty";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "";
}

/// The way to a node: with indexes, and as people read it.
struct Path {
  std::string index;
  std::string shown;

  Path child(const std::string& index_part, const std::string& shown_part) const {
    return {index.empty() ? index_part : index + "." + index_part,
            shown.empty() ? shown_part : shown + "." + shown_part};
  }
};

class Binder {
 public:
  Binder(const std::string& file, std::vector<Diagnostic>& errors) : file_(file), errors_(errors) {}

  Bound run(const Node& root) {
    bound_.config = defaults();
    map(key_tree(), root, root.at, {}, {});
    return std::move(bound_);
  }

 private:
  void fail(const Position& at, const Path& path, std::string message) {
    if (const auto found = bound_.mentions.find(path.index); found != bound_.mentions.end()) {
      found->second.failed = true;
    }
    errors_.push_back(diagnostic_at(at, file_, path.shown, std::move(message)));
  }

  void any(const Key& key, const Node& node, const Position& key_at, const Place& place,
           const Path& path) {
    if (key.row != nullptr) {
      value(*key.row, node, key_at, place, path);
    } else if (key.collection != nullptr) {
      collection(key, node, place, path);
    } else {
      map(key, node, key_at, place, path);
    }
  }

  void map(const Key& key, const Node& node, const Position& key_at, const Place& place,
           const Path& path) {
    if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
      fail(node.at, path,
           "is " + std::string(kind_name(node.kind)) + "; it must be a map with the keys " +
               alternatives(key.child_names()));
      return;
    }
    for (const Entry& entry : node.entries) {
      const Path child_path = path.child(entry.key, entry.key);
      const Key* child = key.find(entry.key);
      if (child == nullptr) {
        fail(entry.at, child_path, unknown(key, entry.key));
      } else if (child->later) {
        fail(entry.at, child_path, std::string(comes_later));
      } else {
        bound_.mentions[child_path.index] = {place_of(entry), child_path.shown, false};
        any(*child, entry.value, entry.at, place, child_path);
      }
    }
    for (const auto& child : key.children) {
      if (child->row != nullptr && child->row->required && node.find(child->name) == nullptr) {
        fail(node.kind == Node::Kind::null ? key_at : node.at, path.child(child->name, child->name),
             "is missing: " + child->row->text);
      }
    }
  }

  /// A key without a value has no position of its own that would help anyone.
  static Position place_of(const Entry& entry) {
    return entry.value.kind == Node::Kind::null ? entry.at : entry.value.at;
  }

  static std::string unknown(const Key& parent, const std::string& name) {
    const std::string near = nearest(name, parent.child_names());
    if (!near.empty()) return "is not a key of isrd; did you mean " + near + "?";
    const auto elsewhere = paths_ending_in(name);
    if (!elsewhere.empty()) return "is not a key here; it belongs to " + alternatives(elsewhere);
    return "is not a key of isrd; here stand " + alternatives(parent.child_names());
  }

  void collection(const Key& key, const Node& node, const Place& place, const Path& path) {
    if (node.kind == Node::Kind::null) return;
    const Collection& all = *key.collection;
    const Node::Kind wanted = all.named_by_key ? Node::Kind::map : Node::Kind::sequence;
    if (node.kind != wanted) {
      fail(node.at, path,
           "is " + std::string(kind_name(node.kind)) + "; it must be " +
               (all.named_by_key ? "a map: the name of each, then its keys"
                                 : "a list: one `- name: ...` for each"));
      return;
    }
    for (const Entry& entry : node.entries)
      element(key, entry.value, entry.at, entry.key, place, path);
    for (const Node& item : node.items) element(key, item, item.at, {}, place, path);
  }

  void element(const Key& key, const Node& node, const Position& at, const std::string& name,
               Place place, const Path& path) {
    const std::size_t index = key.collection->add(bound_.config, place, name);
    const bool inner = key.path.find('*') != std::string::npos;
    (inner ? place.second : place.first) = index;
    const Node* own = node.find("name");
    const std::string shown = !name.empty() ? name
                              : own != nullptr && own->kind == Node::Kind::scalar
                                  ? own->text
                                  : std::to_string(index);
    const Path element_path = path.child(std::to_string(index), shown);
    bound_.mentions[element_path.index] = {at, element_path.shown, false};
    map(key.element(), node, at, place, element_path);
  }

  void value(const Row& row, const Node& node, const Position& key_at, const Place& place,
             const Path& path) {
    if (row.secret && node.at.source != "environment") {
      fail(key_at, path,
           "secrets come from a file or the environment, not from here; write admin.token_file or "
           "set ISR_ADMIN_TOKEN");
      return;
    }
    if (node.kind == Node::Kind::null) {
      fail(key_at, path, "has no value; write " + a_value(row) + " or leave the key out");
      return;
    }
    if (node.kind == Node::Kind::map || (node.kind == Node::Kind::sequence && !row.list)) {
      fail(node.at, path,
           "is " + std::string(kind_name(node.kind)) + "; it must be " + a_value(row));
      return;
    }
    if (row.clear) row.clear(bound_.config, place);
    if (node.kind == Node::Kind::scalar) {
      single(row, node, place, path);
      return;
    }
    for (const Node& item : node.items) {
      if (item.kind == Node::Kind::scalar) {
        single(row, item, place, path);
      } else {
        fail(item.at, path,
             "has " + std::string(kind_name(item.kind)) + " within; it must be a " + row.type);
      }
    }
  }

  void single(const Row& row, const Node& node, const Place& place, const Path& path) {
    const std::string wrong =
        node.wrong.empty() ? row.set(bound_.config, place, node.text) : node.wrong;
    if (!wrong.empty()) fail(node.at, path, wrong);
  }

  static std::string a_value(const Row& row) {
    const bool vowel = row.type.starts_with("a") || row.type.starts_with("i");
    return (row.list || row.type.find(" or ") == std::string::npos ? (vowel ? "an " : "a ") : "") +
           row.type;
  }

  const std::string& file_;
  std::vector<Diagnostic>& errors_;
  Bound bound_;
};

}  // namespace

Diagnostic diagnostic_at(const Position& at, const std::string& file, const std::string& key,
                         std::string message) {
  if (!at.source.empty())
    return {at.source, 0, 0, at.label.empty() ? key : at.label, std::move(message)};
  return {file, at.line, at.column, key, std::move(message)};
}

Bound read_tree(const Node& root, const std::string& file, std::vector<Diagnostic>& errors) {
  return Binder(file, errors).run(root);
}

}  // namespace isrd::config
