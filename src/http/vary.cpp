#include "http/vary.h"

#include <algorithm>

#include "http/chars.h"

namespace isrd::http {
namespace {

/// Appends a field value with the white space around its commas made uniform. Commas inside quoted
/// strings are data. Empty members stay: two values that differ in one are not known to mean the
/// same.
void append_list(std::string_view value, std::string& out) {
  bool quoted = false;
  std::size_t member = out.size();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (quoted && c == '\\' && i + 1 < value.size()) {
      out += c;
      out += value[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && c == ',') {
      while (out.size() > member && is_blank(out.back())) out.pop_back();
      out += ", ";
      member = out.size();
    } else if (out.size() > member || !is_blank(c)) {
      out += c;
    }
  }
  while (out.size() > member && is_blank(out.back())) out.pop_back();
}

enum class Coding : unsigned { gzip, br, zstd, count };
constexpr std::string_view coding_names[] = {"gzip", "br", "zstd"};

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether a weight (RFC 9110 section 12.4.2) is above zero. A malformed one accepts nothing.
bool weight_accepts(std::string_view parameter) {
  if (parameter.size() < 3 || lower(parameter[0]) != 'q' || parameter[1] != '=') return false;
  const std::string_view weight = parameter.substr(2);
  if (weight.size() > 5 || (weight[0] != '0' && weight[0] != '1')) return false;
  if (weight.size() > 1 && weight[1] != '.') return false;
  bool above_zero = weight[0] == '1';
  for (char c : weight.substr(std::min<std::size_t>(2, weight.size()))) {
    if (c < '0' || c > '9' || (weight[0] == '1' && c != '0')) return false;
    if (c != '0') above_zero = true;
  }
  return above_zero;
}

enum class Acceptance : std::uint8_t { unnamed, refused, accepted };

struct AcceptedCodings {
  Acceptance codings[static_cast<unsigned>(Coding::count)] = {};
  Acceptance rest = Acceptance::unnamed;  // "*"

  void take(std::string_view member) {
    const std::size_t semicolon = member.find(';');
    const std::string_view name = trim(member.substr(0, semicolon));
    const bool accepted =
        semicolon == std::string_view::npos || weight_accepts(trim(member.substr(semicolon + 1)));
    if (name == "*") return note(rest, accepted);
    for (unsigned i = 0; i < static_cast<unsigned>(Coding::count); ++i) {
      if (iequals(name, coding_names[i])) return note(codings[i], accepted);
    }
    // RFC 9110 section 8.4.1.3: "x-gzip" is the same coding.
    if (iequals(name, "x-gzip")) note(codings[static_cast<unsigned>(Coding::gzip)], accepted);
  }

  bool accepts(Coding coding) const {
    const Acceptance named = codings[static_cast<unsigned>(coding)];
    return (named == Acceptance::unnamed ? rest : named) == Acceptance::accepted;
  }

 private:
  /// Of contradictory members the refusal holds: identity is always right.
  static void note(Acceptance& acceptance, bool accepted) {
    if (!accepted) acceptance = Acceptance::refused;
    if (acceptance == Acceptance::unnamed) acceptance = Acceptance::accepted;
  }
};

}  // namespace

VaryRule parse_vary(std::span<const Field> fields) {
  VaryRule rule;
  for (const Field& field : fields) {
    if (field.id != FieldId::vary) continue;
    for_each_member(field.value, [&](std::string_view member) {
      // A member that can be no field name leaves unknown what the answer depends on, so that it
      // counts as "*".
      if (member == "*" || !all_chars(member, token_char)) {
        rule.any = true;
        return;
      }
      std::string& name = rule.names.emplace_back(member);
      std::transform(name.begin(), name.end(), name.begin(), lower);
    });
  }
  std::sort(rule.names.begin(), rule.names.end());
  rule.names.erase(std::unique(rule.names.begin(), rule.names.end()), rule.names.end());
  return rule;
}

void append_vary_value(std::span<const Field> request_fields, std::string_view name,
                       std::string& out) {
  const std::size_t begin = out.size();
  for (const Field& field : request_fields) {
    if (!iequals(field.name, name)) continue;
    out += out.size() == begin ? "+" : ", ";
    append_list(field.value, out);
  }
  if (out.size() == begin) {
    out += '-';
  } else if (iequals(name, "accept-language")) {
    // RFC 4647 section 2: language ranges are matched in any case.
    std::transform(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
                   out.begin() + static_cast<std::ptrdiff_t>(begin), lower);
  }
}

std::string_view reduce_accept_encoding(std::span<const Field> request_fields) {
  AcceptedCodings accepted;
  for (const Field& field : request_fields) {
    if (field.id != FieldId::accept_encoding) continue;
    for_each_member(field.value, [&](std::string_view member) { accepted.take(member); });
  }
  for (Coding coding : {Coding::br, Coding::zstd, Coding::gzip}) {
    if (accepted.accepts(coding)) return coding_names[static_cast<unsigned>(coding)];
  }
  return "";
}

}  // namespace isrd::http
