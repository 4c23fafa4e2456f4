// A YAML document as a tree of our own, with a position on every node. It is built from the
// parser's events, not from yaml-cpp's nodes, since those accept duplicate keys silently and expand
// aliases without a bound. Only document.cpp includes yaml-cpp, and no exception leaves it.
//
// Limits: a file of 1 MiB, 32 levels, 100,000 nodes with every alias expanded. One document. UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/diagnostic.h"

namespace isrd::config {

inline constexpr std::size_t document_bytes_max = 1024 * 1024;
inline constexpr std::size_t document_depth_max = 32;
inline constexpr std::size_t document_nodes_max = 100'000;

struct Entry;

struct Node {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  Position at;
  std::string text;            // of a scalar
  std::string wrong;           // why the value cannot be used, for whoever reads it; empty: it can
  std::vector<Node> items;     // of a sequence
  std::vector<Entry> entries;  // of a map, in the order of the file, keys unique

  Node* find(std::string_view key);
  const Node* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Position at;
  Node value;
};

/// The tree, or nothing when the text is not one YAML document. Errors are appended; a duplicate
/// key is an error that still yields a tree, so that what else is wrong can be said too.
std::optional<Node> parse_document(std::string_view text, const std::string& file,
                                   std::vector<Diagnostic>& errors);

}  // namespace isrd::config
