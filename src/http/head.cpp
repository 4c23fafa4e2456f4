// What request and response heads share: where a head ends, how fields are found, and a head that
// owns its bytes.
#include "http/head.h"

#include <cstring>
#include <functional>

#include "http/chars.h"

namespace isrd::http {
namespace {

const Field* find_field(std::span<const Field> fields, FieldSet present, FieldId id) {
  if (!present.contains(id)) return nullptr;
  for (const Field& field : fields) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

/// Moves views into one buffer to the same places of another that holds the same bytes. Views of
/// anything else, such as the path "/" of an absolute target without one, stay.
class Rebase {
 public:
  Rebase(std::string_view from, std::string_view to) : from_(from), to_(to) {}

  std::string_view operator()(std::string_view view) const {
    const std::less<const char*> before;
    const char* begin = view.data();
    if (begin == nullptr || before(begin, from_.data()) ||
        before(from_.data() + from_.size(), begin)) {
      return view;
    }
    return to_.substr(static_cast<std::size_t>(begin - from_.data()), view.size());
  }

 private:
  std::string_view from_;
  std::string_view to_;
};

}  // namespace

std::size_t head_length(std::string_view bytes, std::size_t& scanned) {
  // A line that ends with a bare LF ends the search as well: the parser refuses such a head (RFC
  // 9112 2.2 lets it), and waiting for an empty line that may never come would turn the refusal
  // into a timeout.
  while (scanned < bytes.size()) {
    const void* found = std::memchr(bytes.data() + scanned, '\n', bytes.size() - scanned);
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    scanned = at + 1;
    if (at == 0 || bytes[at - 1] != '\r') return at + 1;
    if (at >= 3 && bytes[at - 2] == '\n' && bytes[at - 3] == '\r') return at + 1;
  }
  scanned = bytes.size();
  return 0;
}

const Field* RequestHead::find(FieldId id) const { return find_field(fields, present, id); }

const Field* ResponseHead::find(FieldId id) const { return find_field(fields, present, id); }

std::string_view RequestHead::origin_form() const {
  // The parser refuses an absolute target with a query but no path, so a query always follows its
  // path in the bytes.
  return has_query ? std::string_view(path.data(), path.size() + 1 + query.size()) : path;
}

OwnedRequestHead::OwnedRequestHead(const RequestHead& head, std::string_view bytes)
    : bytes_(bytes), fields_(head.fields.begin(), head.fields.end()), head_(head) {
  const Rebase rebase(bytes, bytes_);
  for (Field& field : fields_) {
    field.name = rebase(field.name);
    field.value = rebase(field.value);
  }
  for (std::string_view* view :
       {&head_.method_name, &head_.target, &head_.authority, &head_.path, &head_.query}) {
    *view = rebase(*view);
  }
  head_.fields = fields_;
}

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace isrd::http
