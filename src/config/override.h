// A value from outside of the file and how it is put into the tree. Included by the override files
// only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/environment.h"

namespace isrd::config {

using Segments = std::vector<std::string>;

/// One value from outside, resolved to the place where it belongs.
struct Override {
  Segments path;
  std::vector<std::string> values;  // exactly one: a scalar
  Position from;
};

Segments split(std::string_view text, char separator);

/// The name that an element of a list gives itself; empty when it has none.
std::string own_name(const Node& element);

/// Walks to the node of a path and makes the maps that are missing. Null when something else is in
/// the way, which the binder reports by itself.
Node* descend(Node& root, const Segments& path, const Position& from);

void put(Node& root, const Override& each);

/// An error that names the variable or option.
void say(std::vector<Diagnostic>& errors, const Position& from, std::string message);

/// Without an origin in the file, ISR_ORIGINS_NAME_URL makes one, so that a container needs no
/// file.
void make_origins(Node& root, const Environment& environment);

/// Puts the ISR_* variables that concern the sites, or all others, into the tree.
void apply_environment(bool sites, Node& root, const Environment& environment,
                       std::vector<Diagnostic>& errors);

}  // namespace isrd::config
