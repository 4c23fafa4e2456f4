// The schema: one row for each option. Parser, error messages, `config --docs`, `config
// --effective` and the ISR_* environment variables all come from these rows; nothing else knows the
// name of an option. Defaults are not repeated here: they are the member initialisers of the option
// structs, read from defaults().
//
// A path has `*` where an element of a map or list stands: `origins.*.timeouts.connect`.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace isrd::config {

/// Which element each `*` of a path stands for: first of origins or sites, then of a site's routes.
struct Place {
  std::size_t first = 0;
  std::size_t second = 0;
};

/// One option.
struct Row {
  std::string path;
  std::string
      type;  // as the reference prints it: "duration", "size", "on or off", "list of networks"
  std::string bounds;           // as the reference prints it; empty: none beyond the type's own
  std::string text;             // one or two sentences
  std::string absent = "none";  // what the reference prints as the default when there is no value
  bool list = false;
  bool required = false;
  bool restart = false;  // cannot be changed by a reload
  bool secret = false;   // never printed; comes from the environment or a file of its own

  /// Takes one written value (one element of a list, which it appends). The answer is what is
  /// wrong, or empty.
  std::function<std::string(Config&, const Place&, std::string_view)> set;
  /// Empties a list before its elements are set, so that the default does not stay beside them.
  std::function<void(Config&, const Place&)> clear;
  /// The written values that are in force; empty when there is none.
  std::function<std::vector<std::string>(const Config&, const Place&)> get;
};

/// A map or list whose elements are themselves described by rows.
struct Collection {
  std::string path;   // without the `*`
  bool named_by_key;  // a map: the key is the element's name
  std::string one;    // what an element is called in messages
  std::function<std::size_t(Config&, const Place&, const std::string&)> add;  // its index
  std::function<std::size_t(const Config&, const Place&)> size;
  std::function<std::string(const Config&, const Place&)> name;  // of the element at the place
};

/// The rows as a tree, one node for each segment of their paths.
struct Key {
  std::string name;  // "*" for the element of a collection
  std::string path;
  const Row* row = nullptr;
  const Collection* collection = nullptr;
  bool later = false;  // known, but of a later version
  std::vector<std::unique_ptr<Key>> children;

  const Key* find(std::string_view child) const;
  const Key& element() const { return *children.front(); }
  /// The children that may be written today.
  std::vector<std::string> child_names() const;
};

/// A table of the reference.
struct Group {
  std::string title;
  std::string text;
  std::vector<Row> rows;
};

const std::vector<Group>& schema();
const std::vector<Collection>& collections();
const Key& key_tree();

/// What is in force when nothing is written: no origin, no site.
Config defaults();
/// The same with one nameless origin, site and route, from which the rows of elements read their
/// defaults.
const Config& default_elements();

/// The keys that differ between two configurations but cannot be changed while isrd runs.
std::vector<std::string> changed_restart_keys(const Config& running, const Config& wanted);

/// For a misplaced key: the paths of the rows whose last segment it is.
std::vector<std::string> paths_ending_in(std::string_view segment);

}  // namespace isrd::config
