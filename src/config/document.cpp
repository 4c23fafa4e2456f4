#include "config/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <map>
#include <set>
#include <sstream>

#include "config/yaml_text.h"

namespace isrd::config {
namespace {

/// Ends the parsing from within an event; never leaves parse_document.
struct Stop {
  Position at;
  std::string message;
};

Position position(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1, {}, {}}; }

Node made(Node::Kind kind, const YAML::Mark& mark) {
  Node node;
  node.kind = kind;
  node.at = position(mark);
  return node;
}

std::size_t count(const Node& node) {
  std::size_t total = 1;
  for (const Node& item : node.items) total += count(item);
  for (const Entry& entry : node.entries) total += count(entry.value);
  return total;
}

/// Builds the tree. A frame is a sequence or map that is still open.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::string& file, std::vector<Diagnostic>& errors)
      : file_(file), errors_(errors) {}

  std::optional<Node> take() { return std::move(root_); }
  const Position& last_scalar() const { return last_scalar_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) throw Stop{position(mark), "a second document begins here; the file must hold one"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(made(Node::Kind::null, mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Stop{position(mark), "the alias stands inside of what it refers to; that has no end"};
    }
    charge(count(found->second), position(mark));
    add(Node(found->second), YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                const std::string& value) override {
    last_scalar_ = position(mark);
    Node node = made(Node::Kind::scalar, mark);
    node.text = value;
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::sequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::map, mark, anchor);
  }
  void OnMapEnd() override {
    merge(stack_.back().node);
    close();
  }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Entry> pending;  // a key that waits for its value
    std::set<std::string> keys;
  };

  void charge(std::size_t nodes, const Position& at) {
    nodes_ += nodes;
    if (nodes_ > document_nodes_max) {
      throw Stop{at, "the document has more than " + std::to_string(document_nodes_max) +
                         " values, its aliases included; that is not a configuration"};
    }
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (stack_.size() >= document_depth_max) {
      throw Stop{position(mark),
                 "nested deeper than " + std::to_string(document_depth_max) + " levels"};
    }
    if (!stack_.empty() && stack_.back().node.kind == Node::Kind::map && !stack_.back().pending) {
      throw Stop{position(mark), "a key must be a word, not a list or a map"};
    }
    stack_.push_back(Frame{made(kind, mark), anchor, {}, {}});
  }

  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(frame.node), frame.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    charge(1, node.at);
    if (anchor != YAML::NullAnchor) {
      charge(count(node), node.at);
      anchors_[anchor] = node;
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == Node::Kind::sequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.pending) {
      begin_entry(frame, node);
    } else {
      finish_entry(frame, std::move(node));
    }
  }

  void begin_entry(Frame& frame, const Node& node) {
    if (node.kind != Node::Kind::scalar && node.kind != Node::Kind::null) {
      throw Stop{node.at, "a key must be a word, not a list or a map"};
    }
    frame.pending = Entry{node.kind == Node::Kind::null ? "null" : node.text, node.at, {}};
  }

  /// The way from the root to the innermost frame, with a dot at its end.
  std::string path() const {
    std::string result;
    for (std::size_t i = 0; i + 1 < stack_.size(); ++i) {
      const Frame& frame = stack_[i];
      result +=
          (frame.pending ? frame.pending->key : std::to_string(frame.node.items.size())) + ".";
    }
    return result;
  }

  void finish_entry(Frame& frame, Node node) {
    Entry entry = std::move(*frame.pending);
    frame.pending.reset();
    entry.value = std::move(node);
    if (!frame.keys.insert(entry.key).second) {
      errors_.push_back({file_, entry.at.line, entry.at.column, path() + entry.key,
                         "stands twice in the same map; keep one of the two"});
      return;
    }
    frame.node.entries.push_back(std::move(entry));
  }

  /// YAML's merge key `<<`, which yaml-cpp leaves to its caller: what the map has itself wins.
  void merge(Node& map) {
    Node* const merged = map.find("<<");
    if (merged == nullptr) return;
    const Node source = *merged;
    std::erase_if(map.entries, [](const Entry& entry) { return entry.key == "<<"; });
    const std::vector<Node> list =
        source.kind == Node::Kind::sequence ? source.items : std::vector<Node>{source};
    std::set<std::string>& keys = stack_.back().keys;
    for (const Node& each : list) {
      if (each.kind != Node::Kind::map)
        throw Stop{each.at, "<< must be given a map, such as *name"};
      charge(count(each), each.at);
      for (const Entry& entry : each.entries) {
        if (keys.insert(entry.key).second) map.entries.push_back(entry);
      }
    }
  }

  const std::string& file_;
  std::vector<Diagnostic>& errors_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::optional<Node> root_;
  std::size_t nodes_ = 0;
  Position last_scalar_;
};

/// yaml-cpp's own words, with the remedy where there is a usual one.
std::string explained(const std::string& message) {
  if (message == "the referenced anchor is not defined" || message == "alias not found after *") {
    return "a value that begins with * is an alias in YAML; put it in quotes, such as "
           "\"*.example.org\"";
  }
  if (message == "end of map not found") {
    return "this line does not continue the map above it; check its indentation and its `key: "
           "value`";
  }
  if (message == "end of sequence not found") {
    return "this line does not continue the list above it; check its indentation and its dash";
  }
  if (message == "end of map flow not found") return "the map in braces is not closed; write }";
  if (message == "end of sequence flow not found") return "the list is not closed; write ]";
  if (message == "illegal map value") {
    return "a `:` that YAML cannot place; put the value in quotes, or check the indentation";
  }
  if (message == "unknown token") {
    return "YAML cannot read this character here; put the value in quotes";
  }
  return "not YAML: " + message;
}

}  // namespace

Node* Node::find(std::string_view key) {
  for (Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

const Node* Node::find(std::string_view key) const { return const_cast<Node*>(this)->find(key); }

std::optional<Node> parse_document(std::string_view text, const std::string& file,
                                   std::vector<Diagnostic>& errors) {
  const auto fail = [&](const Position& at, std::string message) {
    errors.push_back({file, at.line, at.column, {}, std::move(message)});
    return std::nullopt;
  };
  if (text.size() > document_bytes_max) {
    return fail({}, "is larger than 1 MiB; that is not a configuration");
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (const auto at = first_bad_byte(text)) {
    return fail(*at, "this byte is no text; the file must be YAML in UTF-8");
  }
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    Builder builder(file, errors);
    while (parser.HandleNextDocument(builder)) {
    }
    std::optional<Node> root = builder.take();
    if (is_open_quote(text, builder.last_scalar())) {
      return fail(builder.last_scalar(), "the quote is not closed");
    }
    if (!root || root->kind == Node::Kind::null) {
      return fail({1, 1, {}, {}}, "the file is empty; config/isrd.yaml shows what it may hold");
    }
    return root;
  } catch (const Stop& stop) {
    return fail(stop.at, stop.message);
  } catch (const YAML::Exception& error) {
    const Position at = error.mark.is_null() ? Position{1, 1, {}, {}} : position(error.mark);
    if (const auto tab = tab_in_indentation(text, at))
      return fail(*tab, "a tab indents here; YAML wants spaces");
    return fail(at, explained(error.msg));
  } catch (const std::exception& error) {
    return fail({1, 1, {}, {}}, std::string("not YAML: ") + error.what());
  }
}

}  // namespace isrd::config
