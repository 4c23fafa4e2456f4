// From an origin's answer to an entry: what of it is kept, and in which form.
#pragma once

#include <memory>
#include <optional>

#include "http/head.h"
#include "isr/entry.h"

namespace isrd::isr {

/// When and how an answer was received.
struct Receipt {
  WallTime wall{};
  MonoTime mono{};
  Millis delay{0};
  std::uint64_t asked = 0;
};

/// Everything of the entry but its body and Content-Length.
/// `recipe` is what was sent; the entry keeps of it what a regeneration needs.
Entry build_entry(std::string_view key, const http::ResponseHead& head, const Judgement& judgement,
                  const Recipe& recipe, const RequestFacts& facts, const Receipt& receipt);

/// A copy of the unfinished entry for those who are answered while its body arrives.
std::shared_ptr<const Entry> announce(const Entry& entry, std::optional<std::uint64_t> length);

/// Gives the entry its body and the Content-Length of it.
void seal(Entry& entry, BodyChain body);

/// The entry after a 304 (RFC 9111 section 3.2): the 304's fields replace the stored ones of their
/// names; the body is shared. `judgement` is about the merged fields.
std::string freshened_lines(const Entry& old, std::span<const http::Field> fields,
                            const Judgement& judgement = {});
Entry freshen(const Entry& old, std::string lines, const Judgement& judgement,
              const Receipt& receipt);

/// The lines that make a request conditional on the entry (section 4.3.1).
std::string condition_lines(const Entry& entry);

}  // namespace isrd::isr
