#include "config/loader.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "config/binder.h"
#include "config/checks.h"
#include "config/document.h"
#include "config/expand.h"
#include "config/overrides.h"

namespace isrd::config {
namespace {

LoadResult failed(const std::string& path, std::string message) {
  LoadResult result;
  result.errors.push_back({path, 0, 0, {}, std::move(message)});
  return result;
}

/// In the order of the file, then what came from elsewhere in the order in which it was found.
void sort(std::vector<Diagnostic>& diagnostics) {
  std::ranges::stable_sort(diagnostics, [](const Diagnostic& a, const Diagnostic& b) {
    if ((a.line == 0) != (b.line == 0)) return b.line == 0;
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
}

LoadResult load_tree(Node root, const std::string& name, const Environment& environment,
                     const Overrides& overrides, std::vector<Diagnostic> errors) {
  LoadResult result;
  result.errors = std::move(errors);
  if (root.kind != Node::Kind::map) {
    return failed(name,
                  "holds no map of keys at its top; write lines such as `listen: 0.0.0.0:8080`");
  }
  expand(root, environment);
  apply_overrides(root, environment, overrides, result.errors);
  Bound bound = read_tree(root, name, result.errors);
  check(bound, name, result.errors, result.warnings);
  sort(result.errors);
  sort(result.warnings);
  if (result.errors.empty()) result.config = std::move(bound.config);
  return result;
}

}  // namespace

LoadResult load_file(const std::string& path, const Environment& environment,
                     const Overrides& overrides) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    return failed(path, std::string("cannot be read: ") + std::strerror(errno));
  // A pipe or a device could deliver without an end, or never.
  if (S_ISDIR(status.st_mode)) return failed(path, "is a directory; name a file");
  if (!S_ISREG(status.st_mode)) return failed(path, "is not a regular file");
  std::ifstream in(path, std::ios::binary);
  if (!in) return failed(path, std::string("cannot be read: ") + std::strerror(errno));
  std::string text(document_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return failed(path, "cannot be read: the disk reports an error");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return load_text(text, path, environment, overrides);
}

LoadResult load_text(std::string_view text, const std::string& name, const Environment& environment,
                     const Overrides& overrides) {
  LoadResult result;
  auto root = parse_document(text, name, result.errors);
  if (!root) return result;
  return load_tree(std::move(*root), name, environment, overrides, std::move(result.errors));
}

LoadResult load_without_file(const Environment& environment, const Overrides& overrides) {
  Node root;
  root.kind = Node::Kind::map;
  return load_tree(std::move(root), {}, environment, overrides, {});
}

}  // namespace isrd::config
