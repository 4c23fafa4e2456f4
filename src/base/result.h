// Result<T>: an operating error as a value. Start-up errors with file and line are
// config::Diagnostic instead.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace isrd {

struct Error {
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() {
    ISRD_ASSERT(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const {
    ISRD_ASSERT(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }
  const Error& error() const {
    ISRD_ASSERT(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// The answer of an operation that has nothing to return but may fail.
struct Done {};

}  // namespace isrd
