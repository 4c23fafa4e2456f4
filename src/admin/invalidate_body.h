// The body of POST /v1/invalidate as values. JSON is read as a stream of events, never as a tree:
// the memory it takes is that of the selectors, and nothing nests deeper than the contract's shape.
// A bad item does not spoil the others; a bad shape refuses the call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isr/options.h"
#include "isr/selector.h"

namespace isrd::admin {

/// The most selectors of one call; more belong into several.
inline constexpr std::size_t selectors_max = 100'000;
/// The most items whose error is told; further ones are counted only.
inline constexpr std::size_t item_errors_max = 1000;
/// The most bytes of one item or one NDJSON line.
inline constexpr std::size_t item_bytes_max = 16 * 1024;

struct ItemError {
  std::string_view list;  // "urls", "prefixes"; empty for lines
  std::size_t item = 0;   // from 0: the place in its list, or the line
  std::string_view code;
  std::string message;
};

struct Refusal {
  int status = 400;
  std::string_view code;
  std::string message;
};

struct InvalidateBody {
  isr::Mode mode = isr::Mode::refresh;
  std::string site;                      // empty: all
  std::vector<isr::Selector> selectors;  // without their site
  std::vector<ItemError> item_errors;
  std::size_t item_errors_omitted = 0;
  std::optional<Refusal> refusal;
};

InvalidateBody read_invalidate_json(std::string_view body, std::string_view query);
/// Lines of {"url":...} or {"prefix":...}; mode and site stand in the query.
InvalidateBody read_invalidate_lines(std::string_view body, std::string_view query);

std::string_view spell(isr::Mode mode);

}  // namespace isrd::admin
