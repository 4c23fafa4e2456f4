#include "http/cache_control.h"

#include <algorithm>

#include "http/chars.h"
#include "http/structured.h"

namespace isrd::http {
namespace {

// RFC 9111 section 1.2.2: a delta-seconds that is too great counts as 2^31.
constexpr std::int64_t delta_max = std::int64_t{1} << 31;

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// One directive, whichever field it came from.
struct Directive {
  std::string_view name;
  bool has_argument = false;
  bool well_formed = true;    // false: the argument is not what the grammar allows
  std::string_view argument;  // without the quotes
};

/// Whether a quoted string that begins in `text` does not end in it.
bool quote_stays_open(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    }
  }
  return quoted;
}

/// Splits `name[=argument]`. White space around '=' is not in the grammar, so that the argument
/// then does not count.
Directive split_directive(std::string_view member) {
  Directive directive;
  const std::size_t equals = member.find('=');
  directive.name = member.substr(0, equals);
  if (equals == std::string_view::npos) return directive;
  directive.has_argument = true;
  directive.argument = member.substr(equals + 1);
  const std::string_view name = trim(directive.name);
  if (name.size() != directive.name.size() ||
      trim(directive.argument).size() != directive.argument.size()) {
    directive.well_formed = false;
  }
  directive.name = name;
  if (directive.argument.starts_with('"')) {
    // RFC 9111 section 5.2: the token and the quoted form are both accepted, whatever a directive's
    // own form is.
    const std::size_t end = directive.argument.find('"', 1);
    if (end != directive.argument.size() - 1) directive.well_formed = false;
    directive.argument =
        directive.argument.substr(1, end == std::string_view::npos ? end : end - 1);
  }
  return directive;
}

/// Collects directives into a CacheControl: the rules that Cache-Control and the targeted fields
/// share.
class Collector {
 public:
  void take(const Directive& directive);
  void take_line(std::string_view line);
  CacheControl result;

 private:
  enum Slot : unsigned { max_age, s_maxage, while_revalidate, if_error, min_fresh, max_stale };

  void take_flag(const Directive& directive);
  /// Of two values the first counts, also when it is invalid (section 4.2.1: "first occurrence ...
  /// or stale").
  void take_delta(std::optional<std::chrono::seconds>& value, Slot slot,
                  const Directive& directive);
  /// `unqualified` is what the directive means without field names.
  void take_names(bool& unqualified, const Directive& directive);

  unsigned seen_ = 0;
};

void Collector::take_delta(std::optional<std::chrono::seconds>& value, Slot slot,
                           const Directive& directive) {
  if (seen_ & (1u << slot)) return;
  seen_ |= 1u << slot;
  if (directive.well_formed && directive.has_argument) {
    value = parse_delta_seconds(directive.argument);
  }
  if (value) return;
  if (slot == max_age || slot == s_maxage) result.invalid_freshness = true;
  // Section 5.2.1.2: without a value any staleness is accepted.
  if (slot == max_stale && !directive.has_argument) value = std::chrono::seconds(delta_max);
}

void Collector::take_names(bool& unqualified, const Directive& directive) {
  // A list that cannot be read says nothing about which fields may be kept, so that the stricter
  // reading holds.
  bool readable = directive.has_argument && directive.well_formed;
  std::size_t names = 0;
  if (readable) {
    for_each_member(directive.argument, [&](std::string_view name) {
      ++names;
      readable = readable && all_chars(name, token_char);
    });
  }
  if (!readable || names == 0) {
    unqualified = true;
    return;
  }
  for_each_member(directive.argument, [&](std::string_view name) {
    std::string& lower_name = result.withheld_fields.emplace_back(name);
    std::transform(lower_name.begin(), lower_name.end(), lower_name.begin(), lower);
  });
}

void Collector::take_flag(const Directive& directive) {
  const auto is = [&](std::string_view name) { return iequals(directive.name, name); };
  // A forbidding directive counts with any argument; one that permits counts only as it is defined.
  if (is("no-store")) result.no_store = true;
  if (is("must-revalidate")) result.must_revalidate = true;
  if (is("proxy-revalidate")) result.proxy_revalidate = true;
  if (is("no-transform")) result.no_transform = true;
  if (is("only-if-cached")) result.only_if_cached = true;
  if (directive.has_argument) return;
  if (is("public")) result.is_public = true;
  if (is("must-understand")) result.must_understand = true;
}

