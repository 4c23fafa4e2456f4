// The parsing algorithms of RFC 9651 section 4.2, one member function for each.
#include "http/structured.h"

#include <algorithm>
#include <utility>

#include "http/chars.h"

namespace isrd::http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alpha(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_printable(char c) { return c >= 0x20 && c <= 0x7e; }

bool is_token_char(char c) { return is_char(c, token_char) || c == ':' || c == '/'; }

bool is_key_char(char c) {
  return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
}

/// The value of a base64 digit of RFC 4648 section 4, or -1.
int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// Section 4.2.7 asks to accept missing padding and bits that are left over.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 == 0) {
    if (text.ends_with('=')) text.remove_suffix(1);
    if (text.ends_with('=')) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xff);
    }
  }
  return bytes;
}

/// How long a sequence is by its first byte; 0 for a byte that begins none.
std::size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/// RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = utf8_length(lead);
    if (length == 0 || text.size() - i < length) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    if (length > 2) {
      const auto second = static_cast<unsigned char>(text[i + 1]);
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
          (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

/// A key that comes again keeps its place and takes the last value (sections 4.2.2 and 4.2.3.2).
template <class Value>
void assign(std::vector<std::pair<std::string, Value>>& entries, std::string key, Value value) {
  const auto same = std::find_if(entries.begin(), entries.end(),
                                 [&](const auto& entry) { return entry.first == key; });
  if (same != entries.end()) {
    same->second = std::move(value);
  } else {
    entries.emplace_back(std::move(key), std::move(value));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) { skip_spaces(); }

  std::optional<Dictionary> dictionary();
  std::optional<std::vector<Member>> list();

 private:
  bool take(char c);
  void skip_spaces();
  void skip_blanks();  // OWS: spaces and tabs
  /// After a member: whether another follows. Sets failed_ on anything but the end or a comma with
  /// a member behind it.
  bool another_member();

  std::optional<std::string> key();
  std::optional<Member> member();
  std::optional<Member> inner_list();
  std::optional<Item> item();
  std::optional<Parameters> parameters();
  std::optional<BareItem> bare_item();
  std::optional<BareItem> number();
  std::optional<BareItem> string();
  std::optional<BareItem> token();
  std::optional<BareItem> byte_sequence();
  std::optional<BareItem> boolean();
  std::optional<BareItem> date();
  std::optional<BareItem> display_string();

  std::string_view rest_;
  bool failed_ = false;
};

bool Parser::take(char c) {
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

void Parser::skip_spaces() {
  while (take(' ')) {
  }
}

void Parser::skip_blanks() {
  while (take(' ') || take('\t')) {
  }
}

bool Parser::another_member() {
  // Trailing spaces belong to the field (section 4.2 step 7); a trailing tab does not end it.
  const std::size_t text_end = rest_.find_first_not_of(' ');
  if (text_end == std::string_view::npos) return false;
  skip_blanks();
  failed_ = !take(',');
  skip_blanks();
  if (rest_.empty()) failed_ = true;  // a trailing comma
  return !failed_;
}

std::optional<Dictionary> Parser::dictionary() {
  Dictionary result;
  if (rest_.empty()) return result;
  do {
    std::optional<std::string> name = key();
    if (!name) return std::nullopt;
    std::optional<Member> value;
    if (take('=')) {
      value = member();
    } else if (auto attached = parameters()) {
      value.emplace();
      value->items.push_back({true, std::move(*attached)});
    }
    if (!value) return std::nullopt;
    assign(result, std::move(*name), std::move(*value));
  } while (another_member());
  if (failed_) return std::nullopt;
  return result;
}

std::optional<std::vector<Member>> Parser::list() {
  std::vector<Member> result;
  if (rest_.empty()) return result;
  do {
    std::optional<Member> value = member();
    if (!value) return std::nullopt;
    result.push_back(std::move(*value));
  } while (another_member());
  if (failed_) return std::nullopt;
  return result;
}

std::optional<Member> Parser::member() {
  if (rest_.starts_with('(')) return inner_list();
  std::optional<Item> single = item();
  if (!single) return std::nullopt;
  Member result;
  result.items.push_back(std::move(*single));
  return result;
}

std::optional<Member> Parser::inner_list() {
  Member result;
  result.is_inner_list = true;
  take('(');
  while (true) {
    skip_spaces();
    if (take(')')) break;
    std::optional<Item> next = item();
    if (!next) return std::nullopt;
    result.items.push_back(std::move(*next));
    if (!rest_.starts_with(' ') && !rest_.starts_with(')')) return std::nullopt;
  }
  std::optional<Parameters> attached = parameters();
  if (!attached) return std::nullopt;
  result.parameters = std::move(*attached);
  return result;
}

std::optional<Item> Parser::item() {
  std::optional<BareItem> value = bare_item();
  if (!value) return std::nullopt;
  std::optional<Parameters> attached = parameters();
  if (!attached) return std::nullopt;
  return Item{std::move(*value), std::move(*attached)};
}

std::optional<Parameters> Parser::parameters() {
  Parameters result;
  while (take(';')) {
    skip_spaces();
    std::optional<std::string> name = key();
    if (!name) return std::nullopt;
    std::optional<BareItem> value = BareItem(true);
    if (take('=')) value = bare_item();
    if (!value) return std::nullopt;
    assign(result, std::move(*name), std::move(*value));
  }
  return result;
}

std::optional<std::string> Parser::key() {
  if (rest_.empty() || (!is_lower(rest_[0]) && rest_[0] != '*')) return std::nullopt;
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_key_char);
  std::string name(rest_.begin(), end);
  rest_.remove_prefix(name.size());
  return name;
}

std::optional<BareItem> Parser::bare_item() {
  if (rest_.empty()) return std::nullopt;
  switch (rest_[0]) {
    case '"':
      return string();
    case ':':
      return byte_sequence();
    case '?':
      return boolean();
    case '@':
      return date();
    case '%':
      return display_string();
    default:
      break;
  }
  if (rest_[0] == '-' || is_digit(rest_[0])) return number();
  return token();
}

std::optional<BareItem> Parser::number() {
  constexpr std::size_t integer_digits_max = 15, decimal_digits_max = 12, fraction_digits_max = 3;
  const bool negative = take('-');
  std::int64_t mantissa = 0;
  std::size_t digits = 0;
  for (; !rest_.empty() && is_digit(rest_[0]); rest_.remove_prefix(1)) {
    if (++digits > integer_digits_max) return std::nullopt;
    mantissa = mantissa * 10 + (rest_[0] - '0');
  }
  if (digits == 0) return std::nullopt;
  if (!take('.')) return BareItem(negative ? -mantissa : mantissa);
  if (digits > decimal_digits_max) return std::nullopt;
  std::size_t fraction_digits = 0;
  double scale = 1;
  for (; !rest_.empty() && is_digit(rest_[0]); rest_.remove_prefix(1)) {
    if (++fraction_digits > fraction_digits_max) return std::nullopt;
    mantissa = mantissa * 10 + (rest_[0] - '0');
    scale *= 10;
  }
  if (fraction_digits == 0) return std::nullopt;
  // Both are exact in a double, so that the quotient is the nearest double.
  const double value = static_cast<double>(mantissa) / scale;
  return BareItem(negative ? -value : value);
}

std::optional<BareItem> Parser::string() {
  take('"');
  std::string text;
  while (!rest_.empty()) {
    char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == '"') return BareItem(std::in_place_type<std::string>, std::move(text));
    if (c == '\\') {
      if (!rest_.starts_with('"') && !rest_.starts_with('\\')) return std::nullopt;
      c = rest_[0];
      rest_.remove_prefix(1);
    } else if (!is_printable(c)) {
      return std::nullopt;
    }
    text += c;
  }
  return std::nullopt;
}

std::optional<BareItem> Parser::token() {
  if (!is_alpha(rest_[0]) && rest_[0] != '*') return std::nullopt;
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
  Token result{std::string(rest_.begin(), end)};
  rest_.remove_prefix(result.text.size());
  return BareItem(std::move(result));
}

std::optional<BareItem> Parser::byte_sequence() {
  take(':');
  const std::size_t end = rest_.find(':');
  if (end == std::string_view::npos) return std::nullopt;
  std::optional<std::string> bytes = decode_base64(rest_.substr(0, end));
  if (!bytes) return std::nullopt;
  rest_.remove_prefix(end + 1);
  return BareItem(ByteSequence{std::move(*bytes)});
}

std::optional<BareItem> Parser::boolean() {
  take('?');
  if (take('1')) return BareItem(true);
  if (take('0')) return BareItem(false);
  return std::nullopt;
}

std::optional<BareItem> Parser::date() {
  take('@');
  const std::optional<BareItem> value = number();
  const auto* seconds = value ? std::get_if<std::int64_t>(&*value) : nullptr;
  if (!seconds) return std::nullopt;
  return BareItem(SfDate{*seconds});
}

std::optional<BareItem> Parser::display_string() {
  take('%');
  if (!take('"')) return std::nullopt;
  constexpr std::string_view hex = "0123456789abcdef";  // lower case only (section 4.2.10)
  std::string text;
  while (!rest_.empty()) {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == '"') {
      if (!is_utf8(text)) return std::nullopt;
      return BareItem(DisplayString{std::move(text)});
    }
    if (!is_printable(c)) return std::nullopt;
    if (c != '%') {
      text += c;
      continue;
    }
    if (rest_.size() < 2) return std::nullopt;
    const std::size_t high = hex.find(rest_[0]);
    const std::size_t low = hex.find(rest_[1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    text += static_cast<char>(high << 4 | low);
    rest_.remove_prefix(2);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Dictionary> parse_dictionary(std::string_view text) {
  return Parser(text).dictionary();
}

std::optional<std::vector<Member>> parse_list(std::string_view text) { return Parser(text).list(); }

}  // namespace isrd::http
