// The admin API: every call in one table, and the way from a request to its answer. No sockets: the
// server brings values and writes values.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "admin/answer.h"
#include "admin/control.h"
#include "admin/gate.h"

namespace isrd::admin {

inline constexpr std::uint64_t body_bytes_max = 16ull * 1024 * 1024;

struct Call {
  const Head& head;
  std::string_view body;
};

struct Endpoint {
  std::string_view method;
  std::string_view path;
  Access access;
  std::uint64_t body_bytes;  // the most; 0: the call has no body
  Answer (*answer)(const Call&, Control&);
};

std::span<const Endpoint> endpoints();

/// Either a refusal, or the row that answers (HEAD finds the row of GET).
struct Admitted {
  const Endpoint* endpoint = nullptr;
  Answer refusal;
};

/// Decides from the head alone.
Admitted admit(const Head& head, const Gate& gate);

/// Runs the row; what it throws becomes a 500.
Answer run(const Endpoint& endpoint, const Call& call, Control& control);

}  // namespace isrd::admin