void Collector::take(const Directive& directive) {
  const auto is = [&](std::string_view name) { return iequals(directive.name, name); };
  if (is("max-age")) return take_delta(result.max_age, max_age, directive);
  if (is("s-maxage")) return take_delta(result.s_maxage, s_maxage, directive);
  if (is("stale-while-revalidate")) {
    return take_delta(result.stale_while_revalidate, while_revalidate, directive);
  }
  if (is("stale-if-error")) return take_delta(result.stale_if_error, if_error, directive);
  if (is("min-fresh")) return take_delta(result.min_fresh, min_fresh, directive);
  if (is("max-stale")) return take_delta(result.max_stale, max_stale, directive);
  if (is("no-cache")) return take_names(result.no_cache, directive);
  if (is("private")) return take_names(result.is_private, directive);
  take_flag(directive);
}

void Collector::take_line(std::string_view line) {
  result.present = true;
  for_each_member(line, [&](std::string_view member) {
    if (!quote_stays_open(member)) return take(split_directive(member));
    // A quoted string without an end hides the rest of its line. What the origin meant is unknown:
    // the answer counts as stale, and the directives behind the quote are read nevertheless, so
    // that none that forbids is lost.
    result.invalid_freshness = true;
    while (!member.empty()) {
      const std::size_t comma = member.find(',');
      take(split_directive(trim(member.substr(0, comma))));
      member.remove_prefix(comma == std::string_view::npos ? member.size() : comma + 1);
    }
  });
}

/// The field names of a qualified directive as one list: a String, a Token or an inner list of
/// them.
std::optional<std::string> qualified_names(const Member& member) {
  std::string names;
  for (const Item& item : member.items) {
    const auto* token = std::get_if<Token>(&item.value);
    const auto* string = std::get_if<std::string>(&item.value);
    if (!token && !string) return std::nullopt;
    if (!names.empty()) names += ',';
    names += token ? token->text : *string;
  }
  return names;
}

/// RFC 9213 section 2.1: the directive as a dictionary member. A member of a type that its
/// directive does not have gives nothing.
void take_member(Collector& collector, const std::string& key, const Member& member) {
  constexpr std::string_view deltas[] = {"max-age", "s-maxage", "stale-while-revalidate",
                                         "stale-if-error"};
  if (std::find(std::begin(deltas), std::end(deltas), key) != std::end(deltas)) {
    const auto* integer =
        member.is_inner_list ? nullptr : std::get_if<std::int64_t>(&member.items[0].value);
    if (!integer) return;
    const std::string digits = std::to_string(*integer);  // a negative one is invalid freshness
    return collector.take({key, true, true, digits});
  }
  const auto* boolean = member.is_inner_list ? nullptr : std::get_if<bool>(&member.items[0].value);
  if (boolean) {
    if (*boolean) collector.take({key, false, true, {}});
    return;
  }
  if (key != "no-cache" && key != "private") return;
  if (const auto names = qualified_names(member)) collector.take({key, true, true, *names});
}

std::optional<CacheControl> read_targeted(std::span<const Field> fields, std::string_view name) {
  std::string text;
  bool present = false;
  for (const Field& field : fields) {
    if (!iequals(field.name, name)) continue;
    if (present) text += ", ";
    present = true;
    text += field.value;
  }
  if (!present) return std::nullopt;
  const std::optional<Dictionary> dictionary = parse_dictionary(text);
  if (!dictionary || dictionary->empty()) return std::nullopt;
  Collector collector;
  collector.result.present = true;
  for (const auto& [key, member] : *dictionary) take_member(collector, key, member);
  return collector.result;
}

}  // namespace

CacheControl parse_cache_control(std::span<const Field> fields) {
  Collector collector;
  for (const Field& field : fields) {
    if (field.id == FieldId::cache_control) collector.take_line(field.value);
  }
  return std::move(collector.result);
}

std::optional<CacheControl> parse_targeted_cache_control(std::span<const Field> fields) {
  for (std::string_view name : {"ISRD-Cache-Control", "CDN-Cache-Control"}) {
    if (auto control = read_targeted(fields, name)) return control;
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> parse_delta_seconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = std::min(value * 10 + (c - '0'), delta_max);
  }
  return std::chrono::seconds(value);
}

}  // namespace isrd::http
